"""What `knapsack convert --mmproj` makes, loaded by llama.cpp's libmtmd: its embeddings beside those of transformers.

Runs only where KNAPSACK_LLAMA_PYTHON names a Python with llama-cpp-python 0.3.36, torch and transformers 5.23.
"""

import base64
import json
import os
import struct
import subprocess
import zlib
from pathlib import Path

import needs
import notebook
import pytest
from cli import manifest
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

STAND_IN = "arcee"


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


def converted(knapsack, folder: Path, name: str) -> tuple[Path, Path]:
    """Both files of a model, in 32 bits."""
    done = run("make_models_seen.py", folder, name)
    assert done.returncode == 0, done.stderr
    pre = folder / name / "pre-tokenizer.txt"
    options = ["--pre", pre.read_text()] if pre.exists() else []
    text, projector = folder / "text.gguf", folder / "mmproj.gguf"
    published = folder / name / "published"
    model = published if published.exists() else folder / name
    # Where its own part for text is not run, any that has as long embeddings stands beside the projector.
    seeing = model if "alone" not in SEEN[name] else folder / STAND_IN
    if "alone" in SEEN[name]:
        done = run("make_models_runs.py", folder, STAND_IN)
        assert done.returncode == 0, done.stderr
        options = ["--pre", "gpt-2"]
    knapsack("convert", seeing, text, "--outtype", "f32", *options).expect(0)
    knapsack("convert", model, projector, "--outtype", "f32", "--mmproj").expect(0)
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


def png(width: int, height: int) -> bytes:
    """A picture of two halves."""
    row = b"\0" + b"\xff\x20\x20" * (width // 2) + b"\x20\x20\xff" * (width // 2)
    parts = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT": zlib.compress(row * height), b"IEND": b""}
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts.items())
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


TEMPLATE = "{% for m in messages %}{% for part in m.content %}{{ part.text }} {% endfor %}{% endfor %}"


@pytest.mark.root
def test_a_bundle_looks_at_a_picture_offline(knapsack, transformers_5, tmp_path):
    """As docs/projectors.md has it, from a manifest to an answer in a notebook that has no internet."""
    done = run("make_models_seen.py", tmp_path, "gemma3")
    assert done.returncode == 0, done.stderr
    settings = tmp_path / "gemma3" / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"chat_template": TEMPLATE}))
    path = tmp_path / "eyes.toml"
    entry = {"name": "eyes", "from": "whole", "gguf": "Q8_0", "mmproj": True}
    path.write_text(manifest(name="eyes-models", model=[{"name": "whole", "source": "path:gemma3", "pack": False}, entry]))
    knapsack("lock", path).expect(0)
    knapsack("pack", path, "--locked", "--output", tmp_path / "bundle").expect(0)
    picture = f"data:image/png;base64,{base64.b64encode(png(64, 48)).decode()}"
    content = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": "What is it?"}]
    cell = notebook.ACTIVATE + "\n".join(
        [
            "import json",
            "from llama_cpp import Llama",
            "from llama_cpp.llama_chat_format import MTMDChatHandler",
            'path = knapsack.path("eyes")',
            'handler = MTMDChatHandler(clip_model_path=path + "/mmproj-eyes.gguf")',
            'model = Llama(model_path=path + "/eyes-Q8_0.gguf", chat_handler=handler, n_ctx=256, verbose=False, seed=1)',
            f'messages = [{{"role": "user", "content": {content!r}}}]',
            "usage = model.create_chat_completion(messages=messages, max_tokens=8, temperature=0)['usage']",
            "print(json.dumps([usage['prompt_tokens'], usage['completion_tokens']]))",
        ]
    )
    libraries = {name: os.environ[name] for name in ("LLAMA_CPP_LIB_PATH", "LD_LIBRARY_PATH") if name in os.environ}
    done = notebook.run_cell(cell, {"/kaggle/input/eyes-models": tmp_path / "bundle"}, libraries, python=os.environ["KNAPSACK_LLAMA_PYTHON"])
    asked, answered = done.json()
    # The picture's four, beside the words.
    assert asked > 4
    assert answered >= 1
