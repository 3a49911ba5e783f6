import Caches
import Formats
import Storage

/// Who asks Kaggle, as far as it was found where Kaggle's clients look (kagglehub 1.0.3, `config.py`; kagglesdk 0.1.38,
/// `kaggle_env.py` and `kaggle_creds.py`; kaggle 2.2.5).
package struct KaggleCredentials: Sendable {
    /// What there is.
    enum Content: Sendable {
        /// What is sent as `Authorization`.
        case authorization(Secret)
        /// What `kaggle auth login` left, with which Kaggle gives a token that is sent.
        case login(KaggleLogin)
    }

    /// What is sent, or leads to it.
    let content: Content
    /// Where they are from, in words: "KAGGLE_API_TOKEN", or the path of a file.
    package let place: String

    /// Why credentials that are there cannot be used.
    package struct Unusable: Error, Equatable, Sendable {
        /// A sentence, without the credentials.
        package let reason: String
    }

    private init(_ content: Content, _ place: String) {
        self.content = content
        self.place = place
    }

    /// Finds the first of: in a notebook of Kaggle the file that `KAGGLE_API_V1_TOKEN` names; `KAGGLE_API_TOKEN`, a token
    /// or a file that has one; `~/.kaggle/access_token` and `access_token.txt`; `KAGGLE_USERNAME` with `KAGGLE_KEY`;
    /// `kaggle.json`; `~/.kaggle/credentials.json`.
    /// - Returns: `nil` if there is none, which much that is public does not need.
    package static func find(environment: [String: String]) throws(Unusable) -> KaggleCredentials? {
        if let found = try token(environment) { return found }
        if let user = environment["KAGGLE_USERNAME"], let key = environment["KAGGLE_KEY"], !user.isEmpty,
            !key.isEmpty
        {
            return try basic(user, key, "KAGGLE_USERNAME and KAGGLE_KEY")
        }
        for path in KagglehubCache.keyPaths(environment: environment) {
            if let found = try keyFile(path) { return found }
        }
        return try login(KagglehubCache.tokenPath("credentials.json", environment: environment))
    }

    private static func token(_ environment: [String: String]) throws(Unusable) -> KaggleCredentials? {
        if environment["KAGGLE_KERNEL_RUN_TYPE"] != nil, environment["KAGGLE_DATA_PROXY_URL"] != nil,
            let path = environment["KAGGLE_API_V1_TOKEN"], !path.isEmpty, let text = try text(path)
        {
            return try bearer(text, "KAGGLE_API_V1_TOKEN")
        }
        if let value = environment["KAGGLE_API_TOKEN"], !value.isEmpty {
            if let text = try text(value) { return try bearer(text, "KAGGLE_API_TOKEN") }
            // A file that has nothing in it is not the token.
            if !exists(value) { return try bearer(value, "KAGGLE_API_TOKEN") }
            return nil
        }
        for name in ["access_token", "access_token.txt"] {
            let path = KagglehubCache.tokenPath(name, environment: environment)
            if let text = try text(path) { return try bearer(text, path) }
        }
        return nil
    }

    /// `{"username": …, "key": …}`
    private static func keyFile(_ path: String) throws(Unusable) -> KaggleCredentials? {
        guard let bytes = try bytes(path) else { return nil }
        guard let json = try? JSON.parse(bytes) else {
            throw Unusable(reason: "\(path) is no JSON")
        }
        guard let user = json["username"]?.string, let key = json["key"]?.string, !user.isEmpty, !key.isEmpty
        else { throw Unusable(reason: "\(path) has no \"username\" with a \"key\"") }
        return try basic(user, key, path)
    }

    /// What `kaggle auth login` writes. A token that has run out, or nearly so, is not taken.
    private static func login(_ path: String) throws(Unusable) -> KaggleCredentials? {
        guard let bytes = try bytes(path), let json = try? JSON.parse(bytes),
            let refresh = json["refresh_token"]?.string, !refresh.isEmpty
        else { return nil }
        let until = json["access_token_expiration"]?.string.flatMap(KaggleTime.seconds) ?? 0
        var known: String?
        if let token = json["access_token"]?.string, !token.isEmpty,
            until > currentTime() / 1_000_000_000 + 60
        {
            known = token
        }
        guard isPlain(refresh), known.map(isPlain) ?? true else { throw unusual(path) }
        let login = KaggleLogin(
            path: (try? Directory.realPath(path)) ?? path, refreshToken: Secret(refresh),
            accessToken: known.map { Secret($0) })
        return KaggleCredentials(.login(login), path)
    }

    /// How a person gets others in their place, where Kaggle does not know them.
    func remedy(_ endpoint: KaggleEndpoint) -> String {
        if case .login = content { return "run kaggle auth login" }
        return KaggleCredentials.remedy(endpoint)
    }

    /// How a person who has none gets credentials.
    static func remedy(_ endpoint: KaggleEndpoint) -> String {
        "make a token at \(endpoint.settings), and set KAGGLE_API_TOKEN or write it to ~/.kaggle/access_token"
    }

    private static func bearer(_ text: String, _ place: String) throws(Unusable) -> KaggleCredentials {
        guard isPlain(text) else { throw unusual(place) }
        return KaggleCredentials(.authorization(Secret("Bearer " + text)), place)
    }

    private static func basic(_ user: String, _ key: String, _ place: String) throws(Unusable)
        -> KaggleCredentials
    {
        KaggleCredentials(
            .authorization(Secret("Basic " + Base64.text(Array("\(user):\(key)".utf8)))), place)
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func unusual(_ place: String) -> Unusable {
        Unusable(reason: "the token in \(place) has a character that no token has")
    }

    /// The text of a file without the blanks around it; `nil` where there is no file, or nothing in it.
    private static func text(_ path: String) throws(Unusable) -> String? {
        guard var bytes = try bytes(path)?[...] else { return nil }
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static func bytes(_ path: String) throws(Unusable) -> [UInt8]? {
        // A token is no path: nothing of it may be in an error.
        guard exists(path) else { return nil }
        do throws(FileError) {
            return try FileReader.contents(of: Directory.realPath(path), limit: 1 << 16)
        } catch {
            if error.isMissing { return nil }
            throw Unusable(reason: "the file of the credentials for Kaggle cannot be read: \(error)")
        }
    }

    private static func exists(_ path: String) -> Bool {
        !path.utf8.contains(0) && ((try? FileStatus.existing(path)) ?? nil) != nil
    }
}
