extension ZipCentralDirectory.Member {
    /// Where the member's bytes are in the file: as they are only where ``isPlain`` states it.
    /// - Parameter localHeader: the bytes that ``localHeader`` names.
    /// - Returns: in bytes from the start of the file; as long as ``compressedSize``.
    /// - Throws: where the local header states another name, method or size than the directory, or leaves too
    ///   little room.
    package func content(localHeader bytes: Span<UInt8>) throws(FormatError) -> Range<Int> {
        func error(_ problem: String) -> FormatError {
            FormatError("the local header of the zip member \(name.quoted) \(problem)", at: headerStart)
        }
        guard bytes.count == localHeader.count else { throw error("is cut short") }
        guard littleEndian(bytes, 0..<4) == 0x0403_4B50 else { throw error("is not there") }
        let localFlags = UInt16(truncatingIfNeeded: littleEndian(bytes, 6..<8))
        guard (localFlags ^ flags) & ZipCentralDirectory.encryptionFlags == 0,
            littleEndian(bytes, 8..<10) == UInt64(method)
        else { throw error("states another method than the directory") }
        guard Int(littleEndian(bytes, 26..<28)) == name.utf8.count,
            bytes.extracting(droppingFirst: ZipCentralDirectory.localHeaderSize).holdsText(name)
        else { throw error("states another name than the directory") }
        // With bit 3 the sizes follow the content; all ones refer to a Zip64 field.
        let localSize = littleEndian(bytes, 18..<22)
        guard localFlags & 8 != 0 || localSize == 0xFFFF_FFFF || localSize == UInt64(compressedSize) else {
            throw error("states another size than the directory")
        }
        let start = headerStart + bytes.count + Int(littleEndian(bytes, 28..<30))
        guard start <= limit, compressedSize <= limit - start else {
            throw error("puts the end of \(compressedSize) bytes past \(limit)")
        }
        return start..<start + compressedSize
    }
}

extension Span<UInt8> {
    fileprivate func holdsText(_ text: String) -> Bool {
        guard count == text.utf8.count else { return false }
        var index = 0
        for byte in text.utf8 {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
