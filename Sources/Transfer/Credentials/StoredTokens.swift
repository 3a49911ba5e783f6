import Formats

/// The file beside the token file in which huggingface_hub 2.4 keeps all tokens of a user (`utils/_auth.py`). The active one
/// is in the token file, too; what is stated here of it is when it runs out.
///
/// The file is what Python's configparser writes: a section for each token, with `hf_token`, and for one that came from a
/// browser `refresh_token` and `expires_at`, in seconds since 1970.
struct StoredTokens {
    private var sections: [[(key: String, value: String)]] = []

    /// Reads the file's text as configparser does without interpolation. What is no section and no key is passed over: the
    /// client would read nothing then, and nothing here hangs on it.
    init(_ text: String) {
        for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = StoredTokens.trimmed(line)
            guard let first = line.first, first != UInt8(ascii: "#"), first != UInt8(ascii: ";") else {
                continue
            }
            if first == UInt8(ascii: "["), line.last == UInt8(ascii: "]") {
                sections.append([])
                continue
            }
            guard !sections.isEmpty,
                let mark = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") })
            else { continue }
            let key = String(decoding: Array(StoredTokens.trimmed(line[..<mark])), as: UTF8.self).lowercased()
            let value = String(
                decoding: Array(StoredTokens.trimmed(line[line.index(after: mark)...])), as: UTF8.self)
            sections[sections.count - 1].append((key, value))
        }
    }

    /// When a token runs out, in seconds since 1970; `nil` where nothing is known of it, or it does not.
    func end(of token: String) -> Int? {
        for section in sections where StoredTokens.value("hf_token", section)?.hasSameBytes(as: token) == true
        {
            return StoredTokens.value("expires_at", section).flatMap { Digits.value($0) }
        }
        return nil
    }

    private static func value(_ name: String, _ section: [(key: String, value: String)]) -> String? {
        section.last { $0.key.hasSameBytes(as: name) }?.value
    }

    private static func trimmed(_ line: Substring.UTF8View) -> Substring.UTF8View {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) { line.removeLast() }
        return line
    }
}
