"""`pack --link-mode` on file systems that can clone: a bundle of no space, proved all the same."""

import mmap
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli import manifest

KINDS = {"btrfs": ["mkfs.btrfs", "-q"], "xfs": ["mkfs.xfs", "-q", "-m", "reflink=1"]}
SIZE = 64 << 20


@pytest.fixture(params=KINDS)
def disk(request, tmp_path):
    """An empty file system that can clone, on a loop device."""
    program, *options = KINDS[request.param]
    if os.geteuid() != 0:
        pytest.skip("mounting a file system needs root")
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    image, mount = tmp_path / "image", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(400 << 20)
    subprocess.run([program, *options, image], check=True, capture_output=True)
    mount.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, mount], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mount: {done.stderr.strip()}")
    yield mount
    subprocess.run(["umount", mount], check=True)


def model(disk: Path) -> Path:
    folder = disk / "cache" / "model"
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(os.urandom(1 << 20) * (SIZE >> 20))
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    path = disk / "m.toml"
    path.write_text(manifest(files=[{"name": "model", "source": "path:cache/model"}]))
    return path


def used(disk: Path) -> int:
    os.sync()
    subprocess.run(["sync", "-f", disk], check=True)
    status = os.statvfs(disk)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


@pytest.mark.parametrize("mode", ["auto", "clone"])
def test_a_cloned_bundle_takes_no_space_and_keeps_its_bytes(knapsack, disk, mode):
    path = model(disk)
    knapsack("lock", path).expect(0)
    before = used(disk)
    done = knapsack("pack", path, "--output", disk / "bundle", "--link-mode", mode, "--json").expect(0)
    assert done.json()["shared"] >= SIZE
    assert used(disk) - before < SIZE // 4
    with (disk / "cache/model/weights.bin").open("r+b") as file:
        file.write(b"changed!")
    knapsack("verify", disk / "bundle").expect(0)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=disk / "bundle", check=True)


def test_what_the_lock_does_not_pin_is_not_cloned(knapsack, disk):
    path = model(disk)
    knapsack("lock", path).expect(0)
    with (disk / "cache/model/weights.bin").open("r+b") as file:
        file.write(b"changed!")
    done = knapsack("pack", path, "--output", disk / "bundle", "--frozen", "--link-mode", "clone")
    assert done.code != 0
    assert not (disk / "bundle").exists()


def test_a_copy_takes_its_space(knapsack, disk):
    path = model(disk)
    knapsack("lock", path).expect(0)
    before = used(disk)
    done = knapsack("pack", path, "--output", disk / "bundle", "--link-mode", "copy", "--json").expect(0)
    assert done.json()["shared"] == 0
    assert used(disk) - before >= SIZE


def test_clones_over_two_file_systems_are_refused_with_what_to_do(knapsack, disk, tmp_path):
    path = model(disk)
    knapsack("lock", path).expect(0)
    done = knapsack("pack", path, "--output", tmp_path / "bundle", "--link-mode", "clone").expect(2)
    assert "link-impossible" in done.text or "cannot clone" in done.text
    assert "--link-mode auto" in done.text
    knapsack("pack", path, "--output", tmp_path / "bundle").expect(0)


@pytest.mark.slow
def test_whoever_writes_to_a_cloned_file_meanwhile_makes_no_wrong_bundle(knapsack, disk):
    """Through a mapping that was there before: the kernel gives the file another time when it is written to after the clone."""
    path = model(disk)
    knapsack("lock", path).expect(0)
    file = (disk / "cache/model/weights.bin").open("r+b")
    generator = random.Random(15)
    packed = 0
    with mmap.mmap(file.fileno(), 0) as memory:
        original = memory[-8:]
        memory[:8] = memory[:8]
        for number in range(12):
            memory[-8:] = original
            memory.flush()
            time.sleep(2.2)  # a file that was left alone for so long is read in place of its clone
            bundle = disk / f"bundle-{number}"
            process = knapsack.start("pack", path, "--frozen", "--output", bundle, "--link-mode", "clone")
            time.sleep(generator.uniform(0, 0.12))
            memory[-8:] = b"changed!"
            process.communicate(timeout=60)
            assert (process.returncode == 0) == bundle.exists()
            if bundle.exists():
                packed += 1
                knapsack("verify", bundle).expect(0)
                shutil.rmtree(bundle)
    file.close()
    assert packed < 12


def test_a_file_that_was_left_alone_is_cloned_and_proved(knapsack, disk):
    path = model(disk)
    knapsack("lock", path).expect(0)
    time.sleep(2.1)
    knapsack("pack", path, "--output", disk / "bundle", "--link-mode", "clone").expect(0)
    knapsack("verify", disk / "bundle").expect(0)
    with (disk / "cache/model/weights.bin").open("r+b") as file:
        file.write(b"changed!")
    time.sleep(2.1)
    assert knapsack("pack", path, "--frozen", "--output", disk / "other", "--link-mode", "clone").code != 0
    assert not (disk / "other").exists()


EXCHANGE = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
one, two, stop = (os.fsencode(path) for path in sys.argv[1:])
while not os.path.exists(stop):
    for _ in range(200):
        libc.renameat2(-100, one, -100, two, 2)
"""


@pytest.mark.slow
def test_a_directory_that_is_exchanged_meanwhile_makes_no_wrong_bundle(knapsack, disk):
    """Another file may have the path at the moment at which it is cloned: what is proved is what was cloned."""
    path = model(disk)
    weights = disk / "cache/model/weights.bin"
    weights.write_bytes(os.urandom(1 << 16))
    knapsack("lock", path).expect(0)
    other = disk / "cache/other"
    shutil.copytree(weights.parent, other)
    (other / "weights.bin").write_bytes(os.urandom(1 << 16))
    time.sleep(2.2)
    stop = disk / "stop"
    process = subprocess.Popen([sys.executable, "-c", EXCHANGE, weights.parent, other, stop])
    try:
        packed = 0
        for number in range(60):
            bundle = disk / f"bundle-{number}"
            knapsack("pack", path, "--frozen", "--output", bundle, "--link-mode", "clone").expect(0, 1, 2)
            if bundle.exists():
                packed += 1
                knapsack("verify", bundle).expect(0)
        assert packed
    finally:
        stop.touch()
        process.wait()
