import Formats

/// Which names a server may be called by. A page of another site can have its own name point at this machine (DNS rebinding)
/// and then read whatever the server answers to that name; so it answers to its own names alone.
package struct HostRule: Sendable {
    private let names: [String]

    /// - Parameter names: the names besides `localhost` and addresses, without ports.
    package init(names: [String]) { self.names = names.map { $0.lowercased() } }

    /// Whether a request is meant for this server.
    ///
    /// An address is always one of this machine's: no name is looked up for it, so that nobody can have it point elsewhere.
    /// - Parameter host: the host and the port as the client wrote them; `nil` where it is too old to.
    package func accepts(_ host: String?) -> Bool {
        guard let host else { return true }
        guard let name = HostRule.name(host) else { return false }
        return name.hasSameBytes(as: "localhost") || name.hasUTF8Suffix(".localhost")
            || HostRule.isAddress(name) || names.containsExactly(name)
    }

    /// The name or address of `name:port`, in small letters and without the brackets of IPv6; `nil` for what is none.
    package static func name(_ host: String) -> String? {
        // Only letters of ASCII have another case here: U+212A would become a "k".
        var bytes = host.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }[...]
        if let colon = bytes.lastIndex(of: UInt8(ascii: ":")), bytes.last != UInt8(ascii: "]") {
            let port = bytes[(colon + 1)...]
            guard port.count <= 5, port.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            bytes = bytes[..<colon]
        }
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
            bytes = bytes.dropFirst().dropLast()
            let isAddress = bytes.allSatisfy {
                $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0)
                    || (0x61...0x66).contains($0)
            }
            guard isAddress, bytes.contains(UInt8(ascii: ":")) else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        let isName = bytes.allSatisfy {
            $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
        }
        guard !bytes.isEmpty, bytes.count <= 253, isName else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a name from ``name(_:)`` is an address: of IPv6, or four numbers as in IPv4.
    package static func isAddress(_ name: String) -> Bool {
        if name.utf8.contains(UInt8(ascii: ":")) { return true }
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard (1...3).contains(part.count), let value = Int(Substring(part)) else { return false }
                return value <= 255 && part.allSatisfy { (0x30...0x39).contains($0) }
            }
    }

    /// Whether an address or name that is listened on is reached from this machine alone.
    package static func isLoopback(_ host: String) -> Bool {
        let name = host.lowercased()
        return name.hasSameBytes(as: "localhost") || name.hasSameBytes(as: "::1")
            || (isAddress(name) && name.hasUTF8Prefix("127."))
    }
}
