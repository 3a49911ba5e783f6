import Formats
import Storage
import Synchronization
import Xet

/// A file in Xet. Nothing that arrives of it is believed: that it is the right one, its SHA-256 proves at its end.
final class XetFile: Sendable {
    private let server: XetServer
    private let hash: XetHash
    private let name: String
    private let given = Mutex(ByteRanges())

    /// One answer is asked for at most so many bytes of the file: so its size, and what has to be kept of it, are bounded.
    static let longest = 4 << 20

    /// - Parameters:
    ///   - hash: the file's name in Xet.
    ///   - name: what sentences call the file.
    init(_ hash: XetHash, name: String, _ server: XetServer) {
        self.hash = hash
        self.name = name
        self.server = server
    }

    /// Asks what a range is made from. Its bytes are asked for when they are read.
    ///
    /// - Parameter asked: of a long range the answer has only the beginning.
    /// - Throws: ``NetworkError``, ``HubRefusal``, and ``TransferFailure`` where the file is not what was listed.
    func open(_ asked: Range<Int>) throws -> BlobAnswer {
        let wanted = asked.lowerBound..<min(asked.upperBound, asked.lowerBound + XetFile.longest)
        let answer = try server.reconstruction(hash, wanted, name: name)
        let plans: [PartPlan]
        do throws(FormatError) {
            plans = try answer.plan(for: wanted)
        } catch {
            throw XetStream.wrong(error)
        }
        let stream = XetStream(plans, wanted, server) { [self] range in given.withLock { $0.insert(range) } }
        return .part(stream, wanted)
    }

    /// Whether a byte was given before.
    func hasGiven(_ position: Int) -> Bool { given.withLock { $0.contains(position..<position + 1) } }
}
