import ArgumentParser
import Bundles
import Formats
import Locking
import Manifests
import Storage

/// `knapsack sbom`
struct SBOMCommand: KnapsackCommand {
    /// The command's name and its help.
    static let configuration = CommandConfiguration(
        commandName: "sbom",
        abstract: "Write a bill of materials: components, hashes, licences, origins, conversions.",
        usage: "knapsack sbom [<manifest-or-lock-or-bundle>] [<options>]",
        discussion: """
            Made from the lock alone: no models and no caches are needed, and the same lock gives the same bytes \
            on every machine. The document has no time, or the one that SOURCE_DATE_EPOCH states. It is JSON, and \
            goes to standard output unless --output names a file.

            Examples:
              knapsack sbom models.toml > models.cdx.json   # CycloneDX 1.6, an ML-BOM
              # SPDX 3.0.1, JSON-LD
              knapsack sbom models.lock --format spdx --output models.spdx.json
              knapsack sbom aimo3-models                    # of a bundle, or of its archive
            """)

    /// What the bill is of: a manifest, a lock, or a bundle as a directory or archive.
    @Argument(
        help: ArgumentHelp(
            "A manifest, whose lock has to be fresh, a lock, or a bundle's directory or archive.",
            valueName: "manifest-or-lock-or-bundle"),
        completion: .file())
    var target = "knapsack.toml"

    /// The document's format, CycloneDX unless another is asked for.
    @Option(help: "cyclonedx or spdx.")
    var format = BillOfMaterials.Format.cyclonedx

    /// The file to write; `nil` is standard output.
    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write the document to this file, all of it or nothing.", valueName: "file"),
        completion: .file())
    var file: String?

    /// How the result is printed.
    @OptionGroup var output: OutputOptions

    /// Writes the document. Exit code 1 where a manifest's lock is missing or not fresh.
    func execute(_ session: Session) async throws {
        let sourceDate = try Self.sourceDate(session.context.environment)
        guard let lock = try lock(session) else { return }
        let text = try BillOfMaterials(lock, sourceDate: sourceDate).text(format)
        guard let file else { return session.print(document: text) }
        let bytes = Array(text.utf8)
        try AtomicFile.write(bytes, to: file)
        session.add("format", .string(format.rawValue))
        session.add("output", .string(file))
        session.add("sha256", .string(try ContentHasher.sha256(bytes.span).hex))
        session.say(
            "wrote \(file): \(lock.countedEntries), \(ByteCount.text(bytes.count))")
    }

    /// The lock that the target has; `nil` where it is not that of its manifest, which was reported.
    private func lock(_ session: Session) throws -> Lock? {
        if target.hasSuffix(".lock") { return try Lock.read(target) }
        if let lock = try Lock.bundled(in: target) { return lock }
        var source = ManifestArgument()
        source.manifest = target
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            session.report([Locking.missing(source)])
            return nil
        }
        session.report(Freshness.findings(manifest, lock))
        return session.hasErrors ? nil : lock
    }

    /// `SOURCE_DATE_EPOCH` (https://reproducible-builds.org/specs/source-date-epoch/), or `nil` where it is not set.
    private static func sourceDate(_ environment: [String: String]) throws -> Int? {
        guard let text = environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
        guard let seconds = Int(text), (0...BillOfMaterials.latestSourceDate).contains(seconds) else {
            throw Diagnostics(
                Diagnostic(
                    code: .sourceDateInvalid, "SOURCE_DATE_EPOCH is \"\(text)\"",
                    fix: "set it to a number of seconds since 1970-01-01, or unset it", verdict: .undecided))
        }
        return seconds
    }
}

extension BillOfMaterials.Format: ExpressibleByArgument {}
