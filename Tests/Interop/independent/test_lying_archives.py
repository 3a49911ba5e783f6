"""Archives that lie about their members: by the formats of GNU tar, pax (POSIX.1-2001), zip (APPNOTE 6.3.10) and zstd (RFC 8878).

Each is refused within seconds, or holds what the lock states; nothing outside of the target is written, and no member is
read further than the lock states.
"""

import gzip
import lzma
import struct
import tarfile
import time
import zipfile

import pytest
from cli import contents, manifest
from instances import model, write

WEIGHTS = "models/it/model.safetensors"
SECONDS = 30


@pytest.fixture(scope="module")
def made(knapsack, tmp_path_factory):
    """A bundle as tar and zip, with the tar's members."""
    folder = tmp_path_factory.mktemp("made")
    write(folder / "src", model())
    (folder / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:src"}]))
    for suffix in ("tar", "zip"):
        knapsack("pack", folder / "m.toml", "-o", folder / f"b.{suffix}").expect(0)
    with tarfile.open(folder / "b.tar") as opened:
        return folder, [(member.name, opened.extractfile(member).read()) for member in opened]


def refused(knapsack, folder, path, codes=(1, 2)):
    start = time.monotonic()
    knapsack("verify", path, timeout=SECONDS).expect(*codes)
    knapsack("unpack", path, "--to", folder / "to", timeout=SECONDS).expect(*codes)
    knapsack("inspect", path, timeout=SECONDS).expect(0, 1, 2)
    assert time.monotonic() - start < SECONDS
    assert not (folder / "evil").exists() and not (folder.parent / "evil").exists()


def padded(content):
    return content + b"\0" * (-len(content) % 512)


def summed(header):
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    return bytes(header)


def member(name, content, patch=None):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    if patch:
        patch(header)
    return summed(header) + padded(content)


def rebuilt(made, patch=None, before=b"", after=b""):
    """The bundle's tar with one member's header changed, and headers before it."""
    parts = [(before if name == WEIGHTS else b"") + member(name, data, patch if name == WEIGHTS else None) for name, data in made[1]]
    return b"".join(parts) + after + b"\0" * 1024


def size(field):
    def patch(header):
        header[124:136] = field

    return patch


def kind(letter, **fields):
    def patch(header):
        header[156:157] = letter
        for place, value in fields.items():
            start = {"real": 483, "offset": 386, "length": 398, "more": 482}[place]
            header[start : start + len(value)] = value

    return patch


def binary(value):
    """A number of a tar header in GNU's base 256."""
    return b"\x80\0\0\0" + value.to_bytes(8, "big")


HEADERS = {
    "size-of-4-EiB": size(binary(2**62)),
    "negative-size": size(b"\xff" * 12),
    "largest-octal-size": size(b"77777777777\0"),
    "smaller-size": size(b"00000000001\0"),
    "blank-size": size(b" " * 12),
    "sparse-of-4-EiB": kind(b"S", real=binary(2**62)),
    "sparse-with-a-hole": kind(b"S", real=b"%011o\0" % 4096, offset=b"%011o\0" % 4000, length=b"%011o\0" % 86),
    "sparse-map-that-goes-on": kind(b"S", more=b"\1", real=binary(2**62)),
    "continued-volume": kind(b"M"),
    "volume": kind(b"V"),
    "dump-directory": kind(b"D"),
    "hard-link": kind(b"1"),
    "symbolic-link": kind(b"2"),
    "character-device": kind(b"3"),
    "block-device": kind(b"4"),
    "directory": kind(b"5"),
    "pipe": kind(b"6"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_lies_is_refused_at_once(knapsack, tmp_path, made, case):
    (tmp_path / "x.tar").write_bytes(rebuilt(made, HEADERS[case]))
    refused(knapsack, tmp_path, tmp_path / "x.tar")


def record(key, value):
    text = f" {key}={value}\n".encode()
    length = len(text) + 1
    while len(str(length)) + len(text) != length:
        length = len(str(length)) + len(text)
    return str(length).encode() + text


def extended(letter, length=None, **values):
    body = b"".join(record(key, value) for key, value in values.items())
    info = tarfile.TarInfo("extended")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[156:157] = letter
    header[124:136] = binary(length if length is not None else len(body))
    return summed(header) + padded(body)


HUGE = str(2**62)
EXTENDED = {
    "long-name-of-1-TiB": extended(b"L", 2**40),
    "long-link-of-4-EiB": extended(b"K", 2**62),
    "pax-of-1-PiB": extended(b"x", 2**50),
    "global-pax-of-1-PiB": extended(b"g", 2**50),
    "size": extended(b"x", size=HUGE),
    "negative-size": extended(b"x", size="-1"),
    "size-beyond-64-bits": extended(b"x", size="9" * 30),
    "hexadecimal-size": extended(b"x", size="0x10"),
    "smaller-size": extended(b"x", size="1"),
    "sparse-0.0": extended(b"x", **{"GNU.sparse.major": "0", "GNU.sparse.minor": "0", "GNU.sparse.size": HUGE, "GNU.sparse.numblocks": "1"}),
    "sparse-0.1": extended(b"x", **{"GNU.sparse.size": HUGE, "GNU.sparse.numblocks": "1", "GNU.sparse.map": "0,86"}),
    "sparse-1.0": extended(b"x", **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": HUGE}),
    "real-size": extended(b"x", **{"SCHILY.realsize": HUGE}),
    "path-above": extended(b"x", path="../evil"),
    "path-from-the-root": extended(b"x", path="/tmp/evil"),
    "path-below-itself": extended(b"x", path=WEIGHTS + "/x"),
    "many": extended(b"x", comment="a" * 400) * 20000,
}


@pytest.mark.parametrize("case", EXTENDED)
def test_an_extended_header_that_lies_is_refused_at_once(knapsack, tmp_path, made, case):
    (tmp_path / "x.tar").write_bytes(rebuilt(made, before=EXTENDED[case]))
    refused(knapsack, tmp_path, tmp_path / "x.tar")


NAMES = ["../evil", "/tmp/evil", "models/it/../../../evil", "models/./it/x", "models//it/x", "models/it/MODEL.safetensors", "evil", "knapsack.lock"]


@pytest.mark.parametrize("name", NAMES)
def test_a_member_that_the_lock_does_not_name_is_told(knapsack, tmp_path, made, name):
    (tmp_path / "x.tar").write_bytes(rebuilt(made, before=member(name, b"mine")))
    knapsack("verify", tmp_path / "x.tar", timeout=SECONDS).expect(1, 2)
    with zipfile.ZipFile(made[0] / "b.zip") as source, zipfile.ZipFile(tmp_path / "x.zip", "w") as out:
        for item in source.infolist():
            out.writestr(zipfile.ZipInfo(item.filename), source.read(item))
        out.writestr(zipfile.ZipInfo(name), b"mine")
    knapsack("verify", tmp_path / "x.zip", timeout=SECONDS).expect(1, 2)
    for suffix in ("tar", "zip"):
        knapsack("unpack", tmp_path / f"x.{suffix}", "--to", tmp_path / suffix, timeout=SECONDS)
        assert not {path for path in contents(tmp_path) if "evil" in path}


def central(data, offset, form, value):
    """The zip with one field of the weights' record in the central directory changed (APPNOTE 4.3.12)."""
    changed = bytearray(data)
    place = changed.rfind(b"PK\1\2", 0, changed.rfind(WEIGHTS.encode()))
    struct.pack_into(form, changed, place + offset, value)
    return bytes(changed)


FIELDS = {
    "encrypted": (8, "<H", 1),
    "method": (10, "<H", 99),
    "method-deflate64": (10, "<H", 9),
    "packed-size": (20, "<I", 0xFFFFFFF0),
    "size": (24, "<I", 0xFFFFFFF0),
    "zip64-size-without-its-field": (24, "<I", 0xFFFFFFFF),
    "name-length": (28, "<H", 65535),
    "extra-length": (30, "<H", 65535),
    "comment-length": (32, "<H", 65535),
    "symbolic-link": (38, "<I", 0o120777 << 16),
    "device": (38, "<I", 0o020777 << 16),
    "offset": (42, "<I", 0xFFFFFFF0),
    "offset-of-another": (42, "<I", 0),
}


@pytest.mark.parametrize("case", FIELDS)
def test_a_zip_whose_directory_lies_is_refused_at_once(knapsack, tmp_path, made, case):
    data = (made[0] / "b.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(central(data, *FIELDS[case]))
    refused(knapsack, tmp_path, tmp_path / "x.zip")


def test_a_zip64_directory_that_counts_without_end_is_refused_at_once(knapsack, tmp_path, made):
    data = bytearray((made[0] / "b.zip").read_bytes())
    end = data.rfind(b"PK\5\6")
    struct.pack_into("<HHIIH", data, end + 8, 65535, 65535, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    huge = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2**62, 2**62, 2**62, 0) + b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    (tmp_path / "x.zip").write_bytes(bytes(data[:end]) + huge + bytes(data[end:]))
    knapsack("verify", tmp_path / "x.zip", timeout=SECONDS).expect(0, 1, 2)
    knapsack("unpack", tmp_path / "x.zip", "--to", tmp_path / "to", timeout=SECONDS).expect(0, 1, 2)


def test_a_zip_member_that_inflates_to_more_than_the_lock_states_is_refused(knapsack, tmp_path, made):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in made[1]:
            out.writestr(name, b"\0" * 100_000_000 if name == WEIGHTS else data)
    refused(knapsack, tmp_path, tmp_path / "x.zip")


RLE = b"\x28\xb5\x2f\xfd\x00\x58"  # a frame with a window of 2 MiB (RFC 8878, 3.1.1)


def zeros(count):
    """`count` zeros as a zstd frame of RLE blocks of 128 KiB each, which are 4 bytes long."""
    step = 1 << 17
    blocks = [struct.pack("<I", (step << 3) | 2)[:3] + b"\0"] * (count // step)
    return RLE + b"".join(blocks) + struct.pack("<I", 1)[:3]


def raw(data):
    """Any bytes as a zstd frame of blocks that are stored."""
    step = 1 << 16
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    return RLE + b"".join(struct.pack("<I", len(part) << 3)[:3] + part for part in chunks) + struct.pack("<I", 1)[:3]


def test_the_frames_of_this_test_are_right(knapsack, tmp_path, made):
    (tmp_path / "x.tar.zst").write_bytes(raw(rebuilt(made)))
    knapsack("verify", tmp_path / "x.tar.zst").expect(0)


def claim(name, length):
    info = tarfile.TarInfo(name)
    info.size = length
    return info.tobuf(tarfile.GNU_FORMAT)


FRAMES = {
    "zeros": lambda tar: zeros(8 << 30),
    "extra-member": lambda tar: raw(claim("models/it/other.bin", 8 << 30)) + zeros(8 << 30) + raw(tar),
    "lock": lambda tar: raw(claim("knapsack.lock", 8 << 30)) + zeros(8 << 30) + raw(tar),
    "weights": lambda tar: raw(claim(WEIGHTS, 8 << 30)) + zeros(8 << 30) + raw(tar),
    "skippable-of-4-GiB": lambda tar: b"\x50\x2a\x4d\x18" + struct.pack("<I", 2**32 - 1) + b"x" * 100,
    "cut": lambda tar: raw(tar)[:-3000],
    "window-of-gigabytes": lambda tar: b"\x28\xb5\x2f\xfd\x00\xf8" + raw(tar)[6:],
}


@pytest.mark.parametrize("case", FRAMES)
def test_frames_that_unpack_without_end_are_refused_in_time(knapsack, tmp_path, made, case):
    (tmp_path / "x.tar.zst").write_bytes(FRAMES[case](rebuilt(made)))
    refused(knapsack, tmp_path, tmp_path / "x.tar.zst")


OTHERS = {
    "gzip": ("tar", gzip.compress),
    "xz": ("tar", lzma.compress),
    "gzip-as-zst": ("tar.zst", gzip.compress),
    "nested": ("tar", lambda data: member("b.tar", data) + b"\0" * 1024),
    "empty": ("tar", lambda data: b"\0" * 1024),
    "nothing": ("tar", lambda data: b""),
    "text": ("zip", lambda data: b"not an archive"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_no_archive_of_a_bundle_is_refused(knapsack, tmp_path, made, case):
    suffix, change = OTHERS[case]
    (tmp_path / f"x.{suffix}").write_bytes(change(rebuilt(made)))
    refused(knapsack, tmp_path, tmp_path / f"x.{suffix}")
