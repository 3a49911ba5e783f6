/// The directory at the end of a zip archive (PKWARE's APPNOTE 6.3, section 4.3): where each file begins
/// and what it is called.
///
/// libarchive reads the directory too. But it takes names and methods from the files' own headers, where
/// other tools take them from the directory; it changes names to Unicode's composed form; and it sets no
/// bound to the memory that a directory takes. What is refused here are directories of which two tools could
/// make two things.
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
        let place: Place
        switch end {
        case nil: throw damaged("is not a zip archive, or its end is cut off")
        case .followed(let byte): throw damaged("something follows its end at byte \(byte)")
        case .inParts:
            throw ArchiveError(.unsupported, source.path, "is one of several parts of an archive")
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
        let read = try source.withBytes(at: place.offset, count: place.size) { bytes in
            bytes.count == place.size ? ZipDirectory.files(in: bytes) : nil
        }
        guard var files = read else { throw damaged("its directory at byte \(place.offset) is not valid") }
        guard files.count == place.count || (!place.isZip64 && files.count & 0xFFFF == place.count) else {
            throw damaged("its directory names \(files.count) files, not \(place.count) as it says")
        }
        files.sort { $0.offset < $1.offset }
        for (first, second) in zip(files, files.dropFirst()) where first.offset == second.offset {
            throw damaged("its directory names one file twice, at byte \(first.offset)")
        }
        // A few bytes that belong to many files would come out of the archive many times.
        let ends = files.dropFirst().map(\.offset) + [place.offset - place.shift]
        for (file, end) in zip(files, ends)
        where end - file.offset < 30 || file.compressedSize > end - file.offset - 30 {
            throw damaged("its file at byte \(file.offset) reaches into what follows it")
        }
        var names: [String] = []
        for file in files {
            guard let name = String(validating: file.name, as: UTF8.self) else {
                throw ArchiveError(
                    .path, source.path, entry: String(decoding: file.name, as: UTF8.self),
                    "the path is not valid UTF-8")
            }
            let isAsSaid = try source.withBytes(at: file.offset + place.shift, count: 10) {
                file.agrees(withHeader: $0)
            }
            guard isAsSaid else {
                throw ArchiveError(
                    .damaged, source.path, entry: name,
                    "its header at byte \(file.offset) does not say what the archive's directory does")
            }
            if let reason = file.reasonToRefuse {
                throw ArchiveError(.unsupported, source.path, entry: name, reason)
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
        /// How far from its recorded place everything lies.
        var shift = 0
    }

    /// What the directory says of a file.
    private struct File {
        /// Where its header is recorded to begin.
        let offset: Int
        /// The bytes of its content in the archive.
        let compressedSize: Int
        let name: [UInt8]
        let method: Int
        let flags: Int
        /// The version of the format that reading it takes, times ten.
        let version: Int
        /// The number of the part that it lies in.
        let part: Int

        /// Whether its own header gives its content and name the same meaning.
        func agrees(withHeader bytes: borrowing Span<UInt8>) -> Bool {
            guard bytes.littleEndian(at: 8, count: 2) == method,
                let own = bytes.littleEndian(at: 6, count: 2)
            else { return false }
            // Encrypted; the sizes come after the content; the name is UTF-8.
            return (own ^ flags) & 0x0809 == 0
        }

        /// Why other tools would not read it, whatever its own header says; `nil` where they would.
        var reasonToRefuse: String? {
            if part != 0 { return "lies in another part of the archive" }
            // Encrypted by one of three ways, or patched (APPNOTE 4.4.4).
            if flags & 0x2061 != 0 { return "is encrypted or a patch" }
            // 4.6 is the highest version of which a method is not about compression that is refused anyway.
            return version > 46 ? "takes version \(version / 10).\(version % 10) of the zip format" : nil
        }
    }

    private enum End {
        case short(Place)
        /// The directory is described by a Zip64 record at this offset.
        case zip64(offset: Int)
        /// There are more bytes from this offset on.
        case followed(by: Int)
        case inParts
    }

    /// The last "end of central directory" record in the bytes, which begin at `offset` in the file.
    private static func end(in bytes: borrowing Span<UInt8>, at offset: Int) -> End? {
        var start = bytes.count - 22
        while start >= 0 {
            if bytes.littleEndian(at: start, count: 4) == 0x0605_4B50 { break }
            start -= 1
        }
        guard start >= 0, let part = bytes.littleEndian(at: start + 4, count: 4),
            let partCount = bytes.littleEndian(at: start + 8, count: 2),
            let count = bytes.littleEndian(at: start + 10, count: 2),
            let size = bytes.littleEndian(at: start + 12, count: 4),
            let recorded = bytes.littleEndian(at: start + 16, count: 4),
            let comment = bytes.littleEndian(at: start + 20, count: 2), comment <= bytes.count - start - 22
        else { return nil }
        guard comment == bytes.count - start - 22 else {
            return .followed(by: offset + start + 22 + comment)
        }
        if bytes.littleEndian(at: start - 20, count: 4) == 0x0706_4B50 {
            return bytes.littleEndian(at: start - 12, count: 8).map { .zip64(offset: $0) }
        }
        guard part == 0, partCount == count else { return .inParts }
        // The recorded offset is too small where something was put before the archive; the directory
        // ends where this record begins all the same.
        let found = offset + start - size
        return .short(
            Place(offset: found, size: size, count: count, isZip64: false, shift: found - recorded))
    }

    private static func zip64Place(in bytes: borrowing Span<UInt8>) -> Place? {
        guard bytes.littleEndian(at: 0, count: 4) == 0x0606_4B50,
            let count = bytes.littleEndian(at: 32, count: 8),
            let size = bytes.littleEndian(at: 40, count: 8),
            let offset = bytes.littleEndian(at: 48, count: 8)
        else { return nil }
        return Place(offset: offset, size: size, count: count, isZip64: true)
    }

    private static func files(in bytes: borrowing Span<UInt8>) -> [File]? {
        var files: [File] = []
        var start = 0
        while start < bytes.count {
            guard bytes.littleEndian(at: start, count: 4) == 0x0201_4B50,
                let version = bytes.littleEndian(at: start + 6, count: 2),
                let flags = bytes.littleEndian(at: start + 8, count: 2),
                let method = bytes.littleEndian(at: start + 10, count: 2),
                let part = bytes.littleEndian(at: start + 34, count: 2),
                let nameSize = bytes.littleEndian(at: start + 28, count: 2),
                let extraSize = bytes.littleEndian(at: start + 30, count: 2),
                let commentSize = bytes.littleEndian(at: start + 32, count: 2),
                let shortOffset = bytes.littleEndian(at: start + 42, count: 4),
                start + 46 + nameSize + extraSize + commentSize <= bytes.count
            else { return nil }
            let name = start + 46
            let extra = name + nameSize
            // In the Zip64 field are, in this order, those of the size, the compressed size and the offset that do
            // not fit into their places.
            let long = bytes.extraField(1, from: extra, to: extra + extraSize)
            var place = long?.lowerBound ?? 0
            func value(_ short: Int) -> Int {
                guard short == 0xFFFF_FFFF, let long, place <= long.upperBound - 8,
                    let value = bytes.littleEndian(at: place, count: 8)
                else { return short }
                place += 8
                return value
            }
            guard let shortSize = bytes.littleEndian(at: start + 24, count: 4),
                let shortCompressed = bytes.littleEndian(at: start + 20, count: 4)
            else { return nil }
            _ = value(shortSize)
            let compressedSize = value(shortCompressed)
            let offset = value(shortOffset)
            files.append(
                File(
                    offset: offset, compressedSize: compressedSize, name: (name..<extra).map { bytes[$0] },
                    method: method, flags: flags,
                    version: version, part: part))
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
