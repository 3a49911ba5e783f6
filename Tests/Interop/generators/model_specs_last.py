"""What make_models_last.py makes: models of the families that came last, as in model_specs_rest.py."""

from model_specs import SIZE
from model_specs_more import but, made
from model_specs_rest import KIMI, KIMI_SHAPES
from model_specs_tail import BLOCK, HEAD_NORMS, config
from model_specs_wider import FLASH, FLASH_SHAPES, HEADED, NAMED, NOT_DENSE, experts, norm

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
}  # fmt: skip
