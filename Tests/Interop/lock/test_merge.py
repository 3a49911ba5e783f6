"""Branches that each add an entry, merged by the real git: the lock merges too, or `knapsack lock` resolves it."""

import json
import subprocess

import pytest
from cli import read_lock

HEAD = 'schema = 1\n\n[bundle]\nname = "merge-test"\ntitle = "Merge test"\nlicense = "other"\n'


class Repository:
    """A git repository with a manifest, its lock, and a directory of files for every entry."""

    def __init__(self, knapsack, path, entries):
        self.knapsack, self.path = knapsack, path
        self.manifest, self.lock = path / "m.toml", path / "m.lock"
        path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.manifest.write_text(HEAD + "".join(self.entry(name) for name in entries))
        self.commit("base")

    def git(self, *words, codes=(0,)):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *settings, *words], cwd=self.path, capture_output=True, text=True)
        assert done.returncode in codes, done.stdout + done.stderr
        return done

    def entry(self, name, content=None):
        directory = self.path / "src" / name
        directory.mkdir(parents=True)
        (directory / "a.txt").write_text((content or f"content of {name}") + "\n")
        (directory / "common.txt").write_text(f"more of {name}\n")
        return f'\n[[files]]\nname = "{name}"\nsource = "path:src/{name}"\nlicense = "mit"\n'

    def commit(self, message):
        self.knapsack("lock", self.manifest).expect(0)
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def branch(self, name, text, before=None):
        """A branch off main on which an entry is added: before the table of another one, or at the end."""
        self.git("switch", "-q", "-c", name, "main")
        old = self.manifest.read_text()
        if before:
            mark = f'\n[[files]]\nname = "{before}"'
            assert mark in old
            self.manifest.write_text(old.replace(mark, text + mark))
        else:
            self.manifest.write_text(old + text)
        self.commit(name)

    def merge(self, codes=(0,)):
        self.git("switch", "-q", "main")
        self.git("merge", "-q", "--no-edit", "one")
        return self.git("merge", "-q", "--no-edit", "two", codes=codes)


@pytest.mark.parametrize(
    ("one", "two"),
    [(("f", "m"), ("p", "t")), (("a", "b"), ("z", None)), (("f", "m"), ("z", None)), (("a", "b"), ("p", "t"))],
    ids=["inside", "first-and-last", "middle-and-last", "first-and-middle"],
)
def test_entries_at_different_places_merge_cleanly(knapsack, tmp_path, one, two):
    repository = Repository(knapsack, tmp_path / "r", ["b", "m", "t"])
    repository.branch("one", repository.entry(one[0]), before=one[1])
    locked = read_lock(repository.lock)
    repository.branch("two", repository.entry(two[0]), before=two[1])
    locked |= read_lock(repository.lock)
    repository.merge()
    knapsack("check", repository.manifest).expect(0)
    assert read_lock(repository.lock) == locked
    before = repository.lock.read_bytes()
    knapsack("lock", repository.manifest).expect(0)
    assert repository.lock.read_bytes() == before, "the merged lock is the one that knapsack lock writes"


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_entries_at_one_place_conflict_and_lock_takes_both(knapsack, tmp_path, style):
    """Git cannot merge two insertions between the same lines, whatever the lock looks like."""
    repository = Repository(knapsack, tmp_path / "r", ["b", "m", "t"])
    repository.git("config", "merge.conflictStyle", style)
    # In the manifest they are apart; by their names they come behind each other in the lock.
    repository.branch("one", repository.entry("f"), before="b")
    locked = read_lock(repository.lock)
    repository.branch("two", repository.entry("g"))
    locked |= read_lock(repository.lock)
    repository.merge(codes=(1,))
    assert "<<<<<<<" in repository.lock.read_text() and "<<<<<<<" not in repository.manifest.read_text()
    done = knapsack("check", repository.manifest, "--json").expect(2)
    (finding,) = done.json()["findings"]
    assert finding["code"] == "lock-conflict" and "knapsack lock" in finding["fix"]
    knapsack("pack", repository.manifest, "--locked", "--output", tmp_path / "none").expect(2)
    knapsack("lock", repository.manifest).expect(0)
    knapsack("check", repository.manifest).expect(0)
    assert read_lock(repository.lock) == locked


@pytest.mark.smoke
def test_content_that_both_branches_add_is_placed_anew(knapsack, tmp_path):
    """Each branch stores the content it added; merged, it is stored once, which takes another lock."""
    repository = Repository(knapsack, tmp_path / "r", ["b", "m", "t"])
    repository.branch("one", repository.entry("f", "the same"), before="m")
    repository.branch("two", repository.entry("p", "the same"), before="t")
    repository.merge()
    done = knapsack("check", repository.manifest, "--json").expect(1)
    assert [finding["code"] for finding in done.json()["findings"]] == ["lock-stale"]
    knapsack("lock", repository.manifest).expect(0)
    knapsack("check", repository.manifest).expect(0)
    (shared,) = [file for file in read_lock(repository.lock)["p"]["files"] if "at" in file]
    assert shared["at"] == "files/f/a.txt"


@pytest.mark.smoke
def test_both_sides_of_a_conflict_keep_their_pins(knapsack, tmp_path):
    """An entry whose source has changed since is not resolved again because of a merge, where its cache has it."""
    repository = Repository(knapsack, tmp_path / "r", ["b", "m", "t"])
    repository.branch("one", repository.entry("f"), before="b")
    repository.branch("two", repository.entry("g"))
    repository.merge(codes=(1,))
    text = repository.lock.read_text()
    # Marks that are cut off are no lock and no merge.
    repository.lock.write_text(text[: text.index("=======")])
    done = knapsack("lock", repository.manifest, "--json").expect(2)
    assert done.json()["findings"][0]["code"] == "lock-malformed"
    repository.lock.write_text(text.replace('"version":1', '"version":[]'))
    done = knapsack("lock", repository.manifest, "--json").expect(2)
    assert done.json()["findings"][0]["code"] == "lock-conflict"


def test_diff_tells_a_pull_request_what_changed(knapsack, tmp_path):
    repository = Repository(knapsack, tmp_path / "r", ["b", "m", "t"])
    repository.branch("one", repository.entry("fx"), before="m")
    (repository.path / "src" / "b" / "a.txt").write_text("other content\n")
    knapsack("lock", repository.manifest, "--update").expect(0)
    old = tmp_path / "main.lock"
    old.write_text(repository.git("show", "main:m.lock").stdout)
    document = knapsack("diff", old, repository.lock, "--json").expect(1).json()
    assert [(entry["name"], entry["change"]) for entry in document["entries"]] == [("b", "changed"), ("fx", "added")]
    assert document["entries"][0]["files"] == {"added": [], "removed": [], "changed": ["a.txt"]}
    assert document["entries"][1]["before"] is None and document["entries"][1]["after"]["files"] == 2
    markdown = knapsack("diff", old, repository.lock, "--format", "markdown").expect(1)
    assert markdown.stdout.startswith("### Models: 1 added, 1 changed\n") and markdown.stderr == ""
    assert "| added | `fx` |" in markdown.stdout
    assert json.loads(knapsack("diff", old, old, "--json").expect(0).stdout)["entries"] == []
    assert "nothing changed" in knapsack("diff", old, old, "--format", "markdown").expect(0).stdout
