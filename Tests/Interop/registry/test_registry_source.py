"""What a registry has as an entry of a manifest: fetched, pinned, proved, and packed without the network."""

import hashlib
import json
import random
import shutil
import subprocess
import time

import pytest
from cli import contents, manifest, read_lock
from real_registry import NEEDED, SKOPEO, RealRegistry
from wayward_registry import Fault, WaywardRegistry, digest

RAW = "application/vnd.cncf.model.weight.v1.raw"
GGUF = "application/vnd.docker.ai.gguf.v3"
TINY = "models--tester--sharded"


@pytest.fixture
def registry():
    server = WaywardRegistry()
    yield server
    server.close()
    assert not server.problems, server.problems


@pytest.fixture
def run(knapsack, tmp_path):
    return knapsack.with_caches(None, None, HOME=str(tmp_path / "user"), KNAPSACK_CACHE_DIR=str(tmp_path / "home"))


@pytest.fixture(scope="module")
def model(caches) -> dict[str, bytes]:
    """The files of a model, by their paths."""
    (snapshot,) = (caches.hub / TINY / "snapshots").iterdir()
    return {path.relative_to(snapshot).as_posix(): path.read_bytes() for path in sorted(snapshot.rglob("*")) if path.is_file()}


def packed(files: dict[str, bytes]):
    return [(RAW, path, content) for path, content in files.items()]


def entry(source: str, name: str = "m", **keys) -> dict:
    return {"name": name, "source": source, "license": "mit", "allow": ["license-unknown"], **keys}


def write(tmp_path, *entries: dict):
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=list(entries)))
    return path


# Fetch, lock and pack


@pytest.mark.smoke
@pytest.mark.parametrize("store", [False, True], ids=["itself", "store"])
def test_what_was_fetched_is_locked_and_packed_without_the_registry(run, registry, model, tmp_path, store):
    registry.store = store
    pinned = registry.add("team/model", "v1", packed(model))
    source = f"oci:{registry.host}/team/model:v1"
    path = write(tmp_path, entry(source))
    assert "not-cached" in run("lock", path, "--json").expect(2).stdout
    run("fetch", path).expect(0)
    registry.requests.clear()
    run("lock", path).expect(0)
    locked = json.loads((tmp_path / "m.lock").read_text())["entries"][0]
    assert locked["resolved"]["registry"] == {"manifest": pinned, "name": source.removeprefix("oci:")}
    assert {file["proof"] for file in locked["files"]} == {"blob-sha256"}
    run("check", path).expect(0)
    run("pack", path, "--output", tmp_path / "bundle").expect(0)
    run("verify", tmp_path / "bundle").expect(0)
    run("verify", tmp_path / "m.lock").expect(0)
    assert registry.requests == []
    for name, content in model.items():
        assert (tmp_path / "bundle/models/m" / name).read_bytes() == content


def test_one_command_fetches_locks_and_packs(run, registry, model, tmp_path):
    registry.add("team/model", "v1", packed(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/team/model:v1"))
    run("pack", path, "--fetch", "--output", tmp_path / "bundle").expect(0)
    run("verify", tmp_path / "bundle").expect(0)


def test_a_lock_brings_the_same_bytes_to_another_machine(run, knapsack, registry, model, tmp_path):
    registry.add("team/model", "v1", packed(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/team/model:v1"))
    run("lock", path, "--fetch").expect(0)
    lock = (tmp_path / "m.lock").read_bytes()
    registry.add("team/model", "v1", packed({**model, "config.json": b"{}"}))
    other = knapsack.with_caches(None, None, HOME=str(tmp_path / "user2"), KNAPSACK_CACHE_DIR=str(tmp_path / "home2"))
    other("pack", path, "--fetch", "--locked", "--output", tmp_path / "bundle").expect(0)
    assert (tmp_path / "m.lock").read_bytes() == lock
    assert (tmp_path / "bundle/models/m/config.json").read_bytes() == model["config.json"]
    # Moved on, it is what the tag means now.
    run("lock", path, "--fetch", "--update").expect(0)
    assert read_lock(path.with_suffix(".lock"))["m"]["resolved"] != json.loads(lock)["entries"][0]["resolved"]


def test_a_digest_in_the_source_means_this_manifest_wherever_the_tag_is(run, registry, model, tmp_path):
    pinned = registry.add("team/model", "v1", packed(model))
    registry.add("team/model", "v1", packed({**model, "config.json": b"{}"}))
    path = write(tmp_path, entry(f"oci:{registry.host}/team/model@{pinned}"))
    run("lock", path, "--fetch").expect(0)
    assert read_lock(path.with_suffix(".lock"))["m"]["resolved"]["registry"]["manifest"] == pinned


def test_models_of_docker_become_entries(run, registry, tmp_path):
    layers = [(GGUF, None, b"GGUF one"), (GGUF, None, b"GGUF two"), ("application/vnd.docker.ai.license", None, b"MIT")]
    registry.add("ai/small", "latest", layers)
    registry.add("ai/named", "1", [("application/vnd.cncf.model.weight.v1.gguf", "small.gguf", b"GGUF")])
    run("fetch", f"oci:{registry.host}/ai/small", f"oci:{registry.host}/ai/named:1").expect(0)
    path = tmp_path / "m.toml"
    names = {"small": f"oci:{registry.host}/ai/small", "named": f"oci:{registry.host}/ai/named:1"}
    path.write_text(manifest(files=[entry(source, name) for name, source in names.items()]))
    run("lock", path).expect(0)
    lock = read_lock(path.with_suffix(".lock"))
    assert sorted(file["path"] for file in lock["small"]["files"]) == [
        "LICENSE", "model-00001-of-00002.gguf", "model-00002-of-00002.gguf",
    ]  # fmt: skip
    assert [file["path"] for file in lock["named"]["files"]] == ["small.gguf"]


def test_only_what_is_wanted_is_loaded_and_equal_contents_once(run, registry, model, tmp_path):
    registry.add("team/model", "v1", packed({**model, "copy.json": model["config.json"], "original/big.bin": b"x" * 100_000}))
    source = f"oci:{registry.host}/team/model:v1"
    path = write(tmp_path, entry(source, exclude=["original/*"]), entry(source, "same", exclude=["original/*"]))
    run("lock", path, "--fetch").expect(0)
    asked = [rest for method, rest in registry.requests if method == "GET" and "/blobs/" in rest]
    assert len(asked) == len(set(asked)) and not [rest for rest in asked if digest(b"x" * 100_000) in rest]
    registry.requests.clear()
    run("fetch", path).expect(0)
    assert registry.requests == []


# Bundles that Knapsack pushed


@pytest.fixture
def pushed(run, registry, caches, tmp_path):
    """A bundle of two entries in the registry; the name of it."""
    path = tmp_path / "bundle.toml"
    entries = [entry("hf:tester/sharded", "one"), entry("hf:tester/sharded", "two", include=["*.json"])]
    path.write_text(manifest(model=entries[:1], files=entries[1:]))
    reading = run.with_caches(caches.hub, None)
    reading("lock", path).expect(0)
    reading("push", path, f"oci://{registry.host}/team/bundle:v1").expect(0)
    return f"oci:{registry.host}/team/bundle:v1"


def test_an_entry_of_a_pushed_bundle_becomes_an_entry(run, pushed, model, tmp_path):
    path = write(tmp_path, entry(f"{pushed}#one"))
    run("pack", path, "--fetch", "--output", tmp_path / "got").expect(0)
    assert {name: (tmp_path / "got/models/m" / name).read_bytes() for name in model} == model
    assert read_lock(path.with_suffix(".lock"))["m"]["resolved"]["registry"]["entry"] == "one"


def test_a_bundle_of_several_entries_needs_the_name_of_one(run, pushed, tmp_path):
    for source, word in [(pushed, "one, two"), (f"{pushed}#three", "three")]:
        told = run("fetch", source).expect(2)
        assert word in told.text and "fetch-file-refused" in run("fetch", source, "--json").stdout


@pytest.mark.slow
def test_a_cache_that_gets_nothing_of_a_bundle_is_refused_before_anything_is_loaded(run, registry, pushed, model, tmp_path):
    registry.requests.clear()
    name = pushed.replace("oci:", "oci://")
    told = run("pull", name, "--kagglehub-cache", tmp_path / "kaggle", "--json").expect(2)
    assert "nothing-to-unpack" in told.stdout and name in told.text and ".pull" not in told.text
    asked = [path for method, path in registry.requests if "/blobs/" in path]
    assert len(asked) == 1, asked  # the lock
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".pull")] and not (tmp_path / "kaggle").exists()


def test_what_is_no_bundle_has_no_entries(run, registry, model):
    registry.add("team/model", "v1", packed(model))
    assert "is not a bundle" in run("fetch", f"oci:{registry.host}/team/model:v1#one").expect(2).text


# What breaks, and what is not believed


def test_wrong_bytes_get_no_name(run, registry, model, tmp_path):
    registry.add("team/model", "v1", packed(model))
    registry.faults = [Fault("wrong", "GET", "blobs/sha256", times=1000)]
    assert "download-wrong" in run("fetch", f"oci:{registry.host}/team/model:v1", "--json").expect(1, 2).stdout
    stored = tmp_path / "home/registries/blobs/sha256"
    for path in stored.iterdir():
        assert len(path.name) != 64 or hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    registry.faults = []
    run("fetch", f"oci:{registry.host}/team/model:v1").expect(0)


def test_a_store_that_was_changed_is_found_out(run, registry, model, tmp_path):
    registry.add("team/model", "v1", packed(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/team/model:v1"))
    run("fetch", path).expect(0)
    weights = max(model.values(), key=len)
    blob = tmp_path / "home/registries/blobs/sha256" / hashlib.sha256(weights).hexdigest()
    blob.write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    assert "hash-mismatch" in run("lock", path, "--json").expect(1).stdout
    blob.unlink()
    run("lock", path).expect(1, 2)
    run("fetch", path).expect(0)
    run("lock", path).expect(0)


@pytest.mark.parametrize(
    "change",
    [
        lambda lock: lock.replace(b'"natural"', b'"natural"'),
        lambda lock: lock[:-40],
        lambda lock: lock.replace(b'"path": "config.json"', b'"path": "../../x.json"'),
    ],
    ids=["same", "cut", "escapes"],
)
def test_a_lock_in_an_artifact_is_not_believed(run, registry, pushed, tmp_path, change):
    repository = registry.repository("team/bundle")
    text, kind = repository.manifests["v1"]
    document = json.loads(text)
    (layer,) = [layer for layer in document["layers"] if layer["annotations"]["org.cncf.model.filepath"] == "knapsack.lock"]
    lock = repository.blobs[layer["digest"]]
    changed = change(lock)
    layer.update(digest=digest(changed), size=len(changed))
    repository.blobs[digest(changed)] = changed
    registry.add_manifest("team/bundle", "v1", document)
    run("fetch", f"{pushed}#one").expect(0 if changed == lock else 2)
    assert not list(tmp_path.rglob("x.json"))


def test_another_manifest_than_the_pinned_one_is_refused(run, registry, model):
    pinned = registry.add("team/model", "v1", packed(model))
    repository = registry.repository("team/model")
    text, kind = repository.manifests[pinned]
    repository.manifests[pinned] = (text + b" ", kind)
    assert "not asked for" in run("fetch", f"oci:{registry.host}/team/model@{pinned}").expect(2).text


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("oci:ghcr.io", "no name of an artifact"), ("oci:ghcr.io/A/b", "small letters"), ("oci://ghcr.io/a/b", "oci:ghcr.io/a/b:latest"),
        ("oci:../a:1", "no name"), ("oci:..:5000/a:1", "no name"), ("oci:ghcr.io/a:1#A", "entry"), ("oci:ghcr.io/a:1#../b", "entry"),
        ("oci:ghcr.io/a@sha256:00", "no name"), ("oci:user@ghcr.io/a", "no name"),
    ],
)  # fmt: skip
def test_names_that_are_none_are_told_as_such(run, tmp_path, source, word):
    assert word in run("fetch", source).expect(2).text
    assert word in run("lock", write(tmp_path, entry(source))).expect(2).text


def test_what_the_registry_lacks_is_named(run, registry, tmp_path):
    path = write(tmp_path, entry(f"oci:{registry.host}/team/none:v1"))
    told = run("lock", path, "--fetch").expect(2)
    assert f"m: there is no oci://{registry.host}/team/none:v1" in told.text


def test_an_interrupted_fetch_goes_on(run, registry, model):
    registry.add("team/model", "v1", packed(model))
    weights = max(model.values(), key=len)
    registry.faults = [Fault("status", "GET", digest(weights), times=1000)]
    run("fetch", f"oci:{registry.host}/team/model:v1", "--retries", "0").expect(2)
    registry.faults = []
    registry.requests.clear()
    run("fetch", f"oci:{registry.host}/team/model:v1").expect(0)
    asked = [path for method, path in registry.requests if method == "GET" and "/blobs/" in path]
    assert all(digest(weights) in path for path in asked)


# Beside the other commands


def test_the_other_commands_know_what_was_fetched(run, registry, model, tmp_path):
    pinned = registry.add("team/model", "v1", packed(model))
    source = f"oci:{registry.host}/team/model:v1"
    info = run("info", source, "--json").expect(0).json()
    assert info["revision"] == pinned and info["kind"] == "model"
    run("fetch", source).expect(0)
    assert run("info", source, "--offline", "--json").expect(0).json()["revision"] == pinned
    (listed,) = run("list", "--json").expect(0).json()["models"]
    assert listed["cache"] == "registry" and listed["source"] == source and listed["complete"] is True
    assert "config.json" in run("inspect", f"{source}:config.json").expect(0, 1, 2).text
    (tmp_path / "m.toml").write_text(manifest(model=[entry("hf:a/b")]))
    run("add", source, "--manifest", tmp_path / "m.toml").expect(0)
    assert f'source = "{source}"' in (tmp_path / "m.toml").read_text()
    kept = run("cache", "--json").expect(0).json()
    assert kept["registries"]["files"] > 0
    run("cache", "prune", "--registries").expect(0)
    assert not (tmp_path / "home/registries").exists()


def test_the_bill_of_materials_names_the_artifact(run, registry, model, tmp_path):
    pinned = registry.add("team/model", "v1", packed(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/team/model:v1"))
    run("lock", path, "--fetch").expect(0)
    for form in ["cyclonedx", "spdx"]:
        text = run("sbom", tmp_path / "m.lock", "--format", form).expect(0).stdout
        assert f"pkg:oci/model@sha256%3A{pinned.removeprefix('sha256:')}?repository_url=" in text


@NEEDED
@SKOPEO
def test_what_skopeo_copied_between_registries_is_the_same_source(run, model, tmp_path, knapsack):
    """Pushed by Knapsack, copied by skopeo, and taken from the copy."""
    one, two = RealRegistry(tmp_path / "one"), RealRegistry(tmp_path / "two")
    try:
        folder = tmp_path / "model"
        for name, content in model.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        path = write(tmp_path, entry("path:model"))
        run("lock", path).expect(0)
        run("push", path, f"oci://{one.host}/team/model:v1").expect(0)
        subprocess.run(
            [
                "skopeo", "copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false",
                f"docker://{one.host}/team/model:v1", f"docker://{two.host}/copy/model:v2",
            ],
            check=True,
        )  # fmt: skip
        path = write(tmp_path, entry(f"oci:{two.host}/copy/model:v2"))
        shutil.rmtree(folder)
        run("pack", path, "--fetch", "--output", tmp_path / "got").expect(0)
        assert {name: (tmp_path / "got/models/m" / name).read_bytes() for name in model} == model
        run("verify", tmp_path / "got").expect(0)
        assert "models/m/config.json" in contents(tmp_path / "got")
    finally:
        one.kill()
        two.kill()


def killed(run, registry, tmp_path, kills: int, seed: int) -> None:
    """Fetches with so many kills: what has the name of its digest has that digest, and a lock is of all files or there is none."""
    generator = random.Random(seed)
    contents = {f"part-{number}.bin": hashlib.shake_128(f"{seed} {number}".encode()).digest(3_000_000) for number in range(3)}
    registry.add("team/large", "v1", packed({**contents, "config.json": b'{"model_type": "x"}'}))
    path = tmp_path / "m.toml"
    path.write_text(manifest(files=[entry(f"oci:{registry.host}/team/large:v1")]))
    stored = tmp_path / "home/registries/blobs/sha256"
    for _ in range(kills):
        process = run.start("fetch", path, "--bandwidth", "4MB", "--connections", "2")
        time.sleep(generator.uniform(0.02, 0.4))
        process.kill()
        process.communicate()
        for blob in stored.glob("*") if stored.exists() else []:
            assert len(blob.name) != 64 or hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    run("fetch", path).expect(0)
    run("lock", path).expect(0)
    run("pack", path, "--output", tmp_path / "bundle").expect(0)
    assert {name: (tmp_path / "bundle/files/m" / name).read_bytes() for name in contents} == contents


@pytest.mark.kill
def test_fifteen_kills_of_a_fetch(run, registry, tmp_path):
    killed(run, registry, tmp_path, 15, 15)


@pytest.mark.slow
@pytest.mark.kill
def test_two_hundred_kills_of_a_fetch(run, registry, tmp_path):
    for seed in range(10):
        home = tmp_path / str(seed)
        home.mkdir()
        own = run.with_caches(None, None, HOME=str(home / "user"), KNAPSACK_CACHE_DIR=str(home / "home"))
        killed(own, registry, home, 20, seed)


def test_two_fetches_of_one_artifact_at_once(run, registry, model, tmp_path):
    registry.add("team/model", "v1", packed(model))
    source = f"oci:{registry.host}/team/model:v1"
    running = [run.start("fetch", source) for _ in range(4)]
    for process in running:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, output + errors
    run("lock", write(tmp_path, entry(source))).expect(0)
