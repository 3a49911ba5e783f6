package import Caches
package import Catalogue
package import Formats
import Storage

/// Does the work of jobs with Knapsack's own commands, each in a process of its own.
package struct CommandWorker: JobWorker {
    /// Where the caches are, and how commands are run.
    package struct Settings: Sendable {
        /// The program; its arguments begin with the command.
        package var program: String
        /// The variables that commands get.
        package var environment: [String: String]
        /// The hub cache.
        package var hubCache: String
        /// The kagglehub cache.
        package var kaggleCache: String
        /// What people uploaded; `nil` where no catalogue is served.
        package var catalogue: ModelCatalogue?
        /// What Kaggle's clients uploaded; `nil` where they cannot.
        package var uploads: KagglehubCache?
        /// Whether installs of whoever may write use the credentials of whoever runs the server; those of whoever may do all do.
        package var lendsCredentials: Bool

        /// States them.
        package init(
            program: String, environment: [String: String], hubCache: String, kaggleCache: String,
            catalogue: ModelCatalogue?, uploads: KagglehubCache?, lendsCredentials: Bool
        ) {
            self.catalogue = catalogue
            self.uploads = uploads
            self.lendsCredentials = lendsCredentials
            self.program = program
            self.environment = environment
            self.hubCache = hubCache
            self.kaggleCache = kaggleCache
        }

        /// The options that have a command use these caches.
        var cacheOptions: [String] { ["--hf-cache", hubCache, "--kagglehub-cache", kaggleCache] }
    }

    /// Where the caches are, and how commands are run.
    let settings: Settings

    /// Works with these settings.
    package init(_ settings: Settings) { self.settings = settings }

    /// Does the work of one job.
    package func work(_ job: Job, in directory: String, _ control: JobControl) throws -> JSON {
        switch job.kind {
        case .install: try InstallWork(self, job, directory, control).run()
        case .remove: try RemovalWork(self, job).run()
        case .optimization: try OptimizationWork(self, job, directory, control).run()
        case .bundle: try BundleWork(self, job, directory, control).run()
        }
    }
}

/// One command of a job.
struct CommandStep {
    /// The word that people are shown for it.
    let name: String
    /// The command and its arguments.
    let arguments: [String]
    /// The exit codes that are no failure.
    var accepted: [Int32] = [0]
    /// Which step of how many it is, from 1.
    var place = (number: 1, of: 1)
}

extension CommandWorker {
    /// The most bytes of a command's document that are read.
    private static let documentLimit = 32 << 20
    /// How long a command has to clean up before it is ended, in nanoseconds.
    private static let grace: Int64 = 5_000_000_000

    /// What a command that ended well answered.
    struct Answer {
        /// The document that it printed with `--json`.
        let document: JSON
        /// The exit code.
        let status: Int32

        /// What it found; the first of very many.
        var findings: [JSON] { CommandWorker.findings(document) }
    }

    /// The findings of a command's document, as many as a job keeps.
    private static func findings(_ document: JSON) -> [JSON] {
        Array((document["findings"]?.array ?? []).prefix(200))
    }

    /// Runs a command to its end, with `--json`.
    ///
    /// - Parameter directory: where it runs, and where its document is written while it does.
    /// - Throws: ``JobFailure`` with what it reported where its exit code is not accepted.
    func run(_ step: CommandStep, in directory: String, _ control: JobControl) throws -> Answer {
        var environment = settings.environment
        environment["KNAPSACK_PROGRESS"] = "json"
        environment["KNAPSACK_ENDS_WITH"] = String(currentProcess())
        let output = Path.join(directory, ".answer.json")
        try Directory.removeFile(output)
        defer { try? Directory.removeFile(output) }
        let process = try WatchedProcess(
            [settings.program] + step.arguments + ["--json"], environment: environment, directory: directory,
            output: output)
        control.report(CommandWorker.progress(step, nil))
        var asked: Int64?
        var last: [String] = []
        let status = process.wait {
            guard control.isCancelled else { return }
            let now = steadyTime()
            if asked == nil { process.end(atOnce: false) }
            if let asked, now - asked > CommandWorker.grace { process.end(atOnce: true) }
            asked = asked ?? now
        } line: { line in
            let mark = "progress "
            if line.hasUTF8Prefix(mark),
                let stage = try? JSON.parse(Array(line.utf8.dropFirst(mark.utf8.count)))
            {
                control.report(CommandWorker.progress(step, stage))
            } else if !line.isEmpty {
                last.append(line)
                if last.count > 20 { last.removeFirst() }
            }
        }
        if control.isCancelled { throw JobFailure("it was cancelled") }
        let bytes = (try? FileReader.contents(of: output, limit: CommandWorker.documentLimit)) ?? []
        let text = harmless(String(decoding: bytes, as: UTF8.self), directory)
        let document = (try? JSON.parse(Array(text.utf8))) ?? .null
        guard step.accepted.contains(status) else {
            throw JobFailure(
                CommandWorker.reason(step, status, document, last),
                result: ["findings": .array(CommandWorker.findings(document))])
        }
        return Answer(document: document, status: status)
    }

    /// A text without the places of this machine: clients may be on others.
    private func harmless(_ text: String, _ directory: String) -> String {
        let places =
            [(directory, "(job)"), (settings.hubCache, "(cache)"), (settings.kaggleCache, "(cache)")]
            + (settings.uploads.map { [($0.root, "(cache)")] } ?? [])
        return places.reduce(text) { text, place in
            [place.0, (try? Directory.realPath(place.0)) ?? place.0].reduce(text) {
                $1.utf8.count > 1 ? $0.replacingUTF8($1, with: place.1) : $0
            }
        }
    }

    /// How far a job is, for people and programs.
    private static func progress(_ step: CommandStep, _ stage: JSON?) -> JSON {
        .object(
            [
                JSON.Member("step", .string(step.name)), JSON.Member("number", .integer(step.place.number)),
                JSON.Member("of", .integer(step.place.of)),
            ] + (stage?.members ?? []))
    }

    /// The first errors that a command reported; its last words where it reported none.
    private static func reason(
        _ step: CommandStep, _ status: Int32, _ document: JSON, _ last: [String]
    ) -> String {
        let findings = document["findings"]?.array ?? []
        let errors = findings.filter { $0["severity"]?.string == "error" }.compactMap {
            $0["message"]?.string
        }
        if !errors.isEmpty { return errors.prefix(3).joined(separator: "; ") }
        let words = last.suffix(3).joined(separator: " ")
        return "\(step.name) ended with \(status)" + (words.isEmpty ? "" : ": \(words)")
    }
}
