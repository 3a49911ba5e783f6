import Storage

/// What `inspect` takes for pickles, against `cat` of the same files in the same run: many small instructions, texts,
/// lines of protocol 0, and one long array of joblib's.
func measurePickles(_ setting: Setting) throws {
    let data = try PickleData(directory: setting.root + "/pickles", isSmall: setting.isSmall)
    print("pickle: median of \(setting.runs) runs, page cache warm")
    for (name, size) in data.files {
        let path = data.directory + "/" + name
        var subject: [Measured] = []
        var baseline: [Measured] = []
        for _ in 0..<setting.runs {
            baseline.append(try Measured.running([["cat", path]]))
            subject.append(try setting.command(in: data.directory, ["inspect", path]))
        }
        let (ours, cat) = (median(subject), median(baseline))
        report("inspect \(name), \(size / 1_000_000) MB", ours, "cat", cat)
    }
}

/// Pickles to measure with. What is in them is harmless.
struct PickleData {
    /// The directory of all files.
    let directory: String
    /// The files' names with their sizes in bytes.
    private(set) var files: [(name: String, size: Int)] = []

    /// Makes the files; those that are there with their size are taken as they are.
    init(directory: String, isSmall: Bool) throws {
        self.directory = directory
        try Directory.make(directory)
        let long = isSmall ? 200_000_000 : 2_000_000_000
        let short = isSmall ? 10_000_000 : 100_000_000
        try make("small-instructions.pkl", prefix: [0x80, 4, 0x5D, 0x94], suffix: [0x2E], of: short) {
            number, block in
            // A tuple of a number, a short text and a float, appended to the list.
            let low = UInt8(truncatingIfNeeded: number)
            block += [
                0x4B, low, 0x8C, 4, 0x6E, 0x61, 0x6D, 0x61 &+ low & 15, 0x94, 0x47, 0, 0, 0, 0, 0, 0, 0xF0,
                0x3F,
            ]
            block += [0x87, 0x94, 0x61]
        }
        try make("texts.pkl", prefix: [0x80, 4, 0x5D, 0x94], suffix: [0x2E], of: short) { _, block in
            block += [0x58, 100, 0, 0, 0]
            block += [UInt8](repeating: 0x78, count: 100)
            block += [0x94, 0x61]
        }
        try make("array.joblib", prefix: PickleData.wrapper(long), suffix: [0x2E], of: long) { _, block in
            block += [UInt8](repeating: 7, count: 1000)
        }
        try make("lines.pkl", prefix: Array("(lp0\n".utf8), suffix: Array(".".utf8), of: short) {
            number, block in
            block += "I\(number)\naS'text'\na".utf8
        }
    }

    /// Writes a file of about `size` bytes between prefix and suffix, unless it is there.
    private mutating func make(
        _ name: String, prefix: [UInt8], suffix: [UInt8], of size: Int, _ item: (Int, inout [UInt8]) -> Void
    ) throws {
        let path = directory + "/" + name
        if let status = try FileStatus.existing(path), status.size >= size {
            files.append((name, status.size))
            return
        }
        try Directory.removeFile(path)
        let file = try FileHandle.creating(path)
        try file.write(prefix.span)
        var (written, number) = (0, 0)
        while written < size {
            var block: [UInt8] = []
            while block.count < 1 << 20, written + block.count < size {
                item(number, &block)
                number += 1
            }
            try file.write(block.span)
            written += block.count
        }
        try file.write(suffix.span)
        files.append((name, try FileStatus.status(of: path).size))
    }

    /// The description of an array of bytes, as joblib writes it.
    private static func wrapper(_ count: Int) -> [UInt8] {
        func text(_ value: String) -> [UInt8] { [0x8C, UInt8(value.utf8.count)] + Array(value.utf8) }
        func global(_ module: String, _ name: String) -> [UInt8] { text(module) + text(name) + [0x93] }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
        return [0x80, 4] + global("joblib.numpy_pickle", "NumpyArrayWrapper") + [0x29, 0x81, 0x7D, 0x28]
            + text("shape") + [0x8A, 7] + length.prefix(7) + [0x85] + text("dtype") + global("numpy", "dtype")
            + text("u1") + [0x89, 0x88, 0x87, 0x52] + [0x75, 0x62]
    }
}
