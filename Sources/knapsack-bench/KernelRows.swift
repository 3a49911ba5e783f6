import Storage
import Tensors

/// Quantizes given rows with the kernels of every level: what another program makes of them can be compared.
///
///     knapsack-bench kernels --rows=FILE --columns=N --type=TYPE --output=FILE [--importance=FILE]
///
/// The files hold 32-bit floats, little-endian. What each level makes is written to the output's name and a dot and the
/// level's.
struct KernelRows {
    private let rows: [Float]
    private let importance: [Float]
    private let columns: Int
    private let type: GGMLType
    private let output: String

    /// Reads the options and the files; `nil` where none of them is there.
    init?(_ arguments: [String]) throws {
        func option(_ name: String) -> String? {
            arguments.first { $0.hasPrefix("--\(name)=") }.map { String($0.dropFirst(name.count + 3)) }
        }
        guard let path = option("rows") else { return nil }
        guard let columns = option("columns").flatMap({ Int($0) }), columns > 0,
            let type = option("type").flatMap({ GGMLType(name: $0) }), let output = option("output")
        else { throw BenchFailure(message: "--rows needs --columns, --type and --output") }
        rows = try Self.floats(path)
        importance = try option("importance").map(Self.floats) ?? []
        (self.columns, self.type, self.output) = (columns, type, output)
        guard columns.isMultiple(of: type.blockLength), rows.count.isMultiple(of: columns),
            importance.isEmpty || importance.count == columns
        else {
            throw BenchFailure(message: "the files do not fit rows of \(columns) numbers of \(type.name)")
        }
    }

    private static func floats(_ path: String) throws -> [Float] {
        let bytes = try FileReader.contents(of: path, limit: 1 << 32)
        var floats = [Float](repeating: 0, count: bytes.count / 4)
        var room = floats.mutableSpan
        DType.f32.floats(from: bytes.span.extracting(0..<bytes.count / 4 * 4), into: &room)
        return floats
    }

    /// Writes a file for each level that the machine has.
    func run() throws {
        for level in ProcessorLevel.allCases where level.rawValue <= ProcessorLevel.highest.rawValue {
            guard let format = level.kernels.format(type) else { continue }
            var blocks = [UInt8](repeating: 0, count: rows.count / type.blockLength * type.blockSize)
            var room = blocks.mutableSpan
            format.quantize(rows.span, rowLength: columns, importance: importance.span, into: &room)
            let path = "\(output).\(level.name)"
            try Directory.removeFile(path)
            try FileHandle.creating(path).write(blocks.span)
        }
    }
}
