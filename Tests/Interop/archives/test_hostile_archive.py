"""Archives handed to unpack and verify by strangers: nothing outside the target, no links, nothing half-written."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import workload
from workload import FORMS, Workload, shown, wrong_in

MEMBERS = ["above", "absolute", "symlink", "symlink-parent", "hardlink", "device", "duplicate", "duplicate-lock"]


@pytest.fixture(scope="module")
def work(knapsack, tmp_path_factory) -> Workload:
    return workload.make(knapsack, tmp_path_factory.mktemp("hostile"), tensor=1 << 15, smalls=3)


def member(kind: str, outside: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    info = tarfile.TarInfo("files/files/small-0.txt")
    content = b"hostile\n"
    if kind == "above":
        info.name = "../outside/made"
    elif kind == "absolute":
        info.name = str(outside / "made")
    elif kind.startswith("symlink"):
        info.name, info.type, info.linkname = "files", tarfile.SYMTYPE, str(outside)
    elif kind == "hardlink":
        info.name, info.type, info.linkname = "files/files/link", tarfile.LNKTYPE, str(outside / "mine")
    elif kind == "device":
        info.name, info.type = "files/files/device", tarfile.CHRTYPE
    elif kind == "duplicate-lock":
        info.name = "knapsack.lock"
    info.size = len(content) if info.isreg() else 0
    return [(info, content)]


@pytest.mark.parametrize("kind", MEMBERS)
@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("compression", ["tar", "zst"])
def test_a_hostile_member_is_refused(work, kind, place, compression, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    before = shown(outside)
    archive = tmp_path / "hostile.tar"
    names = [name for name, what in work.expected[""].items() if what != "directory"]
    with tarfile.open(archive, "w") as tar:
        for stage in ("first", "files", "last"):
            if stage == "files":
                for name in sorted(names, key=str.encode):
                    tar.add(work.bundles[""] / name, name)
            elif stage == place:
                for info, content in member(kind, outside):
                    tar.addfile(info, io.BytesIO(content))
    if compression == "zst":
        packed = archive.with_suffix(".tar.zst")
        packed.write_bytes(compress(archive.read_bytes()))
        archive = packed
    verified = work.knapsack("verify", archive)
    assert verified.code in (1, 2) and "error: " in verified.stderr
    for option in FORMS:
        target = tmp_path / "target"
        done = work.knapsack("unpack", archive, option, target)
        # Of a compressed archive nothing is read behind the last part that is needed.
        assert done.code in ((0, 1, 2) if (compression, place) == ("zst", "last") else (1, 2)), done.text
        found = shown(target)
        assert not wrong_in(found, work.expected[option])
        assert not any(name.endswith(workload.UNFINISHED) for name in found)
        assert shown(outside) == before
        workload.remove(target)


@pytest.mark.parametrize("name", ["../outside/made", "/made", "files/../../outside/made", "files\\..\\made"])
def test_a_hostile_name_in_a_zip_is_refused(work, name, tmp_path):
    archive = tmp_path / "hostile.zip"
    archive.write_bytes(work.bundles[".zip"].read_bytes())
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(name, "hostile")
    work.knapsack("verify", archive).expect(1, 2)
    for option in FORMS:
        done = work.knapsack("unpack", archive, option, tmp_path / "target")
        if "\\" not in name:  # to Linux a letter like any other, of a file that nobody asked for
            done.expect(1, 2)
            assert not (tmp_path / "target").exists() or not any((tmp_path / "target").rglob("*.txt"))
        workload.remove(tmp_path / "target")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile.zip"]


def compress(content: bytes) -> bytes:
    """One Zstandard frame of raw blocks (RFC 8878), which every reader takes."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\xe0" + len(content).to_bytes(8, "little"))
    step = 1 << 17
    for start in range(0, len(content), step):
        block = content[start : start + step]
        last = start + step >= len(content)
        frame += (last | len(block) << 3).to_bytes(3, "little") + block
    return bytes(frame)
