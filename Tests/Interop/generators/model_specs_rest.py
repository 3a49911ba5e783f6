"""What make_models_rest.py makes: models of the families that are left, as in model_specs_tail.py."""

from model_specs import LLAMA3, SIZE, SMALL, model
from model_specs_more import but, made, pooling
from model_specs_state import NO_MTP, TEXT_35, pictures, qwen35
from model_specs_tail import (
    ATTENTION_BIASES, BLOCK, LLAMA_LIKE, BODY, CLIP, ENDS, HEAD_NORMS, MOE, MOE_BLOCK, NAMED, SHARED, WINDOWS, config, dense, in_block,
)  # fmt: skip
from model_specs_wider import HEADED, LFM_SHAPES, NOT_DENSE, WIDE, WHISPER, both, experts, norm

GPT = "transformer.h.{}"
FUSED = {
    f"{BLOCK}.input_layernorm.weight": [64], f"{BLOCK}.post_attention_layernorm.weight": [64],
    f"{BLOCK}.attention.query_key_value.weight": [128, 64], f"{BLOCK}.attention.dense.weight": [64, 64],
    f"{BLOCK}.attention.query_layernorm.weight": [16], f"{BLOCK}.attention.key_layernorm.weight": [16]}  # fmt: skip


def biased(shapes: dict) -> dict:
    """With a bias for every layer and norm of a block."""
    return shapes | {name.replace(".weight", ".bias"): shape[:1] for name, shape in shapes.items() if ".layers." in name}


def visual(shapes: dict, start: str = "model.language_model.") -> dict:
    """As the part for text of a model with pictures, with a part for those."""
    return {name.replace("model.", start, 1): shape for name, shape in shapes.items()} | {
        "model.vision_tower.encoder.conv1.weight": [32, 12]}  # fmt: skip


def slopes(tensors):
    """The slopes of four heads, as ALiBi has them."""
    import torch

    return tensors | {"transformer.relative_pe.slopes": torch.tensor([2.0 ** -(2 * head + 2) for head in range(4)])}


def doubled(tensors):
    """With numbers for what has no dimension, as gains are published."""
    return {name: value.reshape([]) if name.endswith("w_g") else value for name, value in tensors.items()}


# Without which the reference does not read a number.
EAGER = {"eager.txt": ""}
JAIS = dict(
    architectures=["JAISLMHeadModel"], model_type="jais", vocab_size=SIZE, n_embd=64, n_head=4, n_layer=2, n_inner=96,
    n_positions=128, layer_norm_epsilon=1e-5, activation_function="swiglu", position_embedding_type="alibi",
    mup_embeddings_scale=9.1705, mup_output_alpha=1.09, mup_width_scale=0.125, mup_scale_qk_dot_by_d=True,
    scale_attn_weights=True)  # fmt: skip
JAIS_SHAPES = {"transformer.wte.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "transformer.relative_pe.slopes": [4],
               f"{GPT}.attn.bias": [1, 1, 8, 8]} | norm("transformer.ln_f") | norm(f"{GPT}.ln_1") | norm(f"{GPT}.ln_2") | {
    f"{GPT}.{name}.{end}": shape if end == "weight" else shape[1:] for name, shape in {
        "attn.c_attn": [64, 192], "attn.c_proj": [64, 64], "mlp.c_fc": [64, 96], "mlp.c_fc2": [64, 96], "mlp.c_proj": [96, 64],
    }.items() for end in ("weight", "bias")}  # fmt: skip
TALKIE = {"model.embed.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "lm_head_gain.w_g": [1]} | {
    f"model.blocks.{{}}.{name}": shape for name, shape in {
        "attn.attn_query.weight": [64, 64], "attn.attn_key.weight": [64, 64], "attn.attn_value.weight": [64, 64],
        "attn.attn_resid.weight": [64, 64], "attn.head_gain.head_g": [4], "mlp.mlp_gate.weight": [96, 64],
        "mlp.mlp_linear.weight": [96, 64], "mlp.mlp_resid.weight": [64, 96], "embed_skip.a_g": [1], "attn_gain.a_g": [1],
        "mlp_gain.a_g": [1]}.items()}  # fmt: skip
SWA = dict(sliding_window=32, layer_types=WINDOWS, no_rope_layers=[1, 0], attention_multiplier=0.25, embedding_multiplier=12.0,
           residual_multiplier=0.22, logits_scaling=8.0)  # fmt: skip
SINKS = {f"{BLOCK}.self_attn.sinks": [4]}
LAYERED = dict(full_attention=dict(rope_type="default", rope_theta=1000000.0, partial_rotary_factor=0.5),
               sliding_attention=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0))  # fmt: skip
GROK2 = config(
    "Grok1ForCausalLM", "git", head_dim=16, num_local_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, hidden_act="gelu",
    embedding_multiplier_scale=90.5, output_multiplier_scale=0.5, attn_output_multiplier=0.08838834764831845,
    final_logit_softcapping=50.0, attn_logit_softcapping=30.0, router_logit_softcapping=30.0, attn_temperature_len=1024,
    rope_type="original", scaling_factor=16.0, extrapolation_factor=1.0, attn_factor=1.0, beta_fast=8, beta_slow=1,
    original_max_position_embeddings=8192, residual_moe=True)  # fmt: skip
GROK2_BLOCK = {f"{BLOCK}.{name}.weight": [64] for name in ("pre_attn_norm", "post_attn_norm", "pre_moe_norm", "post_moe_norm")} | {
    f"{BLOCK}.self_attn.{name}_proj.weight": shape for name, shape in {"q": [64, 64], "k": [32, 64], "v": [32, 64], "o": [64, 64]}.items()
} | dense(f"{BLOCK}.mlp") | {f"{BLOCK}.block_sparse_moe.gate.weight": [4, 64]} | experts(f"{BLOCK}.block_sparse_moe.experts", 4, WIDE)  # fmt: skip
LAYER = "transformer.decoder_layer.{}"
GROK1_SHAPES = {"transformer.in_out_embed.weight": [SIZE - 10, 64], "transformer.rms_norm.weight": [64], "lm_head.weight": [SIZE - 10, 64],
                f"{LAYER}.router.weight": [4, 64]} | {
    f"{LAYER}.{name}.weight": [64] for name in ("rms_norm", "rms_norm_1", "rms_norm_2", "rms_norm_3")} | {
    f"{LAYER}.multi_head_attention.{name}.weight": shape for name, shape in {
        "query": [64, 64], "key": [32, 64], "value": [32, 64], "linear": [64, 64]}.items()} | experts(
    f"{LAYER}.moe", 4, {"linear": [32, 64], "linear_1": [64, 32], "linear_v": [32, 64]})  # fmt: skip
OCR = dict(
    architectures=["DeepseekV2ForCausalLM"], vocab_size=SIZE, hidden_size=64, intermediate_size=96, moe_intermediate_size=32,
    num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4, n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2,
    first_k_dense_replace=1, kv_lora_rank=None, q_lora_rank=None, qk_nope_head_dim=0, qk_rope_head_dim=0, v_head_dim=0,
    n_group=1, topk_group=1, topk_method="greedy", use_mla=False, lm_head=True, rm_head=False, max_position_embeddings=128,
    torch_dtype="bfloat16", bos_token_id=0, eos_token_id=1)  # fmt: skip
EQUAL = {f"{BLOCK}.self_attn.{part}_proj.weight": [64, 64] for part in "kv"}
OCR_SHAPES = ENDS | BODY | EQUAL | dense("model.layers.0.mlp") | in_block(MOE_BLOCK | SHARED, 1) | {
    "model.sam_model.blocks.0.norm1.weight": [32], "model.projector.layers.weight": [64, 32], "model.image_newline": [64],
    "model.view_seperator": [64], "model.vision_model.embeddings.class_embedding": [32]}  # fmt: skip
HUNYUAN = config("HunYuanVLForConditionalGeneration", "hunyuan_vl", head_dim=16, tie_word_embeddings=True, use_qk_norm=True,
                 num_experts=1, pad_token_id=-1, eod_token_id=3, rope_theta=10000.0, rope_scaling=dict(
    alpha=1000.0, beta_fast=32, beta_slow=1, factor=1.0, mscale=1.0, mscale_all_dim=1.0, type="xdrope", xdrope_section=[2, 2, 2, 2]),
    vision_config=dict(CLIP))  # fmt: skip
HUNYUAN_SHAPES = but(HEADED, "lm_head.weight") | {
    name.replace("q_norm", "query_layernorm").replace("k_norm", "key_layernorm"): shape for name, shape in HEAD_NORMS.items()} | {
    "vit.embeddings.patch_embedding.weight": [32, 12]}  # fmt: skip
SARVAM = config(
    "SarvamMoEForCausalLM", "sarvam_moe", head_dim=16, num_shared_experts=1, first_k_dense_replace=1, norm_topk_prob=True,
    routed_scaling_factor=2.5, moe_router_enable_expert_bias=True, use_qk_norm=True, score_function="sigmoid", **MOE)  # fmt: skip
SARVAM_SHAPES = but(ENDS, "model.embed_tokens.weight") | {"model.word_embeddings.weight": [SIZE, 64]} | FUSED | dense(
    "model.layers.0.mlp") | in_block(MOE_BLOCK | SHARED, 1) | {"model.layers.1.mlp.gate.expert_bias": [4]}  # fmt: skip
LFM = dict(
    architectures=["Lfm2Model"], model_type="lfm2", vocab_size=SIZE, hidden_size=64, block_ff_dim=150, intermediate_size=150,
    block_multiple_of=32, block_ffn_dim_multiplier=1.0, block_auto_adjust_ff_dim=True, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, norm_eps=1e-5, conv_L_cache=3, conv_bias=False, layer_types=["conv", "full_attention"],
    max_position_embeddings=128000, rope_theta=1000000.0)  # fmt: skip
LFM_BASE = {name.removeprefix("model."): shape for name, shape in LFM_SHAPES.items() if ".feed_forward." not in name} | {
    f"layers.{{}}.feed_forward.{part}.weight": shape for part, shape in {"w1": [128, 64], "w2": [64, 128], "w3": [128, 64]}.items()}  # fmt: skip
SPEECH = config("Qwen3ASRForConditionalGeneration", "qwen3_asr", head_dim=16, tie_word_embeddings=True)

LAYERS = dict(mamba_d_state=8, mamba_dt_rank=6)
STEP = but(config(
    "Step3p5ForCausalLM", "step3p5", num_hidden_layers=3, head_dim=16, num_attention_groups=2, attention_other_setting=dict(
        attention_type="sliding_attention", num_attention_heads=6, num_attention_groups=2, head_dim=16), rope_theta=[5000000.0, 10000.0, 10000.0],
    layer_types=["full_attention", "sliding_attention", "sliding_attention", "full_attention"], partial_rotary_factors=[0.5, 1.0, 1.0, 0.5],
    sliding_window=32, moe_num_experts=4, moe_top_k=2, moe_intermediate_size=32, share_expert_dim=48, moe_layers_enum="1,2",
    moe_router_scaling_factor=3.0, norm_expert_weight=True, moe_router_activation="sigmoid", use_moe_router_bias=True,
    use_head_wise_attn_gate=True, swiglu_limits=[0.0, 7, None], swiglu_limits_shared=[0.0, 0.0, 16], num_nextn_predict_layers=1,
    max_position_embeddings=128, rope_scaling=dict(LLAMA3)), "num_key_value_heads")  # fmt: skip


def step_block(block: int, heads: int, *, has_experts: bool) -> dict:
    own = f"model.layers.{block}"
    shapes = {f"{own}.{name}.weight": [64] for name in ("input_layernorm", "post_attention_layernorm")} | {
        f"{own}.self_attn.{name}.weight": shape for name, shape in {
            "q_proj": [heads * 16, 64], "k_proj": [32, 64], "v_proj": [32, 64], "o_proj": [64, heads * 16], "g_proj": [heads, 64],
            "q_norm": [16], "k_norm": [16]}.items()}  # fmt: skip
    if not has_experts:
        return shapes | dense(f"{own}.mlp")
    return shapes | {
        f"{own}.moe.gate.weight": [4, 64], f"{own}.moe.router_bias": [4], f"{own}.moe.gate_proj.weight": [4, 32, 64],
        f"{own}.moe.up_proj.weight": [4, 32, 64], f"{own}.moe.down_proj.weight": [4, 64, 32]} | dense(f"{own}.share_expert", 48)


STEP_SHAPES = ENDS | step_block(0, 4, has_experts=False) | step_block(1, 6, has_experts=True) | step_block(2, 6, has_experts=True)
STEP_AHEAD = step_block(3, 4, has_experts=False) | {f"model.layers.3.{name}.weight": shape for name, shape in {
    "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "transformer.shared_head.norm": [64],
    "transformer.shared_head.output": [SIZE, 64]}.items()}  # fmt: skip
KIMI = config(
    "KimiLinearForCausalLM", "kimi_linear", head_dim=24, num_key_value_heads=4, kv_lora_rank=32, q_lora_rank=None, qk_nope_head_dim=16,
    qk_rope_head_dim=8, v_head_dim=16, mla_use_nope=True, linear_attn_config=dict(
        full_attn_layers=[2], kda_layers=[1], head_dim=16, num_heads=4, short_conv_kernel_size=4), num_experts=4, num_experts_per_token=2,
    moe_intermediate_size=32, num_shared_experts=1, first_k_dense_replace=1, routed_scaling_factor=2.446, moe_renormalize=True,
    moe_router_activation_func="sigmoid", num_expert_group=1, topk_group=1, use_grouped_topk=True, moe_layer_freq=1)  # fmt: skip
KIMI_SHAPES = ENDS | {f"{BLOCK}.{name}.weight": [64] for name in ("input_layernorm", "post_attention_layernorm")} | dense(
    "model.layers.0.mlp") | {f"model.layers.0.self_attn.{name}": shape for name, shape in {
        "q_proj.weight": [64, 64], "k_proj.weight": [64, 64], "v_proj.weight": [64, 64], "o_proj.weight": [64, 64],
        "q_conv1d.weight": [64, 1, 4], "k_conv1d.weight": [64, 1, 4], "v_conv1d.weight": [64, 1, 4], "A_log": [1, 1, 4, 1],
        "dt_bias": [64], "b_proj.weight": [4, 64], "f_a_proj.weight": [16, 64], "f_b_proj.weight": [64, 16], "g_a_proj.weight": [16, 64],
        "g_b_proj.weight": [64, 16], "o_norm.weight": [16]}.items()} | {f"model.layers.1.self_attn.{name}.weight": shape for name, shape in {
        "q_proj": [96, 64], "kv_a_proj_with_mqa": [40, 64], "kv_a_layernorm": [32], "kv_b_proj": [128, 32], "o_proj": [64, 64],
    }.items()} | {"model.layers.1.block_sparse_moe.gate.weight": [4, 64],
                  "model.layers.1.block_sparse_moe.gate.e_score_correction_bias": [4]} | experts(
    "model.layers.1.block_sparse_moe.experts", 4, WIDE) | {
    f"model.layers.1.block_sparse_moe.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}  # fmt: skip
MIMO = config(
    "MiMoV2FlashForCausalLM", "mimo_v2_flash", head_dim=16, v_head_dim=8, swa_head_dim=16, swa_v_head_dim=8, num_key_value_heads=1,
    swa_num_key_value_heads=2, swa_num_attention_heads=4, hybrid_layer_pattern=[0, 1], swa_rope_theta=10000, sliding_window=32,
    n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, moe_layer_freq=[0, 1], topk_method="noaux_tc",
    scoring_func="sigmoid", norm_topk_prob=True, n_group=1, topk_group=1, n_shared_experts=None, routed_scaling_factor=None,
    partial_rotary_factor=0.334, layernorm_epsilon=1e-5, attention_value_scale=0.707, add_swa_attention_sink_bias=True,
    add_full_attention_sink_bias=False)  # fmt: skip


def mimo_block(own: str, keys: int, kind: str, *, fused: bool = False) -> dict:
    norms = ["input_layernorm", "post_attention_layernorm"] if kind != "ahead" else [
        "input_layernorm", "pre_mlp_layernorm", "enorm", "hnorm", "final_layernorm"]  # fmt: skip
    shapes = {f"{own}.{name}.weight": [64] for name in norms} | {f"{own}.self_attn.o_proj.weight": [64, 32]}
    shapes |= {f"{own}.self_attn.qkv_proj.weight": [64 + 24 * keys, 64]} if fused else {
        f"{own}.self_attn.q_proj.weight": [64, 64], f"{own}.self_attn.k_proj.weight": [16 * keys, 64],
        f"{own}.self_attn.v_proj.weight": [8 * keys, 64]}  # fmt: skip
    if keys == 2:
        shapes |= {f"{own}.self_attn.attention_sink_bias": [4]}
    if kind == "ahead":
        return shapes | dense(f"{own}.mlp") | {f"{own}.eh_proj.weight": [64, 128]}
    return shapes | (dense(f"{own}.mlp") if kind == "dense" else {
        f"{own}.mlp.gate.weight": [4, 64], f"{own}.mlp.gate.e_score_correction_bias": [4]} | experts(f"{own}.mlp.experts", 4, NAMED))  # fmt: skip


def mimo(*, fused: bool, ahead: bool) -> dict:
    shapes = ENDS | mimo_block("model.layers.0", 1, "dense", fused=fused) | mimo_block("model.layers.1", 2, "experts", fused=fused)
    for layer in range(3 if ahead else 0):
        shapes |= mimo_block(f"model.mtp.layers.{layer}", 2, "ahead", fused=fused)
    return shapes


PLAMO = "model.layers.layers.{}"
PLAMO_NORMS = {f"{PLAMO}.{name}.weight": [64] for name in ("pre_mixer_norm", "post_mixer_norm", "pre_mlp_norm", "post_mlp_norm")} | {
    "model.norm.weight": [64], "model.embed_tokens.weight": [SIZE, 64], f"{PLAMO}.mlp.gate_up_proj.weight": [192, 64],
    f"{PLAMO}.mlp.down_proj.weight": [64, 96]}  # fmt: skip
PLAMO_ATTENTION = {"mixer.qkv_proj.weight": [128, 64], "mixer.o_proj.weight": [64, 64]}
PLAMO_STATE = {
    "mixer.in_proj.weight": [128, 64], "mixer.conv1d.weight": [64, 1, 4], "mixer.bcdt_proj.weight": [80, 64],
    "mixer.dt_proj.weight": [4, 64], "mixer.dt_bias": [4], "mixer.A_log": [4], "mixer.D": [4], "mixer.dt_norm_weight": [64],
    "mixer.B_norm_weight": [8], "mixer.C_norm_weight": [8], "mixer.out_proj.weight": [64, 64]}  # fmt: skip
PLAMO2 = config(
    "Plamo2ForCausalLM", "plamo2", hidden_size_per_head=16, mamba_d_state=8, mamba_d_conv=4, mamba_num_heads=4, mamba_step=2,
    mamba_enabled=True, tie_word_embeddings=True)  # fmt: skip
PLAMO3 = config("Plamo3ForCausalLM", "plamo3", head_dim=16, window_size=32, sliding_window_pattern=8, tie_word_embeddings=True,
                rope_theta=1000000, rope_local_theta=10000)  # fmt: skip
PLAMO3_SHAPES = PLAMO_NORMS | {f"{PLAMO}.{name}": shape for name, shape in (PLAMO_ATTENTION | {
    "mixer.q_norm.weight": [16], "mixer.k_norm.weight": [16]}).items()}  # fmt: skip
PLAMO13 = config("PlamoForCausalLM", "plamo", vocab_size=SIZE - 10, hidden_size=5120, intermediate_size=32, num_hidden_layers=1,
                 num_attention_heads=40, num_key_value_heads=40)  # fmt: skip

MUSE = config(
    "MuseGlimmerForConditionalGeneration", "muse_glimmer", vision_config=dict(CLIP), text_config=LLAMA_LIKE | dict(
        model_type="muse_glimmer_text", head_dim=16, layer_types=WINDOWS, sliding_window=32, final_logit_softcapping=20.0, output_multiplier=0.25,
        qk_scale_factor=1.75, rope_parameters=dict(
            full_attention=dict(rope_type="default", rope_theta=500000.0), sliding_attention=dict(rope_type="default", rope_theta=10000.0))))  # fmt: skip

MODELS = {
    "jamba": model("Jamba", "spm", **SMALL | dict(vocab_size=SIZE - 10), **LAYERS, num_experts=4, attn_layer_period=2, attn_layer_offset=1,
                   expert_layer_period=2, expert_layer_offset=1, use_mamba_kernels=False),
    "jamba-sparse": model("Jamba", "fallback", **SMALL | dict(num_hidden_layers=3, num_key_value_heads=8, num_attention_heads=8), num_experts=16,
                          attn_layer_period=8, attn_layer_offset=4, use_mamba_kernels=False, dtype="float16", drop=(
                              "num_experts", "num_experts_per_tok", "attn_layer_period", "attn_layer_offset", "expert_layer_period",
                              "expert_layer_offset", "mamba_d_state", "mamba_d_conv", "mamba_expand", "mamba_dt_rank", "rms_norm_eps",
                              "max_position_embeddings", "num_key_value_heads")),
    "janus": model("Janus", "bpe", text_config=SMALL | dict(model_type="llama"), vision_config=dict(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14, projection_dim=64), vq_config=dict(
        embed_dim=8, num_embeddings=16, base_channels=32, channel_multiplier=[1, 1], latent_channels=8, num_res_blocks=1,
        projection_dim=64, image_token_embed_dim=64, num_patches=4)),
}  # fmt: skip

BY_HAND = {
    "spark25": made(config(
        "Spark2_5ForCausalLM", "spark2_5", head_dim=16, hidden_act="gelu", layer_types=WINDOWS, sliding_window=32,
        gate_attn_act_mode="sigmoid", headwise_attn_output_gate=True, tie_word_embeddings=True, rope_parameters=LAYERED), {
            name: shape for name, shape in HEADED.items() if not any(f"{part}_proj" in name for part in ("q", "k", "v"))
            and "lm_head" not in name} | {
            f"{BLOCK}.self_attn.q_k_v_proj.weight": [128, 64], f"{BLOCK}.self_attn.g_proj.weight": [4, 64]}, "bpe"),
    "maple": made(config(
        "MapleForCausalLM", "maple", head_dim=16, layer_types=WINDOWS, sliding_window=32, nope_on_global_attention=True,
        norm_topk_prob=True, partial_rotary_factor=0.5, **MOE), NOT_DENSE | MOE_BLOCK | HEAD_NORMS, "bpe"),
    "talkie": made(config("TalkieForCausalLM", "talkie", head_dim=16, num_key_value_heads=4), TALKIE, "bpe"),
    "talkie-plain": made(but(config("TalkieForCausalLM", "talkie", head_dim=16), "num_key_value_heads", "rms_norm_eps"), TALKIE, "bpe",
                         "float32") | dict(edit=doubled),
    "jais": made(JAIS, JAIS_SHAPES, "bpe", "float32", files=EAGER) | dict(edit=slopes),
    "jais-first": made(but(JAIS, "mup_embeddings_scale", "mup_output_alpha", "mup_width_scale", embeddings_scale=14.6, width_scale=0.22),
                       but(JAIS_SHAPES, "transformer.relative_pe.slopes"), "bpe"),
    "rugpt3xl": made(but(config("RuGPT3XLForCausalLM", "rugpt3xl", layer_norm_eps=1e-5, hidden_act="gelu_new"), "num_key_value_heads", "rms_norm_eps", "rope_theta"), biased({
        f"{BLOCK}.{name}.weight": shape for name, shape in {
            "input_layernorm": [64], "post_attention_layernorm": [64], "self_attn.q_proj": [64, 64], "self_attn.k_proj": [64, 64],
            "self_attn.v_proj": [64, 64], "self_attn.o_proj": [64, 64], "mlp.up_proj": [96, 64], "mlp.down_proj": [64, 96],
        }.items()}) | norm("model.norm") | {
            "model.embed_tokens.weight": [SIZE, 64], "model.embed_positions.weight": [128, 64], "lm_head.weight": [SIZE, 64]}, "bpe"),
    "granite-swa": made(config("GraniteSWAForCausalLM", "granite_swa", head_dim=16, **SWA), HEADED | SINKS, "bpe"),
    "granite-swa-sparse": made(but(config("GraniteSWAForCausalLM", "granite_swa", rope_scaling=dict(LLAMA3), **SWA), "sliding_window",
                                   "layer_types", "no_rope_layers"), HEADED | SINKS, "bpe", blocks=2),
    "granite-moe-swa": made(config("GraniteMoeSWAForCausalLM", "granitemoe_swa", intermediate_size=32, num_local_experts=4,
                                   num_experts_per_tok=2, shared_intermediate_size=48, **SWA), NOT_DENSE | SINKS | {
        f"{BLOCK}.block_sparse_moe.router.layer.weight": [4, 64], f"{BLOCK}.block_sparse_moe.input_linear.weight": [4, 64, 64],
        f"{BLOCK}.block_sparse_moe.output_linear.weight": [4, 64, 32], f"{BLOCK}.shared_mlp.input_linear.weight": [96, 64],
        f"{BLOCK}.shared_mlp.output_linear.weight": [64, 48]}, "bpe"),
    "granite-moe-swa-stacks": made(config("GraniteMoeSWAForCausalLM", "granitemoe_swa", intermediate_size=32, num_local_experts=4,
                                          num_experts_per_tok=2, **SWA), NOT_DENSE | SINKS | {
        f"{BLOCK}.block_sparse_moe.router.weight": [4, 64], f"{BLOCK}.block_sparse_moe.experts.gate_up_proj": [4, 64, 64],
        f"{BLOCK}.block_sparse_moe.experts.down_proj": [4, 64, 32]}, "bpe", "float16"),
    "hunyuan-vl": made(HUNYUAN, HUNYUAN_SHAPES, "bpe"),
    "hunyuan-vl-dynamic": made(but(HUNYUAN, "eod_token_id", "pad_token_id", rope_scaling=dict(
        rope_type="dynamic", alpha=1000.0, mrope_section=[2, 2, 2, 2], factor=2.0), text_config=dict(
            num_hidden_layers=2, hidden_size=64)), HUNYUAN_SHAPES, "bpe"),
    "grok-2": made(GROK2, ENDS | GROK2_BLOCK, "bpe", files={"chat_template.jinja": ""}),
    "grok-1": made(but(config("GrokForCausalLM", "grok-1", vocab_size=SIZE - 10, num_local_experts=4, num_experts_per_tok=2, hidden_act="gelu",
                              embedding_multiplier_scale=78.38, output_multiplier_scale=0.577)), GROK1_SHAPES),
    "deepseek-ocr": made(dict(architectures=["DeepseekOCRForCausalLM"], model_type="deepseek_vl_v2", language_config=OCR, vision_config=dict(CLIP)),
                         OCR_SHAPES, "bpe"),
    "deepseek-ocr-2": made(dict(architectures=["DeepseekOCR2ForCausalLM"], model_type="deepseek_vl_v2", language_config=OCR | dict(
        sliding_window_size=64, rms_norm_eps=1e-5, norm_topk_prob=True, routed_scaling_factor=1.5)), OCR_SHAPES | {
            "model.qwen2_model.model.layers.0.input_layernorm.weight": [32]}, "bpe"),
    "unlimited-ocr": made(OCR | dict(architectures=["UnlimitedOCRForCausalLM"], model_type="unlimited", tie_word_embeddings=True), OCR_SHAPES, "bpe"),
    "sarvam": made(SARVAM, SARVAM_SHAPES, "bpe") | dict(floats=(".expert_bias",)),
    "sarvam-half": made(but(SARVAM, "head_dim", architectures=["modeling_sarvam_moe.SarvamMoEForCausalLM"]), SARVAM_SHAPES, "bpe"),
    "lfm2-embedding": made(LFM | dict(architectures=["Lfm2BidirectionalModel"]), LFM_BASE, "bpe", files=pooling(pooling_mode_cls_token=True)),
    "lfm2-base": made(LFM, LFM_BASE, "bpe"),
    "minicpm-v-4_6": made(pictures(but(TEXT_35, "mtp_num_hidden_layers"), "MiniCPMV4_6", tie_word_embeddings=True), but(qwen35(
        "model.language_model.", "dense", tied=True)) | {
            "model.merger.mlp.0.linear_1.weight": [32, 32], "model.vision_tower.conv1.weight": [32, 12]}, "bpe", files=NO_MTP) | dict(
        floats=("A_log", "linear_attn.norm.weight")),
    "qwen3-asr": made(SPEECH, {f"thinker.{name}": shape for name, shape in (but(HEADED, "lm_head.weight") | HEAD_NORMS).items()} | {
        "thinker.audio_tower.conv2d1.weight": [8, 1, 3, 3]}, "bpe-ending"),
    "qwen3-asr-hf": made(dict(architectures=["Qwen3ASRForConditionalGeneration"], model_type="qwen3_asr", tie_word_embeddings=True,
                              text_config=but(SPEECH, "architectures", model_type="qwen3"), audio_config=dict(WHISPER)), visual(
        but(HEADED, "lm_head.weight") | HEAD_NORMS), "bpe-ending"),
    "qwen3-asr-thinker": made(dict(architectures=["Qwen3ASRForConditionalGeneration"], model_type="qwen3_asr", thinker_config=dict(
        audio_config=dict(WHISPER), text_config=but(SPEECH, "architectures", model_type="qwen3_asr_text", rope_scaling=dict(
            rope_type="default", mrope_section=[2, 3, 3], mrope_interleaved=True)))), {
                f"thinker.{name}": shape for name, shape in (but(HEADED, "lm_head.weight") | HEAD_NORMS).items()}, "bpe-ending"),
    "audio-flamingo": made(dict(
        architectures=["AudioFlamingo3ForConditionalGeneration"], model_type="audioflamingo3", audio_config=dict(WHISPER),
        text_config=SMALL | dict(model_type="qwen2", rms_norm_eps=1e-6, rope_theta=1000000.0)), {
            f"language_model.{name}": shape for name, shape in (HEADED | {
                key: size for key, size in ATTENTION_BIASES.items() if "o_proj" not in key}).items()} | {
            "audio_tower.conv1.weight": [32, 8, 3], "multi_modal_projector.linear_1.weight": [64, 32]}, "bpe"),
    "phi4-v": made(config(
        "Phi4ForCausalLMV", "phi4-siglip", sliding_window=None, original_max_position_embeddings=128, partial_rotary_factor=1.0), {
            name: shape for name, shape in HEADED.items() if "_proj" not in name or "o_proj" in name or "down_proj" in name} | {
            f"{BLOCK}.self_attn.qkv_proj.weight": [128, 64], f"{BLOCK}.mlp.gate_up_proj.weight": [192, 64],
            "model.vision_tower.vision_tower.conv1.weight": [32, 12], "model.mm_projector.0.weight": [64, 32]}, "bpe"),
    "step35": made(STEP, STEP_SHAPES | STEP_AHEAD, "bpe"),
    "step35-plain": made(but(STEP, "attention_other_setting", "layer_types", "partial_rotary_factors", "rope_scaling", "swiglu_limits",
                             "swiglu_limits_shared", "moe_layers_enum", "moe_router_scaling_factor", rope_theta=10000.0, num_nextn_predict_layers=0),
                         ENDS | step_block(0, 4, has_experts=False) | step_block(1, 4, has_experts=True) | step_block(2, 4, has_experts=True),
                         "bpe", "float16"),
    "step37": made(dict(
        architectures=["Step3p7ForConditionalGeneration"], model_type="step3p7", vision_config=dict(CLIP), text_config=but(
            STEP, num_nextn_predict_layers=0)), STEP_SHAPES | {
            "vision_model.conv1.weight": [32, 12], "vit_large_projector.weight": [64, 32]}, "bpe"),
    "kimi-linear": made(KIMI, KIMI_SHAPES, "bpe") | dict(floats=("A_log", "dt_bias", "e_score_correction_bias")),
    "mimo-flash": made(MIMO, mimo(fused=False, ahead=True), "bpe"),
    "mimo-trained-on": made(but(MIMO, "attention_value_scale", architectures=["MiMoV2ForCausalLM"]), mimo(fused=True, ahead=False), "bpe",
                            files=NO_MTP),
    "plamo2": made(PLAMO2, PLAMO_NORMS | {f"model.layers.layers.0.{name}": shape for name, shape in PLAMO_STATE.items()} | {
        f"model.layers.layers.1.{name}": shape for name, shape in (PLAMO_ATTENTION | {
            "mixer.q_weight": [4, 16], "mixer.k_weight": [2, 16]}).items()}, "plamo"),
    "plamo3": made(PLAMO3, PLAMO3_SHAPES, "plamo", files={"chat_template.jinja": "{{ messages }}"}),
    "plamo3-long": made(but(PLAMO3, "rope_local_theta", rope_scaling_factor=16, initial_context_length=64, sliding_window_pattern=[True, False],
                            architectures=["PLaMo3ForCausalLM"]), PLAMO3_SHAPES | {"lm_head.weight": [SIZE, 64]}, "plamo", "float16"),
    "plamo": made(PLAMO13, {"model.embed_tokens.weight": [SIZE - 10, 5120], "lm_head.weight": [SIZE - 10, 5120], "model.norm.weight": [5120],
                            f"{PLAMO}.norm.weight": [5120]} | {f"{PLAMO}.self_attn.{part}_proj.weight": shape for part, shape in {
        "q": [5120, 5120], "k": [640, 5120], "v": [640, 5120], "o": [5120, 5120]}.items()} | dense(f"{PLAMO}.mlp", 32, 5120), blocks=1),
    "muse-glimmer": made(MUSE, visual(HEADED | {
        f"{BLOCK}.self_attn.gate_proj.weight": [64, 64], f"{BLOCK}.pre_feedforward_layernorm.weight": [64],
        f"{BLOCK}.post_feedforward_layernorm.weight": [64]}), "bpe-turns"),
    "llava-stablelm": made(but(config("LlavaStableLMEpochForCausalLM", "stablelm_epoch", layer_norm_eps=1e-5, partial_rotary_factor=0.25, rope_theta=10000),
                               "rms_norm_eps"), HEADED | norm("model.norm") | norm(f"{BLOCK}.input_layernorm") | norm(
        f"{BLOCK}.post_attention_layernorm"), "bpe"),
}  # fmt: skip
