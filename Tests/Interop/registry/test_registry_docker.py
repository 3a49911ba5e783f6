"""Docker's models whose configuration is in a tar layer: opened, proved, locked and packed like files that are layers."""

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile

import pytest
from cli import manifest, read_lock
from docker_models import CONFIG_TAR, DIR_TAR, LICENSE, SAFETENSORS, TEMPLATE, Member, layers, push, tar
from real_registry import NEEDED, SKOPEO, RealRegistry
from wayward_registry import Fault, WaywardRegistry, digest

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
    (snapshot,) = (caches.hub / TINY / "snapshots").iterdir()
    return {path.relative_to(snapshot).as_posix(): path.read_bytes() for path in sorted(snapshot.rglob("*")) if path.is_file()}


def entry(source: str, name: str = "m", **keys) -> dict:
    return {"name": name, "source": source, "license": "mit", "allow": ["license-unknown"], **keys}


def write(tmp_path, *entries: dict):
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=list(entries)))
    return path


def stored(tmp_path, content: bytes):
    return tmp_path / "home/registries/blobs/sha256" / hashlib.sha256(content).hexdigest()


@NEEDED
@pytest.mark.smoke
def test_a_model_of_docker_is_locked_and_packed_without_the_registry(run, knapsack, model, tmp_path):
    real = RealRegistry(tmp_path / "registry")
    try:
        pinned = push(real.host, "ai/tiny", "latest", layers(model, license=b"MIT License"))
        path = write(tmp_path, entry(f"oci:{real.host}/ai/tiny"))
        run("fetch", path).expect(0)
        other = knapsack.with_caches(None, None, HOME=str(tmp_path / "user2"), KNAPSACK_CACHE_DIR=str(tmp_path / "home2"))
        run("lock", path).expect(0)
        other("fetch", path, "--locked").expect(0)
        other("fetch", f"oci:{real.host}/ai/tiny").expect(0)
    finally:
        real.kill()
    lock = (tmp_path / "m.lock").read_bytes()
    locked = json.loads(lock)["entries"][0]
    assert locked["resolved"]["registry"]["manifest"] == pinned
    expected = {**model, "LICENSE": b"MIT License"}
    assert {file["path"]: file["sha256"] for file in locked["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in expected.items()
    }
    assert {file["proof"] for file in locked["files"]} == {"blob-sha256"}
    (tmp_path / "m.lock").unlink()
    other("lock", path).expect(0)
    assert (tmp_path / "m.lock").read_bytes() == lock
    other("check", path).expect(0)
    run("verify", tmp_path / "m.lock").expect(0)
    run("pack", path, "--output", tmp_path / "bundle").expect(0)
    run("verify", tmp_path / "bundle").expect(0)
    assert {name: (tmp_path / "bundle/models/m" / name).read_bytes() for name in expected} == expected


@NEEDED
@SKOPEO
@pytest.mark.slow
def test_what_skopeo_copied_is_the_same_model(run, model, tmp_path):
    one, two = RealRegistry(tmp_path / "one"), RealRegistry(tmp_path / "two")
    try:
        pinned = push(one.host, "ai/tiny", "latest", layers(model))
        insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        places = [f"docker://{one.host}/ai/tiny:latest", f"docker://{two.host}/copy/tiny:v1"]
        subprocess.run(["skopeo", "copy", "--quiet", *insecure, *places], check=True)
        path = write(tmp_path, entry(f"oci:{two.host}/copy/tiny@{pinned}"))
        run("pack", path, "--fetch", "--output", tmp_path / "bundle").expect(0)
        assert {name: (tmp_path / "bundle/models/m" / name).read_bytes() for name in model} == model
    finally:
        one.kill()
        two.kill()


def test_the_archive_is_loaded_once_and_nobody_is_asked_for_what_is_in_it(run, registry, model, tmp_path):
    parts = layers(model)
    registry.add("ai/tiny", "latest", parts)
    source = f"oci:{registry.host}/ai/tiny"
    run("fetch", source).expect(0)
    asked = [path for method, path in registry.requests if method == "GET" and "/blobs/" in path]
    assert sorted(asked) == sorted(f"/v2/ai/tiny/blobs/{digest(content)}" for _, _, content in parts)
    registry.requests.clear()
    run("fetch", source).expect(0)
    assert [path for method, path in registry.requests if "/blobs/" in path] == []


def test_weights_without_names_are_those_of_the_index(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers(model, named=False))
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tiny"))
    run("lock", path, "--fetch").expect(0)
    assert sorted(file["path"] for file in read_lock(path.with_suffix(".lock"))["m"]["files"]) == sorted(model)


@pytest.mark.slow
def test_only_the_wanted_files_of_an_archive_are_kept(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers({**model, "extra.json": b'{"not": "wanted"}'}))
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tiny", exclude=["extra.json"]))
    run("lock", path, "--fetch").expect(0)
    assert "extra.json" not in [file["path"] for file in read_lock(path.with_suffix(".lock"))["m"]["files"]]
    assert not stored(tmp_path, b'{"not": "wanted"}').exists()


@pytest.mark.slow
def test_directories_in_archives_have_their_paths(run, registry, model, tmp_path):
    inner = {"speech/config.json": b'{"model_type": "codec"}', "speech/deep/x.json": b"{}"}
    archive = tar(inner, Member("speech/", tarfile.DIRTYPE))
    registry.add("ai/tts", "1", [*layers(model), (DIR_TAR, "dir-tar-1.tar", archive)])
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tts:1"))
    run("pack", path, "--fetch", "--output", tmp_path / "bundle").expect(0)
    for name, content in inner.items():
        assert (tmp_path / "bundle/models/m" / name).read_bytes() == content


@pytest.mark.slow
def test_what_is_in_the_archive_and_a_layer_as_well_is_one_file(run, registry, model, tmp_path):
    """Docker writes a template that is a layer beside the one of the archive, under another name."""
    files = {**model, "chat_template.jinja": b"{{ messages[0].content }}", "LICENSE": b"of the archive"}
    same = [(TEMPLATE, None, files["chat_template.jinja"]), (LICENSE, None, b"of the archive")]
    other = [(TEMPLATE, None, b"{{ messages }}"), (LICENSE, None, b"of the layer")]
    for name, extra, more in [("same", same, {}), ("other", other, {"template.jinja": b"{{ messages }}", "LICENSE-1": b"of the layer"})]:
        registry.add("ai/tiny", name, [*layers(files), *extra])
        run("pull", f"oci://{registry.host}/ai/tiny:{name}", "--to", tmp_path / name).expect(0)
        got = {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        assert got == {**files, **more}


def test_pull_opens_the_archive(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers(model))
    listed = run("pull", f"oci://{registry.host}/ai/tiny", "--to", tmp_path / "got", "--dry-run", "--json").expect(0).json()
    assert {file["path"] for file in listed["content"]} == set(model) and not (tmp_path / "got").exists()
    run("pull", f"oci://{registry.host}/ai/tiny", "--to", tmp_path / "got").expect(0)
    assert {path.relative_to(tmp_path / "got").as_posix(): path.read_bytes() for path in (tmp_path / "got").rglob("*")} == model


@pytest.mark.slow
def test_the_other_commands_know_what_is_in_the_archive(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers(model))
    source = f"oci:{registry.host}/ai/tiny"
    assert run("info", source, "--json").expect(0).json()["kind"] == "model"
    assert not (tmp_path / "home/registries").exists()
    run("fetch", source).expect(0)
    (listed,) = run("list", "--json").expect(0).json()["models"]
    assert listed["complete"] is True
    assert "config.json" in run("inspect", f"{source}:config.json").expect(0, 1, 2).text


# What breaks, and what is not believed


def test_a_damaged_file_of_an_archive_is_found_and_mended_by_fetch(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tiny"))
    run("lock", path, "--fetch").expect(0)
    blob = stored(tmp_path, model["README.md"])
    blob.write_bytes(blob.read_bytes()[:-1] + b" ")
    assert "README.md" in run("verify", tmp_path / "m.lock").expect(1).text
    run("pack", path, "--output", tmp_path / "bundle").expect(1)
    (tmp_path / "m.lock").unlink()
    assert "hash-mismatch" in run("lock", path, "--json").expect(1).stdout
    run("fetch", path).expect(0)
    run("lock", path).expect(0)


@pytest.mark.slow
def test_without_its_archive_the_store_does_not_know_what_is_complete(run, registry, model, tmp_path):
    parts = layers(model)
    registry.add("ai/tiny", "latest", parts)
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tiny"))
    run("lock", path, "--fetch").expect(0)
    archive = stored(tmp_path, parts[-1][2])
    for damage in [lambda: archive.write_bytes(archive.read_bytes()[:-512] + b"x" * 512), archive.unlink]:
        damage()
        path.with_suffix(".lock").unlink()
        assert "tree-ignored" in run("lock", path, "--json").expect(0).stdout
        run("fetch", path).expect(0)
        path.with_suffix(".lock").unlink()
        assert "tree-ignored" not in run("lock", path, "--json").expect(0).stdout


@pytest.mark.slow
def test_wrong_bytes_of_an_archive_leave_nothing(run, registry, model, tmp_path):
    parts = layers(model)
    registry.add("ai/tiny", "latest", parts)
    registry.faults = [Fault("wrong", "GET", digest(parts[-1][2]), times=1000)]
    assert "download-wrong" in run("fetch", f"oci:{registry.host}/ai/tiny", "--json").expect(1, 2).stdout
    assert not list((tmp_path / "home").rglob("blobs/sha256/*"))


def _sparse() -> bytes:
    info = tarfile.TarInfo("big.json")
    info.size = 4
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "big.json", "GNU.sparse.realsize": "1099511627776"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"0\n\0\0"))
    return out.getvalue()


def _cut(content: bytes) -> bytes:
    return tar({"config.json": content})[:1000]


HOSTILE = {
    "link": tar({"a": b"1"}, Member("b", tarfile.SYMTYPE, "/etc/passwd")),
    "hard-link": tar({"a": b"1"}, Member("b", tarfile.LNKTYPE, "a")),
    "device": tar({"a": b"1"}, Member("null", tarfile.CHRTYPE)),
    "pipe": tar({"a": b"1"}, Member("fifo", tarfile.FIFOTYPE)),
    "out": tar({"../../evil.json": b"{}"}),
    "deep-out": tar({"a/../../evil.json": b"{}"}),
    "absolute": tar({"/tmp/evil.json": b"{}"}),
    "twice": tar({"a": b"1"}, Member("a", content=b"2")),
    "twice-by-dot": tar({"a": b"1"}, Member("./a", content=b"2")),
    "below-a-file": tar({"a": b"1", "a/b": b"2"}),
    "long-name": tar({"/".join(["d" * 100] * 50): b"1"}, form=tarfile.PAX_FORMAT),
    "newline": tar({"a\nb": b"1"}),
    "huge": tar({"a": b"1"}, form=tarfile.PAX_FORMAT, headers={"size": "9223372036854775807"}),
    "many": tar({f"{number}.json": b"" for number in range(10_001)}),
    "cut": _cut(b"x" * 4096),
    "cut-header": tar({"a": b"1"})[:300],
    "no-end": tar({"a": b"1" * 512})[:1024],
    "sparse": _sparse(),
    "gzip": gzip.compress(tar({"a": b"1"}), mtime=0),
    "not-a-tar": b"PK\x03\x04" + b"\0" * 2000,
    "behind": tar({"a": b"1"}) + tar({"b": b"2"}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in ("link", "out", "twice", "sparse") else pytest.mark.slow) for name in HOSTILE]
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(run, registry, model, tmp_path, name):
    parts = [*layers(model)[:-1], (CONFIG_TAR, None, HOSTILE[name])]
    registry.add("ai/evil", "1", parts)
    told = run("fetch", f"oci:{registry.host}/ai/evil:1", "--json").expect(2)
    assert "fetch-file-refused" in told.stdout, told.text
    run("pull", f"oci://{registry.host}/ai/evil:1", "--to", tmp_path / "got").expect(2)
    run("info", f"oci:{registry.host}/ai/evil:1").expect(2)
    assert not list(tmp_path.rglob("evil.json")) and not (tmp_path / "got").exists()
    assert not list((tmp_path / "home").rglob("blobs/sha256/*"))


@pytest.mark.slow
def test_an_archive_that_is_too_large_is_refused_before_it_is_loaded(run, registry, model):
    registry.add("ai/large", "1", [(CONFIG_TAR, None, b"x"), *layers(model)])
    repository = registry.repository("ai/large")
    text, _ = repository.manifests["1"]
    document = json.loads(text)
    for size, word in [((1 << 27) + 1, "in archives"), (2**63 - 1, "in archives")]:
        document["layers"][0]["size"] = size
        registry.add_manifest("ai/large", "1", document)
        registry.requests.clear()
        assert word in run("fetch", f"oci:{registry.host}/ai/large:1").expect(2).text
        assert not [path for _, path in registry.requests if "/blobs/" in path]


@pytest.mark.slow
def test_a_lock_pins_what_is_in_the_archive(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers(model))
    path = write(tmp_path, entry(f"oci:{registry.host}/ai/tiny"))
    run("lock", path, "--fetch").expect(0)
    changed = (tmp_path / "m.lock").read_text().replace(hashlib.sha256(model["config.json"]).hexdigest(), "0" * 64)
    (tmp_path / "m.lock").write_text(changed)
    shutil.rmtree(tmp_path / "home")
    assert "download-differs" in run("fetch", tmp_path / "m.toml", "--locked", "--json").expect(1, 2).stdout


@pytest.mark.slow
def test_a_file_named_as_a_lock_in_an_archive_makes_no_bundle(run, registry, model, tmp_path):
    registry.add("ai/tiny", "latest", layers({**model, "knapsack.lock": b"{}"}))
    run("fetch", f"oci:{registry.host}/ai/tiny").expect(0)
    assert "is not a bundle" in run("pull", f"oci://{registry.host}/ai/tiny", "--hf-cache", tmp_path / "hub").expect(2).text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["application/vnd.cncf.model.weight.v1.tar", "application/vnd.docker.ai.new", SAFETENSORS + "+gzip"])
def test_other_layers_are_refused_by_their_type(run, registry, model, kind):
    registry.add("ai/other", "1", [*layers(model), (kind, "x", b"x")])
    assert kind in run("fetch", f"oci:{registry.host}/ai/other:1").expect(2).text
