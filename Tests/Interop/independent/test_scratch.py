"""The loader's scratch where others can write: what it did not make is refused, what was changed is made again.

Models share tensors, so that files have to be rebuilt. As root the tests also run as an ordinary user (uid 65534).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from cli import manifest
from instances import model, write
from safetensors.numpy import save_file

USER = 65534
WHO = [pytest.param(uid, id=name, marks=[] if uid is None else pytest.mark.skipif(os.geteuid() != 0, reason="needs root")) for uid, name in ((None, "self"), (USER, "user"))]


class Place:
    """A bundle of three models, and directories that every user can reach."""

    def __init__(self, knapsack, root):
        self.root = root
        one, two, three = (np.random.default_rng(seed).standard_normal((128, 64)).astype(np.float32) for seed in range(3))
        self.digests = {}
        for name, tensors in (("a", {"x": one, "y": two}), ("b", {"x": one, "y": three}), ("c", {"x": three, "y": two})):
            write(root / name, model("model.safetensors"))
            save_file(tensors, root / name / "model.safetensors")
            self.digests[name] = hashlib.sha256((root / name / "model.safetensors").read_bytes()).hexdigest()
        (root / "m.toml").write_text(manifest(model=[{"name": name, "source": f"path:{name}"} for name in "abc"]))
        knapsack("pack", root / "m.toml", "-o", root / "input" / "b").expect(0)

    def scratch(self, uid):
        folder = self.root / f"t{len(list(self.root.glob('t*')))}"
        folder.mkdir()
        folder.chmod(0o1777)
        return folder, folder / f"knapsack-{os.geteuid() if uid is None else uid}"

    def start(self, folder, uid):
        code = (
            f"import sys, hashlib; sys.path.insert(0, {str(self.root / 'input' / 'b')!r}); import knapsack; knapsack.activate()\n"
            "for name in 'abc': print(name, hashlib.sha256(open(knapsack.path(name) + '/model.safetensors', 'rb').read()).hexdigest())"
        )
        python = shutil.which("python3", path="/usr/bin:/bin") if uid else sys.executable
        variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "KNAPSACK_SCRATCH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        drop = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        return subprocess.Popen([python, "-c", code], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **drop)

    def end(self, process):
        output, errors = process.communicate(timeout=100)
        if process.returncode == 0:
            assert dict(line.split() for line in output.splitlines()) == self.digests
        return process.returncode, errors

    def run(self, folder, uid):
        return self.end(self.start(folder, uid))


@pytest.fixture(scope="module")
def place(knapsack):
    # pytest's own directories are closed to other users, and are closed again whenever another run begins.
    with tempfile.TemporaryDirectory(prefix="scratch-") as root:
        Path(root).chmod(0o755)
        yield Place(knapsack, Path(root))


def owned(path, uid, mode):
    path.mkdir()
    if uid is not None:
        os.chown(path, uid, uid)
    path.chmod(mode)


STANDS = {
    "link": lambda at, uid: at.symlink_to("victim"),
    "file": lambda at, uid: at.write_text("x"),
    "pipe": lambda at, uid: os.mkfifo(at),
    "writable-for-all": lambda at, uid: owned(at, uid, 0o777),
    "writable-for-a-group": lambda at, uid: owned(at, uid, 0o775),
    "of-another-user": lambda at, uid: owned(at, 1234, 0o755),
}


@pytest.mark.parametrize("uid", WHO)
@pytest.mark.parametrize("case", STANDS)
def test_what_the_loader_did_not_make_is_refused(place, case, uid):
    if case == "of-another-user" and os.geteuid() != 0:
        pytest.skip("needs root")
    folder, at = place.scratch(uid)
    (folder / "victim").mkdir(mode=0o777)
    STANDS[case](at, uid)
    code, errors = place.run(folder, uid)
    assert code == 1 and str(at) in errors.splitlines()[-1]
    assert list((folder / "victim").iterdir()) == []


def test_scratch_in_which_all_may_replace_files_is_refused(place):
    folder, _ = place.scratch(None)
    folder.chmod(0o777)
    code, errors = place.run(folder, None)
    assert code == 1 and "sticky" in errors


def flip(path):
    times = path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def grown(path):
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"x")


def put(path, make):
    path.unlink()
    make(path)


CHANGES = {
    "one-bit": flip,
    "longer": grown,
    "empty": lambda path: put(path, lambda at: at.touch()),
    "gone": lambda path: path.unlink(),
    "link": lambda path: put(path, lambda at: at.symlink_to("/etc/hostname")),
    "directory": lambda path: put(path, lambda at: at.mkdir()),
    "pipe": lambda path: put(path, os.mkfifo),
    "writable": lambda path: path.chmod(0o666),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_rebuilt_file_that_was_changed_is_rebuilt(place, case):
    folder, _ = place.scratch(None)
    assert place.run(folder, None)[0] == 0
    rebuilt = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size > 60000]
    assert len(rebuilt) == 2
    CHANGES[case](rebuilt[0])
    assert place.run(folder, None)[0] == 0


@pytest.mark.parametrize("uid", WHO)
def test_eight_processes_at_once_agree(place, uid):
    folder, _ = place.scratch(uid)
    started = [place.start(folder, uid) for _ in range(8)]
    assert [place.end(process) for process in started] == [(0, "")] * 8


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_two_users_share_one_scratch(place):
    folder, _ = place.scratch(None)
    assert place.run(folder, None)[0] == 0
    assert place.run(folder, USER) == (0, "")
