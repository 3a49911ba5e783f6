import ArgumentParser
import Caches
import Catalogue
import Formats
import Manifests
import Service
import Storage

/// `knapsack serve`
struct ServeCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve what the Hugging Face cache has to others, as the Hub does.",
        usage: "knapsack serve [<options>]",
        discussion: """
            With HF_ENDPOINT pointing to it, huggingface_hub, transformers and datasets find and load what this machine's \
            cache has; with KAGGLE_API_ENVIRONMENT=LOCALHOST and http_proxy pointing to it, so do kagglehub and kaggle. \
            In a browser its address shows a page of all models. The caches change only where clients have something \
            installed or removed, and with --upstream. A file is sent only after its content agreed with what the cache \
            states of it. Ctrl-C ends it after the answers that are being sent.

            On this machine alone no token is needed. Any other address needs a file of tokens: see knapsack token. Tokens \
            and contents are encrypted only with --tls-cert and --tls-key, or by a proxy in front.

            Examples:
              knapsack serve
              HF_ENDPOINT=http://127.0.0.1:8420 hf download org/name
              knapsack serve --kagglehub-cache /data/kagglehub
              knapsack serve --upstream  # loads what the caches lack
              knapsack serve --host 0.0.0.0 --allow-host models.example.org
              knapsack serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
              knapsack serve --catalogue ~/models   # with a registry of models
              knapsack serve --port 0    # the kernel chooses the port, which is printed
            """)

    /// The address that is listened on.
    @Option(help: ArgumentHelp("The address or the name to listen on.", valueName: "host"))
    var host = "127.0.0.1"

    /// The port that is listened on; 0 lets the kernel choose.
    @Option(help: ArgumentHelp("The port to listen on; 0 for any that is free.", valueName: "port"))
    var port = 8420

    /// Names besides `--host` by which clients call the server.
    @Option(
        help: ArgumentHelp(
            "A further name by which clients call it; may be given several times.", valueName: "name"))
    var allowHost: [String] = []

    /// How many requests are answered at once.
    @Option(help: ArgumentHelp("How many requests are answered at once.", valueName: "number"))
    var threads = 64

    /// The certificate with which it speaks TLS.
    @OptionGroup var certificate: CertificateOptions
    /// Whether those without a token may read what is public.
    @Flag(
        help: "Let those without a token look at models of the registry that are public, and download them.")
    var publicRead = false
    /// Where it is noted who did what.
    @Option(
        help: ArgumentHelp(
            "Append a line of JSON for each change, use of a token, and token that is refused. SIGHUP opens it again.",
            valueName: "file"),
        completion: .file())
    var auditLog: String?
    /// How much clients may have of it.
    @OptionGroup(title: "Limits") var limits: ServeLimitOptions
    /// Whose tokens count.
    @OptionGroup var tokenFile: TokenFileOptions
    /// Which cache is served.
    @Option(
        help: ArgumentHelp(
            "The Hugging Face hub cache, instead of the one that HF_HUB_CACHE or HF_HOME name.",
            valueName: "dir"),
        completion: .directory)
    var hfCache: String?
    /// Which kagglehub cache is served.
    @Option(
        help: ArgumentHelp(
            "The kagglehub cache, instead of the one that KAGGLEHUB_CACHE names.", valueName: "dir"),
        completion: .directory)
    var kagglehubCache: String?
    /// The directory of the registry of models; `nil` serves none.
    @Option(
        help: ArgumentHelp(
            "Serve a registry of models, too, and keep it in this directory.", valueName: "dir"),
        completion: .directory)
    var catalogue: String?

    /// Whether what the caches lack is fetched.
    @OptionGroup var upstreamOptions: UpstreamOptions
    /// Where jobs and their results are kept.
    @OptionGroup var stateOptions: ServeStateOptions

    /// How much is printed: each request with `--verbose`.
    @OptionGroup var output: OutputOptions

    /// Refuses numbers out of their bounds and names that are none; exit code 2.
    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535") }
        guard (1...1024).contains(threads) else { throw ValidationError("--threads takes 1 to 1024") }
        for name in allowHost where HostRule.name(name)?.hasSameBytes(as: name.lowercased()) != true {
            throw ValidationError("--allow-host takes a name without a port")
        }
        for (option, directory) in [("--catalogue", catalogue), ("--state", stateOptions.state)]
        where directory?.isEmpty == true {
            throw ValidationError("\(option) takes a directory: its name is empty")
        }
        if let catalogue, let state = stateOptions.state, catalogue.hasSameBytes(as: state) {
            throw ValidationError("--catalogue and --state are two directories")
        }
        guard !publicRead || catalogue != nil else {
            throw ValidationError("--public-read is for models of a registry: name it with --catalogue")
        }
    }

    /// Serves until a signal ends it: exit code 0 then, 2 where it cannot begin.
    func execute(_ session: Session) async throws {
        let openFiles = OpenFiles.raiseLimit()
        let cache = HubCache(root: hfCache ?? HubCache.defaultRoot(environment: session.context.environment))
        // Where it is not all that is served it may be empty; one that somebody named has to be there.
        let mayBeEmpty = upstreamOptions.upstream || (catalogue != nil && hfCache == nil)
        if mayBeEmpty, !cache.root.isEmpty { try Directory.make(cache.root) }
        guard FileStatus.isDirectory(cache.root.isEmpty ? "." : cache.root) else {
            throw Diagnostics(
                Diagnostic(
                    code: .cacheMissing, "there is no Hugging Face cache at \(FileWalk.shown(cache.root))",
                    fix: "name the directory that the client downloads into, download something first, "
                        + "or serve with --upstream or --catalogue",
                    verdict: .undecided))
        }
        let tokens = try tokens(session)
        let identity = try identity()
        let index = session.context.cacheDirectory.flatMap(DigestIndex.open(inDirectory:))
        // A thread alone waits, too: some clients take no for an answer.
        let mostWaiting = max(1, threads / 2)
        let prover = FileProver(index: index, mostWaiting: mostWaiting) { file, verdict in
            session.report([ServeCommand.finding(file, verdict)])
        }
        let sums = SumProver(
            index: session.context.cacheDirectory.flatMap {
                ValueIndex.open(SumProver.indexName, inDirectory: $0)
            }, mostWaiting: mostWaiting)
        var settings = ServerSettings()
        settings.host = host
        settings.port = port
        settings.threads = threads
        limits.apply(to: &settings, openFiles: openFiles)
        let kagglehub = kagglehub(session)
        let upstream = try upstreamOptions.desk(cache, kagglehub, threads: threads, session)
        let models = try openCatalogue(session)
        let kaggleStore = try kaggleStore()
        let keeper = models.map { CatalogueKeeper($0, prover) }
        let work = try CommandWorker.Settings(
            hubCache: cache.root, kaggleCache: kagglehub.root, catalogue: models,
            uploads: kaggleStore?.cache, lendsCredentials: stateOptions.installToken, session)
        let queue = try stateOptions.queue(catalogue: catalogue, work, session)
        // Where half of the threads may wait for upstream already, some have to be left for all others.
        let watchers = upstream == nil ? threads / 2 : threads / 4
        let registry = models.map { ModelRegistry($0, prover: prover) }
        let jobs = queue.map { JobInterface($0, work, watchers: watchers, registry: registry) }
        let metrics = ServerMetrics()
        metrics.add(jobs?.gauges ?? [])
        let analytics = try stateOptions.analytics(catalogue: catalogue, session)
        let shelf = MarketShelf(
            market(cache, models, kaggleStore?.cache, prover, index, session), mostWaiting: threads / 2)
        let hub = HubMirror(cache, catalogue: models, prover: prover, upstream: upstream)
        let routes = ServiceRoutes(
            hub: hub,
            kaggle: KaggleMirror(kagglehub, prover: sums, upstream: upstream, store: kaggleStore),
            models: registry, jobs: jobs,
            analytics: AnalyticsInterface(analytics, hub, shelf), metrics: metrics, market: Market(shelf))
        let audit = try openAuditLog(session)
        let hosts = HostRule(names: allowHost + [host])
        let control = SitePages(
            AccessControl(
                routes, hosts: hosts, tokens: tokens, rules: rules(needsTokens: tokens != nil, audit)),
            hosts: hosts)
        let server: HTTPServer
        do throws(ServerFailure) {
            server = try HTTPServer(settings, control, identity: identity, log: log(session, metrics))
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .failed, "\(error)",
                    fix: error.isTaken ? "end the other server, or take another port: --port 0" : nil,
                    verdict: .undecided))
        }
        metrics.watch(server, prover)
        SignalHandler.end {
            server.stop()
            queue?.stop()
            prover.stop()
            sums.stop()
            upstream?.stop()
            keeper?.stop()
            shelf.stop()
        }
        // Also where there is nothing to read again: who rotates logs sends it to all, and it would end the server.
        SignalHandler.rereads {
            audit?.reopen()
            reread(server, session)
        }
        announce(server.port, cache, session)
        let files = ServeCommand.files(of: cache)
        prover.add(files)
        async let proving: Void = prover.run()
        async let reading: Void = shelf.fill()
        async let working: Void? = queue?.run()
        async let keeping: Void? = keeper?.run()
        do {
            // Else a server that cannot run would wait for the others for ever.
            defer {
                prover.stop()
                queue?.stop()
                keeper?.stop()
                shelf.stop()
            }
            try await server.run()
        }
        try await proving
        try await working
        try await reading
        _ = try await keeping
    }

    /// What the marketplace and the page know.
    private func market(
        _ cache: HubCache, _ catalogue: ModelCatalogue?, _ uploads: KagglehubCache?, _ prover: FileProver,
        _ index: DigestIndex?,
        _ session: Session
    ) -> MarketReader {
        let caches = CacheOptions.caches(
            session.context, hfCache: cache.root, kagglehubCache: kagglehub(session).root)
        return MarketReader(caches, catalogue, uploads: uploads, prover: prover, digests: index, session)
    }

    /// What Kaggle's clients upload; `nil` without a catalogue, which has to be open already: one server uses it.
    private func kaggleStore() throws -> KaggleStore? {
        guard let catalogue else { return nil }
        do throws(FileError) {
            return try KaggleStore(directory: catalogue, mostWaiting: threads / 2)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable, "the catalogue \(FileWalk.shown(catalogue)) cannot be used: \(error)",
                    fix: error.remedy(), verdict: .undecided))
        }
    }

    /// The kagglehub cache, which need not be there: nothing of Kaggle is served then.
    private func kagglehub(_ session: Session) -> KagglehubCache {
        KagglehubCache(
            root: kagglehubCache ?? KagglehubCache.defaultRoot(environment: session.context.environment))
    }

    /// The registry's catalogue; what had to be made anew in it is told.
    private func openCatalogue(_ session: Session) throws -> ModelCatalogue? {
        guard let catalogue else { return nil }
        do throws(ModelCatalogue.Problem) {
            let opened = try ModelCatalogue(directory: catalogue)
            if let restored = opened.restored {
                session.report(RestoredCatalogue.findings(restored, FileWalk.shown(catalogue)))
            }
            return opened
        } catch {
            throw Diagnostics(RestoredCatalogue.finding(error, FileWalk.shown(catalogue)))
        }
    }

    private func announce(_ port: Int, _ cache: HubCache, _ session: Session) {
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let address = "\(certificate.tlsCert == nil ? "http" : "https")://\(shown):\(port)"
        session.say("serving \(FileWalk.shown(cache.root)) at \(address)")
        session.add("address", .string(address))
    }

    /// All files that the cache has, which are proved while nobody asks for any.
    private static func files(of cache: HubCache) -> [CachedFile] {
        cache.repositories().flatMap { repository in
            ((try? cache.revisions(of: repository))?.commits ?? []).flatMap { commit in
                (try? cache.snapshot(repository, ref: commit, commit: commit))?.files ?? []
            }
        }
    }

    private static func finding(_ file: CachedFile, _ verdict: FileProver.Verdict) -> Diagnostic {
        if case .refuted = verdict {
            return Diagnostic(
                code: .hashMismatch, "\(file.path) does not match its hash in the cache: it is not served",
                notes: ["at \(FileWalk.shown(file.location))"],
                fix: "delete that file, and download it again")
        }
        return Diagnostic(
            .warning, code: .unreadable, "\(file.path) could not be read, or changed meanwhile",
            notes: ["at \(FileWalk.shown(file.location))"])
    }

    private func log(
        _ session: Session, _ metrics: ServerMetrics
    ) -> @Sendable (AnsweredRequest) -> Void {
        guard session.verbose else { return { metrics.observe($0) } }
        return { answered in
            metrics.observe(answered)
            let state = answered.isWhole ? "" : " (broken off)"
            let milliseconds = answered.microseconds / 1000
            session.say(
                "\(answered.peer) \(answered.request.withVisibleScalars) \(answered.status) "
                    + "\(answered.bytes) bytes, \(milliseconds) ms\(state)")
        }
    }
}
