import Formats

/// A text that is an attribute of the root group of an HDF5 file.
struct HDF5Attribute: Equatable {
    /// Its name in the root group, such as `model_config`.
    let name: String
    /// The text's bytes, without padding; mostly JSON.
    let text: [UInt8]
}

/// Reads attributes of the root group of an HDF5 file (HDF5 File Format Specification 3.0): superblocks of versions 0 to 3,
/// object headers of both kinds, attributes in the header and in dense storage, texts of fixed and variable length.
///
/// Bounded: nothing is read twice by an address that leads back, and all that is read together has a limit.
struct HDF5File<Failure: Error> {
    /// Returns the bytes of a range of the file; fewer if it is cut short.
    typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    /// What a superblock begins with (HDF5 File Format Specification 3.0, II.A).
    static var signature: [UInt8] { [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] }
    /// The most bytes that are read of a file.
    private static var budget: Int { 256 << 20 }
    /// The longest text that is taken.
    static var maximumText: Int { 64 << 20 }

    private let fileSize: Int
    /// What addresses count from.
    private let base: Int
    /// How many bytes there are from there on, which every address is less than.
    var extent: Int { fileSize - base }
    /// Bytes of an address and of a length.
    private(set) var offsetSize = 8
    /// Bytes of a length: 4 or 8, as the superblock states.
    private(set) var lengthSize = 8
    private var left = budget

    /// Where an HDF5 file starts in a file: at 0, 512, 1024 and so on doubled; `nil` if it is not one.
    /// - Parameters:
    ///   - isDeep: whether reading at a later place costs reading all before it.
    ///   - isNamed: whether the name states that it is one.
    static func start(
        size: Int, isDeep: Bool, isNamed: Bool, _ read: Read
    ) throws(Failure) -> Int? {
        var place = 0
        while place <= size - 8 {
            if try read(place..<place + 8).elementsEqual(signature) { return place }
            if isDeep, !isNamed { return nil }
            place = place == 0 ? 512 : place * 2
        }
        return nil
    }

    /// The attributes with some names, as they are met.
    /// - Throws: where the file breaks the format, has them in a way that is not read, or as something else than one text.
    static func attributes(
        _ names: [String], fileSize: Int, at start: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> [HDF5Attribute] {
        var file = HDF5File(fileSize: fileSize, base: start)
        let root = try file.root(read)
        var header = HDF5Header()
        try header.read(&file, at: root, read)
        var found: [HDF5Attribute] = []
        for message in header.attributes {
            if let attribute = try file.attribute(message, names, read) { found.append(attribute) }
        }
        for info in header.attributeInfo {
            for message in try file.denseAttributes(info, read) {
                if let attribute = try file.attribute(message, names, read) { found.append(attribute) }
            }
        }
        return found
    }

    private init(fileSize: Int, base: Int) {
        self.fileSize = fileSize
        self.base = base
    }

    /// The address of the root group's object header.
    private mutating func root(_ read: Read) throws(ReadingStop<Failure>) -> Int {
        let start = try bytes(at: 0, min(96, fileSize - base), read)
        guard start.count >= 48 else { throw malformed("the superblock is cut short", 0) }
        let version = start[8]
        var cursor: HDF5Cursor
        switch version {
        case 0, 1:
            (offsetSize, lengthSize) = (Int(start[13]), Int(start[14]))
            cursor = HDF5Cursor(start, at: version == 0 ? 24 : 28)
        case 2, 3:
            (offsetSize, lengthSize) = (Int(start[9]), Int(start[10]))
            cursor = HDF5Cursor(start, at: 12)
        default: throw malformed("a superblock of version \(version) is not read", 8)
        }
        guard [4, 8].contains(offsetSize), [4, 8].contains(lengthSize) else {
            throw malformed("addresses of \(offsetSize) bytes are not read", 8)
        }
        guard let address = cursor.number(offsetSize), address == UInt64(base) else {
            throw malformed("addresses count from another place than the superblock", 8)
        }
        // The base's address, then three others, the last of which versions 2 and 3 do not have.
        guard cursor.skip(offsetSize * (version < 2 ? 3 : 2)) else {
            throw malformed("the superblock is cut short", 8)
        }
        if version < 2 { _ = cursor.skip(offsetSize) }
        guard let root = cursor.number(offsetSize), let root = Int(exactly: root) else {
            throw malformed("the root group has no address", 8)
        }
        return root
    }

    // MARK: Reading

    /// Bytes at an address.
    mutating func bytes(
        at address: Int, _ count: Int, _ read: Read
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        guard address >= 0, count >= 0, address <= fileSize - base, count <= fileSize - base - address else {
            throw malformed("\(count) bytes at \(address) are not in the file", address)
        }
        guard count <= left else {
            throw malformed("it takes more than \(Self.budget) bytes to read", address)
        }
        left -= count
        return try RangedReader<Failure>(fileSize: fileSize)
            .bytes(base + address..<base + address + count, read)
    }

    /// The error for a place that breaks the format, or that has what is not read; an address in bytes from the base.
    func malformed(_ message: String, _ offset: Int) -> ReadingStop<Failure> {
        .malformed(FormatError(message, at: max(0, offset)))
    }
}

/// Numbers of bytes that were read, one after another.
struct HDF5Cursor {
    private let bytes: [UInt8]
    private(set) var position: Int

    /// Takes bytes and the place in them to begin at; numbers are little-endian.
    init(_ bytes: [UInt8], at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// How many bytes are left.
    var remaining: Int { bytes.count - position }

    /// The next number; `nil` past the end.
    mutating func number(_ size: Int) -> UInt64? {
        guard size >= 0, size <= 8, size <= remaining else { return nil }
        defer { position += size }
        return littleEndian(bytes.span, position..<position + size)
    }

    /// The next number as a count or an address; `nil` past the end and for more than 63 bits.
    mutating func integer(_ size: Int) -> Int? { number(size).flatMap { Int(exactly: $0) } }

    /// Steps over bytes; `false`, and nothing is stepped over, if there are fewer.
    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= remaining else { return false }
        position += count
        return true
    }

    /// The next bytes; `nil` past the end.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// Whether the next bytes are a signature, which is stepped over.
    mutating func has(_ signature: String) -> Bool {
        take(signature.utf8.count)?.isText(signature) ?? false
    }
}
