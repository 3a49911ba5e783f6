import Formats
import Tensors

/// The part for pictures of StepFun's Step 3 VL and 3.7, of the one size that the reference has.
struct Step3Projector: ModelProjector {
    static let classes = ["StepVLForConditionalGeneration", "Step3p7ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        let width = vision.first(["hidden_size"])?.wholeNumber ?? vision.first(["width"])?.wholeNumber ?? 0
        if vision["intermediate_size"]?.isTruthy != true {
            let ratio = vision["mlp_ratio"] == nil ? 8960.0 / 1536 : try vision.number("mlp_ratio")
            let inner = (Double(width) * ratio).rounded(.toNearestOrEven)
            guard inner > 0, inner < Double(Int32.max) else {
                throw .wrongValue("mlp_ratio", .number(ratio), "a share")
            }
            vision["intermediate_size"] = .integer(Int(inner))
        }
        let depth = try vision.towerDepth()
        let stride = model.raw["understand_projector_stride"]?.wholeNumber
        guard stride == 2, vision["image_size"]?.wholeNumber == 728, width == 1536, depth == 47 else {
            throw .wrongValue(
                "vision_config", .object([]),
                "that of Step 3 VL, of which alone the reference makes projectors")
        }
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.blocks(
                "vision_model.transformer.resblocks",
                [
                    "ln_1": "ln1", "ln_2": "ln2", "attn.in_proj": "attn_qkv", "attn.out_proj": "attn_out",
                    "ls_1": "ls1", "ls_2": "ls2", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
                ]
            ).merging([
                "vision_model.conv1": "v.patch_embd", "vision_model.ln_pre": "v.pre_ln",
                "vision_model.positional_embedding": "v.position_embd",
                "vision_model.vit_downsampler1": "mm.0", "vision_model.vit_downsampler2": "mm.1",
                "vit_large_projector": "mm.model.fc",
            ]) { $1 },
            counts: [("vision_model.transformer.resblocks.", depth)])
    }

    func name(of tensor: String) -> String? {
        guard tensor.hasUTF8Prefix("vision_model.") || tensor.hasUTF8Prefix("vit_large_projector.") else {
            return nil
        }
        if tensor.hasSameBytes(as: "vision_model.positional_embedding") { return tensor + ".weight" }
        let name =
            tensor.containsUTF8(".ls_") ? tensor.dropping(".gamma").map { $0 + ".weight" } ?? tensor : tensor
        return name.replacingUTF8("attn.in_proj_weight", with: "attn.in_proj.weight")
            .replacingUTF8("attn.in_proj_bias", with: "attn.in_proj.bias")
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        if written.containsUTF8(".position_embd.") { return .f32 }
        guard ["mm.0.", "mm.1."].contains(where: { written.containsUTF8($0) }),
            written.hasUTF8Suffix(".weight")
        else { return nil }
        return wanted == .f16 ? .f16 : .f32
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        var prepared = model
        prepared.setMistralPreparation()
        try metadata.addVision(prepared, vision)
        metadata.addProjectorType("step3vl")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-5))
        metadata.set("vision.projector.scale_factor", .uint32(4))
        // How large a picture is at most, which the model's own code states.
        metadata.set("vision.preproc_image_size", .uint32(3024))
    }
}
