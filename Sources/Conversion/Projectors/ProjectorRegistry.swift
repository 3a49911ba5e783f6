package import Formats

/// The families of models whose projectors can be converted.
package enum ProjectorRegistry {
    /// All families. A new one is a file in this directory and a line here.
    static let families: [any ModelProjector.Type] = [
        Qwen2VLProjector.self, Qwen3VLProjector.self, Glm4VProjector.self, Gemma3Projector.self,
        SmolVLMProjector.self, PixtralProjector.self, InternVLProjector.self, KimiVLProjector.self,
        Llama4Projector.self, WhisperProjector.self, Lfm2VLProjector.self, MiniCPMVProjector.self,
        DotsOCRProjector.self, HunyuanVLProjector.self, PaddleOCRProjector.self, Gemma4Projector.self,
        KimiK25Projector.self, JanusProjector.self, GlmASRProjector.self, MeralionProjector.self,
        ExaoneProjector.self, CogVLMProjector.self, DeepSeekOCRProjector.self, Phi4Projector.self,
        YoutuProjector.self, Step3Projector.self, MiniMaxM3Projector.self, Gemma4UnifiedProjector.self,
        DeepSeekOCR2Projector.self, Qwen25OmniProjector.self, Qwen3ASRProjector.self,
        Lfm2AudioProjector.self, GraniteSpeechProjector.self, Granite4VisionProjector.self,
        DeepSeekV4Projector.self, LingVLProjector.self, MuseGlimmerProjector.self, Dots3Projector.self,
    ]

    /// The classes that can be converted, sorted.
    package static var classes: [String] { families.flatMap { $0.classes }.sortedByBytes() }

    /// Classes that are in no family for a reason that more work does not change, with the reason as a clause.
    package static let refusals: [ExactName: String] = [
        "Gemma3nForConditionalGeneration": "the reference fails with every model of it",
        "Qwen3OmniMoeForConditionalGeneration": "the reference fails with the names of its tensors",
    ]

    /// What of a class in a family is not converted, as a clause.
    package static let limits: [ExactName: String] = [
        "GraniteSpeechForConditionalGeneration": unloaded,
        "GraniteSpeechPlusForConditionalGeneration": unloaded,
        "Llama4ForConditionalGeneration": "as the reference has it, which llama.cpp computes otherwise",
        "LlavaForConditionalGeneration": "Pixtral's, as the reference has it",
        "Step3p7ForConditionalGeneration": "of the one size that the reference has",
        "StepVLForConditionalGeneration": "of the one size that the reference has",
    ]

    private static let unloaded = "as the reference has it, which llama.cpp does not load"

    /// The class that decides: that of the part for pictures, if it states one, else the model's.
    package static func architecture(_ config: JSON) -> String {
        config["vision_config"]?["architectures"]?.array?.first?.string
            ?? config["architectures"]?.array?.first?.string ?? ""
    }

    /// Whether a configuration has a part for pictures or sound beside one for text, as far as its keys tell.
    static func hasPart(_ config: JSON) -> Bool {
        (config.members ?? []).contains { member in
            guard member.value.members?.isEmpty == false else { return false }
            let words = member.key.split { $0 == "_" || $0 == "." }
            return words.contains { word in
                ["vision", "audio", "speech", "whisper", "thinker", "encoder", "visual", "image", "sam"]
                    .contains { $0.hasSameBytes(as: String(word)) }
            }
        }
    }

    /// The family of a class.
    /// - Parameter hasPart: whether the configuration states a part for pictures or sound.
    /// - Throws: if there is none.
    static func family(
        of name: String, hasPart: Bool = true
    ) throws(ConversionError) -> any ModelProjector.Type {
        if let family = families.first(where: { $0.classes.containsExactly(name) }) { return family }
        guard !name.isEmpty else {
            throw ConversionError(
                .architectureMissing, "config.json does not state which architecture the model has",
                fix: "add \"architectures\" with the class, as the config.json of the model's base has it")
        }
        guard hasPart else {
            throw ConversionError(
                .architectureUnknown, "no projector can be made of models of the architecture \(name)",
                fix: "leave --mmproj out: the model has no part for pictures or sound beside one for text")
        }
        let reason = refusals[ExactName(name)].map { ": \($0)" } ?? ""
        throw ConversionError(
            .architectureUnknown, "no projector can be made of models of the architecture \(name)\(reason)",
            fix: "take a projector (mmproj) that someone made with llama.cpp")
    }

    /// Why no projector can be made, as a clause; `nil` where nothing is known that speaks against.
    /// - Parameters:
    ///   - name: the class that decides.
    ///   - visionType: `model_type` of the part for pictures.
    package static func problem(with name: String, visionType: String?) -> String? {
        guard classes.containsExactly(name) else {
            let reason = refusals[ExactName(name)].map { ": \($0)" } ?? ""
            return "no projector can be made of models of the architecture \(name)\(reason)"
        }
        if name.hasSameBytes(as: "LlavaForConditionalGeneration"), let visionType,
            !visionType.hasSameBytes(as: "pixtral")
        {
            return "of this architecture only Pixtral's part for pictures can be converted, not \(visionType)"
        }
        return nil
    }
}
