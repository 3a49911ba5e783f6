import Caches
import Catalogue
import Formats
import Manifests
import Service
import Storage

/// What has to be read for a record, and what the record is kept by.
struct MarketWork {
    /// What names all that it is read from.
    let key: String
    /// Makes what is read: only where no record is kept.
    let item: () -> MarketItem

    /// Something that was looked at already.
    init(_ item: MarketItem) { self.init(key: item.key) { item } }

    /// Something that need not be looked at where the key is known.
    init(key: String, _ item: @escaping () -> MarketItem) {
        self.key = key
        self.item = item
    }
}

extension MarketReader {
    /// Reads what the catalogue has: the newest versions, those that others see of them, and the repositories at their main
    /// branches. Neither documents nor files stay in memory.
    func readCatalogue(
        _ known: [ExactName: MarketModel], _ found: (MarketModel) -> Void, progress: (Int, Int) -> Bool
    ) {
        guard let catalogue else { return }
        let contents = catalogue.store
        func work(_ version: FoundVersion) -> MarketWork {
            MarketWork(key: MarketItem.key(version)) { MarketItem(version, contents) }
        }
        let store = RepositoryStore(catalogue)
        let repositories = [HubRepository.Kind.model, .dataset].flatMap { (try? store.all($0)) ?? [] }
        var done = 0
        // What cannot be read is not shown.
        try? catalogue.newest { models, count in
            for one in models {
                let id = ExactName(MarketItem.id(one.version))
                if let model = model(work(one.version), open: one.open.map(work), known[id]) { found(model) }
                done += 1
                guard progress(done, count + repositories.count) else { return false }
            }
            return true
        }
        let versions = done
        for repository in repositories {
            if let commit = try? store.commit(repository, "main"),
                let model = model(
                    MarketWork(key: MarketItem.key(repository, commit)) {
                        MarketItem(repository, commit, (try? store.files(commit)) ?? [], contents)
                    }, known[ExactName(MarketItem.id(repository))])
            {
                found(model)
            }
            done += 1
            guard progress(done, versions + repositories.count) else { return }
        }
    }

    /// Whether the caches or the catalogue have something of this id.
    func has(_ id: String) -> Bool {
        func rest(_ prefix: String) -> String? {
            id.hasUTF8Prefix(prefix) ? String(id.utf8.dropFirst(prefix.utf8.count)) : nil
        }
        if let name = rest("local:"), let catalogue {
            let parts = name.utf8.split(separator: UInt8(ascii: "/")).compactMap { String($0) }
            guard parts.count == 2 else { return false }
            let found = try? catalogue.find(
                user: parts[0], model: parts[1], version: nil, isPublicOnly: false, withFiles: false)
            return found ?? nil != nil
        }
        for (prefix, kind) in [("here:", HubRepository.Kind.model), ("here-dataset:", .dataset)] {
            guard let name = rest(prefix), let catalogue else { continue }
            let found = try? RepositoryStore(catalogue).find(HubRepository(kind: kind, id: name))
            return found ?? nil != nil
        }
        switch try? Source.parse(id) {
        case .hub(let repository, _)?:
            return FileStatus.isDirectory(Path.join(caches.hub.root, repository.folder))
        case .kaggle(let handle)?:
            return ([caches.kagglehub] + (uploads.map { [$0] } ?? [])).contains {
                (try? $0.resolve(handle.with(version: nil))) != nil
            }
        case .registry?: return caches.registries != nil
        case .path?, nil: return false
        }
    }

    /// The version or the commit of the catalogue that a model was read from, as it is now.
    /// - Returns: `nil` for a model of the caches, and where it is not what it was: whoever asks need not be allowed to see what it
    ///   is now.
    func uploaded(_ model: MarketModel) -> MarketItem? {
        guard let catalogue, model.summary["origin"]?.string == "catalogue",
            let name = model.summary["name"]?.string, let revision = model.summary["revision"]?.string
        else { return nil }
        let item: MarketItem
        if model.id.hasUTF8Prefix("local:") {
            let parts = name.utf8.split(separator: UInt8(ascii: "/")).compactMap { String($0) }
            guard parts.count == 2,
                let version = try? catalogue.find(
                    user: parts[0], model: parts[1], version: revision, isPublicOnly: false, withFiles: true)
            else { return nil }
            item = MarketItem(version, catalogue.store)
        } else {
            let store = RepositoryStore(catalogue)
            guard let kind = model.summary["kind"]?.string.flatMap({ HubRepository.Kind(rawValue: $0) }),
                let stored = try? store.find(HubRepository(kind: kind, id: name)),
                let commit = try? store.commit(stored, revision), let files = try? store.files(commit)
            else { return nil }
            item = MarketItem(stored, commit, files, catalogue.store)
        }
        return item.key.hasSameBytes(as: model.key) ? item : nil
    }
}
