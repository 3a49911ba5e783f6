import Caches
import Catalogue
import Formats
import Storage

/// Sends files of versions: one, or all of them as a zip. A file that is not what it was when it was hashed is hashed again
/// before, and one that is damaged is never sent.
struct ModelDownload {
    private let catalogue: ModelCatalogue
    private let prover: FileProver

    /// How long a client waits for a file to be hashed, in seconds.
    private static let patience = 10.0

    /// Sends from a catalogue.
    init(_ catalogue: ModelCatalogue, _ prover: FileProver) {
        self.catalogue = catalogue
        self.prover = prover
    }

    /// The answer: the file that is named, the only one, or all of them.
    func answer(_ version: FoundVersion, _ head: RequestHead) throws(ModelRefusal) -> Response {
        if let name = head.target.first("filename") {
            guard let file = version.files.first(where: { $0.file.path.text.hasSameBytes(as: name) }) else {
                throw ModelRefusal(404, "the version has no file \(name.withVisibleScalars)")
            }
            return try answer(file, head)
        }
        if version.files.count == 1, let file = version.files.first { return try answer(file, head) }
        return try archive(version, head)
    }

    private func answer(_ found: FoundFile, _ head: RequestHead) throws(ModelRefusal) -> Response {
        let digest = found.file.content.sha256
        guard
            let content = ServedContent(
                path: catalogue.store.path(of: digest), proved: try proved(found, ModelDownload.patience))
        else { throw ModelDownload.missing(found) }
        let fields = ModelDownload.fields(named: found.file.path.name)
        return FileAnswer(content: content, tag: "\"\(digest)\"", fields: fields).answer(head)
    }

    private func archive(_ version: FoundVersion, _ head: RequestHead) throws(ModelRefusal) -> Response {
        let store = catalogue.store
        let files = version.files.map(\.file)
        // Deleting the version meanwhile takes no file away.
        let hold = store.hold(files.map(\.content.sha256))
        let end = steadyTime() + Int64(ModelDownload.patience * 1e9)
        let layout = StoredZip(files)
        var parts: [PartedContent.Part] = []
        for (file, header) in zip(version.files, layout.heads) {
            let left = max(0, Double(end - steadyTime()) / 1e9)
            let content = file.file.content
            let path = store.path(of: content.sha256)
            parts.append(.bytes(header))
            parts.append(.file(CatalogueKeeper.file(content, at: path, try proved(file, left))))
        }
        parts.append(.bytes(layout.end))
        guard let archive = PartedContent(parts), let tag = ModelDownload.tag(layout, files) else {
            throw ModelRefusal(500, "the files are too large for one zip")
        }
        let fields = ModelDownload.fields(named: "\(version.model)-\(version.version).zip")
        return ContentAnswer(size: archive.size, tag: tag, type: "application/zip", fields: fields)
            .answer(head) { range in
                .counted(range.count) { sink in
                    try archive.write(range, to: sink)
                    withExtendedLifetime(hold) {}
                }
            }
    }

    /// What names an archive's bytes, with quotation marks: the hash of all that is not a file, and of the files' hashes.
    static func tag(_ layout: StoredZip, _ files: [StoredFile]) -> String? {
        guard var hasher = try? ContentHasher() else { return nil }
        do throws(HashingFailure) {
            for (file, header) in zip(files, layout.heads) {
                try hasher.update(header.span)
                try hasher.update(file.content.sha256.bytes.span)
            }
            try hasher.update(layout.end.span)
            return "\"\(try hasher.finish().sha256)\""
        } catch {
            return nil
        }
    }

    private static func fields(named name: String) -> HeaderFields {
        var fields = HeaderFields()
        fields.append("Content-Disposition", "attachment; filename*=UTF-8''\(RequestTarget.escaped(name))")
        return fields
    }

    /// What a file is whose content is the one that is named.
    private func proved(_ found: FoundFile, _ seconds: Double) throws(ModelRefusal) -> FileStatus {
        let content = found.file.content
        let path = catalogue.store.path(of: content.sha256)
        guard let status = try? FileStatus.status(of: path), status.kind == .file else {
            throw ModelDownload.missing(found)
        }
        if status == found.proved, status.size == content.size { return status }
        let file = CatalogueKeeper.file(content, at: path, status)
        switch prover.verdict(on: file, seconds: seconds) {
        case .proved?:
            // Else it is hashed again by the next server.
            try? catalogue.remember(content.sha256, status)
            return status
        case .refuted?:
            throw ModelRefusal(
                500, "\(found.file.path) is damaged in the store, and is not sent: upload it again")
        case .unreadable?: throw ModelRefusal(500, "\(found.file.path) cannot be read in the store")
        case nil: throw ModelRefusal(503, "\(found.file.path) is being checked: ask again soon")
        }
    }

    private static func missing(_ found: FoundFile) -> ModelRefusal {
        ModelRefusal(500, "\(found.file.path) is missing in the store: upload it again")
    }
}
