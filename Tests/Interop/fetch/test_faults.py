"""Every fault of a server in every state of the cache: never a wrong byte under a final name, and little is loaded twice."""

import pytest
from fetching import REPO, copied, layout, require_true, size_of, started
from series import crossed
from wayward_hub import KINDS, WaywardHub

# What the same request may give the next time, and what no patience mends.
PASSING = [
    ("drop", {"after": 100}), ("drop", {"after": 600_000}), ("stall", {"after": 1000}), ("status", {"status": 500}),
    ("status", {"status": 503, "headers": {"Retry-After": "1"}}), ("status", {"status": 408}),
    ("status", {"status": 429, "headers": {"RateLimit": '"resolvers";r=0;t=1'}}),
    ("wrong-range", {}), ("no-range-header", {}), ("short", {}), ("long", {}), ("gzip", {}), ("whole", {}),
    ("wrong-bytes", {"after": 77}),
]  # fmt: skip
LASTING = [("changed-etag", {}), ("other-size", {})]
FILES = ["model.safetensors", "vocab.json", "file-04.txt", "file-05.bin"]
# One piece of each connection may be loaded for nothing.
BLOCK = 1 << 19


def name(case):
    kind, arguments = case
    return f"{kind}-{'-'.join(str(value) for value in arguments.values() if not isinstance(value, dict))}".strip("-")


def names(cases):
    return [name(case) for case in cases]


@pytest.fixture(scope="module")
def states(knapsack, origin, tmp_path_factory):
    """Caches to begin with: `partial` has a part of every large file and some small ones, `complete` lacks two files."""
    server = WaywardHub()
    server.add(REPO, origin, refs=("main", "v1.0", "refs/pr/1"))
    directory = tmp_path_factory.mktemp("states")
    complete = directory / "complete" / "hub"
    started(knapsack, server, complete)("fetch", f"hf:{REPO}").expect(0)
    for path in complete.rglob("*"):
        if path.is_symlink() and path.name in ("model.safetensors", "file-04.txt"):
            path.resolve().unlink()
            path.unlink()
    for name in ("model.safetensors", "vocab.json", "file-04.txt", "onnx/model.onnx"):
        server.add_fault("drop", path=name, after=100 if name == "file-04.txt" else 560_000, times=1000)
    partial = directory / "partial" / "hub"
    started(knapsack, server, partial)("fetch", f"hf:{REPO}", "--retries", "0").expect(1, 2)
    assert len(list(partial.rglob("*.knapsack.journal"))) == 3
    server.close()
    return directory


def patience(kind: str) -> dict[str, str]:
    """How long a silence may last, where there is one."""
    return {"HF_HUB_DOWNLOAD_TIMEOUT": "2"} if kind == "stall" else {}


def in_state(state: str, states, cache):
    """The cache, in a state to begin with."""
    return cache if state == "nothing" else copied(states / state / "hub", cache)


@pytest.mark.parametrize(("kind", "arguments", "state"), crossed(PASSING, ["nothing", "partial", "complete"], name))
def test_a_fault_that_passes_costs_little(fetch, wayward, whole, states, origin, tmp_path, kind, arguments, state):
    cache = in_state(state, states, tmp_path / "hub")
    there = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file() and path.suffix != ".json")
    for path in FILES:
        wayward.add_fault(kind, path=path, **arguments)
    done = fetch(cache, f"hf:{REPO}", "--connections", "4", **patience(kind)).expect(0)
    assert layout(cache) == whole
    missing = size_of(origin) - there
    # Wrong bytes are only seen at the end, and a server without ranges sends what is there, too.
    again = size_of(origin) if kind in ("wrong-bytes", "whole", "long", "wrong-range", "no-range-header") else 0
    # Of an answer that is shorter than it states more is under way when it is given up.
    assert wayward.sent <= missing + again + (8 if kind == "short" else 4) * BLOCK, done.text
    if kind == "wrong-bytes":
        assert "was loaded a second time" in done.stderr and "bytes 77 to 77" in done.stderr


@pytest.mark.parametrize(
    ("kind", "arguments", "state"),
    crossed(
        [*LASTING, ("wrong-bytes", {"after": 5}), *(case for case in PASSING if case[0] not in ("whole", "wrong-bytes"))],
        ["partial", "nothing"],
        name,
    ),
)
def test_a_fault_that_stays_is_told_and_harms_nothing(fetch, wayward, whole, states, origin, tmp_path, kind, arguments, state):
    cache = in_state(state, states, tmp_path / "hub")
    arguments = {**arguments, "seconds": 20.0} if kind == "stall" else arguments
    if kind == "drop":
        arguments = {"after": 0}
    if kind == "status":
        arguments = {**arguments, "headers": {}}
    wayward.add_fault(kind, path="model.safetensors", times=10_000, **arguments)
    done = fetch(cache, f"hf:{REPO}", "--retries", "1", **patience(kind)).expect(1, 2)
    assert "error: " in done.stderr and "fix: " in done.stderr
    assert done.code == (1 if kind in ("wrong-bytes", "changed-etag", "other-size") else 2), done.text
    require_true(cache)
    assert not (cache / "models--tester--mixed/snapshots" / wayward.commit / "model.safetensors").exists()
    # What is not met by the fault is there, and a ref to what is not whole is not.
    assert (cache / "models--tester--mixed/snapshots" / wayward.commit / "config.json").exists()
    assert not (cache / "models--tester--mixed/refs/main").exists()
    wayward.reset()
    fetch(cache, f"hf:{REPO}").expect(0)
    assert layout(cache) == whole


def test_a_server_without_ranges_is_read_from_its_start(fetch, wayward, whole, origin, tmp_path):
    cache = tmp_path / "hub"
    wayward.add_fault("whole", times=10_000)
    fetch(cache, f"hf:{REPO}").expect(0)
    assert layout(cache) == whole


def test_a_server_without_ranges_that_breaks_once(fetch, wayward, whole, states, tmp_path):
    cache = in_state("partial", states, tmp_path / "hub")
    wayward.add_fault("drop", path="model.safetensors", after=600_000)
    wayward.add_fault("whole", times=10_000)
    fetch(cache, f"hf:{REPO}").expect(0)
    assert layout(cache) == whole


@pytest.mark.parametrize("fault", ["status", "drop"])
def test_a_fault_of_the_list_that_passes(fetch, wayward, whole, tmp_path, fault):
    cache = tmp_path / "hub"
    for path in ("/revision/main", f"/tree/{wayward.commit}"):
        wayward.add_fault(fault, path=path, api=True, status=502)
    fetch(cache, f"hf:{REPO}").expect(0)
    assert layout(cache) == whole


def test_a_limit_of_requests_is_obeyed(fetch, wayward, tmp_path):
    import time

    wayward.add_fault("status", status=429, headers={"RateLimit": '"api";r=0;t=2'}, api=True, path="/revision/main")
    began = time.monotonic()
    fetch(tmp_path / "hub", f"hf:{REPO}").expect(0)
    assert time.monotonic() - began > 2
    wayward.reset()
    wayward.add_fault("status", status=429, headers={"RateLimit": '"api";r=0;t=5000'}, api=True, path="/revision/main")
    done = fetch(tmp_path / "hub", f"hf:{REPO}").expect(2)
    assert "takes no more requests for 5001 seconds" in done.stderr


def test_the_kinds_are_all_met():
    assert {kind for kind, _ in PASSING + LASTING} == set(KINDS)


def test_no_server_at_all(fetch, wayward, tmp_path):
    wayward.close()
    done = fetch(tmp_path / "hub", f"hf:{REPO}", "--retries", "1").expect(2)
    assert "no connection to 127.0.0.1" in done.stderr and not (tmp_path / "hub").exists()


def test_a_host_that_there_is_not(fetch, tmp_path):
    done = fetch(tmp_path / "hub", f"hf:{REPO}", "--retries", "0", HF_ENDPOINT="https://hub.invalid").expect(2)
    assert "no address of hub.invalid" in done.stderr


@pytest.mark.parametrize("size", [2**63 - 1, 2**62, 2**60])
def test_sizes_that_nothing_has_end_with_a_sentence(knapsack, wayward, tmp_path, size):
    """Their sum is more than any number has room for."""
    for item in wayward.repos["model", REPO].commits[wayward.commit].values():
        item.size = size
    run = started(knapsack, wayward, tmp_path / "hub")
    told = run("fetch", f"hf:{REPO}").expect(2)
    assert "not enough free space" in told.stderr
    assert "of room needed" in run("fetch", f"hf:{REPO}", "--dry-run").expect(0).stderr
    run("info", f"hf:{REPO}").expect(0, 1, 2)
    run("search", "hub", "tester").expect(0, 1, 2)
    assert wayward.sent == 0
