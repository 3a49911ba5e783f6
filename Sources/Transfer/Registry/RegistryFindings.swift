import Caches
import Formats
import Manifests
import Storage

/// What to say of what went wrong with a registry.
struct RegistryFindings {
    private let client: RegistryClient

    /// Takes who was asked.
    init(_ client: RegistryClient) { self.client = client }

    /// The finding for an error.
    /// - Parameter writes: whether something was to be pushed.
    func finding(_ error: any Error, writes: Bool) -> Diagnostic {
        let name = client.reference.description
        switch error {
        case let problems as Diagnostics where problems.all.count == 1: return problems.all[0]
        case let refusal as RegistryRefusal: return refused(refusal, writes: writes)
        case let withheld as RegistryRefusal.Withheld:
            return Diagnostic(
                .error, code: .fetchTokenWithheld,
                "the credentials in \(place) are not sent to \(withheld.origin), because others could read them on the way",
                fix: "use the registry over TLS, without --plain-http", verdict: .undecided)
        case let refused as RegistryArtifact.Refused:
            return Diagnostic(
                code: .fetchFileRefused, "\(name) \(refused.reason)", fix: "look at what was pushed there",
                verdict: .undecided)
        case let differs as RegistryDigestDiffers:
            return Diagnostic(
                code: .uploadRefused, "what would be pushed is not what \(name) names",
                notes: ["found    sha256:\(differs.found.hex)"], fix: "push without the digest in the name")
        case is PullIsRunning:
            return Diagnostic(
                code: .unpackRunning, "another knapsack pull is writing the same directory",
                fix: "wait for it, or name another one", verdict: .undecided)
        case let failure as TransferFailure:
            return Diagnostic(
                code: .downloadWrong, "\(name): \(failure.file) is not what its digest states",
                fix: "nothing of it was kept; run the same command again, or push it again")
        case let file as FileError where file.isFullDisk:
            return SpaceNeeded(nil, for: name, at: Path.parent(file.path), fix: FetchFindings.again).finding
        default: return UploadFindings.common(error, "the registry", "the name of the registry")
        }
    }

    private var place: String { client.credentials?.place ?? "the request" }

    private func refused(_ refusal: RegistryRefusal, writes: Bool) -> Diagnostic {
        let host = client.reference.authority
        let name = client.reference.description
        let notes = UploadFindings.said(host, refusal.words)
        let login = "docker login \(ShellWord.quoted(host)), or name the file with REGISTRY_AUTH_FILE"
        switch refusal.status {
        case 401:
            return Diagnostic(
                code: refusal.isKnown ? .fetchTokenWrong : .fetchTokenNeeded,
                refusal.isKnown
                    ? "\(host) does not know the credentials in \(place)"
                    : "\(host) wants to know who asks for \(client.reference.repository), and there are no credentials",
                notes: notes, fix: login, verdict: .undecided)
        case 403:
            return Diagnostic(
                code: writes ? .uploadRefused : .fetchGated,
                "the user of the credentials in \(place) may not \(writes ? "push to" : "pull") \(client.reference.repository)",
                notes: notes, fix: login, verdict: .undecided)
        case 404:
            return Diagnostic(
                code: .fetchNotFound, "there is no \(name)", notes: notes,
                fix: "look at the name, the tag and the digest", verdict: .undecided)
        default:
            return Diagnostic(
                code: writes ? .uploadRefused : .fetchNotFound,
                "\(host) answered with status \(refusal.status)\(refusal.code.isEmpty ? "" : ", \(refusal.code)")",
                notes: notes, fix: "look at what the registry allows", verdict: .undecided)
        }
    }
}
