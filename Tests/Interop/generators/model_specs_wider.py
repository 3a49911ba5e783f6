"""What make_models_wider.py makes: models of more families, as in model_specs.py.

`MODELS` are of transformers' classes; `BY_HAND` are those of which the reference's transformers has no class: a
configuration, and shapes by the names of tensors.
"""

from model_specs import EXPERTS, LLAMA3, SIZE, SMALL, model
from model_specs_more import LLAMA_SHAPES, MLA, but, made, pooling

# What the classes of these families state, beside what the first ones do.
TEXT_KEYS = (
    "max_position_embeddings", "rms_norm_eps", "rope_theta", "num_key_value_heads", "head_dim", "layer_norm_eps",
    "rope_scaling", "layer_types", "sliding_window", "num_experts_per_tok", "hidden_activation", "norm_eps",
)  # fmt: skip
TINY_VISION = dict(depth=1, embed_dim=32, hidden_size=64, num_heads=2, mlp_ratio=2, in_channels=3, patch_size=14)
TINY_VISION_25 = dict(depth=1, hidden_size=32, out_hidden_size=64, num_heads=2, intermediate_size=48, patch_size=14,
                      fullatt_block_indexes=[0])  # fmt: skip
TINY_VISION_3 = dict(depth=2, hidden_size=32, out_hidden_size=64, num_heads=2, intermediate_size=48, patch_size=14,
                     num_position_embeddings=16, deepstack_visual_indexes=[1])  # fmt: skip
PIXTRAL = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, head_dim=16,
               image_size=28, patch_size=14)  # fmt: skip
CLIP = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14)
WHISPER = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, max_source_positions=8)
SECTIONS = dict(type="mrope", mrope_section=[2, 3, 3])
SECTIONS_3 = dict(rope_scaling=dict(rope_type="default", mrope_section=[2, 3, 3], mrope_interleaved=True))
IDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)


def with_prediction(tensors):
    """Adds a block that predicts more than one token ahead, as GLM's models are published."""
    import torch

    last = {name.replace("layers.1.", "layers.2."): value.clone() for name, value in tensors.items() if ".layers.1." in name}
    width = tensors["model.norm.weight"].shape[0]
    more = {"enorm": [width], "hnorm": [width], "eh_proj": [width, 2 * width], "shared_head.norm": [width],
            "embed_tokens": [SIZE, width], "shared_head.head": [SIZE, width]}  # fmt: skip
    new = {f"model.layers.2.{name}.weight": torch.randn(shape).to(torch.bfloat16) for name, shape in more.items()}
    return tensors | last | new


# The first models with pictures state all on the top level.
QWEN2_VL = dict(architectures=["Qwen2VLForConditionalGeneration"])
# As it is published: transformers spells the class in another way.
PHI_MOE = dict(architectures=["PhiMoEForCausalLM"])
GRANITE = dict(attention_multiplier=0.25, embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0)
GLM_MOE = dict(n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, first_k_dense_replace=1,
               n_shared_experts=1, head_dim=16)  # fmt: skip
BIDIRECTIONAL = SMALL | dict(architectures=["LlamaBidirectionalModel"], model_type="llama_bidirec", pooling="avg",
                             rms_norm_eps=1e-5, rope_theta=500000.0, head_dim=16)  # fmt: skip
ENCODER = {key: value for key, value in SMALL.items() if key != "num_key_value_heads"}
MODERN = ENCODER | dict(global_attn_every_n_layers=2, local_attention=32, pad_token_id=0)
DISTIL = dict(vocab_size=SIZE, dim=64, hidden_dim=96, n_layers=2, n_heads=4, max_position_embeddings=128)

MODELS = {
    "llava": model("Llava", "spm", text_config=SMALL | dict(model_type="llama"), vision_config=CLIP),
    "llava-sparse": model("Llava", "spm", text_config=SMALL | dict(num_key_value_heads=4), vision_config=CLIP, put=dict(
        text_config={key: SMALL[key] for key in (
            "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")})),
    "llava-mistral": model("Llava", "spm", text_config=SMALL | dict(model_type="mistral"), vision_config=CLIP),
    "voxtral": model("Voxtral", "spm", text_config=SMALL | dict(head_dim=16), audio_config=WHISPER),
    "mistral3": model("Mistral3", "spm", text_config=SMALL | dict(model_type="mistral", head_dim=16), vision_config=PIXTRAL),
    "mistral3-sparse": model("Mistral3", "spm", text_config=SMALL | dict(model_type="mistral", num_key_value_heads=2),
                             vision_config=PIXTRAL, put=dict(text_config=SMALL)),
    "arcee": model("Arcee", **SMALL),
    "arcee-sparse": model("Arcee", **SMALL | dict(num_key_value_heads=4), drop=TEXT_KEYS, attention_bias=True,
                          mlp_bias=True, tie_word_embeddings=True),
    "arcee-yarn": model("Arcee", **SMALL, rope_scaling=dict(rope_type="yarn", factor=20.0, beta_slow=1.0, beta_fast=32,
                                                            original_max_position_embeddings=64, mscale=1.0)),
    "qwen2vl": model("Qwen2VL", text_config=SMALL | dict(rope_scaling=dict(SECTIONS)), vision_config=TINY_VISION),
    "qwen2vl-flat": model("Qwen2VL", **SMALL, rope_scaling=dict(SECTIONS), vision_config=TINY_VISION, drop=("text_config",),
                          put=SMALL | QWEN2_VL | dict(rope_scaling=dict(SECTIONS), rms_norm_eps=1e-6, rope_theta=1e6)),
    "qwen2vl-sparse": model("Qwen2VL", **SMALL | dict(num_attention_heads=8, num_key_value_heads=8),
                            vision_config=TINY_VISION, drop=(*TEXT_KEYS, "text_config"), put={
        key: value for key, value in SMALL.items() if key not in TEXT_KEYS} | QWEN2_VL | dict(num_attention_heads=8)),
    "qwen2_5vl": model("Qwen2_5_VL", text_config=SMALL | dict(rope_scaling=dict(SECTIONS), tie_word_embeddings=True),
                       vision_config=TINY_VISION_25, tie_word_embeddings=True),
    "qwen3vl": model("Qwen3VL", text_config=SMALL | dict(head_dim=16, **SECTIONS_3), vision_config=TINY_VISION_3),
    "qwen3vl-tied": model("Qwen3VL", text_config=SMALL | dict(head_dim=16, tie_word_embeddings=True, **SECTIONS_3),
                          vision_config=TINY_VISION_3, tie_word_embeddings=True),
    "Qwen3-VL-Reranker": model("Qwen3VL", text_config=SMALL | dict(head_dim=16, **SECTIONS_3), vision_config=TINY_VISION_3),
    "qwen3vl-sparse": model("Qwen3VL", text_config=SMALL | dict(
        num_attention_heads=4, num_key_value_heads=32, head_dim=128, **SECTIONS_3), vision_config=TINY_VISION_3, put=dict(
            vision_config=dict(depth=2), text_config={key: value for key, value in SMALL.items() if key not in TEXT_KEYS})),
    "qwen3vlmoe": model("Qwen3VLMoe", text_config=SMALL | EXPERTS | dict(head_dim=16, **SECTIONS_3), vision_config=TINY_VISION_3),
    "qwen3vlmoe-sparse": model("Qwen3VLMoe", text_config=SMALL | EXPERTS | dict(num_key_value_heads=16, num_attention_heads=16, **SECTIONS_3),
                               vision_config=TINY_VISION_3, put=dict(text_config={
        key: value for key, value in (SMALL | EXPERTS).items() if key not in TEXT_KEYS} | dict(num_attention_heads=16))),
    "seed-oss": model("SeedOss", **SMALL, head_dim=16),
    "seed-oss-sparse": model("SeedOss", **SMALL | dict(num_key_value_heads=8, head_dim=128), drop=TEXT_KEYS,
                             attention_bias=False, attention_out_bias=True, mlp_bias=True),
    "cohere2": model("Cohere2", **SMALL, **IDS, put=dict(rotary_pct=1.0), logit_scale=0.5),
    "cohere2-sparse": model("Cohere2", **SMALL | dict(num_key_value_heads=4), **IDS, drop=TEXT_KEYS, put=dict(rotary_pct=0.5)),
    "exaone4": model("Exaone4", **SMALL | dict(num_hidden_layers=4), head_dim=16, rope_scaling=dict(LLAMA3),
                     put=dict(sliding_window_pattern="LLLG")),
    "exaone4-full": model("Exaone4", **SMALL, sliding_window=None, layer_types=["full_attention"] * 2, tie_word_embeddings=True),
    "exaone4-sparse": model("Exaone4", **SMALL | dict(num_attention_heads=8, num_key_value_heads=32, hidden_size=128), head_dim=16,
                            drop=tuple(key for key in TEXT_KEYS if key != "head_dim") + ("sliding_window_pattern",)),
    "olmoe": model("Olmoe", **SMALL, num_experts=4, num_experts_per_tok=2, rms_norm_eps=1e-6),
    "olmoe-sparse": model("Olmoe", **SMALL | dict(num_key_value_heads=4), num_experts=3, drop=TEXT_KEYS, clip_qkv=8.0),
    "phimoe": model("Phimoe", "spm", **SMALL, num_local_experts=4, attention_bias=True, lm_head_bias=True, rope_scaling=dict(
        type="longrope", long_factor=[1.0 + i / 7 for i in range(8)], short_factor=[1.0 + i / 9 for i in range(8)],
        short_mscale=1.25, long_mscale=1.25, original_max_position_embeddings=64), put=PHI_MOE),
    "granitemoe": model("GraniteMoe", **SMALL, **GRANITE, num_local_experts=4, tie_word_embeddings=True),
    "granitemoe-sparse": model("GraniteMoe", **SMALL | dict(num_key_value_heads=4), num_local_experts=8, drop=TEXT_KEYS + tuple(GRANITE)),
    "granitemoe-shared": model("GraniteMoeShared", **SMALL, **GRANITE, num_local_experts=4, shared_intermediate_size=48),
    "glm4moe": model("Glm4Moe", "glm-moe", **SMALL, **GLM_MOE, attention_bias=True, use_qk_norm=True),
    "glm4moe-sparse": model("Glm4Moe", "glm-moe", **SMALL | GLM_MOE | dict(num_key_value_heads=8, num_attention_heads=8, head_dim=8), drop=TEXT_KEYS),
    "glm4moe-ahead": model("Glm4Moe", "glm-moe", **SMALL, **GLM_MOE, put=dict(num_nextn_predict_layers=1), edit=with_prediction),
    "glm4v-moe": model("Glm4vMoe", "glm-moe", text_config=SMALL | GLM_MOE | dict(rope_scaling=dict(
        rope_type="default", mrope_section=[2, 3, 3])), vision_config=dict(
            depth=1, hidden_size=32, num_heads=2, image_size=28, patch_size=14, out_hidden_size=64, intermediate_size=48)),
    "lfm2": model("Lfm2", **SMALL | dict(num_hidden_layers=3), layer_types=["conv", "full_attention", "conv"],
                  block_multiple_of=32, **IDS),
    "lfm2-published": model("Lfm2", **SMALL | dict(num_hidden_layers=3), layer_types=["conv", "full_attention", "conv"],
                            block_auto_adjust_ff_dim=False, **IDS, drop=("layer_types", "rope_theta", "intermediate_size"),
                            put=dict(full_attn_idxs=[1], block_ff_dim=96, theta=500000.0)),
    "hunyuan-dense": model("HunYuanDenseV1", **SMALL | dict(max_position_embeddings=32768), head_dim=16, **IDS,
                           rope_scaling=dict(type="dynamic", alpha=1000.0, factor=1.0, beta_fast=32, beta_slow=1,
                                             mscale=1.0, mscale_all_dim=1.0), put=dict(eod_token_id=2)),
    "hunyuan-dense-tied": model("HunYuanDenseV1", **SMALL, head_dim=16, **IDS, tie_word_embeddings=True, attention_bias=True,
                                files={"generation_config.json": dict(eos_token_id=[5, 6], do_sample=True, top_k=20)}),
    "nemotron": model("Nemotron", "spm", **SMALL, head_dim=16),
    "nemotron-sparse": model("Nemotron", "spm", **SMALL | dict(num_key_value_heads=4), head_dim=16, drop=TEXT_KEYS + ("partial_rotary_factor",)),
    "embedding-gemma": model("Gemma3TextModel", "spm", **SMALL, head_dim=16, sliding_window=32, use_bidirectional_attention=True,
                             put=dict(sliding_window=32, use_bidirectional_attention=True), files=pooling(pooling_mode_mean_tokens=True)),
    "qwen2-audio": model("Qwen2Audio", text_config=SMALL | dict(model_type="qwen2"), audio_config=dict(
        d_model=32, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=48, num_mel_bins=16, max_source_positions=8)),
    "smolvlm": model("SmolVLM", text_config=SMALL | dict(model_type="llama", architectures=["VLlama3ForCausalLM"], pad_token_id=0),
                     vision_config=CLIP | dict(image_size=32, patch_size=16), pad_token_id=0),
    "glm4v": model("Glm4v", "glm", text_config=SMALL | dict(rope_scaling=dict(rope_type="default", mrope_section=[1, 1, 2])),
                   vision_config=dict(depth=1, hidden_size=32, num_heads=2, image_size=28, patch_size=14, out_hidden_size=64,
                                      intermediate_size=48)),
    "distilbert": model("DistilBert", "wordpiece", **DISTIL, files=pooling(pooling_mode_cls_token=True)),
    "distilbert-words": model("DistilBertForMaskedLM", "wordpiece", **DISTIL),
    "distilbert-classes": model("DistilBertForSequenceClassification", "wordpiece", **DISTIL, id2label={
        0: "negative", 1: "positive"}),
    "modernbert": model("ModernBert", **MODERN),
    "modernbert-classes": model("ModernBertForSequenceClassification", **MODERN, classifier_pooling="mean", id2label={
        0: "negative", 1: "positive"}),
    "modernbert-sparse": model("ModernBert", **MODERN | dict(num_hidden_layers=4, global_attn_every_n_layers=3), drop=TEXT_KEYS + (
        "global_attn_every_n_layers", "local_attention", "global_rope_theta", "local_rope_theta"), hidden_activation="silu"),
}  # fmt: skip

MINISTRAL = SMALL | dict(model_type="ministral3", head_dim=16, rms_norm_eps=1e-5, rope_parameters=dict(
    rope_type="yarn", type="yarn", factor=16.0, original_max_position_embeddings=64, beta_fast=32.0, beta_slow=1.0, mscale=1.0,
    mscale_all_dim=1.0, llama_4_scaling_beta=0.1, rope_theta=1000000.0))  # fmt: skip
LFM_SHAPES = {
    "model.embed_tokens.weight": [SIZE, 64], "model.embedding_norm.weight": [64],
    "model.layers.{}.operator_norm.weight": [64], "model.layers.{}.ffn_norm.weight": [64],
    "model.layers.0.conv.conv.weight": [64, 1, 3], "model.layers.0.conv.in_proj.weight": [192, 64],
    "model.layers.0.conv.out_proj.weight": [64, 64], "model.layers.1.self_attn.q_proj.weight": [64, 64],
    "model.layers.1.self_attn.k_proj.weight": [32, 64], "model.layers.1.self_attn.v_proj.weight": [32, 64],
    "model.layers.1.self_attn.out_proj.weight": [64, 64], "model.layers.1.self_attn.q_layernorm.weight": [16],
    "model.layers.1.self_attn.k_layernorm.weight": [16], "model.layers.0.feed_forward.w1.weight": [96, 64],
    "model.layers.0.feed_forward.w3.weight": [96, 64], "model.layers.0.feed_forward.w2.weight": [64, 96],
    "model.layers.1.feed_forward.gate.weight": [4, 64], "model.layers.1.feed_forward.expert_bias": [4]}  # fmt: skip


def experts(start: str, count: int, parts: dict) -> dict:
    return {f"{start}.{number}.{part}.weight": shape for number in range(count) for part, shape in parts.items()}


WIDE = {"w1": [32, 64], "w2": [64, 32], "w3": [32, 64]}
NAMED = {"gate_proj": [32, 64], "down_proj": [64, 32], "up_proj": [32, 64]}
LAYERS = {name: shape for name, shape in LLAMA_SHAPES.items() if "embed" not in name} | {
    "model.embed_tokens.weight": [SIZE, 64]}  # fmt: skip
HEADED = LAYERS | {"lm_head.weight": [SIZE, 64]}
NOT_DENSE = {name: shape for name, shape in HEADED.items() if ".mlp." not in name}
LFM2_MOE = dict(
    architectures=["Lfm2MoeForCausalLM"], model_type="lfm2_moe", vocab_size=SIZE, hidden_size=64, intermediate_size=96,
    moe_intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, num_experts=4,
    num_experts_per_tok=2, num_dense_layers=1, norm_eps=1e-5, conv_L_cache=3, conv_bias=False, use_expert_bias=True,
    layer_types=["conv", "full_attention"], max_position_embeddings=128000, rope_theta=1000000.0, norm_topk_prob=True,
    routed_scaling_factor=1.0, tie_embedding=True)  # fmt: skip
MINIMAX = SMALL | dict(
    architectures=["MiniMaxM2ForCausalLM"], model_type="minimax_m2", intermediate_size=32, head_dim=16, num_local_experts=4,
    num_experts_per_tok=2, rms_norm_eps=1e-6, rope_theta=5000000, rotary_dim=8, scoring_func="sigmoid", use_qk_norm=True,
    use_routing_bias=True, qk_norm_type="per_layer")  # fmt: skip
LING = SMALL | dict(
    architectures=["BailingMoeV2ForCausalLM"], model_type="bailing_moe", head_dim=16, num_experts=4, num_experts_per_tok=2,
    num_shared_experts=1, moe_intermediate_size=32, first_k_dense_replace=1, n_group=2, topk_group=1, norm_topk_prob=True,
    routed_scaling_factor=2.5, score_function="sigmoid", partial_rotary_factor=0.5, rms_norm_eps=1e-6, rope_theta=600000,
    rope_scaling=None, num_nextn_predict_layers=0, moe_router_enable_expert_bias=True, use_qk_norm=True)  # fmt: skip
LING_SHAPES = {
    "model.word_embeddings.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "model.norm.weight": [64],
    "model.layers.{}.input_layernorm.weight": [64], "model.layers.{}.post_attention_layernorm.weight": [64],
    "model.layers.{}.attention.query_key_value.weight": [128, 64], "model.layers.{}.attention.dense.weight": [64, 64],
    "model.layers.{}.attention.query_layernorm.weight": [16], "model.layers.{}.attention.key_layernorm.weight": [16],
    "model.layers.0.mlp.gate_proj.weight": [96, 64], "model.layers.0.mlp.up_proj.weight": [96, 64],
    "model.layers.0.mlp.down_proj.weight": [64, 96]}  # fmt: skip


def ling_experts(block: int) -> dict:
    start = f"model.layers.{block}.mlp"
    return {f"{start}.gate.weight": [4, 64], f"{start}.gate.expert_bias": [4]} | experts(f"{start}.experts", 4, NAMED) | {
        f"{start}.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}  # fmt: skip


LING_AHEAD = {f"model.layers.2.{name}.weight": shape for name, shape in {
    "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "final_layernorm": [64]}.items()} | ling_experts(2)  # fmt: skip
FLASH = SMALL | {key: value for key, value in MLA.items()} | dict(
    architectures=["Glm4MoeLiteForCausalLM"], model_type="glm4_moe_lite", num_key_value_heads=4, n_routed_experts=4,
    num_experts_per_tok=2, n_shared_experts=1, moe_intermediate_size=32, first_k_dense_replace=1, n_group=1, topk_group=1,
    routed_scaling_factor=1.8, norm_topk_prob=True, topk_method="noaux_tc", rms_norm_eps=1e-5, rope_theta=1000000,
    num_nextn_predict_layers=1, partial_rotary_factor=1.0, tie_word_embeddings=False)  # fmt: skip


def flash_block(block: int, is_dense: bool) -> dict:
    start = f"model.layers.{block}"
    rank, low, plain, turned, values = (MLA[key] for key in (
        "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))  # fmt: skip
    shapes = {
        "input_layernorm": [64], "post_attention_layernorm": [64], "self_attn.q_a_proj": [rank, 64],
        "self_attn.q_a_layernorm": [rank], "self_attn.q_b_proj": [4 * (plain + turned), rank],
        "self_attn.kv_a_proj_with_mqa": [low + turned, 64], "self_attn.kv_a_layernorm": [low],
        "self_attn.kv_b_proj": [4 * (plain + values), low], "self_attn.o_proj": [64, 4 * values]}  # fmt: skip
    named = {f"{start}.{name}.weight": shape for name, shape in shapes.items()}
    if is_dense:
        return named | {f"{start}.mlp.{part}.weight": shape for part, shape in {
            "gate_proj": [96, 64], "up_proj": [96, 64], "down_proj": [64, 96]}.items()}  # fmt: skip
    return named | experts(f"{start}.mlp.experts", 4, NAMED) | {
        f"{start}.mlp.gate.weight": [4, 64], f"{start}.mlp.gate.e_score_correction_bias": [4]} | {
        f"{start}.mlp.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}  # fmt: skip


FLASH_SHAPES = {"model.embed_tokens.weight": [SIZE, 64], "lm_head.weight": [SIZE, 64], "model.norm.weight": [64]} | (
    flash_block(0, True) | flash_block(1, False))  # fmt: skip
FLASH_AHEAD = flash_block(2, False) | {f"model.layers.2.{name}.weight": shape for name, shape in {
    "eh_proj": [64, 128], "enorm": [64], "hnorm": [64], "shared_head.norm": [64], "embed_tokens": [SIZE, 64],
    "shared_head.head": [SIZE, 64]}.items()}  # fmt: skip
JINA = dict(
    architectures=["JinaBertForMaskedLM"], model_type="bert", vocab_size=SIZE, hidden_size=64, intermediate_size=96,
    num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=8192, type_vocab_size=2, layer_norm_eps=1e-12,
    position_embedding_type="alibi", feed_forward_type="geglu", emb_pooler="mean", attn_implementation="torch")  # fmt: skip


def both(name: str, rows: int, width: int) -> dict:
    return {f"{name}.weight": [rows, width], f"{name}.bias": [rows]}


def norm(name: str, width: int = 64) -> dict:
    return {f"{name}.weight": [width], f"{name}.bias": [width]}


LAYER = "encoder.layer.{}"
JINA_BASE = {"embeddings.word_embeddings.weight": [SIZE, 64], "embeddings.token_type_embeddings.weight": [2, 64]} | norm(
    "embeddings.LayerNorm") | both(f"{LAYER}.attention.self.query", 64, 64) | both(
    f"{LAYER}.attention.self.key", 64, 64) | both(f"{LAYER}.attention.self.value", 64, 64) | both(
    f"{LAYER}.attention.output.dense", 64, 64)  # fmt: skip
JINA_SHAPES = JINA_BASE | norm(f"{LAYER}.attention.output.LayerNorm") | {f"{LAYER}.mlp.gated_layers.weight": [192, 64]} | both(
    f"{LAYER}.mlp.wo", 64, 96) | norm(f"{LAYER}.mlp.layernorm") | {"pooler.dense.weight": [64, 64]}  # fmt: skip
JINA_CODE = JINA_BASE | norm(f"{LAYER}.attention.output.LayerNorm") | {f"{LAYER}.mlp.up_gated_layer.weight": [192, 64]} | both(
    f"{LAYER}.mlp.down_layer", 64, 96) | norm(f"{LAYER}.layer_norm_1") | norm(f"{LAYER}.layer_norm_2") | norm(
    f"{LAYER}.attention.self.layer_norm_q") | norm(f"{LAYER}.attention.self.layer_norm_k")  # fmt: skip
NEO = dict(
    architectures=["NeoBERTLMHead"], model_type="neobert", vocab_size=SIZE, hidden_size=64, intermediate_size=96,
    num_hidden_layers=2, num_attention_heads=4, max_length=4096, norm_eps=1e-5, embedding_init_range=0.02)  # fmt: skip
NEO_SHAPES = {
    "model.encoder.weight": [SIZE, 64], "model.layer_norm.weight": [64], "decoder.weight": [SIZE, 64], "decoder.bias": [SIZE],
    "model.transformer_encoder.{}.qkv.weight": [192, 64], "model.transformer_encoder.{}.wo.weight": [64, 64],
    "model.transformer_encoder.{}.ffn.w12.weight": [128, 64], "model.transformer_encoder.{}.ffn.w3.weight": [64, 64],
    "model.transformer_encoder.{}.attention_norm.weight": [64], "model.transformer_encoder.{}.ffn_norm.weight": [64]}  # fmt: skip
EURO = ENCODER | dict(architectures=["EuroBertModel"], model_type="eurobert", num_key_value_heads=2, head_dim=16,
                      rms_norm_eps=1e-5, rope_theta=250000, is_causal=False, hidden_act="silu")  # fmt: skip
BARE = {name.removeprefix("model."): shape for name, shape in LAYERS.items()}

BY_HAND = {
    "llama-embed": made(BIDIRECTIONAL, {name.removeprefix("model."): shape for name, shape in LAYERS.items()}, "bpe",
                        files=pooling(pooling_mode_mean_tokens=True)),
    "ministral3": made(MINISTRAL | dict(architectures=["Ministral3ForCausalLM"]), HEADED, "bpe"),
    "ministral3-pictures": made(dict(
        architectures=["Mistral3ForConditionalGeneration"], model_type="mistral3", text_config=MINISTRAL | dict(
            tie_word_embeddings=True), vision_config=PIXTRAL | dict(model_type="pixtral"), spatial_merge_size=2),
        {f"language_model.{name}": shape for name, shape in LAYERS.items()} | {
            "vision_tower.ln_pre.weight": [32], "multi_modal_projector.linear_1.weight": [64, 32]}, "bpe"),
    "minimax-m2": made(MINIMAX, NOT_DENSE | {
        "model.layers.{}.self_attn.q_norm.weight": [64], "model.layers.{}.self_attn.k_norm.weight": [32],
        "model.layers.{}.block_sparse_moe.gate.weight": [4, 64],
        "model.layers.{}.block_sparse_moe.e_score_correction_bias": [4]} | experts(
            "model.layers.{}.block_sparse_moe.experts", 4, WIDE), "bpe"),
    "ling": made(LING, LING_SHAPES | ling_experts(1), "bpe"),
    "ling-ahead": made(but(LING, "head_dim", num_nextn_predict_layers=1, moe_shared_expert_intermediate_size=32), {
        name.replace("{}", str(block)): shape for block in range(3) for name, shape in LING_SHAPES.items()
        if "{}" in name} | {name: shape for name, shape in LING_SHAPES.items() if "{}" not in name} | ling_experts(1)
        | LING_AHEAD, "bpe"),
    "lfm2moe": made(LFM2_MOE, LFM_SHAPES | experts("model.layers.1.feed_forward.experts", 4, WIDE), "bpe"),
    "lfm2-pictures": made(dict(
        architectures=["Lfm2VlForConditionalGeneration"], model_type="lfm2_vl", vision_config=dict(hidden_size=32),
        text_config=dict(
            architectures=["Lfm2ForCausalLM"], model_type="lfm2", vocab_size=SIZE, hidden_size=64, block_ff_dim=150,
            num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, layer_types=["conv", "full_attention"],
            block_multiple_of=32, max_position_embeddings=128, rope_theta=1000000.0)),
        {name.replace("model.", "model.language_model."): [128 if size == 96 else size for size in shape]
         for name, shape in LFM_SHAPES.items() if ".feed_forward." not in name} | {
            f"model.language_model.layers.{{}}.feed_forward.{part}.weight": shape for part, shape in {
                "w1": [128, 64], "w2": [64, 128], "w3": [128, 64]}.items()} | {
            "model.vision_tower.norm.weight": [32], "model.multi_modal_projector.linear_1.weight": [64, 32]}, "bpe"),
    "glm-flash": made(FLASH, FLASH_SHAPES | FLASH_AHEAD, "glm-moe"),
    "glm-flash-plain": made(but(FLASH, "num_nextn_predict_layers"), FLASH_SHAPES, "glm-moe"),
    "jina2": made(JINA, {f"bert.{name}": shape for name, shape in JINA_SHAPES.items()} | {
        "cls.predictions.bias": [SIZE]}, "wordpiece", "float32", files=pooling(pooling_mode_mean_tokens=True)),
    "jina2-code": made(but(JINA, architectures=["JinaBertModel"], auto_map={
        "AutoConfig": "jinaai/jina-bert-v2-qk-post-norm--configuration_bert.JinaBertConfig"}), JINA_CODE, "roberta"),
    "neobert": made(NEO, NEO_SHAPES, "wordpiece"),
    "eurobert": made(EURO, {f"model.{name}": shape for name, shape in BARE.items()}, "bpe",
                     files=pooling(pooling_mode_mean_tokens=True)),
    "dots-ocr": made(SMALL | dict(
        architectures=["DotsOCRForCausalLM"], model_type="dots_ocr", attention_bias=True, rms_norm_eps=1e-6, rope_theta=1000000,
        use_sliding_window=False, max_window_layers=2, sliding_window=32, vision_config=dict(embed_dim=32)), HEADED | {
            f"model.layers.{{}}.self_attn.{part}_proj.bias": [size] for part, size in {"q": 64, "k": 32, "v": 32}.items()} | {
            "vision_tower.blocks.0.norm1.weight": [32]}, "bpe"),
    "solar": made(SMALL | GLM_MOE | dict(
        architectures=["SolarOpenForCausalLM"], model_type="solar_open", rms_norm_eps=1e-5, rope_theta=1000000,
        partial_rotary_factor=1.0, routed_scaling_factor=1.0, norm_topk_prob=True, first_k_dense_replace=0), {
            name: shape for name, shape in NOT_DENSE.items()} | experts("model.layers.{}.mlp.experts", 4, NAMED) | {
            "model.layers.{}.mlp.gate.weight": [4, 64], "model.layers.{}.mlp.gate.e_score_correction_bias": [4]} | {
            f"model.layers.{{}}.mlp.shared_experts.{part}.weight": shape for part, shape in NAMED.items()}, "solar"),
    "jina5": made(EURO | dict(architectures=["JinaEmbeddingsV5Model"]), BARE, "bpe",
                  files=pooling(pooling_mode_lasttoken=True)),
}  # fmt: skip
