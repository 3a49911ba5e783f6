import Formats

/// The address of the next page, in the header `Link` (RFC 8288).
enum LinkHeader {
    /// The reference of `<…>; rel="next"`; `nil` if there is none.
    static func next(_ text: String) -> String? {
        var rest = Array(text.utf8)[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")),
            let end = rest[start...].firstIndex(of: UInt8(ascii: ">"))
        {
            let reference = rest[(start + 1)..<end]
            let after = rest[(end + 1)...]
            let next = after.firstIndex(of: UInt8(ascii: "<")) ?? after.endIndex
            let parameters = String(
                decoding: after[..<next].filter { $0 != 0x20 && $0 != 0x22 }, as: UTF8.self)
            if parameters.lowercased().containsUTF8(";rel=next") {
                return String(decoding: reference, as: UTF8.self)
            }
            rest = after[next...]
        }
        return nil
    }
}
