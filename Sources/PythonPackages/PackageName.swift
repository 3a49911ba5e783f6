/// Names of projects and extras.
package enum PackageName {
    /// The name by which PEP 503 compares: lowercase, with one "-" for every run of "-", "_" and ".".
    package static func normalized(_ name: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        for byte in name.lowercased().utf8 {
            if byte == 0x2D || byte == 0x5F || byte == 0x2E {
                if bytes.last != 0x2D { bytes.append(0x2D) }
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a project may be called so: ASCII letters, digits, "-", "_" and ".", the first and last of them
    /// a letter or digit (core metadata specification, "Name").
    package static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, let last = name.utf8.last else { return false }
        func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        return isPlain(first) && isPlain(last)
            && name.utf8.allSatisfy { isPlain($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
    }
}
