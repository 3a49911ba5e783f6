extension SignedCodebookFormat {
    static func quantize(
        block elements: Span<Float>, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        pack(convert(elements, importance), into: &output)
    }

    @inline(__always)
    private static func convert(_ elements: Span<Float>, _ importance: Span<Float>) -> SignedCodebookBlock {
        let index = index
        var search = SubBlockSearch<Self>()
        let count = rules.subBlock
        let wordCount = count / Shape.length
        let meanSquare = rules.meanSquareFactor * sumOfSquares(elements) / 256

        var block = SignedCodebookBlock()
        var scales: [16 of Float] = .init(repeating: 0)
        var largest: Float = 0
        for part in 0..<256 / count {
            let range = part &* count..<part &* count &+ count
            guard
                search.search(
                    elements.extracting(range),
                    importance: importance.isEmpty ? importance : importance.extracting(range),
                    meanSquare: meanSquare, index: index)
            else {
                block.zeros |= 1 &<< UInt16(part)
                continue
            }
            for word in 0..<wordCount {
                let number = index.numbers[Int(search.codes[word])]
                block.words[part &* wordCount &+ word] = UInt16(truncatingIfNeeded: number)
            }
            for byte in 0..<count / 8 { block.signs[part &* (count / 8) &+ byte] = search.signs[byte] }
            scales[part] = search.scale
            largest = largest > search.scale ? largest : search.scale
        }
        guard largest != 0 else { return rules.keepsWordsWithoutScale ? block : SignedCodebookBlock() }

        // The largest sub-block's scale gets the highest of the odd numbers up to 31.
        let scale = largest / 31
        block.scale = HalfPrecision.float16(scale * rules.scaleFactor)
        let inverse = 1 / scale
        for part in 0..<256 / count {
            let bits = min(max(nearestInteger(0.5 * (inverse * scales[part] - 1)), 0), 15)
            block.scales[part] = UInt8(truncatingIfNeeded: bits)
        }
        return block
    }

    /// Gives the largest magnitude the highest level.
    @inline(__always)
    static func firstScale(
        largest: Float, values: Span<Float>, weights: Span<Float>
    ) -> (extent: Float, scale: Float)? {
        (largest, largest / Float(2 * Shape.levels - 1))
    }

    static func dequantize(block bytes: Span<UInt8>, into values: inout MutableSpan<Float>) {
        let codebook = codebook
        let codes = codebook.codes.span
        let magnitudes = magnitudes
        var block = SignedCodebookBlock()
        unpack(bytes, into: &block)
        let blockScale = HalfPrecision.float(float16: block.scale)
        for part in 0..<256 / rules.subBlock {
            let scale = scale(blockScale, bits: block.scales[part])
            let first = part &* rules.subBlock
            for word in first / Shape.length..<(first &+ rules.subBlock) / Shape.length {
                let code = Int(codes[Int(block.words[word])])
                for element in 0..<Shape.length {
                    let i = word &* Shape.length &+ element
                    let magnitude = scale * magnitudes[Shape.level(element, of: code)]
                    let isNegative = (block.signs[i / 8] &>> UInt8(i % 8)) & 1 == 1
                    values[i] = isNegative ? -magnitude : magnitude
                }
            }
        }
    }
}
