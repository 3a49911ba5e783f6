"""Knapsack's loader: use the models of this bundle offline, with the code you already have.

In a notebook (the bundle is an attached dataset, the internet may be off):

    import sys, pathlib
    sys.path.insert(0, str(next(p.parent for p in pathlib.Path("/kaggle/input").rglob("knapsack.py"))))
    import knapsack
    knapsack.activate()                 # best before importing transformers or kagglehub

    AutoModel.from_pretrained("org/name")                             # unmodified, offline
    kagglehub.model_download("owner/model/framework/variation/1")     # unmodified, offline

    knapsack.models()                   # what is in the bundle
    knapsack.path("name")               # a directory, for everything that wants a path
    knapsack.tensors("name")            # the tensors of a safetensors model, mapped from the bundle
    knapsack.warm("name")               # read its files into the page cache, before their first use
    knapsack.install("wheels")          # pip install from the bundle's wheels, without an index
    knapsack.verify("full")             # SHA-256 of every file: "quick" (sizes), "sampled", "full"

In a shell:  python knapsack.py list | verify [--full] | path NAME | activate

The bundle is only ever read. The loader finds it by its own location (knapsack.lock lies beside this
file) and writes to a private scratch directory alone: links to the bundle's files in the shape of a
Hugging Face hub cache and of a kagglehub cache, and the files that the bundle stores in pieces, put
together again. `activate(scratch=...)` or the variable KNAPSACK_SCRATCH moves that directory; the
default is /kaggle/temp or the system's temporary directory.

Standard library only, Python 3.9 and later, Linux and macOS.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import re
import stat
import sys
import threading
import types
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

__all__ = [
    "activate",
    "path",
    "models",
    "verify",
    "install",
    "tensors",
    "warm",
    "Entry",
    "Tensor",
    "Verification",
    "Warmed",
    "KnapsackError",
    "VerifyError",
]

LOCK_VERSION = 1  # the newest version of knapsack.lock that this file reads
_LOCK_NAME = "knapsack.lock"
_VIEW_FORMAT = 1  # part of every view's key: a change of layout never meets an old view
_CHUNK = 1 << 20  # bytes that one call reads
_AHEAD = 8  # chunks of a file that threads read before they are asked for
_BLOCK = 16 << 20  # bytes that the system is told at once that they will be read
_FOLDERS = {"model": "models", "dataset": "datasets", "wheels": "wheels", "files": "files"}
_AGAIN = "download or attach the bundle again, or pack it anew"
_ELSEWHERE = "set KNAPSACK_SCRATCH to a directory of yours with enough space"


class KnapsackError(RuntimeError):
    """What is wrong and where, and what to do next, in one line."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__((f"{what}; {fix}" if fix else what).replace("\n", " "))


class VerifyError(KnapsackError):
    """The bundle differs from its lock; `problems` has one line for every file that does."""

    def __init__(self, what: str, fix: str = "", problems: Iterable[str] = ()) -> None:
        super().__init__(what, fix)
        self.problems = list(problems)


class Entry(NamedTuple):
    """One entry of the bundle, as `models()` lists it."""

    name: str  # what path() and install() take
    kind: str  # "model", "dataset", "wheels" or "files"
    source: str  # where it was packed from, as the manifest says it: "hf:org/name@main", or "from qwen as Q4_K_M"
    revision: str  # the commit or version that was packed; "" for a plain directory
    license: str  # "" where it is not known
    size: int  # bytes of all its files


class Verification(NamedTuple):
    """What `verify` looked at and found right. Every size was compared; only hashed files are proved."""

    level: str
    files: int  # distinct files that the lock names
    bytes: int
    hashed_files: int  # of these, read to the end and compared by SHA-256
    hashed_bytes: int

    def __str__(self) -> str:
        sizes = f"{self.level}: {self.files:,} files ({self.bytes:,} bytes) are there with the right size"
        if self.hashed_files == 0:
            return f"{sizes}; no content was read"
        if self.hashed_files == self.files:
            return f"{sizes}; SHA-256 of all of them holds"
        hashed = f"{self.hashed_files:,} of them ({self.hashed_bytes:,} bytes)"
        return f"{sizes}; SHA-256 of {hashed} holds, the content of the others was not read"


class Tensor(NamedTuple):
    """One tensor of a safetensors file, as `tensors()` gives it.

    What is written to `data`, or to an array made of it, changes this process's memory alone: never the
    bundle, never another tensor.
    """

    name: str
    dtype: str  # as safetensors spells it: "F32", "BF16", "F8_E4M3"
    shape: tuple[int, ...]
    data: memoryview  # its bytes: the elements row by row, little-endian

    def numpy(self) -> Any:
        """A numpy array of the same memory. For BF16 and F8 the package ml_dtypes has to be there."""
        import numpy  # type: ignore[import-not-found,unused-ignore]

        kind = _DTYPES[self.dtype][1]
        try:
            if not hasattr(numpy, kind):
                import ml_dtypes  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
            return numpy.ndarray(self.shape, kind, self.data)
        except (ImportError, TypeError) as error:
            what = f"{self.name}: numpy has no type for {self.dtype}"
            raise KnapsackError(what, "use torch(), the bytes in data, or install ml_dtypes") from error

    def torch(self) -> Any:
        """A torch tensor of the same memory; a copy if its address does not suit the type.

        As in safetensors, one element of torch's type for F4 is a pair.
        """
        import torch  # type: ignore[import-not-found,unused-ignore]

        bits, name = _DTYPES[self.dtype]
        kind = getattr(torch, name, None)
        shape = self.shape if bits >= 8 else (*self.shape[:-1], self.shape[-1] // 2)
        if kind is None or (bits < 8 and self.shape[-1] % 2):
            what = f"{self.name}: torch {torch.__version__} has no type for {self.dtype} {[*self.shape]}"
            raise KnapsackError(what, "take the bytes in data")
        if not self.data:
            return torch.empty(shape, dtype=kind)
        found = torch.frombuffer(self.data, dtype=kind)
        return (found.clone() if found.data_ptr() % found.element_size() else found).reshape(shape)


class Warmed(NamedTuple):
    """What `warm` read."""

    bytes: int
    seconds: float


# A mount keeps no bytecode, so every process compiles this file: it stays small, and a module that only
# some calls need is imported there.

# What a notebook calls --------------------------------------------------------------------------------


def activate(
    *,
    offline: bool = True,
    scratch: str | os.PathLike[str] | None = None,
    names: Iterable[str] | None = None,
) -> None:
    """Make huggingface_hub, transformers and kagglehub find this bundle's models, for this process and
    the processes it starts.

    Sets HF_HUB_CACHE and KAGGLEHUB_CACHE to views in the scratch directory and, unless `offline` is
    False, HF_HUB_OFFLINE=1 and HF_HUB_DISABLE_TELEMETRY=1. HF_HOME stays as it is, so whatever writes
    there goes on working. Libraries that are already imported are told, too. In this process kagglehub
    asks the bundle before Kaggle, for handles with the bundled version and without a version, also with
    `path=` and `output_dir=`; a process that only inherits the variables finds versioned handles.

    `names` limits what is made ready now. Files that the bundle stores in pieces are put together in the
    scratch directory: without `names`, those of all Hugging Face entries; with `names`, those of the
    entries named. Any other entry's files follow when `kagglehub` or `path(name)` first asks for it.

    It may be called again at any time, from any thread, and costs next to nothing then.
    """
    with _mutex:
        bundle = _load_bundle()
        bundle.require_sizes()
        if names is None:
            chosen = [entry for entry in bundle.entries.values() if entry.hub]
        else:
            chosen = [bundle.entry(name) for name in ([names] if isinstance(names, str) else names)]
        place = _open_place(bundle, scratch, is_writable=not offline)
        place.build_views()
        place.make_ready(chosen)
        _state.place, _state.offline = place, offline
        os.environ.update(_environment(place, offline))
        _tell_imported_modules(place, offline)
        _serve_kagglehub()


def path(name: str) -> str:
    """The directory of one entry, with all its files under their own names.

    It is the bundle's own directory where every file lies there, else a directory of links in scratch;
    files that are stored in pieces are put together first. Works without `activate()`.
    """
    with _mutex:
        bundle = _load_bundle()
        entry = bundle.entry(name)
        bundle.require_sizes()
        if entry.is_natural:
            return os.path.join(bundle.root, entry.folder)
        place = _state.place or _open_place(bundle)
        place.make_ready([entry])
        return place.entry_view(entry)


def models() -> list[Entry]:
    """The bundle's entries (models, datasets, wheels, files) in the order of their names."""
    return [entry.record for entry in _load_bundle().entries.values()]


def verify(level: str = "quick", *, budget: int = 1 << 30) -> Verification:
    """Compare the bundle with its lock. Raises VerifyError where they differ, else says what was compared.

    "quick" compares the size of every file and reads none. "full" also reads every file and compares its
    SHA-256, with several threads. "sampled" does that for whole files up to `budget` bytes: half of the
    budget goes to the smallest files (configs, tokenizers), the rest to files in the order of their
    digest, as far as they fit. The sample is the same on every run; files outside it are not proved.
    """
    if level not in ("quick", "sampled", "full"):
        raise KnapsackError(f"verify has no level {level!r}", 'use "quick", "sampled" or "full"')
    bundle = _load_bundle()
    problems = bundle.size_problems()
    contents = {
        (file.stored, file.sha256): file for entry in bundle.entries.values() for file in entry.files.values()
    }
    files = list(contents.values())
    sample = [] if level == "quick" else files if level == "full" else _sample(files, budget)
    sound = [file for file in sample if not any(span.at in problems for span in file.spans)]
    sound.sort(key=lambda file: file.size, reverse=True)

    def check(file: _File) -> tuple[str, str] | None:
        digest = hashlib.sha256()
        try:
            for chunk in _read(bundle.root, file.spans, readers):
                digest.update(chunk)
        except KnapsackError as error:
            return file.label, f"no digest, {error}"
        if digest.hexdigest() != file.sha256:
            return file.label, f"expected sha256 {file.sha256}, found {digest.hexdigest()}"
        return None

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as readers, ThreadPoolExecutor(min(8, os.cpu_count() or 4)) as pool:
        problems.update(found for found in pool.map(check, sound) if found)
    if problems:
        lines = [f"{where}: {what}" for where, what in sorted(problems.items())]
        what = f"{_count(len(lines), 'file')} of the bundle at {bundle.root} not as in its lock: {lines[0]}"
        raise VerifyError(what, _AGAIN, lines)
    total = sum(file.size for file in files)
    return Verification(level, len(files), total, len(sample), sum(file.size for file in sample))


def install(name: str, *packages: str) -> None:
    """pip install from the wheels entry `name`, into this interpreter and without an index.

    `packages` are requirements as pip takes them; without any, every project of the entry is installed, and
    of one with several wheels pip takes the newest that fits this Python and goes with the others.
    """
    import subprocess

    entry = _load_bundle().entry(name)
    directory = path(name)
    wheels = [os.path.join(directory, file) for file in sorted(entry.files) if file.endswith(".whl")]
    if not wheels:
        raise KnapsackError(f"{name} ({entry.kind}) has no .whl file", "name an entry of kind wheels")
    options = "-m pip install --no-index --disable-pip-version-check --no-input"
    command = [sys.executable, *options.split()]
    for folder in sorted({os.path.dirname(wheel) for wheel in wheels}):
        command += ["--find-links", folder]
    if not packages:
        projects: dict[str, list[str]] = {}
        for wheel in wheels:
            project = re.sub("[-_.]+", "-", os.path.basename(wheel).split("-")[0]).lower()
            projects.setdefault(project, []).append(wheel)
        # By its path a wheel replaces another version that is installed; by its name only with --upgrade.
        packages = tuple(files[0] if len(files) == 1 else name for name, files in projects.items())
        command += ["--upgrade"] if len(projects) < len(wheels) else []
    # A source distribution would have to be built, with packages from the index.
    command += ["--only-binary", ":all:", "--", *packages]
    # pip's lines go through print, as a notebook shows only what Python itself writes.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            print(line, end="")
    if pip.returncode != 0:
        raise KnapsackError(f"pip ended with {pip.returncode} for {name}", "its own lines above say why")
    importlib.invalidate_caches()


def tensors(name: str, *paths: str) -> Iterator[Tensor]:
    """The tensors of a safetensors entry, mapped straight from the bundle: nothing is copied or written.

        state = {tensor.name: tensor.torch() for tensor in knapsack.tensors("qwen")}
        model.load_state_dict(state, assign=True)

        for name, dtype, shape, data in knapsack.tensors("qwen"): ...  # data is a memoryview

    They come in the order of their bytes, file by file, and are valid for as long as they are used. Two
    kinds are copies in memory: a tensor that the bundle stores in several pieces and, of tensors that it
    stores once for several names, those after the first, so that no two share memory.

    The files are those in the entry's top directory or, where that has none, all below it. Where a
    directory has an index (*.safetensors.index.json), they are those that it names, in its order. `paths`
    are files, indexes or directories of the entry to take instead. A name may occur only once. All
    headers are checked by the time this returns; the content is not: verify("full") does that.
    """
    bundle = _load_bundle()
    entry = bundle.entry(name)
    bundle.require_sizes()
    contents = [_Content(bundle.root, entry.files[path]) for path in _choose_files(bundle, entry, paths)]
    headers = [_read_header(name, content) for content in contents]
    owners: dict[str, str] = {}
    for content, header in zip(contents, headers):
        for item in header:
            path = owners.setdefault(item[2], content.file.path)
            if path != content.file.path:
                what = f"{name}: tensor {item[2]!r:.100} is in {path} and in {content.file.path}"
                raise KnapsackError(what, f"name the files to take: tensors({name!r}, {path!r})")
    return _map_tensors(bundle.root, list(zip(contents, headers)))


def warm(*names: str) -> Warmed:
    """Read the stored files of these entries, or of all, into the page cache, with many threads at once.

    For a bundle on a network mount, whose files a library would read one after the other.
    """
    import time
    from concurrent.futures import ThreadPoolExecutor

    start = time.perf_counter()
    bundle = _load_bundle()
    chosen = [bundle.entry(name) for name in names] or list(bundle.entries.values())
    bundle.require_sizes()
    blocks: list[_Span] = []
    last, end = "", 0
    for at, offset, length in sorted(
        {span for entry in chosen for file in entry.files.values() for span in file.spans}
    ):
        end = end if at == last else 0  # up to here this stored file is in blocks already
        for place in range(max(offset, end), offset + length, _BLOCK):
            blocks.append(_Span(at, place, min(_BLOCK, offset + length - place)))
        last, end = at, max(end, offset + length)

    def read(block: _Span) -> int:
        return sum(map(len, _read(bundle.root, (block,))))

    with ThreadPoolExecutor(16) as pool:
        return Warmed(sum(pool.map(read, blocks)), time.perf_counter() - start)


# The lock ---------------------------------------------------------------------------------------------


class _Span(NamedTuple):
    """`length` bytes at `offset` of the stored file `at`."""

    at: str
    offset: int
    length: int


class _File(NamedTuple):
    path: str
    size: int
    sha256: str
    stored: str | None  # where the whole content lies in the bundle; None: it is stored in pieces
    spans: tuple[_Span, ...]  # the content, in order

    @property
    def label(self) -> str:
        return self.stored or f"{self.path} (put together from {_count(len(self.spans), 'piece')})"


class _Entry:
    def __init__(self, record: dict[str, Any]) -> None:
        self.name = _text(record, "name", _NAME)
        self.kind = _text(record, "kind")
        if self.kind not in _FOLDERS:
            raise ValueError(f'"kind" is {self.kind!r}, expected one of {", ".join(_FOLDERS)}')
        self.folder = folder = f"{_FOLDERS[self.kind]}/{self.name}"
        self.files: dict[str, _File] = {}
        self.is_natural = True
        for item in _field(record, "files", list):
            file = _parse_file(item, folder)
            if self.files.setdefault(file.path, file) is not file:
                raise ValueError(f"{file.path} is listed twice")
            self.is_natural = self.is_natural and file.stored == f"{folder}/{file.path}"
        self.is_natural = self.is_natural and bool(self.files)
        resolved = record.get("resolved") or {}
        self.hub = _parse_hub(resolved["hub"]) if "hub" in resolved else None
        self.kaggle = _parse_kaggle(resolved["kaggle"]) if "kaggle" in resolved else None
        revision = self.hub.commit if self.hub else str(self.kaggle.version) if self.kaggle else ""
        self.record = Entry(
            self.name,
            self.kind,
            _origin(record.get("asked") or {}),
            revision,
            str((resolved.get("license") or {}).get("id", "")),
            sum(file.size for file in self.files.values()),
        )

    @property
    def split_files(self) -> list[_File]:
        """The files that the bundle stores in pieces."""
        return [file for file in self.files.values() if file.stored is None]


class _Hub(NamedTuple):
    folder: str  # "models--org--name"
    repo_id: str
    commit: str
    ref: str


class _Kaggle(NamedTuple):
    type: str  # "model" or "dataset"
    parts: tuple[str, ...]  # owner, model, framework, variation; or owner, slug
    version: int

    @property
    def directory(self) -> str:
        """Below the cache: where the versions of this model or dataset lie."""
        return "/".join([f"{self.type}s", *self.parts])

    @property
    def data(self) -> str:
        """Below `directory`: where the files of this version lie."""
        return str(self.version) if self.type == "model" else f"versions/{self.version}"


_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REPO_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
# An empty component (also a leading or trailing slash), "." or "..", or a NUL.
_UNSAFE = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)|\0")


def _origin(asked: dict[str, Any]) -> str:
    """Where an entry was packed from, or what it was made out of."""
    if "from" not in asked:
        return str(asked.get("source", ""))
    made = asked.get("gguf") or asked.get("dtype")
    return f"from {asked['from']}" + (f" as {made}" if made else "")


def _field(record: Any, key: str, kind: type) -> Any:
    value = record[key]
    if type(value) is not kind:
        raise ValueError(f'"{key}" is {value!r:.60}, expected {kind.__name__}')
    return value


def _text(record: Any, key: str, pattern: re.Pattern[str] | None = None) -> str:
    value: str = _field(record, key, str)
    if pattern and not pattern.fullmatch(value):
        raise ValueError(f'"{key}" is {value!r:.100}, expected {pattern.pattern}')
    return value


def _safe_path(record: Any, key: str) -> str:
    value = _text(record, key)
    if _UNSAFE.search(value):
        raise ValueError(f'"{key}" is {value!r:.100}, which is not a plain relative path')
    value.encode()  # a lone surrogate is no file name
    return value


def _amount(record: Any, key: str) -> int:
    value: int = _field(record, key, int)
    if value < 0:
        raise ValueError(f'"{key}" is {value}, which is negative')
    return value


def _parse_file(record: Any, folder: str) -> _File:
    name, size, sha256 = _safe_path(record, "path"), _amount(record, "size"), _text(record, "sha256", _DIGEST)
    if "segments" not in record:
        stored = _safe_path(record, "at") if "at" in record else f"{folder}/{name}"
        return _File(name, size, sha256, stored, (_Span(stored, 0, size),))
    spans = tuple(
        _Span(_safe_path(item, "at"), _amount(item, "offset"), _amount(item, "length"))
        for item in _field(record, "segments", list)
    )
    if sum(span.length for span in spans) != size:
        raise ValueError(f"the segments of {name} do not add up to its size {size}")
    return _File(name, size, sha256, None, spans)


def _parse_hub(record: Any) -> _Hub:
    kind, repo = _text(record, "repo_type"), _text(record, "repo_id")
    parts = repo.split("/")
    if kind not in ("model", "dataset", "space"):
        raise ValueError(f'"repo_type" is {kind!r}, expected model, dataset or space')
    if len(parts) > 2 or "--" in repo or not all(_REPO_PART.fullmatch(part) for part in parts):
        raise ValueError(f'"repo_id" is {repo!r:.100}, which is no repository of the Hub')
    commit = _text(record, "commit", _COMMIT)
    return _Hub("--".join([f"{kind}s", *parts]), repo, commit, _safe_path(record, "ref"))


def _parse_kaggle(record: Any) -> _Kaggle:
    kind, handle = _text(record, "type"), _safe_path(record, "handle")
    parts = handle.split("/")
    is_model = kind == "model" and len(parts) == 5
    is_dataset = kind == "dataset" and len(parts) == 4 and parts[2] == "versions"
    if not (is_model or is_dataset) or not re.fullmatch(r"[1-9][0-9]{0,8}", parts[-1]):
        raise ValueError(f'"handle" is {handle!r:.100}, which is no {kind} handle with its version')
    return _Kaggle(kind, tuple(parts[:-1] if is_model else parts[:2]), int(parts[-1]))


# The bundle -------------------------------------------------------------------------------------------


class _Bundle:
    """The mounted bundle: its root, its lock, and what lies in it. Never written to."""

    def __init__(self, root: str) -> None:
        self.root = root
        lock = os.path.join(root, _LOCK_NAME)
        try:
            with open(lock, "rb") as source:
                content = source.read()
        except OSError as error:
            raise KnapsackError(f"{lock}: cannot be read ({error.strerror})", _AGAIN) from error
        self.digest = hashlib.sha256(content).hexdigest()
        try:
            data = json.loads(content)
            version = _amount(data, "version")
            if version > LOCK_VERSION:
                what = f"{lock}: version {version} is newer than this loader, which reads {LOCK_VERSION}"
                raise KnapsackError(what, "use the knapsack.py that was packed with this lock")
            entries = [self._parse_entry(item) for item in _field(data, "entries", list)]
            self.entries = {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}
            if len(self.entries) != len(entries):
                raise ValueError("two entries have the same name")
        except KeyError as error:
            raise KnapsackError(f"{lock}: malformed: {error} is missing", _AGAIN) from error
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise KnapsackError(f"{lock}: malformed: {error}", _AGAIN) from error
        self.kaggle: dict[_Kaggle, list[_Entry]] = {}
        for entry in self.entries.values():
            if entry.kaggle:
                self.kaggle.setdefault(entry.kaggle, []).append(entry)
        self._is_checked = False
        self._counts: dict[str, int] = {}

    @property
    def counts(self) -> dict[str, int]:
        """For every directory of entries' files: how many files the bundle has below it."""
        if not self._counts:
            for entry in self.entries.values():
                for file in entry.files.values():
                    folder = f"{entry.folder}/{file.path}"
                    while folder and file.stored == f"{entry.folder}/{file.path}":
                        folder = folder.rpartition("/")[0]
                        self._counts[folder] = self._counts.get(folder, 0) + 1
        return self._counts

    @staticmethod
    def _parse_entry(record: Any) -> _Entry:
        try:
            return _Entry(record)
        except KeyError as error:
            raise ValueError(f"entry {record.get('name')!r:.80}: {error} is missing") from error
        except (ValueError, TypeError, AttributeError) as error:
            name = record.get("name") if isinstance(record, dict) else record
            raise ValueError(f"entry {name!r:.80}: {error}") from error

    def entry(self, name: str) -> _Entry:
        found = self.entries.get(name)
        if found:
            return found
        import difflib

        close = [entry.name for entry in self.entries.values() if entry.hub and entry.hub.repo_id == name]
        close += difflib.get_close_matches(str(name), self.entries, 3)
        known = ", ".join(self.entries) or "none"
        hint = f"did you mean {' or '.join(close)}?" if close else f"its entries: {known}"
        raise KnapsackError(f"the bundle at {self.root} has no entry {name!r}", hint)

    def size_problems(self) -> dict[str, str]:
        """Where a stored file is missing or has another size than the lock says."""
        found: dict[str, int] = {}
        for folder in (*_FOLDERS.values(), "store"):
            _scan(os.path.join(self.root, folder), folder, found)
        problems: dict[str, str] = {}
        for entry in self.entries.values():
            for file in entry.files.values():
                for at, offset, length in file.spans:
                    size = found.get(at)
                    if size is None:
                        problems[at] = "is missing"
                    elif size != length if file.stored else size < offset + length:
                        problems[at] = f"has {size:,} bytes, expected {offset + length:,}"
        return problems

    def require_sizes(self) -> None:
        """Once a process: no stored file is missing or cut short."""
        if self._is_checked:
            return
        problems = self.size_problems()
        if problems:
            at, what = min(problems.items())
            more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
            what = f"{os.path.join(self.root, at)} {what}{more}, the bundle is incomplete"
            raise KnapsackError(what, f"{_AGAIN}; verify() lists all that is wrong")
        self._is_checked = True


def _scan(directory: str, prefix: str, found: dict[str, int]) -> None:
    """The sizes of all regular files below `directory`; linked directories are not entered."""
    try:
        with os.scandir(directory) as items:
            for item in items:
                name = f"{prefix}/{item.name}"
                if item.is_dir(follow_symlinks=False):
                    _scan(item.path, name, found)
                    continue
                with contextlib.suppress(OSError):  # a dangling link counts as missing
                    status = item.stat()
                    if stat.S_ISREG(status.st_mode):
                        found[name] = status.st_size
    except FileNotFoundError:
        pass
    except OSError as error:
        raise KnapsackError(f"{directory}: cannot be listed ({error.strerror})", _AGAIN) from error


def _read(
    root: str, spans: Sequence[_Span], pool: Executor | None = None, output: int | None = None
) -> Generator[memoryview, None, None]:
    """The bytes of these spans in order, in chunks that are valid until the next one.

    Threads of the pool read ahead, and write what they read to the descriptor `output`.
    """
    from collections import deque

    size = sum(span.length for span in spans)
    opened: dict[str, int] = {}
    waiting: deque[Future[memoryview]] = deque()
    spare: list[Any] = []  # new memory for every chunk would cost as much as copying it does

    def chunks() -> Iterator[tuple[str, int, int, int]]:
        place = 0
        for at, offset, length in spans:
            with _reading(root, at):
                if at not in opened:
                    opened[at] = os.open(os.path.join(root, at), os.O_RDONLY)
                if hasattr(os, "posix_fadvise"):
                    os.posix_fadvise(opened[at], offset, min(length, _BLOCK), os.POSIX_FADV_WILLNEED)
            for start in range(0, length, _CHUNK):
                yield at, offset + start, min(_CHUNK, length - start), place + start
            place += length

    def fetch(chunk: tuple[str, int, int, int]) -> memoryview:
        at, start, length, place = chunk
        try:
            view = memoryview(spare.pop())[:length]
        except IndexError:
            view = memoryview(bytearray(min(size, _CHUNK)))[:length]
        done = 0
        while done < length:
            with _reading(root, at):
                done += _pread(opened[at], view[done:], start + done)
        done = 0
        while output is not None and done < length:
            done += os.pwrite(output, view[done:], place + done)
        return view

    def ahead(pool: Executor) -> Iterator[memoryview]:
        for chunk in chunks():
            waiting.append(pool.submit(fetch, chunk))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        for view in map(fetch, chunks()) if pool is None or size <= _CHUNK else ahead(pool):
            yield view
            spare.append(view.obj)
    finally:
        for future in waiting:
            if not future.cancel():
                future.exception()  # waits, as the descriptors are still in use
        for descriptor in opened.values():
            os.close(descriptor)


def _pread(source: int, view: memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        count = os.preadv(source, [view], offset)
    else:
        content = os.pread(source, len(view), offset)
        count = len(content)
        view[:count] = content
    if not count:
        raise EOFError
    return count


@contextlib.contextmanager
def _reading(root: str, at: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        what = getattr(error, "strerror", None) or "it ends too early"
        raise KnapsackError(f"{os.path.join(root, at)}: cannot be read ({what})", _AGAIN) from error


def _sample(files: list[_File], budget: int) -> list[_File]:
    """Whole files up to `budget` bytes: half of it smallest first, the rest in the order of the digests."""
    ordered = sorted(files, key=lambda file: (file.size, file.sha256))
    chosen: list[_File] = []
    used = 0
    for file in ordered:
        if used + file.size > budget // 2:
            break
        chosen.append(file)
        used += file.size
    for file in sorted(ordered[len(chosen) :], key=lambda file: file.sha256):
        if used + file.size <= budget:
            chosen.append(file)
            used += file.size
    return chosen


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


# Tensors ----------------------------------------------------------------------------------------------

_INDEX = ".safetensors.index.json"
_DTYPES = {  # of safetensors: bits of an element, and the type's name in numpy, ml_dtypes and torch
    "BOOL": (8, "bool"),
    "F4": (4, "float4_e2m1fn_x2"),
    "F6_E2M3": (6, ""),
    "F6_E3M2": (6, ""),
    "U8": (8, "uint8"),
    "I8": (8, "int8"),
    "F8_E5M2": (8, "float8_e5m2"),
    "F8_E4M3": (8, "float8_e4m3fn"),
    "F8_E8M0": (8, "float8_e8m0fnu"),
    "F8_E4M3FNUZ": (8, "float8_e4m3fnuz"),
    "F8_E5M2FNUZ": (8, "float8_e5m2fnuz"),
    "I16": (16, "int16"),
    "U16": (16, "uint16"),
    "F16": (16, "float16"),
    "BF16": (16, "bfloat16"),
    "I32": (32, "int32"),
    "U32": (32, "uint32"),
    "F32": (32, "float32"),
    "C64": (64, "complex64"),
    "F64": (64, "float64"),
    "I64": (64, "int64"),
    "U64": (64, "uint64"),
}


# Of one tensor: its first byte in the file and the one after its last, its name, dtype and shape.
_Header = tuple[int, int, str, str, tuple[int, ...]]


class _Content:
    """The content of a file of the lock, of which any range can be read or found in the bundle."""

    def __init__(self, root: str, file: _File) -> None:
        self.root = root
        self.file = file
        self.starts = [0]  # where each span starts in the file, and where the last one ends
        for span in file.spans:
            self.starts.append(self.starts[-1] + span.length)

    def pieces(self, start: int, stop: int) -> list[_Span]:
        from bisect import bisect

        found = []
        number = bisect(self.starts, start) - 1
        while start < stop:
            at, offset, length = self.file.spans[number]
            skipped = start - self.starts[number]
            count = min(length - skipped, stop - start)
            if count:
                found.append(_Span(at, offset + skipped, count))
            start += count
            number += 1
        return found

    def read(self, start: int, stop: int) -> bytearray:
        content, end = bytearray(stop - start), 0
        for chunk in _read(self.root, self.pieces(start, stop)):
            content[end : end + len(chunk)] = chunk
            end += len(chunk)
        return content


class _Maps:
    """The bundle's files as private memory, of which each byte is given away once."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.maps: dict[str, memoryview] = {}
        self.taken: dict[str, list[tuple[int, int]]] = {}  # ranges of a file in ascending order

    def take(self, span: _Span) -> memoryview | None:
        """The span's memory; None: a part of it was given away before."""
        from bisect import bisect

        at, start, stop = span.at, span.offset, span.offset + span.length
        taken = self.taken.setdefault(at, [])
        place = bisect(taken, (start, stop))
        if any(first < stop and start < last for first, last in taken[max(place - 1, 0) : place + 1]):
            return None
        taken.insert(place, (start, stop))
        with _reading(self.root, at):
            if at not in self.maps:
                self.maps[at] = self._map(at)
            found = self.maps[at][start:stop]
            if len(found) < span.length:
                raise EOFError
            return found

    def _map(self, at: str) -> memoryview:
        import mmap

        # Without MAP_NORESERVE, Linux refuses a writable mapping that is larger than the machine's memory.
        # Python has the name from 3.13 on.
        linux = 0x4000 if sys.platform == "linux" and os.uname().machine in ("x86_64", "aarch64") else 0
        flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_NORESERVE", linux)
        with open(os.path.join(self.root, at), "rb", buffering=0) as source:
            return memoryview(mmap.mmap(source.fileno(), 0, flags, mmap.PROT_READ | mmap.PROT_WRITE))


def _map_tensors(root: str, files: list[tuple[_Content, list[_Header]]]) -> Iterator[Tensor]:
    maps = _Maps(root)
    for content, header in files:
        for start, stop, name, dtype, shape in header:
            pieces = content.pieces(start, stop)
            data = maps.take(pieces[0]) if len(pieces) == 1 else None
            # A copy is read from the bundle: the memory that was given away may have been written to.
            yield Tensor(name, dtype, shape, memoryview(content.read(start, stop)) if data is None else data)


def _choose_files(bundle: _Bundle, entry: _Entry, paths: Iterable[str]) -> list[str]:
    """The paths of the files that tensors() takes, in its order, each once."""

    def inside(folder: str) -> list[str]:
        files = [path for path in entry.files if path.startswith(folder)]
        files = [path for path in files if path.endswith((".safetensors", _INDEX))]
        return [path for path in files if "/" not in path[len(folder) :]] or files

    chosen: list[str] = []
    for asked in paths or [""]:
        files = [asked] if asked in entry.files else inside(asked and f"{asked.rstrip('/')}/")
        if not files:
            what = f"{entry.name} has no safetensors file" + (f" at {asked!r}" if asked else "")
            raise KnapsackError(what, f"path({entry.name!r}) is the directory of all that it has")
        shards = {path: _shards(bundle, entry, path) for path in files if path.endswith(_INDEX)}
        indexed = {os.path.dirname(path) for path in shards}
        for path in files:
            if path in shards:
                chosen += shards[path]
            elif os.path.dirname(path) not in indexed:
                chosen.append(path)
    return list(dict.fromkeys(chosen))


def _shards(bundle: _Bundle, entry: _Entry, index: str) -> list[str]:
    file = entry.files[index]
    folder = index[: index.rfind("/") + 1]
    try:
        names = json.loads(_Content(bundle.root, file).read(0, file.size))["weight_map"].values()
        shards = [folder + name for name in dict.fromkeys(names)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{entry.name}: {index} is no index of shards ({error!r:.100})"
        raise KnapsackError(what, "name the files to take: tensors(name, path, ...)") from error
    missing = [path for path in shards if path not in entry.files]
    if missing:
        what = f"{entry.name}: {index} names {missing[0]!r:.100}, which the entry does not have"
        raise KnapsackError(what, "pack it with all of its shards")
    return shards


def _read_header(entry: str, content: _Content) -> list[_Header]:
    """What a file's header says of its tensors, in the order of their bytes.

    What the safetensors package refuses is refused, and so is a name that occurs twice, of which it takes
    the last.
    """
    size = content.file.size
    try:
        length = int.from_bytes(content.read(0, 8), "little") if size >= 8 else size
        if length > min(size - 8, 100_000_000):
            raise ValueError(f"a header of {length:,} bytes does not fit into {size:,} bytes or the format")
        return _parse_header(content.read(8, 8 + length).decode(), 8 + length, size)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        what = f"{entry}: {content.file.path} is no sound safetensors file: {error!s:.300}"
        raise KnapsackError(what, f"path({entry!r}) has the file as it is") from error


def _parse_header(text: str, start: int, size: int) -> list[_Header]:
    header = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    if type(header) is not dict:
        raise ValueError("its header is no object")
    metadata = header.pop("__metadata__", None)
    metadata = {} if metadata is None else metadata
    if type(metadata) is not dict or any(type(value) is not str for value in metadata.values()):
        raise ValueError("its __metadata__ is no object of strings")
    found: list[_Header] = []
    for name, record in header.items():
        name.encode()  # a lone surrogate is no text
        dtype, shape, place = map(record.get, ("dtype", "shape", "data_offsets"))
        if type(dtype) is not str or dtype not in _DTYPES:
            raise ValueError(f"tensor {name!r:.100} has the unknown dtype {dtype!r:.40}")
        if type(shape) is not list or type(place) is not list or len(place) != 2:
            raise ValueError(f"tensor {name!r:.100} has no shape or no two data_offsets")
        if any(type(number) is not int or number < 0 for number in (*shape, *place)):
            raise ValueError(f"tensor {name!r:.100} has a shape or data_offsets that are no sizes")
        found.append((start + place[0], start + place[1], name, dtype, tuple(shape)))
    found.sort()
    end = start
    for first, last, name, dtype, shape in found:
        if first != end:
            raise ValueError(f"tensor {name!r:.100} starts at byte {first}, the one before ends at {end}")
        bits = _DTYPES[dtype][0]
        count = 1
        for number in shape:
            count *= number
            if count * bits >> 64:
                raise ValueError(f"tensor {name!r:.100} is larger than 64 bits can say")
        if count * bits != (last - first) * 8:
            what = f"tensor {name!r:.100} has {last - first} bytes"
            raise ValueError(f"{what}, {dtype} and its shape make {count * bits} bits")
        end = last
    if end != size:
        raise ValueError(f"its tensors end at byte {end}, the file at {size}")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(name for name, other in zip(names, names[1:]) if name == other)
        raise ValueError(f"{twice!r:.100} occurs twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# The scratch directory and the views in it ------------------------------------------------------------


class _Plan:
    """What a view consists of, by path."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.links: dict[str, str] = {}  # to their targets
        self.texts: dict[str, str] = {}  # small files, with their content


def _merge(entries: list[_Entry]) -> dict[str, _File]:
    """Entries may take different files of one revision; the first one's copy of a file serves all."""
    files: dict[str, _File] = {}
    for entry in entries:
        for name, file in entry.files.items():
            files.setdefault(name, file)
    return files


class _Place:
    """This bundle's part of the scratch directory: <scratch>/knapsack-<user>/<lock>/

    rebuilt/<sha256>   a file that the bundle stores in pieces, put together and proved
    views/<key>/       hub/ and kagglehub/; the key holds the mount path, as the links do
    views/<key>.d/     <name>/<name>, a directory of links for each entry that path() was asked for

    A view appears by one rename, and links to rebuilt files before they are there: the link of a file
    that nobody asked for yet leads nowhere, which every client takes as "not in the cache".

    A directory that the bundle has just as it should look is one link, so that 10,000 files cost no more
    than ten; where clients may download into the view (`is_writable`), each file is a link of its own.
    """

    def __init__(self, bundle: _Bundle, home: str, is_writable: bool) -> None:
        self.bundle = bundle
        self.home = home
        self.is_writable = is_writable
        self.rebuilt = os.path.join(home, "rebuilt")
        self.views = os.path.join(home, "views")
        key = hashlib.sha256(b"%d %d %s" % (_VIEW_FORMAT, is_writable, os.fsencode(bundle.root))).hexdigest()
        self.view = os.path.join(self.views, key[:16])
        self.hub = os.path.join(self.view, "hub")
        self.kagglehub = os.path.join(self.view, "kagglehub")
        for directory in (self.rebuilt, self.views):
            os.makedirs(directory, exist_ok=True)

    def target(self, file: _File) -> str:
        if file.stored is None:
            return f"{self.rebuilt}/{file.sha256}"
        return f"{self.bundle.root}/{file.stored}"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time; what a killed one left behind is removed by the next."""
        try:
            descriptor = os.open(os.path.join(self.home, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                self._remove_unfinished()
                yield
            finally:
                with contextlib.suppress(OSError):
                    self._remove_unfinished()
                os.close(descriptor)
        except OSError as error:
            where = error.filename or self.home
            raise KnapsackError(f"{where}: cannot be written ({error.strerror})", _ELSEWHERE) from error

    def _remove_unfinished(self) -> None:
        for name in os.listdir(self.rebuilt):
            if name.startswith(".tmp-"):
                os.unlink(os.path.join(self.rebuilt, name))
        if os.path.isdir(os.path.join(self.views, ".tmp")):
            import shutil

            shutil.rmtree(os.path.join(self.views, ".tmp"))

    def _publish(self, directory: str, plan: _Plan) -> None:
        """Make `directory` as planned, all at once."""
        with self._locked():
            if os.path.isdir(directory):
                return
            new = os.path.join(self.views, ".tmp")
            made: set[str] = set()
            empty = ""

            def inside(name: str) -> str:
                path = f"{new}/{name}"
                parent = os.path.dirname(path)
                if parent not in made:
                    os.makedirs(parent, exist_ok=True)
                    made.add(parent)
                return path

            for name in plan.folders:
                inside(f"{name}/")
            for name, target in plan.links.items():
                os.symlink(target, inside(name))
            for name, text in plan.texts.items():
                path = inside(name)
                if not text and empty:
                    with contextlib.suppress(OSError):  # too many links, or none at all on this disk
                        os.link(empty, path)
                        continue
                with open(path, "x", encoding="ascii") as output:
                    output.write(text)
                empty = empty if text else path
            os.makedirs(os.path.dirname(directory), exist_ok=True)
            os.rename(new, directory)

    def _plan_files(self, plan: _Plan, root: str, entries: list[_Entry], is_writable: bool) -> None:
        """All files of these entries below `root`, with as few links as possible."""
        files = _merge(entries)
        sources: dict[str, str] = {}  # for a directory: the one of the bundle that all its files lie in
        counts: dict[str, int] = {}
        for name, file in files.items():
            folder = name
            while folder:
                folder = folder.rpartition("/")[0]
                tail = f"/{name[len(folder) :].lstrip('/')}"
                stored = "" if is_writable else file.stored or ""
                source = stored[: -len(tail)] if stored.endswith(tail) else ""
                counts[folder] = counts.get(folder, 0) + 1
                if sources.setdefault(folder, source) != source:
                    sources[folder] = ""
        # A directory of the bundle that has other files, too, cannot stand for one that lacks them.
        known = self.bundle.counts
        sources = {at: of for at, of in sources.items() if of and known.get(of) == counts[at]}
        if "" in sources:
            plan.links[root] = f"{self.bundle.root}/{sources['']}"
            return
        plan.folders.append(root)
        for name, file in files.items():
            end = name.find("/")
            while end >= 0 and name[:end] not in sources:
                end = name.find("/", end + 1)
            if end >= 0:
                plan.links[f"{root}/{name[:end]}"] = f"{self.bundle.root}/{sources[name[:end]]}"
            else:
                plan.links[f"{root}/{name}"] = self.target(file)

    def entry_view(self, entry: _Entry) -> str:
        directory = os.path.join(f"{self.view}.d", entry.name)
        if not os.path.isdir(directory):
            plan = _Plan()
            self._plan_files(plan, entry.name, [entry], False)
            self._publish(directory, plan)
        return os.path.join(directory, entry.name)

    def build_views(self) -> None:
        if not os.path.isdir(self.view):
            plan = _Plan()
            plan.folders += ["hub", "kagglehub"]
            self._plan_hub(plan)
            self._plan_kagglehub(plan)
            self._publish(self.view, plan)

    def _plan_hub(self, plan: _Plan) -> None:
        """models--org--name/refs/<ref> (the commit, without a newline) and snapshots/<commit>/<path>."""
        commits: dict[tuple[str, str], list[_Entry]] = {}
        for entry in self.bundle.entries.values():
            if entry.hub:
                commits.setdefault((entry.hub.folder, entry.hub.commit), []).append(entry)
                if entry.hub.ref != entry.hub.commit:
                    plan.texts.setdefault(f"hub/{entry.hub.folder}/refs/{entry.hub.ref}", entry.hub.commit)
        for (folder, commit), entries in commits.items():
            self._plan_files(plan, f"hub/{folder}/snapshots/{commit}", entries, self.is_writable)
            # A call without `revision=` asks for main, whatever the entry was pinned to.
            plan.texts.setdefault(f"hub/{folder}/refs/main", commit)

    def _plan_kagglehub(self, plan: _Plan) -> None:
        """The files of a version, <version>.complete, and .complete/<version>/<path>.complete.

        kagglehub asks only whether a marker exists: that of a file in pieces is a link like the file.
        """
        for place, entries in self.bundle.kaggle.items():
            folder, version = f"kagglehub/{place.directory}", place.version
            self._plan_files(plan, f"{folder}/{place.data}", entries, self.is_writable)
            files = _merge(entries)
            for name, file in files.items():
                marker = f"{folder}/.complete/{version}/{name}.complete"
                if file.stored is None:
                    plan.links[marker] = self.target(file)
                else:
                    plan.texts[marker] = ""
            if all(file.stored for file in files.values()):
                plan.texts[f"{folder}/{version}.complete"] = ""

    def make_ready(self, entries: Iterable[_Entry]) -> None:
        """Put together what these entries' views link to and is not there yet."""
        entries = list(entries)
        self.rebuild(file for entry in entries for file in entry.split_files)
        for place in {entry.kaggle for entry in entries if entry.kaggle}:
            self._mark_complete(place)

    def _mark_complete(self, place: _Kaggle) -> None:
        marker = os.path.join(self.kagglehub, place.directory, f"{place.version}.complete")
        split = [file for file in _merge(self.bundle.kaggle[place]).values() if file.stored is None]
        if split and os.path.isdir(self.view) and not self._missing(split):
            with self._locked(), open(marker, "a", encoding="ascii"):
                pass

    def _missing(self, files: Iterable[_File]) -> list[_File]:
        distinct = {file.sha256: file for file in files}
        return [file for file in distinct.values() if not self._is_rebuilt(file)]

    def _is_rebuilt(self, file: _File) -> bool:
        try:
            return os.stat(self.target(file)).st_size == file.size  # a crash of the machine may empty it
        except OSError:
            return False

    def rebuild(self, files: Iterable[_File]) -> None:
        """Write each of these files to scratch, unless it is there: space first, then all in parallel."""
        missing = self._missing(files)
        if not missing:
            return
        with self._locked():
            missing = self._missing(missing)  # another process may have been faster
            import shutil
            from concurrent.futures import ThreadPoolExecutor

            needed, free = sum(file.size for file in missing), shutil.disk_usage(self.rebuilt).free
            if needed > free:
                what = f"{self.home}: {_count(len(missing), 'file')} to put together here"
                fix = f"{_ELSEWHERE}, or activate(names=[...]) fewer entries"
                raise KnapsackError(f"{what} need {needed:,} bytes and {free:,} are free", fix)
            stop = threading.Event()
            with ThreadPoolExecutor(8) as copiers, ThreadPoolExecutor(4) as pool:
                try:
                    for _ in pool.map(lambda file: self._rebuild(file, copiers, stop), missing):
                        pass
                finally:
                    stop.set()

    def _rebuild(self, file: _File, copiers: Executor, stop: threading.Event) -> None:
        """Several threads copy the file's chunks, while this one hashes them in their order."""
        new = os.path.join(self.rebuilt, f".tmp-{file.sha256}")
        digest = hashlib.sha256()
        with open(new, "wb", buffering=0) as output:
            chunks = _read(self.bundle.root, file.spans, copiers, output.fileno())
            with contextlib.closing(chunks):
                for chunk in chunks:
                    if stop.is_set():
                        return
                    digest.update(chunk)
        if digest.hexdigest() != file.sha256:
            what = f"{file.label}: expected sha256 {file.sha256}, found {digest.hexdigest()}"
            raise KnapsackError(f"{what}, the bundle at {self.bundle.root} is damaged", _AGAIN)
        os.chmod(new, 0o444)
        os.rename(new, os.path.join(self.rebuilt, file.sha256))


def _open_place(
    bundle: _Bundle, scratch: str | os.PathLike[str] | None = None, is_writable: bool = False
) -> _Place:
    chosen = scratch or os.environ.get("KNAPSACK_SCRATCH")
    base = os.path.abspath(os.path.expanduser(chosen)) if chosen else _default_scratch()
    home = os.path.join(base, f"knapsack-{os.getuid()}")
    try:
        os.makedirs(base, exist_ok=True)
        for directory in (home, os.path.join(home, bundle.digest[:16])):
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory, 0o700)
            status = os.lstat(directory)
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
                what = f"{directory}: is not a directory that only you can write to"
                raise KnapsackError(what, f"remove it, or {_ELSEWHERE}")
        return _Place(bundle, os.path.join(home, bundle.digest[:16]), is_writable)
    except OSError as error:
        where = error.filename or base
        raise KnapsackError(f"{where}: cannot be used as scratch ({error.strerror})", _ELSEWHERE) from error


def _default_scratch() -> str:
    """As the module tempfile chooses, whose import alone would be a tenth of activate()'s time.

    But what lies in /kaggle/working is saved as the notebook's output.
    """
    asked = [os.path.abspath(path) for path in map(os.environ.get, ("TMPDIR", "TEMP", "TMP")) if path]
    for place in ("/kaggle/temp", *asked, "/tmp", "/var/tmp"):
        is_usable = os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)
        if is_usable and not f"{place}/".startswith("/kaggle/working/"):
            return place
    return "/tmp"


class _State:
    bundle: _Bundle | None = None
    place: _Place | None = None  # of the last activate()
    offline = True


_state = _State()
_mutex = threading.RLock()


def _load_bundle() -> _Bundle:
    with _mutex:
        if _state.bundle is None:
            here = os.path.abspath(__file__)
            roots = [os.path.dirname(here), os.path.dirname(os.path.realpath(here))]
            root = next((root for root in roots if os.path.lexists(os.path.join(root, _LOCK_NAME))), None)
            if root is None:
                fix = "import knapsack.py from the bundle's own directory, it finds the models beside itself"
                raise KnapsackError(f"{os.path.join(roots[0], _LOCK_NAME)}: not found", fix)
            _state.bundle = _Bundle(root)
        return _state.bundle


# The libraries ----------------------------------------------------------------------------------------

# Variables that would lead a library past HF_HUB_CACHE: redirected where somebody set them.
_OVERRIDES = (
    "HUGGINGFACE_HUB_CACHE",
    "TRANSFORMERS_CACHE",
    "PYTORCH_TRANSFORMERS_CACHE",
    "SENTENCE_TRANSFORMERS_HOME",
)


def _environment(place: _Place, offline: bool) -> dict[str, str]:
    values = {"HF_HUB_CACHE": place.hub, "KAGGLEHUB_CACHE": place.kagglehub}
    values.update((name, place.hub) for name in _OVERRIDES if os.environ.get(name))
    if offline:
        values.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    return values


def _tell_imported_modules(place: _Place, offline: bool) -> None:
    """huggingface_hub reads its variables once, when it is imported, and others copy the values."""
    if "huggingface_hub.constants" not in sys.modules:
        return
    values: dict[str, Any] = dict.fromkeys(
        ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "PYTORCH_TRANSFORMERS_CACHE"),
        place.hub,
    )
    if offline:
        values.update(HF_HUB_OFFLINE=True, HF_HUB_DISABLE_TELEMETRY=True, _is_offline_mode=True)
    names_of: Any = vars(types.ModuleType)["__dict__"].__get__  # never a module's own __getattr__
    for name, module in list(sys.modules.items()):
        if name != "__main__" and isinstance(module, types.ModuleType):
            own = names_of(module)
            for key in values.keys() & own.keys():
                if type(own[key]) is type(values[key]):
                    own[key] = values[key]
    # Before version 1 its open sessions remember that they were made online.
    reset = getattr(sys.modules.get("huggingface_hub.utils._http"), "reset_sessions", None)
    if reset:
        reset()


def _serve_kagglehub() -> None:
    """Register with kagglehub now, or as soon as it is imported."""
    if not any(isinstance(finder, _KagglehubFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _KagglehubFinder())
    if "kagglehub" in sys.modules:
        _try_to_register()


def _try_to_register() -> None:
    try:
        _register_resolvers()
    except (ImportError, AttributeError, TypeError) as error:  # a kagglehub that is built differently
        import warnings

        fix = "use handles with their version and set DISABLE_KAGGLE_CACHE=1, or use knapsack.path()"
        warnings.warn(f"kagglehub does not ask this bundle ({error}); {fix}", stacklevel=2)


class _KagglehubFinder:
    """Lets the usual finders find kagglehub, and registers the resolvers when its module has run."""

    def find_spec(self, name: str, search: Any = None, target: Any = None) -> Any:
        if name != "kagglehub":
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, search, target) if find and not isinstance(finder, _KagglehubFinder) else None
            if spec is not None:
                self._follow(spec.loader)
                return spec
        return None

    def _follow(self, loader: Any) -> None:
        def run_and_register(module: types.ModuleType) -> None:
            type(loader).exec_module(loader, module)
            _try_to_register()

        with contextlib.suppress(AttributeError):
            loader.exec_module = run_and_register


def _register_resolvers() -> None:
    from kagglehub import registry  # type: ignore[import-untyped,unused-ignore]
    from kagglehub.resolver import Resolver  # type: ignore[import-untyped,unused-ignore]

    class KnapsackResolver(Resolver):  # type: ignore[misc]
        """The last one registered is asked first; what the bundle lacks goes on to Kaggle's own."""

        _knapsack = __file__

        def __init__(self, kind: str) -> None:
            self._kind = kind

        def is_supported(self, handle: Any, path: str | None = None, **_: Any) -> bool:
            return _state.place is not None and bool(_find_kaggle(_state.place, self._kind, handle, path))

        def _resolve(
            self,
            handle: Any,
            path: str | None = None,
            *,
            force_download: bool | None = False,
            output_dir: str | None = None,
        ) -> tuple[str, int]:
            place = _state.place
            found = place and _find_kaggle(place, self._kind, handle, path)
            if not place or not found:
                raise KnapsackError(f"{handle} is not in this bundle", "is_supported() was not asked before")
            if output_dir:
                copy = _copy_out(place, found, handle, path, output_dir, bool(force_download))
                return copy, found.version
            if force_download:
                import warnings

                warnings.warn(f"force_download ignored: {handle} comes from the bundle", stacklevel=5)
            return _kaggle_path(place, found, path), found.version

    for kind, known in (("model", registry.model_resolver), ("dataset", registry.dataset_resolver)):
        known._impls[:] = [old for old in known._impls if getattr(old, "_knapsack", None) != __file__]
        known.add_implementation(KnapsackResolver(kind))


def _find_kaggle(place: _Place, kind: str, handle: Any, path: str | None) -> _Kaggle | None:
    """The bundled version that a kagglehub handle means; without a version, the newest bundled one."""
    names = ("owner", "model", "framework", "variation") if kind == "model" else ("owner", "dataset")
    parts = [str(getattr(handle, name, "")).lower() for name in names]
    version = handle.version if handle.is_versioned() else None
    found = [
        known
        for known in place.bundle.kaggle
        if known.type == kind
        and [part.lower() for part in known.parts] == parts
        and version in (None, known.version)
    ]
    if not found:
        return None
    newest = max(found, key=lambda known: known.version)
    if path and not _kaggle_files(place, newest, path):
        if not _state.offline:
            return None
        what = f"{handle}: the bundle at {place.bundle.root} has no {path!r} of it"
        raise KnapsackError(what, "leave path= out to see what it has, or pack it with that file")
    return newest


def _kaggle_files(place: _Place, known: _Kaggle, path: str | None) -> dict[str, _File]:
    """The files of a bundled version: all, one, or those below a directory."""
    files = _merge(place.bundle.kaggle[known])
    below = f"{path.rstrip('/')}/" if path else ""
    return {name: file for name, file in files.items() if f"{name}/".startswith(below)}


def _kaggle_path(place: _Place, known: _Kaggle, path: str | None) -> str:
    with _mutex:
        if path:
            place.rebuild(file for file in _kaggle_files(place, known, path).values() if file.stored is None)
        else:
            place.make_ready(place.bundle.kaggle[known])
    return os.path.join(place.kagglehub, known.directory, known.data, path or "").rstrip("/")


def _copy_out(
    place: _Place, known: _Kaggle, handle: Any, path: str | None, output_dir: str, force: bool
) -> str:
    """`output_dir=`: real copies, marked as complete in kagglehub's own way."""
    import shutil

    from kagglehub.cache import Cache  # type: ignore[import-untyped,unused-ignore]

    cache = Cache(override_dir=output_dir)
    done = cache.load_from_cache(handle, path)
    if done and not force:
        return str(done)
    result = os.path.join(output_dir, path) if path else output_dir
    if not force and (os.path.isdir(result) and os.listdir(result) or os.path.isfile(result)):
        raise FileExistsError(f"{result} is there already; pass force_download=True to write over it")
    _kaggle_path(place, known, path)
    files = _kaggle_files(place, known, path)
    os.makedirs(output_dir, exist_ok=True)
    needed, free = sum(file.size for file in files.values()), shutil.disk_usage(output_dir).free
    if needed > free:
        what = f"{output_dir}: {handle} needs {needed:,} bytes and {free:,} are free"
        raise KnapsackError(what, "leave output_dir= out to use the bundle's files in place")
    for name, file in files.items():
        target = os.path.join(output_dir, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(place.target(file), f"{target}.part")
        os.replace(f"{target}.part", target)
    cache.mark_as_complete(handle, path)
    return result


# The command line -------------------------------------------------------------------------------------


def _main(arguments: list[str]) -> int:
    """0: done, or the bundle holds; 1: verify found a difference; 2: it could not be done."""
    import argparse
    import shlex

    parser = argparse.ArgumentParser(prog="knapsack.py", description="Use the models of this bundle offline.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="list|verify|path|activate")
    commands.add_parser("list", help="what is in the bundle, one line an entry")
    proof = commands.add_parser("verify", help="compare the bundle with its lock (sizes only, unless told)")
    levels = proof.add_mutually_exclusive_group()
    for level in ("sampled", "full"):
        levels.add_argument(f"--{level}", dest="level", action="store_const", const=level, default="quick")
    commands.add_parser("path", help="print the directory of one entry").add_argument("name")
    commands.add_parser("activate", help="print lines for a shell's eval that make the clients find it")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "list":
            for entry in models():
                print(*(value or "-" for value in entry[:-1]), entry.size, sep="\t")
        elif chosen.command == "verify":
            print(verify(chosen.level))
        elif chosen.command == "path":
            print(path(chosen.name))
        else:
            activate()
            for name in ("HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "KAGGLEHUB_CACHE"):
                print(f"export {name}={shlex.quote(os.environ[name])}")
    except VerifyError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KnapsackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
