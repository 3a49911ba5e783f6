"""What `knapsack convert` and a manifest make of a model, run by llama.cpp: its numbers beside those of transformers.

Runs only where KNAPSACK_LLAMA_PYTHON names a Python with llama-cpp-python 0.3.36, torch and transformers, 4.57.6 or 5.23;
what make_models_runs.py makes, where that has 5.23.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import needs
import notebook
import pytest
from cli import manifest
from genuine import MINILM_FILES, snapshot_download
from model_specs_runs import RUNS
from model_specs_runs_more import MORE_RUNS, NOT_RUN
from project import program
from run_families import FAMILIES, MORE, equal_classes, run_classes

pytestmark = [needs.LLAMA_PYTHON, pytest.mark.oracle]


def run(script: str, *arguments: str | Path) -> str:
    command = [os.environ["KNAPSACK_LLAMA_PYTHON"], program(script), *arguments]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "script, name",
    [*(("make_models.py", name) for name in FAMILIES), *(("make_models_more.py", name) for name in MORE)],
)
def test_the_next_token_is_as_likely_as_in_transformers(knapsack, tmp_path, script, name):
    run(script, tmp_path, name)
    model = tmp_path / name
    pre = model / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f32", *options).expect(0)
    found = json.loads(run("run_llama_cpp.py", f"{model}={tmp_path / 'out.gguf'}"))
    print(found)
    assert abs(found["kl"]) < 1e-5
    # Where all tokens are alike, no mistake is seen.
    assert found["from uniform"] > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS | MORE_RUNS)
def test_what_transformers_saves_answers_the_same(knapsack, transformers_5, tmp_path, name):
    run("make_models_runs.py", tmp_path, name)
    pre = tmp_path / name / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    done = knapsack("convert", tmp_path / name, tmp_path / "out.gguf", "--outtype", "f32", *options).expect(0)
    spec = (RUNS | MORE_RUNS)[name]
    # What transformers writes by itself is known, but for what is named.
    if "nothing is known of" in done.stderr:
        told = set(re.findall(r'^  "([\w.]+)"$', done.stderr, re.MULTILINE))
        assert told and told <= set(spec.get("unknown", "").split()), done.stderr
    found = json.loads(run("run_llama_cpp.py", f"{tmp_path / name}={tmp_path / 'out.gguf'}"))
    print(found)
    if "kl" in found:
        assert abs(found["kl"]) < spec.get("most", 1e-6)
        assert found["from uniform"] > 1e-4
    else:
        assert found["apart"] < spec.get("most", 1e-5)
        # Where all answers are alike, no mistake is seen.
        assert found["spread"] > 0.1


@pytest.mark.slow
def test_each_class_that_transformers_has_is_run_or_has_a_reason(transformers_5):
    script = "import sys, transformers; print(*(name for name in sys.argv[1:] if hasattr(transformers, name)))"
    command = [os.environ["KNAPSACK_LLAMA_PYTHON"], "-c", script, *equal_classes()]
    has = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert has == (run_classes() | NOT_RUN.keys()) & has
    assert NOT_RUN.keys() <= has


def test_embeddings_are_those_of_transformers(knapsack, tmp_path):
    model = Path(shutil.copytree(MINILM_FILES, tmp_path / "all-MiniLM-L6-v2"))
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16").expect(0)
    found = json.loads(run("run_llama_cpp.py", "--sentence", f"{model}={tmp_path / 'out.gguf'}"))
    print(found)
    assert found["cosine"] > 0.9999


@pytest.mark.root
def test_a_bundle_runs_offline(knapsack, hub, tmp_path):
    """From a model in the Hugging Face cache to text in a notebook that has no internet."""
    run("make_models.py", tmp_path, "llama")
    hub.add("packers/tiny-llama", tmp_path / "llama")
    snapshot_download(hub, tmp_path / "hub", "packers/tiny-llama")
    own = knapsack.with_caches(hub=tmp_path / "hub", KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    path = tmp_path / "models.toml"
    models = [
        {"name": "tiny", "source": "hf:packers/tiny-llama@main"},
        {"name": "tiny-q8", "from": "tiny", "gguf": "Q8_0"},
    ]
    path.write_text(manifest(name="tiny-models", model=models))
    own("lock", path).expect(0)
    own("check", path).expect(0)
    own("pack", path, "--locked", "--output", tmp_path / "bundle").expect(0)
    own("verify", tmp_path / "bundle").expect(0)
    cell = notebook.ACTIVATE + "\n".join(
        [
            "import json, pathlib",
            "from llama_cpp import Llama",
            "file = next(pathlib.Path(knapsack.path('tiny-q8')).glob('*.gguf'))",
            "llama = Llama(str(file), n_ctx=64, verbose=False, seed=1)",
            "answer = llama('A sack of models', max_tokens=8, temperature=0)",
            "print(json.dumps([str(file), answer['usage']['completion_tokens']]))",
        ]
    )
    libraries = {name: os.environ[name] for name in ("LLAMA_CPP_LIB_PATH", "LD_LIBRARY_PATH") if name in os.environ}
    done = notebook.run_cell(
        cell, {"/kaggle/input/tiny-models": tmp_path / "bundle"}, libraries, (tmp_path / "hub",), python=os.environ["KNAPSACK_LLAMA_PYTHON"]
    )
    file, count = done.json()
    assert file == "/kaggle/input/tiny-models/models/tiny-q8/tiny-q8-Q8_0.gguf"
    assert 1 <= count <= 8
