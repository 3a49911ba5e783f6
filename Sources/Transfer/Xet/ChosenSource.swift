import Formats
import Storage
import Synchronization

/// A file that comes over HTTP and is in Xet, too: one of both ways, as it was chosen.
final class ChosenSource: BlobSource {
    private let http: any BlobSource
    private let xet: XetFile
    private let mode: TransferMode
    private let isRefused = Mutex(false)

    /// - Parameters:
    ///   - http: the way that every file has.
    ///   - mode: which way comes first, and whether the other one is gone at all.
    init(_ http: any BlobSource, _ xet: XetFile, _ mode: TransferMode) {
        self.http = http
        self.xet = xet
        self.mode = mode
    }

    var patience: Patience { http.patience }

    func open(_ range: Range<Int>?) throws -> BlobAnswer {
        // Only a server that sends nothing but whole files is asked for one.
        guard let range else { return try http.open(nil) }
        // Bytes that are asked for again came wrong by Xet, or not to their end.
        if mode == .xet, !xet.hasGiven(range.lowerBound) { return try xet.open(range) }
        if isRefused.withLock({ $0 }) { return try xet.open(range) }
        do {
            return try http.open(range)
        } catch let error as NetworkError where error.isFinalRefusal && mode == .auto {
            isRefused.withLock { $0 = true }
            return try xet.open(range)
        }
    }
}
