import Formats
import Tensors

extension QuantizationType {
    /// Every type, in llama-quantize's order, without second names.
    package static let all: [QuantizationType] = [
        type("Q1_0", .q10, .q10), type("Q2_0", .q20, .q20), type("Q4_0", .q40, .q40),
        type("Q4_1", .q41, .q41), type("MXFP4_MOE", .mxfp4MoE, .mxfp4), type("Q5_0", .q50, .q50),
        type("Q5_1", .q51, .q51), type("IQ2_XXS", .iq2XXS, .iq2XXS), type("IQ2_XS", .iq2XS, .iq2XS),
        type("IQ2_S", .iq2S, .iq2XS), type("IQ2_M", .iq2M, .iq2S), type("IQ1_S", .iq1S, .iq1S),
        type("IQ1_M", .iq1M, .iq1M), type("TQ1_0", .tq10, .tq10), type("TQ2_0", .tq20, .tq20),
        type("Q2_K", .q2K, .q2K), type("Q2_K_S", .q2KS, .q2K), type("IQ3_XXS", .iq3XXS, .iq3XXS),
        type("IQ3_S", .iq3S, .iq3S), type("IQ3_M", .iq3M, .iq3S), type("IQ3_XS", .iq3XS, .iq3S),
        type("Q3_K_S", .q3KS, .q3K), type("Q3_K_M", .q3KM, .q3K), type("Q3_K_L", .q3KL, .q3K),
        type("IQ4_NL", .iq4NL, .iq4NL), type("IQ4_XS", .iq4XS, .iq4XS), type("Q4_K_S", .q4KS, .q4K),
        type("Q4_K_M", .q4KM, .q4K), type("Q5_K_S", .q5KS, .q5K), type("Q5_K_M", .q5KM, .q5K),
        type("Q6_K", .q6K, .q6K), type("Q8_0", .q80, .q80), type("F16", .f16, .f16),
        type("BF16", .bf16, .bf16), type("F32", .f32, .f32), type("COPY", .f32, .f32),
    ]

    /// Second names, and the names of what they mean.
    package static let aliases = [
        (alias: "Q3_K", name: "Q3_K_M"), (alias: "Q4_K", name: "Q4_K_M"), (alias: "Q5_K", name: "Q5_K_M"),
    ]

    private static func type(_ name: String, _ number: FileType, _ base: GGMLType) -> QuantizationType {
        QuantizationType(name: name, fileType: number.rawValue, base: base)
    }

    /// The mixture; `nil` where tensors are copied.
    package var mixture: FileType? { isCopy ? nil : FileType(rawValue: fileType) }

    /// The bits that an element of the base type takes, with the block's scales. What a mixture takes depends
    /// on the model.
    package var bitsPerWeight: Double { Double(base.blockSize * 8) / Double(base.blockLength) }

    /// The type of a name or a number, as llama-quantize takes them: any case of letters, `Q4_K` for `Q4_K_M`.
    /// - Throws: if there is none; the hint states the nearest names.
    package init(named text: String) throws(QuantizationError) {
        let upper = text.uppercased()
        let name = Self.aliases.first { $0.alias == upper }?.name ?? upper
        // COPY comes last, so that 0 is F32.
        if let type = Self.all.first(where: { $0.name == name })
            ?? Self.all.first(where: { String($0.fileType) == text })
        {
            self = type
            return
        }
        let names = Self.all.map(\.name)
        // What begins in the same way is meant by "Q4_K_XL", whatever the number of letters states.
        let stem = upper.split(separator: "_").prefix(2).joined(separator: "_")
        let near = stem.contains("_") ? names.filter { $0.hasPrefix(stem) } : []
        let suggestions = near.isEmpty ? Suggestion.nearest(to: text, among: names).map { [$0] } ?? [] : near
        throw QuantizationError(
            "unknown quantization type \(text.quotedForMessage)",
            hint: suggestions.isEmpty
                ? "allowed are \(names.joined(separator: ", "))"
                : "did you mean \(suggestions.joined(separator: " or "))?")
    }
}
