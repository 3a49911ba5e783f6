"""Push and pull against a stand-in registry: who asks, what breaks on the way, and what is not taken."""

import base64
import json
import stat
import subprocess

import pytest
from cli import contents
from uploading import METADATA, make_bundle, write_manifest
from wayward_registry import Fault, WaywardRegistry, digest

RAW = "application/vnd.cncf.model.weight.v1.raw"
PIECE = ("--piece", "1MiB")


@pytest.fixture(scope="module")
def bundle(knapsack, tmp_path_factory):
    return make_bundle(knapsack, tmp_path_factory.mktemp("registry"))


@pytest.fixture
def registry():
    server = WaywardRegistry()
    yield server
    server.close()
    assert not server.problems, server.problems


@pytest.fixture
def run(knapsack, tmp_path):
    return knapsack.with_caches(None, None, HOME=str(tmp_path / "user"), KNAPSACK_CACHE_DIR=str(tmp_path / "home"))


def size(bundle) -> int:
    return sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and path.name not in METADATA)


def docker_config(directory, document) -> None:
    folder = directory / "user/.docker"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(document))


def basic(name: str, password: str) -> dict:
    return {"auth": base64.b64encode(f"{name}:{password}".encode()).decode()}


# There and back


@pytest.mark.smoke
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
@pytest.mark.parametrize("store", [False, True], ids=["itself", "store"])
def test_what_is_pushed_is_pulled_to_the_byte(run, registry, bundle, tmp_path, relative, store):
    registry.relative, registry.store = relative, store
    name = f"oci://{registry.host}/team/models:v1"
    pushed = run("push", bundle, name, *PIECE, "--json").expect(0).json()
    assert pushed["unchanged"] is False and pushed["sent"] >= size(bundle)
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)
    run("verify", tmp_path / "got").expect(0)
    run("verify", name).expect(0)
    assert not [headers for headers in registry.store_headers if "Authorization" in headers]
    again = run("push", bundle, name, "--json").expect(0).json()
    assert again["unchanged"] is True and again["sent"] == 0


def test_a_manifest_is_pushed_straight_from_its_sources_with_the_bundles_bytes(run, registry, bundle, tmp_path):
    path = write_manifest(tmp_path)
    run("lock", path).expect(0)
    one = run("push", path, f"oci://{registry.host}/a/b:1", "--json").expect(0).json()
    two = run("push", bundle, f"oci://{registry.host}/a/b:2", "--json").expect(0).json()
    assert one["digest"] == two["digest"] and two["sent"] == 0


def test_the_lock_refers_to_what_it_locks(run, registry, bundle):
    name = f"oci://{registry.host}/team/models:v1"
    pinned = run("push", bundle, name, "--json").expect(0).json()["digest"]
    repository = registry.repository("team/models")
    index, kind = repository.manifests[pinned.replace(":", "-")]
    assert kind == "application/vnd.oci.image.index.v1+json"
    (entry,) = json.loads(index)["manifests"]
    document = json.loads(repository.manifests[entry["digest"]][0])
    assert document["subject"]["digest"] == pinned
    assert repository.blobs[document["layers"][0]["digest"]] == (bundle / "knapsack.lock").read_bytes()


def test_a_registry_that_keeps_the_list_of_referrers_gets_no_tag_for_it(run, registry, bundle):
    registry.referrers = True
    run("push", bundle, f"oci://{registry.host}/team/models:v1").expect(0)
    assert not [tag for tag in registry.repository("team/models").manifests if tag.startswith("sha256-")]


def test_what_another_repository_has_is_taken_from_there(run, registry, bundle):
    run("push", bundle, f"oci://{registry.host}/team/one:v1").expect(0)
    before = registry.received
    run("push", bundle, f"oci://{registry.host}/team/two:v1", "--mount", "team/one").expect(0)
    assert registry.received == before


def test_a_dry_run_sends_nothing(run, registry, bundle):
    run("push", bundle, f"oci://{registry.host}/team/models:v1", "--dry-run").expect(0)
    assert registry.requests == []


def test_a_cache_is_restored_from_a_registry(run, registry, tmp_path, caches):
    path = tmp_path / "m.toml"
    path.write_text(
        'schema = 1\n\n[bundle]\nname = "bundle-of-one"\nowner = "tester"\ntitle = "Bundle of one"\nlicense = "other"\n\n'
        '[[model]]\nname = "m"\nsource = "hf:tester/sharded"\nlicense = "mit"\nallow = ["license-unknown"]\n'
    )
    reading = run.with_caches(caches.hub, None)
    reading("lock", path).expect(0)
    name = f"oci://{registry.host}/team/models:v1"
    reading("push", path, name).expect(0)
    run("pull", name, "--hf-cache", tmp_path / "hub").expect(0)
    assert list((tmp_path / "hub/models--tester--sharded/snapshots").glob("*/config.json"))
    assert sorted(p.name for p in tmp_path.glob(".*")) == []


def test_two_pulls_into_one_directory_do_not_disturb_each_other(run, registry, bundle, tmp_path):
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name).expect(0)
    first = run.start("pull", name, "--to", tmp_path / "got", "--bandwidth", "1MB")
    while not list(tmp_path.glob(".got.pull/blobs/*")):
        assert first.poll() is None
    told = run("pull", name, "--to", tmp_path / "got").expect(2)
    assert "another knapsack pull is writing" in told.text
    output, errors = first.communicate(timeout=60)
    assert first.returncode == 0, output + errors
    assert contents(tmp_path / "got") == contents(bundle) and not list(tmp_path.glob(".got*"))


def test_what_is_in_a_base_is_not_called_right(run, registry, bundle, tmp_path):
    """A delta alone: what it stores is proved, and what it only refers to is told, as for a directory."""
    path = write_manifest(tmp_path, head=f'base = ["{bundle.name}.lock"]')
    (tmp_path / f"{bundle.name}.lock").write_bytes((bundle / "knapsack.lock").read_bytes())
    path.write_text(path.read_text().replace('"upload-models"', '"upload-delta"'))
    run("lock", path).expect(0)
    name = f"oci://{registry.host}/team/delta:v1"
    run("push", path, name).expect(0)
    assert "base-missing" in run("verify", name, "--json").expect(2).stdout
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert "base-missing" in run("verify", tmp_path / "got", "--json").expect(2).stdout
    run("verify", tmp_path / "got", "--base", bundle).expect(0)


# Who asks


@pytest.mark.parametrize("auth", ["bearer", "basic"])
def test_credentials_are_those_of_docker_login(run, registry, bundle, tmp_path, auth):
    registry.auth, registry.users = auth, {"ann": "pass:word"}
    name = f"oci://{registry.host}/team/models:v1"
    told = run("push", bundle, name).expect(2)
    assert "fetch-token-needed" in run("push", bundle, name, "--json").stdout and "docker login" in told.text
    docker_config(tmp_path, {"auths": {registry.host: basic("ann", "wrong")}})
    assert "fetch-token-wrong" in run("push", bundle, name, "--json").expect(2).stdout
    docker_config(tmp_path, {"auths": {f"https://{registry.host}/v2/": basic("ann", "pass:word")}})
    told = run("push", bundle, name).expect(0)
    got = run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)
    written = b"".join(p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    for secret in ["pass:word", basic("ann", "pass:word")["auth"], *registry.tokens]:
        assert secret not in told.text + got.text and secret.encode() not in written


def test_an_identity_token_is_exchanged_for_others(run, registry, bundle, tmp_path):
    registry.identity = "identity-token-1"
    docker_config(tmp_path, {"auths": {registry.host: {"identitytoken": "identity-token-1"}}})
    run("push", bundle, f"oci://{registry.host}/team/models:v1").expect(0)


def test_a_helper_of_docker_is_asked(run, registry, bundle, tmp_path):
    registry.users = {"ann": "secret"}
    helper = tmp_path / "bin/docker-credential-mine"
    helper.parent.mkdir()
    helper.write_text(
        '#!/bin/sh\nread host\n[ "$1" = get ] && [ "$host" = "' + registry.host + '" ] || exit 1\n'
        'echo "{\\"ServerURL\\":\\"x\\",\\"Username\\":\\"ann\\",\\"Secret\\":\\"secret\\"}"\n'
    )
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    docker_config(tmp_path, {"credsStore": "mine"})
    with_helper = run.with_caches(None, None, PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    with_helper("push", bundle, f"oci://{registry.host}/team/models:v1").expect(0)
    assert "mine" in run("push", bundle, f"oci://{registry.host}/team/models:v2").expect(2).text
    docker_config(tmp_path, {"credsStore": "../evil"})
    assert "not the name of a program" in run("push", bundle, f"oci://{registry.host}/team/models:v2").expect(2).text


def test_a_token_that_runs_out_is_renewed(run, registry, bundle, tmp_path):
    registry.users = {"ann": "secret"}
    docker_config(tmp_path, {"auths": {registry.host: basic("ann", "secret")}})
    name = f"oci://{registry.host}/team/models:v1"
    registry.faults = [Fault("status", "PATCH", "uploads", status=401), Fault("status", "PUT", "uploads", status=401)]
    run("push", bundle, name, *PIECE).expect(2, 0)
    run("push", bundle, name, *PIECE).expect(0)
    run("pull", name, "--to", tmp_path / "got").expect(0)


def test_credentials_are_not_sent_where_others_could_read_them(run, registry, bundle, tmp_path):
    """An address of this machine that is not one of the loopback: without TLS nothing goes there."""
    registry.users = {"ann": "secret"}
    address = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    if not address:
        pytest.skip("this machine has no address but the loopback")
    name = f"{address[0]}:{registry.open_to_all()}"
    docker_config(tmp_path, {"auths": {name: basic("ann", "secret")}})
    told = run("push", bundle, f"oci://{name}/team/models:v1", "--plain-http").expect(2)
    assert "are not sent" in told.text and not registry.tokens


# What breaks


@pytest.mark.parametrize(
    ("fault", "cost"),
    [
        (Fault("status", "PATCH", "uploads", times=2, status=500), 2 << 20),
        (Fault("status", "PUT", "uploads", times=3, status=503), 3 << 20),
        (Fault("status", "POST", "uploads", times=2, status=429), 0),
        (Fault("status", "HEAD", "blobs", times=3, status=500), 0),
        (Fault("status", "PUT", "manifests", times=2, status=502), 0),
        (Fault("drop", "PATCH", "uploads", after=700_000), 1 << 20),
        (Fault("forget", "PATCH", "uploads", times=1), 2 << 20),
    ],
    ids=lambda value: f"{value.kind}-{value.method}" if isinstance(value, Fault) else "",
)
def test_a_fault_that_passes_costs_little(run, registry, bundle, tmp_path, fault, cost):
    registry.faults = [fault]
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name, *PIECE).expect(0)
    assert fault.times == 0
    assert registry.received <= size(bundle) + cost + (1 << 17)
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("kind", ["drop", "status", "wrong"])
def test_a_pull_meets_faults_and_publishes_only_what_is_right(run, registry, bundle, tmp_path, kind, ranges):
    registry.ranges = ranges
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name).expect(0)
    registry.faults = [Fault(kind, "GET", "blobs/sha256", times=1 if kind == "wrong" else 3, after=1000)]
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)


def test_wrong_bytes_never_get_a_name(run, registry, bundle, tmp_path):
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name).expect(0)
    registry.faults = [Fault("wrong", "GET", "blobs/sha256", times=1000)]
    told = run("pull", name, "--to", tmp_path / "got", "--json").expect(1, 2)
    assert "download-wrong" in told.stdout and not (tmp_path / "got").exists()
    assert "download-wrong" in run("verify", name, "--json").expect(1, 2).stdout


def test_an_interrupted_pull_goes_on(run, registry, bundle, tmp_path):
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name).expect(0)
    weights = digest((bundle / "files/tiny/model.safetensors").read_bytes())
    registry.faults = [Fault("status", "GET", weights, times=1000)]
    run("pull", name, "--to", tmp_path / "got", "--retries", "0").expect(2)
    registry.faults = []
    registry.requests.clear()
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)
    asked = [path for method, path in registry.requests if method == "GET" and "/blobs/" in path]
    assert all(weights in path for path in asked)


def test_an_interrupted_push_goes_on(run, registry, bundle):
    name = f"oci://{registry.host}/team/models:v1"
    registry.faults = [Fault("drop", "PATCH", "uploads", after=2_200_000, skip=2)]
    run("push", bundle, name, *PIECE, "--retries", "0", "--connections", "1").expect(2)
    before = registry.received
    assert before >= 2 << 20
    run("push", bundle, name, *PIECE).expect(0)
    assert registry.received - before <= size(bundle) - (2 << 20) + (1 << 17)


def test_a_changed_bundle_is_not_pushed(run, registry, knapsack, tmp_path):
    bundle = make_bundle(knapsack, tmp_path)
    path = bundle / "files/tiny/model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    assert "content-changed" in run("push", bundle, f"oci://{registry.host}/t/m:v1", "--json").expect(1).stdout
    assert "v1" not in registry.repository("t/m").manifests
    registry.problems.clear()


# What is not taken


def test_models_of_docker_and_of_other_packers_are_files(run, registry, tmp_path):
    registry.add(
        "ai/small", "latest",
        [
            ("application/vnd.docker.ai.gguf.v3", None, b"GGUF"), ("application/vnd.docker.ai.license", None, b"MIT"),
            ("application/vnd.docker.ai.chat.template.jinja", None, b"{{ x }}"),
        ],
    )  # fmt: skip
    run("pull", f"oci://{registry.host}/ai/small", "--to", tmp_path / "got").expect(0)
    assert sorted(contents(tmp_path / "got")) == ["LICENSE", "chat_template.jinja", "model.gguf"]
    registry.add("kit/model", "1", [(RAW, "sub/a.safetensors", b"aa"), (RAW, "b.safetensors", b"aa"), (RAW, "empty", b"")])
    run("pull", f"oci://{registry.host}/kit/model:1", "--to", tmp_path / "kit").expect(0)
    assert (tmp_path / "kit/sub/a.safetensors").read_bytes() == (tmp_path / "kit/b.safetensors").read_bytes() == b"aa"
    assert (tmp_path / "kit/empty").read_bytes() == b""
    assert "not a bundle" in run("pull", f"oci://{registry.host}/kit/model:1", "--hf-cache", tmp_path / "h").expect(2).text


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ([(RAW, "../evil", b"x")], "evil"),
        ([(RAW, "/etc/evil", b"x")], "evil"),
        ([(RAW, "a/../../evil", b"x")], "evil"),
        ([(RAW, "a", b"x"), (RAW, "a", b"y")], "two layers"),
        ([(RAW, "a", b"x"), (RAW, "a/b", b"y")], "a"),
        ([(RAW, "a", b"x"), (RAW, "a.b", b"z"), (RAW, "a/b", b"y")], "below"),
        ([(RAW, None, b"x")], "path"),
        ([("application/vnd.cncf.model.weight.v1.tar", "a", b"x")], "type"),
        ([("application/vnd.oci.image.layer.v1.tar+gzip", "a", b"x")], "type"),
        ([], "no files"),
    ],
)
def test_artifacts_of_which_it_is_not_clear_what_they_are_are_refused(run, registry, tmp_path, layers, word):
    registry.add("a/b", "1", layers)
    told = run("pull", f"oci://{registry.host}/a/b:1", "--to", tmp_path / "x/got").expect(2)
    assert word in told.text and not (tmp_path / "x").exists() and not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "document",
    [
        b"not json", {"schemaVersion": 1, "layers": []},
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []},
        {"schemaVersion": 2, "layers": [{"mediaType": RAW, "digest": "sha512:00", "size": 1}]},
        {"schemaVersion": 2, "layers": [{"mediaType": RAW, "digest": "sha256:" + "A" * 64, "size": 1}]},
        {"schemaVersion": 2, "layers": [{"mediaType": RAW, "digest": "sha256:" + "a" * 64, "size": -1}]},
        {
            "schemaVersion": 2,
            "layers": [
                {
                    "mediaType": RAW, "digest": "sha256:" + letter * 64, "size": 2**63 - 1,
                    "annotations": {"org.cncf.model.filepath": letter},
                }
                for letter in "ab"
            ],
        },
    ],
    ids=["text", "old", "index", "sha512", "capitals", "negative", "overflow"],
)  # fmt: skip
def test_documents_that_are_no_manifests_are_refused(run, registry, tmp_path, document):
    registry.add_manifest("a/b", "1", document)
    run("pull", f"oci://{registry.host}/a/b:1", "--to", tmp_path / "got").expect(2)
    assert not (tmp_path / "got").exists()


def test_another_manifest_than_the_pinned_one_is_refused(run, registry, bundle, tmp_path):
    pinned = run("push", bundle, f"oci://{registry.host}/t/m:v1", "--json").expect(0).json()["digest"]
    repository = registry.repository("t/m")
    text, kind = repository.manifests[pinned]
    repository.manifests[pinned] = (text + b" ", kind)
    assert "not asked for" in run("pull", f"oci://{registry.host}/t/m@{pinned}", "--to", tmp_path / "got").expect(2).text


def test_a_bundle_that_its_lock_does_not_state_is_refused(run, registry, bundle, tmp_path):
    files = {path.relative_to(bundle).as_posix(): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    layers = [(RAW, path, content) for path, content in files.items() if path not in METADATA]
    weights = bytearray(files["files/tiny/model.safetensors"])
    weights[-1] ^= 1
    for number, (layers, word) in enumerate(
        [
            ([(t, p, bytes(weights) if p.endswith("tiny/model.safetensors") else c) for t, p, c in layers], "changed"),
            ([layer for layer in layers if layer[1] != "files/tiny/config.json"], "missing"),
            ([*layers, (RAW, "files/tiny/more.bin", b"more")], "extra"),
            ([(t, p, c + b"# evil" if p == "knapsack.py" else c) for t, p, c in layers], "changed"),
        ]
    ):
        registry.add("t/m", str(number), layers)
        name = f"oci://{registry.host}/t/m:{number}"
        assert f'"{word}"' in run("pull", name, "--to", tmp_path / "got", "--json").expect(1).stdout
        assert not (tmp_path / "got").exists() and not list(tmp_path.glob(".got*"))
        assert f'"{word}"' in run("verify", name, "--json").expect(1).stdout


@pytest.mark.parametrize(
    "name",
    [
        "ghcr.io/a/b", "oci://ghcr.io", "oci://ghcr.io/", "oci://ghcr.io/A/b", "oci://ghcr.io/a/b:", "oci://ghcr.io/a/b:-x",
        "oci://user@ghcr.io/a", "oci://ghcr.io/a//b", "oci://ghcr.io/a/../b", "oci://ghcr.io/a@sha256:00", "oci://ghcr.io/a?b",
        "oci://ghcr.io/a/b:" + "x" * 129, "oci://ghcr.io/" + "a" * 300, "oci://ghcr.io/a___b",
    ],
)  # fmt: skip
def test_names_that_are_none_are_usage_errors(run, bundle, tmp_path, name):
    run("pull", name, "--to", tmp_path / "got").expect(2)
    run("push", bundle, name).expect(2)


def test_nobody_is_asked_where_the_target_is_there(run, registry, tmp_path):
    (tmp_path / "got").mkdir()
    assert "there already" in run("pull", f"oci://{registry.host}/a/b:1", "--to", tmp_path / "got").expect(2).text
    assert registry.requests == []


def test_what_is_not_there_is_named(run, registry, tmp_path):
    told = run("pull", f"oci://{registry.host}/a/b:1", "--to", tmp_path / "got").expect(2)
    assert f"there is no oci://{registry.host}/a/b:1" in told.text
