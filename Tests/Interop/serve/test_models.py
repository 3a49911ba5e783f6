"""The registry of models below /ai-models, with curl as people use it, and with what nobody should send."""

import hashlib
import io
import json
import pickle
import random
import resource
import shutil
import subprocess
import time
import zipfile
import zlib

import numpy
import pytest
from safetensors.numpy import save
from serving import serving
from test_files import ask

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


@pytest.fixture(scope="module")
def registry(knapsack, caches, tmp_path_factory):
    """A server with an empty catalogue."""
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path_factory.mktemp("catalogue"))) as server:
        yield server


def curl(server, *arguments: str, body: bytes | None = None):
    """The status and the body of what curl gets."""
    done = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", *arguments[:-1], server.url + arguments[-1]],
        input=body, capture_output=True, timeout=60, check=True,
    )
    content, _, status = done.stdout.rpartition(b"\n")
    return int(status), content


def upload(server, content: bytes, name: str = "model.safetensors", kind: str = "single", **fields: str):
    field = "file" if kind == "single" else "zip_file"
    fields = {"user_id": "anna", "model_id": "classifier", **fields}
    forms = [part for key, value in fields.items() for part in ("-F", f"{key}={value}")]
    path = f"/ai-models/upload/{kind}"
    status, answer = curl(server, "-F", f"{field}=@-;filename={name}", *forms, path, body=content)
    return status, json.loads(answer)


def weights(seed: int = 1) -> bytes:
    return save({"w": numpy.random.default_rng(seed).standard_normal((8, 4), dtype=numpy.float32)})


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.smoke
def test_a_file_is_uploaded_shown_changed_downloaded_and_deleted(registry):
    content = weights()
    status, document = upload(
        registry, content, model_id="one", tags="small, test", training_accuracy="0.75", model_type="nlp"
    )
    assert status == 200, document
    digest = hashlib.sha256(content).hexdigest()
    [file] = document["files"]
    assert file["file_hash"] == digest and file["file_size"] == len(content) and file["is_primary"]
    assert file["file_path"] == document["primary_file_path"] == "models/anna/one/v1/model.safetensors"
    assert (document["framework"], document["model_type"], document["version"]) == ("huggingface", "nlp", "v1")
    assert document["num_parameters"] == 32 and document["training_accuracy"] == 0.75
    assert document["tags"] == ["small", "test"] and document["is_active"] and not document["is_production_ready"]

    path = "/ai-models/anna/one"
    assert json.loads(curl(registry, path)[1]) == document
    assert json.loads(curl(registry, f"{path}/files?version=v1")[1]) == document["files"]
    status, fields, body = ask(registry, f"{path}/download")
    assert (status, body, fields["etag"]) == (200, content, f'"{digest}"')
    assert ask(registry, f"{path}/download?filename=model.safetensors", Range="bytes=8-15")[::2] == (206, content[8:16])
    assert ask(registry, f"{path}/download", If_None_Match=f'"{digest}"')[0] == 304
    assert ask(registry, f"{path}/download", "HEAD")[1]["content-length"] == str(len(content))

    change = json.dumps({"description": "better", "is_production_ready": True})
    status, answer = curl(registry, "-X", "PUT", "-H", "Content-Type: application/json", "-d", change, path + "?version=v1")
    changed = json.loads(answer)
    assert status == 200 and changed["description"] == "better" and changed["is_production_ready"]
    assert {**changed, "description": None, "is_production_ready": False, "updated_at": 0} == {**document, "updated_at": 0}
    for wrong in ({"files": []}, {"user_id": "x"}, {"tags": "x"}, {"framework": "x"}, [], {"test_accuracy": "high"}):
        status, answer = curl(registry, "-X", "PUT", "-d", json.dumps(wrong), path)
        assert status == 400 and "detail" in json.loads(answer), wrong

    assert upload(registry, weights(2), model_id="one")[0] == 409
    assert json.loads(curl(registry, path)[1])["files"] == document["files"]
    assert curl(registry, "-X", "DELETE", path + "?version=v1") == (200, b'{"deleted":1}')
    for gone in (path, f"{path}/files", f"{path}/download"):
        status, answer = curl(registry, gone)
        assert status == 404 and "detail" in json.loads(answer)
    assert curl(registry, "-X", "DELETE", path)[0] == 404


def test_a_zip_becomes_a_version_and_a_zip_again(registry):
    files = {"model.safetensors": weights(), "sub/config.json": b"{}", "requirements.txt": b"numpy==2.4\n# why\ntorch\n"}
    status, document = upload(registry, packed(files), "model.zip", "folder", model_id="folder", version="v2")
    assert status == 200, document
    assert [file["filename"] for file in document["files"]] == sorted(files)
    assert document["dependencies"] == ["numpy==2.4", "torch"]
    assert document["primary_file_path"] == "models/anna/folder/v2/model.safetensors"
    status, archive = curl(registry, "/ai-models/anna/folder/download")
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == files
    assert curl(registry, "/ai-models/anna/folder/download")[1] == archive, "the same version gives the same bytes"
    assert curl(registry, "/ai-models/anna/folder/download?filename=sub/config.json")[1] == b"{}"
    flat = upload(registry, packed(files), "m.zip", "folder", model_id="flat", preserve_structure="false")[1]
    assert [file["filename"] for file in flat["files"]] == ["config.json", "model.safetensors", "requirements.txt"]


def test_versions_are_listed_filtered_and_found(registry):
    for number in range(1, 4):
        assert upload(registry, weights(number), user_id="bea", model_id="m", version=f"v{number}", tags="a,b")[0] == 200
    assert upload(registry, b"onnx", "net.onnx", user_id="bea", model_id="net", description="Sees Ünicorns")[0] == 200

    def names(path: str):
        return [f"{item['model_id']}:{item['version']}" for item in json.loads(curl(registry, path)[1])]

    assert names("/ai-models/bea") == ["m:v1", "m:v2", "m:v3", "net:v1"]
    assert names("/ai-models/bea?skip=1&limit=2") == ["m:v2", "m:v3"]
    assert names("/ai-models/bea?framework=onnx") == ["net:v1"]
    assert names("/ai-models/search/bea?query=%C3%9CNICORN&framework=onnx") == ["net:v1"]
    assert names("/ai-models/bea?tags=a,b") == ["m:v1", "m:v2", "m:v3"] and names("/ai-models/bea?tags=c") == []
    assert names("/ai-models/search/bea?query=sees+net") == ["net:v1"]
    assert names("/ai-models/search/bea?query=%25") == [] and names("/ai-models/search/nobody") == []
    assert json.loads(curl(registry, "/ai-models/bea/m")[1])["version"] == "v3"
    for wrong in ("limit=0", "limit=x", "skip=-1", "framework=x", "model_type=x"):
        assert curl(registry, f"/ai-models/bea?{wrong}")[0] == 400


def test_frameworks_are_found_by_the_ending(registry):
    endings = {"a.joblib": "sklearn", "a.hdf5": "keras", "a.pb": "tensorflow", "a.onnx": "onnx", "a.xyz": "other"}
    for number, (name, framework) in enumerate(endings.items()):
        content = pickle.dumps([1.0]) if framework == "sklearn" else b"content"
        status, document = upload(registry, content, name, model_id=f"ending-{number}")
        assert (status, document.get("framework")) == (200, framework), document


class Evil:
    def __reduce__(self):
        return eval, ("1",)


def test_what_is_not_taken_leaves_nothing(registry):
    zip_bomb = io.BytesIO()
    with zipfile.ZipFile(zip_bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", b"\0" * (100 << 20))
    link = io.BytesIO()
    with zipfile.ZipFile(link, "w") as archive:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    refused = [
        (pickle.dumps(Evil()), "model.pkl", "single", {}),
        (weights()[:-1], "model.safetensors", "single", {}),
        (packed({"../evil.txt": b"x"}), "m.zip", "folder", {}),
        (packed({"/evil.txt": b"x"}), "m.zip", "folder", {}),
        (packed({}), "m.zip", "folder", {}),
        (b"no zip", "m.zip", "folder", {}),
        (zip_bomb.getvalue(), "m.zip", "folder", {}),
        (link.getvalue(), "m.zip", "folder", {}),
        (packed({"a/x.txt": b"1", "b/x.txt": b"2"}), "m.zip", "folder", {"preserve_structure": "false"}),
        (b"x", "..", "single", {}),
        (b"x", "x.txt", "single", {"user_id": "../anna"}),
        (b"x", "x.txt", "single", {"user_id": "search"}),
        (b"x", "x.txt", "single", {"model_id": ""}),
        (b"x", "x.txt", "single", {"version": "a/b"}),
        (b"x", "x.txt", "single", {"framework": "x"}),
        (b"x", "x.txt", "single", {"training_loss": "nan"}),
        (b"x", "x.txt", "single", {"is_primary": "perhaps"}),
    ]
    for content, name, kind, fields in refused:
        status, answer = upload(registry, content, name, kind, **{"model_id": "refused", **fields})
        assert status == 400 and answer["detail"], (name, fields, answer)
    assert curl(registry, "/ai-models/anna/refused")[0] == 404


def test_equal_content_is_stored_once_and_what_is_deleted_is_swept(knapsack, caches, tmp_path):
    arguments = ("--catalogue", str(tmp_path / "c"))
    runner = knapsack.with_caches(caches.hub)
    content = weights()
    with serving(runner, *arguments) as server:
        for name in ("a", "b"):
            assert upload(server, content, model_id=name)[0] == 200
        stored = [path for path in (tmp_path / "c" / "content").rglob("*") if path.is_file()]
        assert [path.name for path in stored] == [hashlib.sha256(content).hexdigest()]
        assert curl(server, "-X", "DELETE", "/ai-models/anna/a")[0] == 200
        assert curl(server, "/ai-models/anna/b/download") == (200, content)
        refused = runner("serve", "--port", "0", *arguments).expect(2)
        assert "another server uses it" in refused.stderr
        assert upload(server, weights(2), model_id="a")[0] == 200, "the name of what is deleted is free"
        assert curl(server, "/ai-models/anna/a/download") == (200, weights(2))
        for name in ("a", "b"):
            assert curl(server, "-X", "DELETE", f"/ai-models/anna/{name}")[0] == 200
        end = time.monotonic() + 10
        while any(path.is_file() for part in ("content", "records") for path in (tmp_path / "c" / part).rglob("*")):
            assert time.monotonic() < end, "what nothing names is swept"
            time.sleep(0.05)


def test_what_is_not_the_catalogues_stays(knapsack, caches, tmp_path):
    directory = tmp_path / "c"
    names = [
        "incoming/notes.txt", "incoming/sub/1-1", "incoming/1", "incoming/1-", "incoming/1-1.txt", "content/readme",
        "content/ab/readme", "content/ab/" + "ab" * 31, "content/cd/" + "ab" * 32, "content/AB/" + "AB" * 32,
    ]
    names.append("incoming/1-2/kept")
    for name in [*names, "incoming/12-3", "content/ab/" + "ab" * 32]:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("mine")
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(directory)):
        end = time.monotonic() + 10
        while (directory / "content/ab" / ("ab" * 32)).exists() and time.monotonic() < end:
            time.sleep(0.05)
        left = [str(path.relative_to(directory)) for part in ("incoming", "content") for path in (directory / part).rglob("*")]
        assert sorted(name for name in left if (directory / name).is_file()) == sorted(names)


def test_an_upload_of_more_files_than_can_be_open(knapsack, caches, tmp_path):
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (128, 128))
        files = {f"{number}.txt": b"%d" % number for number in range(200)}
        status, document = upload(server, packed(files), "m.zip", "folder")
        assert status == 200 and len(document["files"]) == 200, document
        assert not list((tmp_path / "c" / "incoming").iterdir())


def test_an_upload_is_refused_before_it_comes(knapsack, caches, tmp_path):
    runner, file = knapsack.with_caches(caches.hub), str(tmp_path / "tokens.json")
    tokens = {
        scope: runner("token", "add", scope, f"--{scope}", "--token-file", file).expect(0).stdout.strip()
        for scope in ("read", "write")
    }
    with serving(runner, "--catalogue", str(tmp_path / "c"), "--token-file", file) as server:

        def answer(scope: str, more: str, body: bytes = b"") -> bytes:
            head = (
                f"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {tokens[scope]}\r\n"
                f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000000\r\n{more}\r\n"
            )
            return server.raw(head.encode() + body, timeout=5)

        waits = answer("read", "Expect: 100-continue\r\n")
        assert waits.startswith(b"HTTP/1.1 403 ") and b"100 Continue" not in waits
        assert answer("read", "").startswith(b"HTTP/1.1 403 ")
        field = b'--x\r\nContent-Disposition: form-data; name="user_id"\r\n\r\nanna\r\n'
        begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\nabc'
        assert answer("write", "", field + begun).startswith(b"HTTP/1.1 403 ")
        assert not list((tmp_path / "c" / "incoming").iterdir())


def test_what_is_stated_has_bounds(registry):
    many = ",".join(str(number) for number in range(101))
    for tags in (many, "a,b\nc"):
        assert upload(registry, b"x", "x.txt", model_id="bounds", tags=tags)[0] == 400
    assert upload(registry, b"x", "a/\u0301y.txt", model_id="bounds", tags="a")[1]["files"][0]["filename"] == "\u0301y.txt"
    put = ("-X", "PUT", "-d", json.dumps({"tags": many.split(",")}), "/ai-models/anna/bounds")
    assert curl(registry, *put)[0] == 400
    assert curl(registry, f"/ai-models/anna?tags={many}")[0] == 400
    assert curl(registry, f"/ai-models/search/anna?query={many.replace(',', '+')}")[0] == 400
    twice = ("-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=twice", "-F", "version=v1")
    status, document = curl(registry, *twice, "-F", "version=v2", "/ai-models/upload/single", body=b"x")
    assert status == 200 and json.loads(document)["version"] == "v2"


def test_users_change_what_is_theirs(knapsack, caches, tmp_path):
    runner, file = knapsack.with_caches(caches.hub), str(tmp_path / "tokens.json")
    scopes = {"anna": "--write", "bob": "--write", "eve": "--read", "root": "--admin"}
    tokens = {
        name: runner("token", "add", name, scope, "--token-file", file).expect(0).stdout.strip()
        for name, scope in scopes.items()
    }
    with serving(runner, "--catalogue", str(tmp_path / "c"), "--token-file", file) as server:

        def status(name: str, *arguments: str, body: bytes | None = None) -> int:
            return curl(server, "-H", f"Authorization: Bearer {tokens[name]}", *arguments, body=body)[0]

        form = ("-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=m", "/ai-models/upload/single")
        assert curl(server, *form, body=b"x")[0] == 401
        assert [status(name, *form, body=b"x") for name in ("eve", "bob", "anna", "anna")] == [403, 403, 200, 409]
        assert [status(name, "/ai-models/anna/m") for name in scopes] == [200] * 4
        change = ("-X", "PUT", "-d", '{"description": "x"}', "/ai-models/anna/m")
        assert [status(name, *change) for name in ("eve", "bob", "anna", "root")] == [403, 403, 200, 200]
        delete = ("-X", "DELETE", "/ai-models/anna/m")
        assert [status(name, *delete) for name in ("eve", "bob", "root", "root")] == [403, 403, 200, 404]


def test_the_interface_is_described(registry):
    description = json.loads(curl(registry, "/openapi.json")[1])
    assert description["openapi"] == "3.1.0"
    status, fields, page = ask(registry, "/docs")
    assert status == 200 and fields["content-security-policy"].startswith("default-src 'none'")
    for path in description["paths"]:
        assert path.encode() in page


@pytest.mark.fuzz
def test_forms_that_are_none_end_nothing(registry):
    """Seeded mutations of a good form: 200 or a refusal, never a 500, and the server goes on."""
    boundary = "b0undary"
    good = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary.encode(), name, value)
        for name, value in ((b"user_id", b"fuzz"), (b"model_id", b"m"), (b"tags", b"a,b"))
    )
    good += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\nabc\r\n--%s--\r\n' % (
        (boundary.encode(),) * 2
    )
    generator = random.Random(3)
    for number in range(150):
        body = bytearray(good.replace(b"\r\n\r\nm\r\n", b"\r\n\r\nm%d\r\n" % number))
        for _ in range(generator.randint(0, 4)):
            place = generator.randrange(len(body))
            choice = generator.random()
            if choice < 0.4:
                body[place] = generator.choice(b"\r\n-\";=\0\xffa:")
            elif choice < 0.7:
                del body[place : place + generator.randint(1, 30)]
            else:
                body[place:place] = generator.choice([b"\r\n", b"--", b"\r\n--" + boundary.encode(), b"\0" * 40])
        head = (
            f"POST /ai-models/upload/single HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        answer = registry.raw(head.encode() + bytes(body))
        assert answer[9:12] in (b"200", b"400", b"409"), bytes(body)


@pytest.mark.slow
@pytest.mark.fuzz
def test_no_path_ends_in_an_error_of_the_server(registry):
    """Seeded paths, methods, queries and fields: an answer or a refusal, never a 500, and the server goes on."""
    assert upload(registry, weights(), model_id="path")[0] in (200, 409)
    generator = random.Random(8)
    parts = ["ai-models", "anna", "path", "files", "download", "search", "upload", "single", "folder", "..", ".", "", "%2e%2e", "%2F",
             "%00", "a" * 97, "a" * 3000, "%C3%A4", "\xff", "v1", "openapi.json", "docs", "-", "*", "%", "%zz", "+", "a:b", "//"]  # fmt: skip
    queries = ["version=v1", "version=", "version=..%2f", "filename=model.safetensors", "filename=%00", "filename=../x", "skip=1e9",
               "skip=999999999999999999999", "limit=0", "limit=1000", "tags=%0a", "query=%22", "framework=onnx", "&&", "=", "%", "a=b=c"]  # fmt: skip
    fields = ["Range: bytes=0-0", "Range: bytes=-1", "Range: bytes=9-1", "Range: bytes=99999999999999999999-", "If-None-Match: *",
              'If-None-Match: W/"x", "y"', "If-Range: x", "Accept: x", "Content-Type: multipart/form-data", "Content-Type: \x80"]  # fmt: skip
    seen = set()
    for _ in range(1500):
        begin = generator.choice([["ai-models"], ["ai-models", "anna", "path"], ["ai-models", "search"], []])
        path = "/" + "/".join([*begin, *generator.choices(parts, k=generator.randint(0, 3))])
        if generator.random() < 0.6:
            path += "?" + "&".join(generator.choices(queries, k=generator.randint(1, 4)))
        method = generator.choice(["GET", "GET", "GET", "HEAD", "PUT", "POST", "OPTIONS", "PATCH"])
        body = generator.choice([b"", b"", b"{}", b"[", b'{"tags": 1}', b"\xff" * 50])
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}"]
        lines += generator.sample(fields, generator.randint(0, 2))
        answer = registry.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        status = int(answer[9:12])
        assert 200 <= status < 500, (lines, answer[:300])
        seen.add(status)
    assert {200, 206, 304, 400, 404, 405, 416} <= seen, seen


@pytest.mark.slow
@pytest.mark.kill
def test_a_killed_server_shows_whole_versions_and_keeps_what_it_acknowledged(knapsack, caches, tmp_path):
    generator = random.Random(9)
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(tmp_path / "c"))
    acknowledged: dict[str, str] = {}
    number = 0
    for _ in range(20):
        with serving(runner, *arguments) as server:
            listed = json.loads(curl(server, "/ai-models/anna?limit=1000")[1])
            shown = {item["model_id"]: item["files"][0]["file_hash"] for item in listed}
            assert acknowledged.items() <= shown.items()
            for name, digest in shown.items():
                content = curl(server, f"/ai-models/anna/{name}/download")[1]
                assert hashlib.sha256(content).hexdigest() == digest
            end = time.monotonic() + generator.uniform(0.05, 0.6)
            running = []
            while time.monotonic() < end:
                number += 1
                content = zlib.crc32(b"%d" % number).to_bytes(4, "big") * generator.randint(1, 500_000)
                process = subprocess.Popen(
                    ["curl", "-sS", "-f", "-F", "file=@-;filename=x.txt", "-F", "user_id=anna",
                     "-F", f"model_id=m{number}", f"{server.url}/ai-models/upload/single"],
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )
                process.stdin.write(content)
                process.stdin.close()
                running.append((f"m{number}", hashlib.sha256(content).hexdigest(), process))
                time.sleep(0.02)
            server.process.kill()
            server.is_asked = True
            server.process.wait()
            server.was_killed = True
            for name, digest, process in running:
                if process.wait(10) == 0:
                    acknowledged[name] = digest
    assert acknowledged
