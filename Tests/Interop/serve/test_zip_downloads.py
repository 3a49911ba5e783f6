"""All files of a version as one zip: what other programs make of it, its length, its name, and every part of it."""

import hashlib
import http.client
import io
import json
import os
import random
import shutil
import subprocess
import zipfile

import pytest
from catalogue_maker import Maker, place
from serving import serving
from test_files import ask
from test_models import packed, upload, weights


@pytest.fixture(scope="module")
def zipped(knapsack, caches, tmp_path_factory):
    """A server with a version of some files, the files, and the zip."""
    files = {"model.safetensors": weights(), "sub/ä.txt": b"text" * 999, "empty.txt": b"", "z/z/z": os.urandom(70_000)}
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path_factory.mktemp("zip"))) as server:
        assert upload(server, packed(files), "m.zip", "folder", model_id="m")[0] == 200
        status, fields, archive = ask(server, "/ai-models/anna/m/download")
        assert status == 200 and fields["content-type"] == "application/zip"
        yield server, files, fields, archive


@pytest.mark.smoke
def test_a_zip_has_a_length_and_a_name_and_parts(zipped):
    server, files, fields, archive = zipped
    path, size = "/ai-models/anna/m/download", len(archive)
    assert fields["content-length"] == str(size) and "transfer-encoding" not in fields
    status, head, nothing = ask(server, path, "HEAD")
    assert (status, nothing, head["content-length"], head["etag"]) == (200, b"", str(size), fields["etag"])
    assert ask(server, path, If_None_Match=fields["etag"])[::2] == (304, b"")
    generator = random.Random(4)
    places = sorted(generator.randrange(size) for _ in range(12)) + [0, size - 1]
    for first, last in [(0, 0), (size - 1, size - 1), *[sorted(generator.sample(places, 2)) for _ in range(10)]]:
        status, part, body = ask(server, path, Range=f"bytes={first}-{last}", If_Range=fields["etag"])
        assert (status, body) == (206, archive[first : last + 1])
        assert part["content-range"] == f"bytes {first}-{last}/{size}"
    assert ask(server, path, Range="bytes=5-9", If_Range='"other"')[::2] == (200, archive)
    status, part, _ = ask(server, path, Range=f"bytes={size}-")
    assert status == 416 and part["content-range"] == f"bytes */{size}"
    # Another model with the same files has the same bytes.
    assert upload(server, packed(files), "m.zip", "folder", model_id="other")[0] == 200
    other = ask(server, "/ai-models/anna/other/download")
    assert other[2] == archive and other[1]["etag"] == fields["etag"]


def readers(path, names: list[str]):
    """What every program at hand that reads zips says of one: whether it is whole, and how many files it has."""
    if shutil.which("unzip"):
        done = subprocess.run(["unzip", "-tqq", path], capture_output=True, text=True, timeout=600)
        yield "unzip", done.returncode == 0 or done.stdout + done.stderr
    for seven in ("7z", "7zz", "7zr"):
        if seven in ("7z", "7zz") and shutil.which(seven):
            done = subprocess.run([seven, "t", path], capture_output=True, text=True, timeout=600)
            count = 1 + max((index for index, _ in enumerate(names)), default=-1)
            yield seven, done.returncode == 0 and f"Files: {count}" in done.stdout or done.stdout + done.stderr
            break
    with zipfile.ZipFile(path) as archive:
        yield "zipfile", sorted(archive.namelist()) == sorted(names) and archive.testzip() is None


def test_other_programs_read_the_zip(zipped, tmp_path):
    _, files, _, archive = zipped
    (tmp_path / "m.zip").write_bytes(archive)
    for name, verdict in readers(tmp_path / "m.zip", list(files)):
        assert verdict is True, (name, verdict)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert {name: read.read(name) for name in read.namelist()} == files


@pytest.mark.slow
def test_zips_of_more_than_4_gib_and_of_more_than_65_535_files(knapsack, caches, tmp_path):
    directory = tmp_path / "c"
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(directory))
    with serving(runner, *arguments):
        pass
    maker = Maker(directory)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate((1 << 32) + 12345)
        file.seek(1 << 32)
        file.write(b"behind four GiB")
    maker.add("anna", "large", {"a.bin": b"first", "large.bin": large, "z.bin": b"last"})
    small = place(directory, b"one small file")
    names = [f"{number % 300}/{number}.txt" for number in range(70_000)]
    maker.add("anna", "many", dict.fromkeys(names, small))
    maker.close()
    with serving(runner, *arguments) as server:
        for model, expected in (("large", ["a.bin", "large.bin", "z.bin"]), ("many", names)):
            target = tmp_path / f"{model}.zip"
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            connection.request("GET", f"/ai-models/anna/{model}/download")
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            length, received = int(answer.headers["Content-Length"]), 0
            with target.open("wb") as file:
                while block := answer.read(1 << 22):
                    # What is empty stays a hole.
                    file.seek(received) if not block.strip(b"\0") else file.write(block)
                    received += len(block)
                    file.seek(received)
                file.truncate(received)
            connection.close()
            assert received == length
            for name, verdict in readers(target, expected):
                assert verdict is True, (model, name, verdict)
            assert server.memory() < 200 << 20
        with zipfile.ZipFile(tmp_path / "large.zip") as read, read.open("large.bin") as file:
            file.seek(1 << 32)
            assert file.read(15) == b"behind four GiB"


def test_a_version_that_is_deleted_is_downloaded_to_the_end(knapsack, caches, tmp_path):
    files = {f"{number}.bin": os.urandom(3 << 20) for number in range(6)}
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        assert upload(server, packed(files), "m.zip", "folder", model_id="m")[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/ai-models/anna/m/download")
        answer = connection.getresponse()
        begun = answer.read(1 << 16)
        assert ask(server, "/ai-models/anna/m", "DELETE")[0] == 200
        assert upload(server, b"other", "x.txt", model_id="m")[0] == 200
        archive = begun + answer.read()
        connection.close()
        with zipfile.ZipFile(io.BytesIO(archive)) as read:
            assert {name: read.read(name) for name in read.namelist()} == files
        [file] = json.loads(ask(server, "/ai-models/anna/m/files")[2])
        assert file["file_hash"] == hashlib.sha256(b"other").hexdigest()
