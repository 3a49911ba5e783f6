"""What nobody should send: the server refuses it, goes on, and gives nothing away."""

import http.client
import random
import socket
import time

import pytest
from conftest import SHARDED
from serving import serving
from test_files import FILE, ask


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.smoke
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /x%0d%0aSet-Cookie:%20a HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_two_servers_would_read_in_two_ways_ends_the_connection(served, request_bytes):
    follower = b"GET /follower HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = served.raw(request_bytes + follower)
    assert status_of(answer) in (400, 505) and answer.count(b"HTTP/1.1 ") == 1
    assert not any("/follower" in line for line in served.lines)


def test_a_malformed_chunk_ends_the_connection(served):
    head = f"POST /api/models/{SHARDED}/paths-info/main HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in (b"-1\r\n", b"0x4\r\nabcd\r\n", b"4\r\nabcdX\r\n", b"fffffffffffffffff\r\n", b"4\nabcd\r\n"):
        answer = served.raw(head.encode() + body + b"0\r\n\r\nGET /follower HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert status_of(answer) == 400 and answer.count(b"HTTP/1.1 ") == 1, body
    good = b"8\r\npaths=co\r\n9;x=y\r\nnfig.json\r\n0\r\n\r\n"
    answer = served.raw(head.encode().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + good)
    assert status_of(answer) == 200 and b'"config.json"' in answer


def test_what_follows_a_malformed_chunk_later_is_no_request(knapsack, caches, tmp_path):
    """The handler answers without a word on the connection: what comes afterwards is still not read as chunks."""
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        head = (
            b"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        with server.connect() as connection:
            connection.sendall(head + b"zz\r\n")
            time.sleep(0.05)
            received = b""
            try:
                connection.sendall(b"0\r\n\r\nGET /follower HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                while part := connection.recv(1 << 16):
                    received += part
            except (BrokenPipeError, ConnectionResetError):
                pass
        assert status_of(received) == 400 and received.count(b"HTTP/1.1 ") == 1
        assert not any("/follower" in line for line in server.lines)


def test_whoever_is_refused_is_not_waited_for(knapsack, caches, tmp_path):
    """With two threads, clients that announce a body and send none of it hold nobody."""
    runner, file = knapsack.with_caches(caches.hub), str(tmp_path / "tokens.json")
    runner("token", "add", "alice", "--read", "--token-file", file).expect(0)
    with serving(runner, "--threads", "2", "--token-file", file) as server:
        refused = b" HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n"
        crowd = [server.connect() for _ in range(12)]
        begin = time.monotonic()
        for connection in crowd[::2]:
            connection.sendall(b"POST /x" + refused % b"localhost")
        for connection in crowd[1::2]:
            connection.sendall(b"PUT /x" + refused % b"evil.example")
        assert ask(server, FILE)[0] == 401
        assert [status_of(connection.recv(1000)) for connection in crowd] == [401, 421] * 6
        assert time.monotonic() - begin < 5
        for connection in crowd:
            connection.close()
        # A short body that has come already costs no connection.
        with server.connect() as connection:
            for _ in range(2):
                connection.sendall(b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
                answer = connection.recv(4096)
                assert status_of(answer) == 401 and b"Connection: keep-alive" in answer


def test_only_the_servers_own_names_are_answered(served):
    for host in ("evil.example", "127.0.0.1.evil.example", f"evil.example:{served.port}"):
        status, _, body = ask(served, FILE, Host=host)
        assert status == 421 and len(body) < 200
    for host in ("localhost", f"LOCALHOST:{served.port}", "[::1]:1", "127.0.0.1"):
        assert ask(served, FILE, "HEAD", Host=host)[0] == 200
    absolute = served.raw(b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status_of(absolute) == 421


def test_pages_of_other_sites_may_not_post(served):
    path = f"/api/models/{SHARDED}/paths-info/main"
    assert ask(served, path, "POST", Origin="http://evil.example")[0] == 403
    assert ask(served, path, "POST", Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(served, path, "POST", Origin=served.url)[0] == 200
    assert "access-control-allow-origin" not in ask(served, path, "POST", Origin=served.url)[1]


def test_nothing_is_changed_whatever_is_asked(served):
    for method in ("PUT", "DELETE", "PATCH", "POST", "OPTIONS", "TRACE", "PROPFIND"):
        status, _, _ = ask(served, FILE, method)
        assert status == 405
    assert status_of(served.raw(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")) == 400


def test_a_head_that_is_too_large_is_refused(served):
    many = b"".join(b"X-%d: y\r\n" % number for number in range(200))
    for request in (
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n",
    ):
        assert status_of(served.raw(request)) == 431


def test_a_body_that_is_too_large_is_not_read(served):
    path = f"/api/models/{SHARDED}/paths-info/main"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\nExpect: 100-continue\r\n\r\n"
    answer = served.raw(head.encode())
    # Nothing of it is asked for.
    assert status_of(answer) == 413 and b"100 Continue" not in answer


def test_a_body_that_is_announced_is_asked_for(served):
    with served.connect() as connection:
        path = f"/api/models/{SHARDED}/paths-info/main"
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"paths=config.json")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200 OK")


def test_idle_and_slow_clients_hold_no_thread(knapsack, caches):
    """With two threads, three hundred clients that say nothing or half a word keep nobody from being answered."""
    with serving(knapsack.with_caches(caches.hub), "--threads", "2") as server:
        ask(server, FILE)
        before = server.memory()
        crowd = [server.connect() for _ in range(300)]
        for connection in crowd[::2]:
            connection.sendall(b"GET / HTTP/1.1\r\nHo")
        begin = time.monotonic()
        for _ in range(20):
            assert ask(server, FILE, "HEAD")[0] == 200
        assert time.monotonic() - begin < 5
        assert server.memory() - before < 8 << 20
        for connection in crowd:
            connection.close()


@pytest.mark.slow
def test_a_head_that_does_not_end_is_given_up(served):
    with served.connect(timeout=30) as connection:
        begin = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\n")
        try:
            for _ in range(40):
                connection.sendall(b"X: y\r\n")
                time.sleep(0.5)
            pytest.fail("a byte now and then keeps the connection for ever")
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert 10 < time.monotonic() - begin < 20


def test_another_address_needs_tokens(knapsack, caches, tmp_path):
    tokens = tmp_path / "tokens.json"
    runner = knapsack.with_caches(caches.hub)
    refused = runner("serve", "--host", "0.0.0.0", "--port", "0", "--token-file", tokens).expect(2)
    assert "there are no tokens" in refused.stderr
    made = runner("token", "add", "alice", "--read", "--token-file", tokens).expect(0)
    token = made.stdout.strip()
    assert token.startswith("hf_") and token not in tokens.read_text() and token not in made.stderr
    runner("token", "add", "alice", "--read", "--token-file", tokens).expect(2)
    with serving(runner, "--host", "0.0.0.0", "--token-file", str(tokens)) as server:
        status, fields, _ = ask(server, FILE)
        assert status == 401 and fields["www-authenticate"].startswith("Bearer")
        assert ask(server, FILE, Authorization="Bearer hf_none")[0] == 401
        assert ask(server, FILE, "HEAD", Authorization=f"Bearer {token}")[0] == 200
        assert not any(token in line for line in server.lines)
    runner("token", "remove", "alice", "--token-file", tokens).expect(0)
    assert runner("token", "list", "--token-file", tokens, "--json").expect(0).json()["tokens"] == []


def test_a_signal_lets_answers_end(knapsack, caches):
    with serving(knapsack.with_caches(caches.hub)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/sentence-transformers/all-MiniLM-L6-v2/resolve/main/model.safetensors")
        answer = connection.getresponse()
        first = answer.read(1000)
        server.is_asked = True
        server.process.terminate()
        time.sleep(1)
        rest = answer.read()
        assert len(first) + len(rest) == int(answer.getheader("content-length"))
        connection.close()
        assert server.stop() == 0
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=2)


def test_many_paths_are_asked_for_once_each(served):
    path = f"/api/models/{SHARDED}/paths-info/main"
    with served.connect(30) as connection:
        for count, status in ((20_000, 200), (20_001, 413)):
            body = b"&".join([b"paths=config.json"] * count)
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            answer = connection.recv(10_000)
            assert status_of(answer) == status and answer.count(b"config.json") == (status == 200)


@pytest.mark.fuzz
def test_no_path_ends_the_server(served):
    """Seeded paths of parts that mean something: never a 500, never a broken connection."""
    generator = random.Random(5)
    parts = [
        "api", "models", "datasets", "resolve", "raw", "tree", "main", "revision", "refs", "paths-info", "tester",
        "sharded", "tiny-hub-set", "config.json", "data", "resolve-cache", "", "%20", "%C3%A9", "a" * 200, "--", "..x",
        "commits", "discussions", "%2Fx", "refs%2Fpr%2F1", "spaces", "whoami-v2", "auth-check", "kernels",
    ]
    queries = ["", "?recursive=true", "?expand=true", "?limit=0", "?limit=-1&cursor=99", "?search=%E2%84%AA", "?cursor=x"]
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    for _ in range(600):
        path = "/" + "/".join(generator.choices(parts, k=generator.randint(0, 7))) + generator.choice(queries)
        connection.request(generator.choice(["GET", "HEAD", "POST"]), path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 500, path
    connection.close()
