import Formats
package import Manifests
import Storage

/// Sends a bundle to a repository on the Hub, in one commit.
package struct HubUpload: Sendable {
    /// What became of it.
    package struct Outcome: Sendable {
        /// The page for people: of the repository, or of the pull request.
        package let page: String
        /// The commit, if one was made.
        package let commit: String?
        /// The bytes that were sent in this run.
        package let sent: Int
        /// Whether the repository has the same content already.
        package let isUnchanged: Bool
    }

    private let client: HubClient
    private let repository: HubRepository
    private let files: [OutgoingFile]
    private let settings: UploadSettings
    private let calls: HubCalls

    /// The most bytes of a file that is in git itself.
    private static let regularLimit = 1 << 26

    /// Sends nothing yet.
    package init(
        _ client: HubClient, _ repository: HubRepository, files: [OutgoingFile], _ settings: UploadSettings
    ) {
        self.client = client
        self.repository = repository
        self.files = files.sorted { $0.path < $1.path }
        self.settings = settings
        calls = HubCalls(client, repository)
    }

    /// Sends what the repository has not got, and commits all; files of an earlier bundle that this one has not are
    /// deleted, and no others.
    ///
    /// - Parameters:
    ///   - branch: the branch that the commit is on, or that the pull request is for.
    ///   - isPrivate: whether a repository that is made newly is for few.
    /// - Throws: ``Diagnostics`` for everything that can be told in a sentence of its own.
    package func run(branch: String, isPrivate: Bool, asPullRequest: Bool) async throws -> Outcome {
        do {
            return try await upload(branch, isPrivate, asPullRequest)
        } catch {
            throw Diagnostics([finding(error)])
        }
    }

    /// What names the place in the journal.
    private var place: String {
        "\(client.endpoint.address.origin) \(repository.kind.rawValue) \(repository.id)"
    }

    private func upload(_ branch: String, _ isPrivate: Bool, _ asPullRequest: Bool) async throws -> Outcome {
        guard client.token != nil else { throw HubUploadRefusal(status: 401, words: "") }
        let here = self
        let (parent, change) = try await UploadThreads.one {
            let parent = try here.head(branch, isPrivate: isPrivate)
            return (parent, try here.change(parent, branch, asPullRequest))
        }
        guard !change.isEmpty else {
            return Outcome(page: client.endpoint.page(repository), commit: nil, sent: 0, isUnchanged: true)
        }
        guard let journal = try UploadJournal.open(settings.directory, place: place) else {
            throw UploadIsRunning()
        }
        let sent = try await send(change.objects, branch, journal)
        let answer = try await UploadThreads.one {
            try here.commit(change, parent, branch, asPullRequest: asPullRequest)
        }
        let request = asPullRequest ? answer["pullRequestUrl"]?.string : nil
        return Outcome(
            page: request ?? client.endpoint.page(repository), commit: answer["commitOid"]?.string,
            sent: sent,
            isUnchanged: false)
    }

    // MARK: Before

    /// The commit that a branch is, after making the repository and the branch if they are not there.
    private func head(_ branch: String, isPrivate: Bool) throws -> String {
        do {
            return try client.commit(repository, revision: branch)
        } catch let refusal as HubRefusal {
            switch refusal.kind {
            case .repositoryNotFound:
                try calls.create(isPrivate: isPrivate)
                if !branch.hasSameBytes(as: "main") { try calls.create(branch: branch) }
            case .revisionNotFound: try calls.create(branch: branch)
            default: throw refusal
            }
            return try client.commit(repository, revision: branch)
        }
    }

    /// What a commit consists of.
    private struct Change: Sendable {
        /// The files that are in git itself.
        var regular: [OutgoingFile] = []
        /// The files whose content is in the store.
        var objects: [OutgoingFile] = []
        /// What an earlier bundle had, and this one has not.
        var deleted: [RelativePath] = []

        var isEmpty: Bool { regular.isEmpty && objects.isEmpty && deleted.isEmpty }
    }

    private func change(_ parent: String, _ branch: String, _ asPullRequest: Bool) throws -> Change {
        let listing = try client.listing(repository, commit: parent)
        var there: [ExactName: HubFile] = [:]
        for file in listing.files { there[ExactName(file.name)] = file }
        var change = Change()
        let wanted = try files.filter { try !isThere($0, there[$0.path.text]) }
        let modes = try calls.modes(
            try wanted.map { ($0, try sample($0)) }, branch: branch, asPullRequest: asPullRequest)
        for file in wanted {
            switch modes[file.path] {
            case .lfs: change.objects.append(file)
            case .ignored: throw HubFileIgnored(path: file.path.text)
            case .regular, nil:
                guard file.size <= HubUpload.regularLimit else {
                    throw NetworkError(
                        .malformed, "the Hub wants \(file.path) in git itself", isPassing: false)
                }
                change.regular.append(file)
            }
        }
        let own = Set(files.map(\.path))
        if there[Lock.bundledName.text] != nil, own.contains(Lock.bundledName) {
            change.deleted = earlier(parent).filter { !own.contains($0) && there[$0.text] != nil }
        }
        return change
    }

    /// The paths that the bundle has that is in the repository, in their order; none where its lock cannot be read.
    private func earlier(_ commit: String) -> [RelativePath] {
        let address = client.endpoint.file(repository, commit: commit, path: Lock.bundledName)
        guard let (json, _) = try? client.document(address),
            let lock = try? Lock.parse(Array(json.compactText.utf8), path: Lock.bundledName.text),
            let plan = try? Plan(lock)
        else { return [] }
        return (plan.stored.map(\.path) + BundlePath.generated(lock.bundle)).sorted()
    }

    /// Whether the repository has a file already.
    private func isThere(_ file: OutgoingFile, _ other: HubFile?) throws -> Bool {
        guard let identity = other?.identity, identity.size == file.size else { return false }
        if case .sha256(let digest) = identity.proof { return digest == file.sha256 }
        return identity.matches(try contentDigests(file))
    }

    private func sample(_ file: OutgoingFile) throws -> [UInt8] {
        var buffer = Buffer(count: 512)
        let count = min(512, file.size)
        try OutgoingReader(file).fill(&buffer, from: 0, count: count)
        return buffer.withBytes(count) { bytes in bytes.indices.map { bytes[$0] } }
    }

    private func contentDigests(_ file: OutgoingFile) throws -> ContentDigests {
        let reader = try OutgoingReader(file)
        var hasher = try ContentHasher(gitBlobLength: file.size)
        var buffer = Buffer(count: FileReader.blockSize)
        try reader.hash(0..<file.size, into: &hasher, &buffer)
        return try hasher.finish()
    }

    // MARK: Objects

    private func send(
        _ files: [OutgoingFile], _ branch: String, _ journal: UploadJournal
    ) async throws -> Int {
        // A content that several files have is sent once.
        var seen: Set<SHA256Digest> = []
        let contents = files.filter { seen.insert($0.sha256).inserted }
        let (calls, client, settings) = (calls, client, settings)
        let actions = try await UploadThreads.one { try calls.actions(contents, branch: branch) }
        let missing = contents.filter { actions[$0.sha256] != nil }
        let bytes = missing.reduce(0) { $0 + $1.size }
        guard !missing.isEmpty else { return 0 }
        settings.progress(.began(stage: "uploading", files: missing.count, bytes: bytes))
        defer { settings.progress(.ended) }
        _ = try await UploadThreads.each(
            missing, size: \.size, connections: settings.connections, client.requester.patience.cancellation
        ) {
            LFSSender(
                calls, journal, client.requester, throttle: settings.throttle, progress: settings.progress)
        } send: { file, sender in
            guard let action = actions[file.sha256] else { return }
            try sender.send(file, action) { try calls.actions([file], branch: branch)[file.sha256] }
            settings.progress(.finished(file: file.path.text))
        }
        return bytes
    }

    // MARK: The commit

    private func commit(
        _ change: Change, _ parent: String, _ branch: String, asPullRequest: Bool
    ) throws -> JSON {
        let lines = try lines(change, parent)
        var failures = 0
        while true {
            do {
                return try calls.commit(lines, branch: branch, asPullRequest: asPullRequest)
            } catch let error as NetworkError {
                // Nobody can look whether there is a pull request by now.
                guard !asPullRequest else { throw error }
                failures += 1
                try client.requester.patience.wait(after: failures, error)
                let now = try client.commit(repository, revision: branch)
                if !now.hasSameBytes(as: parent), try self.change(now, branch, false).isEmpty {
                    return ["commitOid": .string(now)]
                }
            }
        }
    }

    private func lines(_ change: Change, _ parent: String) throws -> [JSON] {
        var lines: [JSON] = [
            [
                "key": "header",
                "value": [
                    "summary": .string(settings.message), "description": "", "parentCommit": .string(parent),
                ],
            ]
        ]
        for file in change.regular {
            let bytes = try content(file)
            lines.append([
                "key": "file",
                "value": [
                    "content": .string(Base64.text(bytes)), "path": .string(file.path.text),
                    "encoding": "base64",
                ],
            ])
        }
        for file in change.objects {
            lines.append([
                "key": "lfsFile",
                "value": [
                    "path": .string(file.path.text), "algo": "sha256", "oid": .string(file.sha256.hex),
                    "size": .integer(file.size),
                ],
            ])
        }
        for path in change.deleted {
            lines.append(["key": "deletedFile", "value": ["path": .string(path.text)]])
        }
        return lines
    }

    private func content(_ file: OutgoingFile) throws -> [UInt8] {
        var buffer = Buffer(count: max(1, file.size))
        try OutgoingReader(file).fill(&buffer, from: 0, count: file.size)
        let bytes = buffer.withBytes(file.size) { bytes in bytes.indices.map { bytes[$0] } }
        let found = try ContentHasher.sha256(bytes.span)
        guard found == file.sha256 else { throw OutgoingChanged(file, found: found) }
        return bytes
    }

    // MARK: Findings

    private func finding(_ error: any Error) -> Diagnostic {
        let page = client.endpoint.page(repository)
        let login =
            "get a token that may write at \(client.endpoint.address.origin)/settings/tokens, then hf auth login, or set HF_TOKEN"
        switch error {
        case let ignored as HubFileIgnored:
            return Diagnostic(
                code: .uploadRefused, "the repository's .gitignore leaves out \(quoted(ignored.path))",
                fix: "take the line out of .gitignore at \(page)")
        case let refusal as HubRefusal:
            return refusal.finding(
                repository.id, repository, revision: "main", endpoint: client.endpoint, token: client.token)
        case let refusal as HubUploadRefusal:
            let notes = UploadFindings.said("the Hub", refusal.words)
            switch refusal.status {
            case 401:
                return Diagnostic(
                    code: client.token == nil ? .fetchTokenNeeded : .fetchTokenWrong,
                    client.token == nil
                        ? "the Hub takes uploads from users that it knows, and there is no token"
                        : "the Hub does not know the token in \(client.token?.place ?? "the request")",
                    notes: notes, fix: login, verdict: .undecided)
            case 403:
                return Diagnostic(
                    code: .uploadRefused,
                    "the token in \(client.token?.place ?? "the request") has no right to write to \(repository.id)",
                    notes: notes, fix: login)
            case 409, 412:
                return Diagnostic(
                    code: .uploadRefused, "somebody else has changed \(repository.id) in the meantime",
                    notes: notes,
                    fix: "upload again; what was sent is not sent twice")
            default:
                return Diagnostic(
                    code: .uploadRefused,
                    "the Hub does not take the upload to \(repository.id): status \(refusal.status)",
                    notes: notes, fix: "look at \(page); what was sent is not sent twice")
            }
        case let problems as Diagnostics where problems.all.count == 1: return problems.all[0]
        default: return UploadFindings.common(error, "the Hub", "HF_ENDPOINT")
        }
    }
}

/// A repository's `.gitignore` leaves out a file of the bundle.
struct HubFileIgnored: Error {
    /// The path.
    let path: String
}
