"""Bundles made by hand, in the format that `knapsack pack` writes: for the tests of the loader.

bundle = Bundle(tmp_path / "input" / "my-models")
bundle.add("minilm", "model", {"config.json": b"{}"}, hub=hub("org/minilm", "a" * 40))
bundle.write()
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

from project import LOADER

FOLDERS = {"model": "models", "dataset": "datasets", "wheels": "wheels", "files": "files"}
CLOSED = "http://127.0.0.1:9"  # the discard port: nothing listens there


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def hub(repo_id, commit, ref="main", repo_type="model"):
    """The `resolved` part of an entry from the Hugging Face cache."""
    return {"hub": {"commit": commit, "ref": ref, "repo_id": repo_id, "repo_type": repo_type}}


def kaggle(handle, type="model"):
    """The `resolved` part of an entry from the kagglehub cache."""
    return {"kaggle": {"handle": handle, "type": type}}


class At:
    """A file whose whole content is elsewhere in the bundle."""

    def __init__(self, at, content):
        self.at, self.content = at, content


class InBase:
    """A file that a base has whole."""

    def __init__(self, base, at, content):
        self.base, self.at, self.content = base, at, content


class Split:
    """A file that is stored in pieces: (at, offset, length) each, and behind them the base that has the piece if one
    does; with the content they add up to."""

    def __init__(self, content, *segments):
        self.content, self.segments = content, segments


def digest_of(base):
    """The digest of a bundle's lock, by which others refer to it."""
    return base if isinstance(base, str) else sha256((base.root / "knapsack.lock").read_bytes())


def stated(*bases, attach="team/{}"):
    """The keys of the lock of a bundle that builds on others."""
    records = [{"sha256": digest_of(base), "name": base.root.name, "attach": attach.format(base.root.name)} for base in bases]
    return {"version": 2, "bases": records}


class Bundle:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.entries = []
        self.root.mkdir(parents=True)

    def store(self, at, content):
        """Puts bytes anywhere in the bundle."""
        file = self.root / at
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def add(self, name, kind, files, resolved=None, source=None):
        """An entry: `files` maps a path to its bytes (stored at the natural path), an At or a Split."""
        records = []
        for path, content in files.items():
            record = {"path": path, "proof": "none"}
            if isinstance(content, InBase):
                record["at"], record["base"] = content.at, digest_of(content.base)
                content = content.content
            elif isinstance(content, At):
                record["at"] = content.at
                content = content.content
            elif isinstance(content, Split):
                record["segments"] = [dict(zip(("at", "offset", "length"), s)) for s in content.segments]
                for segment, values in zip(record["segments"], content.segments):
                    segment.update({"base": digest_of(base) for base in values[3:]})
                content = content.content
            else:
                self.store(f"{FOLDERS[kind]}/{name}/{path}", content)
            record.update(sha256=sha256(content), size=len(content))
            records.append(record)
        records.sort(key=lambda record: record["path"].encode())
        self.entries.append(
            {
                "name": name,
                "kind": kind,
                "asked": {"source": source or f"path:{name}"},
                "resolved": resolved or {},
                "files": records,
            }
        )
        return self

    def write(self, **changes):
        """The lock and the loader. `changes` replace keys of the lock."""
        lock = {
            "version": 1,
            "generator": "knapsack",
            "bundle": {"dedup": "tensor", "name": self.root.name},
            "entries": sorted(self.entries, key=lambda entry: str(entry["name"]).encode()),
        }
        lock.update(changes)
        (self.root / "knapsack.lock").write_text(json.dumps(lock, separators=(",", ":")) + "\n", "utf-8")
        shutil.copyfile(LOADER, self.root / "knapsack.py")
        return self


def run(bundle, code, *, env=None, scratch=None, check=True, arguments=(), sandbox=True, python=sys.executable):
    """Runs Python code that can `import knapsack` out of the bundle, in a process without network.

    With `sandbox` every connection fails at once, and the home directory is an empty one.
    """
    root = bundle.root if isinstance(bundle, Bundle) else pathlib.Path(bundle)
    scratch = pathlib.Path(scratch or root.parent / "scratch")
    home = scratch.parent / "home"
    home.mkdir(parents=True, exist_ok=True)
    clean = ("HF_", "HUGGINGFACE_", "KAGGLE", "TRANSFORMERS_", "KNAPSACK_", "PYTHON", "SENTENCE_")
    values = {name: value for name, value in os.environ.items() if not name.startswith(clean)}
    values.update(HOME=str(home), KNAPSACK_SCRATCH=str(scratch), PYTHONPATH=str(root))
    values["PYTHONDONTWRITEBYTECODE"] = "1"
    if sandbox:
        values.update(http_proxy=CLOSED, https_proxy=CLOSED, HTTP_PROXY=CLOSED, HTTPS_PROXY=CLOSED)
        guard = scratch.parent / "guard"
        guard.mkdir(exist_ok=True)
        (guard / "sitecustomize.py").write_text(_GUARD)
        values["PYTHONPATH"] = os.pathsep.join([str(root), str(guard)])
    values.update(env or {})
    return subprocess.run(
        [python, "-c", textwrap.dedent(code), *arguments],
        env={name: value for name, value in values.items() if value is not None},
        cwd=home,
        capture_output=True,
        text=True,
        check=check,
        timeout=300,
    )


_GUARD = """
import socket

def _refuse(*_, **__):
    raise OSError("there is no network in this test")

socket.socket.connect = _refuse
socket.socket.connect_ex = _refuse
socket.getaddrinfo = _refuse
"""
