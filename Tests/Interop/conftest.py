"""Fixtures that the interop tests share: the binary, the servers, and caches that the real clients filled.

The caches are made once a session and read by many tests: a test that changes a cache works on a copy.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import genuine
import notebook
import numpy
import pytest
from cli import Knapsack, manifest
from embedding import EMBED
from genuine import MINILM, MINILM_FILES
from hub_server import HubServer
from kaggle_server import KaggleServer
from safetensors.numpy import save_file

# What the tests of fetch and those of search share. A conftest of their own would hide this one from `from conftest import …`.
pytest_plugins = ["fetch_fixtures", "search_fixtures", "serve_fixtures"]

KAGGLE_MINILM = "sentence-transformers/minilm/transformers/all-minilm-l6-v2"
KAGGLE_SET = "tester/tiny-set"
SHARDED = "tester/sharded"
HUB_SET = "tester/tiny-hub-set"


def pytest_runtest_setup(item):
    """Tests marked `root` mount things: they are skipped for a user who may not, not even in a namespace of his own."""
    if item.get_closest_marker("root") and not notebook.is_possible():
        pytest.skip("needs mount namespaces: run as root, or allow unprivileged user namespaces")


# Folders of many cases of the same kinds: of each test every second case is run always, and all with `-m slow`.
SAMPLED = {"independent", "archives"}
# Folders where that holds of tests with four cases and more.
SAMPLED_FROM_FOUR = {"convert", "fetch", "loader", "upload"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    cases: dict[tuple, list] = {}
    for item in items:
        folder = item.path.parent.name
        if folder in SAMPLED | SAMPLED_FROM_FOUR and hasattr(item, "callspec"):
            cases.setdefault((item.path, item.originalname), []).append(item)
    for (path, _), found in cases.items():
        if path.parent.name in SAMPLED_FROM_FOUR and len(found) < 4:
            continue
        for item in found[1::2]:
            if not item.get_closest_marker("smoke"):
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session")
def knapsack(base) -> Knapsack:
    """The binary under test, with no caches of its own."""
    binary = os.environ.get("KNAPSACK_BIN")
    if not binary:
        pytest.exit("KNAPSACK_BIN has to name the knapsack binary under test", returncode=2)
    home = base / "knapsack-home"
    home.mkdir()
    return Knapsack(Path(binary).resolve(), home).with_caches()


@pytest.fixture(scope="session")
def hub(base):
    """A Hub with MiniLM, a tiny sharded model and a tiny dataset."""
    server = HubServer()
    server.add(MINILM, MINILM_FILES)
    server.add(SHARDED, make_sharded_model(base / "origin" / "sharded"), refs=("main", "v1.0"))
    server.add(HUB_SET, make_dataset(base / "origin" / "hub-set"), kind="dataset")
    yield server
    server.close()


@pytest.fixture(scope="session")
def kaggle(base):
    """A Kaggle with MiniLM as a model in two versions, and a tiny dataset."""
    server = KaggleServer()
    server.add(KAGGLE_MINILM, 1, MINILM_FILES)
    server.add(KAGGLE_SET, 3, make_dataset(base / "origin" / "kaggle-set"))
    yield server
    server.close()


@dataclass
class Caches:
    """A Hugging Face and a kagglehub cache, filled by the real clients."""

    hub: Path
    kagglehub: Path


@pytest.fixture(scope="session")
def caches(base, hub, kaggle) -> Caches:
    """What most notebooks are made from: snapshots of links, with tree listings, and complete kagglehub versions."""
    filled = Caches(base / "caches" / "hub", base / "caches" / "kagglehub")
    genuine.snapshot_download(hub, filled.hub, MINILM)
    genuine.snapshot_download(hub, filled.hub, SHARDED)
    genuine.snapshot_download(hub, filled.hub, HUB_SET, "repo_type='dataset'")
    genuine.kagglehub_download(kaggle, filled.kagglehub, f"model_download('{KAGGLE_MINILM}/1')")
    genuine.kagglehub_download(kaggle, filled.kagglehub, f"dataset_download('{KAGGLE_SET}')")
    return filled


@dataclass
class Packed:
    """A manifest, its lock and its bundle, and the binary that made them."""

    knapsack: Knapsack
    manifest: Path
    lock: Path
    bundle: Path


@pytest.fixture(scope="session")
def packed(base, knapsack, caches) -> Packed:
    """Everything of `caches` locked and packed: the bundle of the notebook tests. Read only."""
    directory = base / "packed"
    (directory / "notes").mkdir(parents=True)
    (directory / "notes" / "read me.txt").write_text("A name with a blank.\n")
    path = directory / "interop-models.toml"
    path.write_text(
        manifest(
            model=[
                {"name": "minilm", "source": f"hf:{MINILM}@main"},
                {"name": "minilm-kaggle", "source": f"kaggle:{KAGGLE_MINILM}/1", "license": "apache-2.0"},
                {"name": "sharded", "source": f"hf:{SHARDED}@main"},
            ],
            dataset=[
                {"name": "hub-set", "source": f"hf-dataset:{HUB_SET}@main"},
                {"name": "kaggle-set", "source": f"kaggle-dataset:{KAGGLE_SET}/versions/3"},
            ],
            files=[{"name": "notes", "source": "path:notes"}],
        )
    )
    runner = knapsack.with_caches(caches.hub, caches.kagglehub)
    runner("lock", path).expect(0)
    bundle = directory / "bundle"
    runner("pack", path, "--output", bundle).expect(0)
    return Packed(runner, path, path.with_suffix(".lock"), bundle)


@pytest.fixture(scope="session")
def run_in_notebook(base, packed):
    """Runs a cell with the packed bundle mounted: `run_in_notebook(code, shape=…, **environment)`."""
    def run(code: str, shape: str = notebook.MOUNT_SHAPES[0], **environment: str) -> notebook.Output:
        mount = shape.format(owner="tester", slug="interop-models")
        return notebook.run_cell(code, {mount: packed.bundle}, environment, hidden=(base,))

    return run


@pytest.fixture(scope="session")
def original_embedding(base, caches) -> dict:
    """What the models in the original cache compute, outside of the notebook."""
    variables = {"HF_HUB_CACHE": str(caches.hub), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return json.loads(genuine.run_python(EMBED, variables, base / "home").strip().splitlines()[-1])


def make_sharded_model(directory: Path) -> Path:
    """A model small enough for hundreds of runs, with two shards, their index, a config and a tokenizer."""
    directory.mkdir(parents=True)
    generator = numpy.random.default_rng(7)
    index = {}
    for number in (1, 2):
        name = f"model-{number:05}-of-00002.safetensors"
        tensors = {
            f"layer.{number}.{part}": generator.standard_normal((32, 16), dtype=numpy.float32) for part in ("q", "k")
        }
        save_file(tensors, directory / name, metadata={"format": "pt"})
        index |= dict.fromkeys(tensors, name)
    write_json(directory / "model.safetensors.index.json", {"metadata": {"total_size": 8192}, "weight_map": index})
    write_json(directory / "config.json", {"model_type": "bert", "architectures": ["BertModel"], "hidden_size": 16})
    write_json(directory / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True})
    (directory / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nsack\nknap\n")
    (directory / "README.md").write_text("---\nlicense: mit\ntags:\n- tiny\n---\n\n# A tiny model\n")
    (directory / "empty.txt").touch()
    return directory


def make_dataset(directory: Path) -> Path:
    """A dataset of a table, a card and a folder."""
    (directory / "data").mkdir(parents=True)
    (directory / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n\n# A tiny dataset\n")
    (directory / "data" / "train.csv").write_text("id,text\n1,knap\n2,sack\n")
    (directory / "data" / "test.csv").write_text("id,text\n3,none\n")
    return directory


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def copy_cache(source: Path, target: Path) -> Path:
    """A cache of one's own to change: links stay links."""
    shutil.copytree(source, target, symlinks=True)
    return target


@pytest.fixture(scope="session")
def transformers_5() -> None:
    command = [os.environ["KNAPSACK_LLAMA_PYTHON"], "-c", "import transformers; print(transformers.__version__)"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, found.split(".")[:2])) < (5, 23):
        pytest.skip(f"KNAPSACK_LLAMA_PYTHON has transformers {found}, and these models are of 5.23")
