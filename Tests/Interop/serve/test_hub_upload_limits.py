"""What nobody should send to the uploads of `knapsack serve`, who may, and what is left when it is killed."""

import hashlib
import http.client
import json
import random
import threading
import time

import pytest
from hub_uploads import HubClient, batch, call, commit_files, large, lines, regular, send, target
from serving import serving

KILLS = 20


def create(server, repository: str, token: str | None = None, **more) -> int:
    owner, name = repository.split("/")
    return call(server, "POST", "/api/repos/create", {"name": name, "organization": owner, **more}, token)[0]


def files(server, repository: str, token: str | None = None, revision: str = "main") -> dict:
    status, _, body = call(server, "GET", f"/api/models/{repository}/tree/{revision}?recursive=true", token=token)
    assert status == 200, body
    return {item["path"]: item for item in json.loads(body) if item["type"] == "file"}


def commit(server, repository: str, body: bytes, token: str | None = None, branch: str = "main"):
    status, _, answer = call(server, "POST", f"/api/models/{repository}/commit/{branch}", body, token)
    return status, json.loads(answer)


@pytest.fixture(scope="module")
def mirror(knapsack, caches, tmp_path_factory):
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path_factory.mktemp("catalogue"))) as server:
        assert create(server, "anna/x") == 200
        yield server


@pytest.fixture(scope="module")
def guarded(knapsack, caches, tmp_path_factory):
    """A server that wants tokens, and the tokens by name."""
    folder = tmp_path_factory.mktemp("guarded")
    runner, file, tokens = knapsack.with_caches(caches.hub), str(folder / "tokens"), {}
    for name, scope in (("anna", "--write"), ("bob", "--write"), ("reader", "--read"), ("root", "--admin")):
        made = runner("token", "add", name, scope, "--token-file", file).expect(0)
        tokens[name] = made.stdout.strip()
    with serving(runner, "--catalogue", str(folder / "c"), "--token-file", file) as server:
        server.tokens = tokens
        yield server


def test_a_method_that_a_path_does_not_take_is_refused_with_those_that_it_does(mirror):
    for method, path, allowed in (
        ("PATCH", "/api/models/anna/x/branch/b", "POST, DELETE"), ("PUT", "/api/models/anna/x/preupload/main", "POST"),
    ):
        status, fields, body = call(mirror, method, path, {})
        assert status == 405 and fields.get("allow") == allowed, body


BAD_PATHS = [
    "../out", "a/../../out", "/etc/passwd", "a//b", "./a", "a/.", "", "a\x00b", "a\nb", ".git/hooks/post-commit", "sub/.GIT/config",
    "a/" * 200 + "b", "x" * 5000,
]


@pytest.mark.parametrize("path", BAD_PATHS, ids=range(len(BAD_PATHS)))
def test_a_path_that_leads_out_is_refused_wherever_it_is_told(mirror, path):
    before = files(mirror, "anna/x")
    for operation in (
        regular(path, b"1"), ("deletedFile", {"path": path}), ("deletedFolder", {"path": path}),
        ("lfsFile", {"path": path, "algo": "sha256", "oid": "0" * 64, "size": 1}),
    ):
        status, answer = commit(mirror, "anna/x", lines(operation))
        assert status == 400 and answer["error"], operation
    question = {"files": [{"path": path, "size": 1, "sample": ""}]}
    assert call(mirror, "POST", "/api/models/anna/x/preupload/main", question)[0] == 400
    assert files(mirror, "anna/x") == before


@pytest.mark.parametrize("body", [
    b"", b"\n\n", b"{", b"[]\n", b'{"key":"file"}\n', lines() + lines(), lines(("file", {"path": "a", "content": "%", "encoding": "base64"})),
    lines(("other", {})), lines(("deletedFile", {"path": "none"})), lines(("deletedFolder", {"path": "none"})),
    lines(regular("a", b"1"), regular("a/b", b"2")), lines(regular("a/b", b"2"), regular("a", b"1")),
    lines(large("never", b"that was never sent")), lines(("lfsFile", {"path": "a", "oid": "../../etc/passwd", "size": 1})),
    lines(("file", {"path": ["a"], "content": 7})), lines(title="x" * 5000), b'{"key":"header","value":' + b"[" * 100_000,
], ids=range(17))
def test_a_commit_that_is_none_changes_nothing(mirror, body):
    before = files(mirror, "anna/x")
    status, answer = commit(mirror, "anna/x", body)
    assert status in (400, 404, 413) and answer["error"]
    assert files(mirror, "anna/x") == before


@pytest.mark.slow
def test_a_line_that_never_ends_is_cut_off(mirror):
    line = lines() + b'{"key":"file","value":{"path":"a","encoding":"base64","content":"' + b"A" * (40 << 20)
    before = mirror.memory()
    assert call(mirror, "POST", "/api/models/anna/x/commit/main", line)[0] == 413
    assert mirror.memory() - before < 200 << 20
    assert "a" not in files(mirror, "anna/x")


def test_large_files_are_kept_only_as_what_they_are_said_to_be(mirror):
    content, other = random.Random(1).randbytes(5000), random.Random(2).randbytes(5000)
    [told] = batch(mirror, "anna/x", content)
    path = target(told["actions"]["upload"]["href"])
    assert call(mirror, "PUT", path, other)[0] == 400
    assert call(mirror, "PUT", path, content[:-1])[0] == 400
    assert call(mirror, "PUT", path, content + b"1")[0] == 400
    for wrong in ("0", "-1", "x", "99999999999999999999"):
        assert call(mirror, "PUT", path.replace("size=5000", f"size={wrong}"), content)[0] == 404
    assert commit(mirror, "anna/x", lines(large("big.bin", content)))[0] == 400
    verify = {"oid": hashlib.sha256(content).hexdigest(), "size": 5000}
    assert call(mirror, "POST", "/anna/x.git/info/lfs/objects/verify", verify)[0] == 404
    assert call(mirror, "PUT", path, content)[0] == 200
    assert call(mirror, "POST", "/anna/x.git/info/lfs/objects/verify", verify)[0] == 200
    assert call(mirror, "POST", "/anna/x.git/info/lfs/objects/verify", {**verify, "size": 4999})[0] == 404
    assert "actions" not in batch(mirror, "anna/x", content)[0]
    lie = large("big.bin", content)
    lie[1]["size"] = 4999
    assert commit(mirror, "anna/x", lines(lie))[0] == 400
    assert commit(mirror, "anna/x", lines(large("big.bin", content)))[0] == 200
    assert files(mirror, "anna/x")["big.bin"]["lfs"]["oid"] == hashlib.sha256(content).hexdigest()
    assert call(mirror, "GET", "/anna/x/resolve/main/big.bin")[2] == content


@pytest.mark.slow
def test_content_in_parts_is_put_together_in_their_order(mirror):
    content = random.Random(3).randbytes(1 << 20) * 65
    [told] = batch(mirror, "anna/x", content)
    header = told["actions"]["upload"]["header"]
    size = int(header["chunk_size"])
    parts = {int(number): content[(int(number) - 1) * size:int(number) * size] for number in header if number.isdigit()}
    assert {number: len(part) for number, part in parts.items()} == {1: 64 << 20, 2: 1 << 20}
    complete = target(told["actions"]["upload"]["href"])
    assert call(mirror, "PUT", target(header["2"]), parts[2])[0] == 200
    assert call(mirror, "POST", complete, {})[0] == 400
    assert call(mirror, "PUT", target(header["1"]), parts[2])[0] == 400
    assert call(mirror, "PUT", target(header["2"]).replace("part=2", "part=3"), parts[2])[0] == 404
    for number in (2, 1):
        status, fields, _ = call(mirror, "PUT", target(header[str(number)]), parts[number])
        assert status == 200 and fields["etag"]
    assert call(mirror, "POST", complete, {"oid": told["oid"], "parts": []})[0] == 200
    assert call(mirror, "POST", complete, {"oid": told["oid"], "parts": []})[0] == 200
    assert commit(mirror, "anna/x", lines(large("parts.bin", content)))[0] == 200
    assert hashlib.sha256(call(mirror, "GET", "/anna/x/resolve/main/parts.bin")[2]).hexdigest() == told["oid"]


@pytest.mark.parametrize("name", ["anna/../x", "anna/..", "anna", "anna/a b", "anna/x.git", "anna/a--b", "/x", "anna/x/y/z", "anna/-x", ""])
def test_a_name_that_is_none_makes_no_repository(mirror, name):
    owner, _, rest = name.partition("/")
    body = {"name": rest, "organization": owner, "type": "model"}
    assert call(mirror, "POST", "/api/repos/create", body)[0] == 400
    assert call(mirror, "POST", "/api/repos/create", {"name": name, "type": "what"})[0] == 400


def test_names_that_differ_in_capitals_alone_are_one(mirror):
    assert create(mirror, "anna/Case") == 200
    assert create(mirror, "anna/case") == 409
    assert create(mirror, "Anna/CASE") == 409
    assert call(mirror, "GET", "/api/models/anna/case")[0] == 404
    assert create(mirror, "anna/Case", type="dataset") == 200


def test_users_write_into_their_own_namespace_alone(guarded):
    tokens = guarded.tokens
    assert create(guarded, "anna/own", tokens["anna"]) == 200
    assert create(guarded, "anna/shut", tokens["anna"], visibility="private") == 200
    for who, status in (("bob", 403), ("reader", 403), ("root", 200)):
        assert create(guarded, f"anna/by-{who}", tokens[who]) == status
    assert create(guarded, "Anna/own2", tokens["anna"]) == 403
    assert create(guarded, "anna/none") == 401
    body = lines(regular("a.txt", b"1"))
    asked = [
        ("POST", "commit/main", body), ("POST", "preupload/main", {"files": []}), ("POST", "branch/b", {}),
        ("POST", "tag/main", {"tag": "t"}), ("PUT", "settings", {"visibility": "private"}), ("DELETE", "branch/b", None),
    ]
    for method, path, content in asked:
        for who, own, shut in (("bob", 403, 404), ("reader", 403, 404)):
            assert call(guarded, method, f"/api/models/anna/own/{path}", content, tokens[who])[0] == own, path
            assert call(guarded, method, f"/api/models/anna/shut/{path}", content, tokens[who])[0] == shut, path
    for path in ("/anna/own.git/info/lfs/objects/batch", "/anna/own.git/info/lfs/objects/verify"):
        assert call(guarded, "POST", path, {"operation": "upload", "objects": []}, tokens["bob"])[0] == 403
    assert call(guarded, "DELETE", "/api/repos/delete", {"name": "own", "organization": "anna"}, tokens["bob"])[0] == 403
    moved = {"fromRepo": "bob/x", "toRepo": "anna/y", "type": "model"}
    assert create(guarded, "bob/x", tokens["bob"]) == 200
    assert call(guarded, "POST", "/api/repos/move", moved, tokens["bob"])[0] == 403
    assert commit(guarded, "anna/own", body, tokens["anna"])[0] == 200
    assert commit(guarded, "anna/own", lines(regular("b.txt", b"2")), tokens["root"])[0] == 200


def test_a_private_repository_is_its_owners_and_the_admins(guarded):
    tokens = guarded.tokens
    secret = b"nobody else's" * 100
    assert create(guarded, "anna/secret", tokens["anna"], visibility="private") == 200
    assert send(guarded, "anna/secret", secret, tokens["anna"]) == 200
    status, answer = commit(guarded, "anna/secret", lines(large("s.bin", secret), regular("t", b"1")), tokens["anna"])
    assert status == 200
    oid = answer["commitOid"]
    paths = [
        "/api/models/anna/secret", f"/api/models/anna/secret/revision/{oid}", "/api/models/anna/secret/refs",
        "/api/models/anna/secret/tree/main", "/api/models/anna/secret/commits/main", "/api/models/anna/secret/auth-check",
        "/anna/secret/resolve/main/s.bin", f"/anna/secret/resolve/{oid}/t", "/anna/secret/raw/main/s.bin",
    ]
    for path in paths:
        for who, expected in (("anna", 200), ("root", 200), ("bob", 404), ("reader", 404)):
            assert call(guarded, "GET", path, token=tokens[who])[0] == expected, path
    for who, expected in (("anna", True), ("root", True), ("bob", False), ("reader", False)):
        found = json.loads(call(guarded, "GET", "/api/models?author=anna", token=tokens[who])[2])
        assert ("anna/secret" in [item["id"] for item in found]) == expected
    # Who knows the hash alone gets nothing for it.
    assert create(guarded, "bob/thief", tokens["bob"]) == 200
    assert "actions" in batch(guarded, "bob/thief", secret, token=tokens["bob"])[0]
    assert commit(guarded, "bob/thief", lines(large("s.bin", secret)), tokens["bob"])[0] == 400


@pytest.mark.slow
def test_a_private_version_of_the_registry_is_not_had_for_its_hash(guarded):
    tokens = guarded.tokens
    content = {who: who.encode() * 5000 for who in ("private", "public")}
    for visibility, bytes_ in content.items():
        fields = {"user_id": "anna", "model_id": visibility, "visibility": visibility}
        form = b"".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
        ) + b'--b\r\nContent-Disposition: form-data; name="file"; filename="w.bin"\r\n\r\n' + bytes_ + b"\r\n--b--\r\n"
        connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=30)
        connection.request(
            "POST", "/ai-models/upload/single", form,
            {"Authorization": f"Bearer {tokens['anna']}", "Content-Type": "multipart/form-data; boundary=b"},
        )
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()
    assert create(guarded, "bob/registry-thief", tokens["bob"]) == 200
    assert "actions" in batch(guarded, "bob/registry-thief", content["private"], token=tokens["bob"])[0]
    assert commit(guarded, "bob/registry-thief", lines(large("s.bin", content["private"])), tokens["bob"])[0] == 400
    assert "actions" not in batch(guarded, "bob/registry-thief", content["public"], token=tokens["bob"])[0]
    # Her own she may name.
    assert create(guarded, "anna/registry-own", tokens["anna"]) == 200
    assert commit(guarded, "anna/registry-own", lines(large("s.bin", content["private"])), tokens["anna"])[0] == 200


def test_a_ticket_lets_one_content_in_and_nothing_else(guarded):
    token = guarded.tokens["anna"]
    assert create(guarded, "anna/tickets", token) == 200
    content = random.Random(5).randbytes(1000)
    [told] = batch(guarded, "anna/tickets", content, token=token)
    path = target(told["actions"]["upload"]["href"])
    other = random.Random(6).randbytes(1000)
    assert call(guarded, "PUT", path.replace(told["oid"], hashlib.sha256(other).hexdigest()), other)[0] == 401
    assert call(guarded, "PUT", path.replace("size=1000", "size=1001"), content)[0] == 401
    assert call(guarded, "PUT", path.replace("user=anna", "user=root"), content)[0] == 401
    assert call(guarded, "PUT", path[:-1] + ("0" if path[-1] != "0" else "1"), content)[0] == 401
    assert call(guarded, "PUT", path + "&part=1", content)[0] == 401
    assert call(guarded, "PUT", path, content)[0] == 200
    query = path.split("?", 1)[1]
    assert call(guarded, "GET", f"/api/models/anna/tickets?{query}")[0] == 401


@pytest.mark.slow
def test_the_official_client_uploads_with_a_token(guarded, tmp_path):
    client = HubClient(guarded, tmp_path / "home", guarded.tokens["anna"])
    said = client.run(
        """
        tell(api.whoami()["name"])
        tell(str(create_repo("mine", private=True)))
        api.upload_file(path_or_fileobj=bytes(5000), path_in_repo="x.bin", repo_id="anna/mine")
        tell(len(open(hf_hub_download("anna/mine", "x.bin"), "rb").read()))
        try:
            create_repo("bob/mine")
        except errors.HfHubHTTPError as problem:
            tell([problem.response.status_code, problem.server_message])
        """
    )
    assert said[0] == "anna" and said[1].endswith("/anna/mine") and said[2] == 5000
    assert said[3][0] == 403 and "belongs to bob" in said[3][1]


@pytest.mark.slow
def test_ten_thousand_files_in_one_commit(mirror):
    assert create(mirror, "anna/many") == 200
    wanted = {f"folder{number % 100}/file{number}.txt": b"%d" % number for number in range(10_000)}
    begin = time.monotonic()
    status, answer = commit(mirror, "anna/many", lines(*(regular(path, content) for path, content in wanted.items())))
    print(f"{time.monotonic() - begin:.1f} s")
    assert status == 200, answer
    assert wanted.keys() < files(mirror, "anna/many").keys()
    assert commit(mirror, "anna/many", lines(("deletedFolder", {"path": "folder7"})))[0] == 200
    assert len(files(mirror, "anna/many")) == 9_901


@pytest.mark.slow
def test_commits_at_once_are_all_kept(mirror):
    assert create(mirror, "anna/busy") == 200
    answers = {}

    def work(number: int):
        answers[number] = commit(mirror, "anna/busy", lines(regular(f"f{number}", b"%d" % number)))[0]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    present = files(mirror, "anna/busy")
    assert {f"f{number}" for number, status in answers.items() if status == 200} == present.keys() - {".gitattributes"}
    assert sorted(set(answers.values())) in ([200], [200, 409])


@pytest.mark.slow
@pytest.mark.kill
def test_a_killed_server_has_whole_commits_and_keeps_what_it_acknowledged(knapsack, caches, tmp_path):
    generator = random.Random(16)
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path / "c"))
    acknowledged: dict[str, dict[str, str]] = {}
    kept: set[bytes] = set()
    number = 0
    for _ in range(KILLS):
        with serving(runner, *arguments) as server:
            create(server, "anna/x")
            log = json.loads(call(server, "GET", "/api/models/anna/x/commits/main?limit=1000")[2])
            history = {item["id"] for item in log}
            assert acknowledged.keys() <= history
            for oid in sorted(history)[:10] + sorted(acknowledged)[-10:]:
                shown = files(server, "anna/x", revision=oid)
                assert acknowledged.get(oid, {}).keys() <= shown.keys()
                for path, item in list(shown.items())[:20]:
                    status, _, content = call(server, "GET", f"/anna/x/resolve/{oid}/{path}")
                    assert status == 200
                    if "lfs" in item:
                        assert hashlib.sha256(content).hexdigest() == item["lfs"]["oid"]
            for content in list(kept)[-20:]:
                assert "actions" not in batch(server, "anna/x", content)[0]
            end = time.monotonic() + generator.uniform(0.2, 2.5)
            seeds = iter(range(number, number + 100_000))
            guard = threading.Lock()

            def work():
                while True:
                    with guard:
                        mine = next(seeds)
                    content = random.Random(mine).randbytes(1 + mine * 7919 % 300_000)
                    try:
                        if send(server, "anna/x", content) == 200:
                            kept.add(content)
                        status, answer = commit(server, "anna/x", lines(large(f"f{mine}", content), regular(f"t{mine}", b"%d" % mine)))
                        if status == 200:
                            acknowledged[answer["commitOid"]] = {f"f{mine}": "", f"t{mine}": ""}
                    except Exception:
                        return

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(max(0.0, end - time.monotonic()))
            server.process.kill()
            server.is_asked = True
            server.process.wait()
            server.was_killed = True
            for thread in threads:
                thread.join()
            number = next(seeds)
    assert acknowledged and kept


@pytest.mark.slow
def test_repositories_survive_a_damaged_database(knapsack, caches, tmp_path):
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path / "c"))
    content = random.Random(8).randbytes(20_000)
    with serving(runner, *arguments) as server:
        for number in range(5):
            oid = commit_files(server, "anna/x", {"big.bin": content + b"%d" % number, f"f{number}": b"%d" % number})
        assert commit(server, "anna/x", lines(("deletedFile", {"path": "f1"})))[0] == 200
        assert call(server, "POST", f"/api/models/anna/x/tag/{oid}", {"tag": "v1"})[0] == 200
        assert create(server, "anna/gone") == create(server, "anna/secret", visibility="private") == 200
        assert call(server, "DELETE", "/api/repos/delete", {"name": "gone", "organization": "anna"})[0] == 200
        paths = ["/api/models/anna/x", "/api/models/anna/x/refs", "/api/models/anna/x/commits/main", "/anna/x/resolve/v1/big.bin",
                 "/api/models/anna/x/tree/v1", "/api/models/anna/x/tree/main", "/api/models?author=anna"]
        before = [call(server, "GET", path)[2] for path in paths]
    database = tmp_path / "c" / "catalogue.sqlite"
    for name in ("catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (tmp_path / "c" / name).unlink(missing_ok=True)
    database.write_bytes(b"x" * database.stat().st_size)
    for _ in range(2):
        with serving(runner, *arguments) as server:
            assert [call(server, "GET", path)[2] for path in paths] == before
            time.sleep(1)  # What nothing names would be swept now.
    with serving(runner, *arguments) as server:
        assert commit_files(server, "anna/x", {"more": b"1"}) and "f2" in files(server, "anna/x")
