/// The names of versions that servers state.
enum ETag {
    /// The name as huggingface_hub 2.4 makes a blob's name of it: without `W/` and quotation marks.
    static func name(_ text: String) -> String {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, first == UInt8(ascii: "W") || first == UInt8(ascii: "/") {
            bytes.removeFirst()
        }
        let mark = UInt8(ascii: "\"")
        while bytes.first == mark { bytes.removeFirst() }
        while bytes.last == mark { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
