import Glibc
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// A model without its weights, and what the reference converter made of it: `Tests/Interop/architecture_cases.py`
/// wrote it.
struct ArchitectureCase {
    let name: String
    let json: JSON

    /// Reads a case.
    init(name: String, _ bytes: [UInt8]) throws {
        self.name = name
        json = try JSON.parse(bytes)
    }

    /// The types that the model was converted to, in the order in which ``expectedTensors(_:)`` counts them.
    var types: [OutputType] {
        (json["types"]?.string ?? "").split(separator: " ").compactMap { OutputType(rawValue: String($0)) }
    }

    /// The model.
    /// - Parameters:
    ///   - others: tensors in the place of its own; `nil` for these.
    ///   - without: files that it shall not have.
    ///   - config: a configuration in the place of its own; `nil` for this.
    func model(
        _ others: [CheckpointTensor]? = nil, files without: [String] = [], config: JSON? = nil
    ) throws -> HuggingFaceModel {
        var files = ModelDocuments()
        for member in json["files"]?.members ?? [] where !without.containsExactly(member.key) {
            files[RelativePath(checked: member.key)] = Array(member.value.compactText.utf8)
        }
        if let config { files["config.json"] = Array(config.compactText.utf8) }
        for name in json["seen"]?.strings ?? [] { files[RelativePath(checked: name)] = [] }
        if let counts = json["tokens"]?.array, counts.count >= 2 {
            let vocabulary = (0..<(counts[0].integer ?? 0)).map { JSON.Member("t\($0)", .integer($0)) }
            let added = [JSON](repeating: .null, count: counts[1].integer ?? 0)
            let tokenizer: JSON = [
                "model": ["vocab": .object(vocabulary), "type": counts.count > 2 ? counts[2] : "BPE"],
                "added_tokens": .array(added),
            ]
            files["tokenizer.json"] = Array(tokenizer.compactText.utf8)
        }
        let tensors = try #require(json["tensors"]?.array).map { tensor in
            let parts = try #require(tensor.array)
            return CheckpointTensor(
                name: try #require(parts[0].string),
                shape: try #require(parts[2].array).compactMap(\.integer),
                dtype: try #require(parts[1].string.flatMap(DType.init)),
                blockType: parts.count > 3 ? .mxfp4 : nil)
        }
        return try HuggingFaceModel(directoryName: name, files: files, card: nil, tensors: others ?? tensors)
    }

    /// Converts it to each type and compares all tensors and the architecture's own keys.
    func check() throws {
        let model = try model()
        #expect(!types.isEmpty)
        for (place, type) in types.enumerated() {
            let plan = try ArchitecturePlan(model, type)
            #expect(plan.tensors.map(Self.line) == (try expectedTensors(place)), "\(name) \(type.rawValue)")
            var metadata = ModelMetadata(architecture: plan.architecture.name)
            try plan.architecture.addFirstParameters(to: &metadata)
            try plan.architecture.addParameters(to: &metadata, fileType: type.fileType)
            // GPT-NeoX has none.
            #expect([.uint32(type.fileType), nil].contains(metadata["general.file_type"]))
            let own = metadata.items.filter {
                !$0.key.hasUTF8Prefix("general.") && !$0.key.hasUTF8Prefix("tokenizer.")
            }
            #expect(own.map(Self.line) == (try expectedKeys()), "\(name) \(type.rawValue)")
        }
    }

    // MARK: Lines

    /// A tensor as a case has it.
    static func line(_ tensor: HuggingFaceConversion.Tensor) -> String {
        let description = tensor.description
        return "\(description.name) \(description.dimensions) \(description.type.name)"
    }

    /// The tensors that the reference wrote, of one of the types.
    func expectedTensors(_ place: Int) throws -> [String] {
        try #require(json["written"]?.array).map { tensor in
            let parts = try #require(tensor.array)
            let types = try #require(parts[2].string).split(separator: " ")
            return "\(parts[0].string ?? "") \(parts[1].array?.compactMap(\.integer) ?? []) \(types[place])"
        }
    }

    /// A key and its value as a case has them.
    static func line(_ item: ModelMetadata.Item) -> String {
        switch item.value {
        case .uint32(let number): "\(item.key) u32 \(number)"
        case .float32(let number): "\(item.key) f32 \(Double(number))"
        case .bool(let flag): "\(item.key) bool \(flag)"
        case .string(let text): "\(item.key) str \(text)"
        case .int32s(let numbers): "\(item.key) arr<i32> \(numbers)"
        case .float32s(let numbers): "\(item.key) arr<f32> \(numbers.map { Double($0) })"
        case .bools(let flags): "\(item.key) arr<bool> \(flags)"
        case .strings(let texts): "\(item.key) arr<str> \(texts)"
        default: "\(item.key) \(item.value)"
        }
    }

    /// The keys that the reference wrote.
    func expectedKeys() throws -> [String] {
        try #require(json["keys"]?.array).map { item in
            let parts = try #require(item.array)
            let start = "\(parts[0].string ?? "") \(parts[1].string ?? "") "
            switch parts[2] {
            case .integer(let number):
                return start + (parts[1].string == "f32" ? "\(Double(number))" : "\(number)")
            case .number(let number): return start + "\(number)"
            case .bool(let flag): return start + "\(flag)"
            case .array(let elements):
                if parts[1].string == "arr<f32>" {
                    return start + "\(elements.compactMap { $0.double ?? $0.string.flatMap(Double.init) })"
                }
                if elements.first?.bool != nil { return start + "\(elements.compactMap(\.bool))" }
                if elements.first?.string != nil { return start + "\(elements.compactMap(\.string))" }
                return start + "\(elements.compactMap(\.integer))"
            default: return start + (parts[2].string ?? "")
            }
        }
    }
}

/// The names in a directory that end in `suffix`, without it, sorted.
func names(in directory: String, suffix: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if !name.hasPrefix("."), name.hasSuffix(suffix) { names.append(String(name.dropLast(suffix.count))) }
    }
    return names.sorted()
}
