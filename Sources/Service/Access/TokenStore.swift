import Formats
import Storage
import Synchronization

/// The tokens that a server knows, as the file of tokens has them at the moment: one that is added or removed counts from the
/// next request on.
package final class TokenStore: Sendable {
    private let path: String
    private let report: @Sendable (String) -> Void
    private let state: Mutex<State>

    private struct State {
        var status: FileStatus?
        var tokens: [AccessToken]
    }

    /// Watches a file.
    /// - Parameters:
    ///   - tokens: what it had when it was read for the first time.
    ///   - report: is told what is wrong with the file, as a clause after its name, each time that it changes to something that
    ///     cannot be used. No token counts then: somebody may just have taken one back.
    package init(_ path: String, _ tokens: [AccessToken], report: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.report = report
        state = Mutex(State(status: nil, tokens: tokens))
    }

    /// The tokens that count now.
    func current() -> [AccessToken] {
        let time = currentTime() / 1_000_000_000
        return reread().filter { $0.counts(at: time) }
    }

    /// Whose a token is; `nil` for one that nobody has.
    static func holder(of token: String?, among tokens: [AccessToken]) -> AccessToken? {
        guard let digest = token.flatMap(AccessToken.digest(of:)) else { return nil }
        var found: AccessToken?
        for token in tokens where token.isKnown(by: digest) { found = token }
        return found
    }

    private func reread() -> [AccessToken] {
        state.withLock { state in
            let status = TokenStore.status(of: path)
            guard status == nil || status != state.status else { return state.tokens }
            let isFirst = state.status == nil
            do throws(TokenFile.Unusable) {
                let tokens = try TokenFile.read(path)
                state.tokens = tokens
            } catch {
                if !(state.tokens.isEmpty && isFirst) { report(error.reason) }
                state.tokens = []
            }
            state.status = status
            return state.tokens
        }
    }

    /// The status of the file that a name leads to; `nil` where there is none.
    private static func status(of path: String) -> FileStatus? {
        guard let own = try? FileStatus.existing(path) else { return nil }
        return own.kind == .link ? try? FileHandle.streaming(path).status() : own
    }
}
