"""Kills at seeded moments of a fetch from Kaggle: it goes on where it was, and the cache ends as if nothing had happened."""

import random
import signal
import time

import genuine
import pytest
from fetching import layout
from kaggle_fetching import content, started, whole
from wayward_kaggle import WaywardKaggle

MODEL = "tester/forty/transformers/tiny"
NOTEBOOK = "tester/forty-notebook"
CONNECTIONS = 4
# What each connection may have received and not written down: one block, and what the kernel holds.
LOST = CONNECTIONS * ((1 << 19) + (1 << 17))


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    directory = tmp_path_factory.mktemp("forty")
    for number in range(40):
        size = 4_000_000 if number in (7, 23) else 900_000 + number if number % 19 == 0 else 2_000 + 997 * number
        (directory / f"file-{number:02}.bin").write_bytes(content(str(number), size))
    return directory


@pytest.fixture
def server(forty):
    server = WaywardKaggle(page_size=50)
    server.add(MODEL, 1, forty)
    server.add(f"code/{NOTEBOOK}", 1, forty)
    yield server
    server.close()


SOURCES = {
    f"kaggle:{MODEL}/1": f"model_download('{MODEL}/1')",
    f"kaggle-notebook:{NOTEBOOK}/versions/1": f"notebook_output_download('{NOTEBOOK}/versions/1')",
}


def killed(program, server, source: str, forty, cache, kills: int, seed: int) -> int:
    """Fetches with so many kills at most, and returns how many met it."""
    generator = random.Random(seed)
    server.reset()
    server.rate = 1_500_000
    done = 0
    while done < kills:
        process = program.start("fetch", source, "--connections", str(CONNECTIONS))
        try:
            time.sleep(generator.uniform(0.05, 0.5))
            if process.poll() is not None:
                break
        finally:
            process.kill()
            _, told = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), told
        done += 1
        # What has its name is right, at every moment.
        for path in cache.rglob("file-*.bin"):
            if ".knapsack" not in path.parts:
                assert path.read_bytes() == (forty / path.name).read_bytes()
    server.rate = None
    program("fetch", source).expect(0)
    assert server.sent <= 1.1 * whole(forty) + 100_000 + done * LOST, (server.sent, done)
    return done


@pytest.mark.kill
@pytest.mark.parametrize("source", SOURCES, ids=["files", "archive"])
def test_kills(knapsack, server, forty, tmp_path, source):
    cache = tmp_path / "cache"
    assert killed(started(knapsack, server, cache), server, source, forty, cache, 10, len(source)) > 2
    genuine.kagglehub_download(server, tmp_path / "theirs", SOURCES[source])
    assert layout(cache) == layout(tmp_path / "theirs")


@pytest.mark.kill
@pytest.mark.slow
def test_two_hundred_kills(knapsack, server, forty, tmp_path):
    """One cache after another, until so many kills have met a fetch."""
    genuine.kagglehub_download(server, tmp_path / "theirs", SOURCES[f"kaggle:{MODEL}/1"])
    done = 0
    for seed in range(100):
        cache = tmp_path / str(seed) / "cache"
        done += killed(started(knapsack, server, cache), server, f"kaggle:{MODEL}/1", forty, cache, 20, 1000 + seed)
        assert layout(cache) == layout(tmp_path / "theirs")
        if done >= 200:
            break
    assert done >= 200
