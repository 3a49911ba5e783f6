"""What `fetch` writes of Kaggle is what kagglehub writes, and kagglehub takes it for its own."""

import io
import json
import tarfile
import zipfile

import genuine
import pytest
from fetching import layout
from kaggle_fetching import COMPETITION, DATASET, LARGE, MODEL, NOTEBOOK, content, make_origin, started, whole
from wayward_kaggle import STORE

SOURCES = {
    "model": (f"kaggle:{MODEL}/2", f"model_download('{MODEL}/2')"),
    "current model": (f"kaggle:{MODEL}", f"model_download('{MODEL}')"),
    "dataset": (f"kaggle-dataset:{DATASET}/versions/1", f"dataset_download('{DATASET}/versions/1')"),
    "current dataset": (f"kaggle-dataset:{DATASET}", f"dataset_download('{DATASET}')"),
    "competition": (f"kaggle-competition:{COMPETITION}", f"competition_download('{COMPETITION}')"),
    "notebook": (f"kaggle-notebook:{NOTEBOOK}/versions/2", f"notebook_output_download('{NOTEBOOK}/versions/2')"),
    "current notebook": (f"kaggle-notebook:{NOTEBOOK}", f"notebook_output_download('{NOTEBOOK}')"),
}


@pytest.mark.smoke
@pytest.mark.parametrize("kind", SOURCES)
def test_the_cache_is_the_clients_to_the_byte(kaggle_fetch, wayward_kaggle, tmp_path, kind):
    source, call = SOURCES[kind]
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    kaggle_fetch(own, source).expect(0)
    genuine.kagglehub_download(wayward_kaggle, theirs, call)
    assert layout(own) == layout(theirs)
    # The client asks for the current version, if for anything, and loads nothing.
    wayward_kaggle.reset()
    genuine.kagglehub_download(wayward_kaggle, own, call)
    if "competition" not in kind:
        assert not wayward_kaggle.to(STORE) and len(wayward_kaggle.requests) == ("current" in kind)
    assert layout(own) == layout(theirs)
    # Neither does a second fetch.
    wayward_kaggle.reset()
    done = kaggle_fetch(own, source).expect(0)
    assert "all there" in done.stderr and not wayward_kaggle.to(STORE)
    assert layout(own) == layout(theirs)


@pytest.mark.parametrize(
    ("source", "call"),
    [
        (f"kaggle:{MODEL}/2", f"model_download('{MODEL}/2', path='NAME')"),
        (f"kaggle-dataset:{DATASET}/versions/2", f"dataset_download('{DATASET}/versions/2', path='NAME')"),
        (f"kaggle-competition:{COMPETITION}", f"competition_download('{COMPETITION}', path='NAME')"),
        (f"kaggle-notebook:{NOTEBOOK}/versions/1", f"notebook_output_download('{NOTEBOOK}/versions/1', path='NAME')"),
    ],
)
def test_single_files(kaggle_fetch, wayward_kaggle, tmp_path, source, call):
    own, theirs = tmp_path / "own", tmp_path / "theirs"
    names = ["config.json", "sub/notes.txt"]
    kaggle_fetch(own, source, *(argument for name in names for argument in ("--include", name))).expect(0)
    for name in names:
        genuine.kagglehub_download(wayward_kaggle, theirs, call.replace("NAME", name))
    assert layout(own) == layout(theirs)


@pytest.mark.parametrize("call", [f"model_download('{MODEL}/2')", f"dataset_download('{DATASET}/versions/1')",
                                  f"notebook_output_download('{NOTEBOOK}/versions/2')"])  # fmt: skip
def test_the_client_finds_it_offline(kaggle_fetch, tmp_path, call):
    cache = tmp_path / "cache"
    source = next(source for source, found in SOURCES.values() if found == call)
    kaggle_fetch(cache, source).expect(0)
    variables = {"KAGGLEHUB_CACHE": str(cache), "http_proxy": "http://127.0.0.1:9", "KAGGLE_API_ENVIRONMENT": "LOCALHOST"}
    found = genuine.run_python(f"import kagglehub; print(kagglehub.{call})", variables, tmp_path / "home").strip()
    assert found.startswith(str(cache))


def test_what_the_client_loaded_is_not_loaded_again(kaggle_fetch, wayward_kaggle, kaggle_origin, tmp_path):
    cache = tmp_path / "cache"
    genuine.kagglehub_download(wayward_kaggle, cache, f"model_download('{MODEL}/2')")
    before = layout(cache)
    # Without its marker nobody knows that it is whole: what is there is proved, and what is not is loaded.
    folder = cache / f"models/{MODEL}"
    (folder / "2.complete").unlink()
    (folder / "2/config.json").unlink()
    (folder / "2/train.csv").write_bytes(b"0" * 40_000)
    (folder / "2/sub/notes.txt").write_bytes(b"cut")
    wayward_kaggle.reset()
    kaggle_fetch(cache, f"kaggle:{MODEL}/2").expect(0)
    assert layout(cache) == before
    # One byte of each of the files that are there states what they have to be.
    assert wayward_kaggle.sent <= 300 + 40_000 + 77 + 10


@pytest.mark.parametrize("call", [f"dataset_download('{DATASET}/versions/2', path='train.csv')", f"model_download('{MODEL}/2', path='train.csv')"])
def test_a_file_that_the_store_has_as_a_zip(kaggle_fetch, wayward_kaggle, tmp_path, call):
    wayward_kaggle.zipped = {"train.csv", "model.safetensors"}
    source = f"kaggle-dataset:{DATASET}/versions/2" if "dataset" in call else f"kaggle:{MODEL}/2"
    kaggle_fetch(tmp_path / "one", source, "--include", "train.csv").expect(0)
    genuine.kagglehub_download(wayward_kaggle, tmp_path / "theirs", call)
    assert layout(tmp_path / "one") == layout(tmp_path / "theirs")
    kaggle_fetch(tmp_path / "own", source).expect(0)
    wayward_kaggle.zipped = set()
    kaggle_fetch(tmp_path / "plain", source).expect(0)
    assert layout(tmp_path / "own") == layout(tmp_path / "plain")


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
@pytest.mark.parametrize("is_unsized", [False, True])
def test_archives_of_every_kind(kaggle_fetch, wayward_kaggle, tmp_path, kind, is_unsized):
    kaggle_fetch(tmp_path / "plain", f"kaggle-notebook:{NOTEBOOK}/versions/2").expect(0)
    wayward_kaggle.archive_kind, wayward_kaggle.unsized = kind, is_unsized
    kaggle_fetch(tmp_path / "own", f"kaggle-notebook:{NOTEBOOK}/versions/2").expect(0)
    assert layout(tmp_path / "own") == layout(tmp_path / "plain")


def test_a_store_without_md5_is_told(kaggle_fetch, wayward_kaggle, tmp_path):
    wayward_kaggle.without_md5 = True
    done = kaggle_fetch(tmp_path / "own", f"kaggle:{MODEL}/2").expect(0)
    assert "states no MD5 of 7 files" in done.stderr


def tar(*members: tuple[str, bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, text in members:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(text) if kind == tarfile.REGTYPE else 0
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = text.decode()
            archive.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 30_000_000)
    # The directory and the file's own header state that a petabyte comes out.
    return buffer.getvalue().replace((30_000_000).to_bytes(4, "little"), (0xFFFFFFF0).to_bytes(4, "little"))


UNSAFE = {
    "a path that leads out": tar(("good", tarfile.REGTYPE, b"x"), ("../evil", tarfile.REGTYPE, b"x")),
    "an absolute path": tar(("/tmp/evil", tarfile.REGTYPE, b"x")),
    "a link": tar(("link", tarfile.SYMTYPE, b"/etc/passwd")),
    "a hard link": tar(("one", tarfile.REGTYPE, b"x"), ("two", tarfile.LNKTYPE, b"one")),
    "a device": tar(("device", tarfile.CHRTYPE, b"")),
    "a pipe": tar(("pipe", tarfile.FIFOTYPE, b"")),
    "the same twice": tar(("one", tarfile.REGTYPE, b"x"), ("one", tarfile.REGTYPE, b"y")),
    "more than it states": bomb(),
    "no archive": b"neither tar nor zip" * 100,
    "cut off": tar(("one", tarfile.REGTYPE, b"x" * 5000))[:3000],
}


@pytest.mark.parametrize("case", UNSAFE)
def test_an_archive_that_is_not_safe_is_not_unpacked(kaggle_fetch, wayward_kaggle, tmp_path, case):
    wayward_kaggle.archives[f"code/{NOTEBOOK}"] = UNSAFE[case]
    done = kaggle_fetch(tmp_path / "cache", f"kaggle-notebook:{NOTEBOOK}/versions/2").expect(2)
    assert "fetch-file-refused" in done.text or "is not unpacked" in done.stderr, done.text
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert not (tmp_path / "evil").exists() and not (tmp_path / "cache" / "evil").exists()


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "a/../../evil", "", "a//b"])
def test_a_name_that_is_not_safe_is_refused(kaggle_fetch, wayward_kaggle, tmp_path, name):
    wayward_kaggle.listed[MODEL] = [{"name": "config.json", "size": 300}, {"name": name, "size": 3}]
    done = kaggle_fetch(tmp_path / "cache", f"kaggle:{MODEL}/2").expect(1, 2)
    assert "Kaggle lists" in done.stderr or "list of files" in done.stderr
    assert not list(tmp_path.rglob("evil")) and not list((tmp_path / "cache").rglob("*"))


class TestManifests:
    @pytest.fixture
    def project(self, tmp_path):
        path = tmp_path / "project" / "models.toml"
        path.parent.mkdir()
        path.write_text(
            'schema = 1\n[bundle]\nname = "fetched"\n'
            f'[[files]]\nname = "model"\nsource = "kaggle:{MODEL}"\nexclude = ["a name*"]\n'
            f'[[files]]\nname = "data"\nsource = "kaggle-dataset:{DATASET}"\ninclude = ["sub/*"]\n'
            f'[[files]]\nname = "competition"\nsource = "kaggle-competition:{COMPETITION}"\nexclude = ["a name*"]\n'
            f'[[files]]\nname = "output"\nsource = "kaggle-notebook:{NOTEBOOK}"\nexclude = ["a name*"]\n'
        )
        return path

    def test_from_a_manifest_and_a_lock_to_the_same_bundle(self, knapsack, wayward_kaggle, project, tmp_path):
        first = started(knapsack, wayward_kaggle, tmp_path / "one" / "cache")
        first("pack", project, "--fetch", "--output", tmp_path / "one" / "bundle").expect(0)
        # Meanwhile there are newer versions.
        later = tmp_path / "later"
        later.mkdir()
        (later / "config.json").write_text("{}")
        for handle in (MODEL, DATASET, f"code/{NOTEBOOK}"):
            wayward_kaggle.add(handle, 3, later)
        second = started(knapsack, wayward_kaggle, tmp_path / "two" / "cache")
        second("pack", project, "--fetch", "--locked", "--output", tmp_path / "two" / "bundle").expect(0)
        first_files, second_files = (layout(tmp_path / name / "bundle") for name in ("one", "two"))
        assert first_files == second_files
        # All that the lock pins is there: nobody is asked.
        wayward_kaggle.reset()
        second("fetch", project, "--locked").expect(0)
        assert not wayward_kaggle.requests
        second("lock", project, "--fetch", "--update", "data").expect(1, 2)
        lock = json.loads(project.with_suffix(".lock").read_text())
        assert [entry["name"] for entry in lock["entries"]] == ["competition", "data", "model", "output"]

    def test_other_content_than_the_lock_pins(self, knapsack, wayward_kaggle, project, tmp_path):
        started(knapsack, wayward_kaggle, tmp_path / "one" / "cache")("lock", project, "--fetch").expect(0)
        other = make_origin(tmp_path / "other")
        (other / "config.json").write_bytes(content("other", 300))
        for handle, version in ((MODEL, 2), (COMPETITION, 0), (f"code/{NOTEBOOK}", 2)):
            wayward_kaggle.add(handle, version, other)
        done = started(knapsack, wayward_kaggle, tmp_path / "two" / "cache")("fetch", project, "--locked").expect(1)
        for name in ("model", "competition", "output"):
            assert f"{name}: config.json is not what the lock pins" in done.stderr, done.stderr
        assert not [path for path in (tmp_path / "two" / "cache").rglob("config.json")]
        assert not (tmp_path / "two" / "cache" / f"models/{MODEL}/2.complete").exists()

    def test_a_plan_is_shown_and_nothing_written(self, kaggle_fetch, wayward_kaggle, kaggle_origin, project, tmp_path):
        done = kaggle_fetch(tmp_path / "cache", project, "--dry-run", "--json").expect(0)
        planned = {plan["name"]: plan for plan in json.loads(done.stdout)["planned"]}
        assert len(planned["model"]["files"]) == 6 and planned["model"]["missing"] == whole(kaggle_origin) - 9
        assert not (tmp_path / "cache").exists()


def test_the_versions_of_a_notebook_do_not_hide_each_other(kaggle_fetch, wayward_kaggle, tmp_path):
    """kagglehub has one marker for all versions of a notebook."""
    cache = tmp_path / "cache"
    kaggle_fetch(cache, f"kaggle-notebook:{NOTEBOOK}/versions/1").expect(0)
    wayward_kaggle.add_fault("drop", after=LARGE["model.safetensors"] // 2, times=100)
    kaggle_fetch(cache, f"kaggle-notebook:{NOTEBOOK}/versions/2", "--retries", "0").expect(2)
    assert not (cache / f"notebooks/{NOTEBOOK}/output/versions/2").exists()
    wayward_kaggle.reset()
    kaggle_fetch(cache, f"kaggle-notebook:{NOTEBOOK}/versions/2").expect(0)
    assert (cache / f"notebooks/{NOTEBOOK}/output/versions/2/config.json").exists()


@pytest.mark.parametrize(
    "source", [f"kaggle:{MODEL}", f"kaggle-dataset:{DATASET}", f"kaggle-competition:{COMPETITION}", f"kaggle-notebook:{NOTEBOOK}"]
)
def test_what_is_added_with_fetch_is_there(knapsack, wayward_kaggle, tmp_path, source):
    program = started(knapsack, wayward_kaggle, tmp_path / "cache")
    path = tmp_path / "models.toml"
    done = program("add", source, "--fetch", "--manifest", path, "--name", "it", "--kind", "files").expect(0)
    assert "7 files of version 2" in done.stderr if COMPETITION not in source else "7 files\n" in done.stderr
    # A second time, with the network gone.
    path.write_text(path.read_text() + 'exclude = ["a name*"]\n')
    offline = started(knapsack, wayward_kaggle, tmp_path / "cache", http_proxy="http://127.0.0.1:9")
    offline("lock", path).expect(0)
    offline("pack", path, "--fetch", "--locked", "--output", tmp_path / "bundle").expect(0)
    assert len([found for found in (tmp_path / "bundle/files/it").rglob("*") if found.is_file()]) == 6
    # What is not there is not added.
    before = path.read_bytes()
    program("add", source.replace("mixed", "none"), "--fetch", "--manifest", path, "--name", "other", "--kind", "files").expect(2)
    assert path.read_bytes() == before
