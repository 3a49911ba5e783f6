import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The value of a committed JSON file in `fixtures/conversion/general/`.
func generalFixture(_ name: String) throws -> JSON {
    let root = #filePath.split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
    return try JSON.parse(
        fileContents("\(root)/fixtures/conversion/general/\(name)").span, nonFinite: true)
}

/// What a case of `cases.json` or `models.json` states of a model.
func generalMetadata(_ row: JSON, _ count: ParameterCount) throws -> GeneralMetadata {
    try GeneralMetadata(
        card: row["card"], config: row["config"], generationConfig: row["gen"],
        directoryName: try #require((row["dir"] ?? row["directory"])?.string), modelName: row["name"]?.string,
        overrides: row["over"], parameterCount: count, kind: count.total < 0 ? .adapter : .model)
}

/// The keys and values that metadata adds behind the kind of the file, as the fixtures write them.
func lines(_ general: GeneralMetadata) -> [String] {
    var metadata = ModelMetadata(architecture: "llama")
    general.add(to: &metadata)
    return metadata.items.dropFirst(general.kind == .adapter ? 3 : 2).map { item in
        JSON.array([.string(item.key), json(item.value)]).compactText
    }
}

private func json(_ content: GGUFContent) -> JSON {
    switch content {
    case .string(let text): ["s", .string(text)]
    case .uint32(let number): ["u", .integer(Int(number))]
    case .int32(let number): ["i", .integer(Int(number))]
    case .float32(let number): ["f", .number(Double(number))]
    case .strings(let texts): ["as", .array(texts.map { .string($0) })]
    case .int32s(let numbers): ["ai", .array(numbers.map { .integer(Int($0)) })]
    case .float32s(let numbers): ["af", .array(numbers.map { .number(Double($0)) })]
    case .bools(let values): ["ab", .array(values.map { .bool($0) })]
    default: ["?", .string("\(content)")]
    }
}
