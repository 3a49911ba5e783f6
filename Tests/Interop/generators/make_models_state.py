"""Makes the models of model_specs_state.py, as make_models.py does.

    python make_models_state.py DIRECTORY [NAME...]
"""

import sys
from pathlib import Path

import make_models
import make_models_more
import torch
import transformers
from model_specs_state import BY_HAND, MODELS
from safetensors.torch import load_file, save_file

make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND)


def make(name: str, directory: Path) -> None:
    if name not in BY_HAND:
        make_models.make(name, directory)
        return
    make_models_more.make_by_hand(name, directory)
    # Some tensors are published with more bits than the others.
    ends, edit = BY_HAND[name].get("floats", ()), BY_HAND[name].get("edit", dict)
    path = directory / name / "model.safetensors"
    tensors = {key: value.to(torch.float32) if key.endswith(ends) else value for key, value in edit(load_file(path)).items()}
    save_file(tensors, path, metadata={"format": "pt"})


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or [*MODELS, *BY_HAND]:
        make(name, Path(sys.argv[1]))
        print(name, flush=True)
