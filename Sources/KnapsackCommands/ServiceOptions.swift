import ArgumentParser
import Formats
import Manifests
import Service
import Storage

/// The file that keeps the digests of tokens, for `serve` and `token`.
struct TokenFileOptions: ParsableArguments {
    /// Its path; `nil` takes the usual one.
    @Option(
        help: ArgumentHelp(
            "The file of tokens, instead of ~/.config/knapsack/tokens.json.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var tokenFile: String?

    /// The path of the file: the one that is named, else `knapsack/tokens.json` in the user's directory of settings.
    func path(_ context: CommandContext) throws -> String {
        if let tokenFile { return tokenFile }
        if let base = context.environment["XDG_CONFIG_HOME"], base.hasUTF8Prefix("/") {
            return Path.join(base, "knapsack/tokens.json")
        }
        guard let home = context.environment["HOME"], !home.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .noHome, "there is no place for the file of tokens",
                    fix: "name it with --token-file",
                    verdict: .undecided))
        }
        return Path.join(home, ".config/knapsack/tokens.json")
    }

    /// The tokens in the file; none where there is no file.
    func read(_ context: CommandContext) throws -> [AccessToken] {
        let path = try path(context)
        do throws(TokenFile.Unusable) {
            return try TokenFile.read(path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable, "\(path) \(error.reason)", fix: "remove it, and make the tokens again",
                    verdict: .undecided))
        }
    }
}

/// The certificate of a server.
struct CertificateOptions: ParsableArguments {
    /// The certificate and its chain.
    @Option(
        help: ArgumentHelp(
            "Speak TLS, with this certificate and its chain in PEM. SIGHUP has it read again.",
            valueName: "file"),
        completion: .file(extensions: ["pem", "crt"]))
    var tlsCert: String?

    /// Its key.
    @Option(
        help: ArgumentHelp(
            "The certificate's key in PEM, without a pass phrase, which others may not read.",
            valueName: "file"),
        completion: .file(extensions: ["pem", "key"]))
    var tlsKey: String?

    /// Refuses one without the other; exit code 2.
    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key belong together")
        }
    }

    /// Reads both; `nil` where none are named.
    func identity() throws(TLSIdentity.Unusable) -> TLSIdentity? {
        guard let tlsCert, let tlsKey else { return nil }
        return try TLSIdentity(certificate: tlsCert, key: tlsKey)
    }
}

extension AccessToken.Scope {
    /// What it allows, in words.
    var words: String {
        switch self {
        case .read: "may look and download"
        case .write: "may upload, too"
        case .admin: "may do all"
        }
    }
}
