import Storage
import Xet

/// What it takes to compute the Xet hash of bytes in memory, against SHA-256 and a copy of the same
/// bytes in the same run.
func measureXet(_ setting: Setting) throws {
    let block = Noise.bytes(seed: 1, count: setting.isSmall ? 1 << 24 : 1 << 28)
    print("xet: median of \(setting.runs) runs of \(block.count >> 20) MiB in memory, one thread")
    let sha256 = try medianSeconds(setting.runs) { _ = try ContentHasher.sha256(block.span) }
    let xet = medianSeconds(setting.runs) { _ = XetFileHasher.hash(block.span) }
    // The hash function alone: in blocks of the size that chunks have on the average.
    let key = BLAKE3.Key(InlineArray { UInt8(truncatingIfNeeded: $0) })
    let blake3 = medianSeconds(setting.runs) {
        var start = 0
        while start < block.count {
            _ = BLAKE3.hash(block.span.extracting(start..<min(start + 1 << 16, block.count)), key)
            start += 1 << 16
        }
    }
    var target = Buffer(count: block.count)
    let copy = medianSeconds(setting.runs) {
        target.withMutableBytes(0..<block.count) { bytes in
            // SAFETY: the target has as many bytes as are copied.
            unsafe bytes.withUnsafeMutableBytes { unsafe $0.copyBytes(from: block) }
        }
    }
    let rate = { (seconds: Double) in "\(Int(Double(block.count) / seconds / 1e6)) MB/s" }
    print("sha256    " + rate(sha256))
    print("copy      " + rate(copy))
    print("blake3    " + rate(blake3) + ", \(text(blake3 / sha256)) of the time of SHA-256")
    print(
        "xet hash  " + rate(xet)
            + ", \(text(xet / sha256)) of the time of SHA-256, \(text(xet / copy)) of a copy's")
}

private func medianSeconds(_ runs: Int, _ body: () throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<runs {
        let start = currentTime()
        try body()
        times.append(Double(currentTime() - start) / 1e9)
    }
    return times.sorted()[runs / 2]
}

extension Noise {
    fileprivate static func bytes(seed: Int, count: Int) -> [UInt8] {
        var noise = Noise(seed: seed)
        return noise.block(count)
    }
}
