"""`knapsack convert` against convert_hf_to_gguf.py on the models of model_specs_state.py, as test_convert.py does it."""

import os
import shutil
from pathlib import Path

import needs
import pytest
from gguf_dump import dump
from model_specs_state import BY_HAND, MODELS
from safetensors.torch import load_file, save_file
from test_convert import TYPES, run

pytestmark = [needs.CONVERTER, pytest.mark.oracle]
NAMES = [*MODELS, *BY_HAND]


@pytest.fixture(scope="session")
def state_models(base) -> Path:
    """All models; in the directory beside it what the reference makes of them."""
    folder = base / "state-small-models"
    folder.mkdir()
    run("make_models_state.py", folder)
    converted = base / "state-converted"
    converted.mkdir()
    models = sorted(folder.iterdir())
    said = run("convert_reference.py", os.environ["KNAPSACK_CONVERT_HF"], converted, ",".join(TYPES), *models)
    assert all('"error": null' in line for line in said.splitlines()), said
    return folder


def convert(knapsack, model: Path, target: Path, kind: str):
    pre = model / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    return knapsack("convert", model, target, "--outtype", kind, *options)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", NAMES)
def test_equals_the_reference(knapsack, state_models, tmp_path, name, kind):
    convert(knapsack, state_models / name, tmp_path / "out.gguf", kind).expect(0)
    found, expected = dump(tmp_path / "out.gguf"), dump(state_models.parent / "state-converted" / f"{name}-{kind}.gguf")
    assert found["kv"] == expected["kv"]
    assert found["tensors"] == expected["tensors"]
    assert found["header"] == expected["header"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_lost_tensor_is_an_error_that_names_it(knapsack, state_models, tmp_path, name):
    """Each tensor of the part for text, but experts beside the first of a block."""
    model = tmp_path / name
    shutil.copytree(state_models / name, model)
    path = model / "model.safetensors"
    tensors = load_file(path)
    optional = {"mamba-small": ["lm_head.weight"]}.get(name, [])
    for lost in tensors:
        if "visual" in lost or lost in optional or any(f"experts.{number}." in lost for number in (1, 2, 3)):
            continue
        if name in ("qwen4exp", "nemotron-puzzle") and lost.startswith("mtp."):
            continue
        save_file({key: value for key, value in tensors.items() if key != lost}, path, metadata={"format": "pt"})
        done = convert(knapsack, model, tmp_path / "out.gguf", "f16")
        done.expect(1, 2)
        assert f"no tensor {lost}" in done.stderr, lost
