"""What `fetch` puts together from chunks in Xet is what HTTP gives, whatever goes wrong on the way."""

import hashlib
import random
import shutil
import signal
import time

import genuine
import pytest
import xet_shapes
from fetching import layout, require_true, started
from series import crossed
from xet_hub import XetFault, XetHub

REPO = "tester/in-xet"


@pytest.fixture(scope="module")
def xet_origin(tmp_path_factory):
    """Files in Xet that share chunks, one of them larger than a piece, small ones, and some that are only in git."""
    directory = tmp_path_factory.mktemp("origin-xet")
    (directory / "config.json").write_text('{"model_type": "bert"}')
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")
    for number, content in enumerate(xet_shapes.contents(1000)[-30:]):
        (directory / f"small-{number:02}.bin").write_bytes(content)
    (directory / "empty.bin").touch()
    base = xet_shapes.noise("base", 9_000_000)
    (directory / "model.safetensors").write_bytes(base)
    (directory / "tuned.safetensors").write_bytes(base[:4_000_000] + b"tuned" + base[4_000_000:6_000_000])
    (directory / "floats.bin").write_bytes(xet_shapes.floats("f", 1_500_000))
    (directory / "words.bin").write_bytes(xet_shapes.words("w", 2_000_000))
    (directory / "run.bin").write_bytes(xet_shapes.run("r", 3_000_000))
    return directory


@pytest.fixture(scope="module")
def xet_hub(xet_origin, tmp_path_factory):
    server = XetHub(tmp_path_factory.mktemp("store"))
    server.commit = server.add(REPO, xet_origin)
    server.put_into_xet("model", REPO)
    yield server
    server.close()


@pytest.fixture
def hub(xet_hub):
    xet_hub.reset()
    xet_hub.xet_faults.clear()
    xet_hub.xet_requests.clear()
    xet_hub.versions = (1, 2)
    xet_hub.xet_token, xet_hub.lifetime, xet_hub.part_bytes = "xet-token-1", 3600, 0
    xet_hub.broken_http, xet_hub.rate, xet_hub.twist = False, None, None
    xet_hub.tokens.clear()
    return xet_hub


@pytest.fixture
def fetch(knapsack, hub):
    def run(cache, *arguments, **environment):
        return started(knapsack, hub, cache, **environment)("fetch", f"hf:{REPO}", "--transfer", "xet", *arguments)

    return run


@pytest.fixture(scope="module")
def whole(xet_hub, tmp_path_factory):
    cache = tmp_path_factory.mktemp("whole") / "hub"
    genuine.snapshot_download(xet_hub, cache, REPO)
    return layout(cache)


@pytest.mark.parametrize("versions", [(1, 2), (1,)], ids=["v2", "v1"])
def test_the_cache_is_the_clients_own_and_nothing_came_over_http(fetch, hub, whole, tmp_path, versions):
    hub.versions = versions
    fetch(tmp_path / "hub").expect(0)
    assert layout(tmp_path / "hub") == whole
    assert not any("/cdn/" in request for request in hub.requests)
    assert hub.xet_requests.count("token") == 1
    assert f"v{versions[-1]}" in hub.xet_requests


@pytest.mark.slow
@pytest.mark.oracle
def test_a_thousand_files_are_what_hf_xet_stored(knapsack, tmp_path):
    origin = tmp_path / "origin"
    origin.mkdir()
    for number, content in enumerate(xet_shapes.contents(1000)):
        (origin / f"{number:04}.bin").write_bytes(content)
    server = XetHub(tmp_path / "store")
    server.add("tester/thousand", origin)
    server.put_into_xet("model", "tester/thousand")
    try:
        program = started(knapsack, server, tmp_path / "hub")
        program("fetch", "hf:tester/thousand", "--transfer", "xet", timeout=600).expect(0)
        assert not any("/cdn/" in request for request in server.requests)
        (snapshot,) = (tmp_path / "hub").glob("models--tester--thousand/snapshots/*")
        names = sorted(path.name for path in origin.iterdir())
        assert sorted(path.name for path in snapshot.iterdir()) == names
        for name in names:
            content = (snapshot / name).read_bytes()
            assert content == (origin / name).read_bytes(), name
            if int(name[:4]) % 50 == 0 and content:
                assert content == server.store.content(server.hashes[hashlib.sha256(content).hexdigest()])
    finally:
        server.close()


def test_http_alone_asks_nothing_of_xet_and_auto_only_what_http_refuses(knapsack, hub, whole, tmp_path):
    program = started(knapsack, hub, tmp_path / "http")
    program("fetch", f"hf:{REPO}", "--transfer", "http").expect(0)
    started(knapsack, hub, tmp_path / "auto")("fetch", f"hf:{REPO}").expect(0)
    assert not hub.xet_requests
    assert layout(tmp_path / "http") == layout(tmp_path / "auto") == whole
    hub.broken_http = True
    program = started(knapsack, hub, tmp_path / "refused")
    program("fetch", f"hf:{REPO}", "--transfer", "http").expect(2)
    assert not hub.xet_requests
    program("fetch", f"hf:{REPO}").expect(0)
    assert layout(tmp_path / "refused") == whole


@pytest.mark.parametrize(
    "fault",
    [
        XetFault("status", 2, "answer", status=503), XetFault("status", 3, "part", status=500),
        XetFault("status", 1, "part", status=403), XetFault("status", 1, "answer", status=401),
        XetFault("status", 1, "answer", status=429), XetFault("drop", 3, after=200_000), XetFault("drop", 2, after=0),
        XetFault("wrong-range", 2),
    ],
    ids=lambda fault: f"{fault.of}-{fault.kind}-{fault.status}-{fault.after}",
)  # fmt: skip
def test_a_fault_that_passes_costs_a_part_at_most(fetch, hub, whole, tmp_path, fault):
    fetch(tmp_path / "before").expect(0)
    undisturbed = hub.part_bytes
    hub.part_bytes = 0
    hub.xet_faults.append(fault)
    fetch(tmp_path / "hub").expect(0)
    assert layout(tmp_path / "hub") == whole
    assert hub.part_bytes <= undisturbed + (3 << 23)


@pytest.mark.fuzz
@pytest.mark.parametrize(("seed", "of"), crossed([(seed,) for seed in range(12)], ["part", "answer"], lambda case: case[0]))
def test_a_flipped_bit_never_ends_in_the_cache(fetch, hub, whole, tmp_path, of, seed):
    hub.xet_faults.append(XetFault("flip", 4, of, seed=seed))
    done = fetch(tmp_path / "hub")
    require_true(tmp_path / "hub")
    if done.code == 0:
        assert layout(tmp_path / "hub") == whole


def test_wrong_chunks_again_and_again_end_with_http(fetch, hub, whole, tmp_path):
    hub.xet_faults.append(XetFault("flip", 10_000, "part", seed=3))
    done = fetch(tmp_path / "hub", "--retries", "1")
    require_true(tmp_path / "hub")
    assert done.code in (0, 2)


@pytest.mark.kill
def test_killed_fetches_go_on_and_load_little_twice(knapsack, hub, whole, tmp_path):
    program = started(knapsack, hub, tmp_path / "hub")
    numbers = random.Random(8)
    hub.rate = 8_000_000
    kills = 0
    for _ in range(12):
        process = program.start("fetch", f"hf:{REPO}", "--transfer", "xet", "--connections", "4")
        time.sleep(numbers.uniform(0.1, 0.9))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
        require_true(tmp_path / "hub")
    hub.rate = None
    program("fetch", f"hf:{REPO}", "--transfer", "xet").expect(0)
    # The name under which something was being written when the process ended is left.
    assert {name: what for name, what in layout(tmp_path / "hub").items() if "/.knapsack." not in name} == whole
    assert kills > 3


def test_a_token_that_ran_out_is_asked_for_again_and_none_is_printed(fetch, hub, whole, tmp_path):
    hub.lifetime = 61
    hub.xet_token = "xet-token-2"
    fetch(tmp_path / "hub", "--retries", "1").expect(0)
    hub.xet_faults.append(XetFault("status", 10_000, "part", status=404))
    shutil.rmtree(tmp_path / "hub")
    done = fetch(tmp_path / "hub")
    assert done.code == 2
    assert "xet-token" not in done.text and "signature" not in done.text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"xet-token" not in content and b"signature=" not in content


def the_parts(answer: dict):
    for xorb in answer["xorbs"].values():
        for entry in xorb:
            yield from entry["ranges"]


def with_terms(answer: dict, **changes) -> dict:
    for term in answer["terms"]:
        term.update(changes)
    return answer


def with_parts(answer: dict, **changes) -> dict:
    for part in the_parts(answer):
        part.update(changes)
    return answer


def with_addresses(answer: dict, url: str) -> dict:
    for xorb in answer["xorbs"].values():
        for entry in xorb:
            entry["url"] = url
    return answer


def with_more_parts(answer: dict, count: int) -> dict:
    more = [{"chunks": {"start": 0, "end": 1}, "bytes": {"start": 0, "end": 8}}] * count
    next(iter(answer["xorbs"].values())).append({"url": "u", "ranges": more})
    return answer


HOSTILE = {
    "sizes that overflow": lambda answer: with_terms(answer, unpacked_length=2**63 - 1),
    "sizes that no number has": lambda answer: with_terms(answer, unpacked_length=2**64),
    "no bytes": lambda answer: with_terms(answer, unpacked_length=0),
    "chunks that a xorb does not have": lambda answer: with_terms(
        with_parts(answer, chunks={"start": 0, "end": 9000}), range={"start": 0, "end": 9000}
    ),
    "ranges that end before they begin": lambda answer: with_terms(answer, range={"start": 7, "end": 3}),
    "huge ranges": lambda answer: with_parts(answer, bytes={"start": 0, "end": 1 << 50}),
    "ranges without end": lambda answer: with_parts(answer, bytes={"start": 0, "end": 2**63 - 1}),
    "terms twice": lambda answer: {**answer, "terms": answer["terms"] * 2},
    "terms in another order": lambda answer: {**answer, "terms": answer["terms"][::-1]},
    "no terms": lambda answer: {**answer, "terms": []},
    "a million terms": lambda answer: {**answer, "terms": answer["terms"][:1] * 1_000_000},
    "bytes before the file": lambda answer: {**answer, "offset_into_first_range": 1},
    "no parts": lambda answer: {**answer, "xorbs": {}},
    "parts that nobody needs": lambda answer: with_more_parts(answer, 2_000),
    "an address without TLS": lambda answer: with_addresses(answer, "http://192.0.2.1/"),
    "an address that is a file": lambda answer: with_addresses(answer, "file:///etc/passwd"),
    "an address with control characters": lambda answer: with_addresses(answer, "https://a\r\nHost: b/\x1b[31m"),
    "no object": lambda answer: [answer],
    "depth": lambda answer: {**answer, "terms": nested(900)},
}


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_an_answer_that_cannot_be_is_refused_with_a_sentence(fetch, hub, whole, tmp_path, change):
    """Whatever is made from it, nothing wrong gets a name, and a person learns that Xet is to blame."""
    hub.twist = change
    done = fetch(tmp_path / "hub", "--retries", "1", "--connections", "2")
    require_true(tmp_path / "hub")
    if done.code == 0:
        assert layout(tmp_path / "hub") == whole
    else:
        assert done.code == 2 and "in Xet" in done.text
    assert "\x1b" not in done.text
    # The next run has none of it left.
    hub.twist = None
    fetch(tmp_path / "hub").expect(0)
    assert layout(tmp_path / "hub") == whole


@pytest.mark.parametrize("of", ["answer", "part"])
def test_tokens_go_to_the_store_that_the_hub_names_and_nowhere_else(fetch, hub, whole, tmp_path, of):
    hub.tokens["hf_secret"] = {REPO}
    hub.xet_faults.append(XetFault("redirect", 10_000, of))
    done = fetch(tmp_path / "hub", "--retries", "1", HF_TOKEN="hf_secret")
    assert done.code == 2
    assert not any("stolen" in request for request in hub.requests)
    hub.xet_faults.clear()
    # The stand-in refuses every other token where it knows the one of Xet, and every token where addresses are signed.
    fetch(tmp_path / "hub", HF_TOKEN="hf_secret").expect(0)
    assert layout(tmp_path / "hub") == whole
