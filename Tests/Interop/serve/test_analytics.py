"""What clients tell `knapsack serve` of their use of models, and the server's own numbers for Prometheus."""

import re
import sqlite3
import time

import numpy
import pytest
from asking_jobs import ask_json
from conftest import SHARDED
from serving import serving
from test_files import FILE, ask

EVENTS = "/api/analytics/events"
MODEL = "/api/analytics/models/hf:org/name"


@pytest.fixture(scope="module")
def counted(knapsack, caches, tmp_path_factory):
    directory = tmp_path_factory.mktemp("analytics")
    with serving(knapsack.with_caches(caches.hub), "--analytics", "--state", str(directory)) as server:
        server.directory = directory
        yield server


def test_events_are_counted_and_forgotten(counted):
    times = [round(value, 3) for value in numpy.random.default_rng(1).lognormal(3, 1, 321)]
    events = [{"model": "hf:org/name", "event": "request", "response_ms": value, "prompt_tokens": 7, "completion_tokens": 3} for value in times]
    assert ask_json(counted, "POST", EVENTS, {"events": events}) == (202, {"accepted": 321})
    assert ask_json(counted, "POST", EVENTS, {"model": "hf:org/name", "event": "rating", "rating": 5})[0] == 202
    assert ask_json(counted, "POST", EVENTS, {"model": "hf:org/name", "event": "rating", "rating": 2})[0] == 202
    assert ask_json(counted, "POST", EVENTS, {"model": "other", "event": "load"})[0] == 202
    status, found = ask_json(counted, "GET", MODEL.replace("org/name", "org%2Fname"))
    ordered = sorted(times)
    assert status == 200 and found == {
        "model": "hf:org/name", "events": {"rating": 2, "request": 321},
        "response_ms": {"count": 321, "p50": ordered[160], "p95": ordered[304], "max": ordered[-1]},
        "tokens": {"prompt": 7 * 321, "completion": 3 * 321},
        "ratings": {"count": 2, "mean": 3.5, "counts": {"2": 1, "5": 1}},
    }
    now = int(time.time())
    assert ask_json(counted, "GET", f"{MODEL}?start={now - 3600}&end={now + 60}")[1] == found
    assert ask_json(counted, "GET", f"{MODEL}?start={time.strftime('%Y-%m-%d', time.gmtime(now - 86400))}")[1] == found
    assert ask_json(counted, "GET", f"{MODEL}?start={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now - 3600))}")[1] == found
    empty = ask_json(counted, "GET", f"{MODEL}?end=2000-02-29")[1]
    assert empty["events"] == {} and empty["response_ms"] == {"count": 0, "p50": None, "p95": None, "max": None}
    for query in ("start=x", "start=2026-13-01", "end=2026-01-01T25:00:00Z", "start=", "end=2026-01-01T00:00:00", "start=--"):
        assert ask_json(counted, "GET", f"{MODEL}?{query}")[0] == 400, query
    assert ask_json(counted, "DELETE", MODEL) == (200, {"deleted": 323})
    assert ask_json(counted, "GET", MODEL)[1]["events"] == {}
    kept = b"".join(path.read_bytes() for path in counted.directory.glob("analytics.sqlite*"))
    assert b"org/name" not in kept, "what is deleted is nowhere any more"
    assert ask_json(counted, "DELETE", EVENTS) == (200, {"deleted": 1})


@pytest.mark.slow
def test_events_that_are_none_are_refused_whole(counted):
    good = {"model": "m", "event": "load"}
    for body in (
        b"{", [], {}, {"events": 1}, {"events": [1]}, {"events": [good] * 1001}, {"events": [good], "model": "m"}, {"model": "m"}, {"event": "load"},
        {**good, "event": "x"}, {**good, "model": ""}, {**good, "model": "x" * 257}, {**good, "model": "a\nb"}, {**good, "rating": 6}, {**good, "rating": 1.5},
        {**good, "response_ms": -1}, {**good, "response_ms": 1e300}, {**good, "response_ms": "1"}, {**good, "prompt_tokens": 1e18}, {**good, "user": "x"},
        {"events": [good, {**good, "rating": 0}]}, b'{"model":"m","event":"load","response_ms":NaN}',
    ):
        status, answer = ask_json(counted, "POST", EVENTS, body)
        assert status == 400 and answer["detail"], (body, answer)
    assert ask_json(counted, "GET", "/api/analytics/models/m")[1]["events"] == {}
    for method, path, expected in (
        ("GET", EVENTS, 405), ("PUT", MODEL, 405), ("GET", "/api/analytics", 404), ("GET", "/api/analytics/x", 404), ("GET", "/api/analytics/models", 404),
    ):
        assert ask_json(counted, method, path)[0] == expected, path


@pytest.mark.slow
def test_the_oldest_of_very_many_events_are_forgotten(counted):
    ask_json(counted, "POST", EVENTS, {"model": "old", "event": "load"})
    with sqlite3.connect(counted.directory / "analytics.sqlite", timeout=30) as database:
        database.execute("UPDATE sqlite_sequence SET seq = seq + 1000000")
    database.close()
    ask_json(counted, "POST", EVENTS, {"model": "new", "event": "load"})
    assert ask_json(counted, "GET", "/api/analytics/models/old")[1]["events"] == {}
    assert ask_json(counted, "GET", "/api/analytics/models/new")[1]["events"] == {"load": 1}


@pytest.mark.slow
def test_nothing_is_kept_unless_it_is_switched_on(knapsack, caches, tmp_path):
    with serving(knapsack.with_caches(caches.hub), "--state", str(tmp_path)) as server:
        for method, path in (("POST", EVENTS), ("GET", MODEL), ("DELETE", EVENTS)):
            status, answer = ask_json(server, method, path, {"model": "m", "event": "load"} if method == "POST" else None)
            assert status == 404 and "--analytics" in answer["detail"]
    assert not (tmp_path / "analytics.sqlite").exists()


SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? (\S+)$')


def numbers(server, **fields: str) -> dict[tuple[str, str], float]:
    """The samples, read as the text format has them: each after its HELP and TYPE, none twice."""
    status, head, body = ask(server, "/metrics", **fields)
    assert status == 200 and head["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert body.endswith(b"\n")
    found, kinds, name = {}, {}, None
    for line in body.decode().splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name not in kinds
        elif line.startswith("# TYPE "):
            assert line.split()[2] == name
            kinds[name] = line.split()[3]
        else:
            sample = SAMPLE.match(line)
            assert sample, line
            suffixes = ("_bucket", "_sum", "_count") if kinds[name] == "histogram" else ("",)
            assert sample[1] in [name + suffix for suffix in suffixes]
            key = (sample[1], sample[2] or "")
            assert key not in found
            found[key] = float(sample[3])
    return found


@pytest.mark.smoke
def test_prometheus_reads_the_servers_numbers(counted):
    before = numbers(counted)
    content = ask(counted, FILE)[2]
    assert ask(counted, f"/{SHARDED}/resolve/main/none")[0] == 404
    assert counted.raw(b"GARBAGE\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert [ask(counted, path)[0] for path in ("/", "/page/app.js", "/page/none")] == [200, 200, 404]
    for _ in range(100):
        ask(counted, f"/x{numpy.random.default_rng().integers(1 << 40)}")
    after = numbers(counted)

    def more(name: str, labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    assert more("knapsack_http_requests_total", 'route="hub_files",status="200"') == 1
    assert more("knapsack_http_requests_total", 'route="hub_files",status="404"') == 1
    assert more("knapsack_http_requests_total", 'route="unreadable",status="400"') == 1
    assert more("knapsack_http_requests_total", 'route="page",status="200"') == 2
    assert more("knapsack_http_requests_total", 'route="page",status="404"') == 1
    assert more("knapsack_http_response_bytes_total", 'route="hub_files"') >= len(content)
    assert more("knapsack_http_request_duration_seconds_count", 'route="hub_files"') == 2
    buckets = [value for (name, labels), value in after.items() if name.endswith("_bucket") and 'route="hub_files"' in labels]
    assert buckets == sorted(buckets) and buckets[-1] == after["knapsack_http_request_duration_seconds_count", 'route="hub_files"']
    assert after["knapsack_connections", ""] >= 1 and after["knapsack_jobs", 'state="done"'] == 0
    assert after["knapsack_files", 'proof="proved"'] > 0 and after["knapsack_files", 'proof="refuted"'] == 0
    assert len(after) < 250, "who asks for many paths makes no numbers"


@pytest.mark.slow
def test_prometheus_own_parser_reads_them(counted):
    parser = pytest.importorskip("prometheus_client.parser")
    families = list(parser.text_string_to_metric_families(ask(counted, "/metrics")[2].decode()))
    assert {family.name for family in families} >= {"knapsack_http_requests", "knapsack_jobs", "knapsack_files", "knapsack_connections"}


@pytest.mark.slow
def test_where_tokens_count_only_admins_read_numbers_and_forget_events(knapsack, caches, tmp_path):
    file = tmp_path / "tokens.json"
    bearer = {}
    for name in ("read", "admin"):
        token = knapsack("token", "add", name, f"--{name}", "--token-file", file).expect(0).stdout.strip()
        bearer[name] = {"Authorization": f"Bearer {token}"}
    with serving(knapsack.with_caches(caches.hub), "--analytics", "--state", str(tmp_path / "s"), "--token-file", str(file)) as server:
        assert ask(server, "/metrics")[0] == 401
        assert ask(server, "/metrics", **bearer["read"])[0] == 403
        assert numbers(server, **bearer["admin"])
        # One is told of what one sees here; of all other names administrators are.
        for model, seen in ((f"hf:{SHARDED}", ["read", "admin"]), ("m", ["admin"])):
            assert ask_json(server, "POST", EVENTS, {"model": model, "event": "load"}, **bearer["read"])[0] == 202
            told = [name for name in bearer if ask_json(server, "GET", f"/api/analytics/models/{model}", **bearer[name])[1]["events"] == {"load": 1}]
            assert told == seen
        assert ask_json(server, "DELETE", EVENTS, **bearer["read"])[0] == 403
        assert ask_json(server, "DELETE", EVENTS, **bearer["admin"]) == (200, {"deleted": 2})
