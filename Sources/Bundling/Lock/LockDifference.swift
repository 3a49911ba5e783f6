import Storage

/// What changed from one lock to another, in words.
public struct LockDifference: Equatable, Sendable {
    /// What became of an entry.
    public enum Change: String, Sendable {
        /// Only the second lock has it.
        case added
        /// Only the first lock has it.
        case removed
        /// Both have it, and it is not the same.
        case changed
    }

    /// One entry that is not the same in both.
    public struct Entry: Equatable, Sendable {
        /// The entry's name.
        public let name: String
        /// What became of it.
        public let change: Change
        /// Sentences without a full stop, the most telling first.
        public let details: [String]
    }

    /// What changed in the `[bundle]` table.
    public let bundle: [String]
    /// The entries that are not the same, by name.
    public let entries: [Entry]

    /// Whether both locks say the same.
    public var isEmpty: Bool { bundle.isEmpty && entries.isEmpty }

    /// Compares two locks; where their files lie in the bundle does not count.
    public init(from old: Lock, to new: Lock) {
        bundle = LockDifference.bundle(old.bundle, new.bundle)
        let names = Set(old.entries.map(\.name)).union(new.entries.map(\.name))
        entries = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            switch (old.entry(named: name), new.entry(named: name)) {
            case (nil, let entry?):
                Entry(name: name, change: .added, details: [LockDifference.summary(entry)])
            case (let entry?, nil):
                Entry(name: name, change: .removed, details: [LockDifference.summary(entry)])
            case (let before?, let after?):
                LockDifference.details(before, after).map { Entry(name: name, change: .changed, details: $0) }
            case (nil, nil): nil
            }
        }
    }

    private static func bundle(_ old: BundleSettings, _ new: BundleSettings) -> [String] {
        let fields: [(String, String, String)] = [
            ("name", old.name, new.name), ("owner", old.owner ?? "none", new.owner ?? "none"),
            ("title", old.title, new.title), ("subtitle", old.subtitle ?? "none", new.subtitle ?? "none"),
            ("license", old.license, new.license),
            ("dedup", old.deduplication.rawValue, new.deduplication.rawValue),
            ("keywords", old.keywords.joined(separator: ", "), new.keywords.joined(separator: ", ")),
        ]
        return fields.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) → \($0.2)" }
    }

    private static func summary(_ entry: LockedEntry) -> String {
        let size = entry.files.reduce(0) { $0 &+ $1.size }
        return "\(entry.asked.text), \(entry.files.count) files, \(ByteCount.text(size))"
    }

    private static func details(_ old: LockedEntry, _ new: LockedEntry) -> [String]? {
        var details: [String] = []
        func compare(_ what: String, _ before: String, _ after: String) {
            if before != after { details.append("\(what): \(before) → \(after)") }
        }
        compare("kind", old.kind.rawValue, new.kind.rawValue)
        compare("source", old.asked.text, new.asked.text)
        compare("revision", revision(old.origin), revision(new.origin))
        compare("licence", old.license?.id ?? "unknown", new.license?.id ?? "unknown")
        details += files(old, new)
        return details.isEmpty ? nil : details
    }

    private static func revision(_ origin: Origin) -> String {
        switch origin {
        case .hub(_, _, let commit): String(commit.prefix(12))
        case .kaggle(let handle): handle.version.map { "version \($0)" } ?? "no version"
        case .path: "a directory"
        case .conversion(let conversion): conversion.text
        }
    }

    private static func files(_ old: LockedEntry, _ new: LockedEntry) -> [String] {
        let before = Dictionary(uniqueKeysWithValues: old.files.map { (Array($0.path.utf8), $0) })
        let after = Dictionary(uniqueKeysWithValues: new.files.map { (Array($0.path.utf8), $0) })
        let added = new.files.filter { before[Array($0.path.utf8)] == nil }
        let removed = old.files.filter { after[Array($0.path.utf8)] == nil }
        let changed = new.files.filter { file in
            before[Array(file.path.utf8)].map { $0.sha256 != file.sha256 } ?? false
        }
        guard !(added + removed + changed).isEmpty else { return [] }
        return [weights(old, new)].compactMap(\.self) + list("changed", changed) + list("added", added)
            + list("removed", removed)
    }

    private static func list(_ what: String, _ files: [LockedFile]) -> [String] {
        guard !files.isEmpty else { return [] }
        let names = files.prefix(5).map { "\($0.path) (\(ByteCount.text($0.size)))" }
        let more = files.count > 5 ? " and \(files.count - 5) more" : ""
        return [
            "\(files.count) \(files.count == 1 ? "file" : "files") \(what): "
                + names.joined(separator: ", ") + more
        ]
    }

    // MARK: Tensors

    /// What a tensor is, wherever it lies: its type, its shape, and its bytes.
    private struct Identity: Hashable {
        let dtype: String?
        let shape: [Int]?
        let sha256: SHA256Digest
    }

    /// What became of the weights, by the tensors' names; `nil` where a lock has no safetensors.
    private static func weights(_ old: LockedEntry, _ new: LockedEntry) -> String? {
        let (before, after) = (tensors(old), tensors(new))
        guard !before.isEmpty, !after.isEmpty else { return nil }
        if before == after { return "same weights, other files: all \(after.count) tensors are equal" }
        let names = Set(before.keys).union(after.keys)
        let differing = names.filter { before[$0] != after[$0] }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let shown = differing.prefix(8).joined(separator: ", ")
        let more = differing.count > 8 ? " and \(differing.count - 8) more" : ""
        return "\(differing.count) of \(names.count) tensors differ: \(shown)\(more)"
    }

    /// Every name with what it stands for: more than one thing where two files have a tensor of that name.
    private static func tensors(_ entry: LockedEntry) -> [String: Set<Identity>] {
        var result: [String: Set<Identity>] = [:]
        for tensor in entry.tensors where tensor.isOfSafetensors {
            result[tensor.name, default: []].insert(
                Identity(dtype: tensor.dtype, shape: tensor.shape, sha256: tensor.sha256))
        }
        return result
    }
}
