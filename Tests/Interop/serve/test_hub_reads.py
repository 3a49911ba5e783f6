"""Models and data sets that were uploaded to `knapsack serve`, read by the libraries that people load them with."""

import hashlib
import json
import subprocess

import numpy
import pytest
from genuine import MINILM
from hub_uploads import HubClient, call, commit_files
from safetensors.numpy import save
from serving import serving


@pytest.fixture(scope="module")
def mirror(knapsack, caches, tmp_path_factory):
    """A server whose catalogue has a small model, a data set, and two versions of a model of the registry."""
    files = {
        "config.json": b'{"model_type": "bert"}', "1_Pooling/config.json": b"{}", "README.md": b"# A model\n",
        "model.safetensors": save({"w": numpy.random.default_rng(1).standard_normal((64, 16), dtype=numpy.float32)}),
    }
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path_factory.mktemp("catalogue"))) as server:
        server.commit = commit_files(server, "anna/encoder", files)
        server.files = files
        call(server, "POST", "/api/repos/create", {"name": "rows", "organization": "anna", "type": "dataset"})
        body = b"".join(
            json.dumps({"key": key, "value": value}).encode() + b"\n" for key, value in (
                ("header", {"summary": "rows"}),
                ("file", {"path": "data/train.csv", "content": "text,label\na,0\nb,1\n", "encoding": "utf-8"}),
            )
        )
        assert call(server, "POST", "/api/datasets/anna/rows/commit/main", body)[0] == 200
        for version, text in (("v1", b"one"), ("v2", b"two")):
            forms = ["-F", "file=@-;filename=notes.txt", "-F", "user_id=anna", "-F", "model_id=notes", "-F", f"version={version}"]
            subprocess.run(
                ["curl", "-sSf", *forms, f"{server.url}/ai-models/upload/single"], input=text, check=True, capture_output=True
            )
        yield server


@pytest.fixture()
def client(mirror, tmp_path):
    return HubClient(mirror, tmp_path / "home")


@pytest.fixture(scope="module")
def genuine(mirror, caches):
    """A sentence encoder as it was published, uploaded."""
    folder = next((caches.hub / f"models--{MINILM.replace('/', '--')}" / "snapshots").iterdir())
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    commit_files(mirror, "anna/genuine", files)


@pytest.mark.slow
def test_transformers_loads_what_was_uploaded(client, genuine):
    [size, tokens] = client.run(
        """
        from transformers import AutoModel, AutoTokenizer
        tell(AutoModel.from_pretrained("anna/genuine").config.hidden_size)
        tell(AutoTokenizer.from_pretrained("anna/genuine")("hello")["input_ids"])
        """
    )
    assert size > 0 and len(tokens) >= 3


@pytest.mark.slow
def test_sentence_transformers_loads_what_was_uploaded(client, genuine):
    pytest.importorskip("sentence_transformers")
    [shape] = client.run(
        """
        from sentence_transformers import SentenceTransformer
        tell(list(SentenceTransformer("anna/genuine", device="cpu").encode(["hello"]).shape))
        """
    )
    assert shape[0] == 1


@pytest.mark.slow
def test_datasets_loads_and_streams_what_was_uploaded(client):
    pytest.importorskip("datasets")
    said = client.run(
        """
        from datasets import load_dataset
        tell(load_dataset("anna/rows", split="train").to_list())
        tell(list(load_dataset("anna/rows", split="train", streaming=True)))
        """
    )
    assert said[0] == said[1] == [{"text": "a", "label": 0}, {"text": "b", "label": 1}]


@pytest.mark.slow
def test_a_commit_and_its_files_are_found_in_every_way(client, mirror):
    said = client.run(
        """
        info = api.model_info("anna/encoder", files_metadata=True)
        tell({s.rfilename: [s.size, s.lfs.sha256 if s.lfs else s.blob_id] for s in info.siblings})
        tell([p.path for p in api.get_paths_info("anna/encoder", ["config.json", "1_Pooling", "none"])])
        url = hf_hub_url("anna/encoder", "model.safetensors")
        meta = get_hf_file_metadata(url)
        tell([meta.commit_hash, meta.etag, meta.size])
        tell([m.id for m in api.list_models(search="encoder")])
        tell(api.file_exists("anna/encoder", "none"))
        tell(open(hf_hub_download("anna/encoder", "config.json", revision=info.sha)).read())
        """
    )
    weights = mirror.files["model.safetensors"]
    assert said[0]["model.safetensors"] == [len(weights), hashlib.sha256(weights).hexdigest()]
    assert said[1] == ["config.json", "1_Pooling"]
    assert said[2] == [mirror.commit, hashlib.sha256(weights).hexdigest(), len(weights)]
    assert said[3] == ["anna/encoder"] and said[4] is False
    assert said[5].encode() == mirror.files["config.json"]


@pytest.mark.slow
def test_versions_of_the_registry_are_revisions(client):
    said = client.run(
        """
        refs = api.list_repo_refs("anna/notes")
        tell([[b.name for b in refs.branches], [t.name for t in refs.tags]])
        tell([open(hf_hub_download("anna/notes", "notes.txt", revision=r)).read() for r in ("v1", "v2", "main")])
        tell(api.list_repo_files("anna/notes", revision="v1"))
        tell("anna/notes" in [m.id for m in api.list_models(author="anna")])
        try:
            api.upload_file(path_or_fileobj=b"3", path_in_repo="notes.txt", repo_id="anna/notes")
        except errors.HfHubHTTPError as problem:
            tell(problem.response.status_code)
        try:
            hf_hub_download("anna/notes", "notes.txt", revision="v3")
        except errors.RevisionNotFoundError:
            tell(True)
        """
    )
    assert said == [[["main"], ["v1", "v2"]], ["one", "two", "two"], ["notes.txt"], True, 403, True]


def test_content_that_is_not_what_it_was_is_not_sent(knapsack, caches, tmp_path):
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        commit_files(server, "anna/x", {"a.bin": b"1" * 5000})
        digest = hashlib.sha256(b"1" * 5000).hexdigest()
        path = tmp_path / "c" / "content" / digest[:2] / digest
        path.chmod(0o644)
        path.write_bytes(b"2" * 5000)
        status, _, body = call(server, "GET", "/anna/x/resolve/main/a.bin")
        assert status in (409, 503) and b"2222" not in body


@pytest.mark.slow
def test_the_catalogue_comes_before_the_cache(knapsack, caches, tmp_path):
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path / "c")) as server:
        before = json.loads(call(server, "GET", f"/api/models/{MINILM}")[2])["sha"]
        oid = commit_files(server, MINILM, {"own.txt": b"1"})
        assert json.loads(call(server, "GET", f"/api/models/{MINILM}")[2])["sha"] == oid != before
        found = json.loads(call(server, "GET", "/api/models")[2])
        assert [item["id"] for item in found].count(MINILM) == 1


@pytest.mark.slow
def test_commits_have_the_names_that_git_gives(mirror, tmp_path):
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    log = json.loads(call(mirror, "GET", "/api/models/anna/encoder/commits/main")[2])
    parent: list[str] = []
    for commit in reversed(log):
        tree = json.loads(call(mirror, "GET", f"/api/models/anna/encoder/tree/{commit['id']}?recursive=true")[2])
        subprocess.run([*git, "read-tree", "--empty"], check=True)
        for item in tree:
            if item["type"] == "file":
                raw = call(mirror, "GET", f"/anna/encoder/raw/{commit['id']}/{item['path']}")[2]
                made = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=raw, capture_output=True, check=True)
                assert made.stdout.decode().strip() == item["oid"]
                entry = f"100644,{item['oid']},{item['path']}"
                subprocess.run([*git, "update-index", "--add", "--cacheinfo", entry], check=True)
        written = subprocess.run([*git, "write-tree"], capture_output=True, text=True, check=True).stdout.strip()
        author = commit["authors"][0]["user"]
        person = {"NAME": author, "EMAIL": f"{author}@users.noreply", "DATE": commit["date"].replace(".000Z", "Z")}
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
        made = subprocess.run(
            [*git, "commit-tree", written, *parent], input=commit["title"], text=True, capture_output=True, check=True, env=who,
        )
        assert made.stdout.strip() == commit["id"]
        parent = ["-p", commit["id"]]
