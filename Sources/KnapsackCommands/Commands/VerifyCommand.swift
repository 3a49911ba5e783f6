import ArgumentParser
import Bundling
import Storage
import Tensors

/// `knapsack verify`
struct VerifyCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove every byte of a bundle, or of the caches, against the lock.",
        discussion: """
            Exit code 0: every byte is right; 1: something is changed, missing or extra; 2: it could not \
            be looked at.

            Examples:
              knapsack verify aimo3-models            a bundle's directory against its own lock
              knapsack verify models.lock             the caches against a lock
              knapsack verify aimo3-models.tar.zst    an archive, in one pass without unpacking
              knapsack verify aimo3-models --quick    names and sizes only
            """)

    @Argument(
        help: ArgumentHelp("A bundle's directory or archive, or a lock.", valueName: "bundle-or-lock"),
        completion: .file())
    var target: String

    @Flag(help: "Compare names and sizes only; content is not read.")
    var quick = false

    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var formatOption: FormatOption
    @OptionGroup var output: OutputOptions

    var reportFormat: ReportFormat { formatOption.format(output) }

    /// The lock, wherever it lies, or the archive.
    var subject: String? {
        if let lockPath { return lockPath }
        return isDirectory ? Path.join(target, Lock.bundledName) : target
    }

    func validate() throws { try formatOption.validate(output) }

    /// The lock that the caches are held against; `nil` for a bundle.
    private var lockPath: String? {
        if target.hasSuffix(".toml") { return target.dropLast(5) + ".lock" }
        return target.hasSuffix(".lock") ? target : nil
    }

    private var isDirectory: Bool { (try? FileStatus.existing(target))??.kind == .directory }

    func execute(_ session: Session) async throws {
        let level: VerifyReport.Level = quick ? .quick : .full
        let report: VerifyReport
        if let path = lockPath {
            report = try await CacheVerifier(
                try Lock.read(path), caches: cacheOptions.caches(session.context),
                directory: Path.parent(path), level: level
            ).verify(progress: session.progress)
        } else if let format = ArchiveFormat(path: target),
            !isDirectory
        {
            report = try await ArchiveVerifier(target, format: format, level: level)
                .verify(progress: session.progress)
        } else {
            report = try await BundleVerifier(directory: target, level: level)
                .verify(progress: session.progress)
        }
        session.report(report.findings)
        session.add("target", .string(target))
        session.add("level", .string(level.rawValue))
        session.add("files", .integer(report.files))
        session.add("bytes", .integer(report.bytes))
        if report.unassembled > 0 { session.add("unassembled", .integer(report.unassembled)) }
        let amount = "\(report.files) files, \(ByteCount.text(report.bytes))"
        if session.hasErrors {
            session.say("\(target): \(report.findings.count) findings in \(amount)")
        } else if quick {
            session.say("\(target): names and sizes of \(amount) are right; content was not read")
        } else {
            session.say("\(target): every byte of \(amount) is right")
            if report.unassembled > 0 {
                let files = report.unassembled == 1 ? "1 file" : "\(report.unassembled) files"
                session.say(
                    "\(files) in segments proved by parts: a compressed archive has to be unpacked for more")
            }
        }
    }
}
