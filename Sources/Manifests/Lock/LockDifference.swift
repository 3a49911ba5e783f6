package import Formats
import Storage

/// What changed from one lock to another, in words.
package struct LockDifference: Equatable, Sendable {
    /// What became of an entry.
    package enum Change: String, Sendable {
        /// Only the second lock has it.
        case added
        /// Only the first lock has it.
        case removed
        /// Both have it, and it is not the same.
        case changed
    }

    /// One entry that is not the same in both.
    package struct Entry: Equatable, Sendable {
        /// The entry's name.
        package let name: String
        /// What became of it.
        package let change: Change
        /// Sentences without a full stop, the most telling first.
        package let details: [String]
        /// The entry in the first lock; `nil` where it was added.
        package let before: State?
        /// The entry in the second lock; `nil` where it was removed.
        package let after: State?
        /// The paths of files that only the second lock has.
        package let added: [RelativePath]
        /// The paths of files that only the first lock has.
        package let removed: [RelativePath]
        /// The paths of files with other content.
        package let changed: [RelativePath]
        /// What became of the tensors; `nil` where a lock has none of safetensors, or no file changed.
        package let tensors: Tensors?
    }

    /// An entry in one of the locks.
    package struct State: Equatable, Sendable {
        /// Where its files come from, for people.
        package let source: String
        /// The revision that it is pinned to, for people.
        package let revision: String
        /// The licence, or `nil` where nobody states it.
        package let license: String?
        /// The number of files.
        package let files: Int
        /// Their size in bytes.
        package let size: Int
    }

    /// How many of the weights differ, by the tensors' names.
    package struct Tensors: Equatable, Sendable {
        /// How many names both locks have together.
        package let count: Int
        /// The names of those that differ, sorted.
        package let differing: [String]
    }

    /// What changed in the `[bundle]` table.
    package let bundle: [String]
    /// What the bundle of each lock stores in bytes; `nil` where the locks' files contradict themselves.
    package let size: (before: Int, after: Int)?
    /// The entries that are not the same, by name.
    package let entries: [Entry]

    /// Whether both locks say the same.
    package var isEmpty: Bool { bundle.isEmpty && entries.isEmpty }

    /// Compares two locks; where their files are in the bundle does not count.
    package init(from old: Lock, to new: Lock) {
        bundle = LockDifference.bundle(old.bundle, new.bundle) + LockDifference.bases(old.bases, new.bases)
        if let before = try? Plan(old).size, let after = try? Plan(new).size {
            size = (before, after)
        } else {
            size = nil
        }
        let names = Set((old.entries + new.entries).map { ExactName($0.name) }).sorted().map(\.text)
        entries = names.compactMap { name in
            LockDifference.entry(name, old.entry(named: name), new.entry(named: name))
        }
    }

    /// Whether both say the same of the same locks.
    package static func == (left: LockDifference, right: LockDifference) -> Bool {
        left.bundle == right.bundle && left.entries == right.entries
            && left.size?.before == right.size?.before && left.size?.after == right.size?.after
    }

    private static func entry(_ name: String, _ old: LockedEntry?, _ new: LockedEntry?) -> Entry? {
        let before = Dictionary((old?.files ?? []).map { ($0.path, $0) }) { first, _ in first }
        let after = Set((new?.files ?? []).map(\.path))
        let added = (new?.files ?? []).filter { before[$0.path] == nil }
        let removed = (old?.files ?? []).filter { !after.contains($0.path) }
        let changed = (new?.files ?? []).filter { file in
            before[file.path].map { $0.sha256 != file.sha256 } ?? false
        }
        var weights: Tensors?
        let details: [String]
        if let old, let new {
            let others = !(added.isEmpty && removed.isEmpty && changed.isEmpty)
            weights = others ? tensors(old, new) : nil
            details =
                fields(old, new) + (weights.map { [sentence($0)] } ?? []) + list("changed", changed)
                + list("added", added) + list("removed", removed) + facts(old, new)
            if details.isEmpty { return nil }
        } else {
            details = (new ?? old).map { [summary($0)] } ?? []
        }
        return Entry(
            name: name, change: old == nil ? .added : new == nil ? .removed : .changed, details: details,
            before: old.map(state), after: new.map(state), added: added.map(\.path),
            removed: removed.map(\.path), changed: changed.map(\.path), tensors: weights)
    }

    private static func state(_ entry: LockedEntry) -> State {
        State(
            source: entry.asked.text, revision: revision(entry.origin), license: entry.license?.id,
            files: entry.files.count, size: entry.files.reduce(0) { $0 &+ $1.size })
    }

    private static func bundle(_ old: BundleSettings, _ new: BundleSettings) -> [String] {
        let fields: [(String, String, String)] = [
            ("name", old.name, new.name), ("owner", old.owner ?? "none", new.owner ?? "none"),
            ("title", old.title, new.title), ("subtitle", old.subtitle ?? "none", new.subtitle ?? "none"),
            ("license", old.license, new.license),
            ("dedup", old.deduplication.rawValue, new.deduplication.rawValue),
            ("base", old.bases.joined(separator: ", "), new.bases.joined(separator: ", ")),
            ("fit", old.fit.map(ByteCount.text) ?? "none", new.fit.map(ByteCount.text) ?? "none"),
            ("keywords", old.keywords.joined(separator: ", "), new.keywords.joined(separator: ", ")),
            ("kind", old.model == nil ? "dataset" : "model", new.model == nil ? "dataset" : "model"),
            ("framework", old.model?.framework ?? "none", new.model?.framework ?? "none"),
            ("variation", old.model?.variation ?? "none", new.model?.variation ?? "none"),
            ("base-model", old.model?.base ?? "none", new.model?.base ?? "none"),
        ]
        return told(fields, or: old != new ? "the [bundle] table is written in another way" : nil)
    }

    /// What changed in the bundles that it builds on.
    private static func bases(_ old: [LockedBase], _ new: [LockedBase]) -> [String] {
        let names = (old + new).reduce(into: [String]()) { names, base in
            if !names.containsExactly(base.name) { names.append(base.name) }
        }
        return names.compactMap { name in
            let (before, after) = (digests(old, name), digests(new, name))
            return before.hasSameBytes(as: after) ? nil : "the base \(name): \(before) → \(after)"
        }
    }

    private static func digests(_ bases: [LockedBase], _ name: String) -> String {
        let own = bases.filter { $0.name.hasSameBytes(as: name) }
        return own.isEmpty
            ? "none" : own.map { "\($0.attach), sha256 \($0.sha256.hex.prefix(16))…" }.joined(separator: ", ")
    }

    private static func summary(_ entry: LockedEntry) -> String {
        let size = entry.files.reduce(0) { $0 &+ $1.size }
        return "\(entry.asked.text), \(Counted.text(entry.files.count, "file")), \(ByteCount.text(size))"
            + (entry.isPacked ? "" : ", not packed")
    }

    private static func fields(_ old: LockedEntry, _ new: LockedEntry) -> [String] {
        func text(_ list: [String]?) -> String { list.map { "[\($0.joined(separator: ", "))]" } ?? "none" }
        let fields: [(String, String, String)] = [
            ("kind", old.kind.rawValue, new.kind.rawValue), ("source", old.asked.text, new.asked.text),
            ("include", text(old.asked.include), text(new.asked.include)),
            ("exclude", text(old.asked.exclude), text(new.asked.exclude)),
            ("packed", old.isPacked ? "yes" : "no", new.isPacked ? "yes" : "no"),
            ("revision", revision(old.origin), revision(new.origin)),
            ("licence", license(old), license(new)), ("proved by", proofs(old), proofs(new)),
        ]
        return told(fields, or: old.asked != new.asked ? "what was asked is written in another way" : nil)
            + size(state(old).size, state(new).size)
    }

    /// The fields that differ.
    /// - Parameter other: what to tell if none does in words; `nil` if both are the same.
    private static func told(_ fields: [(String, String, String)], or other: String?) -> [String] {
        let told = fields.filter { !$0.1.hasSameBytes(as: $0.2) }.map { "\($0.0): \($0.1) → \($0.2)" }
        return told.isEmpty ? [other].compactMap(\.self) : told
    }

    private static func license(_ entry: LockedEntry) -> String {
        guard let license = entry.license else { return "unknown" }
        return license.from == .manifest ? "\(license.id) (stated by the manifest)" : license.id
    }

    /// "12 files by the cache, 1 by nothing else".
    private static func proofs(_ entry: LockedEntry) -> String {
        let unproved = entry.files.count { $0.proof == .none }
        if unproved == 0 { return "the cache" }
        return unproved == entry.files.count
            ? "the lock only" : "the cache, but for \(Counted.text(unproved, "file"))"
    }

    private static func size(_ old: Int, _ new: Int) -> [String] {
        guard old != new else { return [] }
        let (before, after) = (ByteCount.text(old), ByteCount.text(new))
        return ["size: " + (before == after ? "\(old) → \(new) bytes" : "\(before) → \(after)")]
    }

    /// What is known of the model besides: short values in full, of others that they changed.
    private static func facts(_ old: LockedEntry, _ new: LockedEntry) -> [String] {
        let names = Set((old.facts + new.facts).map { ExactName($0.key) }).sorted().map(\.text)
        return names.compactMap { name in
            let (before, after) = (old.fact(name), new.fact(name))
            guard before != after else { return nil }
            if name.hasSameBytes(as: "fit"), let types = types(before, after) { return types }
            guard let short = brief(before), let other = brief(after) else { return "\(name) changed" }
            return "\(name): \(short) → \(other)"
        }
    }

    /// Which tensors a fit gives other types; `nil` where one of the two is none.
    private static func types(_ before: JSON?, _ after: JSON?) -> String? {
        guard let old = before?["types"]?.members, let new = after?["types"] else { return nil }
        let changed = old.compactMap { member -> String? in
            let (type, other) = (member.value.string ?? "none", new[member.key]?.string ?? "none")
            return type == other ? nil : "\(member.key) \(type) → \(other)"
        }
        guard !changed.isEmpty else { return "fit: the same types" }
        let more = changed.count > 8 ? " and \(changed.count - 8) more" : ""
        return "fit: \(Counted.text(changed.count, "other type")): "
            + changed.prefix(8).joined(separator: ", ") + more
    }

    private static func brief(_ value: JSON?) -> String? {
        let text: String
        switch value {
        case nil: return "none"
        case .string(let string)?: text = string
        case .array?:
            guard let strings = value?.strings else { return nil }
            text = strings.joined(separator: ", ")
        case .integer?, .number?, .bool?: text = value?.compactText ?? ""
        default: return nil
        }
        return text.utf8.count <= 80 ? text : nil
    }

    private static func revision(_ origin: Origin) -> String {
        switch origin {
        case .hub(_, _, let commit): String(commit.prefix(12))
        case .kaggle(let handle): handle.version.map { "version \($0)" } ?? "no version"
        case .registry(_, let manifest): "sha256:\(manifest.hex.prefix(12))"
        case .path: "a directory"
        case .conversion(let conversion): conversion.text
        }
    }

    private static func list(_ what: String, _ files: [LockedFile]) -> [String] {
        guard !files.isEmpty else { return [] }
        let names = files.prefix(5).map { "\($0.path) (\(ByteCount.text($0.size)))" }
        let more = files.count > 5 ? " and \(files.count - 5) more" : ""
        return [
            "\(Counted.text(files.count, "file")) \(what): "
                + names.joined(separator: ", ") + more
        ]
    }

    // MARK: Tensors

    /// What a tensor is, wherever it is stored: its type, its shape, and its bytes.
    private struct Identity: Hashable {
        let dtype: String?
        let shape: [Int]?
        let sha256: SHA256Digest
    }

    /// What became of the weights, by the tensors' names; `nil` where a lock has no safetensors.
    private static func tensors(_ old: LockedEntry, _ new: LockedEntry) -> Tensors? {
        let (before, after) = (tensors(old), tensors(new))
        guard !before.isEmpty, !after.isEmpty else { return nil }
        let names = Set(before.keys).union(after.keys)
        return Tensors(
            count: names.count,
            differing: names.filter { before[$0] != after[$0] }.sorted().map(\.text))
    }

    private static func sentence(_ tensors: Tensors) -> String {
        if tensors.differing.isEmpty {
            return "same weights, other files: "
                + (tensors.count == 1 ? "the tensor is equal" : "all \(tensors.count) tensors are equal")
        }
        let shown = tensors.differing.prefix(8).joined(separator: ", ")
        let more = tensors.differing.count > 8 ? " and \(tensors.differing.count - 8) more" : ""
        let verb = tensors.differing.count == 1 ? "differs" : "differ"
        return
            "\(tensors.differing.count) of \(Counted.text(tensors.count, "tensor")) \(verb): \(shown)\(more)"
    }

    /// Every name with what it stands for: more than one thing where two files have a tensor of that name.
    private static func tensors(_ entry: LockedEntry) -> [ExactName: Set<Identity>] {
        var result: [ExactName: Set<Identity>] = [:]
        for tensor in entry.tensors where tensor.isOfSafetensors {
            result[ExactName(tensor.name), default: []].insert(
                Identity(dtype: tensor.dtype, shape: tensor.shape, sha256: tensor.sha256))
        }
        return result
    }
}
