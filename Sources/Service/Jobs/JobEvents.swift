import Formats
import Storage

/// Those who watch jobs. Each holds a thread of the server, so that there is a bound.
final class JobWatchers: Sendable {
    private let places: ThreadPlaces

    /// How often a job is looked at, in milliseconds.
    private static let step = 150
    /// After how many nanoseconds without anything a comment is sent, so that proxies and clients know that somebody is there.
    private static let silence: Int64 = 15_000_000_000
    /// How long one watches before the client has to ask again, in nanoseconds.
    private static let longest: Int64 = 3_600_000_000_000

    /// - Parameter limit: how many may watch at once; with 0 nobody may, as where there is one thread alone.
    init(limit: Int) { places = ThreadPlaces(limit: limit) }

    /// How many watch at the moment.
    var current: Int { places.current }

    /// The answer that goes on with every change of a job, as server-sent events (HTML, 9.2), until the job ends.
    ///
    /// Each event is the document of the job, so that none has to be kept for clients that were away: one that has
    /// seen the newest state gets nothing again.
    func events(of job: Job, _ queue: JobQueue, _ request: Request) throws(ModelRefusal) -> Response {
        let seen = request.head.fields["last-event-id"]
        if job.state.isFinal, seen == JobWatchers.identifier(job) {
            // The one status after which browsers do not ask again.
            return Response(204)
        }
        guard !request.isHead else { return JobWatchers.response(.bytes([])) }
        // Given back with the answer, also where that was never begun.
        guard let place = places.take() else {
            throw ModelRefusal(503, "too many clients watch jobs: ask for the job now and then")
        }
        let number = job.number
        return JobWatchers.response(
            .stream { sink in
                try withExtendedLifetime(place) { try JobWatchers.watch(number, queue, seen, sink) }
            })
    }

    private static func response(_ body: Response.Body) -> Response {
        var response = Response(200, body)
        response.fields.append("Content-Type", "text/event-stream; charset=utf-8")
        response.fields.append("Cache-Control", "no-store")
        response.fields.append("X-Accel-Buffering", "no")
        // A thread that waited for this client is free when the client is gone.
        response.ends = true
        return response
    }

    private static func watch(
        _ number: Int, _ queue: JobQueue, _ seen: String?, _ sink: any BodySink
    ) throws {
        let end = steadyTime() + longest
        var seen = seen
        var spoke = steadyTime()
        try sink.write(Array("retry: 2000\n\n".utf8).span)
        while steadyTime() < end, !queue.hasStopped {
            guard let job = try queue.job(number) else {
                try sink.write(Array("event: deleted\ndata: {}\n\n".utf8).span)
                return
            }
            let identifier = identifier(job)
            if seen?.hasSameBytes(as: identifier) != true {
                seen = identifier
                spoke = steadyTime()
                let text =
                    "id: \(identifier)\nevent: \(job.state.isFinal ? "end" : "job")\n"
                    + "data: \(job.brief.compactText)\n\n"
                try sink.write(Array(text.utf8).span)
            }
            if job.state.isFinal { return }
            // Nobody waits for an event until there are more of them.
            try sink.flush()
            if steadyTime() - spoke >= silence {
                spoke = steadyTime()
                try sink.write(Array(": still there\n\n".utf8).span)
            }
            pause(milliseconds: step)
        }
    }

    /// What names one state of a job.
    private static func identifier(_ job: Job) -> String {
        job.state.isFinal ? job.state.rawValue : String(job.change)
    }
}
