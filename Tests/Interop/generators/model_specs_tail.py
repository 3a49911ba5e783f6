"""What make_models_tail.py makes: models of the families that came last, as in model_specs_wider.py."""

from model_specs import LLAMA3, SIZE, SMALL, model
from model_specs_more import MLA, but, made, pooling
from model_specs_wider import (
    CLIP, FLASH, HEADED, LAYERS, NAMED, NOT_DENSE, WIDE, both, experts, flash_block, norm,
)  # fmt: skip

IDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)
BLOCK = "model.layers.{}"
HEAD_NORMS = {f"{BLOCK}.self_attn.q_norm.weight": [16], f"{BLOCK}.self_attn.k_norm.weight": [16]}
ROUTER = {f"{BLOCK}.mlp.gate.weight": [4, 64]}
MOE = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32)
LLAMA_LIKE = SMALL | dict(rms_norm_eps=1e-5, rope_theta=500000.0, tie_word_embeddings=False, hidden_act="silu")
ATTENTION_BIASES = {f"{BLOCK}.self_attn.{part}_proj.bias": [size] for part, size in {"q": 64, "k": 32, "v": 32, "o": 64}.items()}


def config(name: str, kind: str, **own) -> dict:
    return LLAMA_LIKE | dict(architectures=[name], model_type=kind) | own


def dense(start: str, inner: int = 96, width: int = 64) -> dict:
    return {f"{start}.gate_proj.weight": [inner, width], f"{start}.up_proj.weight": [inner, width],
            f"{start}.down_proj.weight": [width, inner]}  # fmt: skip


def in_block(shapes: dict, block: int) -> dict:
    return {name.replace("{}", str(block)): shape for name, shape in shapes.items()}


# Gemma 4

ROTATIONS = dict(
    full_attention=dict(rope_type="proportional", partial_rotary_factor=0.25, rope_theta=1000000.0),
    sliding_attention=dict(rope_type="default", rope_theta=10000.0))  # fmt: skip
WINDOWS = ["sliding_attention", "full_attention"]
GEMMA4 = dict(
    model_type="gemma4_text", vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, head_dim=16, global_head_dim=32, num_global_key_value_heads=1,
    max_position_embeddings=128, rms_norm_eps=1e-6, rope_parameters=ROTATIONS, sliding_window=32, layer_types=WINDOWS,
    final_logit_softcapping=30.0, hidden_activation="gelu_pytorch_tanh", num_kv_shared_layers=0, hidden_size_per_layer_input=0,
    vocab_size_per_layer_input=SIZE, attention_k_eq_v=True, enable_moe_block=False, use_double_wide_mlp=False,
    moe_intermediate_size=None, num_experts=None, top_k_experts=None, tie_word_embeddings=True, attention_bias=False,
    use_bidirectional_attention=None, **IDS)  # fmt: skip


def gemma4_block(block: int, start: str, heads: int, keys: int, length: int, *, values=True, kept=True, inner=96, deep=0) -> dict:
    """One block; what shares others' keys and values has none of its own (`kept`)."""
    own = f"{start}layers.{block}"
    norms = ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"]
    shapes = {f"{own}.{name}.weight": [64] for name in norms} | dense(f"{own}.mlp", inner) | {
        f"{own}.self_attn.q_proj.weight": [heads * length, 64], f"{own}.self_attn.o_proj.weight": [64, heads * length],
        f"{own}.self_attn.q_norm.weight": [length], f"{own}.layer_scalar": [1]}  # fmt: skip
    if kept:
        shapes |= {f"{own}.self_attn.k_proj.weight": [keys * length, 64], f"{own}.self_attn.k_norm.weight": [length]}
    if kept and values:
        shapes |= {f"{own}.self_attn.v_proj.weight": [keys * length, 64]}
    if deep:
        shapes |= {f"{own}.per_layer_input_gate.weight": [deep, 64], f"{own}.per_layer_projection.weight": [64, deep],
                   f"{own}.post_per_layer_input_norm.weight": [64]}  # fmt: skip
    return shapes


def gemma4_ends(start: str, rows: int = SIZE) -> dict:
    return {f"{start}embed_tokens.weight": [rows, 64], f"{start}norm.weight": [64]}


def gemma4_experts(block: int, start: str) -> dict:
    own = f"{start}layers.{block}"
    return {f"{own}.router.proj.weight": [4, 64], f"{own}.router.scale": [64], f"{own}.router.per_expert_scale": [4],
            f"{own}.experts.gate_up_proj": [4, 64, 64], f"{own}.experts.down_proj": [4, 64, 32],
            f"{own}.pre_feedforward_layernorm_2.weight": [64], f"{own}.post_feedforward_layernorm_1.weight": [64],
            f"{own}.post_feedforward_layernorm_2.weight": [64]}  # fmt: skip


INNER = "model.language_model."
GEMMA4_DENSE = gemma4_ends("model.", SIZE + 8) | gemma4_block(0, "model.", 4, 2, 16) | gemma4_block(
    1, "model.", 4, 1, 32, values=False)  # fmt: skip
GEMMA4_MOE = gemma4_ends(INNER) | gemma4_block(0, INNER, 4, 2, 16) | gemma4_block(1, INNER, 4, 1, 32, values=False) | (
    gemma4_experts(0, INNER) | gemma4_experts(1, INNER)) | {
    "model.vision_tower.encoder.layers.0.mlp.up_proj.linear.weight": [32, 32],
    "model.embed_vision.embedding_projection.weight": [64, 32]}  # fmt: skip
GEMMA4_SMALL = gemma4_ends(INNER) | {
    f"{INNER}embed_tokens_per_layer.weight": [SIZE, 32], f"{INNER}per_layer_model_projection.weight": [32, 64],
    f"{INNER}per_layer_projection_norm.weight": [8]} | gemma4_block(0, INNER, 4, 2, 16, deep=8) | gemma4_block(
    1, INNER, 4, 2, 32, deep=8) | gemma4_block(2, INNER, 4, 2, 16, kept=False, inner=192, deep=8) | gemma4_block(
    3, INNER, 4, 2, 32, kept=False, inner=192, deep=8)  # fmt: skip
GEMMA4_DRAFT = gemma4_ends("model.") | gemma4_block(0, "model.", 4, 2, 16, kept=False) | gemma4_block(
    1, "model.", 4, 2, 32, kept=False) | {"pre_projection.weight": [64, 256], "post_projection.weight": [128, 64]}  # fmt: skip
WHOLE4 = dict(architectures=["Gemma4ForConditionalGeneration"], model_type="gemma4", vision_config=dict(hidden_size=32),
              audio_config=None, tie_word_embeddings=True)  # fmt: skip
PER_LAYER = {"1": dict(head_dim=32)}

# Gemma 3n

GEMMA3N = SMALL | dict(
    num_hidden_layers=3, head_dim=16, vocab_size_per_layer_input=SIZE - 8, hidden_size_per_layer_input=8, laurel_rank=8,
    intermediate_size=[96] * 3, num_kv_shared_layers=1, sliding_window=32, activation_sparsity_pattern=[0.95, 0.0, 0.0],
    layer_types=["sliding_attention", "full_attention", "sliding_attention"])  # fmt: skip
DEFAULTS_3N = ("max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_local_base_freq", "sliding_window", "layer_types",
               "activation_sparsity_pattern", "final_logit_softcapping", "altup_active_idx", "altup_num_inputs")  # fmt: skip


def whole_3n(tensors):
    """As the models with pictures and sound are published: transformers renames one tensor too much as it saves."""
    return {name.replace("model.language_model_projection", "model_projection"): value for name, value in tensors.items()}


def text_3n(tensors):
    """The part for text alone."""
    return {name.replace("language_model.", ""): value for name, value in whole_3n(tensors).items()}


# T5

SMALL_T5 = dict(vocab_size=SIZE, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4, decoder_start_token_id=0)

MODELS = {
    "gemma3n": model("Gemma3nText", "spm", edit=text_3n, **GEMMA3N, put=dict(architectures=["Gemma3nForCausalLM"])),
    "gemma3n-sparse": model("Gemma3nText", "bpe", edit=text_3n, **GEMMA3N | dict(num_hidden_layers=5, intermediate_size=96, num_kv_shared_layers=0,
                                                                   layer_types=None, activation_sparsity_pattern=None),
                            drop=DEFAULTS_3N, put=dict(architectures=["Gemma3nForCausalLM"])),
    "gemma3n-pictures": model("Gemma3nText", "spm", edit=whole_3n, **GEMMA3N, drop=("architectures",), put=dict(
        model_type="gemma3n", architectures=["Gemma3nForConditionalGeneration"], text_config=GEMMA3N | dict(
            model_type="gemma3n_text"))),
    "t5": model("T5", "t5", **SMALL_T5, n_positions=256),
    "t5-gated": model("T5", "t5-added", **SMALL_T5 | dict(num_layers=3), num_decoder_layers=2, feed_forward_proj="gated-gelu",
                      tie_word_embeddings=False, dtype="float32", drop=("layer_norm_epsilon", "relative_attention_num_buckets")),
    "t5-encoder": model("T5EncoderModel", "t5", **but(SMALL_T5, "decoder_start_token_id"), dtype="float16"),
    "mt5": model("MT5", "t5", **SMALL_T5, drop=("decoder_start_token_id", "num_decoder_layers", "layer_norm_epsilon")),
    "umt5": model("UMT5", "t5", **SMALL_T5),
    "llama4": model("Llama4Text", **SMALL, intermediate_size_mlp=128, head_dim=16, num_local_experts=4,
                    interleave_moe_layer_step=2, put=dict(architectures=["Llama4ForCausalLM"])),
    "llama4-pictures": model("Llama4", text_config=SMALL | dict(intermediate_size_mlp=128, head_dim=16, num_local_experts=4,
                                                                rope_scaling=dict(LLAMA3), no_rope_layers=[0, 0]),
                             vision_config=dict(hidden_size=32, intermediate_size=128, num_hidden_layers=1,
                                                num_attention_heads=2, image_size=28, patch_size=14, vision_output_dim=32,
                                                projector_input_dim=32, projector_output_dim=32)),
    "llama4-sparse": model("Llama4Text", **SMALL | dict(num_key_value_heads=8, num_attention_heads=8, head_dim=8), intermediate_size_mlp=96,
                           num_local_experts=16, drop=("max_position_embeddings", "rms_norm_eps", "rope_theta", "num_local_experts",
                                                       "num_key_value_heads", "layer_types", "no_rope_layers", "head_dim",
                                                       "interleave_moe_layer_step"), put=dict(architectures=["Llama4ForCausalLM"])),
    "starcoder": model("GPTBigCode", vocab_size=SIZE, n_embd=64, n_layer=2, n_head=4, n_positions=128),
    "starcoder-sparse": model("GPTBigCode", vocab_size=SIZE, n_embd=64, n_layer=2, n_head=4, drop=("n_positions", "layer_norm_epsilon")),
    "dbrx": model("Dbrx", vocab_size=SIZE, d_model=64, n_layers=2, n_heads=4, max_seq_len=128, attn_config=dict(
        clip_qkv=8.0, kv_n_heads=2, rope_theta=500000.0), ffn_config=dict(
        ffn_hidden_size=96, moe_num_experts=4, moe_top_k=2)),
    "dots1": model("Dots1", **SMALL | dict(num_key_value_heads=4), n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2, moe_intermediate_size=32,
                   first_k_dense_replace=1, head_dim=16, routed_scaling_factor=2.5, norm_topk_prob=True),
    "dots1-sparse": model("Dots1", **SMALL | dict(num_key_value_heads=4), n_routed_experts=4, n_shared_experts=2,
                          num_experts_per_tok=2, moe_intermediate_size=32, first_k_dense_replace=1, drop=(
                              "max_position_embeddings", "rms_norm_eps", "rope_theta", "num_key_value_heads", "layer_types",
                              "routed_scaling_factor", "norm_topk_prob", "sliding_window", "n_group", "topk_group"),
                          put=dict(num_key_value_heads=4)),
    "apertus": model("Apertus", **SMALL, tie_word_embeddings=False),
    "apertus-sparse": model("Apertus", "fallback", **SMALL | dict(num_key_value_heads=4, vocab_size=SIZE), dtype="float16", drop=(
        "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "num_key_value_heads")),
    "mpt": model("Mpt", vocab_size=SIZE, d_model=64, n_heads=4, n_layers=2, max_seq_len=128, attn_config=dict(
        clip_qkv=6.0, alibi=True, attn_impl="torch"), put=dict(architectures=["MPTForCausalLM"]), dtype="float16"),
    "mpt-pieces": model("Mpt", "spm", vocab_size=SIZE, d_model=64, n_heads=4, n_layers=2, put=dict(
        architectures=["MPTForCausalLM"]), drop=("max_seq_len", "attn_config")),
}  # fmt: skip

# The tail

GPT = {"transformer.wte.weight": [SIZE, 64]}
LLADA_BLOCK = "model.transformer.blocks.{}"
HRM_BLOCK = {"attn.gqkv_proj.weight": [256, 64], "attn.o_proj.weight": [64, 64], "mlp.gate_up_proj.weight": [192, 64],
             "mlp.down_proj.weight": [64, 96]}  # fmt: skip
AHEAD = {"eh_proj": [64, 128], "enorm": [64], "hnorm": [64]}
MOE_BLOCK = ROUTER | experts(f"{BLOCK}.mlp.experts", 4, NAMED)
SHARED = {f"{BLOCK}.mlp.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}
ENDS = {"model.embed_tokens.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "model.norm.weight": [64]}
BODY = {name: shape for name, shape in NOT_DENSE.items() if name not in ENDS}
PLM_BLOCK = {
    f"{BLOCK}.input_layernorm.weight": [64], f"{BLOCK}.post_attention_layernorm.weight": [64],
    f"{BLOCK}.self_attn.q_proj.weight": [4 * 24, 64], f"{BLOCK}.self_attn.kv_a_proj_with_mqa.weight": [40, 64],
    f"{BLOCK}.self_attn.kv_a_layernorm.weight": [32], f"{BLOCK}.self_attn.kv_b_proj.weight": [4 * 40, 32],
    f"{BLOCK}.self_attn.o_proj.weight": [64, 4 * 24], f"{BLOCK}.mlp.up_proj.weight": [96, 64],
    f"{BLOCK}.mlp.down_proj.weight": [64, 96]}  # fmt: skip
MINICPM3_BLOCK = but(PLM_BLOCK, f"{BLOCK}.self_attn.q_proj.weight") | {
    f"{BLOCK}.self_attn.q_a_proj.weight": [48, 64], f"{BLOCK}.self_attn.q_a_layernorm.weight": [48],
    f"{BLOCK}.self_attn.q_b_proj.weight": [4 * 24, 48], f"{BLOCK}.mlp.gate_proj.weight": [96, 64]}  # fmt: skip
DSA_SHAPES = {f"model.layers.{block}.self_attn.indexer.{name}": shape for block in range(3) for name, shape in {
    "wq_b.weight": [32, 48], "wk.weight": [16, 64], "k_norm.weight": [16], "k_norm.bias": [16], "weights_proj.weight": [2, 64],
}.items()}  # fmt: skip
DSA = dict(index_n_heads=2, index_head_dim=16, index_topk=64)
OPENELM_BLOCK = {
    "transformer.layers.{}.attn_norm.weight": [64], "transformer.layers.{}.ffn_norm.weight": [64],
    "transformer.layers.{}.attn.q_norm.weight": [16], "transformer.layers.{}.attn.k_norm.weight": [16]}  # fmt: skip
EXAONE_AHEAD = {"mtp.fc.weight": [64, 128], "mtp.pre_fc_norm_embedding.weight": [64], "mtp.pre_fc_norm_hidden.weight": [64],
                "mtp.norm.weight": [64]}  # fmt: skip
EXAONE4_BODY = {name.replace("input_layernorm", "post_feedforward_layernorm"): shape for name, shape in HEADED.items()} | HEAD_NORMS
DECI_BLOCKS = [
    dict(attention=dict(n_heads_in_group=2, replace_with_linear=False), ffn=dict(ffn_mult=5.25)),
    dict(attention=dict(n_heads_in_group=None, replace_with_linear=True), ffn=dict(ffn_mult=1.3125)),
    dict(attention=dict(n_heads_in_group=None, replace_with_linear=False), ffn=dict(ffn_mult=None)),
]
M3 = {f"{BLOCK}.self_attn.q_norm.weight": [16], f"{BLOCK}.self_attn.k_norm.weight": [16]}

BY_HAND = {
    "gemma4": made(GEMMA4 | dict(architectures=["Gemma4ForCausalLM"], vocab_size=SIZE + 1), GEMMA4_DENSE, "gemma4", blocks=1),
    "gemma4-experts": made(WHOLE4 | dict(text_config=GEMMA4 | dict(
        enable_moe_block=True, num_experts=4, top_k_experts=2, moe_intermediate_size=32)), GEMMA4_MOE, "gemma4", blocks=1),
    "gemma4-small": made(WHOLE4 | dict(text_config=but(
        GEMMA4, "global_head_dim", "num_global_key_value_heads", num_hidden_layers=4, layer_types=WINDOWS * 2, attention_k_eq_v=False,
        num_kv_shared_layers=2, use_double_wide_mlp=True, hidden_size_per_layer_input=8, per_layer_config=PER_LAYER)),
        GEMMA4_SMALL, "gemma4", blocks=1),
    "gemma4-unified": made(WHOLE4 | dict(
        architectures=["Gemma4UnifiedForConditionalGeneration"], model_type="gemma4_unified",
        text_config=GEMMA4 | dict(model_type="gemma4_unified_text", vocab_size=SIZE + 1)), {
            name.replace("model.", INNER): shape for name, shape in GEMMA4_DENSE.items()} | {
            "model.vision_embedder.patch_dense.weight": [32, 12]}, "gemma4", blocks=1,
        files={"generation_config.json": dict(suppress_tokens=[4, 5], temperature=1.0)}),
    "gemma4-assistant": made(dict(
        architectures=["Gemma4AssistantForCausalLM"], model_type="gemma4_assistant", backbone_hidden_size=128,
        use_ordered_embeddings=True, tie_word_embeddings=True, text_config=but(GEMMA4, attention_k_eq_v=False)), GEMMA4_DRAFT | {
            "masked_embedding.centroids.weight": [8, 64]}, "gemma4", blocks=1),
    "orion": made(but(config("OrionForCausalLM", "orion"), "num_key_value_heads"), but(
        HEADED, **{f"{BLOCK}.self_attn.{part}_proj.weight": [64, 64] for part in "kv"}) | {"model.norm.bias": [64]} | {
        f"{BLOCK}.{name}.bias": [64] for name in ("input_layernorm", "post_attention_layernorm")}),
    "internlm3": made(config("InternLM3ForCausalLM", "internlm3", head_dim=16, qkv_bias=False, bias=False, rope_scaling=dict(
        rope_type="dynamic", factor=6.0)), HEADED),
    "refact": made(dict(
        architectures=["GPTRefactForCausalLM"], model_type="gpt_refact", vocab_size=SIZE, n_embd=64, n_head=4, n_layer=2,
        n_positions=128, layer_norm_epsilon=1e-5, n_inner=None, multi_query=True, activation_function="silu"), GPT | {
            "transformer.ln_f.weight": [64], "lm_head.weight": [SIZE, 64], "transformer.h.{}.ln_1.weight": [64],
            "transformer.h.{}.ln_2.weight": [64], "transformer.h.{}.attn.q.weight": [64, 64],
            "transformer.h.{}.attn.kv.weight": [32, 64], "transformer.h.{}.attn.c_proj.weight": [64, 64],
            "transformer.h.{}.mlp.gate_up_proj.weight": [512, 64], "transformer.h.{}.mlp.c_proj.weight": [64, 256]}, "bpe"),
    "codeshell": made(dict(
        architectures=["CodeShellForCausalLM"], model_type="codeshell", vocab_size=SIZE, n_embd=64, n_head=4, n_layer=2,
        n_positions=128, n_inner=256, num_query_groups=2, layer_norm_epsilon=1e-5), GPT | {"lm_head.weight": [SIZE, 64]} | norm(
            "transformer.ln_f") | norm("transformer.h.{}.ln_1") | norm("transformer.h.{}.ln_2") | both(
            "transformer.h.{}.attn.c_attn", 128, 64) | both("transformer.h.{}.attn.c_proj", 64, 64) | both(
            "transformer.h.{}.mlp.c_fc", 256, 64) | both("transformer.h.{}.mlp.c_proj", 64, 256), "bpe"),
    "deepseek": made(config("DeepseekForCausalLM", "deepseek", n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2,
                            moe_intermediate_size=32, first_k_dense_replace=1, scoring_func="softmax"), ENDS | BODY | dense(
        "model.layers.0.mlp") | in_block(MOE_BLOCK | SHARED, 1), "bpe"),
    "jais2": made(config("Jais2ForCausalLM", "jais2", head_dim=16, layer_norm_eps=1e-5, hidden_act="relu2"), ENDS | {
        "model.norm.bias": [64], f"{BLOCK}.mlp.up_proj.weight": [96, 64], f"{BLOCK}.mlp.up_proj.bias": [96],
        f"{BLOCK}.mlp.down_proj.weight": [64, 96], f"{BLOCK}.mlp.down_proj.bias": [64]} | BODY | ATTENTION_BIASES | {
        f"{BLOCK}.{name}.bias": [64] for name in ("input_layernorm", "post_attention_layernorm")}, "bpe"),
    "plm": made(but(config("PLMForCausalLM", "plm", hidden_act="relu2", tie_word_embeddings=True), "num_key_value_heads") | but(
        MLA, "q_lora_rank") | dict(num_key_value_heads=4), but(ENDS, "lm_head.weight") | PLM_BLOCK, "bpe"),
    "minicpm3": made(config("MiniCPM3ForCausalLM", "minicpm3", tie_word_embeddings=True, num_key_value_heads=4, scale_emb=12, dim_model_base=256,
                            scale_depth=1.4, rope_scaling=dict(
        type="longrope", long_factor=[1.0 + i / 7 for i in range(4)], short_factor=[1.0 + i / 9 for i in range(4)],
        original_max_position_embeddings=64)) | MLA, but(ENDS, "lm_head.weight") | MINICPM3_BLOCK),
    "maincoder": made(config("MaincoderForCausalLM", "maincoder", head_dim=16), HEADED | HEAD_NORMS, "bpe"),
    "mellum": made(config("MellumForCausalLM", "mellum", head_dim=16, sliding_window=32, layer_types=WINDOWS, **MOE),
                   NOT_DENSE | MOE_BLOCK | HEAD_NORMS, "bpe"),
    "nanbeige": made(config("NanbeigeForCausalLM", "nanbeige", num_loops=2, skip_loop_final_norm=True), HEADED),
    "pangu": made(config("PanguEmbeddedForCausalLM", "PanguEmbedded", bias=True), HEADED | ATTENTION_BIASES),
    "pangu-tied": made(config("PanguEmbeddedForCausalLM", "PanguEmbedded", bias=True, head_dim=16, tie_word_embeddings=True),
                       HEADED | ATTENTION_BIASES),
    "afmoe": made(config(
        "AfmoeForCausalLM", "afmoe", head_dim=16, num_dense_layers=1, num_shared_experts=1, route_norm=True, route_scale=2.5,
        score_func="sigmoid", sliding_window=32, layer_types=WINDOWS, mup_enabled=True, **MOE), ENDS | BODY | HEAD_NORMS | {
            f"{BLOCK}.pre_mlp_layernorm.weight": [64], f"{BLOCK}.post_mlp_layernorm.weight": [64],
            f"{BLOCK}.self_attn.gate_proj.weight": [64, 64], "model.layers.1.mlp.router.gate.weight": [4, 64],
            "model.layers.1.mlp.expert_bias": [4]} | dense("model.layers.0.mlp") | in_block(
                experts(f"{BLOCK}.mlp.experts", 4, NAMED) | SHARED, 1), "bpe"),
    "ling-first": made(config(
        "BailingMoeForCausalLM", "bailing_moe", head_dim=16, num_shared_experts=1, first_k_dense_replace=0, norm_topk_prob=True,
        norm_head=False, **MOE), {
            "model.word_embeddings.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "model.norm.weight": [64],
            f"{BLOCK}.input_layernorm.weight": [64], f"{BLOCK}.post_attention_layernorm.weight": [64],
            f"{BLOCK}.attention.query_key_value.weight": [128, 64], f"{BLOCK}.attention.dense.weight": [64, 64]} | MOE_BLOCK | SHARED,
        "bpe"),
    "grovemoe": made(config("GroveMoeForCausalLM", "grove_moe", head_dim=16, **MOE), NOT_DENSE | MOE_BLOCK | HEAD_NORMS | {
        f"{BLOCK}.mlp.expert_bias": [4]} | experts(f"{BLOCK}.mlp.chunk_experts", 2, {
            "gate_proj": [16, 64], "up_proj": [16, 64], "down_proj": [64, 16]}), "bpe"),
    "smallthinker": made(config(
        "SmallThinkerForCausalLM", "smallthinker", head_dim=16, moe_num_primary_experts=4, moe_num_active_primary_experts=2,
        moe_ffn_hidden_size=32, moe_primary_router_apply_softmax=False, sliding_window_layout=[0, 1], sliding_window_size=32,
        rope_layout=[0, 1]), NOT_DENSE | {f"{BLOCK}.block_sparse_moe.primary_router.weight": [4, 64]} | experts(
            f"{BLOCK}.block_sparse_moe.experts", 4, {"up": [32, 64], "gate": [32, 64], "down": [64, 32]}), "bpe"),
    "llada": made(dict(
        architectures=["LLaDAModelLM"], model_type="llada", vocab_size=SIZE, embedding_size=SIZE, d_model=64, n_heads=4,
        n_kv_heads=4, n_layers=2, mlp_hidden_size=96, max_sequence_length=128, rope_theta=500000.0, rms_norm_eps=1e-5,
        mask_token_id=300, weight_tying=False, block_type="llama"), {
            "model.transformer.wte.weight": [SIZE, 64], "model.transformer.ln_f.weight": [64],
            "model.transformer.ff_out.weight": [SIZE, 64], f"{LLADA_BLOCK}.attn_norm.weight": [64],
            f"{LLADA_BLOCK}.ff_norm.weight": [64], f"{LLADA_BLOCK}.ff_proj.weight": [96, 64],
            f"{LLADA_BLOCK}.up_proj.weight": [96, 64], f"{LLADA_BLOCK}.ff_out.weight": [64, 96]} | {
            f"{LLADA_BLOCK}.{part}.weight": [64, 64] for part in ("q_proj", "k_proj", "v_proj", "attn_out")}, "bpe"),
    "llada-moe": made(config("LLaDAMoEModelLM", "llada", head_dim=16, expert_intermediate_size=32, num_experts=4,
                             num_experts_per_tok=2), NOT_DENSE | MOE_BLOCK | HEAD_NORMS, "bpe"),
    "dream": made(config("DreamModel", "Dream", mask_token_id=300), HEADED | {
        name: size for name, size in ATTENTION_BIASES.items() if "o_proj" not in name}, "bpe"),
    "rnd1": made(config("RND1", "rnd1", head_dim=16, mask_token_id=300, **MOE), NOT_DENSE | MOE_BLOCK | HEAD_NORMS, "bpe"),
    "cohere2moe": made(config(
        "Cohere2MoeForCausalLM", "cohere2_moe", head_dim=16, intermediate_size=32, prefix_dense_intermediate_size=96,
        num_experts=4, num_experts_per_tok=2, num_shared_experts=1, mlp_layer_types=["dense", "sparse"], layer_types=WINDOWS,
        sliding_window=32, logit_scale=0.25, norm_topk_prob=True, tie_word_embeddings=True, layer_norm_eps=1e-5,
        num_nextn_predict_layers=1, expert_selection_fn="sigmoid"), but(ENDS, "lm_head.weight") | {
            name.format(block): shape for block in range(3) for name, shape in BODY.items() if "post_attention" not in name} | dense(
            "model.layers.0.mlp") | in_block(MOE_BLOCK | SHARED, 1) | in_block(MOE_BLOCK | SHARED, 2) | {
            f"model.layers.2.{name}.weight": shape for name, shape in AHEAD.items()}, "bpe"),
    "hrm-text": made(but(config(
        "HrmTextForCausalLM", "hrm_text", H_cycles=2, L_cycles=3, embedding_scale=8.0, prefix_lm=True, num_key_value_heads=4),
        "head_dim"), but(ENDS, "model.norm.weight") | {"model.z_L_init": [64]} | {
            f"model.{stack}_module.layers.{{}}.{name}": shape for stack in "LH" for name, shape in HRM_BLOCK.items()}, "bpe"),
    "laguna": made(config(
        "LagunaForCausalLM", "laguna", head_dim=16, num_attention_heads_per_layer=[4, 8], gating=True, layer_types=WINDOWS,
        sliding_window=32, moe_routed_scaling_factor=2.5, mlp_layer_types=["dense", "sparse"], shared_expert_intermediate_size=32,
        eos_token_id=[2, 24], bos_token_id=2, rope_parameters=dict(full_attention=dict(
            rope_type="yarn", factor=4.0, rope_theta=500000.0, original_max_position_embeddings=64, partial_rotary_factor=0.5),
            sliding_attention=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0)), **MOE), but(
        ENDS | in_block(BODY, 0) | in_block(BODY, 1), **{
            "model.layers.1.self_attn.q_proj.weight": [128, 64], "model.layers.1.self_attn.o_proj.weight": [64, 128]}) | HEAD_NORMS | {
            "model.layers.0.self_attn.g_proj.weight": [4, 64], "model.layers.1.self_attn.g_proj.weight": [8, 64],
            "model.layers.1.mlp.experts.e_score_correction_bias": [4]} | dense("model.layers.0.mlp") | in_block(MOE_BLOCK, 1) | {
            f"model.layers.1.mlp.shared_expert.{part}.weight": shape for part, shape in NAMED.items()}, "bpe"),
    "hy3": made(config(
        "HYV3ForCausalLM", "hy_v3", head_dim=16, num_shared_experts=1, first_k_dense_replace=1, num_nextn_predict_layers=1,
        router_scaling_factor=2.5, route_norm=True, **MOE), ENDS | {
            name.format(block): shape for block in range(3) for name, shape in (BODY | HEAD_NORMS).items()} | dense(
            "model.layers.0.mlp") | {name: shape for block in (1, 2) for name, shape in (in_block(
                experts(f"{BLOCK}.mlp.experts", 4, NAMED), block) | {
                f"model.layers.{block}.mlp.router.gate.weight": [4, 64], f"model.layers.{block}.mlp.expert_bias": [4]} | {
                f"model.layers.{block}.mlp.shared_mlp.{part}.weight": shape for part, shape in NAMED.items()}).items()} | {
            f"model.layers.2.{name}.weight": shape for name, shape in (AHEAD | {"final_layernorm": [64]}).items()}, "bpe"),
    "openelm": made(dict(
        architectures=["OpenELMForCausalLM"], model_type="openelm", vocab_size=SIZE, model_dim=64, head_dim=16,
        num_transformer_layers=2, num_query_heads=[4, 8], num_kv_heads=[1, 2], ffn_multipliers=[0.5, 1.31],
        ffn_dim_divisor=32, max_context_length=128, rope_freq_constant=10000, share_input_output_layers=True,
        normalize_qk_projections=True, activation_fn_name="swish"), {
            "transformer.token_embeddings.weight": [SIZE, 64], "transformer.norm.weight": [64],
            "transformer.layers.0.attn.qkv_proj.weight": [96, 64], "transformer.layers.1.attn.qkv_proj.weight": [192, 64],
            "transformer.layers.0.attn.out_proj.weight": [64, 64], "transformer.layers.1.attn.out_proj.weight": [64, 128],
            "transformer.layers.0.ffn.proj_1.weight": [64, 64], "transformer.layers.1.ffn.proj_1.weight": [192, 64],
            "transformer.layers.0.ffn.proj_2.weight": [64, 32], "transformer.layers.1.ffn.proj_2.weight": [64, 96]} | OPENELM_BLOCK),
    "minimax-m3": made(dict(
        architectures=["MiniMaxM3SparseForConditionalGeneration"], model_type="minimax_m3_vl", vision_config=dict(CLIP),
        text_config=LLAMA_LIKE | dict(
            model_type="minimax_m3", head_dim=16, rotary_dim=8, num_local_experts=4, num_experts_per_tok=2, n_shared_experts=1,
            routed_scaling_factor=2.0, scoring_func="sigmoid", intermediate_size=32, dense_intermediate_size=96,
            moe_layer_freq=[0, 1], sparse_attention_config=dict(
                sparse_num_index_heads=2, sparse_index_dim=16, sparse_topk_blocks=4, sparse_block_size=16, sparse_local_block=1))), {
            f"language_model.{name}": shape for name, shape in (ENDS | BODY | M3 | dense("model.layers.0.mlp") | experts(
                "model.layers.1.block_sparse_moe.experts", 4, WIDE) | {
                "model.layers.1.block_sparse_moe.gate.weight": [4, 64],
                "model.layers.1.block_sparse_moe.e_score_correction_bias": [4],
                "model.layers.1.self_attn.index_q_proj.weight": [32, 64], "model.layers.1.self_attn.index_k_proj.weight": [16, 64],
                "model.layers.1.self_attn.index_q_norm.weight": [16], "model.layers.1.self_attn.index_k_norm.weight": [16]} | {
                f"model.layers.1.block_sparse_moe.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}).items()} | {
            "vision_tower.norm.weight": [32]}, "bpe"),
    "glm-dsa": made(FLASH | DSA | dict(
        architectures=["GlmMoeDsaForCausalLM"], model_type="glm_moe_dsa", indexer_types=["full", "full"], scoring_func="sigmoid",
        index_topk_freq=1), ENDS | flash_block(0, True) | flash_block(1, False) | flash_block(2, False) | {
            name: shape for name, shape in DSA_SHAPES.items() if "layers.2" not in name} | {
            f"model.layers.2.{name}.weight": shape for name, shape in (AHEAD | {
                "shared_head.norm": [64], "embed_tokens": [SIZE, 64], "shared_head.head": [SIZE, 64]}).items()}, "glm-moe"),
    "deepseek32": made(FLASH | DSA | dict(architectures=["DeepseekV32ForCausalLM"], model_type="deepseek_v32", scoring_func="sigmoid"), ENDS | flash_block(
        0, True) | flash_block(1, False) | flash_block(2, False) | DSA_SHAPES | {
            f"model.layers.2.{name}.weight": shape for name, shape in (AHEAD | {
                "shared_head.norm": [64], "embed_tokens": [SIZE, 64], "shared_head.head": [SIZE, 64]}).items()}, "bpe-begun"),
    "youtu": made(but(FLASH, *(key for key in FLASH if "expert" in key or key in (
        "first_k_dense_replace", "n_group", "topk_group", "routed_scaling_factor", "norm_topk_prob", "topk_method",
        "num_nextn_predict_layers", "moe_intermediate_size")), architectures=["YoutuForCausalLM"], model_type="youtu_llm",
        tie_word_embeddings=True), but(ENDS, "lm_head.weight") | flash_block(0, True) | flash_block(1, True), "bpe"),
    "kimi": made(dict(
        architectures=["KimiK25ForConditionalGeneration"], model_type="kimi_k25", vision_config=dict(CLIP), text_config=but(
            FLASH, "num_nextn_predict_layers", architectures=["DeepseekV3ForCausalLM"], model_type="kimi_k2", scoring_func="sigmoid",
            rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=64, beta_fast=1.0, beta_slow=1.0,
                              mscale=1.0, mscale_all_dim=1.0))), {
            f"language_model.{name}": shape for name, shape in (ENDS | flash_block(0, True) | flash_block(1, False)).items()} | {
            "vision_tower.patch_embed.proj.weight": [32, 12], "mm_projector.linear_1.weight": [64, 32]}, "bpe"),
    "deci": made(dict(
        architectures=["DeciLMForCausalLM"], model_type="nemotron-nas", vocab_size=128256, hidden_size=64, num_hidden_layers=3,
        num_attention_heads=4, max_position_embeddings=128, rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=dict(LLAMA3),
        intermediate_size=None, num_key_value_heads=None, block_configs=DECI_BLOCKS, hidden_act="silu"), ENDS | {
            name: [128256, 64] for name in ("model.embed_tokens.weight", "lm_head.weight")} | in_block({
            f"{BLOCK}.input_layernorm.weight": [64], f"{BLOCK}.post_attention_layernorm.weight": [64],
            f"{BLOCK}.self_attn.q_proj.weight": [64, 64], f"{BLOCK}.self_attn.k_proj.weight": [32, 64],
            f"{BLOCK}.self_attn.v_proj.weight": [32, 64], f"{BLOCK}.self_attn.o_proj.weight": [64, 64]}, 0) | dense(
            "model.layers.0.mlp", 256) | {"model.layers.1.input_layernorm.weight": [64], "model.layers.1.post_attention_layernorm.weight": [
                64], "model.layers.1.self_attn.linear_attn.weight": [64, 64]} | dense("model.layers.1.mlp", 256), "bpe", blocks=1),
    "deci-7b": made(config("DeciLMForCausalLM", "deci", num_key_value_heads_per_layer=[2, 1]), but(
        ENDS | in_block(BODY, 0) | in_block(BODY, 1), **{
            f"model.layers.1.self_attn.{part}_proj.weight": [16, 64] for part in "kv"}) | dense(
        "model.layers.0.mlp") | dense("model.layers.1.mlp"), "fallback", blocks=1),
    "exaone4_5": made(dict(
        architectures=["Exaone4_5_ForConditionalGeneration"], model_type="exaone4_5", vision_config=dict(CLIP),
        text_config=LLAMA_LIKE | dict(
            model_type="exaone4_5_text", head_dim=16, sliding_window=32, sliding_window_pattern="LG", layer_types=WINDOWS,
            num_nextn_predict_layers=1, rope_scaling=dict(LLAMA3))), {
            name.replace("model.", "model.language_model."): shape for name, shape in EXAONE4_BODY.items()} | EXAONE_AHEAD | {
            name.format(0).replace("model.", "mtp."): shape for name, shape in EXAONE4_BODY.items() if "{}" in name} | {
            "model.visual.patch_embed.proj.weight": [32, 12]}, "bpe"),
    "exaone-moe": made(config(
        "ExaoneMoEForCausalLM", "exaone_moe", head_dim=16, sliding_window=32, sliding_window_pattern="LLLG", layer_types=WINDOWS,
        num_shared_experts=1, routed_scaling_factor=2.5, norm_topk_prob=True, first_k_dense_replace=1, num_nextn_predict_layers=1,
        scoring_func="sigmoid", n_group=1, topk_group=1, **MOE), ENDS | BODY | HEAD_NORMS | dense("model.layers.0.mlp") | in_block(
            MOE_BLOCK | SHARED, 1) | {"model.layers.1.mlp.e_score_correction_bias": [4]} | EXAONE_AHEAD | {
            name.format(0).replace("model.", "mtp."): shape for name, shape in (BODY | HEAD_NORMS).items()} | dense("mtp.layers.0.mlp"),
        "bpe"),
    "paddleocr": made(config("PaddleOCRVLForConditionalGeneration", "paddleocr_vl", head_dim=16, rope_scaling=dict(
        type="default", rope_type="default", mrope_section=[2, 3, 3]), vision_config=dict(CLIP)), HEADED | {
            "visual.vision_model.embeddings.patch_embedding.weight": [32, 12], "mlp_AR.linear_1.weight": [32, 32]}),
    "arctic": made(config("ArcticForCausalLM", "arctic", num_local_experts=4, num_experts_per_tok=2, moe_layer_frequency=1), ENDS | BODY | {
        f"{BLOCK}.residual_layernorm.weight": [64], f"{BLOCK}.block_sparse_moe.gate.weight": [4, 64],
        f"{BLOCK}.residual_mlp.w1.weight": [64, 64], f"{BLOCK}.residual_mlp.w2.weight": [64, 64],
        f"{BLOCK}.residual_mlp.w3.weight": [64, 64]} | experts(f"{BLOCK}.block_sparse_moe.experts", 4, {
            "w1": [96, 64], "w2": [64, 96], "w3": [96, 64]}), "arctic"),
    "chameleon": made(config("ChameleonForConditionalGeneration", "chameleon", num_key_value_heads=4, swin_norm=False), but(
        HEADED, **{f"{BLOCK}.self_attn.{part}_proj.weight": [64, 64] for part in "kv"}) | {
            f"{BLOCK}.self_attn.{part}_norm.{end}": [4, 16] for part in "qk" for end in ("weight", "bias")} | {
            "model.vqmodel.quantize.embedding.weight": [8, 8]}, "bpe"),
    "xverse": made(but(config("XverseForCausalLM", "xverse", num_key_value_heads=4, vocab_size=SIZE - 2)), but(HEADED, **{
        f"{BLOCK}.self_attn.{part}_proj.weight": [64, 64] for part in "kv"} | {
        name: [SIZE - 2, 64] for name in ("model.embed_tokens.weight", "lm_head.weight")}), "fallback"),
    "sarashina2": made(dict(
        architectures=["Sarashina2VisionForCausalLM"], model_type="sarashina2_vision", vision_config=dict(CLIP),
        text_config=LLAMA_LIKE | dict(model_type="llama")), {f"llm.{name}": shape for name, shape in HEADED.items()} | {
            "norm.weight": [64], "visual.patch_embed.proj.weight": [32, 12]}),
    "step-vl": made(dict(
        architectures=["StepVLForConditionalGeneration"], model_type="step_robotics", vision_config=dict(CLIP),
        text_config=LLAMA_LIKE | dict(model_type="qwen3", head_dim=16)), {
            name.replace("model.", "model."): shape for name, shape in (HEADED | HEAD_NORMS).items()} | {
            "vision_model.conv1.weight": [32, 12], "vit_large_projector.weight": [64, 32]}, "bpe"),
    "glm-ocr": made(dict(
        architectures=["GlmOcrForConditionalGeneration"], model_type="glm_ocr", vision_config=dict(CLIP),
        text_config=LLAMA_LIKE | dict(model_type="glm_ocr_text", head_dim=16, num_nextn_predict_layers=1, rope_parameters=dict(
            rope_type="default", mrope_section=[1, 1, 2], partial_rotary_factor=0.5, rope_theta=10000))), {
            name.replace("model.", "model.language_model.").format(block): shape for block in range(3) for name, shape in (HEADED | {
                f"{BLOCK}.post_self_attn_layernorm.weight": [64], f"{BLOCK}.post_mlp_layernorm.weight": [64],
                f"{BLOCK}.mlp.gate_up_proj.weight": [192, 64]}).items()
            if "gate_proj" not in name and "up_proj" not in name.replace("gate_up", "")} | {
            f"model.language_model.layers.2.{name}.weight": shape for name, shape in (AHEAD | {"shared_head.norm": [64]}).items()} | {
            "model.visual.patch_embed.proj.weight": [32, 12]}, "glm"),
    "kimi-vl": made(dict(
        architectures=["KimiVLForConditionalGeneration"], model_type="kimi_vl", vision_config=dict(CLIP), text_config=but(
            FLASH, "num_nextn_predict_layers", "rms_norm_eps", architectures=["DeepseekV3ForCausalLM"], model_type="deepseek_v3",
            scoring_func="sigmoid")), {
            f"language_model.{name}": shape for name, shape in (ENDS | flash_block(0, True) | flash_block(1, False)).items()}, "bpe"),
    "qwen2_5-omni": made(dict(
        architectures=["Qwen2_5OmniModel"], model_type="qwen2_5_omni", enable_audio_output=False, thinker_config=dict(
            text_config=SMALL | dict(model_type="qwen2_5_omni_text", rope_scaling=dict(type="default", mrope_section=[2, 3, 3])))), {
            f"thinker.{name}": shape for name, shape in (HEADED | {
                key: size for key, size in ATTENTION_BIASES.items() if "o_proj" not in key}).items()} | {
            "thinker.visual.patch_embed.proj.weight": [32, 12], "talker.model.norm.weight": [8]}, "bpe"),
    "qwen3-omni": made(dict(
        architectures=["Qwen3OmniMoeForConditionalGeneration"], model_type="qwen3_omni_moe", thinker_config=dict(
            text_config=SMALL | dict(model_type="qwen3_omni_moe_text", head_dim=16, rope_scaling=dict(
                rope_type="default", mrope_section=[2, 3, 3], mrope_interleaved=True), **MOE))), {
            f"thinker.{name}": shape for name, shape in (NOT_DENSE | MOE_BLOCK | HEAD_NORMS).items()}, "bpe"),
}  # fmt: skip
