"""What others bring: locks from git, caches with links that lead elsewhere, and lists without an end."""

import json
import shutil

import pytest
from cli import manifest
from fetching import REPO, layout, started
from kaggle_fetching import MODEL
from wayward_hub import WaywardHub


@pytest.fixture
def project(tmp_path, wayward):
    path = tmp_path / "project" / "models.toml"
    path.parent.mkdir()
    path.write_text(manifest(files=[{"name": "all", "source": f"hf:{REPO}@main", "include": ["*.json", "*.txt"]}]))
    return path


@pytest.mark.parametrize("ref", ["../../../victim", "/victim", "a\nb", "\x1b[31m", "", ".hidden/x"])
@pytest.mark.parametrize("command", ["fetch", "pack"])
def test_a_ref_of_a_lock_is_a_revisions_name(knapsack, wayward, project, tmp_path, ref, command):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("lock", project, "--fetch").expect(0)
    lock = project.with_suffix(".lock")
    text = json.loads(lock.read_text())
    text["entries"][0]["resolved"]["hub"]["ref"] = ref
    lock.write_text(json.dumps(text))
    (tmp_path / "victim").write_text("precious")
    shutil.rmtree(tmp_path / "hub")
    wayward.reset()
    done = program(command, project, *(["--fetch"] if command == "pack" else [])).expect(2)
    assert "the ref " in done.stderr and not (tmp_path / "hub").exists()
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.parametrize("command", [("pack", "--fetch", "--locked"), ("lock", "--fetch", "--locked"), ("lock", "--fetch")])
def test_nothing_is_loaded_for_a_lock_that_is_refused_afterwards(knapsack, wayward, project, tmp_path, command):
    program = started(knapsack, wayward, tmp_path / "hub")
    lock = project.with_suffix(".lock")
    if "--locked" in command:
        program("lock", project, "--fetch").expect(0)
        project.write_text(project.read_text().replace('"*.txt"', '"*.bin"'))
        shutil.rmtree(tmp_path / "hub")
    else:
        lock.write_text("<<<<<<< ours\n")
    wayward.reset()
    program(command[0], project, *command[1:]).expect(1, 2)
    assert wayward.sent == 0 and not (tmp_path / "hub").exists()


@pytest.mark.parametrize("place", ["", "blobs", "snapshots", "snapshots/COMMIT", "refs", "snapshots/COMMIT/sub"])
def test_nothing_is_written_through_a_link_out_of_the_cache(knapsack, wayward, tmp_path, place):
    cache, outside = tmp_path / "hub", tmp_path / "outside"
    outside.mkdir()
    link = cache / "models--tester--mixed" / place.replace("COMMIT", wayward.commit)
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    done = started(knapsack, wayward, cache)("fetch", f"hf:{REPO}").expect(2)
    assert "leads out of the cache" in done.stderr and not list(outside.iterdir())
    assert wayward.sent == 0


def test_a_link_that_stays_in_the_cache_is_followed(knapsack, wayward, tmp_path, whole):
    cache = tmp_path / "hub"
    (cache / "elsewhere").mkdir(parents=True)
    (cache / "models--tester--mixed").mkdir()
    (cache / "models--tester--mixed" / "blobs").symlink_to(cache / "elsewhere")
    started(knapsack, wayward, cache)("fetch", f"hf:{REPO}").expect(0)
    assert len(list((cache / "elsewhere").iterdir())) == len([name for name in whole if "/blobs/" in name])


@pytest.mark.parametrize("place", ["models", f"models/{MODEL}", f"models/{MODEL}/2", f"models/{MODEL}/2/sub"])
def test_neither_is_anything_of_kaggle(kaggle_fetch, wayward_kaggle, tmp_path, place):
    cache, outside = tmp_path / "cache", tmp_path / "outside"
    outside.mkdir()
    (cache / place).parent.mkdir(parents=True)
    (cache / place).symlink_to(outside)
    done = kaggle_fetch(cache, f"kaggle:{MODEL}/2").expect(2)
    assert "leads out of the cache" in done.stderr and not list(outside.iterdir())


def test_a_marker_that_leads_nowhere_marks_nothing(kaggle_fetch, wayward_kaggle, tmp_path):
    cache, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    kaggle_fetch(cache, f"kaggle:{MODEL}/2").expect(0)
    before = layout(cache)
    marker = cache / "models" / MODEL / "2.complete"
    marker.unlink()
    marker.symlink_to(elsewhere)
    kaggle_fetch(cache, f"kaggle:{MODEL}/2").expect(0)
    assert layout(cache) == before and not elsewhere.exists()


class Endless(WaywardHub):
    """A list of files whose pages lead on and on: to the same page, or to others."""

    def __init__(self, each: int, same: bool):
        super().__init__()
        self.commit = "a" * 40
        self.pages = 0
        hub = self

        class Handler(self.handler):
            def route(self):
                if "/tree/" not in self.path:
                    return self.send_json({"sha": hub.commit})
                hub.pages += 1
                place = "x" if same else str(hub.pages)
                entries = [
                    {"type": "file", "path": f"{hub.pages}/{number}", "size": 1, "oid": "b" * 40} for number in range(each)
                ]
                self.send_json(entries, {"Link": f'<{hub.url}{self.path.split("?")[0]}?cursor={place}>; rel="next"'})

        for server in self._servers:
            server.RequestHandlerClass = type("Handler", (Handler,), {"hub": self})


@pytest.mark.parametrize(("each", "same"), [(10, True), pytest.param(5000, False, marks=pytest.mark.slow)])
def test_a_list_without_end_is_given_up(knapsack, tmp_path, each, same):
    hub = Endless(each, same)
    done = started(knapsack, hub, tmp_path / "hub")("fetch", "hf:tester/endless", "--quiet").expect(2)
    hub.close()
    assert "does not end" in done.stderr and hub.pages <= (2 if same else 62)


def test_what_is_not_whole_is_not_called_loaded(fetch, wayward, tmp_path):
    wayward.add_fault("drop", path="model.safetensors", after=0, times=1000)
    done = fetch(tmp_path / "hub", f"hf:{REPO}", "--retries", "0").expect(2)
    assert "not whole" in done.stderr and "36 of 38 files there" in done.stderr and ": loaded" in done.stderr.split("not whole")[1]
    wayward.reset()
    assert "38 files" in fetch(tmp_path / "hub", f"hf:{REPO}").expect(0).stderr


def test_a_commit_that_is_gone_is_called_so(knapsack, wayward, project, tmp_path):
    program = started(knapsack, wayward, tmp_path / "hub")
    program("lock", project, "--fetch").expect(0)
    lock = project.with_suffix(".lock")
    lock.write_text(lock.read_text().replace(wayward.commit, "f" * 40))
    shutil.rmtree(tmp_path / "hub")
    done = program("fetch", project).expect(2)
    assert f"has no commit {'f' * 40} any more, which the lock pins" in done.stderr


@pytest.mark.parametrize("option", ["--hf-cache", "--kagglehub-cache"])
def test_an_empty_text_is_no_cache(knapsack, wayward, tmp_path, option):
    program = started(knapsack, wayward, tmp_path / "hub")
    assert "names no directory" in program("fetch", f"hf:{REPO}", option, "").expect(2).stderr


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_manifest_that_is_edited_keeps_its_mode(knapsack, tmp_path, mode):
    path = tmp_path / "m.toml"
    path.write_text(manifest(files=[{"name": "notes", "source": "path:notes"}]))
    path.chmod(mode)
    knapsack("add", "hf:org/other", "--manifest", path).expect(0)
    assert path.stat().st_mode & 0o777 == mode
    knapsack("remove", "other", "--manifest", path).expect(0)
    assert path.stat().st_mode & 0o777 == mode
