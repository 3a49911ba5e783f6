"""What `fetch` writes is what the official client writes, and the client takes it for its own."""

import json
import os
import subprocess
import sys

import genuine
import pytest
from fetching import REPO, copied, layout, require_true, size_of, started


@pytest.mark.smoke
def test_the_cache_is_the_clients_to_the_byte(fetch, whole, tmp_path):
    fetch(tmp_path / "hub", f"hf:{REPO}").expect(0)
    assert layout(tmp_path / "hub") == whole


@pytest.mark.parametrize(
    ("source", "arguments", "keywords"),
    [
        pytest.param("@v1.0", [], "revision='v1.0'", marks=pytest.mark.slow),
        ("@refs/pr/1", [], "revision='refs/pr/1'"),
        pytest.param("@COMMIT", [], "revision='COMMIT'", marks=pytest.mark.slow),
        ("", ["--include", "*.safetensors", "--include", "sub/*", "--exclude", "*.bin"],
         "allow_patterns=['*.safetensors', 'sub/*'], ignore_patterns=['*.bin']"),
        ("", ["--revision", "v1.0", "--exclude", "onnx/*"], "revision='v1.0', ignore_patterns=['onnx/*']"),
    ],
)  # fmt: skip
def test_revisions_and_patterns_mean_what_they_mean_to_the_client(fetch, wayward, tmp_path, source, arguments, keywords):
    source, keywords = source.replace("COMMIT", wayward.commit), keywords.replace("COMMIT", wayward.commit)
    fetch(tmp_path / "own" / "hub", f"hf:{REPO}{source}", *arguments).expect(0)
    genuine.snapshot_download(wayward, tmp_path / "theirs" / "hub", REPO, keywords)
    assert layout(tmp_path / "own" / "hub") == layout(tmp_path / "theirs" / "hub")


@pytest.mark.parametrize("kind", ["dataset", pytest.param("space", marks=pytest.mark.slow)])
def test_other_kinds_of_repositories(fetch, wayward, origin, tmp_path, kind):
    wayward.add("tester/other", origin, kind=kind)
    fetch(tmp_path / "own" / "hub", f"hf-{kind}:tester/other").expect(0)
    genuine.snapshot_download(wayward, tmp_path / "theirs" / "hub", "tester/other", f"repo_type={kind!r}")
    assert layout(tmp_path / "own" / "hub") == layout(tmp_path / "theirs" / "hub")


def test_the_client_online_loads_nothing_again(fetch, wayward, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}").expect(0)
    before = layout(cache)
    wayward.reset()
    genuine.snapshot_download(wayward, cache, REPO)
    assert wayward.sent == 0 and not [line for line in wayward.requests if line.startswith("GET") and "/resolve/" in line]
    assert layout(cache) == before


def test_what_the_client_loaded_is_not_loaded_again(fetch, wayward, whole, origin, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(wayward, cache, REPO, "ignore_patterns=['*.safetensors']")
    wayward.reset()
    fetch(cache, f"hf:{REPO}").expect(0)
    assert wayward.sent == (origin / "model.safetensors").stat().st_size
    assert layout(cache) == whole


def test_a_second_fetch_asks_for_nothing_but_the_list(fetch, wayward, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}").expect(0)
    before = layout(cache)
    wayward.reset()
    done = fetch(cache, f"hf:{REPO}").expect(0)
    assert "all there" in done.stderr and wayward.sent == 0 and not [path for path in wayward.requests if "/resolve/" in path]
    assert layout(cache) == before


def test_the_client_finds_all_offline(fetch, wayward, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}@v1.0").expect(0)
    code = (
        "import json, huggingface_hub as h\n"
        f"print(h.snapshot_download({REPO!r}, revision='v1.0'))\n"
        f"print(h.hf_hub_download({REPO!r}, 'sub/deeper/file-00.txt', revision='v1.0'))\n"
        "info = h.scan_cache_dir()\n"
        "print(json.dumps([len(info.warnings), len(info.repos), info.incomplete_size_on_disk]))\n"
    )
    variables = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache)}
    lines = genuine.run_python(code, variables, tmp_path / "home").strip().splitlines()
    assert json.loads(lines[-1]) == [0, 1, 0]
    assert lines[0].endswith(wayward.commit) and lines[1].startswith(lines[0])


@pytest.mark.slow
def test_transformers_loads_what_was_fetched(fetch, wayward, tmp_path, original_embedding):
    from embedding import EMBED

    cache = tmp_path / "hub"
    wayward.add(genuine.MINILM, genuine.MINILM_FILES)
    fetch(cache, f"hf:{genuine.MINILM}").expect(0)
    variables = {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    found = json.loads(genuine.run_python(EMBED, variables, tmp_path / "home").strip().splitlines()[-1])
    assert found == original_embedding


def test_knapsack_itself_proves_what_it_fetched(fetch, knapsack, wayward, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}").expect(0)
    manifest = tmp_path / "m.toml"
    manifest.write_text(f'schema = 1\n[bundle]\nname = "fetched"\n[[files]]\nname = "all"\nsource = "hf:{REPO}"\n')
    program = knapsack.with_caches(cache)
    program("lock", manifest).expect(0)
    program("verify", manifest.with_suffix(".lock")).expect(0)
    entry = json.loads(manifest.with_suffix(".lock").read_text())["entries"][0]
    assert entry["resolved"]["hub"]["commit"] == wayward.commit


def test_a_blob_of_the_wrong_size_is_replaced(fetch, wayward, origin, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}").expect(0)
    whole = layout(cache)
    blob = (cache / "models--tester--mixed/snapshots" / wayward.commit / "model.safetensors").resolve()
    blob.write_bytes(blob.read_bytes()[:-1])
    wayward.reset()
    fetch(cache, f"hf:{REPO}").expect(0)
    assert wayward.sent == (origin / "model.safetensors").stat().st_size and layout(cache) == whole


def test_beside_a_client_that_loads_the_same(knapsack, wayward, whole, origin, tmp_path):
    cache = tmp_path / "hub"
    wayward.rate = 3_000_000
    variables = {**wayward.client_environment(), "HF_HUB_CACHE": str(cache), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    code = f"from huggingface_hub import snapshot_download; snapshot_download({REPO!r})"
    client = subprocess.Popen([sys.executable, "-c", code], env=variables, stderr=subprocess.PIPE)
    own = started(knapsack, wayward, cache).start("fetch", f"hf:{REPO}")
    try:
        _, told = own.communicate(timeout=120)
        _, theirs = client.communicate(timeout=120)
    finally:
        for process in (own, client):
            process.kill()
    assert own.returncode == 0 and client.returncode == 0, (told, theirs)
    # Each takes the other's lock of every file: what one loads, the other does not.
    assert wayward.sent <= 1.2 * size_of(origin)
    require_true(cache)
    assert layout(cache) == whole


def test_two_fetches_at_once(knapsack, wayward, whole, origin, tmp_path):
    cache = tmp_path / "hub"
    wayward.rate = 3_000_000
    program = started(knapsack, wayward, cache)
    both = [program.start("fetch", f"hf:{REPO}") for _ in range(2)]
    for process in both:
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
    assert wayward.sent <= 1.1 * size_of(origin)
    assert layout(cache) == whole


def test_content_that_repositories_share_is_linked(fetch, wayward, origin, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}").expect(0)
    genuine.move_blobs_to_shared_store(cache)
    other = tmp_path / "other"
    other.mkdir()
    (other / "weights.safetensors").write_bytes((origin / "model.safetensors").read_bytes())
    wayward.add("tester/second", other)
    for files in wayward.repos["model", "tester/second"].commits.values():
        for item in files.values():
            entry = item.tree_entry
            item.tree_entry = lambda path, entry=entry, item=item: {**entry(path), "xetHash": item.sha256[::-1]}
    wayward.reset()
    fetch(cache, "hf:tester/second").expect(0)
    assert wayward.sent == 0
    (blob,) = (cache / "models--tester--second/blobs").iterdir()
    assert blob.is_symlink() and blob.read_bytes() == (origin / "model.safetensors").read_bytes()
    (users,) = (cache / "blobs" / blob.name[::-1][:2]).glob("*.refs")
    assert f"models--tester--second/blobs/{blob.name}" in users.read_text().splitlines()
    require_true(cache)


def test_shared_content_that_is_wrong_is_not_taken(fetch, wayward, origin, tmp_path):
    cache = tmp_path / "hub"
    fetch(cache, f"hf:{REPO}", "--include", "model.safetensors").expect(0)
    genuine.move_blobs_to_shared_store(cache)
    (blob,) = (path for path in (cache / "blobs").rglob("*") if path.is_file() and len(path.name) == 64)
    blob.chmod(0o644)
    blob.write_bytes(bytes(blob.stat().st_size))
    other = tmp_path / "other"
    other.mkdir()
    (other / "weights.safetensors").write_bytes((origin / "model.safetensors").read_bytes())
    wayward.add("tester/second", other)
    for files in wayward.repos["model", "tester/second"].commits.values():
        for item in files.values():
            entry = item.tree_entry
            item.tree_entry = lambda path, entry=entry, item=item: {**entry(path), "xetHash": item.sha256[::-1]}
    wayward.reset()
    fetch(cache, "hf:tester/second").expect(0)
    assert wayward.sent == (origin / "model.safetensors").stat().st_size
    copied(cache / "models--tester--second", tmp_path / "checked" / "models--tester--second")
    require_true(tmp_path / "checked")


@pytest.mark.slow
def test_datasets_loads_what_was_fetched(fetch, wayward, tmp_path):
    """`load_dataset` of the snapshot, without internet, with what the card configures.

    By its name datasets 5.2 loads without internet only what it has prepared before, whoever filled the Hub's cache.
    """
    pytest.importorskip("datasets", reason="the package datasets is not installed")
    origin = tmp_path / "origin"
    (origin / "data").mkdir(parents=True)
    (origin / "data/train.csv").write_text("text,label\nfirst,0\nsecond,1\n")
    (origin / "data/test.csv").write_text("text,label\nthird,1\n")
    (origin / "more.csv").write_text("text,label\nfourth,1\n")
    (origin / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: train, path: data/train.csv}\n"
        "  - {split: test, path: data/test.csv}\n- config_name: more\n  data_files: more.csv\n---\n"
    )
    wayward.add("tester/rows", origin, kind="dataset")
    cache = tmp_path / "hub"
    fetch(cache, "hf-dataset:tester/rows").expect(0)
    (snapshot,) = cache.glob("datasets--tester--rows/snapshots/*")
    code = (
        "import json, datasets\n"
        f"rows = datasets.load_dataset({str(snapshot)!r})\n"
        f"more = datasets.load_dataset({str(snapshot)!r}, 'more', split='train')\n"
        "print(json.dumps([{name: len(part) for name, part in rows.items()}, rows['train'][1], more[0]['text']]))\n"
    )
    variables = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(cache), "HF_DATASETS_CACHE": str(tmp_path / "arrow")}
    found = json.loads(genuine.run_python(code, variables, tmp_path / "home").strip().splitlines()[-1])
    assert found == [{"train": 2, "test": 1}, {"text": "second", "label": 1}, "fourth"]
