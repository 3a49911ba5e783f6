"""`knapsack convert` against convert_hf_to_gguf.py on the models of model_specs_last.py, as test_convert.py does it."""

import os
from pathlib import Path

import needs
import pytest
from gguf_dump import dump
from model_specs_last import BY_HAND, MODELS
from test_convert import TYPES, run

pytestmark = [needs.CONVERTER, pytest.mark.oracle]


@pytest.fixture(scope="session")
def last_models(base) -> Path:
    """All models; in the directory beside it what the reference makes of them."""
    folder = base / "last-small-models"
    folder.mkdir()
    run("make_models_last.py", folder)
    converted = base / "last-converted"
    converted.mkdir()
    models = sorted(folder.iterdir())
    said = run("convert_reference.py", os.environ["KNAPSACK_CONVERT_HF"], converted, ",".join(TYPES), *models)
    assert all('"error": null' in line for line in said.splitlines()), said
    return folder


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", [*MODELS, *BY_HAND])
def test_equals_the_reference(knapsack, last_models, tmp_path, name, kind):
    model = last_models / name
    pre = model / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", kind, *options).expect(0)
    found, expected = dump(tmp_path / "out.gguf"), dump(last_models.parent / "last-converted" / f"{name}-{kind}.gguf")
    assert found["kv"] == expected["kv"]
    assert found["tensors"] == expected["tensors"]
    assert found["header"] == expected["header"]
