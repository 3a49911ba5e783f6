/// The directory at the end of a zip archive (PKWARE's APPNOTE 6.3, section 4.3): where each file begins
/// and what it is called.
///
/// libarchive reads the directory too. But it takes the names from the files' own headers, where other
/// tools take them from the directory; it changes them to Unicode's composed form; and it sets no bound to
/// the memory that a directory takes.
struct ZipDirectory {
    /// The names in the order in which the files lie in the archive: the order in which libarchive reads.
    let names: [String]

    /// The most bytes that a directory may have.
    static let limit = PathBudget.limit
    /// How far from its end a zip's last record is looked for; libarchive looks no further.
    private static let tail = 1 << 14

    /// Reads the directory of a file of `size` bytes.
    init(of source: FileSource, size: Int) throws(ArchiveError) {
        func damaged(_ reason: String) -> ArchiveError { ArchiveError(.damaged, source.path, reason) }
        let lastOffset = size - min(size, ZipDirectory.tail)
        let end = try source.withBytes(at: lastOffset, count: size - lastOffset) { tail in
            ZipDirectory.end(in: tail, at: lastOffset)
        }
        var place: Place
        switch end {
        case nil: throw damaged("is not a zip archive, or its end is cut off")
        case .short(let found): place = found
        case .zip64(let offset):
            let found = try source.withBytes(at: offset, count: 56) { ZipDirectory.zip64Place(in: $0) }
            guard let found else { throw damaged("its Zip64 end record at byte \(offset) is not valid") }
            place = found
        }
        guard place.size <= ZipDirectory.limit else {
            throw ArchiveError(
                .tooLarge, source.path,
                "its directory has \(place.size) bytes, and \(ZipDirectory.limit) are allowed")
        }
        guard place.offset >= 0, place.offset <= size - place.size else {
            throw damaged("its directory of \(place.size) bytes at byte \(place.offset) is not inside of it")
        }
        let files = try source.withBytes(at: place.offset, count: place.size) { bytes in
            bytes.count == place.size ? ZipDirectory.files(in: bytes) : nil
        }
        guard var files else { throw damaged("its directory at byte \(place.offset) is not valid") }
        guard files.count == place.count || (!place.isZip64 && files.count & 0xFFFF == place.count) else {
            throw damaged("its directory names \(files.count) files, not \(place.count) as it says")
        }
        files.sort { $0.offset < $1.offset }
        for (first, second) in zip(files, files.dropFirst()) where first.offset == second.offset {
            throw damaged("its directory names one file twice, at byte \(first.offset)")
        }
        var names: [String] = []
        for file in files {
            guard let name = String(validating: file.name, as: UTF8.self) else {
                throw ArchiveError(
                    .path, source.path, entry: String(decoding: file.name, as: UTF8.self),
                    "the path is not valid UTF-8")
            }
            names.append(name)
        }
        self.names = names
    }

    private struct Place {
        let offset: Int
        let size: Int
        /// The number of files; without Zip64 its lowest 16 bits.
        let count: Int
        let isZip64: Bool
    }

    private enum End {
        case short(Place)
        /// The directory is described by a Zip64 record at this offset.
        case zip64(offset: Int)
    }

    /// The last "end of central directory" record in the bytes, which begin at `offset` in the file.
    private static func end(in bytes: borrowing Span<UInt8>, at offset: Int) -> End? {
        var start = bytes.count - 22
        while start >= 0 {
            if bytes.littleEndian(at: start, count: 4) == 0x0605_4B50 { break }
            start -= 1
        }
        guard start >= 0, let count = bytes.littleEndian(at: start + 10, count: 2),
            let size = bytes.littleEndian(at: start + 12, count: 4)
        else { return nil }
        if bytes.littleEndian(at: start - 20, count: 4) == 0x0706_4B50 {
            return bytes.littleEndian(at: start - 12, count: 8).map { .zip64(offset: $0) }
        }
        // The recorded offset is too small where something was put before the archive; the directory
        // ends where this record begins all the same.
        return .short(Place(offset: offset + start - size, size: size, count: count, isZip64: false))
    }

    private static func zip64Place(in bytes: borrowing Span<UInt8>) -> Place? {
        guard bytes.littleEndian(at: 0, count: 4) == 0x0606_4B50,
            let count = bytes.littleEndian(at: 32, count: 8),
            let size = bytes.littleEndian(at: 40, count: 8),
            let offset = bytes.littleEndian(at: 48, count: 8)
        else { return nil }
        return Place(offset: offset, size: size, count: count, isZip64: true)
    }

    private static func files(in bytes: borrowing Span<UInt8>) -> [(offset: Int, name: [UInt8])]? {
        var files: [(offset: Int, name: [UInt8])] = []
        var start = 0
        while start < bytes.count {
            guard bytes.littleEndian(at: start, count: 4) == 0x0201_4B50,
                let nameSize = bytes.littleEndian(at: start + 28, count: 2),
                let extraSize = bytes.littleEndian(at: start + 30, count: 2),
                let commentSize = bytes.littleEndian(at: start + 32, count: 2),
                let shortOffset = bytes.littleEndian(at: start + 42, count: 4),
                start + 46 + nameSize + extraSize + commentSize <= bytes.count
            else { return nil }
            let name = start + 46
            let extra = name + nameSize
            var offset = shortOffset
            if shortOffset == 0xFFFF_FFFF {
                // In the Zip64 field the offset stands after those sizes that do not fit either.
                let before = [start + 24, start + 20].count {
                    bytes.littleEndian(at: $0, count: 4) == 0xFFFF_FFFF
                }
                if let field = bytes.extraField(1, from: extra, to: extra + extraSize),
                    field.count >= 8 * before + 8,
                    let long = bytes.littleEndian(at: field.lowerBound + 8 * before, count: 8)
                {
                    offset = long
                }
            }
            files.append((offset, (name..<extra).map { bytes[$0] }))
            start = extra + extraSize + commentSize
        }
        return files
    }
}

extension Span<UInt8> {
    /// An unsigned little-endian number of up to 8 bytes, or `nil` where it does not lie within the bytes
    /// or is larger than `Int.max`.
    fileprivate func littleEndian(at offset: Int, count size: Int) -> Int? {
        guard offset >= 0, offset <= count - size else { return nil }
        var value: UInt64 = 0
        for index in (offset..<offset + size).reversed() { value = value << 8 | UInt64(self[index]) }
        return Int(exactly: value)
    }

    /// Where the data of an extra field lie (APPNOTE 4.5.1: number and size in two bytes each, then data).
    fileprivate func extraField(_ number: Int, from start: Int, to end: Int) -> Range<Int>? {
        var start = start
        while let found = littleEndian(at: start, count: 2), let size = littleEndian(at: start + 2, count: 2),
            start + 4 + size <= end
        {
            if found == number { return start + 4..<start + 4 + size }
            start += 4 + size
        }
        return nil
    }
}

extension FileSource {
    /// Reads bytes and lends them, fewer where the file ends.
    fileprivate func withBytes<Result>(
        at offset: Int, count: Int, _ body: (borrowing Span<UInt8>) -> Result
    ) throws(ArchiveError) -> Result {
        var buffer = Buffer(count: max(0, count))
        let read = try read(into: &buffer, at: offset)
        return buffer.withBytes(read) { body($0) }
    }
}
