import BlockTypes

/// 1.56 bits an element: 2048 words of eight numbers -1, 0 or 1, three bits of scale and a shift for 32
/// elements.
///
/// Layout: the scale; the lower eight bits of each word's number; sixteen bits for each sub-block, three upper
/// bits of each word's number, the first word's the lowest, then three bits of scale and one for a shift down.
enum IQ1SFormat: ScalarBlockFormat {
    static var type: GGMLType { .iq1S }

    static func quantize(
        block elements: Span<Float>, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        let index = CodebookIndex.iq1
        var search = TernarySearch()
        let meanSquare = 2 * sumOfSquares(elements) / 256
        var scales: [8 of Float] = .init(repeating: 0)
        var upper: [8 of UInt16] = .init(repeating: 0)
        var shifts: [8 of UInt16] = .init(repeating: 0)
        var largest: Float = 0
        for i in output.indices { output[i] = 0 }
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
                output[2 &+ 4 &* part &+ word] = UInt8(truncatingIfNeeded: number)
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
            output.store(upper[part], at: 34 &+ 2 &* part)
        }
        // As with other types, a scale a little off makes the error smaller.
        if largest != 0 { output.store(HalfPrecision.float16(scale * 1.125), at: 0) }
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let codebook = Codebook.iq1
        let codes = codebook.codes.span
        let scale = block.half(at: 0)
        for part in 0..<8 {
            let bits = block.uint16(at: 34 &+ 2 &* part)
            let partScale = scale * Float(2 &* (bits &>> 12 & 7) &+ 1)
            let levels = TernarySearch.shiftedLevels(isDown: bits &>> 15 == 1)
            for word in 0..<4 {
                let number = UInt16(block[2 &+ 4 &* part &+ word]) | (bits &>> UInt16(3 &* word) & 7) &<< 8
                let code = Int(codes[Int(number)])
                for element in 0..<8 {
                    values[32 &* part &+ 8 &* word &+ element] =
                        partScale * levels[TernaryWord.level(element, of: code)]
                }
            }
        }
    }
}
