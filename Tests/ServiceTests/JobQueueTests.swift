import Formats
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Service

/// Writes a file for each job, and fails where a test wants that.
private final class Hands: JobWorker {
    let worked = Mutex<[Int]>([])
    let undone = Mutex<[Int]>([])

    func undo(_ job: Job) { undone.withLock { $0.append(job.number) } }

    func work(_ job: Job, in directory: String, _ control: JobControl) throws -> JSON {
        worked.withLock { $0.append(job.number) }
        if job.request["fails"]?.bool == true { throw JobFailure("it fails", result: ["findings": []]) }
        if job.request["waits"]?.bool == true {
            while !control.isCancelled { pause(milliseconds: 2) }
            throw JobFailure("it was cancelled")
        }
        // What was begun before somebody cancelled is done all the same.
        if job.request["ends"]?.bool == true { while !control.isCancelled { pause(milliseconds: 2) } }
        if !job.kind.changesCache { try writeFile(Path.join(directory, "made.bin"), "made") }
        return ["is": "done"]
    }
}

struct JobQueueTests {
    private func submit(
        _ queue: JobQueue, _ kind: Job.Kind = .install, _ subject: String = "hf:a/b", _ request: JSON = [:],
        owner: String = ""
    ) throws -> Job {
        try queue.submit(kind, owner: owner, subject: subject, request: request)
    }

    /// Opens a queue again: the threads of the one before may hold it for a moment after they ended.
    private func opened(_ directory: String, _ hands: Hands) async throws -> JobQueue {
        for _ in 0..<500 {
            if let queue = try? JobQueue(directory: directory, worker: hands) { return queue }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try JobQueue(directory: directory, worker: hands)
    }

    /// Runs a queue until a job is in a state that is final.
    private func end(_ queue: JobQueue, _ number: Int) async throws -> Job {
        async let running: Void = queue.run()
        var job = try #require(try queue.job(number))
        for _ in 0..<2000 where !job.state.isFinal {
            try await Task.sleep(for: .milliseconds(2))
            job = try #require(try queue.job(number))
        }
        queue.stop()
        try await running
        return job
    }

    @Test func aWishIsOneJobForAllWhoHaveItAboutACache() async throws {
        try await withTemporaryDirectory { directory in
            let queue = try JobQueue(directory: directory, worker: Hands())
            let first = try submit(queue, owner: "anna")
            #expect(try submit(queue, owner: "bert").number == first.number)
            let made = try submit(queue, .optimization, owner: "anna")
            #expect(try submit(queue, .optimization, owner: "bert").number != made.number)
            #expect(try submit(queue, .install, "hf:a/c").number != first.number)
        }
    }

    @Test func whatIsDoneHasItsFilesAndIsThereAfterAnotherStart() async throws {
        try await withTemporaryDirectory { directory in
            let hands = Hands()
            let number = try await {
                let queue = try JobQueue(directory: directory, worker: hands)
                let job = try submit(queue, .optimization)
                let ended = try await end(queue, job.number)
                #expect(ended.state == .done && ended.result == ["is": "done"] && ended.attempts == 1)
                return job.number
            }()
            let queue = try await opened(directory, hands)
            #expect(try queue.job(number)?.state == .done)
            let file = Path.join(queue.results(number), "made.bin")
            #expect(try FileStatus.existing(file) != nil)
            try queue.remove(number)
            #expect(try queue.job(number) == nil && FileStatus.existing(file) == nil)
        }
    }

    @Test func whatFailsStatesWhyAndLeavesNoFiles() async throws {
        try await withTemporaryDirectory { directory in
            let queue = try JobQueue(directory: directory, worker: Hands())
            let job = try submit(queue, .optimization, "hf:a/b", ["fails": true])
            let ended = try await end(queue, job.number)
            #expect(ended.state == .failed && ended.error == "it fails")
            #expect(try FileStatus.existing(queue.results(job.number)) == nil)
        }
    }

    @Test func aJobThatWaitsIsCancelledAndNotWorkedOn() async throws {
        try await withTemporaryDirectory { directory in
            let hands = Hands()
            let queue = try JobQueue(directory: directory, worker: hands)
            let first = try submit(queue)
            let second = try submit(queue, .install, "hf:a/c")
            #expect(try queue.cancel(first.number)?.state == .cancelled)
            #expect(try queue.cancel(first.number) == nil)
            #expect(try await end(queue, second.number).state == .done)
            #expect(hands.worked.withLock { $0 } == [second.number])
        }
    }

    @Test func whatIsDoneWhenTheJobIsCancelledIsTakenBack() async throws {
        try await withTemporaryDirectory { directory in
            let hands = Hands()
            let queue = try JobQueue(directory: directory, worker: hands)
            let done = try submit(queue, .optimization, "hf:a/b")
            let cancelled = try submit(queue, .optimization, "hf:a/c", ["ends": true])
            let last = try submit(queue, .optimization, "hf:a/d")
            async let running: Void = queue.run()
            while try queue.job(cancelled.number)?.state != .running {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try queue.cancel(cancelled.number)?.state == .cancelled)
            while try queue.job(last.number)?.state != .done { try await Task.sleep(for: .milliseconds(2)) }
            queue.stop()
            try await running
            #expect(hands.undone.withLock { $0 } == [cancelled.number])
            #expect(try FileStatus.existing(queue.results(cancelled.number)) == nil)
            #expect(try FileStatus.existing(queue.results(done.number)) != nil)
        }
    }

    @Test func aJobThatRanWhenTheServerEndedBeginsAgain() async throws {
        try await withTemporaryDirectory { directory in
            let hands = Hands()
            try await {
                let queue = try JobQueue(directory: directory, worker: hands)
                let job = try submit(queue, .install, "hf:a/b", ["waits": true])
                async let running: Void = queue.run()
                while try queue.job(job.number)?.state != .running {
                    try await Task.sleep(for: .milliseconds(2))
                }
                queue.stop()
                try await running
            }()
            let queue = try await opened(directory, hands)
            #expect(queue.active.map(\.state) == [.queued])
        }
    }

    @Test func theQueueIsBounded() async throws {
        try await withTemporaryDirectory { directory in
            let queue = try JobQueue(directory: directory, worker: Hands())
            for number in 0..<JobQueue.waitingLimit { _ = try submit(queue, .install, "hf:a/\(number)") }
            #expect(throws: JobQueue.Refusal.full) { try submit(queue, .install, "hf:a/more") }
            // One that waits already is found all the same.
            #expect(try submit(queue, .install, "hf:a/5").number == 6)
        }
    }

    @Test func oneServerHasAQueue() async throws {
        try await withTemporaryDirectory { directory in
            let queue = try JobQueue(directory: directory, worker: Hands())
            #expect(throws: JobQueue.Problem.self) { try JobQueue(directory: directory, worker: Hands()) }
            withExtendedLifetime(queue) {}
        }
    }
}
