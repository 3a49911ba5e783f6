import Caches
import Formats
import Manifests
import Storage

extension TransferFailure {
    /// The finding to report.
    func finding(_ subject: String) -> Diagnostic {
        switch kind {
        case .wrongContent:
            wrong(
                subject, "what the Hub sends as \(file) is not what it lists",
                ["twice the same, and of the right size"])
        case .unstableContent(let range):
            wrong(
                subject, "what the Hub sends as \(file) is not what it lists",
                ["bytes \(range.lowerBound) to \(range.upperBound - 1) came otherwise the second time"])
        case .notAsLocked(let found, let expected):
            Diagnostic(
                code: .downloadDiffers, "\(subject): \(file) is not what the lock pins",
                notes: ["expected sha256 \(expected)  (from the lock)", "found    sha256 \(found)"],
                fix: "look at what happened to the repository; knapsack lock --update takes what is there now"
            )
        case .changed(let how):
            wrong(subject, "\(file) is not what the Hub lists: \(how)", [])
        case .network(let reason):
            Diagnostic(
                code: .hubUnreachable, "\(subject): \(file): \(reason)", fix: TransferFailure.again,
                verdict: .undecided)
        case .other(let reason):
            Diagnostic(code: .failed, "\(subject): \(file): \(reason)", verdict: .undecided)
        }
    }

    private func wrong(_ subject: String, _ message: String, _ notes: [String]) -> Diagnostic {
        Diagnostic(
            code: .downloadWrong, "\(subject): \(message)", notes: notes,
            fix: "nothing of it was kept; run the same command again, from another network if it stays so")
    }

    /// What to do after an error that may pass.
    private static let again = "the same command goes on where this one stopped"

    /// The network did not do it.
    static func unreachable(_ subject: String, _ error: NetworkError, file: String?) -> Diagnostic {
        let fix =
            switch error.kind {
            case .name, .connection: "look at the network, HTTPS_PROXY and HF_ENDPOINT; \(again)"
            case .proxy: "look at HTTPS_PROXY and NO_PROXY"
            case .certificate: "name the file of the authorities that you trust with SSL_CERT_FILE"
            case .dropped, .stalled, .malformed, .cancelled: again
            }
        return Diagnostic(
            code: .hubUnreachable, "\(subject): \(file.map { "\($0): " } ?? "")\(error.description)",
            fix: fix,
            verdict: .undecided)
    }

    /// A file came wrong, and right the second time.
    static func mended(_ subject: String, _ file: String, _ ranges: [Range<Int>]) -> Diagnostic {
        let places = ranges.prefix(5).map { "bytes \($0.lowerBound) to \($0.upperBound - 1)" }
        return Diagnostic(
            code: .downloadMended,
            "\(subject): \(file) had other bytes than the Hub lists, and was loaded a second time",
            notes: places)
    }
}

/// What to say where the disk of the cache is full.
enum SpaceFinding {
    static func finding(_ cache: String, subject: String) -> Diagnostic {
        SpaceNeeded(
            nil, for: subject, at: cache,
            fix:
                "free space there, or name another cache with --hf-cache; the same command goes on where this one stopped"
        ).finding
    }
}
