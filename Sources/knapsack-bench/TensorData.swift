import Formats
import Storage

/// Safetensors files to measure with, and a manifest that names each as an entry of its own.
struct TensorData {
    /// The directory of all of it.
    let directory: String
    /// The files, in the order of the lists.
    let paths: [String]
    /// The bundle that Knapsack packs from it.
    var bundle: String { directory + "/bundle" }

    /// Makes one file for each list of seeds, with one tensor of `size` bytes for each seed: equal seeds give
    /// equal tensors. Files that are there with their size are taken as they are.
    init(directory: String, models: [[Int]], size: Int) throws {
        self.directory = directory
        paths = models.indices.map { "\(directory)/m\($0)/model.safetensors" }
        for (path, seeds) in zip(paths, models) {
            try Directory.make(Path.parent(path))
            try TensorData.write(path, seeds, size)
        }
        for deduplication in ["none", "file", "tensor"] {
            var text = """
                schema = 1
                [bundle]
                name = "bench-tensors"
                title = "Benchmark tensors"
                dedup = "\(deduplication)"

                """
            for index in models.indices {
                text += "[[files]]\nname = \"m\(index)\"\nsource = \"path:m\(index)\"\n"
            }
            try AtomicFile.write(Array(text.utf8), to: manifest(deduplication))
        }
    }

    /// The manifest with this value of `dedup`.
    func manifest(_ deduplication: String) -> String { "\(directory)/\(deduplication).toml" }

    /// Removes what earlier runs left: no index, no lock, no bundle.
    func forget() throws {
        for deduplication in ["none", "file", "tensor"] {
            try Directory.removeFile("\(directory)/\(deduplication).lock")
        }
        try Directory.removeTree(directory + "/index")
        try Directory.removeTree(bundle)
    }

    /// Reads every file once, so that all measurements start with a warm page cache.
    func warm() throws {
        var buffer = Buffer(count: FileReader.blockSize)
        for path in paths {
            let file = try FileHandle.reading(path)
            while try file.read(into: &buffer) > 0 {}
        }
    }

    private static func write(_ path: String, _ seeds: [Int], _ size: Int) throws {
        var header = "{"
        for index in seeds.indices {
            let bytes = "[\(index * size),\((index + 1) * size)]"
            header += index == 0 ? "" : ","
            header += "\"t\(index)\":{\"dtype\":\"BF16\",\"shape\":[\(size / 2)],\"data_offsets\":\(bytes)}"
        }
        header += "}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let length = header.utf8.count
        if try FileStatus.existing(path)?.size == 8 + length + seeds.count * size { return }
        try Directory.removeFile(path)
        let file = try FileHandle.creating(path)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        try file.write((prefix + Array(header.utf8)).span)
        for seed in seeds { try write(seed, size, to: file) }
    }

    private static func write(_ seed: Int, _ size: Int, to file: borrowing FileHandle) throws {
        var noise = Noise(seed: seed)
        var left = size
        while left > 0 {
            let block = noise.block(min(left, 1 << 20))
            try file.write(block.span)
            left -= block.count
        }
    }
}
