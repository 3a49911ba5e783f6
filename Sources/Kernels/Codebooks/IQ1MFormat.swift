import BlockTypes

/// 1.75 bits an element: 2048 words of eight numbers -1, 0 or 1, three bits of scale for 16 elements, a shift
/// for each word.
///
/// Layout: the lower eight bits of each word's number; for each word three upper bits of its number and one
/// for a shift down, two words in a byte, the first in the lower four bits; sixteen bits for every four
/// sub-blocks, their scales from the lowest bit on, and above them four bits of the block's scale, which the
/// four groups hold from its lowest bits on.
enum IQ1MFormat: ScalarBlockFormat {
    static var type: GGMLType { .iq1M }

    static func quantize(
        block elements: Span<Float>, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        let index = CodebookIndex.iq1
        var search = TernarySearch()
        let meanSquare = 2 * sumOfSquares(elements) / 256
        var scales: [16 of Float] = .init(repeating: 0)
        var shifts: [16 of UInt8] = .init(repeating: 0)
        var numbers: [32 of UInt16] = .init(repeating: 0)
        var largest: Float = 0
        for part in 0..<16 {
            let range = 16 &* part..<16 &* part &+ 16
            let weights = weights(elements, importance, part, meanSquare)
            // A comparison that is false for NaN, like ggml's.
            if search.load(elements.extracting(range), weights: weights) < 1e-7 { continue }
            guard let split = search.bestSplitOfHalves() else { continue }
            search.choose(split, count: 16, index)
            numbers[2 &* part] = search.numbers[0]
            numbers[2 &* part &+ 1] = search.numbers[1]
            shifts[part] = search.shifts & 3
            scales[part] = search.scale
            largest = largest > search.scale ? largest : search.scale
        }

        for i in output.indices { output[i] = 0 }
        for word in 0..<32 {
            output[word] = UInt8(truncatingIfNeeded: numbers[word])
            let upper = UInt8(truncatingIfNeeded: numbers[word] &>> 8)
            let shift = largest != 0 ? shifts[word / 2] &>> UInt8(word % 2) & 1 : 0
            output[32 &+ word / 2] |= (upper | shift &<< 3) &<< UInt8(4 &* (word % 2))
        }
        guard largest != 0 else { return }

        // With the sub-blocks' scales rounded, the block's is fitted to all elements. Sub-blocks that are
        // zero take part with the word that they have, the first one.
        let codebook = Codebook.iq1
        let codes = codebook.codes.span
        var scale = largest / 15
        let inverse = 1 / scale
        var scaleBits: [4 of UInt16] = .init(repeating: 0)
        var product: Float = 0
        var square: Float = 0
        for part in 0..<16 {
            let bits = min(max(nearestInteger(0.5 * (inverse * scales[part] - 1)), 0), 7)
            scaleBits[part / 4] |= UInt16(truncatingIfNeeded: bits) &<< UInt16(3 &* (part % 4))
            let weights = weights(elements, importance, part, meanSquare)
            for half in 0..<2 {
                let levels = TernarySearch.shiftedLevels(isDown: shifts[part] &>> UInt8(half) & 1 == 1)
                let code = Int(codes[Int(numbers[2 &* part &+ half])])
                for element in 0..<8 {
                    let i = 8 &* half &+ element
                    let level = levels[TernaryWord.level(element, of: code)] * Float(2 &* bits &+ 1)
                    product += weights[i] * level * elements[16 &* part &+ i]
                    square += weights[i] * level * level
                }
            }
        }
        if square > 0 { scale = product / square }
        // As with other types, a scale a little off makes the error smaller.
        let scaleHalf = HalfPrecision.float16(scale * 1.1125)
        for group in 0..<4 {
            let bits = scaleBits[group] | (scaleHalf &>> UInt16(4 &* group) & 15) &<< 12
            output.store(bits, at: 48 &+ 2 &* group)
        }
    }

    /// How much errors in a sub-block's elements count.
    @inline(__always)
    private static func weights(
        _ elements: Span<Float>, _ importance: Span<Float>, _ part: Int, _ meanSquare: Float
    ) -> [32 of Float] {
        var weights: [32 of Float] = .init(repeating: 0)
        for i in 0..<16 {
            let element = elements[16 &* part &+ i]
            weights[i] =
                importance.isEmpty
                ? element * element
                : importance[16 &* part &+ i] * (meanSquare + element * element).squareRoot()
        }
        return weights
    }

    static func dequantize(block: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let codebook = Codebook.iq1
        let codes = codebook.codes.span
        var scaleHalf: UInt16 = 0
        for group in 0..<4 {
            let bits = block.uint16(at: 48 &+ 2 &* group)
            scaleHalf |= (bits &>> 12) &<< UInt16(4 &* group)
        }
        let scale = HalfPrecision.float(float16: scaleHalf)
        for word in 0..<32 {
            let part = word / 2
            let partBits = block.uint16(at: 48 &+ 2 &* (part / 4)) &>> UInt16(3 &* (part % 4)) & 7
            let partScale = scale * Float(2 &* partBits &+ 1)
            let bits = block[32 &+ part] &>> UInt8(4 &* (word % 2)) & 15
            let levels = TernarySearch.shiftedLevels(isDown: bits &>> 3 == 1)
            let code = Int(codes[Int(block[word]) | Int(bits & 7) &<< 8])
            for element in 0..<8 {
                values[8 &* word &+ element] = partScale * levels[TernaryWord.level(element, of: code)]
            }
        }
    }
}
