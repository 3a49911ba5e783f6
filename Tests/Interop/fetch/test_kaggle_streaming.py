"""Archives that are unpacked while they arrive: little room, every form of zip and tar, and what an interrupted one goes on with."""

import gzip
import io
import random
import struct
import tarfile
import time
import zipfile
import zlib

import pytest
from fetching import layout
from kaggle_fetching import NOTEBOOK, content, started
from wayward_kaggle import digests, packed

SOURCE = f"kaggle-notebook:{NOTEBOOK}/versions/2"
HANDLE = f"code/{NOTEBOOK}"
OUTPUT = f"notebooks/{NOTEBOOK}/output/versions/2"
# Larger than what is loaded in one request and unpacked afterwards.
FILES = {"a/large.bin": content("large", 900_000), "b.txt": b"b" * 70_000, "c/empty": b"", "d.bin": content("d", 300_001)}


def tar(files: dict[str, bytes], **how) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **how) as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


class Streamed(io.RawIOBase):
    """A file that cannot be moved in: sizes follow the contents then."""

    def __init__(self):
        self.bytes = bytearray()

    def writable(self):
        return True

    def write(self, more):
        self.bytes += more
        return len(more)


def zipped(files: dict[str, bytes], method: int, streamed: bool = False) -> bytes:
    target = Streamed() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text, method)
    return bytes(target.bytes) if streamed else target.getvalue()


def zip64(files: dict[str, bytes], descriptors: bool) -> bytes:
    """Every size is in a Zip64 field, and those of the contents follow them, signed, if that is asked for."""
    body, directory = b"", b""
    for name, text in files.items():
        packer = zlib.compressobj(wbits=-15)
        data = packer.compress(text) + packer.flush()
        flags, start = 8 if descriptors else 0, len(body)
        sizes = struct.pack("<QQ", 0 if descriptors else len(text), 0 if descriptors else len(data))
        extra = struct.pack("<HH", 1, 16) + sizes
        crc = zlib.crc32(text)
        body += struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, flags, 8, 0, 33, 0 if descriptors else crc, 2**32 - 1, 2**32 - 1, len(name), len(extra))
        body += name.encode() + extra + data
        if descriptors:
            body += struct.pack("<IIQQ", 0x08074B50, crc, len(data), len(text))
        extra = struct.pack("<HHQQQ", 1, 24, len(text), len(data), start)
        directory += struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, flags, 8, 0, 33, crc, 2**32 - 1, 2**32 - 1, len(name), len(extra), 0, 0, 0, 0, 2**32 - 1
        )
        directory += name.encode() + extra
    end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, len(files), len(files), len(directory), len(body))
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(body) + len(directory), 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    return body + directory + end + locator + last


FORMS = {
    "tar": tar(FILES),
    "tar, pax": tar({**FILES, "ü" * 80 + "/long": b"x"}, format=tarfile.PAX_FORMAT),
    "tar, gnu": tar({**FILES, "long/" * 40 + "name": b"x"}, format=tarfile.GNU_FORMAT),
    "tar.gz": gzip.compress(tar(FILES), 1),
    "tar.gz of two streams": gzip.compress(tar(FILES)[:600_000], 1) + gzip.compress(tar(FILES)[600_000:], 1),
    "zip": zipped(FILES, zipfile.ZIP_DEFLATED),
    "zip, stored": zipped(FILES, zipfile.ZIP_STORED),
    "zip, sizes follow": zipped(FILES, zipfile.ZIP_DEFLATED, streamed=True),
    "zip, stored and sizes follow": zipped(FILES, zipfile.ZIP_STORED, streamed=True),
    "zip in a zip, stored and sizes follow": zipped({**FILES, "inner.zip": zipped(FILES, zipfile.ZIP_STORED, True)}, zipfile.ZIP_STORED, streamed=True),
    "zip64": zip64(FILES, False),
    "zip64, sizes follow": zip64(FILES, True),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_its_files(kaggle_fetch, wayward_kaggle, tmp_path, form):
    wayward_kaggle.archives[HANDLE] = FORMS[form]
    kaggle_fetch(tmp_path / "cache", SOURCE).expect(0)
    for name, text in FILES.items():
        assert (tmp_path / "cache" / OUTPUT / name).read_bytes() == text
    assert not (tmp_path / "cache/.knapsack").exists()


def with_first(files: dict[str, bytes], change) -> bytes:
    archive = bytearray(zipped(files, zipfile.ZIP_DEFLATED))
    change(archive)
    return bytes(archive)


def linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.bin", FILES["a/large.bin"])
        info = zipfile.ZipInfo("link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def renamed(archive: bytearray) -> None:
    """The header of the first file has another name than the directory."""
    place = archive.index(b"a/large.bin")
    archive[place : place + 7] = b"/../evi"


def flipped(archive: bytearray) -> None:
    """One bit of what is compressed, under an MD5 that agrees."""
    archive[archive.index(b"d.bin") + 5_000] ^= 4


def with_checksum(archive: bytearray) -> None:
    """The directory and the header state another CRC-32."""
    right = zlib.crc32(FILES["a/large.bin"]).to_bytes(4, "little")
    while right in archive:
        place = archive.index(right)
        archive[place : place + 4] = bytes(byte ^ 1 for byte in right)


def endless(size: int) -> bytes:
    """A tar whose last file states a size that nothing has."""
    header = bytearray(tar({**FILES, "z": b""}))
    place = header.rindex(b"z" + bytes(99))
    header[place + 124 : place + 136] = b"\x80" + size.to_bytes(11, "big")
    header[place + 148 : place + 156] = b" " * 8
    header[place + 148 : place + 156] = b"%06o\0 " % sum(header[place : place + 512])
    return bytes(header)


UNSAFE = {
    "a link in a zip": linked(),
    "another name in its header": with_first(FILES, renamed),
    "content that is not what it was": with_first(FILES, flipped),
    "another checksum": with_first(FILES, with_checksum),
    "a path that leads out of a zip": zipped({**FILES, "../evil": b"x"}, zipfile.ZIP_DEFLATED),
    "a path that leads out of a tar": tar({**FILES, "../evil": b"x"}),
    "a file that is a directory, too": tar({**FILES, "d.bin/evil": b"x"}),
    "a zip that is cut off": zipped(FILES, zipfile.ZIP_DEFLATED)[:-30],
    "a tar that is cut off": tar(FILES)[:-200_000],
    "a tar.gz that is cut off": gzip.compress(tar(FILES), 1)[:-100_000],
    "something behind a tar": tar(FILES) + b"more" * 1000,
    "the same twice": tar(FILES)[: -tarfile.RECORDSIZE] + tar(FILES),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_nothing_is_left_of_what_is_not_safe(kaggle_fetch, wayward_kaggle, tmp_path, case):
    wayward_kaggle.archives[HANDLE] = UNSAFE[case]
    done = kaggle_fetch(tmp_path / "cache", SOURCE, "--retries", "1").expect(2)
    assert "error: " in done.stderr and "fix: " in done.stderr
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"], done.text
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("size", [2**63 - 2, 2**62, 10**18])
def test_a_size_that_nothing_has_ends_with_a_sentence(kaggle_fetch, wayward_kaggle, tmp_path, size):
    """What was unpacked before is kept for a disk that has more room, and has no name."""
    wayward_kaggle.archives[HANDLE] = endless(size)
    done = kaggle_fetch(tmp_path / "cache", SOURCE, "--retries", "1").expect(2)
    assert "more in it than there is room for" in done.stderr
    assert not (tmp_path / "cache" / OUTPUT).exists() and not list((tmp_path / "cache").rglob("*.complete"))


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
@pytest.mark.parametrize("fault", ["changed-md5", "wrong-bytes"])
def test_nothing_is_published_before_the_md5_agrees(kaggle_fetch, wayward_kaggle, tmp_path, kind, fault):
    wayward_kaggle.archive_kind = kind
    wayward_kaggle.add_fault(fault, times=10_000, after=1_500_000)
    done = kaggle_fetch(tmp_path / "cache", SOURCE, "--retries", "1").expect(1)
    assert "is not what it lists" in done.stderr or "another one than it was" in done.stderr, done.text
    assert not (tmp_path / "cache" / OUTPUT).exists() and not list((tmp_path / "cache").rglob("*.complete"))
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]
    wayward_kaggle.reset()
    kaggle_fetch(tmp_path / "cache", SOURCE).expect(0)


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_wrong_bytes_that_pass_are_loaded_again(kaggle_fetch, wayward_kaggle, tmp_path, kind):
    wayward_kaggle.archive_kind = kind
    kaggle_fetch(tmp_path / "plain", SOURCE).expect(0)
    # The size is asked for first, by the plan and by the source.
    wayward_kaggle.add_fault("wrong-bytes", after=1_500_000, times=3)
    done = kaggle_fetch(tmp_path / "own", SOURCE).expect(0)
    assert "was loaded a second time" in done.stderr
    assert layout(tmp_path / "own") == layout(tmp_path / "plain")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"b.txt": b"shorter"}, "b.txt is not what Kaggle lists: the archive has 7 bytes of it, and 70000 are listed"),
        pytest.param({"b.txt": None}, "b.txt is not what Kaggle lists: the archive does not have it", marks=pytest.mark.slow),
    ],
    ids=["another size", "not there"],
)
def test_an_archive_that_is_not_what_is_listed(kaggle_fetch, wayward_kaggle, tmp_path, change, sentence):
    origin = tmp_path / "origin"
    files = FILES | {f"more/{number}": b"%d" % number for number in range(600)}
    for name, text in files.items():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        (origin / name).write_bytes(text)
    wayward_kaggle.add("tester/listed", 1, origin)
    wayward_kaggle.page_size = 200
    other = {name: text for name, text in (files | change).items() if text is not None}
    wayward_kaggle.archives["tester/listed"] = zipped(other, zipfile.ZIP_DEFLATED)
    done = kaggle_fetch(tmp_path / "cache", "kaggle-dataset:tester/listed", "--retries", "1").expect(1)
    assert sentence in done.stderr, done.text
    assert not (tmp_path / "cache/datasets").exists()


@pytest.fixture(scope="module")
def twelve(tmp_path_factory):
    """Twelve files of four megabytes."""
    directory = tmp_path_factory.mktemp("twelve")
    for number in range(12):
        (directory / f"{number:02}.bin").write_bytes(content(f"twelve {number}", 4_000_000))
    return directory


@pytest.mark.parametrize("kind", [pytest.param("tar", marks=pytest.mark.slow), pytest.param("tar.gz", marks=pytest.mark.slow), "zip"])
def test_an_interrupted_archive_keeps_the_files_that_were_unpacked(knapsack, wayward_kaggle, twelve, tmp_path, kind):
    wayward_kaggle.add(HANDLE, 2, twelve)
    wayward_kaggle.archive_kind = kind
    whole = 48_000_000
    cache = tmp_path / "cache"
    program = started(knapsack, wayward_kaggle, cache)
    wayward_kaggle.rate = 8_000_000
    process = program.start("fetch", SOURCE, "--connections", "2")
    deadline = time.monotonic() + 60
    while wayward_kaggle.sent < 40_000_000 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert not (cache / OUTPUT).exists()
    unpacked = len(list(cache.rglob("unpacked/*.bin")))
    assert unpacked >= 4
    # What was unpacked takes no room in the archive any more.
    if kind != "tar.gz":
        taken = sum(path.stat().st_blocks * 512 for path in cache.rglob("archive.*"))
        assert taken <= 40_000_000 - 16_000_000, taken
    sent = wayward_kaggle.sent
    wayward_kaggle.rate = None
    shown = program("fetch", SOURCE, "--dry-run").expect(0)
    assert "archive" in shown.stderr and "room needed" in shown.stderr
    program("fetch", SOURCE).expect(0)
    assert wayward_kaggle.sent - sent <= whole - sent + 2 * ((1 << 19) + (1 << 17)) + 1000, (sent, wayward_kaggle.sent)
    for path in twelve.iterdir():
        assert (cache / OUTPUT / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_takes_the_room_of_its_files_and_little_more(knapsack, wayward_kaggle, tmp_path, kind):
    origin = tmp_path / "origin"
    origin.mkdir()
    generator = random.Random(1)
    for number in range(20):
        (origin / f"{number:02}.bin").write_bytes(generator.randbytes(25 << 20))
    wayward_kaggle.add(HANDLE, 2, origin)
    wayward_kaggle.archive_kind = kind
    digests(packed(origin, kind))
    cache = tmp_path / "cache"
    process = started(knapsack, wayward_kaggle, cache).start("fetch", SOURCE)
    most = 0
    while process.poll() is None:
        taken = 0
        for path in cache.rglob("*"):
            try:
                taken += path.stat().st_blocks * 512
            except FileNotFoundError:
                pass
        most = max(most, taken)
        time.sleep(0.01)
    _, told = process.communicate()
    assert process.returncode == 0, told
    print(f"{kind}: {most >> 20} MiB on the disk at most, for {500} MiB")
    assert 500 << 20 <= most <= (500 + 128 + 40) << 20, most >> 20
