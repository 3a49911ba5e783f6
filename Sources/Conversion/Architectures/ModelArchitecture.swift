package import Formats
package import Tensors

/// A family of models: its tensors' names and values, its keys, and its defaults. One file has one family.
///
/// A value is made for one conversion, and is asked first for each tensor in the checkpoint's order, then for the
/// keys, then for the vocabulary. It may collect tensors, such as experts, until it has all of a stack.
package protocol ModelArchitecture: Sendable {
    /// The classes in `architectures` of config.json that this is for.
    static var classes: [String] { get }
    /// The values of `model_type` in config.json whose defaults it knows.
    static var modelTypes: [String] { get }

    /// The ways in which checkpoints of the family name their tensors, the usual one first: what the names that
    /// ``name(of:)`` has read are in GGUF, each way without the names of the others.
    static func spellings(_ config: ModelConfig) -> [TensorNames]

    /// The tensors that a model of the family must have.
    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors

    /// The number of blocks, without those that predict more than one token ahead.
    /// - Throws: where the configuration does not state it.
    static func blockCount(_ config: ModelConfig) throws(ConversionError) -> Int

    /// How many blocks behind the last are written that predict more than one token ahead.
    static func predictionCount(_ config: ModelConfig) -> Int

    /// Whether a checkpoint may have none of the blocks that ``predictionCount(_:)`` counts, as transformers saves models
    /// without them and leaves their number in the configuration: llama.cpp loads the others alone.
    static var isWholeWithoutPredictions: Bool { get }

    /// What a checkpoint lacks of the blocks that predict more than one token ahead, where it has those under names of
    /// their own; nothing where it has none of them.
    /// - Parameter stored: the names of its tensors, as ``name(of:)`` has read them.
    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String]

    /// Fills a configuration with what transformers takes where config.json states nothing.
    static func fillDefaults(_ config: inout ModelConfig, modelType: String)

    /// Begins a conversion.
    /// - Throws: where the configuration lacks a key, or a value is out of bounds.
    init(_ model: HuggingFaceModel) throws(ConversionError)

    /// GGUF's name for the architecture.
    var name: String { get }

    /// The name by which the rules for the configuration's keys are found.
    var rulesName: String { get }

    /// The name by which a tensor goes on; `nil` for one that is not written.
    static func name(of tensor: String) -> String?

    /// What is written of the checkpoint's next tensor: nothing, one tensor, or several.
    /// - Parameters:
    ///   - name: what ``name(of:)`` made of its name.
    ///   - value: all of the tensor.
    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]

    /// What is written before the checkpoint's tensors, computed from the configuration.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor]

    /// Looks at what is left when all tensors were converted.
    /// - Throws: where a tensor is missing, such as an expert of a stack.
    func finish() throws(ConversionError)

    /// The type that a tensor has whatever was asked; `nil` where nothing speaks against.
    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType?

    /// Adds the keys that stand before all but `general.architecture`, for a model with its tensors.
    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError)

    /// Adds the architecture's own keys, with `general.file_type` in its place.
    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError)

    /// Adds the tokenizer.
    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError)
}

extension ModelArchitecture {
    /// None.
    package static func predictionCount(_ config: ModelConfig) -> Int { 0 }

    /// As most state it.
    package static func blockCount(_ config: ModelConfig) throws(ConversionError) -> Int {
        try config.blockCount()
    }

    /// It has all of them.
    package static var isWholeWithoutPredictions: Bool { false }

    /// Nothing.
    package static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] { [] }

    /// As the architecture is called.
    package var rulesName: String { name }

    /// Those of Llama.
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { TensorNames.llama.spellings }

    /// Nothing.
    package static func fillDefaults(_ config: inout ModelConfig, modelType: String) {}

    /// All but what models of language do not need, and parts for images and sound (base.py of the converter,
    /// `filter_tensors`).
    package static func name(of tensor: String) -> String? { TextTensors.name(of: tensor) }

    /// None.
    package func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { [] }

    /// Nothing is left.
    package func finish() throws(ConversionError) {}

    /// None.
    package func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {}

    /// Nothing speaks against.
    package func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? { nil }
}

extension ConversionError {
    /// A tensor that the family does not have.
    static func unknownTensor(_ name: String, _ architecture: String) -> ConversionError {
        ConversionError(
            .tensorUnknown, "a model of the architecture \(architecture) has no tensor \"\(name)\"",
            fix: "check that config.json belongs to these weights")
    }

    /// A tensor of another shape than the configuration states.
    static func wrongShape(_ name: String, _ shape: [Int], _ reason: String) -> ConversionError {
        ConversionError(
            .tensorShape, "tensor \"\(name)\" has the shape \(shape), \(reason)",
            fix: "check that config.json belongs to these weights")
    }

    /// A tensor that should be there.
    static func missingTensor(_ name: String) -> ConversionError {
        missingTensors([name])
    }
}

/// The names of tensors of models that are more than language.
enum TextTensors {
    /// The name by which a tensor goes on; `nil` where it belongs to a part for images or sound.
    static func name(of tensor: String) -> String? {
        var tensor = tensor
        if starts.contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        if parts.contains(where: { tensor.containsUTF8($0) }) { return nil }
        if tensor.hasUTF8Suffix("e_score_correction_bias") {
            tensor = String(decoding: tensor.utf8.dropLast("_bias".utf8.count), as: UTF8.self) + ".bias"
        }
        return tensor.replacingUTF8("language_model.", with: "")
    }

    private static let starts = [
        "mlp", "vit.", "vpm.", "siglip2.", "conformer.", "merger.", "resampler.", "sound_encoder.",
        "sound_projection.", "speech_embeddings.",
    ]
    private static let parts = [
        "visual.", "vision.", "audio.", "talker.", "vision_", "audio_", "token2wav.", "code2wav.",
        "projector.",
        "pre_mm_projector_norm", "image_newline", "view_seperator", "patch_embed", "patch_embedding",
        "patch_merger.", "patch_merge_mlp.", "model.connector.",
    ]
    /// What is never written, whatever the family.
    static let leftOut = [".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq"]
}
