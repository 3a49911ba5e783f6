"""The official clients of Kaggle against `knapsack serve`, unmodified: what they get is what the kagglehub cache has."""

import base64
import gzip
import hashlib
import http.client
import io
import json
import os
import socketserver
import tarfile
import time
import zipfile

import kaggle_shelf
import pytest
import serving_threads
from kaggle_shelf import DATASET, INTERRUPTED, MANY, MODEL, PARTIAL, ask, kaggle
from serving import serving


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return kaggle_shelf.fill(tmp_path_factory.mktemp("shelf") / "kagglehub")


@pytest.fixture(scope="module")
def mirror(knapsack, shelf, tmp_path_factory):
    hub = tmp_path_factory.mktemp("hub")
    with serving(knapsack.with_caches(hub, shelf)) as server:
        yield server


def call(server, method: str, arguments: dict, service: str = "datasets.DatasetApiService", authority: str = "http://localhost:7777"):
    """A call as a client sends it to a proxy, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    host = authority.removeprefix("http://") or "localhost"
    body = json.dumps(arguments)
    connection.putrequest("POST", f"{authority}/api/v1/{service}/{method}", skip_host=True)
    for name, value in {"Host": host, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


def get(server, path: str, method: str = "GET", **fields: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, data


DOWNLOADS = f"""
import pathlib
def read(path):
    path = pathlib.Path(path)
    if path.is_file(): return path.read_bytes().hex()
    return {{p.relative_to(path).as_posix(): p.read_bytes().hex() for p in path.rglob("*") if p.is_file()}}
answer = {{
    "newest": read(kagglehub.model_download({MODEL!r})),
    "first": read(kagglehub.model_download({MODEL + "/1"!r})),
    "many": read(kagglehub.model_download({MANY!r})),
    "set": read(kagglehub.dataset_download({DATASET!r})),
    "one": read(kagglehub.dataset_download({DATASET + "/versions/1"!r}, path="sub/notes.txt")),
    "folder": read(kagglehub.dataset_download({DATASET + "/versions/1"!r}, path="sub")),
    "single": read(kagglehub.dataset_download({PARTIAL + "/versions/4"!r}, path="sub/notes.txt")),
}}
"""


def hexed(contents: dict[str, bytes]) -> dict[str, str]:
    return {name: data.hex() for name, data in contents.items()}


@pytest.mark.smoke
def test_kagglehub_gets_models_and_data_sets_whole_and_by_path(mirror, tmp_path):
    answer = ask(mirror, DOWNLOADS, tmp_path)
    assert answer["newest"] == hexed(kaggle_shelf.files(2)) == answer["set"]
    assert answer["first"] == hexed(kaggle_shelf.files(1))
    assert answer["many"] == hexed(kaggle_shelf.many())
    notes = kaggle_shelf.files(1)["sub/notes.txt"].hex()
    assert answer["one"] == notes
    assert answer["folder"] == {name.removeprefix("sub/"): data for name, data in answer["first"].items() if name.startswith("sub/")}
    assert answer["single"] == kaggle_shelf.files(4)["sub/notes.txt"].hex()


REFUSED = f"""
def fails(call):
    try:
        call()
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"
answer = [fails(call) for call in (
    lambda: kagglehub.model_download("tester/none/pyTorch/tiny"),
    lambda: kagglehub.model_download({MODEL + "/9"!r}),
    lambda: kagglehub.model_download({MODEL!r}, path="none.bin"),
    lambda: kagglehub.dataset_download({PARTIAL!r}),
    lambda: kagglehub.dataset_download({INTERRUPTED + "/versions/1"!r}),
    lambda: kagglehub.dataset_download({PARTIAL + "/versions/4"!r}, path="config.json"),
    lambda: kagglehub.competition_download("titanic"),
    lambda: kagglehub.notebook_output_download("tester/notebook/versions/1"),
)]
"""


@pytest.mark.slow
def test_what_the_cache_does_not_have_whole_is_refused(mirror, tmp_path):
    answer = ask(mirror, REFUSED, tmp_path)
    assert all(text and text.startswith("KaggleApiHTTPError") and "404" in text for text in answer), answer
    assert not list((tmp_path / "kagglehub").rglob("*.complete"))
    status, _, body = call(mirror, "DownloadDataset", {"ownerSlug": "tester", "datasetSlug": PARTIAL.split("/")[1]})
    assert status == 404 and "1 single file only" in json.loads(body)["message"]


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["TEST", "LOCALHOST"])
def test_both_environments_lead_here(mirror, tmp_path, environment):
    code = f"answer = kagglehub.dataset_download({DATASET!r}, path='config.json')"
    path = ask(mirror, code, tmp_path, KAGGLE_API_ENVIRONMENT=environment)
    assert open(path, "rb").read() == kaggle_shelf.files(2)["config.json"]


@pytest.mark.slow
def test_the_kaggle_command_asks_kaggle_itself_in_the_other_environment(mirror, tmp_path):
    """It knows LOCALHOST alone, so that `docs/kaggle-mirror.md` names that one."""
    asked = []

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline())
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as proxy:
        serving_threads.serve(proxy)
        other = f"http://127.0.0.1:{proxy.server_address[1]}"
        environment = mirror.kaggle_environment("TEST", https_proxy=other)
        told = kaggle(mirror, tmp_path, "datasets", "list", "-s", "mixed", code=1, **environment)
        proxy.shutdown()
    assert DATASET not in told and {line.split()[1] for line in asked} == {b"api.kaggle.com:443"}, (told, asked)


@pytest.mark.slow
def test_the_kaggle_command_lists_and_loads_data_sets(mirror, tmp_path):
    assert DATASET in kaggle(mirror, tmp_path, "datasets", "list", "-s", "mixed")
    assert DATASET not in kaggle(mirror, tmp_path, "datasets", "list", "-s", "single")
    listed = kaggle(mirror, tmp_path, "datasets", "files", DATASET, "--csv")
    assert "weights.dat,400001" in listed and "sub/deeper/data.bin,65535" in listed
    assert "ready" in kaggle(mirror, tmp_path, "datasets", "status", DATASET)
    kaggle(mirror, tmp_path, "datasets", "metadata", DATASET, "-p", str(tmp_path / "meta"))
    assert DATASET.split("/")[1] in (tmp_path / "meta" / "dataset-metadata.json").read_text()
    kaggle(mirror, tmp_path, "datasets", "download", DATASET, "-p", str(tmp_path / "all"), "--unzip")
    assert kaggle_shelf.read(tmp_path / "all") == kaggle_shelf.files(2)
    kaggle(mirror, tmp_path, "datasets", "download", f"{DATASET}/1", "-f", "sub/notes.txt", "-p", str(tmp_path / "one"))
    assert kaggle_shelf.read(tmp_path / "one") == {"sub/notes.txt": kaggle_shelf.files(1)["sub/notes.txt"]}


@pytest.mark.slow
def test_the_kaggle_command_lists_and_loads_models(mirror, tmp_path):
    assert "tester/mixed" in kaggle(mirror, tmp_path, "models", "list")
    assert "tester/mixed" in kaggle(mirror, tmp_path, "models", "get", "tester/mixed")
    listed = kaggle(mirror, tmp_path, "models", "instances", "versions", "files", f"{MODEL}/1", "--page-size", "3")
    assert "Next Page Token = 3" in listed
    rest = kaggle(mirror, tmp_path, "models", "instances", "versions", "files", f"{MODEL}/1", "--page-token", "3")
    assert "Next Page Token" not in rest and "sub/notes.txt" in rest
    assert "config.json" in kaggle(mirror, tmp_path, "models", "instances", "files", MODEL)
    kaggle(mirror, tmp_path, "models", "instances", "get", MODEL, "-p", str(tmp_path))
    assert json.loads((tmp_path / "model-instance-metadata.json").read_text())["versionNumber"] == 2
    assert "tiny" in kaggle(mirror, tmp_path, "models", "instances", "versions", "list", MODEL)
    kaggle(mirror, tmp_path, "models", "instances", "versions", "download", f"{MODEL}/1", "-p", str(tmp_path / "m"), "--untar")
    assert kaggle_shelf.read(tmp_path / "m") == kaggle_shelf.files(1)
    assert "not in this server's cache" in kaggle(mirror, tmp_path, "models", "get", "tester/none", code=1)


@pytest.mark.slow
def test_the_command_takes_a_token_that_the_server_looks_at(mirror, tmp_path):
    printed = kaggle(mirror, tmp_path, "models", "list", KAGGLE_API_TOKEN="KGAT_x")
    assert "tester/mixed" in printed


def location(server, arguments: dict, name: str | None = None, service="datasets.DatasetApiService", method="DownloadDataset") -> str:
    status, fields, _ = call(server, method, {**arguments, **({"fileName": name} if name else {})}, service)
    assert status == 302
    return fields["location"]


SET = {"ownerSlug": "tester", "datasetSlug": "mixed-set"}
VARIATION = {"ownerSlug": "tester", "modelSlug": "mixed", "framework": "MODEL_FRAMEWORK_PY_TORCH", "instanceSlug": "tiny"}


@pytest.mark.smoke
def test_a_file_comes_with_its_sums_and_in_ranges(mirror):
    expected = kaggle_shelf.files(2)["weights.dat"]
    path = location(mirror, SET, "weights.dat")
    status, fields, body = get(mirror, path)
    assert (status, body) == (200, expected)
    assert fields["x-goog-hash"] == "md5=" + base64.b64encode(hashlib.md5(expected).digest()).decode()
    assert fields["etag"] == f'"{hashlib.sha256(expected).hexdigest()}"' and fields["accept-ranges"] == "bytes"
    status, fields, body = get(mirror, path, Range="bytes=1000-1999", If_Range=fields["etag"])
    assert (status, body) == (206, expected[1000:2000])
    assert get(mirror, path, If_None_Match=fields["etag"])[0] == 304
    assert get(mirror, path, Range="bytes=1000-", If_Range='"other"')[0] == 200
    head = get(mirror, path, "HEAD")
    assert head[0] == 200 and head[2] == b"" and head[1]["content-length"] == str(len(expected))


@pytest.mark.slow
@pytest.mark.parametrize("form", [".zip", ".tar.gz"])
def test_archives_are_the_same_whole_and_in_ranges(mirror, form):
    path = location(mirror, VARIATION, None, "models.ModelApiService", "DownloadModelInstanceVersion")
    assert path.endswith("/mixed.tar.gz")
    path = path.removesuffix(".tar.gz") + form
    status, fields, whole = get(mirror, path)
    assert status == 200 and fields["content-length"] == str(len(whole))
    assert get(mirror, path)[2] == whole
    if form == ".zip":
        archive = zipfile.ZipFile(io.BytesIO(whole))
        assert archive.testzip() is None
        found = {name: archive.read(name) for name in archive.namelist()}
    else:
        plain = gzip.decompress(whole)
        archive = tarfile.open(fileobj=io.BytesIO(plain))
        found = {member.name: archive.extractfile(member).read() for member in archive}
    assert found == kaggle_shelf.files(2)
    for start, end in [(0, 1), (0, 10), (9, 16), (70_000, 70_001), (65_530, 131_090), (400_000, len(whole)), (len(whole) - 8, len(whole))]:
        status, part, body = get(mirror, path, Range=f"bytes={start}-{end - 1}")
        assert (status, body) == (206, whole[start:end]), (start, end)
        assert part["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    assert get(mirror, path, Range=f"bytes={len(whole)}-")[0] == 416


@pytest.mark.slow
def test_a_tree_is_listed_in_pages(mirror):
    status, _, body = call(mirror, "ListTreeDatasetFiles", {**SET, "datasetVersionNumber": 1, "pageSize": 2})
    page = json.loads(body)
    names: list[str] = []
    while True:
        names += [entry["relativeUrl"] for entry in page["files"] + page["directories"]]
        if not page["nextPageToken"]:
            break
        arguments = {**SET, "datasetVersionNumber": 1, "pageSize": 2, "pageToken": page["nextPageToken"]}
        page = json.loads(call(mirror, "ListTreeDatasetFiles", arguments)[2])
    assert status == 200 and sorted(names) == sorted({name.split("/")[0] for name in kaggle_shelf.files(1)})
    assert call(mirror, "ListTreeDatasetFiles", {**SET, "path": "none"})[0] == 404


@pytest.mark.slow
def test_a_broken_download_goes_on(mirror, tmp_path):
    """kagglehub asks again with a range where it was led to."""
    expected = kaggle_shelf.files(2)["weights.dat"]
    unfinished = tmp_path / "kagglehub" / "datasets" / DATASET / "versions" / "2" / "weights.dat"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(expected[:100_000])
    ask(mirror, f"answer = kagglehub.dataset_download({DATASET!r}, path='weights.dat')", tmp_path)
    assert unfinished.read_bytes() == expected
    assert mirror.says(" 206 ", "300001 bytes")


@pytest.mark.slow
def test_a_file_that_changes_is_never_half_of_another(knapsack, tmp_path):
    cache = kaggle_shelf.fill(tmp_path / "kagglehub")
    with serving(knapsack.with_caches(tmp_path, cache, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))) as server:
        path = location(server, SET, "config.json")
        file = cache / "datasets" / DATASET / "versions" / "2" / "config.json"
        assert get(server, path)[2] == file.read_bytes()
        file.write_bytes(b"other")
        time.sleep(2.1)
        status, fields, body = get(server, path)
        assert (status, body) == (200, b"other") and fields["etag"] == f'"{hashlib.sha256(b"other").hexdigest()}"'
        os.unlink(file)
        time.sleep(2.1)
        assert get(server, path)[0] == 404
        file.symlink_to("/etc/passwd")
        time.sleep(2.1)
        assert get(server, path)[0] == 404
        assert call(server, "DownloadDataset", SET)[0] == 404


@pytest.mark.slow
def test_hostile_calls_get_an_answer(mirror):
    service = "datasets.DatasetApiService"
    for arguments in [
        {"ownerSlug": "..", "datasetSlug": ".."}, {"ownerSlug": "tester/..", "datasetSlug": "x"}, {"ownerSlug": 1, "datasetSlug": []},
        {**SET, "datasetVersionNumber": -1}, {**SET, "datasetVersionNumber": 2**70}, {**SET, "datasetVersionNumber": "x" * 9999},
        {**SET, "fileName": "../../../config.json"}, {**SET, "fileName": "/etc/passwd"}, {**SET, "fileName": "\x00"},
    ]:  # fmt: skip
        for method in ("DownloadDataset", "GetDataset", "ListTreeDatasetFiles", "ListDatasetFiles"):
            status, _, body = call(mirror, method, arguments)
            assert status in (200, 302, 400, 404) and b"root:" not in body, (method, arguments)
    for page in [-1, 0, 2**62, "x", "-5", 10**30]:
        arguments = {**SET, "pageSize": page, "pageToken": str(page), "page": page}
        for method in ("ListDatasets", "ListDatasetFiles", "ListTreeDatasetFiles"):
            assert call(mirror, method, arguments)[0] == 200, (method, page)
    for path in [
        "/api/v1/content/files/datasets/tester/mixed-set/1/..%2F..%2Fconfig.json", "/api/v1/content/files/datasets/tester/mixed-set/1",
        "/api/v1/content/files/datasets/tester/mixed-set/x/config.json", "/api/v1/content/archive/datasets/tester/mixed-set/1/x.exe",
        "/api/v1/content/files/competitions/titanic/1/x", "/api/v1/content/files/datasets/%2e%2e/mixed-set/1/config.json",
    ]:  # fmt: skip
        assert get(mirror, path)[0] in (400, 404), path
    assert get(mirror, f"/api/v1/{service}/GetDataset")[0] == 405
    assert get(mirror, location(mirror, SET, "config.json"), "DELETE")[0] == 405


@pytest.mark.smoke
def test_a_proxy_is_it_for_its_own_names_alone(mirror):
    assert call(mirror, "GetDataset", SET)[0] == 200
    assert call(mirror, "GetDataset", SET, authority="")[0] == 200
    for authority in ["http://api.kaggle.com", "http://evil.example:7777", "http://localhost.evil.example"]:
        assert call(mirror, "GetDataset", SET, authority=authority)[0] == 421
    for target in [b"https://localhost:7777/api/v1/x", b"localhost:7777", b"ftp://localhost/"]:
        method = b"CONNECT" if target == b"localhost:7777" else b"GET"
        answer = mirror.raw(method + b" " + target + b" HTTP/1.1\r\nHost: localhost:7777\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
    # The name in the target counts, whatever Host states.
    answer = mirror.raw(b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 ")


@pytest.mark.slow
def test_knapsack_itself_fetches_from_it(mirror, knapsack, tmp_path):
    home = tmp_path / "home"
    own = knapsack.with_caches(None, tmp_path / "kagglehub", HOME=str(home), **mirror.kaggle_environment())
    own("fetch", f"kaggle:{MODEL}/1", f"kaggle-dataset:{DATASET}").expect(0)
    assert kaggle_shelf.read(tmp_path / "kagglehub" / "models" / MODEL / "1") == kaggle_shelf.files(1)
    assert kaggle_shelf.read(tmp_path / "kagglehub" / "datasets" / DATASET / "versions" / "2") == kaggle_shelf.files(2)
