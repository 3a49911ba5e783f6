import Formats
import Tensors

/// The parts for pictures and sound of dots 3 note: the later of the tower's blocks have experts, more of them with each.
struct Dots3Projector: ModelProjector {
    static let classes = ["Dots3NoteForCausalLM", "Dots3NoteForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let audio: ModelConfig
    /// How many experts each block has; 0 where it has none.
    private let experts: [Int]
    /// What was met of blocks' experts and of layers in their place, by block and by the rest of the name.
    private var met: [Int: [ExactName: TensorValue]] = [:]
    /// How many tensors of experts were met, by block.
    private var metExperts: [Int: Int] = [:]

    init(_ model: ProjectorModel) throws(ConversionError) {
        var model = model
        model.takePreparation(in: "vision_config")
        self.model = model
        var vision = try model.vision()
        var audio = try model.audio()
        try Self.check(vision, audio)
        vision["hidden_size"] = vision["embed_dim"]
        // Pictures have no fixed size.
        vision["image_size"] = 0
        self.vision = vision
        let whisper = ModelConfig(members: audio["whisper_config"]?.members ?? [])
        for (key, own) in [
            ("hidden_size", "d_model"), ("intermediate_size", "encoder_ffn_dim"),
            ("num_attention_heads", "encoder_attention_heads"), ("num_hidden_layers", "encoder_layers"),
            ("num_mel_bins", "num_mel_bins"),
        ] { audio[key] = whisper[own] }
        self.audio = audio
        let depth = try vision.towerDepth()
        let stated = vision["pyramid_num_routed"] ?? .null
        let counts = (stated.array ?? []).compactMap(\.integer)
        guard counts.count == depth, counts.count == stated.array?.count, counts.allSatisfy({ $0 <= 1 << 12 })
        else { throw .wrongValue("pyramid_num_routed", stated, "a number of experts for each block") }
        experts = counts.map { max(0, $0) }
        names = ProjectorNames(
            Self.sight.merging(Self.hearing) { $1 },
            counts: [
                ("vision_encoder.blocks.", depth),
                ("audio_encoder.dots_encoder.speech_encoder.layers.", try audio.towerDepth()),
            ])
    }

    func name(of tensor: String) -> String? {
        guard ["vision_encoder.", "audio_encoder."].contains(where: { tensor.hasUTF8Prefix($0) }) else {
            return nil
        }
        let isBare = [".gate_weight", ".router_bias"].contains { tensor.hasUTF8Suffix($0) }
        return isBare ? tensor + ".weight" : tensor
    }

    mutating func convert(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        if let (key, block) = ProjectorNames.starred(name), let block = Int(block),
            key.hasUTF8Prefix("vision_encoder.blocks.*.mlp.")
        {
            return try feedForward(key.dropping(start: "vision_encoder.blocks.*.mlp."), name, value, block)
        }
        let renamed = try names.renamed(name, value)
        guard name.containsUTF8(".speech_encoder.layers."), name.containsUTF8(".fc1.") else {
            return [renamed]
        }
        return try TowerTensors.halves(
            name, renamed, "ffn_gate", ["ffn_gate", "ffn_up"], "gates and values")
    }

    /// A tensor of a block's feed-forward part: experts become one tensor when all are there.
    private mutating func feedForward(
        _ rest: String, _ name: String, _ value: TensorValue, _ block: Int
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard experts.indices.contains(block) else { throw .unknownProjectorTensor(name) }
        guard isWanted(rest, block) else { throw .unknownProjectorTensor(name) }
        met[block, default: [:]][ExactName(rest)] = value
        if let written = Self.layers[ExactName(rest)] {
            return [ConvertedTensor("v.blk.\(block).\(written)", value)]
        }
        metExperts[block, default: 0] += 1
        guard metExperts[block] == 3 * experts[block] else { return [] }
        let found = met[block] ?? [:]
        return try [("fc1", "gate"), ("fc2", "down"), ("fc3", "up")].map {
            part, written throws(ConversionError) in
            let own = (0..<experts[block]).compactMap { found[ExactName("experts.\($0).\(part).weight")] }
            guard let stacked = TensorValue.stacked(own) else {
                throw .wrongShape(name, value.shape, "and other experts of the block have another shape")
            }
            return ConvertedTensor("v.blk.\(block).ffn_\(written)_exps.weight", stacked)
        }
    }

    /// What a block's feed-forward part has, by the ends of the names.
    private func wanted(_ block: Int) -> [String] {
        guard experts[block] > 0 else { return Self.parts }
        return Self.routing
            + (0..<experts[block]).flatMap { expert in Self.parts.map { "experts.\(expert).\($0)" } }
    }

    private static let parts = ["fc1.weight", "fc2.weight", "fc3.weight"]
    private static let routing = ["gate_weight.weight", "router_bias.weight"]

    /// Whether a feed-forward part has a tensor, by the end of its name.
    private func isWanted(_ rest: String, _ block: Int) -> Bool {
        guard experts[block] > 0 else { return Self.parts.containsExactly(rest) }
        if Self.routing.containsExactly(rest) { return true }
        guard let (key, number) = ProjectorNames.starred(rest), key.hasUTF8Prefix("experts.*."),
            let expert = Int(number), number.hasSameBytes(as: "\(expert)")
        else { return false }
        return (0..<experts[block]).contains(expert)
            && Self.parts.containsExactly(key.dropping(start: "experts.*."))
    }

    func finish() throws(ConversionError) {
        var missing: [String] = []
        // A configuration may claim any number of blocks.
        for block in experts.indices {
            guard missing.count < 4096 else { break }
            for end in wanted(block) where met[block]?[ExactName(end)] == nil {
                let isBare = Self.routing.containsExactly(end)
                missing.append(
                    "vision_encoder.blocks.\(block).mlp." + (isBare ? end.dropping(".weight") ?? end : end))
            }
        }
        guard missing.isEmpty else { throw .missingTensors(Array(missing.prefix(4096))) }
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        let isWide = [".ffn_gate_inp.", ".exp_probs_b.", ".conv2d", "a.conv_out"].contains {
            written.containsUTF8($0)
        }
        return isWide ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        try metadata.addAudio(model, audio)
        metadata.set("vision.projector_type", .string("dots3note_v"))
        metadata["clip.use_silu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", .float32(Float(try vision.number("rms_norm_eps"))))
        try metadata.addNeededNumber("vision.spatial_merge_size", vision, ["spatial_merge_size"])
        try metadata.addNeededNumber("vision.image_min_pixels", model.preprocessor, ["min_pixels"])
        try metadata.addNeededNumber("vision.image_max_pixels", model.preprocessor, ["max_pixels"])
        metadata.set("vision.expert_count_per_layer", .int32s(experts.map { Int32(clamping: $0) }))
        try metadata.addNeededNumber("vision.expert_used_count", vision, ["capacity_factor"])
        metadata.set("audio.projector_type", .string("dots3note_a"))
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["num_mel_bins"])
        metadata.set("audio.attention.layer_norm_epsilon", .float32(1e-6))
    }

    /// The reference makes projectors of one kind of both parts.
    private static func check(_ vision: ModelConfig, _ audio: ModelConfig) throws(ConversionError) {
        func demand(_ config: ModelConfig, _ key: String, _ usual: JSON?, _ wanted: JSON)
            throws(ConversionError)
        {
            let value = config[key] ?? usual ?? .null
            if value == wanted || wanted.bool == value.isTruthy && wanted.bool != nil { return }
            if let number = value.double, number == wanted.double { return }
            throw .wrongValue(key, value, "what the reference makes projectors of")
        }
        for (key, usual, wanted) in [
            ("adapter_type", nil, "patch_merger"), ("pre_pixel_shuffle", nil, true),
            ("router_scoring_func", "sigmoid", "sigmoid"), ("router_scale", 1, 1),
            ("temporal_patch_size", 1, 1), ("use_bias", false, false), ("use_qk_norm", nil, true),
        ] as [(String, JSON?, JSON)] { try demand(vision, key, usual, wanted) }
        for (key, usual, wanted) in [
            ("use_conv2d_stem", nil, true), ("use_rope", nil, true), ("use_rms_norm", nil, true),
            ("use_causal", false, false), ("merge_factor", 1, 1), ("chunk_seconds", nil, 60),
        ] as [(String, JSON?, JSON)] { try demand(audio, key, usual, wanted) }
        let whisper = ModelConfig(members: audio["whisper_config"]?.members ?? [])
        try demand(whisper, "activation_function", nil, "swiglu")
        let rope = ModelConfig(members: audio["rope_parameters"]?.members ?? [])
        try demand(rope, "partial_rotary_factor", nil, .number(0.5))
        try demand(rope, "rope_theta", nil, 10000)
    }

    private static let layers: [ExactName: String] = [
        "fc1.weight": "ffn_gate.weight", "fc2.weight": "ffn_down.weight", "fc3.weight": "ffn_up.weight",
        "gate_weight.weight": "ffn_gate_inp.weight", "router_bias.weight": "exp_probs_b.weight",
    ]

    private static let sight = TowerTensors.blocks(
        "vision_encoder.blocks",
        [
            "norm_1": "ln1", "norm_2": "ln2", "attn.qkv": "attn_qkv", "attn.proj": "attn_out",
            "attn.q_norm": "attn_q_norm", "attn.k_norm": "attn_k_norm",
        ]
    ).merging([
        "vision_encoder.patch_embed.proj": "v.patch_embd", "vision_encoder.patch_embed.norm": "v.pre_ln",
        "vision_encoder.post_trunk_norm": "mm.post_norm", "vision_encoder.adapter.ln_q": "mm.input_norm",
        "vision_encoder.adapter.mlp.0": "mm.0", "vision_encoder.adapter.mlp.2": "mm.2",
    ]) { $1 }

    private static let hearing = TowerTensors.blocks(
        "audio_encoder.dots_encoder.speech_encoder.layers",
        [
            "self_attn_layer_norm": "ln1", "final_layer_norm": "ln2", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_out",
            "fc1": "ffn_gate", "fc2": "ffn_down",
        ], as: "a.blk"
    ).merging([
        "audio_encoder.dots_encoder.speech_encoder.conv2d1": "a.conv2d.1",
        "audio_encoder.dots_encoder.speech_encoder.conv2d2": "a.conv2d.2",
        "audio_encoder.dots_encoder.speech_encoder.conv2d3": "a.conv2d.3",
        "audio_encoder.dots_encoder.speech_encoder.conv_out": "a.conv_out",
        "audio_encoder.dots_encoder.speech_encoder.layer_norm": "a.post_ln",
        "audio_encoder.audio_adapter.proj.0": "mm.a.norm_pre",
        "audio_encoder.audio_adapter.proj.1": "mm.a.mlp.1",
        "audio_encoder.audio_adapter.proj.3": "mm.a.mlp.3",
    ]) { $1 }
}
