import Formats
package import Tensors

/// What is left of a model's tensors where whole blocks are left out (`--prune-layers`), and how they are called then:
/// the blocks behind the first that is left out move up (llama-quant.cpp, `remap_layer`).
package struct PrunedBlocks: Sendable {
    /// The tensors that are left, by their places in the list, in its order.
    package let kept: [Int]
    /// Their new names, in the same order.
    package let names: [String]
    /// How many blocks are left; `nil` where none was to be left out.
    package let blockCount: Int?

    /// Reads `N,N,…`.
    /// - Throws: where a part is no number of a block.
    package static func numbers(_ text: String) throws(QuantizationError) -> [Int] {
        var numbers: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard part.utf8.allSatisfy(\.isASCIIDigit), let number = Int32(part) else {
                throw QuantizationError(
                    "\(String(part).quotedForMessage) is not the number of a block",
                    hint: "write them as 3,4,7")
            }
            numbers.insert(Int(number))
        }
        return numbers.sorted()
    }

    /// Leaves blocks out.
    /// - Parameters:
    ///   - tensors: all of the model.
    ///   - pruned: the numbers of the blocks, sorted.
    /// - Throws: where a block's number is too large, the model does not have one of the blocks, or none would be left.
    package init(_ tensors: [TensorDescription], leavingOut pruned: [Int]) throws(QuantizationError) {
        guard let first = pruned.first else {
            (kept, names, blockCount) = (Array(tensors.indices), tensors.map(\.name), nil)
            return
        }
        let left = Set(pruned)
        var numbers: [Int: Int?] = [:]
        var next = 0
        var renamed: [String?] = tensors.map(\.name)
        for index in outputOrder(of: tensors) {
            guard let (block, place) = try Self.block(of: tensors[index].name) else { continue }
            if numbers[block] == nil {
                if left.contains(block) {
                    numbers[block] = .some(nil)
                } else if block < first {
                    numbers[block] = block
                    next = block + 1
                } else {
                    numbers[block] = next
                    next += 1
                }
            }
            guard let number = numbers[block] ?? nil else {
                renamed[index] = nil
                continue
            }
            let bytes = Array(tensors[index].name.utf8)
            renamed[index] = String(
                decoding: bytes[..<place.lowerBound] + Array("\(number)".utf8) + bytes[place.upperBound...],
                as: UTF8.self)
        }
        try Self.check(pruned, against: numbers.keys.sorted())
        kept = tensors.indices.filter { renamed[$0] != nil }
        names = renamed.compactMap(\.self)
        blockCount = next
    }

    /// llama-quantize takes both without a word, and what it writes is the same model, or one that computes nothing.
    private static func check(_ pruned: [Int], against blocks: [Int]) throws(QuantizationError) {
        guard let first = blocks.first, let last = blocks.last else {
            throw QuantizationError("the model has no blocks to leave out")
        }
        let there = Set(blocks)
        if let missing = pruned.first(where: { !there.contains($0) }) {
            throw QuantizationError(
                "the model has no block \(missing) to leave out",
                hint: first == last ? "its only block is \(first)" : "its blocks are \(first) to \(last)")
        }
        if there.isSubset(of: pruned) {
            throw QuantizationError(
                "no block of the model would be left", hint: "leave fewer out")
        }
    }

    /// The number in the first "blk.N." of a name, wherever that is, and its place.
    private static func block(of name: String) throws(QuantizationError) -> (Int, Range<Int>)? {
        let bytes = Array(name.utf8)
        let mark = Array("blk.".utf8)
        for start in bytes.indices where bytes[start...].starts(with: mark) {
            let digits = bytes[(start + mark.count)...].prefix(while: \.isASCIIDigit)
            guard !digits.isEmpty, digits.endIndex < bytes.count, bytes[digits.endIndex] == UInt8(ascii: ".")
            else { continue }
            guard let number = Int32(String(decoding: digits, as: UTF8.self)) else {
                throw QuantizationError(
                    "the block of tensor \(name.quotedForMessage) is not a number of 32 bits")
            }
            return (Int(number), digits.startIndex..<digits.endIndex)
        }
        return nil
    }
}
