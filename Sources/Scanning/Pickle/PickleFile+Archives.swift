import Formats

extension PickleFile {
    // MARK: Zip

    /// Looks at every member of a zip archive.
    mutating func zip(_ part: Part, _ read: Read) throws(Failure) -> Bool {
        guard part.depth < Self.maximumDepth else {
            return unreadable("it is too deep in other archives", part)
        }
        name("zip archive", part)
        let directory: ZipCentralDirectory
        let problem: FormatError
        do throws(ReadingStop<Failure>) {
            directory = try RangedReader<Failure>(fileSize: part.size).zipDirectory(read)
            return try members(directory, part, read)
        } catch {
            switch error {
            case .failure(let failure): throw failure
            case .malformed(let error): problem = error
            }
        }
        return unreadable("the archive cannot be relied on: \(problem.message)", part, at: problem.offset)
    }

    private mutating func members(
        _ directory: ZipCentralDirectory, _ part: Part, _ read: Read
    ) throws(ReadingStop<Failure>) -> Bool {
        let names = directory.members.map { PickleName($0.name) }
        let isTorch = directory.members.contains { PickleName.isTorchPickle($0.name) }
        if isTorch { name("PyTorch archive", part) }
        if !names.isEmpty, names.allSatisfy(\.isArray) { name("NumPy archive", part) }
        var holds = isTorch
        if !directory.members.isEmpty, !directory.members.contains(where: { $0.headerStart == 0 }) {
            holds = unreadable("something is before the first member of the archive", part)
        }
        var hasProgram = false
        for (member, name) in Swift.zip(directory.members, names) where member.size > 0 {
            if isTorch, !hasProgram, name.isCode || PickleName.isProgram(member.name) {
                (hasProgram, holds) = (true, true)
                refuse("it holds a program: \(member.name.shortAndPlain)", part)
            }
            let inner = Part(
                name: member.name,
                member: part.member.isEmpty ? member.name : "\(part.member)/\(member.name)",
                size: member.size, depth: part.depth + 1,
                isNumbers: isTorch && PickleName.isStorage(member.name))
            if try look(at: member, inner, read) { holds = true }
        }
        return holds
    }

    private mutating func look(
        at member: ZipCentralDirectory.Member, _ part: Part, _ read: Read
    ) throws(ReadingStop<Failure>) -> Bool {
        let reader = RangedReader<Failure>(fileSize: .max)
        let header = try reader.bytes(member.localHeader, read)
        let content = try reader.checked { () throws(FormatError) in
            try member.content(localHeader: header.span)
        }
        guard !member.isEncrypted, member.flags & 0x20 == 0, member.method == 0 || member.method == 8 else {
            return unreadable("it is encrypted, or compressed in a way that is not looked into", part)
        }
        do throws(Failure) {
            if member.method == 0 {
                return try look(part) { range throws(Failure) in
                    try read(range.lowerBound + content.lowerBound..<range.upperBound + content.lowerBound)
                }
            }
            var inflated = InflatedContent<Failure>(content)
            return try look(part) { range throws(Failure) in try inflated.bytes(range, read) }
        } catch { throw .failure(error) }
    }

    // MARK: Compressed files

    /// Looks into a file that gzip or zlib compressed.
    mutating func compressed(_ part: Part, headerLength: Int, trailerLength: Int, _ read: Read)
        throws(Failure) -> Bool
    {
        let end = part.size - trailerLength
        guard headerLength < end, part.depth < Self.maximumDepth else {
            return unreadable("it is compressed and cut short, or is too deep in archives", part)
        }
        var inflated = InflatedContent<Failure>(headerLength..<end)
        guard let size = try inflated.length(read) else {
            return unreadable(
                "it is compressed, and the compressed bytes are broken, more than one stream, or stand for far more",
                part)
        }
        let inner = Part(
            name: PickleName.uncompressed(part.name), member: part.member, size: size, depth: part.depth,
            isNumbers: part.isNumbers)
        return try look(inner) { range throws(Failure) in try inflated.bytes(range, read) }
    }

    // MARK: Tar

    /// Looks at every member of a tar archive.
    mutating func tar(_ part: Part, _ read: Read) throws(Failure) -> Bool {
        guard part.depth < Self.maximumDepth else {
            return unreadable("it is too deep in other archives", part)
        }
        name("tar archive", part)
        var holds = false
        var position = 0
        while position < part.size {
            guard part.size - position >= TarHeader.size else {
                return unreadable("the archive ends inside a header", part, at: position)
            }
            let block = try read(position..<position + TarHeader.size)
            guard block.count == TarHeader.size else {
                return unreadable("it is cut short", part, at: position)
            }
            if block.allSatisfy({ $0 == 0 }) {
                return try isEmpty(part, from: position, read)
                    ? holds
                    : unreadable("something follows the end of the archive", part, at: position)
            }
            guard TarHeader.isHeader(block.span), let header = TarHeader(block.span) else {
                return unreadable("a header of the archive is broken", part, at: position)
            }
            let start = position + TarHeader.size
            guard header.length <= part.size - start else {
                return unreadable("a member of the archive is cut short", part, at: position)
            }
            let inner = Part(
                name: header.name,
                member: part.member.isEmpty ? header.name : "\(part.member)/\(header.name)",
                size: header.length, depth: part.depth + 1)
            switch header.kind {
            case 0, 0x30, 0x37, 0x4B, 0x4C, 0x67:
                let found = try look(inner) { range throws(Failure) in
                    try read(range.lowerBound + start..<range.upperBound + start)
                }
                holds = found || holds
            case 0x78:
                // Where an extended header states another length or a sparse file, other readers find other members.
                let found = try contains(inner, [Array(" size=".utf8), Array("GNU.sparse".utf8)]) {
                    range throws(Failure) in
                    try read(range.lowerBound + start..<range.upperBound + start)
                }
                if found { holds = unreadable("a member has its length in an extended header", inner) }
            case 0x31, 0x32, 0x35: break
            default: holds = unreadable("the archive has a member of a kind that is not looked into", inner)
            }
            position = start + (header.length + TarHeader.size - 1) / TarHeader.size * TarHeader.size
        }
        return holds
    }

    /// Whether nothing but zeros follow.
    private func isEmpty(_ part: Part, from start: Int, _ read: Read) throws(Failure) -> Bool {
        var position = start
        while position < part.size {
            let window = try read(position..<min(part.size, position + PickleScan.windowLength))
            guard !window.isEmpty, window.allSatisfy({ $0 == 0 }) else { return false }
            position += window.count
        }
        return true
    }
}
