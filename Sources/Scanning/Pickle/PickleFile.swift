import Formats

/// Looks at one file, and at the members of archives in it, for pickles.
struct PickleFile<Failure: Error> {
    /// Returns the bytes of a range of a part; fewer if it is cut short.
    typealias Read = (Range<Int>) throws(Failure) -> [UInt8]

    /// A file, or a member of an archive.
    struct Part {
        /// The name that decides, where the content does not.
        let name: String
        /// The path in the archive; empty for the file itself.
        let member: String
        /// The length in bytes.
        let size: Int
        /// How many archives it is in.
        var depth = 0
        /// Whether bytes that look like a pickle may as well be numbers.
        var isNumbers = false

        /// Takes what is known of the part; without more, it is the file itself and no store of numbers.
        init(name: String, member: String, size: Int, depth: Int = 0, isNumbers: Bool = false) {
            self.name = name
            self.member = member
            self.size = size
            self.depth = depth
            self.isNumbers = isNumbers
        }
    }

    /// The deepest archive in archives that is looked into.
    static var maximumDepth: Int { 4 }
    private static var headLength: Int { 1024 }
    /// The most pickles of one file that are followed.
    static var maximumPickles: Int { 100_000 }

    /// What was found so far, in the file and in the members that were looked at.
    var scan = PickleScan()

    /// Looks at a part.
    /// - Returns: whether it holds pickles, or something that cannot be read where pickles are to be expected.
    mutating func look(_ part: Part, _ read: Read) throws(Failure) -> Bool {
        guard part.size > 0 else { return false }
        let head = try read(0..<min(part.size, Self.headLength))
        guard head.count == min(part.size, Self.headLength) else {
            return unreadable("it is cut short", part)
        }
        let name = PickleName(part.name)
        if head.starts(with: [0x50, 0x4B]), head.count > 3, [3, 5, 7].contains(head[2]) {
            return try zip(part, read)
        }
        if TarHeader.isHeader(head.span) {
            let holds = try tar(part, read)
            // Python's pickle would read the name of the first member as instructions.
            return try pickles(part, name, head, isTar: true, read) || holds
        }
        if head.starts(with: [0x93] + Array("NUMPY".utf8)) { return try array(part, read) }
        // What is in it may be a program, but no pickle: ProgramScan reads it.
        if head.starts(with: [0x89] + Array("HDF\r\n".utf8)) { return false }
        if let compression = name.compression(of: head) {
            if compression.isDeflate, let extent = PickleName.deflated(head) {
                return try compressed(
                    part, headerLength: extent.header, trailerLength: extent.trailer, read)
            }
            return unreadable("it is \(compression.name), which is not looked into", part)
        }
        // Python finds a zip archive from its end, whatever is before it.
        if try endsAsZip(part, isLikely: name.isLikely, read) { return try zip(part, read) }
        return try pickles(part, name, head, read)
    }

    private func endsAsZip(_ part: Part, isLikely: Bool, _ read: Read) throws(Failure) -> Bool {
        let length = min(part.size, isLikely ? ZipCentralDirectory.tail(fileSize: part.size).count : 22)
        guard length >= 22, !part.isNumbers else { return false }
        let tail = try read(part.size - length..<part.size)
        guard tail.count == length else { return false }
        let bytes = tail.span
        for start in stride(from: length - 22, through: 0, by: -1)
        where bytes[start] == 0x50 && littleEndian(bytes, start..<start + 4) == 0x0605_4B50 {
            if start + 22 + Int(littleEndian(bytes, start + 20..<start + 22)) <= length { return true }
        }
        return false
    }

    // MARK: What is found

    /// Notes something that could not be read.
    mutating func unreadable(_ message: String, _ part: Part, at offset: Int = 0) -> Bool {
        scan.add(
            PickleScan.Finding(
                verdict: .unreadable, message: message.shortAndPlain, member: part.member.shortAndPlain,
                offset: offset))
        return true
    }

    /// Notes something that is not harmless.
    mutating func refuse(_ message: String, _ part: Part, at offset: Int = 0) {
        scan.add(
            PickleScan.Finding(
                verdict: .refused, message: message, member: part.member.shortAndPlain, offset: offset))
    }

    /// Notes the format of the file itself, not of a member.
    mutating func name(_ format: String, _ part: Part) {
        if part.depth == 0 { scan.format = format }
    }

    // MARK: Formats

    /// An array of NumPy's: a pickle only where its elements are objects.
    private mutating func array(_ part: Part, _ read: Read) throws(Failure) -> Bool {
        let start = try read(0..<min(part.size, NPYHeader.maximumLength))
        let parsing: NPYHeader.Parsing
        do throws(FormatError) {
            parsing = try NPYHeader.parse(start.span, fileSize: part.size)
        } catch {
            return unreadable("its header is none of NumPy's: \(error.message)", part, at: error.offset)
        }
        guard case .complete(let header) = parsing else { return unreadable("its header is cut short", part) }
        guard PickleName.hasObjects(start.span, header.dataStart) else { return false }
        name("NumPy array of objects", part)
        try sequence(part, from: header.dataStart, isSure: true, read)
        return true
    }

    /// Whether one of some texts, each of at least two bytes, is anywhere in a part.
    mutating func contains(_ part: Part, _ texts: [[UInt8]], _ read: Read) throws(Failure) -> Bool {
        let overlap = (texts.map(\.count).max() ?? 1) - 1
        var position = 0
        while position < part.size {
            let window = try read(position..<min(part.size, position + PickleScan.windowLength))
            guard !window.isEmpty else { return unreadable("it is cut short", part, at: position) }
            if texts.contains(where: { PickleName.contains(window.span, $0) }) { return true }
            if position + window.count >= part.size { return false }
            position += max(1, window.count - overlap)
        }
        return false
    }
}
