import ArgumentParser
import Bundles
import Formats
import Locking
import Manifests
import ModelFiles
import Reports
import Storage

/// `knapsack report`
struct ReportCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write an HTML page: where the bytes are, what is stored once, limits, licences, findings.",
        usage: "knapsack report [<manifest-or-lock-or-bundle>] [<options>]",
        discussion: """
            One file without scripts that loads nothing, for screens of any size and for paper. The same lock or \
            bundle gives the same bytes. Headers of tensors are read in a bundle; from a lock alone, the page \
            states what it cannot know. --errors compares each model that was converted with what it was made \
            from: in the bundle, its bases and archives, and what is not there in the caches.

            Examples:
              knapsack report aimo3-models                # a bundle; writes report.html
              knapsack report models.toml --output models.html
              knapsack report models.lock --output - | gzip > report.html.gz
              # also measures what each conversion cost, which reads the models
              knapsack report aimo3-models --errors
              knapsack report aimo3-lora --errors --base aimo3-models
            """)

    /// The file where none is named.
    static let defaultFile = "report.html"

    /// What the page is about: a manifest, a lock, or a bundle as a directory or archive.
    @Argument(
        help: ArgumentHelp(
            "A manifest, whose lock is beside it, a lock, or a bundle's directory or archive.",
            valueName: "manifest-or-lock-or-bundle"),
        completion: .file())
    var target = "knapsack.toml"

    /// The file to write; `-` is standard output, `nil` is ``defaultFile``, and with `--json` none.
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp(
            "The file to write, report.html by default; - is standard output. With --json, none unless it is named.",
            valueName: "file"),
        completion: .file())
    var file: String?

    /// Whether conversions are compared with what they were made from, which reads both models.
    @Flag(help: "Measure what each conversion cost, which reads both models.")
    var errors = false

    /// Where files go that cannot be read in an archive where they are; `nil` is Knapsack's cache directory.
    @Option(
        help: ArgumentHelp(
            "With --errors: where models go for a while that are compressed in an archive; by default Knapsack's cache directory.",
            valueName: "dir"),
        completion: .directory)
    var scratch: String?

    /// Where models are that are not in the bundle.
    @OptionGroup var cacheOptions: CacheOptions
    /// The bundles that it builds on.
    @OptionGroup var bases: BaseOptions
    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    var subject: String? { target.hasSuffix(".toml") ? target : nil }

    /// Refuses two documents on standard output; exit code 2.
    func validate() throws {
        guard file != "-" || !output.json else {
            throw ValidationError("--output - and --json both write to standard output")
        }
        guard scratch == nil || errors else {
            throw ValidationError("--scratch takes --errors, without which no model is read")
        }
    }

    /// Writes the page. Findings of `check` are on it, and do not decide the exit code: 1 where files of the bundle are missing or
    /// of another size, or there is no lock; where an error is not known that `--errors` asks for, 1 or 2 by the reason.
    func execute(_ session: Session) async throws {
        let file = self.file ?? (session.json ? nil : ReportCommand.defaultFile)
        if let file, file != "-" { try PageFile.refuse(file, [target]) }
        guard var reading = try await read(session) else { return }
        session.report(reading.damage)
        if errors { reading.measuring = measuring(session) }
        let (document, unmeasured) = try await reading.document(
            bases: bases.base, progress: session.progress)
        session.report(unmeasured)
        for member in document.json { session.add(member.key, member.value) }
        session.add("check", .array(document.findings.map(\.json)))
        guard let file else { return }
        let text = try BundlePage(document).text()
        if file == "-" { return session.print(document: text) }
        try PageFile.write(text, to: file, keeping: [target])
        session.add("output", .string(file))
        session.add("sha256", .string(try ContentHasher.sha256(Array(text.utf8).span).hex))
        session.say(
            "wrote \(file): \(reading.lock.countedEntries), \(ByteCount.text(text.utf8.count))\(found(document))"
        )
    }

    private func measuring(_ session: Session) -> BundleReading.Measuring {
        let cache = session.context.cacheDirectory
        return BundleReading.Measuring(
            caches: cacheOptions.caches(session.context),
            index: cache.flatMap(DigestIndex.open(inDirectory:)),
            scratch: LazyScratch(in: scratch ?? cache))
    }

    /// How many findings are on the page, for people.
    private func found(_ document: BundleDocument) -> String {
        let counts = [Diagnostic.Severity.error, .warning].compactMap { severity -> String? in
            let count = document.findings.count { $0.severity == severity }
            return count == 0 ? nil : Counted.text(count, severity.rawValue)
        }
        return counts.isEmpty ? "" : ", with \(counts.joined(separator: " and ")) on it"
    }

    /// What was named; `nil` where a manifest has no lock, which was reported.
    private func read(_ session: Session) async throws -> BundleReading? {
        if target.hasSuffix(".lock") {
            return BundleReading(lock: try Lock.read(target), subject: .lock, path: target)
        }
        if let bundle = try await BundleInspection.read(path: target) {
            return BundleReading(
                lock: bundle.plan.lock, subject: bundle.format == nil ? .directory : .archive, path: target,
                damage: bundle.findings, format: bundle.format)
        }
        let source = ManifestArgument.named(target)
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            session.report([Locking.missing(source)])
            return nil
        }
        return BundleReading(lock: lock, subject: .manifest, path: target, manifest: manifest)
    }
}
