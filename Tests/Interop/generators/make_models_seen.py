"""Makes the models of model_specs_seen.py, with transformers 5.

    python make_models_seen.py DIRECTORY [NAME...]
"""

import json
import math
import re
import sys
from pathlib import Path

import make_models_runs
import torch
import transformers
from model_specs_projectors import BREAK
from model_specs_seen import SEEN
from safetensors.torch import load_file, save_file

make_models_runs.RUNS.update(SEEN)


def enliven(model: torch.nn.Module, calm: str | None = None) -> None:
    """Numbers of which every layer's count: as large as each matrix's inputs ask, by which attention looks at some tokens
    more than at others, and norms and biases that are not 1 and 0. Those whose names match `calm` are smaller: where attention
    is not divided by anything, it would look at one token alone, and every rounding would change at which."""
    for key, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.copy_(torch.randn(parameter.shape) * 1.4 / math.sqrt(parameter[0].numel()))
        else:
            parameter.add_(torch.randn(parameter.shape) * 0.2)
        if calm and re.search(calm, key):
            parameter.mul_(0.3)
        # In 16 bits, as models are published: llama.cpp rounds some to them.
        parameter.copy_(parameter.half())
    for key, buffer in model.named_buffers():
        # What Gemma 4 clips to, which is infinite in a new model.
        if key.endswith(("input_min", "output_min", "input_max", "output_max")):
            buffer.fill_((1.5 if "input" in key else 3.0) * (-1 if key.endswith("min") else 1))


def add_break(path: Path) -> None:
    """A token to stand behind each row of a picture."""
    path.write_text(json.dumps(json.loads(path.read_text()) | BREAK["tokenizer_config.json"], indent=2))


def publish(model: Path, published) -> None:
    """Adds the same model as it is published, in a directory of its own."""
    target = model / "published"
    target.mkdir()
    for path in model.iterdir():
        if path.is_file() and path.name not in ("model.safetensors", "config.json"):
            (target / path.name).write_bytes(path.read_bytes())
    tensors, config = published(load_file(model / "model.safetensors"), json.loads((model / "config.json").read_text()))
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(json.dumps(config, indent=2))


def make(name: str, directory: Path) -> None:
    target = make_models_runs.make(name, directory, lambda model: enliven(model, SEEN[name].get("calm")))
    for path, content in SEEN[name]["files"].items():
        (target / path).write_text(json.dumps(content, indent=2))
    if "published" in SEEN[name]:
        publish(target, SEEN[name]["published"])
    if name in ("pixtral", "mistral3"):
        add_break(target / "tokenizer_config.json")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or SEEN:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
