import Storage

/// Where the bytes of one file come from, whatever way they come.
protocol BlobSource: Sendable {
    /// How long to go on trying.
    var patience: Patience { get }

    /// Asks for a range, or for everything.
    ///
    /// - Throws: ``NetworkError``, ``ServiceRefusal``, and ``TransferFailure`` where the file is not what was listed.
    func open(_ range: Range<Int>?) throws -> BlobAnswer
}

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
