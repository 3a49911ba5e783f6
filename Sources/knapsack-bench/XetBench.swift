import Storage
import Xet

/// What it takes to compute the Xet hash of bytes in memory, against SHA-256 of the same bytes in the same run.
func measureXet(_ setting: Setting) throws {
    let block = Noise.bytes(seed: 1, count: setting.isSmall ? 1 << 24 : 1 << 28)
    print("xet: median of \(setting.runs) runs of \(block.count >> 20) MiB in memory, one thread")
    let sha256 = try medianSeconds(setting.runs) { _ = try ContentHasher.sha256(block.span) }
    let xet = medianSeconds(setting.runs) { _ = XetFileHasher.hash(block.span) }
    let rate = { (seconds: Double) in "\(Int(Double(block.count) / seconds / 1e6)) MB/s" }
    print("sha256    " + rate(sha256))
    print("xet hash  " + rate(xet) + ", \(text(xet / sha256)) of the time of SHA-256")
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
