import Formats
import Manifests

/// Brings a model or a data set into its cache with `fetch`, which goes on where an earlier one was ended.
struct InstallWork {
    private let worker: CommandWorker
    private let job: Job
    private let directory: String
    private let control: JobControl

    /// Takes a job of this kind.
    init(_ worker: CommandWorker, _ job: Job, _ directory: String, _ control: JobControl) {
        self.worker = worker
        self.job = job
        self.directory = directory
        self.control = control
    }

    /// What a request asks for: the source, and the files of it.
    /// - Parameter isKnown: whether the credentials of whoever runs the server are used.
    static func request(
        _ source: Source, include: [String], exclude: [String], isKnown: Bool
    ) -> JSON {
        [
            "credentials": .bool(isKnown),
            "source": .string(source.text), "include": .array(include.map(JSON.string)),
            "exclude": .array(exclude.map(JSON.string)),
        ]
    }

    /// Fetches it.
    /// - Returns: what is there now, without the names of the files.
    func run() throws -> JSON {
        guard let source = job.request["source"]?.string else { throw JobFailure("the job names no source") }
        var arguments = ["fetch", source] + worker.settings.cacheOptions
        // A job that does not say so is of nobody in particular.
        if job.request["credentials"]?.bool != true { arguments.append("--anonymous") }
        for (option, key) in [("--include", "include"), ("--exclude", "exclude")] {
            for glob in job.request[key]?.strings ?? [] { arguments.append("\(option)=\(glob)") }
        }
        let answer = try worker.run(CommandStep(name: "fetch", arguments: arguments), in: directory, control)
        guard let fetched = answer.document["fetched"]?.array?.first else {
            throw JobFailure("fetch ended without stating what it fetched")
        }
        return [
            "source": fetched["source"] ?? .string(source), "revision": fetched["revision"] ?? .null,
            "size": fetched["size"] ?? .null, "files": .integer(fetched["files"]?.array?.count ?? 0),
            "loaded": fetched["loaded"] ?? .null, "findings": .array(answer.findings),
        ]
    }
}
