"""Makes the models of model_specs_projectors.py, as make_models.py does.

    python make_models_projectors.py DIRECTORY [NAME...]
"""

import json
from pathlib import Path

import make_models
import make_models_more
import make_models_wider
from model_specs_projectors import BREAK, BY_HAND, MODELS
from model_specs_projectors_rest import BY_HAND as REST

make_models_wider.PICTURES += ("Idefics3", "Llama4", "Janus")
make_models.MODELS.update(MODELS)
make_models_more.BY_HAND.update(BY_HAND | REST)


def make(name: str, directory: Path) -> None:
    make_models_more.make(name, directory)
    if name in ("pixtral", "mistral3"):
        # The token whose embedding stands behind every row of a picture.
        path = directory / name / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | BREAK["tokenizer_config.json"], indent=2))


if __name__ == "__main__":
    make_models_more.main([*MODELS, *BY_HAND, *REST], make)
