package import Formats
package import Manifests
package import Rules
package import Storage

/// What a page about a bundle is made from. Nothing in it is looked up: the caller read it.
package struct BundleDocument: Sendable {
    /// What was named on the command line.
    package enum Subject: String, Sendable {
        /// A manifest, with the lock beside it.
        case manifest
        /// A lock alone.
        case lock
        /// A bundle's directory.
        case directory
        /// A bundle in an archive.
        case archive
    }

    /// One entry with what is known of its tensors.
    package struct Item: Sendable {
        /// The entry.
        package let entry: LockedEntry
        /// What it brings and costs; `nil` for one that is not packed.
        package let share: Plan.Share?
        /// The tensors of its files, in the order of the files; empty where none are known.
        package let tensors: [RelativePath: [TensorRecord]]
        /// Whether these are all tensors of the files that have some: locks leave out small ones of a GGUF.
        package let hasAllTensors: Bool
        /// Whether it runs on each accelerator; empty for what has no weights.
        package let fits: [AcceleratorFit]

        /// All tensors, in the order of the files.
        package var allTensors: [TensorRecord] { entry.files.flatMap { tensors[$0.path] ?? [] } }
    }

    /// What was named.
    package let subject: Subject
    /// The plan, with the lock.
    package let plan: Plan
    /// The digest of the lock's bytes.
    package let lockDigest: SHA256Digest
    /// The policy; `nil` where only a manifest would state it.
    package let policy: Policy?
    /// The entries, in the order of the lock.
    package let items: [Item]
    /// What `check` states.
    package let findings: [Diagnostic]
    /// Who shares with whom.
    package let sharing: [Sharing]
    /// The bases' locks, as far as they were read, by digest.
    package let baseLocks: [SHA256Digest: Lock]
    /// Who signed, in words; `nil` where there is no signature. It was not verified.
    package let signature: String?
    /// Errors of conversions, as far as they are known.
    package let errors: [ConversionCost]
    /// What could not be known, as sentences.
    package let unknown: [String]
    /// The program's version.
    package let version: String

    /// Puts a document together.
    /// - Parameters:
    ///   - headers: tensors that were read from headers, by entry and file, where the lock has none.
    ///   - unknown: sentences on what could not be known, among them why a conversion's error is not known.
    ///   - isMeasured: whether errors were measured as far as that was possible.
    package init(
        _ plan: Plan, subject: Subject, lockDigest: SHA256Digest, policy: Policy? = nil,
        headers: [ExactName: [RelativePath: [TensorRecord]]] = [:], findings: [Diagnostic] = [],
        baseLocks: [SHA256Digest: Lock] = [:], signature: String? = nil, errors: [ConversionCost] = [],
        unknown: [String] = [], isMeasured: Bool = false, version: String
    ) {
        self.plan = plan
        self.subject = subject
        self.lockDigest = lockDigest
        self.policy = policy
        self.findings = findings
        self.baseLocks = baseLocks
        self.signature = signature
        self.errors = errors
        self.version = version
        sharing = Sharing.all(plan)
        var shares: [ExactName: Plan.Share] = [:]
        for share in plan.shares { shares[ExactName(share.name)] = share }
        items = plan.lock.entries.map { entry in
            var tensors = headers[ExactName(entry.name)] ?? [:]
            // A header that was read has all of them.
            let read = Set(tensors.keys)
            let locked = entry.tensors.filter { !read.contains($0.file) }
            for tensor in locked { tensors[tensor.file] = [] }
            for tensor in locked { tensors[tensor.file]?.append(TensorRecord(tensor)) }
            return Item(
                entry: entry, share: shares[ExactName(entry.name)], tensors: tensors,
                hasAllTensors: locked.allSatisfy { BundleDocument.locksAllTensors(of: $0.file) },
                fits: AcceleratorFit.all(entry))
        }
        self.unknown = unknown + BundleDocument.unknown(items, subject, isMeasured)
    }

    /// Whether a lock that has tensors of a file has all of them: of other formats than safetensors only those that are worth
    /// a segment (``TensorPlacing/smallestSegment``).
    package static func locksAllTensors(of file: RelativePath) -> Bool { file.pathExtension == "safetensors" }

    /// The entries that the bundle has.
    package var packed: [Item] { items.filter { $0.share != nil } }

    /// What the lock and the arguments leave open.
    private static func unknown(
        _ items: [Item], _ subject: Subject, _ isMeasured: Bool
    ) -> [String] {
        var sentences: [String] = []
        let blind = items.filter { $0.share != nil && $0.entry.kind == .model && $0.tensors.isEmpty }
        if !blind.isEmpty {
            let names = list(blind.map(\.entry.name))
            let reason =
                switch subject {
                case .manifest, .lock:
                    "the lock states no tensors of it; a report of the packed directory reads headers"
                case .directory: "no header of its files could be read"
                case .archive: "no header of its files could be read without unpacking the archive"
                }
            sentences.append("The tensors of \(names): \(reason).")
        }
        let made = isMeasured ? [] : items.filter { $0.share != nil && $0.entry.asked.conversion != nil }
        if !made.isEmpty {
            sentences.append(
                "What the conversion to \(list(made.map(\.entry.name))) cost: --errors reads both models."
            )
        }
        if subject == .lock || subject == .manifest {
            sentences.append(
                "Whether a packed bundle is whole and unchanged, and who signed it: only the bundle shows it."
            )
        }
        if subject != .manifest {
            sentences.append(
                "Whether the policy is kept, and whether the lock is fresh: only the manifest states what is asked."
            )
        }
        return sentences
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }
}

extension BundleDocument {
    /// The stored bytes: entries, their stored files, layers, tensors.
    package var tree: ByteTree {
        var files: [ExactName: [ByteTree]] = [:]
        var tensors: [ExactName: [RelativePath: [TensorRecord]]] = [:]
        for item in items { tensors[ExactName(item.entry.name)] = item.tensors }
        for stored in plan.stored {
            let name = ExactName(stored.entry)
            let known = tensors[name]?[stored.file] ?? []
            files[name, default: []].append(BundleDocument.file(stored, known))
        }
        return ByteTree(
            plan.lock.bundle.name, .whole,
            parts: packed.map { item in
                ByteTree(item.entry.name, .entry, parts: files[ExactName(item.entry.name)] ?? [])
            })
    }

    /// A stored file: those of its tensors that are in the stored ranges.
    private static func file(_ stored: Plan.StoredFile, _ tensors: [TensorRecord]) -> ByteTree {
        let own: [TensorRecord]
        if let ranges = stored.ranges {
            let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
            var place = 0
            own = tensors.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }.filter { tensor in
                while place < sorted.count, sorted[place].upperBound < tensor.bytes.upperBound { place += 1 }
                return place < sorted.count && sorted[place].lowerBound <= tensor.bytes.lowerBound
            }
        } else {
            own = tensors
        }
        return ByteTree.file(stored.file.text, size: stored.size, own)
    }
}

extension ByteTree {
    /// A file, its layers and tensors; what is in none of them is one part.
    package static func file(_ name: String, size: Int, _ tensors: [TensorRecord]) -> ByteTree {
        guard !tensors.isEmpty, tensors.saturatedSum(\.bytes.count) <= size else {
            return ByteTree(name, .file, bytes: size)
        }
        // A model may have a hundred thousand tensors, of which a page shows some hundred: nothing is made of the others.
        var sums: [LayerName: Int] = [:]
        var loose: [Int] = []
        for (index, tensor) in tensors.enumerated() {
            if let layer = tensor.layer {
                sums[layer] = (sums[layer] ?? 0).saturated(adding: tensor.bytes.count)
            } else {
                loose.append(index)
            }
        }
        let layers = sums.keys.sorted()
        let rest = size - tensors.saturatedSum(\.bytes.count)
        let shown = largest(
            loose.map { tensors[$0].bytes.count } + layers.map { sums[$0] ?? 0 } + [max(0, rest)])
        var members: [LayerName: [Int]] = [:]
        for place in shown.kept where place >= loose.count && place < loose.count + layers.count {
            members[layers[place - loose.count]] = []
        }
        for (index, tensor) in tensors.enumerated() {
            if let layer = tensor.layer, members[layer] != nil { members[layer]?.append(index) }
        }
        var parts = shown.kept.map { place -> ByteTree in
            if place < loose.count { return leaf(tensors[loose[place]]) }
            guard place < loose.count + layers.count else {
                return ByteTree("header and what is between tensors", .other, bytes: rest)
            }
            let layer = layers[place - loose.count]
            let own = members[layer] ?? []
            let inside = largest(own.map { tensors[$0].bytes.count })
            return ByteTree(
                layer.text, .layer, short: layer.short,
                parts: inside.kept.map { leaf(tensors[own[$0]]) } + inside.rest)
        }
        parts += shown.rest
        return ByteTree(name, .file, parts: parts)
    }
    private static func leaf(_ tensor: TensorRecord) -> ByteTree {
        let type = tensor.type.map { " (\($0))" } ?? ""
        return ByteTree(tensor.name + type, .tensor, short: tensor.short, bytes: tensor.bytes.count)
    }

    /// The places of the largest sizes, as many as a part keeps, in the order of ``init(_:_:short:parts:)``; and what stands
    /// for all others.
    private static func largest(_ sizes: [Int]) -> (kept: [Int], rest: [ByteTree]) {
        let sorted = sizes.indices.filter { sizes[$0] > 0 }.sorted {
            sizes[$0] == sizes[$1] ? $0 < $1 : sizes[$0] > sizes[$1]
        }
        guard sorted.count > mostParts else { return (sorted, []) }
        let others = sorted[(mostParts - 1)...]
        let bytes = others.reduce(0) { $0.saturated(adding: sizes[$1]) }
        return (Array(sorted[..<(mostParts - 1)]), [ByteTree(several: others.count, bytes: bytes)])
    }
}
