"""The reading half of the marketplace over a real socket: lists, one model, the search, and the health of the caches."""

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import page_cache
import pytest
from catalog_hub import CatalogHub
from hub_uploads import HubClient
from serving import serving


@pytest.fixture(scope="module")
def shelf(knapsack, tmp_path_factory):
    """A server over a cache with models of many kinds, and a catalogue."""
    directory = tmp_path_factory.mktemp("market")
    (directory / "hub").mkdir()
    page_cache.fill(directory / "hub")
    environment = {"HF_ENDPOINT": "http://127.0.0.1:9", "KNAPSACK_CACHE_DIR": str(directory / "index")}
    runner = knapsack.with_caches(directory / "hub", directory / "kaggle", **environment)
    with serving(runner, "--catalogue", str(directory / "catalogue")) as server:
        settle(server)
        server.runner, server.hub = runner, directory / "hub"
        yield server


def settle(server) -> None:
    """Waits until everything was looked at."""
    for _ in range(200):
        if get(server, "/api/marketplace/models")["reading"] is None:
            return
        time.sleep(0.05)
    raise AssertionError("the caches are never read")


def ask(server, path: str, method: str = "GET"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body else None


def get(server, path: str, **query):
    status, answer = ask(server, path + ("?" + urlencode(query) if query else ""))
    assert status == 200, answer
    return answer


def names(answer) -> list[str]:
    return [one["name"] for one in answer["models"]]


def one(server, id: str, **query):
    return get(server, "/api/marketplace/models/" + quote(id, safe=""), **query)


@pytest.mark.smoke
def test_the_marketplace_has_what_the_caches_have(shelf):
    everything = get(shelf, "/api/marketplace/models")
    assert everything["count"] == everything["total"] == 13 and everything["next"] is None
    assert names(get(shelf, "/api/marketplace/models", license="mit", tags="wide")) == ["sackworks/knot-wide"]
    assert names(get(shelf, "/api/marketplace/models", framework="gguf")) == ["quantworks/knot-instruct-GGUF"]
    assert names(get(shelf, "/api/marketplace/models", category="vision")) == ["sightlab/sack-vision"]
    assert names(get(shelf, "/api/marketplace/models", kind="dataset")) == ["sackworks/sentences"]
    assert names(get(shelf, "/api/marketplace/models", min_size=1_000_000)) == ["sackworks/knot-wide"]
    whole = names(get(shelf, "/api/marketplace/models", installed="true"))
    assert "sackworks/knot-base" in whole and "halfway/interrupted" not in whole
    found = one(shelf, "hf:sackworks/knot-instruct")
    assert (found["license"], found["task"], found["parameters"]) == ("apache-2.0", "text-generation", 295_488)
    assert [base["name"] for base in found["lineage"]["bases"]] == ["sackworks/knot-base"]
    assert [child["name"] for child in found["lineage"]["derived"]] == ["quantworks/knot-instruct-GGUF"]
    assert found["card"]["text"].lstrip().startswith("# Knot instruct") and "license:" not in found["card"]["text"]
    assert found["tensors"]["count"] == 38 and len(found["tensors"]["list"]) == 38
    assert found["details"]["manifest"].startswith("[[model]]\n") and "AutoModelForCausalLM" in found["details"]["notebook"]
    assert {fit["accelerator"] for fit in found["details"]["accelerators"]} >= {"t4x2", "l4", "h100", "cpu"}
    # The slashes of an id may be escaped or not.
    assert get(shelf, "/api/marketplace/models/hf:sackworks/knot-instruct")["id"] == found["id"]


@pytest.mark.slow
def test_lines_for_a_manifest_are_taken(shelf, tmp_path):
    lines = one(shelf, "hf:sackworks/knot-base")["details"]["manifest"]
    path = tmp_path / "models.toml"
    path.write_text(f'schema = 1\n\n[bundle]\nname = "my-models"\n\n{lines}')
    shelf.runner("lock", path).expect(0)
    assert path.with_suffix(".lock").exists()


@pytest.mark.slow
def test_pages_go_through_everything_once(shelf):
    seen, cursor = [], None
    while True:
        query = {"limit": 5, "sort": "size"} | ({"cursor": cursor} if cursor else {})
        page = get(shelf, "/api/marketplace/models", **query)
        seen += names(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 13


@pytest.mark.slow
def test_tensors_come_in_parts(shelf):
    id = "hf:sackworks/knot-base"
    everything = one(shelf, id)["tensors"]["list"]
    parts = [one(shelf, id, tensors_from=start, tensors_limit=10)["tensors"]["list"] for start in (0, 10, 20, 30)]
    assert [tensor for part in parts for tensor in part] == everything
    assert one(shelf, id, tensors_limit=0)["tensors"]["list"] == []


@pytest.mark.slow
@pytest.mark.parametrize("id", ["hf:mallory/empty-files", "hf:mallory/garbage", "hf:mallory/hostile-card"])
def test_what_is_hostile_or_empty_is_shown_as_it_is(shelf, id):
    found = one(shelf, id)
    assert found["complete"] is False or found["details"]["problems"]


@pytest.mark.slow
def test_the_health_of_the_caches(shelf):
    for _ in range(100):
        health = get(shelf, "/api/health")
        if not health["unverified"]:
            break
        time.sleep(0.1)
    assert [broken["id"] for broken in health["corrupted"]] == ["hf:sackworks/knot-broken"]
    assert [(part["id"], part["missing"]) for part in health["incomplete"]] == [("hf:halfway/interrupted", 1)]
    assert [(part["id"], part["size"]) for part in health["unfinished"]] == [("hf:halfway/interrupted", 70_000)]
    assert len(health["double"]) == 1 and len(health["double"][0]["paths"]) == 3
    assert all(part["fix"] for kind in ("corrupted", "incomplete", "unfinished", "double") for part in health[kind])
    assert one(shelf, "hf:sackworks/knot-broken")["corrupted"] == ["model.safetensors"]


@pytest.mark.slow
def test_refusals(shelf):
    for path, expected in {
        "/api/marketplace/models/hf:no%2Fone": 404, "/api/marketplace/models/hf:sackworks/knot-base?revision=none": 404,
        "/api/marketplace/models?limit=0": 400, "/api/marketplace/models?cursor=zzz": 400, "/api/marketplace/nothing": 404,
        "/api/marketplace/search?source=moon": 400, "/api/marketplace/models/%2e%2e%2fetc": 400,
        "/api/marketplace/models?query=" + "a" * 600: 400,
    }.items():
        status, answer = ask(shelf, path)
        assert status == expected, (path, answer)
    assert ask(shelf, "/api/health", "POST")[0] == 405
    assert ask(shelf, "/api/marketplace/models", "DELETE")[0] == 405


@pytest.mark.slow
def test_a_service_that_is_not_there_is_no_error(shelf):
    answer = get(shelf, "/api/marketplace/search", query="knot", source="local,hub")
    local, hub = answer["sources"]
    assert local["state"] == "ok" and len(local["results"]) == 7
    assert hub["state"] == "unreachable" and hub["detail"] and hub["results"] == []


@pytest.mark.slow
def test_the_hub_is_searched_through_the_server(knapsack, tmp_path):
    hub = CatalogHub()
    try:
        hub.state("sackworks/knot-remote", tags=["knots"], pipeline_tag="text-generation", sha="1" * 40)
        runner = knapsack.with_caches(tmp_path, HF_ENDPOINT=hub.url)
        with serving(runner) as server:
            (found,) = get(server, "/api/marketplace/search", query="knot", source="hub")["sources"]
            assert found["state"] == "ok" and [one["id"] for one in found["results"]] == ["hf:sackworks/knot-remote"]
    finally:
        hub.close()


@pytest.mark.slow
def test_what_was_uploaded_is_in_the_marketplace(shelf):
    boundary = "sack"
    content = page_cache.safetensors({"a": ("F32", [4, 4])})
    parts = {"user_id": b"anna", "model_id": b"classifier", "tags": b"small", "description": b"For tests"}
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
        for name, value in parts.items())
    body += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="model.safetensors"\r\n\r\n'.encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", shelf.port, timeout=30)
    connection.request(
        "POST", "/ai-models/upload/single", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert connection.getresponse().status == 200
    connection.close()
    found = one(shelf, "local:anna/classifier")
    assert (found["origin"], found["revision"], found["parameters"]) == ("catalogue", "v1", 16)
    assert found["tensors"]["list"][0]["shape"] == [4, 4] and found["about"] == "For tests"
    assert ask(shelf, "/ai-models/anna/classifier", "DELETE")[0] == 200


@pytest.mark.slow
def test_a_thousand_models_are_read_once(knapsack, tmp_path):
    """The second server finds in the index what the first one read, and a list takes no look at any file."""
    hub = tmp_path / "hub"
    hub.mkdir()
    for number in range(1000):
        page_cache.add(hub, f"many/model-{number:04}", {
            "README.md": f"---\nlicense: mit\ntags:\n- n{number % 7}\n---\n# Model {number}\n".encode(),
            "model.safetensors": page_cache.safetensors({"a": ("F32", [number + 1])})})
    runner = knapsack.with_caches(hub, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    times = []
    for _ in range(2):
        start = time.monotonic()
        with serving(runner) as server:
            while get(server, "/api/marketplace/models", limit=1)["reading"] is not None:
                time.sleep(0.05)
            times.append(time.monotonic() - start)
            start = time.monotonic()
            for _ in range(10):
                assert get(server, "/api/marketplace/models", limit=50, tags="n3")["count"] == 143
            listing = (time.monotonic() - start) / 10
    assert times[1] < times[0], times
    assert listing < times[0] / 4, (listing, times)


@pytest.mark.slow
def test_others_see_what_is_public_alone(knapsack, tmp_path):
    """Repositories of the Hub's clients, by tokens: a private one is nobody else's to know of, and places on the disk neither."""
    runner, file, tokens = knapsack.with_caches(tmp_path), tmp_path / "tokens", {}
    for name, scope in (("anna", "--write"), ("bert", "--write"), ("root", "--admin")):
        tokens[name] = runner("token", "add", name, scope, "--token-file", file).expect(0).stdout.strip()
    with serving(runner, "--catalogue", str(tmp_path / "catalogue"), "--token-file", str(file)) as server:
        def told(name: str, path: str):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request("GET", path, headers={"Authorization": f"Bearer {tokens[name]}"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
            connection.close()
            return answer.status, body

        client = HubClient(server, tmp_path / "home")
        client.run(
            """
            for name, private in (("anna/open", False), ("anna/hidden", True)):
                create_repo(name, private=private, token=sys.argv[1])
                api.upload_file(path_or_fileobj=b"---\\nlicense: mit\\n---\\n# A model\\n", path_in_repo="README.md",
                                repo_id=name, token=sys.argv[1])
            """,
            tokens["anna"])
        settled = time.monotonic() + 20
        while len(told("root", "/api/marketplace/models")[1]["models"]) < 2 and time.monotonic() < settled:
            time.sleep(0.2)
        seen = {name: names(told(name, "/api/marketplace/models")[1]) for name in tokens}
        assert seen == {"anna": ["anna/hidden", "anna/open"], "bert": ["anna/open"], "root": ["anna/hidden", "anna/open"]}
        assert told("bert", "/api/marketplace/models/here:anna%2Fhidden")[0] == 404
        assert told("bert", "/api/marketplace/models/here:anna%2Fopen")[1]["license"] == "mit"
        assert told("anna", "/api/marketplace/models/here:anna%2Fhidden")[1]["visibility"] == "private"
        assert "hidden" not in json.dumps(told("bert", "/api/marketplace/search?query=anna")[1])
        assert str(tmp_path) in json.dumps(told("root", "/api/health")[1])
        assert str(tmp_path) not in json.dumps(told("bert", "/api/health")[1])


@contextmanager
def with_catalogue(knapsack, folder: Path) -> Iterator[Callable]:
    """Runs a server that anna and bert may write to; gives what one of them asks with curl, and reads the answer."""
    runner, file, tokens = knapsack.with_caches(folder), folder / "tokens", {}
    for name in ("anna", "bert"):
        tokens[name] = runner("token", "add", name, "--write", "--token-file", file).expect(0).stdout.strip()
    with serving(runner, "--catalogue", str(folder / "catalogue"), "--token-file", str(file)) as server:
        def curl(name: str, path: str, *more: str):
            command = ["curl", "-sS", "-H", f"Authorization: Bearer {tokens[name]}", *more, server.url + path]
            return json.loads(subprocess.run(command, check=True, capture_output=True, input=b"x").stdout)

        yield curl


@pytest.mark.slow
def test_what_becomes_private_is_gone_from_the_next_list_on(knapsack, tmp_path):
    with with_catalogue(knapsack, tmp_path) as curl:
        form = ("-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "visibility=public")
        for model in ("one", "two"):
            curl("anna", "/ai-models/upload/single", *form, "-F", f"model_id={model}")
        end = time.monotonic() + 20
        while len(names(seen := curl("bert", "/api/marketplace/models"))) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        assert names(seen) == ["anna/one", "anna/two"]
        for model, left in (("one", ["anna/two"]), ("two", [])):
            curl("anna", f"/ai-models/anna/{model}", "-X", "PUT", "-d", '{"visibility": "private"}')
            assert names(curl("bert", "/api/marketplace/models")) == left


@pytest.mark.slow
def test_others_see_the_newest_version_that_is_public(knapsack, tmp_path):
    """A newer version that is its owner's alone hides neither the public one nor itself from the wrong people."""
    with with_catalogue(knapsack, tmp_path) as curl:
        form = ("-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=m")
        curl("anna", "/ai-models/upload/single", *form, "-F", "version=open", "-F", "visibility=public")
        curl("anna", "/ai-models/upload/single", *form, "-F", "version=hidden", "-F", "description=secretword")
        end, seen = time.monotonic() + 20, {}
        while not seen.get("anna") and time.monotonic() < end:
            seen = {name: curl(name, "/api/marketplace/models")["models"] for name in ("anna", "bert")}
            time.sleep(0.1)
        assert [[model["revision"] for model in seen[name]] for name in ("anna", "bert")] == [["hidden"], ["open"]]
        one = "/api/marketplace/models/local:anna/m"
        assert curl("anna", one)["revision"] == "hidden"
        told = curl("bert", one)
        assert told["revision"] == "open" and [item["revision"] for item in told["revisions"]] == ["open"]
        assert "hidden" not in json.dumps(told) and "secretword" not in json.dumps(told)
        assert "no such model" in curl("bert", one + "?revision=hidden")["detail"]
        assert "secretword" not in json.dumps(curl("bert", "/api/marketplace/search?query=anna"))
