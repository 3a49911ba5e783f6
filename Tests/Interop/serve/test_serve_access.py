"""Who may use a server, how much of it, and what is noted of it."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from conftest import SHARDED
from serving import serving
from test_files import FILE, ask


@pytest.fixture
def keys(knapsack, caches, tmp_path):
    """Makes tokens in a file of their own, and states the options that name it."""

    class Keys:
        runner = knapsack.with_caches(caches.hub)
        file = tmp_path / "tokens.json"
        options = ("--token-file", str(file), "--catalogue", str(tmp_path / "c"))

        def add(self, name: str, scope: str = "read", *more: str) -> str:
            arguments = ("token", "add", name, f"--{scope}", "--token-file", self.file, *more)
            return self.runner(*arguments).expect(0).stdout.strip()

    return Keys()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.smoke
def test_tokens_count_from_the_next_request_on(keys):
    anna = keys.add("anna")
    with serving(keys.runner, *keys.options) as server:
        assert ask(server, FILE, "HEAD", **bearer(anna))[0] == 200
        bob = keys.add("bob")
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 200
        keys.runner("token", "remove", "anna", "--token-file", keys.file).expect(0)
        assert [ask(server, FILE, "HEAD", **bearer(token))[0] for token in (anna, bob)] == [401, 200]
        # What cannot be read lets nobody in: somebody may have been taken out of it.
        kept = keys.file.read_bytes()
        keys.file.write_text("{")
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 401
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 401
        keys.file.write_bytes(kept)
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 200
        keys.file.unlink()
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 401
        keys.file.write_bytes(kept)
        assert server.says("no token counts") == 1, server.lines


def test_a_token_ends(keys):
    ended, lasting = keys.add("ended", "read", "--expires", "1m"), keys.add("lasting", "read", "--expires", "30d")
    document = json.loads(keys.file.read_text())
    assert document["version"] == 2
    for item in document["tokens"]:
        if item["name"] == "ended":
            item["expires"] -= 60
    keys.file.write_text(json.dumps(document))
    listed = keys.runner("token", "list", "--token-file", keys.file).expect(0).stdout
    assert "ended 20" in listed and "removed" not in listed
    with serving(keys.runner, *keys.options) as server:
        assert [ask(server, FILE, "HEAD", **bearer(token))[0] for token in (ended, lasting)] == [401, 200]
    for bad in ("30", "0d", "d", "-1d", "1y", "99999999d", "1.5d"):
        keys.runner("token", "add", "x", "--read", "--expires", bad, "--token-file", keys.file).expect(2)


@pytest.mark.slow
def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(keys):
    anna = keys.add("anna")
    with serving(keys.runner, *keys.options) as server:
        answers = [ask(server, FILE, "HEAD", **bearer(f"hf_{number}")) for number in range(25)]
        assert [status for status, _, _ in answers] == [401] * 20 + [429] * 5
        assert 1 <= int(answers[-1][1]["retry-after"]) <= 60
        assert ask(server, FILE, "HEAD", **bearer(anna))[0] == 200
        assert ask(server, FILE, "HEAD")[0] == 401


@pytest.mark.slow
def test_a_client_that_asks_too_often_has_to_wait(keys):
    anna, bob = keys.add("anna"), keys.add("bob")
    with serving(keys.runner, *keys.options, "--rate", "6") as server:
        statuses = [ask(server, FILE, "HEAD", **bearer(anna))[0] for _ in range(9)]
        assert statuses[:6] == [200] * 6 and statuses[-1] == 429
        assert ask(server, FILE, "HEAD", **bearer(bob))[0] == 200
        status, fields, _ = ask(server, FILE, "HEAD", **bearer(anna))
        assert status == 429 and 1 <= int(fields["retry-after"]) <= 10
        time.sleep(int(fields["retry-after"]) + 0.1)
        assert ask(server, FILE, "HEAD", **bearer(anna))[0] == 200


@pytest.mark.slow
def test_bodies_and_connections_have_limits(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    options = ("--max-upload", "1MB", "--max-connections-per-address", "5", "--catalogue", str(tmp_path / "c"))
    with serving(runner, *options) as server:
        head = "POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        answer = server.raw(f"{head}Content-Length: 1000001\r\nExpect: 100-continue\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 413 ")
        start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [start] + [b"a" * 60_000] * 20)
        try:
            answer = server.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks)
            assert answer.startswith(b"HTTP/1.1 413 ")
        except OSError:
            pass  # The answer was thrown away with what nobody read.
        assert not list((tmp_path / "c" / "incoming").iterdir())
        # The server still waits for a moment whether the client reads what it was told.
        time.sleep(1)
        crowd = [server.connect() for _ in range(5)]
        time.sleep(0.3)
        assert server.raw(b"").startswith(b"HTTP/1.1 429 ")
        for connection in crowd:
            connection.close()
        end = time.monotonic() + 5
        while ask(server, FILE, "HEAD")[0] != 200:
            assert time.monotonic() < end
    for bad in ("--max-upload=x", "--rate=-1", "--idle-timeout=0", "--max-connections=0"):
        runner("serve", bad).expect(2)


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_done_is_noted(keys, tmp_path):
    log = tmp_path / "audit.jsonl"
    anna = keys.add("anna", "write")
    with serving(keys.runner, *keys.options, "--audit-log", str(log)) as server:
        assert log.stat().st_mode & 0o777 == 0o600
        curl = ["curl", "-sS", "--fail", "-H", f"Authorization: Bearer {anna}"]
        form = ["-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=m"]
        subprocess.run([*curl, *form, server.url + "/ai-models/upload/single"], input=b"x", check=True, capture_output=True)
        ask(server, FILE + "?x=%0a%1b[31m&ticket=" + anna, "HEAD", **bearer(anna))
        ask(server, FILE, "HEAD", **bearer(anna[:-1] + "\u00e9"))
        ask(server, FILE, "HEAD")
        os.rename(log, tmp_path / "old.jsonl")
        ask(server, "/ai-models/anna/m", **bearer(anna))
        server.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 5
        while not log.exists():
            assert time.monotonic() < end
        time.sleep(0.1)
        ask(server, "/ai-models/anna/m?version=v1", "DELETE", **bearer(anna))
    noted = lines(tmp_path / "old.jsonl")
    assert [item["event"] for item in noted] == ["write", "use", "login-failed", "use"]
    assert noted[0]["token"] == "anna" and noted[0]["status"] == 200 and noted[0]["subject"] == "anna/m v1"
    assert noted[2]["token"] is None and noted[2]["status"] == 401 and noted[2]["peer"] == "127.0.0.1"
    [deleted] = lines(log)
    assert (deleted["event"], deleted["path"], deleted["status"]) == ("delete", "/ai-models/anna/m?version=v1", 200)
    whole = (tmp_path / "old.jsonl").read_bytes() + log.read_bytes()
    assert anna.encode() not in whole and anna[:-1].encode() not in whole
    assert not any(byte < 0x20 and byte != 0x0A or byte > 0x7E for byte in whole)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_nothing_is_changed_that_cannot_be_noted(keys):
    anna = keys.add("anna", "write")
    with serving(keys.runner, *keys.options, "--audit-log", "/dev/full") as server:
        # The first line fails; from then on nothing is changed, and everything can be read.
        assert ask(server, FILE, "HEAD", **bearer(anna))[0] == 200
        status, fields, _ = ask(server, "/ai-models/anna/m", "DELETE", **bearer(anna))
        assert status == 503 and "retry-after" in fields
        assert ask(server, FILE, "HEAD", **bearer(anna))[0] == 200
        assert server.says("audit log cannot be written") == 1, server.lines


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_others_see_what_is_public(keys):
    tokens = {name: keys.add(name, scope) for name, scope in {"anna": "write", "bob": "read", "root": "admin"}.items()}
    with serving(keys.runner, *keys.options, "--public-read") as server:

        def curl(name: str, *arguments: str, body: bytes | None = None):
            header = ["-H", f"Authorization: Bearer {tokens[name]}"] if name else []
            command = ["curl", "-sS", "-w", "\n%{http_code}", *header, *arguments[:-1], server.url + arguments[-1]]
            done = subprocess.run(command, input=body, capture_output=True, timeout=60, check=True)
            content, _, status = done.stdout.rpartition(b"\n")
            return int(status), content

        def upload(model: str, version: str, **more: str):
            fields = {"user_id": "anna", "model_id": model, "version": version, **more}
            form = [part for key, value in fields.items() for part in ("-F", f"{key}={value}")]
            path = "/ai-models/upload/single"
            status, answer = curl("anna", "-F", "file=@-;filename=x.txt", *form, path, body=version.encode())
            return status, json.loads(answer)

        everybody = ("anna", "root", "bob", "")
        assert upload("m", "v1")[1]["visibility"] == "private"
        path = "/ai-models/anna/m"
        # The owner comes first: what was read for her is not shown to others.
        for suffix in ("", "/files", "/download", "?version=v1"):
            assert [curl(name, path + suffix)[0] for name in everybody] == [200, 200, 404, 404], suffix
        hidden = curl("bob", path)[1]
        assert hidden == curl("bob", "/ai-models/anna/m2")[1].replace(b"m2", b"m")
        lists = ("/ai-models/anna", "/ai-models/search/anna?query=m")
        for suffix in lists:
            assert [len(json.loads(curl(name, suffix)[1])) for name in everybody] == [1, 1, 0, 0]
        assert upload("m", "v2", visibility="public")[1]["visibility"] == "public"
        assert upload("m", "v3", visibility="secret")[0] == 400
        assert upload("m", "v3")[0] == 200
        # The newest is the newest that one sees.
        newest = [json.loads(curl(name, path)[1])["version"] for name in everybody]
        assert newest == ["v3", "v3", "v2", "v2"]
        assert curl("", path + "/download")[1] == b"v2"
        for suffix in lists:
            assert [len(json.loads(curl(name, suffix)[1])) for name in everybody] == [3, 3, 1, 1]
        assert json.loads(curl("bob", "/ai-models/anna?limit=1")[1])[0]["version"] == "v2"
        # Nobody makes public what is another's, and metadata does not.
        change = ("-X", "PUT", "-d")
        public = '{"visibility": "public"}'
        assert curl("bob", *change, public, path)[0] == 403 and curl("", *change, public, path)[0] == 401
        assert curl("anna", *change, json.dumps({"custom_metadata": json.loads(public)}), path + "?version=v1")[0] == 200
        assert curl("bob", path + "?version=v1")[0] == 404
        assert curl("anna", *change, public, path + "?version=v1")[0] == 200
        assert curl("", path + "?version=v1")[0] == 200
        assert curl("anna", *change, '{"visibility": "private"}', path + "?version=v2")[0] == 200
        assert curl("", path + "?version=v2")[0] == 404
        # The cache is for those with a token: it may have what its owner alone was let in to.
        assert curl("bob", FILE)[0] == 200 and curl("", FILE)[0] == 401
        assert curl("", f"/api/models/{SHARDED}")[0] == 401 and curl("", "/docs")[0] == 200
        # Nor is what an organization has whose name is that of a page.
        assert [curl("", f"/{name}/any/resolve/main/config.json")[0] for name in ("docs", "openapi.json")] == [401, 401]
        assert ask(server, path, **bearer("hf_wrong"))[0] == 401
        # The Hub's mirror of the registry shows the same.
        mirrored = ("/api/models/anna/m/revision/v1", "/api/models/anna/m/revision/v2", "/anna/m/resolve/v3/x.txt")
        assert [[curl(name, suffix)[0] for suffix in mirrored] for name in ("anna", "bob")] == [[200] * 3, [200, 404, 404]]
    with serving(keys.runner, *keys.options) as server:
        assert curl("", path)[0] == 401 and curl("bob", path + "?version=v1")[0] == 200


@pytest.mark.slow
def test_without_tokens_everything_is_seen(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    runner("serve", "--public-read").expect(2)
    with serving(runner, "--catalogue", str(tmp_path / "c")) as server:
        form = ["-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=m"]
        command = ["curl", "-sS", "--fail", *form, server.url + "/ai-models/upload/single"]
        subprocess.run(command, input=b"x", check=True, capture_output=True)
        assert ask(server, "/ai-models/anna/m")[0] == 200 and len(json.loads(ask(server, "/ai-models/anna")[2])) == 1


@pytest.mark.slow
def test_public_reading_ends_where_the_caches_begin(keys, tmp_path):
    """A repository may be called as one of the server's own pages is."""
    keys.add("anna")
    for owner in ("docs", "ai-models", "openapi.json"):
        place = tmp_path / f"hub/models--{owner}--hidden"
        snapshot = place / "snapshots" / ("a" * 40)
        (place / "refs").mkdir(parents=True)
        snapshot.mkdir(parents=True)
        (place / "refs/main").write_text("a" * 40)
        (snapshot / "config.json").write_text("{}")
    with serving(keys.runner, *keys.options, "--public-read", "--hf-cache", str(tmp_path / "hub")) as server:
        assert [ask(server, path)[0] for path in ("/docs", "/openapi.json")] == [200, 200]
        for owner in ("docs", "ai-models", "openapi.json"):
            status, _, body = ask(server, f"/{owner}/hidden/resolve/main/config.json")
            assert (owner, status) in (("docs", 401), ("ai-models", 404), ("openapi.json", 401)), body


@pytest.mark.slow
def test_the_log_shows_nothing_that_lets_its_reader_in(keys):
    """What a client sends without its token goes to an address that lets it in."""
    anna = keys.add("anna", "write")
    with serving(keys.runner, *keys.options) as server:
        call, form = "/api/v1/blobs.BlobApiService/StartBlobUpload", json.dumps({"name": "a.txt", "contentLength": 5})
        curl = ["curl", "-sS", "--fail"]
        made = subprocess.run(
            [*curl, "-H", f"Authorization: Bearer {anna}", "-d", form, server.url + call], check=True, capture_output=True)
        place = json.loads(made.stdout)
        assert place["createUrl"].startswith(server.url + "/")
        subprocess.run([*curl, "-T", "-", place["createUrl"]], input=b"hello", check=True, capture_output=True)
        ask(server, FILE + "?user=anna&ticket=c0ffee", "HEAD", **bearer(anna))
    log = "".join(server.lines)
    assert "PUT /api/v1/content/uploads/... 200" in log and "&ticket=... 200" in log, log
    assert place["token"] not in log and "c0ffee" not in log and anna not in log


@pytest.mark.slow
def test_a_registry_needs_no_cache(knapsack, tmp_path):
    """Who begins with a registry has no cache yet; a cache that is named has to be there."""
    runner = knapsack.with_caches(tmp_path / "none")
    refused = runner("serve").expect(2)
    assert "--upstream or --catalogue" in refused.stderr
    with serving(runner, "--catalogue", str(tmp_path / "c")) as server:
        assert ask(server, "/api/models")[0] == 200
    runner("serve", "--catalogue", tmp_path / "c", "--hf-cache", tmp_path / "other").expect(2)


@pytest.mark.slow
def test_directories_that_cannot_be_used_are_told(knapsack, tmp_path):
    runner = knapsack.with_caches(tmp_path)
    file = tmp_path / "file"
    file.write_text("x")
    for option in ("--catalogue", "--state"):
        told = runner("serve", option, file).expect(2).stderr
        assert "name another" in told and "end that server" not in told and "readable" not in told, told
        assert "its name is empty" in runner("serve", option, "").expect(2).stderr
    both = runner("serve", "--catalogue", tmp_path / "c", "--state", tmp_path / "c").expect(2)
    assert "are two directories" in both.stderr
