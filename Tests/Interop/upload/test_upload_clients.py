"""What `knapsack upload` sent to a stand-in Kaggle, as Kaggle's own clients get it and as a notebook loads it."""

import base64
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import genuine
import kagglesdk
import notebook
import pytest
from cli import contents, manifest
from conftest import SHARDED
from embedding import EMBED
from keeping_kaggle import KeepingKaggle
from uploading import AUTHORIZATION, METADATA, uploader

SET = "tester/interop-models"
VARIATION = "tester/interop-models/transformers/tiny"


@pytest.fixture
def kaggle_keeps(tmp_path):
    server = KeepingKaggle(tmp_path / "kaggle")
    client = base64.b64encode(b"tester:" + b"0" * 32).decode()
    server.users = {AUTHORIZATION: "tester", f"Basic {client}": "tester"}
    yield server
    assert not server.problems, server.problems
    server.close()


@pytest.fixture
def upload(knapsack, caches, kaggle_keeps, tmp_path):
    """Packs a model of the Hub's cache, uploads the bundle, and returns its directory."""

    def go(head: str = "", model: str = SHARDED) -> Path:
        path = tmp_path / "models.toml"
        entry = {"name": "model", "source": f"hf:{model}", "license": "mit", "allow": ["license-unknown", "license-differs"]}
        text = manifest(head=head, model=[entry])
        path.write_text(text.replace('license = "other"\n', "", 1) if head else text)
        run = uploader(knapsack, kaggle_keeps, tmp_path).with_caches(caches.hub, None)
        run("pack", path, "--output", tmp_path / "bundle").expect(0)
        run("upload", tmp_path / "bundle").expect(0)
        return tmp_path / "bundle"

    return go


def sent(bundle: Path) -> dict[str, str]:
    return {name: digest for name, digest in contents(bundle).items() if name not in METADATA}


def kaggle(server: KeepingKaggle, directory: Path, *arguments: str) -> None:
    """The command `kaggle`, which asks the stand-in alone."""
    home = directory / "kaggle-home"
    home.mkdir(exist_ok=True)
    environment = {**server.client_environment(), "HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", "import sys; from kaggle.cli import main; sys.exit(main())", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_kaggle_command_gets_the_data_set_that_was_uploaded(kaggle_keeps, upload, tmp_path):
    bundle = upload()
    kaggle_keeps.archive_kind = "zip"
    kaggle(kaggle_keeps, tmp_path, "datasets", "download", SET, "--path", str(tmp_path / "theirs"), "--unzip")
    assert contents(tmp_path / "theirs") == sent(bundle)
    kaggle(kaggle_keeps, tmp_path, "datasets", "download", SET, "--path", str(tmp_path / "one"), "--file", "SHA256SUMS")
    assert hashlib.sha256((tmp_path / "one/SHA256SUMS").read_bytes()).hexdigest() == sent(bundle)["SHA256SUMS"]


@pytest.mark.slow
def test_the_kaggle_command_gets_the_model_that_was_uploaded(kaggle_keeps, upload, tmp_path):
    bundle = upload('kind = "model"\nframework = "transformers"\nvariation = "tiny"\nlicense = "Apache 2.0"')
    kaggle_keeps.archive_kind = "tar.gz"
    kaggle(
        kaggle_keeps, tmp_path, "models", "variations", "versions", "download", f"{VARIATION}/1", "--path", str(tmp_path / "theirs"), "--untar"
    )
    assert contents(tmp_path / "theirs") == sent(bundle)


def test_kaggles_interface_tells_no_quota_of_what_is_uploaded():
    """Where it does one day, `upload` has to ask for it before it sends anything: docs/upload.md states that it cannot."""
    services = Path(kagglesdk.__file__).parent
    telling = {
        service.parents[1].name + "." + name
        for service in services.glob("*/services/*.py")
        for name in re.findall(r"def (\w*(?:quota|storage|usage)\w*)\(", service.read_text())
    }
    assert telling == {"benchmarks.get_benchmark_task_quota", "kernels.get_accelerator_quota_statistics", "models.get_model_proxy_quotas"}


@pytest.mark.slow
@pytest.mark.root
@pytest.mark.skipif(not notebook.is_possible(), reason="this machine lets nobody make namespaces")
def test_a_notebook_loads_from_what_the_clients_got(kaggle_keeps, upload, original_embedding, tmp_path):
    """As Kaggle mounts it, as kagglehub downloads it, and as the kaggle command unpacks it."""
    bundle = upload(model=genuine.MINILM)
    kaggle_keeps.archive_kind = "zip"
    kaggle(kaggle_keeps, tmp_path, "datasets", "download", SET, "--path", str(tmp_path / "theirs"), "--unzip")
    got = Path(genuine.kagglehub_download(kaggle_keeps, tmp_path / "cache", f"dataset_download('{SET}')"))
    assert contents(got) == sent(bundle)
    for place in [kaggle_keeps.version(SET, 1), got, tmp_path / "theirs"]:
        cell = notebook.run_cell(notebook.ACTIVATE + EMBED, {f"/kaggle/input/datasets/{SET}": place})
        assert cell.json() == original_embedding
