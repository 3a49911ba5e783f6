extension ZipCentralDirectory {
    /// Reads the central directory.
    /// - Parameters:
    ///   - directory: the bytes that `location` names.
    ///   - location: what ``locate(tail:fileSize:)`` returned.
    /// - Throws: with the place in the file: records that are cut short or left over, a name that is not
    ///   UTF-8 or occurs twice, a stored member of two sizes, members that overlap or leave the file.
    ///   Compressed and encrypted members are *not* an error.
    package static func parse(
        _ directory: Span<UInt8>, at location: Location
    ) throws(ZipError) -> ZipCentralDirectory {
        guard directory.count == location.bytes.count else {
            throw ZipError(
                "the zip directory has \(location.bytes.count) bytes, not \(directory.count)",
                at: location.bytes.lowerBound)
        }
        var reader = ZipCentralDirectoryReader(base: location.bytes.lowerBound, shift: location.shift)
        return ZipCentralDirectory(members: try reader.members(directory, count: location.count))
    }
}

/// Reads the records of a central directory. Places in errors count from the start of the file.
struct ZipCentralDirectoryReader {
    private struct Record {
        let name: String
        let flags: UInt16
        let method: UInt16
        let crc32: UInt32
        let compressedSize: Int
        let size: Int
        let headerStart: Int
        let version: UInt16
        let unixMode: UInt16
        let position: Int
    }

    /// The two sizes and the offset of a record; all ones for what its Zip64 field holds.
    private struct Extent {
        var size: UInt64
        var compressedSize: UInt64
        var headerStart: UInt64

        static let elsewhere: UInt64 = 0xFFFF_FFFF

        var isComplete: Bool {
            size != Self.elsewhere && compressedSize != Self.elsewhere && headerStart != Self.elsewhere
        }
    }

    /// Where the directory starts in the file.
    private let base: Int
    private let shift: Int
    private var position = 0

    /// Takes the directory's place in the file and the number of bytes in front of the archive.
    init(base: Int, shift: Int) {
        self.base = base
        self.shift = shift
    }

    /// The members of a directory of `count` records that fills `bytes`; throws where two of them have one
    /// name or share bytes.
    mutating func members(
        _ bytes: Span<UInt8>, count: Int
    ) throws(ZipError) -> [ZipCentralDirectory.Member] {
        var records: [Record] = []
        var names: Set<ExactName> = []
        records.reserveCapacity(count)
        names.reserveCapacity(count)
        for _ in 0..<count {
            let record = try readRecord(bytes)
            guard names.insert(ExactName(record.name)).inserted else {
                throw ZipError(
                    .duplicate, "the zip member \(record.name.quoted) occurs twice", at: record.position,
                    member: record.name)
            }
            records.append(record)
        }
        guard position == bytes.count else {
            throw ZipError(
                "the zip directory has \(bytes.count - position) bytes past its \(count) members",
                at: base + position)
        }
        return try place(records)
    }

    private mutating func readRecord(_ bytes: Span<UInt8>) throws(ZipError) -> Record {
        let start = position
        let place = base + start
        guard bytes.count - start >= ZipCentralDirectory.entrySize else {
            throw ZipError("the zip directory ends inside a record", at: place)
        }
        func field(_ offset: Int, _ size: Int) -> UInt64 {
            littleEndian(bytes, start + offset..<start + offset + size)
        }
        guard field(0, 4) == 0x0201_4B50 else {
            throw ZipError("expected a record of the zip directory", at: place)
        }
        let nameEnd = start + ZipCentralDirectory.entrySize + Int(field(28, 2))
        let extraEnd = nameEnd + Int(field(30, 2))
        let end = extraEnd + Int(field(32, 2))
        guard end <= bytes.count else {
            throw ZipError("the zip directory ends inside a record", at: place)
        }
        let nameStart = start + ZipCentralDirectory.entrySize
        guard let name = String(validating: bytes, nameStart..<nameEnd) else {
            throw ZipError(
                .name, "the name of a zip member is not UTF-8", at: base + nameStart,
                member: String(decoding: (nameStart..<nameEnd).map { bytes[$0] }, as: UTF8.self))
        }
        guard !name.utf8.contains(0) else {
            throw ZipError(
                .name, "the name of the zip member \(name.quoted) has a zero byte", at: base + nameStart,
                member: name)
        }
        func error(_ problem: String, _ kind: ZipError.Kind = .damaged) -> ZipError {
            ZipError(kind, "the zip member \(name.quoted) \(problem)", at: place, member: name)
        }
        var extent = Extent(
            size: field(24, 4), compressedSize: field(20, 4), headerStart: field(42, 4))
        var disk = field(34, 2)
        try readExtra(bytes, nameEnd..<extraEnd, &extent, &disk, name: name)
        guard disk == 0 else { throw error("is on another disk", .unsupported) }
        guard let size = Int(exactly: extent.size),
            let compressedSize = Int(exactly: extent.compressedSize),
            let recorded = Int(exactly: extent.headerStart),
            case let (headerStart, overflow) = recorded.addingReportingOverflow(shift), !overflow
        else { throw error("claims more than 63 bits") }
        let method = UInt16(truncatingIfNeeded: field(10, 2))
        let flags = UInt16(truncatingIfNeeded: field(8, 2))
        let isEncrypted = flags & ZipCentralDirectory.encryptionFlags != 0
        guard method != 0 || isEncrypted || size == compressedSize else {
            throw error("is stored, but has two sizes, \(compressedSize) and \(size)")
        }
        // Unix and OS X (APPNOTE 4.4.2) have the mode in the upper half of the external attributes.
        let unixMode = [3, 19].contains(field(5, 1)) ? UInt16(truncatingIfNeeded: field(40, 2)) : 0
        position = end
        return Record(
            name: name, flags: flags, method: method, crc32: UInt32(truncatingIfNeeded: field(16, 4)),
            compressedSize: compressedSize, size: size, headerStart: headerStart,
            version: UInt16(truncatingIfNeeded: field(6, 2)), unixMode: unixMode, position: place)
    }

    /// Reads the extra fields, of which Zip64's holds what is all ones in the record.
    private func readExtra(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ extent: inout Extent, _ disk: inout UInt64, name: String
    ) throws(ZipError) {
        let isComplete = extent.isComplete && disk != 0xFFFF
        var hasZip64 = false
        var start = range.lowerBound
        // Fewer than four bytes at the end are padding that some tools leave.
        while range.upperBound - start >= 4 {
            let end = start + 4 + Int(littleEndian(bytes, start + 2..<start + 4))
            guard end <= range.upperBound else {
                throw ZipError(
                    "an extra field of the zip member \(name.quoted) is cut short", at: base + start)
            }
            // Info-ZIP's Unicode Path: Python's zipfile takes its name for the member's.
            if littleEndian(bytes, start..<start + 2) == 0x7075 {
                let isSame =
                    end - start >= 9
                    && String(validating: bytes, start + 9..<end)?.hasSameBytes(as: name) ?? false
                guard isSame else {
                    throw ZipError(
                        .name, "the zip member \(name.quoted) has a second name", at: base + start,
                        member: name)
                }
            }
            if littleEndian(bytes, start..<start + 2) == 1 {
                guard !hasZip64 else {
                    throw ZipError("the zip member \(name.quoted) has two Zip64 fields", at: base + start)
                }
                hasZip64 = true
                try readZip64(bytes, start + 4..<end, &extent, &disk, name: name)
            }
            start = end
        }
        guard isComplete || hasZip64 else {
            throw ZipError(
                "the zip member \(name.quoted) lacks its Zip64 field", at: base + range.lowerBound)
        }
    }

    private func readZip64(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ extent: inout Extent, _ disk: inout UInt64, name: String
    ) throws(ZipError) {
        var start = range.lowerBound
        func next(_ value: UInt64, _ marker: UInt64, _ size: Int) throws(ZipError) -> UInt64 {
            guard value == marker else { return value }
            guard range.upperBound - start >= size else {
                throw ZipError(
                    "the Zip64 field of the zip member \(name.quoted) is cut short", at: base + start)
            }
            defer { start += size }
            return littleEndian(bytes, start..<start + size)
        }
        extent.size = try next(extent.size, Extent.elsewhere, 8)
        extent.compressedSize = try next(extent.compressedSize, Extent.elsewhere, 8)
        extent.headerStart = try next(extent.headerStart, Extent.elsewhere, 8)
        disk = try next(disk, 0xFFFF, 4)
    }

    /// Checks that header and content of each member end before the next member and the directory start.
    private func place(_ records: [Record]) throws(ZipError) -> [ZipCentralDirectory.Member] {
        var order = Array(records.indices)
        order.sort { (records[$0].headerStart, $0) < (records[$1].headerStart, $1) }
        var limits = [Int](repeating: base, count: records.count)
        for (index, next) in zip(order, order.dropFirst()) {
            limits[index] = min(base, records[next].headerStart)
        }
        var members: [ZipCentralDirectory.Member] = []
        members.reserveCapacity(records.count)
        for (record, limit) in zip(records, limits) {
            let room = limit - record.headerStart
            guard room >= ZipCentralDirectory.localHeaderSize + record.name.utf8.count,
                record.compressedSize <= room - ZipCentralDirectory.localHeaderSize - record.name.utf8.count
            else {
                throw ZipError(
                    "the zip member \(record.name.quoted) of \(record.compressedSize) bytes at "
                        + "\(record.headerStart) passes \(limit), where the next one or the directory starts",
                    at: record.position)
            }
            members.append(
                ZipCentralDirectory.Member(
                    name: record.name, method: record.method, compressedSize: record.compressedSize,
                    size: record.size, crc32: record.crc32, headerStart: record.headerStart, limit: limit,
                    flags: record.flags, version: record.version, unixMode: record.unixMode))
        }
        return members
    }
}
