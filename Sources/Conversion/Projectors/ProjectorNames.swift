import Formats

/// What the tensors of a projector are called in GGUF, and which of them a model must have: all that are named and not
/// optional, and in every block what another block has.
///
/// A name is looked up as it is, then with `*` in the place of the first part that is a number, each time as a whole
/// and without its `.weight` or `.bias`, which is carried over.
package struct ProjectorNames: Sendable {
    /// The names in GGUF by what they are in the checkpoint.
    var names: [ExactName: String]
    /// How many blocks there are whose names begin so; the first that fits counts.
    var counts: [(start: String, count: Int)]
    /// Those that need not be there.
    var optional: Set<ExactName> = []
    /// The ends that are carried over, beside none.
    var ends = [".weight", ".bias"]

    /// Names tensors.
    init(
        _ names: [ExactName: String], counts: [(start: String, count: Int)], optional: Set<ExactName> = []
    ) {
        (self.names, self.counts, self.optional) = (names, counts, optional)
    }

    /// With others, which count where both have a name.
    func adding(_ others: [ExactName: String]) -> ProjectorNames {
        var result = self
        result.names.merge(others) { $1 }
        return result
    }

    /// What a tensor is in GGUF; `nil` for one that is not known.
    subscript(name: String) -> String? {
        guard let key = key(of: name) else { return nil }
        let found = names[key.key] ?? ""
        let named = key.block.map { found.replacingUTF8("*", with: $0) } ?? found
        return named + key.end
    }

    /// The entry that names a tensor; `nil` for one that is not known.
    func key(of name: String) -> (key: ExactName, block: String?, end: String)? {
        for end in [""] + ends where name.hasUTF8Suffix(end) {
            let base = String(decoding: name.utf8.dropLast(end.utf8.count), as: UTF8.self)
            if names[ExactName(base)] != nil { return (ExactName(base), nil, end) }
            if let (key, block) = Self.starred(base), names[ExactName(key)] != nil {
                return (ExactName(key), block, end)
            }
        }
        return nil
    }

    /// A tensor under its name in GGUF.
    /// - Throws: where it is not known, or its block is not there.
    func renamed(_ name: String, _ value: TensorValue) throws(ConversionError) -> ConvertedTensor {
        guard let inGGUF = self[name], let key = key(of: name) else { throw .unknownProjectorTensor(name) }
        if let block = key.block, let count = count(key.key.text) {
            guard let number = Int(block), number < count else {
                throw ConversionError(
                    .tensorUnknown,
                    "tensor \"\(name)\" is of a block after the \(count) that config.json states",
                    fix: "check that config.json belongs to these weights")
            }
        }
        return ConvertedTensor(inGGUF, value)
    }

    /// How many blocks there are of an entry; `nil` where that is not known.
    func count(_ key: String) -> Int? { counts.first { key.hasUTF8Prefix($0.start) }?.count }

    /// A name with `*` in the place of the first part that is a number, and that number; `nil` where there is none.
    static func starred(_ name: String) -> (key: String, block: String)? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let place = parts.firstIndex { part in
            !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
        guard let place else { return nil }
        let block = String(parts[place])
        parts[place] = "*"
        return (parts.joined(separator: "."), block)
    }

    /// A configuration may claim any number of blocks: more than so many missing tensors are not counted.
    private static let maximumCount = 4_096

    /// What is not there.
    /// - Parameter seen: what there is, by the names that are looked up here.
    /// - Returns: names as they are looked up, each with its end.
    func missing(_ seen: Set<ExactName>) -> [String] {
        var missing: [String] = []
        // What some block of a kind has, all of it have.
        var kinds: [ExactName: Set<ExactName>] = [:]
        var known: Set<ExactName> = []
        for name in seen {
            guard let key = key(of: name.text) else { continue }
            known.insert(key.key)
            if key.block != nil { kinds[key.key, default: []].insert(ExactName(key.end)) }
        }
        for key in names.keys.sorted() {
            guard missing.count < Self.maximumCount else { break }
            if optional.contains(key), !known.contains(key) { continue }
            guard let count = count(key.text), key.text.containsUTF8("*") else {
                let base = key.text
                // A bias alone is no layer.
                let isThere = ["", ".weight"].contains { seen.contains(ExactName(base + $0)) }
                if !isThere { missing.append(base + ".weight") }
                continue
            }
            let ends = (kinds[key] ?? [key.text.hasUTF8Suffix(".weight") ? "" : ".weight"]).sorted()
            for block in 0..<min(count, Self.maximumCount) {
                let base = key.text.replacingUTF8("*", with: "\(block)")
                missing += ends.map { base + $0.text }.filter { !seen.contains(ExactName($0)) }
            }
        }
        return missing
    }
}

extension ConversionError {
    /// A tensor that the family's projector does not have.
    static func unknownProjectorTensor(_ name: String) -> ConversionError {
        ConversionError(
            .tensorUnknown, "a projector of this architecture has no tensor \"\(name)\"",
            fix: "check that config.json belongs to these weights")
    }
}
