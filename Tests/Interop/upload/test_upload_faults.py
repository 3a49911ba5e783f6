"""Every fault of Kaggle and of its store in every state of an upload: never a wrong version, and little is sent twice."""

import json

import pytest
from cli import contents
from keeping_kaggle import KeepingKaggle, journals
from series import crossed
from uploading import AUTHORIZATION, METADATA, make_bundle, uploader

PIECE = 1 << 19
WEIGHTS = "model.safetensors"
# The name of the fault, its arguments, and how many bytes it may cost beside a piece.
PASSING = [
    ("drop", {"after": 10}, 0), ("drop", {"after": 200_000}, 0), ("status", {"status": 500}, 0), ("status", {"status": 503}, 0),
    ("status", {"status": 429, "headers": {"Retry-After": "1"}}, 0), ("status", {"status": 408}, 0),
    ("less", {}, 0), ("nothing", {}, 0), ("lost", {}, None), ("gone", {"status": 404}, None), ("gone", {"status": 410}, None),
    ("beyond", {}, None), ("status", {"status": 403}, None),
]  # fmt: skip


@pytest.fixture(scope="module")
def bundle(knapsack, tmp_path_factory):
    return make_bundle(knapsack, tmp_path_factory.mktemp("upload"))


@pytest.fixture
def server(tmp_path):
    server = KeepingKaggle(tmp_path / "kaggle")
    server.users = {AUTHORIZATION: "tester"}
    yield server
    assert not server.problems, server.problems
    server.close()


def size(bundle) -> int:
    return sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and path.name not in METADATA)


def require_right(server, bundle, number: int = 1) -> None:
    assert [handle for handle, _ in server.creations] == ["tester/upload-models"] * number
    expected = {name: digest for name, digest in contents(bundle).items() if name not in METADATA}
    assert contents(server.version("tester/upload-models", number)) == expected


def put_in_state(state: str, run, server, bundle) -> None:
    """`nothing`, a `partial` upload of the weights, or `sent`: all but the version."""
    if state == "partial":
        server.stops_after = 5 * PIECE
        run("upload", bundle, "--retries", "0", "--piece", "512KiB", "--connections", "1").expect(2)
        server.stops_after = None
    elif state == "sent":
        server.add_fault("status", path="CreateDataset", api=True, status=500, times=1000)
        run("upload", bundle, "--retries", "0").expect(2)
    server.upload_faults.clear()
    server.reset()


@pytest.mark.parametrize(
    ("kind", "arguments", "cost", "state"),
    crossed(PASSING, ["nothing", "partial"], lambda case: f"{case[0]}-{list(case[1].values())[:1]}"),
)
def test_a_fault_of_the_store_costs_a_piece(knapsack, server, bundle, tmp_path, kind, arguments, cost, state):
    run = uploader(knapsack, server, tmp_path)
    put_in_state(state, run, server, bundle)
    had, server.received = server.received, 0
    if kind == "lost":
        # Only whoever is interrupted asks.
        server.fault("drop", path=WEIGHTS, after=270_000)
    server.fault(kind, path=WEIGHTS, **arguments)
    run("upload", bundle, "--piece", "512KiB").expect(0)
    require_right(server, bundle)
    assert not server.upload_faults
    if cost is not None:
        assert server.received + had <= size(bundle) + 2 * PIECE + cost
    else:
        assert server.received + had <= 2 * size(bundle) + 2 * PIECE


@pytest.mark.parametrize("kind", ["drop", "status", "nothing", "gone", "beyond"])
def test_a_fault_that_stays_ends_with_nothing_made(knapsack, server, bundle, tmp_path, kind):
    run = uploader(knapsack, server, tmp_path)
    server.fault(kind, path=WEIGHTS, times=10_000, **({"status": 410} if kind == "gone" else {}))
    done = run("upload", bundle, "--piece", "512KiB", "--retries", "2", timeout=60)
    done.expect(2)
    assert not server.creations and "goes on where this one stopped" in done.stderr
    server.upload_faults.clear()
    run("upload", bundle).expect(0)
    require_right(server, bundle)


@pytest.mark.parametrize(
    ("method", "status"),
    crossed(
        [(name,) for name in ("StartBlobUpload", "CreateDataset", "GetDataset", "GetDatasetStatus", "ListTreeDatasetFiles")],
        [None, 502, 429],
        lambda case: case[0],
    ),
)
def test_a_fault_of_the_interface_passes(knapsack, server, bundle, tmp_path, method, status):
    # Without a status the connection is dropped.
    server.add_fault("status" if status else "drop", path=method, api=True, **({"status": status} if status else {}))
    uploader(knapsack, server, tmp_path)("upload", bundle).expect(0)
    assert not server.faults
    require_right(server, bundle)


@pytest.mark.parametrize("polls", [0, 3])
def test_a_lost_answer_makes_no_second_version(knapsack, server, bundle, tmp_path, polls):
    server.polls = polls
    server.add_fault("drop", path="answer", api=True)
    uploader(knapsack, server, tmp_path)("upload", bundle).expect(0)
    require_right(server, bundle)


def test_what_was_sent_is_not_sent_again(knapsack, server, bundle, tmp_path):
    run = uploader(knapsack, server, tmp_path)
    put_in_state("sent", run, server, bundle)
    server.received = 0
    run("upload", bundle).expect(0)
    assert server.received == 0
    require_right(server, bundle)


def test_tokens_that_kaggle_forgot_are_noticed(knapsack, server, bundle, tmp_path):
    run = uploader(knapsack, server, tmp_path)
    put_in_state("sent", run, server, bundle)
    server.forgets = {blob.token for blob in server.blobs.values()}
    server.received = 0
    done = run("upload", bundle).expect(0)
    assert "sent again" in done.stderr and server.received == size(bundle)
    require_right(server, bundle)


def test_an_upload_of_last_week_is_begun_anew(knapsack, server, bundle, tmp_path):
    run = uploader(knapsack, server, tmp_path)
    put_in_state("sent", run, server, bundle)
    (journal,) = journals(tmp_path / "home")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        if "began" in line:
            line["began"] -= 6 * 24 * 3600 + 1
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    server.received = 0
    run("upload", bundle).expect(0)
    assert server.received == size(bundle)


@pytest.mark.parametrize("damage", ["torn", "foreign", "empty"])
def test_a_damaged_journal_costs_time_and_nothing_else(knapsack, server, bundle, tmp_path, damage):
    run = uploader(knapsack, server, tmp_path)
    put_in_state("sent", run, server, bundle)
    (journal,) = journals(tmp_path / "home")
    content = journal.read_bytes()
    journal.write_bytes({"torn": content[: len(content) // 2], "foreign": b"\xff\x00 not a journal\n", "empty": b""}[damage])
    run("upload", bundle).expect(0)
    require_right(server, bundle)


def test_a_file_that_changed_after_it_was_begun_is_begun_anew(knapsack, server, tmp_path):
    """The store has the beginning of other bytes than those that the lock states by now."""
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, server, tmp_path)
    weights = bundle / "files/tiny" / WEIGHTS
    right = weights.read_bytes()
    wrong = bytearray(right)
    wrong[1000] ^= 1
    weights.write_bytes(wrong)
    assert "content-changed" in run("upload", bundle, "--piece", "512KiB", "--json").expect(1).stdout
    assert not server.creations
    weights.write_bytes(right)
    run("upload", bundle, "--piece", "512KiB").expect(0)
    require_right(server, bundle)


def test_two_at_once_do_not_disturb_each_other(knapsack, server, bundle, tmp_path):
    run = uploader(knapsack, server, tmp_path)
    server.rate = 3_000_000
    first = run.start("upload", bundle)
    try:
        while not server.blobs:
            assert first.poll() is None
        assert "upload-running" in run("upload", bundle, "--json").expect(2).stdout
    finally:
        _, told = first.communicate(timeout=60)
    assert first.returncode == 0, told
    require_right(server, bundle)
