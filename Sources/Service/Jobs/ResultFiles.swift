import Catalogue
import Formats
import Storage

/// The files that a job made, in a folder of its results.
enum ResultFiles {
    /// The folder.
    static let folder = "files"

    /// All files below the folder, in the order of their paths, each hashed.
    /// - Throws: also where the work is cancelled.
    static func list(_ directory: String, _ control: JobControl) throws -> [StoredFile] {
        var buffer = Buffer(count: FileReader.blockSize)
        var found: [StoredFile] = []
        func walk(_ path: String, _ prefix: String) throws {
            for name in try Directory.names(in: path) {
                let place = Path.join(path, name)
                switch try FileStatus.status(of: place).kind {
                case .directory: try walk(place, prefix + name + "/")
                case .file:
                    guard let relative = RelativePath(prefix + name) else { continue }
                    var checksum = CRC32()
                    let read = try FileReader.read(place, gitBlob: false, buffer: &buffer) { bytes in
                        if control.isCancelled { throw JobFailure("it was cancelled") }
                        checksum.update(bytes)
                    }
                    found.append(
                        StoredFile(
                            path: relative,
                            content: StoredContent(
                                sha256: read.digests.sha256, size: read.status.size, crc32: checksum.value)))
                case .link, .other: continue
                }
            }
        }
        try walk(Path.join(directory, folder), "")
        return found.sorted { $0.path < $1.path }
    }

    /// The files that a result states.
    static func stated(_ result: JSON) -> [StoredFile] {
        (result["files"]?.array ?? []).compactMap { file in
            guard let path = file["path"]?.string.flatMap({ RelativePath($0) }),
                let size = file["size"]?.integer, size >= 0,
                let sha256 = file["sha256"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let crc32 = file["crc32"]?.integer.flatMap({ UInt32(exactly: $0) })
            else { return nil }
            return StoredFile(path: path, content: StoredContent(sha256: sha256, size: size, crc32: crc32))
        }
    }

    /// The answer with one file, or with all of them as a zip.
    ///
    /// - Parameters:
    ///   - directory: the results of the job.
    ///   - name: what the archive is called, without its suffix.
    static func download(
        _ job: Job, in directory: String, name: String, _ request: Request
    ) throws(ModelRefusal) -> Response {
        guard job.state == .done else {
            throw ModelRefusal(409, "job \(job.number) is not done: it is \(job.state.rawValue)")
        }
        let files = stated(job.result)
        var file = files.count == 1 ? files.first : nil
        if let wanted = request.head.target.first("filename") {
            file = files.first { $0.path.text.hasSameBytes(as: wanted) }
            guard file != nil else { throw ModelRefusal(404, "the result has no file of this name") }
        }
        let folder = Path.join(directory, folder)
        if let file {
            let path = file.path.joined(to: folder)
            guard let status = try? FileStatus.status(of: path), status.size == file.content.size,
                let content = ServedContent(path: path, proved: status)
            else { throw ModelRefusal(500, "the file is missing in the results") }
            var fields = HeaderFields()
            fields.append("Content-Disposition", disposition(file.path.name))
            return FileAnswer(content: content, tag: "\"\(file.content.sha256)\"", fields: fields)
                .answer(request.head)
        }
        return try archive(files, in: folder, name: name, request)
    }

    private static func archive(
        _ files: [StoredFile], in folder: String, name: String, _ request: Request
    ) throws(ModelRefusal) -> Response {
        let layout = StoredZip(files)
        var parts: [PartedContent.Part] = []
        for (file, head) in zip(files, layout.heads) {
            let path = file.path.joined(to: folder)
            guard let status = try? FileStatus.status(of: path), status.size == file.content.size
            else { throw ModelRefusal(500, "the file \(file.path) is missing in the results") }
            parts += [.bytes(head), .file(CatalogueKeeper.file(file.content, at: path, status))]
        }
        parts.append(.bytes(layout.end))
        guard let archive = PartedContent(parts), let tag = ModelDownload.tag(layout, files) else {
            throw ModelRefusal(500, "the files are too large for one zip")
        }
        var fields = HeaderFields()
        fields.append("Content-Disposition", disposition(name + ".zip"))
        return ContentAnswer(size: archive.size, tag: tag, type: "application/zip", fields: fields)
            .answer(request.head) { range in .counted(range.count) { try archive.write(range, to: $0) } }
    }

    /// The field that has a browser keep a file under a name.
    static func disposition(_ name: String) -> String {
        "attachment; filename*=UTF-8''\(RequestTarget.escaped(name))"
    }
}

extension StoredFile {
    /// What a result states of it.
    var document: JSON {
        [
            "path": .string(path.text), "size": .integer(content.size),
            "sha256": .string(content.sha256.hex), "crc32": .integer(Int(content.crc32)),
        ]
    }
}
