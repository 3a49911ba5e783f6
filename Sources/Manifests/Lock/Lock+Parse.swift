import Formats
import Storage

extension Lock {
    /// The most bytes that a lock may have: about two million files.
    package static let sizeLimit = 1 << 28

    /// Reads a lock and checks everything in it that later stages rely on: names, paths, sizes, digests,
    /// segments. Unknown members are *not* an error, so that a later Knapsack may add some.
    ///
    /// - Parameter path: the lock's path as the user named it, for messages.
    package static func parse(_ bytes: [UInt8], path: String) throws(Diagnostics) -> Lock {
        do {
            return try LockReader().lock(bytes)
        } catch {
            let problem = error as? LockProblem ?? LockProblem("\(error)")
            throw Diagnostics(conflict(bytes, path: path) ?? problem.diagnostic(path))
        }
    }
}

/// What is wrong with a lock.
private struct LockProblem: Error {
    let message: String
    var fix = "run knapsack lock {manifest} to write it again, or restore it from git"

    init(_ message: String) { self.message = message }

    func diagnostic(_ path: String) -> Diagnostic {
        Diagnostic(
            code: .lockMalformed, "\(path) is not a lock that this Knapsack can read: \(message)",
            at: .init(file: path), fix: fix, verdict: .undecided)
    }
}

/// Reads the parts of a lock, and states which part is wrong.
private struct LockReader {
    func lock(_ bytes: [UInt8]) throws -> Lock {
        // Entries are read one by one, and their tensors, too: the JSON of all of them would take several times the
        // lock's size.
        var entries: [LockedEntry] = []
        var tensors: [StatedTensor] = []
        var problem: (any Error)?
        let json = try JSON.parse(
            bytes.span, elementsOf: "entries", partsOf: "tensors",
            part: { place, element in
                if place == 0 { tensors.removeAll() }
                problem = problem ?? LockReader.repeated(element)
                if problem == nil { tensors.append(StatedTensor(element, after: tensors.last)) }
            },
            { element in
                problem = problem ?? LockReader.repeated(element)
                do {
                    if problem == nil { entries.append(try entry(element, tensors)) }
                } catch {
                    problem = error
                }
                tensors.removeAll()
            })
        if let repeated = LockReader.repeated(json) { throw repeated }
        guard let version = json["version"]?.integer else {
            throw LockProblem("it has no integer \"version\"")
        }
        guard version == Lock.version || version == Lock.versionWithBases else {
            var problem = LockProblem(
                "its version is \(version), and only \(Lock.version) and \(Lock.versionWithBases) are known here"
            )
            problem.fix = "install a newer Knapsack"
            throw problem
        }
        let bundle = try bundle(member(json, "bundle", of: "the lock"))
        guard json["entries"]?.array != nil else { throw LockProblem("it has no list \"entries\"") }
        if let problem { throw problem }
        for (first, second) in zip(entries, entries.dropFirst())
        where !first.name.precedesByBytes(second.name) {
            throw LockProblem("entries \(first.name) and \(second.name) are not in order, or named twice")
        }
        let bases = try bases(json["bases"])
        guard bases.isEmpty == (version == Lock.version) else {
            throw LockProblem("its version is \(version), and it has \(bases.isEmpty ? "no bases" : "bases")")
        }
        let lock = Lock(
            bundle: bundle, entries: entries, bases: bases, factsVersion: json["facts"]?.integer ?? 0)
        let stated = Set(bases.map(\.sha256))
        if let unknown = lock.usedBases.subtracting(stated).min(by: { $0.hex < $1.hex }) {
            throw LockProblem("it refers to the base \(unknown), which it does not name")
        }
        return lock
    }

    /// What is wrong with an object that has two members of one name: nobody knows which of them is meant.
    private static func repeated(_ json: JSON) -> LockProblem? {
        json.repeatedName.map { LockProblem("\(quoted($0)) is there twice in one object") }
    }

    private func bundle(_ json: JSON) throws -> BundleSettings {
        let dedup = try string(json, "dedup", of: "bundle")
        guard let deduplication = BundleSettings.Deduplication(rawValue: dedup) else {
            throw LockProblem("bundle's dedup is \"\(dedup)\"")
        }
        let name = try string(json, "name", of: "bundle")
        if let problem = RelativePath.problem(name) { throw LockProblem("bundle's name \(problem)") }
        var bundle = BundleSettings(
            name: name, owner: json["owner"]?.string,
            title: try string(json, "title", of: "bundle"), subtitle: json["subtitle"]?.string,
            license: try string(json, "license", of: "bundle"), keywords: json["keywords"]?.strings ?? [],
            deduplication: deduplication)
        bundle.bases = json["base"]?.strings ?? []
        bundle.fit = json["fit"]?.integer
        switch json["kind"]?.string {
        case nil, ManifestSchema.datasetKind: break
        case ManifestSchema.modelKind:
            bundle.model = BundleSettings.Model(
                framework: try string(json, "framework", of: "bundle"),
                variation: try string(json, "variation", of: "bundle"), base: json["base_model"]?.string)
        case let kind?: throw LockProblem("bundle's kind is \"\(kind)\"")
        }
        return bundle
    }

    /// The bases, of which no two have one digest.
    private func bases(_ json: JSON?) throws -> [LockedBase] {
        guard let json else { return [] }
        guard let list = json.array else { throw LockProblem("bases is not a list") }
        var seen: Set<SHA256Digest> = []
        return try list.map { item in
            let name = try string(item, "name", of: "a base")
            if let problem = RelativePath.problem(name) { throw LockProblem("a base's name \(problem)") }
            guard let sha256 = SHA256Digest(hex: try string(item, "sha256", of: name)) else {
                throw LockProblem("\(name): the sha256 is not 64 hexadecimal digits")
            }
            guard seen.insert(sha256).inserted else { throw LockProblem("the base \(sha256) is named twice") }
            return LockedBase(
                asked: item["asked"]?.string, name: name,
                attach: try string(item, "attach", of: name), sha256: sha256)
        }
    }

    /// - Parameter tensors: the elements of its list "tensors".
    private func entry(_ json: JSON, _ tensors: [StatedTensor]) throws -> LockedEntry {
        let name = try string(json, "name", of: "an entry")
        guard let component = RelativePath(name), component.parent == nil else {
            throw LockProblem("an entry has the name \"\(name)\"")
        }
        let kindText = try string(json, "kind", of: name)
        guard let kind = Entry.Kind(rawValue: kindText) else {
            throw LockProblem("\(name) has the kind \"\(kindText)\"")
        }
        let resolved = try member(json, "resolved", of: name)
        // The identity of the weights follows from the tensors, and is made anew of them.
        let known = ["conversion", "hub", "kaggle", "license", "registry", "weights"]
        guard let list = json["files"]?.array else { throw LockProblem("\(name) has no list \"files\"") }
        let files = try list.map { try file($0, of: name) }
        for (first, second) in zip(files, files.dropFirst())
        where first.path >= second.path {
            throw LockProblem("\(name): \(first.path) and \(second.path) are not in order, or named twice")
        }
        let asked = try asked(member(json, "asked", of: name), of: name)
        if !asked.isPacked {
            guard asked.source != nil else {
                throw LockProblem("\(name) is made from another entry, and not packed")
            }
            if let file = files.first(where: { $0.placement != .natural }) {
                throw LockProblem(
                    "\(name): \(file.path) has a place in the bundle, and the entry is not packed")
            }
        }
        let origin = try origin(resolved, of: name)
        let isConverted = if case .conversion = origin { true } else { false }
        guard isConverted == (asked.conversion != nil) else {
            throw LockProblem("\(name): what was asked and what it resolved to do not fit")
        }
        if !isConverted, let file = files.first(where: { $0.proof == .conversion }) {
            throw LockProblem("\(name): \(file.path) was converted, but the entry was not")
        }
        return LockedEntry(
            name: name, kind: kind, asked: asked, origin: origin,
            license: try license(resolved["license"], of: name),
            facts: (resolved.members ?? []).filter { !known.contains($0.key) }, files: files,
            tensors: try self.tensors(json, tensors, files, of: name))
    }

    private func tensors(
        _ json: JSON, _ stated: [StatedTensor], _ files: [LockedFile], of name: String
    ) throws -> [LockedTensor] {
        guard let list = json["tensors"] else { return [] }
        guard list.array != nil else { throw LockProblem("\(name): tensors is not a list") }
        var last: (file: RelativePath?, end: Int) = (nil, 0)
        // Files and tensors are sorted alike, so that the file of a tensor is the last one's or comes behind it.
        var rest = files[...]
        return try stated.map { item in
            guard let text = item.file else { throw LockProblem("\(name) has no text \"file\"") }
            guard let file = RelativePath(text) else {
                throw LockProblem("\(name): a tensor of \(text): no such file")
            }
            // Told only where something is wrong: a lock may have very many tensors.
            var place: String { "\(name): a tensor of \(file)" }
            while let first = rest.first, first.path < file {
                rest.removeFirst()
            }
            guard let first = rest.first, first.path == file else {
                let isKnown = files.contains { $0.path == file }
                throw LockProblem(
                    isKnown ? "\(place) is not in order, or overlaps another" : "\(place): no such file")
            }
            guard let offset = item.offset, offset >= 0, let length = item.length,
                length > 0, offset <= first.size, length <= first.size - offset
            else { throw LockProblem("\(place) is not inside it") }
            guard last.file != file || last.end <= offset else {
                throw LockProblem("\(place) is not in order, or overlaps another")
            }
            last = (file, offset + length)
            guard item.hasDigest else { throw LockProblem("\(place) has no text \"sha256\"") }
            guard let sha256 = item.sha256 else {
                throw LockProblem("\(place): the sha256 is not 64 hexadecimal digits")
            }
            guard let tensor = item.name else { throw LockProblem("\(place) has no text \"name\"") }
            return LockedTensor(
                file: file, name: tensor, dtype: item.dtype, shape: item.shape,
                bytes: offset..<offset + length, sha256: sha256)
        }
    }

    private func asked(_ json: JSON, of name: String) throws -> Asked {
        let content: Asked.Content
        if let from = json["from"] {
            guard let from = from.string,
                let request = ConversionRequest(
                    from: from, value: { json[$0]?.string }, list: { json[$0]?.strings })
            else {
                throw LockProblem("\(name): it does not state what is made from \"from\"")
            }
            content = .conversion(request)
        } else {
            content = .source(try string(json, "source", of: name))
        }
        return Asked(
            content: content, include: json["include"]?.strings, exclude: json["exclude"]?.strings ?? [],
            license: json["license"]?.string, isPacked: try isPacked(json["pack"], of: name))
    }

    /// Whether the entry's files are in the bundle: all are where the lock does not say.
    private func isPacked(_ json: JSON?, of name: String) throws -> Bool {
        guard let json else { return true }
        guard let value = json.bool else { throw LockProblem("\(name): \"pack\" is neither true nor false") }
        return value
    }

    private func origin(_ json: JSON, of name: String) throws -> Origin {
        if let hub = json["hub"] {
            let kind = try string(hub, "repo_type", of: name)
            guard let kind = HubRepository.Kind(rawValue: kind) else {
                throw LockProblem("\(name) has the repo_type \"\(kind)\"")
            }
            let commit = try string(hub, "commit", of: name)
            guard GitBlobDigest(hex: commit) != nil else {
                throw LockProblem("\(name): the commit is not 40 hexadecimal digits")
            }
            let text =
                "\(kind == .model ? "hf" : "hf-\(kind.rawValue)"):" + (try string(hub, "repo_id", of: name))
            guard case .hub(let repository, _)? = try? Source.parse(text) else {
                throw LockProblem("\(name): the repo_id is not a repository's name")
            }
            // It becomes a path below `refs/` in the cache.
            let ref = try string(hub, "ref", of: name)
            if let problem = HubRepository.problem(inRevision: ref) {
                throw LockProblem("\(name): the ref \(quoted(ref)) \(problem)")
            }
            return .hub(repository, ref: ref, commit: commit)
        }
        if let kaggle = json["kaggle"] {
            let type = try string(kaggle, "type", of: name)
            guard let kind = KaggleHandle.Kind(rawValue: type),
                let handle = try? KaggleHandle.parse(kind, string(kaggle, "handle", of: name)),
                handle.version != nil || kind == .competition
            else { throw LockProblem("\(name): the handle is not one of Kaggle with a version") }
            return .kaggle(handle)
        }
        if let registry = json["registry"] {
            let text =
                try string(registry, "name", of: name) + (registry["entry"]?.string.map { "#\($0)" } ?? "")
            guard let artifact = try? RegistrySource.parse(text),
                let digest = RegistryReference.digest(try string(registry, "manifest", of: name))
            else { throw LockProblem("\(name): the artifact is not one of a registry with a digest") }
            return .registry(artifact, manifest: digest)
        }
        if let conversion = json["conversion"] {
            guard let version = conversion["converter"]?.integer,
                let parameters = conversion["parameters"]?.members,
                let inputs = SHA256Digest(hex: try string(conversion, "inputs", of: name))
            else { throw LockProblem("\(name): the conversion has no converter, inputs and parameters") }
            return .conversion(
                LockedConversion(converter: version, inputs: inputs, parameters: parameters))
        }
        return .path
    }

    private func license(_ json: JSON?, of name: String) throws -> LockedLicense? {
        guard let json else { return nil }
        let from = try string(json, "from", of: name)
        guard let witness = LockedLicense.Witness(rawValue: from) else {
            throw LockProblem("\(name): the licence is from \"\(from)\"")
        }
        return LockedLicense(id: try string(json, "id", of: name), from: witness)
    }

    private func file(_ json: JSON, of name: String) throws -> LockedFile {
        let path = try path(string(json, "path", of: name), of: name)
        var place: String { "\(name): \(path)" }
        guard let size = json["size"]?.integer, size >= 0 else { throw LockProblem("\(place) has no size") }
        guard let sha256 = SHA256Digest(hex: try string(json, "sha256", of: place)) else {
            throw LockProblem("\(place): the sha256 is not 64 hexadecimal digits")
        }
        let proofText = try string(json, "proof", of: place)
        guard let proof = Proof(rawValue: proofText) else {
            throw LockProblem("\(place): the proof is \"\(proofText)\"")
        }
        return LockedFile(
            path: path, size: size, sha256: sha256, proof: proof,
            placement: try placement(json, size: size, of: place),
            shards: try json["shards"]?.strings.map { try $0.map { try self.path($0, of: place) } })
    }

    private func placement(_ json: JSON, size: Int, of place: @autoclosure () -> String) throws -> Placement {
        if let at = json["at"] {
            let path = try storedPath(at, of: place())
            guard let base = try base(json["base"], of: place()) else { return .at(path) }
            // What is empty needs no place elsewhere, and a range of no bytes is none.
            guard size > 0 else { throw LockProblem("\(place()): it is empty, and in a base") }
            return .base(base, path)
        }
        guard json["base"] == nil else { throw LockProblem("\(place()): it is in a base, and has no \"at\"") }
        guard let list = json["segments"] else { return .natural }
        guard let list = list.array else { throw LockProblem("\(place()): segments is not a list") }
        var total = 0
        var segments: [Segment] = []
        for item in list {
            guard let offset = item["offset"]?.integer, offset >= 0, let length = item["length"]?.integer,
                length > 0, !offset.addingReportingOverflow(length).overflow
            else { throw LockProblem("\(place()): a segment has no offset or no length") }
            let (sum, overflow) = total.addingReportingOverflow(length)
            guard !overflow else { throw LockProblem("\(place()): its segments are too long") }
            total = sum
            segments.append(
                Segment(
                    base: try base(item["base"], of: place()), at: try storedPath(item["at"], of: place()),
                    offset: offset, length: length))
        }
        guard total == size else {
            throw LockProblem("\(place()): its segments have \(total) bytes, and the file has \(size)")
        }
        return .segments(segments)
    }

    /// The digest of a base's lock; `nil` for what the bundle itself stores.
    private func base(_ json: JSON?, of place: @autoclosure () -> String) throws -> SHA256Digest? {
        guard let json else { return nil }
        guard let digest = json.string.flatMap(SHA256Digest.init(hex:)) else {
            throw LockProblem("\(place()): \"base\" is not 64 hexadecimal digits")
        }
        return digest
    }

    private func storedPath(_ json: JSON?, of place: @autoclosure () -> String) throws -> RelativePath {
        guard let path = json?.string else { throw LockProblem("\(place()): \"at\" is not a path") }
        return try self.path(path, of: place())
    }

    private func path(_ text: String, of place: @autoclosure () -> String) throws -> RelativePath {
        guard let path = RelativePath(text) else {
            throw LockProblem(
                "\(place()): the path \"\(text)\" \(RelativePath.problem(text) ?? "is refused")")
        }
        return path
    }

    private func member(_ json: JSON, _ key: String, of place: String) throws -> JSON {
        guard let value = json[key], value.members != nil else {
            throw LockProblem("\(place) has no \"\(key)\"")
        }
        return value
    }

    private func string(_ json: JSON, _ key: String, of place: @autoclosure () -> String) throws -> String {
        guard let value = json[key]?.string else { throw LockProblem("\(place()) has no text \"\(key)\"") }
        return value
    }
}
