import Catalogue
import Formats
import ModelFacts
import Storage

/// Takes an upload: to the disk as it comes, looked at, and then all of it at once into the catalogue.
struct ModelUpload {
    private let catalogue: ModelCatalogue

    /// A file of an upload that is whole.
    private struct Taken {
        let path: RelativePath
        let incoming: IncomingContent
        let content: StoredContent
    }

    private static let textLimit = 1 << 16
    /// The most files of a zip, and the most bytes that come of one byte of it: more is a bomb.
    private static let fileLimit = 10_000
    private static let ratioLimit = 200

    /// Uploads into a catalogue.
    init(_ catalogue: ModelCatalogue) { self.catalogue = catalogue }

    /// Takes one.
    /// - Parameters:
    ///   - field: the field that has the file: `file`, or `zip_file` of which the files are taken.
    ///   - allows: states why the client may not upload for a user.
    /// - Returns: the document of the new version.
    func take(
        _ request: Request, field: String, allows: (String) throws(ModelRefusal) -> Void
    ) throws(ModelRefusal) -> JSON {
        guard var reader = MultipartReader(request.head.fields["content-type"], request.body) else {
            throw ModelRefusal(400, "the body has to be multipart/form-data")
        }
        var fields: [(name: String, value: String)] = []
        var upload: Taken?
        do throws(MultipartReader.Problem) {
            while let part = try reader.next() {
                guard part.name.hasSameBytes(as: field) else {
                    if ModelForm.known.containsExactly(part.name) {
                        let value = try reader.text(limit: ModelUpload.textLimit)
                        if part.name.hasSameBytes(as: "user_id") {
                            do throws(ModelRefusal) { try allows(value) } catch { throw .refused(error) }
                        }
                        // The last one counts, and earlier ones take no memory.
                        fields.removeAll { $0.name.hasSameBytes(as: part.name) }
                        fields.append((part.name, value))
                    } else {
                        try reader.content { (_) throws(MultipartReader.Problem) in }
                    }
                    continue
                }
                guard upload == nil else { throw .malformed("the field \(field) is there twice") }
                upload = try receive(part, &reader)
            }
        } catch {
            switch error {
            case .notKept(let isFull): throw ModelUpload.notKept(isFull: isFull)
            case .malformed(let reason): throw ModelRefusal(400, reason)
            case .refused(let refusal): throw refusal
            case .body(.gone): throw ModelRefusal(400, "the upload broke off")
            case .body(.slow): throw ModelRefusal(408, "the upload took too long")
            case .body(.tooLarge): throw ModelRefusal(413, "the upload is too large")
            case .body(.malformed(let reason)): throw ModelRefusal(400, reason)
            }
        }
        guard let upload else { throw ModelRefusal(400, "the field \(field) is missing") }
        let form = try ModelForm(fields)
        try allows(form.user)
        return try publish(form, field == "file" ? [upload] : try unpack(upload, form))
    }

    private func receive(
        _ part: MultipartReader.Part, _ reader: inout MultipartReader
    ) throws(MultipartReader.Problem) -> Taken {
        // Some clients send the path on their own machine.
        let name = part.fileName.map {
            $0.utf8.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }).last
        }
        guard let path = name.flatMap({ $0 }).flatMap({ String($0) }).flatMap({ RelativePath($0) }) else {
            throw .malformed("the file has no name that can be kept")
        }
        do {
            let incoming = try catalogue.store.receive()
            var failure: (any Error)?
            try reader.content { (bytes) throws(MultipartReader.Problem) in
                guard failure == nil else { return }
                do { try incoming.write(bytes.span) } catch { failure = error }
            }
            if let failure { throw failure }
            return Taken(path: path, incoming: incoming, content: try incoming.finish())
        } catch let problem as MultipartReader.Problem {
            throw problem
        } catch {
            throw .notKept(isFull: ModelUpload.isFull(error))
        }
    }

    // MARK: Zips

    private func unpack(_ upload: Taken, _ form: ModelForm) throws(ModelRefusal) -> [Taken] {
        do {
            var archive = try ArchiveReader(path: upload.incoming.path, format: .zip)
            var taken: [Taken] = []
            var names: Set<RelativePath> = []
            var left = max(1 << 26, upload.content.size.multipliedSaturated(by: ModelUpload.ratioLimit))
            while let entry = try archive.next() {
                guard taken.count < ModelUpload.fileLimit else {
                    throw ModelRefusal(400, "the zip has too many files")
                }
                guard entry.size <= left else { throw ModelRefusal(400, "the zip becomes too large") }
                left -= entry.size
                guard let path = form.keepsStructure ? entry.path : RelativePath(entry.path.name),
                    form.keepsStructure || names.insert(path).inserted
                else { throw ModelRefusal(400, "two files would have the name \(entry.path.name)") }
                let incoming = try catalogue.store.receive()
                try archive.read { bytes in try incoming.write(bytes) }
                taken.append(Taken(path: path, incoming: incoming, content: try incoming.finish()))
            }
            guard !taken.isEmpty else { throw ModelRefusal(400, "the zip has no files") }
            return taken.sorted { $0.path < $1.path }
        } catch let refusal as ModelRefusal {
            throw refusal
        } catch let error as ArchiveError {
            throw ModelRefusal(400, "the zip is refused: \(error.reason)")
        } catch {
            throw ModelUpload.notKept(isFull: ModelUpload.isFull(error))
        }
    }

    private static func isFull(_ error: any Error) -> Bool {
        error is IncomingContent.NoRoom || (error as? FileError)?.isFullDisk == true
    }

    private static func notKept(isFull: Bool) -> ModelRefusal {
        isFull
            ? ModelRefusal(507, "the server has no room for the upload")
            : ModelRefusal(500, "the server cannot keep the upload")
    }

    // MARK: Publishing

    private func publish(_ form: ModelForm, _ files: [Taken]) throws(ModelRefusal) -> JSON {
        let review = UploadReview(
            files.map { ModelFile(path: $0.path, location: $0.incoming.path, size: $0.content.size) })
        guard review.refusals.isEmpty else {
            throw ModelRefusal(400, "refused: \(review.refusals.prefix(5).joined(separator: "; "))")
        }
        let primary = primary(files, form)
        let document = try ModelDocument.checked(
            ModelDocument.new(
                form, files.map { StoredFile(path: $0.path, content: $0.content) }, primary: primary, review,
                requirements: requirements(files)))
        var kept: [KeptContent] = []
        do throws(ModelCatalogue.Problem) {
            for file in files { kept.append(try catalogue.keep(file.incoming, file.content)) }
        } catch {
            throw ModelRefusal(error)
        }
        let version = ModelVersion(
            user: form.user, model: form.model, version: form.version, document: document,
            files: files.map { StoredFile(path: $0.path, content: $0.content) })
        do throws(ModelCatalogue.Problem) {
            try catalogue.add(version, kept)
        } catch {
            guard case .exists = error else { throw ModelRefusal(error) }
            throw ModelRefusal(409, "\(form.user)/\(form.model) has a version \(form.version) already")
        }
        return document
    }

    /// The file to load: the one that was uploaded, else the largest of those whose names say a framework.
    private func primary(_ files: [Taken], _ form: ModelForm) -> RelativePath? {
        if files.count == 1 { return form.isPrimary ? files[0].path : nil }
        let weights = files.filter { ModelWords.framework(of: $0.path) != "other" }
        return weights.max { $0.content.size < $1.content.size }?.path
    }

    private func requirements(_ files: [Taken]) -> [String] {
        guard let file = files.first(where: { $0.path == "requirements.txt" }),
            let bytes = try? FileReader.contents(of: file.incoming.path, limit: 1 << 20),
            let text = String(validating: bytes, as: UTF8.self)
        else { return [] }
        return text.split(whereSeparator: \.isNewline).map { line in
            String(decoding: HeaderFields.trimmed(Array(line.utf8)[...]), as: UTF8.self)
        }.filter { !$0.isEmpty && !$0.hasUTF8Prefix("#") }
    }
}

extension Int {
    /// The product, or the largest number where it is more.
    fileprivate func multipliedSaturated(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
