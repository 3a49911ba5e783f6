import Formats
package import Tensors

/// What the keys and values of a context take while a model runs.
package enum KeyValueCache {
    /// The bytes for a context, with numbers of 16 bits: for each block the keys and values of all heads that have
    /// them. Blocks that look at a window alone are counted as if they saw all of it.
    /// - Parameters:
    ///   - metadata: the model's.
    ///   - context: the number of tokens.
    /// - Throws: where the metadata does not state what it takes to know, or the size passes 63 bits.
    package static func byteCount(
        _ metadata: GGUFMetadata, context: Int
    ) throws(QuantizationError) -> Int {
        let header = metadata.header
        let architecture = header["general.architecture"]?.text ?? ""
        func numbers(_ name: String) throws(QuantizationError) -> [Int]? {
            switch header["\(architecture).\(name)"] {
            case nil: return nil
            case .array(let array)?:
                do throws(FormatError) {
                    return try array.elements(in: metadata.bytes.span, limit: 65_535).map { $0.integer ?? 0 }
                } catch {
                    throw QuantizationError(
                        "the metadata item \(architecture).\(name) cannot be read: \(error)")
                }
            case let value?: return value.integer.map { [$0] }
            }
        }
        guard let blocks = try numbers("block_count")?.first,
            let heads = try numbers("attention.head_count"), let most = heads.max(), most > 0, blocks >= 0,
            let width = try numbers("embedding_length")?.first
        else {
            throw QuantizationError(
                "the model's metadata does not state what a context takes",
                hint: "state the budget with --max-size")
        }
        let shared = try numbers("attention.head_count_kv") ?? heads
        let keys = try numbers("attention.key_length")?.first ?? width / most
        let values = try numbers("attention.value_length")?.first ?? width / most
        var perToken = 0
        if shared.count > 1 {
            for number in shared.prefix(blocks) { perToken = saturatedSum(perToken, number) }
        } else {
            perToken = saturatedProduct(max(0, shared.first ?? 0), blocks)
        }
        let bytes = saturatedProduct(
            saturatedProduct(perToken, saturatedProduct(2, saturatedSum(keys, values))), context)
        guard bytes < .max, perToken >= 0, keys >= 0, values >= 0 else {
            throw QuantizationError("the context is larger than 63 bits can hold")
        }
        return bytes
    }

    private static func saturatedProduct(_ first: Int, _ second: Int) -> Int {
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        return overflow ? .max : product
    }

    private static func saturatedSum(_ first: Int, _ second: Int) -> Int {
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? .max : sum
    }
}
