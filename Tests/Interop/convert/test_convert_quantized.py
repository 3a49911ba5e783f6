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
from reference_converter import convert_all, options

TYPES = ("f32", "bf16", "f16", "q8_0", "auto")
WIDE = [name for name in MODELS if name.endswith("-wide")]

pytestmark = [needs.CONVERTER, pytest.mark.oracle]


@pytest.fixture(scope="session")
def quantized(base):
    return convert_all(base / "quantized", "make_models_quantized.py", TYPES)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", MODELS)
def test_equals_the_reference(knapsack, quantized, tmp_path, name, kind):
    model = quantized.models / name
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", kind, *options(model)).expect(0)
    assert dump(tmp_path / "out.gguf") == dump(quantized.file(name, kind))


@pytest.mark.parametrize("kind", ["Q4_K_M", "Q6_K"])
@needs.LLAMA_CPP
@pytest.mark.parametrize("name", WIDE)
def test_one_step_equals_two(knapsack, quantized, tmp_path, name, kind):
    model = quantized.models / name
    between = quantized.file(name, "auto")
    program = Path(os.environ["KNAPSACK_LLAMA_CPP"]) / "llama-quantize"
    allow = ["--allow-requantize"] if name.startswith("gpt-oss") else []
    subprocess.run([program, *allow, between, tmp_path / "two.gguf", kind], check=True, capture_output=True)
    knapsack("convert", model, tmp_path / "one.gguf", "--outtype", kind, *allow, *options(model)).expect(0)
    assert dump(tmp_path / "one.gguf") == dump(tmp_path / "two.gguf")


@pytest.mark.parametrize("name", REFUSED)
def test_names_a_method_that_cannot_be_undone(knapsack, quantized, tmp_path, name):
    values, word = REFUSED[name]
    model = shutil.copytree(quantized.models / "llama-none", tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | values))
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16")
    done.expect(1)
    assert word in done.stderr
    assert "fix: take the model from which it was quantized" in done.stderr
    assert not (tmp_path / "out.gguf").exists()


def test_takes_the_tokenizer_alone_of_what_cannot_be_undone(knapsack, quantized, tmp_path):
    model = shutil.copytree(quantized.models / "llama-none", tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | REFUSED["awq"][0]))
    knapsack("convert", model, tmp_path / "out.gguf", "--vocab-only").expect(0)
