package import Formats

/// An importance matrix: how much an error in each column of a tensor counts, as llama-imatrix measured it.
/// Only the table of contents is kept; values are read from the file when they are wanted, so that the matrix
/// of a model with hundreds of experts costs no memory.
package struct Imatrix: Equatable, Sendable {
    /// Reads bytes of the file, exactly as many as the range has, or throws.
    package typealias Read = (Range<Int>) throws -> [UInt8]

    /// What the file has for one tensor.
    package struct Entry: Equatable, Sendable {
        /// The tensor's name.
        package let name: String
        /// The number of values: columns times experts.
        package let valueCount: Int
        /// Where the sums are stored, 32-bit floats, in bytes from the start of the file.
        package let sums: Range<Int>
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
    package private(set) var entries: [ExactName: Entry]
    /// The names of the texts that it was measured on.
    package let datasets: [String]
    /// The number of chunks of text that it was measured on; 0 where the file does not say.
    package let chunkCount: Int

    /// Reads the table of contents of a GGUF file (`llama-imatrix`) or of the older `.dat` file, which has the
    /// same numbers without counts for experts.
    /// - Throws: `FormatError` with the place in the file, or what `read` throws.
    package init(fileSize: Int, read: Read) throws {
        let start = try read(0..<min(4, max(0, fileSize)))
        let contents =
            start.isText("GGUF")
            ? try ImatrixContents(gguf: fileSize, read: read)
            : try ImatrixContents(legacy: fileSize, read: read)
        entries = contents.entries
        datasets = contents.datasets
        chunkCount = contents.chunkCount
    }

    /// Reads a tensor's values: one for each column, expert after expert.
    /// - Throws: where a value is infinite or not a number, and what `read` throws.
    package func values(of entry: Entry, read: Read) throws -> [Float] {
        var values = floats(try read(entry.sums))
        switch entry.divisor {
        case .calls(let calls):
            if calls > 0 {
                let divisor = Float(calls)
                for index in values.indices { values[index] /= divisor }
            }
        case .counts(let range):
            let counts = floats(try read(range))
            // The table of contents was seen to divide without a rest.
            let columns = counts.isEmpty ? 0 : values.count / counts.count
            for (expert, count) in counts.enumerated() {
                let count = try roundedCount(count, entry)
                for index in expert * columns..<(expert + 1) * columns {
                    values[index] = count > 0 ? values[index] / count : 1
                }
            }
        }
        guard let bad = values.firstIndex(where: { !$0.isFinite }) else { return values }
        throw QuantizationError(
            "the importance matrix has the value \(values[bad]) for column \(bad) of "
                + "\(entry.name.quotedForMessage)",
            hint: "measure it again; --exclude-weights leaves a tensor's values out")
    }

    /// Reads how often each expert was used, as a multiple of the mean; empty where the file does not tell, or no
    /// expert was used.
    package func usage(of entry: Entry, read: Read) throws -> [Double] {
        guard case .counts(let range) = entry.divisor else { return [] }
        let counts = try floats(try read(range)).map { Double(max(0, try roundedCount($0, entry))) }
        let sum = counts.reduce(0, +)
        return counts.count > 1 && sum > 0 ? counts.map { $0 * Double(counts.count) / sum } : []
    }

    /// Reads all values once, so that one that is no number is found before any work.
    package func check(read: Read) throws {
        for entry in sortedEntries { _ = try values(of: entry, read: read) }
    }

    /// The entries in the order of their names' bytes.
    private var sortedEntries: [Entry] {
        entries.values.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// Keeps the entries whose names contain one of the texts of `including` (`--include-weights`), or none of
    /// those of `excluding` (`--exclude-weights`).
    /// - Throws: where both are asked for.
    package func filtered(
        including: [String] = [], excluding: [String] = []
    ) throws(QuantizationError) -> Imatrix {
        guard including.isEmpty || excluding.isEmpty else {
            throw QuantizationError(
                "--include-weights and --exclude-weights cannot be used together",
                hint: "name those to include: all others are left out")
        }
        var result = self
        result.entries = entries.filter { name, _ in
            (including.isEmpty || including.contains { name.text.containsUTF8($0) })
                && !excluding.contains { name.text.containsUTF8($0) }
        }
        return result
    }

    private func roundedCount(_ count: Float, _ entry: Entry) throws(QuantizationError) -> Float {
        // Half a count is rounded away from 0, as C's `lround` does, before it becomes a float again.
        let rounded = count.rounded(.toNearestOrAwayFromZero)
        guard rounded.isFinite, abs(rounded) < 0x1p63 else {
            throw QuantizationError(
                "the importance matrix has the count \(count) for \(entry.name.quotedForMessage)",
                hint: "measure it again")
        }
        return rounded
    }

    /// The 32-bit floats that bytes make, little-endian; a rest of less than four bytes is left out.
    private func floats(_ bytes: [UInt8]) -> [Float] {
        [Float](capacity: bytes.count / 4) { output in
            for index in 0..<bytes.count / 4 {
                let bits =
                    UInt32(bytes[index * 4]) | UInt32(bytes[index * 4 + 1]) << 8
                    | UInt32(bytes[index * 4 + 2]) << 16 | UInt32(bytes[index * 4 + 3]) << 24
                output.append(Float(bitPattern: bits))
            }
        }
    }
}
