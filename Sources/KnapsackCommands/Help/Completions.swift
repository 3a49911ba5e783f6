import ArgumentParser
import Caches
import Conversion
import Formats
import Manifests
import Storage

/// What a shell offers for a word, asked of this program while somebody types.
///
/// Nothing here fails: what cannot be read offers nothing.
enum Completions {
    /// The names of the entries of the manifest that the words name, or of `knapsack.toml`.
    static let entries = kind { words, _ in
        let path = words.last { $0.hasSuffix(".toml") } ?? ManifestArgument.defaultName
        guard let manifest = try? ManifestArgument.parse([path]).read() else { return [] }
        return manifest.entries.map(\.name)
    }

    /// The names of the entries of the bundle that one of the words names.
    static let bundleEntries = kind { words, _ in
        for word in words {
            let path = Lock.bundledName.joined(to: word)
            if let lock = try? Lock.read(path) { return lock.entries.map(\.name) }
        }
        return []
    }

    /// The sources that the caches hold, and the files of the directory, for commands that take a model from either.
    static let models = kind { _, word in sources + paths(word) }

    /// The types that a model can be quantized to.
    static let quantizationTypes = CompletionKind.list(QuantizationType.all.map(\.name))

    /// A file to write and the type of it, in one list of words.
    static let outputAndType = kind { _, word in QuantizationType.all.map(\.name) + paths(word) }

    /// The types that a conversion can make.
    static let outputTypes = CompletionKind.list(
        OutputType.allCases.map(\.rawValue) + QuantizationType.all.filter { !$0.isCopy }.map(\.name))

    private static var sources: [String] {
        let context = CommandContext.process()
        let environment = context.environment
        let caches = Caches(
            hub: HubCache(root: HubCache.defaultRoot(environment: environment)),
            kagglehub: KagglehubCache(root: KagglehubCache.defaultRoot(environment: environment)),
            mounts: KaggleMounts(root: KaggleMounts.defaultRoot(environment: environment)),
            registries: context.cacheDirectory.map(RegistryStore.init(cacheDirectory:)))
        return caches.inventory().items.compactMap { item in
            switch item.snapshot.origin {
            case .hub(let repository, _, let commit):
                Source.hub(repository, revision: item.refs.first ?? commit).text
            case .kaggle(let handle): Source.kaggle(handle).text
            case .registry(let artifact, _): Source.registry(artifact).text
            case .path, .conversion: nil
            }
        }
    }

    /// What is in the directory that a word names so far; hidden files only if a dot asks for them.
    private static func paths(_ word: String) -> [String] {
        let slash = word.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = slash.map { String(word[...$0]) } ?? ""
        let start = slash.map { word[word.utf8.index(after: $0)...] } ?? word[...]
        let names = (try? Directory.names(in: directory.isEmpty ? "." : directory)) ?? []
        return names.filter { $0.utf8.starts(with: start.utf8) && ($0.utf8.first != 0x2E || !start.isEmpty) }
            .map { directory + $0 }
    }

    private static func kind(_ values: @escaping @Sendable ([String], String) -> [String]) -> CompletionKind {
        .custom { words, _, word in values(words, word).filter(isHarmless).map(spelled) }
    }

    /// Whether a shell may be given a value.
    ///
    /// bash's `compgen -W` expands what it is given, so that a name such as `$(command)`, which a file, a branch or a
    /// folder of a cache can have, would be run by the Tab key.
    static func isHarmless(_ value: String) -> Bool {
        guard let first = value.utf8.first, first != UInt8(ascii: "~"), first != UInt8(ascii: "-") else {
            return false
        }
        return value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "./_-+@%=,:~".utf8.contains(byte)
            }
        }
    }

    /// In zsh, what follows a colon describes the value before it.
    private static func spelled(_ value: String) -> String {
        CompletionShell.requesting == .zsh ? value.replacing(":", with: "\\:") : value
    }
}
