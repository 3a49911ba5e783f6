"""Makes the models of model_specs_projectors.py, as make_models.py does.

    python make_models_projectors.py DIRECTORY [NAME...]
"""

import json
import math
import struct
from pathlib import Path

import make_models
import make_models_more
import make_models_wider
from model_specs_projectors import BREAK, BY_HAND, MODELS
from model_specs_projectors_rest import BY_HAND as REST
from model_specs_projectors_rest import LARGE

make_models_wider.PICTURES += ("Idefics3", "Llama4", "Janus")
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND | REST)


def make_large(spec: dict, target: Path) -> None:
    """A model of zeros, of which the file has holes."""
    target.mkdir(parents=True)
    code, size = {"bfloat16": ("BF16", 2), "float16": ("F16", 2)}[spec["dtype"]]
    header, end = {}, 0
    for pattern, shape in spec["shapes"].items():
        for block in range(spec["blocks"]) if "{}" in pattern else [0]:
            start, end = end, end + size * math.prod(shape)
            header[pattern.format(block)] = dict(dtype=code, shape=shape, data_offsets=[start, end])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (target / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    for path, content in (spec["files"] | {"config.json": spec["config"]}).items():
        (target / path).write_text(json.dumps(content, indent=2))


def make(name: str, directory: Path) -> None:
    if name in LARGE:
        return make_large(LARGE[name], directory / name)
    make_models_more.make(name, directory)
    if name in ("pixtral", "mistral3"):
        # The token whose embedding stands behind every row of a picture.
        path = directory / name / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | BREAK["tokenizer_config.json"], indent=2))


if __name__ == "__main__":
    make_models_more.main([*MODELS, *BY_HAND, *REST], make)
