"""Signatures go both ways between Knapsack and model_signing, and nothing of them can be changed unseen."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from cli import manifest, sha256
from project import INTEROP, ROOT

CURVES = {"P-256": "sha256", "P-384": "sha384", "P-521": "sha512"}


@pytest.fixture(scope="session")
def model_signing():
    """Runs Python where model_signing is: KNAPSACK_MODEL_SIGNING names that interpreter, or it is installed here."""
    named = os.environ.get("KNAPSACK_MODEL_SIGNING")
    python = Path(named) if named else ROOT / ".venv-signing" / "bin" / "python"
    if not named:
        install(ROOT / ".venv-signing", INTEROP / "requirements-signing.txt")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess:
        return subprocess.run([python, *map(str, arguments)], capture_output=True, text=True, timeout=120)

    return run


def install(environment: Path, requirements: Path) -> None:
    stamp = environment / "requirements.txt"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return
    shutil.rmtree(environment, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", requirements], check=True)
    stamp.write_text(requirements.read_text())


def verify_theirs(model_signing, model: Path, signature: Path, key: Path) -> subprocess.CompletedProcess:
    return model_signing("-m", "model_signing", "verify", "key", "--signature", signature, "--public_key", key, model)


def sign_theirs(model_signing, model: Path, signature: Path, key: Path, hashing: str = "") -> None:
    """Signs by its API: `hashing` configures what the command has no options for."""
    code = f"""
import model_signing
config = model_signing.hashing.Config().set_ignored_paths(paths=["model.sig"])
config{hashing}
signing = model_signing.signing.Config().use_elliptic_key_signer(private_key={str(key)!r})
signing.set_hashing_config(config).sign({str(model)!r}, {str(signature)!r})
"""
    done = model_signing("-c", code)
    assert done.returncode == 0, done.stderr


def openssl(*arguments: str | Path) -> str:
    return subprocess.run(
        ["openssl", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="session")
def keys(base) -> dict[str, tuple[Path, Path]]:
    """A private and a public key of each curve, as docs/signatures.md makes them."""
    directory = base / "keys"
    directory.mkdir()
    pairs = {}
    for curve in CURVES:
        private, public = directory / f"{curve}.pem", directory / f"{curve}.pub.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
        pairs[curve] = (private, public)
    return pairs


@pytest.fixture(scope="session")
def origin(base, knapsack) -> Path:
    """A directory with a manifest, its lock, and what is packed."""
    directory = base / "to-sign"
    (directory / "weights" / "deep").mkdir(parents=True)
    (directory / "weights" / "config.json").write_text("{}\n")
    (directory / "weights" / "deep" / "a b.bin").write_bytes(bytes(range(256)) * 4096)
    (directory / "weights" / "deep-er.bin").write_bytes(b"\x01" * 100_000)
    (directory / "weights" / "empty").touch()
    (directory / "signed-models.toml").write_text(
        manifest("signed-models", files=[{"name": "weights", "source": "path:weights"}])
    )
    knapsack("lock", directory / "signed-models.toml").expect(0)
    knapsack("pack", directory / "signed-models.toml", "--output", directory / "bundle").expect(0)
    return directory


@pytest.fixture
def bundle(origin, tmp_path) -> Path:
    """A bundle of one's own."""
    return Path(shutil.copytree(origin / "bundle", tmp_path / "signed-models"))


def payload(signature: Path) -> bytes:
    return base64.b64decode(json.loads(signature.read_text())["dsseEnvelope"]["payload"])


# Ours there


@pytest.mark.slow
@pytest.mark.parametrize("curve", CURVES)
def test_model_signing_verifies_what_knapsack_signs(knapsack, model_signing, keys, bundle, curve):
    private, public = keys[curve]
    done = knapsack("sign", bundle, "--key", private, "--json").expect(0).json()
    assert (done["basis"], done["curve"], done["key"]) == ("content", curve, sha256(public))
    signature = bundle / "model.sig"
    theirs = verify_theirs(model_signing, bundle, signature, public)
    assert theirs.returncode == 0, theirs.stderr
    ours = knapsack("verify", bundle, "--key", public, "--json").expect(0).json()
    assert ours["signed_by"] == sha256(public)
    other = keys["P-256" if curve != "P-256" else "P-384"][1]
    assert verify_theirs(model_signing, bundle, signature, other).returncode != 0
    knapsack("verify", bundle, "--key", other).expect(1)


@pytest.mark.parametrize("curve", CURVES)
def test_openssl_verifies_the_signed_bytes(knapsack, keys, bundle, tmp_path, curve):
    private, public = keys[curve]
    knapsack("sign", bundle, "--key", private, "--signature", tmp_path / "x.sig").expect(0)
    document = json.loads((tmp_path / "x.sig").read_text())
    envelope = document["dsseEnvelope"]
    kind, body = envelope["payloadType"].encode(), payload(tmp_path / "x.sig")
    (tmp_path / "pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    (tmp_path / "der").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    openssl("dgst", f"-{CURVES[curve]}", "-verify", public, "-signature", tmp_path / "der", tmp_path / "pae")
    assert document["verificationMaterial"]["publicKey"]["hint"] == sha256(public)

    statement = json.loads(body)
    resources = statement["predicate"]["resources"]
    raw = b"".join(bytes.fromhex(resource["digest"]) for resource in resources)
    assert statement["subject"] == [{"name": "signed-models", "digest": {"sha256": hashlib.sha256(raw).hexdigest()}}]
    names = [resource["name"] for resource in resources]
    assert names == sorted(names)
    for resource in resources:
        assert resource["digest"] == sha256(bundle / resource["name"]), resource["name"]
    present = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert present - set(names) == {"dataset-metadata.json"}


@pytest.mark.smoke
def test_statement_is_the_same_whatever_it_was_signed_by(knapsack, keys, origin, bundle, tmp_path):
    private, public = keys["P-256"]
    first = bundle / "model.sig"
    knapsack("sign", bundle, "--key", private).expect(0)
    signatures = [first.read_bytes()]
    statement = payload(first)
    said = knapsack("sign", bundle, "--key", private, "--from-lock", "--json").expect(0).json()
    assert said["basis"] == "lock"
    signatures.append(first.read_bytes())
    assert payload(first) == statement
    lock = tmp_path / "x.lock"
    shutil.copyfile(origin / "signed-models.lock", lock)
    assert knapsack("sign", lock, "--key", private, "--json").expect(0).json()["signature"] == str(tmp_path / "x.sig")
    signatures.append((tmp_path / "x.sig").read_bytes())
    assert payload(tmp_path / "x.sig") == statement
    assert len(set(signatures)) == 3, "ECDSA takes another random number each time"
    knapsack("verify", bundle, "--key", public, "--signature", tmp_path / "x.sig").expect(0)


@pytest.mark.slow
def test_signed_bundle_is_a_bundle_as_before(knapsack, model_signing, keys, bundle, tmp_path):
    private, public = keys["P-384"]
    knapsack("sign", bundle, "--key", private).expect(0)
    knapsack("verify", bundle).expect(0)
    knapsack("verify", bundle, "--quick").expect(0)
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=bundle).returncode == 0
    knapsack("unpack", bundle, "--to", tmp_path / "out").expect(0)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import knapsack; print(knapsack.verify('full'))"
    subprocess.run([sys.executable, "-B", "-c", code, bundle], check=True, env={"HOME": str(tmp_path)})
    # Kaggle takes the metadata out of a dataset.
    (bundle / "dataset-metadata.json").unlink()
    assert verify_theirs(model_signing, bundle, bundle / "model.sig", public).returncode == 0


@pytest.mark.slow
def test_both_find_the_same_damage(knapsack, model_signing, keys, bundle):
    private, public = keys["P-256"]
    knapsack("sign", bundle, "--key", private).expect(0)
    file = bundle / "files" / "weights" / "deep-er.bin"
    content = file.read_bytes()

    def found() -> set[str]:
        theirs = verify_theirs(model_signing, bundle, bundle / "model.sig", public)
        ours = knapsack("verify", bundle, "--key", public, "--json")
        assert (theirs.returncode, ours.code) in [(0, 0), (1, 1)], theirs.stderr + ours.text
        return {finding["code"] for finding in ours.json()["findings"]}

    assert found() == set()
    file.write_bytes(content[:-1] + b"\x02")
    assert {"signed-changed", "changed"} <= found()
    file.unlink()
    assert {"signed-missing", "missing"} <= found()
    file.with_name("renamed.bin").write_bytes(content)
    assert {"signed-missing", "unsigned", "missing", "extra"} <= found()
    file.with_name("renamed.bin").rename(file)
    assert found() == set()
    (bundle / "knapsack.py").write_text("raise SystemExit\n")
    assert "signed-changed" in found()


@pytest.mark.smoke
def test_consistent_forgery_is_found_by_the_signature_alone(knapsack, keys, origin, bundle, tmp_path):
    private, public = keys["P-256"]
    knapsack("sign", bundle, "--key", private).expect(0)
    forged = tmp_path / "forged"
    shutil.copytree(origin / "weights", forged / "weights")
    (forged / "weights" / "config.json").write_text('{"auto_map": {}}\n')
    shutil.copyfile(origin / "signed-models.toml", forged / "signed-models.toml")
    knapsack("pack", forged / "signed-models.toml", "--output", forged / "bundle").expect(0)
    shutil.copyfile(bundle / "model.sig", forged / "bundle" / "model.sig")
    knapsack("verify", forged / "bundle").expect(0)
    done = knapsack("verify", forged / "bundle", "--key", public, "--json").expect(1).json()
    assert {finding["code"] for finding in done["findings"]} == {"signed-changed"}
    named = {finding["message"].split(" ")[0] for finding in done["findings"]}
    assert named == {"files/weights/config.json", "README.md", "SHA256SUMS", "knapsack.lock"} - (
        {"README.md"} if sha256(bundle / "README.md") == sha256(forged / "bundle" / "README.md") else set()
    )


# Theirs here


@pytest.fixture
def model(tmp_path) -> Path:
    """A model that is no bundle, with names that sort differently by parts and by characters."""
    directory = tmp_path / "model"
    for name, content in {
        "config.json": b"{}",
        "deep/weights.bin": bytes(range(256)) * 1000,
        "deep-er.bin": b"\x01" * 70_000,
        "deep/模型:1:2.bin": b"colons and more",
        "with space/.hidden": b"x",
        "empty": b"",
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def serialization(signature: Path) -> dict:
    return json.loads(payload(signature))["predicate"]["serialization"]


@pytest.mark.slow
@pytest.mark.parametrize("curve", CURVES)
def test_knapsack_verifies_what_model_signing_signs(knapsack, model_signing, keys, model, curve):
    private, public = keys[curve]
    signature = model / "model.sig"
    arguments = ["--signature", signature, "--private_key", private, model]
    assert model_signing("-m", "model_signing", "sign", "key", *arguments).returncode == 0
    assert knapsack("verify", model, "--key", public, "--json").expect(0).json()["files"] == 6
    (model / ".git").mkdir()
    (model / ".git" / "HEAD").write_text("x")
    knapsack("verify", model, "--key", public).expect(0)
    (model / "deep" / ".gitattributes").write_text("x")
    knapsack("verify", model, "--key", public).expect(1)
    assert verify_theirs(model_signing, model, signature, public).returncode == 1


SHARDS = ["1000", "65536", "70000", "100000000"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "hashing",
    [".use_file_serialization(hashing_algorithm='blake2')"]
    + [f".use_shard_serialization(shard_size={size})" for size in SHARDS]
    + [".use_shard_serialization(shard_size=4096, hashing_algorithm='blake2')"],
)
def test_knapsack_verifies_their_other_digests(knapsack, model_signing, keys, model, tmp_path, hashing):
    private, public = keys["P-256"]
    signature = tmp_path / "x.sig"
    (model / "deep" / "模型:1:2.bin").rename(model / "deep" / "模型.bin")  # which their shards cannot name
    sign_theirs(model_signing, model, signature, private, hashing)
    done = knapsack("verify", model, "--key", public, "--signature", signature, "--json").expect(0).json()
    assert not [finding for finding in done["findings"] if finding["severity"] != "note"]
    file = model / "deep-er.bin"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"\x02")
    knapsack("verify", model, "--key", public, "--signature", signature).expect(1)
    file.write_bytes(content + b"\x01")
    knapsack("verify", model, "--key", public, "--signature", signature).expect(1)
    file.write_bytes(content)
    (model / "more").write_bytes(b"x")
    knapsack("verify", model, "--key", public, "--signature", signature).expect(1)


@pytest.mark.slow
def test_digests_that_knapsack_does_not_compute_are_undecided(knapsack, model_signing, keys, model, tmp_path):
    private, public = keys["P-256"]
    sign_theirs(
        model_signing, model, tmp_path / "x.sig", private, ".use_file_serialization(hashing_algorithm='blake3')"
    )
    assert serialization(tmp_path / "x.sig")["hash_type"] == "blake3"
    done = knapsack("verify", model, "--key", public, "--signature", tmp_path / "x.sig").expect(2)
    assert "blake3" in done.stderr


@pytest.mark.slow
def test_links_are_followed_as_they_were_signed(knapsack, model_signing, keys, model, tmp_path):
    private, public = keys["P-256"]
    blob = tmp_path / "blob"
    (model / "config.json").rename(blob)
    (model / "config.json").symlink_to("../blob")
    sign_theirs(model_signing, model, tmp_path / "x.sig", private, ".set_allow_symlinks(True)")
    assert serialization(tmp_path / "x.sig")["allow_symlinks"] is True
    knapsack("verify", model, "--key", public, "--signature", tmp_path / "x.sig").expect(0)
    blob.write_text("[]")
    knapsack("verify", model, "--key", public, "--signature", tmp_path / "x.sig").expect(1)


@pytest.mark.slow
def test_one_file_is_verified(knapsack, model_signing, keys, tmp_path):
    private, public = keys["P-521"]
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" * 1000)
    sign_theirs(model_signing, file, tmp_path / "model.gguf.sig", private)
    knapsack("verify", file, "--key", public).expect(0)
    file.write_bytes(b"GGUF" * 999 + b"GGUG")
    knapsack("verify", file, "--key", public).expect(1)


@pytest.mark.slow
@pytest.mark.parametrize("hashing", ["", ".use_shard_serialization(shard_size=9999)"])
def test_their_signature_of_a_bundle_is_held_against_it_too(knapsack, model_signing, keys, bundle, tmp_path, hashing):
    private, public = keys["P-256"]
    sign_theirs(model_signing, bundle, tmp_path / "x.sig", private, hashing)
    knapsack("verify", bundle, "--key", public, "--signature", tmp_path / "x.sig").expect(0)
    (bundle / "dataset-metadata.json").write_text("{}")
    done = knapsack("verify", bundle, "--key", public, "--signature", tmp_path / "x.sig", "--json").expect(1).json()
    assert {finding["code"] for finding in done["findings"]} == {"changed", "signed-changed"}


# Archives


@pytest.mark.parametrize("suffix", ["tar", "tar.zst", "zip"])
def test_archives_and_directories_share_a_signature(knapsack, keys, origin, bundle, tmp_path, suffix):
    private, public = keys["P-256"]
    archive = tmp_path / f"x.{suffix}"
    knapsack("pack", origin / "signed-models.toml", "--output", archive).expect(0)
    done = knapsack("sign", archive, "--key", private, "--json").expect(0).json()
    assert done["signature"] == f"{archive}.sig"
    knapsack("verify", archive, "--key", public).expect(0)
    knapsack("verify", bundle, "--key", public, "--signature", f"{archive}.sig").expect(0)
    assert payload(Path(f"{archive}.sig")) in [signed(knapsack, bundle, private)]
    other = tmp_path / f"y.{suffix}"
    (bundle / "knapsack.py").write_text("\n")
    shutil.copyfile(f"{archive}.sig", f"{other}.sig")
    pack_again(bundle, other, suffix)
    done = knapsack("verify", other, "--key", public, "--json").expect(1).json()
    assert "signed-changed" in {finding["code"] for finding in done["findings"]}


def signed(knapsack, bundle: Path, private: Path) -> bytes:
    knapsack("sign", bundle, "--key", private).expect(0)
    return payload(bundle / "model.sig")


def pack_again(bundle: Path, archive: Path, suffix: str) -> None:
    """The same tree with whatever was done to it, written by other programs."""
    names = sorted(path.name for path in bundle.iterdir())
    if suffix == "zip":
        shutil.make_archive(str(archive.with_suffix("")), "zip", bundle)
        return
    tar = archive.with_suffix("") if suffix == "tar.zst" else archive
    with tarfile.open(tar, "w") as file:
        for name in names:
            file.add(bundle / name, name)
    if suffix == "tar.zst":
        subprocess.run(["zstd", "--quiet", "--rm", tar], check=True)


def test_signature_inside_of_an_archive_is_found(knapsack, keys, bundle, tmp_path):
    private, public = keys["P-256"]
    knapsack("sign", bundle, "--key", private).expect(0)
    pack_again(bundle, tmp_path / "x.tar", "tar")
    knapsack("verify", tmp_path / "x.tar").expect(0)
    knapsack("verify", tmp_path / "x.tar", "--key", public).expect(0)
    knapsack("verify", tmp_path / "x.tar", "--key", keys["P-384"][1]).expect(1)
    (bundle / "model.sig").unlink()
    pack_again(bundle, tmp_path / "y.tar", "tar")
    knapsack("verify", tmp_path / "y.tar", "--key", public).expect(2)


# What is refused


def leaves(value, path=()):
    """The path of every value that is no object and no list."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def changed(document, path):
    """The document with another value there."""
    copy = json.loads(json.dumps(document))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    value = holder[path[-1]]
    holder[path[-1]] = not value if isinstance(value, bool) else value + "0" if value else "x"
    return copy


def test_tampering_at_each_field_is_found(knapsack, keys, bundle, tmp_path):
    private, public = keys["P-256"]
    knapsack("sign", bundle, "--key", private, "--signature", tmp_path / "right.sig").expect(0)
    right = json.loads((tmp_path / "right.sig").read_text())
    statement = json.loads(payload(tmp_path / "right.sig"))
    documents = {f"envelope {path}": changed(right, path) for path in leaves(right)}
    for path in leaves(statement):
        text = json.dumps(changed(statement, path)).encode()
        document = json.loads(json.dumps(right))
        document["dsseEnvelope"]["payload"] = base64.b64encode(text).decode()
        documents[f"statement {path}"] = document
    assert len(documents) > 30
    signature = tmp_path / "wrong.sig"
    for what, document in documents.items():
        signature.write_text(json.dumps(document))
        done = knapsack("verify", bundle, "--key", public, "--signature", signature)
        assert done.code == 1, what + done.text


def test_nothing_that_does_not_hold_is_signed(knapsack, keys, bundle):
    private, _ = keys["P-256"]
    file = bundle / "files" / "weights" / "config.json"
    file.write_text("[]\n")
    for arguments in [[], ["--from-lock"]]:
        expected = 1 if not arguments else 0
        done = knapsack("sign", bundle, "--key", private, *arguments, "--json").expect(expected)
        assert (bundle / "model.sig").exists() == bool(arguments)
        if not arguments:
            assert "not-signed" in {finding["code"] for finding in done.json()["findings"]}
    # What was signed as the lock states is found out by the first verification.
    knapsack("verify", bundle, "--key", keys["P-256"][1]).expect(1)
    file.write_text("[] \n")
    knapsack("sign", bundle, "--key", private, "--from-lock").expect(1)


def test_usage_is_told_from_findings(knapsack, keys, origin, bundle, tmp_path):
    private, public = keys["P-256"]
    knapsack("verify", bundle, "--key", public).expect(2)  # not signed
    knapsack("verify", bundle, "--signature", "x.sig").expect(2)
    knapsack("sign", bundle, "--key", public).expect(2)
    knapsack("sign", bundle, "--key", tmp_path / "nothing.pem").expect(2)
    knapsack("sign", bundle, "--key", private, "--signature", bundle / "files" / "x.sig").expect(2)
    knapsack("sign", bundle, "--key", private, "--signature", bundle / "other.sig").expect(2)
    knapsack("sign", bundle, "--key", private, "--signature", private).expect(2)
    assert private.read_text().startswith("-----BEGIN PRIVATE KEY")
    knapsack("sign", bundle, "--key", private).expect(0)
    knapsack("verify", bundle, "--key", private).expect(2)
    knapsack("verify", bundle, "--key", public, "--quick").expect(2)
    knapsack("verify", origin / "signed-models.lock", "--key", public).expect(2)


def test_password_comes_from_the_environment(knapsack, keys, bundle, tmp_path):
    private, public = keys["P-256"]
    locked = tmp_path / "locked.pem"
    openssl("pkcs8", "-topk8", "-in", private, "-passout", "pass:sesame", "-out", locked)
    done = knapsack("sign", bundle, "--key", locked).expect(2)
    assert "KNAPSACK_KEY_PASSWORD" in done.stderr
    knapsack.with_caches(KNAPSACK_KEY_PASSWORD="wrong")("sign", bundle, "--key", locked).expect(2)
    knapsack.with_caches(KNAPSACK_KEY_PASSWORD="sesame")("sign", bundle, "--key", locked).expect(0)
    knapsack("verify", bundle, "--key", public).expect(0)
