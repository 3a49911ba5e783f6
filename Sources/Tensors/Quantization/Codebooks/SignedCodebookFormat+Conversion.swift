extension SignedCodebookFormat {
    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>
    ) {
        let size = type.blockSize
        precondition(rowLength % 256 == 0 && rows.count / 256 * size == output.count)
        precondition(importance.isEmpty || importance.count == rowLength)
        let index = index
        var search = SubBlockSearch<Self>()
        var column = 0
        for block in 0..<rows.count / 256 {
            let weights =
                importance.isEmpty ? importance : importance.extracting(column..<column &+ 256)
            let packed = convert(
                rows.extracting(block &* 256..<block &* 256 &+ 256), weights, &search, index)
            pack(packed, into: &output, at: block &* size)
            column = column &+ 256 == rowLength ? 0 : column &+ 256
        }
    }

    @inline(__always)
    private static func convert(
        _ elements: Span<Float>, _ importance: Span<Float>, _ search: inout SubBlockSearch<Self>,
        _ index: borrowing CodebookIndex
    ) -> SignedCodebookBlock {
        let count = rules.subBlock
        let wordCount = count / Shape.length
        var squares: Float = 0
        for i in 0..<256 { squares += elements[i] * elements[i] }
        let meanSquare = rules.meanSquareFactor * squares / 256

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
        block.scale = Float16(scale * rules.scaleFactor).bitPattern
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
        largest: Float, values: [32 of Float], weights: [32 of Float]
    ) -> (extent: Float, scale: Float)? {
        (largest, largest / Float(2 * Shape.levels - 1))
    }

    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>) {
        let size = type.blockSize
        precondition(blocks.count % size == 0 && output.count == blocks.count / size * 256)
        let codes = codebook.codes.span
        let magnitudes = magnitudes
        var block = SignedCodebookBlock()
        for number in 0..<blocks.count / size {
            unpack(blocks, at: number &* size, into: &block)
            let blockScale = Float(Float16(bitPattern: block.scale))
            for part in 0..<256 / rules.subBlock {
                let scale = scale(blockScale, bits: block.scales[part])
                let first = part &* rules.subBlock
                for word in first / Shape.length..<(first &+ rules.subBlock) / Shape.length {
                    let code = Int(codes[Int(block.words[word]) & (codes.count &- 1)])
                    for element in 0..<Shape.length {
                        let i = word &* Shape.length &+ element
                        let magnitude = scale * magnitudes[Shape.level(element, of: code)]
                        let isNegative = (block.signs[i / 8] &>> UInt8(i % 8)) & 1 == 1
                        output[number &* 256 &+ i] = isNegative ? -magnitude : magnitude
                    }
                }
            }
        }
    }
}
