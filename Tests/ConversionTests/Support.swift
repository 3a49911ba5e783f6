import Glibc
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The bytes of a file; none if it cannot be read.
func fileContents(_ path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { return [] }
    defer { unsafe fclose(file) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe fread(&buffer, 1, buffer.count, file), count > 0 {
        content += buffer[..<count]
    }
    return content
}

/// The bytes of a committed file in `fixtures/quantization/`.
func fixture(_ name: String) -> [UInt8] {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    return fileContents("\(root)/fixtures/quantization/\(name)")
}

/// Reads a file's bytes as an importance matrix.
func imatrix(_ bytes: [UInt8]) throws -> Imatrix {
    try Imatrix(fileSize: bytes.count) { Array(bytes[$0]) }
}

/// The values that a file's bytes have for a tensor.
func values(_ name: String, _ bytes: [UInt8]) throws -> [Float] {
    let matrix = try imatrix(bytes)
    return try matrix.values(of: try #require(matrix.entries[name])) { Array(bytes[$0]) }
}

/// A plan for tensors that are of F32 and have the names and dimensions given.
func planned(
    _ type: String, _ tensors: [(String, [Int])], of traits: ModelTraits, from source: GGMLType = .f32,
    imatrix: Imatrix? = nil, _ change: (inout QuantizationOptions) throws -> Void = { _ in }
) throws -> QuantizationPlan {
    var options = QuantizationOptions(type: try QuantizationType(named: type))
    try change(&options)
    return try QuantizationPlan(
        tensors: tensors.map { TensorDescription(name: $0.0, dimensions: $0.1, type: source) },
        traits: traits, options: options, imatrix: imatrix)
}

extension QuantizationPlan {
    /// The type of a tensor.
    func type(_ name: String) -> GGMLType? { tensors.first { $0.source.name == name }?.type }
}
