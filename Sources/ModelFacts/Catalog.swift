package import Caches
import Formats
package import Manifests
import Storage

/// What the caches hold, as a person chooses from it: every revision with what is known of the model.
package struct Catalog: Sendable {
    /// One revision.
    package struct Item: Sendable {
        /// The revision as it is in its cache.
        package let inventory: Inventory.Item
        /// What its files say of the model.
        package let facts: ModelFacts
        /// What is wrong with it; errors mean that it cannot be packed as it is.
        package let findings: [Diagnostic]

        /// Whether everything is there that the revision lists and a model of its kind needs.
        package var isComplete: Bool { !findings.contains { $0.severity == .error } }

        /// The source by which a manifest names it.
        package var source: Source {
            switch inventory.snapshot.origin {
            case .hub(let repository, _, let commit):
                .hub(repository, revision: inventory.refs.first ?? commit)
            case .kaggle(let handle): .kaggle(handle)
            case .registry(let artifact, _): .registry(artifact)
            case .path, .conversion: .path(inventory.snapshot.directory)
            }
        }

        /// "org/name" or the handle without its version.
        package var name: String {
            switch inventory.snapshot.origin {
            case .hub(let repository, _, _): repository.id
            case .kaggle(let handle): handle.parts.joined(separator: "/")
            case .registry(let artifact, _):
                "\(artifact.reference.authority)/\(artifact.reference.repository)"
                    + (artifact.entry.map { "#\($0)" } ?? "")
            case .path, .conversion: inventory.snapshot.directory
            }
        }

        /// "model", "dataset", "space", "kernel", "competition" or "notebook".
        package var kind: String {
            switch inventory.snapshot.origin {
            case .hub(let repository, _, _): repository.kind.rawValue
            case .kaggle(let handle): handle.kind.rawValue
            case .registry: "model"
            case .path, .conversion: "files"
            }
        }

        /// "huggingface", "kaggle" or "registry".
        package var cache: String {
            switch inventory.snapshot.origin {
            case .kaggle: "kaggle"
            case .registry: "registry"
            case .hub, .path, .conversion: "huggingface"
            }
        }

        /// The commit, the version, or the digest of the manifest.
        package var revision: String {
            switch inventory.snapshot.origin {
            case .hub(_, _, let commit): commit
            case .kaggle(let handle): handle.version.map(String.init) ?? ""
            case .registry(_, let manifest): manifest.hex
            case .path, .conversion: ""
            }
        }
    }

    /// What `list` may be limited to; everything that is given must hold.
    package struct Filter: Sendable {
        /// A framework or format, in any usual spelling.
        package var framework: String?
        /// A licence's identifier, upper or lower case.
        package var license: String?
        /// A tag of the model card.
        package var tag: String?
        /// A part of the name, upper or lower case.
        package var search: String?

        /// Makes a filter that lets everything through.
        package init() {}

        /// Whether an item has all that was asked for.
        package func accepts(_ item: Item) -> Bool {
            if let framework, !item.facts.matches(framework: framework) { return false }
            if let license, item.facts.license?.lowercased() != license.lowercased() { return false }
            if let tag, item.facts.card?.tags.contains(tag) != true { return false }
            if let search, !item.name.lowercased().contains(search.lowercased()) { return false }
            return true
        }
    }

    /// The revisions, the Hub's before Kaggle's and those before the registries', by name.
    package let items: [Item]
    /// What is wrong with the caches themselves.
    package let problems: [Diagnostic]

    /// Looks at all caches. Of the content only cards, configurations, indexes and headers are read.
    package static func scan(_ caches: Caches, filter: Filter = Filter()) -> Catalog {
        Catalog(caches, filter: filter)
    }

    private init(_ caches: Caches, filter: Filter) {
        let inventory = caches.inventory()
        problems = inventory.problems
        items = inventory.items.map(Catalog.item).filter(filter.accepts)
    }

    private static func item(_ inventory: Inventory.Item) -> Item {
        let snapshot = inventory.snapshot
        let facts = ModelFacts.read(snapshot.files, of: snapshot.revision)
        let isModel: Bool =
            switch snapshot.origin {
            case .hub(let repository, _, _): repository.kind == .model
            case .kaggle(let handle): handle.kind == .model
            case .registry: true
            case .path, .conversion: false
            }
        var findings = snapshot.problems + facts.problems
        let name = Item(inventory: inventory, facts: facts, findings: []).name
        findings += AbsentFiles.findings(
            snapshot, of: name, accepting: { _ in true }, facts, isModel: isModel)
        if isModel {
            findings += Completeness.findings(
                entry: name, needs: facts.needs, paths: Set(snapshot.files.map(\.path)),
                shards: facts.shards, requirements: facts.requirements, lacks: facts.lacks,
                download: snapshot.origin.downloadCommand)
        }
        return Item(inventory: inventory, facts: facts, findings: findings)
    }
}

extension ModelFacts {
    /// Reads the facts of files as they are in a cache.
    package static func read(
        _ files: [CachedFile], of revision: ModelRevision = ModelRevision(), entry: String? = nil,
        survey: FileSurvey? = nil, _ contents: ModelFileReader = ModelFileReader()
    ) -> ModelFacts {
        read(files.map(\.modelFile), of: revision, entry: entry, survey: survey, contents)
    }
}

extension Snapshot {
    /// The revision, with what is here of it and what only its listing has.
    package var revision: ModelRevision {
        ModelRevision(files: files.map(\.modelFile), listed: listed.map { Array($0.keys) } ?? [])
    }
}

extension CachedFile {
    /// The file as facts are read of it.
    var modelFile: ModelFile { ModelFile(path: path, location: location, size: status.size, status: status) }
}

extension Origin {
    /// The command that downloads exactly this revision; `nil` for a directory or a conversion.
    package var downloadCommand: String? {
        switch self {
        case .hub(let repository, _, let commit):
            let type = repository.kind == .model ? "" : " --repo-type \(repository.kind.rawValue)"
            return "hf download \(repository.id)\(type) --revision \(commit)"
        case .kaggle(let handle):
            return "\(handle.downloadFunction)(\"\(handle.text)\", force_download=True)"
        case .registry(let artifact, let manifest):
            return "knapsack fetch \(ShellWord.quoted(Source.registry(artifact.at(manifest)).text))"
        case .path, .conversion: return nil
        }
    }
}
