import Formats
import Tensors

/// The part for sound of Qwen's models that see, hear and speak: Whisper's blocks, and positions that nothing stores.
struct OmniSound: Sendable {
    /// The part's keys, renamed to the common ones.
    let audio: ModelConfig
    /// What its tensors are in GGUF.
    let names: ProjectorNames

    /// Reads the part.
    /// - Parameter ears: the tensors before and behind the blocks.
    /// - Throws: where the configuration has no such part, or it lacks a size.
    init(_ model: ProjectorModel, ears: [ExactName: String]) throws(ConversionError) {
        guard let members = model.raw["thinker_config"]?["audio_config"]?.members else {
            throw ModelConfig.missing(["thinker_config.audio_config"])
        }
        var audio = ModelConfig(members: members)
        if model.raw["model_type"]?.isText("qwen2_5_omni") ?? false {
            audio.setDefaults([
                "num_mel_bins": 128, "d_model": 1280, "encoder_layers": 32, "encoder_attention_heads": 20,
                "encoder_ffn_dim": 5120,
            ])
        }
        audio["hidden_size"] = audio["d_model"]
        audio["intermediate_size"] = audio["encoder_ffn_dim"]
        audio["num_attention_heads"] = audio["encoder_attention_heads"]
        self.audio = audio
        let blocks = TowerTensors.whisper.filter { $0.key.text.hasUTF8Prefix("audio_tower.layers.") }
        names = ProjectorNames(
            blocks.merging(ears) { $1 }, counts: [("audio_tower.layers.", try audio.towerDepth())])
    }

    /// The name of a tensor of the part; `nil` for others.
    static func name(of tensor: String) -> String? {
        let name = tensor.hasUTF8Prefix("thinker.") ? tensor.dropping(start: "thinker.") : tensor
        return name.hasUTF8Prefix("audio_tower.") ? name : nil
    }

    /// A convolution has 16 bits in every file; `nil` for other tensors.
    static func type(of name: String) -> GGMLType? {
        name.containsUTF8(".conv") && name.containsUTF8(".weight") ? .f16 : nil
    }

    /// Adds the keys behind the common ones.
    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["num_mel_bins"])
        metadata.set(
            "audio.attention.layer_norm_epsilon", try ModelMetadata.float(audio, "layer_norm_eps", 1e-5))
    }

    /// How many positions the reference writes, whatever the configuration states.
    private static let length = 1500

    /// The positions: sines, then cosines, of wavelengths from 2π to 20000π, each step rounded as the reference's.
    func positions() throws(ConversionError) -> ConvertedTensor {
        try Self.positions(width: audio.size("hidden_size"))
    }

    /// The same for a length of an embedding.
    static func positions(width: Int) throws(ConversionError) -> ConvertedTensor {
        guard width > 2, width.isMultiple(of: 2), width <= 1 << 13 else {
            throw .wrongValue("d_model", .integer(width), "an even number from 4 to 8192")
        }
        // log 10000.
        let step = Float(-(0x1.26bb1bbb55516p+3 / Double(width / 2 - 1)))
        let rates = (0..<width / 2).map { Exponential.value(step * Float($0)) }
        var numbers: [Float] = []
        numbers.reserveCapacity(length * width)
        for place in 0..<length {
            numbers += rates.map { Sine.sine(Float(place) * $0) }
            numbers += rates.map { Sine.cosine(Float(place) * $0) }
        }
        return ConvertedTensor(
            "a.position_embd.weight", TensorValue(numbers: numbers, shape: [length, width]))
    }
}
