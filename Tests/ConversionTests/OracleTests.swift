import Glibc
import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Whole headers against what the reference made of models that are too many to be committed: the folder that
/// `KNAPSACK_ORACLE` names has `expected/MODEL/convert-SOURCE.json`, metadata and tensors of a file, and
/// `quantize-from-SOURCE/TYPE[-pure][-im].json`, those of the quantized one. Without the folder the committed part
/// of it is tested elsewhere: `ModelTypesTests`, `ImatrixTests`.
@Suite(.tags(.oracle), .needsOracle) struct OracleTests {
    private static let folder = Oracle.folder

    /// The names in a folder of the oracle that end in `suffix`, without it.
    private static func names(_ path: String, suffix: String = "") -> [String] {
        guard let root = folder, let directory = unsafe opendir("\(root)/\(path)") else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix("."), name.hasSuffix(suffix) {
                names.append(String(name.dropLast(suffix.count)))
            }
        }
        return names.sorted()
    }

    private static func file(_ path: String) -> [UInt8] { fileContents("\(folder ?? "")/\(path)") }

    private static let sources: [(model: String, source: String)] = names("expected").flatMap { model in
        names("expected/\(model)").filter { $0.hasPrefix("quantize-from-") }
            .map { (model, String($0.dropFirst("quantize-from-".count))) }
    }

    @Test(arguments: sources) func plansTheReferencesFile(model: String, source: String) throws {
        let original = try JSON.parse(Self.file("expected/\(model)/convert-\(source).json"))
        let header = try Self.header(original)
        let tensors = try parse(header).tensors.map(TensorDescription.init)
        let traits = try traits(header)
        for name in Self.names("expected/\(model)/quantize-from-\(source)", suffix: ".json") {
            let path = "expected/\(model)/quantize-from-\(source)/\(name).json"
            let expected = try JSON.parse(Self.file(path))
            let parts = name.split(separator: "-")
            let type = try QuantizationType(named: String(parts[0]))
            var options = QuantizationOptions(type: type)
            options.isPure = parts.contains("pure")
            let matrix = try Self.matrix(expected)
            #expect((matrix != nil) == parts.contains("im"))
            let plan = try QuantizationPlan(
                tensors: tensors, traits: traits, options: options, imatrix: matrix?.matrix)
            try plan.check()
            let lines = plan.tensors.map {
                "\($0.result.name) \($0.result.dimensions) \($0.type.name) \($0.size)"
            }
            #expect(try lines == Self.tensorLines(expected), "\(model) \(source) \(name)")

            let fileType = QuantizedMetadata.fileType(of: type, header: try parse(header), tensors: tensors)
            let metadata = try metadata(header, fileType: fileType, imatrix: matrix)
            let values = try values(metadata.items, source: header)
            #expect(try values.map(Self.line) == Self.itemLines(expected), "\(model) \(source) \(name)")
        }
    }

    @Test(arguments: names("imatrix", suffix: ".gguf")) func bothFormatsHaveTheSameValues(name: String) throws
    {
        let (gguf, legacy) = (Self.file("imatrix/\(name).gguf"), Self.file("imatrix/\(name).dat"))
        let left = try imatrix(gguf)
        #expect(!left.entries.isEmpty)
        try left.check { Array(gguf[$0]) }
        // Not each is there in both formats.
        if legacy.isEmpty { return }
        let right = try imatrix(legacy)
        #expect(left.entries.keys.sorted() == right.entries.keys.sorted())
        #expect(left.chunkCount == right.chunkCount)
        #expect(left.datasets == right.datasets)
        for key in left.entries.keys.map(\.text) {
            #expect(try values(key, gguf) == values(key, legacy), "\(key)")
        }
    }

    // MARK: The oracle's files

    private static func matrix(_ expected: JSON) throws -> (matrix: Imatrix, file: String)? {
        let item = try #require(expected["kv"]?.array).first { $0["key"]?.string == "quantize.imatrix.file" }
        guard let name = item?["value"]?.string else { return nil }
        return (try imatrix(file(name)), name)
    }

    private static func tensorLines(_ json: JSON) throws -> [String] {
        try #require(json["tensors"]?.array).map { tensor in
            let dimensions = try #require(tensor["ne"]?.array).compactMap(\.integer)
            return try
                "\(#require(tensor["name"]?.string)) \(dimensions) \(#require(tensor["type"]?.string)) "
                + "\(#require(tensor["nbytes"]?.integer))"
        }
    }

    private static let types: [String: GGUFValueType] = [
        "u8": .uint8, "i8": .int8, "u16": .uint16, "i16": .int16, "u32": .uint32, "i32": .int32,
        "u64": .uint64,
        "i64": .int64, "f32": .float32, "f64": .float64, "bool": .bool, "str": .string,
    ]

    /// Keys, types and values, of arrays the length.
    private static func itemLines(_ json: JSON) throws -> [String] {
        try #require(json["kv"]?.array).map { item in
            let (key, type) = (try #require(item["key"]?.string), try #require(item["type"]?.string))
            guard let value = item["value"] else { return "\(key) \(type) \(item["n"]?.integer ?? -1)" }
            switch value {
            case .integer(let number): return "\(key) \(type) \(number)"
            case .number(let number): return "\(key) \(type) \(number)"
            case .bool(let flag): return "\(key) \(type) \(flag)"
            default: return "\(key) \(type) \(value.string ?? "")"
            }
        }
    }

    private static func line(_ item: (key: String, value: GGUFValue)) -> String {
        let name = types.first { $0.value == item.value.type }?.key ?? ""
        switch item.value {
        case .array(let array):
            let element = types.first { $0.value == array.elementType }?.key ?? ""
            return "\(item.key) arr<\(element)> \(array.count)"
        case .bool(let flag): return "\(item.key) \(name) \(flag)"
        case .float32(let number): return "\(item.key) \(name) \(Double(number))"
        case .float64(let number): return "\(item.key) \(name) \(number)"
        case .string(let text): return "\(item.key) \(name) \(text)"
        default: return "\(item.key) \(name) \(item.value.integer ?? -1)"
        }
    }

    /// A header that states what the oracle states of a file; long arrays have the length and nothing else in common.
    private static func header(_ json: JSON) throws -> [UInt8] {
        var file = GGUFBytes()
        for item in try #require(json["kv"]?.array) {
            let (key, name) = (try #require(item["key"]?.string), try #require(item["type"]?.string))
            if name.hasPrefix("arr<") {
                let type = try #require(types[String(name.dropFirst(4).dropLast())])
                let count = try #require(item["n"]?.integer)
                let size = type.size ?? 0
                let numbers = (item["items"]?.array ?? []).compactMap(\.integer)
                let elements = numbers.count == count ? numbers : Array(repeating: 0, count: count)
                file.array(key, type, elements.map { type == .string ? text("x") : number($0, size) })
                continue
            }
            let type = try #require(types[name])
            switch try #require(item["value"]) {
            case .integer(let value):
                let bits = type == .float32 ? Int(Float(value).bitPattern) : value
                file.item(key, type, number(bits, type.size ?? 0))
            case .number(let value): file.item(key, type, number(Float(value).bitPattern, type.size ?? 0))
            case .bool(let flag): file.item(key, type, [flag ? 1 : 0])
            case let value: file.item(key, try #require(value.string))
            }
        }
        for tensor in try #require(json["tensors"]?.array) {
            file.tensors.append(
                TensorDescription(
                    name: try #require(tensor["name"]?.string),
                    dimensions: try #require(tensor["ne"]?.array).compactMap(\.integer),
                    type: try #require(GGMLType(name: tensor["type"]?.string ?? ""))))
        }
        return file.header
    }
}
