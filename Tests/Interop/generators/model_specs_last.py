"""What make_models_last.py makes: models of the families that came last, as in model_specs_rest.py."""

from model_specs import SIZE
from model_specs_more import but, made
from model_specs_rest import KIMI, KIMI_SHAPES, LFM, LFM_BASE
from model_specs_tail import BLOCK, HEAD_NORMS, config, dense
from model_specs_wider import FLASH, FLASH_SHAPES, HEADED, NAMED, NOT_DENSE, WIDE, both, experts, flash_block, norm

# The tokens of the vocabularies in tiktoken's form, without the special ones, which are so many.
RANKS = 300
KIMI_SIZE = RANKS + 256
HUNYUAN_SIZE = RANKS + 210


def sized(shapes: dict, size: int) -> dict:
    """With so many tokens."""
    return {name: [size, *shape[1:]] if "embed_tokens" in name or "lm_head" in name else shape for name, shape in shapes.items()}


K2 = but(FLASH, "num_nextn_predict_layers", architectures=["DeepseekV3ForCausalLM"], model_type="kimi_k2", scoring_func="sigmoid",
         vocab_size=KIMI_SIZE)  # fmt: skip
HUNYUAN = config(
    "HunYuanMoEV1ForCausalLM", "hunyuan", vocab_size=HUNYUAN_SIZE, num_experts=4, moe_topk=[2, 2], moe_intermediate_size=[32, 32],
    num_shared_expert=[1, 1], norm_topk_prob=True, use_mixed_mlp_moe=True, tie_word_embeddings=True, intermediate_size=48,
    attention_head_dim=16, pad_id=2, bos_token_id=1, eos_token_id=3, eod_token_id=7, use_qk_norm=True)  # fmt: skip
HUNYUAN_NORMS = {name.replace("q_norm", "query_layernorm").replace("k_norm", "key_layernorm"): shape for name, shape in HEAD_NORMS.items()}
HUNYUAN_EXPERTS = {f"{BLOCK}.mlp.gate.wg.weight": [4, 64]} | experts(f"{BLOCK}.mlp.experts", 4, NAMED) | {
    f"{BLOCK}.mlp.shared_mlp.{part}_proj.weight": shape for part, shape in {"gate": [48, 64], "up": [48, 64], "down": [64, 48]}.items()}  # fmt: skip
# With heads of 128 elements, as the published one.
LONG = but(HUNYUAN, num_attention_heads=1, num_key_value_heads=1, hidden_size=128, max_position_embeddings=32768, rope_theta=10000.0,
           model_type="hunyuan_v1_moe", rope_scaling=dict(type="dynamic", alpha=1000.0, beta_fast=32, beta_slow=1, factor=1.0, mscale=1.0,
                                                          mscale_all_dim=1.0))  # fmt: skip
LONG_SHAPES = {name: [128 if size in (64, 16) or (size == 32 and "self_attn" in name) else size for size in shape]
               for name, shape in (NOT_DENSE | HUNYUAN_NORMS | HUNYUAN_EXPERTS).items()}  # fmt: skip

RWKV7 = dict(architectures=["RWKV7ForCausalLM"], model_type="rwkv7", vocab_size=SIZE, hidden_size=64, num_hidden_layers=2, head_dim=16,
             intermediate_size=96, norm_eps=1e-5, decay_low_rank_dim=8, a_low_rank_dim=8, v_low_rank_dim=4, gate_low_rank_dim=12)  # fmt: skip
RWKV7_FLA = {"model.embeddings.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64]} | norm("model.norm") | norm("model.layers.0.pre_norm") | norm(
    f"{BLOCK}.attn_norm") | norm(f"{BLOCK}.ffn_norm") | norm(f"{BLOCK}.attn.g_norm") | {f"{BLOCK}.{name}": shape for name, shape in {
        "attn.k_k": [64], "attn.k_a": [64], "attn.r_k": [4, 16], "ffn.x_k": [64], "ffn.key.weight": [96, 64], "ffn.value.weight": [64, 96],
    }.items()} | {f"{BLOCK}.attn.{part}_proj.weight": [64, 64] for part in "rkvo"} | {
    f"{BLOCK}.attn.{part}_lora.lora.{place}": shape for part, rank in {"w": 8, "a": 8, "g": 12}.items() for place, shape in {
        "0.weight": [rank, 64], "2.weight": [64, rank], "2.bias": [64]}.items() if part != "g" or place != "2.bias"} | {
    f"model.layers.1.attn.v_lora.lora.{place}": shape for place, shape in {"0.weight": [4, 64], "2.weight": [64, 4], "2.bias": [64]}.items()} | {
    f"{BLOCK}.attn.x_{part}": [1, 1, 64] for part in "rwkvag"}  # fmt: skip
RWKV7_OWN = {"model.embeddings.weight": [SIZE, 64], "head.weight": [SIZE, 64]} | norm("model.ln_out") | norm("model.pre_ln") | norm(
    "model.blocks.{}.ln1") | norm("model.blocks.{}.ln2") | norm("model.blocks.{}.attention.ln_x") | {
    f"model.blocks.{{}}.{name}": shape for name, shape in {
        "attention.k_k": [1, 1, 64], "attention.k_a": [1, 1, 64], "attention.r_k": [4, 16], "attention.w0": [1, 1, 64],
        "attention.w1": [64, 32], "attention.w2": [32, 64], "attention.a0": [1, 1, 64], "attention.a1": [64, 32], "attention.a2": [32, 64],
        "attention.v0": [1, 1, 64], "attention.v1": [64, 32], "attention.v2": [32, 64], "attention.g1": [64, 32], "attention.g2": [32, 64],
        "feed_forward.x_k": [1, 1, 64], "feed_forward.key.weight": [256, 64], "feed_forward.value.weight": [64, 256]}.items()} | {
    f"model.blocks.{{}}.attention.{part}.weight": [64, 64] for part in ("receptance", "key", "value", "output")} | {
    f"model.blocks.{{}}.attention.x_{part}": [1, 1, 64] for part in "rwkvag"}  # fmt: skip
HYBRID_MIX = {f"{BLOCK}.self_attn.time_mixer.{name}": shape for name, shape in {
    "k_k": [1, 1, 64], "k_a": [1, 1, 64], "r_k": [4, 16], "w0": [1, 1, 64], "w1": [64, 64], "w2": [64, 64], "a0": [1, 1, 64],
    "a1": [64, 64], "a2": [64, 64], "v0": [1, 1, 64], "v1": [64, 32], "v2": [32, 64]}.items()} | {
    f"{BLOCK}.self_attn.time_mixer.{part}.weight": [64, 64] for part in ("receptance", "key", "value", "output")}  # fmt: skip
DENSE_ENDS = {name: shape for name, shape in HEADED.items() if "self_attn" not in name}
RWKV6 = dict(architectures=["Rwkv6ForCausalLM"], model_type="rwkv6", vocab_size=SIZE, hidden_size=64, attention_hidden_size=64, head_size=16,
             num_hidden_layers=2, layer_norm_epsilon=1e-5, rescale_every=1, intermediate_size=None)  # fmt: skip
MIX6 = {"time_maa_x": [1, 1, 64], "time_maa_w1": [64, 160], "time_maa_w2": [5, 32, 64], "time_decay": [1, 1, 64], "time_decay_w1": [64, 64],
        "time_decay_w2": [64, 64], "gate.weight": [64, 64]} | {f"time_maa_{part}": [1, 1, 64] for part in "wkvrg"}  # fmt: skip
RWKV6_SHAPES = {"rwkv.embeddings.weight": [SIZE, 64], "head.weight": [SIZE, 64]} | norm("rwkv.ln_out") | norm("rwkv.blocks.0.pre_ln") | norm(
    "rwkv.blocks.{}.ln1") | norm("rwkv.blocks.{}.ln2") | norm("rwkv.blocks.{}.attention.ln_x") | {
    f"rwkv.blocks.{{}}.attention.{name}": shape for name, shape in (MIX6 | {"time_faaaa": [4, 16]} | {
        f"{part}.weight": [64, 64] for part in ("receptance", "key", "value", "output")}).items()} | {
    f"rwkv.blocks.{{}}.feed_forward.{name}": shape for name, shape in {
        "time_maa_k": [1, 1, 64], "time_maa_r": [1, 1, 64], "key.weight": [224, 64], "value.weight": [64, 224], "receptance.weight": [64, 64],
    }.items()}  # fmt: skip
V4 = dict(
    architectures=["DeepseekV4ForCausalLM"], model_type="deepseek_v4", vocab_size=SIZE, hidden_size=64, num_hidden_layers=3,
    num_attention_heads=4, num_key_value_heads=1, head_dim=16, q_lora_rank=32, qk_rope_head_dim=8, o_groups=2, o_lora_rank=32,
    moe_intermediate_size=32, n_routed_experts=4, n_shared_experts=1, num_experts_per_tok=2, norm_topk_prob=True,
    routed_scaling_factor=1.5, scoring_func="sqrtsoftplus", topk_method="noaux_tc", swiglu_limit=10.0, sliding_window=32,
    compress_ratios=[0, 4, 128, 0], compress_rope_theta=160000.0, hc_mult=4, hc_sinkhorn_iters=20, hc_eps=1e-6, num_hash_layers=1,
    index_n_heads=2, index_head_dim=16, index_topk=8, num_nextn_predict_layers=1, max_position_embeddings=128, rms_norm_eps=1e-6,
    rope_theta=10000.0, rope_scaling=dict(type="yarn", factor=16, original_max_position_embeddings=64, beta_fast=32, beta_slow=1),
    tie_word_embeddings=False, expert_dtype="fp4", hidden_act="silu", quantization_config=dict(
        quant_method="fp8", fmt="e4m3", weight_block_size=[128, 128], activation_scheme="dynamic", scale_fmt="ue8m0"))  # fmt: skip


def v4_block(own: str, ratio: int, *, hashed: bool) -> dict:
    wide = 32 if ratio == 4 else 16
    shapes = {
        "attn_norm.weight": [64], "ffn_norm.weight": [64], "attn.attn_sink": [4], "attn.wq_a.weight": [32, 64],
        "attn.q_norm.weight": [32], "attn.wq_b.weight": [64, 32], "attn.wkv.weight": [16, 64], "attn.kv_norm.weight": [16],
        "attn.wo_a.weight": [64, 32], "attn.wo_b.weight": [64, 64], "ffn.gate.weight": [4, 64], "ffn.gate.bias": [4]} | {
        f"hc_{part}_{end}": shape for part in ("attn", "ffn") for end, shape in {"fn": [24, 256], "base": [24], "scale": [3]}.items()} | {
        f"ffn.shared_experts.{part}.weight": shape for part, shape in WIDE.items()}  # fmt: skip
    if hashed:
        shapes["ffn.gate.tid2eid"] = [SIZE, 2]
    if ratio:
        shapes |= {"attn.compressor.wkv.weight": [wide, 64], "attn.compressor.wgate.weight": [wide, 64],
                   "attn.compressor.ape": [ratio, wide], "attn.compressor.norm.weight": [16]}  # fmt: skip
    if ratio == 4:
        shapes |= {"attn.indexer.wq_b.weight": [32, 32], "attn.indexer.weights_proj.weight": [2, 64],
                   "attn.indexer.compressor.wkv.weight": [32, 64], "attn.indexer.compressor.wgate.weight": [32, 64],
                   "attn.indexer.compressor.ape": [4, 32], "attn.indexer.compressor.norm.weight": [16]}  # fmt: skip
    return {f"{own}.{name}": shape for name, shape in shapes.items()} | experts(f"{own}.ffn.experts", 4, WIDE)


V4_SHAPES = {"embed.weight": [SIZE, 64], "norm.weight": [64], "head.weight": [SIZE, 64], "hc_head_fn": [4, 256], "hc_head_base": [4],
             "hc_head_scale": [1]} | v4_block("layers.0", 0, hashed=True) | v4_block("layers.1", 4, hashed=False) | v4_block(
    "layers.2", 128, hashed=False) | v4_block("mtp.0", 0, hashed=False) | {"mtp.0.enorm.weight": [64], "mtp.0.e_proj.weight": [64, 64]}  # fmt: skip


# The published ones have none: the reference takes one of llama.cpp's (models/templates, which have to be beside it here).
TEMPLATE = {"chat_template.jinja": "{{ messages }}"}


def published(tensors):
    """With the types that DeepSeek V4 is published in: experts of four bits, matrices of attention of eight, and tables."""
    import torch

    def scales(rows: int, columns: int):
        return torch.randint(118, 128, (rows, columns), dtype=torch.uint8).view(torch.float8_e8m0fnu)

    done = {}
    for name, value in tensors.items():
        start = name.removesuffix(".weight")
        if ".ffn.experts." in name:
            rows, columns = value.shape
            done[name] = torch.randint(-128, 128, (rows, columns // 2), dtype=torch.int8)
            done[f"{start}.scale"] = scales(rows, columns // 32)
        elif start.split(".")[-1] in ("wq_a", "wq_b", "wkv", "wo_a", "wo_b", "w1", "w2", "w3", "e_proj") and "compressor" not in name:
            done[name] = (value.float() * 64).to(torch.float8_e4m3fn)
            done[f"{start}.scale"] = scales(1, 1)
        elif name.endswith("tid2eid"):
            done[name] = torch.randint(0, 4, value.shape)
        elif "hc_" in name or name.endswith((".bias", ".ape", "attn_sink")):
            done[name] = value.float()
        else:
            done[name] = value
    return done


LING = but(config(
    "BailingMoeV3ForCausalLM", "bailing_moe_v3", num_hidden_layers=3, head_dim=16, layer_group_size=2, short_conv_kernel_size=4,
    no_kda_lora=True, kda_safe_gate=True, kda_lower_bound=-5.0, gated_attention_proj_granularity_type="head_wise", kv_lora_rank=32,
    q_lora_rank=None, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=16, moe_intermediate_size=32,
    moe_shared_expert_intermediate_size=32, num_shared_experts=1, first_k_dense_replace=1, routed_scaling_factor=2.5,
    norm_topk_prob=True, num_experts=4, num_experts_per_tok=2, score_function="sigmoid", n_group=1, topk_group=1,
    moe_router_enable_expert_bias=True, num_nextn_predict_layers=1), "num_key_value_heads")  # fmt: skip
LING_STATE = {"q_proj.weight": [64, 64], "k_proj.weight": [64, 64], "v_proj.weight": [64, 64], "dense.weight": [64, 64],
              "q_conv1d.weight": [64, 1, 4], "k_conv1d.weight": [64, 1, 4], "v_conv1d.weight": [64, 1, 4], "A_log": [4], "dt_bias": [64],
              "b_proj.weight": [4, 64], "f_proj.weight": [64, 64], "g_proj.weight": [64, 64], "o_norm.weight": [16]}  # fmt: skip
LING_QUERIES = {"q_proj.weight": [96, 64]}
LING_RANKS = {"q_a_proj.weight": [48, 64], "q_a_layernorm.weight": [48], "q_b_proj.weight": [96, 48]}
LING_ATTENTION = {"kv_a_proj_with_mqa.weight": [40, 64], "kv_a_layernorm.weight": [32], "kv_b_proj.weight": [128, 32],
                  "dense.weight": [64, 64], "g_proj.weight": [4, 64]}  # fmt: skip


def ling_block(block: int, attention: dict, *, has_experts: bool) -> dict:
    own = f"model.layers.{block}"
    shapes = {f"{own}.{name}.weight": [64] for name in ("input_layernorm", "post_attention_layernorm")} | {
        f"{own}.attention.{name}": shape for name, shape in attention.items()}  # fmt: skip
    if not has_experts:
        return shapes | dense(f"{own}.mlp")
    return shapes | {f"{own}.mlp.gate.weight": [4, 64], f"{own}.mlp.gate.expert_bias": [4]} | experts(f"{own}.mlp.experts", 4, NAMED) | {
        f"{own}.mlp.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}  # fmt: skip


def ling(queries: dict, *, ahead: bool) -> dict:
    attention = queries | LING_ATTENTION
    shapes = {"model.word_embeddings.weight": [SIZE, 64], "model.norm.weight": [64], "lm_head.weight": [SIZE, 64]} | ling_block(
        0, LING_STATE, has_experts=False) | ling_block(1, attention, has_experts=True) | ling_block(2, attention, has_experts=True)
    if not ahead:
        return shapes
    return shapes | ling_block(3, attention, has_experts=True) | {f"model.layers.3.{name}.weight": shape for name, shape in {
        "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "final_layernorm": [64]}.items()}


INDEX = {"self_attn.indexer.wq_b.weight": [32, 48], "self_attn.indexer.wk.weight": [16, 64], "self_attn.indexer.k_norm.weight": [16],
         "self_attn.indexer.k_norm.bias": [16], "self_attn.indexer.weights_proj.weight": [2, 64]}  # fmt: skip
HY4 = but(FLASH, "num_nextn_predict_layers", "scoring_func", architectures=["HYV4ForCausalLM"], model_type="hy_v4", num_key_value_heads=2,
          n_group=1, topk_group=1, mlp_layer_types=["dense", "sparse"], hc_mult=4, hc_eps=1e-6, hc_magnitude=2.0, swiglu_limit=7.0,
          index_n_heads=2, index_head_dim=16, index_topk=8, indexer_types=["full", "shared"], num_nextn_predict_layers=1,
          enable_lm_head_fp32=True)  # fmt: skip
HY4_SHAPES = {name.replace("shared_experts", "shared_mlp"): shape for name, shape in FLASH_SHAPES.items() if ".experts." not in name} | {
    "model.layers.1.mlp.experts.gate_up_proj": [4, 64, 64], "model.layers.1.mlp.experts.down_proj": [4, 64, 32],
    "model.hc_head.hc_head_fn": [4, 256], "model.hc_head.hc_head_base": [4], "model.hc_head.hc_head_scale": [1],
    f"{BLOCK}.self_attn.linear_gate.weight": [96, 64], f"{BLOCK}.self_attn.learnable_sink_param": [4],
    "model.mtp_layers.0.enorm.weight": [64]} | {f"model.layers.0.{name}": shape for name, shape in INDEX.items()} | {
    f"{BLOCK}.hc_{part}_layer.hc_pre.hc_{end}": shape for part in ("attn", "mlp") for end, shape in {
        "fn": [8, 256], "base": [8], "scale": [2]}.items()}  # fmt: skip
DOTS3 = but(FLASH, "num_nextn_predict_layers", architectures=["Dots3NoteTextForCausalLM"], model_type="dots3_note_text", scoring_func="sigmoid",
            n_group=1, topk_group=1, layer_types=["full_attention", "sliding_attention"], use_dsa=True, k_rope_only_layernorm=True,
            swa_num_attention_heads=2, swa_qk_nope_head_dim=8, swa_qk_rope_head_dim=8, swa_v_head_dim=8, swa_kv_lora_rank=16,
            swa_q_lora_rank=48, swa_head_dim=16, sliding_window_size=32, swa_rope_theta=10000.0, attention_gate_type="headwise",
            index_n_heads=2, index_head_dim=16, index_topk=8, apply_mla_qkv_lora_rescale=True)  # fmt: skip
SMALL_ATTENTION = {"q_b_proj": [32, 48], "kv_a_proj_with_mqa": [24, 64], "kv_a_layernorm": [16], "kv_b_proj": [32, 16], "o_proj": [64, 16],
                   "g_proj": [2, 64]}  # fmt: skip


def dots3(*, ahead: bool) -> dict:
    shapes = FLASH_SHAPES | {f"model.layers.{block}.self_attn.k_rope_only_layernorm.weight": [8] for block in range(2 + ahead)} | {
        "model.layers.0.self_attn.g_proj.weight": [4, 64]} | {f"model.layers.0.{name}": shape for name, shape in INDEX.items()}
    if ahead:
        shapes |= flash_block(2, True) | {f"model.layers.2.{name}.weight": shape for name, shape in {
            "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "shared_head.norm": [64]}.items()} | {
            "model.mtp.embed_tokens.weight": [SIZE, 64]}
    return shapes | {f"model.layers.{block}.self_attn.{name}.weight": shape for block in range(1, 2 + ahead)
                     for name, shape in SMALL_ATTENTION.items()}


GLM5 = but(FLASH, architectures=["Glm5NextForConditionalGeneration"], model_type="glm5_next", text_config=but(
    FLASH, "architectures", model_type="glm5_next_text", layer_types=["linear_attention", "full_attention", "full_attention"],
    num_hidden_layers=3, linear_attn_config=dict(head_dim=16, num_heads=4, short_conv_kernel_size=4, gate_lower_bound=-5.0),
    mla_use_nope=True, qk_rope_head_dim=0, index_n_heads=2, index_head_dim=16, index_topk=8, index_kpool=4, mhc=True, hc_mult=4,
    hc_sinkhorn_iters=20, hc_eps=1e-6, indexer_types=["full", "full", "shared"], swiglu_limit=7.0, scoring_func="sigmoid"),
    vision_config=dict(hidden_size=32))  # fmt: skip
GLM5_STATE = {name.removeprefix("model.layers.0.self_attn."): shape for name, shape in KIMI_SHAPES.items() if name.startswith(
    "model.layers.0.self_attn.")} | {"A_log": [6]}  # fmt: skip
GLM5_ATTENTION = {
    "q_a_proj.weight": [48, 64], "q_a_layernorm.weight": [48], "q_b_proj.weight": [64, 48], "kv_a_proj_with_mqa.weight": [32, 64],
    "kv_a_layernorm.weight": [32], "kv_b_proj.weight": [160, 32], "o_proj.weight": [64, 96]}  # fmt: skip
GLM5_INDEX = {name.removeprefix("self_attn."): shape for name, shape in INDEX.items()} | {
    "indexer.index_kpool_compress_gate": [16, 64], "indexer.index_kpool_compress_ape": [4, 16]}  # fmt: skip


def glm5_block(block: int, attention: dict, *, has_experts: bool, ahead: bool = False) -> dict:
    own = f"model.language_model.layers.{block}"
    shapes = {f"{own}.{name}.weight": [64] for name in ("input_layernorm", "post_attention_layernorm")} | {
        f"{own}.self_attn.{name}": shape for name, shape in attention.items()}  # fmt: skip
    shapes |= {f"{own}.{name}.weight": shape for name, shape in {
        "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "shared_head.norm": [64]}.items()} if ahead else {
        f"{own}.hc_{part}_{end}": shape for part in ("attn", "ffn") for end, shape in {"fn": [24, 256], "base": [24], "scale": [3]}.items()}  # fmt: skip
    if not has_experts:
        return shapes | dense(f"{own}.mlp")
    return shapes | {f"{own}.mlp.gate.weight": [4, 64], f"{own}.mlp.gate.e_score_correction_bias": [4]} | experts(
        f"{own}.mlp.experts", 4, NAMED) | {f"{own}.mlp.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}


GLM5_SHAPES = {"model.language_model.embed_tokens.weight": [SIZE, 64], "model.language_model.norm.weight": [64], "lm_head.weight": [SIZE, 64],
               "model.visual.patch_embed.proj.weight": [32, 12]} | glm5_block(0, GLM5_STATE, has_experts=False) | glm5_block(
    1, GLM5_ATTENTION | GLM5_INDEX, has_experts=True) | glm5_block(2, GLM5_ATTENTION, has_experts=True) | glm5_block(
    3, GLM5_ATTENTION | GLM5_INDEX, has_experts=True, ahead=True)  # fmt: skip

SWITCH = config(
    "GraniteSwitchForCausalLM", "granite_switch", num_hidden_layers=3, head_dim=16, shared_intermediate_size=96, num_local_experts=0,
    num_experts_per_tok=2, attention_multiplier=0.25, embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0,
    num_adapters=2, max_lora_rank=8, adapter_token_ids=[5, 6], adapter_substitute_token_ids=[7, 8], tie_word_embeddings=True)  # fmt: skip
SLICES = {"self_attn.qkv_proj": [64, [64, 32, 32]], "shared_mlp.input_linear": [64, [96, 96]]}
WHOLE = {"self_attn.o_proj": [64, 64], "shared_mlp.output_linear": [64, 96]}
SWITCH_SHAPES = {"model.embed_tokens.weight": [SIZE, 64], "model.norm.weight": [64], "model.switch.adapter_token_ids": [2]} | {
    f"{BLOCK}.{name}.weight": [64] for name in ("input_layernorm", "post_attention_layernorm")} | {
    f"{BLOCK}.{name}.base_layer.weight": [sum(rows), width] for name, (width, rows) in SLICES.items()} | {
    f"{BLOCK}.{name}.base_layer.weight": shape for name, shape in WHOLE.items()} | {
    f"{BLOCK}.{name}.lora_A_slices.{place}": [2, 1, 8, width] for name, (width, rows) in SLICES.items() for place in range(len(rows))} | {
    f"{BLOCK}.{name}.lora_B_slices.{place}": [2, 1, own, 8] for name, (_, rows) in SLICES.items() for place, own in enumerate(rows)} | {
    f"{BLOCK}.{name}.lora_A": [2, 1, 8, shape[1]] for name, shape in WHOLE.items()} | {
    f"{BLOCK}.{name}.lora_B": [2, 1, shape[0], 8] for name, shape in WHOLE.items()}  # fmt: skip
LFM_SOUND = LFM | dict(architectures=["Lfm25AudioTokenizer"], sliding_window=30, output_size=48)
WAV = dict(architectures=["WavTokenizerDec"], hidden_size=48, n_embd_features=32, n_ff=96, vocab_size=64, n_head=1, layer_norm_epsilon=1e-6,
           group_norm_epsilon=1e-6, group_norm_groups=8, max_position_embeddings=128, n_layer=6, posnet=dict(n_embd=64, n_layer=6),
           convnext=dict(n_embd=64, n_layer=2))  # fmt: skip
WAV_SHAPES = {"backbone.embedding.weight": [64, 32], "backbone.embed.weight": [64, 32, 7], "backbone.embed.bias": [64, 1],
              "quantizer.codebook.cluster_size": [64]} | norm("backbone.norm") | norm("backbone.final_layer_norm") | both(
    "head.out", 48, 64) | {f"backbone.posnet.{layer}.{part}.{end}": [64, 1] if end == "bias" or "norm" in part else [64, 64, 3]
                           for layer in (0, 1, 3, 4) for part in ("norm1", "conv1", "norm2", "conv2") for end in ("weight", "bias")} | {
    f"backbone.posnet.2.{part}.{end}": [64, 1] if end == "bias" or "norm" in part else [64, 64, 1]
    for part in ("norm", "q", "k", "v", "proj_out") for end in ("weight", "bias")} | {
    f"backbone.posnet.5.norm.{end}": [64, 1] for end in ("weight", "bias")} | norm("backbone.convnext.{}.norm") | both(
    "backbone.convnext.{}.pwconv1", 96, 64) | both("backbone.convnext.{}.pwconv2", 64, 96) | {
    "backbone.convnext.{}.dwconv.weight": [64, 1, 7], "backbone.convnext.{}.dwconv.bias": [64, 1], "backbone.convnext.{}.gamma.weight": [64]}  # fmt: skip

MINIMAX = config(
    "MiniMaxM1ForCausalLM", "minimax_m1", num_hidden_layers=8, num_local_experts=4, num_experts_per_tok=2, intermediate_size=32, head_dim=16,
    rotary_dim=8, attn_type_list=[0] * 7 + [1], postnorm=True, shared_intermediate_size=0, shared_moe_mode="sigmoid",
    rope_theta=10000000, router_jitter_noise=0.0) | {f"layernorm_{part}_{which}": value for part in (
        "full_attention", "linear_attention", "mlp") for which, value in {"alpha": 3.5565588200778455, "beta": 1.0}.items()}  # fmt: skip
MINIMAX_SHAPES = {name: shape for name, shape in NOT_DENSE.items() if "{}" not in name or "layernorm" in name} | {
    name.replace("{}", "7"): shape for name, shape in NOT_DENSE.items() if "_proj" in name} | {
    f"{BLOCK}.block_sparse_moe.gate.weight": [4, 64]} | experts(f"{BLOCK}.block_sparse_moe.experts", 4, WIDE) | {
    f"model.layers.{block}.self_attn.{name}.weight": shape for block in range(7) for name, shape in {
        "norm": [64], "qkv_proj": [192, 64], "out_proj": [64, 64], "output_gate": [64, 64]}.items()}  # fmt: skip
# With heads that are together wider than the embeddings, as the published ones.
MINIMAX_WIDE = {name: ([2 * shape[0], *shape[1:]] if any(part in name for part in ("q_proj", "k_proj", "v_proj", "attn.norm", "output_gate")) else
                       [shape[0], 2 * shape[1]] if any(part in name for part in ("attn.o_proj", "out_proj")) else shape)
                for name, shape in MINIMAX_SHAPES.items()}  # fmt: skip
MINIMAX_FILES = {"model.safetensors.index.json": {"metadata": {}, "weight_map": {
    name.replace("{}", str(block)): "model.safetensors" for block in range(8) for name in MINIMAX_SHAPES}}} | TEMPLATE  # fmt: skip


def silent(tensors):
    """With embeddings that are zero, of a token of the vocabulary and of two behind it."""
    for row in (5, 317, 319):
        tensors["model.embed_tokens.weight"][row] = 0
    return tensors


MODELS = {}
BY_HAND = {
    "kimi-linear-tiktoken": made(KIMI | dict(vocab_size=KIMI_SIZE), sized(KIMI_SHAPES, KIMI_SIZE), "kimi") | dict(
        floats=("A_log", "dt_bias", "e_score_correction_bias")),
    "kimi-k2-tiktoken": made(K2, sized(FLASH_SHAPES, KIMI_SIZE), "kimi"),
    "kimi-k25-tiktoken": made(dict(architectures=["KimiK25ForConditionalGeneration"], model_type="kimi_k25", text_config=K2, vision_config=dict(
        hidden_size=32)), {f"language_model.{name}": shape for name, shape in sized(FLASH_SHAPES, KIMI_SIZE).items()} | {
            "vision_tower.patch_embed.proj.weight": [32, 12], "mm_projector.proj.0.weight": [64, 32]}, "kimi", "float16"),
    "kimi-vl-tiktoken": made(dict(architectures=["KimiVLForConditionalGeneration"], model_type="kimi_vl", text_config=but(
        K2, model_type="deepseek_v3"), vision_config=dict(hidden_size=32)), {
            f"language_model.{name}": shape for name, shape in sized(FLASH_SHAPES, KIMI_SIZE).items()} | {
            "vision_tower.patch_embed.proj.weight": [32, 12], "multi_modal_projector.linear_1.weight": [64, 32]}, "kimi"),
    "hunyuan-moe": made(HUNYUAN, sized(NOT_DENSE | HUNYUAN_NORMS | HUNYUAN_EXPERTS, HUNYUAN_SIZE), "hunyuan"),
    "hunyuan-moe-long": made(LONG, sized(LONG_SHAPES, HUNYUAN_SIZE), "hunyuan", "float16"),
    "rwkv7-fla": made(RWKV7, RWKV7_FLA, "world"),
    "rwkv7": made(but(RWKV7, *[key for key in RWKV7 if "rank" in key], "head_dim", "norm_eps", architectures=["Rwkv7ForCausalLM"], head_size=16,
                      layer_norm_epsilon=1e-5, intermediate_size=None, lora_rank_decay=None, lora_rank_iclr=None,
                      lora_rank_value_residual_mix=None, lora_rank_gate=None), RWKV7_OWN, "world", "float16"),
    "arwkv": made(config(
        "RwkvHybridForCausalLM", "rwkv_hybrid", head_size=16, wkv_has_gate=False, wkv_version=7), DENSE_ENDS | HYBRID_MIX | {
            f"{BLOCK}.self_attn.time_mixer.x_x": [5, 1, 64]}, "bpe"),
    "arwkv-gates": made(config(
        "RwkvHybridForCausalLM", "rwkv_hybrid", head_size=16, wkv_has_gate=True, wkv_version=7, wkv_has_group_norm=True), DENSE_ENDS | HYBRID_MIX | {
            f"{BLOCK}.self_attn.time_mixer.g1": [64, 128], f"{BLOCK}.self_attn.time_mixer.g2": [128, 64]} | {
            f"{BLOCK}.self_attn.time_mixer.x_{part}": [1, 1, 64] for part in "rwkvag"} | norm(f"{BLOCK}.self_attn.time_mixer.ln_x"), "bpe"),
    "rwkv6": made(RWKV6, RWKV6_SHAPES, "world"),
    "qrwkv6": made(config("RWKV6Qwen2ForCausalLM", "rwkv6qwen2", attention_bias=True, lora_rank_tokenshift=32, lora_rank_decay=64), DENSE_ENDS | {
        f"{BLOCK}.self_attn.{name}": shape for name, shape in (MIX6 | {
            "q_proj.weight": [64, 64], "k_proj.weight": [32, 64], "v_proj.weight": [32, 64], "o_proj.weight": [64, 64], "q_proj.bias": [64],
            "k_proj.bias": [32], "v_proj.bias": [32]}).items()}, "bpe"),
    "deepseek-v4": made(V4, V4_SHAPES, "bpe", files=TEMPLATE) | dict(edit=published),
    "deepseek-v4-0731": made(but(V4, "rope_scaling", "quantization_config"), {
        name: shape for name, shape in V4_SHAPES.items() if not name.startswith("mtp.")}, "bpe", "float16", files=TEMPLATE) | dict(edit=published),
    "ling3": made(LING, ling(LING_QUERIES, ahead=True), "bpe") | dict(floats=("A_log", "dt_bias", "expert_bias")),
    "ling3-vl": made(dict(architectures=["BailingMoeV3VLForConditionalGeneration"], model_type="bailing_moe_v3_vl", text_config=but(
        LING, "architectures", q_lora_rank=48, num_nextn_predict_layers=0, mrope_section=[2, 1, 1], expert_swiglu_limit_list=[None, 7.0, 7],
        share_expert_swiglu_limit_list=[0.0]), vision_config=dict(hidden_size=32)), ling(LING_RANKS, ahead=False) | {
            "linear_proj.0.weight": [64, 32], "linear_proj.0.bias": [64], "visual.patch_embed.proj.weight": [32, 12]}, "bpe", "float16"),
    "hy4": made(HY4, HY4_SHAPES, "bpe"),
    "hy4-plain": made(but(HY4, "indexer_types", "mlp_layer_types", "enable_lm_head_fp32", "swiglu_limit", layer_types=["full_attention"] * 2), {
        name: shape for name, shape in HY4_SHAPES.items() if ".indexer." not in name}, "bpe", "float16"),
    "dots3": made(DOTS3, dots3(ahead=True), "bpe-answer"),
    "dots3-note": made(but(
        DOTS3, "apply_mla_qkv_lora_rescale", "swa_head_dim", architectures=["Dots3NoteForConditionalGeneration"], model_type="dots3_note",
        swa_qk_nope_head_dim=248, vision_config=dict(hidden_size=32)), {
            name: [512, 48] if name == "model.layers.1.self_attn.q_b_proj.weight" else [512, 16] if name == (
                "model.layers.1.self_attn.kv_b_proj.weight") else shape for name, shape in dots3(ahead=False).items()} | {
            "vision_encoder.conv1.weight": [32, 12]}, "bpe-answer", "float16"),
    "glm5-next": made(GLM5, GLM5_SHAPES, "glm-moe") | dict(floats=("A_log", "dt_bias", "e_score_correction_bias")),
    "granite-switch": made(SWITCH, SWITCH_SHAPES, "bpe"),
    "granite-switch-half": made(but(SWITCH, "control_token_gain", "head_dim", projection_head_dim=16, control_token_gain=9.5), SWITCH_SHAPES, "bpe",
                                "float16"),
    "lfm25-sound": made(LFM_SOUND, {"lfm." + name.removeprefix("model."): shape for name, shape in LFM_BASE.items()} | both("lin", 48, 64) | {
        "istft.window": [16], "emb.emb.weight": [16, 64]}, "none"),
    "minimax-m1": made(MINIMAX, MINIMAX_SHAPES, "bpe", blocks=8, files=MINIMAX_FILES) | dict(edit=silent),
    "minimax-text": made(but(MINIMAX, architectures=["MiniMaxText01ForCausalLM"], model_type="minimax_text_01", head_dim=32, rotary_dim=16),
                         MINIMAX_WIDE, "bpe", "float16", 8, MINIMAX_FILES),
    "wavtokenizer": made(WAV, WAV_SHAPES, "none", "float32"),
}  # fmt: skip
