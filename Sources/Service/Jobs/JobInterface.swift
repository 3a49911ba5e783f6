import Formats

/// The interface to jobs: what is below `/api/jobs`, and what starts jobs.
package struct JobInterface: RequestHandler {
    /// Where jobs wait.
    let queue: JobQueue
    /// Where the caches are that jobs work with.
    let settings: CommandWorker.Settings
    /// Those who watch jobs.
    let watchers: JobWatchers
    /// What has the results of jobs that are versions of the registry; `nil` where none is served.
    let registry: ModelRegistry?

    /// - Parameters:
    ///   - queue: where jobs wait.
    ///   - settings: where the caches are that jobs work with.
    ///   - watchers: how many may watch jobs at once; each holds a thread of the server.
    ///   - registry: what has the results that are versions of it; `nil` where none is served.
    package init(
        _ queue: JobQueue, _ settings: CommandWorker.Settings, watchers: Int, registry: ModelRegistry?
    ) {
        self.registry = registry
        self.queue = queue
        self.settings = settings
        self.watchers = JobWatchers(limit: watchers)
    }

    /// Numbers of jobs and of those who watch them.
    package var gauges: [ServerMetrics.Gauge] {
        [
            ServerMetrics.Gauge("knapsack_jobs", "Jobs that are kept, by their state.", label: "state") {
                queue.counts.map { ($0.state, $0.count) }
            },
            ServerMetrics.Gauge("knapsack_job_watchers", "Clients that watch jobs.") {
                [("", watchers.current)]
            },
        ]
    }

    /// Whether a path belongs to it.
    package static func takes(_ segments: [String]) -> Bool {
        guard segments.count >= 2, segments[0] == "api" else { return false }
        return ["jobs", "optimizations", "bundles"].containsExactly(segments[1])
            || (segments.count >= 5 && segments[1] == "marketplace" && segments[2] == "models"
                && segments.last == "install")
    }

    /// The answer to a request whose path it takes.
    package func answer(_ request: Request) -> Response {
        let segments = request.head.target.segments
        do throws(ModelRefusal) {
            let rest = Array(segments.dropFirst(2))
            switch segments[1] {
            case "marketplace":
                return try installs(rest.dropFirst().dropLast().joined(separator: "/"), request)
            case "optimizations": return try made(.optimization, rest, request)
            case "bundles": return try made(.bundle, rest, request)
            default: return try jobs(rest, request)
            }
        } catch {
            return error.response.retrying(error.status)
        }
    }

    // MARK: Jobs

    private func jobs(_ path: [String], _ request: Request) throws(ModelRefusal) -> Response {
        switch (path.count, path.last) {
        case (0, _):
            try JobInterface.require(["GET", "HEAD"], request)
            return try list(request)
        case (1, _):
            try JobInterface.require(["GET", "HEAD", "DELETE"], request)
            let job = try visible(path[0], request)
            guard request.head.method == "DELETE" else { return .json(job.document) }
            return try delete(job, request)
        case (2, "events"):
            try JobInterface.require(["GET", "HEAD"], request)
            let job = try visible(path[0], request)
            return try watchers.events(of: job, queue, request)
        default: throw ModelRefusal(404, "there is nothing at this path")
        }
    }

    /// The jobs that a query asks for.
    /// - Parameter only: the kind that the path is of; `nil` where the query may name one.
    func list(_ request: Request, only: Job.Kind? = nil) throws(ModelRefusal) -> Response {
        let parameters = QueryParameters(target: request.head.target)
        var filter = JobStore.Filter()
        filter.kind = only
        if only == nil {
            filter.kind = try parameters.word("kind", Job.Kind.allCases.map(\.rawValue))
                .flatMap(Job.Kind.init)
        }
        filter.state = try parameters.word("state", Job.State.allCases.map(\.rawValue))
            .flatMap(Job.State.init)
        filter.limit = try parameters.number("limit", 1...500) ?? 100
        filter.before = try parameters.number("before", 1...JobDescription.mostNumber)
        if !request.holder.mayAll { filter.owner = request.holder?.name }
        let jobs = try JobInterface.asked { () throws(JobQueue.Refusal) in try queue.jobs(filter) }
        return .json(["jobs": .array(jobs.map(\.brief))])
    }

    /// A job that whoever asks may see: all that change a cache, and one's own.
    func visible(_ id: String, _ request: Request) throws(ModelRefusal) -> Job {
        let missing = ModelRefusal(404, "there is no such job")
        guard id.utf8.count <= 18, id.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(id)
        else { throw missing }
        let found = try JobInterface.asked { () throws(JobQueue.Refusal) in try queue.job(number) }
        guard let job = found, job.kind.changesCache || request.holder.owns(job.owner) else { throw missing }
        return job
    }

    /// Cancels a job that waits or runs; one that ended is forgotten, with its files.
    func delete(_ job: Job, _ request: Request) throws(ModelRefusal) -> Response {
        guard request.holder.mayWrite(job.owner) else {
            throw ModelRefusal(403, "the token does not allow to change this job")
        }
        if !job.state.isFinal {
            let cancelled = try JobInterface.asked { () throws(JobQueue.Refusal) in
                try queue.cancel(job.number)
            }
            if let cancelled { return .json(cancelled.document) }
        }
        try JobInterface.asked { () throws(JobQueue.Refusal) in try queue.remove(job.number) }
        return .json(["deleted": .string(String(job.number))])
    }

    // MARK: Starting

    /// Adds a job, if the token allows it.
    func submit(
        _ kind: Job.Kind, _ subject: String, _ wanted: JSON, _ request: Request
    ) throws(ModelRefusal) -> Response {
        let owner = request.holder?.name ?? ""
        let job = try JobInterface.asked { () throws(JobQueue.Refusal) in
            try queue.submit(kind, owner: owner, subject: subject, request: wanted)
        }
        return .json(job.document, status: 202).with("Location", "/api/jobs/\(job.number)")
    }

    /// Refuses whoever may not start jobs.
    static func requireScope(_ scope: AccessToken.Scope, _ request: Request) throws(ModelRefusal) {
        guard request.holder.allows(scope) else { throw ModelRefusal(403, "the token does not allow this") }
    }

    /// Refuses methods that a path does not take.
    static func require(_ methods: [String], _ request: Request) throws(ModelRefusal) {
        guard methods.containsExactly(request.head.method) else {
            throw ModelRefusal.method(methods)
        }
    }

    /// What the queue answers, with its refusals in words.
    static func asked<Result>(
        _ body: () throws(JobQueue.Refusal) -> Result
    ) throws(ModelRefusal) -> Result {
        do throws(JobQueue.Refusal) {
            return try body()
        } catch {
            throw switch error {
            case .full: ModelRefusal(503, "too many jobs wait: ask again when some are done")
            case .tooManyResults: ModelRefusal(507, "too many results are kept: delete jobs that are done")
            case .broken: ModelRefusal(500, "the list of jobs cannot be read or written")
            }
        }
    }
}

extension Response {
    /// The same with what tells a client when to ask again, or what it may.
    fileprivate func retrying(_ status: Int) -> Response {
        status == 503 ? with("Retry-After", "10") : self
    }
}
