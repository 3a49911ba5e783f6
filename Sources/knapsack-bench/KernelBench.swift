import Glibc
import Storage
import Tensors

/// The kernels alone, in one thread: how many numbers a second each level of processors quantizes and reads back, as
/// ratios to the baseline, how many instructions that takes where valgrind can count them, and whether their bytes are
/// the same.
///
/// `--blocks=N` compares so many blocks of random numbers of each type and measures nothing.
func measureKernels(_ setting: Setting, _ types: [GGMLType], blocks: Int?) throws {
    let levels = ProcessorLevel.allCases.filter { $0.rawValue <= ProcessorLevel.highest.rawValue }
    if let blocks { return try compareKernels(types, levels, blocks: blocks) }
    print(
        "kernels: one thread, million numbers a second of its processor time, best of \(setting.runs) runs;")
    print("behind them, instructions for a number; quantized / read back")
    let counts = KernelCounts(setting)
    if counts == nil { print("valgrind cannot be run: no instructions are counted") }
    for type in types {
        var line = type.name.padded(10)
        var first: (Double, Double)?
        for level in levels {
            guard let format = level.kernels.format(type) else { continue }
            let speed = measure(format, runs: setting.runs, count: setting.isSmall ? 1 << 16 : 1 << 21)
            line += "\(level.name) \(Int(speed.0)) / \(Int(speed.1))"
            if let count = counts?.count(type, level) {
                line += ", \(text(count.quantized)) / \(text(count.read))"
            }
            line += "  "
            if let first {
                line += "(\(text(speed.0 / first.0)) x, \(text(speed.1 / first.1)) x)  "
            } else {
                first = speed
            }
        }
        print(line)
    }
}

private let rowLength = 1 << 12

private func measure(_ format: any BlockFormat.Type, runs: Int, count: Int) -> (Double, Double) {
    let type = format.type
    let rows = Noise.floats(count, seed: 1)
    var blocks = [UInt8](repeating: 0, count: count / type.blockLength * type.blockSize)
    var back = [Float](repeating: 0, count: count)
    let none: [Float] = []
    var best = (Int.max, Int.max)
    for _ in 0..<runs {
        var start = threadTime()
        var output = blocks.mutableSpan
        format.quantize(rows.span, rowLength: rowLength, importance: none.span, into: &output)
        best.0 = min(best.0, Int(threadTime() - start))
        start = threadTime()
        var floats = back.mutableSpan
        format.dequantize(blocks.span, into: &floats)
        best.1 = min(best.1, Int(threadTime() - start))
    }
    return (Double(count) / Double(best.0) * 1e3, Double(count) / Double(best.1) * 1e3)
}

private func compareKernels(_ types: [GGMLType], _ levels: [ProcessorLevel], blocks: Int) throws {
    for type in types {
        var seed: UInt64 = 1
        var left = blocks
        while left > 0 {
            let part = min(left, 4096)
            let count = part * type.blockLength
            let rows = Noise.floats(count, seed: seed)
            let importance = Noise.floats(type.blockLength, seed: seed + 1).map { $0.magnitude }
            for importance in [[], importance] {
                var expected: [UInt8]?
                for level in levels {
                    guard let format = level.kernels.format(type) else { continue }
                    var bytes = [UInt8](repeating: 0, count: part * type.blockSize)
                    var output = bytes.mutableSpan
                    format.quantize(
                        rows.span, rowLength: importance.isEmpty ? count : type.blockLength,
                        importance: importance.span, into: &output)
                    if let expected, expected != bytes {
                        throw BenchFailure(message: "\(type.name): \(level.name) gives other bytes")
                    }
                    expected = bytes
                }
            }
            left -= part
            seed += 2
        }
        print(
            "\(type.name): \(blocks) blocks, the same bytes on \(levels.map(\.name).joined(separator: ", "))")
    }
}

/// The processor time of this thread in nanoseconds: what else the machine does changes it little.
private func threadTime() -> Int64 {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
