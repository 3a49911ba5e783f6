"""A model of the generators that lacks one tensor: `convert` and `check` name it as the file would have it.

Each model of make_models.py, make_models_more.py and make_models_quantized.py, and each tensor of its files. The
Swift tests do the same with the committed cases, and with whole kinds of tensors.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from cli import manifest
from safetensors import safe_open
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1] / "generators"))

import model_specs  # noqa: E402
import model_specs_more  # noqa: E402
import model_specs_quantized  # noqa: E402

# No number of a GGUF comes from these: llama.cpp and transformers load the model without them.
NOT_WRITTEN = re.compile(
    r"pooler\.dense\.|position_ids$|inv_freq$|^cls\.(predictions|seq_relationship)\.|mtp_block|mtp_linear_proj"
    r"|vision_tower|multi_modal_projector|mlp\.experts\.bias$|layers\.2\..*eh_proj"
    # Factors of what goes in and of the cache, which weights do not depend on.
    r"|\.(input_scale|k_scale|v_scale|input_global_scale)$|activation_scale$|qscale_act$"
)
NAMES = [*model_specs.MODELS, *model_specs_more.MODELS, *model_specs_more.BY_HAND, *model_specs_quantized.MODELS]


def make(name, folder):
    # These need torch, transformers and sentencepiece, which the names do not.
    pytest.importorskip("sentencepiece", reason="sentencepiece, which makes the models' tokenizers, is not installed")
    import make_models_more
    import make_models_quantized

    make_models_more.make(name, folder)
    if make_models_quantized.MODELS.get(name, {}).get("split"):
        make_models_quantized.split(folder / name)
    return folder / name


def tensors(model):
    found = {}
    for part in sorted(model.glob("model*.safetensors")):
        with safe_open(part, framework="pt") as file:
            found |= {name: file.get_tensor(name) for name in file.keys()}
    return found


def is_needed(name, config):
    """Whether the model is not the same without a tensor."""
    if NOT_WRITTEN.search(name):
        return False
    if re.search(r"layers\.2\.", name) and config["num_hidden_layers"] == 2:
        return False  # A block that predicts more than one token ahead.
    if name.startswith(("lm_head.", "transformer.output_layer.")):
        # The embeddings, where the configuration does not state that it is none.
        return config.get("tie_word_embeddings") is False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_tensor_is_named_as_the_file_has_it(knapsack, tmp_path, name):
    model = make(name, tmp_path)
    config = json.loads((model / "config.json").read_text())
    whole = tensors(model)
    wanted = [tensor for tensor in whole if is_needed(tensor, config)]
    entries = []
    wrong = []
    for at, tensor in enumerate(wanted):
        folder = tmp_path / f"less-{at}"
        shutil.copytree(model, folder, ignore=shutil.ignore_patterns("*.safetensors", "*.index.json"))
        save_file({key: value for key, value in whole.items() if key != tensor}, folder / "model.safetensors", metadata={"format": "pt"})
        done = knapsack("convert", folder, tmp_path / "out.gguf", "--outtype", "f32", "--pre", "gpt-2")
        first = done.stderr.splitlines()[0] if done.stderr else ""
        if done.code == 0 or not first.endswith(f"the model has no tensor {tensor}"):
            wrong.append((tensor, done.code, first))
        (tmp_path / "out.gguf").unlink(missing_ok=True)
        entries.append({"name": folder.name, "source": f"path:{folder.name}", "license": "mit", "allow": ["tokenizer-missing"]})
    assert wrong == []
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=entries))
    knapsack("lock", path).expect(0, 1)
    found = {}
    for finding in knapsack("check", path, "--json").expect(1).json()["findings"]:
        if finding["code"] == "tensor-missing":
            entry, sentence = finding["message"].split(": ", 1)
            found[entry] = sentence
    expected = {f"less-{at}": f"the weights have no tensor {tensor}" for at, tensor in enumerate(wanted)}
    assert {entry: (found.get(entry), sentence) for entry, sentence in expected.items() if found.get(entry) != sentence} == {}
