/// A wheel's RECORD: its files with their digests and sizes, as comma-separated values (the recording
/// installed projects specification, "The RECORD file").
package struct WheelRecord: Equatable, Sendable {
    /// One file.
    package struct Row: Equatable, Sendable {
        /// The path in the wheel.
        package let path: String
        /// The digest with its algorithm, such as "sha256=" and 43 characters of URL-safe base64; empty where
        /// none is recorded.
        package let hash: String
        /// The size in bytes; `nil` where none is recorded.
        package let size: Int?
    }

    /// The rows in order.
    package let rows: [Row]

    /// Reads a RECORD; `nil` where it is not UTF-8, a quote does not end, a row has not three columns, or a
    /// size is no number.
    package init?(_ bytes: Span<UInt8>) {
        var rows: [Row] = []
        var position = 0
        while position < bytes.count {
            var columns: [String] = []
            var isEnd = false
            while !isEnd {
                guard let column = WheelRecord.column(bytes, &position) else { return nil }
                columns.append(column)
                guard position < bytes.count else { break }
                isEnd = bytes[position] != UInt8(ascii: ",")
                if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A {
                    position += 1
                }
                position += 1
                if !isEnd, position == bytes.count {
                    columns.append("")
                    break
                }
            }
            if columns == [""] { continue }
            guard columns.count == 3, !columns[0].isEmpty else { return nil }
            var size: Int?
            if !columns[2].isEmpty {
                guard let number = Int(columns[2]), number >= 0 else { return nil }
                size = number
            }
            rows.append(Row(path: columns[0], hash: columns[1], size: size))
        }
        self.rows = rows
    }

    /// A value up to a comma, a line's end or the end of all.
    private static func column(_ bytes: Span<UInt8>, _ position: inout Int) -> String? {
        var text: [UInt8] = []
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            position += 1
            while true {
                guard position < bytes.count else { return nil }
                let byte = bytes[position]
                position += 1
                guard byte == UInt8(ascii: "\"") else {
                    text.append(byte)
                    continue
                }
                // A quote in quotes is written twice.
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { break }
                text.append(byte)
                position += 1
            }
        }
        while position < bytes.count, ![0x2C, 0x0A, 0x0D].contains(bytes[position]) {
            text.append(bytes[position])
            position += 1
        }
        return String(validating: text, as: UTF8.self)
    }

    /// A digest as RECORD writes it: URL-safe base64 without padding (RFC 4648, section 5).
    package static func text(of digest: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var result: [UInt8] = []
        var bits = 0
        var pending: UInt32 = 0
        for byte in digest {
            pending = (pending << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                result.append(alphabet[Int(pending >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { result.append(alphabet[Int(pending << UInt32(6 - bits) & 63)]) }
        return String(decoding: result, as: UTF8.self)
    }
}
