"""Knapsack's loader: use the models of this bundle offline, with the code you already have.

In a notebook (the bundle is an attached dataset, the internet may be off):

    import sys, pathlib
    loader = next(pathlib.Path("/kaggle/input").rglob("knapsack.py"), None)
    assert loader, "attach the bundle's dataset to this notebook (Add Input), then run this cell again"
    sys.path.insert(0, str(loader.parent))
    import knapsack
    knapsack.activate()                 # best before importing transformers or kagglehub

    AutoModel.from_pretrained("org/name")                             # unmodified, offline
    load_dataset("org/name"), HfApi().model_info("org/name")          # answered from the lock
    kagglehub.model_download("owner/model/framework/variation/1")     # unmodified, offline

    knapsack.models()                   # what is in the attached bundles
    knapsack.path("name")               # a directory, for everything that wants a path
    knapsack.tensors("name")            # the tensors of a safetensors model, mapped from the bundle
    knapsack.warm("name")               # read its files into the page cache, before their first use
    knapsack.install("wheels")          # pip install from the bundle's wheels, without an index
    knapsack.verify("full")             # SHA-256 of every file: "quick" (sizes), "sampled", "full"
    knapsack.freeze()                   # write what this notebook has installed to provided.txt

In a shell:  python knapsack.py list | verify [--full] | path NAME | freeze [FILE] | activate

All bundles that are attached take part, whichever one's knapsack.py is imported; where two of them
disagree, a line on standard error states it. An entry's full name is "bundle/entry". A bundle may build
on others, its bases, and then has only what they lack: they have to be attached, too, in the version that
it was packed with.

Bundles are only ever read. The loader finds its own by its own location (knapsack.lock is beside this
file) and the others below the same input directory, and writes to a private scratch directory alone:
links to the bundles' files in the shape of a Hugging Face hub cache and of a kagglehub cache, and the
files that a bundle stores in pieces, put together again. `activate(scratch=...)` or the variable
KNAPSACK_SCRATCH moves that directory; the default is /kaggle/temp or the system's temporary directory.

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
    "freeze",
    "tensors",
    "warm",
    "Entry",
    "Tensor",
    "Verification",
    "Warmed",
    "KnapsackError",
    "VerifyError",
]

LOCK_VERSION = 2  # the newest version of knapsack.lock that this file reads
_LOCK_NAME = "knapsack.lock"
_VIEW_FORMAT = 1  # part of every view's key: a change of layout never meets an old view
_CHUNK = 1 << 20  # bytes that one call reads
_AHEAD = 8  # chunks of a file that threads read before they are asked for
_BLOCK = 16 << 20  # bytes that the system is told at once that they will be read
_FOLDERS = {"model": "models", "dataset": "datasets", "wheels": "wheels", "files": "files"}
_ACTIVE = "KNAPSACK_ACTIVE"  # what activate() did, as JSON: for other bundles' loaders and later processes
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
    source: (
        str  # where it was packed from, as the manifest states it: "hf:org/name@main", or "from qwen as Q4_K_M"
    )
    revision: str  # the commit or version that was packed; "" for a plain directory
    license: str  # "" where it is not known
    size: int  # bytes of all its files
    bundle: str  # the name of the bundle that it is an entry of


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
        known = _sound(_attached(again=True))
        if names is None:
            chosen = [entry for entry in known.all_entries if entry.hub]
        else:
            chosen = [known.entry(name) for name in ([names] if isinstance(names, str) else names)]
        place = _open_place(known, scratch, is_writable=not offline)
        place.build_views()
        place.make_ready(chosen)
        place.build_site()
        _state.place, _state.offline = place, offline
        os.environ.update(_environment(place, offline))
        for note in known.notes:
            _tell(note)
        _tell_imported_modules(place, offline)
        _serve_libraries()
        _leave_import_path(known)


def _leave_import_path(known: _Attached) -> None:
    """Takes the bundles out of sys.path, where `import knapsack` needed one: their directories `datasets` and
    `models` would pass for importable packages of these names."""
    roots = {os.path.realpath(bundle.root) for bundle in known.bundles}
    sys.path[:] = [path for path in sys.path if not path or os.path.realpath(path) not in roots]


def _sound(known: _Attached) -> _Attached:
    """Without the other bundles that are incomplete. This file's own has to be complete."""
    sound, left_out = [], dict(known.left_out)
    for bundle in reversed(known.bundles):  # what others build on comes first
        try:
            if any(base in left_out for base in bundle.used_bases):
                raise bundle.without_base(known, left_out)
            bundle.require_sizes(known)
            sound.append(bundle)
        except KnapsackError as error:
            if bundle.root == _own_root():
                raise
            _tell(f"{error}; it is left out")
            left_out[bundle.digest] = (bundle, str(error))
    if len(sound) < len(known.bundles):
        known = _state.attached = _Attached(sound, left_out)
    return known


def path(name: str) -> str:
    """The directory of one entry, with all its files under their own names.

    It is the bundle's own directory where every file is there, else a directory of links in scratch;
    files that are stored in pieces are put together first. Works without `activate()`.
    """
    with _mutex:
        known = _attached()
        entry = known.entry(name, require_sizes=True)
        if entry.is_natural:
            return os.path.join(entry.root, entry.folder)
        place = _state.place or _open_place(known)
        place.make_ready([entry])
        return place.entry_view(entry)


def models() -> list[Entry]:
    """The entries (models, datasets, wheels, files) of all attached bundles, in the order of their names."""
    known = _attached()
    return [
        entry.record._replace(name=name, bundle=entry.bundle) for name, entry in sorted(known.names.items())
    ]


def verify(level: str = "quick", *, budget: int = 1 << 30) -> Verification:
    """Compare the bundle with its lock. Raises VerifyError where they differ, else states what was compared.

    "quick" compares the size of every file and reads none. "full" also reads every file and compares its
    SHA-256, with several threads. "sampled" does that for whole files up to `budget` bytes: half of the
    budget goes to the smallest files (configs, tokenizers), the rest to files in the order of their
    digest, as far as they fit. The sample is the same on every run; files outside it are not proved.
    """
    if level not in ("quick", "sampled", "full"):
        raise KnapsackError(f"verify has no level {level!r}", 'use "quick", "sampled" or "full"')
    known = _attached()
    problems: dict[str, str] = {}
    damaged: set[str] = set()
    unknown: set[str] = set()  # the places of what is in bases that are not attached
    scanned: dict[str, dict[str, int]] = {}
    for bundle in known.bundles:
        if not bundle.has_bases(known):
            problems[bundle.root] = str(bundle.without_base(known))
            unknown.update(base for base in bundle.used_bases if base not in known.roots)
        for (root, at), what in bundle.size_problems(scanned).items():
            damaged.add(os.path.join(root, at))
            problems[at if len(known.bundles) == 1 else os.path.join(root, at)] = what
    contents = {
        (file.stored, file.sha256): file for entry in known.all_entries for file in entry.files.values()
    }
    files = list(contents.values())
    sample = [] if level == "quick" else files if level == "full" else _sample(files, budget)
    sound = [
        file
        for file in sample
        if not any(os.path.join(span.root, span.at) in damaged or span.root in unknown for span in file.spans)
    ]
    sound.sort(key=lambda file: file.size, reverse=True)

    def label(file: _File) -> str:
        is_plain = len(known.bundles) == 1 or not file.spans
        return file.label if is_plain else os.path.join(file.spans[0].root, file.label)

    def check(file: _File) -> tuple[str, str] | None:
        digest = hashlib.sha256()
        try:
            for chunk in _read(file.spans, readers):
                digest.update(chunk)
        except KnapsackError as error:
            return label(file), f"no digest, {error}"
        if digest.hexdigest() != file.sha256:
            return label(file), f"expected sha256 {file.sha256}, found {digest.hexdigest()}"
        return None

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as readers, ThreadPoolExecutor(min(8, os.cpu_count() or 4)) as pool:
        problems.update(found for found in pool.map(check, sound) if found)
    if problems:
        lines = [f"{where}: {what}" for where, what in sorted(problems.items())]
        where = " and ".join(bundle.root for bundle in known.bundles)
        what = f"{_count(len(lines), 'file')} of the bundle at {where} not as in its lock: {lines[0]}"
        raise VerifyError(what, _AGAIN, lines)
    total = sum(file.size for file in files)
    return Verification(level, len(files), total, len(sample), sum(file.size for file in sample))


def install(name: str, *packages: str) -> None:
    """pip install from the wheels entry `name`, into this interpreter and without an index.

    `packages` are requirements as pip takes them; without any, every project of the entry is installed, and
    of one with several wheels pip takes the newest that fits this Python and goes with the others.
    """
    import subprocess

    entry = _attached().entry(name)
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
        raise KnapsackError(f"pip ended with {pip.returncode} for {name}", "its output above states why")
    importlib.invalidate_caches()


def freeze(file: str | os.PathLike[str] = "provided.txt") -> str:
    """Write what is installed in this Python, one `name==version` a line, as `pip freeze` does.

    A manifest that names the file (`provided-file`) is checked against what the notebook has. Gives the
    file's path. Of a package that is there twice, the one that Python imports counts.
    """
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for package in distributions():
        with contextlib.suppress(KeyError, TypeError):  # what is broken has no name or no version
            name, version = package.metadata["Name"], package.version
            if name and version:
                found.setdefault(re.sub("[-_.]+", "-", name).lower(), f"{name}=={version}")
    lines = [f"{found[name]}\n" for name in sorted(found)]
    target = os.path.abspath(os.path.expanduser(file))
    try:
        with open(f"{target}.part", "w", encoding="utf-8") as output:
            output.writelines(lines)
        os.replace(f"{target}.part", target)
    except OSError as error:
        raise KnapsackError(f"{target}: cannot be written ({error.strerror})", "name another file") from error
    return target


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
    entry = _attached().entry(name, require_sizes=True)
    contents = [_Content(entry.files[path]) for path in _choose_files(entry, paths)]
    headers = [_read_header(name, content) for content in contents]
    owners: dict[str, str] = {}
    for content, header in zip(contents, headers):
        for item in header:
            path = owners.setdefault(item[2], content.file.path)
            if path != content.file.path:
                what = f"{name}: tensor {item[2]!r:.100} is in {path} and in {content.file.path}"
                raise KnapsackError(what, f"name the files to take: tensors({name!r}, {path!r})")
    return _map_tensors(list(zip(contents, headers)))


def warm(*names: str) -> Warmed:
    """Read the stored files of these entries, or of all, into the page cache, with many threads at once.

    For a bundle on a network mount, whose files a library would read one after the other.
    """
    import time
    from concurrent.futures import ThreadPoolExecutor

    start = time.perf_counter()
    known = _attached()
    chosen = [known.entry(name) for name in names] or known.all_entries
    known.require_sizes(chosen)
    blocks: list[_Span] = []
    last, end = ("", ""), 0
    for root, at, offset, length in sorted(
        {span for entry in chosen for file in entry.files.values() for span in file.spans}
    ):
        end = end if (root, at) == last else 0  # up to here this stored file is in blocks already
        for place in range(max(offset, end), offset + length, _BLOCK):
            blocks.append(_Span(root, at, place, min(_BLOCK, offset + length - place)))
        last, end = (root, at), max(end, offset + length)

    def read(block: _Span) -> int:
        return sum(map(len, _read((block,))))

    with ThreadPoolExecutor(16) as pool:
        return Warmed(sum(pool.map(read, blocks)), time.perf_counter() - start)


# The lock ---------------------------------------------------------------------------------------------


class _Span(NamedTuple):
    """`length` bytes at `offset` of the stored file `at` of the bundle at `root`."""

    root: str
    at: str
    offset: int
    length: int


class _File(NamedTuple):
    path: str
    size: int
    sha256: str
    stored: str | None  # the path of the whole content on disk; None: it is stored in pieces
    spans: tuple[_Span, ...]  # the content, in order

    def placed(self, roots: dict[str, str]) -> _File:
        """The file with the roots of bases, that are attached, in place of their digests."""
        if not any(span.root in roots for span in self.spans):
            return self
        spans = tuple(span._replace(root=roots.get(span.root, span.root)) for span in self.spans)
        stored = f"{spans[0].root}/{spans[0].at}" if self.stored else None
        return self._replace(stored=stored, spans=spans)

    @property
    def label(self) -> str:
        return (
            self.spans[0].at
            if self.stored
            else f"{self.path} (rebuilt from {_count(len(self.spans), 'piece')})"
        )


class _Entry:
    def __init__(self, record: dict[str, Any], root: str) -> None:
        self.name = _text(record, "name", _NAME)
        self.kind = _text(record, "kind")
        if self.kind not in _FOLDERS:
            raise ValueError(f'"kind" is {self.kind!r}, expected one of {", ".join(_FOLDERS)}')
        self.folder = folder = f"{_FOLDERS[self.kind]}/{self.name}"
        self.files: dict[str, _File] = {}
        self.bundle = ""  # the bundle's name, known when all of its lock was read
        self.is_natural = True
        for item in _field(record, "files", list):
            file = _parse_file(item, root, folder)
            if self.files.setdefault(file.path, file) is not file:
                raise ValueError(f"{file.path} is listed twice")
            self.is_natural = self.is_natural and file.stored == f"{root}/{folder}/{file.path}"
        self.is_natural = self.is_natural and bool(self.files)
        self._stated = self.files
        # The digests of the bases that have files of this entry, wholly or in part.
        self.used_bases = {span.root for file in self.files.values() for span in file.spans} - {root}
        self.root = root
        asked = record.get("asked") or {}
        merged = asked.get("merge")
        self.made_from = {asked.get("from"), *(merged if isinstance(merged, list) else ())}
        resolved = record.get("resolved") or {}
        self.facts = _Facts.read(resolved)
        self.hub = _parse_hub(resolved["hub"]) if "hub" in resolved else None
        self.kaggle = _parse_kaggle(resolved["kaggle"]) if "kaggle" in resolved else None
        revision = self.hub.commit if self.hub else str(self.kaggle.version or "") if self.kaggle else ""
        self.record = Entry(
            self.name,
            self.kind,
            _origin(asked),
            revision,
            self.facts.license,
            sum(file.size for file in self.files.values()),
            "",
        )

    def find_bases(self, roots: dict[str, str]) -> None:
        """Look for what bases have where they are attached now: their roots by their digests."""
        if self.used_bases:
            self.files = {path: file.placed(roots) for path, file in self._stated.items()}

    @property
    def split_files(self) -> list[_File]:
        """The files that the bundle stores in pieces."""
        return [file for file in self.files.values() if file.stored is None]


class _Facts(NamedTuple):
    """What the lock states of a model or dataset besides, as the Hub's own answers have it."""

    license: str
    library: str
    task: str
    model_type: str
    base_models: tuple[str, ...]
    base_relation: str

    @staticmethod
    def read(resolved: Any) -> _Facts:
        def text(name: str) -> str:
            value = resolved.get(name)
            return value if isinstance(value, str) else ""

        bases = resolved.get("base_models")
        return _Facts(
            license=str((resolved.get("license") or {}).get("id", "")),
            library=text("library"),
            task=text("pipeline_tag"),
            model_type=text("model_type"),
            base_models=tuple(str(name) for name in bases) if isinstance(bases, list) else (),
            base_relation=text("base_model_relation"),
        )


class _Hub(NamedTuple):
    folder: str  # "models--org--name"
    repo_id: str
    commit: str
    ref: str

    @property
    def type(self) -> str:
        """ "model", "dataset", "space" or "kernel"."""
        return self.folder.partition("--")[0][:-1]


class _Kaggle(NamedTuple):
    type: str  # "model", "dataset", "competition" or "notebook"
    parts: tuple[str, ...]  # owner, model, framework, variation; owner, slug; or a competition's slug
    version: int  # 0 for competitions, which have none

    @property
    def directory(self) -> str:
        """Below the cache: where kagglehub keeps the markers of all versions."""
        return "competitions" if self.type == "competition" else "/".join([f"{self.type}s", *self.parts])

    @property
    def data(self) -> str:
        """Below `directory`: where the files of this version are stored."""
        if self.type == "competition":
            return self.parts[0]
        if self.type == "model":
            return str(self.version)
        return f"{'output/' if self.type == 'notebook' else ''}versions/{self.version}"

    @property
    def mark(self) -> str:
        """What the markers of this version are named by."""
        if self.type == "competition":
            return self.parts[0]
        return f"output-{self.version}" if self.type == "notebook" else str(self.version)

    @property
    def marker(self) -> str:
        """Below `directory`: the marker that says that all files are there."""
        # kagglehub 1.0.3 looks for this very text, in which the version was meant to be put.
        return ("output-{handle.version!s}" if self.type == "notebook" else self.mark) + ".complete"

    @property
    def handle(self) -> str:
        if self.type == "competition":
            return self.parts[0]
        return "/".join([*self.parts, *(() if self.type == "model" else ("versions",)), str(self.version)])


_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_REPO_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}")
# An empty component (also a leading or trailing slash), "." or "..", or a NUL.
_UNSAFE = re.compile(r"(?:^|/)\.{0,2}(?:/|\Z)|\0")


def _origin(asked: dict[str, Any]) -> str:
    """Where an entry was packed from, or what it was made from."""
    if "from" not in asked:
        return str(asked.get("source", ""))
    made = asked.get("gguf") or asked.get("dtype")
    return f"from {asked['from']}" + (f" as {made}" if made else "")


def _is_packed(record: Any) -> bool:
    asked = record.get("asked") if isinstance(record, dict) else None
    return not (isinstance(asked, dict) and asked.get("pack") is False)


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


def _parse_file(record: Any, root: str, folder: str) -> _File:
    name, size, sha256 = _safe_path(record, "path"), _amount(record, "size"), _text(record, "sha256", _DIGEST)

    def place(item: Any) -> str:
        """The root, or as long as nobody knows it the digest, of the bundle that has the content."""
        return _text(item, "base", _DIGEST) if "base" in item else root

    if "segments" not in record:
        stored = _safe_path(record, "at") if "at" in record or "base" in record else f"{folder}/{name}"
        return _File(name, size, sha256, f"{place(record)}/{stored}", (_Span(place(record), stored, 0, size),))
    spans = tuple(
        _Span(place(item), _safe_path(item, "at"), _amount(item, "offset"), _amount(item, "length"))
        for item in _field(record, "segments", list)
    )
    if sum(span.length for span in spans) != size:
        raise ValueError(f"the segments of {name} do not add up to its size {size}")
    return _File(name, size, sha256, None, spans)


def _parse_hub(record: Any) -> _Hub:
    kind, repo = _text(record, "repo_type"), _text(record, "repo_id")
    parts = repo.split("/")
    if kind not in ("model", "dataset", "space", "kernel"):
        raise ValueError(f'"repo_type" is {kind!r}, expected model, dataset, space or kernel')
    if len(parts) > 2 or "--" in repo or not all(_REPO_PART.fullmatch(part) for part in parts):
        raise ValueError(f'"repo_id" is {repo!r:.100}, which is not a repository of the Hub')
    commit = _text(record, "commit", _COMMIT)
    return _Hub("--".join([f"{kind}s", *parts]), repo, commit, _safe_path(record, "ref"))


def _parse_kaggle(record: Any) -> _Kaggle:
    kind, handle = _text(record, "type"), _safe_path(record, "handle")
    parts = handle.split("/")
    if kind == "competition" and len(parts) == 1:
        return _Kaggle(kind, (handle,), 0)
    is_model = kind == "model" and len(parts) == 5
    is_other = kind in ("dataset", "notebook") and len(parts) == 4 and parts[2] == "versions"
    if not (is_model or is_other) or not re.fullmatch(r"[1-9][0-9]{0,8}", parts[-1]):
        raise ValueError(f'"handle" is {handle!r:.100}, which is not a {kind} handle with a version')
    return _Kaggle(kind, tuple(parts[:-1] if is_model else parts[:2]), int(parts[-1]))


# The bundles ------------------------------------------------------------------------------------------


class _Base(NamedTuple):
    """A bundle that another one builds on, as the lock of that other states it."""

    digest: str  # of its lock
    name: str
    attach: str  # what to attach: a handle of Kaggle's, or the name

    @staticmethod
    def read(record: Any) -> _Base:
        return _Base(_text(record, "sha256", _DIGEST), _text(record, "name"), _text(record, "attach"))


class _Bundle:
    """A mounted bundle: its root, its lock, and what is in it. Never written to."""

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
            records = _field(data, "entries", list)
            entries = [self._parse_entry(item, root) for item in records if _is_packed(item)]
            self.entries = {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}
            if len(self.entries) != len(entries):
                raise ValueError("two entries have the same name")
            self.bases = [_Base.read(item) for item in data.get("bases") or ()]
            self.used_bases = {base for entry in entries for base in entry.used_bases}
            unknown = self.used_bases - {base.digest for base in self.bases}
            if unknown:
                raise ValueError(f"it refers to the base {min(unknown)}, which it does not name")
            # What others were made from, and the manifest keeps out of the bundle.
            self.sources = {str(item.get("name")) for item in records if not _is_packed(item)}
            name = (data.get("bundle") or {}).get("name")
        except KeyError as error:
            raise KnapsackError(f"{lock}: malformed: {error} is missing", _AGAIN) from error
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise KnapsackError(f"{lock}: malformed: {error}", _AGAIN) from error
        self.name = name if isinstance(name, str) and name else os.path.basename(root)
        for entry in entries:
            entry.bundle = self.name
        self._is_checked = False

    @staticmethod
    def _parse_entry(record: Any, root: str) -> _Entry:
        try:
            return _Entry(record, root)
        except KeyError as error:
            raise ValueError(f"entry {record.get('name')!r:.80}: {error} is missing") from error
        except (ValueError, TypeError, AttributeError) as error:
            name = record.get("name") if isinstance(record, dict) else record
            raise ValueError(f"entry {name!r:.80}: {error}") from error

    def has_bases(self, known: _Attached) -> bool:
        return all(base in known.roots for base in self.used_bases)

    def without_base(self, known: _Attached, left_out: dict[str, tuple[_Bundle, str]] | None = None) -> KnapsackError:
        """What to attach, where a base is missing, is another version, or is not complete."""
        left_out = known.left_out if left_out is None else left_out
        base = next(
            base
            for base in self.bases
            if base.digest in self.used_bases and (base.digest in left_out or base.digest not in known.roots)
        )
        if base.digest in left_out:
            reason = left_out[base.digest][1]
            return KnapsackError(f"the bundle at {self.root} builds on {base.name}, which is left out: {reason}")
        lock = f"whose {_LOCK_NAME} has sha256 {base.digest}"
        bundles = [*known.bundles, *(bundle for bundle, _ in left_out.values())]
        other = next((bundle for bundle in bundles if bundle.name == base.name), None)
        if other:
            what = f"the bundle at {self.root} builds on another version of {base.name} than the one at {other.root}"
            fix = f"attach the version of {base.attach} {lock} (it has {other.digest[:16]}), or pack anew on this one"
            return KnapsackError(what, fix)
        what = f"the bundle at {self.root} builds on {base.name}, which is not attached"
        return KnapsackError(what, f"attach {base.attach} to this notebook (Add Input), {lock}")

    def size_problems(self, scanned: dict[str, dict[str, int]] | None = None) -> dict[tuple[str, str], str]:
        """Where a stored file is missing or has another size than the lock states: by root and path.

        What is in bases that are not attached is left to `without_base`.
        """
        sizes: dict[str, dict[str, int]] = {} if scanned is None else scanned

        def found(root: str) -> dict[str, int]:
            if root not in sizes:
                sizes[root] = {}
                for folder in (*_FOLDERS.values(), "store"):
                    _scan(os.path.join(root, folder), folder, sizes[root])
            return sizes[root]

        problems: dict[tuple[str, str], str] = {}
        for entry in self.entries.values():
            for file in entry.files.values():
                for root, at, offset, length in file.spans:
                    if root in self.used_bases:
                        continue
                    size = found(root).get(at)
                    if size is None:
                        problems[root, at] = "is missing"
                    elif size != length if file.stored else size < offset + length:
                        problems[root, at] = f"has {size:,} bytes, expected {offset + length:,}"
        return problems

    def require_sizes(self, known: _Attached) -> None:
        """Once a process: no base is missing, and no stored file is missing or cut short."""
        if self._is_checked:
            return
        if not self.has_bases(known):
            raise self.without_base(known)
        problems = self.size_problems()
        if problems:
            (root, at), what = min(problems.items())
            more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
            needed = "" if root == self.root else f", which the bundle at {self.root} builds on"
            what = f"{os.path.join(root, at)} {what}{more}{needed}, the bundle is incomplete"
            raise KnapsackError(what, f"{_AGAIN}; verify() lists all that is wrong")
        self._is_checked = True


class _Repository:
    """A repository of the Hub, as all attached bundles have it together."""

    def __init__(self) -> None:
        self.commits: dict[str, list[_Entry]] = {}
        self.refs: dict[str, str] = {}  # with their commits; "main" is there always
        self._files: dict[str, dict[str, _File]] = {}

    def files(self, commit: str) -> dict[str, _File]:
        """All files that the bundles have of a commit, by path."""
        if commit not in self._files:
            self._files[commit] = _merge(self.commits[commit])
        return self._files[commit]

    def commit(self, revision: str) -> str | None:
        return self.refs.get(revision) or (revision if revision in self.commits else None)


class _Attached:
    """All bundles that are attached, as one. What it decides never depends on which loader runs."""

    def __init__(
        self, bundles: Iterable[_Bundle], left_out: dict[str, tuple[_Bundle, str]] | None = None
    ) -> None:
        self.bundles = _newest_first(bundles)
        self.roots = {bundle.digest: bundle.root for bundle in self.bundles}
        self.left_out = left_out or {}  # bundles that cannot be used, by their digests, with the reason
        digests = [bundle.digest for bundle in self.bundles]
        joined = hashlib.sha256("".join(digests).encode()).hexdigest()
        self.digest = digests[0] if len(digests) == 1 else joined
        self.notes: list[str] = []  # one line for each conflict
        self.names: dict[str, _Entry] = {}
        self.all_entries: list[_Entry] = []
        self.repositories: dict[tuple[str, str], _Repository] = {}  # by type and id
        self.kaggle: dict[_Kaggle, list[_Entry]] = {}
        self._counts: dict[str, int] = {}
        for bundle in self.bundles:
            for entry in bundle.entries.values():
                entry.find_bases(self.roots)
                self._add(bundle, entry)
        for (_, name), repository in self.repositories.items():
            self._choose_main(name, repository)
            for commit, entries in repository.commits.items():
                self._note_difference(f"{name} at {commit[:12]}", entries)
        for place, entries in self.kaggle.items():
            self._note_difference(f"{place.directory}/{place.data}", entries)

    def _add(self, bundle: _Bundle, entry: _Entry) -> None:
        self.all_entries.append(entry)
        other = self.names.setdefault(entry.name, entry)
        if other is not entry:
            qualified = f"{bundle.name}/{entry.name}"
            contents = [{(file.path, file.sha256) for file in one.files.values()} for one in (other, entry)]
            if contents[0] != contents[1]:
                self.names.setdefault(qualified, entry)
                reached = f"; the other is {qualified!r}" if self.names[qualified] is entry else ""
                self.notes.append(
                    f"{entry.name!r} is an entry of {other.root} and another one of {bundle.root}: "
                    f"that name means the one of {other.root}{reached}"
                )
        if entry.hub:
            repository = self.repositories.setdefault((entry.hub.type, entry.hub.repo_id), _Repository())
            repository.commits.setdefault(entry.hub.commit, []).append(entry)
        if entry.kaggle:
            self.kaggle.setdefault(entry.kaggle, []).append(entry)

    def _choose_main(self, name: str, repository: _Repository) -> None:
        for commit, entries in repository.commits.items():
            for entry in entries:
                if entry.hub and entry.hub.ref != commit:
                    first = repository.refs.setdefault(entry.hub.ref, commit)
                    if first != commit:
                        self._note_commits(name, repository, entry.hub.ref)
        # A call without `revision=` asks for main, whatever the entry was pinned to.
        if "main" not in repository.refs:
            repository.refs["main"] = next(iter(repository.commits))
            if len({entry.root for entries in repository.commits.values() for entry in entries}) > 1:
                self._note_commits(name, repository, "main")

    def _note_commits(self, name: str, repository: _Repository, ref: str) -> None:
        places = [(commit, entry.root) for commit, entries in repository.commits.items() for entry in entries]
        if len(repository.commits) > 1 and len({root for _, root in places}) > 1:
            where = ", ".join(f"{commit[:12]} in {root}" for commit, root in dict.fromkeys(places))
            chosen = repository.refs[ref][:12]
            note = f"{name} is attached at several commits ({where}): {ref} means {chosen}"
            note += ", and revision= takes any of them"
            self.notes += [note] if note not in self.notes else []

    def _note_difference(self, what: str, entries: list[_Entry]) -> None:
        """Two bundles that have different content for one file of one revision: one of them is wrong."""
        if len({entry.root for entry in entries}) == 1:
            return
        first: dict[str, tuple[_File, str]] = {}
        for entry in entries:
            for path, file in entry.files.items():
                other, root = first.setdefault(path, (file, entry.root))
                if other.sha256 != file.sha256:
                    self.notes.append(
                        f"{what}: {path} differs between {root}, which is used, and {entry.root}"
                    )
                    return

    @property
    def counts(self) -> dict[str, int]:
        """For every directory of entries' files: how many files the bundle has below it."""
        if not self._counts:
            for entry in self.all_entries:
                for file in entry.files.values():
                    path = f"{entry.root}/{entry.folder}/{file.path}"
                    folder = path.rpartition("/")[0] if file.stored == path else entry.root
                    while folder != entry.root:
                        self._counts[folder] = self._counts.get(folder, 0) + 1
                        folder = folder.rpartition("/")[0]
        return self._counts

    def entry(self, name: str, *, require_sizes: bool = False) -> _Entry:
        found = self.names.get(name)
        if not found:  # "bundle/entry" is always understood
            bundle, _, rest = str(name).partition("/")
            found = next(
                (one.entries[rest] for one in self.bundles if one.name == bundle and rest in one.entries),
                None,
            )
        if found:
            if require_sizes:
                self.require_sizes([found])
            return found
        for one, reason in self.left_out.values():
            if name in one.entries or name in (f"{one.name}/{entry}" for entry in one.entries):
                raise KnapsackError(f"{name!r} is in the bundle at {one.root}, which is left out: {reason}")
        for one in self.bundles:
            if name in one.sources:
                made = [entry.name for entry in one.entries.values() if name in entry.made_from]
                hint = f"what is made from it: {', '.join(made) or 'nothing'}"
                raise KnapsackError(f"{name!r} is not in the bundle at {one.root}: pack = false", hint)
        import difflib

        close = [entry.name for entry in self.all_entries if entry.hub and entry.hub.repo_id == name]
        close += difflib.get_close_matches(str(name), self.names, 3)
        known = ", ".join(sorted(self.names)) or "none"
        hint = f"did you mean {' or '.join(close)}?" if close else f"{self.whose} entries: {known}"
        raise KnapsackError(f"{self.words} no entry {name!r}", hint)

    @property
    def words(self) -> str:
        """To be followed by what they do not have."""
        roots = [bundle.root for bundle in self.bundles]
        if len(roots) == 1:
            return f"the bundle at {roots[0]} has"
        return f"the bundles at {', '.join(roots[:-1])} and {roots[-1]} have"

    @property
    def whose(self) -> str:
        return "its" if len(self.bundles) == 1 else "their"

    def require_sizes(self, entries: Iterable[_Entry]) -> None:
        roots = {entry.root for entry in entries}
        for bundle in self.bundles:
            if bundle.root in roots:
                bundle.require_sizes(self)


def _newest_first(bundles: Iterable[_Bundle]) -> list[_Bundle]:
    """What builds on others before them, of several bases the one that is named last before the others; bundles
    that have nothing to do with each other by their names.
    """
    left = {bundle.digest: bundle for bundle in bundles}
    ranks: dict[str, int] = {}  # the length of the longest chain of bases

    def rank(digest: str, above: frozenset[str]) -> int:
        if digest not in ranks:
            below = [base.digest for base in left[digest].bases if base.digest in left.keys() - above]
            ranks[digest] = max((rank(base, above | {base}) + 1 for base in below), default=0)
        return ranks[digest]

    places: dict[str, int] = {}
    for bundle in left.values():
        for number, base in enumerate(bundle.bases):
            places[base.digest] = max(places.get(base.digest, 0), number)

    def order(bundle: _Bundle) -> tuple[int, int, str, str, str]:
        place = places.get(bundle.digest, 0)
        return -rank(bundle.digest, frozenset([bundle.digest])), -place, bundle.name, bundle.digest, bundle.root

    return sorted(left.values(), key=order)


def _known(names: Iterable[str], limit: int = 30, first: Iterable[str] = ()) -> str:
    """Names as a message lists them."""
    found = list(dict.fromkeys([*sorted(first), *sorted(names)]))
    more = f" and {len(found) - limit:,} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more if found else "none"


# Where bundles are looked for: as deep as Kaggle's deepest mount, models/owner/name/framework/variation/
# version, and one more. Competition data may have a million files beside them: what is larger than a bundle's
# surroundings ever are is not searched to its end.
_SEARCH_DEPTH = 7
_SEARCH_WIDTH = 256
_SEARCH_DIRECTORIES = 4096


def _input_root(root: str) -> str | None:
    """The directory that everything attached to the notebook is mounted below."""
    found = re.match(r"(.*?/kaggle/input)/", root) or re.match(r"(.*/input)/", root)
    return found[1] if found else None


def _find_bundles(top: str) -> list[str]:
    """The roots of the bundles below a directory, in the order of their paths."""
    found: list[str] = []
    level, seen = [top], 0
    for _ in range(_SEARCH_DEPTH + 1):
        below: list[str] = []
        for directory in level:
            seen += 1
            if seen > _SEARCH_DIRECTORIES:
                return sorted(found)
            if os.path.lexists(os.path.join(directory, _LOCK_NAME)):
                found.append(directory)
                continue
            with contextlib.suppress(OSError), os.scandir(directory) as items:
                for _, item in zip(range(_SEARCH_WIDTH), items):
                    if item.is_dir() and not item.name.startswith("."):
                        below.append(item.path)
        level = sorted(below)
    return sorted(found)


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
    spans: Sequence[_Span], pool: Executor | None = None, output: int | None = None
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
        for root, name, offset, length in spans:
            at = os.path.join(root, name)
            with _reading(at):
                if at not in opened:
                    opened[at] = os.open(at, os.O_RDONLY)
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
            with _reading(at):
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
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        what = getattr(error, "strerror", None) or "it ends too early"
        raise KnapsackError(f"{path}: cannot be read ({what})", _AGAIN) from error


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

    def __init__(self, file: _File) -> None:
        self.file = file
        self.starts = [0]  # where each span starts in the file, and where the last one ends
        for span in file.spans:
            self.starts.append(self.starts[-1] + span.length)

    def pieces(self, start: int, stop: int) -> list[_Span]:
        from bisect import bisect

        found = []
        number = bisect(self.starts, start) - 1
        while start < stop:
            root, at, offset, length = self.file.spans[number]
            skipped = start - self.starts[number]
            count = min(length - skipped, stop - start)
            if count:
                found.append(_Span(root, at, offset + skipped, count))
            start += count
            number += 1
        return found

    def read(self, start: int, stop: int) -> bytearray:
        content, end = bytearray(stop - start), 0
        for chunk in _read(self.pieces(start, stop)):
            content[end : end + len(chunk)] = chunk
            end += len(chunk)
        return content


class _Maps:
    """The bundle's files as private memory, of which each byte is given away once."""

    def __init__(self) -> None:
        self.maps: dict[str, memoryview] = {}
        self.taken: dict[str, list[tuple[int, int]]] = {}  # ranges of a file in ascending order

    def take(self, span: _Span) -> memoryview | None:
        """The span's memory; None: a part of it was given away before."""
        from bisect import bisect

        at = os.path.join(span.root, span.at)
        start, stop = span.offset, span.offset + span.length
        taken = self.taken.setdefault(at, [])
        place = bisect(taken, (start, stop))
        if any(first < stop and start < last for first, last in taken[max(place - 1, 0) : place + 1]):
            return None
        taken.insert(place, (start, stop))
        with _reading(at):
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
        with open(at, "rb", buffering=0) as source:
            return memoryview(mmap.mmap(source.fileno(), 0, flags, mmap.PROT_READ | mmap.PROT_WRITE))


def _map_tensors(files: list[tuple[_Content, list[_Header]]]) -> Iterator[Tensor]:
    maps = _Maps()
    for content, header in files:
        for start, stop, name, dtype, shape in header:
            pieces = content.pieces(start, stop)
            data = maps.take(pieces[0]) if len(pieces) == 1 else None
            # A copy is read from the bundle: the memory that was given away may have been written to.
            yield Tensor(name, dtype, shape, memoryview(content.read(start, stop)) if data is None else data)


def _choose_files(entry: _Entry, paths: Iterable[str]) -> list[str]:
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
        shards = {path: _shards(entry, path) for path in files if path.endswith(_INDEX)}
        indexed = {os.path.dirname(path) for path in shards}
        for path in files:
            if path in shards:
                chosen += shards[path]
            elif os.path.dirname(path) not in indexed:
                chosen.append(path)
    return list(dict.fromkeys(chosen))


def _shards(entry: _Entry, index: str) -> list[str]:
    file = entry.files[index]
    folder = index[: index.rfind("/") + 1]
    try:
        names = json.loads(_Content(file).read(0, file.size))["weight_map"].values()
        shards = [folder + name for name in dict.fromkeys(names)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"{entry.name}: {index} is not an index of shards ({error!r:.100})"
        raise KnapsackError(what, "name the files to take: tensors(name, path, ...)") from error
    missing = [path for path in shards if path not in entry.files]
    if missing:
        what = f"{entry.name}: {index} names {missing[0]!r:.100}, which the entry does not have"
        raise KnapsackError(what, "pack it with all of its shards")
    return shards


def _read_header(entry: str, content: _Content) -> list[_Header]:
    """What a file's header states of its tensors, in the order of their bytes.

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
        what = f"{entry}: {content.file.path} is not a valid safetensors file: {error!s:.300}"
        raise KnapsackError(what, f"path({entry!r}) has the file as it is") from error


def _parse_header(text: str, start: int, size: int) -> list[_Header]:
    header = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    if type(header) is not dict:
        raise ValueError("its header is not an object")
    metadata = header.pop("__metadata__", None)
    metadata = {} if metadata is None else metadata
    if type(metadata) is not dict or any(type(value) is not str for value in metadata.values()):
        raise ValueError("its __metadata__ is not an object of strings")
    found: list[_Header] = []
    for name, record in header.items():
        name.encode()  # a lone surrogate is no text
        dtype, shape, place = map(record.get, ("dtype", "shape", "data_offsets"))
        if type(dtype) is not str or dtype not in _DTYPES:
            raise ValueError(f"tensor {name!r:.100} has the unknown dtype {dtype!r:.40}")
        if type(shape) is not list or type(place) is not list or len(place) != 2:
            raise ValueError(f"tensor {name!r:.100} has no shape or no two data_offsets")
        if any(type(number) is not int or number < 0 for number in (*shape, *place)):
            raise ValueError(f"tensor {name!r:.100} has a shape or data_offsets that are not sizes")
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
                raise ValueError(f"tensor {name!r:.100} is larger than 64 bits can hold")
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
    if len(entries) == 1:
        return entries[0].files
    files: dict[str, _File] = {}
    folders: set[str] = set()
    for entry in entries:
        for name, file in entry.files.items():
            above = _directories([name])
            if name in folders or not above.isdisjoint(files):  # no revision has both, a lock may say so
                continue
            folders |= above
            files.setdefault(name, file)
    return files


def _directories(paths: Iterable[str]) -> set[str]:
    """All directories that files with these paths are in."""
    found: set[str] = set()
    for path in paths:
        while "/" in path and path.rpartition("/")[0] not in found:
            path = path.rpartition("/")[0]
            found.add(path)
    return found


class _Place:
    """What the attached bundles have in the scratch directory, <scratch>/knapsack-<user>/: for each bundle
    and, if there are several, for all of them together a directory <lock>/ with

    rebuilt/<sha256>   a file that the bundle stores in pieces, put together and proved
    proofs/<sha256>    what that file looked like then: after any change it is put together again
    views/<key>/       hub/ and kagglehub/; the key holds the mount path, as the links do
    views/<key>.d/     <name>/<name>, a directory of links for each entry that path() was asked for

    A view appears by one rename, and links to rebuilt files before they are there: the link of a file
    that nobody asked for yet leads nowhere, which every client takes as "not in the cache".

    A directory that the bundle has just as it should look is one link, so that 10,000 files cost no more
    than ten; where clients may download into the view (`is_writable`), each file is a link of its own.
    """

    def __init__(self, attached: _Attached, scratch: str, is_writable: bool) -> None:
        self.attached = attached
        self.scratch = scratch
        self.is_writable = is_writable
        self.owner = os.path.join(scratch, f"knapsack-{os.getuid()}")
        self.home = os.path.join(self.owner, attached.digest[:16])
        homes = {bundle.root: os.path.join(self.owner, bundle.digest[:16]) for bundle in attached.bundles}
        self.rebuilt = {root: os.path.join(home, "rebuilt") for root, home in homes.items()}
        proofs = {root: os.path.join(home, "proofs") for root, home in homes.items()}
        self.views = os.path.join(self.home, "views")
        roots = [os.fsencode(bundle.root) for bundle in attached.bundles]
        key = hashlib.sha256(b"%d %d %s" % (_VIEW_FORMAT, is_writable, b"\0".join(roots))).hexdigest()
        self.view = os.path.join(self.views, key[:16])
        self.hub = os.path.join(self.view, "hub")
        self.kagglehub = os.path.join(self.view, "kagglehub")
        self.site = f"{self.view}.site"
        _require_own(
            self.owner, self.home, self.views, *homes.values(), *self.rebuilt.values(), *proofs.values()
        )
        for view in (self.view, f"{self.view}.d", self.site):
            _require_own(*([view] if os.path.lexists(view) else []))

    def target(self, file: _File) -> str:
        if file.stored is None:
            return f"{self._rebuilt_of(file)}/{file.sha256}"
        return file.stored

    def _proof(self, file: _File) -> str:
        return os.path.join(os.path.dirname(self._rebuilt_of(file)), "proofs", file.sha256)

    def _rebuilt_of(self, file: _File) -> str:
        root = file.spans[0].root if file.spans else self.attached.bundles[0].root
        return self.rebuilt[root]

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time; what a killed one left behind is removed by the next."""
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(os.path.join(self.owner, ".lock"), flags, 0o600)
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
        for directory in self.rebuilt.values():
            for name in os.listdir(directory):
                if name.startswith(".tmp-"):
                    os.unlink(os.path.join(directory, name))
        _remove(os.path.join(self.views, ".tmp"))

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
        """All files of these entries below `root`: one link, where a directory of the bundle has just these,
        else one a file.
        """
        files = _merge(entries)
        sources: set[str] = set()  # the directories of the bundle that files are in under their own names
        for name, file in files.items():
            stored = "" if is_writable else file.stored or ""
            sources.add(stored[: -len(name) - 1] if stored.endswith(f"/{name}") else "")
        source = sources.pop() if len(sources) == 1 else ""
        # A directory of the bundle that has other files, too, cannot stand for one that lacks them.
        if source and self.attached.counts.get(source) == len(files):
            plan.links[root] = source
            return
        plan.folders.append(root)
        # Files alone: who walks a directory (fsspec and so datasets, os.walk, pathlib) does not enter a link
        # to another one.
        for name, file in files.items():
            plan.links[f"{root}/{name}"] = self.target(file)

    def entry_view(self, entry: _Entry) -> str:
        bundles = self.attached.bundles
        bundle = next(bundle for bundle in bundles if bundle.root == entry.root)
        parts = [entry.name] if len(bundles) == 1 else [bundle.digest[:16], entry.name]
        directory = os.path.join(f"{self.view}.d", *parts)
        plan = _Plan()
        self._plan_files(plan, entry.name, [entry], False)
        if os.path.isdir(directory):
            self._mend(directory, plan)
        else:
            self._publish(directory, plan)
        return os.path.join(directory, entry.name)

    def _mend(self, directory: str, plan: _Plan) -> None:
        """Put back the links that something else took the place of since the view was made."""

        def is_right(path: str, target: str) -> bool:
            try:
                return os.readlink(path) == target
            except OSError:
                return False

        wrong = [name for name, target in plan.links.items() if not is_right(f"{directory}/{name}", target)]
        if not wrong:
            return
        with self._locked():
            new = os.path.join(self.views, ".tmp")
            for name in wrong:
                path = f"{directory}/{name}"
                parent = os.path.dirname(path)
                if not os.path.isdir(parent) or os.path.islink(parent):
                    _remove(parent)
                    os.makedirs(parent)
                os.symlink(plan.links[name], new)
                if os.path.isdir(path) and not os.path.islink(path):
                    _remove(path)
                os.rename(new, path)

    def build_site(self) -> None:
        """A directory for PYTHONPATH, whose one module runs in every Python that is started from here on."""
        text = _SITE.format(loader=os.path.abspath(__file__))
        path = os.path.join(self.site, "sitecustomize.py")
        with contextlib.suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as source:
            if source.read() == text:
                return
        with self._locked():
            _require_own(self.site)
            _remove(f"{path}.new")
            with open(f"{path}.new", "x", encoding="utf-8") as output:
                output.write(text)
            os.rename(f"{path}.new", path)

    def build_views(self) -> None:
        is_there = os.path.isdir(self.view)
        if is_there and (self.is_writable or self.view in _state.mended):
            return  # a client may have put newer files of its own into a view that it can write to
        plan = _Plan()
        plan.folders += ["hub", "kagglehub"]
        self._plan_hub(plan)
        self._plan_kagglehub(plan)
        if is_there:
            self._mend(self.view, plan)
        else:
            self._publish(self.view, plan)
        _state.mended.add(self.view)

    def _plan_hub(self, plan: _Plan) -> None:
        """models--org--name/refs/<ref> (the commit, without a newline) and snapshots/<commit>/<path>."""
        for (kind, name), repository in self.attached.repositories.items():
            folder = "hub/" + "--".join([f"{kind}s", *name.split("/")])
            for ref, commit in repository.refs.items():
                plan.texts[f"{folder}/refs/{ref}"] = commit
            for commit, entries in repository.commits.items():
                self._plan_files(plan, f"{folder}/snapshots/{commit}", entries, self.is_writable)

    def _plan_kagglehub(self, plan: _Plan) -> None:
        """The files of a version, its marker, and .complete/<version>/<path>.complete.

        kagglehub asks only whether a marker exists: that of a file in pieces is a link like the file.
        """
        for place, entries in self.attached.kaggle.items():
            folder = f"kagglehub/{place.directory}"
            self._plan_files(plan, f"{folder}/{place.data}", entries, self.is_writable)
            files = _merge(entries)
            for name, file in files.items():
                marker = f"{folder}/.complete/{place.mark}/{name}.complete"
                if file.stored is None:
                    plan.links[marker] = self.target(file)
                else:
                    plan.texts[marker] = ""
            if all(file.stored for file in files.values()):
                plan.texts[f"{folder}/{place.marker}"] = ""

    def make_ready(self, entries: Iterable[_Entry]) -> None:
        """Put together what these entries' views link to and is not there yet."""
        entries = list(entries)
        self.rebuild(file for entry in entries for file in entry.split_files)
        for place in {entry.kaggle for entry in entries if entry.kaggle}:
            self._mark_complete(place)

    def _mark_complete(self, place: _Kaggle) -> None:
        marker = os.path.join(self.kagglehub, place.directory, place.marker)
        split = [file for file in _merge(self.attached.kaggle[place]).values() if file.stored is None]
        if split and os.path.isdir(self.view) and not self._missing(split):
            with self._locked(), open(marker, "a", encoding="ascii"):
                pass

    def _missing(self, files: Iterable[_File]) -> list[_File]:
        distinct = {self.target(file): file for file in files}
        return [file for file in distinct.values() if not self._is_rebuilt(file)]

    def _is_rebuilt(self, file: _File) -> bool:
        """Whether the file is there as `_rebuild` left it: nobody could write to it since without a trace."""
        try:
            status = os.lstat(self.target(file))
            with open(self._proof(file), "rb") as record:
                return record.read(200) == _evidence(status, file)
        except (OSError, ValueError):
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

            for file in missing:
                _remove(self.target(file))
                _remove(self._proof(file))
            needed, free = sum(file.size for file in missing), shutil.disk_usage(self.owner).free
            if needed > free:
                files = _count(len(missing), "file")
                what = f"{self.home}: {files} to rebuild here {'needs' if len(missing) == 1 else 'need'}"
                fix = f"{_ELSEWHERE}, or activate(names=[...]) fewer entries"
                raise KnapsackError(f"{what} {needed:,} bytes and {free:,} are free", fix)
            stop = threading.Event()
            with ThreadPoolExecutor(8) as copiers, ThreadPoolExecutor(4) as pool:
                try:
                    for _ in pool.map(lambda file: self._rebuild(file, copiers, stop), missing):
                        pass
                finally:
                    stop.set()

    def _rebuild(self, file: _File, copiers: Executor, stop: threading.Event) -> None:
        """Several threads copy the file's chunks, while this one hashes them in their order."""
        new = os.path.join(self._rebuilt_of(file), f".tmp-{file.sha256}")
        digest = hashlib.sha256()
        # "x" refuses what others may have put there, a link above all.
        with open(new, "xb", buffering=0) as output:
            chunks = _read(file.spans, copiers, output.fileno())
            with contextlib.closing(chunks):
                for chunk in chunks:
                    if stop.is_set():
                        return
                    digest.update(chunk)
            os.fchmod(output.fileno(), 0o444)
        if digest.hexdigest() != file.sha256:
            what = f"{file.label}: expected sha256 {file.sha256}, found {digest.hexdigest()}"
            roots = " and ".join(sorted({span.root for span in file.spans}))
            raise KnapsackError(f"{what}, the bundle at {roots} is damaged", _AGAIN)
        target = self.target(file)
        os.rename(new, target)
        with open(self._proof(file), "xb", buffering=0) as record:
            record.write(_evidence(os.lstat(target), file))


def _evidence(status: os.stat_result, file: _File) -> bytes:
    """What changes with any change of a rebuilt file. Only the system sets the time of the last change."""
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise ValueError
    if status.st_size != file.size:
        raise ValueError
    return b"%d %d %d" % (status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _require_own(*directories: str) -> None:
    """Each is there, made now if need be, and only this user can write to it. Links are not followed."""
    for directory in directories:
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)
        status = os.lstat(directory)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
            what = f"{directory}: is not a directory that only you can write to"
            raise KnapsackError(what, f"remove it, or {_ELSEWHERE}")


def _remove(path: str) -> None:
    """A file, a link or a directory with all that is in it, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            import shutil

            shutil.rmtree(path)
        else:
            os.unlink(path)


def _open_place(
    attached: _Attached, scratch: str | os.PathLike[str] | None = None, is_writable: bool = False
) -> _Place:
    chosen = scratch or os.environ.get("KNAPSACK_SCRATCH")
    base = os.path.abspath(os.path.expanduser(chosen)) if chosen else _default_scratch()
    try:
        os.makedirs(base, exist_ok=True)
        unsafe = _unsafe_directory(base)
        if unsafe:
            reason = "it is another user's, or writable for all without the sticky bit"
            what = f"{unsafe}: others can replace what is in it ({reason})"
            raise KnapsackError(what, f"run chmod +t on it, or {_ELSEWHERE}")
        return _Place(attached, base, is_writable)
    except OSError as error:
        where = error.filename or base
        raise KnapsackError(f"{where}: cannot be used as scratch ({error.strerror})", _ELSEWHERE) from error


# The owner that files of users have who are unknown in a container: nobody in it can be one of them.
_UNKNOWN_OWNER = 65534


def _unsafe_directory(directory: str) -> str:
    """This directory or one above it in which another ordinary user can rename what this user makes; "" if there
    is none.
    """
    path = os.path.realpath(directory)
    while True:
        try:
            status = os.stat(path)
        except OSError:
            return path
        is_sticky = bool(status.st_mode & stat.S_ISVTX)
        is_own = status.st_uid in (0, os.getuid(), _UNKNOWN_OWNER)
        if not is_sticky and (status.st_mode & 0o002 or not is_own):
            return path
        if path == os.path.dirname(path):
            return ""
        path = os.path.dirname(path)


def _default_scratch() -> str:
    """As the module tempfile chooses, whose import alone would be a tenth of activate()'s time.

    But what is in /kaggle/working is saved as the notebook's output.
    """
    asked = [os.path.abspath(path) for path in map(os.environ.get, ("TMPDIR", "TEMP", "TMP")) if path]
    for place in ("/kaggle/temp", *asked, "/tmp", "/var/tmp"):
        if f"{place}/".startswith("/kaggle/working/") or not os.path.isdir(place):
            continue
        if os.access(place, os.W_OK | os.X_OK) and not _unsafe_directory(place):
            return place
    return "/tmp"


class _State:
    attached: _Attached | None = None
    place: _Place | None = None  # of the last activate()
    offline = True
    told: set[str] = set()  # the lines that were printed
    mended: set[str] = set()  # the views that were looked through in this process


_state = _State()
_mutex = threading.RLock()


def _own_root() -> str:
    """The directory of the bundle that this file belongs to."""
    here = os.path.abspath(__file__)
    roots = [os.path.dirname(here), os.path.dirname(os.path.realpath(here))]
    root = next((root for root in roots if os.path.lexists(os.path.join(root, _LOCK_NAME))), None)
    if root is None:
        fix = "import knapsack.py from the bundle's own directory, it finds the models beside itself"
        raise KnapsackError(f"{os.path.join(roots[0], _LOCK_NAME)}: not found", fix)
    return root


def _attached(*, again: bool = False) -> _Attached:
    """This file's own bundle, those that are attached beside it, and those that others activated."""
    with _mutex:
        if _state.attached is not None and not again:
            return _state.attached
        known = {bundle.root: bundle for bundle in _state.attached.bundles} if _state.attached else {}
        own = _own_root()
        if own not in known:
            known[own] = _Bundle(own)
        top = _input_root(own)
        others = [*_active().get("bundles", ()), *(_find_bundles(top) if top else ())]
        digests = {bundle.digest for bundle in known.values()}
        for root in sorted(set(others) - known.keys()):
            try:
                bundle = _Bundle(root)
            except KnapsackError as error:
                _tell(f"{error}; it is left out")
                continue
            if bundle.digest not in digests:  # what is mounted at two places is one bundle
                known[root] = bundle
                digests.add(bundle.digest)
        if _state.attached is None or len(known) != len(_state.attached.bundles):
            _state.attached = _Attached(known.values())
        return _state.attached


def _active() -> dict[str, Any]:
    """What an activation in this process, by any bundle's loader, or in a parent of it left behind."""
    try:
        found = json.loads(os.environ.get(_ACTIVE, "{}"))
        roots = [root for root in found["bundles"] if os.path.lexists(os.path.join(root, _LOCK_NAME))]
        return {"bundles": roots, "offline": bool(found["offline"]), "scratch": found["scratch"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _tell(line: str) -> None:
    """One line for people, once a process."""
    if line not in _state.told:
        _state.told.add(line)
        print(f"knapsack: {line}", file=sys.stderr)


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
    roots = [bundle.root for bundle in place.attached.bundles]
    values[_ACTIVE] = json.dumps({"bundles": roots, "offline": offline, "scratch": place.scratch})
    known = [
        path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if not _SITE_PATH.search(path)
    ]
    values["PYTHONPATH"] = os.pathsep.join([place.site, *known] if any(known) else [place.site])
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


# What a Python that is started later runs first. It costs nothing until a client is imported.
_SITE_PATH = re.compile(r"/knapsack-\d+/[0-9a-f]{16}/views/[0-9a-f]{16}\.site$")
_SITE = """\
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in ("huggingface_hub", "kagglehub"):
            sys.meta_path.remove(self)
            if not any(getattr(finder, "_knapsack", None) for finder in sys.meta_path):
                join()
        return None


def join():
    from importlib.util import module_from_spec, spec_from_file_location

    quiet, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec = spec_from_file_location("_knapsack_of_parent", {loader!r})
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        module._join()
    except Exception as error:
        print("knapsack:", error, file=sys.stderr)
    finally:
        sys.dont_write_bytecode = quiet


def go_on():
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = __file__.rpartition("/")[0]
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if path != here])
    if spec and spec.loader:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


sys.meta_path.insert(0, Finder())
go_on()
"""


def _join() -> None:
    """In a process that was started after activate(): go on with what the variables say."""
    with _mutex:
        active = _active()
        if not active.get("bundles") or os.environ.get("HF_HUB_CACHE") is None:
            return
        known = _Attached([_Bundle(root) for root in active["bundles"]])
        place = _open_place(known, active["scratch"], is_writable=not active["offline"])
        if os.environ["HF_HUB_CACHE"] == place.hub:
            _state.attached, _state.place, _state.offline = known, place, active["offline"]
            _serve_libraries()


def _serve_libraries() -> None:
    """Change what has to be changed in the clients: now, or as soon as they are imported."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not getattr(finder, "_knapsack", None)]
    sys.meta_path.insert(0, _Finder())
    for name in _HOOKS:
        if name in sys.modules:
            _run_hook(name)


def _run_hook(name: str) -> None:
    try:
        _HOOKS[name](sys.modules[name])
    except (ImportError, AttributeError, TypeError) as error:  # a client that is built differently
        import warnings

        client = name.partition(".")[0]
        if client == "kagglehub":
            fix = "use handles with their version and set DISABLE_KAGGLE_CACHE=1, or use knapsack.path()"
        else:
            fix = "from_pretrained works, and for the rest knapsack.path() has the files"
        warnings.warn(f"{client} does not ask this bundle ({error}); {fix}", stacklevel=2)


class _Finder:
    """Lets the usual finders find the clients' modules, and runs their hooks when they have run."""

    _knapsack = True

    def find_spec(self, name: str, search: Any = None, target: Any = None) -> Any:
        if name not in _HOOKS:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if find is None or getattr(finder, "_knapsack", None):
                continue
            spec = find(name, search, target)
            if spec is not None:
                self._follow(name, spec.loader)
                return spec
        return None

    def _follow(self, name: str, loader: Any) -> None:
        def run(module: types.ModuleType) -> None:
            type(loader).exec_module(loader, module)
            _run_hook(name)

        with contextlib.suppress(AttributeError):
            loader.exec_module = run


def _register_resolvers(_: types.ModuleType) -> None:
    from kagglehub import registry  # type: ignore[import-untyped,unused-ignore]
    from kagglehub.resolver import Resolver  # type: ignore[import-untyped,unused-ignore]

    class KnapsackResolver(Resolver):  # type: ignore[misc]
        """The last one registered is asked first. What no bundle has goes on to Kaggle's own, of which the
        one of its notebooks works without internet; the one that downloads does not.
        """

        _knapsack = True

        def __init__(self, kind: str, known: Any) -> None:
            self._kind = kind
            self._known = known

        def is_supported(self, handle: Any, path: str | None = None, **options: Any) -> bool:
            if _state.place is None:
                return False
            if _find_kaggle(_state.place, self._kind, handle, path):
                return True
            return _state.offline

        def __call__(self, handle: Any, path: str | None = None, **options: Any) -> Any:
            place = _state.place
            if place and _find_kaggle(place, self._kind, handle, path):
                return super().__call__(handle, path, **options)
            problem = KnapsackError(*_not_in_kaggle(self._kind, handle))
            for other in reversed(self._known._impls):
                is_download = type(other).__module__ == "kagglehub.http_resolver"
                if other is self or is_download and not _is_downloaded(handle, path, options):
                    continue
                if not other.is_supported(handle, path, **options):
                    continue
                try:
                    return other(handle, path, **options)
                except Exception as error:
                    raise problem from error
            raise problem

        def _resolve(
            self,
            handle: Any,
            path: str | None = None,
            *,
            force_download: bool | None = False,
            output_dir: str | None = None,
        ) -> tuple[str, int | None]:
            place = _state.place
            found = place and _find_kaggle(place, self._kind, handle, path)
            if not place or not found:
                raise KnapsackError(*_not_in_kaggle(self._kind, handle))
            if output_dir:
                copy = _copy_out(place, found, handle, path, output_dir, bool(force_download))
                return copy, found.version or None
            if force_download:
                import warnings

                warnings.warn(f"force_download ignored: {handle} comes from the bundle", stacklevel=5)
            return _kaggle_path(place, found, path), found.version or None

    resolvers = [("model", registry.model_resolver), ("dataset", registry.dataset_resolver)]
    for kind, name in (("competition", "competition_resolver"), ("notebook", "notebook_output_resolver")):
        if hasattr(registry, name):  # an older kagglehub has none
            resolvers.append((kind, getattr(registry, name)))
    for kind, known in resolvers:
        known._impls[:] = [old for old in known._impls if not getattr(old, "_knapsack", None)]
        known.add_implementation(KnapsackResolver(kind, known))


def _not_in_kaggle(kind: str, handle: Any) -> tuple[str, str]:
    known = _state.place.attached.kaggle if _state.place else {}
    handles = [one.handle for one in known if one.type == kind]
    versions = [other for other in handles if f"{handle}/".startswith(other.rpartition("/")[0] + "/")]
    what = f"{handle} is in no attached bundle"
    return what, f"their {kind}s of Kaggle: {_known(handles, first=versions)}"


def _is_downloaded(handle: Any, path: str | None, options: dict[str, Any]) -> bool:
    """Whether kagglehub has it whole in `output_dir=` since it was online, and needs nobody to ask."""
    directory = options.get("output_dir")
    if not directory or options.get("force_download"):
        return False
    from kagglehub.cache import Cache

    return bool(Cache(override_dir=directory).load_from_cache(handle, path))


def _find_kaggle(place: _Place, kind: str, handle: Any, path: str | None) -> _Kaggle | None:
    """The bundled version that a kagglehub handle means; without a version, the newest bundled one."""
    names = {"model": ("owner", "model", "framework", "variation"), "competition": ("competition",)}
    parts = [str(getattr(handle, name, "")).lower() for name in names.get(kind, ("owner", kind))]
    has_version = kind != "competition" and handle.is_versioned()
    version = handle.version if has_version else None
    found = [
        known
        for known in place.attached.kaggle
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
        roots = " and ".join(sorted({entry.root for entry in place.attached.kaggle[newest]}))
        what = f"{handle}: the bundle at {roots} has no {path!r} of it"
        raise KnapsackError(what, "leave path= out to see what it has, or pack it with that file")
    return newest


def _kaggle_files(place: _Place, known: _Kaggle, path: str | None) -> dict[str, _File]:
    """The files of a bundled version: all, one, or those below a directory."""
    files = _merge(place.attached.kaggle[known])
    below = f"{path.rstrip('/')}/" if path else ""
    return {name: file for name, file in files.items() if f"{name}/".startswith(below)}


def _kaggle_path(place: _Place, known: _Kaggle, path: str | None) -> str:
    with _mutex:
        if path:
            place.rebuild(file for file in _kaggle_files(place, known, path).values() if file.stored is None)
        else:
            place.make_ready(place.attached.kaggle[known])
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


# The Hub, answered from the lock ----------------------------------------------------------------------

# Offline, what the Hub's clients ask beyond the cache is answered in the process itself, in place of their
# connections: no port is opened, no thread is started, nothing leaves the machine, and processes that fork
# go on with it.

_quiet = threading.local()  # .is_on: what is asked now has its answer in the cache, or none


class _Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes = b""
    file: _File | None = None  # in place of `content`: bytes of it, from `start` to `stop`
    start: int = 0
    stop: int = 0

    def chunks(self) -> Iterator[bytes]:
        """The body. A file that is sent whole is proved on the way."""
        if self.file is None:
            yield self.content
            return
        digest = hashlib.sha256()
        is_whole = self.stop - self.start == self.file.size
        for chunk in _read(_Content(self.file).pieces(self.start, self.stop)):
            if is_whole:
                digest.update(chunk)
            yield bytes(chunk)
        if is_whole and digest.hexdigest() != self.file.sha256:
            what = f"{self.file.label}: expected sha256 {self.file.sha256}, found {digest.hexdigest()}"
            raise KnapsackError(f"{what}, the bundle is damaged", _AGAIN)


def _refusal(what: str, fix: str, *, of_download: bool = False) -> Exception:
    """An error that the clients take as "offline" or, of a download, as "offline, and not in the cache", with
    one line of its own.
    """
    from huggingface_hub import errors  # type: ignore[import-not-found,unused-ignore]

    class Offline(KnapsackError, errors.OfflineModeIsEnabled):  # type: ignore[misc]
        def __str__(self) -> str:
            return str(self.args[0])

        def __reduce__(self) -> Any:  # this class is in no module that another process could import
            return OSError, (str(self),)

    class NotInBundle(Offline, errors.LocalEntryNotFoundError, ValueError):  # type: ignore[misc]
        # As a ValueError, transformers hands on its message in place of "check your internet connection".
        response = request = request_id = server_message = error_message = None

    refusal = (NotInBundle if of_download else Offline)(what, fix)
    http = sys.modules.get("huggingface_hub.utils._http")
    if of_download and not hasattr(http, "set_client_factory"):
        _tell(str(refusal))  # transformers 4 reports "check your internet connection" in its place
    return refusal


def _not_in_hub(attached: _Attached, kind: str, name: str) -> tuple[str, str]:
    ids = [other for other_kind, other in attached.repositories if other_kind == kind]
    for one, reason in attached.left_out.values():
        if any(
            entry.hub and (entry.hub.type, entry.hub.repo_id) == (kind, name) for entry in one.entries.values()
        ):
            return f"the {kind} {name} is in the bundle at {one.root}, which is left out: {reason}", ""
    others = {
        other_kind for other_kind, other in attached.repositories if other == name and other_kind != kind
    }
    hint = f"; as a {' and a '.join(sorted(others))} it is there" if others else ""
    return f"the {kind} {name} is in no attached bundle{hint}", f"their {kind}s: {_known(ids)}"


def _answer(method: str, url: str, headers: Any, content: bytes) -> _Answer:
    """What the Hub would answer, with the revisions and files that the attached bundles have."""
    answer = _find_answer(method, url, headers, content)
    return answer._replace(content=b"") if method == "HEAD" else answer


def _find_answer(method: str, url: str, headers: Any, content: bytes) -> _Answer:
    from urllib.parse import parse_qs, unquote, urlsplit

    place = _state.place
    if place is None:
        raise KnapsackError("no bundle is active", "call knapsack.activate()")
    attached = place.attached
    parts = urlsplit(url)
    path = _hub_path(f"{parts.scheme}://{parts.netloc}", parts.path)
    found = _parse_hub_path([unquote(part) for part in path.split("/") if part], attached) if path else None
    if found is None:
        ids = [name for _, name in attached.repositories]
        what = f"{method} {url:.200} cannot be answered without internet"
        raise _refusal(what, f"the attached bundles have: {_known(ids)}")
    kind, name, action, rest = found
    repository = attached.repositories.get((kind, name))
    if repository is None:
        raise _refusal(*_not_in_hub(attached, kind, name))
    if getattr(_quiet, "is_on", False):
        raise _offline_error(url)
    query = parse_qs(parts.query)
    if action in ("resolve", "raw") and method in ("GET", "HEAD"):
        return _answer_file(name, repository, rest, method, headers)
    if method == "GET" and action in ("", "revision"):
        return _answer_info(kind, name, repository, "/".join(rest) or "main", "blobs" in query)
    if method == "GET" and action == "tree" and rest:
        is_recursive = query.get("recursive", [""])[0].lower() in ("true", "1")
        return _answer_tree(name, repository, *_split_revision(rest), is_recursive)
    if method == "POST" and action == "paths-info" and rest:
        return _answer_paths(name, repository, "/".join(rest), headers, content)
    if method == "GET" and action == "refs":
        branches = [
            {"name": ref, "ref": f"refs/heads/{ref}", "targetCommit": commit}
            for ref, commit in sorted(repository.refs.items())
        ]
        return _json({"branches": branches, "converts": [], "tags": [], "pullRequests": []})
    if method == "GET" and action == "auth-check":
        return _json({})
    what = f"{method} {url:.200} cannot be answered without internet"
    raise _refusal(what, f"of {name} the attached bundles have the files and what the lock states of them")


def _offline_error(url: str) -> Exception:
    from huggingface_hub import errors

    error: Exception = errors.OfflineModeIsEnabled(f"Cannot reach {url}: offline since knapsack.activate()")
    return error


def _hub_path(origin: str, path: str) -> str:
    """The part of an address below the Hub's own; "" for any other host."""
    constants = sys.modules.get("huggingface_hub.constants")
    for endpoint in (
        getattr(constants, "ENDPOINT", ""),
        os.environ.get("HF_ENDPOINT", ""),
        "https://huggingface.co",
    ):
        endpoint = str(endpoint or "").rstrip("/")
        if endpoint and f"{origin}{path}".startswith(f"{endpoint}/"):
            return f"{origin}{path}"[len(endpoint) :]
    return ""


_ACTIONS = (
    "resolve",
    "raw",
    "tree",
    "revision",
    "paths-info",
    "refs",
    "auth-check",
    "commits",
    "discussions",
)


def _parse_hub_path(parts: list[str], attached: _Attached) -> tuple[str, str, str, list[str]] | None:
    """Type and id of the repository, what is asked of it, and the rest of the path."""
    is_api = parts[:1] == ["api"]
    parts = parts[1:] if is_api else parts
    kind = parts[0][:-1] if parts and parts[0] in ("models", "datasets", "spaces", "kernels") else ""
    parts = parts[1:] if kind else parts
    kind = kind or ("" if is_api else "model")
    if not kind or not parts:
        return None
    # The oldest repositories have no owner: "bert-base-uncased".
    length = (
        1
        if len(parts) == 1
        or parts[1] in _ACTIONS
        and (kind, "/".join(parts[:2])) not in attached.repositories
        else 2
    )
    name, rest = "/".join(parts[:length]), parts[length:]
    action = rest[0] if rest else ""
    if action not in ("", *_ACTIONS) or (not is_api and action not in ("resolve", "raw")):
        return None
    return kind, name, action, rest[1:]


def _split_revision(parts: list[str]) -> tuple[str, str]:
    """Revision and path. Clients quote a revision's slashes; "refs/pr/1" is understood without that, too."""
    count = 3 if parts[0] == "refs" and len(parts) >= 3 else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _json(value: Any, **headers: str) -> _Answer:
    content = json.dumps(value).encode()
    return _Answer(
        200, {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}, content
    )


def _missing(code: str, message: str, **headers: str) -> _Answer:
    content = json.dumps({"error": message}).encode()
    length = str(len(content))
    plain = message.encode("ascii", "replace").decode()
    values = {"X-Error-Code": code, "X-Error-Message": plain, "Content-Type": "application/json"}
    return _Answer(404, {**values, "Content-Length": length, **headers}, content)


def _not_at_revision(name: str, repository: _Repository, revision: str) -> tuple[str, str]:
    known = _known([*repository.refs, *repository.commits])
    return f"{name}: revision {revision!r:.80} is in no attached bundle", f"they have: {known}"


def _no_revision(name: str, repository: _Repository, revision: str) -> _Answer:
    return _missing("RevisionNotFound", "; ".join(_not_at_revision(name, repository, revision)))


def _no_file(name: str, path: str, commit: str) -> _Answer:
    return _missing(
        "EntryNotFound", f"{name}: {path!r:.200} is in no attached bundle", **{"X-Repo-Commit": commit}
    )


def _answer_file(name: str, repository: _Repository, rest: list[str], method: str, headers: Any) -> _Answer:
    revision, path = _split_revision(rest) if rest else ("main", "")
    commit = repository.commit(revision)
    if commit is None:
        return _no_revision(name, repository, revision)
    file = repository.files(commit).get(path)
    if file is None:
        return _no_file(name, path, commit)
    # Of every file the lock has the SHA-256, which is what the Hub names large files by.
    values = {
        "X-Repo-Commit": commit,
        "ETag": f'"{file.sha256}"',
        "X-Linked-Etag": f'"{file.sha256}"',
        "X-Linked-Size": str(file.size),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }
    start, stop = 0, file.size
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", str(headers.get("range") or ""))
    if asked and asked[0] != "bytes=-":
        first, last = (int(text[:20]) if text else None for text in asked.groups())
        start = file.size - min(last or 0, file.size) if first is None else first
        stop = file.size if first is None or last is None else min(last + 1, file.size)
        if start >= stop:
            values.update({"Content-Range": f"bytes */{file.size}", "Content-Length": "0"})
            return _Answer(416, values)
        values["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    values["Content-Length"] = str(stop - start)
    status = 206 if "Content-Range" in values else 200
    return _Answer(status, values) if method == "HEAD" else _Answer(status, values, b"", file, start, stop)


def _answer_info(kind: str, name: str, repository: _Repository, revision: str, with_sizes: bool) -> _Answer:
    commit = repository.commit(revision)
    if commit is None:
        return _no_revision(name, repository, revision)
    facts = repository.commits[commit][0].facts
    files = repository.files(commit)
    tags = [facts.library, facts.task, facts.model_type, facts.license and f"license:{facts.license}"]
    for base in facts.base_models:
        tags.append(f"base_model:{base}")
        tags += [f"base_model:{facts.base_relation}:{base}"] if facts.base_relation else []
    info: dict[str, Any] = {
        "_id": commit[:24],
        "id": name,
        "author": name.rpartition("/")[0] or None,
        "sha": commit,
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [tag for tag in dict.fromkeys(tags) if tag],
        "usedStorage": sum(file.size for file in files.values()),
        "siblings": [_sibling(path, file, with_sizes) for path, file in sorted(files.items())],
    }
    if kind == "model":
        info["modelId"] = name
        info["config"] = {"model_type": facts.model_type} if facts.model_type else {}
        info.update(
            {
                key: text
                for key, text in (("pipeline_tag", facts.task), ("library_name", facts.library))
                if text
            }
        )
    return _json(info, **{"X-Repo-Commit": commit})


def _sibling(path: str, file: _File, with_sizes: bool) -> dict[str, Any]:
    if not with_sizes:
        return {"rfilename": path}
    record = _tree_record(path, file)
    lfs = {"sha256": file.sha256, "size": file.size, "pointerSize": record["lfs"]["pointerSize"]}
    return {"rfilename": path, "size": file.size, "blobId": record["oid"], "lfs": lfs}


def _tree_record(path: str, file: _File) -> dict[str, Any]:
    """A file as Git LFS keeps it: the id is of the pointer, which its digest and size are all of."""
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\nsize {file.size}\n".encode()
    )
    oid = hashlib.sha1(b"blob %d\0%s" % (len(pointer), pointer)).hexdigest()
    lfs = {"oid": file.sha256, "size": file.size, "pointerSize": len(pointer)}
    return {"type": "file", "oid": oid, "size": file.size, "path": path, "lfs": lfs}


def _directory_record(path: str, commit: str) -> dict[str, Any]:
    oid = hashlib.sha1(f"{commit}/{path}".encode()).hexdigest()
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def _answer_tree(
    name: str, repository: _Repository, revision: str, folder: str, is_recursive: bool
) -> _Answer:
    commit = repository.commit(revision)
    if commit is None:
        return _no_revision(name, repository, revision)
    files = repository.files(commit)
    folders = _directories(files)
    if folder and folder not in folders:
        return _no_file(name, folder, commit)
    below = f"{folder}/" if folder else ""

    def is_chosen(path: str) -> bool:
        return path.startswith(below) and (is_recursive or "/" not in path[len(below) :])

    records = [_directory_record(path, commit) for path in folders if is_chosen(path)]
    records += [_tree_record(path, file) for path, file in files.items() if is_chosen(path)]
    return _json(sorted(records, key=lambda record: record["path"]), **{"X-Repo-Commit": commit})


def _answer_paths(name: str, repository: _Repository, revision: str, headers: Any, content: bytes) -> _Answer:
    from urllib.parse import parse_qs

    commit = repository.commit(revision)
    if commit is None:
        return _no_revision(name, repository, revision)
    if "json" in str(headers.get("content-type") or ""):
        asked = json.loads(content).get("paths", [])
    else:
        asked = parse_qs(content.decode()).get("paths", [])
    files = repository.files(commit)
    folders = _directories(files)
    records = []
    for path in [asked] if isinstance(asked, str) else asked:
        plain = str(path).strip("/")
        if plain in files:
            records.append(_tree_record(plain, files[plain]))
        elif plain in folders:
            records.append(_directory_record(plain, commit))
    return _json(records, **{"X-Repo-Commit": commit})


# The Hub's clients ------------------------------------------------------------------------------------


def _is_answering() -> bool:
    return _state.place is not None and _state.offline


def _replace(module: Any, name: str, make: Any) -> None:
    """Put make(original) in the place of a module's function, also after another loader did so.

    Public functions are replaced where they were copied to, too.
    """
    old = getattr(module, name)
    original = getattr(old, "_knapsack_original", old)
    new = make(original)
    new._knapsack_original = original
    setattr(module, name, new)
    names_of: Any = vars(types.ModuleType)["__dict__"].__get__
    for other in [] if name.startswith("_") else list(sys.modules.values()):
        if isinstance(other, types.ModuleType) and names_of(other).get(name) is old:
            names_of(other)[name] = new


def _answer_requests(module: Any) -> None:
    """huggingface_hub's connections: of httpx from version 1 on, of requests before."""
    if hasattr(module, "set_client_factory"):
        _answer_httpx(module)
    elif hasattr(module, "configure_http_backend"):
        _answer_requests_sessions(module)


def _answer_httpx(module: Any) -> None:
    httpx: Any = getattr(module, "httpx2", None) or module.httpx
    stream: Any = httpx.SyncByteStream
    transport: Any = httpx.BaseTransport
    async_transport: Any = httpx.AsyncBaseTransport

    class Body(stream):  # type: ignore[misc]
        def __init__(self, answer: _Answer) -> None:
            self._answer = answer

        def __iter__(self) -> Iterator[bytes]:
            return self._answer.chunks()

    class Transport(transport):  # type: ignore[misc]
        def handle_request(self, request: Any) -> Any:
            answer = _answer(request.method, str(request.url), request.headers, request.read())
            return httpx.Response(answer.status, headers=answer.headers, stream=Body(answer), request=request)

    class AsyncTransport(async_transport):  # type: ignore[misc]
        async def handle_async_request(self, request: Any) -> Any:
            answer = _answer(request.method, str(request.url), request.headers, await request.aread())
            content = b"".join(answer.chunks())
            return httpx.Response(answer.status, headers=answer.headers, content=content, request=request)

    def factory(original: Any, client: Any, own: Any) -> Any:
        original = getattr(original, "_knapsack_original", original)

        def make() -> Any:
            if not _is_answering():
                return original()
            return client(transport=own(), follow_redirects=True, timeout=None, trust_env=False)

        make._knapsack_original = original  # type: ignore[attr-defined]
        return make

    module.set_client_factory(factory(module._GLOBAL_CLIENT_FACTORY, httpx.Client, Transport))
    make_async = factory(module._GLOBAL_ASYNC_CLIENT_FACTORY, httpx.AsyncClient, AsyncTransport)
    module.set_async_client_factory(make_async)


def _answer_requests_sessions(module: Any) -> None:
    import io

    import requests  # type: ignore[import-untyped,unused-ignore]
    import urllib3  # type: ignore[import-not-found,unused-ignore]

    class Body(io.RawIOBase):
        def __init__(self, answer: _Answer) -> None:
            self._chunks = answer.chunks()
            self._rest = memoryview(b"")

        def readable(self) -> bool:
            return True

        def readinto(self, target: Any) -> int:
            while not self._rest:
                chunk = next(self._chunks, None)
                if chunk is None:
                    return 0
                self._rest = memoryview(chunk)
            count = min(len(target), len(self._rest))
            target[:count] = self._rest[:count]
            self._rest = self._rest[count:]
            return count

    class Adapter(requests.adapters.HTTPAdapter):  # type: ignore[misc]
        def send(self, request: Any, *_: Any, **__: Any) -> Any:
            body = request.body or b""
            content = body.encode() if isinstance(body, str) else bytes(body)
            answer = _answer(request.method, request.url, request.headers, content)
            raw = urllib3.HTTPResponse(
                io.BufferedReader(Body(answer)),
                headers=answer.headers,
                status=answer.status,
                preload_content=False,
                request_method=request.method,
            )
            return self.build_response(request, raw)

    original = getattr(module._GLOBAL_BACKEND_FACTORY, "_knapsack_original", module._GLOBAL_BACKEND_FACTORY)

    def make() -> Any:
        session = original()
        if _is_answering():
            session.trust_env = False
            session.mount("http://", Adapter())
            session.mount("https://", Adapter())
        return session

    make._knapsack_original = original  # type: ignore[attr-defined]
    module.configure_http_backend(make)


@contextlib.contextmanager
def _from_the_cache(is_on: bool = True) -> Iterator[None]:
    """What is asked of the Hub meanwhile is not answered, as without internet."""
    before = getattr(_quiet, "is_on", False)
    _quiet.is_on = is_on
    try:
        yield
    finally:
        _quiet.is_on = before


def _is_view(cache: Any) -> bool:
    """Whether a cache directory is the one that activate() made."""
    return _state.place is not None and os.path.realpath(cache) == os.path.realpath(_state.place.hub)


def _find_repository(kind: Any, name: Any) -> _Repository | None:
    place = _state.place
    return place.attached.repositories.get((kind or "model", name)) if place else None


def _refuse_unknown(kind: Any, name: Any, revision: Any) -> None:
    """Raises if no attached bundle has this revision of the repository, or has nothing of it."""
    if _state.place is None:
        return
    repository = _find_repository(kind, name)
    if repository is None:
        raise _refusal(*_not_in_hub(_state.place.attached, kind or "model", name), of_download=True) from None
    if repository.commit(str(revision)) is None:
        raise _refusal(*_not_at_revision(name, repository, str(revision)), of_download=True) from None


def _prefer_the_view(module: Any) -> None:
    """hf_hub_download: the view needs no answers; a file in pieces is put together when it is asked for."""

    def to_cache(original: Any) -> Any:
        def download(**asked: Any) -> Any:
            if not _is_answering():
                return original(**asked)
            from huggingface_hub import errors

            kind, name, path = asked["repo_type"], asked["repo_id"], asked["filename"]
            repository = _find_repository(kind, name)
            commit = repository.commit(asked["revision"]) if repository else None
            file = repository.files(commit).get(path) if repository and commit else None
            is_view = _is_view(asked["cache_dir"])
            if file and is_view and _state.place:
                asked["force_download"] = False  # it is what a download would give
                if file.stored is None:
                    with _mutex:
                        _state.place.rebuild([file])
            elif file:
                asked["local_files_only"] = False  # transformers sets it, as it is offline
            try:
                # datasets takes "offline" for a reason to give up, where "not there" is the answer.
                with _from_the_cache(is_view and (file is not None or commit is None or kind != "dataset")):
                    return original(**asked)
            except (errors.LocalEntryNotFoundError, errors.RevisionNotFoundError) as error:
                if isinstance(error, KnapsackError):
                    raise
                _refuse_unknown(kind, name, asked["revision"])
                what = f"{name}: {path!r} of {asked['revision']} is in no attached bundle"
                raise errors.LocalEntryNotFoundError(what) from None

        return download

    def to_directory(original: Any) -> Any:
        def download(**asked: Any) -> Any:
            if not _is_answering():
                return original(**asked)
            from huggingface_hub import errors

            try:
                return original(**asked)
            except errors.RevisionNotFoundError:
                _refuse_unknown(asked["repo_type"], asked["repo_id"], asked["revision"])
                raise

        return download

    def on_error(original: Any) -> Any:
        def fail(error: Exception, *options: Any, **more: Any) -> Any:
            if isinstance(error, KnapsackError):
                raise _refusal(str(error), "", of_download=True) from None
            return original(error, *options, **more)

        return fail

    _replace(module, "_hf_hub_download_to_cache_dir", to_cache)
    _replace(module, "_hf_hub_download_to_local_dir", to_directory)
    _replace(module, "_raise_on_head_call_error", on_error)


def _prefer_snapshots(module: Any) -> None:
    """snapshot_download: a snapshot of the view is given as it is, without asking for every file of it."""
    import functools

    def to_snapshot(original: Any) -> Any:
        @functools.wraps(original)
        def snapshot_download(repo_id: str, **asked: Any) -> Any:
            if not _is_answering():
                return original(repo_id, **asked)
            from huggingface_hub import constants, errors

            kind, revision = asked.get("repo_type") or "model", asked.get("revision") or "main"
            repository = _find_repository(kind, repo_id)
            is_copy = asked.get("local_dir") is not None or asked.get("dry_run")
            is_view = not is_copy and _is_view(asked.get("cache_dir") or constants.HF_HUB_CACHE)
            try:
                if not is_view:
                    return original(repo_id, **{**asked, "local_files_only": False} if repository else asked)
                with _from_the_cache():
                    return original(repo_id, **{**asked, "force_download": False})
            except (
                errors.LocalEntryNotFoundError,
                errors.OfflineModeIsEnabled,
                errors.RevisionNotFoundError,
            ):
                _refuse_unknown(kind, repo_id, revision)
                if not is_view or asked.get("local_files_only"):
                    raise
            return original(repo_id, **asked)  # the answer states what is missing

        return snapshot_download

    _replace(module, "snapshot_download", to_snapshot)


def _let_datasets_ask(module: Any) -> None:
    """load_dataset gives up offline before it asks. What it asks of other hosts is refused as ever."""

    def let(original: Any) -> Any:
        return lambda *message: None if _is_answering() else original(*message)

    _replace(module, "_raise_if_offline_mode_is_enabled", let)


_HOOKS: dict[str, Any] = {
    "kagglehub": _register_resolvers,
    "huggingface_hub.utils._http": _answer_requests,
    "huggingface_hub.file_download": _prefer_the_view,
    "huggingface_hub._snapshot_download": _prefer_snapshots,
    "datasets.load": _let_datasets_ask,
}


# The command line -------------------------------------------------------------------------------------


def _main(arguments: list[str]) -> int:
    """0: done, or the bundle holds; 1: verify found a difference; 2: it could not be done."""
    import argparse
    import shlex

    parser = argparse.ArgumentParser(prog="knapsack.py", description="Use the models of this bundle offline.")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="list|verify|path|freeze|activate"
    )
    commands.add_parser("list", help="what is in the bundle, one line an entry")
    proof = commands.add_parser("verify", help="compare the bundle with its lock (sizes only, unless told)")
    levels = proof.add_mutually_exclusive_group()
    for level in ("sampled", "full"):
        levels.add_argument(f"--{level}", dest="level", action="store_const", const=level, default="quick")
    commands.add_parser("path", help="print the directory of one entry").add_argument("name")
    frozen = commands.add_parser("freeze", help="write what is installed, as pip freeze does")
    frozen.add_argument("file", nargs="?", default="provided.txt")
    commands.add_parser("activate", help="print lines for a shell's eval that make the clients find it")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "list":
            for entry in models():
                print(*(value or "-" for value in entry[:-2]), entry.size, entry.bundle, sep="\t")
        elif chosen.command == "verify":
            print(verify(chosen.level))
        elif chosen.command == "path":
            print(path(chosen.name))
        elif chosen.command == "freeze":
            print(freeze(chosen.file))
        else:
            activate()
            for name in sorted(_environment(_state.place, True) if _state.place else ()):
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
