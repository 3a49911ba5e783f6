import Formats
package import Tensors

extension ModelTraits {
    /// The most blocks that a model may have; llama.cpp allows 512.
    private static let maximumBlockCount = 65_535

    /// Reads the traits out of a GGUF file's metadata.
    /// - Parameters:
    ///   - header: the file's header; of several files the first's.
    ///   - bytes: the bytes that the header was read from, from the start of the file.
    ///   - overrides: `--override-kv`, which changes the traits too; of two of one name the first counts.
    /// - Throws: where the architecture or the number of blocks is missing, or a value cannot be.
    package init(
        header: GGUFHeader, bytes: Span<UInt8>, overrides: [MetadataOverride] = []
    ) throws(QuantizationError) {
        let reader = TraitReader(header: header, overrides: overrides)
        guard let architecture = reader.text("general.architecture") else {
            throw QuantizationError(
                "the file does not state its architecture",
                hint: "state it with --override-kv general.architecture=str:NAME")
        }
        try Self.check(architecture: architecture)
        // Vision towers have no blocks in this sense: nothing but their tensors' names decides.
        if architecture == "clip" {
            self.init(architecture: architecture, blockCount: 0)
            return
        }
        func key(_ name: String) -> String { "\(architecture).\(name)" }
        guard var blockCount = try reader.number(key("block_count"), bytes) else {
            throw QuantizationError(
                "the file has no metadata item \(key("block_count").quotedForMessage)",
                hint: "state it with --override-kv \(key("block_count"))=int:NUMBER")
        }
        var predictionBlockCount = try reader.number(key("nextn_predict_layers"), bytes) ?? 0
        guard (0...Self.maximumBlockCount).contains(blockCount), predictionBlockCount <= blockCount else {
            throw QuantizationError(
                "a model cannot have \(blockCount) blocks, \(predictionBlockCount) of which predict")
        }
        // Two architectures have more blocks than the file has tensors for: loops, and a router at the end.
        if architecture == "nanbeige" {
            let loops = try reader.number(key("num_loops"), bytes) ?? 1
            guard loops <= Self.maximumBlockCount else {
                throw QuantizationError("a model cannot have \(loops) loops over its blocks")
            }
            if loops > 1 { blockCount = (blockCount - predictionBlockCount) * loops }
        } else if architecture == "graniteswitch" {
            (blockCount, predictionBlockCount) = (blockCount - predictionBlockCount + 1, 1)
        }
        // If there are no heads in the file, no override brings them in.
        func heads(_ name: String) throws(QuantizationError) -> Int? {
            header[key(name)] == nil ? nil : try reader.number(key(name), bytes)
        }
        let headCount = try heads("attention.head_count") ?? 0
        var expertCount = try reader.number(key("expert_count"), bytes) ?? 0
        if expertCount == 1, architecture == "hunyuan_vl" || architecture == "hunyuan-dense" {
            expertCount = 0
        }
        self.init(
            architecture: architecture, blockCount: blockCount,
            predictionBlockCount: predictionBlockCount, headCount: headCount,
            keyValueHeadCount: try heads("attention.head_count_kv"),
            expertCount: expertCount)
    }
}

/// Looks metadata up, overrides first.
private struct TraitReader {
    let header: GGUFHeader
    let overrides: [MetadataOverride]

    func text(_ key: String) -> String? {
        for override in overrides where override.key.hasBytes(of: key) {
            // An override of another type is none.
            guard case .string(let text) = override.value else { break }
            return text
        }
        return header[key]?.text
    }

    /// A number, or the first of one for each block.
    func number(_ key: String, _ bytes: Span<UInt8>) throws(QuantizationError) -> Int? {
        guard var value = header[key] else {
            return override(key)
        }
        if case .array(let array) = value {
            // Arrays cannot be overridden.
            let first: GGUFValue?
            do throws(FormatError) {
                first = try array.elements(in: bytes, limit: 1).first
            } catch {
                throw QuantizationError("the metadata item \(key.quotedForMessage) cannot be read: \(error)")
            }
            guard let first else { return nil }
            value = first
        } else if let number = override(key) {
            return number
        }
        // A switch for each block, as for experts, counts as 0 or 1.
        if case .bool(let flag) = value { return flag ? 1 : 0 }
        guard let number = value.integer, number >= 0 else {
            throw QuantizationError("the metadata item \(key.quotedForMessage) is not a number of 0 or more")
        }
        return number
    }

    private func override(_ key: String) -> Int? {
        for override in overrides where override.key.hasBytes(of: key) {
            guard case .int(let number) = override.value else { break }
            // The sign stays here, and becomes a number of 32 bits without one; in the file it is dropped.
            return Int(UInt32(truncatingIfNeeded: number))
        }
        return nil
    }
}
