"""Makes the models of model_specs.py, with transformers.

    python make_models.py DIRECTORY [NAME...]

Each is a directory with config.json, safetensors and a tokenizer; `pre-tokenizer.txt` beside them names the
pre-tokenizer where the tokenizer is a trained one that no list knows.
"""

import io
import json
import sys
from pathlib import Path

import sentencepiece
import torch
import transformers
from model_specs import MODELS, SIZE
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXT = [
    "The quick brown fox jumps over the lazy dog, and 12 more of them follow at 7:45. yes no yes no yes",
    "def main(argument):\n    return argument * 2  # a comment\n",
    "Der schnelle braune Fuchs springt über den faulen Hund. Ça va? 日本語も少し。",
] * 20  # fmt: skip

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
    for name, content in spec["files"].items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_text(json.dumps(content, indent=2))
    TOKENIZERS[spec["tokenizer"]](target)
    return target


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or MODELS:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
