"""`knapsack upload` to a stand-in Kaggle, from which the real kagglehub then gets what was uploaded, byte for byte."""

import base64
import shutil
import stat
from pathlib import Path

import genuine
import pytest
from cli import contents
from keeping_kaggle import KeepingKaggle, journals, tokens
from uploading import AUTHORIZATION, METADATA, make_bundle, uploader, write_manifest


@pytest.fixture
def kaggle_keeps(tmp_path):
    server = KeepingKaggle(tmp_path / "kaggle")
    client = base64.b64encode(b"tester:" + b"0" * 32).decode()
    server.users = {AUTHORIZATION: "tester", f"Basic {client}": "tester"}
    yield server
    assert not server.problems, server.problems
    server.close()


def expected(bundle: Path) -> dict[str, str]:
    return {name: digest for name, digest in contents(bundle).items() if name not in METADATA}


def uploaded(server: KeepingKaggle, call: str, cache: Path) -> dict[str, str]:
    """What the real client gets."""
    return contents(genuine.kagglehub_download(server, cache, call))


def test_a_bundle_becomes_a_data_set_that_kagglehub_gets(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(0)
    assert done.json()["version"] == 1 and done.json()["handle"] == "tester/upload-models"
    handle, request = kaggle_keeps.creations[0]
    assert (handle, request["isPrivate"], request["licenseName"]) == ("tester/upload-models", True, "other")
    assert uploaded(kaggle_keeps, "dataset_download('tester/upload-models')", tmp_path / "theirs") == expected(bundle)
    assert "rglob(\"knapsack.py\")" in done.stderr and "datasets/tester/upload-models" in done.stderr


def test_a_model_becomes_a_model_with_a_variation(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set", model=True)
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    assert run("upload", bundle, "--json").expect(0).json()["version"] == 1
    assert [model["isPrivate"] for model in kaggle_keeps.model_requests] == [True]
    instance = kaggle_keeps.creations[0][1]["body"]
    assert instance["framework"] == "MODEL_FRAMEWORK_TRANSFORMERS" and instance["licenseName"] == "Apache 2.0"
    (tmp_path / "set/models/tiny/config.json").write_text('{"a": 2}')
    second = make_bundle(knapsack, tmp_path / "set", model=True)
    assert run("upload", second, "--json").expect(0).json()["version"] == 2
    assert len(kaggle_keeps.model_requests) == 1
    call = "model_download('tester/upload-models/transformers/tiny/2')"
    assert uploaded(kaggle_keeps, call, tmp_path / "theirs") == expected(second)


def test_the_second_version_sends_only_what_is_new(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    run("upload", bundle).expect(0)
    first = kaggle_keeps.received
    (tmp_path / "set/models/tiny/config.json").write_text('{"changed": true}')
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = run("upload", bundle, "--message", "another configuration", "--json").expect(0)
    assert done.json()["version"] == 2
    # The configuration, the lock, the README and the sums.
    assert kaggle_keeps.received - first < 60_000 < first
    assert kaggle_keeps.creations[1][1]["body"]["versionNotes"] == "another configuration"
    assert uploaded(kaggle_keeps, "dataset_download('tester/upload-models')", tmp_path / "theirs") == expected(bundle)


def test_what_is_there_already_makes_no_version(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    run("upload", bundle).expect(0)
    done = run("upload", bundle, "--json").expect(0)
    assert done.json()["unchanged"] and len(kaggle_keeps.creations) == 1


def test_a_manifest_is_uploaded_without_a_bundle(knapsack, kaggle_keeps, tmp_path):
    path = write_manifest(tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    run("lock", path).expect(0)
    run("upload", path, cwd=tmp_path).expect(0)
    assert not (tmp_path / "upload-models").exists()
    bundle = make_bundle(knapsack, tmp_path / "set")
    assert uploaded(kaggle_keeps, "dataset_download('tester/upload-models')", tmp_path / "theirs") == expected(bundle)


def test_a_bundle_beside_it_is_read_in_place_of_the_caches(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    shutil.rmtree(tmp_path / "set/models")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    done = run("upload", tmp_path / "set/upload.toml", cwd=bundle.parent).expect(0)
    assert "reading the bundle" in done.stderr


def test_a_stale_lock_is_not_uploaded(knapsack, kaggle_keeps, tmp_path):
    path = write_manifest(tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    run("upload", path).expect(1, 2)
    run("lock", path).expect(0)
    path.write_text(path.read_text() + '\n[[files]]\nname = "more"\nsource = "path:models"\n')
    assert "lock-stale" in run("upload", path, "--json").expect(1).stdout
    assert not kaggle_keeps.requests


def test_what_kaggle_would_refuse_is_refused_before(knapsack, kaggle_keeps, tmp_path):
    path = write_manifest(tmp_path / "set", title="A title that is much longer than the fifty characters that Kaggle takes")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    run("lock", path).expect(0, 1)
    assert "kaggle-title-length" in run("upload", path, "--json").expect(1).stdout
    assert not kaggle_keeps.requests


def test_a_title_of_another_data_set_is_refused_before(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    kaggle_keeps.titles = {"tester/other": "Upload models"}
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(1)
    assert "tester/other" in done.stdout and not kaggle_keeps.blobs


def test_another_byte_is_never_made_a_version_of(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    weights = bundle / "files/tiny/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(1)
    assert "content-changed" in done.stdout
    assert not kaggle_keeps.creations
    assert not any(blob.is_complete for blob in kaggle_keeps.blobs.values() if blob.name == weights.name)


def test_a_file_too_much_or_too_few_is_not_uploaded(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    (bundle / "notes.txt").write_text("mine")
    assert "notes.txt is not in the lock" in run("upload", bundle).expect(1).stderr
    (bundle / "notes.txt").unlink()
    (bundle / "files/tiny/config.json").unlink()
    run("upload", bundle).expect(1)
    assert not kaggle_keeps.requests


def test_the_status_is_waited_for(knapsack, kaggle_keeps, tmp_path):
    kaggle_keeps.polls = 4
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(0)
    assert done.json()["version"] == 1
    assert sum("GetDatasetStatus" in request for request in kaggle_keeps.requests) >= 4


def test_no_wait_does_not(knapsack, kaggle_keeps, tmp_path):
    kaggle_keeps.polls = 100
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--no-wait", "--json").expect(0)
    assert "version" not in done.json() and len(kaggle_keeps.creations) == 1


def test_failed_is_an_error(knapsack, kaggle_keeps, tmp_path):
    kaggle_keeps.fails = True
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(1)
    assert "upload-failed" in done.stdout


def test_invalid_tags_are_an_error_with_their_names(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set", head='keywords = ["nlp", "no such tag"]')
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--json").expect(1)
    assert "upload-tags" in done.stdout and "no such tag" in done.stdout and "nlp" not in done.json()["findings"][0]["message"]


def test_a_refusal_is_told_in_kaggles_words(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    kaggle_keeps.known_tags = set()
    kaggle_keeps.private = {"tester/upload-models": set()}
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle).expect(1)
    assert "Kaggle said: Permission" in done.stderr


def test_dry_run_sends_nothing(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = uploader(knapsack, kaggle_keeps, tmp_path)("upload", bundle, "--dry-run", "--json").expect(0)
    assert done.json()["version"] == 1 and not kaggle_keeps.blobs
    assert {file["path"] for file in done.json()["upload"]} == set(
        name for name, kind in expected(bundle).items() if kind != "directory"
    )


def test_nobody_is_refused_before_anything_is_sent(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path, KAGGLE_API_TOKEN="")
    assert "there are no credentials" in run("upload", bundle).expect(2).stderr
    assert not kaggle_keeps.blobs


def test_no_token_is_seen_anywhere_but_in_the_journal(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    done = run("upload", bundle, "--verbose", "--json")
    kaggle_keeps.fault("status", status=400, times=99)
    (tmp_path / "set/models/tiny/config.json").write_text('{"a": 3}')
    failed = run("upload", make_bundle(knapsack, tmp_path / "set"), "--verbose", "--json").expect(2)
    secrets = [*tokens(kaggle_keeps), AUTHORIZATION.split()[1]]
    for secret in secrets:
        assert secret not in done.text and secret not in failed.text
    (journal,) = journals(tmp_path / "home")
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
    others = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and path != journal]
    assert not any(secret.encode() in path.read_bytes() for secret in secrets for path in others)
    for _, path, headers in kaggle_keeps.seen:
        assert not ("uploads.invalid" in path and "Authorization" in headers)


def test_a_directory_of_journals_that_others_may_enter_is_refused(knapsack, kaggle_keeps, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run = uploader(knapsack, kaggle_keeps, tmp_path)
    (tmp_path / "home/uploads").mkdir(parents=True)
    (tmp_path / "home/uploads").chmod(0o755)
    assert "others may look into it" in run("upload", bundle).expect(2).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "s3:bucket"], "--to takes"),
        (["--to", "hf:name"], "--to takes"),
        (["--private"], "are for the Hub"),
        (["--to", "hf:a/b", "--public"], "are for Kaggle"),
        (["--to", "hf:a/b", "--branch", "x", "--create-pr"], "exclude each other"),
        (["--piece", "100kB"], "multiple of 256KiB"),
    ],
)
def test_wrong_usage(knapsack, tmp_path, arguments, words):
    assert words in knapsack("upload", tmp_path, *arguments).expect(2).stderr
