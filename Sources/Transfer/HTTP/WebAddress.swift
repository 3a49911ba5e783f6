import Formats
import Manifests

/// An absolute http or https URL without user information and fragment (RFC 3986), as far as a client needs its parts.
package struct WebAddress: Equatable, Sendable, CustomStringConvertible {
    /// Whether it is https.
    package let isSecure: Bool
    /// The host in small letters, an IPv6 address without brackets.
    package let host: String
    /// The port, the scheme's own if none is stated.
    package let port: Int
    /// The path and the query, which begin with a slash: what a request names.
    package let target: String

    /// Takes parts that were checked before.
    init(isSecure: Bool, host: String, port: Int, target: String) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        self.target = target
    }

    /// Reads an absolute URL; `nil` for any other text, and for one with user information.
    package init?(_ text: String) {
        let bytes = WebAddress.escaped(text)
        let isSecure: Bool
        let rest: ArraySlice<UInt8>
        if let found = bytes.dropped(prefix: "https://") {
            (isSecure, rest) = (true, found)
        } else if let found = bytes.dropped(prefix: "http://") {
            (isSecure, rest) = (false, found)
        } else {
            return nil
        }
        self.init(isSecure: isSecure, behindSlashes: rest)
    }

    private init?(isSecure: Bool, behindSlashes rest: ArraySlice<UInt8>) {
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let (host, port) = HostAuthority.parse(rest[..<end]) else { return nil }
        let target = rest[end...]
        let slash: [UInt8] = target.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
        self.init(
            isSecure: isSecure, host: host, port: port ?? (isSecure ? 443 : 80),
            target: String(decoding: slash + target, as: UTF8.self))
    }

    /// What a reference means that was found at this address, such as that of a redirect; `nil` if it is no http.
    package func resolving(_ reference: String) -> WebAddress? {
        if let absolute = WebAddress(reference) { return absolute }
        let bytes = WebAddress.escaped(reference)
        if let rest = bytes.dropped(prefix: "//") {
            return WebAddress(isSecure: isSecure, behindSlashes: rest)
        }
        let scheme = bytes.firstIndex(of: UInt8(ascii: ":"))
        let slash = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.endIndex
        // A colon before any slash is another scheme.
        if let scheme, scheme < slash { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let path: String
        switch bytes.first {
        case nil: path = target
        case UInt8(ascii: "/"): path = text
        case UInt8(ascii: "?"): path = String(target.utf8.prefix { $0 != UInt8(ascii: "?") }) ?? target
        default:
            let own = target.utf8.prefix { $0 != UInt8(ascii: "?") }
            let end = own.lastIndex(of: UInt8(ascii: "/")).map { own.index(after: $0) } ?? own.endIndex
            return at(String(decoding: Array(own[..<end]), as: UTF8.self) + text)
        }
        return at(bytes.first == UInt8(ascii: "?") ? path + text : path)
    }

    /// The same host with another path and query, without "." and ".." in the path.
    package func at(_ target: String) -> WebAddress {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let path = String(target[..<mark])
        let isPlain = !path.containsUTF8("/./") && !path.containsUTF8("/../")
        let clean = isPlain ? path : Path.normalized(path)
        return WebAddress(isSecure: isSecure, host: host, port: port, target: clean + target[mark...])
    }

    /// Whether credentials of the one are the other's: scheme, host and port are equal.
    package func hasSameOrigin(as other: WebAddress) -> Bool {
        isSecure == other.isSecure && port == other.port && host.hasSameBytes(as: other.host)
    }

    /// Whether what is sent there stays on this machine.
    package var isLoopback: Bool {
        host.hasSameBytes(as: "localhost") || host.hasUTF8Suffix(".localhost") || host.hasSameBytes(as: "::1")
            || (TLSSession.isAddress(host) && host.hasUTF8Prefix("127."))
    }

    /// The host and the port as the header `Host` has them.
    var authority: String {
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? shown : "\(shown):\(port)"
    }

    /// The scheme, the host and the port.
    package var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// The URL without its query, in which signatures and tokens are.
    package var description: String {
        origin + String(decoding: target.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }

    /// The bytes up to a fragment, with blanks and what is not ASCII escaped.
    private static func escaped(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text.utf8 {
            if byte == UInt8(ascii: "#") { break }
            if byte > 0x20, byte < 0x7F { result.append(byte) } else { result += percent(byte) }
        }
        return result
    }

    /// A text as one segment of a path, or as a value of a query: all but unreserved characters are escaped.
    /// - Parameter keepsSlashes: whether slashes stay, as between the segments of a file's path.
    package static func segment(_ text: String, keepsSlashes: Bool = false) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where keepsSlashes: result.append(byte)
            default: result += percent(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func percent(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}

extension [UInt8] {
    /// What follows a beginning, whose letters may be large or small; `nil` where the bytes begin otherwise.
    fileprivate func dropped(prefix: String) -> ArraySlice<UInt8>? {
        let wanted = Array(prefix.utf8)
        guard count >= wanted.count else { return nil }
        let isSame = wanted.indices.allSatisfy { index in
            let byte = self[index]
            return ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == wanted[index]
        }
        return isSame ? self[wanted.count...] : nil
    }
}
