package import Formats

/// Work that goes on after its request was answered.
package struct Job: Sendable {
    /// What is done; the raw value is what people are shown.
    package enum Kind: String, Sendable, CaseIterable {
        /// A model or a data set comes into the cache.
        case install
        /// A revision leaves the cache.
        case remove
        /// Another form of a model is made.
        case optimization
        /// A bundle is made of a manifest.
        case bundle

        /// Whether it is about a cache, which one job at a time changes; the others compute.
        var changesCache: Bool { self == .install || self == .remove }
    }

    /// How far it is.
    package enum State: String, Sendable, CaseIterable {
        /// It waits for its turn.
        case queued
        /// It is worked on.
        case running
        /// Its result is there.
        case done
        /// It could not be done.
        case failed
        /// Somebody did not want it any more.
        case cancelled

        /// Whether nothing happens to it any more.
        package var isFinal: Bool { self != .queued && self != .running }
    }

    /// Its number, from 1, never used twice; its id in paths.
    package let number: Int
    /// What is done.
    package let kind: Kind
    /// The name of the token that asked for it; empty where no tokens count.
    package let owner: String
    /// What it is about, in a few words: a source, a bundle's name.
    package let subject: String
    /// What was asked for, checked.
    package let request: JSON
    /// When it was asked for, in seconds since 1970.
    package let created: Int64

    /// How far it is.
    package var state = State.queued
    /// When it was begun last, and when it ended, in seconds since 1970.
    package var started: Int64?
    /// When it ended, in seconds since 1970.
    package var ended: Int64?
    /// How often it was begun: more than once where the server was ended in between.
    package var attempts = 0
    /// What it came to; `null` until it is done.
    package var result = JSON.null
    /// Why it failed, for people.
    package var error: String?
    /// How far it is in its work; only while it runs.
    package var progress = JSON.null
    /// What differs whenever something of it did: a number that only grows while a server runs.
    package var change = 0

    /// The most bytes of a request or a result that are shown where many jobs are, or one again and again.
    static let briefLimit = 16 << 10

    /// The document with what is long left out of it: the manifest that was sent, or very many findings.
    var brief: JSON {
        let members = (request.members ?? []).filter { $0.key != "manifest" }
        var copy = Job(
            number: number, kind: kind, owner: owner, subject: subject, request: .object(members),
            created: created)
        (copy.state, copy.started, copy.ended) = (state, started, ended)
        (copy.attempts, copy.error, copy.progress) = (attempts, error, progress)
        copy.result = result.compactText.utf8.count > Job.briefLimit ? .object([]) : result
        return copy.document
    }

    /// The document that is shown of it.
    package var document: JSON {
        func time(_ seconds: Int64?) -> JSON { seconds.map { .string(HTTPDate.isoText($0)) } ?? .null }
        return [
            "id": .string(String(number)), "kind": .string(kind.rawValue), "state": .string(state.rawValue),
            "subject": .string(subject), "owner": owner.isEmpty ? .null : .string(owner), "request": request,
            "created_at": time(created), "started_at": time(started), "ended_at": time(ended),
            "attempts": .integer(attempts), "progress": progress, "result": result,
            "error": error.map(JSON.string) ?? .null,
        ]
    }
}
