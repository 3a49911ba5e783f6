package import Formats
import Storage

extension Lock {
    /// The lock as it is written: canonical UTF-8, one file a line, so that git merges it and the same
    /// content always gives the same bytes.
    package var bytes: [UInt8] {
        let bundle = JSON.object(bundle.lockMembers).compactText
        var bytes: [UInt8] = []
        // About what the records take: growing by doubling would cost twice the memory.
        bytes.reserveCapacity(entries.reduce(4096) { $0 + 256 * $1.files.count + 200 * $1.tensors.count })
        bytes += Array(
            ("{\n\"version\":\(bases.isEmpty ? Lock.version : Lock.versionWithBases),\n"
                + "\"generator\":\"knapsack\",\n\"facts\":\(factsVersion),\n\"bundle\":\(bundle),\n").utf8)
        if !bases.isEmpty {
            let lines = bases.map { JSON.object($0.lockMembers).compactText }.joined(separator: ",\n")
            bytes += "\"bases\":[\n\(lines)\n],\n".utf8
        }
        bytes += "\"entries\":[".utf8
        for (index, entry) in entries.enumerated() {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            entry.write(to: &bytes)
        }
        bytes += "\(entries.isEmpty ? "" : "\n")]\n}\n".utf8
        return bytes
    }

    /// The same as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

// What decides whether a lock is fresh is compared as the lock has it, so by bytes: a glob or a path that only looks the
// same asks for other files.
extension Asked {
    /// Whether both would be locked alike.
    package static func == (left: Asked, right: Asked) -> Bool { left.lockMembers == right.lockMembers }
}

extension BundleSettings {
    /// Whether both would be locked alike.
    package static func == (left: BundleSettings, right: BundleSettings) -> Bool {
        left.lockMembers == right.lockMembers
    }
}

extension LockedTensor {
    /// Whether both are the same tensor, by the bytes of its name.
    package static func == (left: LockedTensor, right: LockedTensor) -> Bool {
        left.sha256 == right.sha256 && left.bytes == right.bytes && left.file == right.file
            && left.name.hasSameBytes(as: right.name) && left.dtype == right.dtype
            && left.shape == right.shape
    }
}

extension BundleSettings {
    fileprivate var lockMembers: [JSON.Member] {
        var members = [
            JSON.Member("dedup", .string(deduplication.rawValue)), JSON.Member("license", .string(license)),
            JSON.Member("name", .string(name)), JSON.Member("title", .string(title)),
        ]
        if !bases.isEmpty { members.append(JSON.Member("base", .array(bases.map(JSON.string)))) }
        if let fit { members.append(JSON.Member("fit", .integer(fit))) }
        if !keywords.isEmpty { members.append(JSON.Member("keywords", .array(keywords.map(JSON.string)))) }
        if let model {
            if let base = model.base { members.append(JSON.Member("base_model", .string(base))) }
            members.append(JSON.Member("framework", .string(model.framework)))
            members.append(JSON.Member("kind", .string(ManifestSchema.modelKind)))
            members.append(JSON.Member("variation", .string(model.variation)))
        }
        if let owner { members.append(JSON.Member("owner", .string(owner))) }
        if let subtitle { members.append(JSON.Member("subtitle", .string(subtitle))) }
        return members.sortedByKey
    }
}

extension LockedEntry {
    fileprivate func write(to bytes: inout [UInt8]) {
        bytes += "{\n\"name\":\(JSON.string(name).compactText),\n".utf8
        bytes += "\"kind\":\"\(kind.rawValue)\",\n".utf8
        bytes += "\"asked\":\(JSON.object(asked.lockMembers).compactText),\n".utf8
        bytes += "\"resolved\":\(JSON.object(resolvedMembers).compactText),\n".utf8
        bytes += "\"files\":[".utf8
        for (index, file) in files.enumerated() {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            bytes += JSON.object(file.lockMembers).compactText.utf8
        }
        bytes += "\(files.isEmpty ? "" : "\n")]".utf8
        if !tensors.isEmpty {
            bytes += ",\n\"tensors\":[".utf8
            for (index, tensor) in tensors.enumerated() {
                bytes += (index == 0 ? "\n" : ",\n").utf8
                bytes += JSON.object(tensor.lockMembers).compactText.utf8
            }
            bytes += "\n]".utf8
        }
        bytes += "\n}".utf8
    }

    private var resolvedMembers: [JSON.Member] {
        var members = facts + origin.lockMembers
        if let license {
            let value: JSON = ["from": .string(license.from.rawValue), "id": .string(license.id)]
            members.append(JSON.Member("license", value))
        }
        if let weights {
            let value: JSON = [
                "sha256": .string(weights.sha256.hex), "tensors": .integer(weights.tensors),
            ]
            members.append(JSON.Member("weights", value))
        }
        return members.sortedByKey
    }
}

extension Asked {
    fileprivate var lockMembers: [JSON.Member] {
        var members =
            switch content {
            case .source(let text): [JSON.Member("source", .string(text))]
            case .conversion(let request):
                [JSON.Member("from", .string(request.from))] + request.parameters
            }
        if !exclude.isEmpty { members.append(JSON.Member("exclude", .array(exclude.map(JSON.string)))) }
        if let include { members.append(JSON.Member("include", .array(include.map(JSON.string)))) }
        if let license { members.append(JSON.Member("license", .string(license))) }
        if !isPacked { members.append(JSON.Member("pack", .bool(false))) }
        return members.sortedByKey
    }
}

extension Origin {
    fileprivate var lockMembers: [JSON.Member] {
        switch self {
        case .hub(let repository, let ref, let commit):
            let value: JSON = [
                "commit": .string(commit), "ref": .string(ref), "repo_id": .string(repository.id),
                "repo_type": .string(repository.kind.rawValue),
            ]
            return [JSON.Member("hub", value)]
        case .kaggle(let handle):
            let value: JSON = ["handle": .string(handle.text), "type": .string(handle.kind.rawValue)]
            return [JSON.Member("kaggle", value)]
        case .registry(let artifact, let manifest):
            var members = [
                JSON.Member("manifest", .string("sha256:\(manifest.hex)")),
                JSON.Member("name", .string(artifact.reference.name)),
            ]
            if let entry = artifact.entry { members.insert(JSON.Member("entry", .string(entry)), at: 0) }
            return [JSON.Member("registry", .object(members))]
        case .path: return []
        case .conversion(let conversion): return [JSON.Member("conversion", conversion.json)]
        }
    }
}

extension LockedFile {
    fileprivate var lockMembers: [JSON.Member] {
        var members: [JSON.Member] = []
        if case .at(let path) = placement { members.append(JSON.Member("at", .string(path.text))) }
        if case .base(let base, let path) = placement {
            members.append(JSON.Member("at", .string(path.text)))
            members.append(JSON.Member("base", .string(base.hex)))
        }
        members.append(JSON.Member("path", .string(path.text)))
        members.append(JSON.Member("proof", .string(proof.rawValue)))
        if case .segments(let segments) = placement {
            members.append(JSON.Member("segments", .array(segments.map(\.json))))
        }
        members.append(JSON.Member("sha256", .string(sha256.hex)))
        if let shards { members.append(JSON.Member("shards", .array(shards.map { .string($0.text) }))) }
        members.append(JSON.Member("size", .integer(size)))
        return members
    }
}

extension Segment {
    /// The segment as a lock has it.
    package var json: JSON {
        var members = [JSON.Member("at", .string(at.text))]
        if let base { members.append(JSON.Member("base", .string(base.hex))) }
        members.append(JSON.Member("length", .integer(length)))
        members.append(JSON.Member("offset", .integer(offset)))
        return .object(members)
    }
}

extension LockedTensor {
    fileprivate var lockMembers: [JSON.Member] {
        var members: [JSON.Member] = []
        if let dtype { members.append(JSON.Member("dtype", .string(dtype))) }
        members += [
            JSON.Member("file", .string(file.text)), JSON.Member("length", .integer(bytes.count)),
            JSON.Member("name", .string(name)), JSON.Member("offset", .integer(bytes.lowerBound)),
            JSON.Member("sha256", .string(sha256.hex)),
        ]
        if let shape { members.append(JSON.Member("shape", .array(shape.map(JSON.integer)))) }
        return members
    }
}

extension [JSON.Member] {
    /// In the order of the names' bytes.
    package var sortedByKey: [JSON.Member] {
        sorted { $0.key.precedesByBytes($1.key) }
    }
}
