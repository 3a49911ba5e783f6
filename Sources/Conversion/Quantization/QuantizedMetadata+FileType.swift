import Formats
package import Tensors

extension QuantizedMetadata {
    /// The bit that llama.cpp sets in a type of file that it guessed.
    private static let guessed: UInt32 = 1 << 10

    /// What `general.file_type` becomes: the type's number, and for `COPY` what the source states, or what most of its
    /// tensors are, marked as a guess.
    /// - Parameters:
    ///   - header: the source's header; of several files the first's.
    ///   - tensors: the tensors of all files.
    ///   - overrides: `--override-kv`; of two of one name the first counts here.
    package static func fileType(
        of type: QuantizationType, header: GGUFHeader, tensors: [TensorDescription],
        overrides: [MetadataOverride] = []
    ) -> UInt32 {
        guard type.isCopy else { return type.fileType }
        let key = "general.file_type"
        if case .int(let number) = overrides.first(where: { $0.key.hasSameBytes(as: key) })?.value {
            return UInt32(truncatingIfNeeded: number)
        }
        if let number = header[key]?.integer { return UInt32(truncatingIfNeeded: number) }
        return guess(tensors) | guessed
    }

    /// The type of file whose base is the commonest type; of equally common ones what came to that number first
    /// in llama-quantize's order.
    private static func guess(_ tensors: [TensorDescription]) -> UInt32 {
        var counts: [GGMLType: Int] = [:]
        var (commonest, most) = (GGMLType.f32, 0)
        for index in outputOrder(of: tensors) {
            let type = tensors[index].type
            let count = counts[type, default: 0] + 1
            counts[type] = count
            if count > most { (commonest, most) = (type, count) }
        }
        switch commonest {
        // Mixtures have a base in common with others; NVFP4 cannot be asked for.
        case .q2K: return FileType.q2K.rawValue
        case .q3K: return FileType.q3KM.rawValue
        case .q4K: return FileType.q4KM.rawValue
        case .q5K: return FileType.q5KM.rawValue
        case .iq2XS: return FileType.iq2XS.rawValue
        case .iq2S: return FileType.iq2S.rawValue
        case .iq3S: return FileType.iq3S.rawValue
        case .nvfp4: return 39
        case .mxfp4: return FileType.f32.rawValue
        default: return QuantizationType.all.first { $0.base == commonest }?.fileType ?? FileType.f32.rawValue
        }
    }
}
