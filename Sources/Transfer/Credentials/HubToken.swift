import Caches
import Formats
import Storage

/// Where the token for the Hub was found, and that it was; the clients' own order (huggingface_hub 2.4, `utils/_auth.py`).
package struct HubToken: Sendable {
    /// What is sent.
    let authorization: Secret
    /// Where it is from, in words: "HF_TOKEN", or the path of the token file.
    package let place: String
    /// Whether it has run out, by what the client noted beside it.
    package let isOver: Bool

    /// Why a token that is there cannot be used.
    package struct Unusable: Error, Equatable, Sendable {
        /// A sentence, without the token.
        package let reason: String
    }

    /// Finds the token: `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else the file that `HF_TOKEN_PATH` names, else `token`
    /// in `HF_HOME`. `HF_HUB_DISABLE_IMPLICIT_TOKEN` keeps all of them at home. The client renews a token that came from a
    /// browser before it runs out; here it is only noticed.
    /// - Returns: `nil` if there is none, which public repositories do not need.
    package static func find(environment: [String: String]) throws(Unusable) -> HubToken? {
        if let off = environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"],
            ["1", "on", "yes", "true"].contains(where: { off.lowercased().hasSameBytes(as: $0) })
        {
            return nil
        }
        for variable in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            guard let text = environment[variable], !text.isEmpty else { continue }
            return try HubToken(text, place: variable, stored: nil)
        }
        let path = HubCache.tokenPath(environment: environment)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(of: Directory.realPath(path), limit: 1 << 16)
        } catch {
            if error.isMissing { return nil }
            throw Unusable(reason: "the token file cannot be read: \(error)")
        }
        // Without it nothing is known of the token's end.
        let stored = try? FileReader.contents(
            of: Path.join(Path.parent(path), "stored_tokens"), limit: 1 << 20)
        return try HubToken(
            String(decoding: bytes, as: UTF8.self), place: path,
            stored: stored.map { StoredTokens(String(decoding: $0, as: UTF8.self)) })
    }

    private init?(_ text: String, place: String, stored: StoredTokens?) throws(Unusable) {
        var bytes = text.utf8.filter { $0 != 0x0A && $0 != 0x0D }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        if bytes.isEmpty { return nil }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Unusable(reason: "the token in \(place) has a character that no token has")
        }
        let token = String(decoding: bytes, as: UTF8.self)
        authorization = Secret("Bearer " + token)
        isOver = stored?.end(of: token).map { $0 <= currentTime() / 1_000_000_000 } ?? false
        self.place = place
    }
}
