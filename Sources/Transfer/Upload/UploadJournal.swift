import Formats
import Storage
import Synchronization

/// What was sent to one place so far, for the run that goes on with it: also after a kill, and on another day.
///
/// A text file of lines of JSON that are only appended; what a killed process left counts up to its last whole line. It has
/// tokens and upload addresses, by which others could put files in the user's name: only its owner may read it. Whoever
/// has it open has the place to himself.
final class UploadJournal: Sendable {
    /// One content at one path: a token is for one file of one name, and is not used for two of one version.
    struct Key: Hashable {
        /// The digest of the content.
        let sha256: SHA256Digest
        /// The path in the bundle.
        let path: RelativePath
        /// The size in bytes.
        let size: Int
    }

    /// How far a content is.
    struct Session: Sendable {
        /// What a version is made with, once all is sent.
        let token: String
        /// Where the bytes are sent.
        let address: String
        /// When it began, in seconds since 1970.
        let began: Int64
        /// Up to where bytes may have been sent.
        var sent = 0
        /// The SHA-256 of the bytes up to there; `nil` where none were sent.
        var prefix: SHA256Digest?
        /// What the store calls the parts that it has, from the first one on; none where a content is not sent in parts.
        var etags: [String] = []
        /// Whether the service has all of it.
        var isDone = false
        /// Whether an earlier run began it.
        var isOld = false
    }

    /// What is known of the version that is made of what was sent.
    enum Version: Equatable, Sendable {
        /// It was asked for when `after` was the current version; `nil` for the first one.
        case asked(content: SHA256Digest, after: Int?)
        /// It was made.
        case made(content: SHA256Digest, number: Int)
    }

    /// For how long an upload that was begun is gone on with, in seconds: Google's storage keeps one for a week, and the
    /// kaggle command uses it for six days (kaggle 2.2.5, `RESUMABLE_UPLOAD_EXPIRY_SECONDS`).
    private static let lifetime: Int64 = 6 * 24 * 3600
    /// The largest journal that is read, in bytes.
    private static let limit = 1 << 28
    /// The version of the format; any other is not read.
    private static let format = 1

    private struct State {
        var sessions: [Key: Session] = [:]
        var version: Version?
    }

    private let lock: FileHandle
    private let file: FileHandle
    private let state: Mutex<State>

    private init(lock: consuming FileHandle, file: consuming FileHandle, _ state: State) {
        self.lock = lock
        self.file = file
        self.state = Mutex(state)
    }

    /// Opens the journal of a place, or makes it.
    ///
    /// - Parameters:
    ///   - directory: of Knapsack's own, below which journals are kept.
    ///   - place: what is uploaded to, such as "kaggle dataset owner/name": one text for each place.
    /// - Returns: `nil` where another process has it.
    static func open(_ directory: String, place: String) throws -> UploadJournal? {
        let folder = Path.join(directory, "uploads")
        try Directory.makePrivate(folder)
        let name = try ContentHasher.sha256(Array(place.utf8).span).hex
        let path = Path.join(folder, "\(name).journal")
        let lock = try FileHandle.updating("\(path).lock", mode: 0o600)
        guard try lock.lockExclusively() else { return nil }
        var state = State()
        // What cannot be read is sent again.
        if let bytes = try? FileReader.contents(of: path, limit: limit) { state = read(bytes) }
        let now = currentTime() / 1_000_000_000
        state.sessions = state.sessions.filter { $0.value.began > now - lifetime && $0.value.began <= now }
        // Written anew beside it, so that a kill in the middle loses nothing.
        let fresh = "\(path).new"
        try Directory.removeFile(fresh)
        let file = try FileHandle.creating(fresh, mode: 0o600)
        try file.write(Array(text(of: state).utf8).span)
        try AtomicFile.rename(fresh, to: path)
        return UploadJournal(lock: lock, file: file, state)
    }

    // MARK: Contents

    /// How far a content is; `nil` where nothing was begun.
    func session(_ key: Key) -> Session? { state.withLock { $0.sessions[key] } }

    /// Notes a new upload.
    func begin(_ key: Key, token: String, address: String) throws -> Session {
        let session = Session(token: token, address: address, began: currentTime() / 1_000_000_000)
        try note(UploadJournal.line(of: key, session)) { $0.sessions[key] = session }
        return session
    }

    /// Notes up to where bytes are going to be sent, before they are.
    func sending(_ key: Key, upTo end: Int, prefix: SHA256Digest) throws {
        let line: JSON = [
            "blob": .string(key.sha256.hex), "path": .string(key.path.text), "size": .integer(key.size),
            "sent": .integer(end), "prefix": .string(prefix.hex),
        ]
        try note(line) {
            $0.sessions[key]?.sent = end
            $0.sessions[key]?.prefix = prefix
        }
    }

    /// Notes that the store has the next part of a content, and what it calls it.
    func sent(_ key: Key, etag: String) throws {
        let line: JSON = [
            "blob": .string(key.sha256.hex), "path": .string(key.path.text), "size": .integer(key.size),
            "etag": .string(etag),
        ]
        try note(line) { $0.sessions[key]?.etags.append(etag) }
    }

    /// Notes that the service has all of a content.
    func finish(_ key: Key) throws {
        try note(UploadJournal.mark("done", key)) { $0.sessions[key]?.isDone = true }
    }

    /// Forgets an upload that the service does not know any more.
    func forget(_ key: Key) throws {
        try note(UploadJournal.mark("gone", key)) { $0.sessions[key] = nil }
    }

    /// Forgets all contents that earlier runs sent.
    /// - Returns: how many there were.
    func forgetOld() throws -> Int {
        let old = state.withLock { $0.sessions.filter { $0.value.isOld && $0.value.isDone }.map(\.key) }
        for key in old { try forget(key) }
        return old.count
    }

    // MARK: Versions

    /// What is known of the last version; `nil` where none was asked for.
    var version: Version? { state.withLock { $0.version } }

    /// Notes what becomes of the contents.
    func note(_ version: Version) throws {
        try note(UploadJournal.line(of: version)) { $0.version = version }
    }

    // MARK: Lines

    private func note(_ line: JSON, _ change: (inout State) -> Void) throws(FileError) {
        // The lock of the state keeps lines of several threads apart.
        let failure = state.withLock { state -> FileError? in
            do throws(FileError) {
                try file.write(Array((line.compactText + "\n").utf8).span)
                change(&state)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    private static func mark(_ word: String, _ key: Key) -> JSON {
        .object([
            JSON.Member("blob", .string(key.sha256.hex)), JSON.Member("path", .string(key.path.text)),
            JSON.Member("size", .integer(key.size)), JSON.Member(word, true),
        ])
    }

    private static func line(of key: Key, _ session: Session) -> JSON {
        [
            "blob": .string(key.sha256.hex), "path": .string(key.path.text), "size": .integer(key.size),
            "token": .string(session.token), "address": .string(session.address),
            "began": .integer(Int(session.began)), "sent": .integer(session.sent),
            "prefix": .string(session.prefix?.hex ?? ""), "done": .bool(session.isDone),
            "etags": .array(session.etags.map(JSON.string)),
        ]
    }

    private static func line(of version: Version) -> JSON {
        switch version {
        case .asked(let content, let after):
            ["asked": .string(content.hex), "after": after.map(JSON.integer) ?? .null]
        case .made(let content, let number): ["made": .string(content.hex), "number": .integer(number)]
        }
    }

    private static func text(of state: State) -> String {
        let header: JSON = ["uploads": .integer(format)]
        var lines = [header]
        let sessions = state.sessions.sorted {
            ($0.key.sha256.hex, $0.key.path) < ($1.key.sha256.hex, $1.key.path)
        }
        lines += sessions.map { line(of: $0.key, $0.value) }
        if let version = state.version { lines.append(line(of: version)) }
        return lines.map { $0.compactText + "\n" }.joined()
    }

    private static func read(_ bytes: [UInt8]) -> State {
        var state = State()
        // What follows the last line break was not written to its end.
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return state }
        var lines = bytes[..<end].split(separator: UInt8(ascii: "\n"))[...]
        guard let first = lines.popFirst(), let header = try? JSON.parse(Array(first)),
            header["uploads"]?.integer == format
        else { return state }
        for line in lines {
            // After a loss of power anything may follow: what is before it holds.
            guard let json = try? JSON.parse(Array(line)), take(json, &state) else { break }
        }
        return state
    }

    private static func take(_ json: JSON, _ state: inout State) -> Bool {
        if let content = json["asked"]?.string.flatMap({ SHA256Digest(hex: $0) }) {
            state.version = .asked(content: content, after: json["after"]?.integer)
            return true
        }
        if let content = json["made"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let number = json["number"]?.integer
        {
            state.version = .made(content: content, number: number)
            return true
        }
        guard let sha256 = json["blob"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let path = json["path"]?.string.flatMap({ RelativePath($0) }), let size = json["size"]?.integer,
            size >= 0
        else { return false }
        let key = Key(sha256: sha256, path: path, size: size)
        if json["gone"]?.bool == true {
            state.sessions[key] = nil
            return true
        }
        if let token = json["token"]?.string, let address = json["address"]?.string,
            let began = json["began"]?.integer
        {
            state.sessions[key] = Session(token: token, address: address, began: Int64(began), isOld: true)
        }
        if let sent = json["sent"]?.integer, (0...size).contains(sent) {
            state.sessions[key]?.sent = sent
            state.sessions[key]?.prefix = json["prefix"]?.string.flatMap { SHA256Digest(hex: $0) }
        }
        if let etags = json["etags"]?.strings { state.sessions[key]?.etags = etags }
        if let etag = json["etag"]?.string { state.sessions[key]?.etags.append(etag) }
        if json["done"]?.bool == true { state.sessions[key]?.isDone = true }
        return true
    }
}
