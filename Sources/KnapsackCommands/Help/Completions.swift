import ArgumentParser
import Caches
import Conversion
import Formats
import Manifests

/// What a shell offers for a word, asked of this program while somebody types.
///
/// Nothing here fails: what cannot be read offers nothing.
enum Completions {
    /// The names of the entries of the manifest that the words name, or of `knapsack.toml`.
    static let entries = CompletionKind.custom { words, _, _ in
        let path = words.last { $0.hasSuffix(".toml") } ?? ManifestArgument.defaultName
        guard let manifest = try? ManifestArgument.parse([path]).read() else { return [] }
        return manifest.entries.map(\.name)
    }

    /// The sources that the caches hold, for commands that take a model from them.
    static let sources = CompletionKind.custom { _, _, _ in
        let environment = CommandContext.process().environment
        let caches = Caches(
            hub: HubCache(root: HubCache.defaultRoot(environment: environment)),
            kagglehub: KagglehubCache(root: KagglehubCache.defaultRoot(environment: environment)),
            mounts: KaggleMounts(root: KaggleMounts.defaultRoot(environment: environment)))
        return caches.inventory().items.compactMap { item in
            switch item.snapshot.origin {
            case .hub(let repository, _, let commit):
                Source.hub(repository, revision: item.refs.first ?? commit).text
            case .kaggle(let handle): Source.kaggle(handle).text
            case .path, .conversion: nil
            }
        }
    }

    /// The types that a model can be quantized to.
    static let quantizationTypes = CompletionKind.list(QuantizationType.all.map(\.name))

    /// The types that a conversion can make.
    static let outputTypes = CompletionKind.list(
        OutputType.allCases.map(\.rawValue) + QuantizationType.all.filter { !$0.isCopy }.map(\.name))
}
