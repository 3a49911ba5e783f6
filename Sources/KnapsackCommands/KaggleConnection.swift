import Formats
import Manifests
import Transfer

/// How Kaggle is asked, by the variables and files that its clients read.
enum KaggleConnection {
    /// Puts a client together; nothing is asked yet.
    /// - Parameter isKnown: whether the user's credentials are used.
    /// - Throws: where a variable or a file of credentials cannot mean anything.
    static func client(_ requester: Requester, _ session: Session, isKnown: Bool = true) throws
        -> KaggleClient
    {
        let environment = session.context.environment
        guard let endpoint = KaggleEndpoint(environment: environment) else {
            let allowed = KaggleEndpoint.environments.joined(separator: ", ")
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "KAGGLE_API_ENVIRONMENT names nothing that can be asked",
                    notes: ["allowed: \(allowed)"], fix: "unset it", verdict: .undecided))
        }
        return KaggleClient(
            endpoint: endpoint, credentials: isKnown ? try credentials(environment) : nil, requester)
    }

    private static func credentials(_ environment: [String: String]) throws -> KaggleCredentials? {
        do throws(KaggleCredentials.Unusable) {
            return try KaggleCredentials.find(environment: environment)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .fetchTokenWrong, error.reason,
                    fix: "mend it, or set KAGGLE_API_TOKEN", verdict: .undecided))
        }
    }
}
