import Formats

/// One challenge of a header `WWW-Authenticate` (RFC 9110, section 11.6.1): what a server wants to know of who asks.
struct AuthenticationChallenge: Equatable {
    /// The scheme in small letters: "bearer" or "basic".
    let scheme: String
    /// The parameters in their order, the names in small letters.
    private let parameters: [Parameter]

    private struct Parameter: Equatable {
        let name: String
        let value: String
    }

    /// The value of a parameter, whose name is given in small letters; `nil` if there is none.
    subscript(_ name: String) -> String? { parameters.first { $0.name.hasSameBytes(as: name) }?.value }

    /// The challenges of a header; what follows something that is not understood is left out.
    static func parse(_ header: String) -> [AuthenticationChallenge] {
        var challenges: [AuthenticationChallenge] = []
        var bytes = Array(header.utf8)[...]
        var scheme: String?
        var parameters: [Parameter] = []
        func end() -> [AuthenticationChallenge] {
            scheme.map { [AuthenticationChallenge(scheme: $0, parameters: parameters)] } ?? []
        }
        while true {
            skip(&bytes) { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            guard let name = token(&bytes) else { break }
            skip(&bytes) { $0 == 0x20 || $0 == 0x09 }
            guard bytes.first == UInt8(ascii: "=") else {
                challenges += end()
                (scheme, parameters) = (name, [])
                continue
            }
            bytes.removeFirst()
            skip(&bytes) { $0 == 0x20 || $0 == 0x09 }
            guard let value = value(&bytes) else { break }
            parameters.append(Parameter(name: name, value: value))
        }
        return challenges + end()
    }

    private static func skip(_ bytes: inout ArraySlice<UInt8>, _ isSkipped: (UInt8) -> Bool) {
        bytes = bytes.drop(while: isSkipped)
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func token(_ bytes: inout ArraySlice<UInt8>) -> String? {
        let token = bytes.prefix(while: isToken)
        bytes = bytes[token.endIndex...]
        guard !token.isEmpty else { return nil }
        return String(decoding: token.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func value(_ bytes: inout ArraySlice<UInt8>) -> String? {
        guard bytes.first == UInt8(ascii: "\"") else {
            let token = bytes.prefix(while: isToken)
            bytes = bytes[token.endIndex...]
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }
        bytes.removeFirst()
        var value: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard let next = bytes.popFirst() else { return nil }
            value.append(next)
        }
        return nil
    }
}
