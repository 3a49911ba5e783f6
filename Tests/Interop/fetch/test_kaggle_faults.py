"""Every fault of Kaggle and of its store in every state of the cache: never a wrong byte, and little is loaded twice."""

import time

import genuine
import pytest
from fetching import layout
from kaggle_fetching import DATASET, LARGE, MODEL, NOTEBOOK, whole
from series import crossed
from wayward_kaggle import STORE

PASSING = [
    ("drop", {"after": 100}), ("drop", {"after": 600_000}), ("stall", {"after": 1000}), ("status", {"status": 500}),
    ("status", {"status": 503, "headers": {"Retry-After": "1"}}), ("status", {"status": 429, "headers": {"Retry-After": "1"}}),
    ("wrong-range", {}), ("no-range-header", {}), ("short", {}), ("long", {}), ("gzip", {}), ("whole", {}), ("expired", {}),
    ("elsewhere", {}), ("wrong-bytes", {"after": 77}),
]  # fmt: skip
LASTING = ["drop", "stall", "status", "wrong-range", "no-range-header", "short", "gzip", "expired"]
LOADED_AGAIN = ("wrong-bytes", "whole", "long", "wrong-range", "no-range-header", "gzip")
FILES = ["model.safetensors", "train.csv", "sub/deeper/data.bin"]
BLOCK = 1 << 19
SOURCE = f"kaggle:{MODEL}/2"


def name(case):
    kind, arguments = case
    return f"{kind}-{arguments.get('after', arguments.get('status', ''))}".strip("-")


def names(cases):
    return [name(case) for case in cases]


@pytest.fixture(scope="module")
def right(kaggle_origin, tmp_path_factory):
    """The layout that every fetch has to end with."""
    import kaggle_fetching
    from wayward_kaggle import WaywardKaggle

    server = WaywardKaggle()
    kaggle_fetching.fill(server, kaggle_origin)
    cache = tmp_path_factory.mktemp("whole") / "cache"
    genuine.kagglehub_download(server, cache, f"model_download('{MODEL}/2')")
    server.close()
    return layout(cache)


def put_in_state(state: str, fetch, server, cache) -> None:
    """`nothing`, a `partial` download, or `complete` but for two files."""
    if state == "partial":
        for name in FILES:
            server.add_fault("drop", path=name, after=560_000 if name != "train.csv" else 100, times=1000)
        fetch(cache, SOURCE, "--retries", "0").expect(1, 2)
        assert list(cache.rglob("*.knapsack.journal")) and not (cache / f"models/{MODEL}/2.complete").exists()
    elif state == "complete":
        fetch(cache, SOURCE).expect(0)
        for name in ("model.safetensors", "train.csv"):
            (cache / f"models/{MODEL}/2" / name).unlink()
    server.reset()


@pytest.mark.parametrize(("kind", "arguments", "state"), crossed(PASSING, ["nothing", "partial", "complete"], name))
def test_a_fault_that_passes_costs_little(kaggle_fetch, wayward_kaggle, kaggle_origin, right, tmp_path, kind, arguments, state):
    cache = tmp_path / "cache"
    put_in_state(state, kaggle_fetch, wayward_kaggle, cache)
    there = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file() and path.suffix != ".journal")
    for path in FILES:
        wayward_kaggle.add_fault(kind, path=path, **arguments)
    done = kaggle_fetch(cache, SOURCE, "--connections", "4").expect(0)
    assert layout(cache) == right
    again = whole(kaggle_origin) if kind in LOADED_AGAIN else 0
    blocks = 8 if kind == "short" else 4
    assert wayward_kaggle.sent <= whole(kaggle_origin) - there + again + blocks * BLOCK, done.text
    if kind == "wrong-bytes" and state == "nothing":
        assert "was loaded a second time" in done.stderr
    if kind == "elsewhere":
        elsewhere = wayward_kaggle.to("elsewhere.invalid")
        assert elsewhere and not [headers for headers in elsewhere if "Authorization" in headers]


@pytest.mark.parametrize(
    ("kind", "state"),
    crossed([(kind,) for kind in (*LASTING, "changed-md5", "wrong-bytes")], ["nothing", "partial"], lambda case: case[0]),
)
def test_a_fault_that_stays_is_told_and_harms_nothing(kaggle_fetch, wayward_kaggle, right, tmp_path, kind, state):
    cache = tmp_path / "cache"
    put_in_state(state, kaggle_fetch, wayward_kaggle, cache)
    wayward_kaggle.add_fault(kind, path="model.safetensors", times=10_000, after=1_500_000 if kind == "wrong-bytes" else 0)
    done = kaggle_fetch(cache, SOURCE, "--retries", "1").expect(1, 2)
    assert "error: " in done.stderr and "fix: " in done.stderr
    assert done.code == (1 if kind in ("wrong-bytes", "changed-md5") else 2), done.text
    folder = cache / f"models/{MODEL}"
    assert not (folder / "2/model.safetensors").exists() and not (folder / "2.complete").exists()
    assert (folder / "2/config.json").exists()
    wayward_kaggle.reset()
    kaggle_fetch(cache, SOURCE).expect(0)
    assert layout(cache) == right


def test_a_size_that_the_store_states_otherwise(kaggle_fetch, wayward_kaggle, right, tmp_path):
    """The store's own word counts, and its MD5 proves the content: a lie of its own is found."""
    cache = tmp_path / "cache"
    wayward_kaggle.add_fault("other-size", path="train.csv", times=10_000)
    kaggle_fetch(cache, SOURCE, "--retries", "0").expect(1, 2)
    assert not (cache / f"models/{MODEL}/2/train.csv").exists()
    wayward_kaggle.reset()
    kaggle_fetch(cache, SOURCE).expect(0)
    assert layout(cache) == right


@pytest.mark.parametrize("kind", ["drop", "stall", "status", "short", "wrong-bytes", "whole", "expired"])
def test_an_archive_goes_on(kaggle_fetch, wayward_kaggle, tmp_path, kind):
    source = f"kaggle-notebook:{NOTEBOOK}/versions/2"
    kaggle_fetch(tmp_path / "plain", source).expect(0)
    wayward_kaggle.add_fault("drop", after=LARGE["model.safetensors"] // 2, times=3)
    kaggle_fetch(tmp_path / "cache", source, "--retries", "0").expect(2)
    wayward_kaggle.reset()
    wayward_kaggle.add_fault(kind, after=100)
    kaggle_fetch(tmp_path / "cache", source).expect(0)
    assert layout(tmp_path / "cache") == layout(tmp_path / "plain")


@pytest.mark.parametrize("fault", ["status", "drop"])
@pytest.mark.parametrize("method", ["GetDataset", "ListTreeDatasetFiles", "DownloadDataset"])
def test_a_fault_of_the_interface_that_passes(kaggle_fetch, wayward_kaggle, tmp_path, fault, method):
    wayward_kaggle.add_fault(fault, path=method, api=True, status=502)
    kaggle_fetch(tmp_path / "cache", f"kaggle-dataset:{DATASET}").expect(0)
    assert (tmp_path / f"cache/datasets/{DATASET}/2.complete").exists()


def test_a_limit_of_requests_is_obeyed(kaggle_fetch, wayward_kaggle, tmp_path):
    wayward_kaggle.add_fault("status", status=429, headers={"Retry-After": "2"}, api=True, path="GetDataset")
    began = time.monotonic()
    kaggle_fetch(tmp_path / "cache", f"kaggle-dataset:{DATASET}", "--include", "config.json").expect(0)
    assert time.monotonic() - began >= 2
    wayward_kaggle.add_fault("status", status=429, headers={"Retry-After": "3600"}, api=True, path="GetDataset")
    done = kaggle_fetch(tmp_path / "other", f"kaggle-dataset:{DATASET}").expect(2)
    assert "takes no more requests for 3600 seconds" in done.stderr


def test_two_at_once_load_everything_once(knapsack, wayward_kaggle, kaggle_origin, right, tmp_path):
    import kaggle_fetching

    program = kaggle_fetching.started(knapsack, wayward_kaggle, tmp_path / "cache")
    wayward_kaggle.rate = 2_000_000
    running = [program.start("fetch", SOURCE) for _ in range(2)]
    for process in running:
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
    assert layout(tmp_path / "cache") == right
    assert wayward_kaggle.sent <= 1.1 * whole(kaggle_origin) and wayward_kaggle.to(STORE)
