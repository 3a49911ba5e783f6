"""A Hub and a Kaggle that can be searched, and runs of `search` and `info` against them."""

from pathlib import Path

import pytest
from catalog_hub import CatalogHub
from catalog_kaggle import CatalogKaggle
from searching import KAGGLE_TINY, TINY, fields, make_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def shelf(tiny_model):
    """A Hub with a model whose files can be looked into, and a few that are only listed."""
    server = CatalogHub()
    weights = {"parameters": {"F16": 2048}, "total": 2048}
    server.state(
        TINY, directory=tiny_model, issues=[{"path": "pytorch_model.bin", "level": "suspicious"}],
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
def market(tiny_model):
    """A Kaggle with a model that can be looked into, others that are only listed, and a data set."""
    server = CatalogKaggle(page_size=3)
    server.add(KAGGLE_TINY, 2, tiny_model)
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
def ask(knapsack, tmp_path):
    """Runs the program against a stand-in, without caches or with some: `ask(server, *arguments, hub=…, **environment)`."""

    def ask(server, *arguments, hub=None, kagglehub=None, **environment):
        settings = {"HF_ENDPOINT": server.url if server else "http://127.0.0.1:9", "HOME": str(tmp_path / "home")}
        if isinstance(server, CatalogKaggle):
            settings |= server.environment(HF_ENDPOINT="http://127.0.0.1:9")
        settings |= {"HF_HOME": str(tmp_path / "hf-home"), "HF_HUB_DOWNLOAD_TIMEOUT": "2"}
        return knapsack.with_caches(hub, kagglehub, **{**settings, **environment})(*arguments)

    return ask
