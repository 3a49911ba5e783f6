import Conversion
import Tensors
import Tokenizers

extension ManifestSchema {
    /// The keys of a model that is made from another one.
    static let conversionKeys = [
        Key(
            name: "from", type: .text(.entryName),
            summary: "The model entry that this one is made from, in place of a source."),
        Key(
            name: "dtype", type: .choice(CastType.allCases.map(\.rawValue)),
            summary: "Casts the safetensors of the entry in `from` to this type, shard by shard."),
        Key(
            name: "merge", type: .list(.entryName, mayBeEmpty: false),
            summary: "Model entries whose LoRA adapters are merged into the weights before they are cast."),
        Key(
            name: "prune", type: .sparsity,
            summary:
                "Sets weights in the matrices of the entry in `from` to zero: a part of every row such as 0.3, or "
                + "2:4 or 4:8, the patterns that kernels have."),
        Key(
            name: "prune-tensors", type: .list(.line, mayBeEmpty: false),
            summary: "Tensors to prune, too, which are usually kept, such as lm_head.weight."),
        Key(
            name: "gguf", type: .choice(ggufTypes),
            hint: "write one of convert_hf_to_gguf.py's types in small letters, or one of llama-quantize's",
            summary: "Makes a GGUF file of the entry in `from`: in small letters the types of "
                + "convert_hf_to_gguf.py, in capitals those of llama-quantize; fit chooses a type for every "
                + "tensor, so that the file is within a budget and the error is least."),
        Key(
            name: "bits", type: .bits,
            summary: "For gguf = \"fit\": the most bits for a weight, such as 4.25; max-size states bytes."),
        Key(
            name: "fit-memory", type: .choice(Accelerator.allCases.map(\.rawValue)),
            summary: "For gguf = \"fit\": the accelerator whose memory has to hold the file and a context."),
        Key(
            name: "context", type: .count, defaultText: nil,
            summary: "The tokens of that context; \(FitBudget.usualContext) if it is not stated."),
        Key(
            name: "weight", type: .count, defaultText: nil,
            summary:
                "Where gguf = \"fit\" shares the budget `fit` of the bundle: how many times its error counts, "
                + "up to \(FitRequest.greatestWeight); 1 if it is not stated."),
        Key(
            name: "floor", type: .choice(FitRequest.floors), defaultText: "Q6_K",
            summary: "For gguf = \"fit\": token embeddings and output get at least the bits of this type, "
                + "and those of Q5_1 for Q6_K where their rows are no multiples of 256."),
        Key(
            name: "speed", type: .choice(FitRequest.speeds), defaultText: "any",
            summary: "For gguf = \"fit\": cpu leaves out types with codebooks, which are slow there."),
        Key(
            name: "fused", type: .flag, defaultText: "false",
            summary:
                "For gguf = \"fit\": whether a block's query, key and value get one type, and its gate and up."
        ),
        Key(
            name: "calibrate", type: .text(.line),
            summary:
                "For gguf = \"fit\": the path of a text, relative to the manifest, on which llama.cpp measures the weights of roles."
        ),
        Key(
            name: "via", type: .choice(GGUFProduct.intermediates.map(\.rawValue)),
            summary:
                "The type of the file between, as if there were one; by default the type that keeps the "
                + "numbers of the checkpoint best."),
        Key(
            name: ConversionRequest.projectorKey, type: .flag, defaultText: "false",
            summary:
                "Whether the part for pictures or sound becomes GGUF, too: a file that llama.cpp takes as --mmproj."
        ),
        Key(
            name: "imatrix", type: .text(.line),
            summary: "The path of an importance matrix, relative to the manifest."),
        Key(
            name: "pre-tokenizer", type: .choice(PreTokenizer.accepted),
            summary: "The pre-tokenizer's name, if it is not known from what the tokenizer does."),
    ]

    /// What the wheels are for.
    static let wheelKeys = [
        Key(
            name: "python", type: .text(.python), defaultText: WheelSettings.defaultPython,
            summary: "The notebook's CPython, such as 3.12 or 3.12.4."),
        Key(
            name: "platform", type: .text(.platform), defaultText: WheelSettings.defaultPlatform,
            summary: "The newest platform tag that the notebook takes; older ones are included."),
        Key(
            name: "provided", type: .list(.provided, mayBeEmpty: true),
            summary: "Packages that the notebook has already, with their versions if they are known."),
        Key(
            name: "provided-file", type: .text(.line),
            summary:
                "The path of a file with such packages, relative to the manifest: what pip freeze prints there."
        ),
        Key(
            name: "requires", type: .list(.requirement, mayBeEmpty: false),
            summary:
                "What will be installed, as pip takes it; every package of the entry if there is none."
        ),
    ]

    /// What `gguf` takes.
    private static let ggufTypes =
        ["auto"] + OutputType.allCases.map(\.rawValue)
        + QuantizationType.all.filter { !$0.isCopy }.map(\.name) + [FitRequest.name]

    /// A model comes from a source or is made from another one.
    static let modelForms = [
        Form(key: "source", own: ["include", "exclude", "pack"], words: "with a source"),
        Form(
            key: "from",
            own: [
                "dtype", "merge", "prune", "prune-tensors", "gguf", "via", "mmproj", "imatrix",
                "pre-tokenizer",
            ] + FitRequest.keys,
            needsOneOf: ["dtype", "gguf", "prune"], exclusive: ("dtype", "gguf"),
            dependent: [
                ("merge", "dtype"), ("prune-tensors", "prune"), ("via", "gguf"), ("mmproj", "gguf"),
                ("pre-tokenizer", "gguf"),
            ]
                + FitRequest.keys.map { ($0, "gguf") },
            words: "that is made from another one"),
    ]
}
