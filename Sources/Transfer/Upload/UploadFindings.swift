import Caches
import Formats
import Manifests
import Storage

/// What to say of what went wrong with an upload to Kaggle.
struct UploadFindings {
    private let client: KaggleClient
    private let handle: KaggleHandle

    /// Takes who was asked, and for what.
    init(_ client: KaggleClient, _ handle: KaggleHandle) {
        self.client = client
        self.handle = handle
    }

    private var page: String { client.endpoint.page(handle) }
    private var name: String { handle.text }

    /// The most characters of a server's words that are shown.
    private static let wordLimit = 300

    /// The findings for an error.
    func finding(_ error: any Error) -> [Diagnostic] {
        switch error {
        case let problems as Diagnostics: problems.all
        case let refusal as KaggleRefusal: [refused(refusal)]
        case let taken as KaggleTitleTaken:
            [
                Diagnostic(
                    code: .uploadRefused,
                    "the title \(quoted(taken.title)) is that of \(taken.by), and Kaggle takes it once",
                    fix: "change title in [bundle], then lock and pack again")
            ]
        case is KaggleVersionFailed:
            [
                Diagnostic(
                    code: .uploadFailed,
                    "Kaggle could not make a version of \(name) from what was sent: its status is FAILED",
                    fix: "look at \(page); the same command sends again what an earlier one had sent")
            ]
        case let incomplete as KaggleVersionIncomplete:
            [
                Diagnostic(
                    code: .uploadIncomplete,
                    "version \(incomplete.version) of \(name) lacks \(Counted.text(incomplete.missing.count, "file"))",
                    notes: Array(incomplete.missing.prefix(5)) + (incomplete.missing.count > 5 ? ["…"] : []),
                    fix: "look at \(page), and do not use that version")
            ]
        case let unfinished as KaggleVersionUnfinished:
            [
                Diagnostic(
                    code: .uploadUnfinished,
                    unfinished.isSeen
                        ? "Kaggle has not finished the version of \(name)"
                        : "Kaggle took \(name) and does not show it",
                    notes: unfinished.isSeen ? [] : ["it does so where the account's quota is used up"],
                    fix: "look at \(page); the same command looks again, and sends nothing twice",
                    verdict: .undecided)
            ]
        default: [UploadFindings.common(error, "Kaggle", "KAGGLE_API_ENVIRONMENT")]
        }
    }

    /// What is the same whatever the service.
    static func common(_ error: any Error, _ service: String, _ variable: String) -> Diagnostic {
        switch error {
        case is UploadIsRunning:
            Diagnostic(
                code: .uploadRunning, "another knapsack upload is sending to the same place",
                fix: "wait for it",
                verdict: .undecided)
        case let changed as OutgoingChanged:
            Diagnostic(
                code: .contentChanged,
                "\(changed.path) does not have the content that the lock states: nothing is made of it",
                notes: ["expected sha256 \(changed.expected)"]
                    + (changed.found.map { ["found    sha256 \($0)"] } ?? ["its size is another one"])
                    + (changed.place.map { ["at \($0)"] } ?? []),
                fix: "run knapsack verify, and pack again")
        case ReadFailure.changed(let path):
            Diagnostic(
                code: .contentChanged, "\(path) changed while it was read",
                fix: "upload again when nothing writes to it", verdict: .undecided)
        case let network as NetworkError:
            Diagnostic(
                code: .fetchUnreachable, network.description, fix: advice(network, variable),
                verdict: .undecided)
        case let file as FileError:
            Diagnostic(code: .unreadable, "\(file)", fix: file.remedy(), verdict: .undecided)
        default: Diagnostic(code: .failed, "\(service): \(error)", verdict: .undecided)
        }
    }

    private static func advice(_ error: NetworkError, _ variable: String) -> String {
        switch error.kind {
        case .name, .connection: "look at the network, HTTPS_PROXY and \(variable); \(FetchFindings.again)"
        case .proxy: "look at HTTPS_PROXY and NO_PROXY"
        case .certificate: "name the file of the authorities that you trust with SSL_CERT_FILE"
        case .limited, .dropped, .stalled, .malformed, .cancelled: FetchFindings.again
        }
    }

    private func refused(_ refusal: KaggleRefusal) -> Diagnostic {
        let endpoint = client.endpoint
        let login = client.credentials?.remedy(endpoint) ?? KaggleCredentials.remedy(endpoint)
        let sent = client.credentials?.place ?? "the request"
        let notes = UploadFindings.said("Kaggle", refusal.words)
        return switch refusal.kind {
        case .credentialsNeeded:
            Diagnostic(
                code: .fetchTokenNeeded,
                "Kaggle takes uploads from users that it knows, and there are no credentials",
                notes: notes, fix: login, verdict: .undecided)
        case .credentialsWrong:
            Diagnostic(
                code: .fetchTokenWrong, "Kaggle does not know the credentials in \(sent)", notes: notes,
                fix: login,
                verdict: .undecided)
        case .forbidden, .consentNeeded:
            Diagnostic(
                code: .uploadRefused, "the user of the credentials in \(sent) may not upload to \(name)",
                notes: notes,
                fix:
                    "set owner in [bundle] to the user's own name, or have the owner make the user a collaborator"
            )
        case .notFound, .versionNotFound, .fileNotFound, .status:
            Diagnostic(
                code: .uploadRefused, "Kaggle does not take the upload to \(name)", notes: notes,
                fix: "look at \(page); what was sent is kept for the next run")
        }
    }

    /// A server's words, as a note: in one line, and not too long.
    static func said(_ who: String, _ words: String) -> [String] {
        let line = words.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        let text = String(line.prefix(wordLimit))
        return text.isEmpty ? [] : ["\(who) said: \(text)"]
    }
}
