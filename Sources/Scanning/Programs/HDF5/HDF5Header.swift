import Formats

/// The messages of an object header that have to do with attributes.
struct HDF5Header {
    private static let maximumMessages = 65_536

    /// The attributes in the header, undecoded.
    private(set) var attributes: [[UInt8]] = []
    /// What states where attributes are that are not in the header.
    private(set) var attributeInfo: [[UInt8]] = []
    private var continuations: [(address: Int, length: Int)] = []
    private var visited: Set<Int> = []
    private var messages = 0

    /// Reads the header of an object with all its continuations.
    mutating func read<Failure>(
        _ file: inout HDF5File<Failure>, at address: Int, _ read: HDF5File<Failure>.Read
    ) throws(ReadingStop<Failure>) {
        let start = try file.bytes(at: address, 16, read)
        let isSecond = start.starts(with: Array("OHDR".utf8))
        var flags: UInt8 = 0
        if isSecond {
            guard start[4] == 2 else {
                throw file.malformed("an object header of version \(start[4]) is not read", address)
            }
            flags = start[5]
            let sizeLength = 1 << Int(flags & 3)
            let offset = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
            var cursor = HDF5Cursor(try file.bytes(at: address + offset, sizeLength, read))
            guard let size = cursor.integer(sizeLength) else {
                throw file.malformed("an object header has no size", address)
            }
            let block = try file.bytes(at: address + offset + sizeLength, size, read)
            try parse(block, &file, address, flags: flags, isSecond: true)
        } else {
            guard start[0] == 1 else { throw file.malformed("an object header was expected", address) }
            let size = Int(littleEndian(start.span, 8..<12))
            let block = try file.bytes(at: address + 16, size, read)
            try parse(block, &file, address, flags: 0, isSecond: false)
        }
        while let next = continuations.popLast() {
            guard visited.insert(next.address).inserted else {
                throw file.malformed("an object header leads back to itself", next.address)
            }
            var block = try file.bytes(at: next.address, next.length, read)
            if isSecond {
                guard block.count >= 8, block.starts(with: Array("OCHK".utf8)) else {
                    throw file.malformed("a continuation of an object header was expected", next.address)
                }
                block = Array(block[4..<block.count - 4])
            }
            try parse(block, &file, next.address, flags: flags, isSecond: isSecond)
        }
    }

    private mutating func parse<Failure>(
        _ block: [UInt8], _ file: inout HDF5File<Failure>, _ address: Int, flags: UInt8, isSecond: Bool
    ) throws(ReadingStop<Failure>) {
        var cursor = HDF5Cursor(block)
        let headerLength = isSecond ? 4 + (flags & 4 != 0 ? 2 : 0) : 8
        // Less than a message's header is a gap.
        while cursor.remaining >= headerLength {
            messages += 1
            guard messages <= Self.maximumMessages else {
                throw file.malformed("an object header has too many messages", address)
            }
            let (kind, size, bits): (Int, Int, UInt64)
            if isSecond {
                guard let k = cursor.integer(1), let s = cursor.integer(2), let b = cursor.number(1),
                    flags & 4 == 0 || cursor.skip(2)
                else { break }
                (kind, size, bits) = (k, s, b)
            } else {
                guard let k = cursor.integer(2), let s = cursor.integer(2), let b = cursor.number(1),
                    cursor.skip(3)
                else { break }
                (kind, size, bits) = (k, s, b)
            }
            guard let data = cursor.take(size) else {
                throw file.malformed("a message of an object header is cut short", address)
            }
            switch kind {
            case 0x0C:
                // A message that is kept elsewhere, for several objects together.
                guard bits & 2 == 0 else { throw file.malformed("a shared attribute is not read", address) }
                attributes.append(data)
            case 0x15:
                guard bits & 2 == 0 else { throw file.malformed("a shared message is not read", address) }
                attributeInfo.append(data)
            case 0x10:
                var inner = HDF5Cursor(data)
                guard let place = inner.integer(file.offsetSize), let length = inner.integer(file.lengthSize)
                else { throw file.malformed("a continuation has no address", address) }
                continuations.append((place, length))
            default: break
            }
        }
    }
}
