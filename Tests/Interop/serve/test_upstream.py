"""`knapsack serve --upstream`: what the caches lack comes from the Hub and from Kaggle, once for all who wait."""

import hashlib
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import genuine
import kaggle_fetching
import pytest
from fetching import LARGE, REPO, require_true
from kaggle_shelf import ask, read
from serving import serving
from test_files import ask as get
from wayward_hub import WaywardHub
from wayward_kaggle import WaywardKaggle


@contextmanager
def upstream(knapsack, directory: Path, hub: WaywardHub | None = None, kaggle: WaywardKaggle | None = None, *arguments: str, **variables):
    """A server with empty caches in a directory, and the stand-ins above it."""
    nowhere = "http://127.0.0.1:9"
    settings = {
        "HF_ENDPOINT": hub.url if hub else nowhere, "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "no_proxy": "127.0.0.1",
        "http_proxy": kaggle.url if kaggle else nowhere, "HF_HOME": str(directory / "hf-home"), "HOME": str(directory / "home"),
        "KNAPSACK_CACHE_DIR": str(directory / "own"), **variables,
    }  # fmt: skip
    started = knapsack.with_caches(directory / "hub", directory / "kagglehub", **settings)
    with serving(started, "--upstream", *arguments) as server:
        yield server


def snapshot(server, cache: Path, repo: str = REPO, arguments: str = "") -> Path:
    code = f"from huggingface_hub import snapshot_download; print(snapshot_download({repo!r}, {arguments}))"
    environment = server.client_environment(HF_HUB_CACHE=str(cache), HF_HOME=str(cache.parent / "hf"))
    return Path(genuine.run_python(code, environment, cache.parent / "client-home").strip().splitlines()[-1])


def fails(server, cache: Path, code: str) -> str:
    code = f"""
try:
    {code}
except Exception as error:
    print(type(error).__name__)
"""
    environment = server.client_environment(HF_HUB_CACHE=str(cache), HF_HOME=str(cache.parent / "hf"))
    return genuine.run_python("import huggingface_hub\n" + code, environment, cache.parent / "client-home").strip().splitlines()[-1]


def contents_asked_for(hub: WaywardHub, name: str) -> int:
    """How often the content of a file was asked for from its beginning."""
    return sum(
        1 for _, path, headers in hub.seen if path.endswith(hub_name(hub, name)) and headers.get("Range", "bytes=0-").startswith("bytes=0-")
    )


def hub_name(hub: WaywardHub, name: str) -> str:
    item = hub.repos[REPO].commits[hub.commit][name] if REPO in hub.repos else None
    return f"/cdn/{item.sha256}" if item and item.sha256 else name


@pytest.mark.smoke
def test_a_file_comes_from_the_hub_and_is_kept(knapsack, wayward, origin, tmp_path):
    with upstream(knapsack, tmp_path, wayward) as server:
        status, fields, body = get(server, f"/{REPO}/resolve/main/model.safetensors")
        assert (status, body) == (200, (origin / "model.safetensors").read_bytes())
        assert fields["etag"] == f'"{hashlib.sha256(body).hexdigest()}"' and fields["x-repo-commit"] == wayward.commit
        assert get(server, f"/{REPO}/resolve/main/none")[0] == 404
        head = get(server, f"/{REPO}/resolve/main/vocab.json", "HEAD")
        assert head[0] == 200 and head[1]["content-length"] == str(LARGE["vocab.json"])
        assert sum("/cdn/" in path for _, path, _ in wayward.seen) == 1  # nothing was loaded for the head
    assert require_true(tmp_path / "hub") == 1
    assert (tmp_path / "hub" / "models--tester--mixed" / "refs" / "main").read_text() == wayward.commit


@pytest.mark.slow
def test_a_whole_snapshot_is_what_the_hub_has(knapsack, wayward, origin, tmp_path):
    with upstream(knapsack, tmp_path, wayward) as server:
        found = snapshot(server, tmp_path / "client" / "hub")
        assert read(found) == read(origin)
        wayward.seen.clear()
        assert read(snapshot(server, tmp_path / "second" / "hub")) == read(origin)
        assert not [path for _, path, _ in wayward.seen if "/resolve/" in path or "/cdn/" in path]
    require_true(tmp_path / "hub")


@pytest.mark.slow
def test_eight_clients_at_once_cause_one_load(knapsack, wayward, origin, tmp_path):
    wayward.rate = 2_000_000
    with upstream(knapsack, tmp_path, wayward) as server, ThreadPoolExecutor(8) as pool:
        caches = [tmp_path / f"client-{number}" / "hub" for number in range(8)]
        found = list(pool.map(lambda cache: snapshot(server, cache, arguments="allow_patterns='*.safetensors'"), caches))
        for path in found:
            assert (path / "model.safetensors").read_bytes() == (origin / "model.safetensors").read_bytes()
    assert wayward.sent < 1.1 * LARGE["model.safetensors"]


@pytest.mark.slow
def test_a_load_that_takes_longer_than_a_client_waits_is_waited_for(knapsack, wayward, origin, tmp_path):
    """The client gives up after 10 seconds without a byte, and asks again when it is told to."""
    wayward.rate = 70_000  # on each of four connections: 12 seconds
    with upstream(knapsack, tmp_path, wayward) as server:
        found = snapshot(server, tmp_path / "client" / "hub", arguments="allow_patterns='model.safetensors'")
        assert (found / "model.safetensors").read_bytes() == (origin / "model.safetensors").read_bytes()
        assert server.says(" 429 ")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["drop", "status", "wrong-bytes", "short"])
def test_faults_are_mended_before_a_client_sees_anything(knapsack, wayward, origin, tmp_path, kind):
    arguments = {"headers": {"Retry-After": "1"}, "status": 429} if kind == "status" else {"after": 100_000}
    wayward.add_fault(kind, path="model.safetensors", times=2 if kind != "wrong-bytes" else 1, **arguments)
    with upstream(knapsack, tmp_path, wayward) as server:
        found = snapshot(server, tmp_path / "client" / "hub", arguments="allow_patterns='model.safetensors'")
        assert (found / "model.safetensors").read_bytes() == (origin / "model.safetensors").read_bytes()
    require_true(tmp_path / "hub")


@pytest.mark.slow
def test_wrong_content_is_never_served_nor_kept(knapsack, wayward, tmp_path):
    wayward.add_fault("wrong-bytes", path="model.safetensors", times=1000)
    with upstream(knapsack, tmp_path, wayward) as server:
        status, _, body = get(server, f"/{REPO}/resolve/main/model.safetensors")
        assert status >= 400 and len(body) < 1000
    assert require_true(tmp_path / "hub") == 0


@pytest.mark.slow
def test_the_cache_answers_where_the_hub_is_gone(knapsack, wayward, origin, tmp_path):
    with upstream(knapsack, tmp_path, wayward) as server:
        snapshot(server, tmp_path / "client" / "hub")
    wayward.close()
    with upstream(knapsack, tmp_path) as server:
        assert read(snapshot(server, tmp_path / "second" / "hub")) == read(origin)
        assert fails(server, tmp_path / "third" / "hub", "huggingface_hub.hf_hub_download('tester/other', 'config.json')")
        assert get(server, "/tester/other/resolve/main/config.json")[0] in (429, 503)


@pytest.mark.slow
def test_a_branch_that_moves_is_seen(knapsack, wayward, origin, tmp_path):
    with upstream(knapsack, tmp_path, wayward) as server:
        snapshot(server, tmp_path / "client" / "hub")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "config.json").write_text("{}")
    commit = wayward.add(REPO, tmp_path / "new", refs=("main",))
    with upstream(knapsack, tmp_path, wayward) as server:
        assert get(server, f"/api/models/{REPO}")[2] and json.loads(get(server, f"/api/models/{REPO}")[2])["sha"] == commit
        assert [path.name for path in snapshot(server, tmp_path / "second" / "hub").iterdir()] == ["config.json"]


@pytest.mark.slow
def test_refusals_are_those_of_the_hub(knapsack, wayward, tmp_path):
    for name in ("tester/gated", "tester/private"):
        wayward.add(name, tmp_path_with(tmp_path / name, "config.json"))
    wayward.gated.add("tester/gated")
    wayward.private.add("tester/private")
    wayward.tokens["hf_secret"] = {"tester/gated", "tester/private"}
    download = "huggingface_hub.hf_hub_download('{}', 'config.json'{})".format
    with upstream(knapsack, tmp_path, wayward, HF_TOKEN="hf_secret") as server:
        cache = tmp_path / "client" / "hub"
        assert fails(server, cache, download("tester/gated", "")) == "GatedRepoError"
        assert fails(server, cache, download("tester/private", "")) == "RepositoryNotFoundError"
        assert fails(server, cache, download("tester/none", "")) == "RepositoryNotFoundError"
        assert fails(server, cache, download(REPO, ", revision='none'")) == "RevisionNotFoundError"
        assert fails(server, cache, download(REPO, ", subfolder='none'")) in ("RemoteEntryNotFoundError", "EntryNotFoundError")
        assert not [headers for _, _, headers in wayward.seen if "Authorization" in headers]
    # With the token of whoever runs the server it is everybody's.
    with upstream(knapsack, tmp_path, wayward, None, "--upstream-token", HF_TOKEN="hf_secret") as server:
        assert get(server, "/tester/private/resolve/main/config.json")[0] == 200
        status, fields, body = get(server, "/tester/gated/resolve/main/config.json")
        assert status == 200 and "hf_secret" not in str(fields) + body.decode()
        assert "hf_secret" not in "".join(server.lines)


def tmp_path_with(directory: Path, *names: str) -> Path:
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).write_text(name)
    return directory


@pytest.mark.slow
def test_a_variable_that_leads_to_the_server_itself_is_no_loop(knapsack, tmp_path):
    with upstream(knapsack, tmp_path, None, None, "--port", "18421", HF_ENDPOINT="http://127.0.0.1:18421") as server:
        began = time.monotonic()
        assert get(server, f"/{REPO}/resolve/main/config.json")[0] in (404, 429, 503)
        assert time.monotonic() - began < 9


KAGGLE_DOWNLOADS = f"""
import pathlib
def read(path):
    return {{p.relative_to(path).as_posix(): p.read_bytes().hex() for p in pathlib.Path(path).rglob("*") if p.is_file()}}
answer = [read(kagglehub.model_download({kaggle_fetching.MODEL!r})), read(kagglehub.dataset_download({kaggle_fetching.DATASET!r}))]
"""


@pytest.mark.slow
def test_kagglehub_gets_what_kaggle_has(knapsack, wayward_kaggle, kaggle_origin, tmp_path):
    expected = {name: data.hex() for name, data in read(kaggle_origin).items()}
    with upstream(knapsack, tmp_path, None, wayward_kaggle) as server:
        assert ask(server, KAGGLE_DOWNLOADS, tmp_path / "client") == [expected, expected]
        path = ask(server, f"answer = kagglehub.dataset_download({kaggle_fetching.DATASET + '/versions/1'!r}, path='sub/notes.txt')", tmp_path / "one")
        assert Path(path).read_bytes() == (kaggle_origin / "sub" / "notes.txt").read_bytes()
    wayward_kaggle.close()
    assert read(tmp_path / "kagglehub" / "models" / kaggle_fetching.MODEL / "2") == read(kaggle_origin)
    with upstream(knapsack, tmp_path) as server:
        versioned = KAGGLE_DOWNLOADS.replace("tiny'", "tiny/2'").replace("mixed-set'", "mixed-set/versions/2'")
        assert ask(server, versioned, tmp_path / "second") == [expected, expected]


@pytest.mark.slow
def test_eight_kagglehubs_at_once_cause_one_load(knapsack, wayward_kaggle, kaggle_origin, tmp_path):
    whole = sum(path.stat().st_size for path in kaggle_origin.rglob("*") if path.is_file())
    wayward_kaggle.rate = 2_000_000
    code = f"answer = kagglehub.dataset_download({kaggle_fetching.DATASET!r})"
    with upstream(knapsack, tmp_path, None, wayward_kaggle) as server, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: ask(server, code, tmp_path / f"client-{number}"), range(8)))
        for path in found:
            assert read(Path(path)) == read(kaggle_origin)
    assert wayward_kaggle.sent < 1.1 * whole


@pytest.mark.slow
def test_refusals_are_those_of_kaggle(knapsack, wayward_kaggle, tmp_path):
    wayward_kaggle.private[kaggle_fetching.MODEL] = {"somebody"}
    code = """
def fails(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__} {error.response.status_code}"
answer = [fails(lambda: kagglehub.model_download(name)) for name in %r]
""" % [kaggle_fetching.MODEL, "tester/none/transformers/x"]  # noqa: UP031
    with upstream(knapsack, tmp_path, None, wayward_kaggle, KAGGLE_USERNAME="tester", KAGGLE_KEY="1" * 32) as server:
        refused, missing = ask(server, code, tmp_path / "client")
        assert refused in ("KaggleApiHTTPError 403", "KaggleApiHTTPError 404") and missing == "KaggleApiHTTPError 404"
        assert not [headers for _, _, headers in wayward_kaggle.seen if "Authorization" in headers]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_kill_in_the_middle_leaves_what_goes_on(knapsack, wayward, origin, tmp_path, seed):
    wayward.rate = 3_000_000
    with upstream(knapsack, tmp_path, wayward) as server:
        clients = [threading.Thread(target=quietly, args=(server, f"/{REPO}/resolve/main/{name}")) for name in LARGE]
        for client in clients:
            client.start()
        time.sleep(0.05 + 0.06 * seed)
        server.was_killed = True
        os.kill(server.process.pid, signal.SIGKILL)
        for client in clients:
            client.join()
    require_true(tmp_path / "hub")
    wayward.rate = None
    with upstream(knapsack, tmp_path, wayward) as server:
        for name in LARGE:
            assert get(server, f"/{REPO}/resolve/main/{name}")[2] == (origin / name).read_bytes()
    require_true(tmp_path / "hub")


def quietly(server, path: str) -> None:
    try:
        get(server, path)
    except OSError:
        pass
    except Exception:  # noqa: BLE001 - the server is killed while it answers
        pass


@pytest.mark.slow
def test_pages_of_other_sites_have_nothing_fetched(knapsack, wayward, origin, tmp_path):
    """A picture in any page makes a browser on this machine ask for any address: no file may be loaded for it."""
    path = f"/{REPO}/resolve/main/model.safetensors"
    with upstream(knapsack, tmp_path, wayward) as server:
        wayward.seen.clear()
        for fields in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
            assert get(server, path, "GET", **fields)[0] == 404
            assert get(server, "/api/marketplace/search?query=x&source=hub", "GET", **fields)[0] == 403
        assert not wayward.seen
        assert get(server, path, "GET", **{"Sec-Fetch-Site": "same-origin"})[0] == 200
