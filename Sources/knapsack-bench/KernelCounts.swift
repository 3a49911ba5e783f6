import Storage
import Tensors

/// Instructions for each number, as valgrind's callgrind counts them: other work on the machine does not change
/// them. What is not the kernel is counted with one repetition and with three, and taken away.
///
/// A valgrind that does not know a level's instructions, as 3.19 does not those of v4, counts nothing for it.
struct KernelCounts {
    private let program: String
    private let output: String
    private static let numbers = 1 << 13

    /// Looks for valgrind; `nil` if it cannot be run.
    init?(_ setting: Setting) {
        guard (try? Measured.running([["valgrind", "--version"]])) != nil,
            let program = try? Directory.realPath("/proc/self/exe"),
            (try? Directory.make(setting.root)) != nil
        else { return nil }
        self.program = program
        output = setting.root + "/callgrind.out"
    }

    /// Instructions for each number that is quantized, and for each that is read back; `nil` where they cannot be
    /// counted.
    func count(_ type: GGMLType, _ level: ProcessorLevel) -> (quantized: Double, read: Double)? {
        guard let start = total(type, level, 1, 1), let quantized = total(type, level, 3, 1),
            let read = total(type, level, 1, 3)
        else { return nil }
        let numbers = Double(2 * Self.numbers)
        return (Double(quantized - start) / numbers, Double(read - start) / numbers)
    }

    private func total(_ type: GGMLType, _ level: ProcessorLevel, _ quantized: Int, _ read: Int) -> Int? {
        let once = "--once=\(type.name):\(level.name):\(quantized):\(read)"
        let command = [
            "valgrind", "--tool=callgrind", "--callgrind-out-file=\(output)", program, "kernels", once,
        ]
        guard (try? Measured.running([command])) != nil,
            let bytes = try? FileReader.contents(of: output, limit: 1 << 26)
        else { return nil }
        try? Directory.removeFile(output)
        let marker = Array("\ntotals: ".utf8)
        guard let place = bytes.indices.last(where: { bytes[$0...].starts(with: marker) }) else { return nil }
        let digits = bytes[(place + marker.count)...].prefix { (48...57).contains($0) }
        return digits.reduce(0) { $0 &* 10 &+ Int($1 - 48) }
    }

    /// What is counted: `TYPE:LEVEL:QUANTIZED:READ`, with how often the same numbers are quantized and read back.
    /// - Throws: where the level is not there, as below a valgrind that does not know it.
    static func run(_ text: String) throws {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 4, let type = GGMLType(name: parts[0]),
            let level = ProcessorLevel.allCases.first(where: { $0.name == parts[1] }),
            level.rawValue <= ProcessorLevel.highest.rawValue, let format = level.kernels.format(type),
            let quantized = Int(parts[2]), let read = Int(parts[3])
        else { throw BenchFailure(message: "\(text) cannot be run here") }
        let rows = Noise.floats(numbers, seed: 1)
        var blocks = [UInt8](repeating: 0, count: numbers / type.blockLength * type.blockSize)
        var back = rows
        let none: [Float] = []
        for _ in 0..<quantized {
            var bytes = blocks.mutableSpan
            format.quantize(rows.span, rowLength: numbers, importance: none.span, into: &bytes)
        }
        for _ in 0..<read {
            var floats = back.mutableSpan
            format.dequantize(blocks.span, into: &floats)
        }
    }
}
