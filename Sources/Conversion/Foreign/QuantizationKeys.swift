import Formats

/// What each key of `quantization_config` means where weights are made plain numbers again, method by method
/// (transformers 5.23, `utils/quantization_config.py`; compressed-tensors 0.12; GPTQModel 5; ModelOpt 0.37).
enum QuantizationKeys {
    /// The methods that can be undone, each with its keys.
    static let methods: [(name: String, table: ForeignTable)] = [
        (
            "bitnet",
            ForeignTable(
                "quantization_config, bitnet",
                shared + [
                    ForeignRow(
                        ["linear_class"],
                        .only(["bitlinear", "autobitlinear"], "only these two classes are known")),
                    ForeignRow(
                        ["quantization_mode"],
                        .only(
                            ["offline"],
                            "the weights are those of training, which are rounded when they are loaded")),
                    ForeignRow(["use_rms_norm"], .only([false], "llama.cpp has no norm before each matrix")),
                    ForeignRow(["rms_norm_eps"], .ignored("only with use_rms_norm")),
                ])
        ),
        (
            "compressed-tensors",
            ForeignTable(
                "quantization_config, compressed-tensors",
                shared + [
                    ForeignRow(["format"], .read("how the numbers are stored")),
                    ForeignRow(["config_groups"], .object),
                    ForeignRow(["ignore"], .ignored("the tensors' names decide")),
                    ForeignRow(
                        ["kv_cache_scheme"], .ignored("the cache's type is chosen where a GGUF is run")),
                    ForeignRow(["sparsity_config"], .object),
                    ForeignRow(
                        ["transform_config"],
                        .only([.object([])], "weights that belong to rotated activations cannot be converted")
                    ),
                    ForeignRow(
                        ["quantization_status"],
                        .only(["compressed", "frozen"], "the weights are not those that the scales are for")),
                    ForeignRow(
                        ["global_compression_ratio", "version", "run_compressed"],
                        .ignored("what was saved, and how it is loaded")),
                ])
        ),
        (
            "fp8",
            ForeignTable(
                "quantization_config, fp8",
                shared + [
                    ForeignRow(["weight_block_size"], .read("the numbers that share a scale")),
                    ForeignRow(["fmt"], .only(["e4m3", "float8_e4m3fn"], "only this form is known")),
                    ForeignRow(
                        ["activation_scheme", "scale_fmt", "act_quant"],
                        .ignored("activations are not rounded in llama.cpp")),
                    ForeignRow(["ignored_layers"], .ignored("the tensors' names decide")),
                ])
        ),
        (
            "gptq",
            ForeignTable(
                "quantization_config, gptq",
                shared + [
                    ForeignRow(["bits"], .read("2, 4 or 8")),
                    ForeignRow(["checkpoint_format"], .read("whether zeros are stored less one")),
                    ForeignRow(
                        ["format"],
                        .only(["gptq"], "checkpoint_format states whether zeros are stored less one")),
                    ForeignRow(
                        ["group_size", "desc_act", "sym"],
                        .ignored("the groups and zeros are stored as tensors")),
                    ForeignRow(
                        ["dynamic"], .only([.object([])], "matrices of their own bits cannot be converted")),
                    ForeignRow(
                        ["pack_dtype"], .only(["int32"], "numbers are taken from words of 32 bits")),
                    ForeignRow(
                        ["is_marlin_format", "use_marlin"], .only([false], "the words are in another order")),
                    ForeignRow(
                        ["adapter", "rotation"],
                        .only([.object([])], "weights that need more than their numbers cannot be converted")),
                    ForeignRow(["lm_head"], .ignored("the tensors' names decide")),
                    ForeignRow(
                        [
                            "damp_percent", "damp_auto_increment", "dataset", "true_sequential",
                            "static_groups", "model_seqlen", "block_name_to_quantize",
                            "module_name_preceding_first_block", "modules_in_block_to_quantize", "batch_size",
                            "pad_token_id", "tokenizer", "quantizer", "meta", "act_group_aware", "mse",
                            "cache_block_outputs", "parallel_packing", "offload_to_disk",
                            "offload_to_disk_path", "v2", "v2_alpha",
                        ], .ignored("how the rounding was found")),
                    ForeignRow(
                        [
                            "use_cuda_fp16", "use_exllama", "disable_exllama", "exllama_config",
                            "max_input_length", "backend", "model_name_or_path", "model_file_base_name",
                            "version", "use_triton",
                        ], .ignored("how it is loaded")),
                ])
        ),
        (
            "modelopt",
            ForeignTable(
                "quantization_config, modelopt",
                shared + [
                    ForeignRow(
                        ["quant_algo", "quantized_layers"], .read("which numbers of 4 or 8 bits there are")),
                    ForeignRow(
                        ["config_groups", "quantization"], .ignored("the tensors' names and types decide")),
                    ForeignRow(["exclude_modules", "ignore"], .ignored("the tensors' names decide")),
                    ForeignRow(
                        ["group_size"], .only([16, 32], "only scales for 16 numbers, or for rows, are known")),
                    ForeignRow(
                        ["has_zero_point"], .only([false], "numbers with a zero of their own are not known")),
                    ForeignRow(
                        ["pre_quant_scale"],
                        .only([false], "weights that belong to scaled activations cannot be converted")),
                    ForeignRow(
                        ["kv_cache_quant_algo", "kv_cache_scheme"],
                        .ignored("the cache's type is chosen where a GGUF is run")),
                    ForeignRow(["producer", "version"], .ignored("who wrote it")),
                ])
        ),
        (
            "mxfp4", ForeignTable("quantization_config, mxfp4", shared)
        ),
    ]

    /// The methods that transformers has and that cannot be undone.
    static let refused = [
        "aqlm", "auto-round", "auto_round", "awq", "bitsandbytes", "eetq", "fbgemm_fp8", "fouroversix",
        "fp_quant", "higgs", "hqq",
        "metal", "quanto", "quark", "sinq", "spqr", "torchao", "vptq",
    ]

    private static let shared: [ForeignRow] = [
        ForeignRow(["quant_method"], .read("the method")),
        ForeignRow(
            ["modules_to_not_convert", "modules_to_convert"], .ignored("the tensors' names decide")),
        ForeignRow(["dequantize"], .ignored("the weights are made plain numbers in any case")),
    ]

    /// A group of compressed-tensors.
    static let group = ForeignTable(
        "config_groups of compressed-tensors",
        [
            ForeignRow(["weights"], .object),
            ForeignRow(["format"], .read("how the group's numbers are stored")),
            ForeignRow(["targets"], .ignored("the tensors' names decide")),
            ForeignRow(
                ["input_activations", "output_activations"],
                .ignored("activations are not rounded in llama.cpp")),
        ])

    /// How weights of a group are rounded.
    static let weights = ForeignTable(
        "weights of a group of compressed-tensors",
        [
            ForeignRow(
                ["num_bits", "type", "strategy", "group_size", "block_structure"],
                .read("which numbers there are")),
            ForeignRow(
                ["symmetric", "actorder", "zp_dtype", "scale_dtype"], .ignored("zeros and scales are tensors")
            ),
            ForeignRow(["dynamic"], .only([false], "the scales are not stored")),
            ForeignRow(["observer", "observer_kwargs"], .ignored("how the rounding was found")),
        ])

    /// Sparse weights of compressed-tensors.
    static let sparsity = ForeignTable(
        "sparsity_config of compressed-tensors",
        [
            ForeignRow(["format"], .only(["dense"], "weights without their zeros cannot be converted")),
            ForeignRow(
                ["global_sparsity", "registry_requires_subclass", "sparsity_structure", "ignore", "targets"],
                .ignored("the weights are stored with their zeros")),
        ])

    /// Compares a configuration with what is known of its method; other methods are errors of their own.
    /// - Parameter parent: the keys of the objects that the configuration is in, each with a dot behind.
    static func check(_ config: JSON, in parent: String, _ review: inout ForeignReview) {
        guard config.members != nil else { return }
        let name = config["quant_method"]?.string ?? (config["quant_algo"] != nil ? "modelopt" : "")
        let place = parent + "quantization_config."
        guard let table = methods.first(where: { $0.name.hasSameBytes(as: name) })?.table else {
            // Without a method nothing is undone; what would say that something has to be is not known.
            return review.check(
                config, ForeignTable("", [ForeignRow(["quant_method"], .read(""))]), in: place)
        }
        review.check(config, table, in: place)
        if name == "compressed-tensors" {
            for member in config["config_groups"]?.members ?? [] {
                let own = place + "config_groups.\(member.key)."
                review.check(member.value, group, in: own)
                review.check(member.value["weights"] ?? .null, weights, in: own + "weights.")
            }
            if let own = config["sparsity_config"] {
                review.check(own, sparsity, in: place + "sparsity_config.")
            }
        }
    }
}
