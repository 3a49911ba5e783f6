import ArgumentParser
import Caches
import Manifests
import Rules
import Storage

/// How much a command says, and in what form; every command has them.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON document on standard output, and nothing else there.")
    var json = false

    @Flag(name: [.short, .long], help: "Say nothing but findings.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Say more: every file, every note.")
    var verbose = false
}

/// Where the caches are, for commands that read them.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The Hugging Face hub cache, instead of the one that HF_HUB_CACHE or HF_HOME name.",
            valueName: "dir"),
        completion: .directory)
    var hfCache: String?

    @Option(
        help: ArgumentHelp(
            "The kagglehub cache, instead of the one that KAGGLEHUB_CACHE names.", valueName: "dir"),
        completion: .directory)
    var kagglehubCache: String?

    func caches(_ context: CommandContext) -> Caches {
        Caches(
            hub: HubCache(root: hfCache ?? HubCache.defaultRoot(environment: context.environment)),
            kagglehub: KagglehubCache(
                root: kagglehubCache ?? KagglehubCache.defaultRoot(environment: context.environment)),
            conversions: context.cacheDirectory.map(ConversionCache.init(cacheDirectory:)))
    }
}

/// The manifest that a command works on.
struct ManifestArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The manifest.", valueName: "manifest"),
        completion: .file(extensions: ["toml"]))
    var manifest = "knapsack.toml"

    /// The lock beside the manifest: `NAME.lock` for `NAME.toml`.
    var lockPath: String {
        manifest.hasSuffix(".toml") ? manifest.dropLast(5) + ".lock" : manifest + ".lock"
    }

    /// Reads and checks the manifest.
    func read() throws -> Manifest {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.contents(of: try Directory.realPath(manifest), limit: 1 << 24)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .manifestUnreadable, "\(error)",
                    fix: error.isMissing
                        ? "name the manifest, or write one with knapsack init" : "make it readable",
                    verdict: .undecided))
        }
        return try Manifest.parse(bytes, path: manifest).readingAllowedRevisions()
    }

    /// Reads the lock beside the manifest; `nil` where there is none.
    func readLock() throws -> Lock? {
        guard try FileStatus.existing(lockPath) != nil else { return nil }
        return try Lock.read(lockPath)
    }

    /// Reads the lock beside the manifest to lock it again: also one in which git left the marks of a conflict.
    func readPrevious(_ manifest: Manifest, _ session: Session) throws -> Lock? {
        guard try FileStatus.existing(lockPath) != nil else { return nil }
        let bytes = try Lock.bytes(lockPath)
        do {
            return try Lock.parse(bytes, path: lockPath)
        } catch {
            guard let merged = try Lock.merging(bytes, path: lockPath, for: manifest) else { throw error }
            session.report(merged.findings)
            session.say(
                "\(lockPath) had the conflict marks of a git merge: the entries of both sides are taken")
            return merged.lock
        }
    }
}

extension Lock {
    /// Reads and checks a lock file.
    static func read(_ path: String) throws -> Lock { try parse(bytes(path), path: path) }

    /// The bytes of a lock file.
    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            return try FileReader.contents(of: try Directory.realPath(path), limit: Lock.sizeLimit)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .lockUnreadable, "\(error)",
                    fix: error.isMissing ? "run knapsack lock" : "make it readable", verdict: .undecided))
        }
    }
}
