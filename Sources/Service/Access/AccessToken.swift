import Formats
package import Storage

/// One who may use a server, and for what.
package struct AccessToken: Sendable, Equatable {
    /// What a token allows; each includes those before it.
    package enum Scope: String, Sendable, CaseIterable, Comparable {
        /// To look and to download.
        case read
        /// To upload, and to change and delete what one uploaded.
        case write
        /// To do so with what others uploaded.
        case admin

        /// In the order in which more is allowed.
        package static func < (left: Scope, right: Scope) -> Bool {
            let order = allCases
            return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }
    }

    /// Who it was given to.
    package let name: String
    /// What it allows.
    package let scope: Scope
    /// The SHA-256 of the token. The token has 203 bits of chance, so that a slow hash would add nothing.
    package let digest: SHA256Digest
    /// When it ends, in seconds since 1970; `nil` for one that does not.
    package let expires: Int64?

    /// Describes a token.
    package init(name: String, scope: Scope, digest: SHA256Digest, expires: Int64? = nil) {
        self.name = name
        self.scope = scope
        self.digest = digest
        self.expires = expires
    }

    /// Whether it still counts at a time, in seconds since 1970.
    package func counts(at time: Int64) -> Bool { expires.map { time < $0 } ?? true }

    /// Whether a digest is that of the token. It takes as long for every digest, so that nobody learns by the time how much of
    /// one is right.
    package func isKnown(by digest: SHA256Digest) -> Bool { self.digest.isSame(as: digest) }

    /// Stands for those without a token, where they may read what is public. Nobody's token has an empty name, and a digest of
    /// nothing but zeros.
    package static let anonymous = AccessToken(name: "", scope: .read, digest: .zero)

    /// Whether it stands for those without a token.
    package var isAnonymous: Bool { name.isEmpty }

    /// Makes a token that nobody can guess.
    ///
    /// It begins as tokens of the Hub do, and has as many characters: llama.cpp sends no others.
    package static func generate() -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        // The system's own generator: getrandom(2).
        var generator = SystemRandomNumberGenerator()
        let text = (0..<34).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
        return "hf_" + String(decoding: text, as: UTF8.self)
    }

    /// The digest by which a token is known.
    package static func digest(of token: String) -> SHA256Digest? {
        try? ContentHasher.sha256(Array(token.utf8).span)
    }
}

extension SHA256Digest {
    /// Whether it is another one, compared in a time that does not depend on where they differ.
    func isSame(as other: SHA256Digest) -> Bool {
        zip(bytes, other.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The file that keeps digests of tokens.
package enum TokenFile {
    /// Why such a file cannot be used.
    package struct Unusable: Error, Sendable {
        /// A clause, to be read after the file's name.
        package let reason: String
    }

    private static let sizeLimit = 1 << 20

    /// Reads the tokens of a file; none where there is no file.
    package static func read(_ path: String) throws(Unusable) -> [AccessToken] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(of: path, limit: sizeLimit)
        } catch {
            if error.isMissing { return [] }
            throw Unusable(reason: "cannot be read: \(error)")
        }
        guard let json = try? JSON.parse(bytes),
            json["version"] == .integer(1) || json["version"] == .integer(2),
            let list = json["tokens"]?.array
        else { throw Unusable(reason: "is no file of tokens that this version reads") }
        var tokens: [AccessToken] = []
        for item in list {
            guard let name = item["name"]?.string,
                let scope = item["scope"]?.string.flatMap({ AccessToken.Scope(rawValue: $0) }),
                let digest = item["sha256"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { throw Unusable(reason: "has a record that is no token") }
            let expires: Int64?
            switch item["expires"] {
            case nil: expires = nil
            case .integer(let seconds)?: expires = Int64(seconds)
            default: throw Unusable(reason: "has a record that is no token")
            }
            tokens.append(AccessToken(name: name, scope: scope, digest: digest, expires: expires))
        }
        return tokens
    }

    /// The bytes of a file of tokens.
    package static func bytes(_ tokens: [AccessToken]) -> [UInt8] {
        let list = tokens.map { token -> JSON in
            let expires = token.expires.map { [JSON.Member("expires", .integer(Int($0)))] } ?? []
            return .object(
                [
                    JSON.Member("name", .string(token.name)),
                    JSON.Member("scope", .string(token.scope.rawValue)),
                    JSON.Member("sha256", .string(token.digest.hex)),
                ] + expires)
        }
        // A Knapsack that does not know of ends would take a token for ever.
        let version = tokens.contains { $0.expires != nil } ? 2 : 1
        let document: JSON = ["version": .integer(version), "tokens": .array(list)]
        return Array((document.prettyText + "\n").utf8)
    }

    /// Why a text is no name for a token, as a clause after it; `nil` where it is one.
    package static func problem(inName name: String) -> String? {
        let isPlain = name.utf8.allSatisfy {
            $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
        }
        return isPlain && (1...64).contains(name.utf8.count)
            ? nil : "has to be 1 to 64 letters, digits, '-', '.' and '_'"
    }
}
