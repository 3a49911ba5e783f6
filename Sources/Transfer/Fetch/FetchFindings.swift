import Caches
import Formats
import Manifests
import Storage

/// What to say of what went wrong, whatever the service.
enum FetchFindings {
    /// What to do after an error that may pass.
    static let again = "the same command goes on where this one stopped"

    /// The finding for an error.
    /// - Parameter file: the file that was being loaded; `nil` where the source was asked about.
    static func finding(
        _ error: any Error, _ wish: FetchWish, _ service: any FetchService, file: String?
    ) -> Diagnostic {
        let place = "\(wish.subject): " + (file.map { "\($0): " } ?? "")
        switch error {
        case let refusal as any ServiceRefusal: return service.finding(refusal, wish, file: file)
        case let failure as TransferFailure: return finding(failure, wish.subject, service)
        case let network as NetworkError:
            return Diagnostic(
                code: .fetchUnreachable, place + network.description, fix: advice(network, service),
                verdict: .undecided)
        case let problems as Diagnostics where problems.all.count == 1: return problems.all[0]
        case let problem as FileError where problem.isFullDisk:
            return SpaceNeeded.used(by: wish.subject, at: problem.path)
        case let refused as KaggleArchive.Refused:
            return unusable(place + "what \(service.name) sends \(refused.reason)")
        case let archive as ArchiveError:
            if archive.isFullDisk { return SpaceNeeded.used(by: wish.subject, at: archive.archive) }
            let entry = archive.entry.map { "\(quoted($0)) " } ?? ""
            return unusable(place + "what \(service.name) sends is not unpacked: \(entry)\(archive.reason)")
        default: return Diagnostic(code: .failed, place + "\(error)", verdict: .undecided)
        }
    }

    private static func unusable(_ message: String) -> Diagnostic {
        Diagnostic(code: .fetchFileRefused, message, fix: "tell the author", verdict: .undecided)
    }

    private static func advice(_ error: NetworkError, _ service: any FetchService) -> String {
        switch error.kind {
        case .name, .connection: "look at the network, HTTPS_PROXY and \(service.addressVariable); \(again)"
        case .proxy: "look at HTTPS_PROXY and NO_PROXY"
        case .certificate: "name the file of the authorities that you trust with SSL_CERT_FILE"
        case .limited: "\(again); with a token the limits are higher"
        case .malformed where !error.isPassing:
            "look at \(service.addressVariable); if it is right, tell whoever runs the service"
        case .dropped, .stalled, .malformed, .cancelled: again
        }
    }

    private static func finding(
        _ failure: TransferFailure, _ subject: String, _ service: any FetchService
    ) -> Diagnostic {
        func wrong(_ message: String, _ notes: [String]) -> Diagnostic {
            Diagnostic(
                code: .downloadWrong, "\(subject): \(message)", notes: notes,
                fix: "nothing of it was kept; run the same command again, from another network if it stays so"
            )
        }
        let file = failure.file
        switch failure.kind {
        case .wrongContent:
            return wrong(
                "what \(service.name) sends as \(file) is not what it lists",
                ["twice the same, and of the right size"])
        case .unstableContent(let range):
            return wrong(
                "what \(service.name) sends as \(file) is not what it lists",
                ["bytes \(range.lowerBound) to \(range.upperBound - 1) came otherwise the second time"])
        case .changed(let how): return wrong("\(file) is not what \(service.name) lists: \(how)", [])
        case .notAsLocked(let found, let expected):
            return Diagnostic(
                code: .downloadDiffers, "\(subject): \(file) is not what the lock pins",
                notes: ["expected sha256 \(expected)  (from the lock)", "found    sha256 \(found)"],
                fix:
                    "look at what happened to the source; knapsack lock {manifest} --update \(subject) takes what is there now"
            )
        }
    }

    /// A file came wrong, and right the second time.
    static func mended(_ subject: String, _ file: String, _ ranges: [Range<Int>]) -> Diagnostic {
        let places = ranges.prefix(5).map { "bytes \($0.lowerBound) to \($0.upperBound - 1)" }
        return Diagnostic(
            code: .downloadMended,
            "\(subject): \(file) came with wrong bytes, and was loaded a second time",
            notes: places)
    }
}

extension SpaceNeeded {
    /// The disk is full on which a cache is.
    fileprivate static func used(by subject: String, at path: String) -> Diagnostic {
        SpaceNeeded(
            nil, for: subject, at: Path.parent(path),
            fix:
                "free space there, or name another cache with --hf-cache or --kagglehub-cache; the same command goes on where this one stopped"
        ).finding
    }
}
