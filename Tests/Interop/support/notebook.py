"""A simulated Kaggle notebook with the internet off.

A cell runs in mount and network namespaces of its own: a bundle is mounted read-only under /kaggle/input, there
is no network, /tmp and HOME are empty, the caches that the bundle was made from are out of sight, and Kaggle's
environment variables are set. Everything happens inside the namespaces, so the machine keeps no trace.
Needs root, or user namespaces that anyone may create (Debian's default).
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# The shapes in which Kaggle mounts a dataset.
MOUNT_SHAPES = ("/kaggle/input/{slug}", "/kaggle/input/datasets/{owner}/{slug}")

# Makes a root directory out of the machine's own one, plus what the notebook has of its own. Arguments: the new
# root's mount point, the cell, how many mounts, then SOURCE TARGET of each mount, then the paths to keep in sight
# below /tmp, "--", and the paths to hide.
SETUP = r"""
set -eu
root=$1 cell=$2 mounts=$3
shift 3
mount -t tmpfs tmpfs "$root"
for entry in /* /.[!.]*; do
    name=${entry#/}
    case $name in
    tmp | kaggle | proc) continue ;;
    esac
    if [ -L "$entry" ]; then
        cp -P "$entry" "$root/$name"
    elif [ -d "$entry" ]; then
        mkdir "$root/$name"
        mount --rbind "$entry" "$root/$name"
    fi
done
mkdir -p "$root/proc" "$root/tmp" "$root/kaggle/input" "$root/kaggle/working" "$root/kaggle/temp" "$root/kaggle/home"
mount --rbind /proc "$root/proc"
chmod 1777 "$root/tmp"
mount -t tmpfs tmpfs "$root/kaggle/input"
cp "$cell" "$root/kaggle/cell.py"

while [ "$mounts" -gt 0 ]; do
    mkdir -p "$root$2"
    mount --bind "$1" "$root$2"
    mount -o remount,bind,ro,nosuid,nodev "$root$2"
    mounts=$((mounts - 1))
    shift 2
done
while [ "$1" != -- ]; do
    case $1 in
    /tmp/*)
        mkdir -p "$root$1"
        mount --rbind "$1" "$root$1"
        ;;
    esac
    shift
done
shift
for hidden in "$@"; do
    if [ -d "$root$hidden" ]; then mount -t tmpfs tmpfs "$root$hidden"; fi
done
mount -o remount,bind,ro "$root/kaggle/input"
exec chroot "$root" /bin/sh -c 'cd /kaggle/working && exec "$0" "$@"' "$PYTHON" /kaggle/cell.py
"""

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "HOME": "/kaggle/home",
    "KAGGLE_KERNEL_RUN_TYPE": "Interactive",
    "KAGGLE_DATA_PROXY_URL": "https://dp.kaggle.net",
    "KAGGLE_DATA_PROXY_TOKEN": "no-such-token",
    "KAGGLE_USER_SECRETS_TOKEN": "no-such-token",
    "KAGGLE_URL_BASE": "https://www.kaggle.com",
    "KAGGLE_DOCKER_IMAGE": "gcr.io/kaggle-images/python",
    # One thread makes sums come out in one order, so that results can be compared bit for bit.
    "OMP_NUM_THREADS": "1",
}

# The lines of a notebook that every bundle's README gives, with the dataset's name in the sentence.
ACTIVATE = """\
import sys, pathlib
loader = next(pathlib.Path("/kaggle/input").rglob("knapsack.py"), None)
assert loader, "attach the bundle's dataset to this notebook (Add Input), then run this cell again"
sys.path.insert(0, str(loader.parent))
import knapsack
knapsack.activate()
"""


@dataclass
class Output:
    """What a cell printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    def json(self):
        """The value that the cell's last line of output holds; the cell has to have ended well."""
        assert self.code == 0, f"the cell ended with {self.code}:\n{self.stdout}\n{self.stderr}"
        return json.loads(self.stdout.strip().splitlines()[-1])


def _as_needed() -> list[str]:
    return ["unshare", "--mount", "--net"] if os.geteuid() == 0 else ["unshare", "-r", "--mount", "--net"]


def run_cell(
    code: str,
    mounts: dict[str, Path],
    environment: dict[str, str] | None = None,
    hidden: tuple[Path, ...] = (),
    python: str = sys.executable,
    timeout: float = 300,
) -> Output:
    """Runs `code` with `mounts` (path in the notebook to directory here) in place, read-only.

    `hidden` directories are empty inside; so is everything below /tmp but the Python in use.
    """
    with tempfile.TemporaryDirectory(prefix="notebook-") as scratch:
        cell = Path(scratch, "cell.py")
        cell.write_text(code)
        root = Path(scratch, "root")
        root.mkdir()
        pairs = [str(part) for target, source in mounts.items() for part in (Path(source).resolve(), target)]
        keep = [sys.prefix, sys.base_prefix]
        shell = ["/bin/sh", "-c", SETUP, "notebook", str(root), str(cell), str(len(mounts)), *pairs]
        command = [*_as_needed(), *shell, *keep, "--", *map(str, hidden)]
        path = f"{Path(python).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        variables = {**ENVIRONMENT, "PATH": path, "PYTHON": python, **(environment or {})}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=timeout)
        return Output(done.returncode, done.stdout, done.stderr)


@functools.cache
def is_possible() -> bool:
    """Whether this machine lets the tests make namespaces at all."""
    return shutil.which("unshare") is not None and subprocess.run([*_as_needed(), "true"]).returncode == 0
