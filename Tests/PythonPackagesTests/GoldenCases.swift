import Glibc
import Testing

@testable import Formats

/// What PyPA's `packaging` makes of the cases in `fixtures/python`, which `make.py` there writes.
func golden(_ name: String) throws -> JSON {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    return try JSON.parse(contents("\(root)/fixtures/python/\(name).json").span)
}

/// The bytes of a file; none where it cannot be read.
private func contents(_ path: String) -> [UInt8] {
    guard let file = unsafe fopen(path, "rb") else { return [] }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

extension JSON {
    /// The members of a list, none where it is no list.
    var items: [JSON] { array ?? [] }
    /// The string, or an empty one.
    var text: String { string ?? "" }
}
