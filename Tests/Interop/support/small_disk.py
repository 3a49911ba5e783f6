"""Runs something on a file system that is too small for it, in a mount namespace of its own.

Called with a JSON document on standard input: `disk` (an empty directory), `sizes` (mount options, one after the
other), `enough` (the option that lets the work succeed), `command`, `environment` and `prepare` (directories to
make). Prints, for each size, how the work ended and what it left, and the same for the next run with enough room.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ENOUGH = "size=256m,nr_inodes=100000"


def look(directory: Path) -> dict[str, str]:
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "directory"
    return found


def attempt(work: dict, disk: Path) -> dict:
    environment = {**os.environ, **work["environment"]}
    done = subprocess.run(work["command"], env=environment, capture_output=True, text=True, timeout=120)
    status = os.statvfs(disk)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    return {
        "code": done.returncode, "text": done.stdout + done.stderr, "files": look(disk), "used": used,
        "inodes": status.f_files - status.f_ffree,
    }  # fmt: skip


def main() -> None:
    work = json.load(sys.stdin)
    disk = Path(work["disk"])
    results = []
    for size in work["sizes"]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], check=True)
        for name, content in work["prepare"].items():
            (disk / name).write_text(content)
        first = attempt(work, disk)
        subprocess.run(["mount", "-o", f"remount,{ENOUGH}", disk], check=True)
        results.append({"size": size, "first": first, "second": attempt(work, disk)})
        subprocess.run(["umount", disk], check=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
