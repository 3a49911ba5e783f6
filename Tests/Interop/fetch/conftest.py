"""A Hub that misbehaves on demand, and a repository of many kinds of files."""

import hashlib
import json
from pathlib import Path

import genuine
import pytest
from fetching import LARGE, REPO, SMALL, layout, started
from wayward_hub import WaywardHub


@pytest.fixture(scope="session")
def origin(tmp_path_factory) -> Path:
    """Files in git and in LFS, small and large, equal ones and an empty one, in folders and with odd names."""
    directory = tmp_path_factory.mktemp("origin")
    seed = hashlib.sha256(b"fetch").digest()

    def content(name: str, size: int) -> bytes:
        return hashlib.shake_128(seed + name.encode()).digest(size)

    for number in range(SMALL):
        path = directory / ("" if number % 3 else "sub/deeper") / f"file-{number:02}.{'bin' if number % 2 else 'txt'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(path.name, 500 + 311 * number))
    for name, size in LARGE.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content(name, size))
    (directory / "copy of the model.safetensors").write_bytes((directory / "model.safetensors").read_bytes())
    (directory / "config.json").write_text(json.dumps({"model_type": "bert", "hidden_size": 16}))
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")
    (directory / "empty.txt").touch()
    (directory / "naïve #1 100%.txt").write_text("a name to be escaped\n")
    return directory


@pytest.fixture(scope="session")
def whole(origin, tmp_path_factory):
    """The layout that the real client gives the branch main, and that every fetch of it has to end with."""
    server = WaywardHub()
    server.add(REPO, origin)
    cache = tmp_path_factory.mktemp("whole") / "hub"
    genuine.snapshot_download(server, cache, REPO)
    server.close()
    return layout(cache)


@pytest.fixture
def wayward(origin):
    server = WaywardHub()
    server.commit = server.add(REPO, origin, refs=("main", "v1.0", "refs/pr/1"))
    yield server
    server.close()


@pytest.fixture
def fetch(knapsack, wayward, tmp_path):
    """Runs `knapsack fetch` against the Hub: `fetch(cache, *arguments, **environment)`."""

    def run(cache: Path, *arguments, **environment):
        return started(knapsack, wayward, cache, **environment)("fetch", *arguments)

    return run
