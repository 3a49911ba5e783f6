import ArgumentParser
import Formats
import Manifests
import Transfer

/// How a registry is asked.
struct RegistryOptions: ParsableArguments {
    /// Whether it speaks HTTP without TLS.
    @Flag(
        help:
            "The registry speaks HTTP without TLS; no credentials are sent to it then. One of this machine is asked which it speaks."
    )
    var plainHttp = false

    /// Asks a registry for a repository, as whoever the credentials are of.
    ///
    /// - Parameters:
    ///   - writes: whether something will be pushed.
    ///   - others: repositories of the same registry whose contents may be used.
    /// - Throws: where the credentials' file cannot mean anything, and where nobody answers on this machine.
    func client(
        _ reference: RegistryReference, _ requester: Requester, writes: Bool, others: [String] = [],
        _ session: Session
    ) throws -> RegistryClient {
        try RegistryOptions.client(
            reference, requester, plainHTTP: plainHttp, writes: writes, others: others,
            environment: session.context.environment)
    }

    /// The same for those who ask several registries.
    static func client(
        _ reference: RegistryReference, _ requester: Requester, plainHTTP: Bool, writes: Bool = false,
        others: [String] = [], environment: [String: String]
    ) throws -> RegistryClient {
        do {
            let credentials = try RegistryCredentials.find(
                reference, environment: environment)
            let isPlain = try plainHTTP || RegistryClient.isPlain(reference, requester)
            return try RegistryClient(
                reference, credentials: credentials, isPlain: isPlain, writes: writes, others: others,
                requester)
        } catch let unusable as RegistryCredentials.Unusable {
            throw Diagnostics(
                Diagnostic(
                    code: .fetchTokenWrong, unusable.reason, fix: "run docker login again, or mend the file",
                    verdict: .undecided))
        }
    }

    /// What a name of an artifact is.
    /// - Throws: a usage error that states how one is written.
    static func reference(_ text: String) throws(ValidationError) -> RegistryReference {
        guard let reference = RegistryReference(text) else {
            throw ValidationError(
                "an artifact is named as oci://HOST/REPOSITORY:TAG or oci://HOST/REPOSITORY@sha256:DIGEST, in small letters, and not \(quoted(text))"
            )
        }
        return reference
    }
}
