import Storage
import Tensors

extension Lock {
    /// The lock as it is written: canonical, one file a line, so that git merges it and the same content
    /// always gives the same bytes.
    public var text: String {
        var text = "{\n\"version\":\(Lock.version),\n"
        text += "\"generator\":\"knapsack\",\n"
        text += "\"bundle\":\(JSON.object(bundle.lockMembers).compactText),\n"
        text += "\"entries\":["
        for (index, entry) in entries.enumerated() {
            text += index == 0 ? "\n" : ",\n"
            text += entry.text
        }
        return text + (entries.isEmpty ? "" : "\n") + "]\n}\n"
    }
}

extension BundleSettings {
    fileprivate var lockMembers: [JSON.Member] {
        var members = [
            JSON.Member("dedup", .string(deduplication.rawValue)), JSON.Member("license", .string(license)),
            JSON.Member("name", .string(name)), JSON.Member("title", .string(title)),
        ]
        if !keywords.isEmpty { members.append(JSON.Member("keywords", .array(keywords.map(JSON.string)))) }
        if let owner { members.append(JSON.Member("owner", .string(owner))) }
        if let subtitle { members.append(JSON.Member("subtitle", .string(subtitle))) }
        return members.sortedByKey
    }
}

extension LockedEntry {
    fileprivate var text: String {
        var text = "{\n\"name\":\(JSON.string(name).compactText),\n"
        text += "\"kind\":\"\(kind.rawValue)\",\n"
        text += "\"asked\":\(JSON.object(asked.lockMembers).compactText),\n"
        text += "\"resolved\":\(JSON.object(resolvedMembers).compactText),\n"
        text += "\"files\":["
        for (index, file) in files.enumerated() {
            text += (index == 0 ? "\n" : ",\n") + JSON.object(file.lockMembers).compactText
        }
        text += (files.isEmpty ? "" : "\n") + "]"
        if !tensors.isEmpty {
            text += ",\n\"tensors\":["
            for (index, tensor) in tensors.enumerated() {
                text += (index == 0 ? "\n" : ",\n") + JSON.object(tensor.lockMembers).compactText
            }
            text += "\n]"
        }
        return text + "\n}"
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
        var members = [JSON.Member("source", .string(source))]
        if !exclude.isEmpty { members.append(JSON.Member("exclude", .array(exclude.map(JSON.string)))) }
        if let include { members.append(JSON.Member("include", .array(include.map(JSON.string)))) }
        if let license { members.append(JSON.Member("license", .string(license))) }
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
        case .path: return []
        }
    }
}

extension LockedFile {
    fileprivate var lockMembers: [JSON.Member] {
        var members: [JSON.Member] = []
        if case .at(let path) = placement { members.append(JSON.Member("at", .string(path))) }
        members.append(JSON.Member("path", .string(path)))
        members.append(JSON.Member("proof", .string(proof.rawValue)))
        if case .segments(let segments) = placement {
            let values = segments.map { segment -> JSON in
                [
                    "at": .string(segment.at), "length": .integer(segment.length),
                    "offset": .integer(segment.offset),
                ]
            }
            members.append(JSON.Member("segments", .array(values)))
        }
        members.append(JSON.Member("sha256", .string(sha256.hex)))
        if let shards { members.append(JSON.Member("shards", .array(shards.map(JSON.string)))) }
        members.append(JSON.Member("size", .integer(size)))
        return members
    }
}

extension LockedTensor {
    fileprivate var lockMembers: [JSON.Member] {
        var members: [JSON.Member] = []
        if let dtype { members.append(JSON.Member("dtype", .string(dtype))) }
        members += [
            JSON.Member("file", .string(file)), JSON.Member("length", .integer(bytes.count)),
            JSON.Member("name", .string(name)), JSON.Member("offset", .integer(bytes.lowerBound)),
            JSON.Member("sha256", .string(sha256.hex)),
        ]
        if let shape { members.append(JSON.Member("shape", .array(shape.map(JSON.integer)))) }
        return members
    }
}

extension [JSON.Member] {
    /// In the order of the names' bytes.
    var sortedByKey: [JSON.Member] {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
