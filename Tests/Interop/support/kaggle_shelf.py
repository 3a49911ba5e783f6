"""A kagglehub cache as kagglehub 1.0.3 leaves it, of files that the tests know, and what asks a server for it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import genuine

MODEL = "tester/mixed/pyTorch/tiny"
MANY = "tester/many/transformers/shards"
DATASET = "tester/mixed-set"
PARTIAL = "tester/single-files"
INTERRUPTED = "tester/broken-off"


def content(name: str, size: int) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


def files(version: int) -> dict[str, bytes]:
    """Small and large ones, an empty one, folders, and names that have to be escaped or do not fit a tar header."""
    names = {
        "config.json": 300, "weights.dat": 400_001, "sub/deeper/data.bin": 65_535, "sub/notes.txt": 77, "empty.txt": 0,
        "a name #1 100%.txt": 9, "überlang/" + "x" * 120 + "/ende.txt": 513,
    }  # fmt: skip
    return {name: content(f"{version} {name}", size) for name, size in names.items()}


def write(directory: Path, contents: dict[str, bytes]) -> None:
    for name, data in contents.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)


def fill(cache: Path) -> Path:
    """Whole versions of two models and of a data set, single files of another one, and one that broke off."""
    for version in (1, 2):
        write(cache / "models" / MODEL / str(version), files(version))
        (cache / "models" / MODEL / f"{version}.complete").touch()
        write(cache / "datasets" / DATASET / "versions" / str(version), files(version))
        (cache / "datasets" / DATASET / f"{version}.complete").touch()
    write(cache / "models" / MANY / "7", many())
    (cache / "models" / MANY / "7.complete").touch()
    write(cache / "datasets" / PARTIAL / "versions" / "4", files(4))
    marker = cache / "datasets" / PARTIAL / ".complete" / "4" / "sub" / "notes.txt.complete"
    marker.parent.mkdir(parents=True)
    marker.touch()
    write(cache / "datasets" / INTERRUPTED / "versions" / "1", files(1))
    return cache


def many() -> dict[str, bytes]:
    return {f"part-{number:02}.bin": content(f"part {number}", 1000 + number) for number in range(60)}


def read(directory: Path) -> dict[str, bytes]:
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def ask(server, code: str, scratch: Path, **variables: str):
    """Runs a snippet with kagglehub that puts what it found into `answer`; a cache of its own is in `scratch`."""
    environment = server.kaggle_environment(KAGGLEHUB_CACHE=str(scratch / "kagglehub"), **variables)
    script = f"import json, kagglehub\n{code}\nprint()\nprint(json.dumps(answer))"
    return json.loads(genuine.run_python(script, environment, scratch / "home").strip().splitlines()[-1])


def kaggle(server, scratch: Path, *arguments: str, code: int = 0, **variables: str) -> str:
    """Runs the kaggle command, and returns what it printed."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(scratch), "LANG": "C.UTF-8", "TMPDIR": str(scratch),
        # Of the two environments that lead to this machine the command knows but this one.
        **server.kaggle_environment("LOCALHOST", **variables),
    }  # fmt: skip
    done = subprocess.run(
        [Path(sys.executable).with_name("kaggle"), *arguments], env=environment, cwd=scratch, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
