"""More of what make_models_runs.py makes, for test_llama_runs.py: encoders, models with an encoder and a decoder, classifiers,
models without a head, and what was made after the others; and of which classes there is nothing, and why. As
model_specs_runs.py, and with `most`, how far the answers may be apart."""

from model_specs import SIZE
from model_specs_last import HUNYUAN_SIZE
from model_specs_runs import EXPERTS, run

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
    # transformers states "late" as what its classifiers look at, which the reference does not know.
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

MORE_RUNS = ENCODERS | CLASSIFIERS | WRITERS

# Classes that transformers 5.23 has and that are not run, with what docs/gguf-runs.md says of each.
NOT_RUN = {
    "BertForSequenceClassification": "the file has no pooler, without which the scores are others",
    "CamembertModel": "positions begin at 0 in the file, and at 2 in the model: vectors are others",
    "DeepseekV4ForCausalLM": "transformers saves no `num_hash_layers`, without which it is not converted",
    "DistilBertForSequenceClassification": "llama.cpp takes tanh where the model has ReLU: scores are others",
    "Dots3NoteForCausalLM": "as `Dots3NoteForConditionalGeneration`",
    "Dots3NoteForConditionalGeneration": "no small model of it was made with transformers",
    "Gemma3nForConditionalGeneration": "no small model of it was made with transformers; that for text alone is run",
    "Gemma4AssistantForCausalLM": "it drafts for another model, with which alone it answers",
    "Gemma4UnifiedAssistantForCausalLM": "it drafts for another model, with which alone it answers",
    "Gemma4UnifiedForConditionalGeneration": "no small model of it was made with transformers",
    "Glm5NextForConditionalGeneration": "no small model of it was made with transformers",
    "HYV4ForCausalLM": "transformers saves other names of tensors, with which it is not converted",
    "KimiLinearModel": "its file is that of `KimiLinearForCausalLM`",
    "MiniMaxM3SparseForConditionalGeneration": "transformers saves other keys and names of tensors, with which it is not converted",
    "MuseGlimmerForConditionalGeneration": "no small model of it was made with transformers",
    "NomicBertModel": "transformers saves other keys and names of tensors, with which it is not converted",
    "Qwen2VLModel": "its file is that of `Qwen2VLForConditionalGeneration`",
    "Qwen3OmniMoeForConditionalGeneration": "no small model of it was made with transformers",
    "Qwen4ExpForCausalLM": "what transformers saves answers otherwise, and the cause is not known",
    "Qwen4ExpForConditionalGeneration": "what transformers saves answers otherwise, and the cause is not known",
    "Step3p7ForConditionalGeneration": "transformers saves no `num_attention_groups`, without which it is not converted",
    "UMT5Model": "it has no head, and its file is that of `UMT5ForConditionalGeneration`",
}
