import Formats

/// The first block of a PEM text (RFC 7468) that can be a key.
struct PEMBlock {
    /// What stands behind "BEGIN": "PRIVATE KEY".
    let label: String
    /// The block with its first and last line, which end with a newline.
    let text: [UInt8]
    /// Whether the content is encrypted: PKCS #8's own way, or the older one with a header.
    let isEncrypted: Bool

    /// Finds the first block whose label `wants` takes; else the first one at all.
    ///
    /// Whatever stands between blocks is passed over, as are blocks before: `openssl ecparam -genkey` writes
    /// the parameters first.
    /// - Returns: `nil` if there is no whole block.
    static func first(in pem: [UInt8], where wants: (String) -> Bool) -> PEMBlock? {
        var found: PEMBlock?
        var lines: [Substring] = []
        var label: String?
        let text = String(decoding: pem, as: UTF8.self)
        // Empty lines count: one ends the header of an encrypted key.
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            if let name = line.pemLabel {
                label = name
                lines = [line]
            } else if let name = label {
                lines.append(line)
                guard line.hasPrefix("-----END \(name)-----") else { continue }
                let block = PEMBlock(label: name, lines: lines)
                if wants(name) { return block }
                found = found ?? block
                label = nil
            }
        }
        return found
    }

    private init(label: String, lines: [Substring]) {
        self.label = label
        text = Array(lines.map { $0 + "\n" }.joined().utf8)
        isEncrypted =
            label.hasSameBytes(as: "ENCRYPTED PRIVATE KEY")
            || lines.contains { $0.hasPrefix("Proc-Type:") && $0.contains("ENCRYPTED") }
    }
}

extension Substring {
    /// What a first line of a block names; `nil` for every other line.
    fileprivate var pemLabel: String? {
        guard hasPrefix("-----BEGIN ") else { return nil }
        let rest = dropFirst(11)
        var index = rest.startIndex
        while index < rest.endIndex {
            if rest[index...].hasPrefix("-----") { return String(rest[..<index]) }
            index = rest.index(after: index)
        }
        return nil
    }
}
