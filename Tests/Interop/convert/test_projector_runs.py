"""What `knapsack convert --mmproj` makes, loaded by llama.cpp's libmtmd: its embeddings beside those of transformers.

Runs only where KNAPSACK_LLAMA_PYTHON names a Python with llama-cpp-python 0.3.36, torch and transformers 5.23.
"""

import json
import os
import subprocess
from pathlib import Path

import needs
import pytest
from model_specs_projectors import BY_HAND, MODELS
from model_specs_projectors_rest import BY_HAND as REST
from model_specs_seen import SEEN
from project import program

pytestmark = [needs.LLAMA_PYTHON, pytest.mark.oracle, pytest.mark.slow]

# What llama.cpp does not find in the reference's files. Of pictures whose mean is stated in whole numbers the
# reference writes whole numbers.
MISSING = {
    "pixtral": "v.token_embd.img_break",
    "mistral3": "v.token_embd.img_break",
    "granite-speech": "a.blk.0.conv_norm.weight",
    "granite-speech-plus": "a.blk.0.conv_norm.weight",
    "gemma4-clipped": "clip.vision.image_mean",
}


def run(script: str, *arguments: str | Path, python: str = "KNAPSACK_LLAMA_PYTHON") -> subprocess.CompletedProcess:
    command = [os.environ[python], program(script), *map(str, arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="session")
def small(base) -> Path:
    """The models of test_projectors.py."""
    done = run("make_models_projectors.py", base / "projectors", python="KNAPSACK_CONVERT_PYTHON")
    assert done.returncode == 0, done.stderr
    return base / "projectors"


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs.CONVERTER) for name in [*MODELS, *BY_HAND, *REST]])
def test_it_is_loaded(knapsack, small, tmp_path, name):
    knapsack("convert", small / name, tmp_path / "out.gguf", "--mmproj").expect(0)
    done = run("run_mtmd.py", "load", tmp_path / "out.gguf")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"loads": name not in MISSING}, done.stderr
    assert MISSING.get(name, "") in done.stderr


@pytest.fixture(scope="session")
def transformers_5() -> None:
    command = [os.environ["KNAPSACK_LLAMA_PYTHON"], "-c", "import transformers; print(transformers.__version__)"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, found.split(".")[:2])) < (5, 23):
        pytest.skip(f"KNAPSACK_LLAMA_PYTHON has transformers {found}, and these models are of 5.23")


def converted(knapsack, folder: Path, name: str) -> tuple[Path, Path]:
    """Both files of a model, in 32 bits."""
    done = run("make_models_seen.py", folder, name)
    assert done.returncode == 0, done.stderr
    pre = folder / name / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    text, projector = folder / "text.gguf", folder / "mmproj.gguf"
    knapsack("convert", folder / name, text, "--outtype", "f32", *options).expect(0)
    knapsack("convert", folder / name, projector, "--outtype", "f32", "--mmproj").expect(0)
    return text, projector


def compared(model: Path, text: Path, projector: Path, shown: str) -> dict:
    done = run("run_mtmd.py", model, text, projector, shown)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", SEEN)
def test_embeddings_are_those_of_transformers(knapsack, transformers_5, tmp_path, name):
    text, projector = converted(knapsack, tmp_path, name)
    spec = SEEN[name]
    if "mended" in spec:
        done = run("mended_gguf.py", projector, tmp_path / "mended.gguf", json.dumps(spec["mended"]))
        assert done.returncode == 0, done.stderr
        projector = tmp_path / "mended.gguf"
    found = compared(tmp_path / name, text, projector, spec["shown"])
    print(found)
    assert found["worst"] < spec["most"]
    # Where all tokens are alike, no mistake is seen.
    assert found["apart"] > 20 * spec["most"]
