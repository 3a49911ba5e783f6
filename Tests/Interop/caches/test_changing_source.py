"""A file of a cache that changes while it is read: never a wrong bundle, never an end without a message.

The program is stopped at random moments, the file is changed, and the program goes on: so every change falls into
the middle of the work, however fast the machine is. KNAPSACK_CHANGES sets how many runs of each kind there are.
"""

import hashlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
import workload
from cli import Knapsack, contents, manifest, read_lock, sha256
from workload import SUFFIXES, remove

pytestmark = pytest.mark.kill

SIZE = 12 << 20
ROUNDS = int(os.environ.get("KNAPSACK_CHANGES", "4"))


def overwrite(path: Path, dice: random.Random) -> None:
    """Other bytes in the same place, and the times that the file had."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(dice.randrange(SIZE - (1 << 20)))
        file.write(dice.randbytes(1 << 20))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def shrink(path: Path, dice: random.Random) -> None:
    os.truncate(path, dice.randrange(SIZE))


def grow(path: Path, dice: random.Random) -> None:
    with path.open("ab") as file:
        file.write(dice.randbytes(1 + dice.randrange(1 << 20)))


def vanish(path: Path, dice: random.Random) -> None:
    path.unlink()


def replace(path: Path, dice: random.Random) -> None:
    """Another file of the same size gets the name."""
    other = path.with_name("other")
    other.write_bytes(path.read_bytes()[:-4] + dice.randbytes(4))
    other.rename(path)


def become_a_directory(path: Path, dice: random.Random) -> None:
    path.unlink()
    path.mkdir()


def become_a_pipe(path: Path, dice: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES = [overwrite, shrink, grow, vanish, replace, become_a_directory, become_a_pipe]


class Case:
    """Two files of tensors that share most of them, one of which changes."""

    def __init__(self, knapsack: Knapsack, directory: Path):
        self.dice = random.Random(20271)
        tensors = {f"t{number}": self.dice.randbytes(SIZE // 6) for number in range(6)}
        self.originals = {
            "a.safetensors": workload.safetensors(tensors),
            "b.safetensors": workload.safetensors({**tensors, "t1": self.dice.randbytes(SIZE // 6)}),
        }
        self.files = directory / "files"
        self.manifest = directory / "changing.toml"
        self.manifest.write_text(manifest(files=[{"name": "files", "source": "path:files"}]))
        self.lock = self.manifest.with_suffix(".lock")
        self.target = directory / "out" / "bundle"
        self.knapsack = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(directory / "index"))
        self.restore()
        start = time.monotonic()
        self.knapsack("lock", self.manifest).expect(0)
        self.locking = time.monotonic() - start
        self.locked = self.lock.read_bytes()
        start = time.monotonic()
        self.knapsack("pack", self.manifest, "--output", self.target).expect(0)
        self.packing = time.monotonic() - start
        self.bundle = contents(self.target)
        remove(self.target)

    def restore(self) -> None:
        remove(self.files)
        workload.write(self.files, self.originals)

    def run_while(self, change, seconds: float, *arguments) -> tuple[int, str]:
        """How a run ended during which a file changed."""
        process = self.knapsack.start(*arguments)
        time.sleep(seconds * self.dice.random())
        process.send_signal(signal.SIGSTOP)
        change(self.files / self.dice.choice(list(self.originals)), self.dice)
        process.send_signal(signal.SIGCONT)
        stdout, stderr = process.communicate(timeout=60)
        text = (stdout + stderr).decode()
        assert process.returncode in (0, 1, 2), (process.returncode, text)
        assert process.returncode == 0 or "error: " in text, text
        return process.returncode, text


@pytest.fixture(scope="module")
def case(knapsack, tmp_path_factory) -> Case:
    return Case(knapsack, tmp_path_factory.mktemp("changing"))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_lock_of_a_file_that_changes(case, change):
    """The lock states what a file was at one moment, or nothing is locked."""
    for _ in range(ROUNDS):
        case.restore()
        case.lock.unlink(missing_ok=True)
        code, text = case.run_while(change, case.locking, "lock", case.manifest, "--rehash")
        assert case.lock.exists() == (code == 0)
        if code == 0:
            now = {path.name: sha256(path) for path in case.files.iterdir() if path.is_file()}
            then = {name: sha256_of(content) for name, content in case.originals.items()}
            for file in read_lock(case.lock)["files"]["files"]:
                assert file["sha256"] in (now.get(file["path"]), then.get(file["path"])), text
            # What was remembered of it is not believed of what it is now.
            again, _ = case.run_while(lambda *_: None, 0, "lock", case.manifest)
            if again == 0:
                for file in read_lock(case.lock)["files"]["files"]:
                    assert file["sha256"] == now[file["path"]]
    case.restore()
    case.knapsack("lock", case.manifest).expect(0)
    assert case.lock.read_bytes() == case.locked


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("suffix", ["", ".tar.zst"])
def test_pack_of_a_file_that_changes(case, change, suffix):
    """What gets the bundle's name is what the lock states, or nothing gets it."""
    case.lock.write_bytes(case.locked)
    target = case.target.with_name(f"bundle{suffix}")
    for _ in range(ROUNDS if not suffix else 2):
        case.restore()
        code, text = case.run_while(
            change, case.packing, "pack", case.manifest, "--frozen", "--output", target
        )
        assert target.exists() == (code == 0), text
        if code == 0:
            case.knapsack("verify", target).expect(0)
            if not suffix:
                assert contents(target) == case.bundle
        remove(target)
    case.restore()
    case.knapsack("pack", case.manifest, "--frozen", "--output", target).expect(0)
    case.knapsack("verify", target).expect(0)
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    remove(target)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_unpack_of_a_bundle_that_changes(case, suffix, tmp_path):
    """What is restored is what the lock of the bundle states, file by file."""
    case.restore()
    case.lock.write_bytes(case.locked)
    target = tmp_path / "target"
    for number in range(ROUNDS):
        bundle = tmp_path / f"bundle{suffix}"
        case.knapsack("pack", case.manifest, "--frozen", "--output", bundle).expect(0)
        files = [bundle] if suffix else [path for path in bundle.rglob("*") if path.is_file() and path.stat().st_size > SIZE // 7]
        change = [overwrite, shrink, vanish, replace][number % 4]
        process = case.knapsack.start("unpack", bundle, "--to", target)
        time.sleep(case.packing * case.dice.random())
        process.send_signal(signal.SIGSTOP)
        victim = case.dice.choice(files)
        if victim.stat().st_size >= SIZE or change in (vanish, replace):
            change(victim, case.dice)
        else:
            os.truncate(victim, 100)
        process.send_signal(signal.SIGCONT)
        text = process.communicate(timeout=60)[1].decode()
        assert process.returncode in (0, 1, 2) and (process.returncode == 0 or "error: " in text), text
        for name in case.originals:
            restored = target / "files" / name
            assert not restored.exists() or restored.read_bytes() == case.originals[name]
            assert restored.exists() or process.returncode != 0
        assert not list(target.rglob("*.incomplete"))
        remove(target)
        remove(bundle)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
