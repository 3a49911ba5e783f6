import ArgumentParser
import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage

/// How much a command states, and in what form; every command has them.
struct OutputOptions: ParsableArguments {
    /// Whether the result is one JSON document; findings are in it, and on standard error.
    @Flag(name: .long, help: "Print one JSON document on standard output, and nothing else there.")
    var json = false

    /// Whether results for people and progress are left out.
    @Flag(name: [.short, .long], help: "Print findings only.")
    var quiet = false

    /// Whether notes and lists of files are printed, too.
    @Flag(name: [.short, .long], help: "Print more: every file and every note.")
    var verbose = false
}

/// Where the caches are, for commands that read them.
struct CacheOptions: ParsableArguments {
    /// The root of the hub cache; `nil` takes what the environment names.
    @Option(
        help: ArgumentHelp(
            "The Hugging Face hub cache, instead of the one that HF_HUB_CACHE or HF_HOME name.",
            valueName: "dir"),
        completion: .directory)
    var hfCache: String?

    /// The root of the kagglehub cache; `nil` takes what the environment names, and models attached to a
    /// notebook.
    @Option(
        help: ArgumentHelp(
            "The kagglehub cache, instead of the one that KAGGLEHUB_CACHE names.", valueName: "dir"),
        completion: .directory)
    var kagglehubCache: String?

    /// Refuses an empty text, which an unset variable leaves, and which would be the current directory; exit code 2.
    func validate() throws {
        for (path, option) in [(hfCache, "--hf-cache"), (kagglehubCache, "--kagglehub-cache")]
        where path?.isEmpty == true {
            throw ValidationError("\(option) names no directory; \".\" is the current one")
        }
    }

    /// Makes sure that there is a cache to look into: each one that an option names, and at least one of those that
    /// the environment names. What could not be looked at is not empty.
    func requirePresent(_ context: CommandContext) throws {
        let caches = caches(context)
        var missing = namedButMissing
        let roots = [("Hugging Face", caches.hub.root), ("kagglehub", caches.kagglehub.root)]
        let isAttached = caches.mounts.map { CacheOptions.isDirectory($0.root) } ?? false
        let isFetched = caches.registries.map { CacheOptions.isDirectory($0.root) } ?? false
        if missing.isEmpty, !isAttached, !isFetched,
            !roots.contains(where: { CacheOptions.isDirectory($0.1) })
        {
            missing = roots.map(CacheOptions.missing)
        }
        guard missing.isEmpty else { throw Diagnostics(missing) }
    }

    /// Makes sure that each cache that an option names is there.
    func requireNamed() throws {
        let missing = namedButMissing
        guard missing.isEmpty else { throw Diagnostics(missing) }
    }

    private var namedButMissing: [Diagnostic] {
        [("Hugging Face", hfCache), ("kagglehub", kagglehubCache)].compactMap { name, path in
            path.flatMap { CacheOptions.isDirectory($0) ? nil : CacheOptions.missing(name, $0) }
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        (try? FileStatus.status(of: Directory.realPath(path)).kind) == .directory
    }

    private static func missing(_ name: String, _ path: String) -> Diagnostic {
        Diagnostic(
            code: .cacheMissing, "there is no \(name) cache at \(FileWalk.shown(path))",
            fix: "name the directory that the client downloads into, or fill it with fetch first",
            verdict: .undecided)
    }

    /// The caches that options and environment name, none of which has to be there.
    func caches(_ context: CommandContext) -> Caches {
        CacheOptions.caches(context, hfCache: hfCache, kagglehubCache: kagglehubCache)
    }

    /// The same for a command that has these options in words of its own.
    static func caches(_ context: CommandContext, hfCache: String?, kagglehubCache: String?) -> Caches {
        Caches(
            hub: HubCache(root: hfCache ?? HubCache.defaultRoot(environment: context.environment)),
            kagglehub: KagglehubCache(
                root: kagglehubCache ?? KagglehubCache.defaultRoot(environment: context.environment)),
            mounts: kagglehubCache == nil
                ? KaggleMounts(root: KaggleMounts.defaultRoot(environment: context.environment)) : nil,
            registries: context.cacheDirectory.map(RegistryStore.init(cacheDirectory:)),
            conversions: context.cacheDirectory.map(ConversionCache.init(cacheDirectory:)))
    }
}

/// The bundles that another one builds on, for commands that need what it does not store.
struct BaseOptions: ParsableArguments {
    /// Directories or archives.
    @Option(
        help: ArgumentHelp(
            "A bundle that it builds on: its directory or archive; may be given several times.",
            valueName: "bundle"),
        completion: .file())
    var base: [String] = []
}

/// The manifest that a command works on.
struct ManifestArgument: ParsableArguments {
    /// The manifest's path as the user named it; its lock is beside it.
    @Argument(
        help: ArgumentHelp("The manifest.", valueName: "manifest"),
        completion: .file(extensions: ["toml"]))
    var manifest = ManifestArgument.defaultName

    /// The manifest's name where none is given.
    static let defaultName = "knapsack.toml"

    /// The lock beside the manifest: `NAME.lock` for `NAME.toml`.
    var lockPath: String {
        manifest.hasSuffix(".toml") ? manifest.dropLast(5) + ".lock" : manifest + ".lock"
    }

    /// The argument that a path would be.
    static func named(_ path: String) -> ManifestArgument {
        var argument = ManifestArgument()
        argument.manifest = path
        return argument
    }

    /// Reads and checks the manifest.
    func read() throws -> Manifest {
        try Manifest.parse(contents(), path: manifest).readingAllowedRevisions().readingProvidedFiles()
            .readingBases()
    }

    /// The manifest's bytes; throws where nothing can be read, and where it is a lock.
    func contents() throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try FileReader.contents(named: manifest, limit: 1 << 24)
        } catch {
            if error.isDirectory {
                throw unreadable("\(manifest) is a directory", fix: nearby ?? "name the manifest")
            }
            guard error.isMissing, error.obstacle == nil else {
                throw unreadable("\(error)", fix: error.remedy())
            }
            throw unreadable(
                "there is no \(manifest)",
                fix: nearby ?? "name the manifest, or write one: knapsack init \(ShellWord.quoted(manifest))"
            )
        }
        // A lock is JSON, and no TOML document begins so.
        if bytes.first == UInt8(ascii: "{"), !manifest.hasUTF8Suffix(".toml") {
            throw unreadable(
                "\(manifest) is a lock, not a manifest",
                fix: nearby ?? "name the manifest that it was made from")
        }
        return bytes
    }

    private func unreadable(_ message: String, fix: String) -> Diagnostics {
        Diagnostics(Diagnostic(code: .manifestUnreadable, message, fix: fix, verdict: .undecided))
    }

    /// Names the manifests that are in the directory, if there are any.
    var nearby: String? {
        let isDirectory = (try? FileStatus.existing(manifest))??.kind == .directory
        let directory = isDirectory ? manifest : Path.parent(manifest)
        let names = (try? Directory.names(in: directory)) ?? []
        let found = names.filter { $0.hasSuffix(".toml") && $0 != "pyproject.toml" }.sorted().prefix(5)
            .map { ShellWord.quoted(directory == "." ? $0 : Path.join(directory, $0)) }
        return found.isEmpty ? nil : "name the manifest: \(found.joined(separator: ", "))"
    }

    /// Reads the lock beside the manifest; `nil` if there is none.
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

    /// What to name in place of a directory: the lock in it, if it is a bundle.
    private static func name(in directory: String) -> String {
        let lock = Lock.bundledName.joined(to: directory)
        return (try? FileStatus.existing(lock)) == nil
            ? "name the lock" : "name the bundle's lock: \(ShellWord.quoted(lock))"
    }

    /// The bytes of a lock file.
    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            return try FileReader.contents(named: path, limit: Lock.sizeLimit)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .lockUnreadable, "\(error)",
                    fix: error.isDirectory
                        ? Lock.name(in: path) : error.remedy(missing: "run knapsack lock {manifest}"),
                    verdict: .undecided))
        }
    }
}
