"""Exit codes, what goes to which stream, pins that stay, and the digest index under strain."""

import os
import pty
import select
import shutil
import signal
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import genuine
import pytest
from cli import Knapsack, contents, manifest, read_lock
from conftest import KAGGLE_SET, SHARDED, copy_cache, make_sharded_model
from hub_server import HubServer


@dataclass
class Project:
    knapsack: Knapsack
    manifest: Path

    @property
    def lock(self) -> Path:
        return self.manifest.with_suffix(".lock")

    def __call__(self, command: str, *options):
        return self.knapsack(command, self.manifest, *options)


@pytest.fixture
def project(knapsack, caches, tmp_path) -> Project:
    """A small manifest, not locked yet, with a digest index of its own."""
    path = tmp_path / "small.toml"
    path.write_text(
        manifest(
            model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}],
            dataset=[{"name": "set", "source": f"kaggle-dataset:{KAGGLE_SET}", "license": "cc-by-4.0"}],
        )
    )
    runner = knapsack.with_caches(caches.hub, caches.kagglehub, KNAPSACK_CACHE_DIR=str(tmp_path / "index"))
    return Project(runner, path)


@pytest.mark.smoke
def test_zero_means_it_holds(project, tmp_path):
    project("lock").expect(0)
    project("lock", "--locked").expect(0)
    project("check").expect(0)
    project("pack", "--output", tmp_path / "bundle").expect(0)
    for command in (["verify", tmp_path / "bundle"], ["verify", project.lock], ["list"], ["schema", "lock"], ["--help"]):
        project.knapsack(*command).expect(0)


@pytest.mark.smoke
def test_one_means_a_finding(project):
    project("lock", "--locked").expect(1, 2)  # there is no lock yet
    project("lock").expect(0)
    text = project.manifest.read_text()
    project.manifest.write_text(text.replace("@main", "@main-not-there"))
    assert "sharded" in project("check").expect(1).text  # stale, seen without a cache
    assert "sharded" in project("lock", "--locked").expect(1, 2).text
    project.manifest.write_text(text.replace('license = "other"', 'license = "other"\n[policy]\nlicenses = ["gemma"]'))
    assert "mit" in project("check").expect(1).text


def test_two_means_it_could_not_be_decided(project, tmp_path):
    for command in (["lock"], ["check"], ["pack"], ["verify"]):
        project.knapsack(*command, tmp_path / "nowhere").expect(2)
        project.knapsack(*command, "--no-such-option").expect(2)
    project.knapsack("no-such-command").expect(2)
    project.knapsack("lock", project.manifest, "--hf-cache", tmp_path / "nowhere").expect(2)
    project.manifest.write_text("schema = 1\n[bundel]\n")
    found = project("check").expect(2).text
    assert f"{project.manifest}:2:" in found and "bundle" in found  # did you mean


def test_one_json_document_is_all_there_is_on_standard_output(project, tmp_path):
    bundle = tmp_path / "bundle"
    project("lock", "--json").expect(0).json()
    project("check", "--json").expect(0).json()
    project("pack", "--output", bundle, "--dry-run", "--json").expect(0).json()
    assert not bundle.exists()
    project("pack", "--output", bundle, "--json").expect(0).json()
    project.knapsack("verify", bundle, "--json").expect(0).json()
    project.knapsack("list", "--json").expect(0).json()
    assert project("check").expect(0).stdout == ""
    project.lock.write_text("{")
    answer = project("check", "--json").expect(1, 2).json()
    assert answer["findings"]
    project.knapsack("verify", tmp_path / "nowhere", "--json").expect(2).json()


def test_frozen_pack_needs_no_manifest_and_locked_pack_no_change(project, tmp_path):
    project("lock").expect(0)
    project("pack", "--output", tmp_path / "plain", "--locked").expect(0)
    project.manifest.rename(tmp_path / "away.toml")
    project("pack", "--output", tmp_path / "frozen", "--frozen").expect(0)
    assert contents(tmp_path / "frozen") == contents(tmp_path / "plain")


def test_pack_never_replaces_what_is_not_a_bundle(project, tmp_path):
    target = tmp_path / "mine"
    target.mkdir()
    (target / "thesis.txt").write_text("years of work")
    project("pack", "--output", target).expect(1, 2)
    assert contents(target) == {"thesis.txt": contents(target)["thesis.txt"]}
    assert (target / "thesis.txt").read_text() == "years of work"


def test_a_pin_stays_until_it_is_updated(knapsack, tmp_path):
    hub = HubServer()
    try:
        files = make_sharded_model(tmp_path / "origin")
        first = hub.add(SHARDED, files)
        cache = tmp_path / "hub"
        genuine.snapshot_download(hub, cache, SHARDED)
        path = tmp_path / "pins.toml"
        path.write_text(manifest(model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}]))
        runner = knapsack.with_caches(cache)
        runner("lock", path).expect(0)
        (files / "README.md").write_text("---\nlicense: mit\n---\n\nA second version.\n")
        second = hub.add(SHARDED, files)
        genuine.snapshot_download(hub, cache, SHARDED)
    finally:
        hub.close()
    before = path.with_suffix(".lock").read_bytes()
    runner("lock", path).expect(0)
    assert path.with_suffix(".lock").read_bytes() == before
    assert read_lock(path.with_suffix(".lock"))["sharded"]["resolved"]["hub"]["commit"] == first
    runner("lock", path, "--update").expect(0)
    assert read_lock(path.with_suffix(".lock"))["sharded"]["resolved"]["hub"]["commit"] == second != first


def test_a_corrupt_index_is_rebuilt(project, tmp_path):
    project("lock").expect(0)
    lock = project.lock.read_bytes()
    for content in (b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 4096):
        for file in (tmp_path / "index").rglob("*"):
            if file.is_file():
                file.write_bytes(content)
        project.lock.unlink()
        project("lock").expect(0)
        assert project.lock.read_bytes() == lock


def test_a_wrong_digest_in_the_index_is_not_believed(project, tmp_path):
    project("lock").expect(0)
    lock = project.lock.read_bytes()
    project("pack", "--output", tmp_path / "first").expect(0)
    with sqlite3.connect(tmp_path / "index" / "digests.sqlite") as connection:
        assert connection.execute("update digest set sha256 = ?", ("0" * 64,)).rowcount > 0
    project.knapsack("verify", project.lock).expect(0)
    project.lock.unlink()
    project("lock").expect(0)
    assert project.lock.read_bytes() == lock
    project("pack", "--output", tmp_path / "second").expect(0)
    assert contents(tmp_path / "second") == contents(tmp_path / "first")


def test_many_processes_share_one_index(project, tmp_path):
    runs = []
    for number in range(8):
        path = tmp_path / f"copy-{number}.toml"
        shutil.copy(project.manifest, path)
        runs.append((path, project.knapsack.start("lock", path)))
    locks = set()
    for path, process in runs:
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        locks.add(path.with_suffix(".lock").read_bytes())
    assert len(locks) == 1


def test_a_cache_and_an_index_that_cannot_be_written_do_no_harm(project, caches, tmp_path):
    (tmp_path / "index").write_text("a file where the index's directory should be")
    project("lock").expect(0)
    assert len(read_lock(project.lock)) == 2


def on_terminal(knapsack: Knapsack, *arguments, interrupt_after: float | None = None, **variables) -> tuple[int, str]:
    """Runs with a terminal as standard error, and returns the exit code and what was drawn."""
    master, slave = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for number in (0, 1, 2):
            os.dup2(slave, number)
        environment = {**knapsack.environment(), "TERM": "xterm-256color", **variables}
        os.execve(knapsack.binary, [str(knapsack.binary), *map(str, arguments)], environment)
    os.close(slave)
    drawn, start, status = b"", time.monotonic(), None
    while time.monotonic() - start < 60:
        if interrupt_after is not None and time.monotonic() - start > interrupt_after:
            os.kill(pid, signal.SIGINT)
            interrupt_after = None
        if select.select([master], [], [], 0.005)[0]:
            try:
                drawn += os.read(master, 65536)
                continue
            except OSError:
                pass
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
    os.close(master)
    return os.waitstatus_to_exitcode(status), drawn.decode(errors="replace")


def test_no_color_means_no_color(project, tmp_path):
    code, drawn = on_terminal(project.knapsack, "check", project.manifest, NO_COLOR="1")
    assert code != 0  # there is no lock
    assert "\x1b[3" not in drawn and "\x1b[1m" not in drawn
    piped = project("check")
    assert "\x1b" not in piped.text


def test_the_cursor_is_back_after_an_interrupted_pack(knapsack, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    with (files / "large.dat").open("wb") as handle:
        handle.truncate(3 << 30)
    path = tmp_path / "large.toml"
    path.write_text(manifest(files=[{"name": "files", "source": "path:files"}]))
    code, drawn = on_terminal(knapsack, "lock", path, interrupt_after=0.7)
    assert code == 130
    assert not path.with_suffix(".lock").exists()
    assert drawn.count("\x1b[?25l") <= drawn.count("\x1b[?25h")
    assert drawn.endswith("\n") or drawn.endswith("\r\x1b[K") or drawn.endswith("\x1b[?25h") or drawn.endswith("\x1b[2K")


def test_the_caches_are_only_read(project, caches, tmp_path):
    hub = copy_cache(caches.hub, tmp_path / "hub")
    before = {path: path.lstat().st_mtime_ns for path in hub.rglob("*")}
    runner = project.knapsack.with_caches(hub, caches.kagglehub)
    for command in (["lock", project.manifest], ["list"], ["pack", project.manifest, "--output", tmp_path / "bundle"]):
        runner(*command).expect(0)
    assert {path: path.lstat().st_mtime_ns for path in hub.rglob("*")} == before
