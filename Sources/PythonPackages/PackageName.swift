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
}
