/// An importance matrix: how much an error in each column of a tensor counts, as llama-imatrix measured it.
/// Only the table of contents is kept; values are read from the file when they are wanted, so that the matrix of
/// a model with hundreds of experts costs no memory.
public struct Imatrix: Equatable, Sendable {
    /// Reads bytes of the file, exactly as many as the range has, or throws.
    public typealias Read = (Range<Int>) throws -> [UInt8]

    /// What the file has for one tensor.
    public struct Entry: Equatable, Sendable {
        /// The tensor's name.
        public let name: String
        /// The number of values: columns times experts.
        public let valueCount: Int
        /// Where the sums lie, 32-bit floats, in bytes from the start of the file.
        let sums: Range<Int>
        /// What the sums are divided by.
        let divisor: Divisor
    }

    /// What an entry's sums are divided by.
    enum Divisor: Equatable, Sendable {
        /// One number of calls for all; up to 0 divides by nothing.
        case calls(Int32)
        /// A 32-bit float for each expert, rounded to a whole number; up to 0 makes all values 1.
        case counts(Range<Int>)
    }

    /// The entries by the names of their tensors.
    public private(set) var entries: [String: Entry]
    /// The names of the texts that it was measured on.
    public let datasets: [String]
    /// The number of chunks of text that it was measured on; 0 where the file does not say.
    public let chunkCount: Int

    /// Reads the table of contents of a GGUF file (`llama-imatrix`) or of the older `.dat` file.
    /// - Throws: `FormatError` with the place in the file, or what `read` throws.
    public init(fileSize: Int, read: Read) throws {
        throw QuantizationError("not yet")
    }

    /// Reads a tensor's values: one for each column, expert after expert.
    /// - Throws: where a value is infinite or not a number, and what `read` throws.
    public func values(of entry: Entry, read: Read) throws -> [Float] {
        throw QuantizationError("not yet")
    }

    /// Reads all values once, so that a number that is none is found before any work.
    public func check(read: Read) throws {}

    /// Keeps the entries whose names contain one of the texts of `including` (`--include-weights`), or none of
    /// those of `excluding` (`--exclude-weights`).
    /// - Throws: where both are asked for.
    public func filtered(
        including: [String] = [], excluding: [String] = []
    ) throws(QuantizationError) -> Imatrix { self }
}
