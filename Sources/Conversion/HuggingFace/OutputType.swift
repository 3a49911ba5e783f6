import Formats
package import Tensors

/// The type that a conversion gives tensors, by the names of convert_hf_to_gguf.py's `--outtype`.
package enum OutputType: String, Sendable, CaseIterable {
    /// Plain numbers.
    case f32, f16, bf16
    /// Blocks of 32 with a scale, 8.5 bits an element.
    case q80 = "q8_0"
    /// Ternary, 1.69 bits an element.
    case tq10 = "tq1_0"
    /// Ternary, 2.06 bits an element.
    case tq20 = "tq2_0"

    /// The type of a tensor that nothing speaks against.
    package var type: GGMLType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q80: .q80
        case .tq10: .tq10
        case .tq20: .tq20
        }
    }

    /// The number in `general.file_type` (llama.h, `enum llama_ftype`).
    package var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q80: 7
        case .bf16: 32
        case .tq10: 36
        case .tq20: 37
        }
    }

    /// As it stands in a file's name: `F16`, `Q8_0`.
    package var fileName: String { rawValue.uppercased() }

    /// The type that keeps what a checkpoint has best (`auto`): that of the first tensor of two or more dimensions
    /// that is of 16 bits, else `f16`.
    package init(guessedFrom tensors: [CheckpointTensor]) {
        let first = tensors.first { $0.shape.count >= 2 && ($0.dtype == .bf16 || $0.dtype == .f16) }
        self = first?.dtype == .bf16 ? .bf16 : .f16
    }

    /// The type of one tensor.
    /// - Parameters:
    ///   - name: GGUF's name.
    ///   - shape: outermost dimension first.
    package func type(of name: String, shape: [Int]) -> GGMLType {
        if shape.count <= 1 || name.hasUTF8Suffix("_norm.weight") { return .f32 }
        if Self.isAlwaysFloat(name) { return .f32 }
        var type = type
        if self == .tq10 || self == .tq20, ["token_embd.weight", "output.weight"].contains(name) {
            type = .f16
        }
        return (shape.last ?? 1).isMultiple(of: type.blockLength) ? type : .f16
    }

    /// Whether programs read a tensor in 32 bits only (base.py of the converter, `prepare_tensors`).
    private static func isAlwaysFloat(_ name: String) -> Bool {
        guard [".weight", ".lora_a", ".lora_b"].contains(where: { name.hasUTF8Suffix($0) }) else {
            return true
        }
        let parts = name.split(separator: ".")
        guard parts.last == "weight", parts.count >= 2 else { return false }
        if [["shortconv", "conv"], ["indexer", "proj"]].contains(where: { parts.dropLast().suffix(2) == $0 })
        {
            return true
        }
        return alwaysFloat.contains(parts[parts.count - 2])
    }

    private static let alwaysFloat: Set<ExactName> = [
        "ffn_gate_inp", "ffn_gate_inp_shexp", "position_embd", "token_types", "ssm_conv1d", "ssm_conv1d_q",
        "ssm_conv1d_k", "ssm_conv1d_v", "time_mix_first",
        "time_mix_w1", "time_mix_w2", "time_mix_decay_w1", "time_mix_decay_w2", "time_mix_lerp_fused",
        "norm1", "norm2", "altup_correct_coef", "altup_predict_coef",
    ]
}
