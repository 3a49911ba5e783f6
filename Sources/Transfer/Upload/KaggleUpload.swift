import Caches
import Formats
package import Manifests
import Storage

/// Sends a bundle to Kaggle, as a version of a data set or of a model's variation.
package struct KaggleUpload: Sendable {
    /// What became of it.
    package struct Outcome: Sendable {
        /// The handle, with the version where it is known.
        package let handle: KaggleHandle
        /// The page for people.
        package let page: String
        /// The bytes that were sent in this run.
        package let sent: Int
        /// Whether Kaggle has the same content already, so that no version was made.
        package let isUnchanged: Bool
        /// Keywords that Kaggle does not know.
        package let unknownTags: [String]
    }

    private let client: KaggleClient
    private let bundle: BundleSettings
    private let owner: String
    private let files: [OutgoingFile]
    private let settings: UploadSettings
    /// What is made, without a version.
    package let handle: KaggleHandle

    /// - Parameters:
    ///   - owner: the account or organization of which it will be.
    ///   - files: what the version will have, without the files by which the kaggle command uploads.
    package init(
        _ client: KaggleClient, _ bundle: BundleSettings, owner: String, files: [OutgoingFile],
        _ settings: UploadSettings
    ) {
        self.client = client
        self.bundle = bundle
        self.owner = owner
        self.files = files.sorted { $0.path < $1.path }
        self.settings = settings
        if let model = bundle.model {
            handle = KaggleHandle(
                kind: .model, parts: [owner, bundle.name, model.framework, model.variation], version: nil)
        } else {
            handle = KaggleHandle(kind: .dataset, parts: [owner, bundle.name], version: nil)
        }
    }

    /// What names the place in the journal.
    private var place: String { "\(client.endpoint.address.origin) \(handle.kind.rawValue) \(handle.text)" }

    /// The version that Kaggle has now; `nil` if there is none.
    package func current() async throws -> Int? {
        try await UploadThreads.one { try KaggleVersions(client, handle).current() }
    }

    /// Sends what Kaggle has not got, and has a version made of all.
    ///
    /// - Parameters:
    ///   - isPublic: whether what is made newly can be seen by everybody; what is there stays as it is.
    ///   - waits: whether to wait until Kaggle has the version, and to look at it.
    /// - Throws: ``Diagnostics`` for everything that can be told in a sentence of its own.
    package func run(isPublic: Bool, waits: Bool) async throws -> Outcome {
        do {
            return try await upload(isPublic: isPublic, waits: waits)
        } catch {
            throw Diagnostics(UploadFindings(client, handle).finding(error))
        }
    }

    private func upload(isPublic: Bool, waits: Bool) async throws -> Outcome {
        guard client.credentials != nil else { throw KaggleRefusal(.credentialsNeeded) }
        guard let journal = try UploadJournal.open(settings.directory, place: place) else {
            throw UploadIsRunning()
        }
        let versions = KaggleVersions(client, handle)
        let content = try contentDigest()
        let before = try await UploadThreads.one { try versions.current() }
        if let number = try await UploadThreads.one({ try made(content, before, journal, versions) }) {
            return outcome(number, sent: 0, isUnchanged: true)
        }
        if before == nil { try await UploadThreads.one { try versions.requireFree(title: bundle.title) } }
        var sent = 0
        var isAgain = false
        while true {
            let tokens = try await sendAll(journal, &sent)
            let maker = KaggleVersionMaker(
                client, handle, bundle, owner: owner, isPublic: isPublic, message: settings.message, versions)
            do {
                let answer = try await UploadThreads.one {
                    try maker.make(KaggleTree(tokens), after: before) {
                        try journal.note(.asked(content: content, after: before))
                    }
                }
                guard waits else { return outcome(nil, sent: sent, unknownTags: answer.unknownTags) }
                settings.notify("all is sent; Kaggle is making the version of it")
                let number = try await UploadThreads.one { try versions.wait(after: before, files) }
                try journal.note(.made(content: content, number: number))
                return outcome(number, sent: sent, unknownTags: answer.unknownTags)
            } catch let refusal as KaggleRefusal where refusal.isAboutUploads && !isAgain {
                // What an earlier run sent is kept for a while that nobody states.
                guard try journal.forgetOld() > 0 else { throw refusal }
                settings.notify("Kaggle does not have any more what was sent earlier; it is sent again")
                isAgain = true
            } catch let failed as KaggleVersionFailed {
                _ = try journal.forgetOld()
                throw failed
            }
        }
    }

    private func outcome(
        _ number: Int?, sent: Int, isUnchanged: Bool = false, unknownTags: [String] = []
    ) -> Outcome {
        Outcome(
            handle: handle.with(version: number), page: client.endpoint.page(handle), sent: sent,
            isUnchanged: isUnchanged, unknownTags: unknownTags)
    }

    /// The version that Kaggle has of this content, as far as the journal knows; also one that a killed run asked for.
    private func made(
        _ content: SHA256Digest, _ before: Int?, _ journal: UploadJournal, _ versions: KaggleVersions
    ) throws -> Int? {
        switch journal.version {
        case .made(content, let number): return before == number ? number : nil
        case .asked(content, let after):
            guard try versions.isComing(after: after) else { return nil }
            settings.notify("an earlier run asked for the version; Kaggle is making it")
            do {
                let number = try versions.wait(after: after, files)
                guard number == (after ?? 0) + 1 else { return nil }
                try journal.note(.made(content: content, number: number))
                return number
            } catch is KaggleVersionFailed, is KaggleVersionIncomplete {
                // It is made again. Somebody else's version may have come first, too.
                return nil
            }
        default: return nil
        }
    }

    /// The digest of all names and contents.
    private func contentDigest() throws -> SHA256Digest {
        let text = files.map { "\($0.sha256.hex)  \($0.path)\n" }.joined()
        return try ContentHasher.sha256(Array(text.utf8).span)
    }

    private func sendAll(
        _ journal: UploadJournal, _ sent: inout Int
    ) async throws -> [(path: RelativePath, token: String)] {
        settings.progress(
            .began(stage: "uploading", files: files.count, bytes: files.reduce(0) { $0 + $1.size }))
        defer { settings.progress(.ended) }
        let (client, kind, settings) = (client, handle.kind, settings)
        let requester = client.requester
        let isSecure = client.endpoint.address.isSecure
        let results = try await UploadThreads.each(
            files, size: \.size, connections: settings.connections, requester.patience.cancellation
        ) {
            BlobSender(
                journal, requester, throttle: settings.throttle, piece: settings.piece, isSecure: isSecure,
                progress: settings.progress)
        } send: { file, sender in
            let result = try sender.send(file) {
                let json = try client.answer(
                    .startUpload(kind, name: file.path.name, size: file.size), of: kind)
                guard let token = json["token"]?.string, !token.isEmpty,
                    let address = json["createUrl"]?.string
                else {
                    throw NetworkError(
                        .malformed, "Kaggle begins no upload of \(file.path)", isPassing: false)
                }
                return (token, address)
            }
            settings.progress(.finished(file: file.path.text))
            return result
        }
        for (file, result) in zip(files, results) where !result.wasThere { sent += file.size }
        return zip(files, results).map { ($0.path, $1.token) }
    }
}

/// Another process is uploading to the same place.
struct UploadIsRunning: Error {}
