"""What of Kaggle is fetched in the tests, and how."""

import hashlib
from pathlib import Path

from wayward_kaggle import WaywardKaggle

MODEL = "tester/mixed/transformers/tiny"
DATASET = "tester/mixed-set"
COMPETITION = "mixed-competition"
NOTEBOOK = "tester/mixed-notebook"
LARGE = {"model.safetensors": 1_900_000, "sub/deeper/data.bin": 700_001}


def content(name: str, size: int) -> bytes:
    return hashlib.shake_128(b"kaggle " + name.encode()).digest(size)


def make_origin(directory: Path) -> Path:
    """Files small and large, in folders, an empty one, and one whose name has to be escaped."""
    for name, size in {**LARGE, "config.json": 300, "train.csv": 40_000, "sub/notes.txt": 77, "a name #1 100%.txt": 9}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content(name, size))
    (directory / "empty.txt").touch()
    return directory


def fill(server: WaywardKaggle, origin: Path) -> None:
    """A model, a data set, a competition and a notebook of the same files."""
    for version in (1, 2):
        server.add(MODEL, version, origin)
        server.add(DATASET, version, origin)
        server.add(f"code/{NOTEBOOK}", version, origin)
    server.add(COMPETITION, 0, origin)


def started(knapsack, server: WaywardKaggle, cache: Path, **environment):
    """The program with a kagglehub cache and a home of its own, and with Kaggle alone to ask."""
    home = str(cache.parent / "home")
    return knapsack.with_caches(None, cache, HOME=home, **server.environment(**environment))


def whole(origin: Path) -> int:
    return sum(path.stat().st_size for path in origin.rglob("*") if path.is_file())
