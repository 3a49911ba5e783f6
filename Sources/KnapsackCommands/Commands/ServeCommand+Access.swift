import ArgumentParser
import Formats
import Manifests
import Service
import Storage

extension ServeCommand {
    /// Who the server is in TLS; a certificate that cannot be used is a finding.
    func identity() throws(Diagnostics) -> TLSIdentity? {
        do throws(TLSIdentity.Unusable) {
            return try certificate.identity()
        } catch {
            throw Diagnostics(
                Diagnostic(code: .unreadable, "\(error)", fix: error.remedy, verdict: .undecided))
        }
    }

    /// Reads the certificate again; one that cannot be used leaves the server with the earlier one.
    func reread(_ server: HTTPServer, _ session: Session) {
        do throws(TLSIdentity.Unusable) {
            guard let identity = try certificate.identity() else { return }
            server.become(identity)
            session.say("the certificate was read again")
        } catch {
            session.report([
                Diagnostic(
                    .warning, code: .unreadable,
                    "the certificate stays the one that was read before: \(error)",
                    fix: error.remedy)
            ])
        }
    }

    /// The tokens that count; `nil` where everybody is let in.
    func tokens(_ session: Session) throws -> [AccessToken]? {
        if HostRule.isLoopback(host), tokenFile.tokenFile == nil { return nil }
        let tokens = try tokenFile.read(session.context)
        guard !tokens.isEmpty else {
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "\(host) can be reached from other machines, and there are no tokens",
                    notes: ["on 127.0.0.1, the default, none is needed"],
                    fix: "make one: knapsack token add NAME --read", verdict: .undecided))
        }
        return tokens
    }
}
