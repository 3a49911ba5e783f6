"""Uploads by Kaggle's official clients, unmodified: what they send to `knapsack serve --catalogue` they get from it again."""

import http.client
import io
import json
import os
import pickle
import random
import shutil
import signal
import tarfile
import threading
import time
import zipfile

import genuine
import kaggle_shelf
import pytest
from asking_jobs import ask_json
from kaggle_shelf import ask, kaggle, read, write
from serving import serving
from test_kaggle_mirror import call
from uploading import METADATA, make_bundle

BLOBS, SETS, MODELS = "blobs.BlobApiService", "datasets.DatasetApiService", "models.ModelApiService"


@pytest.fixture
def taking(knapsack, tmp_path):
    """Starts a server with a catalogue: `taking(*arguments)`."""

    def start(*arguments: str):
        hub = tmp_path / "hub"
        hub.mkdir(exist_ok=True)
        started = knapsack.with_caches(hub, tmp_path / "cache", KNAPSACK_CACHE_DIR=str(tmp_path / "own"))
        return serving(started, "--catalogue", str(tmp_path / "catalogue"), *arguments)

    return start


def put(server, url: str, body: bytes = b"", content_range: str | None = None, send: int | None = None):
    """A PUT as the clients send it; of which the connection breaks off after `send` bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    path = "/" + url.split("/", 3)[3]
    connection.putrequest("PUT", path)
    if content_range:
        connection.putheader("Content-Range", content_range)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body if send is None else body[:send])
    if send is not None:
        connection.close()
        return None
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


def upload(server, name: str, content: bytes) -> str:
    started = json.loads(call(server, "StartBlobUpload", {"type": "DATASET", "name": name, "contentLength": len(content)}, BLOBS)[2])
    ends = f"bytes 0-{len(content) - 1}/{len(content)}" if content else None
    assert put(server, started["createUrl"], content, ends)[0] == 200
    return started["token"]


def create(server, slug: str, files: dict[str, bytes], method: str = "CreateDataset"):
    tokens = [{"token": upload(server, name, content)} for name, content in files.items()]
    if method == "CreateDataset":
        return call(server, method, {"ownerSlug": "tester", "slug": slug, "title": slug, "files": tokens}, SETS)
    return call(server, method, {"ownerSlug": "tester", "datasetSlug": slug, "body": {"files": tokens}}, SETS)


@pytest.mark.smoke
def test_kagglehub_gets_what_it_sent(taking, tmp_path):
    write(tmp_path / "first", kaggle_shelf.files(1))
    write(tmp_path / "second", kaggle_shelf.files(2))
    code = f"""
import pathlib
def read(path): return {{p.relative_to(path).as_posix(): p.read_bytes().hex() for p in pathlib.Path(path).rglob("*") if p.is_file()}}
for folder in ({str(tmp_path / "first")!r}, {str(tmp_path / "second")!r}):
    kagglehub.model_upload("tester/own/pyTorch/tiny", folder, license_name="Apache 2.0")
    kagglehub.dataset_upload("tester/own-set", folder, version_notes="notes")
answer = [read(kagglehub.model_download(f"tester/own/pyTorch/tiny{{version}}")) for version in ("/1", "/2", "")]
answer += [read(kagglehub.dataset_download("tester/own-set" + version)) for version in ("/versions/1", "/versions/2", "")]
"""
    with taking() as server:
        answer = ask(server, code, tmp_path / "client")
    first, second = ({name: data.hex() for name, data in kaggle_shelf.files(version).items()} for version in (1, 2))
    assert answer == [first, second, second] * 2
    store = tmp_path / "catalogue" / "kaggle"
    same = [store / "models/tester/own/pyTorch/tiny/1/config.json", store / "datasets/tester/own-set/versions/1/config.json"]
    assert len({path.stat().st_ino for path in same}) == 1
    assert not list((store / ".knapsack/uploads").iterdir()) and not list((store / ".knapsack/versions").iterdir())
    # Another client finds it in the store without any server.
    offline = {"KAGGLEHUB_CACHE": str(store), "http_proxy": "http://127.0.0.1:9", "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "no_proxy": ""}
    found = genuine.run_python("import kagglehub; print(kagglehub.model_download('tester/own/pyTorch/tiny/2'))", offline, tmp_path / "home")
    assert found.strip().splitlines()[-1] == str(store / "models/tester/own/pyTorch/tiny/2")


@pytest.mark.slow
def test_many_files_come_as_an_archive_and_are_unpacked(taking, tmp_path):
    write(tmp_path / "many", kaggle_shelf.many())
    code = f"""
kagglehub.dataset_upload("tester/many-set", {str(tmp_path / "many")!r})
answer = kagglehub.dataset_download("tester/many-set")
"""
    with taking() as server:
        assert read(tmp_path / ask(server, code, tmp_path / "client")) == kaggle_shelf.many()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["zip", "tar"])
def test_the_kaggle_command_makes_data_sets(taking, tmp_path, mode):
    folder = tmp_path / "folder"
    write(folder, kaggle_shelf.files(1))
    metadata = {"id": "tester/commanded", "title": "A data set", "licenses": [{"name": "CC0-1.0"}]}
    (folder / "dataset-metadata.json").write_text(json.dumps(metadata))
    with taking() as server:
        kaggle(server, tmp_path, "datasets", "create", "-p", str(folder), "-r", mode)
        (folder / "config.json").write_text("changed")
        kaggle(server, tmp_path, "datasets", "version", "-p", str(folder), "-r", mode, "-m", "second")
        assert "ready" in kaggle(server, tmp_path, "datasets", "status", "tester/commanded")
        for version, expected in {1: kaggle_shelf.files(1), 2: {**kaggle_shelf.files(1), "config.json": b"changed"}}.items():
            kaggle(server, tmp_path, "datasets", "download", f"tester/commanded/{version}", "-p", str(tmp_path / f"got-{version}"), "--unzip")
            assert read(tmp_path / f"got-{version}") == expected


@pytest.mark.slow
def test_the_kaggle_command_makes_models(taking, tmp_path):
    folder = tmp_path / "folder"
    write(folder, {"model.bin": b"weights", "config.json": b"{}"})
    model = {"ownerSlug": "tester", "slug": "commanded", "title": "A model", "subtitle": "", "isPrivate": True, "description": "words", "publishTime": "", "provenanceSources": ""}  # fmt: skip
    (folder / "model-metadata.json").write_text(json.dumps(model))
    instance = {"ownerSlug": "tester", "modelSlug": "commanded", "instanceSlug": "tiny", "framework": "pyTorch", "licenseName": "Apache 2.0", "overview": "", "usage": "", "fineTunable": False, "trainingData": [], "modelInstanceType": "Unspecified"}  # fmt: skip
    (folder / "model-instance-metadata.json").write_text(json.dumps(instance))
    with taking() as server:
        kaggle(server, tmp_path, "models", "create", "-p", str(folder))
        kaggle(server, tmp_path, "models", "instances", "create", "-p", str(folder))
        (folder / "model.bin").write_bytes(b"better")
        kaggle(server, tmp_path, "models", "instances", "versions", "create", "tester/commanded/pyTorch/tiny", "-p", str(folder), "-n", "2")
        name = "tester/commanded/pyTorch/tiny/2"
        kaggle(server, tmp_path, "models", "instances", "versions", "download", name, "-p", str(tmp_path / "got"), "--untar")
        assert read(tmp_path / "got") == {"model.bin": b"better", "config.json": b"{}"}


@pytest.mark.slow
def test_an_upload_goes_on_in_another_server(taking, tmp_path):
    content = kaggle_shelf.content("large", 3_000_000)
    with taking() as server:
        started = json.loads(call(server, "StartBlobUpload", {"name": "large.bin", "contentLength": len(content)}, BLOBS)[2])
        put(server, started["createUrl"], content, f"bytes 0-{len(content) - 1}/{len(content)}", send=1_000_000)
        for _ in range(100):
            status, fields, _ = put(server, started["createUrl"], b"", f"bytes */{len(content)}")
            assert status == 308
            if fields.get("range") == "bytes=0-999999":
                break
            time.sleep(0.05)
        server.was_killed = True
        os.kill(server.process.pid, signal.SIGKILL)
    with taking() as server:
        status, fields, _ = put(server, started["createUrl"], b"", f"bytes */{len(content)}")
        there = int(fields["range"].rpartition("-")[2]) + 1
        assert status == 308 and there == 1_000_000
        # A piece that leaves a hole is not taken, one that overlaps is.
        assert put(server, started["createUrl"], content[there + 5 :], f"bytes {there + 5}-{len(content) - 1}/{len(content)}")[0] == 308
        assert put(server, started["createUrl"], content[500:], f"bytes 500-{len(content) - 1}/{len(content)}")[0] == 200
        assert put(server, started["createUrl"], b"", f"bytes */{len(content)}")[0] == 200
        arguments = {"ownerSlug": "tester", "slug": "resumed", "title": "x", "files": [{"token": started["token"]}]}
        assert json.loads(call(server, "CreateDataset", arguments, SETS)[2])["status"] == "ok"
    assert (tmp_path / "catalogue/kaggle/datasets/tester/resumed/versions/1/large.bin").read_bytes() == content


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.slow
def test_what_is_refused_leaves_nothing(taking, tmp_path):
    def zipped(*names: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        return buffer.getvalue()

    def tarred(**arguments) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo("entry")
            for name, value in arguments.items():
                setattr(entry, name, value)
            archive.addfile(entry)
        return buffer.getvalue()

    with taking() as server:
        start = lambda **arguments: call(server, "StartBlobUpload", arguments, BLOBS)[0]  # noqa: E731
        for name in ["../x", "a/b", "", "x\n", "..", "/etc/passwd"]:
            assert start(name=name, contentLength=1) == 400, name
        assert start(name="x", contentLength=-1) == 400 and start(name="x", contentLength=2**60) in (400, 507)
        for files in [
            {"x.zip": zipped("../out")}, {"x.zip": zipped("/etc/x")}, {"x.tar": tarred(type=tarfile.SYMTYPE, linkname="/etc/passwd")},
            {"model.pkl": pickle.dumps(Evil())}, {"a.zip": zipped("x"), "a": b"file"}, {"x.zip": b"no archive"}, {},
        ]:  # fmt: skip
            status, _, body = create(server, "refused", files)
            assert status == 400, (list(files), body)
        token = upload(server, "twice.txt", b"x")
        tree = lambda **arguments: call(server, "CreateDataset", {"ownerSlug": "tester", "slug": "refused", **arguments}, SETS)[0]  # noqa: E731
        deep: dict = {"name": "d", "files": [{"token": token}]}
        for _ in range(80):
            deep = {"name": "d", "directories": [deep]}
        for arguments in [
            {"files": [{"token": token}, {"token": token}]}, {"files": [{"token": "../" + token}]}, {"files": [{"token": "A" * 37}]},
            {"directories": [{"name": "..", "files": [{"token": token}]}]}, {"directories": [{"name": "a/b", "files": [{"token": token}]}]},
            {"directories": [deep]}, {"files": "x"}, {"files": [1]},
        ]:  # fmt: skip
            assert tree(**arguments) == 400, arguments
        assert tree(slug="..", files=[{"token": token}]) == 400
        assert call(server, "CreateDatasetVersion", {"ownerSlug": "tester", "datasetSlug": "none", "body": {"files": [{"token": token}]}}, SETS)[0] == 404
        variation = {"ownerSlug": "tester", "modelSlug": "none", "body": {"instanceSlug": "x", "framework": "MODEL_FRAMEWORK_OTHER"}}
        assert call(server, "CreateModelInstance", variation, MODELS)[0] == 404
        started = json.loads(call(server, "StartBlobUpload", {"name": "x", "contentLength": 4}, BLOBS)[2])
        for content_range, body in [("bytes 0-3/5", b"abcd"), ("bytes 3-0/4", b"abcd"), ("bytes 0-4/4", b"abcde"), ("x", b""), ("bytes -1-3/4", b"")]:
            assert put(server, started["createUrl"], body, content_range)[0] == 400, content_range
        assert put(server, started["createUrl"], b"abcdefgh")[0] == 400
        assert put(server, started["createUrl"].replace(started["token"], "hf_" + "A" * 34), b"x")[0] == 404
        assert not list((tmp_path / "catalogue/kaggle").glob("datasets/*/*/versions/*"))
        # It was not used up by what was refused.
        assert tree(files=[{"token": token}]) == 200


@pytest.mark.slow
def test_names_that_the_cache_has_are_not_taken(knapsack, tmp_path):
    cache = kaggle_shelf.fill(tmp_path / "cache")
    (tmp_path / "hub").mkdir()
    with serving(knapsack.with_caches(tmp_path / "hub", cache), "--catalogue", str(tmp_path / "catalogue")) as server:
        assert create(server, "mixed-set", {"x": b"x"})[0] == 403
    with serving(knapsack.with_caches(tmp_path / "hub", cache)) as server:
        assert call(server, "StartBlobUpload", {"name": "x", "contentLength": 1}, BLOBS)[0] == 403


@pytest.mark.slow
def test_users_upload_under_their_own_names(knapsack, taking, tmp_path):
    tokens = tmp_path / "tokens.json"
    secrets = {
        name: knapsack("token", "add", name, f"--{scope}", "--token-file", str(tokens)).expect(0).stdout.split()[-1]
        for name, scope in {"tester": "write", "other": "write", "reader": "read"}.items()
    }
    write(tmp_path / "folder", {"x.txt": b"x"})
    code = f"""
def fails(call):
    try:
        call()
    except Exception as error:
        return str(error)[:10]
answer = [fails(lambda: kagglehub.dataset_upload("tester/owned-set", {str(tmp_path / "folder")!r}))]
"""
    with taking("--token-file", str(tokens)) as server:
        client = {name: {"KAGGLE_USERNAME": "x", "KAGGLE_KEY": secret} for name, secret in secrets.items()}
        assert ask(server, code, tmp_path / "a", **client["tester"]) == [None]
        assert ask(server, code, tmp_path / "b", **client["other"]) == ["the token "]
        assert ask(server, code, tmp_path / "c", **client["reader"])[0][:3] == "403"
        assert ask(server, code, tmp_path / "d")[0][:3] == "401"
        assert call(server, "GetDataset", {"ownerSlug": "tester", "datasetSlug": "owned-set"})[0] == 401
    assert sorted(path.name for path in (tmp_path / "catalogue/kaggle/datasets/tester/owned-set/versions").iterdir()) == ["1"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_kill_leaves_whole_versions_alone(taking, tmp_path, seed):
    chance = random.Random(seed)
    acknowledged: list[int] = []

    def work(server) -> None:
        try:
            for version in range(1, 30):
                files = {name: data for name, data in kaggle_shelf.files(version).items() if "/" not in name}
                answer = create(server, "killed", files, "CreateDataset" if version == 1 else "CreateDatasetVersion")
                if answer[0] == 200:
                    acknowledged.append(version)
        except Exception:  # noqa: BLE001 - the server is killed while it answers
            pass

    with taking() as server:
        client = threading.Thread(target=work, args=(server,))
        client.start()
        time.sleep(0.1 + chance.random() * 1.5)
        server.was_killed = True
        os.kill(server.process.pid, signal.SIGKILL)
        client.join()
    store = tmp_path / "catalogue" / "kaggle"
    with taking() as server:
        versions = sorted(int(path.name) for path in store.glob("datasets/tester/killed/versions/*"))
        assert versions == list(range(1, len(versions) + 1)) and set(acknowledged) <= set(versions)
        for version in versions:
            expected = {name: data for name, data in kaggle_shelf.files(version).items() if "/" not in name}
            assert read(store / f"datasets/tester/killed/versions/{version}") == expected
        assert not list((store / ".knapsack/versions").iterdir())
        method = "CreateDatasetVersion" if versions else "CreateDataset"
        assert create(server, "killed", {"x": b"x"}, method)[0] == 200


@pytest.mark.slow
@pytest.mark.parametrize("is_model", [False, True])
def test_knapsack_itself_uploads_to_it(taking, knapsack, tmp_path, is_model):
    directory = tmp_path / "work"
    directory.mkdir()
    bundle = make_bundle(knapsack, directory, model=is_model)
    variables = {"HOME": str(tmp_path / "user"), "KNAPSACK_CACHE_DIR": str(tmp_path / "journal")}
    with taking() as server:
        own = knapsack.with_caches(None, tmp_path / "fetched", **variables, **server.kaggle_environment("LOCALHOST"))
        own("upload", bundle, "--to", "kaggle").expect(0)
        (directory / "models/tiny/config.json").write_text('{"a": 2}')
        shutil.rmtree(bundle)
        again = make_bundle(knapsack, directory, model=is_model)
        own("upload", again, "--to", "kaggle").expect(0)
        source = "kaggle:tester/upload-models/transformers/tiny" if is_model else "kaggle-dataset:tester/upload-models"
        own("fetch", source).expect(0)
    place = "models/tester/upload-models/transformers/tiny/2" if is_model else "datasets/tester/upload-models/versions/2"
    expected = {name: data for name, data in read(again).items() if name not in METADATA}
    assert read(tmp_path / "fetched" / place) == expected


@pytest.mark.slow
def test_the_kaggle_command_deletes_what_was_uploaded(taking, tmp_path):
    with taking() as server:
        for slug in ("one", "other"):
            assert create(server, slug, {"a.txt": b"shared", "b.txt": slug.encode()})[0] == 200
        assert create(server, "one", {"a.txt": b"second"}, "CreateDatasetVersion")[0] == 200
        assert call(server, "CreateModel", {"ownerSlug": "tester", "slug": "m", "title": "m", "isPrivate": True}, MODELS)[0] == 200

        def variation(name: str, content: bytes, method: str = "CreateModelInstance"):
            names = {"ownerSlug": "tester", "modelSlug": "m"}
            own = {"instanceSlug": name, "framework": "MODEL_FRAMEWORK_PY_TORCH", "files": [{"token": upload(server, "w.bin", content)}]}
            body = {**names, "body": own} if method == "CreateModelInstance" else {**names, **own, "body": own}
            answer = call(server, method, body, MODELS)
            assert answer[0] == 200, answer
            return json.loads(answer[2])["versionNumber"]

        assert [variation("v", b"1"), variation("v", b"2", "CreateModelInstanceVersion"), variation("w", b"3")] == [1, 2, 1]
        scratch = tmp_path / "client"
        scratch.mkdir()
        kaggle(server, scratch, "models", "variations", "versions", "delete", "-y", "tester/m/pyTorch/v/2")
        contents = sorted(path.read_bytes() for path in (tmp_path / "catalogue" / "kaggle" / ".knapsack" / "content").rglob("*") if path.is_file())
        assert contents == sorted([b"shared", b"one", b"other", b"second", b"1", b"3"])
        # A number is never given twice: clients have kept what it was.
        assert variation("v", b"4", "CreateModelInstanceVersion") == 3
        assert ask(server, "answer = open(kagglehub.model_download('tester/m/pyTorch/v') + '/w.bin').read()", scratch) == "4"
        # A variation stays when its only version is deleted: the next one is uploaded to it as ever.
        kaggle(server, scratch, "models", "variations", "versions", "delete", "-y", "tester/m/pyTorch/w/1")
        assert variation("w", b"5", "CreateModelInstanceVersion") == 2
        kaggle(server, scratch, "models", "variations", "delete", "-y", "tester/m/pyTorch/w")
        gone = {"ownerSlug": "tester", "modelSlug": "m", "instanceSlug": "w", "framework": "MODEL_FRAMEWORK_PY_TORCH"}
        gone["body"] = {"files": [{"token": upload(server, "w.bin", b"6")}]}
        assert call(server, "CreateModelInstanceVersion", gone, MODELS)[0] == 404, "what is deleted as a whole is made anew"
        kaggle(server, scratch, "models", "delete", "-y", "tester/m")
        assert call(server, "GetModel", {"ownerSlug": "tester", "modelSlug": "m"}, MODELS)[0] == 404
        kaggle(server, scratch, "datasets", "delete", "-y", "tester/one")
        assert call(server, "GetDataset", {"ownerSlug": "tester", "datasetSlug": "one"}, SETS)[0] == 404
        assert call(server, "GetDataset", {"ownerSlug": "tester", "datasetSlug": "other"}, SETS)[0] == 200
        assert json.loads(create(server, "one", {"a.txt": b"new"})[2]).get("error") in (None, "")
        for method, names in (("DeleteDataset", {"datasetSlug": "none"}), ("DeleteModel", {"modelSlug": "none"}), ("DeleteModel", {"modelSlug": ""}), ("DeleteModel", {"modelSlug": "../x"})):
            assert call(server, method, {"ownerSlug": "tester", **names}, SETS if "Dataset" in method else MODELS)[0] == 404
        folders = sorted(path.name for path in (tmp_path / "catalogue" / "kaggle" / "datasets" / "tester").iterdir())
        assert folders == ["one", "other"]


@pytest.mark.slow
def test_what_kaggles_clients_uploaded_is_in_the_marketplace(taking, tmp_path):
    with taking() as server:
        assert create(server, "rows", {"a.csv": b"x,y\n1,2\n"})[0] == 200
        end = time.monotonic() + 20
        while not (found := ask_json(server, "GET", "/api/marketplace/models")[1]["models"]):
            assert time.monotonic() < end
            time.sleep(0.2)
        assert [(item["id"], item["origin"]) for item in found] == [("kaggle-dataset:tester/rows", "kaggle")]
        assert ask_json(server, "GET", "/api/marketplace/models/kaggle-dataset:tester/rows")[0] == 200
        places = {item["name"]: item["revisions"] for item in ask_json(server, "GET", "/api/health")[1]["caches"]}
        assert places == {"Hugging Face": 0, "Kaggle": 0, "uploads of Kaggle's clients": 1}
        assert call(server, "DeleteDataset", {"ownerSlug": "tester", "datasetSlug": "rows"}, SETS)[0] == 200
        assert ask_json(server, "GET", "/api/marketplace/models")[1]["models"] == []
