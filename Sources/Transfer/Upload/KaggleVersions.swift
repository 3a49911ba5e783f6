import Caches
import Formats
import Manifests
import Storage

/// What Kaggle has of one data set or variation, and how far it is with what comes next.
struct KaggleVersions: Sendable {
    private let client: KaggleClient
    private let handle: KaggleHandle

    /// For how long a version is waited for, in seconds.
    private static let patience = 6 * 3600.0
    /// For how long Kaggle may not show at all what it has taken, in seconds: it does so where the quota is used up, too.
    private static let patienceUnseen = 900.0
    /// The longest pause between two questions, in seconds.
    private static let longestPause = 10.0

    /// Asks nothing yet.
    init(_ client: KaggleClient, _ handle: KaggleHandle) {
        self.client = client
        self.handle = handle
    }

    /// The version that is current; `nil` if there is nothing.
    func current() throws -> Int? {
        do {
            return try client.versioned(handle).version
        } catch let refusal as KaggleRefusal where refusal.kind == .notFound || refusal.kind == .forbidden {
            // Kaggle forbids to look at what there is not.
            return nil
        } catch let error as NetworkError where error.kind == .malformed && !error.isPassing {
            // It is there, and has no version yet.
            return 0
        }
    }

    /// Refuses a title that another data set of the user has: Kaggle does so after the upload. Where it does not tell,
    /// nothing is refused.
    func requireFree(title: String) throws {
        guard handle.kind == .dataset,
            let json = try? client.answer(.ownDatasets(title), of: .dataset)
        else { return }
        let wanted = title.lowercased()
        for other in json["datasets"]?.array ?? [] {
            guard let title = other["title"]?.string, title.lowercased().hasSameBytes(as: wanted),
                let ref = other["ref"]?.string, !ref.hasSameBytes(as: handle.text)
            else { continue }
            throw KaggleTitleTaken(title: title, by: ref)
        }
    }

    /// Whether Kaggle has, or is making, a version behind one.
    func isComing(after: Int?) throws -> Bool {
        for attempt in 1...4 {
            if let now = try current(), now > (after ?? 0) { return true }
            if handle.kind == .dataset, let state = try status(), state != .ready { return state == .working }
            // What was just made is not shown at once.
            guard attempt < 4, after == nil || handle.kind == .model else { return false }
            try pause(attempt)
        }
        return false
    }

    private enum Status { case working, ready, failed }

    /// How far Kaggle is with the newest version of a data set; `nil` where it does not tell.
    private func status() throws -> Status? {
        do {
            let json = try client.answer(.datasetStatus(handle), of: .dataset)
            // The first of the values is left out (kagglesdk 0.1.38, `DatabundleVersionStatus`).
            let text = (json["status"]?.string ?? "NOT_YET_PERSISTED").uppercased()
            if text.hasSameBytes(as: "READY") { return .ready }
            return text.hasSameBytes(as: "FAILED") || text.hasSameBytes(as: "DELETED") ? .failed : .working
        } catch let refusal as KaggleRefusal where refusal.kind == .notFound || refusal.kind == .forbidden {
            return nil
        }
    }

    /// Waits for the version behind one, and looks whether it has all files.
    /// - Returns: its number.
    func wait(after: Int?, _ files: [OutgoingFile]) throws -> Int {
        let start = steadyTime()
        var attempt = 0
        var isSeen = false
        while true {
            let state: Status? = try handle.kind == .dataset ? status() : .ready
            if state == .failed { throw KaggleVersionFailed() }
            let now = try current()
            isSeen = isSeen || now != nil
            if state == .ready, let now, now > (after ?? 0) {
                let missing = try missing(files, version: now)
                // The list may be later than the number.
                if missing.isEmpty { return now }
                if attempt > 8 { throw KaggleVersionIncomplete(version: now, missing: missing) }
            }
            let seconds = Double(steadyTime() - start) / 1e9
            guard seconds < (isSeen ? KaggleVersions.patience : KaggleVersions.patienceUnseen) else {
                throw KaggleVersionUnfinished(isSeen: isSeen)
            }
            attempt += 1
            try pause(attempt)
        }
    }

    private func pause(_ attempt: Int) throws(NetworkError) {
        let patience = client.requester.patience
        let seconds = min(patience.policy.pause(after: attempt, chance: 1), KaggleVersions.longestPause)
        try RequestGate.sleep(seconds: seconds, patience.cancellation)
    }

    private func missing(_ files: [OutgoingFile], version: Int) throws -> [String] {
        guard let listed = try client.files(handle.with(version: version)) else { return [] }
        let names = Set(exactly: listed.map(\.name))
        return files.map(\.path.text).filter { !names.contains($0) }
    }
}

/// The title is that of another data set.
struct KaggleTitleTaken: Error {
    /// The title as Kaggle has it.
    let title: String
    /// "owner/name" of the other one.
    let by: String
}

/// Kaggle could not make a version of what it took.
struct KaggleVersionFailed: Error {}

/// A version lacks files.
struct KaggleVersionIncomplete: Error {
    /// Its number.
    let version: Int
    /// The paths that it lacks.
    let missing: [String]
}

/// Kaggle has not made a version in a time that is long enough for all.
struct KaggleVersionUnfinished: Error {
    /// Whether it shows the data set or the variation at all.
    let isSeen: Bool
}
