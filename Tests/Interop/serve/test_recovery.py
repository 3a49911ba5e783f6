"""What a catalogue is after its disk was full, its database or a content was damaged, or its server was killed."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import full_disk
import pytest
from catalogue_maker import fill
from serving import serving
from test_files import ask
from test_models import curl, packed, upload, weights


def state(server) -> dict[str, str]:
    """What is shown: every version, with the hash of what is downloaded of it."""
    shown = {}
    for item in json.loads(ask(server, "/ai-models/anna?limit=1000")[2]):
        path = f"/ai-models/anna/{item['model_id']}/download?version={item['version']}&filename={item['files'][0]['filename']}"
        status, _, body = ask(server, path)
        assert status == 200, (path, body)
        assert hashlib.sha256(body).hexdigest() == item["files"][0]["file_hash"]
        shown[f"{item['model_id']}:{item['version']}"] = json.dumps(item)
    return shown


def damaged(path: Path, seed: int) -> None:
    """Writes over a part of a file."""
    generator = random.Random(seed)
    with path.open("r+b") as file:
        file.seek(generator.randrange(max(1, path.stat().st_size // 2)))
        file.write(generator.randbytes(8000))


@pytest.mark.smoke
@pytest.mark.parametrize("damage", ["garbage", "missing"])
def test_a_damaged_database_is_made_anew_from_the_records(knapsack, caches, tmp_path, damage):
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path))
    with serving(runner, *arguments) as server:
        for number in range(3):
            assert upload(server, weights(number), model_id="m", version=f"v{number}", tags="a,b")[0] == 200
        assert upload(server, packed({"a.txt": b"1", "b/c.txt": b"2"}), "m.zip", "folder", model_id="z")[0] == 200
        assert curl(server, "-X", "PUT", "-d", '{"description": "Ünique"}', "/ai-models/anna/m?version=v1")[0] == 200
        assert curl(server, "-X", "DELETE", "/ai-models/anna/m?version=v0")[0] == 200
        before = state(server)
    for path in tmp_path.glob("catalogue.sqlite*"):
        path.unlink() if damage == "missing" else path.write_bytes(b"this is no database" * 999)
    with serving(runner, *arguments) as server:
        assert state(server) == before
        assert [item["version"] for item in json.loads(curl(server, "/ai-models/search/anna?query=%C3%BCnIQ")[1])] == ["v1"]
        assert upload(server, weights(9), model_id="m", version="v1")[0] == 409
        assert upload(server, weights(9), model_id="m", version="v9")[0] == 200
        before = state(server)
        assert server.says("3 versions were"), server.lines
    with serving(runner, *arguments) as server:
        assert state(server) == before and not any("versions were" in line for line in server.lines)


@pytest.mark.slow
@pytest.mark.fuzz
def test_wherever_a_database_is_damaged_no_version_is_lost(knapsack, caches, tmp_path):
    runner, directory = knapsack.with_caches(caches.hub), tmp_path / "c"
    with serving(runner, "--catalogue", str(directory)):
        pass
    fill(directory, 200, 2)
    with serving(runner, "--catalogue", str(directory)) as server:
        before = state(server)
    assert len(before) == 200
    for seed in range(12):
        copy = tmp_path / str(seed)
        shutil.copytree(directory, copy)
        damaged(copy / "catalogue.sqlite", seed)
        with serving(runner, "--catalogue", str(copy)) as server:
            assert state(server) == before
            assert len(json.loads(ask(server, "/ai-models/search/anna?query=model-1&limit=1000")[2])) == 111
        shutil.rmtree(copy)


def test_a_damaged_content_is_never_sent(knapsack, caches, tmp_path):
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path))
    content = weights()
    [stored] = [tmp_path / "content" / name[:2] / name for name in [hashlib.sha256(content).hexdigest()]]
    with serving(runner, *arguments) as server:
        assert upload(server, content, model_id="a")[0] == 200
        assert upload(server, packed({"x.safetensors": content, "y.txt": b"y"}), "m.zip", "folder", model_id="z")[0] == 200
        changed = bytearray(content)
        changed[-1] ^= 1
        stored.write_bytes(changed)
        for path in ("a/download", "z/download", "z/download?filename=x.safetensors"):
            status, _, body = ask(server, f"/ai-models/anna/{path}")
            assert status == 500 and "damaged" in json.loads(body)["detail"], (path, body)
        assert ask(server, "/ai-models/anna/z/download?filename=y.txt")[::2] == (200, b"y")
        # Whoever uploads it again mends it.
        assert upload(server, content, model_id="b")[0] == 200
        assert ask(server, "/ai-models/anna/a/download")[::2] == (200, content)
        os.utime(stored)
        assert ask(server, "/ai-models/anna/a/download")[::2] == (200, content), "only its time differs"
        stored.write_bytes(changed)
        end = time.monotonic() + 10
    with serving(runner, *arguments) as server:
        while not any("does not match" in line for line in server.lines) and time.monotonic() < end:
            time.sleep(0.05)
        assert any("does not match" in line for line in server.lines), "it is found at the start"
        stored.unlink()
        status, _, body = ask(server, "/ai-models/anna/a/download")
        assert status == 500 and "missing" in json.loads(body)["detail"]


@pytest.mark.slow
@pytest.mark.root
def test_a_full_or_read_only_disk_leaves_nothing_half(knapsack, caches, tmp_path):
    """In a mount namespace of its own, for the file system that is small."""
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*unshare, sys.executable, full_disk.__file__, knapsack.binary, caches.hub, tmp_path],
        env={**os.environ, **knapsack.environment()}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.kill
def test_a_killed_server_has_all_that_it_acknowledged_of_uploads_changes_and_deletions(knapsack, caches, tmp_path):
    """100 seeded moments. Of what was not acknowledged each is done wholly or not at all."""
    generator = random.Random(16)
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path / "c"))
    #: For each version the states that it may have: the hash and the description, or None.
    expected: dict[str, list] = {}
    number = 0
    for moment in range(100):
        with serving(runner, *arguments) as server:
            shown = {}
            for item in json.loads(ask(server, "/ai-models/anna?limit=1000")[2]):
                shown[item["model_id"]] = (item["files"][0]["file_hash"], item["description"])
            for name, states in expected.items():
                assert shown.get(name) in states, (moment, name, states, shown.get(name))
                expected[name] = [shown.get(name)]
            assert shown.keys() <= expected.keys()
            for name in generator.sample(sorted(shown), min(len(shown), 5)):
                status, _, body = ask(server, f"/ai-models/anna/{name}/download")
                assert status == 200 and hashlib.sha256(body).hexdigest() == shown[name][0]
            end, running, busy = time.monotonic() + generator.uniform(0.03, 0.5), [], set()
            while time.monotonic() < end:
                idle = sorted(name for name, states in expected.items() if states != [None] and name not in busy)
                choice = generator.random() if idle else 0
                number += 1
                if choice < 0.5:
                    name, content = f"m{number}", generator.randbytes(generator.choice([10, 5000, 300_000]))
                    after = (hashlib.sha256(content).hexdigest(), None)
                    states = [None]
                    words = ["-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", f"model_id={name}",
                             f"{server.url}/ai-models/upload/single"]  # fmt: skip
                else:
                    name, content = generator.choice(idle), None
                    states = expected[name]
                    path = f"{server.url}/ai-models/anna/{name}"
                    after = None if choice < 0.75 else (states[0][0], f"d{number}")
                    words = ["-X", "DELETE", path] if after is None else ["-X", "PUT", "-d", json.dumps({"description": after[1]}), path]
                busy.add(name)
                process = subprocess.Popen(["curl", "-sS", "-f", *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)  # fmt: skip
                process.stdin.write(content or b"")
                process.stdin.close()
                running.append((name, after, process))
                expected[name] = [*states, after]
                time.sleep(0.01)
            server.is_asked = server.was_killed = True
            server.process.kill()
            server.process.wait()
            for name, after, process in running:
                if process.wait(20) == 0:
                    expected[name] = [after]
    assert number > 200
    with serving(runner, *arguments):
        end = time.monotonic() + 20
        alive = {states[0][0] for states in expected.values() if states[0]}
        while time.monotonic() < end:
            stored = {path.name for path in (tmp_path / "c" / "content").rglob("*") if path.is_file()}
            if len(stored) <= len(alive) + 30:
                break
            time.sleep(0.1)
        assert alive <= stored
