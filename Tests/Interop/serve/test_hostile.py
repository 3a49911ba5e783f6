"""The attacks that a registry on a network has to bear, each by its name, and a seeded fuzz of what nobody thought of."""

import io
import json
import os
import random
import time
import zipfile

import pytest
from conftest import SHARDED
from serving import serving
from test_attacks import status_of
from test_files import FILE, ask
from test_models import upload


@pytest.fixture(scope="module")
def hostile(knapsack, caches, tmp_path_factory):
    """A server with a catalogue, with one version in it, that gives nobody much time."""
    catalogue = str(tmp_path_factory.mktemp("catalogue"))
    options = ("--catalogue", catalogue, "--head-timeout", "1", "--silence-timeout", "1", "--threads", "8")
    with serving(knapsack.with_caches(caches.hub), *options) as server:
        page = b"<!doctype html><script>alert(document.domain)</script>"
        name = "a <script>alert(1)</script>"
        assert upload(server, page, "page.html", model_id="page", description=name, tags=name)[0] == 200
        yield server


def lines_of(answer: bytes) -> list[bytes]:
    return answer.split(b"\r\n\r\n")[0].split(b"\r\n")


# The ways in which people wrote ".." so that somebody did not see it.
STEPS = [
    b"..", b"%2e%2e", b"%2E.", b"..%2f", b"%252e%252e", b"%252e%252e%252f", b"..%5c", b"..\\", b"%c0%ae%c0%ae", b"%e0%80%ae%e0%80%ae",
    b"..%00", b"..;", b".%2e;x", b"%uff0e%uff0e", b"....//", b"%f8%80%80%80%ae", b"..%c0%af", b"..%ef%bc%8f",
]  # fmt: skip


@pytest.mark.parametrize("separators", [[b"/"], pytest.param([b"/", b"%2f", b"\\"], marks=pytest.mark.slow)], ids=["few", "all"])
def test_no_path_leads_out(hostile, separators):
    prefixes = [
        b"/", b"/" + SHARDED.encode() + b"/resolve/main/", b"/ai-models/", b"/ai-models/anna/page/", b"/datasets/",
        b"/ai-models/anna/page/download?filename=", b"/api/models/" + SHARDED.encode() + b"/tree/main/", b"/api/v1/models/",
    ]  # fmt: skip
    for prefix in prefixes[: 2 * len(separators) + 2]:
        for step in STEPS[:: 4 - len(separators)]:
            for separator in separators:
                target = prefix + separator.join([step] * 6 + [b"etc", b"passwd"])
                answer = hostile.raw(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert 400 <= status_of(answer) < 500 and b"root:" not in answer, target


def test_names_that_come_back_end_no_field(hostile):
    """In names of files and models, in what is searched, and in what a refusal repeats."""
    nasty = 'a\u2028"; filename=evil.html\u00e9\u202e.txt'
    status, document = upload(hostile, b"x", nasty.replace('"', "%22"), model_id="names")
    assert status == 200
    _, fields, _ = ask(hostile, "/ai-models/anna/names/download")
    assert fields["content-disposition"].isascii() and set(fields["content-disposition"]).isdisjoint('"\\\r\n')
    for target in (
        "/ai-models/anna/page/download?filename=a%0d%0aSet-Cookie:%20x=1", "/ai-models/anna%0d%0aSet-Cookie:x/page",
        "/ai-models/anna/page?version=v1%0d%0aSet-Cookie:%20x", "/ai-models/search/anna?query=%0d%0aSet-Cookie:x",
        "/datasets/a%0d%0aSet-Cookie:x/b/resolve/main/c", "/a/b/resolve/main/c%0aSet-Cookie:x", "/x%c2%85Set-Cookie:x",
    ):  # fmt: skip
        answer = hostile.raw(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert not any(line.lower().startswith(b"set-cookie") for line in lines_of(answer)), target
        assert status_of(answer) < 500
    for form in (b'name="file"; filename="a\r\nSet-Cookie: x"', b'name="file"; filename="a\0.txt"', b'name="fi\0le"; filename=a'):
        body = b"--x\r\nContent-Disposition: form-data; " + form + b"\r\n\r\nabc\r\n--x--\r\n"
        head = b"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert status_of(hostile.raw(head + body)) == 400


@pytest.mark.parametrize(
    "fields",
    [
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity, chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked\x00", b" Transfer-Encoding: chunked",
        b"Transfer-Encoding:\r\n chunked", b"Content-Length: +5", b"Content-Length: 5, 5", b"Content-Length: -5",
        b"Content-Length: 0x5", b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\x0b", b"Content-Length: 5 5",
        b"Content-Length: 99999999999999999999", b"Content-Length:", b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\rX: y", b"X: y\nContent-Length: 5", b"Host: evil.example\r\nContent-Length: 5", b"C\xc3\xb6ntent: 5",
    ],
)  # fmt: skip
def test_what_hides_a_second_request_is_refused(hostile, fields):
    body = b"5\r\nabcde\r\n0\r\n\r\nGET /follower HTTP/1.1\r\nHost: localhost\r\n\r\n"
    request = b"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\n" + fields + b"\r\n\r\n" + body
    answer = hostile.raw(request)
    assert status_of(answer) in (400, 501) and answer.count(b"HTTP/1.1 ") == 1
    assert not any("/follower" in line for line in hostile.lines)


def took(hostile, request: bytes, more: bytes = b"", step: float = 0.2) -> tuple[float, bytes]:
    """How long the server bears a client that sends `request`, and then a byte of `more` now and then."""
    begin = time.monotonic()
    received = b""
    with hostile.connect(15) as connection:
        connection.settimeout(step)
        connection.sendall(request)
        for number in range(60):
            try:
                part = connection.recv(1 << 16)
                if not part:
                    break
                received += part
            except TimeoutError:
                pass
            except ConnectionResetError:
                break
            if number < len(more):
                try:
                    connection.sendall(more[number : number + 1])
                except OSError:
                    break
    return time.monotonic() - begin, received


def test_slow_heads_and_silent_bodies_are_given_up(hostile):
    seconds, _ = took(hostile, b"GET / HTTP/1.1\r\n", b"X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    assert 0.8 < seconds < 5
    head = b"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    seconds, answer = took(hostile, head + b"Content-Length: 1000\r\n\r\n--x\r\n")
    assert 0.8 < seconds < 6 and status_of(answer) in (0, 408)


@pytest.mark.slow
def test_clients_that_take_nothing_are_given_up(knapsack, caches, tmp_path):
    """With two threads, eight clients that ask for a large file and do not read it hold the others up for a second alone."""
    runner = knapsack.with_caches(caches.hub)
    with serving(runner, "--catalogue", str(tmp_path / "c"), "--silence-timeout", "1", "--threads", "2") as server:
        assert upload(server, os.urandom(16 << 20), "x.txt")[0] == 200
        crowd = [server.connect() for _ in range(8)]
        for connection in crowd:
            connection.sendall(b"GET /ai-models/anna/classifier/download HTTP/1.1\r\nHost: localhost\r\n\r\n")
        begin = time.monotonic()
        assert ask(server, FILE, "HEAD")[0] == 200
        assert time.monotonic() - begin < 15
        for connection in crowd:
            connection.close()


@pytest.mark.smoke
def test_what_is_stored_is_no_page_of_the_server(hostile):
    _, fields, body = ask(hostile, "/ai-models/anna/page/download?filename=page.html")
    assert body.startswith(b"<!doctype html>") and fields["content-type"] == "application/octet-stream"
    assert fields["content-disposition"].startswith("attachment")
    assert "sandbox" in fields["content-security-policy"] and fields["x-content-type-options"] == "nosniff"
    for path in ("/ai-models/anna/page", "/ai-models/anna", "/ai-models/search/anna?query=script", "/ai-models/anna/page/files"):
        _, fields, body = ask(hostile, path)
        assert fields["content-type"].startswith("application/json") and b"script" in body or path.endswith("files")
        assert fields["content-security-policy"].startswith("default-src 'none'") and fields["x-content-type-options"] == "nosniff"
    assert b"alert" not in ask(hostile, "/docs")[2]
    # The card of a model in the cache, and what is refused: also nothing that a browser would run.
    for path in (f"/{SHARDED}/resolve/main/README.md", f"/{SHARDED}/raw/main/README.md", "/<script>", "/%3Cscript%3E", "/x?<b>"):
        _, fields, _ = ask(hostile, path)
        assert "html" not in fields.get("content-type", "") and fields["x-content-type-options"] == "nosniff"
        assert fields["content-security-policy"].startswith("default-src 'none'")
        assert fields["cross-origin-resource-policy"] == "same-origin"


def test_pages_of_other_sites_change_nothing(hostile):
    """What a form or a script of another page can send without being asked: each with the fields that browsers add to it."""
    path = "/ai-models/anna/page"
    for fields in (
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"http://localhost.evil.example:{hostile.port}"},
        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "Cross-Site", "Origin": hostile.url}, {"Origin": f"http://evil@127.0.0.1:{hostile.port}"},
    ):  # fmt: skip
        for method in ("DELETE", "PUT", "POST"):
            assert ask(hostile, path, method, **fields)[0] == 403, (method, fields)
    assert ask(hostile, path)[0] == 200
    status, fields, _ = ask(hostile, path, "OPTIONS", Origin="https://evil.example", Access_Control_Request_Method="DELETE")
    assert status >= 400 and "access-control-allow-origin" not in fields


def test_a_name_that_was_led_here_is_not_answered(hostile):
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.nip.example", "evil.example:80@localhost", "localhost,evil"):
        for path in ("/ai-models/anna", FILE, "/docs", "/openapi.json"):
            status, _, body = ask(hostile, path, Host=host)
            assert status in (400, 421) and b"page" not in body


def zipped(files: list[tuple[str, bytes]], **more) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = more.get("mode", 0o100644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.slow
def test_zips_that_lead_out_or_grow_leave_nothing(hostile):
    bombs = {
        "one that grows": zipped([("a.txt", b"\0" * (100 << 20))]),
        "many that grow": zipped([(f"{number}.txt", b"\0" * (8 << 20)) for number in range(20)]),
        "a step up": zipped([("../../evil.txt", b"x")]), "backslashes": zipped([("..\\..\\evil.txt", b"x")]),
        "a root": zipped([("/etc/evil", b"x")]), "a drive": zipped([("C:\\evil", b"x"), ("ok.txt", b"x")]),
        "hidden in the middle": zipped([("a/../../evil.txt", b"x")]), "a link": zipped([("l", b"/etc/passwd")], mode=0o120777),
        "a device": zipped([("d", b"")], mode=0o020666),
        "a NUL": zipped([("a.txt", b"1")]).replace(b"a.txt", b"a\0txt"),
    }  # fmt: skip
    before = hostile.memory()
    for what, content in bombs.items():
        status, answer = upload(hostile, content, "m.zip", "folder", model_id="zip")
        assert status == 400 or (what in ("a drive", "backslashes") and status == 200), (what, answer)
        if status == 200:
            assert all(".." not in file["filename"].split("/") for file in answer["files"])
            ask(hostile, "/ai-models/anna/zip", "DELETE")
    assert ask(hostile, "/ai-models/anna/zip")[0] == 404 and hostile.memory() - before < 64 << 20


# Fuzz. What the parts mean is known; how they are put together is up to the generator.
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"get", b"", b"A" * 30, b"G\xc3\x89T"]
PARTS = [
    b"ai-models", b"upload", b"single", b"folder", b"search", b"anna", b"page", b"download", b"files", b"api", b"models", b"v1",
    b"datasets", b"resolve", b"main", b"tree", b"raw", b"..", b"%2e", b"%00", b"%ff", b"", b"a" * 300, SHARDED.encode(), b"%2F",
    b"marketplace", b"jobs", b"1", b"-1", b"bundles", b"optimizations", b"metrics", b"install", b"events", b"kernels", b"\xff", b"*",
]  # fmt: skip
QUERIES = [
    b"", b"?", b"?version=v1", b"?skip=-1", b"?limit=99999999999999999999", b"?tags=" + b"a," * 90, b"?%", b"?%zz=1", b"?a=%00",
    b"?query=%22%20OR%201=1--", b"?cursor=x", b"?filename=../x", b"?framework=x", b"?start=x&end=y", b"?sort=x&size=-1..", b"?=&&=",
]  # fmt: skip
FIELDS = [
    b"Host: localhost", b"Host: evil.example", b"Content-Length: 3", b"Content-Length: x", b"Transfer-Encoding: chunked",
    b"Connection: close", b"Connection: keep-alive", b"Expect: 100-continue", b"Expect: x", b"Range: bytes=0-1", b"Range: bytes=9-1",
    b"Range: bytes=" + b"0-1," * 50, b"If-None-Match: *", b"If-Range: x", b"Authorization: Basic !!!", b"Authorization: Bearer",
    b"Content-Type: multipart/form-data; boundary=", b'Content-Type: multipart/form-data; boundary="x"', b"Content-Type: x",
    b"X: \xff\xfe", b": x", b"X", b"Accept-Encoding: gzip", b"Cookie: a=b", b"Origin: null", b"Upgrade: h2c", b"Last-Event-ID: x",
    b"Content-Encoding: gzip", b"TE: trailers", b"X-HTTP-Method-Override: DELETE", b"X: " + b"a" * 5000,
]  # fmt: skip
BODIES = [
    b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"{}", b"[" * 3000, b'{"visibility":1}', b"\xff\xfe\0\0",
    b'--x\r\nContent-Disposition: form-data; name="user_id"\r\n\r\nanna\r\n--x--\r\n', b"--x\r\n\r\n\r\n--x--", b"--\r\n" * 50,
]  # fmt: skip


def request_of(generator: random.Random) -> bytes:
    path = b"/" + b"/".join(generator.choices(PARTS, k=generator.randint(0, 6))) + generator.choice(QUERIES)
    version = generator.choice([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/3", b"http/1.1", b""])
    method = generator.choice(METHODS[:5] * 4 + METHODS)
    fields = generator.sample(FIELDS, generator.randint(0, 5))
    if generator.random() < 0.8 and FIELDS[0] not in fields:
        fields.insert(0, FIELDS[0])
    head = b" ".join([method, path, version]) + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n"
    request = bytearray(head + generator.choice(BODIES))
    for _ in range(generator.choice([0, 0, 0, 1, 3])):
        place = generator.randrange(len(request))
        if generator.random() < 0.5:
            request[place] = generator.randrange(256)
        else:
            del request[place : place + generator.randint(1, 8)]
    return bytes(request)


def fuzz(server, seed: int, count: int) -> None:
    generator = random.Random(seed)
    for number in range(count):
        request = request_of(generator)
        with server.connect(10) as connection:
            try:
                connection.sendall(request)
                # No more comes: nobody waits for a body that was announced.
                connection.shutdown(1)
                received = b""
                while part := connection.recv(1 << 16):
                    received += part
            except (ConnectionResetError, BrokenPipeError, OSError) as error:
                assert not isinstance(error, TimeoutError), request
                received = b""
        assert not received or received.startswith(b"HTTP/1.1 "), (number, request, received[:100])
        assert status_of(received) not in (500, 502), (number, request, received[:500])
    assert server.process.poll() is None


@pytest.mark.fuzz
@pytest.mark.smoke
def test_no_request_breaks_the_server(hostile):
    fuzz(hostile, 16, 50)


@pytest.mark.fuzz
@pytest.mark.slow
@pytest.mark.parametrize("seed", [int(os.environ.get("KNAPSACK_FUZZ_SEED", 1)) + number for number in range(3)])
def test_no_request_breaks_the_server_for_long(hostile, seed):
    fuzz(hostile, seed, 500)
    before = hostile.memory()
    fuzz(hostile, seed + 1000, 4000)
    assert hostile.memory() - before < 16 << 20
    assert json.loads(ask(hostile, "/ai-models/anna/page")[2])["model_id"] == "page"
