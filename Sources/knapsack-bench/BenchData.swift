import Storage

/// Files to measure with, and a manifest that names them.
struct BenchData {
    /// The directory of all of it.
    let directory: String
    /// The manifest that names the files.
    var manifest: String { directory + "/bench.toml" }
    /// The lock that Knapsack writes for it.
    var lock: String { directory + "/bench.lock" }
    /// The directory of the files.
    var source: String { directory + "/source" }
    /// The bundle that Knapsack packs from it.
    var bundle: String { directory + "/bundle" }
    /// The files' paths, in the order of their numbers.
    var files: [String] = []

    /// Makes `count` files of `size` bytes, no two alike and none compressible; those that are there with
    /// their size are taken as they are.
    init(directory: String, count: Int, size: Int, suffix: String = "bin") throws {
        self.directory = directory
        try Directory.make(directory + "/source")
        for number in 0..<count {
            let path = directory + "/source/\(number).\(suffix)"
            files.append(path)
            if try FileStatus.existing(path)?.size == size { continue }
            try Directory.removeFile(path)
            let file = try FileHandle.creating(path)
            var noise = Noise(seed: number)
            var left = size
            while left > 0 {
                let block = noise.block(min(left, 1 << 20))
                try file.write(block.span)
                left -= block.count
            }
        }
        let text = """
            schema = 1
            [bundle]
            name = "bench-data"
            owner = "tester"
            title = "Benchmark data"
            [[files]]
            name = "data"
            source = "path:source"
            """
        try AtomicFile.write(Array(text.utf8), to: manifest)
    }

    /// Removes what earlier runs left: no index, no lock, no bundle.
    func forget() throws {
        try Directory.removeFile(lock)
        try Directory.removeTree(directory + "/index")
        try Directory.removeTree(bundle)
    }

    /// Copies all files and waits for the disk, as a baseline; the copy is gone afterwards.
    func copied() throws -> Measured {
        let copy = directory + "/copy"
        try Directory.removeTree(copy)
        defer { try? Directory.removeTree(copy) }
        return try Measured.running([
            ["sh", "-c", "cp -r '\(source)' '\(copy)' && sync -f '\(directory)'"]
        ])
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
