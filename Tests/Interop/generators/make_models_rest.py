"""Makes the models of model_specs_rest.py, as make_models.py does.

    python make_models_rest.py DIRECTORY [NAME...]
"""

import json
import sys
from pathlib import Path

import make_models
import make_models_more
import make_models_state
import make_models_tail
import transformers
from model_specs_rest import BY_HAND, MODELS


def ending(target: Path, text: str = "<|im_end|>") -> None:
    """A BPE with the token that ends an answer, and a list of its added tokens."""
    make_models_tail.make_models_wider.smaller(make_models.bpe, target, 1)
    path = target / "tokenizer.json"
    parsed = json.loads(path.read_text())
    number = 1 + max(item["id"] for item in parsed["added_tokens"])
    parsed["added_tokens"].append(parsed["added_tokens"][0] | {"id": number, "content": text})
    path.write_text(json.dumps(parsed))
    path = target / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    settings["added_tokens_decoder"] = {
        str(item["id"]): {"content": item["content"], "special": True} for item in parsed["added_tokens"]}  # fmt: skip
    path.write_text(json.dumps(settings, indent=2))


def plamo(target: Path) -> None:
    """A list of texts, scores and kinds, as PLaMo 2's and 3's."""
    rows = [["<|plamo:unk|>", 0.0, "UNKNOWN"], ["<|plamo:bos|>", 0.0, "CONTROL"], ["<|plamo:eos|>", 0.0, "CONTROL"],
            ["<|plamo:pad|>", 0.0, "NORMAL"], ["<|plamo:op|>", 0.0, "CONTROL"]]  # fmt: skip
    rows += [[f"<0x{byte:02X}>", -20.0, "BYTE"] for byte in range(256)] + [["日本", -3.25, "NORMAL", 1, 2, 3, 4], ["a\n", -1.5]]
    (target / "tokenizer.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    settings = {f"{kind}_token": f"<|plamo:{kind}|>" for kind in ("bos", "eos", "pad", "unk")} | {"sep_token": None, "tokenizer_class": "Plamo2Tokenizer"}
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))


make_models.TOKENIZERS.update({
    "bpe-ending": ending, "bpe-turns": lambda target: ending(target, "<|eot|>"), "plamo": plamo})  # fmt: skip


def classes(family: str):
    """Whole classes of models with pictures."""
    if family == "Janus":
        return transformers.JanusConfig, transformers.JanusForConditionalGeneration
    return FEWER(family)


FEWER, make_models.classes = make_models.classes, classes
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND)
make_models_state.BY_HAND.update(BY_HAND)


def make(name: str, directory: Path) -> None:
    make_models_state.make(name, directory)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or [*MODELS, *BY_HAND]:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
