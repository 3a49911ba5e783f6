import Storage

/// What the disk and memory would allow in the same minute: the time that programs need which only read and write.
struct DiskLimit {
    /// `dd` of the output to another file, and until that is on the disk.
    private var written: [Double] = []
    /// `dd` of the input to nowhere.
    private var read: [Double] = []
    /// Copying as many bytes as the input and the output have from memory to memory.
    private var copied: [Double] = []

    /// Measures once more.
    /// - Parameters:
    ///   - input: what the command reads.
    ///   - output: what it wrote; its copy is removed again.
    mutating func measure(_ input: String, _ output: String) throws {
        let copy = output + ".copy"
        try Directory.removeFile(copy)
        written.append(
            try Measured.running([["dd", "if=\(output)", "of=\(copy)", "bs=1M", "conv=fsync"]]).seconds)
        try Directory.removeFile(copy)
        read.append(try Measured.running([["dd", "if=\(input)", "of=/dev/null", "bs=1M"]]).seconds)
        let bytes = try FileStatus.status(of: input).size + FileStatus.status(of: output).size
        copied.append(Self.copy(bytes))
    }

    /// Copies pieces that no cache holds, as the kernel does for each byte that is read or written.
    private static func copy(_ bytes: Int) -> Double {
        let size = 1 << 26
        let source = [UInt8](repeating: 1, count: size)
        var target = [UInt8](repeating: 0, count: size)
        let start = currentTime()
        for _ in 0..<max(1, bytes / size) {
            var room = target.mutableSpan
            // SAFETY: both have `size` bytes, and are not the same.
            unsafe source.span.withUnsafeBytes { from in
                unsafe room.withUnsafeMutableBytes { to in unsafe to.copyMemory(from: from) }
            }
        }
        return Double(currentTime() - start) / 1e9
    }

    /// What a command's time is of that of `dd`, and the others.
    func text(for seconds: Double) -> String {
        func middle(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
        let written = middle(written)
        return
            "\(knapsack_bench.text(seconds / written)) of dd with fsync (\(knapsack_bench.text(written)) s; "
            + "dd reads in \(knapsack_bench.text(middle(read))) s, memcpy \(knapsack_bench.text(middle(copied))) s)"
    }
}
