"""When a lock is fresh, what `pack` may replace, what may be absent, and names that an output cannot have."""

import json
import os
import shutil
import subprocess

import pytest
from cli import contents, manifest
from instances import CARD, model, write

WEIGHTS = "model.safetensors"


@pytest.fixture
def project(knapsack, tmp_path):
    write(tmp_path / "src", model())
    write(tmp_path / "table", {"a.csv": "a,b\n1,2\n"})
    entry = {"name": "it", "source": "path:src"}
    (tmp_path / "m.toml").write_text(manifest(model=[entry], dataset=[{"name": "rows", "source": "path:table", "license": "mit"}]))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    return tmp_path


def flip(path):
    """Other content of the same size and times."""
    times = path.stat()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


CHANGES = {
    "content": lambda to: (to / "src/config.json").write_text('{"a": 1}'),
    "content-of-the-same-size-and-time": lambda to: flip(to / "src" / WEIGHTS),
    "added": lambda to: (to / "src/new.json").write_text("{}"),
    "added-in-a-folder": lambda to: write(to / "src", {"deep/new.json": "{}"}),
    "added-hidden": lambda to: (to / "src/.hidden").write_text("x"),
    "removed": lambda to: (to / "src/README.md").unlink(),
    "renamed": lambda to: (to / "src/README.md").rename(to / "src/OTHER.md"),
    "exchanged": lambda to: shutil.copy(to / "src/config.json", to / "src/tokenizer_config.json"),
    "data": lambda to: (to / "table/a.csv").write_text("a,b\n1,3\n"),
    "data-added": lambda to: (to / "table/b.csv").write_text("a"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_lock_of_changed_files_is_not_fresh(knapsack, project, change):
    CHANGES[change](project)
    name, quiet = ("rows", "it") if "data" in change else ("it", "rows")
    before = contents(project)
    told = knapsack("lock", project / "m.toml", "--locked").expect(1).stderr
    assert f"error: {name} is not what was locked" in told
    assert f"{quiet} is not" not in told
    knapsack("pack", project / "m.toml", "--locked", cwd=project).expect(1)
    knapsack("pack", project / "m.toml", "--dry-run", cwd=project).expect(0)
    assert contents(project) == before
    assert "is not what was locked" in knapsack("pack", project / "m.toml", "-o", project / "out").expect(0).stderr
    knapsack("lock", project / "m.toml", "--locked").expect(0)


def test_a_lock_of_touched_and_copied_files_is_fresh(knapsack, project):
    shutil.copytree(project / "src", project / "copy")
    shutil.rmtree(project / "src")
    (project / "copy").rename(project / "src")
    knapsack("lock", project / "m.toml", "--locked").expect(0)


def test_a_dry_run_writes_nothing_at_all(knapsack, project):
    (project / "m.lock").unlink()
    before = contents(project)
    shutil.rmtree(knapsack.home / "index", ignore_errors=True)
    knapsack("pack", project / "m.toml", "--dry-run", cwd=project).expect(0)
    assert contents(project) == before
    assert not (knapsack.home / "index").exists()


def made_writable(folder):
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    return folder


OTHERS = {
    "file": lambda out: (out / "notes.txt").write_text("mine"),
    "deep": lambda out: (out / "models/it/mine.bin").write_text("mine"),
    "link": lambda out: (out / "link").symlink_to("/etc/hostname"),
    "pipe": lambda out: os.mkfifo(out / "pipe"),
    "hidden": lambda out: write(out, {".git/HEAD": "mine"}),
    "checkpoints": lambda out: write(out, {".ipynb_checkpoints/run.ipynb": "{}"}),
    "in-store": lambda out: write(out, {"store/" + "0" * 64: "mine"}),
    "no-lock": lambda out: (out / "knapsack.lock").unlink(),
    "broken-lock": lambda out: (out / "knapsack.lock").write_text("{"),
}
EDITED = {
    "readme": lambda out: (out / "README.md").write_text("mine"),
    "metadata": lambda out: (out / "dataset-metadata.json").write_text('{"title": "mine"}'),
    "model": lambda out: (out / "models/it/config.json").write_text("{}"),
    "lock": lambda out: (out / "knapsack.lock").write_text((out / "knapsack.lock").read_text() + "\n"),
    "loader": lambda out: (out / "knapsack.py").write_text("# mine"),
}


@pytest.mark.parametrize("more", [[], ["--replace"]])
@pytest.mark.parametrize("case", OTHERS)
def test_what_a_bundle_did_not_write_is_never_deleted(knapsack, project, case, more):
    out = project / "out"
    knapsack("pack", project / "m.toml", "-o", out).expect(0)
    OTHERS[case](made_writable(out))
    before = sorted(map(str, out.rglob("*")))
    (project / "src/README.md").write_text(CARD + "changed")
    knapsack("pack", project / "m.toml", "-o", out, *more).expect(2)
    assert sorted(map(str, out.rglob("*"))) == before


@pytest.mark.parametrize("case", EDITED)
def test_what_was_changed_in_a_bundle_is_kept(knapsack, project, case):
    out = project / "out"
    knapsack("pack", project / "m.toml", "-o", out).expect(0)
    EDITED[case](made_writable(out))
    before = contents(out)
    knapsack("pack", project / "m.toml", "-o", out).expect(2)
    assert contents(out) == before


def other(folder):
    write(folder / "else", model(**{"other.json": "{}"}))
    (folder / "other.toml").write_text(manifest(model=[{"name": "that", "source": "path:else"}]))
    return folder / "other.toml"


@pytest.mark.parametrize("suffix", ["", ".tar", ".tar.zst", ".zip"])
def test_the_bundle_of_another_manifest_needs_replace(knapsack, project, suffix):
    out = project / f"out{suffix}"
    knapsack("pack", project / "m.toml", "-o", out).expect(0)
    before = contents(out) if out.is_dir() else out.read_bytes()
    assert "another manifest" in knapsack("pack", other(project), "-o", out).expect(2).stderr
    assert (contents(out) if out.is_dir() else out.read_bytes()) == before
    knapsack("pack", other(project), "-o", out, "--replace").expect(0)
    assert "that" in knapsack("inspect", out).expect(0).text


@pytest.mark.parametrize("name", ["out", "x.tar", "x.zip", "x.tar.zst"])
@pytest.mark.parametrize("more", [[], ["--replace"]])
def test_a_file_that_is_no_bundle_is_kept(knapsack, project, name, more):
    (project / name).write_text("mine")
    knapsack("pack", project / "m.toml", "-o", project / name, *more).expect(2)
    assert (project / name).read_text() == "mine"


@pytest.mark.parametrize("command", [["verify"], ["verify", "--quick"], ["inspect"], ["sbom"], ["unpack"]])
@pytest.mark.parametrize("absent", ["dataset-metadata.json"])
def test_a_bundle_as_kaggle_gives_it_back_holds(knapsack, project, command, absent):
    knapsack("pack", project / "m.toml", "-o", project / "out").expect(0)
    (project / "out" / absent).unlink()
    more = ["--to", project / "to"] if command == ["unpack"] else []
    knapsack(*command[:1], project / "out", *command[1:], *more).expect(0)


@pytest.mark.parametrize("absent", ["README.md", "SHA256SUMS", "knapsack.py", "models/it/config.json", "datasets/rows/a.csv"])
def test_nothing_else_may_be_absent(knapsack, project, absent):
    knapsack("pack", project / "m.toml", "-o", project / "out").expect(0)
    (project / "out" / absent).unlink()
    knapsack("verify", project / "out").expect(1)


def test_metadata_that_is_there_has_to_be_right(knapsack, project):
    knapsack("pack", project / "m.toml", "-o", project / "out").expect(0)
    path = made_writable(project / "out") / "dataset-metadata.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "title": "Another"}))
    knapsack("verify", project / "out").expect(1)


SUFFIXES = ["tar.gz", "tgz", "7z", "rar", "tar.xz", "TAR", "Zip", "tar.bz2", "gz", "zst", "tar.lz4", "txz", "tbz2", "tar.ZST", "tar.br", "tzst", "iso"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_name_of_another_kind_of_archive_is_refused(knapsack, project, suffix):
    knapsack("pack", project / "m.toml", "-o", project / f"x.{suffix}").expect(2)
    assert not (project / f"x.{suffix}").exists()


@pytest.mark.parametrize("command", [["list"], ["init", "-"], ["init", "new.toml"]])
@pytest.mark.parametrize("cache", ["--hf-cache", "--kagglehub-cache"])
def test_a_cache_that_is_named_and_not_there_is_an_error(knapsack, tmp_path, command, cache):
    knapsack(*command, cache, tmp_path / "nope", cwd=tmp_path).expect(2)
    assert not (tmp_path / "new.toml").exists()


HEADS = {
    "kind": ['kind = "dataset"', 'kind = "model"\nframework = "transformers"\nvariation = "one"'],
    "variation": ['kind = "model"\nframework = "transformers"\nvariation = "one"', 'kind = "model"\nframework = "transformers"\nvariation = "two"'],
    "framework": ['kind = "model"\nframework = "transformers"\nvariation = "one"', 'kind = "model"\nframework = "keras"\nvariation = "one"'],
    "subtitle": ["", 'subtitle = "Twenty characters at least, and so on"'],
    "keywords": ["", 'keywords = ["nlp"]'],
    "dedup": ['dedup = "file"', 'dedup = "none"'],
}


@pytest.mark.parametrize("key", HEADS)
def test_diff_states_each_key_of_the_bundle(knapsack, tmp_path, key):
    write(tmp_path / "src", model())
    for at, head in enumerate(HEADS[key]):
        text = manifest(head=head, model=[{"name": "it", "source": "path:src"}])
        # Kaggle's names of licences for models are others than those for data sets.
        (tmp_path / f"m{at}.toml").write_text(text.replace('"other"', '"MIT"') if '"model"' in head else text)
        knapsack("lock", tmp_path / f"m{at}.toml").expect(0)
    done = knapsack("diff", tmp_path / "m0.lock", tmp_path / "m1.lock")
    assert key in done.text and "no difference" not in done.text
