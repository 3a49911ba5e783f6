"""Archives that pack writes: read by the tools that people have, and checked by verify without unpacking."""

import io
import os
import random
import shutil
import stat
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import genuine
import notebook
import numpy
import pytest
from cli import Knapsack, contents, manifest, read_lock
from conftest import write_json
from embedding import EMBED
from safetensors.numpy import save_file

SUFFIXES = ("tar", "tar.zst", "zip")
MIDNIGHT = 315_532_800  # 1980-01-01 00:00:00 UTC, the earliest time that a zip can name
LONG = {
    "over 100": "deep-directory/" * 7 + "file.bin",
    "over 255": "another-deep-directory/" * 13 + "file.bin",
    "a name over 100": "n" * 200 + ".bin",
    "a name of 255": "m" * 251 + ".bin",
}
ODD = ["a b@c.txt", "naïve/größe.txt", "モデル/重み.bin", "e\u0301.txt", "\u00e9.txt", "data.zip", "😀.txt", "-rf", "a\\b.txt"]


@dataclass
class Archives:
    knapsack: Knapsack
    manifest: Path
    bundle: Path
    directory: Path

    def path(self, suffix: str) -> Path:
        return self.directory / f"bundle.{suffix}"

    def verify(self, path: Path, *options: str):
        return self.knapsack("verify", path, *options)


@pytest.fixture(scope="module")
def archives(knapsack, tmp_path_factory) -> Archives:
    """A bundle with shared tensors, long paths, names that Kaggle refuses and an empty file, in all forms."""
    directory = tmp_path_factory.mktemp("archives")
    generator = numpy.random.default_rng(3)
    tensors = {f"layer.{n}": generator.standard_normal((64, 64), dtype=numpy.float32) for n in range(6)}
    for name in ("base", "tuned"):
        (directory / name).mkdir()
        save_file(tensors, directory / name / "model.safetensors", metadata={"format": "pt"})
        write_json(directory / name / "config.json", {"model_type": "bert", "tuned": name})
        (directory / name / "vocab.txt").write_text("[PAD]\nsack\n")
        tensors["layer.2"] = tensors["layer.2"] + 1
    for number, name in enumerate([*LONG.values(), *ODD]):
        path = directory / "odd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    (directory / "odd" / "empty").touch()
    path = directory / "archive-models.toml"
    models = [{"name": name, "source": f"path:{name}", "license": "mit"} for name in ("base", "tuned")]
    path.write_text(manifest("archive-models", model=models, files=[{"name": "odd", "source": "path:odd"}]))
    made = Archives(knapsack, path, directory / "bundle", directory)
    knapsack("pack", path, "--output", made.bundle).expect(0)
    for suffix in SUFFIXES:
        knapsack("pack", path, "--output", made.path(suffix)).expect(0)
    return made


def run(*command: str | Path, **options) -> bytes:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(list(map(str, command)), capture_output=True, **options)
    assert done.returncode == 0, (command, done.stderr.decode())
    # A tool that has something to complain of states it here.
    assert not done.stderr, (command, done.stderr.decode())
    return done.stdout


def open_tar(path: Path) -> tarfile.TarFile:
    """Python 3.11's tarfile knows no Zstandard."""
    if path.suffix == ".tar":
        return tarfile.open(path)
    return tarfile.open(fileobj=io.BytesIO(run("zstd", "--decompress", "--stdout", "--quiet", path)))


def extract_with_python(path: Path, target: Path) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            archive.extractall(target)
    else:
        with open_tar(path) as archive:
            archive.extractall(target, filter="data")


TOOLS = {
    "GNU tar": (("tar", "tar.zst"), lambda path, target: run("tar", "--extract", "--file", path, "-C", target)),
    "bsdtar": (SUFFIXES, lambda path, target: run("bsdtar", "-x", "-f", path, "-C", target)),
    "unzip": (("zip",), lambda path, target: run("unzip", "-q", path, "-d", target)),
    "Python": (SUFFIXES, extract_with_python),
}


@pytest.mark.parametrize("tool, suffix", [(tool, suffix) for tool in TOOLS for suffix in TOOLS[tool][0]])
def test_tools_extract_the_tree_of_the_directory(archives, tmp_path, tool, suffix):
    target = tmp_path / "tree"
    target.mkdir()
    TOOLS[tool][1](archives.path(suffix), target)
    assert contents(target) == contents(archives.bundle)
    archives.knapsack("verify", target).expect(0)
    for file in target.rglob("*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) & 0o644 == 0o644


@pytest.mark.smoke
def test_the_bundle_has_what_archives_get_wrong(archives):
    """Long paths are at their own places; names outside of ASCII do not survive an upload, so they are in the store."""
    found = contents(archives.bundle)
    for path in LONG.values():
        assert f"files/odd/{path}" in found
    assert max(map(len, found)) > 300
    entry = read_lock(archives.manifest.with_suffix(".lock"))["odd"]
    assert {file["path"] for file in entry["files"] if file.get("at", "").startswith("store/")} == set(ODD) - {"-rf"}
    assert any("segments" in f for f in read_lock(archives.manifest.with_suffix(".lock"))["tuned"]["files"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_entries_are_in_byte_order_and_say_nothing_of_the_machine(archives, suffix):
    stored = sorted(p.relative_to(archives.bundle).as_posix() for p in archives.bundle.rglob("*") if p.is_file())
    expected = sorted(stored, key=str.encode)
    if suffix == "zip":
        with zipfile.ZipFile(archives.path(suffix)) as archive:
            assert archive.namelist() == expected
            assert not archive.comment
            for info in archive.infolist():
                assert info.date_time == (1980, 1, 1, 0, 0, 0)
                assert info.external_attr >> 16 == stat.S_IFREG | 0o644
                # Weights and what has no suffix of text are stored.
                is_text = info.filename.rsplit(".", 1)[-1] in ("json", "lock", "md", "py", "txt")
                assert info.compress_type == (zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED)
        lines = run("unzip", "-Z", "-T", archives.path(suffix)).decode().splitlines()[2:-1]
        assert [line.split()[-1] for line in lines] == expected
        assert {line.split()[0] for line in lines} == {"-rw-r--r--"}
        return
    with open_tar(archives.path(suffix)) as archive:
        assert archive.getnames() == expected
        for info in archive.getmembers():
            assert (info.mtime, info.uid, info.gid, info.uname, info.gname) == (MIDNIGHT, 0, 0, "", "")
            assert (info.mode, info.isfile()) == (0o644, True)
            assert set(info.pax_headers) <= {"path"}
    listing = ["tar", "--list", "--verbose", "--full-time", "--numeric-owner", "--file", archives.path(suffix)]
    lines = [line.split(maxsplit=5) for line in run(*listing, env={**os.environ, "TZ": "UTC"}).decode().splitlines()]
    assert [line[-1] for line in lines] == expected
    assert {tuple(line[:2] + line[3:5]) for line in lines} == {("-rw-r--r--", "0/0", "1980-01-01", "00:00:00")}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_run_elsewhere_gives_the_same_bytes(archives, tmp_path, suffix):
    """Another zone, language, umask and directory, one processor, and a digest index of its own."""
    inputs = tmp_path / "a longer way" / "elsewhere"
    shutil.copytree(archives.directory, inputs, ignore=shutil.ignore_patterns("bundle*", "*.lock"))
    other = archives.knapsack.with_caches(
        TZ="Pacific/Chatham", LC_ALL="tr_TR.UTF-8", LANG="de_DE", KNAPSACK_CACHE_DIR=str(tmp_path / "index"),
    )  # fmt: skip
    target = tmp_path / f"other name.{suffix}"
    mask = os.umask(0o077)
    try:
        command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), other.binary, "pack"]
        run_quietly(*command, inputs / archives.manifest.name, "--output", target, env=other.environment())
    finally:
        os.umask(mask)
    assert target.read_bytes() == archives.path(suffix).read_bytes()


def run_quietly(*command, **options) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_verify_reads_an_archive_as_it_is(archives, suffix):
    document = archives.verify(archives.path(suffix), "--json").expect(0).json()
    files = [path for path in archives.bundle.rglob("*") if path.is_file()]
    assert document["files"] == len(files)
    assert document["bytes"] == sum(path.stat().st_size for path in files)
    archives.verify(archives.path(suffix), "--quick").expect(0)


# Archives that others made, or that something happened to.


@dataclass
class Item:
    """Something in an archive; a target makes it a link."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    target: str = ""


def items_of(bundle: Path) -> list[Item]:
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    return [Item(path.relative_to(bundle).as_posix(), path.read_bytes()) for path in files]


def write(path: Path, items: list[Item]) -> Path:
    """An archive of these things, as Python writes it: with other times and headers than Knapsack's."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for item in items:
                info = zipfile.ZipInfo(item.name, (2024, 2, 29, 1, 2, 4))
                modes = {tarfile.SYMTYPE: stat.S_IFLNK, tarfile.DIRTYPE: stat.S_IFDIR, tarfile.CHRTYPE: stat.S_IFCHR}
                info.external_attr = (modes.get(item.kind, stat.S_IFREG) | 0o600) << 16
                archive.writestr(info, item.target.encode() or item.content)
        return path
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in items:
            info = tarfile.TarInfo(item.name)
            info.type, info.linkname, info.mtime, info.uname = item.kind, item.target, 1.5e9, "someone"
            info.size = len(item.content) if item.kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(item.content))
    if path.suffix == ".zst":
        path.write_bytes(run("zstd", "--quiet", "--stdout", input=buffer.getvalue()))
    else:
        path.write_bytes(buffer.getvalue())
    return path


def refuses(archives: Archives, path: Path, *needles: str) -> str:
    """Verify ends with a finding or could not decide, states why, and leaves nothing behind."""
    here = path.parent / "here"
    here.mkdir(exist_ok=True)
    before = tree(path.parent)
    done = archives.knapsack("verify", path, cwd=here).expect(1, 2)
    assert tree(path.parent) == before
    assert "error: " in done.stderr and "Fatal" not in done.text, done.text
    for needle in needles:
        assert needle in done.stderr, (needle, done.stderr)
    return done.stderr


def tree(directory: Path) -> list:
    """Everything around a directory, with its times."""
    return sorted((p.as_posix(), p.lstat().st_size, p.lstat().st_mtime_ns) for p in directory.parent.rglob("*"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_verify_takes_an_archive_that_another_tool_made_of_the_same_files(archives, tmp_path, suffix):
    """The order, the times and what there is of directories are the archive's own affair."""
    items = items_of(archives.bundle)
    random.Random(1).shuffle(items)
    folders = sorted({folder for item in items for folder in map(str, Path(item.name).parents)} - {"."})
    made = write(tmp_path / f"x.{suffix}", [Item(f"{name}/", kind=tarfile.DIRTYPE) for name in folders] + items)
    archives.verify(made).expect(0)
    tool = {"tar": ["tar", "--create"], "tar.zst": ["tar", "--zstd", "--create"], "zip": ["bsdtar", "-a", "-c"]}[suffix]
    for number, names in enumerate((["."], sorted(os.listdir(archives.bundle)))):
        target = tmp_path / f"tool-{number}.{suffix}"
        run(*tool, "-f", target, "-C", archives.bundle, *names)
        archives.verify(target).expect(0)


def change(items: list[Item], name: str, content: bytes) -> list[Item]:
    return [Item(item.name, content) if item.name == name else item for item in items]


def without(items: list[Item], name: str) -> list[Item]:
    return [item for item in items if item.name != name]


WEIGHTS = "models/base/model.safetensors"
LINKS = {"symbolic": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
# What is done to the list of files, and what the message has to name.
DAMAGES = {
    "weights removed": (lambda items: without(items, WEIGHTS), [WEIGHTS, "missing"]),
    "lock removed": (lambda items: without(items, "knapsack.lock"), ["knapsack.lock"]),
    "sums removed": (lambda items: without(items, "SHA256SUMS"), ["SHA256SUMS"]),
    "loader removed": (lambda items: without(items, "knapsack.py"), ["knapsack.py"]),
    "everything removed": (lambda items: [], []),
    "file added": (lambda items: [*items, Item("models/base/more.bin", b"1")], ["models/base/more.bin"]),
    "file added with accents": (lambda items: [*items, Item("models/größe.bin", b"1")], ["models/größe.bin"]),
    "file twice": (lambda items: [*items, items[5]], ["twice"]),
    "other file of the same name": (lambda items: [*items, Item(WEIGHTS, b"x")], [WEIGHTS, "twice"]),
    "other lock of the same name": (lambda items: [Item("knapsack.lock", b"{}"), *items], ["knapsack.lock"]),
    "the same file by another spelling": (lambda items: [*items, Item(f"./{WEIGHTS}", b"x")], [WEIGHTS]),
    "weights changed": (lambda items: change(items, WEIGHTS, b"other"), [WEIGHTS, "size"]),
    "loader changed": (lambda items: change(items, "knapsack.py", b"import os\n"), ["knapsack.py"]),
    "lock changed": (lambda items: change(items, "knapsack.lock", b"{}\n"), ["knapsack.lock"]),
    "lock cut": (lambda items: change(items, "knapsack.lock", items_content(items, "knapsack.lock")[:500]), ["knapsack.lock"]),
    "lock of another bundle": (
        lambda items: change(items, "knapsack.lock", items_content(items, "knapsack.lock").replace(b"tuned", b"tuner")),
        ["models"],
    ),
    "parent": (lambda items: [*items, Item("../evil", b"x")], ["../evil"]),
    "parent of a parent": (lambda items: [*items, Item("models/../../evil", b"x")], ["evil"]),
    "absolute": (lambda items: [*items, Item("/tmp/evil", b"x")], ["/tmp/evil"]),
    "link": (lambda items: [*items, Item("models/link", kind=tarfile.SYMTYPE, target="/etc/passwd")], ["models/link"]),
    "link in the way": (
        lambda items: [Item("store", kind=tarfile.SYMTYPE, target="/tmp"), *items], ["store"],
    ),
    "link in place of weights": (
        lambda items: [*without(items, WEIGHTS), Item(WEIGHTS, kind=tarfile.SYMTYPE, target="/etc/passwd")], [WEIGHTS],
    ),
    "device": (lambda items: [*items, Item("models/device", kind=tarfile.CHRTYPE)], ["models/device"]),
    "a folder in place of weights": (
        lambda items: [*without(items, WEIGHTS), Item(f"{WEIGHTS}/", kind=tarfile.DIRTYPE)], [WEIGHTS],
    ),
}  # fmt: skip


def items_content(items: list[Item], name: str) -> bytes:
    return next(item.content for item in items if item.name == name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_that_kaggle_kept_is_no_damage(archives, tmp_path, suffix):
    path = write(tmp_path / f"x.{suffix}", without(items_of(archives.bundle), "dataset-metadata.json"))
    archives.verify(path).expect(0)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_refuses(archives, tmp_path, suffix, damage):
    alter, needles = DAMAGES[damage]
    path = write(tmp_path / f"x.{suffix}", alter(items_of(archives.bundle)))
    refuses(archives, path, *needles)


@pytest.mark.smoke
def test_verify_refuses_a_hard_link(archives, tmp_path):
    items = [*without(items_of(archives.bundle), WEIGHTS), Item(WEIGHTS, kind=tarfile.LNKTYPE, target="README.md")]
    refuses(archives, write(tmp_path / "x.tar", items), WEIGHTS, "link")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_verify_refuses_an_archive_that_is_cut_off(archives, tmp_path, suffix):
    whole = archives.path(suffix).read_bytes()
    end = len(whole) - (1024 if suffix == "tar" else 0)
    dice = random.Random(5)
    for size in [0, 1, 100, end // 2, end - 1, *(dice.randrange(end) for _ in range(25))]:
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(whole[:size])
        refuses(archives, path, f"x.{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("tail", [b"\0" * 3 + b"garbage", b"x", bytes(70_000) + b"x"], ids=["short", "byte", "long"])
def test_verify_refuses_what_follows_the_end(archives, tmp_path, suffix, tail):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(archives.path(suffix).read_bytes() + tail)
    refuses(archives, path, f"x.{suffix}")


def test_verify_refuses_a_second_archive_behind_the_first(archives, tmp_path):
    """To tools that go on reading after an end mark, or after a frame, the second one would be the bundle."""
    other = write(tmp_path / "other.tar", [Item("models/evil", b"x")])
    for suffix, pack in (("tar", lambda path: path.read_bytes()), ("tar.zst", lambda path: run("zstd", "-cq", path))):
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(archives.path(suffix).read_bytes() + pack(other))
        refuses(archives, path, f"x.{suffix}")


@pytest.mark.parametrize("suffix", [pytest.param(s, marks=pytest.mark.slow) if s != "tar.zst" else s for s in SUFFIXES])
def test_no_flipped_bit_gets_past_verify(archives, tmp_path, suffix):
    """A flip that verify does not mind is in no file: others read the same tree as before."""
    whole = archives.path(suffix).read_bytes()
    dice = random.Random(7)
    places = [dice.randrange(len(whole)) for _ in range(60)] + list(range(0, 600, 20))
    if suffix == "zip":
        places += [len(whole) - 1 - n * 7 for n in range(40)]
    harmless = 0
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << dice.randrange(8)
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(damaged)
        done = archives.verify(path).expect(0, 1, 2)
        if done.code:
            assert "error: " in done.stderr, done.text
            continue
        harmless += 1
        extract_with_python(path, tmp_path / "tree")
        assert contents(tmp_path / "tree") == contents(archives.bundle), place
        shutil.rmtree(tmp_path / "tree")
    print(suffix, "harmless", harmless, "of", len(places))
    assert harmless < len(places) / 2


def test_verify_of_what_is_no_archive(archives, tmp_path):
    (tmp_path / "folder.tar").mkdir()
    archives.verify(tmp_path / "folder.tar").expect(1, 2)
    for suffix in SUFFIXES:
        archives.verify(tmp_path / f"nowhere.{suffix}").expect(2)
        (tmp_path / f"text.{suffix}").write_text("not an archive\n" * 100)
        refuses(archives, tmp_path / f"text.{suffix}", "text.")
    shutil.copy(archives.path("zip"), tmp_path / "renamed.tar")
    refuses(archives, tmp_path / "renamed.tar", "renamed.tar")


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz", ".tar.bz2", ".7z"])
@pytest.mark.parametrize("command", [["verify"], ["unpack", "--to", "out"]])
def test_an_archive_of_another_kind_is_refused_by_name(packed, tmp_path, command, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"compressed")
    done = packed.knapsack(*command, path, cwd=tmp_path).expect(2)
    assert "no archive that Knapsack reads (.tar, .tar.zst, .zip)" in done.stderr and "unpack it" in done.stderr


@pytest.mark.slow
@pytest.mark.root
def test_an_extracted_zip_works_in_a_notebook(packed, base, original_embedding, tmp_path):
    packed.knapsack("pack", packed.manifest, "--output", tmp_path / "bundle.zip").expect(0)
    packed.knapsack("verify", tmp_path / "bundle.zip").expect(0)
    run("unzip", "-q", tmp_path / "bundle.zip", "-d", tmp_path / "bundle")
    assert contents(tmp_path / "bundle") == contents(packed.bundle)
    mounts = {"/kaggle/input/interop-models": tmp_path / "bundle"}
    cell = f"{notebook.ACTIVATE}knapsack.verify('full')\n{EMBED}"
    assert notebook.run_cell(cell, mounts, hidden=(base,)).json() == original_embedding
