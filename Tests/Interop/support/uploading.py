"""What is uploaded in the tests, and how."""

import hashlib
from pathlib import Path

import numpy
from cli import Knapsack
from safetensors.numpy import save_file

TOKEN = "KGAT_0123456789abcdef0123456789abcdef"
AUTHORIZATION = f"Bearer {TOKEN}"
# What Kaggle keeps for itself, and what is not uploaded.
METADATA = {"dataset-metadata.json", "model-metadata.json", "model-instance-metadata.json"}
LARGE = 2_900_000


def content(name: str, size: int) -> bytes:
    return hashlib.shake_128(b"upload " + name.encode()).digest(size)


def write_manifest(directory: Path, model: bool = False, title: str = "Upload models", head: str = "") -> Path:
    """A model, files in folders and one of no content; those that are there stay as they are."""
    folder = directory / "models/tiny"
    if not folder.exists():
        (folder / "sub/deeper").mkdir(parents=True)
        values = numpy.frombuffer(content("weights", LARGE // 4 * 4), dtype=numpy.uint8)
        save_file({"weight": values.reshape(4, -1)}, folder / "model.safetensors")
        (folder / "config.json").write_text('{"a": 1}')
        (folder / "sub/deeper/config.json").write_text('{"a": 1, "deeper": true}')
        (folder / "sub/data.bin").write_bytes(content("data", 700_001))
        (folder / "empty.txt").touch()
    kind = 'kind = "model"\nframework = "transformers"\nvariation = "tiny"\nlicense = "Apache 2.0"' if model else 'license = "other"'
    path = directory / "upload.toml"
    path.write_text(
        f'schema = 1\n\n[bundle]\nname = "upload-models"\nowner = "tester"\ntitle = "{title}"\n{kind}\n{head}\n\n'
        '[[files]]\nname = "tiny"\nsource = "path:models/tiny"\nlicense = "mit"\n'
    )
    return path


def make_bundle(knapsack: Knapsack, directory: Path, **settings) -> Path:
    path = write_manifest(directory, **settings)
    bundle = directory / "upload-models"
    knapsack("lock", path).expect(0)
    knapsack("pack", path, "--output", bundle).expect(0)
    return bundle


def uploader(knapsack: Knapsack, server, directory: Path, **environment: str) -> Knapsack:
    """The program with a journal of its own, and with the stand-in Kaggle alone to ask."""
    variables = {
        "HOME": str(directory / "user"), "KNAPSACK_CACHE_DIR": str(directory / "home"), "KAGGLE_API_TOKEN": TOKEN,
        **server.environment(), **environment,
    }  # fmt: skip
    return knapsack.with_caches(None, None, **variables)
