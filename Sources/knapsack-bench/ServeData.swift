import Catalogue
import Formats
import Glibc
import Storage

/// A catalogue of very many models, a large file and a sparse one, and a directory in which nginx finds the same.
struct ServeData {
    /// What all paths of its models begin with.
    static let models = "/ai-models/bench"

    /// The catalogue's directory.
    let catalogue: String
    /// The directory for nginx.
    let files: String
    /// How many small models there are, of ten files each.
    let models: Int
    /// The size of the large file, in bytes.
    let largeSize: Int
    /// The size of the sparse file, in bytes.
    let sparseSize: Int
    private let words: [String]

    /// Makes what is not there yet.
    init(_ setting: Setting) throws {
        catalogue = setting.root + "/catalogue"
        files = setting.root + "/files"
        models = setting.isSmall ? 1000 : 10_000
        largeSize = setting.isSmall ? 16 << 20 : 1 << 30
        sparseSize = setting.isSmall ? 1 << 30 : 50 << 30
        var noise = Noise(seed: 1)
        words = (0..<2000).map { _ in
            let letters = (0..<Int(4 + noise.next() % 6)).map { _ in UInt8(97 + noise.next() % 26) }
            return String(decoding: letters, as: UTF8.self)
        }
        let marker = setting.root + "/catalogue.made"
        if try FileStatus.existing(marker) == nil {
            try Directory.removeTree(catalogue)
            try Directory.removeTree(files)
            try Directory.make(files)
            try fill()
            try AtomicFile.write([], to: marker)
        }
        // Both servers find it in the page cache.
        var buffer = Buffer(count: FileReader.blockSize)
        let large = try FileHandle.reading(files + "/large.bin")
        while try large.read(into: &buffer) > 0 {}
    }

    private func fill() throws {
        let store = try ModelCatalogue(directory: catalogue)
        var contents: [KeptContent] = []
        for number in 0..<100 { contents.append(try keep(store, Array("content \(number)".utf8))) }
        var noise = Noise(seed: 2)
        for number in 0..<models {
            let parts = (0..<10).map { contents[(number + $0) % 100] }
            let named = (0..<20).map { _ in words[Int(noise.next() % 2000)] }
            let document = try add(
                store, "model-\(number)", parts, description: named.joined(separator: " "),
                tags: Array(named.prefix(3)))
            if number == 0 {
                try AtomicFile.write(Array(document.compactText.utf8), to: files + "/document.json")
            }
        }
        let large = try store.store.receive()
        var left = largeSize
        while left > 0 {
            let block = noise.block(min(left, 1 << 20))
            try large.write(block.span)
            left -= block.count
        }
        let kept = try store.keep(large, try large.finish())
        _ = try add(store, "large", [kept], description: "", tags: [])
        let place = store.store.path(of: kept.content.sha256)
        // The same file: both send it from the same pages.
        guard unsafe link(place, files + "/large.bin") == 0 else {
            throw BenchFailure(message: "the large file gets no second name")
        }
        // A second name changes what the kernel states of the file.
        try store.remember(kept.content.sha256, try FileStatus.status(of: place))
        try addSparse(store)
    }

    /// A version with one file that is one hole. Nobody hashes it: the digest is made up.
    private func addSparse(_ store: ModelCatalogue) throws {
        guard let digest = SHA256Digest(hex: String(repeating: "5a", count: 32)) else { return }
        let path = store.store.path(of: digest)
        try Directory.make(Path.parent(path))
        let file = try FileHandle.creating(path)
        guard ftruncate(file.descriptor, sparseSize) == 0 else {
            throw BenchFailure(message: "no file can have \(sparseSize) bytes")
        }
        let content = StoredContent(sha256: digest, size: sparseSize, crc32: 0)
        try store.add(
            ModelVersion(
                user: "bench", model: "sparse", version: "v1", document: ["model_id": "sparse"],
                files: [StoredFile(path: "sparse.bin", content: content)]), [])
        try store.remember(digest, try FileStatus.status(of: path))
    }

    private func keep(_ store: ModelCatalogue, _ bytes: [UInt8]) throws -> KeptContent {
        let incoming = try store.store.receive()
        try incoming.write(bytes.span)
        return try store.keep(incoming, try incoming.finish())
    }

    private func add(
        _ store: ModelCatalogue, _ model: String, _ parts: [KeptContent], description: String, tags: [String]
    ) throws -> JSON {
        let files = parts.enumerated().compactMap { number, part in
            RelativePath("part-\(number).bin").map { StoredFile(path: $0, content: part.content) }
        }
        let listed = files.map { file -> JSON in
            [
                "filename": .string(file.path.text),
                "file_path": .string("models/bench/\(model)/v1/\(file.path)"),
                "file_size": .integer(file.content.size), "file_hash": .string(file.content.sha256.hex),
                "content_type": "application/octet-stream",
            ]
        }
        let document: JSON = [
            "model_id": .string(model), "user_id": "bench", "name": .string(model), "version": "v1",
            "description": .string(description), "framework": "other", "model_type": "other",
            "tags": .array(tags.map(JSON.string)), "files": .array(listed),
        ]
        try store.add(
            ModelVersion(user: "bench", model: model, version: "v1", document: document, files: files), parts)
        return document
    }

    // MARK: Requests

    /// The path of a search.
    func search(_ number: Int) -> String {
        let word = words[(number &* 7919) % words.count]
        let query = number % 3 == 0 ? String(word.prefix(4)) : word
        return "/ai-models/search/bench?query=\(query)" + (number % 4 == 0 ? "&framework=other" : "")
    }

    /// The request for a part of the large file.
    func range(_ number: Int) -> [UInt8] {
        let first = number % (largeSize - 300_000)
        return getRequest(
            "\(ServeData.models)/large/download", "Range: bytes=\(first)-\(first + 299_999)\r\n")
    }

    /// The request that uploads a file as a model of its own.
    func upload(_ model: String, _ content: [UInt8]) -> [UInt8] {
        func field(_ name: String, _ value: String) -> String {
            "--bound\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        let begin =
            field("user_id", "uploads") + field("model_id", model)
            + "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\n"
        let body = Array(begin.utf8) + content + Array("\r\n--bound--\r\n".utf8)
        let head =
            "POST /ai-models/upload/single HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + "Content-Type: multipart/form-data; boundary=bound\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }
}
