import Formats
import Storage

/// What Kaggle is told of who asks, and where that was found, in the order of its own clients (kagglesdk 0.1.38,
/// `get_access_token_from_env`; kaggle 2.2.5, `KaggleApi.authenticate`).
package struct KaggleCredential: Sendable {
    /// What is sent.
    let authorization: Secret
    /// The variable or the file.
    package let place: String

    /// Finds it: the token of a notebook's session, `KAGGLE_API_TOKEN` (a token, or the path of a file), `access_token`,
    /// `KAGGLE_USERNAME` with `KAGGLE_KEY`, `kaggle.json`, and the token of `kaggle auth login` as long as it is valid.
    ///
    /// What cannot be read is passed over: public things need no credential.
    package static func find(environment: [String: String]) -> KaggleCredential? {
        func named(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = named("KAGGLE_CONFIG_DIR") ?? named("HOME").map { Path.join($0, ".kaggle") }
        if named("KAGGLE_KERNEL_RUN_TYPE") != nil, let path = named("KAGGLE_API_V1_TOKEN"),
            let found = bearer(file: path)
        {
            return found
        }
        if let value = named("KAGGLE_API_TOKEN") {
            if (try? FileStatus.existing(value)) ?? nil != nil { return bearer(file: value) }
            return bearer(value, place: "KAGGLE_API_TOKEN")
        }
        for name in ["access_token", "access_token.txt"] {
            if let home, let found = bearer(file: Path.join(home, name)) { return found }
        }
        if let user = named("KAGGLE_USERNAME"), let key = named("KAGGLE_KEY") {
            return basic(user, key, place: "KAGGLE_USERNAME and KAGGLE_KEY")
        }
        guard let home else { return nil }
        let legacy = Path.join(home, "kaggle.json")
        if let json = document(legacy), let user = json["username"]?.string, let key = json["key"]?.string {
            return basic(user, key, place: legacy)
        }
        return login(Path.join(home, "credentials.json"))
    }

    /// The access token of a login; one that has run out is of no use, and is renewed by the kaggle command.
    private static func login(_ path: String) -> KaggleCredential? {
        guard let json = document(path), let token = json["access_token"]?.string else { return nil }
        return bearer(token, place: path)
    }

    private static func bearer(file path: String) -> KaggleCredential? {
        guard let bytes = contents(path) else { return nil }
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        var token = bytes[...]
        while let last = token.last, isBlank(last) { token.removeLast() }
        while let first = token.first, isBlank(first) { token.removeFirst() }
        return bearer(String(decoding: token, as: UTF8.self), place: path)
    }

    private static func bearer(_ token: String, place: String) -> KaggleCredential? {
        // Anything else would end the header, or be no token.
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return KaggleCredential(authorization: Secret("Bearer \(token)"), place: place)
    }

    private static func basic(_ user: String, _ key: String, place: String) -> KaggleCredential {
        KaggleCredential(
            authorization: Secret("Basic " + Base64.text(Array("\(user):\(key)".utf8))), place: place)
    }

    private static func document(_ path: String) -> JSON? {
        contents(path).flatMap { try? JSON.parse($0) }
    }

    private static func contents(_ path: String) -> [UInt8]? {
        try? FileReader.contents(of: Directory.realPath(path), limit: 1 << 16)
    }
}
