"""Makes the models of model_specs_more.py, as make_models.py does.

    python make_models_more.py DIRECTORY [NAME...]
"""

import json
import sys
from pathlib import Path

import make_models
import torch
import transformers
from model_specs import SIZE
from model_specs_more import BY_HAND, MODELS
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers


def word_piece(target: Path) -> None:
    """A WordPiece, as BERT's."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(make_models.TEXT, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(target / "tokenizer.json"))
    config = {"tokenizer_class": "BertTokenizer", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]",
              "unk_token": "[UNK]", "mask_token": "[MASK]", "do_lower_case": True}  # fmt: skip
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    (target / "pre-tokenizer.txt").write_text("jina-v2-en")


def unigram(target: Path) -> None:
    """A Unigram, as XLM-RoBERTa's."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=SIZE - 1, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(make_models.TEXT, trainer)
    tokenizer.add_special_tokens(["<mask>"])
    parsed = json.loads(tokenizer.to_str())
    # The empty map of characters: a trie of no units and no replacements.
    parsed["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="}
    (target / "tokenizer.json").write_text(json.dumps(parsed))
    config = {"tokenizer_class": "XLMRobertaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>",
              "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"}  # fmt: skip
    (target / "tokenizer_config.json").write_text(json.dumps(config, indent=2))


def glm_bpe(target: Path) -> None:
    """A BPE with the tokens that the reader of GLM's looks for."""
    make_models.bpe(target)
    path = target / "tokenizer.json"
    parsed = json.loads(path.read_text())
    number = 1 + max(item["id"] for item in parsed["added_tokens"])
    parsed["added_tokens"].append(parsed["added_tokens"][0] | {"id": number, "content": "<|user|>"})
    path.write_text(json.dumps(parsed))


make_models.TOKENIZERS.update({"wordpiece": word_piece, "unigram": unigram, "glm": glm_bpe})


def make_by_hand(name: str, directory: Path) -> None:
    spec = BY_HAND[name]
    target = directory / name
    target.mkdir(parents=True)
    torch.manual_seed(sum(map(ord, name)))
    shapes = {}
    for pattern, shape in spec["shapes"].items():
        for block in range(spec["blocks"]) if "{}" in pattern else [0]:
            shapes[pattern.format(block)] = shape
    tensors = {key: (torch.randn(shape) / 8).to(getattr(torch, spec["dtype"])) for key, shape in shapes.items()}
    for key in tensors:
        if key.endswith("running_var"):
            tensors[key] = tensors[key].abs()
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(spec["config"], indent=2))
    for path, content in spec["files"].items():
        (target / path).parent.mkdir(exist_ok=True)
        (target / path).write_text(json.dumps(content, indent=2))
    make_models.TOKENIZERS[spec["tokenizer"]](target)


def classes(family: str):
    """Whole classes, as `BertForSequenceClassification`, and families of encoders beside make_models.py's."""
    head = "ForSequenceClassification"
    if family.endswith(head):
        return getattr(transformers, family.removesuffix(head) + "Config"), getattr(transformers, family)
    if family in ("Bert", "Camembert", "Roberta", "XLMRoberta"):
        return getattr(transformers, family + "Config"), getattr(transformers, family + "Model")
    return FEWER(family)


FEWER, make_models.classes = make_models.classes, classes
make_models.MODELS.update(MODELS)


def make(name: str, directory: Path) -> None:
    if name in BY_HAND:
        make_by_hand(name, directory)
    else:
        make_models.make(name, directory)


def main(names: list[str], make=make) -> None:
    """Makes the models that the command names, or all of these."""
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or names:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)


if __name__ == "__main__":
    main([*MODELS, *BY_HAND])
