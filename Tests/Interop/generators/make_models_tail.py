"""Makes the models of model_specs_tail.py, as make_models.py does.

    python make_models_tail.py DIRECTORY [NAME...]
"""

import io
import json
from pathlib import Path

import make_models
import make_models_more
import make_models_wider  # noqa: F401 (it adds tokenizers and families)
import sentencepiece
import transformers
from model_specs_tail import BY_HAND, MODELS


def gemma4(target: Path) -> None:
    """A BPE that falls back to bytes, with tokens that frame what is not said, as Gemma 4's."""
    make_models_wider.smaller(make_models.byte_fallback, target, 3)
    path = target / "tokenizer.json"
    parsed = json.loads(path.read_text())
    first = parsed["added_tokens"][0]
    number = 1 + max(parsed["model"]["vocab"].values())
    for place, (text, special) in enumerate([("<|channel>", True), ("<|tool_call>", False), ("<turn|>", False)]):
        parsed["added_tokens"].append(first | {"id": number + place, "content": text, "special": special})
    path.write_text(json.dumps(parsed))
    config = {"tokenizer_class": "GemmaTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
              "pad_token": "<unk>"}  # fmt: skip
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


def t5(target: Path) -> None:
    """A SentencePiece Unigram under the name that T5's has."""
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(make_models.TEXT), model_writer=trained, vocab_size=make_models.SIZE - 100, model_type="unigram",
        character_coverage=0.99, hard_vocab_limit=False, minloglevel=2, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        normalization_rule_name="nmt_nfkc",
    )  # fmt: skip
    (target / "spiece.model").write_bytes(trained.getvalue())
    config = {"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "extra_ids": 100}
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


def t5_added(target: Path) -> None:
    """The same with a file that adds tokens."""
    t5(target)
    (target / "added_tokens.json").write_text(json.dumps({"<extra_id_0>": make_models.SIZE - 1, "<extra_id_1>": make_models.SIZE - 2}))


def begun(target: Path) -> None:
    """A BPE of which a text begins with a token."""
    make_models.bpe(target)
    path = target / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {
        "tokenizer_class": "LlamaTokenizerFast", "add_bos_token": True}, indent=2))  # fmt: skip


def arctic(target: Path) -> None:
    """A SentencePiece BPE of which some tokens are others."""
    make_models.sentences(target)
    path = target / "tokenizer_config.json"
    other = {"7": {"content": "<|im_start|>", "special": True}, "8": {"content": "<|im_end|>", "special": True},
             "9": {"content": "plain", "special": False}, "0": {"content": "<unk>", "special": True}}  # fmt: skip
    path.write_text(json.dumps(json.loads(path.read_text()) | {"added_tokens_decoder": other, "eos_token": "<|im_end|>"}, indent=2))


make_models.TOKENIZERS.update({"arctic": arctic, "gemma4": gemma4, "t5": t5, "t5-added": t5_added, "bpe-begun": begun})


def classes(family: str):
    """Whole classes of encoders and decoders, and parts for text."""
    if family in ("T5", "MT5", "UMT5"):
        return getattr(transformers, f"{family}Config"), getattr(transformers, f"{family}ForConditionalGeneration")
    if family == "T5EncoderModel":
        return transformers.T5Config, transformers.T5EncoderModel
    if family == "Gemma3nText":
        return transformers.Gemma3nTextConfig, transformers.Gemma3nForCausalLM
    if family == "Llama4Text":
        return transformers.Llama4TextConfig, transformers.Llama4ForCausalLM
    if family == "Llama4":
        return transformers.Llama4Config, transformers.Llama4ForConditionalGeneration
    return FEWER(family)


FEWER, make_models.classes = make_models.classes, classes
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND)


if __name__ == "__main__":
    make_models_more.main([*MODELS, *BY_HAND])
