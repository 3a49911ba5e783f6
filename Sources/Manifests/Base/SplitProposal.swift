import Formats
import Storage

/// Which entries of a bundle are worth being a base: those that did not change for a while, the largest first.
package struct SplitProposal: Sendable {
    /// The names of the entries of the base, in the manifest's order.
    package let base: [String]
    /// The bytes of the base's files, equal ones once.
    package let baseSize: Int
    /// The bytes of the other packed entries' files that the base does not have, equal ones once: with equal tensors it is
    /// less.
    package let restSize: Int
    /// The names of the entries that did not change, and that the base has no room for.
    package let tooLarge: [String]

    /// Chooses entries.
    ///
    /// What others are made from goes into the base with them. The choice follows from the arguments alone.
    /// - Parameters:
    ///   - ordered: the newest lock's entries in the manifest's order.
    ///   - earlier: earlier locks.
    ///   - limit: the most bytes of the base.
    package init(_ ordered: [LockedEntry], earlier: [Lock], limit: Int) {
        let stable = ordered.filter { entry in
            earlier.allSatisfy { lock in
                lock.entry(named: entry.name).map { SplitProposal.isSame(entry, $0) } ?? false
            }
        }
        var byName: [ExactName: LockedEntry] = [:]
        for entry in stable { byName[ExactName(entry.name)] = entry }
        var chosen: Set<ExactName> = []
        var contents: [SHA256Digest: Int] = [:]
        var tooLarge: Set<ExactName> = []
        let largestFirst = stable.filter(\.isPacked).sorted {
            let (one, other) = (SplitProposal.size($0), SplitProposal.size($1))
            return one == other ? $0.name.precedesByBytes($1.name) : one > other
        }
        for entry in largestFirst where !chosen.contains(ExactName(entry.name)) {
            guard let group = SplitProposal.group(entry, byName) else { continue }
            var grown = contents
            for member in group where member.isPacked {
                for file in member.files { grown[file.sha256] = file.size }
            }
            guard SplitProposal.sum(grown) <= limit else {
                tooLarge.insert(ExactName(entry.name))
                continue
            }
            contents = grown
            chosen.formUnion(group.map { ExactName($0.name) })
        }
        base = ordered.map(\.name).filter { chosen.contains(ExactName($0)) }
        self.tooLarge = ordered.map(\.name).filter {
            tooLarge.contains(ExactName($0)) && !chosen.contains(ExactName($0))
        }
        baseSize = SplitProposal.sum(contents)
        var rest: [SHA256Digest: Int] = [:]
        for entry in ordered where entry.isPacked {
            for file in entry.files where contents[file.sha256] == nil { rest[file.sha256] = file.size }
        }
        restSize = SplitProposal.sum(rest)
    }

    private static func isSame(_ one: LockedEntry, _ other: LockedEntry) -> Bool {
        one.kind == other.kind && one.files.map(\.path) == other.files.map(\.path)
            && one.files.map(\.sha256) == other.files.map(\.sha256)
    }

    /// An entry with all that it is made from; `nil` where one of those changed.
    private static func group(_ entry: LockedEntry, _ stable: [ExactName: LockedEntry]) -> [LockedEntry]? {
        var group: [LockedEntry] = []
        var waiting = [entry]
        while let next = waiting.popLast() {
            guard !group.contains(where: { $0.name.hasSameBytes(as: next.name) }) else { continue }
            group.append(next)
            guard let request = next.asked.conversion else { continue }
            for name in [request.from] + request.merged {
                guard let source = stable[ExactName(name)] else { return nil }
                waiting.append(source)
            }
        }
        return group
    }

    private static func size(_ entry: LockedEntry) -> Int {
        var contents: [SHA256Digest: Int] = [:]
        for file in entry.files { contents[file.sha256] = file.size }
        return sum(contents)
    }

    private static func sum(_ contents: [SHA256Digest: Int]) -> Int {
        contents.values.reduce(0) { total, size in
            let (sum, overflow) = total.addingReportingOverflow(size)
            return overflow ? .max : sum
        }
    }
}

/// Two manifests in place of one: a base, and what builds on it.
package struct SplitManifests: Sendable {
    /// The base's name.
    package let baseName: String
    /// The text of the base's manifest.
    package let base: [UInt8]
    /// The text of the manifest that builds on it.
    package let rest: [UInt8]

    /// Writes both.
    ///
    /// - Parameters:
    ///   - text: the manifest as it is.
    ///   - names: the entries of the base; not empty.
    ///   - lock: the path of the base's lock, relative to the manifest.
    /// - Throws: where the manifest builds on another bundle already, or is written so that it cannot be edited.
    package init(
        _ text: ManifestText, base names: [String], lock: (_ baseName: String) -> String
    ) throws(Diagnostics) {
        let bundle = text.manifest.bundle
        guard bundle.bases.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .usage,
                    "\(text.manifest.path) builds on \(bundle.bases.joined(separator: ", ")) already",
                    fix: "take base out of [bundle] first, or move entries by hand", verdict: .undecided))
        }
        // Kaggle's limit on the length of both.
        let limit = TextRule.datasetSlugLength.upperBound
        baseName = SplitManifests.slug(bundle.name, limit: limit) + "-base"
        let others = text.manifest.entries.map(\.name).filter { !names.containsExactly($0) }
        let kept = others.isEmpty ? text : try text.without(others)
        base = try kept.replacingBundle(with: SplitManifests.table(bundle, baseName, titleLimit: limit))
        rest = try text.addingToBundle("base = [\(EntryText.quoted(lock(baseName)))]")
    }

    private static func slug(_ name: String, limit: Int) -> String {
        var bytes = Array(name.utf8.prefix(limit - "-base".utf8.count))
        while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func table(_ bundle: BundleSettings, _ name: String, titleLimit: Int) -> [String] {
        var lines = ["[bundle]"]
        func add(_ key: String, _ value: String) { lines.append("\(key) = \(EntryText.quoted(value))") }
        if let model = bundle.model {
            add("kind", ManifestSchema.modelKind)
            add("framework", model.framework)
            add("variation", model.variation)
        }
        add("name", name)
        if let owner = bundle.owner { add("owner", owner) }
        let title = "\(bundle.title): base"
        add("title", title.unicodeScalars.count <= titleLimit ? title : name)
        add("license", bundle.license)
        add("dedup", bundle.deduplication.rawValue)
        return lines
    }
}
