"""Writes what a converter made of a model as a small case for the Swift tests: `fixtures/conversion/architectures/`.

    python architecture_cases.py [--mmproj] CASE.json MODEL_DIRECTORY TYPE=DUMP.json...

A dump is what gguf_dump.py makes of a GGUF file. The case has what decides (config.json, the few other files that
matter, the list of tensors) and what was decided (the architecture's own keys, the tensors and their types). With
`--mmproj` it is a projector's, for `fixtures/conversion/projectors/`.
"""

import json
import math
import struct
import sys
from pathlib import Path

# Files whose content decides something apart from the tokenizer, and those of which only the existence counts.
READ = ("config.json", "modules.json", "1_Pooling/config.json")
SEEN = ("tokenizer.model", "tekken.json")
PREPARING = ("preprocessor_config.json", "processor_config.json")


def tensors(model: Path) -> list:
    """Name, type and shape of all tensors in the order in which a conversion meets them."""
    result = []
    for part in sorted(model.glob("model*.safetensors")):
        with part.open("rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        header.pop("__metadata__", None)
        for name in sorted(header):
            shape = header[name]["shape"]
            if name.endswith("_blocks"):
                # Blocks of 32 numbers and their scales are one tensor to the conversion.
                result.append([name.removesuffix("_blocks"), "U8", shape[:2] + [32 * shape[2]], "MXFP4"])
            elif not name.endswith("_scales"):
                result.append([name, header[name]["dtype"], shape])
    return result


# Keys that are read out of a tensor, by the end of its name.
READ_OUT = {"talkie.logit_scale": "lm_head_gain.w_g", "jais.attention.max_alibi_bias": "relative_pe.slopes"}


def own(key: str, stored: list) -> bool:
    # What was read out of tensors, which a case does not have, is left out too.
    if key in READ_OUT and any(tensor[0].endswith(READ_OUT[key]) for tensor in stored):
        return False
    return not key.startswith(("general.", "tokenizer.", "split.", "xielu."))


def value(item: dict):
    """What a key has; of a list the numbers that JSON has none for as texts."""
    found = item["value"] if "value" in item else item["items"]
    if item["type"] == "arr<f32>":
        return [number if math.isfinite(number) else str(number) for number in found]
    return found


def case(model: Path, dumps: dict[str, dict], is_projector: bool = False) -> dict:
    first = next(iter(dumps.values()))
    stored = tensors(model)
    keys = [[i["key"], i["type"], value(i)] for i in first["kv"] if own(i["key"], stored)]
    written = []
    for place, tensor in enumerate(first["tensors"]):
        types = " ".join(dump["tensors"][place]["type"] for dump in dumps.values())
        written.append([tensor["name"], tensor["ne"], types])
    read = (*READ, *PREPARING) if is_projector else READ
    files = {name: json.loads((model / name).read_text()) for name in read if (model / name).exists()}
    if is_projector:
        # Of a tokenizer the tokens alone that a projector looks for.
        settings = model / "tokenizer_config.json"
        added = json.loads(settings.read_text()).get("added_tokens_decoder", {}) if settings.exists() else {}
        added = {key: token for key, token in added.items() if "IMG" in token["content"]}
        return case_of(dumps, files | ({settings.name: {"added_tokens_decoder": added}} if added else {}), [], None, model, keys, written)
    tokenizer = model / "tokenizer.json"
    if tokenizer.exists() and not (model / "tokenizer.model").exists():
        content = json.loads(tokenizer.read_text())
        counts = [len(content["model"]["vocab"]), len(content["added_tokens"])]
        if content["model"].get("type") == "Unigram":
            counts.append("Unigram")
    else:
        counts = None
    seen = [name for name in SEEN if (model / name).exists()]
    return case_of(dumps, files, seen, counts, model, keys, written)


def case_of(dumps, files, seen, counts, model, keys, written) -> dict:
    return {
        "types": " ".join(dumps), "files": files, "seen": seen, "tokens": counts, "tensors": tensors(model),
        "keys": keys, "written": written,
    }  # fmt: skip


def text(case: dict) -> str:
    """A line for each file, tensor and key, so that changes are seen."""
    parts = []
    for name, value in case.items():
        if isinstance(value, list) and value and isinstance(value[0], list):
            lines = ",\n".join(json.dumps(line, separators=(",", ":")) for line in value)
            parts.append(f'"{name}":[\n{lines}\n]')
        else:
            parts.append(f'"{name}":{json.dumps(value, separators=(",", ":"))}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    is_projector = "--mmproj" in sys.argv
    target, model, *named = [item for item in sys.argv[1:] if item != "--mmproj"]
    dumps = {name: json.loads(Path(path).read_text()) for name, path in (item.split("=", 1) for item in named)}
    Path(target).write_text(text(case(Path(model), dumps, is_projector)))
