import Formats
import Tensors

extension QuantizedParts {
    private static let eights: [DType] = [.f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz, .i8]

    /// NVIDIA's floats of 4 bits by Model Optimizer. The same files have weights of 8 bits with one scale.
    private static let optimizer = QuantizedParts(
        codes: ".weight", types: [.u8], needed: [".weight_scale", ".weight_scale_2"],
        loose: [".weight_scale"], unused: [".input_scale", ".k_scale", ".v_scale"])
    /// The same by compressed-tensors.
    private static let global = QuantizedParts(
        codes: ".weight_packed", needed: [".weight_scale", ".weight_global_scale"],
        unused: [".input_global_scale", ".k_scale", ".v_scale"])
    /// GPTQ, of which a matrix without `g_idx` cannot be made plain numbers.
    private static let gptq = QuantizedParts(
        codes: ".qweight", needed: [".qzeros", ".scales", ".g_idx"])
    private static let ternary = QuantizedParts(
        codes: ".weight", types: [.u8, .i8], needed: [".weight_scale"])

    private static func packed(hasZeros: Bool) -> QuantizedParts {
        let zeros = [".weight_zero_point"]
        return QuantizedParts(
            codes: ".weight_packed",
            needed: [".weight_scale", ".weight_shape"] + (hasZeros ? zeros : []),
            common: hasZeros ? [] : zeros)
    }

    /// Those of a method that can be undone by the names of tensors; none where their types tell what is missing.
    init?(_ scheme: QuantizationScheme) {
        switch scheme {
        case .gptq: self = Self.gptq
        case .bitnet: self = Self.ternary
        case .packed(_, _, let hasZeros): self = Self.packed(hasZeros: hasZeros)
        case .nvfp4(let isCompressedTensors): self = isCompressedTensors ? Self.global : Self.optimizer
        case .none, .fp8, .scaled, .modelOptimizer, .mxfp4: return nil
        }
    }

    /// Those of methods that cannot be undone, so that only names are looked at; none where the names are not known.
    static func named(_ config: JSON, _ stored: [CheckpointTensor]) -> [QuantizedParts] {
        let values = config["quantization_config"] ?? .null
        func isTrue(_ key: String) -> Bool { values[key]?.isTruthy == true }
        switch values["quant_method"]?.string {
        case .some("awq"):
            let zeros = [".qzeros"]
            let isStated =
                isTrue("zero_point") && !(values["version"]?.string ?? "").lowercased().contains("marlin")
            return [
                QuantizedParts(
                    codes: ".qweight", needed: [".scales"] + (isStated ? zeros : []),
                    common: isStated ? [] : zeros)
            ]
        case .some("gptq"):
            let order = [".g_idx"]
            return [
                QuantizedParts(
                    codes: ".qweight", needed: [".qzeros", ".scales"] + (isTrue("desc_act") ? order : []),
                    common: isTrue("desc_act") ? [] : order)
            ]
        case .some("auto-round"), .some("auto_round"), .some("intel/auto-round"):
            guard stored.contains(where: { $0.name.hasUTF8Suffix(".qweight") }) else { return [] }
            return [
                QuantizedParts(codes: ".qweight", needed: [".scales"], common: [".qzeros", ".g_idx"])
            ]
        case .some("bitsandbytes"):
            return [fourBits(stored, isNested: isTrue("bnb_4bit_use_double_quant")), eightBits]
        case .some("fbgemm_fp8"):
            return [
                QuantizedParts(
                    codes: ".weight", types: eights, needed: [".weight_scale"], unused: [".input_scale_ub"])
            ]
        case .some("modelopt"): return [optimizer]
        case .some("compressed-tensors"): return compressed(values)
        default: return []
        }
    }

    /// bitsandbytes' numbers of 4 bits, whose codes are bytes under the name of the weight.
    private static func fourBits(_ stored: [CheckpointTensor], isNested: Bool) -> QuantizedParts {
        let kinds = ["nf4", "fp4"].map { ".weight.quant_state.bitsandbytes__\($0)" }
        let kind = kinds.first { end in stored.contains { $0.name.hasUTF8Suffix(end) } }
        let nested = [".weight.nested_absmax", ".weight.nested_quant_map"]
        return QuantizedParts(
            codes: ".weight", types: [.u8],
            needed: [".weight.absmax", ".weight.quant_map"] + (kind.map { [$0] } ?? [])
                + (isNested ? nested : []), common: isNested ? [] : nested)
    }
    /// Its numbers of 8 bits, with a factor for each row.
    private static let eightBits = QuantizedParts(
        codes: ".weight", types: [.i8], needed: [".SCB"], common: [".weight_format"])

    private static func compressed(_ values: JSON) -> [QuantizedParts] {
        let scales = [
            QuantizedParts(
                codes: ".weight", types: eights, needed: [".weight_scale"], common: [".weight_zero_point"],
                unused: [".input_scale", ".input_zero_point", ".k_scale", ".v_scale"])
        ]
        let words = QuantizedParts(
            codes: ".weight_packed", needed: [".weight_scale", ".weight_shape"],
            common: [".weight_zero_point", ".weight_g_idx"])
        switch values["format"]?.string {
        case .some("float-quantized"), .some("int-quantized"), .some("naive-quantized"): return scales
        case .some("pack-quantized"): return [words]
        case .some("nvfp4-pack-quantized"): return [global]
        case .some("mxfp4-pack-quantized"):
            return [QuantizedParts(codes: ".weight_packed", needed: [".weight_scale"])]
        default: return []
        }
    }
}
