"""Runs `fetch`, and states what a cache is after it."""

import hashlib
import os
import shutil
from pathlib import Path

REPO = "tester/mixed"
SMALL = 30
LARGE = {"model.safetensors": 3_400_000, "onnx/model.onnx": 1_100_000, "vocab.json": 700_001}


def started(knapsack, hub, cache: Path, **environment):
    """The program with a cache, and with the Hub alone to ask."""
    settings = {"HF_ENDPOINT": hub.url, "HF_HUB_DOWNLOAD_TIMEOUT": "20", "HF_HOME": str(cache.parent / "hf-home")}
    return knapsack.with_caches(cache, **{**settings, **environment})


def layout(cache: Path) -> dict[str, tuple]:
    """Everything in a cache: what kind of thing it is, its mode, and its content or the text of the link."""
    found = {}
    for path in sorted(cache.rglob("*")):
        name = str(path.relative_to(cache))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_dir():
            found[name] = ("directory",)
        else:
            found[name] = ("file", oct(path.stat().st_mode & 0o777), hashlib.sha256(path.read_bytes()).hexdigest())
    return found


def require_true(cache: Path) -> int:
    """Every name of a blob is that of its content; returns how many there are."""
    blobs = [path for path in cache.glob("*--*/blobs/*") if len(path.name) in (40, 64)]
    for path in blobs:
        content = path.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        assert path.name in (hashlib.sha256(content).hexdigest(), git), path.name
    return len(blobs)


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target, symlinks=True)
    return target


def size_of(origin: Path) -> int:
    """The bytes of all different contents."""
    contents = {hashlib.sha256(path.read_bytes()).digest(): path.stat().st_size for path in origin.rglob("*") if path.is_file()}
    return sum(contents.values())


def peak_of(pid: int) -> int:
    """The most memory that a process had, in bytes."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0
