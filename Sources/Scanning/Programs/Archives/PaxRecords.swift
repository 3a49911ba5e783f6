import Formats

/// The records of an extended header of a tar archive (POSIX.1-2001, pax): "LENGTH KEY=VALUE\n", one after another.
struct PaxRecords {
    /// The path of the next member, if there is one.
    private(set) var path: String?
    /// The first key that changes what the next member is, as `size` and `GNU.sparse.major` do, or is not known.
    private(set) var unknown: String?

    /// Keys that say nothing about which bytes are whose.
    private static let harmless = NameSet(
        "atime comment ctime gid gname mtime uid uname LIBARCHIVE.creationtime LIBARCHIVE.xattr.user.mime_type"
    )

    /// - Returns: `nil` where the bytes are no such records.
    init?(_ bytes: [UInt8]) {
        var position = 0
        while position < bytes.count {
            var length = 0
            var index = position
            while index < bytes.count, (0x30...0x39).contains(bytes[index]), length < 1 << 20 {
                length = length * 10 + Int(bytes[index] - 0x30)
                index += 1
            }
            guard index > position, index < bytes.count, bytes[index] == 0x20,
                length > index - position + 1, length <= bytes.count - position
            else { return nil }
            let record = bytes[(index + 1)..<(position + length)]
            guard record.last == 0x0A, let equals = record.firstIndex(of: 0x3D),
                let key = String(validating: record[..<equals], as: UTF8.self),
                let value = String(
                    validating: record[(equals + 1)..<(position + length - 1)], as: UTF8.self)
            else { return nil }
            if key.hasSameBytes(as: "path") {
                path = value
            } else if !Self.harmless.contains(key), unknown == nil {
                unknown = key
            }
            position += length
        }
    }
}
