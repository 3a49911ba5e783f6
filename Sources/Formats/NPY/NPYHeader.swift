/// What the header of a `.npy` file states (NumPy's format, versions 1 to 3): an array's type and shape, and where
/// its bytes start.
///
/// The file is `\x93NUMPY`, two bytes of version, the length of the text in 2 bytes (version 1) or 4, the
/// text of a Python dictionary, and the elements.
package struct NPYHeader: Equatable, Sendable {
    /// NumPy's name of the elements' type with their byte order, as `<f4`; `nil` for a record of several.
    package let descr: String?
    /// Whether the first dimension varies fastest.
    package let isFortranOrder: Bool
    /// The dimensions; empty for a single element.
    package let shape: [Int]
    /// Where the elements start, in bytes from the start of the `.npy` file.
    package let dataStart: Int

    /// A header, or how much more of the file it takes to read it.
    package enum Parsing: Equatable, Sendable {
        /// The header.
        case complete(NPYHeader)
        /// The prefix is too short: the header has at least this many bytes from the start of the file.
        case needsMore(atLeast: Int)
    }

    /// The longest header in bytes that is allowed; NumPy itself reads 10,000 unless it is told to trust.
    package static let maximumLength = 1 << 20

    /// Reads the header, and checks that the elements fill the rest of the file where the type has a size.
    /// - Parameters:
    ///   - start: the first bytes of the `.npy` file.
    ///   - fileSize: its length in bytes.
    /// - Throws: with the place in the `.npy` file: another format or version, a dictionary that NumPy does
    ///   not write, more or fewer bytes than type and shape make. A type of Python objects is *not* an error.
    package static func parse(_ start: Span<UInt8>, fileSize: Int) throws(FormatError) -> Parsing {
        let bytes = start.extracting(first: max(0, fileSize))
        do throws(HeaderStop) {
            return .complete(try read(bytes, fileSize: fileSize))
        } catch {
            switch error {
            case .malformed(let error): throw error
            case .needsMore(let end): return .needsMore(atLeast: end)
            }
        }
    }

    /// The size of an element in bytes; `nil` for records and Python objects.
    package var elementSize: Int? {
        guard let descr else { return nil }
        var text = Substring(descr)
        if let first = text.first, "<>|=".contains(first) { text.removeFirst() }
        guard let kind = text.popFirst() else { return nil }
        if kind == "M" || kind == "m", let bracket = text.firstIndex(of: "[") { text = text[..<bracket] }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        switch kind {
        case "?": return text.isEmpty ? 1 : nil
        case "b", "i", "u", "f", "c", "m", "M", "S", "a", "V": return Int(text)
        case "U":
            guard let length = Int(text) else { return nil }
            let (size, overflow) = length.multipliedReportingOverflow(by: 4)
            return overflow ? nil : size
        default: return nil
        }
    }

    private static func read(_ bytes: Span<UInt8>, fileSize: Int) throws(HeaderStop) -> NPYHeader {
        var cursor = ByteCursor(fileSize: fileSize, maximumLength: maximumLength)
        // "\x93NUMPY", least significant byte first.
        guard try cursor.unsigned(size: 6, bytes, "the magic string of .npy") == 0x5950_4D55_4E93 else {
            throw .malformed(#"a .npy file starts with \x93NUMPY"#, at: 0)
        }
        let major = try cursor.unsigned(size: 1, bytes, "the version of .npy")
        let minor = try cursor.unsigned(size: 1, bytes, "the version of .npy")
        guard (1...3).contains(major), minor == 0 else {
            throw .malformed("unknown .npy version \(major).\(minor); 1.0, 2.0 and 3.0 are known", at: 6)
        }
        let length = try cursor.unsigned(size: major == 1 ? 2 : 4, bytes, "the length of the .npy header")
        let text = try cursor.take(Int(length), bytes, "the .npy header")
        var literal = NPYLiteral(position: text.lowerBound, end: text.upperBound)
        let fields: NPYLiteral.Fields
        do throws(FormatError) {
            fields = try literal.read(bytes)
        } catch { throw .malformed(error) }
        let header = NPYHeader(
            descr: fields.descr, isFortranOrder: fields.isFortranOrder, shape: fields.shape,
            dataStart: text.upperBound)
        try header.checkSize(fileSize - text.upperBound)
        return header
    }

    private func checkSize(_ size: Int) throws(HeaderStop) {
        guard let elementSize else { return }
        var bytes = elementSize
        for dimension in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .malformed("the array is larger than 63 bits can hold", at: 0) }
            bytes = product
        }
        guard bytes == size else {
            throw .malformed("type and shape make \(bytes) bytes, but \(size) follow", at: dataStart)
        }
    }
}
