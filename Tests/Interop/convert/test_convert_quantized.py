"""`knapsack convert` against convert_hf_to_gguf.py on the models of model_specs_quantized.py, as test_convert.py does it,
and against llama-quantize after it where KNAPSACK_LLAMA_CPP names the folder with llama.cpp's programs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import needs
import pytest
from gguf_dump import dump
from model_specs_quantized import MODELS, REFUSED
from test_convert import run

TYPES = ("f32", "bf16", "f16", "q8_0", "auto")
WIDE = [name for name in MODELS if name.endswith("-wide")]

pytestmark = [needs.CONVERTER, pytest.mark.oracle]


@pytest.fixture(scope="session")
def quantized_models(base) -> Path:
    """All models; in the directory beside it what the reference makes of them."""
    folder = base / "quantized-small-models"
    folder.mkdir()
    run("make_models_quantized.py", folder)
    converted = base / "quantized-converted"
    converted.mkdir()
    models = sorted(folder.iterdir())
    said = run("convert_reference.py", os.environ["KNAPSACK_CONVERT_HF"], converted, ",".join(TYPES), *models)
    assert all('"error": null' in line for line in said.splitlines()), said
    return folder


def options(model: Path) -> list[str]:
    pre = model / "pre-tokenizer.txt"
    return ["--pre", pre.read_text()] if pre.exists() else []


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", MODELS)
def test_equals_the_reference(knapsack, quantized_models, tmp_path, name, kind):
    model = quantized_models / name
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", kind, *options(model)).expect(0)
    converted = quantized_models.parent / "quantized-converted"
    assert dump(tmp_path / "out.gguf") == dump(converted / f"{name}-{kind}.gguf")


@pytest.mark.parametrize("kind", ["Q4_K_M", "Q6_K"])
@needs.LLAMA_CPP
@pytest.mark.parametrize("name", WIDE)
def test_one_step_equals_two(knapsack, quantized_models, tmp_path, name, kind):
    model = quantized_models / name
    between = quantized_models.parent / "quantized-converted" / f"{name}-auto.gguf"
    program = Path(os.environ["KNAPSACK_LLAMA_CPP"]) / "llama-quantize"
    allow = ["--allow-requantize"] if name.startswith("gpt-oss") else []
    subprocess.run([program, *allow, between, tmp_path / "two.gguf", kind], check=True, capture_output=True)
    knapsack("convert", model, tmp_path / "one.gguf", "--outtype", kind, *allow, *options(model)).expect(0)
    assert dump(tmp_path / "one.gguf") == dump(tmp_path / "two.gguf")


@pytest.mark.parametrize("name", REFUSED)
def test_names_a_method_that_cannot_be_undone(knapsack, quantized_models, tmp_path, name):
    values, word = REFUSED[name]
    model = shutil.copytree(quantized_models / "llama-none", tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | values))
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16")
    done.expect(1)
    assert word in done.stderr
    assert "fix: take the model from which it was quantized" in done.stderr
    assert not (tmp_path / "out.gguf").exists()


def test_takes_the_tokenizer_alone_of_what_cannot_be_undone(knapsack, quantized_models, tmp_path):
    model = shutil.copytree(quantized_models / "llama-none", tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | REFUSED["awq"][0]))
    knapsack("convert", model, tmp_path / "out.gguf", "--vocab-only").expect(0)
