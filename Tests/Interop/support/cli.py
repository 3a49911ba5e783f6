"""Runs the knapsack binary under test, and states what it left on disk."""

import hashlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Done:
    """How one run ended."""

    arguments: list[str]
    code: int
    stdout: str
    stderr: str

    def expect(self, *codes: int) -> "Done":
        """This run, if it ended with one of `codes`; otherwise the test fails with all that it printed."""
        assert self.code in codes, (
            f"knapsack {' '.join(self.arguments)}\nended with {self.code}, expected {codes}\n{self.stdout}{self.stderr}"
        )
        return self

    def json(self):
        return json.loads(self.stdout)

    @property
    def text(self) -> str:
        return self.stdout + self.stderr


@dataclass
class Knapsack:
    """The binary, with the caches and the digest index that its runs use."""

    binary: Path
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        base = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        return {**base, "KNAPSACK_CACHE_DIR": str(self.home / "index"), **self.variables}

    def with_caches(self, hub: Path | None = None, kagglehub: Path | None = None, **variables: str) -> "Knapsack":
        """The same binary with other caches, named by the variables that their own clients read."""
        nowhere = self.home / "no-cache"
        caches = {"HF_HUB_CACHE": str(hub or nowhere), "KAGGLEHUB_CACHE": str(kagglehub or nowhere)}
        return Knapsack(self.binary, self.home, {**self.variables, **caches, **variables})

    def start(self, *arguments: str | Path, cwd: Path | None = None) -> subprocess.Popen:
        return subprocess.Popen(
            [self.binary, *map(str, arguments)],
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, timeout: float = 120) -> Done:
        process = self.start(*arguments, cwd=cwd)
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        decoded = [output.decode(errors="replace") for output in (stdout, stderr)]
        return Done(list(map(str, arguments)), process.returncode, *decoded)


def manifest(name: str = "interop-models", head: str = "", **tables: list[dict]) -> str:
    """A manifest's text: `model=[{...}]`, `dataset=[{...}]` and so on become its entries."""
    lines = ["schema = 1", "", "[bundle]", f'name = "{name}"', 'owner = "tester"', 'title = "Interop models"']
    lines += ['license = "other"', head]
    for kind, entries in tables.items():
        for entry in entries:
            lines += ["", f"[[{kind}]]"]
            # A JSON string or list of strings reads the same in TOML.
            lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def read_lock(path: Path) -> dict[str, dict]:
    """The lock's entries by name."""
    return {entry["name"]: entry for entry in json.loads(path.read_text())["entries"]}


def digests(entry: dict) -> dict[str, str]:
    """The SHA-256 of every file of a lock's entry, by path."""
    return {file["path"]: file["sha256"] for file in entry["files"]}


def sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def contents(directory: Path) -> dict[str, str]:
    """Everything below a directory: the SHA-256 of each file, and what else there is under its own word."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        else:
            found[name] = sha256(path) if path.is_file() else "directory"
    return found
