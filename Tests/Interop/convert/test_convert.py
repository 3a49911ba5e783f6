"""`knapsack convert` against convert_hf_to_gguf.py on the models of model_specs.py: every byte that is not padding.

KNAPSACK_CONVERT_HF is the path of convert_hf_to_gguf.py, and KNAPSACK_CONVERT_PYTHON a Python that runs it (torch,
transformers 4.57.6, sentencepiece, and gguf's requirements); without them these tests are left out.
"""

import os
import subprocess
from pathlib import Path

import needs
import pytest
from gguf_dump import dump
from model_specs import MODELS
from project import program

TYPES = ("f16", "q8_0")

pytestmark = [needs.CONVERTER, pytest.mark.oracle]


def run(script: str, *arguments: str | Path) -> str:
    """What one of the programs in generators/ or support/ prints."""
    command = [os.environ["KNAPSACK_CONVERT_PYTHON"], program(script), *arguments]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(scope="session")
def models(base) -> Path:
    """All models; in the directory beside it what the reference makes of them."""
    folder = base / "small-models"
    folder.mkdir()
    run("make_models.py", folder)
    (base / "converted").mkdir()
    converter = os.environ["KNAPSACK_CONVERT_HF"]
    said = run("convert_reference.py", converter, base / "converted", ",".join(TYPES), *sorted(folder.iterdir()))
    assert all('"error": null' in line for line in said.splitlines()), said
    return folder


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", MODELS)
def test_equals_the_reference(knapsack, models, tmp_path, name, kind):
    model = models / name
    pre = model / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", kind, *options).expect(0)
    found, expected = dump(tmp_path / "out.gguf"), dump(models.parent / "converted" / f"{name}-{kind}.gguf")
    assert found["kv"] == expected["kv"]
    assert found["tensors"] == expected["tensors"]
    assert found["header"] == expected["header"]
