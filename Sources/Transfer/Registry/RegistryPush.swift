import Caches
import Formats
import Manifests
package import Storage
import Synchronization

/// Sends a bundle to an OCI registry: what the registry has not got, then the manifest, then what refers to it.
package struct RegistryPush: Sendable {
    /// What became of it.
    package struct Outcome: Sendable {
        /// The digest of the manifest.
        package let digest: SHA256Digest
        /// The bytes that were sent in this run.
        package let sent: Int
        /// Whether the registry had all of it under this name.
        package let isUnchanged: Bool
    }

    private let client: RegistryClient
    private let package: ModelPackage
    private let others: [String]
    private let settings: UploadSettings

    /// Sends nothing yet.
    /// - Parameter others: repositories of the same registry that may have contents already.
    package init(
        _ client: RegistryClient, _ package: ModelPackage, others: [String], _ settings: UploadSettings
    ) {
        self.client = client
        self.package = package
        self.others = others
        self.settings = settings
    }

    /// Sends everything.
    /// - Throws: ``Diagnostics`` for everything that can be told in a sentence of its own.
    package func run() async throws -> Outcome {
        do {
            return try await push()
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: true))
        }
    }

    private func push() async throws -> Outcome {
        let here = self
        let digest = package.descriptor.digest
        let tag = client.reference.tag ?? RegistryReference.defaultTag
        if let pinned = client.reference.digest, pinned != digest {
            throw RegistryDigestDiffers(found: digest)
        }
        let known = try await UploadThreads.one { try here.current(tag) }
        guard known != digest else { return Outcome(digest: digest, sent: 0, isUnchanged: true) }
        guard
            let journal = try UploadJournal.open(
                settings.directory,
                place: "oci \(client.reference.authority)/\(client.reference.repository):\(tag)")
        else { throw UploadIsRunning() }
        let sent = try await sendContents(journal)
        try await UploadThreads.one {
            for referrer in here.package.referrers { try here.put(referrer) }
            // Last, so that whoever asks for the name finds everything.
            try here.put(here.package.manifest, as: tag)
        }
        return Outcome(digest: digest, sent: sent, isUnchanged: false)
    }

    /// The digest of the manifest that has a tag; `nil` if there is none.
    private func current(_ tag: String) throws -> SHA256Digest? {
        let document = try client.document(client.manifest(tag), accept: RegistryType.accepted)
        return try document.map { try ContentHasher.sha256($0.bytes.span) }
    }

    private func sendContents(_ journal: UploadJournal) async throws -> Int {
        // A content that several files have is sent once.
        var seen: Set<SHA256Digest> = []
        let contents = package.contents.filter { seen.insert($0.sha256).inserted }
        let (client, others, settings) = (client, others, settings)
        settings.progress(
            .began(stage: "pushing", files: contents.count, bytes: contents.reduce(0) { $0 + $1.size }))
        defer { settings.progress(.ended) }
        let sent = try await UploadThreads.each(
            contents, size: \.size, connections: settings.connections, client.requester.patience.cancellation
        ) {
            RegistrySender(
                client, journal, others: others, throttle: settings.throttle, piece: settings.piece,
                progress: settings.progress)
        } send: { file, sender in
            let sent = try sender.send(file)
            settings.progress(.finished(file: file.path.text))
            return sent
        }
        return sent.reduce(0, +)
    }

    // MARK: Manifests

    private func put(_ manifest: [UInt8], as name: String, type: String = RegistryType.manifest) throws {
        _ = try answer(manifest, as: name, type: type)
    }

    private func answer(_ manifest: [UInt8], as name: String, type: String) throws -> ResponseHead {
        try client.requester.patience.again {
            var request = HTTPRequest()
            request.method = "PUT"
            request.body = (manifest, type)
            let response = try client.send(request, to: client.manifest(name))
            do {
                try client.refuse(response)
            } catch let refusal as RegistryRefusal where refusal.code.hasSameBytes(as: "DIGEST_INVALID") {
                // distribution 2.8 answers so where it reads a link that another push is writing.
                throw NetworkError(
                    .malformed,
                    "\(client.address.host) answered with status \(refusal.status), \(refusal.code)")
            }
            response.discard()
            return response.head
        }
    }

    private func put(_ referrer: ModelPackage.Referrer) throws {
        let digest = referrer.descriptor.digest
        let head = try answer(referrer.manifest, as: "sha256:\(digest.hex)", type: RegistryType.manifest)
        // Who states the subject keeps the list itself (OCI distribution specification 1.1, "Pushing Manifests with Subject").
        guard head["oci-subject"] == nil else { return }
        let tag = "sha256-\(package.descriptor.digest.hex)"
        let known = try client.document(client.manifest(tag), accept: RegistryType.index)
        var entries: [JSON] = []
        if let known {
            guard let list = try? JSON.parse(known.bytes), let manifests = list["manifests"]?.array else {
                throw NetworkError(
                    .malformed, "\(client.address.host) has something else under the tag \(tag)",
                    isPassing: false)
            }
            entries = manifests
        }
        guard !entries.contains(where: { RegistryDescriptor($0)?.digest == digest }) else { return }
        entries.append(
            .object(referrer.descriptor.members + [JSON.Member("artifactType", .string(referrer.type))]))
        let index: JSON = [
            "schemaVersion": 2, "mediaType": .string(RegistryType.index), "manifests": .array(entries),
        ]
        try put(Array(index.compactText.utf8), as: tag, type: RegistryType.index)
    }
}

/// What would be pushed has another digest than the name states.
struct RegistryDigestDiffers: Error {
    /// The digest of what would be pushed.
    let found: SHA256Digest
}
