"""Push and pull with Debian's docker-registry, and what skopeo makes of the artifacts."""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from cli import contents
from real_registry import NEEDED, SKOPEO, RealRegistry
from uploading import METADATA, make_bundle

pytestmark = NEEDED


@pytest.fixture(scope="module")
def bundle(knapsack, tmp_path_factory):
    return make_bundle(knapsack, tmp_path_factory.mktemp("registry"))


@pytest.fixture
def registry(tmp_path):
    server = RealRegistry(tmp_path / "registry")
    yield server
    server.kill()


@pytest.fixture
def run(knapsack, tmp_path):
    return knapsack.with_caches(None, None, HOME=str(tmp_path / "user"), KNAPSACK_CACHE_DIR=str(tmp_path / "home"))


@pytest.mark.smoke
def test_there_and_back(run, registry, bundle, tmp_path):
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name, "--piece", "1MiB").expect(0)
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)
    run("verify", name).expect(0)


@SKOPEO
def test_skopeo_copies_what_was_pushed_and_it_is_the_same_to_the_byte(run, registry, bundle, tmp_path):
    pinned = run("push", bundle, f"oci://{registry.host}/team/models:v1", "--json").expect(0).json()["digest"]
    insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"]
    one, two = f"docker://{registry.host}/team/models:v1", f"docker://{registry.host}/other/models:v1"
    subprocess.run(["skopeo", "copy", "--quiet", *insecure, one, two], check=True)
    run("pull", f"oci://{registry.host}/other/models@{pinned}", "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)
    # By way of a directory, into another registry.
    other = RealRegistry(tmp_path / "second")
    try:
        subprocess.run(["skopeo", "copy", "--quiet", *insecure[:1], one, f"oci:{tmp_path / 'layout'}:v1"], check=True)
        subprocess.run(
            ["skopeo", "copy", "--quiet", *insecure[1:], f"oci:{tmp_path / 'layout'}:v1", f"docker://{other.host}/x/y:v1"], check=True
        )
        run("pull", f"oci://{other.host}/x/y@{pinned}", "--to", tmp_path / "third").expect(0)
        assert contents(tmp_path / "third") == contents(bundle)
    finally:
        other.kill()


@pytest.mark.parametrize("keeps_secret", [True, False], ids=["same-secret", "new-secret"])
def test_a_registry_is_killed_and_started_again_during_a_push(run, registry, bundle, tmp_path, keeps_secret):
    name = f"oci://{registry.host}/team/models:v1"
    process = run.start("push", bundle, name, "--piece", "1MiB", "--bandwidth", "4MB")
    time.sleep(0.6)
    registry.kill()
    if not keeps_secret:
        config = registry.directory / "config.yml"
        config.write_text(config.read_text().replace("secret: stays", "secret: another"))
    time.sleep(0.3)
    registry.start()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, output + errors
    run("pull", name, "--to", tmp_path / "got").expect(0)
    assert contents(tmp_path / "got") == contents(bundle)


def test_eight_pushes_at_once(run, registry, bundle, tmp_path):
    running = [run.start("push", bundle, f"oci://{registry.host}/team/models:v{number}") for number in range(8)]
    for process in running:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, output + errors
    for number in range(8):
        run("verify", f"oci://{registry.host}/team/models:v{number}").expect(0)


def killed(run, registry, bundle, tmp_path, kills: int, seed: int) -> None:
    """Pushes and pulls with so many kills: a tag has everything or is not there, and a directory is whole or is not there."""
    generator = random.Random(seed)
    expected = contents(bundle)
    for number in range(kills):
        name = f"oci://{registry.host}/team/m{number // 10}:v1"
        push = number % 2 == 0
        got = tmp_path / f"got{number // 10}"
        arguments = (
            ("push", bundle, name, "--piece", "1MiB", "--bandwidth", "8MB")
            if push
            else ("pull", f"oci://{registry.host}/kept/models:v1", "--to", got, "--bandwidth", "8MB")
        )
        process = run.start(*arguments)
        time.sleep(generator.uniform(0.02, 0.6))
        process.kill()
        _, told = process.communicate()
        # A pull into a directory that is there by now is refused.
        assert process.returncode in (0, -signal.SIGKILL) or (not push and got.exists()), told
        if got.exists():
            assert contents(got) == expected
    for number in range((kills + 9) // 10):
        name = f"oci://{registry.host}/team/m{number}:v1"
        run("push", bundle, name).expect(0)
        run("verify", name).expect(0)
        # One that is there already is refused, and an empty directory beside it is what a kill may leave until then.
        there = (tmp_path / f"got{number}").exists()
        assert not there or not list((tmp_path / f".got{number}.pull").glob("*"))
        pulled = run("pull", f"oci://{registry.host}/kept/models:v1", "--to", tmp_path / f"got{number}")
        pulled.expect(2 if there else 0)
        assert contents(tmp_path / f"got{number}") == expected
    assert not list(tmp_path.glob(".got*"))


def test_what_a_kill_leaves_beside_a_whole_directory_is_removed(run, registry, bundle, tmp_path):
    name = f"oci://{registry.host}/team/models:v1"
    run("push", bundle, name).expect(0)
    run("pull", name, "--to", tmp_path / "got").expect(0)
    left = tmp_path / ".got.pull"
    left.mkdir()
    run("pull", name, "--to", tmp_path / "got").expect(2)
    assert not left.exists()
    (left / "blobs").mkdir(parents=True)
    run("pull", name, "--to", tmp_path / "got").expect(2)
    assert (left / "blobs").exists()


@pytest.mark.kill
def test_twenty_kills(run, registry, bundle, tmp_path):
    run("push", bundle, f"oci://{registry.host}/kept/models:v1").expect(0)
    killed(run, registry, bundle, tmp_path, 20, 15)


@pytest.mark.slow
@pytest.mark.kill
def test_two_hundred_kills(run, registry, bundle, tmp_path):
    run("push", bundle, f"oci://{registry.host}/kept/models:v1").expect(0)
    killed(run, registry, bundle, tmp_path, 200, 16)


def test_a_registry_over_tls_is_trusted_by_the_certificate_that_is_named(run, bundle, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    server = RealRegistry(tmp_path / "registry", tls=(certificate, key))
    try:
        name = f"oci://{server.host}/team/models:v1"
        assert "SSL_CERT_FILE" in run("push", bundle, name).expect(2).text
        trusting = run.with_caches(None, None, SSL_CERT_FILE=str(certificate))
        trusting("push", bundle, name).expect(0)
        trusting("pull", name, "--to", tmp_path / "got").expect(0)
        assert contents(tmp_path / "got") == contents(bundle)
    finally:
        server.kill()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and the command ip to make network namespaces")
def test_two_registries_in_two_network_namespaces(run, bundle, tmp_path):
    """As on two machines: what one has, the other gets by pull and push alone."""
    names = [f"ks{os.getpid() % 10_000}{letter}" for letter in "ab"]
    servers = []
    try:
        for number, name in enumerate(names):
            subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
            inside = ["ip", "netns", "exec", name]
            subprocess.run(["ip", "link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1"], check=True, capture_output=True)
            subprocess.run(["ip", "link", "set", f"{name}1", "netns", name], check=True)
            subprocess.run(["ip", "addr", "add", f"10.213.{number}.1/30", "dev", f"{name}0"], check=True)
            subprocess.run(["ip", "link", "set", f"{name}0", "up"], check=True)
            subprocess.run([*inside, "ip", "addr", "add", f"10.213.{number}.2/30", "dev", f"{name}1"], check=True)
            subprocess.run([*inside, "ip", "link", "set", f"{name}1", "up"], check=True)
            servers.append(RealRegistry(tmp_path / name, address=f"10.213.{number}.2", within=tuple(inside)))
        one, two = (f"oci://{server.host}/team/models:v1" for server in servers)
        run("push", bundle, one, "--plain-http").expect(0)
        run("pull", one, "--plain-http", "--to", tmp_path / "got").expect(0)
        run("push", tmp_path / "got", two, "--plain-http").expect(0)
        run("verify", two, "--plain-http").expect(0)
        expected = {name: digest for name, digest in contents(bundle).items() if name not in METADATA}
        got = {name: digest for name, digest in contents(tmp_path / "got").items() if name not in METADATA}
        assert got == expected
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error.stderr}")
    finally:
        for server in servers:
            server.kill()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
