import Formats
import Storage

/// What `kaggle auth login` left in `~/.kaggle/credentials.json` (kagglesdk 0.1.38, `kaggle_creds.py`): a token that lives
/// for months and is sent to nobody but the account service, and the one that calls are made with, for half a day.
struct KaggleLogin: Sendable {
    /// The file, by its real path.
    let path: String
    /// The token for which Kaggle gives another one.
    let refreshToken: Secret
    /// What calls are made with; `nil` where it has run out, or nearly so.
    let accessToken: Secret?

    /// A longer life of a token than ten years, in seconds, is none that Kaggle means.
    private static let longest = 315_360_000

    /// A token that Kaggle gave.
    struct Renewed: Sendable {
        /// The token.
        let token: Secret
        /// How many seconds it lives.
        let seconds: Int
    }

    /// Writes a new token to the file, as the client does: with the moment at which it runs out, for its owner alone. All
    /// else that is in the file stays. What cannot be written is not: the token serves this run all the same.
    func keep(_ renewed: Renewed, now: Int64 = currentTime()) {
        guard let bytes = try? FileReader.contents(of: path, limit: 1 << 16),
            let text = text(bytes, renewed, now: now)
        else { return }
        try? replace(text)
    }

    /// The file's text with another token; `nil` where it is no longer of this login.
    func text(_ bytes: [UInt8], _ renewed: Renewed, now: Int64) -> [UInt8]? {
        guard let json = try? JSON.parse(bytes),
            json["refresh_token"]?.string?.hasSameBytes(as: refreshToken.reveal()) == true
        else { return nil }
        let seconds = Int64(min(max(renewed.seconds, 0), KaggleLogin.longest))
        let until = KaggleTime.text(nanoseconds: now + seconds * 1_000_000_000)
        let values: [(name: String, text: String)] = [
            ("access_token", JSON.string(renewed.token.reveal()).compactText),
            ("access_token_expiration", JSON.string(until).compactText),
        ]
        var text = bytes
        for value in values where json[value.name] == nil {
            text = JSONEdit.inserting(value.name, value.text, into: text)
        }
        func replacement(_ path: [String], _: JSON) -> String? {
            guard path.count == 1 else { return nil }
            return values.first { $0.name.hasSameBytes(as: path[0]) }?.text
        }
        return try? JSONEdit.replacing(in: text, entering: { _ in false }, with: replacement).bytes
    }

    private func replace(_ text: [UInt8]) throws(FileError) {
        let unfinished = AtomicFile.unfinished(path)
        let file = try FileHandle.updating(unfinished, mode: 0o600)
        // Another run is writing its own token, which is as good.
        guard try file.lockExclusively() else { return }
        try file.resize(0)
        try file.write(text.span, at: 0)
        try file.synchronizeContent()
        try AtomicFile.rename(unfinished, to: path)
    }
}
