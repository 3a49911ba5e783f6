import Storage

/// Where the bytes of one file come from, whatever way they come.
protocol BlobSource: Sendable {
    /// How long to go on trying.
    var patience: Patience { get }

    /// Asks for a range, or for everything.
    ///
    /// - Throws: ``NetworkError``, ``ServiceRefusal``, and ``TransferFailure`` where the file is not what was listed.
    func open(_ range: Range<Int>?) throws -> BlobAnswer

    /// What the file has to be.
    ///
    /// - Parameter listed: what it has to be as far as a list states it.
    /// - Returns: the same, for a service whose list states everything; otherwise what the source itself states, which
    ///   is asked where it did not answer yet.
    func identity(_ listed: BlobIdentity) throws -> BlobIdentity

    /// Whether the bytes are a package that has the file in it, as far as the source was asked. Then its name unpacks it,
    /// and compares it with a lock.
    var isPacked: Bool { get }
}

extension BlobSource {
    func identity(_ listed: BlobIdentity) throws -> BlobIdentity { listed }

    var isPacked: Bool { false }
}

/// The source has the file in another size, or another form, than was listed: ask it for the identity, and begin again.
struct BlobInOtherForm: Error {}

/// What a source answers to the request for a part.
enum BlobAnswer {
    /// The bytes of a range that begins where it was asked for, and may end before it was asked to.
    case part(any ByteStream, Range<Int>)
    /// The whole file: the source knows no ranges.
    case whole(any ByteStream)
}

/// Bytes that come one after the other. One thread uses it.
protocol ByteStream: AnyObject {
    /// Reads bytes as they come.
    ///
    /// - Parameters:
    ///   - target: receives them from `offset` on.
    ///   - count: the most that are taken, at least 1; there is room for so many.
    /// - Returns: how many there were, 0 at the end.
    /// - Throws: also where the way breaks before the end is reached.
    func read(into target: borrowing Buffer, at offset: Int, count: Int) throws(NetworkError) -> Int
}
