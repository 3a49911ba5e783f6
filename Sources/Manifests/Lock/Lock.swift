package import Formats
package import Storage

/// What a bundle holds, to the byte: the content of `NAME.lock`.
package struct Lock: Equatable, Sendable {
    /// The version of the format that this Knapsack writes; a greater one is refused.
    package static let version = 1
    /// The version of a lock with bases, whose references an earlier Knapsack would look for in the bundle itself.
    package static let versionWithBases = 2
    /// The version of what this Knapsack reads of the files for a lock's facts; grows when a rule needs to know more.
    package static let factsVersion = 3
    /// The name of the lock inside a bundle.
    package static let bundledName: RelativePath = "knapsack.lock"

    /// The manifest's `[bundle]` table.
    package let bundle: BundleSettings
    /// The entries, sorted by the bytes of their names.
    package let entries: [LockedEntry]
    /// The bundles that it builds on: those that the manifest names, in its order, and behind them those that hold what the
    /// named ones do not store themselves.
    package let bases: [LockedBase]
    /// The version of the facts, as ``factsVersion``; 0 where the lock does not say.
    package let factsVersion: Int

    /// Sorts the entries by the bytes of their names.
    package init(
        bundle: BundleSettings, entries: [LockedEntry], bases: [LockedBase] = [],
        factsVersion: Int = Lock.factsVersion
    ) {
        self.factsVersion = factsVersion
        self.bases = bases
        self.bundle = bundle
        self.entries = entries.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// The entries whose files are in the bundle, in the same order; the others are only converted from.
    package var packed: [LockedEntry] { entries.filter(\.isPacked) }

    /// The entry with this name, or `nil`.
    package func entry(named name: String) -> LockedEntry? {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].name.precedesByBytes(name) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < entries.count && entries[low].name.hasSameBytes(as: name) ? entries[low] : nil
    }
}

/// One entry of a lock: what was asked for, and what it resolved to.
package struct LockedEntry: Equatable, Sendable {
    /// The entry's name.
    package let name: String
    /// What it is.
    package let kind: Entry.Kind
    /// What the manifest asked for.
    package let asked: Asked
    /// The revision that it resolved to.
    package let origin: Origin
    /// The licence and who said so; `nil` where nobody does.
    package let license: LockedLicense?
    /// What is known of a model besides, as it is written: names sorted, values as ``ModelFacts`` gives them.
    package let facts: [JSON.Member]
    /// The files, sorted by the bytes of their paths.
    package let files: [LockedFile]
    /// The tensors of the files, sorted by file and offset; empty unless the bundle shares tensors.
    package let tensors: [LockedTensor]

    /// Records what an entry asked for and what that is; files and tensors are in the order of their paths.
    package init(
        name: String, kind: Entry.Kind, asked: Asked, origin: Origin, license: LockedLicense?,
        facts: [JSON.Member], files: [LockedFile], tensors: [LockedTensor]
    ) {
        self.name = name
        self.kind = kind
        self.asked = asked
        self.origin = origin
        self.license = license
        self.facts = facts
        self.files = files
        self.tensors = tensors
    }

    /// Whether its files are in the bundle; those of an entry with `pack = false` are only locked and converted from.
    package var isPacked: Bool { asked.isPacked }

    /// The fact of this name, or `nil`.
    package func fact(_ name: String) -> JSON? { JSON.object(facts)[name] }

    /// The natural path in the bundle of a file of this entry.
    package func naturalPath(of file: LockedFile) -> RelativePath {
        // The readers of manifests and locks take no other names than those of one component.
        RelativePath(checked: "\(kind.folder)/\(name)/\(file.path)")
    }

    /// The same entry with other facts, sorted by name.
    package func with(facts: [JSON.Member]) -> LockedEntry {
        LockedEntry(
            name: name, kind: kind, asked: asked, origin: origin, license: license, facts: facts,
            files: files, tensors: tensors)
    }

    /// The same entry with other files.
    package func with(files: [LockedFile]) -> LockedEntry { with(files: files, tensors: tensors) }

    /// The same entry with other files and their tensors, both in the order of the paths.
    package func with(files: [LockedFile], tensors: [LockedTensor]) -> LockedEntry {
        LockedEntry(
            name: name, kind: kind, asked: asked, origin: origin, license: license, facts: facts,
            files: files, tensors: tensors)
    }
}

/// One tensor of a file, by which equal tensors are found and two locks are compared.
package struct LockedTensor: Equatable, Sendable {
    /// The path of its file below the entry.
    package let file: RelativePath
    /// The name in its file.
    package let name: String
    /// The type of the elements in the format's own words; `nil` where the format states it elsewhere.
    package let dtype: String?
    /// The dimensions, outermost first; `nil` where ``dtype`` is.
    package let shape: [Int]?
    /// Where its bytes are in the file.
    package let bytes: Range<Int>
    /// The digest of its bytes.
    package let sha256: SHA256Digest

    /// Records a tensor and the range of its file that holds it, in bytes.
    package init(
        file: RelativePath, name: String, dtype: String?, shape: [Int]?, bytes: Range<Int>,
        sha256: SHA256Digest
    ) {
        self.file = file
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// The part of a manifest's entry that decides what is locked.
package struct Asked: Equatable, Sendable {
    /// Where the files come from, in words that have only one meaning.
    package enum Content: Equatable, Sendable {
        /// The source's canonical text.
        case source(String)
        /// Another entry of the manifest, and what to make of it.
        case conversion(ConversionRequest)
    }

    /// Where the files come from.
    package let content: Content
    /// As in the manifest.
    package let include: [String]?
    /// As in the manifest.
    package let exclude: [String]
    /// As in the manifest.
    package let license: String?
    /// Whether the files are stored in the bundle; `false` is only written in entries with a source.
    package let isPacked: Bool

    /// Records what the manifest states of an entry; `include` is `nil` where it names no globs.
    package init(
        content: Content, include: [String]?, exclude: [String], license: String?, isPacked: Bool = true
    ) {
        self.content = content
        self.include = include
        self.exclude = exclude
        self.license = license
        self.isPacked = isPacked
    }
}

extension Entry {
    /// The part of the entry that a lock records, to tell whether it is fresh.
    package var asked: Asked {
        let content: Asked.Content =
            switch self.content {
            case .source(let source): .source(source.text)
            case .conversion(let request): .conversion(request)
            }
        return Asked(
            content: content, include: include, exclude: exclude, license: license, isPacked: isPacked)
    }
}

extension Asked {
    /// Records what the manifest states of an entry with a source.
    package init(
        source: String, include: [String]?, exclude: [String], license: String?, isPacked: Bool = true
    ) {
        self.init(
            content: .source(source), include: include, exclude: exclude, license: license,
            isPacked: isPacked)
    }

    /// The source's canonical text; `nil` for what is made from another entry.
    package var source: String? {
        if case .source(let text) = content { text } else { nil }
    }

    /// What is made from another entry; `nil` for what comes from a source.
    package var conversion: ConversionRequest? {
        if case .conversion(let request) = content { request } else { nil }
    }

    /// The source, or what is made of which entry, for people.
    package var text: String {
        switch content {
        case .source(let text): text
        case .conversion(let request): "from \(request.text)"
        }
    }
}

/// A licence, and who said that it applies.
package struct LockedLicense: Equatable, Sendable {
    /// Who states it.
    package enum Witness: String, Sendable, CaseIterable {
        /// The model card in the repository.
        case modelCard = "model-card"
        /// Kaggle's metadata file among the files.
        case kaggleMetadata = "kaggle-metadata"
        /// The person who wrote the manifest.
        case manifest
    }

    /// The identifier: SPDX's or the Hub's own name, as it was written.
    package let id: String
    /// Who states it.
    package let from: Witness

    /// Records a licence, and who states it.
    package init(id: String, from: Witness) {
        self.id = id
        self.from = from
    }
}

extension LockedLicense.Witness {
    /// Who it is, to be read after "said by".
    package var words: String {
        switch self {
        case .modelCard: "the model card"
        case .kaggleMetadata: "Kaggle's metadata file"
        case .manifest: "the manifest"
        }
    }
}

/// One file of an entry.
package struct LockedFile: Equatable, Sendable {
    /// The path below the entry.
    package let path: RelativePath
    /// The size in bytes.
    package let size: Int
    /// The digest of the content.
    package let sha256: SHA256Digest
    /// What the content was proved by when it was locked.
    package let proof: Proof
    /// Where the bytes are in the bundle.
    package let placement: Placement
    /// For an index of shards, the files of the entry that it names; else `nil`.
    package let shards: [RelativePath]?

    /// Records a file: its size in bytes, its SHA-256, and where a bundle stores it.
    package init(
        path: RelativePath, size: Int, sha256: SHA256Digest, proof: Proof, placement: Placement,
        shards: [RelativePath]?
    ) {
        self.path = path
        self.size = size
        self.sha256 = sha256
        self.proof = proof
        self.placement = placement
        self.shards = shards
    }

    /// The same file, stored in another place.
    package func placed(_ placement: Placement) -> LockedFile {
        LockedFile(
            path: path, size: size, sha256: sha256, proof: proof, placement: placement, shards: shards)
    }
}

/// Where the bytes of a file are in a bundle.
package enum Placement: Equatable, Sendable {
    /// At the file's natural path.
    case natural
    /// Whole, at this path of the bundle: another file's natural path, or below `store/`.
    case at(RelativePath)
    /// In ranges of stored files, to be put one after the other.
    case segments([Segment])
    /// Whole, at this path of the base whose lock has this digest.
    case base(SHA256Digest, RelativePath)
}

/// A byte range of a stored file.
package struct Segment: Equatable, Sendable {
    /// The digest of the lock of the base that has the file; `nil` for the bundle itself.
    package let base: SHA256Digest?
    /// The stored file's path in its bundle.
    package let at: RelativePath
    /// Where the range starts, in bytes.
    package let offset: Int
    /// The length in bytes, at least 1.
    package let length: Int

    /// Names a range of a stored file, in bytes.
    package init(base: SHA256Digest? = nil, at: RelativePath, offset: Int, length: Int) {
        self.base = base
        self.at = at
        self.offset = offset
        self.length = length
    }
}

/// What a file's content was proved by, besides Knapsack's own SHA-256.
package enum Proof: String, Sendable, CaseIterable {
    /// The SHA-256 that names the blob in the Hugging Face cache.
    case blobSHA256 = "blob-sha256"
    /// The git blob name that names the blob in the Hugging Face cache.
    case blobGit = "blob-git-sha1"
    /// The SHA-256 in the revision's tree.
    case treeSHA256 = "tree-sha256"
    /// The git blob name in the revision's tree.
    case treeGit = "tree-git-sha1"
    /// The SHA-256 in the metadata of a `local_dir` download.
    case localDirSHA256 = "local-dir-sha256"
    /// The git blob name in the metadata of a `local_dir` download.
    case localDirGit = "local-dir-git-sha1"
    /// The Xet hash that names the blob in the store that the repositories of a Hugging Face cache share.
    case blobXet = "blob-xet"
    /// The Xet hash in the revision's tree.
    case treeXet = "tree-xet"
    /// Knapsack made it, out of files that the lock names.
    case conversion
    /// Nothing: the cache keeps no digest of the file.
    case none
}
