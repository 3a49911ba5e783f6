"""Files over a plain connection: ranges, names of content, and that only what is proved leaves."""

import hashlib
import http.client
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import SHARDED, copy_cache
from serving import serving

FILE = f"/{SHARDED}/resolve/main/model-00001-of-00002.safetensors"


def ask(server, path: str, method: str = "GET", **fields: str):
    """The status, the fields and the body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


@pytest.fixture
def blob(caches):
    """The content of FILE, and its name."""
    commit = next((caches.hub / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    path = (commit / "model-00001-of-00002.safetensors").resolve()
    return path.read_bytes(), path.name, commit.name


@pytest.mark.smoke
def test_a_file_and_its_head(served, blob):
    content, name, commit = blob
    status, fields, body = ask(served, FILE)
    assert (status, body) == (200, content)
    assert fields["etag"] == fields["x-linked-etag"] == f'"{name}"'
    assert fields["x-linked-size"] == fields["content-length"] == str(len(content))
    assert fields["x-repo-commit"] == commit and fields["accept-ranges"] == "bytes"
    head_status, head, nothing = ask(served, FILE, "HEAD")
    assert (head_status, nothing) == (200, b"")
    for changing in ("date",):
        head.pop(changing), fields.pop(changing)
    assert head == fields


def test_ranges(served, blob):
    content, name, _ = blob
    size = len(content)
    for asked, expected in {
        "bytes=0-0": (0, 1), "bytes=10-99": (10, 100), "bytes=100-": (100, size), "bytes=-7": (size - 7, size),
        f"bytes=5-{size * 2}": (5, size),
    }.items():
        status, fields, body = ask(served, FILE, Range=asked)
        start, end = expected
        assert (status, body) == (206, content[start:end]), asked
        assert fields["content-range"] == f"bytes {start}-{end - 1}/{size}"
    status, fields, _ = ask(served, FILE, Range=f"bytes={size}-")
    assert (status, fields["content-range"]) == (416, f"bytes */{size}")
    assert ask(served, FILE, Range="bytes=0-1,4-5")[::2] == (200, content)
    assert ask(served, FILE, Range="bytes=0-1", If_Range=f'"{name}"')[0] == 206
    assert ask(served, FILE, Range="bytes=0-1", If_Range='"another"')[::2] == (200, content)


def test_what_the_client_has_is_not_sent_again(served, blob):
    _, name, _ = blob
    status, fields, body = ask(served, FILE, If_None_Match=f'"x", W/"{name}"')
    assert (status, body, fields["etag"]) == (304, b"", f'"{name}"')
    assert ask(served, FILE, If_None_Match='"x"')[0] == 200


def test_a_connection_serves_many_requests(served, blob):
    content = blob[0]
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    for _ in range(20):
        connection.request("GET", FILE)
        assert connection.getresponse().read() == content
        connection.request("HEAD", FILE)
        assert connection.getresponse().read() == b""
        connection.request("GET", "/none")
        assert connection.getresponse().read()
    connection.close()


def test_the_pointer_of_a_large_file_is_what_git_has(served, blob):
    content, name, _ = blob
    status, _, body = ask(served, FILE.replace("/resolve/", "/raw/"))
    expected = f"version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {len(content)}\n"
    assert (status, body.decode()) == (200, expected)


def test_a_file_that_is_not_what_its_name_states_does_not_leave(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    commit = next((cache / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    damaged = (commit / "model-00001-of-00002.safetensors").resolve()
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.chmod(0o644)
    damaged.write_bytes(content)
    with serving(knapsack.with_caches(cache)) as server:
        status, _, body = ask(server, FILE)
        assert status == 409 and b"does not match its hash" in body and bytes(content) not in body
        assert ask(server, FILE, "HEAD")[0] == 409
        assert ask(server, FILE, Range="bytes=0-1")[0] == 409
        assert ask(server, FILE.replace("00001-of", "00002-of"))[0] == 200
        # The cache is mended while it is served.
        content[-1] ^= 1
        damaged.write_bytes(content)
        end = time.monotonic() + 10
        while ask(server, FILE)[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.2)
        assert ask(server, FILE)[2] == bytes(content)
        assert server.stop() == 1, "what did not hold is told by the exit code"
    assert server.says("model-00001", "does not match its hash")


def test_one_content_is_proved_for_each_revision_that_states_what_it_is(knapsack, tmp_path):
    folder, content = tmp_path / "hub" / "models--tester--twin", b"content"
    name = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    for commit, stated in (("1" * 40, name), ("2" * 40, "0" * 40)):
        (folder / "snapshots" / commit).mkdir(parents=True)
        for part in ("refs", "trees"):
            (folder / part).mkdir(exist_ok=True)
        (folder / "refs" / commit[:4]).write_text(commit)
        listing = {"format_version": 1, "files": {"x.txt": {"size": len(content), "blob_id": stated}}}
        (folder / "trees" / f"{commit}.json").write_text(json.dumps(listing))
    first, second = (folder / "snapshots" / (digit * 40) / "x.txt" for digit in "12")
    first.write_bytes(content)
    os.link(first, second)
    with serving(knapsack.with_caches(tmp_path / "hub")) as server:
        for digit, status in ("1", 200), ("2", 409), ("1", 200):
            assert ask(server, f"/tester/twin/resolve/{digit * 40}/x.txt")[0] == status


def test_what_a_revision_lists_and_the_cache_lacks_is_listed_and_refused(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    commit = next((cache / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    (commit / "vocab.txt").unlink()
    with serving(knapsack.with_caches(cache)) as server:
        status, _, body = ask(server, f"/api/models/{SHARDED}")
        assert status == 200 and b'"vocab.txt"' in body
        status, fields, body = ask(server, f"/{SHARDED}/resolve/main/vocab.txt")
        # With the Hub's code for it a client would remember that the repository has no such file.
        assert status == 404 and "x-error-code" not in fields and b"not in this server's cache" in body


def test_links_out_of_the_cache_are_not_followed(knapsack, caches, tmp_path):
    cache = copy_cache(caches.hub, tmp_path / "hub")
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    commit = next((cache / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    (commit / "leak.txt").symlink_to(secret)
    (commit / "leak").symlink_to(tmp_path)
    with serving(knapsack.with_caches(cache)) as server:
        for path in ("leak.txt", "leak/secret.txt", "../../../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "..%2fx"):
            status, _, body = ask(server, f"/{SHARDED}/resolve/main/{path}")
            assert status in (400, 404) and b"a secret" not in body, path


@pytest.mark.slow
def test_a_large_file_to_many_clients_takes_no_memory(knapsack, tmp_path):
    """Without any listing or blob nothing states what it is, so that it is served under its own SHA-256."""
    commit = "1" * 40
    folder = tmp_path / "hub" / "models--tester--large" / "snapshots" / commit
    folder.mkdir(parents=True)
    (folder.parents[1] / "refs").mkdir()
    (folder.parents[1] / "refs" / "main").write_text(commit)
    size = 4 << 30
    with (folder / "large.bin").open("wb") as file:
        file.truncate(size)
    path = "/tester/large/resolve/main/large.bin"
    with serving(knapsack.with_caches(tmp_path / "hub")) as server:
        end = time.monotonic() + 120
        while ask(server, path, "HEAD")[0] == 503:
            assert time.monotonic() < end
        before = server.memory()

        def take(_) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", path)
            answer, total, buffer = connection.getresponse(), 0, bytearray(1 << 20)
            while count := answer.readinto(buffer):
                total += count
            return total

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(take, range(8))) == [size] * 8
        assert server.memory() - before < 32 << 20
