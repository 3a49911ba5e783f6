"""Makes the models of model_specs_runs.py and model_specs_runs_more.py, with transformers 5.

    python make_models_runs.py DIRECTORY [NAME...]
"""

import json
import re
import sys
from pathlib import Path

import make_models
import make_models_last  # noqa: F401 (it adds tokenizers)
import make_models_more  # noqa: F401 (it adds tokenizers)
import make_models_tail  # noqa: F401 (it adds tokenizers)
import torch
import transformers
from model_specs_runs import RUNS
from model_specs_runs_more import MORE_RUNS
from safetensors.torch import load_file, save_file


def unigram_plain(target: Path) -> None:
    """A Unigram whose table of replaced characters is one that llama.cpp takes: none."""
    make_models.TOKENIZERS["unigram"](target)
    path = target / "tokenizer.json"
    path.write_text(path.read_text().replace('"AAAAAA=="', '""'))


make_models.TOKENIZERS["unigram-plain"] = unigram_plain

ROUTER = re.compile(r"router|\bgate\b|expert_bias|correction_bias")


def routers(model: torch.nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The numbers of routers that are not parameters: most classes have there what is added to choose experts."""
    return [(key, buffer) for key, buffer in model.named_buffers() if ROUTER.search(key) and buffer.is_floating_point()]


def change(model: torch.nn.Module) -> None:
    """A new model's numbers are small, and its norms and biases 1 and 0, which would hide that they are mixed up."""
    for key, parameter in [*model.named_parameters(), *routers(model)]:
        if not parameter.any() and ROUTER.search(key):
            # A router of zeros has every expert as good as any other, and does not show how they are chosen and weighed.
            parameter.copy_(torch.randn(parameter.shape) * 0.1)
        elif parameter.dim() > 1:
            parameter.mul_(3)
        elif "A_log" not in key and "dt_bias" not in key:
            parameter.add_(torch.randn(parameter.shape) * 0.1)


# Sizes that all models with experts are given, and that a class keeps that has them under other names.
SIZES = {"moe_intermediate_size", "num_shared_experts", "shared_expert_intermediate_size"}


def own(saved: dict, default: dict) -> dict:
    """A configuration without the sizes that only other classes have."""
    return {key: own(value, default[key]) if key == "text_config" else value for key, value in saved.items() if key in default or key not in SIZES}


def make(name: str, directory: Path, change=change) -> Path:
    """Makes one model below a directory."""
    spec = (RUNS | MORE_RUNS)[name]
    target = directory / name
    torch.manual_seed(sum(map(ord, name)))
    of = getattr(transformers, spec["class"])
    model = of(of.config_class(**spec["config"])).float().eval()
    with torch.no_grad():
        change(model)
    model.save_pretrained(target)
    if spec["names"] or spec["turned"]:
        tensors = load_file(target / "model.safetensors")
        for name in [name for name in tensors if name.endswith(spec["turned"])]:
            tensors[name] = tensors[name].transpose(-1, -2).contiguous()
        for old, new in spec["names"].items():
            tensors = {name.replace(old, new): value for name, value in tensors.items()}
        save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    path = target / "config.json"
    saved = own(json.loads(path.read_text()), of.config_class().to_dict())
    for key, value in spec["put"].items():
        inside = isinstance(value, dict) and isinstance(saved.get(key), dict)
        saved[key] = saved[key] | value if inside else value
    path.write_text(json.dumps(saved, indent=2))
    make_models.TOKENIZERS[spec["tokenizer"]](target)
    return target


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or RUNS | MORE_RUNS:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
