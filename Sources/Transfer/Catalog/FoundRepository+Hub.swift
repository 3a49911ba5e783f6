import Formats
import Manifests
import Storage

extension FoundRepository {
    /// Reads an entry of the Hub's lists, or what the Hub states of one repository (huggingface_hub 2.4, `ModelInfo`,
    /// `DatasetInfo`, `SpaceInfo`).
    ///
    /// - Parameter revision: what the source is to name.
    /// - Returns: `nil` for one whose name is not that of a repository.
    static func hub(_ json: JSON, _ kind: CatalogQuery.Kind, revision: String = "main") -> FoundRepository? {
        guard let id = json["id"]?.string ?? json["modelId"]?.string,
            HubRepository.problem(inID: id) == nil
        else { return nil }
        let kind: HubRepository.Kind =
            switch kind {
            case .model: .model
            case .dataset: .dataset
            case .space: .space
            }
        var found = FoundRepository(.hub(HubRepository(kind: kind, id: id), revision: revision))
        found.tags = CleanText.lines(json["tags"])
        found.title = CleanText.line(json["cardData"]?["title"]?.string)
        found.task =
            CleanText.line(json["pipeline_tag"]?.string) ?? found.stated("task_categories:").first
        found.library =
            CleanText.line(json["library_name"]?.string) ?? CleanText.line(json["sdk"]?.string)
            ?? found.stated("library:").first
        found.license = license(json, found)
        found.access = access(json)
        found.downloads = CleanText.count(json["downloads"])
        found.likes = CleanText.count(json["likes"])
        found.updated = CleanText.day(json["lastModified"]?.string)
        found.commit = json["sha"]?.string.flatMap { GitBlobDigest(hex: $0) == nil ? nil : $0 }
        found.parameters =
            CleanText.count(json["safetensors"]?["total"]) ?? CleanText.count(json["gguf"]?["total"])
        if let weights = weights(json) {
            (found.size, found.isWeightsOnly) = (weights, true)
        } else {
            found.size = CleanText.count(json["usedStorage"])
        }
        found.baseModels = baseModels(found)
        return found
    }

    /// What follows a beginning in those tags that have it.
    package func stated(_ beginning: String) -> [String] {
        tags.filter { $0.hasUTF8Prefix(beginning) }.compactMap {
            String($0.utf8.dropFirst(beginning.utf8.count))
        }.filter { !$0.isEmpty }
    }

    private static func license(_ json: JSON, _ found: FoundRepository) -> String? {
        let card = json["cardData"]
        let stated = CleanText.lines(card?["license"])
        let text = stated.isEmpty ? found.stated("license:").first : stated.joined(separator: ", ")
        guard let text, text.lowercased().hasSameBytes(as: "other") else { return text }
        return CleanText.line(card?["license_name"]?.string) ?? text
    }

    /// `gated` is false, "auto" or "manual".
    private static func access(_ json: JSON) -> Access {
        if json["private"]?.bool == true { return .private }
        switch json["gated"] {
        case .string("manual")?: return .manual
        case .string?, .bool(true)?: return .gated
        case .bool(false)?: return .open
        default: return json["private"]?.bool == false ? .open : .unknown
        }
    }

    /// The bytes of the weights, by their number and types; `nil` where a type is not known.
    private static func weights(_ json: JSON) -> Int? {
        if let size = CleanText.count(json["gguf"]?["totalFileSize"]) { return size }
        guard let members = json["safetensors"]?["parameters"]?.members, !members.isEmpty else { return nil }
        var bits = 0
        for member in members {
            guard let count = CleanText.count(member.value), let width = bitsPerWeight(member.key) else {
                return nil
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: width)
            let (sum, carry) = bits.addingReportingOverflow(product)
            if overflow || carry { return nil }
            bits = sum
        }
        return bits / 8
    }

    /// The bits of an element of a safetensors dtype.
    private static func bitsPerWeight(_ dtype: String) -> Int? {
        switch dtype {
        case "F64", "I64", "U64", "C64": 64
        case "F32", "I32", "U32": 32
        case "F16", "BF16", "I16", "U16": 16
        case "I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ": 8
        case "F6_E2M3", "F6_E3M2": 6
        case "F4": 4
        default: nil
        }
    }

    /// Tags such as `base_model:org/name` and `base_model:quantized:org/name`: of a pair of these the second states more.
    private static func baseModels(_ found: FoundRepository) -> [String] {
        let all = found.stated("base_model:")
        let related = all.filter { $0.utf8.contains(UInt8(ascii: ":")) }
        return all.filter { one in
            one.utf8.contains(UInt8(ascii: ":")) || !related.contains { $0.hasUTF8Suffix(":" + one) }
        }
    }
}
