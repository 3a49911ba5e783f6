import Formats
import Storage

/// Which of a repository's GGUF files a tag means, as llama.cpp chooses one (`common/download.cpp`): the Hub's tags are names of
/// quantizations.
struct GGUFChoice {
    /// The file to load; of a model in several files the first one.
    let model: HubEntry
    /// What sees for it; `nil` where the repository has no such file.
    let projector: HubEntry?
    /// How many files the model is in.
    let fileCount: Int

    /// What is taken where no tag is given, in this order; else the first file.
    private static let usual = ["Q4_K_M", "Q8_0"]
    /// What is no model of its own.
    private static let others = ["mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-"]

    /// Chooses a file.
    /// - Parameter tag: a quantization in any capitals, the name of a file, or "latest" for the usual one.
    /// - Returns: `nil` where there is none.
    init?(_ entries: [HubEntry], tag: String) {
        let all = entries.filter { $0.path.text.hasUTF8Suffix(".gguf") }
        let models = all.filter { entry in
            let name = entry.path.name
            return !GGUFChoice.others.contains { name.containsUTF8($0) }
                && (GGUFChoice.shard(name)?.index ?? 1) == 1
        }
        let low = tag.lowercased()
        let found: HubEntry? =
            if low.hasSameBytes(as: "latest") {
                GGUFChoice.usual.lazy.compactMap { GGUFChoice.first(models, $0.lowercased()) }.first
                    ?? models.first
            } else {
                models.first { $0.path.name.lowercased().hasSameBytes(as: low) }
                    ?? GGUFChoice.first(models, low)
            }
        guard let found else { return nil }
        model = found
        fileCount = GGUFChoice.shard(found.path.name)?.count ?? 1
        let near = all.filter { entry in
            entry.path.name.containsUTF8("mmproj")
                && (entry.path.parent == nil || entry.path.parent == found.path.parent)
        }
        let bits = GGUFChoice.bits(found.path.name)
        projector = near.min { left, right in
            abs(GGUFChoice.bits(left.path.name) - bits) < abs(GGUFChoice.bits(right.path.name) - bits)
        }
    }

    /// The first file whose name has the tag as a word of its own, else the first one that has it before a dot or a dash.
    private static func first(_ models: [HubEntry], _ tag: String) -> HubEntry? {
        models.first { has($0.path.text, tag, asWord: true) }
            ?? models.first { has($0.path.text, tag, asWord: false) }
    }

    private static func has(_ path: String, _ tag: String, asWord: Bool) -> Bool {
        let text = Array(path.lowercased().utf8)
        let word = Array(tag.utf8)
        guard !word.isEmpty, text.count > word.count else { return false }
        return (0..<text.count - word.count).contains { start in
            let end = start + word.count
            guard text[start...].starts(with: word),
                text[end] == UInt8(ascii: ".") || text[end] == UInt8(ascii: "-")
            else { return false }
            guard asWord, start > 0 else { return true }
            let before = text[start - 1]
            return !(0x30...0x39).contains(before) && !(0x61...0x7A).contains(before)
        }
    }

    /// The number and the count of `…-00001-of-00003.gguf`.
    private static func shard(_ name: String) -> (index: Int, count: Int)? {
        let parts = name.utf8.dropLast(5).split(separator: UInt8(ascii: "-")).map { String($0) ?? "" }
        guard parts.count > 3, parts[parts.count - 2].hasSameBytes(as: "of"),
            let index = Int(parts[parts.count - 3]), let count = Int(parts[parts.count - 1]), count > 0
        else { return nil }
        return (index, count)
    }

    /// The quantization that a name states, in capital letters; `nil` where it states none.
    static func quantization(_ name: String) -> String? {
        name.uppercased().utf8.split(whereSeparator: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
            .compactMap { String($0) }.last { word in
                let isNumbered = ["Q", "IQ", "TQ"].contains { start in
                    let rest = word.utf8.dropFirst(start.utf8.count)
                    return word.hasUTF8Prefix(start)
                        && (rest.first.map { (0x30...0x39).contains($0) } ?? false)
                }
                return isNumbered || ["F16", "F32", "BF16", "MXFP4"].containsExactly(word)
            }
    }

    /// The first number in the quantization, by which a projector is chosen that fits; 0 where none is stated.
    private static func bits(_ name: String) -> Int {
        let digits = (quantization(name) ?? "").utf8.drop { !(0x30...0x39).contains($0) }
            .prefix { (0x30...0x39).contains($0) }
        return Int(String(digits) ?? "") ?? 0
    }
}
