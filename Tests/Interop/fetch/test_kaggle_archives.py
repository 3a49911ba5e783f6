"""When many files come in one archive, when one by one, and what an archive may do to a disk."""

import io
import json
import os
import subprocess
import sys
import zipfile

import genuine
import pytest
from fetching import layout
from kaggle_fetching import DATASET, NOTEBOOK, content, started
from project import program
from wayward_kaggle import STORE

MANY = 600


@pytest.fixture
def many(wayward_kaggle, tmp_path):
    """A data set of many small files and a larger one."""
    origin = tmp_path / "origin"
    for number in range(MANY):
        path = origin / f"{number % 7}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(str(number), 100 + number))
    (origin / "large.bin").write_bytes(content("large", 1_500_000))
    wayward_kaggle.add("tester/many", 1, origin)
    wayward_kaggle.page_size = 200
    return "kaggle-dataset:tester/many"


def test_many_small_files_come_in_one_archive(kaggle_fetch, wayward_kaggle, many, tmp_path):
    done = kaggle_fetch(tmp_path / "own", many).expect(0)
    assert len(wayward_kaggle.to(STORE)) <= 4
    assert f"{MANY + 1} files of version 1" in done.stderr
    genuine.kagglehub_download(wayward_kaggle, tmp_path / "theirs", "dataset_download('tester/many')")
    assert layout(tmp_path / "own") == layout(tmp_path / "theirs")


def test_where_most_bytes_are_there_the_rest_comes_one_by_one(kaggle_fetch, wayward_kaggle, many, tmp_path):
    kaggle_fetch(tmp_path / "own", many, "--include", "large.bin").expect(0)
    wayward_kaggle.reset()
    kaggle_fetch(tmp_path / "own", many).expect(0)
    assert wayward_kaggle.sent < 1_000_000
    genuine.kagglehub_download(wayward_kaggle, tmp_path / "theirs", "dataset_download('tester/many')")
    # The mark of the file that came by itself stays, as the client leaves it.
    own = {name: kind for name, kind in layout(tmp_path / "own").items() if "large.bin.complete" not in name}
    theirs = layout(tmp_path / "theirs")
    assert {name: kind for name, kind in own.items() if name in theirs} == theirs


def test_an_archive_is_called_one(kaggle_fetch, tmp_path):
    source = f"kaggle-notebook:{NOTEBOOK}/versions/2"
    done = kaggle_fetch(tmp_path / "cache", source, "--dry-run").expect(0)
    assert "archive" in done.stderr and not (tmp_path / "cache").exists()
    assert "7 files of version 2" in kaggle_fetch(tmp_path / "cache", source).expect(0).stderr


def test_a_file_that_is_called_as_an_archive_is_called(kaggle_fetch, wayward_kaggle, tmp_path):
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "(archive)").write_text("a file\n")
    wayward_kaggle.add("tester/odd", 1, origin)
    kaggle_fetch(tmp_path / "cache", "kaggle-dataset:tester/odd").expect(0)
    assert (tmp_path / "cache/datasets/tester/odd/versions/1/(archive)").read_text() == "a file\n"


def bomb(name: str) -> bytes:
    """64 MB of zeros in 64 kB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"\0" * (64 << 20))
    return buffer.getvalue()


@pytest.mark.root
@pytest.mark.parametrize("case", ["archive", "one file"])
def test_a_bomb_does_not_fill_the_disk(knapsack, wayward_kaggle, tmp_path, case):
    disk = tmp_path / "disk"
    disk.mkdir()
    source = f"kaggle-notebook:{NOTEBOOK}/versions/2"
    if case == "archive":
        wayward_kaggle.archives[f"code/{NOTEBOOK}"] = bomb("zeros.bin")
    else:
        source = f"kaggle-dataset:{DATASET}/versions/2"
        wayward_kaggle.zipped = {"train.csv"}
        wayward_kaggle.zips["train.csv"] = bomb("train.csv")
    runner = started(knapsack, wayward_kaggle, disk / "cache")
    document = {
        "disk": str(disk), "command": [str(runner.binary), "fetch", source], "environment": runner.environment(),
        "prepare": {}, "sizes": ["size=16m"],
    }  # fmt: skip
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*unshare, sys.executable, program("small_disk.py")], input=json.dumps(document), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    first, second = result["first"], result["second"]
    assert first["code"] == 2 and "has more in it than there is room for" in first["text"], first["text"]
    assert first["used"] < 8 << 20
    assert not [name for name in first["files"] if name.endswith(("zeros.bin", "train.csv"))]
    # Where there is room, it is only a large file; one that is listed has the size that is listed.
    if case == "archive":
        assert second["code"] == 0, second["text"]
    else:
        assert second["code"] == 1 and "the archive has 67108864 bytes of it, and 40000 are listed" in second["text"], second["text"]
