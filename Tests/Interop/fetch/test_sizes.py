"""Repositories at the edges: a file that the Hub sends in parts only, and very many files."""

import hashlib
import json
import shutil
import time

import pytest
from fetching import peak_of, started
from wayward_hub import WaywardHub

BLOCK = 1 << 19
SIXTY_GIGABYTES = 60_000_000_000 // BLOCK * BLOCK
MOST_MEMORY = 150_000_000 >> 10  # KiB
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


def fetched(knapsack, hub, cache, source: str, *arguments) -> int:
    """Fetches, and returns the most memory that the program had at once, in KiB."""
    process = started(knapsack, hub, cache).start("fetch", source, "--quiet", *arguments)
    peak = 0
    while process.poll() is None:
        # What wait4 states counts the pages of the process that started this one, too.
        peak = max(peak, peak_of(process.pid) >> 10)
        time.sleep(0.02)
    _, told = process.communicate()
    assert process.returncode == 0, told
    return peak


@pytest.fixture
def huge(tmp_path):
    """A Hub with a file of sixty gigabytes of zeros, and the digest of it."""
    origin = tmp_path / "origin" / "model.safetensors"
    origin.parent.mkdir()
    with origin.open("wb") as handle:
        handle.truncate(SIXTY_GIGABYTES)
    hub = WaywardHub()
    hub.add("tester/huge", origin.parent)
    with origin.open("rb") as handle:
        hub.digest = hashlib.file_digest(handle, "sha256").hexdigest()
    yield hub
    hub.close()


@pytest.mark.slow
def test_a_file_that_the_hub_sends_in_parts_only(knapsack, huge, tmp_path):
    """All but some blocks are there: the disk has to hold nearly nothing."""
    blobs = tmp_path / "hub" / "models--tester--huge" / "blobs"
    blobs.mkdir(parents=True)
    with (blobs / f"{huge.digest}.knapsack.incomplete").open("wb") as handle:
        handle.truncate(SIXTY_GIGABYTES)
    checksum = checksum_of_zeros(BLOCK)
    lacking = {0, 40_000, 40_001, SIXTY_GIGABYTES // BLOCK - 1}
    with (blobs / f"{huge.digest}.knapsack.journal").open("w") as handle:
        handle.write(json.dumps({"journal": 1, "blob": huge.digest, "size": SIXTY_GIGABYTES}, separators=(",", ":")) + "\n")
        for block in set(range(SIXTY_GIGABYTES // BLOCK)) - lacking:
            handle.write(f"{block * BLOCK} {BLOCK} {checksum:x}\n")
    memory = fetched(knapsack, huge, tmp_path / "hub", "hf:tester/huge")
    assert huge.sent == len(lacking) * BLOCK
    assert (blobs / huge.digest).stat().st_size == SIXTY_GIGABYTES and not list(blobs.glob("*.knapsack.*"))
    assert memory < MOST_MEMORY


@pytest.mark.slow
def test_all_of_such_a_file(knapsack, huge, tmp_path):
    if shutil.disk_usage(tmp_path).free < SIXTY_GIGABYTES + (2 << 30):
        pytest.skip("needs 62 GB of free disk space")
    memory = fetched(knapsack, huge, tmp_path / "hub", "hf:tester/huge")
    blob = tmp_path / "hub" / "models--tester--huge" / "blobs" / huge.digest
    assert huge.sent == SIXTY_GIGABYTES == blob.stat().st_size
    blob.unlink()
    assert memory < MOST_MEMORY


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
    memory = fetched(knapsack, hub, tmp_path / "hub", "hf:tester/pictures", "--dry-run")
    hub.close()
    assert memory < MOST_MEMORY
