import Formats
import Manifests

/// Which requests go through a proxy, by the variables that curl and Python's clients read.
struct ProxySettings: Sendable {
    /// A proxy that speaks HTTP.
    struct Proxy: Sendable {
        /// Where it is.
        let host: String
        /// Its port.
        let port: Int
        /// What to send it as `Proxy-Authorization`, if it wants a name and a password.
        let authorization: Secret?
    }

    private let plain: Setting
    private let secure: Setting
    private let exceptions: [String]

    private enum Setting: Sendable {
        case none
        case proxy(Proxy)
        case refused(String)
    }

    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in small letters, which count first.
    init(environment: [String: String]) {
        func named(_ names: String...) -> (name: String, value: String)? {
            for name in names {
                if let value = environment[name], !value.isEmpty { return (name, value) }
            }
            return nil
        }
        let all = named("all_proxy", "ALL_PROXY")
        plain = ProxySettings.setting(named("http_proxy", "HTTP_PROXY") ?? all)
        secure = ProxySettings.setting(named("https_proxy", "HTTPS_PROXY") ?? all)
        exceptions = (named("no_proxy", "NO_PROXY")?.value ?? "").utf8.split(separator: UInt8(ascii: ","))
            .map { entry in
                let trimmed = entry.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
                return String(decoding: Array(trimmed), as: UTF8.self).lowercased()
            }
            .filter { !$0.isEmpty }
    }

    /// The proxy for an address, or `nil` where it is asked directly.
    /// - Throws: where the variable names something that is no HTTP proxy.
    func proxy(for address: WebAddress) throws(NetworkError) -> Proxy? {
        if isException(address) { return nil }
        switch address.isSecure ? secure : plain {
        case .none: return nil
        case .proxy(let proxy): return proxy
        case .refused(let reason): throw NetworkError(.proxy, reason)
        }
    }

    /// "example.org", ".example.org" and "example.org:8443" in `NO_PROXY` are the host and all below it.
    private func isException(_ address: WebAddress) -> Bool {
        exceptions.contains { entry in
            if entry == "*" { return true }
            var name = Substring(entry)
            if let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")),
                let port = Digits.value(name[name.utf8.index(after: colon)...]),
                name.utf8.count(where: { $0 == UInt8(ascii: ":") }) == 1
            {
                guard port == address.port else { return false }
                name = name[..<colon]
            }
            if name.utf8.first == UInt8(ascii: ".") { name = name.dropFirst() }
            let text = String(name)
            return address.host.hasSameBytes(as: text) || address.host.hasUTF8Suffix("." + text)
        }
    }

    private static func setting(_ variable: (name: String, value: String)?) -> Setting {
        guard let (name, value) = variable else { return .none }
        var text = value
        if let mark = value.utf8Place(ofScheme: "://") {
            let scheme = String(value[..<mark.start]).lowercased()
            guard scheme == "http" else {
                return .refused("\(name) names a proxy of the kind \(scheme)://; only http:// is known")
            }
            text = String(value[mark.end...])
        }
        var bytes = Array(text.utf8)[...]
        if let slash = bytes.firstIndex(of: UInt8(ascii: "/")) { bytes = bytes[..<slash] }
        var authorization: Secret?
        if let at = bytes.lastIndex(of: UInt8(ascii: "@")) {
            authorization = Secret("Basic " + Base64.text(unescaped(bytes[..<at])))
            bytes = bytes[(at + 1)...]
        }
        guard let (host, port) = HostAuthority.parse(bytes) else {
            return .refused("\(name) is no address of a proxy")
        }
        return .proxy(Proxy(host: host, port: port ?? 80, authorization: authorization))
    }

    /// With every `%40` as the byte that it stands for.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = Hex.bytes(String(decoding: rest.prefix(2), as: UTF8.self).lowercased())?.first
            {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

extension String {
    /// Where the mark behind a scheme begins and ends; `nil` if there is none.
    fileprivate func utf8Place(ofScheme mark: String) -> (start: Index, end: Index)? {
        let wanted = Array(mark.utf8)
        var start = utf8.startIndex
        while start != utf8.endIndex {
            let rest = utf8[start...]
            if rest.starts(with: wanted) { return (start, utf8.index(start, offsetBy: wanted.count)) }
            start = utf8.index(after: start)
        }
        return nil
    }
}
