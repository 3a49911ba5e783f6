import Formats
import Glibc
import Storage

/// Runs a test in a new, empty directory, which is removed afterwards.
package func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/knapsack-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
        guard let base = buffer.baseAddress, let path = unsafe mkdtemp(base) else { return nil }
        return unsafe String(cString: path)
    }
    guard let made else { throw FileError("make the directory", "/tmp", code: errno) }
    let directory = try Directory.realPath(made)
    defer { try? Directory.removeTree(directory) }
    return try await body(directory)
}

/// Writes a file, and the directories above it.
package func writeFile(_ path: String, _ bytes: some Sequence<UInt8>) throws {
    try Directory.make(Path.parent(path))
    try Directory.removeFile(path)
    try FileHandle.creating(path).write(Array(bytes).span)
}

/// Writes a file of text, and the directories above it.
package func writeFile(_ path: String, _ text: String) throws {
    try writeFile(path, text.utf8)
}

/// Changes the size of a file in place.
package func resizeFile(_ path: String, _ size: Int) throws {
    guard unsafe truncate(path, size) == 0 else { throw FileError("resize", path, code: errno) }
}

/// Makes a symbolic link, and the directories above it.
package func makeLink(_ path: String, to text: String) throws {
    try Directory.make(Path.parent(path))
    guard unsafe symlink(text, path) == 0 else { throw FileError("make the link", path, code: errno) }
}

/// The whole content of a file, up to 64 MiB.
package func contents(_ path: String) throws -> [UInt8] {
    try FileReader.contents(of: path, limit: 1 << 26)
}

/// One random change to bytes: a bit flipped, a byte set, a range removed, doubled, or cut off.
package func mutated(_ bytes: [UInt8], with generator: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
        guard !result.isEmpty else { return result }
        let position = Int.random(in: 0..<result.count, using: &generator)
        let end = min(result.count, position + Int.random(in: 1...24, using: &generator))
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: result[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: result[position] = UInt8.random(in: 0...255, using: &generator)
        case 2: result.removeSubrange(position..<end)
        case 3: result.insert(contentsOf: result[position..<end], at: position)
        case 4: result.removeSubrange(position...)
        default:
            let digits = [
                "9223372036854775807", "-1", "1e999", "\"", "[[[[", "{", "\u{0}", "18446744073709551616",
            ]
            let text = digits[Int.random(in: 0..<digits.count, using: &generator)]
            result.insert(contentsOf: Array(text.utf8), at: position)
        }
    }
    return result
}
