import Formats

/// The special tokens that transformers' tokenizer classes have where no file names them (4.57, `__init__` of each).
enum SpecialTokenDefaults {
    /// The kinds, in the order in which transformers goes through them.
    static let kinds = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]

    /// The default tokens of a class, by kind.
    /// - Parameters:
    ///   - name: the class in `tokenizer_config.json`, or nothing.
    ///   - modelType: `model_type` in `config.json`, which decides if there is no class.
    static func tokens(ofClass name: String?, modelType: String) -> [ExactName: String] {
        var name = name ?? classes.first { $0.modelTypes.contains(modelType) }?.name ?? ""
        if name.hasUTF8Suffix("Fast") { name = String(name.utf8.dropLast(4)) ?? name }
        if name.hasUTF8Suffix("Tokenizer") { name = String(name.utf8.dropLast(9)) ?? name }
        return byClass[name] ?? [:]
    }

    private static let endOfText: [ExactName: String] = [
        "bos": "<|endoftext|>", "eos": "<|endoftext|>", "unk": "<|endoftext|>",
    ]
    private static let bert: [ExactName: String] = [
        "unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]",
    ]
    private static let roberta: [ExactName: String] = [
        "bos": "<s>", "eos": "</s>", "unk": "<unk>", "sep": "</s>", "pad": "<pad>", "cls": "<s>",
        "mask": "<mask>",
    ]
    private static let llama: [ExactName: String] = ["bos": "<s>", "eos": "</s>", "unk": "<unk>"]

    private static let byClass: [ExactName: [ExactName: String]] = [
        "GPT2": endOfText, "CodeGen": endOfText, "GPTNeoX": endOfText,
        "Llama": llama, "CodeLlama": llama,
        "Qwen2": ["eos": "<|endoftext|>", "unk": "<|endoftext|>", "pad": "<|endoftext|>"],
        "Bert": bert, "DistilBert": bert, "Electra": bert, "LayoutLM": bert, "ConvBert": bert, "Funnel": bert,
        "Roberta": roberta, "XLMRoberta": roberta, "Bart": roberta, "Camembert": roberta,
        "MPNet": roberta.merging(["unk": "[UNK]"]) { $1 },
        "DebertaV2": bert.merging(["bos": "[CLS]", "eos": "[SEP]"]) { $1 },
        "Albert": bert.merging(["bos": "[CLS]", "eos": "[SEP]", "unk": "<unk>", "pad": "<pad>"]) { $1 },
        "Gemma": ["bos": "<bos>", "eos": "<eos>", "unk": "<unk>", "pad": "<pad>"],
        "Cohere": ["bos": "<BOS_TOKEN>", "eos": "<|END_OF_TURN_TOKEN|>", "unk": "<UNK>"],
        "Bloom": llama.merging(["pad": "<pad>"]) { $1 },
        "T5": ["eos": "</s>", "unk": "<unk>", "pad": "<pad>"],
    ]

    private static let classes: [(name: String, modelTypes: Set<ExactName>)] = [
        (
            "Llama",
            [
                "llama", "mistral", "mixtral", "arcee", "chameleon", "deepseek_v2", "deepseek_v3",
                "diffllama",
                "ernie4_5", "ernie4_5_moe", "jamba", "jetmoe", "llama4", "llama4_text", "llava", "mllama",
                "persimmon", "phi3", "phimoe", "zamba", "zamba2",
            ]
        ),
        ("Bert", ["bert", "ernie", "megatron-bert", "nezha", "visual_bert"]),
        (
            "GPT2",
            [
                "gpt2", "gpt_bigcode", "gpt_neo", "gptj", "granite", "granitemoe", "granitemoehybrid",
                "granitemoeshared", "exaone4", "flex_olmo", "minimax", "olmo3", "opt", "starcoder2", "dbrx",
            ]
        ),
        (
            "Qwen2",
            ["qwen2", "qwen2_5_vl", "qwen2_moe", "qwen2_vl", "qwen3", "qwen3_moe", "qwen3_next", "qwen3_vl"]
        ),
        ("GPTNeoX", ["gpt_neox", "mpt", "olmo", "olmo2", "olmoe", "stablelm", "mamba", "mamba2", "rwkv"]),
        (
            "Gemma",
            ["gemma", "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text", "recurrent_gemma"]
        ),
        ("Roberta", ["roberta", "roberta-prelayernorm", "ibert"]),
        ("XLMRoberta", ["xlm-roberta", "xlm-roberta-xl", "xmod"]),
        ("CodeGen", ["codegen", "phi"]), ("Cohere", ["cohere", "cohere2"]), ("Bloom", ["bloom"]),
        ("CodeLlama", ["code_llama"]), ("DistilBert", ["distilbert"]), ("Electra", ["electra"]),
        ("MPNet", ["mpnet"]), ("Camembert", ["camembert"]), ("DebertaV2", ["deberta-v2"]),
        ("Albert", ["albert"]), ("T5", ["t5", "umt5", "longt5"]),
    ]
}
