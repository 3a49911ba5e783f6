import Formats
import Manifests
import Storage

// What jobs make: `/api/optimizations` and `/api/bundles`.
extension JobInterface {
    /// The most bytes of a manifest.
    private static let manifestLimit = 64 << 10

    /// Answers what is below `/api/optimizations` or `/api/bundles`.
    func made(_ kind: Job.Kind, _ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        if path.isEmpty {
            try JobInterface.require(["GET", "HEAD", "POST"], request)
            guard request.head.method == "POST" else { return try list(request, only: kind) }
            try JobInterface.requireScope(.write, request)
            return try kind == .bundle ? pack(request) : optimize(request)
        }
        let job = try visible(path[0], request)
        guard job.kind == kind else { throw ModelRefusal(404, "there is no such job") }
        if path.count == 1 {
            try JobInterface.require(["GET", "HEAD", "DELETE"], request)
            if request.head.method == "DELETE" { return try delete(job, request) }
            return .json(try detailed(job))
        }
        try JobInterface.require(["GET", "HEAD"], request)
        guard path.count == 2 else { throw ModelRefusal(404, "there is nothing at this path") }
        switch (kind, path[1]) {
        case (_, "events"): return try watchers.events(of: job, queue, request)
        case (_, "download"):
            if let entry = job.result["entry"]?.string { return try entryDownload(entry, job, request) }
            let name = "\(kind.rawValue)-\(job.number)"
            return try ResultFiles.download(job, in: queue.results(job.number), name: name, request)
        case (.bundle, "report"):
            return try document(BundleWork.files.report, of: job, "text/html; charset=utf-8")
        case (.bundle, "treemap"):
            return try document(BundleWork.files.data, of: job, "application/json; charset=utf-8")
        case (.bundle, "lock"):
            return try document(BundleWork.files.lock, of: job, "application/json; charset=utf-8")
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
    }

    private func optimize(_ request: Request) throws(ModelRefusal) -> Response {
        let wish = try OptimizationWish(
            RequestDocument(request, keys: OptimizationWish.keys), settings, request.holder)
        return try submit(.optimization, "\(wish.original.text) as \(wish.label)", wish.document, request)
    }

    /// What was made, of the registry's version that it became: also by who has it, and as long as it is there.
    private func entryDownload(
        _ entry: String, _ job: Job, _ request: Request
    ) throws(ModelRefusal) -> Response {
        let parts = entry.utf8.drop { $0 != UInt8(ascii: ":") }.dropFirst().split(
            separator: UInt8(ascii: "/")
        )
        .compactMap { String(Substring($0)) }
        guard let registry, parts.count == 2, let version = job.result["version"]?.string else {
            throw ModelRefusal(404, "the registry that has the result is not served")
        }
        return try registry.download(parts[0], parts[1], version, request) { document in
            // Its owner may have uploaded something else under that name since.
            let made = document[MadeModel.member]
            return made?["job"]?.integer == job.number && made?["asked"]?.integer == Int(job.created)
        }
    }

    private func pack(_ request: Request) throws(ModelRefusal) -> Response {
        let body = try RequestDocument(request, keys: ["manifest"])
        guard let text = try body.text("manifest", limit: JobInterface.manifestLimit) else {
            throw ModelRefusal(400, "manifest is missing")
        }
        let manifest: Manifest
        do throws(Diagnostics) {
            manifest = try Manifest.parse(Array(text.utf8), path: BundleWork.files.manifest)
        } catch {
            let reasons = error.all.prefix(3).map { finding in
                (finding.location?.line.map { "line \($0): " } ?? "") + finding.message
            }
            throw ModelRefusal(400, "the manifest: " + reasons.joined(separator: "; "))
        }
        if let problem = BundleWork.problem(manifest) { throw ModelRefusal(400, "the manifest: \(problem)") }
        let sources = manifest.entries.compactMap { $0.source?.text }
        return try submit(
            .bundle, manifest.bundle.name,
            ["manifest": .string(text), "sources": .array(sources.map(JSON.string))], request)
    }

    /// The job, with the differences of all tensors where there are any.
    private func detailed(_ job: Job) throws(ModelRefusal) -> JSON {
        guard job.kind == .optimization, job.state == .done else { return job.document }
        let path = Path.join(queue.results(job.number), OptimizationWork.comparisonFile)
        let bytes = try? FileReader.contents(of: path, limit: JobInterface.documentLimit)
        let tensors = bytes.flatMap { try? JSON.parse($0) } ?? .null
        return .object((job.document.members ?? []) + [JSON.Member("tensors", tensors)])
    }

    /// The most bytes of a document that a job made.
    private static let documentLimit = 64 << 20

    private func document(_ name: String, of job: Job, _ type: String) throws(ModelRefusal) -> Response {
        guard job.state == .done else {
            throw ModelRefusal(409, "job \(job.number) is not done: it is \(job.state.rawValue)")
        }
        let path = Path.join(queue.results(job.number), name)
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(of: path, limit: JobInterface.documentLimit)
        } catch {
            throw ModelRefusal(500, "the file is missing in the results")
        }
        var response = Response(200, .bytes(bytes))
        response.fields.append("Content-Type", type)
        // A report has styles and drawings in it, and nothing that runs or loads anything.
        response.fields.append(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
        )
        return response
    }
}
