import ArgumentParser
import Caches
import Formats
import Manifests
import ModelFacts
import Storage
import Transfer

/// `knapsack info`
struct InfoCommand: KnapsackCommand {
    /// The name, the text of the help, and examples.
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what a model or a data set is, before it is loaded.",
        usage: "knapsack info <source> [<options>]",
        discussion: """
            States licence, access, base model, files with their types, what the service's scanners found, which of \
            several formats a bundle needs, on which accelerators it runs, whether it can become GGUF, and how much speaks \
            for it. Of the files only headers and small documents are read, and nothing is written. What is in the caches \
            can be asked without the network: with --offline, or a directory.

            Examples:
              knapsack info hf:Qwen/Qwen2.5-0.5B-Instruct
              knapsack info hf-dataset:openai/gsm8k
              knapsack info kaggle:google/gemma-2/transformers/gemma-2-2b-it
              knapsack info hf:Qwen/Qwen2.5-0.5B-Instruct --offline
              knapsack info oci:docker.io/ai/smollm2:latest
              knapsack info ./my-model --json
            """)

    /// The source, or a directory.
    @Argument(
        help: ArgumentHelp("What to look at, such as hf:org/name@main, or a directory.", valueName: "source"),
        completion: Completions.models)
    var source: String

    /// Whether only the caches are looked into.
    @Flag(help: "Ask nobody: look into the caches.")
    var offline = false

    /// How the service is asked.
    @OptionGroup var connection: CatalogOptions
    /// How a registry is asked.
    @OptionGroup var registry: RegistryOptions
    /// Which caches are looked into.
    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    /// How many files are looked into at once.
    private static let connections = 8

    func execute(_ session: Session) async throws {
        try cacheOptions.requireNamed()
        guard let report = try await report(parsed(), session) else { return }
        for member in report.json { session.add(member.key, member.value) }
        if session.json { return }
        session.context.writeOutput(
            report.text(width: min(session.context.terminal.tableWidth, 100), verbose: session.verbose))
    }

    /// The source; a text that is none and begins as no source does is a directory.
    private func parsed() throws -> Source {
        // Of an address of the Hub or of Kaggle it is told which source it is.
        let isAddress = ["https://", "http://"].contains { source.hasUTF8Prefix($0) }
        guard SourceFile.isSource(source) || isAddress else {
            // Names of the Hub are written without a scheme elsewhere, and so they are tried here.
            let isThere = (try? Directory.realPath(source)) != nil
            if HubRepository.problem(inID: source) == nil, !isThere {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "there is no directory \(quoted(source))",
                        fix: "for a model on the Hub: knapsack info hf:\(source)", verdict: .undecided))
            }
            if let finding = Self.noDirectory(source) { throw Diagnostics(finding) }
            return .path(source)
        }
        do throws(SourceError) {
            return try Source.parse(source)
        } catch {
            throw Diagnostics(.source(source, error))
        }
    }

    /// What is wrong with the path of a directory; `nil` where it is one.
    private static func noDirectory(_ path: String) -> Diagnostic? {
        guard let real = try? Directory.realPath(path) else {
            return Diagnostic(
                code: .directoryMissing, "there is no directory \(quoted(path))",
                fix: "name a directory, or a source such as hf:org/name", verdict: .undecided)
        }
        guard !FileStatus.isDirectory(real) else { return nil }
        return Diagnostic(
            code: .directoryMissing, "\(path) is a file, and info is about directories and sources",
            fix: "to see what is in it: knapsack inspect \(ShellWord.quoted(path))", verdict: .undecided)
    }

    /// What there is to state; `nil` where something was reported that hinders.
    private func report(_ source: Source, _ session: Session) async throws -> RepositoryReport? {
        switch source {
        case .path: return try local(source, session)
        case _ where offline: return try local(source, session)
        case .hub where HubConnection.offlineVariable(session.context.environment) != nil:
            return try local(source, session)
        case .hub(let repository, let revision): return try await hub(repository, revision, session)
        case .kaggle(let handle):
            guard handle.kind == .model || handle.kind == .dataset else {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "\(source.text): info asks Kaggle about models and data sets",
                        fix: "with --offline, it looks into the cache", verdict: .undecided))
            }
            return try await kaggle(handle, session)
        case .registry(let artifact): return try await registry(artifact, session)
        }
    }

    private func registry(
        _ artifact: RegistrySource, _ session: Session
    ) async throws -> RepositoryReport? {
        let source = Source.registry(artifact)
        let client = try registry.client(
            artifact.reference, CatalogConnection(options: connection).requester(session), writes: false,
            session)
        let catalog = RegistryCatalog(client)
        do {
            let (info, contents) = try await Waiting.run { try catalog.info(artifact) }
            return try await remote(source, kind: "model", info, contents, session) { catalog.finding($0) }
        } catch {
            return try instead(source, catalog.finding(error), session)
        }
    }

    private func hub(
        _ repository: HubRepository, _ revision: String, _ session: Session
    ) async throws -> RepositoryReport? {
        let (catalog, client) = try CatalogConnection(options: connection).hub(session)
        let source = Source.hub(repository, revision: revision)
        do {
            let info = try await Waiting.run { try catalog.info(repository, revision: revision) }
            let commit = info.revision ?? revision
            return try await remote(
                source, kind: repository.kind.rawValue, info,
                catalog.contents(repository, commit: commit), session
            ) { CatalogFailure.finding($0, source.text, hub: client, source: source) }
        } catch {
            return try instead(
                source, CatalogFailure.finding(error, source.text, hub: client, source: source), session)
        }
    }

    private func kaggle(_ handle: KaggleHandle, _ session: Session) async throws -> RepositoryReport? {
        let (catalog, client) = try CatalogConnection(options: connection).kaggle(session)
        let source = Source.kaggle(handle)
        do {
            let info = try await Waiting.run { try catalog.info(handle) }
            let version = info.revision.flatMap { Int($0) } ?? handle.version
            return try await remote(
                source, kind: handle.kind.rawValue, info, catalog.contents(handle.with(version: version)),
                session
            ) { CatalogFailure.finding($0, source.text, kaggle: client, handle: handle) }
        } catch {
            return try instead(
                source, CatalogFailure.finding(error, source.text, kaggle: client, handle: handle), session)
        }
    }

    /// What is in the cache, where the service does not answer; otherwise why it does not.
    private func instead(_ source: Source, _ finding: Diagnostic, _ session: Session) throws
        -> RepositoryReport?
    {
        guard let report = try? local(source, session) else {
            session.report([finding])
            return nil
        }
        session.report([InfoCommand.warning(finding, "what follows is from the cache")])
        return report
    }

    /// A finding that does not hinder.
    private static func warning(_ finding: Diagnostic, _ note: String) -> Diagnostic {
        Diagnostic(
            .warning, code: finding.code, finding.message, notes: finding.notes + [note], fix: finding.fix)
    }

    private func remote(
        _ source: Source, kind: String, _ info: RepositoryInfo, _ contents: RemoteContents,
        _ session: Session, finding: (any ServiceRefusal) -> Diagnostic
    ) async throws -> RepositoryReport {
        let isRead = kind == "model" || kind == "dataset"
        // Of a data set only the card is of use.
        let wanted = kind == "model" ? info.files : info.files.filter { $0.path == "README.md" }
        var result = RemoteReading.Result()
        if isRead {
            result = try await RemoteReading(contents: contents).read(
                wanted, connections: InfoCommand.connections)
        }
        report(result.failed, of: source, session)
        if let refusal = result.refusal {
            session.report([
                InfoCommand.warning(
                    finding(refusal), "nothing is known of what is in its files")
            ])
        }
        let served = result.served
        let read = served.keys.sorted().map { path in
            ModelFile(path: path, location: "\(source.text):\(path)", size: served[path]?.size ?? 0)
        }
        return RepositoryReport(
            source: source.text, kind: kind, info: info, revision: info.revision, directory: nil,
            files: info.files, read: result.refusal == nil ? read : nil, ModelFileReader(served: served),
            found: [],
            cached: CacheState(cacheOptions.caches(session.context)).of(source))
    }

    /// What could not be looked into, as one warning.
    private func report(
        _ failed: [(path: RelativePath, reason: String)], of source: Source, _ session: Session
    ) {
        guard !failed.isEmpty else { return }
        let shown = failed.prefix(5).map { "\($0.path): \($0.reason)" }
        let more = failed.count > 5 ? ["… and \(failed.count - 5) more"] : []
        session.report([
            Diagnostic(
                .warning, code: .unreadable,
                "\(source.text): \(Counted.text(failed.count, "file")) could not be looked into, so that not all is known",
                notes: shown + more)
        ])
    }

    private func local(_ source: Source, _ session: Session) throws -> RepositoryReport {
        let caches = cacheOptions.caches(session.context)
        let snapshot = try caches.snapshot(for: source, pinned: nil, manifestDirectory: ".")
        let (kind, revision) =
            switch snapshot.origin {
            case .hub(let repository, _, let commit): (repository.kind.rawValue, Optional(commit))
            case .kaggle(let handle): (handle.kind.rawValue, handle.version.map(String.init))
            case .registry(_, let manifest): ("model", "sha256:\(manifest.hex)")
            case .path, .conversion: ("files", nil)
            }
        return RepositoryReport(
            source: source.text, kind: kind, info: nil, revision: revision, directory: snapshot.directory,
            files: snapshot.files.map { RemoteFile(path: $0.path, size: $0.status.size) },
            read: snapshot.files.map {
                ModelFile(path: $0.path, location: $0.location, size: $0.status.size)
            }, ModelFileReader(), found: snapshot.problems, cached: CacheState(caches).of(source))
    }
}
