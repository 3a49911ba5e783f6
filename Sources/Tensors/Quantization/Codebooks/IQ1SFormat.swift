/// 1.56 bits an element: 2048 words of eight numbers -1, 0 or 1, three bits of scale and a shift for 32
/// elements.
///
/// Layout: the scale; the lower eight bits of each word's number; sixteen bits for each sub-block, three upper
/// bits of each word's number, the first word's the lowest, then three bits of scale and one for a shift down.
enum IQ1SFormat: BlockFormat {
    static var type: GGMLType { .iq1S }

    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        precondition(rowLength % 256 == 0 && rows.count / 256 * 50 == output.count)
        precondition(importance.isEmpty || importance.count == rowLength)
        let index = CodebookIndex.iq1
        var search = TernarySearch()
        var column = 0
        for block in 0..<rows.count / 256 {
            convert(
                rows.extracting(block &* 256..<block &* 256 &+ 256),
                importance.isEmpty ? importance : importance.extracting(column..<column &+ 256),
                &search, index, into: &output, at: block &* 50)
            column = column &+ 256 == rowLength ? 0 : column &+ 256
        }
    }

    @inline(__always)
    private static func convert(
        _ elements: Span<Float>, _ importance: Span<Float>, _ search: inout TernarySearch,
        _ index: borrowing CodebookIndex, into output: inout MutableSpan<UInt8>, at start: Int
    ) {
        let meanSquare = TernarySearch.meanSquare(elements)
        var scales: [8 of Float] = .init(repeating: 0)
        var upper: [8 of UInt16] = .init(repeating: 0)
        var shifts: [8 of UInt16] = .init(repeating: 0)
        var largest: Float = 0
        for i in 0..<50 { output[start &+ i] = 0 }
        for part in 0..<8 {
            let range = 32 &* part..<32 &* part &+ 32
            var weights: [32 of Float] = .init(repeating: 0)
            for i in 0..<32 {
                let element = elements[range.lowerBound &+ i]
                let root = (meanSquare + element * element).squareRoot()
                weights[i] = importance.isEmpty ? root : importance[range.lowerBound &+ i] * root
            }
            // A comparison that is false for NaN, like ggml's.
            if search.load(elements.extracting(range), weights: weights) < 1e-12 { continue }
            guard let split = search.bestSplit() else { continue }
            search.choose(split, count: 32, index)
            for word in 0..<4 {
                let number = search.numbers[word]
                output[start &+ 2 &+ 4 &* part &+ word] = UInt8(truncatingIfNeeded: number)
                upper[part] |= (number &>> 8) &<< UInt16(3 &* word)
            }
            shifts[part] = UInt16(search.shifts & 1)
            scales[part] = search.scale
            largest = largest > search.scale ? largest : search.scale
        }

        let scale = largest / 15
        let inverse = 1 / scale
        for part in 0..<8 {
            if largest != 0 {
                let bits = min(max(nearestInteger(0.5 * (inverse * scales[part] - 1)), 0), 7)
                upper[part] |= UInt16(truncatingIfNeeded: bits) &<< 12 | shifts[part] &<< 15
            }
            output.store(upper[part], at: start &+ 34 &+ 2 &* part)
        }
        // As with other types, a scale a little off makes the error smaller.
        if largest != 0 { output.store(Float16(scale * 1.125).bitPattern, at: start) }
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        precondition(blocks.count % 50 == 0 && output.count == blocks.count / 50 * 256)
        let codebook = Codebook.iq1
        let codes = codebook.codes.span
        for block in 0..<blocks.count / 50 {
            let start = block &* 50
            let scale = Float(Float16(bitPattern: blocks.uint16(at: start)))
            for part in 0..<8 {
                let bits = blocks.uint16(at: start &+ 34 &+ 2 &* part)
                let partScale = scale * Float(2 &* (bits &>> 12 & 7) &+ 1)
                let levels = TernarySearch.shiftedLevels(isDown: bits &>> 15 == 1)
                for word in 0..<4 {
                    let lower = UInt16(blocks[start &+ 2 &+ 4 &* part &+ word])
                    let number = lower | (bits &>> UInt16(3 &* word) & 7) &<< 8
                    let code = Int(codes[Int(number)])
                    let place = block &* 256 &+ 32 &* part &+ 8 &* word
                    for element in 0..<8 {
                        output[place &+ element] = partScale * levels[TernaryWord.level(element, of: code)]
                    }
                }
            }
        }
    }
}

extension TernarySearch {
    /// Twice the mean square of a block, with which elements are weighed.
    @inline(__always)
    static func meanSquare(_ elements: Span<Float>) -> Float {
        var squares: Float = 0
        for i in 0..<256 { squares += elements[i] * elements[i] }
        return 2 * squares / 256
    }
}
