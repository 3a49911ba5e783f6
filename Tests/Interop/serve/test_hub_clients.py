"""The official clients of the Hub against `knapsack serve`, unmodified: what they get is what the cache has."""

import importlib.util
import json

import genuine
import pytest
from conftest import HUB_SET, SHARDED
from embedding import EMBED
from genuine import MINILM


@pytest.fixture
def client(served, tmp_path):
    """Runs a snippet that ends with printing a JSON document, with a cache of its own."""

    def run(code: str, **variables: str):
        environment = served.client_environment(HF_HUB_CACHE=str(tmp_path / "hub"), HF_HOME=str(tmp_path), **variables)
        return json.loads(genuine.run_python(code, environment, tmp_path / "home").strip().splitlines()[-1])

    return run


LISTINGS = f"""
import json
from huggingface_hub import HfApi
api = HfApi()
info = api.model_info({SHARDED!r}, files_metadata=True)
print(json.dumps({{
    "sha": info.sha, "license": info.card_data.license,
    "files": api.list_repo_files({SHARDED!r}),
    "sizes": {{item.rfilename: item.size for item in info.siblings}},
    "large": {{item.rfilename: item.lfs.sha256 for item in info.siblings if item.lfs}},
    "tree": [item.path for item in api.list_repo_tree({HUB_SET!r}, repo_type="dataset", recursive=True, expand=True)],
    "top": [item.path for item in api.list_repo_tree({HUB_SET!r}, repo_type="dataset")],
    "paths": [item.path for item in api.get_paths_info({SHARDED!r}, ["config.json", "none"])],
    "branches": [item.name for item in api.list_repo_refs({SHARDED!r}).branches],
    "commits": [item.commit_id for item in api.list_repo_commits({SHARDED!r})],
    "exists": [api.file_exists({SHARDED!r}, "config.json"), api.file_exists({SHARDED!r}, "none"),
               api.repo_exists("none/none"), api.revision_exists({SHARDED!r}, "main"),
               api.revision_exists({SHARDED!r}, "none")],
    "found": [item.id for item in api.list_models(search="minilm")],
    "tagged": [item.id for item in api.list_models(filter="license:mit")],
    "all": [item.id for item in api.list_models(limit=1)],
    "datasets": [item.id for item in api.list_datasets()],
    "parameters": api.get_safetensors_metadata({SHARDED!r}).parameter_count,
    "whoami": api.whoami(token="hf_x")["name"],
}}))
"""


@pytest.mark.smoke
def test_listings_state_what_the_cache_has(client, caches):
    answer = client(LISTINGS)
    snapshots = caches.hub / f"models--{SHARDED.replace('/', '--')}" / "snapshots"
    commit = next(snapshots.iterdir())
    names = sorted(path.name for path in commit.iterdir())
    assert answer["sha"] == commit.name and answer["commits"] == [commit.name]
    assert answer["license"] == "mit"
    assert answer["files"] == names
    assert answer["sizes"] == {path.name: path.stat().st_size for path in commit.iterdir()}
    assert answer["large"] == {path.name: path.resolve().name for path in commit.glob("*.safetensors")}
    assert answer["tree"] == ["README.md", "data", "data/test.csv", "data/train.csv"]
    assert answer["top"] == ["README.md", "data"]
    assert answer["paths"] == ["config.json"]
    assert answer["branches"] == ["main"]
    assert answer["exists"] == [True, False, False, True, False]
    assert answer["found"] == [MINILM] and answer["tagged"] == [SHARDED]
    # Two pages, of which the client asks for the second one where the first one says.
    assert sorted(answer["all"]) == [MINILM] and answer["datasets"] == [HUB_SET]
    assert answer["parameters"] == {"F32": 2048}
    assert answer["whoami"] == "knapsack"


def test_a_snapshot_comes_as_it_is_in_the_cache(client, caches, tmp_path):
    code = f"""
import json
from huggingface_hub import snapshot_download
print(json.dumps(snapshot_download({SHARDED!r})))"""
    client(code)
    folder = f"models--{SHARDED.replace('/', '--')}"
    ours, theirs = tmp_path / "hub" / folder, caches.hub / folder
    assert (ours / "refs" / "main").read_bytes() == (theirs / "refs" / "main").read_bytes()
    commit = next((theirs / "snapshots").iterdir()).name
    for path in (theirs / "snapshots" / commit).iterdir():
        copy = ours / "snapshots" / commit / path.name
        assert copy.read_bytes() == path.read_bytes()
        # The blob's name is the ETag that was served.
        assert copy.resolve().name == path.resolve().name
    listing = f"trees/{commit}.json"
    assert json.loads((ours / listing).read_text()) == json.loads((theirs / listing).read_text())


def test_errors_become_the_clients_own_exceptions(client):
    code = f"""
import json
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
names = []
for repository, file, revision in (({SHARDED!r}, "none", None), ({SHARDED!r}, "config.json", "none"),
                                   ("none/none", "config.json", None), ("none", "config.json", None)):
    try:
        hf_hub_download(repository, file, revision=revision)
    except Exception as error:
        names.append(type(error).__name__)
print(json.dumps(names))"""
    missing = "RepositoryNotFoundError"
    assert client(code) == ["RemoteEntryNotFoundError", "RevisionNotFoundError", missing, missing]


def test_hf_paths_are_read(client):
    code = f"""
import json
from huggingface_hub import HfFileSystem
files = HfFileSystem()
folder = "datasets/{HUB_SET}/data"
with files.open(folder + "/train.csv") as file:
    file.seek(8)
    print(json.dumps([sorted(files.ls(folder, detail=False)), file.read(6).decode()]))"""
    folder = f"datasets/{HUB_SET}/data"
    assert client(code) == [[f"{folder}/test.csv", f"{folder}/train.csv"], "1,knap"]


def test_transformers_loads_a_model_and_computes_the_same(client, original_embedding):
    answer = client(EMBED, OMP_NUM_THREADS="1")
    assert answer == original_embedding


@pytest.mark.skipif(not importlib.util.find_spec("datasets"), reason="the package datasets is not installed")
def test_datasets_loads_and_streams(client):
    code = f"""
import json
from datasets import load_dataset
rows = list(load_dataset({HUB_SET!r})["train"])
streamed = list(load_dataset({HUB_SET!r}, streaming=True)["train"])
print(json.dumps([rows, streamed]))"""
    rows, streamed = client(code)
    assert rows == streamed == [{"id": 1, "text": "knap"}, {"id": 2, "text": "sack"}]
