import Caches
import Formats
import Manifests
import Storage
import Synchronization

/// GGUF files as a registry of images has them, below `/v2`: what `ollama pull HOST:PORT/org/name:TAG` asks for, and earlier
/// versions of llama.cpp, and ramalama.
extension HubMirror {
    /// The answer to what is asked below `/v2`.
    func registry(_ segments: [String], _ request: Request, _ reader: HubReader) -> Response {
        guard request.head.method == "GET" || request.head.method == "HEAD" else {
            return HubMirror.registryRefusal(405, "UNSUPPORTED", "this registry is read only")
                .with("Allow", "GET, HEAD")
        }
        if segments.count == 1 {
            return .json([:]).with("Docker-Distribution-Api-Version", "registry/2.0")
        }
        let id = segments.count == 5 ? "\(segments[1])/\(segments[2])" : ""
        guard segments.count == 5, HubRepository.problem(inID: id) == nil else {
            return HubMirror.registryRefusal(404, "NAME_UNKNOWN", "images are called HOST/ORG/NAME:TAG")
        }
        let repository = HubRepository(kind: .model, id: id)
        let revision: HubRevision
        do throws(Diagnostics) {
            revision = try shelf.shown(repository, reader)
        } catch {
            return HubMirror.registryRefusal(404, "NAME_UNKNOWN", "there is no model \(id) on this server")
        }
        switch segments[3] {
        case "manifests": return manifest(revision, segments[4], request)
        case "blobs": return blob(revision, segments[4], request)
        default: return HubMirror.registryRefusal(404, "UNSUPPORTED", "there is nothing at this path")
        }
    }

    // MARK: Manifests

    private func manifest(_ revision: HubRevision, _ tag: String, _ request: Request) -> Response {
        let id = revision.repository.id
        guard let choice = GGUFChoice(revision.entries, tag: tag) else {
            let known = revision.entries.filter { $0.path.text.hasUTF8Suffix(".gguf") }
                .compactMap { GGUFChoice.quantization($0.path.name) }
            let hint =
                known.isEmpty
                ? "it has no GGUF files" : "it has \(Set(known).sorted().joined(separator: ", "))"
            return HubMirror.registryRefusal(
                404, "MANIFEST_UNKNOWN",
                "\(id) has no GGUF file for \(tag.withVisibleScalars.prefix(100)): \(hint)")
        }
        let isLlama = request.head.fields["user-agent"]?.lowercased().hasUTF8Prefix("llama-cpp") == true
        guard choice.fileCount == 1 || isLlama else {
            return HubMirror.registryRefusal(
                400, "UNSUPPORTED",
                "\(choice.model.path) is one of \(choice.fileCount) files: ollama takes only one")
        }
        switch image(choice, revision) {
        case .failure(let problem): return problem.response(choice.model, revision)
        case .success(let image):
            blobs.keep(image, HubMirror.key(revision))
            var document = image.manifest
            if isLlama, let members = document.members {
                document = .object(members + HubMirror.llamaMembers(choice))
            }
            let bytes = Array(document.compactText.utf8)
            var response = Response(200, .bytes(bytes))
            response.fields.append("Content-Type", OllamaImage.manifestType)
            if let digest = try? ContentHasher.sha256(bytes.span) {
                response.fields.append("Docker-Content-Digest", "sha256:\(digest)")
                response.fields.append("ETag", "\"\(digest)\"")
            }
            return response.with("X-Repo-Commit", revision.commit)
        }
    }

    /// What llama.cpp reads of a manifest: which files of the repository to load.
    private static func llamaMembers(_ choice: GGUFChoice) -> [JSON.Member] {
        func file(_ entry: HubEntry) -> JSON {
            ["rfilename": .string(entry.path.text), "size": .integer(entry.size)]
        }
        return [JSON.Member("ggufFile", file(choice.model))]
            + (choice.projector.map { [JSON.Member("mmprojFile", file($0))] } ?? [])
    }

    private func image(
        _ choice: GGUFChoice, _ revision: HubRevision
    ) -> Result<OllamaImage, HubFileProblem> {
        var files: [OllamaImage.File] = []
        for (entry, type) in [(choice.model, "model")] + (choice.projector.map { [($0, "projector")] } ?? [])
        {
            switch sha256(of: entry) {
            case .success(let digest): files.append(OllamaImage.File(type, entry, digest))
            case .failure(let problem): return .failure(problem)
            }
        }
        var texts: [ExactName: String] = [:]
        for name in ["template", "system", "params"] { texts[name] = text(name, revision) }
        for name in ["LICENSE", "LICENSE.txt", "LICENSE.md"] where texts["license"] == nil {
            texts["license"] = text(name, revision)
        }
        let quantization = GGUFChoice.quantization(choice.model.path.name)
        guard let image = OllamaImage(files, quantization: quantization, texts: texts) else {
            return .failure(.unreadable)
        }
        return .success(image)
    }

    /// A small text of the repository, if it is what it was proved to be.
    private func text(_ name: String, _ revision: HubRevision) -> String? {
        guard let path = RelativePath(name), let entry = revision[path], entry.size <= OllamaImage.textLimit,
            let file = entry.file, case .success = sha256(of: entry, mustBeProved: true),
            let bytes = try? FileReader.contents(of: file.location, limit: OllamaImage.textLimit)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    // MARK: Blobs

    private func blob(_ revision: HubRevision, _ name: String, _ request: Request) -> Response {
        let start = "sha256:"
        guard name.hasUTF8Prefix(start), let text = String(name.utf8.dropFirst(start.utf8.count)),
            let digest = SHA256Digest(hex: text)
        else { return HubMirror.registryRefusal(404, "DIGEST_INVALID", "blobs are called by their SHA-256") }
        let models = revision.entries.filter { $0.path.text.hasUTF8Suffix(".gguf") }
        for entry in models {
            guard case .success(let known) = sha256(of: entry), known == digest else { continue }
            // ollama asks where the content is, and takes an answer without an address for none.
            return content(revision, entry.path.text, request).with("Docker-Content-Digest", name)
                .with(
                    "Location", request.base + request.head.target.text)
        }
        let key = HubMirror.key(revision)
        if let bytes = blobs[key, digest] { return MadeBlob(bytes: bytes, digest: digest).answer(request) }
        let unknown = HubMirror.registryRefusal(
            404, "BLOB_UNKNOWN", "\(revision.repository.id) has no blob \(name.withVisibleScalars)")
        // Whoever asks for what there is not has everything made once.
        guard !blobs.hasAll(key) else { return unknown }
        // They are made again where they were forgotten: the same files make the same bytes.
        var isAll = true
        for entry in models {
            guard let choice = GGUFChoice(revision.entries, tag: entry.path.name) else { continue }
            switch image(choice, revision) {
            case .success(let image):
                blobs.keep(image, key)
                guard let made = image.made.first(where: { $0.digest == digest }) else { continue }
                return MadeBlob(bytes: made.bytes, digest: digest).answer(request)
            case .failure(.pending): isAll = false
            case .failure: continue
            }
        }
        if isAll { blobs.keepAll(key) }
        return unknown
    }

    /// What images are remembered by: a commit, and how many files of it are there, which may become more in a cache.
    private static func key(_ revision: HubRevision) -> ExactName {
        let present = revision.entries.count { $0.file != nil }
        return ExactName("\(revision.repository.id)@\(revision.commit) \(present)")
    }

    /// The SHA-256 of a file. One that a cache knows by git's name is hashed.
    private func sha256(
        of entry: HubEntry, mustBeProved: Bool = false
    ) -> Result<SHA256Digest, HubFileProblem> {
        if !mustBeProved, case .large(let digest)? = entry.identity, entry.file != nil {
            return .success(digest)
        }
        guard let file = entry.file else { return .failure(.absent) }
        switch prover.verdict(on: file, seconds: HubMirror.patience) {
        case .proved(let digests)?: return .success(digests.sha256)
        case .refuted?: return .failure(.refuted)
        case .unreadable?: return .failure(.unreadable)
        case nil: return .failure(.pending)
        }
    }

    /// A refusal as registries give it; llama.cpp prints `error`.
    private static func registryRefusal(_ status: Int, _ code: String, _ message: String) -> Response {
        .json(
            [
                "errors": [["code": .string(code), "message": .string(message)]],
                "error": .string(message),
            ], status: status)
    }
}

/// A blob that is made in memory.
private struct MadeBlob {
    let bytes: [UInt8]
    let digest: SHA256Digest

    /// The answer, of a range where one is asked for.
    func answer(_ request: Request) -> Response {
        var fields = HeaderFields()
        fields.append("Docker-Content-Digest", "sha256:\(digest)")
        fields.append("Location", request.base + request.head.target.text)
        return ContentAnswer(
            size: bytes.count, tag: "\"\(digest)\"", type: "application/octet-stream", fields: fields
        ).answer(request.head) { .bytes(Array(bytes[$0])) }
    }
}

/// The small blobs that were made last, by the revision that they belong to.
final class MadeBlobs: Sendable {
    private struct Kept {
        var revisions: [ExactName: [SHA256Digest: [UInt8]]] = [:]
        /// Revisions of which all that can be made was made, so that nobody makes it again for a name that nothing has.
        var whole: Set<ExactName> = []
        var bytes = 0
    }

    private let kept = Mutex(Kept())

    /// How many revisions are remembered, and how many bytes of them.
    private static let room = 64
    private static let byteRoom = 16 << 20
    /// Of how many it is remembered that all was made.
    private static let wholeRoom = 1024

    /// The bytes of a blob, if they are remembered.
    subscript(revision: ExactName, digest: SHA256Digest) -> [UInt8]? {
        kept.withLock { $0.revisions[revision]?[digest] }
    }

    /// Whether all that can be made of a revision is remembered.
    func hasAll(_ revision: ExactName) -> Bool { kept.withLock { $0.whole.contains(revision) } }

    /// All of a revision was made. What was forgotten meanwhile is made again.
    func keepAll(_ revision: ExactName) {
        kept.withLock { kept in
            guard kept.revisions[revision] != nil || kept.bytes == 0 else { return }
            if kept.whole.count >= MadeBlobs.wholeRoom { kept.whole = [] }
            kept.whole.insert(revision)
        }
    }

    /// Remembers those of an image.
    func keep(_ image: OllamaImage, _ revision: ExactName) {
        let size = image.made.reduce(0) { $0 + $1.bytes.count }
        kept.withLock { kept in
            let isNew = kept.revisions[revision] == nil
            if (isNew && kept.revisions.count >= MadeBlobs.room) || kept.bytes + size > MadeBlobs.byteRoom {
                kept = Kept()
            }
            for made in image.made where kept.revisions[revision]?[made.digest] == nil {
                kept.revisions[revision, default: [:]][made.digest] = made.bytes
                kept.bytes += made.bytes.count
            }
        }
    }
}
