"""What make_models.py makes: small random models of every family that can be converted, with what real ones vary in.

The families of one file of the converter stand together; a variant states in its name what is special.
"""

# The number of tokens of the tokenizers.
SIZE = 320

SMALL = dict(
    vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128,
)  # fmt: skip
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)
LONG = dict(type="longrope", long_factor=[1.0 + i / 7 for i in range(8)], short_factor=[1.0 + i / 9 for i in range(8)])


def model(
    family: str, tokenizer="bpe", *, drop=(), put=None, dtype="bfloat16", shards=None, edit=None, files=None, split=False, **config
) -> dict:
    """One model: a class of transformers, values of its configuration, and what is done to the files.

    Args:
        drop: keys that config.json shall not have.
        put: keys and values that config.json shall have whatever transformers writes.
        shards: the largest size of a file.
        edit: what becomes of the tensors.
        files: others, by their paths, as JSON.
        split: whether the weights shall be in two files that have every other tensor each.
    """
    return dict(family=family, tokenizer=tokenizer, drop=drop, put=put or {}, dtype=dtype, shards=shards, edit=edit,
                files=files or {}, split=split, config=config)  # fmt: skip


def without_prefix(tensors):
    return {name.removeprefix("model.").removeprefix("transformer."): value for name, value in tensors.items()}


def with_head(tensors):
    return tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}


def without_head(tensors):
    return {name: value for name, value in tensors.items() if name != "lm_head.weight"}


# What most models say and transformers fills where one does not.
DEFAULTS = (
    "max_position_embeddings", "rms_norm_eps", "rope_theta", "num_key_value_heads", "head_dim", "layer_norm_eps",
    "norm_epsilon", "layer_norm_epsilon", "partial_rotary_factor", "sliding_window", "rope_local_base_freq",
    "final_logit_softcapping", "attn_logit_softcapping", "original_max_position_embeddings", "layer_types",
    "attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling",
    "num_experts_per_tok", "shared_expert_intermediate_size", "moe_intermediate_size", "use_parallel_residual",
    "n_positions",
)  # fmt: skip
PICTURES = dict(mm_tokens_per_image=4, vision_config=dict(
    hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14,
))  # fmt: skip
EXPERTS = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64)

MODELS = {
    "llama": model("Llama", "spm", **SMALL),
    "llama-sparse": model("Llama", "spm", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4)),
    "llama-tied-bias": model(
        "Llama", "fallback", **SMALL, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
    "llama-head": model("Llama", "spm", **SMALL, head_dim=32, dtype="float16"),
    "llama-odd": model("Llama", "spm", **SMALL | dict(hidden_size=80, intermediate_size=112), dtype="float32"),
    "llama3-shards": model("Llama", **SMALL, rope_scaling=dict(LLAMA3), rope_theta=500000.0, shards="60KB"),
    "llama-linear": model("Llama", "spm", **SMALL, rope_scaling=dict(type="linear", factor=4.0)),
    "llama-yarn": model("Llama", "spm", **SMALL, rope_scaling=dict(
        rope_type="yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=32, beta_slow=1,
        attention_factor=0.75)),
    "llama-dynamic": model("Llama", "spm", **SMALL, rope_scaling=dict(rope_type="dynamic", factor=2.0)),
    "llama-nulls": model("Llama", "spm", **SMALL, put=dict(head_dim=None, rope_scaling=None, num_key_value_heads=None)
                         ) | {"config": SMALL | dict(num_key_value_heads=4)},
    "llama-parameters": model("Llama", "spm", **SMALL, drop=("rope_theta", "rope_scaling"),
                              put=dict(rope_parameters=dict(rope_type="default", rope_theta=250000.0))),
    "llama-broken-rope": model("Llama", "spm", **SMALL, drop=("rms_norm_eps", "rope_theta") + ("head_dim",),
                               put=dict(rope_scaling=dict(type="linear"))),
    "llama-base": model("Llama", "spm", **SMALL, put=dict(architectures=["LlamaModel"]),
                        edit=lambda tensors: without_prefix(without_head(tensors))),
    "mistral": model("Mistral", "spm", **SMALL, sliding_window=32),
    "mistral-head": model("Mistral", "fallback", **SMALL, head_dim=32, sliding_window=None),
    "mistral-sparse": model("Mistral", "spm", drop=("max_position_embeddings", "rms_norm_eps", "rope_theta") + ("head_dim",), **SMALL),
    "mistral-yarn": model("Mistral", "spm", **SMALL, put=dict(rope_scaling=dict(
        type="yarn", factor=8.0, original_max_position_embeddings=16, extrapolation_factor=0.5, attn_factor=1.5))),
    "llama-longrope": model("Llama", **SMALL, rope_scaling=dict(LONG, rope_type="longrope", factor=2.0)),
    "llama-two-types": model("Llama", **SMALL, put=dict(rope_scaling=dict(type="linear", rope_type="yarn", factor=2))),
    "llama-other-names": model("Llama", "spm", **SMALL, put=dict(n_layers=2, n_heads=4, n_kv_heads=2, norm_eps=1e-3)),
    "mixtral": model("Mixtral", "spm", **SMALL, num_local_experts=4),
    "mixtral-sparse": model("Mixtral", "spm", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=8, num_key_value_heads=8), num_local_experts=3, num_experts_per_tok=2),
    "granite": model("Granite", **SMALL, attention_multiplier=0.25, embedding_multiplier=12.0, residual_multiplier=0.22,
                     logits_scaling=8.0, rope_theta=10000000.0, tie_word_embeddings=True),
    "granite-sparse": model("Granite", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4)),
    "granite-head": model("Granite", **SMALL, put=dict(head_dim=16), attention_bias=True),
    "granite-refused": model("Granite", drop=DEFAULTS, **SMALL, put=dict(
        rope_scaling=dict(type="linear", factor=2.0), num_key_value_heads=2)),
    "qwen2": model("Qwen2", **SMALL),
    "qwen2-sparse": model("Qwen2", drop=DEFAULTS, **SMALL | dict(
        hidden_size=128, num_attention_heads=32, num_key_value_heads=32)),
    "qwen2-yarn-tied": model("Qwen2", **SMALL, tie_word_embeddings=True, rope_scaling=dict(
        type="yarn", factor=4.0, original_max_position_embeddings=32)),
    "qwen2-window": model("Qwen2", **SMALL, use_sliding_window=True, sliding_window=32, max_window_layers=1),
    "qwen2-base": model("Qwen2", **SMALL, put=dict(architectures=["Qwen2Model"]),
                        edit=lambda tensors: without_prefix(without_head(tensors))),
    "qwen2-pieces": model("Qwen2", "spm", **SMALL),
    "qwen2moe": model("Qwen2Moe", **SMALL, **EXPERTS, shared_expert_intermediate_size=96),
    "qwen2moe-sparse": model("Qwen2Moe", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=16, num_key_value_heads=16), num_experts=5),
    "qwen3": model("Qwen3", **SMALL, head_dim=32),
    "qwen3-sparse": model("Qwen3", drop=DEFAULTS, **SMALL | dict(num_attention_heads=32, num_key_value_heads=32)),
    "qwen3-bias": model("Qwen3", **SMALL, head_dim=16, attention_bias=True, tie_word_embeddings=True, shards="100KB"),
    "qwen3-embedding": model("Qwen3", **SMALL, head_dim=16, put=dict(architectures=["Qwen3Model"]),
                             edit=lambda tensors: without_prefix(without_head(tensors)), files={
        "modules.json": [dict(idx=0, name="0", path="", type="sentence_transformers.models.Transformer"),
                         dict(idx=1, name="1", path="1_Pooling", type="sentence_transformers.models.Pooling")],
        "1_Pooling/config.json": dict(word_embedding_dimension=64, pooling_mode_lasttoken=True)}),
    "Qwen3-Reranker": model("Qwen3", **SMALL, head_dim=16),
    "qwen3-reranker-tied": model("Qwen3", **SMALL, head_dim=16, tie_word_embeddings=True),
    "qwen3moe-normed": model("Qwen3Moe", **SMALL, **EXPERTS, head_dim=16, norm_topk_prob=True),
    "qwen3moe": model("Qwen3Moe", **SMALL, **EXPERTS, head_dim=16),
    "qwen3moe-sparse": model("Qwen3Moe", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=32, num_key_value_heads=4), num_experts=3),
    "gemma": model("Gemma", "spm", **SMALL, head_dim=16),
    "gemma-head": model("Gemma", "spm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=16, num_key_value_heads=16),
                        edit=with_head),
    "gemma2": model("Gemma2", "spm", **SMALL, head_dim=16, sliding_window=32, query_pre_attn_scalar=16),
    "gemma2-sparse": model("Gemma2", "spm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=8, num_key_value_heads=4),
                           query_pre_attn_scalar=16),
    "gemma3": model("Gemma3Text", "spm", **SMALL, head_dim=16, sliding_window=32, put=dict(
        architectures=["Gemma3ForCausalLM"])),
    "gemma3-scaled": model("Gemma3Text", "spm", **SMALL, head_dim=16, sliding_window=32, query_pre_attn_scalar=16),
    "gemma3-sparse": model("Gemma3Text", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=8, num_key_value_heads=4, vocab_size=SIZE - 2)),
    "gemma3-linear": model("Gemma3Text", "spm", **SMALL, head_dim=16, rope_scaling=dict(rope_type="linear", factor=8.0),
                           final_logit_softcapping=30.0, put=dict(sliding_window_pattern=1)),
    "gemma3-refused": model("Gemma3Text", "spm", **SMALL, head_dim=16, drop=("max_position_embeddings", "rms_norm_eps", "rope_theta") + ("head_dim",), put=dict(
        rope_scaling=dict(type="linear", factor=8.0), architectures=["Gemma3ForCausalLM"])),
    "gemma3-spare-rows": model("Gemma3Text", **SMALL | dict(vocab_size=SIZE + 8), head_dim=16, put=dict(vocab_size=SIZE - 2)),
    "gemma3-pictures": model("Gemma3", "spm", text_config=SMALL | dict(head_dim=16, sliding_window=32), **PICTURES),
    "gemma3-pictures-sparse": model("Gemma3", "spm", text_config=SMALL | dict(
        head_dim=256, num_attention_heads=8, num_key_value_heads=4), **PICTURES, put=dict(text_config={key: SMALL[key] for key in (
            "hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size")})),
    "gemma3-pictures-refused": model("Gemma3", "spm", text_config=SMALL | dict(head_dim=16), **PICTURES, put=dict(text_config=SMALL | dict(
            sliding_window=32, rope_scaling=dict(type="linear", factor=8.0)))),
    "phi2": model("Phi", **SMALL | dict(num_key_value_heads=4), partial_rotary_factor=0.4),
    "phi2-wide": model("Phi", **SMALL | dict(num_key_value_heads=4, intermediate_size=256), partial_rotary_factor=0.5),
    "phi2-sparse": model("Phi", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4), dtype="float16"),
    "phi3": model("Phi3", "spm", **SMALL, pad_token_id=0),
    "phi3-sparse": model("Phi3", "spm", drop=DEFAULTS + ("pad_token_id",), **SMALL | dict(num_key_value_heads=4),
                         pad_token_id=0),
    "phi3-long": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, rope_scaling=dict(LONG),
                       sliding_window=48, pad_token_id=0),
    "phi3-su": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, pad_token_id=0,
                     put=dict(rope_scaling=dict(LONG, type="su"))),
    "phi4": model("Phi3", **SMALL | dict(hidden_size=96), partial_rotary_factor=0.75, pad_token_id=0),
    "phi3-yarn": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, pad_token_id=0,
                       put=dict(rope_scaling=dict(LONG, type="yarn"))),
    "phi3-refused": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, pad_token_id=0,
                          put=dict(rope_scaling=dict(LONG, type="yarn", factor=2.0), num_key_value_heads=2)),
    "gpt2": model("GPT2", n_embd=64, n_layer=2, n_head=4, n_positions=128, vocab_size=SIZE, put=dict(n_ctx=128)),
    "gpt2-sparse": model("GPT2", n_embd=64, n_layer=2, n_head=12, vocab_size=SIZE, drop=DEFAULTS + ("n_head",),
                         put=dict(n_ctx=1024), dtype="float32", edit=without_prefix)
    | {"config": dict(n_embd=96, n_layer=2, n_head=12, vocab_size=SIZE)},
    "gpt2-names": model("GPT2", n_embd=64, n_layer=2, n_head=4, n_positions=128, vocab_size=SIZE,
                        drop=("n_embd", "n_layer", "n_head", "n_positions"), put=dict(
                            n_ctx=128, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                            max_position_embeddings=128)),
    "olmo": model("Olmo", **SMALL, clip_qkv=8.0),
    "olmo-sparse": model("Olmo", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4)),
    "olmo2": model("Olmo2", **SMALL),
    "olmo2-sparse": model("Olmo2", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4)),
    "olmo2-refused": model("Olmo2", drop=("rms_norm_eps", "rope_theta"), **SMALL,
                           put=dict(rope_scaling=dict(rope_type="linear", factor=2.0, type="linear"))),
    "olmo3": model("Olmo3", **SMALL | dict(num_hidden_layers=5), sliding_window=32),
    "olmo3-sparse": model("Olmo3", drop=DEFAULTS, **SMALL | dict(num_hidden_layers=5, num_key_value_heads=4)),
    "starcoder2": model("Starcoder2", **SMALL, tie_word_embeddings=True, sliding_window=32),
    "starcoder2-sparse": model("Starcoder2", drop=DEFAULTS, **SMALL, use_bias=False),
    "stablelm": model("StableLm", **SMALL, use_parallel_residual=True, use_qkv_bias=True),
    "stablelm-sparse": model("StableLm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=32, num_key_value_heads=32)
                             | dict(hidden_size=128)),
    "stablelm-epoch": model("StableLm", **SMALL, put=dict(architectures=["StableLMEpochForCausalLM"],
                            model_type="stablelm_epoch", rope_pct=0.25, norm_eps=1e-5),
                            drop=("partial_rotary_factor", "layer_norm_eps", "use_parallel_residual")),
}  # fmt: skip
