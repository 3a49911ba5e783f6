/// Why the reading of a file stopped.
package enum ReadingStop<Failure: Error>: Error {
    /// The function that reads failed.
    case failure(Failure)
    /// What was read breaks the format.
    case malformed(FormatError)
}

/// Reads ranges of a file of which only a function that reads is known, and calls parsers of what was read.
package struct RangedReader<Failure: Error> {
    /// The function that returns the bytes of a range.
    package typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    /// The size of the file in bytes.
    package let fileSize: Int

    /// Reads a file of a size.
    package init(fileSize: Int) { self.fileSize = fileSize }

    /// Reads a range, which may be empty, and makes sure that it came whole.
    package func bytes(
        _ range: Range<Int>, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let bytes: [UInt8]
        do throws(Failure) { bytes = try read(range) } catch { throw .failure(error) }
        guard bytes.count == range.count else {
            throw .malformed(
                FormatError(
                    "\(bytes.count) bytes were read where the file should have \(range.count)",
                    at: range.lowerBound))
        }
        return bytes
    }

    /// Calls a parser.
    package func checked<Result>(
        _ parse: () throws(FormatError) -> Result
    ) throws(ReadingStop<Failure>) -> Result {
        do throws(FormatError) { return try parse() } catch { throw .malformed(error) }
    }

    /// The directory of a zip archive that fills the whole file.
    package func zipDirectory(_ read: Read) throws(ReadingStop<Failure>) -> ZipCentralDirectory {
        let tail = try bytes(ZipCentralDirectory.tail(fileSize: fileSize), read)
        let location: ZipCentralDirectory.Location
        do throws(ZipError) {
            location = try ZipCentralDirectory.locate(tail: tail.span, fileSize: fileSize)
        } catch { throw .malformed(error.format) }
        let records = try bytes(location.bytes, read)
        do throws(ZipError) {
            return try ZipCentralDirectory.parse(records.span, at: location)
        } catch { throw .malformed(error.format) }
    }
}

extension Range<Int> {
    /// The range counted from a place that is `distance` before the one it was counted from.
    package func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}
