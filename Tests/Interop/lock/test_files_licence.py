"""`[[files]]` of a repository are under the licence that its card states, as every other entry is."""

import hashlib

import pytest
from cli import manifest, read_lock

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def hub(directory, card):
    """A cache with one revision of one data set, as huggingface_hub lays it out."""
    folder = directory / "hub" / "datasets--tester--prompts"
    (folder / "blobs").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, text in {"README.md": card, "prompts.txt": "one\ntwo\n"}.items():
        data = text.encode()
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        (folder / "blobs" / blob).write_bytes(data)
        (snapshot / name).symlink_to(f"../../blobs/{blob}")
    return directory / "hub"


def locked(knapsack, directory, policy, **entry):
    path = directory / "files.toml"
    path.write_text(manifest(head=f"\n[policy]\nlicenses = {policy}", files=[{"name": "prompts", **entry}]))
    knapsack("lock", path, "--hf-cache", directory / "hub", cwd=directory).expect(0)
    (entry,) = read_lock(directory / "files.lock").values()
    return entry, knapsack("check", path, cwd=directory)


@pytest.mark.parametrize("include", [None, ["*.txt"]])
def test_the_card_is_asked_whether_it_is_packed_or_not(knapsack, tmp_path, include):
    hub(tmp_path, "---\nlicense: cc-by-4.0\n---\n# Prompts\n")
    chosen = {"include": include} if include else {}
    entry, check = locked(knapsack, tmp_path, '["mit"]', source="hf-dataset:tester/prompts@main", **chosen)
    assert entry["resolved"]["license"] == {"id": "cc-by-4.0", "from": "model-card"}
    check.expect(1)
    assert "the licence cc-by-4.0 is not in the policy's list" in check.stderr


def test_what_the_manifest_states_holds(knapsack, tmp_path):
    hub(tmp_path, "---\nlicense: mit\n---\n")
    entry, check = locked(knapsack, tmp_path, '["mit"]', source="hf-dataset:tester/prompts@main", license="mit")
    assert entry["resolved"]["license"]["from"] == "manifest"
    check.expect(0)


def test_of_a_directory_no_card_is_asked(knapsack, tmp_path):
    """A README beside own code is about many things."""
    (tmp_path / "hub").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "README.md").write_text("---\nlicense: mit\n---\n")
    entry, check = locked(knapsack, tmp_path, '["mit"]', source="path:own")
    assert entry["resolved"].get("license") is None
    check.expect(1)
