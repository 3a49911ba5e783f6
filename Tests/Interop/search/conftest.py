"""A Hub and a Kaggle that can be searched, and runs of `search` and `info` against them."""

import json
import struct
from pathlib import Path

import numpy
import pytest
from catalog_hub import CatalogHub
from catalog_kaggle import CatalogKaggle
from safetensors.numpy import save_file

TINY = "tester/tiny-qwen"
KAGGLE_TINY = "tester/tiny/transformers/base"
CARD = """---
license: apache-2.0
base_model: Qwen/Qwen2.5-0.5B
base_model_relation: finetune
library_name: transformers
pipeline_tag: text-generation
language: [en, de]
datasets: [openai/gsm8k]
tags: [tiny, "esc\\u001b[31mape"]
---

# A tiny model
"""


def make_model(directory: Path) -> Path:
    """A model in several formats: two shards, the same as a pickle and as ONNX, and a state of a trainer."""
    directory.mkdir(parents=True)
    index = {}
    for number in (1, 2):
        name = f"model-{number:05}-of-00002.safetensors"
        tensors = {f"model.layers.{number - 1}.mlp.up_proj.weight": numpy.zeros((64, 16), dtype=numpy.float16)}
        save_file(tensors, directory / name, metadata={"format": "pt"})
        index |= dict.fromkeys(tensors, name)
    write(directory / "model.safetensors.index.json", json.dumps({"metadata": {}, "weight_map": index}))
    config = {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "vocab_size": 64, "torch_dtype": "float16"}
    write(directory / "config.json", json.dumps(config))
    write(directory / "tokenizer_config.json", json.dumps({"tokenizer_class": "Qwen2Tokenizer"}))
    write(directory / "tokenizer.json", "{}")
    write(directory / "README.md", CARD)
    (directory / "pytorch_model.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(5000))
    (directory / "training_args.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(100))
    (directory / "onnx").mkdir()
    (directory / "onnx" / "model.onnx").write_bytes(b"\x08\x08" + bytes(3000))
    return directory


def write(path: Path, text: str) -> None:
    path.write_text(text)


def fields(**more) -> dict:
    return {
        "author": "tester", "downloads": 0, "likes": 0, "private": False, "gated": False, "trendingScore": 0,
        "lastModified": "2026-10-02T10:00:00.000Z", "createdAt": "2026-09-01T00:00:00.000Z", "tags": [], **more,
    }  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def shelf(tiny):
    """A Hub with a model whose files can be looked into, and a few that are only listed."""
    server = CatalogHub()
    weights = {"parameters": {"F16": 2048}, "total": 2048}
    server.state(
        TINY, directory=tiny, issues=[{"path": "pytorch_model.bin", "level": "suspicious"}],
        **fields(
            downloads=12345, likes=150, safetensors=weights, library_name="transformers", pipeline_tag="text-generation",
            tags=["transformers", "safetensors", "license:apache-2.0", "en", "dataset:openai/gsm8k", "base_model:Qwen/Qwen2.5-0.5B"],
        ),
    )  # fmt: skip
    for number in range(30):
        total = (number + 1) * 500_000_000
        server.state(
            f"{'other' if number % 2 else 'tester'}/qwen-{number:02}",
            **fields(
                downloads=1000 * number, likes=number, trendingScore=30 - number, sha=f"{number:040x}",
                gated="auto" if number % 3 == 0 else False, pipeline_tag="text-generation" if number % 5 else "fill-mask",
                library_name="transformers", lastModified=f"2026-09-{number % 28 + 1:02}T00:00:00.000Z",
                safetensors={"parameters": {"BF16": total}, "total": total},
                tags=["pytorch", "license:mit" if number % 4 else "license:gemma", "de" if number % 7 == 0 else "en"],
            ),
        )  # fmt: skip
    server.state("tester/words", "dataset", **fields(downloads=7, usedStorage=1500, sha="a" * 40,
                 tags=["task_categories:text-generation", "language:en", "license:cc-by-4.0", "library:datasets"]))  # fmt: skip
    server.state("tester/show", "space", **fields(likes=2, sdk="gradio", datasets=["tester/words"], sha="b" * 40))
    yield server
    server.close()


@pytest.fixture
def market(tiny):
    """A Kaggle with a model that can be looked into, others that are only listed, and a data set."""
    server = CatalogKaggle(page=3)
    server.add(KAGGLE_TINY, 2, tiny)
    server.model(
        "tester/tiny", title="Tiny", subtitle="A tiny one", voteCount=9, updateTime="2026-08-01T00:00:00.000Z",
        tags=[{"ref": "nlp", "name": "NLP"}],
        instances=[
            {"id": 1, "slug": "base", "framework": "MODEL_FRAMEWORK_TRANSFORMERS", "licenseName": "Apache 2.0", "overview": "Words.",
             "totalUncompressedBytes": 16000},
            {"id": 2, "slug": "keras-base", "framework": "MODEL_FRAMEWORK_KERAS", "licenseName": "Gemma"},
        ],
    )  # fmt: skip
    for number in range(8):
        server.model(f"other/gemma-{number}", title=f"Gemma {number}", voteCount=number, instances=[
            {"id": 9, "slug": "it", "framework": "MODEL_FRAMEWORK_PY_TORCH", "licenseName": "MIT" if number % 2 else "Gemma"}])  # fmt: skip
    server.dataset("tester/table", title="Table", totalBytes=2500, downloadCount=70, voteCount=4, licenseName="CC0-1.0",
                   usabilityRating=0.875, lastUpdated="2026-07-01T00:00:00.000Z", subtitle="Rows", description="Rows and columns")  # fmt: skip
    yield server
    server.close()


@pytest.fixture
def run(knapsack, tmp_path):
    """Runs the program against a stand-in, without caches or with some: `run(server, *arguments, hub=…, **environment)`."""

    def run(server, *arguments, hub=None, kagglehub=None, **environment):
        if isinstance(server, CatalogKaggle):
            settings = {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": server.url, "no_proxy": ""}
        else:
            settings = {"HF_ENDPOINT": server.url if server else "http://127.0.0.1:9"}
        settings |= {"HF_HOME": str(tmp_path / "hf-home"), "HF_HUB_DOWNLOAD_TIMEOUT": "2"}
        return knapsack.with_caches(hub, kagglehub, **{**settings, **environment})(*arguments)

    return run


def header_of(length: int) -> bytes:
    """The first bytes of a safetensors file that claims a header of this length."""
    return struct.pack("<Q", length) + b'{"a":'
