package import Formats

/// A part of a xorb, and where in the file its chunks go.
package struct PartPlan: Equatable, Sendable {
    /// Some of the part's chunks, at one place of the file. Deduplication puts the same ones to several places.
    package struct Use: Equatable, Sendable {
        /// Which chunks, counted in the xorb.
        package let chunks: Range<Int>
        /// Where they begin in the file, in bytes; before ``PartPlan/wanted`` where only their end is wanted.
        package let offset: Int
        /// The size of their content in bytes.
        package let size: Int

        /// The bytes of the file that they are.
        var range: Range<Int> { offset..<offset + size }
    }

    /// What to ask for.
    package let part: Reconstruction.Part
    /// Where it goes, in the order of the file.
    package let uses: [Use]
    /// The bytes of the file that were asked for: what is outside of them is left out.
    package let wanted: Range<Int>

    /// The bytes of the file that the part gives.
    package var given: [Range<Int>] { uses.map { $0.range.clamped(to: wanted) } }
}

extension Reconstruction {
    /// The parts to ask for, each once, in the order in which the file needs them.
    /// - Parameter wanted: the range of the file that this is the answer for, which the terms must fill.
    package func plan(for wanted: Range<Int>) throws(FormatError) -> [PartPlan] {
        let (start, isNegative) = wanted.lowerBound.subtractingReportingOverflow(skipped)
        let (end, overflow) = start.addingReportingOverflow(size)
        guard !isNegative, !overflow, start >= 0, end >= wanted.upperBound else {
            throw FormatError("the terms do not fill the \(wanted.count) bytes that were asked for", at: 0)
        }
        var order: [Int] = []
        var uses: [Int: [PartPlan.Use]] = [:]
        var offset = start
        for (term, part) in zip(terms, places) {
            guard offset < wanted.upperBound else {
                throw FormatError("there are terms behind the bytes that were asked for", at: 0)
            }
            if uses[part] == nil { order.append(part) }
            uses[part, default: []].append(PartPlan.Use(chunks: term.chunks, offset: offset, size: term.size))
            offset += term.size
        }
        // Chunks are never longer than what they stand for, but for their headers; only those at both ends may be in
        // parts with much that was not asked for.
        let loaded = order.reduce(0) { $0 + parts[$1].bytes.count }
        guard loaded <= 2 * wanted.count + 4 * Reconstruction.largestXorb else {
            throw FormatError("\(loaded) bytes are to be loaded for \(wanted.count)", at: 0)
        }
        return order.map { PartPlan(part: parts[$0], uses: uses[$0] ?? [], wanted: wanted) }
    }
}
