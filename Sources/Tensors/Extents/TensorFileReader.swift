import Formats

/// Reads what a format needs to say where its tensors are stored; every method gets the function that reads, which
/// returns the bytes of a range.
struct TensorFileReader<Failure: Error> {
    /// How much of a GGUF file is read at first: headers without a vocabulary are shorter.
    private static var firstRead: Int { 64 << 10 }

    /// The file's length in bytes.
    let fileSize: Int
    /// The number of bytes below which a member of a zip archive is not looked at.
    let smallest: Int
    private let reader: RangedReader<Failure>

    /// Reads nothing yet.
    init(fileSize: Int, smallest: Int) {
        self.fileSize = fileSize
        self.smallest = smallest
        reader = RangedReader(fileSize: fileSize)
    }

    /// The bytes of a range, all of them.
    /// - Throws: `malformed` where the file ends before the range does or the function returns another
    ///   number, and what it throws itself.
    func bytes(
        _ range: Range<Int>, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> [UInt8] {
        try reader.bytes(range, read)
    }

    /// What parsing gives, with its error as the stop that a malformed file is.
    func checked<Result>(
        _ parse: () throws(FormatError) -> Result
    ) throws(ReadingStop<Failure>) -> Result {
        try reader.checked(parse)
    }

    /// The header of a safetensors file, which is read in one piece.
    /// - Parameter start: the file's first bytes, among them those of the header's length.
    func safetensorsHeader(
        _ start: [UInt8], _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> SafetensorsHeader {
        let end = try checked { () throws(FormatError) in
            try SafetensorsHeader.dataStart(start.span, fileSize: fileSize)
        }
        let whole = try bytes(0..<end, read)
        return try checked { () throws(FormatError) in
            try SafetensorsHeader.parse(whole.span, fileSize: fileSize)
        }
    }

    /// The header of a GGUF file, of which twice as much is read each time until all of it is there.
    func ggufHeader(
        _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> GGUFHeader {
        var start: [UInt8] = []
        var wanted = min(fileSize, Self.firstRead)
        while true {
            start += try bytes(start.count..<wanted, read)
            let parsing = try checked { () throws(FormatError) in
                try GGUFHeader.parse(start.span, fileSize: fileSize)
            }
            switch parsing {
            case .needsMore(let count):
                // Growing by a factor keeps what is parsed in vain below what is parsed in the end.
                wanted = min(fileSize, max(count, start.count * 2))
                guard wanted > start.count else {
                    throw .malformed(FormatError("the header ends past the file", at: fileSize))
                }
            case .complete(let header): return header
            }
        }
    }

    /// The tensors that are long enough, in the order of their bytes.
    func file(_ format: TensorFile.Format, _ extents: [TensorExtent]) -> TensorFile {
        TensorFile(format, extents, smallest: smallest)
    }
}
