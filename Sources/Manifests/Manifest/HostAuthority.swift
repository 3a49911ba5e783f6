/// The host and the port of an address, as a registry's name and a URL have them (RFC 3986, section 3.2).
package enum HostAuthority {
    /// The host in small letters and the port of an authority, if one is stated; `nil` for one that has user information or
    /// is not valid.
    package static func parse(_ bytes: ArraySlice<UInt8>) -> (host: String, port: Int?)? {
        var host = bytes
        var port: Int?
        let bracket = bytes.first == UInt8(ascii: "[") ? bytes.firstIndex(of: UInt8(ascii: "]")) : nil
        if let colon = bytes[(bracket ?? bytes.startIndex)...].firstIndex(of: UInt8(ascii: ":")) {
            host = bytes[..<colon]
            let digits = bytes[(colon + 1)...]
            if !digits.isEmpty {
                guard digits.count <= 5, digits.allSatisfy({ (0x30...0x39).contains($0) }),
                    let number = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(number)
                else { return nil }
                port = number
            }
        }
        if let bracket {
            guard host.endIndex == bracket + 1 else { return nil }
            host = host[(host.startIndex + 1)..<bracket]
            let isAddress = host.allSatisfy { byte in
                (0x30...0x3A).contains(byte) || (0x41...0x46).contains(byte & 0xDF)
                    || byte == UInt8(ascii: ".")
            }
            guard isAddress else { return nil }
        } else {
            let isName = host.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
            guard isName else { return nil }
        }
        guard !host.isEmpty else { return nil }
        let small = host.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return (String(decoding: small, as: UTF8.self), port)
    }
}
