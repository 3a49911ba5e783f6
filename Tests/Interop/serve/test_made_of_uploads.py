"""Other forms of what people uploaded: whose they are, who may have them made, and that the marketplace has them with what they cost."""

import hashlib
import io
import json
import subprocess
import time
import zipfile
from pathlib import Path

import pytest
from asking_jobs import ask_json, finished, started_job
from gguf import GGUFReader
from hub_uploads import commit_files
from serving import serving
from test_files import ask
from test_kaggle_mirror import call
from test_kaggle_uploads import BLOBS, MODELS, put
from test_rights import tokens

FIXTURES = Path(__file__).parents[3] / "fixtures"
LLAMA = FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K"
OPTIMIZATIONS = "/api/optimizations"


def zipped(folder: Path) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(path.name, path.read_bytes())
    return written.getvalue()


def upload(server, user: str, model: str, token: dict[str, str], folder: Path | None = None, file: Path | None = None, **fields: str) -> None:
    """A version of the registry: a zip of a folder, or a file alone."""
    form = [part for key, value in {"user_id": user, "model_id": model, **fields}.items() for part in ("-F", f"{key}={value}")]
    field, content = (f"file=@{file}", None) if file else ("zip_file=@-;filename=model.zip", zipped(folder or LLAMA))
    header = ["-H", f"Authorization: {token['Authorization']}"] if token else []
    path = "single" if file else "folder"
    command = ["curl", "-sS", "--fail-with-body", *header, "-F", field, *form, f"{server.url}/ai-models/upload/{path}"]
    subprocess.run(command, input=content, check=True, capture_output=True, timeout=60)


def listed(server, id: str, token: dict[str, str], seconds: float = 20) -> dict:
    """A model of the marketplace, as soon as it is there."""
    end = time.monotonic() + seconds
    while True:
        status, found = ask_json(server, "GET", f"/api/marketplace/models/{id}", **token)
        if status == 200:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)


def made(server, token: dict[str, str], **wish) -> dict:
    job = finished(server, started_job(server, OPTIMIZATIONS, wish, **token)["id"], **token)
    assert job["state"] == "done", job
    return job


@pytest.mark.smoke
def test_a_version_of_the_registry_is_quantized_and_is_a_model_with_its_measured_error(knapsack, tmp_path):
    (tmp_path / "hub").mkdir()
    with serving(knapsack.with_caches(tmp_path / "hub"), "--catalogue", str(tmp_path / "c")) as server:
        upload(server, "anna", "tiny", {}, tags="small,llama", model_type="nlp")
        job = made(server, {}, model="local:anna/tiny", type="Q8_0")
        assert (job["result"]["entry"], job["result"]["version"]) == ("local:anna/tiny-Q8_0", "v1")
        [file] = job["result"]["files"]
        status, fields, content = ask(server, f"{OPTIMIZATIONS}/{job['id']}/download")
        assert status == 200 and hashlib.sha256(content).hexdigest() == file["sha256"] and file["path"] == "tiny-Q8_0.gguf"
        (tmp_path / "made.gguf").write_bytes(content)
        assert GGUFReader(tmp_path / "made.gguf").get_field("general.architecture").contents() == "llama"
        # It is a version as every other one.
        status, document = ask_json(server, "GET", "/ai-models/anna/tiny-Q8_0")
        assert (document["visibility"], document["tags"], document["model_type"]) == ("private", ["small", "llama"], "nlp")
        assert ask(server, "/anna/tiny-Q8_0/resolve/main/tiny-Q8_0.gguf")[2] == content
        # And the marketplace knows what it is.
        found = listed(server, "local:anna/tiny-Q8_0", {})
        assert found["lineage"]["bases"][0] | {"size": 0} == {
            "name": "anna/tiny", "id": "local:anna/tiny", "distance": 1, "relation": "quantized", "size": 0, "quantization": None, "comparison": None,
        }
        assert found["license"] == "apache-2.0", "the original's holds for it, too"
        assert found["comparison"] == job["result"]["comparison"] and found["comparison"]["total"]["snr_db"] > 20
        [child] = listed(server, "local:anna/tiny", {})["lineage"]["derived"]
        assert child["id"] == "local:anna/tiny-Q8_0" and child["comparison"] == found["comparison"]
        assert str(tmp_path) not in json.dumps([job, document])
        # The job may be forgotten; the model stays, and is deleted as every other one.
        assert ask_json(server, "DELETE", f"/api/jobs/{job['id']}")[0] == 200
        assert ask(server, "/ai-models/anna/tiny-Q8_0/download")[2] == content
        assert ask_json(server, "DELETE", "/ai-models/anna/tiny-Q8_0")[0] == 200


@pytest.mark.slow
def test_every_way_of_uploading_and_every_kind_of_product(knapsack, tmp_path):
    (tmp_path / "hub").mkdir()
    runner = knapsack.with_caches(tmp_path / "hub", tmp_path / "kagglehub")
    with serving(runner, "--catalogue", str(tmp_path / "c"), "--state", str(tmp_path / "state")) as server:
        files = {path.name: path.read_bytes() for path in LLAMA.iterdir()}
        commit = commit_files(server, "anna/repo", files)
        assert call(server, "CreateModel", {"ownerSlug": "anna", "slug": "deep", "title": "deep", "isPrivate": True}, MODELS)[0] == 200
        sent = []
        for name, content in files.items():
            started = json.loads(call(server, "StartBlobUpload", {"type": "MODEL", "name": name, "contentLength": len(content)}, BLOBS)[2])
            assert put(server, started["createUrl"], content)[0] == 200
            sent.append({"token": started["token"]})
        body = {"instanceSlug": "small", "framework": "MODEL_FRAMEWORK_TRANSFORMERS", "files": sent}
        assert call(server, "CreateModelInstance", {"ownerSlug": "anna", "modelSlug": "deep", "body": body}, MODELS)[0] == 200
        upload(server, "anna", "file", {}, file=FIXTURES / "gguf" / "small.gguf")
        for model, wish, entry, version, relation in (
            ("here:anna/repo", {"bits": 4}, "local:anna/repo-Q4_K_M", commit[:12], "quantized"),
            ("here:anna/repo", {"dtype": "f32", "revision": commit}, "local:anna/repo-f32", commit[:12], "cast"),
            ("here:anna/repo", {"prune": "2:4", "revision": "main"}, "local:anna/repo-sparse-2-4", commit[:12], "pruned"),
            ("here:anna/repo", {"max_size": "150 kB"}, "local:anna/repo-fit", commit[:12], "quantized"),
            ("kaggle:anna/deep/transformers/small", {"bits": 8}, "local:anna/small-Q8_0", "v1", "quantized"),
            ("local:anna/file", {"bits": 8}, "local:anna/file-Q8_0", "v1", "quantized"),
            ("local:anna/file", {"bits": 8}, "local:anna/file-Q8_0", "v1-2", "quantized"),
            ("local:anna/file", {"type": "Q4_0", "file": "small.gguf", "revision": "v1"}, "local:anna/file-Q4_0", "v1", "quantized"),
        ):
            job = made(server, {}, model=model, **wish)
            assert (job["result"]["entry"], job["result"]["version"]) == (entry, version), job
            found = listed(server, entry, {})
            base = found["lineage"]["bases"][0]
            assert (base["id"], base["relation"]) == (model, relation), found["lineage"]
            assert found["comparison"]["total"]["count"] > 0
            name, number = entry.removeprefix("local:"), job["id"]
            listing = ask_json(server, "GET", f"/ai-models/{name}/files?version={version}")[1]
            assert [file["file_hash"] for file in listing] == [file["sha256"] for file in job["result"]["files"]]
            for file in job["result"]["files"]:
                content = ask(server, f"{OPTIMIZATIONS}/{number}/download?filename={file['path']}")[2]
                assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert not list((tmp_path / "state").rglob("*.gguf")) and not list((tmp_path / "state").rglob("*.safetensors")), "nothing is there twice"
        for wish in (
            {"model": "local:anna/none", "bits": 4}, {"model": "local:anna/file", "revision": "v9", "bits": 4}, {"model": "here:anna/none", "bits": 4},
            {"model": "here:anna/repo", "revision": "other", "bits": 4}, {"model": "kaggle:anna/deep/transformers/other", "bits": 4},
            {"model": "local:anna", "bits": 4}, {"model": "local:anna/file/x", "bits": 4}, {"model": "local:../x", "bits": 4}, {"model": "here:../x", "bits": 4},
            {"model": "here:anna/repo", "file": "../x.gguf", "bits": 4}, {"model": "local:anna/file", "file": "none.gguf", "bits": 4},
        ):
            status, answer = ask_json(server, "POST", OPTIMIZATIONS, wish)
            assert status == 404 and str(tmp_path) not in answer["detail"], (wish, answer)
        assert ask_json(server, "POST", OPTIMIZATIONS, {"model": "local:anna/file", "dtype": "f16"})[0] == 400


@pytest.mark.slow
def test_the_rights_of_the_original_are_those_of_what_is_made(knapsack, tmp_path):
    (tmp_path / "hub").mkdir()
    runner = knapsack.with_caches(tmp_path / "hub")
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", bob="write", carl="read", root="admin")
    options = ("--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c"), "--public-read")
    with serving(runner, *options) as server:
        upload(server, "anna", "secret", keys["anna"])
        upload(server, "anna", "open", keys["anna"], visibility="public")
        upload(server, "anna", "both", keys["anna"], visibility="public", version="seen")
        upload(server, "anna", "both", keys["anna"], version="hidden")
        files = {path.name: path.read_bytes() for path in LLAMA.iterdir()}
        commit_files(server, "anna/repo", files, keys["anna"]["Authorization"].split()[1])
        assert ask_json(server, "PUT", "/api/models/anna/repo/settings", {"private": True}, **keys["anna"])[0] == 200

        def asked(who: str | None, model: str, **more) -> int:
            return ask_json(server, "POST", OPTIMIZATIONS, {"model": model, "type": "Q8_0", **more}, **(keys[who] if who else {}))[0]

        for model in ("local:anna/secret", "here:anna/repo", "local:anna/none", "here:anna/none"):
            assert asked("bob", model) == 404, "as if it were not there"
            assert asked("carl", model) == 403 and asked(None, model) == 401
        assert asked("bob", "local:anna/both", revision="hidden") == 404
        assert asked("carl", "local:anna/open") == 403 and asked(None, "local:anna/open") == 401

        def seen(entry: str) -> list[str]:
            """Who sees a model, by every way of looking at one."""
            name = entry.removeprefix("local:")
            ways = (f"/ai-models/{name}", f"/ai-models/{name}/download", f"/api/models/{name}", f"/api/marketplace/models/{entry}")
            found = {way: [who for who in keys if ask(server, way, **keys[who])[0] == 200] for way in ways}
            assert len({tuple(value) for value in found.values()}) == 1, found
            return found[ways[0]]

        private, public = ["anna", "root"], ["anna", "bob", "carl", "root"]
        for who, model, more, entry, expected in (
            ("anna", "local:anna/secret", {}, "local:anna/secret-Q8_0", private), ("root", "here:anna/repo", {}, "local:anna/repo-Q8_0", private),
            ("root", "local:anna/open", {}, "local:anna/open-Q8_0", public), ("bob", "local:anna/open", {}, "local:bob/open-Q8_0", public),
            ("bob", "local:anna/both", {}, "local:bob/both-Q8_0", public),
            ("anna", "local:anna/both", {"revision": "hidden"}, "local:anna/both-Q8_0", private),
        ):
            job = made(server, keys[who], model=model, type="Q8_0", **more)
            assert job["result"]["entry"] == entry
            listed(server, entry, keys[who])
            assert seen(entry) == expected, entry
            path = f"{OPTIMIZATIONS}/{job['id']}/download"
            allowed = [name for name in keys if ask(server, path, **keys[name])[0] == 200]
            assert allowed == [name for name in keys if name in (who, "root")]
        assert ask_json(server, "GET", "/ai-models/bob/both-Q8_0", **keys["bob"])[1]["made"]["source"] == "local:anna/both@seen"
        # Whoever has the result may show it; nobody changes what is stated of how it was made.
        assert ask_json(server, "PUT", "/ai-models/anna/secret-Q8_0", {"visibility": "public"}, **keys["bob"])[0] == 403
        assert ask_json(server, "PUT", "/ai-models/anna/secret-Q8_0", {"made": {}}, **keys["anna"])[0] == 400
        # The lineage tells others nothing of what they do not see.
        listing = json.dumps(ask_json(server, "GET", "/api/marketplace/models?limit=500", **keys["bob"])[1])
        assert "secret" not in listing and "anna/repo" not in listing and "hidden" not in listing


@pytest.mark.slow
@pytest.mark.parametrize("change", ["private", "deleted"])
def test_what_is_hidden_while_a_job_waits_is_not_made(knapsack, tmp_path, change):
    (tmp_path / "hub").mkdir()
    runner = knapsack.with_caches(tmp_path / "hub")
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", bob="write")
    options = ("--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c"))
    with serving(runner, *options) as server:
        upload(server, "anna", "open", keys["anna"], visibility="public")
        # One after the other: the second waits, or has not published yet, when its original goes.
        jobs = [started_job(server, OPTIMIZATIONS, {"model": "local:anna/open", "type": type}, **keys["bob"]) for type in ("Q8_0", "IQ2_S", "Q5_K_M")]
        if change == "private":
            assert ask_json(server, "PUT", "/ai-models/anna/open", {"visibility": "private"}, **keys["anna"])[0] == 200
        else:
            assert ask_json(server, "DELETE", "/ai-models/anna/open", **keys["anna"])[0] == 200
        ended = [finished(server, job["id"], **keys["bob"]) for job in jobs]
        assert ended[-1]["state"] == "failed" and "not on this server any more" in ended[-1]["error"], ended[-1]
        assert ask_json(server, "GET", "/ai-models/bob/open-Q5_K_M", **keys["bob"])[0] == 404


@pytest.mark.slow
def test_a_job_that_is_begun_again_adds_one_version(knapsack, tmp_path):
    (tmp_path / "hub").mkdir()
    runner = knapsack.with_caches(tmp_path / "hub")
    options = ("--catalogue", str(tmp_path / "c"))
    with serving(runner, *options) as server:
        upload(server, "anna", "tiny", {})
        started_job(server, OPTIMIZATIONS, {"model": "local:anna/tiny", "type": "Q8_0"})
        end = time.monotonic() + 60
        while not ask_json(server, "GET", "/ai-models/anna")[1][1:] and time.monotonic() < end:
            pass
        server.process.kill()
        server.was_killed = True
    with serving(runner, *options) as server:
        job = finished(server, 1)
        assert job["state"] == "done" and job["result"]["version"] == "v1", job
        assert [model["model_id"] for model in ask_json(server, "GET", "/ai-models/anna")[1]] == ["tiny", "tiny-Q8_0"]
