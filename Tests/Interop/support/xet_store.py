"""A content-addressed store of Xet, made by hf_xet in a directory, and the answers that a server gives from it.

hf_xet keeps xorbs and shards there when its endpoint is `local://DIRECTORY`. The formats are those of the Xet protocol 1.1:
"Xorb Format" and "Shard Format".
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import hf_xet

SHARD_HEADER = 48
RECORD = 48
WITH_VERIFICATION = 1 << 31
WITH_METADATA = 1 << 30


def text(hash_bytes: bytes) -> str:
    """A hash as it is written: four little-endian numbers."""
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", hash_bytes))


@dataclass
class Term:
    """Chunks of a xorb that follow each other in a file."""

    xorb: str
    start: int
    end: int
    size: int


class Xorb:
    """A xorb as it is stored: chunks, then a footer that states where they are."""

    def __init__(self, path: Path):
        self.path = path
        self.bytes = path.read_bytes()
        length = struct.unpack("<I", self.bytes[-4:])[0]
        footer = self.bytes[-4 - length : -4]
        assert footer[:8] == b"XETBLOB\x01", path
        self.hash = text(footer[8:40])
        assert footer[40:48] == b"XBLBHSH\x00"
        count = struct.unpack("<I", footer[48:52])[0]
        at = 52 + 32 * count
        self.chunk_hashes = [text(footer[52 + 32 * n : 84 + 32 * n]) for n in range(count)]
        assert footer[at : at + 8] == b"XBLBBND\x01"
        numbers = struct.unpack(f"<{2 * count}I", footer[at + 12 : at + 12 + 8 * count])
        self.ends = [0, *numbers[:count]]  # of the chunks as they are stored
        self.content_ends = [0, *numbers[count:]]

    def size(self, start: int, end: int) -> int:
        return self.content_ends[end] - self.content_ends[start]

    @property
    def schemes(self) -> list[int]:
        """How each chunk is compressed."""
        return [self.bytes[end + 4] for end in self.ends[:-1]]


class XetStore:
    def __init__(self, directory: Path):
        self.endpoint = f"local://{directory}"
        self.directory = directory
        self._xorbs: dict[str, Xorb] = {}

    def add(self, contents: list[bytes]) -> list[str]:
        """Uploads contents in one commit, so that they share xorbs; the hashes of the files."""
        commit = hf_xet.XetSession().new_upload_commit(endpoint=self.endpoint)
        handles = [commit.start_upload_bytes(content, sha256=hf_xet.SKIP_SHA256) for content in contents]
        commit.wait_to_finish()
        self.__dict__.pop("files", None)
        return [handle.result().xet_info.hash for handle in handles]

    def xorb(self, name: str) -> Xorb:
        if name not in self._xorbs:
            (path,) = self.directory.rglob(f"default.{name}")
            self._xorbs[name] = Xorb(path)
            assert self._xorbs[name].hash == name
        return self._xorbs[name]

    @cached_property
    def files(self) -> dict[str, list[Term]]:
        """What each file is made from."""
        files = {}
        for path in sorted(self.directory.rglob("shards/*.mdb")):
            files.update(shard_files(path.read_bytes()))
        return files

    def content(self, name: str) -> bytes:
        """What hf_xet puts together again."""
        target = self.directory / "again"
        group = hf_xet.XetSession().new_file_download_group(endpoint=self.endpoint)
        group.start_download_file(hf_xet.XetFileInfo(name, sum(term.size for term in self.files[name])), str(target))
        group.wait_to_finish()
        return target.read_bytes()

    def answer(self, name: str, version: int, url: str, wanted: range | None = None) -> dict:
        """What a server states of a file or a range of it, with addresses below `url`."""
        terms, position, skipped = [], 0, 0
        for term in self.files[name]:
            xorb = self.xorb(term.xorb)
            ends = [position + xorb.size(term.start, n) for n in range(term.start, term.end + 1)]
            position += term.size
            used = [
                n
                for n in range(term.end - term.start)
                if wanted is None or (ends[n] < wanted.stop and ends[n + 1] > wanted.start)
            ]
            if not used:
                continue
            if not terms and wanted is not None:
                skipped = wanted.start - ends[used[0]]
            start, end = term.start + used[0], term.start + used[-1] + 1
            terms.append(Term(term.xorb, start, end, xorb.size(start, end)))
        answer = {
            "offset_into_first_range": skipped,
            "terms": [
                {"hash": term.xorb, "unpacked_length": term.size, "range": {"start": term.start, "end": term.end}}
                for term in terms
            ],
        }
        parts = {}
        for name in dict.fromkeys(term.xorb for term in terms):
            xorb = self.xorb(name)
            parts[name] = [
                (start, end, xorb.ends[start], xorb.ends[end] - 1)
                for start, end in joined([(term.start, term.end) for term in terms if term.xorb == name])
            ]
        if version == 1:
            answer["fetch_info"] = {
                name: [
                    {
                        "range": {"start": start, "end": end},
                        "url": f"{url}/xorbs/{name}?signature=secret",
                        "url_range": {"start": first, "end": last},
                    }
                    for start, end, first, last in ranges
                ]
                for name, ranges in parts.items()
            }
        else:
            answer["xorbs"] = {
                name: [
                    {
                        "url": f"{url}/xorbs/{name}?signature=secret",
                        "ranges": [
                            {"chunks": {"start": start, "end": end}, "bytes": {"start": first, "end": last}}
                            for start, end, first, last in ranges
                        ],
                    }
                ]
                for name, ranges in parts.items()
            }
        return answer


def joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges without those that overlap or touch."""
    found: list[list[int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return [(start, end) for start, end in found]


def shard_files(shard: bytes) -> dict[str, list[Term]]:
    files = {}
    at = SHARD_HEADER
    while shard[at : at + 32] != b"\xff" * 32:
        name = text(shard[at : at + 32])
        flags, count = struct.unpack("<II", shard[at + 32 : at + 40])
        at += RECORD
        files[name] = []
        for _ in range(count):
            _, size, start, end = struct.unpack("<4I", shard[at + 32 : at + 48])
            files[name].append(Term(text(shard[at : at + 32]), start, end, size))
            at += RECORD
        at += RECORD * (count if flags & WITH_VERIFICATION else 0) + RECORD * (1 if flags & WITH_METADATA else 0)
    return files
