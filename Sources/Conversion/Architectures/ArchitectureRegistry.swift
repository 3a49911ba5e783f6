package import Formats

/// The families of models that can be converted.
package enum ArchitectureRegistry {
    /// All families. A new one is a file in this directory and a line here.
    static let families: [any ModelArchitecture.Type] = [
        Llama.self, Granite.self, Qwen2.self, Qwen2Moe.self, Qwen3.self, Qwen3Moe.self, Gemma.self,
        Gemma2.self,
        Gemma3.self, Phi2.self, Phi3.self, GPT2.self, Olmo.self, Olmo2.self, Starcoder2.self, StableLM.self,
        Bert.self, Roberta.self, NomicBert.self, DeepSeek2.self, Falcon.self, GPTNeoX.self, Bloom.self,
        Cohere.self, SmolLM3.self, GLM4.self, ChatGLM.self, Ernie.self, ErnieMoe.self, MiniCPM.self,
        Exaone.self,
        InternLM2.self, GptOss.self, EmbeddingGemma.self, LlamaEmbed.self, Arcee.self, Mistral3.self,
        Qwen2VL.self, Qwen3VL.self,
        Qwen3VLMoe.self, SeedOss.self, Cohere2.self, Exaone4.self, Olmoe.self, PhiMoe.self, GraniteMoe.self,
        GLM4Moe.self, MiniMaxM2.self, BailingMoe2.self, Lfm2.self, Lfm2Moe.self, HunYuanDense.self,
        Qwen3Next.self, Qwen35.self, Qwen35Moe.self, Qwen4Exp.self,
        Mamba.self, Mamba2.self, GraniteHybrid.self, FalconH1.self, NemotronH.self,
        Nemotron.self, DistilBert.self, ModernBert.self, EuroBert.self, NeoBert.self, JinaBert2.self,
        Gemma4.self, Gemma3n.self, T5.self, Llama4.self, Orion.self, InternLM3.self, Starcoder.self,
        Refact.self, CodeShell.self, Dbrx.self, DeepSeek.self, Dots1.self, Jais2.self, PLM.self,
        MiniCPM3.self, Maincoder.self, Mellum.self, Nanbeige.self, PanguEmbedded.self, Afmoe.self,
        BailingMoe.self, GroveMoe.self, SmallThinker.self, Llada.self, LladaMoe.self, Dream.self, RND1.self,
        Cohere2Moe.self, HrmText.self, Laguna.self, HunYuan3.self, OpenELM.self, MiniMaxM3.self,
        Apertus.self, Deci.self, ExaoneMoe.self, Mpt.self, Arctic.self, Chameleon.self, Xverse.self,
        Sarashina2.self, Spark25.self, Maple.self, Talkie.self, Jais.self, RuGPT3XL.self, GraniteSWA.self,
        JanusPro.self, HunYuanVL.self, Grok.self, DeepSeekOCR.self, Lfm2Embedding.self, MiniCPMV46.self,
        Jamba.self, Step35.self, KimiLinear.self, MiMo2.self, Plamo.self, Plamo2.self, Plamo3.self,
        HunYuanMoe.self, Rwkv6.self, Rwkv7.self, DeepSeek4.self, BailingMoe3.self,
        HunYuan4.self, Dots3Note.self, Glm5Next.self, GraniteSwitch.self, Lfm2Audio.self,
        WavTokenizer.self, MuseGlimmer.self, MiniMax01.self,
    ]

    /// Whether a GGUF of a class states which embeddings are zero.
    static func isStatingZeroEmbeddings(_ name: String) -> Bool { MiniMax01.classes.containsExactly(name) }

    /// The classes in `architectures` of config.json that can be converted, sorted.
    package static var classes: [String] {
        families.flatMap { $0.classes }.sortedByBytes()
    }

    /// What of a class that is taken is refused all the same, as a clause that states what is taken.
    package static let limits: [ExactName: String] = {
        let limits: [([String], String)] = [
            (
                ["DeepseekV4ForCausalLM", "RWKV7ForCausalLM", "Rwkv6ForCausalLM", "Rwkv7ForCausalLM"],
                "with a chat template: the published ones have none, and the reference takes one of llama.cpp's"
            ),
            (
                ["Grok1ForCausalLM", "GrokForCausalLM"],
                "where no tensor is stored in parts, of which the reference keeps the last alone (xai-org/grok-2)"
            ),
            (["Lfm2BidirectionalModel"], "without a layer of its own behind it (`1_Dense`)"),
            (
                ["MiniMaxM1ForCausalLM", "MiniMaxText01ForCausalLM"],
                "with chat_template.jinja beside it: the reference takes one of llama.cpp's in the place of any other"
            ),
            (
                ["MiMoV2FlashForCausalLM", "MiMoV2ForCausalLM"],
                "where queries, keys and values in one matrix are no FP8, and experts no MXFP4"
            ),
        ]
        return Dictionary(limits.flatMap { names, limit in names.map { (ExactName($0), limit) } }) { $1 }
    }()

    /// Classes that are in no family for a reason that more work does not change, with the reason as a clause.
    package static let refusals: [ExactName: String] = {
        let drafts = [
            "DFlash2DraftModel", "DFlashDraftModel", "DSparkDraftModel", "DSparkSpeculator",
            "DeepseekV4DSparkModel", "Gemma4DSparkModel", "Eagle3DraftModel", "Eagle3LlamaForCausalLM",
            "Eagle3Speculator",
            "Lfm2DSparkDraftModel", "LingDSparkModel", "LlamaForCausalLMEagle3",
            "MuseGlimmerAssistantModel", "Qwen3DSparkModel",
        ]
        let reasons: [([String], String)] = [
            (drafts, "it drafts for another model, without whose files it is none"),
            (
                [
                    "GraniteSpeechForConditionalGeneration", "GraniteSpeechPlusForConditionalGeneration",
                    "UltravoxModel",
                ], "its part for text has a class of its own, which its configuration does not state"
            ),
            (
                ["BitNetForCausalLM", "BitnetForCausalLM"],
                "the reference's numbers differ with the number of threads that it computes with"
            ),
            (
                ["BaiChuanForCausalLM", "BaichuanForCausalLM"], "the reference fails with every model of it"
            ),
            (
                ["PocketTTSModel"],
                "the reference multiplies what begins a sound with a matrix, and its sums differ with the processor's instructions"
            ),
            (
                ["Qwen3TTSForConditionalGeneration"],
                "the reference multiplies its embeddings with matrices, and its sums differ with how many rows it takes"
            ),
            (
                ["QWenLMHeadModel"],
                "the reference leaves out the epsilon of its norms, without which llama.cpp does not load it"
            ),
            (
                ["CogVLMForCausalLM"],
                "the reference leaves out its layers for pictures, without which llama.cpp does not load it"
            ),
        ]
        return Dictionary(
            reasons.flatMap { names, reason in names.map { (ExactName($0), reason) } }
        ) { $1 }
    }()

    /// The family of a class.
    /// - Parameters:
    ///   - name: the class in `architectures`; empty where config.json states none.
    ///   - modelType: its `model_type`, by which the class is proposed that it does not state.
    /// - Throws: if there is none, with the classes whose names are nearest.
    static func family(
        of name: String, modelType: String? = nil
    ) throws(ConversionError) -> any ModelArchitecture.Type {
        if let family = families.first(where: { $0.classes.containsExactly(name) }) {
            return family
        }
        guard !name.isEmpty else {
            throw ConversionError(
                .architectureMissing, "config.json does not state which architecture the model has",
                fix: modelType.flatMap(usualClass(of:)).map { "add \"architectures\": [\"\($0)\"]" }
                    ?? "add \"architectures\" with the class, as the config.json of the model's base has it")
        }
        if let reason = refusals[ExactName(name)] {
            throw ConversionError(
                .architectureUnknown, "models of the architecture \(name) cannot be converted: \(reason)",
                fix: "take a GGUF that someone made with llama.cpp")
        }
        let near = nearest(to: name)
        throw ConversionError(
            .architectureUnknown, "models of the architecture \(name) cannot be converted",
            notes: near.isEmpty ? [] : ["names like it that can are \(near.joined(separator: ", "))"],
            fix:
                "take a GGUF that someone made with llama.cpp; knapsack help gguf-models lists what can be converted"
        )
    }

    /// Up to three classes of the same kind, as far as names tell: those that begin as it does. Letters alone say nothing:
    /// Whisper is not near to ChatGLM.
    private static func nearest(to name: String) -> [String] {
        let stem = stem(of: name)
        guard stem.count > 2 else { return [] }
        let near = classes.compactMap { other -> (name: String, distance: Int)? in
            let candidate = self.stem(of: other)
            guard candidate.prefix(3) == stem.prefix(3) else { return nil }
            let distance = Suggestion.distance(Array(stem), Array(candidate))
            return distance <= max(1, stem.count / 3) ? (other, distance) : nil
        }
        return near.sorted { $0.distance < $1.distance }.prefix(3).map(\.name)
    }

    /// What a class's name has before its task, in small letters, of at most 64 bytes.
    private static func stem(of name: String) -> [UInt8] {
        var stem = name.utf8.prefix(64)
        for task in ["For", "Model", "LMHead"] {
            for start in stem.indices.dropFirst() where stem[start...].starts(with: task.utf8) {
                stem = stem[..<start]
                break
            }
        }
        return stem.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The class that models of a `model_type` usually are, where a family has one of that name; `nil` where none is known.
    package static func usualClass(of modelType: String) -> String? {
        let wanted = modelType.utf8.filter { $0 != UInt8(ascii: "_") }
        guard let family = families.first(where: { $0.modelTypes.containsExactly(modelType) }) else {
            return nil
        }
        let own = family.classes.filter { stem(of: $0) == Array(wanted) }
        let named = own.isEmpty && family.modelTypes.count == 1 ? family.classes : own
        // transformers spells LlamaForCausalLM, and nobody else's LLaMAForCausalLM.
        func capitals(_ name: String) -> Int { name.utf8.count { (0x41...0x5A).contains($0) } }
        return named.filter { $0.utf8.ends(with: "ForCausalLM") }.min { capitals($0) < capitals($1) }
            ?? named.first
    }

    /// The name by which a tensor goes on in a model of a configuration; its own where it is not written.
    static func read(_ tensor: String, _ config: ModelConfig) -> String {
        families.first { $0.classes.containsExactly(config.architecture) }?.name(of: tensor) ?? tensor
    }

    /// Fills a configuration with the defaults of its `model_type`.
    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        families.first { $0.modelTypes.contains(modelType) }?.fillDefaults(&config, modelType: modelType)
    }
}
