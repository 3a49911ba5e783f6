import Formats

extension HDF5File {
    /// Reads an attribute message; `nil` for one with another name.
    mutating func attribute(
        _ message: [UInt8], _ names: [String], _ read: Read
    ) throws(ReadingStop<Failure>) -> HDF5Attribute? {
        var cursor = HDF5Cursor(message)
        guard let version = cursor.number(1), (1...3).contains(version), let flags = cursor.number(1),
            let nameSize = cursor.integer(2), let typeSize = cursor.integer(2),
            let spaceSize = cursor.integer(2),
            version < 3 || cursor.skip(1)
        else { throw malformed("an attribute is of a version that is not read", 0) }
        func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
        guard let name = cursor.take(padded(nameSize))?.prefix(while: { $0 != 0 }) else {
            throw malformed("an attribute is cut short", 0)
        }
        guard let wanted = names.first(where: { name.isText($0) }) else { return nil }
        guard version == 1 || flags & 3 == 0 else {
            throw malformed("the attribute \(wanted) is of a type that is kept elsewhere", 0)
        }
        guard let type = cursor.take(padded(typeSize)), let space = cursor.take(padded(spaceSize)),
            type.count >= 8
        else { throw malformed("the attribute \(wanted) is cut short", 0) }
        guard isOne(space) else { throw malformed("the attribute \(wanted) is not one value", 0) }
        let size = Int(littleEndian(type.span, 4..<8))
        switch type[0] & 15 {
        case 3:
            guard let text = cursor.take(size) else {
                throw malformed("the attribute \(wanted) is cut short", 0)
            }
            return HDF5Attribute(name: wanted, text: trimmed(text, padding: type[1] & 15))
        case 9:
            guard type[1] & 15 == 1 else { throw malformed("the attribute \(wanted) is not a text", 0) }
            guard let length = cursor.integer(4), let address = cursor.integer(offsetSize),
                let index = cursor.integer(4)
            else { throw malformed("the attribute \(wanted) is cut short", 0) }
            let object = try heapObject(at: address, index, read)
            guard length <= object.count else {
                throw malformed("the attribute \(wanted) is cut short", address)
            }
            return HDF5Attribute(name: wanted, text: Array(object[..<length]))
        default: throw malformed("the attribute \(wanted) is not a text", 0)
        }
    }

    /// Whether a dataspace has one element.
    private func isOne(_ space: [UInt8]) -> Bool {
        var cursor = HDF5Cursor(space)
        guard let version = cursor.number(1), let rank = cursor.integer(1), cursor.skip(1) else {
            return false
        }
        switch version {
        case 1: guard cursor.skip(5) else { return false }
        case 2:
            guard let kind = cursor.number(1), kind <= 1 else { return false }
        default: return false
        }
        for _ in 0..<rank {
            guard let size = cursor.number(lengthSize), size == 1 else { return false }
        }
        return true
    }

    /// A text without what fills its field. Blanks and zeros around JSON mean nothing, but a zero inside ends it for some.
    private func trimmed(_ text: [UInt8], padding: UInt8) -> [UInt8] {
        switch padding {
        case 0, 1:
            let end = text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            return Array(text[..<end])
        default:
            let end = text.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0
            return Array(text[..<end])
        }
    }

    /// An object of a global heap collection.
    private mutating func heapObject(
        at address: Int, _ index: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        let headerLength = 8 + lengthSize
        var header = HDF5Cursor(try bytes(at: address, headerLength, read))
        guard header.has("GCOL"), header.number(1) == 1, header.skip(3),
            let size = header.integer(lengthSize),
            size >= headerLength, size <= extent
        else { throw malformed("a global heap was expected", address) }
        var position = headerLength
        let objectHeader = 8 + lengthSize
        while size - position >= objectHeader {
            var object = HDF5Cursor(try bytes(at: address + position, objectHeader, read))
            guard let number = object.integer(2), object.skip(6), let length = object.integer(lengthSize),
                length <= size - position - objectHeader
            else { throw malformed("an object of a global heap is cut short", address + position) }
            if number == 0 { break }
            if number == index {
                guard length <= Self.maximumText else {
                    throw malformed("a text has \(length) bytes", address + position)
                }
                return try bytes(at: address + position + objectHeader, length, read)
            }
            position += objectHeader + (length + 7) / 8 * 8
        }
        throw malformed("a global heap does not have the object \(index)", address)
    }
}
