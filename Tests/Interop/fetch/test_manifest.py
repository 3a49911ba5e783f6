"""From a manifest, and from a lock that a teammate wrote, to caches, locks and bundles."""

import hashlib
import json

import pytest
from cli import manifest
from fetching import LARGE, REPO, layout, require_true, started
from kaggle_fetching import DATASET


@pytest.fixture
def project(tmp_path, wayward):
    """A manifest of two entries of one repository, and of one that is made from another."""
    path = tmp_path / "project" / "models.toml"
    path.parent.mkdir()
    path.write_text(
        manifest(
            files=[
                {"name": "all", "source": f"hf:{REPO}@main", "exclude": ["onnx/*", "naïve*"]},
                {"name": "tagged", "source": f"hf:{REPO}@v1.0", "include": ["*.txt"], "exclude": ["naïve*"]},
            ],
        )
    )
    return path


def tree(directory) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.smoke
def test_a_manifest_alone_is_enough_for_a_bundle(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("pack", project, "--fetch", "--output", tmp_path / "bundle").expect(0)
    program("verify", tmp_path / "bundle").expect(0)
    lock = json.loads(project.with_suffix(".lock").read_text())
    assert {entry["resolved"]["hub"]["commit"] for entry in lock["entries"]} == {wayward.commit}


def test_a_manifest_and_a_lock_from_git_give_the_bytes_of_the_original(knapsack, wayward, origin, project, tmp_path):
    first = started(knapsack, wayward, tmp_path / "one" / "hub")
    first("pack", project, "--fetch", "--output", tmp_path / "one" / "bundle").expect(0)
    # Meanwhile the branch has moved on.
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "config.json").write_text("{}")
    later = wayward.add(REPO, tmp_path / "later", refs=("main",))
    second = started(knapsack, wayward, tmp_path / "two" / "hub")
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("models.toml", "models.lock"):
        (clone / name).write_bytes(project.with_name(name).read_bytes())
    second("pack", clone / "models.toml", "--fetch", "--locked", "--output", tmp_path / "two" / "bundle").expect(0)
    assert tree(tmp_path / "one" / "bundle") == tree(tmp_path / "two" / "bundle")
    assert (tmp_path / "two/hub/models--tester--mixed/refs/main").read_text() == wayward.commit != later
    # No manifest at all.
    third = started(knapsack, wayward, tmp_path / "three" / "hub")
    (clone / "models.toml").unlink()
    third("pack", clone / "models.toml", "--fetch", "--frozen", "--output", tmp_path / "three" / "bundle").expect(0)
    assert tree(tmp_path / "one" / "bundle") == tree(tmp_path / "three" / "bundle")


def test_a_lock_pins_what_is_fetched(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("lock", project, "--fetch").expect(0)
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "new.safetensors").write_bytes(b"new")
    later = wayward.add(REPO, tmp_path / "later", refs=("main",))
    wayward.reset()
    # All that the lock pins is there: nobody is asked.
    program("fetch", project, "--locked").expect(0)
    assert not wayward.requests
    program("lock", project, "--fetch", "--update", "all").expect(0)
    lock = json.loads(project.with_suffix(".lock").read_text())
    assert {entry["name"]: entry["resolved"]["hub"]["commit"] for entry in lock["entries"]} == {"all": later, "tagged": wayward.commit}
    assert (tmp_path / "hub/models--tester--mixed/refs/main").read_text() == later


def test_only_what_a_lock_pins_and_is_missing_is_loaded(knapsack, wayward, origin, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("lock", project, "--fetch").expect(0)
    snapshot = tmp_path / "hub/models--tester--mixed/snapshots" / wayward.commit
    whole = layout(tmp_path / "hub")
    (snapshot / "vocab.json").resolve().unlink()
    (snapshot / "vocab.json").unlink()
    wayward.reset()
    program("fetch", project, "--locked").expect(0)
    assert wayward.sent == (origin / "vocab.json").stat().st_size and layout(tmp_path / "hub") == whole


def test_content_that_the_lock_does_not_pin_is_refused(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("lock", project, "--fetch").expect(0)
    text = project.with_suffix(".lock").read_text()
    lock = json.loads(text)
    for name in ("config.json", "model.safetensors"):
        (digest,) = {file["sha256"] for entry in lock["entries"] for file in entry["files"] if file["path"] == name}
        changed = ("1" if digest[0] != "1" else "2") + digest[1:]
        project.with_suffix(".lock").write_text(text.replace(digest, changed))
        other = started(knapsack, wayward, tmp_path / name / "hub")
        done = other("fetch", project).expect(1)
        assert "the lock" in done.stderr and f"sha256 {changed}" in done.stderr and f"sha256 {digest}" in done.stderr
        assert not (tmp_path / name / "hub/models--tester--mixed/snapshots" / wayward.commit / name).exists()
        require_true(tmp_path / name / "hub")


def test_locked_needs_a_fresh_lock(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    done = program("fetch", project, "--locked").expect(1)
    assert "has no lock" in done.stderr and not wayward.requests
    program("lock", project, "--fetch").expect(0)
    project.write_text(project.read_text().replace("onnx/*", "sub/*"))
    wayward.reset()
    done = program("fetch", project, "--locked").expect(1)
    assert "all" in done.stderr and not wayward.requests
    # Without --locked the pin stays, and what the entry asks for now is loaded.
    program("fetch", project).expect(0)
    assert (tmp_path / "hub/models--tester--mixed/snapshots" / wayward.commit / "onnx/model.onnx").exists()


def test_a_dry_run_shows_and_writes_nothing(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    done = program("fetch", project, "--dry-run", "--json").expect(0)
    plans = json.loads(done.stdout)["planned"]
    assert [plan["name"] for plan in plans] == ["all", "tagged"] 
    # One of its files has the content of another one, which brings it along.
    assert [plan["size"] - plan["missing"] for plan in plans] == [LARGE["model.safetensors"], 0]
    assert not (tmp_path / "hub").exists() and wayward.sent == 0
    program("fetch", project).expect(0)
    before = layout(tmp_path / "hub")
    plans = json.loads(program("fetch", project, "--dry-run", "--json").expect(0).stdout)["planned"]
    assert [plan["missing"] for plan in plans] == [0, 0] and layout(tmp_path / "hub") == before
    text = program("fetch", f"hf:{REPO}", "--dry-run").expect(0).stderr
    assert "onnx/model.onnx" in text and "room needed" in text and " free" in text


def test_add_loads_what_it_adds_and_adds_nothing_that_cannot_be_loaded(knapsack, wayward, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    path = tmp_path / "m.toml"
    words = ["add", f"hf:{REPO}@v1.0", "--kind", "files", "--include", "*.txt", "--exclude", "naïve*"]
    program(*words, "--manifest", path, "--fetch").expect(0)
    program("lock", path).expect(0)
    lock = json.loads(path.with_suffix(".lock").read_text())
    assert lock["entries"][0]["resolved"]["hub"]["commit"] == wayward.commit
    before = path.read_bytes()
    done = program("add", "hf:tester/none", "--manifest", path, "--fetch").expect(2)
    assert "there is no model tester/none" in done.stderr and path.read_bytes() == before


def test_one_manifest_of_both_services(knapsack, wayward, wayward_kaggle, tmp_path):
    path = tmp_path / "m.toml"
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/note.txt").write_text("a note\n")
    path.write_text(
        manifest(
            files=[
                {"name": "all", "source": f"hf:{REPO}", "exclude": ["naïve*", "onnx/*"]},
                {"name": "set", "source": f"kaggle-dataset:{DATASET}/versions/2", "exclude": ["a name*"]},
                {"name": "notes", "source": "path:notes"},
            ],
        )
    )
    # The stand-in Kaggle is asked as a proxy is, and the Hub is not.
    variables = {**wayward_kaggle.environment(no_proxy="127.0.0.1"), "KAGGLEHUB_CACHE": str(tmp_path / "kagglehub")}
    program = started(knapsack, wayward, tmp_path / "hub", HOME=str(tmp_path / "home"), **variables)
    done = program("pack", path, "--fetch", "--output", tmp_path / "bundle").expect(0)
    assert "set: loaded" in done.stderr and "all: loaded" in done.stderr and "notes: loaded" not in done.stderr
    assert {found.name for found in (tmp_path / "bundle/files").iterdir()} == {"all", "notes", "set"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hf:a/b", "models.toml"], "is no source"),
        (["a.toml", "b.toml"], "one manifest, or any number of sources"),
        (["a.toml", "--include", "*"], "are for sources"),
        (["hf:a/b", "--locked"], "--locked is for a manifest"),
        (["hf:a/b@main", "--revision", "x"], "states a revision"),
        (["hf:a/b", "--revision", "a b"], "the revision"),
        (["hf:a--b/c"], "the source"),
        (["kaggle:a/b/c/d/1", "--revision", "2"], "--revision is for the Hub"),
        (["hf:a/b", "--connections", "0"], "--connections"),
        (["hf:a/b", "--bandwidth", "fast"], "--bandwidth"),
    ],
)
def test_what_cannot_be_meant_is_refused(fetch, wayward, tmp_path, arguments, message):
    done = fetch(tmp_path / "hub", *arguments).expect(2)
    assert message in done.stderr and not wayward.requests


def test_the_bandwidth_is_kept(fetch, wayward, tmp_path):
    import time

    began = time.monotonic()
    fetch(tmp_path / "hub", f"hf:{REPO}", "--include", "onnx/*", "--bandwidth", "500kB").expect(0)
    # 1.1 MB, of which a quarter of a second's bytes may come at once.
    assert time.monotonic() - began > 1.5


@pytest.mark.slow
@pytest.mark.parametrize("connections", [1, 16])
def test_the_bandwidth_is_used(fetch, wayward, origin, tmp_path, connections):
    """N bytes at B bytes a second take N/B, whatever the number of connections, and not half as long again."""
    import time

    from fetching import size_of

    began = time.monotonic()
    fetch(tmp_path / "hub", f"hf:{REPO}", "--bandwidth", "1MB", "--connections", str(connections)).expect(0)
    took = time.monotonic() - began
    ideal = size_of(origin) / 1_000_000
    print(f"{took:.2f} s for {ideal:.2f} s")
    # What a first read takes comes at once.
    assert ideal - 0.3 <= took <= 1.5 * ideal


def test_a_pattern_that_nothing_matches_is_told(fetch, wayward, tmp_path):
    done = fetch(tmp_path / "hub", f"hf:{REPO}", "--include", "*.gguf").expect(1)
    assert "no file is wanted of 38" in done.stderr
