"""What make_models_more.py makes: small random models of the families that model_specs.py does not have.

Those that transformers has no classes for are made tensor by tensor after the configurations of real ones. This file
imports torch only where tensors are made, so that tests can read the names without it.
"""

from model_specs import DEFAULTS, LLAMA3, SIZE, SMALL, model, without_prefix

ENCODER = dict(vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
               max_position_embeddings=66)  # fmt: skip
MORE_DEFAULTS = DEFAULTS + (
    "type_vocab_size", "pad_token_id", "id2label", "label2id", "kv_lora_rank", "q_lora_rank", "qk_nope_head_dim",
    "qk_rope_head_dim", "v_head_dim", "first_k_dense_replace", "n_routed_experts", "n_shared_experts",
    "routed_scaling_factor", "norm_topk_prob", "n_group", "topk_group", "multi_query", "new_decoder_architecture",
    "num_kv_heads", "rotary_pct", "logit_scale", "moe_k", "moe_num_shared_experts", "moe_layer_start_index",
    "moe_layer_interval", "rope_scaling", "num_local_experts")  # fmt: skip
MLA = dict(kv_lora_rank=32, q_lora_rank=48, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=24)
ERNIE = dict(moe_num_experts=4, moe_k=2, moe_intermediate_size=32)
GPT_OSS = SMALL | dict(head_dim=16, num_local_experts=4, num_experts_per_tok=2, sliding_window=16)


def pooling(**how):
    """The files by which sentence-transformers states how many vectors become one."""
    kinds = [dict(type="sentence_transformers.models.Transformer", path=""),
             dict(type="sentence_transformers.models.Pooling", path="1_Pooling")]  # fmt: skip
    return {"modules.json": kinds, "1_Pooling/config.json": how}


def renamed(*pairs, prefix=""):
    def edit(tensors):
        result = {}
        for name, value in tensors.items():
            for old, new in pairs:
                name = name.replace(old, new)
            result[prefix + name] = value
        return result

    return edit


def normed(tensors):
    """With the older names of norms and what real checkpoints of BERT have beside."""
    import torch

    result = renamed(("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta"), prefix="bert.")(tensors)
    return result | {
        "bert.embeddings.position_ids": torch.arange(66).reshape(1, 66), "cls.seq_relationship.weight": torch.ones(2, 64),
        "cls.predictions.bias": torch.ones(SIZE)}  # fmt: skip


def ahead(tensors):
    """With a block behind the last, as DeepSeek V3's that predicts another token."""
    import torch

    more = {name.replace("layers.1.", "layers.2."): value.clone() for name, value in tensors.items() if "layers.1." in name}
    return tensors | more | {"model.layers.2.eh_proj.weight": torch.randn(64, 128).to(torch.bfloat16)}


def fused(tensors):
    """As Baidu's own checkpoints."""
    import torch

    result = dict(tensors)
    for block in range(2):
        start = f"model.layers.{block}."
        parts = [result.pop(f"{start}self_attn.{part}_proj.weight") for part in "qkv"]
        result[start + "self_attn.qkv_proj.weight"] = torch.cat(parts)
        parts = [result.pop(f"{start}mlp.{part}_proj.weight") for part in ("gate", "up")]
        result[start + "mlp.up_gate_proj.weight"] = torch.cat(parts)
    return renamed(("model.", "ernie."))(result)


def more_ahead(tensors):
    import torch

    return tensors | {"model.mtp_block.0.input_layernorm.weight": torch.ones(64),
                      "model.mtp_linear_proj.0.weight": torch.ones(64, 128)}  # fmt: skip


def blocks(tensors):
    """Experts as MXFP4, each of 32 numbers with a scale."""
    import torch

    result = {}
    for name, value in tensors.items():
        if name.endswith(("down_proj", "gate_up_proj")):
            experts, columns, rows = value.shape
            result[name + "_blocks"] = torch.randint(0, 256, (experts, rows, columns // 32, 16), dtype=torch.uint8)
            result[name + "_scales"] = torch.randint(110, 130, (experts, rows, columns // 32), dtype=torch.uint8)
        else:
            result[name] = value
    return result


MODELS = {
    "bert": model("Bert", "wordpiece", **ENCODER, dtype="float32", files=pooling(pooling_mode_mean_tokens=True)),
    "bert-sparse": model("Bert", "wordpiece", drop=MORE_DEFAULTS, **ENCODER | dict(
        num_attention_heads=12, hidden_size=96, max_position_embeddings=512)),
    "bert-old-names": model("Bert", "wordpiece", **ENCODER, dtype="float32", edit=normed, put=dict(
        architectures=["BertForMaskedLM"])),
    "bert-classes": model("BertForSequenceClassification", "wordpiece", **ENCODER, dtype="float32", id2label={
        10: "ten", 2: "two", 1: "one"}),
    "bert-two-classes": model("BertForSequenceClassification", "wordpiece", **ENCODER, num_labels=2),
    "bert-one-class": model("BertForSequenceClassification", "wordpiece", **ENCODER, num_labels=1),
    "camembert": model("Camembert", "wordpiece", **ENCODER),
    "roberta": model("Roberta", **ENCODER, files=pooling(pooling_mode_cls_token=True)),
    "roberta-sparse": model("Roberta", drop=MORE_DEFAULTS, **ENCODER | dict(
        num_attention_heads=12, hidden_size=96, max_position_embeddings=512)),
    "roberta-classes": model("RobertaForSequenceClassification", **ENCODER, id2label={0: "no", 1: "yes"}),
    "roberta-padding": model("Roberta", **ENCODER, put=dict(pad_token_id=4)),
    "roberta-no-padding": model("Roberta", **ENCODER, put=dict(pad_token_id=None)),
    "xlm-roberta": model("XLMRoberta", "unigram", **ENCODER, files=pooling(pooling_mode="lasttoken")),
    "xlm-roberta-classes": model("XLMRobertaForSequenceClassification", "unigram", **ENCODER, num_labels=1),
    "deepseek2": model("DeepseekV2", **SMALL, **MLA, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1,
                       moe_intermediate_size=32, first_k_dense_replace=1, put=dict(scoring_func="softmax"))
    | {"config": SMALL | MLA | dict(num_key_value_heads=4, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1,
                                    moe_intermediate_size=32, first_k_dense_replace=1)},
    "deepseek2-plain-queries": model("DeepseekV2", **SMALL | MLA | dict(
        num_key_value_heads=4, q_lora_rank=None, n_routed_experts=3, num_experts_per_tok=2, n_shared_experts=2,
        moe_intermediate_size=32, first_k_dense_replace=0), rope_scaling=dict(
        type="yarn", factor=40, original_max_position_embeddings=64, beta_fast=32, beta_slow=1, mscale=0.707,
        mscale_all_dim=0.707)),
    "deepseek2-sparse": model("DeepseekV2", **SMALL | dict(
        num_key_value_heads=4, moe_intermediate_size=32, kv_lora_rank=512, q_lora_rank=1536, first_k_dense_replace=0,
        n_routed_experts=64, num_experts_per_tok=2), drop=[
        key for key in MORE_DEFAULTS if key not in ("moe_intermediate_size",)]),
    "deepseek3": model("DeepseekV3", **SMALL | MLA | dict(
        num_key_value_heads=4, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1, n_group=2, topk_group=1,
        moe_intermediate_size=32, first_k_dense_replace=1), put=dict(scoring_func="sigmoid", topk_method="noaux_tc"),
        edit=ahead, rope_scaling=dict(rope_type="yarn", factor=40, original_max_position_embeddings=64, beta_fast=32,
                                      beta_slow=1, mscale=1.0, mscale_all_dim=1.0)),
    "deepseek3-tied": model("DeepseekV3", **SMALL | MLA | dict(
        num_key_value_heads=4, n_routed_experts=4, num_experts_per_tok=2, n_group=2, topk_group=1,
        moe_intermediate_size=32, first_k_dense_replace=2, attention_bias=True), put=dict(tie_word_embeddings=True)),
    "deepseek3-sparse": model("DeepseekV3", **SMALL | dict(
        num_attention_heads=2, num_key_value_heads=2, moe_intermediate_size=32, first_k_dense_replace=2,
        n_routed_experts=256), drop=[key for key in MORE_DEFAULTS if key not in (
            "moe_intermediate_size", "num_key_value_heads")]),
    "falcon": model("Falcon", vocab_size=SIZE, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_kv_heads=2,
                    new_decoder_architecture=True),
    "falcon-bias": model("Falcon", vocab_size=SIZE, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                         num_kv_heads=4, new_decoder_architecture=True, num_ln_in_parallel_attn=1, dtype="float32"),
    "falcon-shared": model("Falcon", vocab_size=SIZE, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                           multi_query=True, put=dict(num_kv_heads=1)),
    "falcon-old": model("Falcon", vocab_size=SIZE, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
                        multi_query=True, drop=("num_attention_heads", "num_hidden_layers", "num_kv_heads"), put=dict(
                            n_head=4, n_layer=2, model_type="RefinedWebModel", architectures=["RWForCausalLM"])),
    "gptneox": model("GPTNeoX", **ENCODER),
    "gptneox-sparse": model("GPTNeoX", **ENCODER | dict(num_attention_heads=4, max_position_embeddings=2048),
                            drop=MORE_DEFAULTS, attention_bias=False, dtype="float16"),
    "gptneox-serial": model("GPTNeoX", **ENCODER | dict(hidden_size=72), use_parallel_residual=False, rotary_pct=0.5),
    "bloom": model("Bloom", vocab_size=SIZE, hidden_size=64, n_layer=2, n_head=4, put=dict(seq_length=96)),
    "bloom-sparse": model("Bloom", vocab_size=SIZE, drop=MORE_DEFAULTS + ("n_layer", "n_head", "hidden_size")),
    "bloom-names": model("Bloom", vocab_size=SIZE, hidden_size=48, n_layer=2, n_head=4, dtype="float32",
                         drop=("n_layer", "n_head", "hidden_size"), put=dict(
                             n_embed=48, num_attention_heads=4, num_hidden_layers=2), edit=without_prefix),
    "cohere": model("Cohere", **SMALL, pad_token_id=0, bos_token_id=1, eos_token_id=2, logit_scale=0.5),
    "cohere-norms": model("Cohere", **SMALL, pad_token_id=0, bos_token_id=1, eos_token_id=2, use_qk_norm=True,
                          put=dict(model_max_length=4096)),
    "cohere-sparse": model("Cohere", **SMALL | dict(num_key_value_heads=4), pad_token_id=0, bos_token_id=1, eos_token_id=2,
                           drop=MORE_DEFAULTS),
    "smollm3": model("SmolLM3", **SMALL, pad_token_id=0, no_rope_layers=[1, 0]),
    "smollm3-sparse": model("SmolLM3", **SMALL | dict(num_key_value_heads=4), pad_token_id=0, drop=MORE_DEFAULTS,
                            tie_word_embeddings=True),
    "smollm3-llama3": model("SmolLM3", **SMALL, pad_token_id=0, rope_scaling=dict(LLAMA3)),
    "glm4": model("Glm4", "glm", **SMALL, head_dim=16, pad_token_id=0),
    "glm4-sparse": model("Glm4", "glm", **SMALL, pad_token_id=0, drop=MORE_DEFAULTS),
    "chatglm": model("Glm", "glm", **SMALL, head_dim=16, pad_token_id=0),
    "chatglm-sparse": model("Glm", "glm", **SMALL, head_dim=16, pad_token_id=0, partial_rotary_factor=0.25, drop=DEFAULTS[:4],
                            put=dict(rope_ratio=500, seq_length=256)),
    "ernie": model("Ernie4_5", "spm", **SMALL, head_dim=16),
    "ernie-sparse": model("Ernie4_5", "spm", **SMALL, drop=MORE_DEFAULTS, use_bias=True, tie_word_embeddings=False),
    "ernie-fused": model("Ernie4_5", "spm", **SMALL, head_dim=16, edit=fused),
    "ernie-moe": model("Ernie4_5_Moe", "spm", **SMALL, **ERNIE, moe_num_shared_experts=1, edit=more_ahead),
    "ernie-moe-sparse": model("Ernie4_5_Moe", "spm", **SMALL | dict(num_key_value_heads=4), **ERNIE, drop=[
        key for key in MORE_DEFAULTS if key != "moe_intermediate_size"], tie_word_embeddings=False),
    "ernie-moe-names": model("Ernie4_5_Moe", "spm", **SMALL, **ERNIE, moe_num_shared_experts=0, moe_layer_start_index=0,
                             drop=("moe_num_experts", "moe_k"), put=dict(num_experts=4, num_experts_per_tok=2)),
    "gpt-oss": model("GptOss", **GPT_OSS, edit=blocks, put=dict(quantization_config=dict(quant_method="mxfp4"))),
    "gpt-oss-plain": model("GptOss", **GPT_OSS | dict(intermediate_size=64)),
    "gpt-oss-sparse": model("GptOss", **GPT_OSS | dict(head_dim=64, num_key_value_heads=8, num_attention_heads=8, sliding_window=128,
                                                       num_experts_per_tok=4), edit=blocks,
                            drop=[key for key in MORE_DEFAULTS if key != "num_local_experts"],
                            put=dict(quantization_config=dict(quant_method="mxfp4"))),
}  # fmt: skip

# Models that transformers has no classes for: a configuration, and shapes by the names of tensors; `{}` is the block.


def made(config, shapes, tokenizer="spm", dtype="bfloat16", blocks=2, files=None):
    return dict(config=config, shapes=shapes, tokenizer=tokenizer, dtype=dtype, blocks=blocks, files=files or {})


INTERNLM2 = dict(
    architectures=["InternLM2ForCausalLM"], model_type="internlm2", vocab_size=SIZE - 10, hidden_size=64,
    intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
    rms_norm_eps=1e-5, rope_theta=1000000, rope_scaling=dict(type="dynamic", factor=2.0), bias=False, bos_token_id=1,
    eos_token_id=2, pad_token_id=2, tie_word_embeddings=False)  # fmt: skip
INTERNLM2_SHAPES = {
    "model.tok_embeddings.weight": [SIZE - 10, 64], "output.weight": [SIZE - 10, 64], "model.norm.weight": [64],
    "model.layers.{}.attention.wqkv.weight": [128, 64], "model.layers.{}.attention.wo.weight": [64, 64],
    "model.layers.{}.attention_norm.weight": [64], "model.layers.{}.ffn_norm.weight": [64],
    "model.layers.{}.feed_forward.w1.weight": [96, 64], "model.layers.{}.feed_forward.w2.weight": [64, 96],
    "model.layers.{}.feed_forward.w3.weight": [96, 64]}  # fmt: skip
EXAONE = dict(
    architectures=["ExaoneForCausalLM"], model_type="exaone", activation_function="silu", vocab_size=SIZE, hidden_size=64,
    intermediate_size=96, num_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
    layer_norm_epsilon=1e-5, rope_theta=1000000, head_dim=16, bos_token_id=1, eos_token_id=2, tie_word_embeddings=True,
    rope_scaling=dict(LLAMA3))  # fmt: skip
EXAONE_SHAPES = {
    "transformer.wte.weight": [SIZE, 64], "transformer.ln_f.weight": [64], "transformer.h.{}.ln_1.weight": [64],
    "transformer.h.{}.ln_2.weight": [64], "transformer.h.{}.attn.attention.q_proj.weight": [64, 64],
    "transformer.h.{}.attn.attention.k_proj.weight": [32, 64], "transformer.h.{}.attn.attention.v_proj.weight": [32, 64],
    "transformer.h.{}.attn.attention.out_proj.weight": [64, 64], "transformer.h.{}.mlp.c_fc_0.weight": [96, 64],
    "transformer.h.{}.mlp.c_fc_1.weight": [96, 64], "transformer.h.{}.mlp.c_proj.weight": [64, 96],
    "transformer.h.{}.attn.rotary.inv_freq.rotary_emb.inv_freq": [8]}  # fmt: skip
MINICPM = dict(
    architectures=["MiniCPMForCausalLM"], model_type="minicpm", vocab_size=SIZE - 10, hidden_size=64, intermediate_size=96,
    num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128, rms_norm_eps=1e-5,
    scale_emb=12, scale_depth=1.4, dim_model_base=256, rope_scaling=None, bos_token_id=1, eos_token_id=2)  # fmt: skip
LLAMA_SHAPES = {
    "model.embed_tokens.weight": [SIZE - 10, 64], "model.norm.weight": [64], "model.layers.{}.input_layernorm.weight": [64],
    "model.layers.{}.post_attention_layernorm.weight": [64], "model.layers.{}.self_attn.q_proj.weight": [64, 64],
    "model.layers.{}.self_attn.k_proj.weight": [32, 64], "model.layers.{}.self_attn.v_proj.weight": [32, 64],
    "model.layers.{}.self_attn.o_proj.weight": [64, 64], "model.layers.{}.mlp.gate_proj.weight": [96, 64],
    "model.layers.{}.mlp.up_proj.weight": [96, 64], "model.layers.{}.mlp.down_proj.weight": [64, 96]}  # fmt: skip
NOMIC = dict(
    architectures=["NomicBertModel"], model_type="nomic_bert", activation_function="swiglu", causal=False, n_embd=64,
    n_head=4, n_inner=96, n_layer=2, n_positions=8192, max_trained_positions=2048, layer_norm_epsilon=1e-12,
    qkv_proj_bias=False, mlp_fc1_bias=False, mlp_fc2_bias=False, prenorm=False, rotary_emb_base=1000,
    rotary_emb_fraction=1.0, rotary_emb_interleaved=False, rotary_emb_scale_base=None, type_vocab_size=2,
    vocab_size=SIZE)  # fmt: skip
NOMIC_SHAPES = {
    "embeddings.word_embeddings.weight": [SIZE, 64], "embeddings.token_type_embeddings.weight": [2, 64],
    "emb_ln.weight": [64], "emb_ln.bias": [64], "encoder.layers.{}.attn.Wqkv.weight": [192, 64],
    "encoder.layers.{}.attn.out_proj.weight": [64, 64], "encoder.layers.{}.norm1.weight": [64],
    "encoder.layers.{}.norm1.bias": [64], "encoder.layers.{}.norm2.weight": [64], "encoder.layers.{}.norm2.bias": [64],
    "encoder.layers.{}.mlp.fc11.weight": [96, 64], "encoder.layers.{}.mlp.fc12.weight": [96, 64],
    "encoder.layers.{}.mlp.fc2.weight": [64, 96]}  # fmt: skip
NOMIC_MOE = NOMIC | dict(
    activation_function="gelu", qkv_proj_bias=True, mlp_fc1_bias=True, mlp_fc2_bias=True, n_positions=2048,
    moe_every_n_layers=2, moe_top_k=2, num_experts=4, rotary_emb_base=10000, pad_token_id=1, type_vocab_size=1)  # fmt: skip
NOMIC_MOE_SHAPES = {name: shape for name, shape in NOMIC_SHAPES.items() if "mlp" not in name} | {
    "encoder.layers.{}.attn.Wqkv.bias": [192], "encoder.layers.{}.attn.out_proj.bias": [64],
    "encoder.layers.0.mlp.fc1.weight": [96, 64], "encoder.layers.0.mlp.fc1.bias": [96],
    "encoder.layers.0.mlp.fc2.weight": [64, 96], "encoder.layers.0.mlp.fc2.bias": [64],
    "encoder.layers.1.mlp.router.layer.weight": [4, 64], "encoder.layers.1.mlp.experts.bias": [64],
    "encoder.layers.1.mlp.experts.mlp.w1": [4 * 96, 64],
    "encoder.layers.1.mlp.experts.mlp.w2": [4 * 96, 64]}  # fmt: skip
CHATGLM = dict(
    architectures=["ChatGLMModel"], model_type="chatglm", vocab_size=SIZE, padded_vocab_size=SIZE, hidden_size=64,
    ffn_hidden_size=96, num_layers=2, num_attention_heads=4, multi_query_group_num=2, seq_length=128,
    layernorm_epsilon=1.5625e-7, rope_ratio=500, kv_channels=16)  # fmt: skip
CHATGLM_SHAPES = {
    "transformer.embedding.word_embeddings.weight": [SIZE, 64], "transformer.output_layer.weight": [SIZE, 64],
    "transformer.encoder.final_layernorm.weight": [64], "transformer.rotary_pos_emb.inv_freq": [8],
    "transformer.encoder.layers.{}.input_layernorm.weight": [64],
    "transformer.encoder.layers.{}.post_attention_layernorm.weight": [64],
    "transformer.encoder.layers.{}.self_attention.query_key_value.weight": [128, 64],
    "transformer.encoder.layers.{}.self_attention.query_key_value.bias": [128],
    "transformer.encoder.layers.{}.self_attention.dense.weight": [64, 64],
    "transformer.encoder.layers.{}.mlp.dense_h_to_4h.weight": [192, 64],
    "transformer.encoder.layers.{}.mlp.dense_4h_to_h.weight": [64, 96]}  # fmt: skip


def but(config, *drop, **put):
    return {key: value for key, value in config.items() if key not in drop} | put


BY_HAND = {
    "internlm2": made(INTERNLM2, INTERNLM2_SHAPES),
    "internlm2-equal": made(but(INTERNLM2, "rope_scaling", num_key_value_heads=4),
                            INTERNLM2_SHAPES | {"model.layers.{}.attention.wqkv.weight": [192, 64]}, dtype="float16"),
    "exaone": made(EXAONE, EXAONE_SHAPES, "bpe"),
    "exaone-plain": made(but(EXAONE, "rope_scaling", "head_dim", partial_rotary_factor=0.5),
                         EXAONE_SHAPES | {"lm_head.weight": [SIZE, 64]}, "bpe", "float32"),
    "minicpm": made(MINICPM, LLAMA_SHAPES, blocks=3),
    "minicpm-long": made(but(MINICPM, rope_scaling=dict(
        rope_type="longrope", long_factor=[1 + i / 9 for i in range(8)], short_factor=[1 + i / 7 for i in range(8)],
        original_max_position_embeddings=64), rope_theta=1000000), LLAMA_SHAPES | {"lm_head.weight": [SIZE - 10, 64]},
        blocks=3),
    "nomic": made(NOMIC, NOMIC_SHAPES, "wordpiece", files=pooling(pooling_mode_mean_tokens=True)),
    "nomic-moe": made(NOMIC_MOE, NOMIC_MOE_SHAPES, "unigram"),
    "chatglm-own": made(CHATGLM, CHATGLM_SHAPES, "glm"),
    "chatglm-own-sparse": made(but(CHATGLM, "seq_length", "ffn_hidden_size", "multi_query_group_num", "rope_ratio"),
                               CHATGLM_SHAPES, "glm", "float16"),
}  # fmt: skip
