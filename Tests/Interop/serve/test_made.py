"""What `knapsack serve` makes for clients: other forms of models, with what they cost, and bundles of manifests."""

import hashlib
import io
import json
import random
import shutil
import signal
import tarfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import genuine
import numpy
import pytest
from asking_jobs import ask_json, finished, job_of, started_job
from conftest import SHARDED
from hub_server import HubServer
from safetensors.numpy import load, load_file
from serving import serving
from test_files import ask

LLAMA = "tester/tiny-llama"
FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A hub cache with a model that becomes GGUF, one in a GGUF file, and one in shards."""
    directory = tmp_path_factory.mktemp("llama")
    server = HubServer()
    server.add(LLAMA, FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K")
    small = directory / "small"
    small.mkdir()
    shutil.copy(FIXTURES / "gguf" / "small.gguf", small / "small.gguf")
    server.add("tester/small-gguf", small)
    for name in (LLAMA, "tester/small-gguf"):
        genuine.snapshot_download(server, directory / "hub", name)
    server.close()
    return directory / "hub"


@contextmanager
def made(knapsack, cache, directory, *arguments: str):
    with serving(knapsack.with_caches(cache), "--state", str(directory / "state"), *arguments) as server:
        yield server


def optimized(server, **wish) -> dict:
    job = started_job(server, "/api/optimizations", wish)
    job = finished(server, job["id"])
    assert job["state"] == "done", job
    status, whole = ask_json(server, "GET", f"/api/optimizations/{job['id']}")
    assert status == 200
    return whole


def downloaded(server, path: str) -> tuple[bytes, dict]:
    status, fields, body = ask(server, path)
    assert status == 200, body
    return body, fields


@pytest.mark.smoke
def test_a_model_is_cast_compared_and_downloaded(knapsack, caches, tmp_path):
    with made(knapsack, caches.hub, tmp_path) as server:
        job = optimized(server, model=f"hf:{SHARDED}", dtype="f16")
        assert job["kind"] == "optimization" and job["request"]["source"].startswith(f"hf:{SHARDED}@")
        result = job["result"]
        assert len(result["files"]) > 4 and result["comparison"]["basis"].startswith("weights alone")
        assert result["comparison"]["bytes"] * 2 == result["comparison"]["original_bytes"]
        assert result["comparison"]["total"]["snr_db"] > 50
        assert len(job["tensors"]) == 4 and all(tensor["type"] == "F16" for tensor in job["tensors"])
        archive, _ = downloaded(server, f"/api/optimizations/{job['id']}/download")
        with zipfile.ZipFile(io.BytesIO(archive)) as read:
            assert read.testzip() is None
            for file in result["files"]:
                assert hashlib.sha256(read.read(file["path"])).hexdigest() == file["sha256"]
            weights = load(read.read("model-00001-of-00002.safetensors"))
        [snapshot] = (caches.hub / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir()
        original = load_file(snapshot / "model-00001-of-00002.safetensors")
        assert all(numpy.array_equal(weights[name], original[name].astype(numpy.float16)) for name in original)
        path = f"/api/optimizations/{job['id']}/download?filename=config.json"
        content, fields = downloaded(server, path)
        assert json.loads(content)["dtype" if "dtype" in json.loads(content) else "torch_dtype"] == "float16"
        assert ask(server, path, If_None_Match=fields["etag"])[0] == 304
        assert str(tmp_path) not in json.dumps(job) and str(caches.hub) not in json.dumps(job)
        assert [item["id"] for item in ask_json(server, "GET", "/api/optimizations")[1]["jobs"]] == [job["id"]]
        assert ask_json(server, "GET", "/api/bundles")[1] == {"jobs": []}
        assert ask_json(server, "DELETE", f"/api/optimizations/{job['id']}")[0] == 200
        assert ask(server, path)[0] == 404 and not list((tmp_path / "state/results").iterdir())


@pytest.mark.slow
def test_bits_types_budgets_and_pruning(knapsack, llama, tmp_path):
    with made(knapsack, llama, tmp_path) as server:
        sizes = {}
        for wish in ({"bits": 4}, {"bits": 8}, {"bits": 16}, {"type": "Q5_K_M"}, {"type": "q8_0"}):
            job = optimized(server, model=f"hf:{LLAMA}", **wish)
            [file] = job["result"]["files"]
            content, _ = downloaded(server, f"/api/optimizations/{job['id']}/download")
            assert content[:4] == b"GGUF" and hashlib.sha256(content).hexdigest() == file["sha256"]
            assert job["result"]["comparison"]["total"]["count"] > 0
            sizes[str(wish)] = len(content)
        assert sizes["{'bits': 8}"] < sizes["{'bits': 16}"]
        limit = sizes["{'bits': 8}"] + 1000
        job = optimized(server, model=f"hf:{LLAMA}", max_size=f"{limit} B")
        assert job["result"]["size"] <= limit
        assert [file["path"] for file in job["result"]["files"]] == ["tiny-llama-fit.gguf"], "nothing else is left"
        job = optimized(server, model=f"hf:{LLAMA}", prune="2:4")
        zeros = job["result"]["comparison"]["total"]["zeros"]
        assert zeros[1] > zeros[0]
        job = optimized(server, model="hf:tester/small-gguf", bits=8)
        assert job["request"]["file"] == "small.gguf" and job["result"]["files"][0]["path"] == "small-gguf-Q8_0.gguf"
        job = optimized(server, model="hf:tester/small-gguf", file="small.gguf", type="Q4_0")
        assert job["result"]["comparison"]["total"]["rms"] > 0


@pytest.mark.slow
def test_wishes_that_are_none_are_refused(knapsack, llama, tmp_path):
    with made(knapsack, llama, tmp_path) as server:
        model = f"hf:{LLAMA}"
        for wish in (
            {}, {"model": model}, {"bits": 4}, {"model": model, "bits": 5}, {"model": model, "bits": "4"}, {"model": model, "bits": 4, "type": "Q8_0"},
            {"model": model, "type": "Q99"}, {"model": model, "type": 4}, {"model": model, "dtype": "f8"}, {"model": model, "prune": "5:4"},
            {"model": model, "max_size": "-1"}, {"model": model, "max_size": "x"}, {"model": 1, "bits": 4}, {"model": "path:/etc", "bits": 4},
            {"model": model, "bits": 4, "other": 1}, {"model": model, "bits": 4, "allow_requantize": "yes"}, {"model": model, "bits": 1e300},
            {"model": "hf:tester/small-gguf", "dtype": "f16"}, {"model": "hf:tester/small-gguf", "prune": "2:4"},
        ):
            status, answer = ask_json(server, "POST", "/api/optimizations", wish)
            assert status == 400 and answer["detail"], (wish, answer)
        for wish in (
            {"model": "hf:nobody/nothing", "bits": 4}, {"model": model, "revision": "x", "bits": 4}, {"model": model, "file": "../x.gguf", "bits": 4},
            {"model": "kaggle:a/b/c/d", "bits": 4},
        ):
            status, answer = ask_json(server, "POST", "/api/optimizations", wish)
            assert status in (400, 404) and answer["detail"], (wish, answer)
        assert ask_json(server, "GET", "/api/jobs")[1] == {"jobs": []}
        for path in ("/api/optimizations/1", "/api/optimizations/1/download", "/api/bundles/x/report", "/api/bundles/1/2/3"):
            assert ask_json(server, "GET", path)[0] == 404


def manifest(*entries: str, head: str = "") -> str:
    start = f'schema = 1\n[bundle]\nname = "made-here"\ntitle = "Made here"\nlicense = "other"\n{head}\n'
    return start + "\n".join(entries)


def entry(source: str, name: str = "one", kind: str = "model", more: str = "") -> str:
    return f'[[{kind}]]\nname = "{name}"\nsource = "{source}"\n{more}\n'


@pytest.mark.smoke
def test_a_manifest_becomes_a_bundle_with_its_report(knapsack, caches, tmp_path):
    with made(knapsack, caches.hub, tmp_path) as server:
        text = manifest(entry(f"hf:{SHARDED}"), '[[model]]\nname = "half"\nfrom = "one"\ndtype = "f16"\n')
        job = finished(server, started_job(server, "/api/bundles", {"manifest": text})["id"])
        assert job["state"] == "done" and job["subject"] == "made-here", job
        path = f"/api/bundles/{job['id']}"
        content, fields = downloaded(server, f"{path}/download")
        [file] = job["result"]["files"]
        assert hashlib.sha256(content).hexdigest() == file["sha256"] == fields["etag"].strip('"')
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            names = archive.getnames()
        assert any(name.endswith("models/one/config.json") for name in names) and any(name.endswith("models/half/config.json") for name in names)
        page, fields = downloaded(server, f"{path}/report")
        assert page.startswith(b"<!") and b"<svg" in page and fields["content-type"] == "text/html; charset=utf-8"
        assert "script-src" not in fields["content-security-policy"] and "default-src 'none'" in fields["content-security-policy"]
        treemap = json.loads(downloaded(server, f"{path}/treemap")[0])
        assert treemap and str(tmp_path) not in json.dumps(treemap) and str(tmp_path).encode() not in page
        lock = json.loads(downloaded(server, f"{path}/lock")[0])
        assert [item["name"] for item in lock["entries"]] == ["one", "half"] or len(lock["entries"]) == 2
        assert ask_json(server, "GET", "/api/bundles")[1]["jobs"][0]["id"] == job["id"]


@pytest.mark.slow
def test_a_policy_that_is_broken_fails_with_its_findings(knapsack, caches, tmp_path):
    with made(knapsack, caches.hub, tmp_path) as server:
        text = manifest(entry(f"hf:{SHARDED}"), head='[policy]\nlicenses = ["apache-2.0"]\n')
        job = finished(server, started_job(server, "/api/bundles", {"manifest": text})["id"])
        assert job["state"] == "failed" and any("licen" in item["code"] for item in job["result"]["findings"]), job
        assert ask_json(server, "GET", f"/api/bundles/{job['id']}/download")[0] == 409
        assert list((tmp_path / "state/results").iterdir()) == []


def test_manifests_name_no_files_of_the_machine(knapsack, caches, tmp_path):
    good = entry(f"hf:{SHARDED}")
    with made(knapsack, caches.hub, tmp_path) as server:
        for text in (
            "", "x", "schema = 1", manifest(), manifest(entry("path:/etc", kind="files")), manifest(entry("path:.", kind="files")),
            manifest(entry("oci:ghcr.io/a/b:c")), manifest(good, head='base = ["/etc/passwd"]'), manifest(good, head='base = ["x.lock"]'),
            manifest(entry("path:/tmp", kind="wheels")), manifest(entry("hf-space:a/b", kind="files")),
            manifest(good, '[[model]]\nname = "q"\nfrom = "one"\ngguf = "Q4_K_M"\nimatrix = "/etc/passwd"\n'),
            manifest(good, '[[model]]\nname = "q"\nfrom = "one"\nprune = "2:4"\nimatrix = "/etc/passwd"\n'),
            manifest(good, '[[model]]\nname = "q"\nfrom = "one"\ngguf = "fit"\nbits = 4.5\ncalibrate = "/etc/passwd"\n'),
            manifest(good, head='[policy]\nallowed-revisions = "/etc/passwd"\n'),
            manifest(entry("kaggle-competition:x", kind="files")), manifest(good, "unknown = 1\n"), "\0", "[" * 10_000,
        ):
            status, answer = ask_json(server, "POST", "/api/bundles", {"manifest": text})
            assert status == 400 and answer["detail"].startswith("the manifest:"), (text[-60:], answer)
            assert "root:" not in answer["detail"]
        for body in ({}, {"manifest": 1}, {"manifest": good, "x": 1}, {"manifest": "x" * 300_000}, b"schema = 1", [], None):
            status, answer = ask_json(server, "POST", "/api/bundles", body)
            assert status == 400 and answer["detail"], body
        assert ask_json(server, "GET", "/api/jobs")[1] == {"jobs": []}


@pytest.mark.slow
def test_what_is_not_in_the_cache_is_not_fetched(knapsack, caches, tmp_path):
    with made(knapsack, caches.hub, tmp_path) as server:
        job = finished(server, started_job(server, "/api/bundles", {"manifest": manifest(entry("hf:nobody/nothing"))})["id"])
        assert job["state"] == "failed" and "not in the cache" in job["error"] and str(caches.hub) not in json.dumps(job)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_server_that_is_killed_makes_it_anew(knapsack, caches, tmp_path, seed):
    """Twenty kills while things are made: results are whole or not there, and what was acknowledged is done in the end."""
    moments = random.Random(seed)
    text = manifest(entry(f"hf:{SHARDED}"), '[[model]]\nname = "half"\nfrom = "one"\ndtype = "f16"\n')
    taken: list[str] = []
    expected: dict[str, str] = {}

    def look(server):
        for number in taken:
            job = job_of(server, number)
            path = f"/api/{'bundles' if job['kind'] == 'bundle' else 'optimizations'}/{number}/download"
            status, _, body = ask(server, path)
            if job["state"] != "done":
                assert status in (200, 409)
                continue
            assert status == 200
            digest = hashlib.sha256(body).hexdigest()
            assert expected.setdefault(job["kind"], digest) == digest, "the same request gives the same bytes"

    for number in range(20):
        with made(knapsack, caches.hub, tmp_path) as server:
            if number % 2:
                taken.append(started_job(server, "/api/bundles", {"manifest": text + f"# {number}\n"})["id"])
            else:
                taken.append(started_job(server, "/api/optimizations", {"model": f"hf:{SHARDED}", "dtype": "f16", "allow_requantize": number % 4 == 0})["id"])
            time.sleep(moments.uniform(0, 0.8))
            if number % 5 == 0:
                look(server)
            server.was_killed = True
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(10)
    with made(knapsack, caches.hub, tmp_path) as server:
        for number in taken:
            assert finished(server, number)["state"] == "done"
        look(server)
        assert sorted(path.name for path in (tmp_path / "state/results").iterdir()) == sorted(set(taken))
        assert list((tmp_path / "state/work").iterdir()) == []
