import Caches
import Catalogue
import Formats
import Manifests
import Storage

/// The model that an optimization is made of, at the commit or version that was meant when it was asked for.
enum OptimizationOriginal {
    /// One of the caches.
    case cached(Source)
    /// One that Kaggle's clients uploaded.
    case uploaded(KaggleHandle)
    /// A version of the registry.
    case version(user: String, model: String, version: String)
    /// A commit of a repository that clients of the Hub uploaded.
    case repository(HubRepository, commit: String)

    private static let registry = "local:"
    private static let repositories = "here:"

    /// What it is asked for by, without the revision.
    var id: String {
        switch self {
        case .cached(.hub(let repository, let revision)):
            let text = Source.hub(repository, revision: revision).text
            return String(text.dropLast(revision.count + 1))
        case .cached(.kaggle(let handle)), .uploaded(let handle):
            return Source.kaggle(handle.with(version: nil)).text
        case .cached(let source): return source.text
        case .version(let user, let model, _): return OptimizationOriginal.registry + "\(user)/\(model)"
        case .repository(let repository, _): return OptimizationOriginal.repositories + repository.id
        }
    }

    /// The same with the revision.
    var text: String {
        switch self {
        case .cached(let source): source.text
        case .uploaded(let handle): Source.kaggle(handle).text
        case .version(_, _, let version): "\(id)@\(version)"
        case .repository(_, let commit): "\(id)@\(commit)"
        }
    }

    /// The model's own name.
    var name: String {
        switch self {
        case .cached(.hub(let repository, _)), .repository(let repository, _): Path.name(repository.id)
        case .cached(.kaggle(let handle)), .uploaded(let handle): handle.parts.last ?? "model"
        case .version(_, let model, _): model
        case .cached: "model"
        }
    }

    /// Whose it is, of those that somebody uploaded.
    var owner: String? {
        switch self {
        case .cached: nil
        case .uploaded(let handle): handle.parts.first
        case .version(let user, _, _): user
        case .repository(let repository, _): Path.parent(repository.id)
        }
    }

    /// What a version of the registry is called that was made of it.
    var version: String {
        switch self {
        case .version(_, _, let version): version
        case .repository(_, let commit): String(commit.prefix(12))
        case .uploaded(let handle): "v\(handle.version ?? 1)"
        case .cached: "v1"
        }
    }

    // MARK: What is kept of it

    /// The members of a request that is kept.
    var members: [JSON.Member] {
        let members = [JSON.Member("model", .string(id)), JSON.Member("source", .string(text))]
        if case .uploaded = self { return members + [JSON.Member("uploaded", true)] }
        return members
    }

    /// Reads a request that was kept; `nil` where it is none.
    init?(kept document: JSON) {
        guard let text = document["source"]?.string else { return nil }
        func rest(_ prefix: String) -> (name: String, revision: String)? {
            guard text.hasUTF8Prefix(prefix), let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else {
                return nil
            }
            let start = text.utf8.index(text.utf8.startIndex, offsetBy: prefix.utf8.count)
            guard start < at else { return nil }
            return (String(text[start..<at]), String(text[text.utf8.index(after: at)...]))
        }
        if let (name, version) = rest(OptimizationOriginal.registry) {
            guard let (user, model) = OptimizationOriginal.halves(name) else { return nil }
            self = .version(user: user, model: model, version: version)
        } else if let (name, commit) = rest(OptimizationOriginal.repositories) {
            self = .repository(HubRepository(kind: .model, id: name), commit: commit)
        } else {
            guard let source = try? Source.parse(text) else { return nil }
            if case .kaggle(let handle) = source, document["uploaded"]?.bool == true {
                self = .uploaded(handle)
            } else {
                self = .cached(source)
            }
        }
    }

    /// The two parts of a name with one slash.
    private static func halves(_ name: String) -> (String, String)? {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .compactMap { String($0) }
        guard parts.count == 2, parts.allSatisfy({ ModelVersion.problem(inName: $0) == nil }) else {
            return nil
        }
        return (parts[0], parts[1])
    }

    // MARK: Looking it up

    /// The model that an id and a revision mean now, with its files, as far as the holder of a token sees it.
    static func find(
        _ id: String, _ revision: String?, _ settings: CommandWorker.Settings, _ holder: AccessToken?
    ) throws(ModelRefusal) -> (original: OptimizationOriginal, files: [RelativePath]) {
        // What is not there and what somebody may not see look the same, and what is found names places on this machine.
        let missing = ModelRefusal(
            404, "\(id.withVisibleScalars) is not on this server, or not in that revision")
        func rest(_ prefix: String) -> String? {
            id.hasUTF8Prefix(prefix) ? String(id.utf8.dropFirst(prefix.utf8.count)) : nil
        }
        do {
            if let name = rest(registry) {
                guard let catalogue = settings.catalogue, let (user, model) = halves(name),
                    let found = try catalogue.find(
                        user: user, model: model, version: revision, isPublicOnly: !holder.owns(user),
                        withFiles: true)
                else { throw missing }
                return (
                    .version(user: user, model: model, version: found.version), found.files.map(\.file.path)
                )
            }
            if let name = rest(repositories) {
                guard let catalogue = settings.catalogue, HubRepository.problem(inID: name) == nil else {
                    throw missing
                }
                let store = RepositoryStore(catalogue)
                let repository = HubRepository(kind: .model, id: name)
                guard let stored = try store.find(repository), HubReader(holder: holder).sees(stored),
                    let commit = try store.commit(stored, revision ?? "main")
                else { throw missing }
                return (
                    .repository(repository, commit: commit.name), try store.files(commit).map(\.path)
                )
            }
            let source = try JobInterface.source(id, revision: revision)
            switch source {
            case .kaggle(let handle):
                let cache = KagglehubCache(root: settings.kaggleCache)
                if let known = try? cache.resolve(handle) {
                    return (.cached(.kaggle(known)), try cache.snapshot(known).files.map(\.path))
                }
                guard let uploads = settings.uploads else { throw missing }
                let known = try uploads.resolve(handle)
                return (.uploaded(known), try uploads.snapshot(known).files.map(\.path))
            case .hub(let repository, let revision):
                let cache = HubCache(root: settings.hubCache)
                let commit = try cache.resolve(repository, revision: revision)
                return (
                    .cached(.hub(repository, revision: commit)),
                    try cache.snapshot(repository, ref: commit, commit: commit).files.map(\.path)
                )
            case .registry, .path: throw missing
            }
        } catch let refusal as ModelRefusal {
            throw refusal
        } catch let problem as ModelCatalogue.Problem {
            throw ModelRefusal(problem)
        } catch {
            throw missing
        }
    }
}
