import Storage

/// Files to measure with, and a manifest that names them.
struct BenchData {
    let directory: String
    var manifest: String { directory + "/bench.toml" }
    var lock: String { directory + "/bench.lock" }
    var source: String { directory + "/source" }
    var files: [String] = []

    /// Makes `count` files of `size` bytes, no two alike and none compressible; those that are there with
    /// their size are taken as they are.
    init(directory: String, count: Int, size: Int) throws {
        self.directory = directory
        try Directory.make(directory + "/source")
        for number in 0..<count {
            let path = directory + "/source/\(number).bin"
            files.append(path)
            if try FileStatus.existing(path)?.size == size { continue }
            try Directory.removeFile(path)
            let file = try FileHandle.creating(path)
            var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
            var block = [UInt8](repeating: 0, count: 1 << 20)
            var left = size
            while left > 0 {
                for index in stride(from: 0, to: block.count, by: 8) {
                    // xorshift64 (Marsaglia 2003): good enough to differ everywhere.
                    state ^= state << 13
                    state ^= state >> 7
                    state ^= state << 17
                    for byte in 0..<8 {
                        block[index + byte] = UInt8(truncatingIfNeeded: state >> (8 * UInt64(byte)))
                    }
                }
                let part = min(left, block.count)
                try file.write(block.span.extracting(0..<part))
                left -= part
            }
        }
        let text = """
            schema = 1
            [bundle]
            name = "bench-data"
            title = "Benchmark data"
            [[files]]
            name = "data"
            source = "path:source"
            """
        try AtomicFile.write(Array(text.utf8), to: manifest)
    }

    /// Reads every file once, so that all measurements start with a warm page cache.
    func warm() throws {
        var buffer = Buffer(count: FileReader.blockSize)
        for path in files {
            let file = try FileHandle.reading(path)
            while try file.read(into: &buffer) > 0 {}
        }
    }
}
