/// One header of a tar archive (POSIX ustar; GNU's and pax's records count as members of their own).
struct TarHeader {
    /// The length of a header, and of the blocks that contents are padded to, in bytes.
    static let size = 512

    /// The path, or its first 100 bytes.
    let name: String
    /// The length of the content in bytes.
    let length: Int
    /// "0" for a file.
    let kind: UInt8

    /// Whether bytes are a header: the checksum is right.
    static func isHeader(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= size, let expected = octal(bytes, 148..<156) else { return false }
        var (sum, signed) = (0, 0)
        for index in 0..<size {
            let byte = (148..<156).contains(index) ? 0x20 : bytes[index]
            sum += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        return expected == sum || expected == signed
    }

    /// Reads a header whose checksum is right; `nil` where the length is no number.
    init?(_ bytes: Span<UInt8>) {
        var end = 0
        while end < 100, bytes[end] != 0 { end += 1 }
        name = String(decoding: (0..<end).map { bytes[$0] }, as: UTF8.self)
        kind = bytes[156]
        if bytes[124] == 0x80 {
            var value = 0
            for index in 125..<136 {
                guard value < 1 << 47 else { return nil }
                value = value << 8 | Int(bytes[index])
            }
            length = value
        } else {
            guard let value = Self.octal(bytes, 124..<136) else { return nil }
            length = value
        }
    }

    private static func octal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var value = 0
        var hasDigits = false
        for index in range {
            switch bytes[index] {
            case 0x30...0x37:
                value = value << 3 | Int(bytes[index] - 0x30)
                hasDigits = true
            case 0x20 where !hasDigits: continue
            case 0, 0x20: return hasDigits ? value : nil
            default: return nil
            }
        }
        return hasDigits ? value : nil
    }
}
