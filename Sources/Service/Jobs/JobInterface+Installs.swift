import Formats
import Manifests

// `/api/marketplace/models/{id}/install`. An id is a source as manifests name it, without its revision: `hf:org/name`,
// `hf-dataset:org/name`, `kaggle:owner/model/framework/variation`, `kaggle-dataset:owner/name`. Its slashes may be written as
// they are, or as `%2F`.
extension JobInterface {
    /// Starts an install, or takes what is installed away.
    func installs(_ id: String, _ request: Request) throws(ModelRefusal) -> Response {
        try JobInterface.require(["POST", "DELETE"], request)
        if request.head.method == "POST" { return try install(id, request) }
        return try uninstall(id, request)
    }

    private func install(_ id: String, _ request: Request) throws(ModelRefusal) -> Response {
        try JobInterface.requireScope(.write, request)
        let body = try RequestDocument(request, keys: ["revision", "include", "exclude"], isOptional: true)
        let source = try JobInterface.source(id, revision: try body.text("revision"))
        // What the server's own credentials let in, everybody reads afterwards.
        let wanted = InstallWork.request(
            source, include: try body.texts("include"), exclude: try body.texts("exclude"),
            isKnown: request.holder.mayAll || settings.lendsCredentials)
        return try submit(.install, source.text, wanted, request)
    }

    private func uninstall(_ id: String, _ request: Request) throws(ModelRefusal) -> Response {
        try JobInterface.requireScope(.admin, request)
        let source = try JobInterface.source(id, revision: nil)
        let revision = request.head.target.first("revision")
        if let job = queue.active.first(where: { $0.uses(source) }) {
            throw ModelRefusal(409, "job \(job.number) uses it: cancel that job, or wait for its end")
        }
        let revisions: [String]
        do throws(Diagnostics) {
            revisions = try RemovalWork.revisions(
                of: source, revision, hub: settings.hubCache, kaggle: settings.kaggleCache)
        } catch {
            throw ModelRefusal(404, "\(source.text) is not in this server's cache, or not in that revision")
        }
        guard !revisions.isEmpty else { throw ModelRefusal(404, "the cache has no revision of it") }
        return try submit(
            .remove, source.text, RemovalWork.request(source, revisions: revisions), request)
    }

    private static let schemes = ["hf", "hf-dataset", "kaggle", "kaggle-dataset"]

    /// The source that an id names; of the Hub or of Kaggle alone.
    static func source(_ id: String, revision: String?) throws(ModelRefusal) -> Source {
        var text = id
        if let revision {
            guard !id.utf8.contains(UInt8(ascii: "@")) else {
                throw ModelRefusal(400, "the revision is stated in the id, and beside it")
            }
            text +=
                id.hasUTF8Prefix("kaggle-dataset:")
                ? "/versions/\(revision)"
                : id.hasUTF8Prefix("kaggle:") ? "/\(revision)" : "@\(revision)"
        }
        guard schemes.contains(where: { id.hasUTF8Prefix($0 + ":") }) else {
            throw ModelRefusal(400, "an id begins with hf:, hf-dataset:, kaggle: or kaggle-dataset:")
        }
        let source: Source
        do throws(SourceError) {
            source = try Source.parse(text)
        } catch {
            throw ModelRefusal(400, "the id \(error.message.withVisibleScalars): expected \(error.allowed)")
        }
        return source
    }
}

extension Job {
    /// The sources that it reads or changes.
    private var sources: [String] {
        [request["source"]?.string].compactMap { $0 } + (request["sources"]?.strings ?? [])
    }

    /// Whether it reads or changes a repository, in whatever revision.
    func uses(_ source: Source) -> Bool {
        sources.contains { text in
            guard let other = try? Source.parse(text) else { return false }
            return switch (other, source) {
            case (.hub(let left, _), .hub(let right, _)): left == right
            case (.kaggle(let left), .kaggle(let right)):
                left.kind == right.kind && left.parts == right.parts
            default: false
            }
        }
    }
}
