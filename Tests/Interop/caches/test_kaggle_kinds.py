"""Competitions, outputs of notebooks, models in data sets, and kernels of the Hub: from their caches to the notebook.

The caches are laid out by the clients' own functions.
"""

import json
import shutil
from pathlib import Path

import pytest
from bundles import run
from cli import contents, manifest, read_lock
from conftest import make_sharded_model
from genuine import run_python

OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
COMMIT = "5" * 40

LAY_OUT = """
import shutil, sys
from kagglehub.cache import Cache
from kagglehub.handle import parse_competition_handle, parse_dataset_handle, parse_notebook_handle

source = sys.argv[1] if len(sys.argv) > 1 else {source!r}
for handle, folder in (
    (parse_competition_handle("titanic"), "competition"),
    (parse_notebook_handle("me/trained/versions/3"), "model"),
    (parse_notebook_handle("me/wheels/versions/1"), "notes"),
    (parse_dataset_handle("me/packed-model/versions/2"), "model"),
):
    cache = Cache()
    shutil.copytree(f"{{source}}/{{folder}}", cache.get_path(handle))
    cache.mark_as_complete(handle)
"""


@pytest.fixture(scope="module")
def kagglehub(tmp_path_factory) -> Path:
    """A cache with one of each, as kagglehub itself names directories and markers."""
    directory = tmp_path_factory.mktemp("kaggle-kinds")
    source = directory / "source"
    make_sharded_model(source / "model")
    (source / "competition" / "images").mkdir(parents=True)
    (source / "competition" / "train.csv").write_text("id,text\n1,knap\n")
    (source / "competition" / "images" / "1.txt").write_text("one\n")
    (source / "notes").mkdir()
    (source / "notes" / "log.txt").write_text("done\n")
    cache = directory / "kagglehub"
    run_python(LAY_OUT.format(source=str(source)), {"KAGGLEHUB_CACHE": str(cache)}, directory / "home")
    return cache


@pytest.fixture(scope="module")
def packed(knapsack, kagglehub, tmp_path_factory):
    directory = tmp_path_factory.mktemp("packed-kinds")
    path = directory / "kinds.toml"
    path.write_text(
        manifest(
            model=[
                {"name": "trained", "source": "kaggle-notebook:me/trained/versions/3", "license": "mit"},
                {"name": "from-set", "source": "kaggle-dataset:me/packed-model", "license": "mit"},
            ],
            files=[
                {"name": "titanic", "source": "kaggle-competition:titanic", "license": "mit"},
                {"name": "log", "source": "kaggle-notebook:me/wheels", "license": "mit"},
            ],
        )
    )
    runner = knapsack.with_caches(kagglehub=kagglehub)
    runner("pack", path, "--output", directory / "bundle").expect(0)
    return runner, path, directory / "bundle"


@pytest.mark.smoke
def test_they_are_listed_and_locked(packed):
    runner, path, bundle = packed
    found = {(item["kind"], item["name"]): item for item in runner("list", "--json").expect(0).json()["models"]}
    assert sorted(found) == [
        ("competition", "titanic"), ("dataset", "me/packed-model"), ("notebook", "me/trained"), ("notebook", "me/wheels"),
    ]  # fmt: skip
    assert found["competition", "titanic"]["source"] == "kaggle-competition:titanic"
    assert found["notebook", "me/trained"]["source"] == "kaggle-notebook:me/trained/versions/3"
    assert all(item["complete"] for item in found.values())
    resolved = {name: entry["resolved"]["kaggle"] for name, entry in read_lock(path.with_suffix(".lock")).items()}
    assert resolved == {
        "from-set": {"handle": "me/packed-model/versions/2", "type": "dataset"},
        "log": {"handle": "me/wheels/versions/1", "type": "notebook"},
        "titanic": {"handle": "titanic", "type": "competition"},
        "trained": {"handle": "me/trained/versions/3", "type": "notebook"},
    }
    runner("verify", path.with_suffix(".lock")).expect(0)
    runner("lock", path, "--locked").expect(0)


@pytest.mark.smoke
@pytest.mark.parametrize("notebook", [False, True], ids=["plain", "notebook"])
def test_kagglehub_finds_them_in_the_bundle(packed, kagglehub, notebook):
    code = """
        import json, os, knapsack
        knapsack.activate()
        import kagglehub
        found = {
            "titanic": kagglehub.competition_download("titanic"),
            "file": kagglehub.competition_download("titanic", path="images/1.txt"),
            "trained": kagglehub.notebook_output_download("me/trained/versions/3"),
            "newest": kagglehub.notebook_output_download("me/trained"),
            "set": kagglehub.dataset_download("me/packed-model/versions/2"),
        }
        for call, name in ((kagglehub.competition_download, "other"), (kagglehub.notebook_output_download, "me/no")):
            try:
                call(name)
            except knapsack.KnapsackError as error:
                found[name] = str(error)
        print(json.dumps({name: sorted(os.listdir(path)) if os.path.isdir(path) else path for name, path in found.items()}))
    """
    environment = {
        "KAGGLE_KERNEL_RUN_TYPE": "Interactive", "KAGGLE_DATA_PROXY_URL": OFFLINE["http_proxy"],
        "KAGGLE_DATA_PROXY_TOKEN": "t", "KAGGLE_USER_SECRETS_TOKEN": "t",
    }  # fmt: skip
    done = run(packed[2], code, scratch=packed[2].parent / "scratch", env=environment if notebook else None)
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["titanic"] == ["images", "train.csv"]
    assert found["file"].endswith("/competitions/titanic/images/1.txt")
    model = sorted(path.name for path in (kagglehub / "notebooks/me/trained/output/versions/3").iterdir())
    assert found["trained"] == found["newest"] == found["set"] == model
    assert "other is in no attached bundle" in found["other"] and "titanic" in found["other"]
    assert "me/trained/versions/3" in found["me/no"]


def test_processes_that_only_inherit_the_variables_find_versions(packed):
    code = """
        import subprocess, sys, knapsack
        knapsack.activate()
        import os
        os.environ.pop("PYTHONPATH", None)
        print(subprocess.run([sys.executable, "-S", "-c", "print(1)"], capture_output=True, text=True).stdout)
        cache = os.environ["KAGGLEHUB_CACHE"]
        print(os.path.exists(f"{cache}/competitions/titanic.complete"))
        print(os.path.exists(f"{cache}/notebooks/me/trained/output-{{handle.version!s}}.complete"))
    """
    done = run(packed[2], code, scratch=packed[2].parent / "scratch-2")
    assert done.stdout.split() == ["1", "True", "True"]


def test_unpack_restores_what_the_client_laid_out(packed, kagglehub, tmp_path):
    runner, _, bundle = packed
    runner("unpack", bundle, "--kagglehub-cache", tmp_path / "restored").expect(0)
    restored = contents(tmp_path / "restored")
    # A marker under the name that a mended kagglehub would look for is more than the client makes.
    extra = {name for name in restored if "/output-" in name and "{" not in name}
    assert {name: what for name, what in restored.items() if name not in extra} == contents(kagglehub)
    code = (
        "import kagglehub; print(kagglehub.notebook_output_download('me/trained/versions/3'));"
        "print(kagglehub.competition_download('titanic'))"
    )
    variables = {**OFFLINE, "KAGGLEHUB_CACHE": str(tmp_path / "restored"), "KAGGLE_USERNAME": "x", "KAGGLE_KEY": "y"}
    assert len(run_python(code, variables, tmp_path / "home").split()) == 2


def test_a_competition_that_was_downloaded_again_is_noticed(packed, kagglehub, tmp_path):
    """It has no versions: what is locked is what was there."""
    runner, path, _ = packed
    cache = tmp_path / "kagglehub"
    shutil.copytree(kagglehub, cache)
    own = tmp_path / "kinds.toml"
    shutil.copy(path, own)
    shutil.copy(path.with_suffix(".lock"), own.with_suffix(".lock"))
    runner = runner.with_caches(kagglehub=cache)
    runner("lock", own, "--locked").expect(0)
    (cache / "competitions" / "titanic" / "train.csv").write_text("id,text\n1,other\n")
    assert "titanic is not what was locked" in runner("lock", own, "--locked").expect(1).text


def test_what_is_not_there_is_said_with_the_call_that_gets_it(packed, tmp_path):
    runner, _, _ = packed
    for source, call in (
        ("kaggle-competition:titanik", 'kagglehub.competition_download("titanik")'),
        ("kaggle-notebook:me/trained/versions/9", 'kagglehub.notebook_output_download("me/trained/versions/9")'),
    ):
        path = tmp_path / "absent.toml"
        path.write_text(manifest(files=[{"name": "x", "source": source}]))
        assert f"fix: {call}\n" in runner("lock", path).expect(2).text


def test_interrupted_downloads_are_refused(kagglehub, packed, tmp_path):
    runner, _, _ = packed
    cache = tmp_path / "kagglehub"
    shutil.copytree(kagglehub, cache)
    (cache / "competitions" / "titanic.complete").unlink()
    for marker in (cache / "notebooks" / "me" / "trained").glob("*.complete"):
        marker.unlink()
    path = tmp_path / "broken.toml"
    sources = ["kaggle-competition:titanic", "kaggle-notebook:me/trained/versions/3"]
    path.write_text(manifest(files=[{"name": f"f{n}", "source": source} for n, source in enumerate(sources)]))
    findings = runner.with_caches(kagglehub=cache)("lock", path, "--json").expect(1, 2).json()["findings"]
    assert [finding["code"] for finding in findings if finding["severity"] == "error"] == ["download-interrupted"] * 2


def test_kernels_of_the_hub_are_listed_packed_and_found(knapsack, tmp_path):
    hub = tmp_path / "hub"
    folder = hub / "kernels--org--activation"
    snapshot = folder / "snapshots" / COMMIT / "build" / "torch"
    snapshot.mkdir(parents=True)
    (snapshot / "__init__.py").write_text("value = 1\n")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    runner = knapsack.with_caches(hub=hub)
    (item,) = runner("list", "--json").expect(0).json()["models"]
    assert (item["kind"], item["source"]) == ("kernel", "hf-kernel:org/activation@main")
    assert "kernel org/activation" in runner("list").expect(0).stdout
    assert "hf-kernel:org/activation@main" in runner("init", "-").expect(0).stdout
    path = tmp_path / "kernel.toml"
    path.write_text(manifest(files=[{"name": "activation", "source": "hf-kernel:org/activation", "license": "mit"}]))
    runner("pack", path, "--output", tmp_path / "bundle").expect(0)
    code = """
        import knapsack
        knapsack.activate()
        from huggingface_hub import snapshot_download
        print(snapshot_download("org/activation", repo_type="kernel"))
    """
    done = run(tmp_path / "bundle", code, scratch=tmp_path / "scratch")
    assert done.stdout.strip().endswith(f"/kernels--org--activation/snapshots/{COMMIT}")
    runner("unpack", tmp_path / "bundle", "--hf-cache", tmp_path / "restored").expect(0)
    assert (tmp_path / "restored" / "kernels--org--activation" / "refs" / "main").read_text() == COMMIT


def test_inspect_and_compare_read_out_of_the_caches(packed, kagglehub, hub, caches):
    runner = packed[0].with_caches(caches.hub, kagglehub)
    for source in (
        "hf:tester/sharded", "hf:tester/sharded@main:model.safetensors.index.json",
        "kaggle-notebook:me/trained/versions/3", "kaggle-dataset:me/packed-model:model.safetensors.index.json",
    ):  # fmt: skip
        shown = runner("inspect", source, "--json").expect(0).json()
        assert len(shown["tensors"]) == 4, source
    same = runner("compare", "hf:tester/sharded", "kaggle-notebook:me/trained", "--json").expect(0).json()
    assert same["tensors"] if "tensors" in same else same
    missing = runner("inspect", "hf:tester/sharded:model.safetensors.index.jsn").expect(2).text
    assert 'did you mean "model.safetensors.index.json"?' in missing
    assert "fix: hf download tester/none --revision main" in runner("inspect", "hf:tester/none").expect(2).text
    assert "fix: hf download tester/none --revision v2" in runner("inspect", "hf:tester/none@v2").expect(2).text
