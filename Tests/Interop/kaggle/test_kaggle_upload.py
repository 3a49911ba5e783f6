"""The real Kaggle command takes a bundle: its own checks of the metadata, and what it uploads."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import notebook
import pytest
from cli import contents, manifest
from conftest import HUB_SET, KAGGLE_SET, SHARDED

UPLOAD = """\
import json, sys
from kaggle.api.kaggle_api_extended import KaggleApi
api = KaggleApi()
api.authenticate()
result = api.dataset_create_new(sys.argv[1], dir_mode=sys.argv[2], quiet=True)
print(json.dumps([result.status, result.error, result.invalidTags]))
"""


@pytest.fixture(scope="module")
def bundle(knapsack, caches, tmp_path_factory):
    directory = tmp_path_factory.mktemp("upload")
    path = directory / "upload.toml"
    path.write_text(
        manifest(
            "small-models",
            model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}],
            dataset=[
                {"name": "hub-set", "source": f"hf-dataset:{HUB_SET}@main"},
                {"name": "kaggle-set", "source": f"kaggle-dataset:{KAGGLE_SET}/versions/3"},
            ],
        )
    )
    runner = knapsack.with_caches(caches.hub, caches.kagglehub)
    runner("lock", path).expect(0)
    runner("pack", path, "--output", directory / "small-models").expect(0)
    return directory / "small-models"


def upload(kaggle, bundle, mode: str, scratch):
    variables = {**kaggle.client_environment(), "PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch)}
    command = [sys.executable, "-c", UPLOAD, str(bundle), mode]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.strip().splitlines()[-1]) == ["ok", "", []]
    return kaggle.created[-1]


@pytest.mark.parametrize("mode", ["zip", "tar"])
def test_kaggle_command_accepts_and_uploads_all_of_it(kaggle, bundle, tmp_path, mode):
    created = upload(kaggle, bundle, mode, tmp_path)
    asked = created.request
    assert (asked["ownerSlug"], asked["slug"], asked["title"]) == ("tester", "small-models", "Interop models")
    assert asked["licenseName"] == "other"

    # Kaggle unpacks an archive into a directory of its name, and nothing may be lost on the way.
    arrived = tmp_path / "arrived"
    for name, content in created.files.items():
        if name.endswith(".zip"):
            zipfile.ZipFile(io.BytesIO(content)).extractall(arrived / name.removesuffix(".zip"))
        elif name.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(arrived / name.removesuffix(".tar"), filter="data")
        else:
            arrived.mkdir(exist_ok=True)
            (arrived / name).write_bytes(content)
    expected = contents(bundle)
    del expected["dataset-metadata.json"]
    assert contents(arrived) == expected


@pytest.mark.root
def test_what_arrives_in_the_notebook_loads_and_verifies(bundle, base, tmp_path):
    """The kaggle command keeps dataset-metadata.json to itself, so a mounted dataset is without it."""
    arrived = tmp_path / "arrived"
    shutil.copytree(bundle, arrived)
    (arrived / "dataset-metadata.json").unlink()
    answer = notebook.run_cell(
        f"""\
{notebook.ACTIVATE}
import json
knapsack.verify("full")
from huggingface_hub import snapshot_download
print(json.dumps(snapshot_download("{SHARDED}")))
""",
        {"/kaggle/input/small-models": arrived},
        hidden=(base,),
    ).json()
    assert "models--tester--sharded" in answer
