/// Decompressed content that is read from front to back, as if it were a file of known length. Reading what is stored
/// before starts from the beginning again, a limited number of times.
package struct InflatedContent<Failure: Error> {
    /// Returns the bytes of a range of the file.
    package typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    private static var blockLength: Int { 1 << 16 }
    private static var maximumRestarts: Int { 64 }
    /// What comes out in all, restarts counted: this, and so many times the compressed bytes. Deflate makes at most 1032
    /// times as much of them; what anybody keeps compressed, checkpoints of zeros left aside, some ten times. A small
    /// file then costs seconds, whatever it claims.
    package static var allowance: Int { 1 << 27 }
    private static var largestRatio: Int { 128 }

    /// Where the compressed bytes are stored.
    private let compressed: Range<Int>
    private var inflate = Inflate()
    private var block = [UInt8](repeating: 0, count: blockLength)
    private var blockStart = 0
    private var blockCount = 0
    private var restarts = 0
    private var left: Int

    /// Names the range of the file that holds the compressed content; nothing is read yet.
    /// - Parameter allowance: how many bytes come out whatever the ratio is.
    package init(_ compressed: Range<Int>, allowance: Int = Self.allowance) {
        self.compressed = compressed
        let (product, overflow) = compressed.count.multipliedReportingOverflow(by: Self.largestRatio)
        left = overflow || product > Int.max - allowance ? Int.max : product + allowance
    }

    /// The bytes of a range, or fewer where the data ends in it, is broken, or makes more of itself than is looked
    /// through.
    package mutating func bytes(_ range: Range<Int>, _ read: Read) throws(Failure) -> [UInt8] {
        if range.lowerBound < blockStart {
            guard restarts < Self.maximumRestarts else { return [] }
            restarts += 1
            inflate = Inflate()
            (blockStart, blockCount) = (0, 0)
        }
        var result: [UInt8] = []
        result.reserveCapacity(min(range.count, 1 << 24))
        while result.count < range.count {
            let position = range.lowerBound + result.count
            if position < blockStart + blockCount {
                let first = position - blockStart
                result += block[first..<min(blockCount, first + range.count - result.count)]
                continue
            }
            guard try advance(read) else { break }
        }
        return result
    }

    /// The length of all of it; `nil` where the data is broken, does not end where its bytes do, or makes more of itself
    /// than is looked through.
    package mutating func length(_ read: Read) throws(Failure) -> Int? {
        while try advance(read) {}
        let isWhole = inflate.state == .finished && inflate.consumed == compressed.count
        return isWhole ? blockStart + blockCount : nil
    }

    private mutating func advance(_ read: Read) throws(Failure) -> Bool {
        guard left > 0 else { return false }
        let next = blockStart + blockCount
        let (start, end) = (compressed.lowerBound, compressed.upperBound)
        let count = try inflate.next(into: &block) { taken throws(Failure) in
            let first = start + taken
            return first < end ? try read(first..<min(end, first + Self.blockLength)) : []
        }
        guard count > 0 else { return false }
        left -= count
        (blockStart, blockCount) = (next, count)
        return true
    }
}
