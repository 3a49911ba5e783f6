"""GGUF files of `knapsack serve` for ollama and llama.cpp, from the catalogue and from a cache."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy
import pytest
from gguf import GGUFWriter
from hub_uploads import call, commit_files
from ollama_pull import pull
from serving import serving

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
KIND = "application/vnd.ollama.image."


def gguf(path: Path, seed: int, template: str | None = CHATML) -> bytes:
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    if template:
        writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", numpy.random.default_rng(seed).standard_normal((300, 64), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def shelf(knapsack, caches, tmp_path_factory):
    """A server whose catalogue has a repository with several GGUF files, and the files."""
    folder = tmp_path_factory.mktemp("gguf")
    names = [
        "very-IQ4_K_M.gguf", "tiny-Q8_0.gguf", "tiny-Q4_K_M.gguf", "tiny-F16.gguf", "mmproj-tiny-F16.gguf",
        "big/big-Q5_K_M-00001-of-00002.gguf", "big/big-Q5_K_M-00002-of-00002.gguf",
    ]
    files = {name: gguf(folder / "x.gguf", number) for number, name in enumerate(names)}
    files |= {"LICENSE": b"Do what you like.\n", "config.json": b"{}"}
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(folder / "c")) as server:
        commit_files(server, "anna/tiny-gguf", files)
        commit_files(server, "anna/own", {
            "own.gguf": gguf(folder / "x.gguf", 9), "template": b"{{ .Prompt }}", "params": b'{"num_ctx": 64}', "system": b"Be brief.",
        })
        commit_files(server, "anna/plain", {"plain.gguf": gguf(folder / "x.gguf", 10, "{{ messages }}")})
        commit_files(server, "anna/none", {"config.json": b"{}"})
        yield server, files


@pytest.mark.smoke
def test_ollama_pulls_the_usual_quantization(shelf):
    server, files = shelf
    manifest, blobs = pull(server, "anna/tiny-gguf")
    assert blobs[KIND + "model"] == files["tiny-Q4_K_M.gguf"]
    assert blobs[KIND + "projector"] == files["mmproj-tiny-F16.gguf"]
    assert blobs[KIND + "license"] == files["LICENSE"]
    assert b"<|im_start|>{{ .Role }}" in blobs[KIND + "template"]
    assert json.loads(blobs[KIND + "params"]) == {"stop": ["<|im_start|>", "<|im_end|>"]}
    config = json.loads(blobs["application/vnd.docker.container.image.v1+json"])
    assert (config["model_format"], config["model_family"], config["file_type"]) == ("gguf", "llama", "Q4_K_M")
    assert config["model_type"] == "19.2K"
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert pull(server, "anna/tiny-gguf") == (manifest, blobs)


@pytest.mark.slow
@pytest.mark.parametrize("tag, name", [
    ("latest", "tiny-Q4_K_M.gguf"), ("Q4_K_M", "tiny-Q4_K_M.gguf"), ("q4_k_m", "tiny-Q4_K_M.gguf"), ("Q8_0", "tiny-Q8_0.gguf"),
    ("iq4_k_m", "very-IQ4_K_M.gguf"), ("F16", "tiny-F16.gguf"), ("tiny-F16.gguf", "tiny-F16.gguf"),
])
def test_the_tag_chooses_the_file(shelf, tag, name):
    server, files = shelf
    manifest, _ = pull(server, f"anna/tiny-gguf:{tag}")
    digest = hashlib.sha256(files[name]).hexdigest()
    assert manifest["layers"][0]["digest"] == f"sha256:{digest}"


@pytest.mark.slow
def test_a_repository_states_its_own_template(shelf):
    blobs = pull(shelf[0], "anna/own")[1]
    assert blobs[KIND + "template"] == b"{{ .Prompt }}" and blobs[KIND + "system"] == b"Be brief."
    assert json.loads(blobs[KIND + "params"]) == {"num_ctx": 64}
    assert KIND + "template" not in pull(shelf[0], "anna/plain")[1]


@pytest.mark.slow
def test_what_is_not_there_is_told(shelf):
    server, _ = shelf
    for name, status, words in (
        ("anna/tiny-gguf:Q2_K", 404, "it has F16, IQ4_K_M, Q4_K_M"), ("anna/none", 404, "it has no GGUF files"),
        ("anna/tiny-gguf:Q5_K_M", 400, "one of 2 files"), ("anna/missing", 404, "no model anna/missing"),
    ):
        found, document = pull(server, name)
        assert found == status and words in document["errors"][0]["message"], document
    digest = "sha256:" + "0" * 64
    for path in (f"/v2/anna/tiny-gguf/blobs/{digest}", "/v2/anna/tiny-gguf/blobs/sha256:..", "/v2/anna/x", "/v2/../etc/manifests/x"):
        assert call(server, "GET", path)[0] in (400, 404)
    status, fields, _ = call(server, "PUT", "/v2/anna/tiny-gguf/manifests/x", b"{}")
    assert status == 405 and fields["allow"] == "GET, HEAD"
    assert call(server, "GET", "/v2/")[0] == 200


@pytest.mark.slow
def test_a_file_of_a_cache_is_pulled(knapsack, caches, tmp_path):
    content = gguf(tmp_path / "x.gguf", 3)
    digest, commit = hashlib.sha256(content).hexdigest(), "a" * 40
    folder = tmp_path / "hub" / "models--org--cached"
    for part in ("blobs", f"snapshots/{commit}", "refs"):
        (folder / part).mkdir(parents=True)
    (folder / "blobs" / digest).write_bytes(content)
    (folder / "snapshots" / commit / "m-Q8_0.gguf").symlink_to(f"../../blobs/{digest}")
    (folder / "refs" / "main").write_text(commit)
    with serving(knapsack.with_caches(tmp_path / "hub")) as server:
        assert pull(server, "org/cached:q8_0")[1][KIND + "model"] == content


@pytest.mark.slow
def test_earlier_llama_cpp_reads_the_file_from_the_manifest(shelf):
    server, _ = shelf
    path = "/v2/anna/tiny-gguf/manifests/"
    found = json.loads(call(server, "GET", path + "latest", User_Agent="llama-cpp")[2])
    assert found["ggufFile"]["rfilename"] == "tiny-Q4_K_M.gguf" and found["mmprojFile"]["rfilename"] == "mmproj-tiny-F16.gguf"
    found = json.loads(call(server, "GET", path + "Q5_K_M", User_Agent="llama-cpp/b7000")[2])
    assert found["ggufFile"]["rfilename"] == "big/big-Q5_K_M-00001-of-00002.gguf"
    assert "ggufFile" not in json.loads(call(server, "GET", path + "latest")[2])


@pytest.mark.slow
def test_llama_cpp_asks_for_refs_the_tree_and_the_files(shelf):
    """The requests of common/hf-cache.cpp and common/download.cpp, which escape nothing."""
    server, files = shelf
    agent = {"User_Agent": "llama-cpp/b7000-0c1e570", "Accept": "application/json"}
    branches = json.loads(call(server, "GET", "/api/models/anna/tiny-gguf/refs", **agent)[2])["branches"]
    [oid] = [branch["targetCommit"] for branch in branches if branch["name"] == "main"]
    tree = json.loads(call(server, "GET", f"/api/models/anna/tiny-gguf/tree/{oid}?recursive=true", **agent)[2])
    found = {item["path"]: item.get("lfs", item)["oid"] for item in tree if item["type"] == "file"}
    name = "big/big-Q5_K_M-00002-of-00002.gguf"
    assert found[name] == hashlib.sha256(files[name]).hexdigest()
    path = f"/anna/tiny-gguf/resolve/{oid}/{name}"
    status, fields, _ = call(server, "HEAD", path, **agent)
    assert status == 200 and fields["accept-ranges"] == "bytes" and int(fields["content-length"]) == len(files[name])
    status, _, body = call(server, "GET", path, Range="bytes=1000-")
    assert status == 206 and body == files[name][1000:]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("LLAMA_CPP_GET"), reason="LLAMA_CPP_GET names no program of llama.cpp's own download")
@pytest.mark.parametrize("tag, names", [
    ("", ["tiny-Q4_K_M.gguf", "mmproj-tiny-F16.gguf"]),
    (":Q5_K_M", ["big/big-Q5_K_M-00001-of-00002.gguf", "big/big-Q5_K_M-00002-of-00002.gguf"]),
])
def test_llama_cpp_itself_downloads(shelf, tmp_path, tag, names):
    server, files = shelf
    done = subprocess.run(
        [os.environ["LLAMA_CPP_GET"], f"anna/tiny-gguf{tag}"], capture_output=True, text=True, timeout=60,
        env={"HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"), "HF_ENDPOINT": server.url},
    )
    assert done.returncode == 0, done.stderr
    got = {line.split(" ", 2)[1]: Path(line.split(" ", 2)[2]).read_bytes() for line in done.stdout.splitlines() if " " in line}
    for name in names:
        assert got[name] == files[name]
