import Formats
import Tensors

/// The table of contents of an importance matrix's file.
struct ImatrixContents {
    /// What is stored of each tensor, by its name.
    private(set) var entries: [ExactName: Imatrix.Entry] = [:]
    /// What it was measured on, by the names of the files; empty where the file states nothing.
    private(set) var datasets: [String] = []
    /// The number of chunks of text that it was measured on; 0 where the older format states none.
    private(set) var chunkCount = 0
}

// MARK: GGUF

extension ImatrixContents {
    /// The bytes of a header that are read at first.
    private static let firstRead = 1 << 16

    /// Reads the header of a GGUF file: for each weight `NAME.in_sum2`, columns by experts, and `NAME.counts`, one
    /// number for each expert.
    init(gguf fileSize: Int, read: Imatrix.Read) throws {
        var length = min(fileSize, Self.firstRead)
        while true {
            let bytes = try read(0..<length)
            switch try GGUFHeader.parse(bytes.span, fileSize: fileSize) {
            case .complete(let header):
                try readMetadata(header, bytes.span)
                try readTensors(header)
                return
            case .needsMore(let end):
                guard length < fileSize else {
                    throw FormatError("the header ends past the file", at: fileSize)
                }
                length = min(fileSize, max(end, length * 2))
            }
        }
    }

    private mutating func readMetadata(_ header: GGUFHeader, _ bytes: Span<UInt8>) throws {
        for key in ["imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"] {
            guard header[key] != nil else {
                throw FormatError(
                    "an importance matrix has the metadata item \(key), this file has none", at: 0)
            }
        }
        if case .array(let array) = header["imatrix.datasets"], array.elementType == .string {
            // Only the first is ever asked for.
            datasets = try array.elements(in: bytes, limit: 64).compactMap { $0.text }
        }
        guard let count = header["imatrix.chunk_count"]?.integer, (0...Int(Int32.max)).contains(count) else {
            throw FormatError("imatrix.chunk_count is not a number from 0 to \(Int32.max)", at: 0)
        }
        chunkCount = count
    }

    private mutating func readTensors(_ header: GGUFHeader) throws(FormatError) {
        var sums: [ExactName: GGUFHeader.Tensor] = [:]
        var counts: [ExactName: GGUFHeader.Tensor] = [:]
        for tensor in header.tensors {
            let name = tensor.name
            if name.hasUTF8Suffix(".in_sum2") {
                sums[String(decoding: name.utf8.dropLast(8), as: UTF8.self)] = tensor
            } else if name.hasUTF8Suffix(".counts") {
                counts[String(decoding: name.utf8.dropLast(7), as: UTF8.self)] = tensor
            } else {
                continue
            }
            guard tensor.type == .f32 else {
                throw FormatError("\(name.quotedForMessage) is of \(tensor.type.name), not of F32", at: 0)
            }
        }
        for name in counts.keys.sorted() where sums[name] == nil {
            throw FormatError("there are counts and no sums for \(name.text.quotedForMessage)", at: 0)
        }
        for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
            guard let count = counts[name] else {
                throw FormatError("there are sums and no counts for \(name.text.quotedForMessage)", at: 0)
            }
            let values = sum.bytes.count / 4
            let experts = count.bytes.count / 4
            guard experts > 0, values > 0, values.isMultiple(of: experts) else {
                throw FormatError(
                    "\(values) sums do not divide into \(experts) counts for \(name.text.quotedForMessage)",
                    at: 0)
            }
            // The header was seen to be in the file with all that it states.
            func inFile(_ range: Range<Int>) -> Range<Int> {
                header.dataStart + range.lowerBound..<header.dataStart + range.upperBound
            }
            entries[name] = Imatrix.Entry(
                name: name.text, valueCount: values, sums: inFile(sum.bytes),
                divisor: .counts(inFile(count.bytes)))
        }
        guard !entries.isEmpty else { throw FormatError("the file has no importance for any tensor", at: 0) }
    }
}

// MARK: The older format

extension ImatrixContents {
    /// The longest name in bytes.
    private static let maximumNameLength = 4_096

    /// Reads the older format: the number of entries; for each a name with its length, the number of calls, and
    /// values with their number; then, if anything, the number of chunks and a name of what it was measured on. All
    /// numbers have 32 bits, little-endian.
    init(legacy fileSize: Int, read: Imatrix.Read) throws {
        var cursor = LegacyCursor(fileSize: fileSize)
        let count = try cursor.number("the number of entries", read)
        // An entry has three numbers and a value at least.
        guard count >= 1, Int(count) <= cursor.remaining / 16 else {
            throw FormatError(
                "not an importance matrix: neither GGUF nor a file that can have \(count) entries", at: 0)
        }
        for index in 1...Int(count) {
            let start = cursor.position
            let name = try cursor.text("the name of entry \(index)", atMost: Self.maximumNameLength, read)
            let calls = try cursor.number("the number of calls of entry \(index)", read)
            let values = try cursor.number("the number of values of entry \(index)", read)
            guard values >= 1, Int(values) <= cursor.remaining / 4 else {
                throw FormatError(
                    "entry \(index), \(name.quotedForMessage), claims \(values) values, but "
                        + "\(cursor.remaining) bytes are left", at: start)
            }
            let sums = cursor.position..<cursor.position + Int(values) * 4
            cursor.position = sums.upperBound
            // Of two of one name the last counts.
            entries[name] = Imatrix.Entry(
                name: name, valueCount: Int(values), sums: sums, divisor: .calls(calls))
        }
        guard cursor.remaining >= 4 else { return }
        chunkCount = max(0, Int(try cursor.number("the number of chunks", read)))
        guard cursor.remaining > 4 else { return }
        let position = cursor.position
        guard let length = try? cursor.number("a length", read), length > 0, Int(length) <= cursor.remaining
        else {
            return
        }
        cursor.position = position
        datasets = [try cursor.text("the name of the data set", atMost: Self.maximumNameLength, read)]
    }
}

/// Where the reading of the older format stands.
private struct LegacyCursor {
    let fileSize: Int
    var position = 0

    var remaining: Int { max(0, fileSize - position) }

    mutating func number(_ what: String, _ read: Imatrix.Read) throws -> Int32 {
        guard remaining >= 4 else {
            throw FormatError("the file ends before \(what)", at: position)
        }
        let bytes = try read(position..<position + 4)
        position += 4
        return Int32(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }

    /// Reads a text with its length, up to the first byte 0.
    mutating func text(_ what: String, atMost maximum: Int, _ read: Imatrix.Read) throws -> String {
        let start = position
        let length = try number("the length of \(what)", read)
        guard length >= 0, Int(length) <= min(remaining, maximum) else {
            throw FormatError("\(what) claims \(length) bytes; \(min(remaining, maximum)) can be", at: start)
        }
        let bytes = try read(position..<position + Int(length))
        position += Int(length)
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
