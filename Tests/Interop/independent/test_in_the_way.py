"""What stands in the place of an input or an output: named, refused in time, and still there afterwards."""

import os
import socket
import stat
import subprocess

import pytest
from cli import manifest
from instances import model, write
from project import ROOT

TINY = ROOT / "fixtures" / "conversion" / "tiny-llama" / "Tiny-Llama-100K"
SECONDS = 30


@pytest.fixture(scope="module")
def project(knapsack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("p")
    write(folder / "src", model())
    (folder / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:src"}]))
    knapsack("pack", folder / "m.toml", "-o", folder / "b").expect(0)
    knapsack("convert", TINY, folder / "full.gguf").expect(0)
    return folder


def bind(path):
    here = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


THINGS = {
    "pipe": os.mkfifo,
    "socket": bind,
    "link-to-itself": lambda path: path.symlink_to(path.name),
    "link-to-nothing": lambda path: path.symlink_to("nowhere"),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "full": lambda path: path.symlink_to("/dev/full"),
    "directory": lambda path: path.mkdir(),
    "nothing": lambda path: None,
}
READ = {
    "lock": lambda p, at: ["lock", at],
    "check": lambda p, at: ["check", at],
    "verify": lambda p, at: ["verify", at],
    "inspect": lambda p, at: ["inspect", at],
    "diff": lambda p, at: ["diff", p / "m.lock", at],
    "sbom": lambda p, at: ["sbom", at],
    "unpack": lambda p, at: ["unpack", at, "--to", at.parent / "to"],
    "convert": lambda p, at: ["convert", at, at.parent / "o.gguf"],
    "merge": lambda p, at: ["convert", "--dtype", "f16", TINY, at.parent / "o", "--merge", at],
    "quantize": lambda p, at: ["quantize", at, at.parent / "o.gguf", "Q8_0"],
    "imatrix": lambda p, at: ["quantize", p / "full.gguf", at.parent / "o.gguf", "Q8_0", "--imatrix", at],
    "rules": lambda p, at: ["quantize", p / "full.gguf", at.parent / "o.gguf", "Q8_0", "--tensor-type-file", at],
    "compare": lambda p, at: ["compare", p / "full.gguf", at],
    "key": lambda p, at: ["sign", p / "b", "--key", at],
}


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("command", READ)
def test_what_cannot_be_read_is_refused_in_time(knapsack, project, tmp_path, command, thing):
    at = tmp_path / "thing"
    THINGS[thing](at)
    arguments = READ[command](project, at)
    done = knapsack(*arguments, timeout=SECONDS).expect(1, 2)
    assert "thing" in done.text or "/dev/" in done.text
    assert not (tmp_path / "o.gguf").exists() and not (tmp_path / "to").exists()


WRITE = {
    "pack": lambda p, at: ["pack", p / "m.toml", "-o", at],
    "pack-archive": lambda p, at: ["pack", p / "m.toml", "-o", at.with_suffix(".tar")],
    "init": lambda p, at: ["init", at],
    "convert": lambda p, at: ["convert", TINY, at],
    "cast": lambda p, at: ["convert", "--dtype", "f16", TINY, at],
    "unpack": lambda p, at: ["unpack", p / "b", "--to", at],
}
KEPT = ["pipe", "socket", "link-to-itself", "endless", "full"]


@pytest.mark.parametrize("thing", KEPT)
@pytest.mark.parametrize("command", WRITE)
def test_what_stands_in_the_place_of_an_output_stays(knapsack, project, tmp_path, command, thing):
    at = tmp_path / "thing"
    at = at.with_suffix(".tar") if command == "pack-archive" else at
    THINGS[thing](at)
    before = stat.S_IFMT(at.lstat().st_mode)
    done = knapsack(*WRITE[command](project, at), cwd=tmp_path, timeout=SECONDS).expect(1, 2)
    assert "thing" in done.text or "/dev/" in done.text
    assert stat.S_IFMT(at.lstat().st_mode) == before
    assert [path.name for path in tmp_path.iterdir()] == [at.name]


@pytest.mark.parametrize("thing", ["pipe", "socket", "link-to-itself", "link-to-nothing", "endless"])
@pytest.mark.parametrize("place", [".out.partial", ".x.tar.partial", ".m.lock.partial", "m.lock"])
def test_what_stands_in_the_place_of_unfinished_work_is_named(knapsack, tmp_path, place, thing):
    write(tmp_path / "src", model())
    (tmp_path / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:src"}]))
    THINGS[thing](tmp_path / place)
    done = [
        knapsack("lock", tmp_path / "m.toml", timeout=SECONDS),
        knapsack("pack", tmp_path / "m.toml", "-o", tmp_path / "out", timeout=SECONDS),
        knapsack("pack", tmp_path / "m.toml", "-o", tmp_path / "x.tar", timeout=SECONDS),
    ]
    refused = [one for one in done if one.code]
    assert refused
    assert all(one.code in (1, 2) and (place in one.text or "m.lock" in one.text or "/dev/" in one.text) for one in refused)


@pytest.mark.parametrize("place", ["out", "x.tar", "m.lock"])
def test_a_place_that_cannot_be_written_is_named(knapsack, tmp_path, place):
    write(tmp_path / "src", model())
    shut = tmp_path / "shut"
    shut.mkdir()
    (shut / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:../src"}]))
    if subprocess.run(["chattr", "+i", shut], capture_output=True).returncode != 0:
        pytest.skip("needs root and a file system with immutable directories")
    try:
        done = knapsack("pack", shut / "m.toml", *([] if place == "m.lock" else ["-o", shut / place]), cwd=shut, timeout=SECONDS).expect(1, 2)
    finally:
        subprocess.run(["chattr", "-i", shut], check=True)
    assert "shut" in done.text
    assert [path.name for path in shut.iterdir()] == ["m.toml"]
