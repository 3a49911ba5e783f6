"""A fetch that is killed at any moment goes on where it was, and the cache ends as if nothing had happened."""

import hashlib
import random
import signal
import time

import genuine
import pytest
from fetching import layout, require_true, size_of, started
from wayward_hub import WaywardHub

REPO = "tester/many"
CONNECTIONS = 4
# What each connection may have received and not written down: one block, and what the kernel holds.
BLOCK = 1 << 19
LOST = CONNECTIONS * (BLOCK + (1 << 17))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Forty files: many small ones, and some that take several pieces."""
    directory = tmp_path_factory.mktemp("many")
    for number in range(40):
        size = 12_000_000 if number in (7, 23, 38) else 1_000_000 + number if number % 9 == 0 else 20_000 + 997 * number
        name = f"file-{number:02}.{'safetensors' if size > 500_000 else 'json'}"
        (directory / name).write_bytes(hashlib.shake_128(b"%d" % number).digest(size))
    return directory


@pytest.fixture
def many_hub(many):
    server = WaywardHub()
    server.add(REPO, many)
    yield server
    server.close()


@pytest.fixture(scope="module")
def whole(many, tmp_path_factory):
    server = WaywardHub()
    server.add(REPO, many)
    cache = tmp_path_factory.mktemp("whole") / "hub"
    genuine.snapshot_download(server, cache, REPO)
    server.close()
    return layout(cache)


def killed(program, hub, many, cache, whole, kills: int, seed: int) -> int:
    """Fetches with so many kills at most, and returns how many met it."""
    generator = random.Random(seed)
    hub.reset()
    hub.rate = 3_000_000
    done = 0
    while done < kills:
        process = program.start("fetch", f"hf:{REPO}", "--connections", str(CONNECTIONS))
        try:
            time.sleep(generator.uniform(0.05, 0.8))
            if process.poll() is not None:
                break
        finally:
            process.kill()
            _, told = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), told
        done += 1
        require_true(cache)
    hub.rate = None
    program("fetch", f"hf:{REPO}").expect(0)
    found = layout(cache)
    # The name under which something was being written when the process ended is left.
    assert {name: what for name, what in found.items() if "/.knapsack." not in name} == whole
    assert hub.sent <= 1.1 * size_of(many) + done * LOST, (hub.sent, done)
    return done


@pytest.mark.kill
@pytest.mark.parametrize("seed", range(2))
def test_kills(knapsack, many_hub, many, whole, tmp_path, seed):
    cache = tmp_path / "hub"
    assert killed(started(knapsack, many_hub, cache), many_hub, many, cache, whole, 8, seed) > 2


@pytest.mark.kill
@pytest.mark.slow
def test_two_hundred_kills(knapsack, many_hub, many, whole, tmp_path):
    """One cache after another, until so many kills have met a fetch."""
    done = 0
    for seed in range(100):
        cache = tmp_path / str(seed) / "hub"
        done += killed(started(knapsack, many_hub, cache), many_hub, many, cache, whole, 20, 1000 + seed)
        if done >= 200:
            break
    assert done >= 200


def test_an_interruption_is_told_and_goes_on(knapsack, many_hub, many, whole, tmp_path):
    cache = tmp_path / "hub"
    many_hub.rate = 1_000_000
    process = started(knapsack, many_hub, cache).start("fetch", f"hf:{REPO}", "--connections", str(CONNECTIONS))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and many_hub.sent < 5_000_000:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert b"the same command goes on where this one stopped" in told
    there = many_hub.sent
    many_hub.rate = None
    many_hub.reset()
    started(knapsack, many_hub, cache)("fetch", f"hf:{REPO}").expect(0)
    assert many_hub.sent <= size_of(many) - there + 2 * LOST and layout(cache) == whole
