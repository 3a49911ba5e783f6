"""Makes the models of model_specs_wider.py, as make_models.py does.

    python make_models_wider.py DIRECTORY [NAME...]
"""

import json
from pathlib import Path

import make_models
import make_models_more
import transformers
from model_specs_wider import BY_HAND, MODELS


def smaller(make, target: Path, tokens: int) -> None:
    """Makes a tokenizer with room for so many tokens beside its own."""
    make_models.SIZE -= tokens
    try:
        make(target)
    finally:
        make_models.SIZE += tokens


def glm_moe_bpe(target: Path) -> None:
    """A BPE with the tokens that the reader of GLM 4.5 looks for."""
    smaller(make_models_more.glm_bpe, target, 2)
    path = target / "tokenizer.json"
    parsed = json.loads(path.read_text())
    number = 1 + max(item["id"] for item in parsed["added_tokens"])
    for place, text in enumerate(["[gMASK]", "<|observation|>"]):
        parsed["added_tokens"].append(parsed["added_tokens"][0] | {"id": number + place, "content": text})
    path.write_text(json.dumps(parsed))


def roberta_bpe(target: Path) -> None:
    """A BPE under the name of RoBERTa's tokenizer."""
    smaller(make_models.bpe, target, 8)
    path = target / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": "RobertaTokenizer"}, indent=2))


def solar_bpe(target: Path) -> None:
    """A BPE with the tokens that the reader of Solar Open looks for."""
    smaller(make_models.bpe, target, 2)
    path = target / "tokenizer.json"
    parsed = json.loads(path.read_text())
    number = 1 + max(item["id"] for item in parsed["added_tokens"])
    for place, text in enumerate(["<unk>", "<|startoftext|>"]):
        parsed["added_tokens"].append(parsed["added_tokens"][0] | {"id": number + place, "content": text})
    path.write_text(json.dumps(parsed))


make_models.TOKENIZERS.update({"solar": solar_bpe, "glm-moe": glm_moe_bpe, "roberta": roberta_bpe})

PICTURES = ("Llava", "Voxtral", "Mistral3", "Qwen2VL", "Qwen2_5_VL", "Qwen3VL", "Qwen3VLMoe", "Glm4vMoe", "Qwen2Audio",
            "SmolVLM", "Glm4v")  # fmt: skip
OTHERS = {
    "Phimoe": "PhimoeForCausalLM", "DistilBert": "DistilBertModel", "ModernBert": "ModernBertModel",
    "Gemma3TextModel": "Gemma3TextModel", "DistilBertForMaskedLM": "DistilBertForMaskedLM",
}  # fmt: skip


def classes(family: str):
    """Whole classes, families of models with pictures and sound, and encoders."""
    if family in PICTURES:
        return getattr(transformers, f"{family}Config"), getattr(transformers, f"{family}ForConditionalGeneration")
    if family in OTHERS:
        config = {"DistilBertForMaskedLM": "DistilBert", "Gemma3TextModel": "Gemma3Text"}.get(family, family)
        return getattr(transformers, f"{config}Config"), getattr(transformers, OTHERS[family])
    return FEWER(family)


FEWER, make_models.classes = make_models.classes, classes
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND)


if __name__ == "__main__":
    make_models_more.main([*MODELS, *BY_HAND])
