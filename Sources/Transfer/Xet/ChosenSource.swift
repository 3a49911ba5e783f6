import Formats
import Storage
import Synchronization

/// A file that comes over HTTP and is in Xet, too: one of both ways, as it was chosen.
final class ChosenSource: BlobSource {
    private let http: any BlobSource
    private let xet: XetFile
    private let mode: TransferMode
    private let isRefused = Mutex(false)

    init(_ http: any BlobSource, _ xet: XetFile, _ mode: TransferMode) {
        self.http = http
        self.xet = xet
        self.mode = mode
    }

    var patience: Patience { http.patience }

    func open(_ range: Range<Int>?) throws -> BlobAnswer {
        // Bytes that are asked for again came wrong by Xet.
        if mode == .xet, !xet.hasGiven(range?.lowerBound ?? 0) { return try xet.open(range) }
        if isRefused.withLock({ $0 }) { return try xet.open(range) }
        do {
            return try http.open(range)
        } catch let error as NetworkError where error.isFinalRefusal && mode == .auto {
            isRefused.withLock { $0 = true }
            return try xet.open(range)
        }
    }
}
