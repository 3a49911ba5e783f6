"""More of what make_models_runs.py makes, for test_llama_runs.py: encoders, models with an encoder and a decoder, classifiers,
models without a head, and what was made after the others; and of which classes there is nothing, and why. As
model_specs_runs.py, and with `most`, how far the answers may be apart."""

from model_specs import SIZE
from model_specs_last import HUNYUAN_SIZE
from model_specs_runs import DELTA, EXPERTS, QWEN_VISION, VISION, run, within
from model_specs_seen import UNIFIED

BERT = dict(
    vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=128,
    type_vocab_size=2, pad_token_id=0,
)  # fmt: skip
# Positions of RoBERTa begin after the number of its padding.
ROBERTA = BERT | dict(pad_token_id=1, type_vocab_size=1, max_position_embeddings=130)
DISTIL = dict(vocab_size=SIZE, dim=64, hidden_dim=96, n_layers=2, n_heads=4, max_position_embeddings=128, pad_token_id=0)
# Two layers of three see a window that is shorter than what is run.
MODERN = dict(
    vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=128,
    local_attention=8, global_attn_every_n_layers=3, pad_token_id=0, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
)  # fmt: skip
# transformers saves `norm_eps` alone.
EPSILON = dict(layer_norm_eps=1e-5)
T5 = dict(
    vocab_size=SIZE, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_decoder_layers=2, num_heads=4, decoder_start_token_id=0,
    pad_token_id=0, eos_token_id=1, initializer_factor=0.1, n_positions=128,
)  # fmt: skip
TWO = dict(id2label={0: "no", 1: "yes"}, label2id={"no": 0, "yes": 1})
THREE = dict(id2label={0: "no", 1: "yes", 2: "perhaps"}, label2id={"no": 0, "yes": 1, "perhaps": 2})


def bare(of: str, tokenizer: str, put: dict | None = None, **config) -> dict:
    """A class whose configuration has none of the keys of `COMMON`."""
    return run(of, tokenizer, put) | {"config": config}


# llama.cpp takes GELU from a table of 16 bits, which is all that is seen below.
TABLE = {"most": 1e-3}

ENCODERS = {
    "bert": bare("BertModel", "wordpiece", **BERT) | TABLE,
    "bert-words": bare("BertForMaskedLM", "wordpiece", **BERT) | TABLE,
    "distilbert": bare("DistilBertModel", "wordpiece", **DISTIL) | TABLE,
    "distilbert-words": bare("DistilBertForMaskedLM", "wordpiece", **DISTIL) | TABLE,
    "embedding-gemma": run("Gemma3TextModel", "spm", num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16, sliding_window=16,
                           use_bidirectional_attention=True) | TABLE,
    "eurobert": run("EuroBertModel"),
    "modernbert": bare("ModernBertModel", "bpe", EPSILON, **MODERN) | TABLE,
    # Of one with a bias behind its head the reference fails.
    "modernbert-words": bare("ModernBertForMaskedLM", "bpe", EPSILON, **MODERN, decoder_bias=False) | TABLE,
    "roberta": bare("RobertaModel", "roberta", **ROBERTA) | TABLE,
    "xlm-roberta": bare("XLMRobertaModel", "unigram-plain", **ROBERTA) | TABLE,
    "t5-encoder": bare("T5EncoderModel", "t5", **T5),
    # Without a head, and with the attention of a model that writes.
    "bloom-bare": bare("BloomModel", "bpe", vocab_size=SIZE, hidden_size=64, n_layer=2, n_head=4) | TABLE,
    "lfm2-bare": run("Lfm2Model", num_hidden_layers=3, layer_types=["conv", "full_attention", "conv"], block_multiple_of=32),
    "llama-bare": run("LlamaModel"),
    "qwen2-bare": run("Qwen2Model"),
    "qwen3-bare": run("Qwen3Model", head_dim=16),
}  # fmt: skip

CLASSIFIERS = {
    "modernbert-classes": bare("ModernBertForSequenceClassification", "bpe", EPSILON, **MODERN, **THREE, classifier_pooling="cls") | TABLE,
    "modernbert-classes-mean": bare("ModernBertForSequenceClassification", "bpe", EPSILON, **MODERN, **TWO, classifier_pooling="mean") | TABLE,
    "roberta-classes": bare("RobertaForSequenceClassification", "roberta", **ROBERTA, **THREE) | TABLE,
    "xlm-roberta-classes": bare("XLMRobertaForSequenceClassification", "unigram-plain", **ROBERTA, num_labels=1) | TABLE,
}

WRITERS = {
    "t5": bare("T5ForConditionalGeneration", "t5", **T5, tie_word_embeddings=True),
    "t5-gated": bare("T5ForConditionalGeneration", "t5", **T5 | dict(num_layers=3), feed_forward_proj="gated-gelu", tie_word_embeddings=False),
    "mt5": bare("MT5ForConditionalGeneration", "t5", **T5, feed_forward_proj="gated-gelu"),
    "umt5": bare("UMT5ForConditionalGeneration", "t5", **T5, feed_forward_proj="gated-gelu"),
    # llama.cpp never writes the tokens 4 to 8195, which are those of pictures.
    "chameleon": run("ChameleonForConditionalGeneration", vocab_size=8300, num_key_value_heads=4, vocabulary_map={"<image>": 5}, vq_config=dict(
        embed_dim=8, num_embeddings=16, base_channels=32, channel_multiplier=[1, 1], latent_channels=8, num_res_blocks=1, resolution=16)),
    "dbrx": bare("DbrxForCausalLM", "bpe", vocab_size=SIZE, d_model=64, n_layers=2, n_heads=4, max_seq_len=128,
                 attn_config=dict(kv_n_heads=2, clip_qkv=8.0, rope_theta=10000.0), ffn_config=dict(
                     ffn_hidden_size=96, moe_num_experts=4, moe_top_k=2)),
    "glm": run("GlmForCausalLM", "glm-moe", head_dim=16),
    "hunyuan-moe": run("HunYuanMoEV1ForCausalLM", "hunyuan", **EXPERTS, vocab_size=HUNYUAN_SIZE, head_dim=16, moe_topk=2, intermediate_size=32, put=dict(
        moe_intermediate_size=[32, 32], num_shared_expert=[1, 1], moe_topk=[2, 2])),
}  # fmt: skip

# As it was published, and as it is run: its gate is a sigmoid, and its layers have the names that transformers then changes.
QWEN4 = EXPERTS | DELTA | dict(
    head_dim=32, hc_count=2, hc_lowrank=8, indexer_n_heads=2, indexer_kv_heads=1, indexer_head_dim=16, indexer_budget=64,
    indexer_compress_ratio=4, output_gate_type="sigmoid",
    rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5, mrope_section=[3, 3, 2]),
)  # fmt: skip
QWEN4_LAYERS = dict(layer_types=["linear_attention"] * 3 + ["full_attention"])
PLE = dict(ple_layer_ids=[1], ple_embed_dim=64, ple_conv_kernel_size=4, ngram_size=3, heads_per_ngram=2, ngram_vocab_size_base=31,
           make_ngram_vocab_size_divisible_by=4, split_ngram_parts=11)  # fmt: skip
M3 = EXPERTS | dict(
    head_dim=16, rotary_dim=8, mlp_layer_types=["dense", "sparse"], layer_types=["full_attention", "minimax_m3_sparse"],
    intermediate_size=32, dense_intermediate_size=96, shared_intermediate_size=32, index_n_heads=2, index_head_dim=16,
    index_topk_blocks=4, index_block_size=16, index_local_blocks=1,
    rope_parameters=dict(rope_type="default", rope_theta=5000000.0, partial_rotary_factor=0.5),
)  # fmt: skip
M3_KEYS = dict(
    n_shared_experts=1, scoring_func="sigmoid", moe_layer_freq=[0, 1], sparse_attention_config=dict(
        sparse_num_index_heads=2, sparse_index_dim=16, sparse_topk_blocks=4, sparse_block_size=16, sparse_local_block=1),
)  # fmt: skip
STEP = EXPERTS | dict(
    num_hidden_layers=3, head_dim=16, sliding_window=64, share_expert_dim=48, num_sliding_attention_heads=6, moe_router_scaling_factor=3.0,
    layer_types=["full_attention", "sliding_attention", "sliding_attention"], mlp_layer_types=["dense", "sparse", "sparse"],
    swiglu_limits=[0.0, 7, None], swiglu_limits_shared=[0.0, 0.0, 16], rope_parameters=dict(
        full_attention=dict(rope_type="default", rope_theta=5000000.0, partial_rotary_factor=0.5),
        sliding_attention=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0)),
)  # fmt: skip
STEP_KEYS = dict(
    num_attention_groups=2, moe_num_experts=4, moe_top_k=2, partial_rotary_factors=[0.5, 1.0, 1.0], rope_theta=[5000000.0, 10000.0, 10000.0],
    attention_other_setting=dict(attention_type="sliding_attention", num_attention_heads=6, num_attention_groups=2, head_dim=16),
    moe_layers_enum="1,2", norm_expert_weight=True, moe_router_activation="sigmoid", use_moe_router_bias=True, use_head_wise_attn_gate=True,
)  # fmt: skip
# What the model's own program calls its keys.
NOMIC_KEYS = dict(
    activation_function="swiglu", causal=False, n_embd=64, n_head=4, n_inner=96, n_layer=2, n_positions=8192, max_trained_positions=2048,
    layer_norm_epsilon=1e-12, qkv_proj_bias=False, mlp_fc1_bias=False, mlp_fc2_bias=False, prenorm=False, rotary_emb_base=1000,
    rotary_emb_fraction=1.0, rotary_emb_interleaved=False, rotary_emb_scale_base=None,
)  # fmt: skip
LATE = {
    "gemma4-unified": UNIFIED,
    "nomic": bare("NomicBertModel", "wordpiece", NOMIC_KEYS, **BERT),
    "step37": within("Step3p7ForConditionalGeneration", text=STEP, vision_config=VISION) | {"put": dict(text_config=STEP_KEYS)},
    "qwen4-exp": run("Qwen4ExpForCausalLM", put=QWEN4_LAYERS, **QWEN4),
    "qwen4-exp-table": run("Qwen4ExpForCausalLM", put=QWEN4_LAYERS, **QWEN4, **PLE),
    "qwen4-exp-pictures": within("Qwen4ExpForConditionalGeneration", text=QWEN4, vision_config=QWEN_VISION) | {"put": dict(text_config=QWEN4_LAYERS)},
    "minimax-m3": within("MiniMaxM3SparseForConditionalGeneration", text=M3, vision_config=VISION) | {"put": dict(text_config=M3_KEYS)},
    "muse-glimmer": within("MuseGlimmerForConditionalGeneration", "bpe-turns", text=dict(
        num_hidden_layers=4, head_dim=16, sliding_window=64, qk_scale_factor=1.75), vision_config=VISION),
}
# What is told of as unknown: of none of these does the GGUF need it, as its run shows.
UNKNOWN = {
    "qwen4-exp": "number_of_conv_states",
    "qwen4-exp-table": "number_of_conv_states",
    "qwen4-exp-pictures": "text_config.number_of_conv_states",
    "minimax-m3": """merged_hidden_size video_token_index text_config.index_block_size text_config.index_head_dim
        text_config.index_local_blocks text_config.index_n_heads text_config.index_topk_blocks text_config.layer_types
        text_config.mlp_layer_types text_config.moe_intermediate_size""",
    "muse-glimmer": "out_hidden_size projector_hidden_size text_config.layer_rope_theta text_config.post_norm_eps",
    "step37": """projector_bias text_config.mlp_layer_types text_config.num_sliding_attention_heads text_config.per_layer_config
        text_config.query_pre_attn_scalar""",
}
LATE = {name: spec | {"unknown": UNKNOWN.get(name, "")} for name, spec in LATE.items()}

MORE_RUNS = ENCODERS | CLASSIFIERS | WRITERS | LATE

# Classes that transformers 5.23 has and that are not run, with what docs/gguf-runs.md says of each.
NOT_RUN = {
    "BertForSequenceClassification": "the file has no pooler, without which the scores are others",
    "CamembertModel": "positions begin at 0 in the file, and at 2 in the model: vectors are others",
    "DeepseekV4ForCausalLM": "its experts have to be of four bits, as transformers does not save them",
    "DistilBertForSequenceClassification": "llama.cpp takes tanh where the model has ReLU: scores are others",
    "Dots3NoteForCausalLM": "as `Dots3NoteForConditionalGeneration`",
    "Dots3NoteForConditionalGeneration": "no small model of it was made with transformers",
    "Gemma3nForConditionalGeneration": "no small model of it was made with transformers; that for text alone is run",
    "Gemma4AssistantForCausalLM": "it drafts for another model, with which alone it answers",
    "Gemma4UnifiedAssistantForCausalLM": "it drafts for another model, with which alone it answers",
    "Glm5NextForConditionalGeneration": "answers differ by a divergence of 0.0025, and the cause is not known",
    "HYV4ForCausalLM": "answers differ by a divergence of 0.00003, and the cause is not known",
    "KimiLinearModel": "its file is that of `KimiLinearForCausalLM`",
    "Qwen2VLModel": "its file is that of `Qwen2VLForConditionalGeneration`",
    "Qwen3OmniMoeForConditionalGeneration": "no small model of it was made with transformers",
    "UMT5Model": "it has no head, and its file is that of `UMT5ForConditionalGeneration`",
}
