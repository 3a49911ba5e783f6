"""A bundle made from genuine caches, used read-only and offline by the unmodified clients."""

import json

import notebook
import pytest
from conftest import HUB_SET, KAGGLE_MINILM, KAGGLE_SET, SHARDED
from embedding import EMBED
from genuine import MINILM, MINILM_FILES

pytestmark = pytest.mark.root


@pytest.mark.parametrize("shape", [notebook.MOUNT_SHAPES[0], *(pytest.param(shape, marks=pytest.mark.slow) for shape in notebook.MOUNT_SHAPES[1:])])
def test_embeds_bit_for_bit_like_the_original_cache(run_in_notebook, original_embedding, shape):
    embedding = run_in_notebook(notebook.ACTIVATE + EMBED, shape).json()
    assert original_embedding["shape"][2] == 384
    assert embedding == original_embedding


HUB_CALLS = f"""\
import hashlib, json, pathlib
import huggingface_hub  # before activate: its constants are read when it is imported
{notebook.ACTIVATE}
def digests(directory):
    root = pathlib.Path(directory)
    files = [path for path in root.rglob("*") if path.is_file()]
    return {{str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}}

scan = huggingface_hub.scan_cache_dir()
print(json.dumps({{
    "minilm": digests(huggingface_hub.snapshot_download("{MINILM}")),
    "sharded": digests(huggingface_hub.snapshot_download("{SHARDED}", revision="main")),
    "json only": digests(huggingface_hub.snapshot_download("{MINILM}", allow_patterns=["*.json"])),
    "hub-set": digests(huggingface_hub.snapshot_download("{HUB_SET}", repo_type="dataset")),
    "config": pathlib.Path(huggingface_hub.hf_hub_download("{MINILM}", "1_Pooling/config.json")).read_text(),
    "cached": str(huggingface_hub.try_to_load_from_cache("{MINILM}", "vocab.txt")),
    "commit": pathlib.Path(huggingface_hub.snapshot_download("{MINILM}")).name,
    "warnings": [str(warning) for warning in scan.warnings],
    "repos": sorted([repo.repo_type, repo.repo_id] for repo in scan.repos),
    "refs": sorted(ref for repo in scan.repos for ref in repo.refs),
}}))
"""


@pytest.fixture(scope="module")
def hub_calls(run_in_notebook) -> dict:
    return run_in_notebook(HUB_CALLS).json()


def test_snapshot_download_gives_every_file(hub_calls, packed):
    from cli import digests, read_lock

    lock = read_lock(packed.lock)
    for name in ("minilm", "sharded", "hub-set"):
        assert hub_calls[name] == digests(lock[name])
    assert {path for path in hub_calls["json only"]} >= {"config.json", "tokenizer.json", "1_Pooling/config.json"}
    assert hub_calls["commit"] == lock["minilm"]["resolved"]["hub"]["commit"]


def test_hf_hub_download_gives_one_file(hub_calls):
    assert hub_calls["config"] == (MINILM_FILES / "1_Pooling" / "config.json").read_text()
    assert hub_calls["cached"].endswith("/vocab.txt")


def test_scan_cache_dir_finds_nothing_wrong_with_the_view(hub_calls):
    assert hub_calls["warnings"] == []
    assert hub_calls["repos"] == [["dataset", HUB_SET], ["model", MINILM], ["model", SHARDED]]
    assert set(hub_calls["refs"]) == {"main"}


KAGGLE_CALLS = f"""\
import json, pathlib
{notebook.ACTIVATE}
import kagglehub
def names(directory):
    root = pathlib.Path(directory)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

print(json.dumps({{
    "versioned": names(kagglehub.model_download("{KAGGLE_MINILM}/1")),
    "unversioned": names(kagglehub.model_download("{KAGGLE_MINILM}")),
    "one file": pathlib.Path(kagglehub.model_download("{KAGGLE_MINILM}/1", path="config.json")).read_text(),
    "one deep file": kagglehub.model_download("{KAGGLE_MINILM}", path="1_Pooling/config.json"),
    "weights": pathlib.Path(kagglehub.model_download("{KAGGLE_MINILM}/1", path="model.safetensors")).stat().st_size,
    "dataset": names(kagglehub.dataset_download("{KAGGLE_SET}/versions/3")),
    "unversioned dataset": names(kagglehub.dataset_download("{KAGGLE_SET}")),
    "one dataset file": pathlib.Path(kagglehub.dataset_download("{KAGGLE_SET}", path="data/test.csv")).read_text(),
}}))
"""


def test_kagglehub_resolves_versioned_and_unversioned_handles(run_in_notebook):
    answer = run_in_notebook(KAGGLE_CALLS, notebook.MOUNT_SHAPES[1]).json()
    files = sorted(path.relative_to(MINILM_FILES).as_posix() for path in MINILM_FILES.rglob("*") if path.is_file())
    assert answer["versioned"] == files
    assert answer["unversioned"] == files
    assert answer["one file"] == (MINILM_FILES / "config.json").read_text()
    assert answer["one deep file"].endswith("/1_Pooling/config.json")
    assert answer["weights"] == (MINILM_FILES / "model.safetensors").stat().st_size
    assert answer["dataset"] == ["README.md", "data/test.csv", "data/train.csv"]
    assert answer["unversioned dataset"] == answer["dataset"]
    assert answer["one dataset file"] == "id,text\n3,none\n"


def test_home_of_the_hub_stays_the_users_own(run_in_notebook):
    answer = run_in_notebook(
        f"""\
import json, os, pathlib
home = pathlib.Path(os.environ["HF_HOME"])
home.mkdir()
before = dict(os.environ)
{notebook.ACTIVATE}
from huggingface_hub import constants
(home / "modules").mkdir()
(home / "modules" / "mine.py").write_text("")
print(json.dumps({{
    "HF_HOME": [before["HF_HOME"], os.environ["HF_HOME"], constants.HF_HOME],
    "hub is elsewhere": not str(constants.HF_HUB_CACHE).startswith(str(home)),
    "left in it": sorted(str(path.relative_to(home)) for path in home.rglob("*")),
}}))
""",
        HF_HOME="/kaggle/working/hf",
    ).json()
    assert answer["HF_HOME"] == ["/kaggle/working/hf"] * 3
    assert answer["hub is elsewhere"]
    assert answer["left in it"] == ["modules", "modules/mine.py"]


def test_the_loader_verifies_and_lists_the_bundle(run_in_notebook):
    answer = run_in_notebook(
        f"""\
import json, os
{notebook.ACTIVATE}
knapsack.activate()  # twice does no harm
knapsack.verify("full")
print(json.dumps({{
    "notes": os.listdir(knapsack.path("notes")),
    "models": sorted(entry.name for entry in knapsack.models() if entry.kind == "model"),
    "config": os.path.exists(knapsack.path("minilm-kaggle") + "/config.json"),
}}))
"""
    ).json()
    assert answer["notes"] == ["read me.txt"]
    assert answer["config"]
    assert len(answer["models"]) == 3
