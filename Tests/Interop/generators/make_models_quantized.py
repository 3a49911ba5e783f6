"""Makes the models of model_specs_quantized.py, as make_models.py does.

    python make_models_quantized.py DIRECTORY [NAME...]
"""

import json
import sys
from pathlib import Path

import make_models
import transformers
from model_specs_quantized import MODELS
from safetensors.torch import load_file, save_file

make_models.MODELS.update(MODELS)


def split(target: Path) -> None:
    """Divides the file in two, so that what belongs together is apart; but for the blocks of gpt-oss, of which the
    reference takes what it met last."""
    tensors = load_file(target / "model.safetensors")
    names = sorted(tensors)
    halves = [names[1::2], names[::2]]
    if target.name.startswith("gpt-oss"):
        place = next(i for i, name in enumerate(names) if name.endswith("_blocks") and i > len(names) // 2)
        halves = [names[:place], names[place:]]
    parts = {f"model-0000{part + 1}-of-00002.safetensors": halves[part] for part in range(2)}
    for path, names in parts.items():
        save_file({name: tensors[name] for name in names}, target / path, metadata={"format": "pt"})
    (target / "model.safetensors").unlink()
    weights = {name: path for path, names in parts.items() for name in names}
    index = {"metadata": {}, "weight_map": weights}
    (target / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    for name in sys.argv[2:] or MODELS:
        target = make_models.make(name, Path(sys.argv[1]))
        if MODELS[name]["split"]:
            split(target)
        if "bitnet" in name:
            (target / "eager.txt").touch()
        print(name, flush=True)
