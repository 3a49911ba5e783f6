extension ZipCentralDirectory {
    /// Finds the central directory from the end of the file.
    /// - Parameters:
    ///   - tail: the bytes that ``tail(fileSize:)`` names.
    ///   - fileSize: the file's length in bytes.
    ///   - rules: what is taken besides an archive that fills the whole file.
    /// - Throws: with the place in the file: no end record whose comment ends with the file or more than
    ///   one, an archive of several disks, numbers that contradict one another or pass a limit.
    package static func locate(
        tail: Span<UInt8>, fileSize: Int, rules: Rules = .wholeFile
    ) throws(ZipError) -> Location {
        let range = self.tail(fileSize: fileSize)
        guard tail.count == range.count else {
            throw ZipError("the end of the file has \(range.count) bytes, not \(tail.count)", at: fileSize)
        }
        let base = range.lowerBound
        let end = try findEnd(tail, base: base)
        /// A field of the end record.
        func field(_ offset: Int, _ size: Int) -> UInt64 {
            littleEndian(tail, end + offset..<end + offset + size)
        }
        let claims = Claims(
            disks: [field(4, 2), field(6, 2)], counts: [field(8, 2), field(10, 2)], size: field(12, 4),
            offset: field(16, 4))
        let locator = end - locator64Size
        guard locator >= 0, littleEndian(tail, locator..<locator + 4) == 0x0706_4B50 else {
            return try location(claims, end: base + end, rules)
        }
        let record = try findEnd64(tail, base: base, locator: locator, rules)
        let claims64 = Claims(
            disks: [
                littleEndian(tail, record + 16..<record + 20), littleEndian(tail, record + 20..<record + 24),
            ],
            counts: [
                littleEndian(tail, record + 24..<record + 32), littleEndian(tail, record + 32..<record + 40),
            ],
            size: littleEndian(tail, record + 40..<record + 48),
            offset: littleEndian(tail, record + 48..<record + 56))
        guard claims.agree(with: claims64) else {
            throw ZipError("the zip archive's two end records contradict each other", at: base + end)
        }
        return try location(claims64, end: base + record, rules)
    }

    /// What an end record states of the directory.
    private struct Claims {
        let disks: [UInt64]
        let counts: [UInt64]
        let size: UInt64
        let offset: UInt64

        /// Whether a record with short fields states the same as Zip64's, or refers to it by all ones.
        func agree(with long: Claims) -> Bool {
            zip(disks + counts, long.disks + long.counts).allSatisfy { $0 == $1 || $0 == 0xFFFF }
                && (size == long.size || size == 0xFFFF_FFFF)
                && (offset == long.offset || offset == 0xFFFF_FFFF)
        }
    }

    /// Where the one end record starts whose comment ends with the file. A comment that holds another such
    /// record would let two readers find two directories.
    private static func findEnd(_ tail: Span<UInt8>, base: Int) throws(ZipError) -> Int {
        var found: Int?
        var start = tail.count - endSize
        while start >= 0, tail.count - endSize - start <= Int(UInt16.max) {
            defer { start -= 1 }
            guard tail[start] == 0x50, littleEndian(tail, start..<start + 4) == 0x0605_4B50 else { continue }
            let comment = Int(littleEndian(tail, start + 20..<start + 22))
            guard start + endSize + comment == tail.count else {
                // The last one is the one that most readers take.
                if found == nil { break }
                continue
            }
            if found != nil {
                throw ZipError("the zip archive has two end records", at: base + start)
            }
            found = start
        }
        guard let found else {
            throw ZipError(
                "no zip end record in the last \(tail.count) bytes: the file is cut short, or something "
                    + "follows the archive", at: base + tail.count)
        }
        return found
    }

    /// Where Zip64's end record starts: right before its locator, which has to say so.
    private static func findEnd64(
        _ tail: Span<UInt8>, base: Int, locator: Int, _ rules: Rules
    ) throws(ZipError) -> Int {
        let offset = littleEndian(tail, locator + 8..<locator + 16)
        let disk = littleEndian(tail, locator + 4..<locator + 8)
        let disks = littleEndian(tail, locator + 16..<locator + 20)
        guard disk == 0, disks <= 1 else {
            throw ZipError(
                .unsupported, "a zip archive of several disks is not supported", at: base + locator)
        }
        let nearest = locator - end64Size
        guard let offset = Int(exactly: offset), offset <= base + nearest, nearest >= 0,
            offset >= base || rules.allowsPrefix
        else {
            throw ZipError(
                "the Zip64 end record is said to be at \(offset), not right before its locator",
                at: base + locator)
        }
        // Where something is in front of the archive, what is recorded is too small.
        let isShifted =
            rules.allowsPrefix
            && (offset < base || littleEndian(tail, offset - base..<offset - base + 4) != 0x0606_4B50)
        let record = isShifted ? nearest : offset - base
        guard littleEndian(tail, record..<record + 4) == 0x0606_4B50 else {
            throw ZipError("no Zip64 end record here", at: offset)
        }
        // The size does not count itself and the signature.
        guard littleEndian(tail, record + 4..<record + 12) == UInt64(locator - record - 12) else {
            throw ZipError("the Zip64 end record does not end at its locator", at: offset)
        }
        return record
    }

    private static func location(
        _ claims: Claims, end place: Int, _ rules: Rules
    ) throws(ZipError) -> Location {
        guard claims.disks == [0, 0] else {
            throw ZipError(.unsupported, "a zip archive of several disks is not supported", at: place)
        }
        guard claims.counts[0] == claims.counts[1] else {
            throw ZipError(
                .unsupported,
                "the zip archive has \(claims.counts[0]) members here and \(claims.counts[1]) in all",
                at: place)
        }
        let (directoryEnd, overflow) = claims.offset.addingReportingOverflow(claims.size)
        let end = UInt64(place)
        guard !overflow, directoryEnd == end || rules.allowsPrefix && directoryEnd < end else {
            throw ZipError(
                "the zip directory of \(claims.size) bytes at \(claims.offset) does not end at \(place), where "
                    + "the end record starts", at: place)
        }
        guard claims.size <= UInt64(maximumLength) else {
            throw ZipError(
                .tooLarge, "the zip directory has \(claims.size) bytes; at most \(maximumLength) are allowed",
                at: place)
        }
        guard claims.counts[1] <= UInt64(rules.maximumCount),
            claims.counts[1] <= claims.size / UInt64(entrySize)
        else {
            throw ZipError(
                "the zip archive claims \(claims.counts[1]) members; \(claims.size) bytes of directory can hold "
                    + "\(min(claims.size / UInt64(entrySize), UInt64(rules.maximumCount)))", at: place)
        }
        return Location(
            bytes: place - Int(claims.size)..<place, count: Int(claims.counts[1]),
            shift: Int(end - directoryEnd))
    }
}
