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


def add_break(path: Path) -> None:
    """A token to stand behind each row of a picture."""
    path.write_text(json.dumps(json.loads(path.read_text()) | BREAK["tokenizer_config.json"], indent=2))


def make(name: str, directory: Path) -> None:
    target = make_models_runs.make(name, directory, lambda model: enliven(model, SEEN[name].get("calm")))
    for path, content in SEEN[name]["files"].items():
        (target / path).write_text(json.dumps(content, indent=2))
    if name in ("pixtral", "mistral3"):
        add_break(target / "tokenizer_config.json")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or SEEN:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
