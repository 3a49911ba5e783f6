"""Archives whose members claim more than there is: nothing is read past what the lock states, and nothing takes for ever."""

import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import workload
from workload import Workload

SECONDS = 60
HUGE = 8_000_000_000_000_000_000


@pytest.fixture(scope="module")
def work(knapsack, tmp_path_factory) -> Workload:
    return workload.make(knapsack, tmp_path_factory.mktemp("claims"), tensor=1 << 15, smalls=3)


def members(work: Workload) -> list[str]:
    return sorted((name for name, what in work.expected[""].items() if what != "directory"), key=str.encode)


def run(work: Workload, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [work.knapsack.binary, *map(str, arguments)],
        env=work.knapsack.environment(), capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip


def refuses(work: Workload, archive: Path, target: Path):
    for arguments in (["verify", archive], ["verify", archive, "--quick"], ["unpack", archive, "--to", target]):
        done = run(work, *arguments)
        assert done.returncode in (1, 2) and "error: " in done.stderr, done.stderr


def sparse(name: str, headers: dict[str, str], content: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    info = tarfile.TarInfo(name)
    info.size, info.pax_headers = len(content), headers
    return [(info, content)]


HOLES = {
    "0.1": {"GNU.sparse.size": str(HUGE), "GNU.sparse.map": "0,3"},
    "0.1 without data": {"GNU.sparse.size": str(HUGE), "GNU.sparse.map": f"0,0,{HUGE},0"},
    "1.0": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(HUGE)},
}


@pytest.mark.parametrize("holes", HOLES)
@pytest.mark.parametrize("compression", ["", ".zst"])
@pytest.mark.parametrize("place", ["extra", "instead"])
def test_holes_are_refused(work, holes, compression, place, tmp_path):
    headers = dict(HOLES[holes])
    names = members(work)
    victim = next(name for name in names if name.startswith("files/"))
    name = "files/more.bin" if place == "extra" else victim
    headers["GNU.sparse.name"] = name
    content = (b"1\n0\n3\n".ljust(512, b"\0") if holes == "1.0" else b"") + b"abc"
    archive = tmp_path / "x.tar"
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in sparse(f"GNUSparseFile.0/{name}", headers, content):
            tar.addfile(info, io.BytesIO(data))
        for other in names:
            if place == "extra" or other != victim:
                tar.add(work.bundles[""] / other, other)
    if compression:
        subprocess.run(["zstd", "-q", "--rm", archive], check=True)
        archive = archive.with_suffix(".tar.zst")
    refuses(work, archive, tmp_path / "target")


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_member_that_expands_past_the_lock_is_not_read(work, place, tmp_path):
    """A few kilobytes of Zstandard that stand for 64 GiB: frames of a long row of zeros, over and over."""
    size = 64 << 30
    info = tarfile.TarInfo("files/files/small-0.txt" if place == "first" else "zzz.bin")
    info.size = size
    zeros = tmp_path / "zeros"
    with zeros.open("wb") as file:
        file.truncate(256 << 20)
    frame = subprocess.run(["zstd", "-q", "-c", zeros], check=True, capture_output=True).stdout
    parts = {"bomb": compress(info.tobuf(tarfile.USTAR_FORMAT if size < 8 << 30 else tarfile.GNU_FORMAT)) + frame * 256}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for other in members(work):
            if other != info.name:
                tar.add(work.bundles[""] / other, other)
    # Without the end mark, where more follows.
    whole = plain.getvalue()
    parts["files"] = compress(whole if place == "first" else whole[: plain_end(whole)])
    order = ["bomb", "files"] if place == "first" else ["files", "bomb"]
    end = b"" if place == "first" else compress(bytes(1024))
    archive = tmp_path / "x.tar.zst"
    archive.write_bytes(b"".join(parts[name] for name in order) + end)
    done = run(work, "verify", archive)
    assert done.returncode in (1, 2) and "error: " in done.stderr, done.stderr
    done = run(work, "unpack", archive, "--to", tmp_path / "target")
    assert done.returncode in ((1, 2) if place == "first" else (0, 1, 2))


def compress(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-q", "-c"], input=data, check=True, capture_output=True).stdout


def plain_end(archive: bytes) -> int:
    """Where the end mark of a tar begins."""
    end = len(archive)
    while end >= 512 and not any(archive[end - 512 : end]):
        end -= 512
    # The last member's padding is no block of its own.
    return end


@pytest.mark.smoke
def test_bytes_of_a_zip_that_belong_to_two_members_are_refused(work, tmp_path):
    archive = tmp_path / "x.zip"
    archive.write_bytes(work.bundles[".zip"].read_bytes())
    with zipfile.ZipFile(archive) as source:
        first, second = sorted(source.infolist(), key=lambda item: item.header_offset)[:2]
    data = bytearray(archive.read_bytes())
    # The first member's record claims the second one's bytes, too.
    # Its record in the directory states where it begins.
    place = first.header_offset.to_bytes(4, "little") + first.filename.encode()
    record = data.rindex(place) - 42
    claimed = second.header_offset - first.header_offset
    assert data[record : record + 4] == b"PK\x01\x02"
    data[record + 20 : record + 24] = claimed.to_bytes(4, "little")
    archive.write_bytes(data)
    refuses(work, archive, tmp_path / "target")
