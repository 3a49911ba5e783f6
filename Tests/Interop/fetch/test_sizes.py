"""Repositories at the edges: a file that the Hub sends in parts only, and very many files."""

import hashlib
import json
import os

import pytest
from fetching import started
from wayward_hub import WaywardHub

BLOCK = 1 << 19
FACTOR, WORD = 0x9E37_79B9_7F4A_7C15, (1 << 64) - 1


def checksum_of_zeros(count: int) -> int:
    """What the journal states of a block of so many zeros: a multiple of 32."""

    def step(lane: int, word: int) -> int:
        product = (lane ^ word) * FACTOR & WORD
        return (product << 29 | product >> 35) & WORD

    def mixed(value: int) -> int:
        for factor in (0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53):
            value = (value ^ value >> 33) * factor & WORD
        return value ^ value >> 33

    total = count
    for lane in (1, 2, 3, 4):
        for _ in range(count // 32):
            lane = step(lane, 0)
        total = step(total, mixed(lane))
    return mixed(step(total, mixed(0)))


@pytest.mark.slow
def test_a_file_that_the_hub_sends_in_parts_only(knapsack, tmp_path):
    """Sixty gigabytes of zeros, of which all but some blocks are there: the disk has to hold nearly nothing."""
    size = 60_000_000_000 // BLOCK * BLOCK
    origin = tmp_path / "origin" / "model.safetensors"
    origin.parent.mkdir()
    with origin.open("wb") as handle:
        handle.truncate(size)
    hub = WaywardHub()
    hub.add("tester/huge", origin.parent)
    with origin.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    blobs = tmp_path / "hub" / "models--tester--huge" / "blobs"
    blobs.mkdir(parents=True)
    with (blobs / f"{digest}.knapsack.incomplete").open("wb") as handle:
        handle.truncate(size)
    checksum = checksum_of_zeros(BLOCK)
    lacking = {0, 40_000, 40_001, size // BLOCK - 1}
    with (blobs / f"{digest}.knapsack.journal").open("w") as handle:
        handle.write(json.dumps({"journal": 1, "blob": digest, "size": size}, separators=(",", ":")) + "\n")
        for block in set(range(size // BLOCK)) - lacking:
            handle.write(f"{block * BLOCK} {BLOCK} {checksum:x}\n")
    started(knapsack, hub, tmp_path / "hub")("fetch", "hf:tester/huge").expect(0)
    hub.close()
    assert hub.sent == len(lacking) * BLOCK
    assert (blobs / digest).stat().st_size == size and not list(blobs.glob("*.knapsack.*"))


class ManyFiles(WaywardHub):
    """A repository of 100,000 files, of which nothing but the list is asked for."""

    def __init__(self, count: int):
        super().__init__(page_size=1000)
        self.commit = "a" * 40
        entries = [(f"data/train/part-{number:06}/image-{number:08}.jpeg", number) for number in range(count)]
        self.pages = [entries[start : start + 1000] for start in range(0, count, 1000)]
        hub = self

        class Handler(self.handler):
            def route(self):
                if "/tree/" not in self.path:
                    return self.send_json({"sha": hub.commit})
                page = int(self.path.split("cursor=")[1]) if "cursor=" in self.path else 0
                following = f"{hub.url}{self.path.split('?')[0]}?cursor={page + 1}"
                more = {"Link": f'<{following}>; rel="next"'} if page + 1 < len(hub.pages) else {}
                self.send_json([self.entry(*entry) for entry in hub.pages[page]], more)

            def entry(self, path: str, number: int) -> dict:
                oid, sha256, xet = (hashlib.sha256(b"%d %d" % (kind, number)).hexdigest() for kind in range(3))
                lfs = {"oid": sha256, "size": 100_000, "pointerSize": 130}
                return {"type": "file", "path": path, "size": 100_000, "oid": oid[:40], "lfs": lfs, "xetHash": xet}

        for server in self._servers:
            server.RequestHandlerClass = type("Handler", (Handler,), {"hub": self})


@pytest.mark.slow
def test_a_hundred_thousand_files_need_little_memory(knapsack, tmp_path):
    hub = ManyFiles(100_000)
    process = started(knapsack, hub, tmp_path / "hub").start("fetch", "hf:tester/pictures", "--dry-run", "--quiet")
    _, status, usage = os.wait4(process.pid, 0)
    hub.close()
    assert status == 0 and usage.ru_maxrss < 150 << 10
