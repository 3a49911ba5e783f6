"""Small random models of every family that can be converted, with what real ones vary in: made with transformers.

    python make_models.py DIRECTORY [NAME...]

Each is a directory with config.json, safetensors and a tokenizer; `pre-tokenizer.txt` beside them names the
pre-tokenizer where the tokenizer is a trained one that no list knows. The families of one file of the converter stand
together; a variant says in its name what is special.
"""

import io
import json
import sys
from pathlib import Path

import sentencepiece
import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = [
    "The quick brown fox jumps over the lazy dog, and 12 more of them follow at 7:45.",
    "def main(argument):\n    return argument * 2  # a comment\n",
    "Der schnelle braune Fuchs springt über den faulen Hund. Ça va? 日本語も少し。",
] * 20  # fmt: skip

# What the tokenizers have.
SIZE = 320


def bpe(target: Path) -> None:
    """A byte-level BPE, as GPT-2's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE - 4, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True), AddedToken("<|pad|>", special=True)])
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>", pad_token="<|pad|>"
    )
    wrapped.save_pretrained(target)
    # As a real one's, which the reference takes for what decides the reader.
    path = target / "tokenizer_config.json"
    config = json.loads(path.read_text()) | {"tokenizer_class": "GPT2Tokenizer"}
    path.write_text(json.dumps(config, indent=2))
    (target / "pre-tokenizer.txt").write_text("gpt-2")


def sentences(target: Path) -> None:
    """A SentencePiece BPE with bytes to fall back to, as Llama's."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=model, vocab_size=SIZE - 10, model_type="bpe", byte_fallback=True,
        character_coverage=0.99, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    (target / "tokenizer.model").write_bytes(model.getvalue())
    config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "add_bos_token": True, "add_eos_token": False}  # fmt: skip
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


def byte_fallback(target: Path) -> None:
    """The same kind as only a tokenizer.json, as Mistral's."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=SIZE - 2, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXT, trainer)
    parsed = json.loads(tokenizer.to_str())
    parsed["added_tokens"] = [item for item in parsed["added_tokens"] if item["id"] < 3]
    (target / "tokenizer.json").write_text(json.dumps(parsed))
    config = {"tokenizer_class": "LlamaTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


TOKENIZERS = {"bpe": bpe, "spm": sentences, "fallback": byte_fallback}

SMALL = dict(
    vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128,
)  # fmt: skip
LLAMA3 = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
)
LONG = dict(type="longrope", long_factor=[1.0 + i / 7 for i in range(8)], short_factor=[1.0 + i / 9 for i in range(8)])


def model(family: str, tokenizer: str = "bpe", drop=(), put=None, dtype="bfloat16", shards=None, edit=None, **config):
    """One model: a class of transformers, values of its configuration, and what is done to the files.

    Args:
        drop: keys that config.json shall not have.
        put: keys and values that config.json shall have whatever transformers writes.
        shards: the largest size of a file.
        edit: what becomes of the tensors.
    """
    return dict(family=family, tokenizer=tokenizer, drop=drop, put=put or {}, dtype=dtype, shards=shards, edit=edit,
                config=config)  # fmt: skip


def without_prefix(tensors):
    return {name.removeprefix("model.").removeprefix("transformer."): value for name, value in tensors.items()}


def without_head(tensors):
    return {name: value for name, value in tensors.items() if name != "lm_head.weight"}


DEFAULTS = ("max_position_embeddings", "rms_norm_eps", "rope_theta", "num_key_value_heads", "head_dim", "layer_norm_eps",
            "norm_epsilon", "layer_norm_epsilon", "partial_rotary_factor", "sliding_window", "rope_local_base_freq",
            "final_logit_softcapping", "attn_logit_softcapping", "original_max_position_embeddings", "layer_types",
            "attention_multiplier", "embedding_multiplier", "residual_multiplier", "logits_scaling", "num_experts_per_tok",
            "shared_expert_intermediate_size", "moe_intermediate_size", "use_parallel_residual", "n_positions")  # fmt: skip
EXPERTS = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=64)

MODELS = {
    "llama": model("Llama", "spm", **SMALL),
    "llama-sparse": model("Llama", "spm", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4)),
    "llama-tied-bias": model("Llama", "fallback", **SMALL, tie_word_embeddings=True, attention_bias=True, mlp_bias=True),
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
    "llama-broken-rope": model("Llama", "spm", **SMALL, drop=DEFAULTS[1:3] + ("head_dim",),
                               put=dict(rope_scaling=dict(type="linear"))),
    "llama-base": model("Llama", "spm", **SMALL, put=dict(architectures=["LlamaModel"]),
                        edit=lambda tensors: without_prefix(without_head(tensors))),
    "mistral": model("Mistral", "spm", **SMALL, sliding_window=32),
    "mistral-head": model("Mistral", "fallback", **SMALL, head_dim=32, sliding_window=None),
    "mistral-sparse": model("Mistral", "spm", drop=DEFAULTS[:3] + ("head_dim",), **SMALL),
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
    "qwen2moe": model("Qwen2Moe", **SMALL, **EXPERTS, shared_expert_intermediate_size=96),
    "qwen2moe-sparse": model("Qwen2Moe", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=16, num_key_value_heads=16), num_experts=5),
    "qwen3": model("Qwen3", **SMALL, head_dim=32),
    "qwen3-sparse": model("Qwen3", drop=DEFAULTS, **SMALL | dict(num_attention_heads=32, num_key_value_heads=32)),
    "qwen3-bias": model("Qwen3", **SMALL, head_dim=16, attention_bias=True, tie_word_embeddings=True, shards="100KB"),
    "qwen3moe": model("Qwen3Moe", **SMALL, **EXPERTS, head_dim=16),
    "qwen3moe-sparse": model("Qwen3Moe", drop=DEFAULTS, **SMALL | dict(
        num_attention_heads=32, num_key_value_heads=4), num_experts=3),
    "gemma": model("Gemma", "spm", **SMALL, head_dim=16),
    "gemma-head": model("Gemma", "spm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=16, num_key_value_heads=16),
                        edit=lambda tensors: tensors | {"lm_head.weight": tensors["model.embed_tokens.weight"].clone()}),
    "gemma2": model("Gemma2", "spm", **SMALL, head_dim=16, sliding_window=32, query_pre_attn_scalar=16),
    "gemma2-sparse": model("Gemma2", "spm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=8, num_key_value_heads=4),
                           query_pre_attn_scalar=16),
    "gemma3": model("Gemma3Text", "spm", **SMALL, head_dim=16, sliding_window=32, put=dict(
        architectures=["Gemma3ForCausalLM"])),
    "gemma3-sparse": model("Gemma3Text", drop=DEFAULTS, **SMALL | dict(num_attention_heads=8, num_key_value_heads=4)),
    "gemma3-linear": model("Gemma3Text", "spm", **SMALL, head_dim=16, rope_scaling=dict(rope_type="linear", factor=8.0),
                           final_logit_softcapping=30.0, put=dict(sliding_window_pattern=1)),
    "gemma3-refused": model("Gemma3Text", "spm", **SMALL, head_dim=16, drop=DEFAULTS[:3] + ("head_dim",), put=dict(
        rope_scaling=dict(type="linear", factor=8.0), architectures=["Gemma3ForCausalLM"])),
    "gemma3-spare-rows": model("Gemma3Text", **SMALL | dict(vocab_size=SIZE + 8), head_dim=16),
    "gemma3-pictures": model("Gemma3", "spm", text_config=SMALL | dict(head_dim=16, sliding_window=32), vision_config=dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14),
        mm_tokens_per_image=4),
    "gemma3-pictures-sparse": model("Gemma3", "spm", text_config=SMALL | dict(
        head_dim=256, num_attention_heads=8, num_key_value_heads=4), vision_config=dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14),
        mm_tokens_per_image=4, put=dict(text_config={key: SMALL[key] for key in (
            "hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size")})),
    "gemma3-pictures-refused": model("Gemma3", "spm", text_config=SMALL | dict(head_dim=16), vision_config=dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14),
        mm_tokens_per_image=4, put=dict(text_config=SMALL | dict(
            sliding_window=32, rope_scaling=dict(type="linear", factor=8.0)))),
    "phi2": model("Phi", **SMALL | dict(num_key_value_heads=4), partial_rotary_factor=0.4),
    "phi2-sparse": model("Phi", drop=DEFAULTS, **SMALL | dict(num_key_value_heads=4), dtype="float16"),
    "phi3": model("Phi3", "spm", **SMALL, pad_token_id=0),
    "phi3-sparse": model("Phi3", "spm", drop=DEFAULTS + ("pad_token_id",), **SMALL | dict(num_key_value_heads=4),
                         pad_token_id=0),
    "phi3-long": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, rope_scaling=dict(LONG),
                       sliding_window=48, pad_token_id=0),
    "phi3-su": model("Phi3", "spm", **SMALL, original_max_position_embeddings=64, rope_scaling=dict(LONG, type="su"),
                     pad_token_id=0),
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
    "starcoder2-sparse": model("Starcoder2", drop=DEFAULTS, **SMALL | dict(num_attention_heads=4, num_key_value_heads=2),
                               use_bias=False),
    "stablelm": model("StableLm", **SMALL, use_parallel_residual=True, use_qkv_bias=True),
    "stablelm-sparse": model("StableLm", drop=DEFAULTS, **SMALL | dict(num_attention_heads=32, num_key_value_heads=32)
                             | dict(hidden_size=128)),
    "stablelm-epoch": model("StableLm", **SMALL, put=dict(architectures=["StableLMEpochForCausalLM"],
                            model_type="stablelm_epoch", rope_pct=0.25, norm_eps=1e-5),
                            drop=("partial_rotary_factor", "layer_norm_eps", "use_parallel_residual")),
}  # fmt: skip


def classes(family: str):
    config = getattr(transformers, f"{family}Config")
    if family == "Gemma3":
        return config, transformers.Gemma3ForConditionalGeneration
    head = {"GPT2": "GPT2LMHeadModel", "Gemma3Text": "Gemma3ForCausalLM"}.get(family, f"{family}ForCausalLM")
    return config, getattr(transformers, head)


def make(name: str, directory: Path) -> Path:
    """Makes one model below a directory."""
    spec = MODELS[name]
    target = directory / name
    target.mkdir(parents=True)
    torch.manual_seed(sum(map(ord, name)))
    config_class, model_class = classes(spec["family"])
    config = config_class(**json.loads(json.dumps(spec["config"])))
    made = model_class(config).to(getattr(torch, spec["dtype"]))
    with torch.no_grad():
        # Norms and biases are 1 and 0 in a new model, which would hide that they are mixed up.
        for parameter in made.parameters():
            if parameter.dim() == 1:
                parameter.copy_(torch.randn(parameter.shape))
    made.save_pretrained(target, **({"max_shard_size": spec["shards"]} if spec["shards"] else {}))
    if spec["edit"]:
        path = target / "model.safetensors"
        tensors = spec["edit"](load_file(path))
        save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata={"format": "pt"})
    path = target / "config.json"
    values = {key: value for key, value in json.loads(path.read_text()).items() if key not in spec["drop"]}
    path.write_text(json.dumps(values | spec["put"], indent=2))
    TOKENIZERS[spec["tokenizer"]](target)
    return target


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or MODELS:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
