"""Something to pack that has everything: both caches, files in segments, equal files, many small ones."""

import hashlib
import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from cli import Knapsack, contents, manifest, sha256
from hub_server import git_sha1

FORMS = {"--to": "plain", "--hf-cache": "hub", "--kagglehub-cache": "kagglehub"}
SUFFIXES = ("", ".tar", ".tar.zst", ".zip")
UNFINISHED = ".knapsack.incomplete"


@dataclass
class Workload:
    """A manifest with its lock and caches, and what comes out of it when nobody disturbs."""

    knapsack: Knapsack
    directory: Path
    manifest: Path
    bundles: dict[str, Path]  # by suffix
    expected: dict[str, dict[str, str]]  # by suffix, or by the option of unpack

    @property
    def lock(self) -> Path:
        return self.manifest.with_suffix(".lock")


def shown(path: Path) -> dict[str, str]:
    """What `contents` states of a directory, and the same for one file, or for nothing."""
    if path.is_dir():
        return contents(path)
    return {"": sha256(path)} if path.exists() else {}


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make(knapsack: Knapsack, directory: Path, tensor: int, smalls: int = 40) -> Workload:
    """Caches by hand, because tests that need thousands of runs should not wait for clients.

    base, tuned and reordered share tensors of `tensor` bytes each, so two of them become lists of segments.
    """
    dice = random.Random(20267)
    tensors = {f"layer.{number}": dice.randbytes(tensor) for number in range(6)}
    tuned = {**tensors, "layer.2": dice.randbytes(tensor), "layer.4": dice.randbytes(tensor)}
    reordered = dict(reversed(tensors.items()))
    add_to_hub(directory / "hub", "tester/base", {"README.md": CARD, "w.safetensors": safetensors(tensors)})
    add_to_hub(directory / "hub", "tester/tuned", {"README.md": CARD, "sub/w.safetensors": safetensors(tuned)})
    version = directory / "kagglehub" / "datasets" / "tester" / "copy" / "versions" / "1"
    write(version, {"data/w.safetensors": safetensors(reordered), "again.safetensors": safetensors(tensors)})
    (version.parents[1] / "1.complete").touch()
    write(directory / "files", {f"small-{number}.txt": b"%d\n" % number for number in range(smalls)})
    write(directory / "files", {"part.dat": dice.randbytes(2 * tensor + 1), "empty.txt": b""})
    path = directory / "work.toml"
    path.write_text(
        manifest(
            dataset=[
                {"name": "base", "source": "hf-dataset:tester/base@main"},
                {"name": "tuned", "source": "hf-dataset:tester/tuned@main"},
                {"name": "copy", "source": "kaggle-dataset:tester/copy/versions/1", "license": "mit"},
            ],
            files=[{"name": "files", "source": "path:files"}],
        )
    )
    runner = knapsack.with_caches(directory / "hub", directory / "kagglehub", KNAPSACK_CACHE_DIR=str(directory / "index"))
    runner("lock", path).expect(0)
    assert path.with_suffix(".lock").read_text().count('"segments"') == 2
    work = Workload(runner, directory, path, {}, {})
    for suffix in SUFFIXES:
        work.bundles[suffix] = directory / f"whole{suffix}"
        runner("pack", path, "--output", work.bundles[suffix]).expect(0)
        work.expected[suffix] = shown(work.bundles[suffix])
    for option, name in FORMS.items():
        runner("unpack", work.bundles[""], option, directory / name / "whole").expect(0)
        work.expected[option] = shown(directory / name / "whole")
    return work


CARD = b"---\nlicense: mit\n---\n\n# A workload\n"


def safetensors(tensors: dict[str, bytes]) -> bytes:
    header, offset = {}, 0
    for name, content in tensors.items():
        header[name] = {"dtype": "U8", "shape": [len(content)], "data_offsets": [offset, offset + len(content)]}
        offset += len(content)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(tensors.values())


def write(directory: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def add_to_hub(cache: Path, repository: str, files: dict[str, bytes]) -> None:
    folder = cache / f"datasets--{repository.replace('/', '--')}"
    commit = hashlib.sha1(repository.encode()).hexdigest()
    write(folder / "refs", {"main": commit.encode()})
    for name, content in files.items():
        blob = hashlib.sha256(content).hexdigest() if name.endswith(".safetensors") else git_sha1(content)
        write(folder / "blobs", {blob: content})
        link = folder / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(folder / "blobs" / blob, link.parent))


def wrong_in(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """What in a restored directory is not what it should be, or states that something is there which is not."""
    wrong = [name for name, what in found.items() if expected.get(name) != what and not unfinished(name)]
    for name in found:
        if "/refs/" in name and found[name] != "directory":
            unit = name.split("/refs/")[0] + "/snapshots/"
        elif name.endswith(".complete"):
            unit = name.rpartition("/")[0] + "/versions/"
        else:
            continue
        wrong += [f"{name} without {other}" for other in expected if other.startswith(unit) and other not in found]
    return wrong


def unfinished(name: str) -> bool:
    return name.endswith(UNFINISHED) or name.split("/")[0] == ".knapsack-unpack"
