"""What a store of Xet can make `fetch` hold in memory, if it means harm: little, on sixteen connections at once."""

import hashlib
import signal
import time
from types import SimpleNamespace

import pytest
from fetching import peak_of, started
from xet_hub import XetHub
from xet_store import Term

PIECES = 16
PIECE = 8 << 20
LIMIT = 150 << 20
CHUNK = 128 << 10


def frame_of_zeros(size: int) -> bytes:
    """A frame of LZ4 that is as short as one can be: one byte, and a match that repeats it."""
    descriptor = bytes([0x60, 0x50])
    rest = size - 1 - 5 - 4 - 15
    match = b"\xff" * (rest // 255) + bytes([rest % 255])
    block = b"\x1f\x00\x01\x00" + match + b"\x50" + b"\x00" * 5
    checksum = bytes([short_xxh32(descriptor) >> 8 & 0xFF])
    return b"\x04\x22\x4d\x18" + descriptor + checksum + len(block).to_bytes(4, "little") + block + b"\x00" * 4


def short_xxh32(content: bytes) -> int:
    """xxHash of less than 16 bytes, none of which is part of a word of four."""
    word = 2**32 - 1
    total = (374761393 + len(content)) & word
    for byte in content:
        total = (total + byte * 374761393) & word
        total = ((total << 11 | total >> 21) & word) * 2654435761 & word
    for shift, factor in ((15, 2246822519), (13, 3266489917), (16, 1)):
        total = (total ^ total >> shift) * factor & word
    return total


def chunk(content: bytes, size: int, scheme: int) -> bytes:
    return b"\x00" + len(content).to_bytes(3, "little") + bytes([scheme]) + size.to_bytes(3, "little") + content


class HostileStore:
    """A file of zeros in chunks that are all the same, of which an answer names those that cost most."""

    def __init__(self, size: int, each: int, backwards: bool, padding: int):
        self.each, self.backwards, self.padding = each, backwards, padding
        self.name = "1" * 64
        self.files = {self.name: [Term("0" * 64, 0, 1, size)]}
        one = chunk(frame_of_zeros(each), each, 1) if each > 100 else chunk(b"\x00" * each, each, 0)
        self.stored = len(one)
        # As many chunks as a xorb may have, and no more than an answer is for.
        self.count = min(8192, (4 << 20) // each)
        self.content = SimpleNamespace(bytes=one * self.count, ends=range(0, self.stored * self.count + 1, self.stored))

    def xorb(self, name: str):
        return self.content

    def answer(self, name: str, version: int, url: str, wanted: range | None = None) -> dict:
        terms, xorbs = [], {}
        for number in range(-(-len(wanted) // (self.count * self.each))):
            xorb = f"{number:064x}"
            # The halves of each xorb, or all of its chunks, in the order in which they do not arrive.
            step = 1 if self.each == CHUNK else self.count // 2
            starts = list(range(0, self.count, step))
            for start in reversed(starts) if self.backwards else starts:
                terms.append(
                    {"hash": xorb, "unpacked_length": step * self.each, "range": {"start": start, "end": start + step}}
                )
            ranges = [{"chunks": {"start": 0, "end": self.count}, "bytes": {"start": 0, "end": self.count * self.stored - 1}}]
            xorbs[xorb] = [{"url": f"{url}/xorbs/{xorb}?signature=secret", "ranges": ranges}]
        return {"offset_into_first_range": 0, "terms": terms, "xorbs": xorbs, "padding": [0] * self.padding}


CASES = {
    "chunks that expand": (CHUNK, False, 0),
    "chunks that come before their turn": (CHUNK, True, 0),
    "chunks of one byte": (1, True, 0),
    "answers that are as long as they may be": (CHUNK, True, 340_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_hostile_store_costs_little_memory(knapsack, tmp_path, case):
    each, backwards, padding = CASES[case]
    origin = tmp_path / "origin" / "model.safetensors"
    origin.parent.mkdir()
    with origin.open("wb") as handle:
        handle.truncate(PIECES * PIECE)
    hub = XetHub(tmp_path / "store")
    hub.add("tester/zeros", origin.parent)
    hub.store = HostileStore(PIECES * PIECE, each, backwards, padding)
    with origin.open("rb") as handle:
        hub.hashes[hashlib.file_digest(handle, "sha256").hexdigest()] = hub.store.name
    hub.rate = 2 << 20
    program = started(knapsack, hub, tmp_path / "hub")
    process = program.start("fetch", "hf:tester/zeros", "--transfer", "xet", "--connections", "16", "--retries", "2")
    deadline = time.monotonic() + 25
    peak = 0
    try:
        while process.poll() is None and time.monotonic() < deadline:
            peak = max(peak, peak_of(process.pid))
            time.sleep(0.02)
        asked = hub.xet_requests.count("v2")
        process.send_signal(signal.SIGINT)
    finally:
        _, told = process.communicate(timeout=60)
        hub.close()
    print(f"{case}: {peak >> 20} MiB, {asked} answers, {hub.part_bytes >> 20} MiB of parts")
    assert asked >= PIECES and hub.part_bytes > 0, told
    assert "is wrong" not in told.decode(), told
    assert peak < LIMIT, f"{peak >> 20} MiB"
