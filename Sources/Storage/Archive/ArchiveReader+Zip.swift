import Formats

/// A zip's directory, as far as ``ArchiveReader`` needs it besides what libarchive reads.
///
/// libarchive reads the directory too. But it takes names and methods from the files' own headers, where
/// other tools take them from the directory; it changes names to Unicode's composed form; and it sets no
/// bound to the memory that a directory takes. What is refused here are archives of which two tools could
/// make two things.
extension ArchiveReader {
    /// The names in a zip's directory, in the order in which the files are in the archive: the order in which
    /// libarchive reads.
    static func names(inZip file: FileSource, size: Int) throws(ArchiveError) -> [String] {
        var members = try directory(of: file, size: size).members
        members.sort { $0.headerStart < $1.headerStart }
        for member in members {
            let header = try file.bytes(member.localHeader)
            func refused(_ code: ArchiveError.Code, _ reason: String) -> ArchiveError {
                ArchiveError(code, file.path, entry: member.name, reason)
            }
            if let reason = member.reasonToRefuse { throw refused(.unsupported, reason) }
            do throws(FormatError) {
                _ = try member.content(localHeader: header.span)
            } catch { throw refused(.damaged, error.description) }
            // Sizes that come after the content, and a name in UTF-8: to libarchive the file's own header counts.
            let own = UInt16(truncatingIfNeeded: littleEndian(header.span, 6..<8))
            guard (own ^ member.flags) & 0x0808 == 0 else {
                throw refused(
                    .damaged,
                    "its header at byte \(member.headerStart) differs from the archive's directory")
            }
        }
        return members.map(\.name)
    }

    private static func directory(
        of file: FileSource, size: Int
    ) throws(ArchiveError) -> ZipCentralDirectory {
        let tail = try file.bytes(ZipCentralDirectory.tail(fileSize: size))
        let location = try checked(file) { () throws(ZipError) in
            try ZipCentralDirectory.locate(tail: tail.span, fileSize: size, rules: .archive)
        }
        let records = try file.bytes(location.bytes)
        return try checked(file) { () throws(ZipError) in
            try ZipCentralDirectory.parse(records.span, at: location)
        }
    }

    private static func checked<Result>(
        _ file: FileSource, _ parse: () throws(ZipError) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(ZipError) { return try parse() } catch { throw ArchiveError(error, file.path) }
    }
}

extension ZipCentralDirectory.Member {
    /// Why other tools would not read it, whatever its own header states; `nil` where they would.
    var reasonToRefuse: String? {
        // Encrypted by one of three ways, or patched (APPNOTE 4.4.4).
        if isEncrypted || flags & 0x20 != 0 { return "is encrypted or a patch" }
        // 4.6 is the highest version of which a method is not about compression that is refused anyway.
        return version > 46 ? "takes version \(version / 10).\(version % 10) of the zip format" : nil
    }
}

extension ArchiveError {
    /// What is wrong with a zip's directory, of an archive.
    init(_ error: ZipError, _ archive: String) {
        let code: Code =
            switch error.kind {
            case .damaged: .damaged
            case .unsupported: .unsupported
            case .tooLarge: .tooLarge
            case .name: .path
            case .duplicate: .duplicate
            }
        self.init(code, archive, entry: error.member, error.format.description)
    }
}

extension FileSource {
    /// Reads bytes, fewer where the file ends.
    fileprivate func bytes(_ range: Range<Int>) throws(ArchiveError) -> [UInt8] {
        var buffer = Buffer(count: range.count)
        let read = try read(into: &buffer, at: range.lowerBound)
        return buffer.withBytes(read) { bytes in
            var copy: [UInt8] = []
            copy.reserveCapacity(bytes.count)
            for index in bytes.indices { copy.append(bytes[index]) }
            return copy
        }
    }
}
