"""Work that is killed at any moment leaves nothing that looks finished and is wrong, and the next run goes on.

KNAPSACK_KILLS sets how many runs of each kind are killed.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import workload
from workload import FORMS, SUFFIXES, Workload, remove, shown, wrong_in

pytestmark = pytest.mark.kill

KILLS = int(os.environ.get("KNAPSACK_KILLS", "3"))


@pytest.fixture(scope="module")
def work(knapsack, tmp_path_factory) -> Workload:
    return workload.make(knapsack, tmp_path_factory.mktemp("kill"), tensor=2 << 20)


class Killer:
    """Starts runs and kills them at random moments of the time that a run takes."""

    def __init__(self, work: Workload, seed: int):
        self.work = work
        self.dice = random.Random(seed)
        self.longest = 0.0

    def measure(self, *arguments: str | Path) -> None:
        start = time.monotonic()
        self.work.knapsack(*arguments).expect(0)
        self.longest = max(self.longest, time.monotonic() - start)

    def kill(self, *arguments: str | Path) -> bool:
        """Whether the run was killed before it had ended."""
        process = self.work.knapsack.start(*arguments)
        time.sleep(self.longest * self.dice.random())
        process.kill()
        process.communicate()
        killed = process.returncode == -signal.SIGKILL
        # How long a run takes depends on what else the machine does.
        self.longest *= 1.05 if killed else 0.9
        return killed


def survive(killer: Killer, arguments, target: Path, wrong, finish) -> int:
    """Kills `KILLS` runs and returns how many of them left the target unfinished."""
    killed = attempts = left = 0
    killer.measure(*arguments())
    remove(target)
    while killed < KILLS:
        attempts += 1
        assert attempts < 10 * KILLS + 10, f"only {killed} of {attempts} runs could be killed"
        killed += killer.kill(*arguments())
        assert not wrong(), wrong()
        left += wrong is not None and not target.exists()
        # On every other round the next run is killed as well, so that leftovers of several runs meet.
        if killer.dice.random() < 0.5:
            continue
        killer.work.knapsack(*arguments()).expect(0)
        finish()
        remove(target)
    killer.work.knapsack(*arguments()).expect(0)
    finish()
    remove(target)
    return left


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pack_survives_being_killed_at_any_moment(work, suffix, tmp_path):
    target = tmp_path / "out" / f"bundle{suffix}"
    target.parent.mkdir()

    def wrong() -> bool:
        return target.exists() and shown(target) != work.expected[suffix]

    def finish() -> None:
        assert shown(target) == work.expected[suffix]
        assert [path.name for path in target.parent.iterdir()] == [target.name]

    left = survive(
        Killer(work, 20265), lambda: ("pack", work.manifest, "--output", target), target, wrong, finish
    )
    assert left > KILLS // 4 or KILLS < 20


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_bundle_that_is_replaced_is_the_old_one_or_the_new_one(work, suffix, tmp_path):
    """Packed over another one, whoever looks finds either of the two."""
    target = tmp_path / "out" / f"bundle{suffix}"
    other = tmp_path / "other.toml"
    other.write_text(workload.manifest(files=[{"name": "files", "source": f"path:{work.directory / 'files'}"}]))
    work.knapsack("pack", other, "--output", target, "--replace").expect(0)
    old = shown(target)
    killer = Killer(work, 20266)
    killer.measure("pack", work.manifest, "--output", target, "--replace")
    for _ in range(KILLS):
        work.knapsack("pack", other, "--output", target, "--replace").expect(0)
        assert shown(target) == old
        killer.kill("pack", work.manifest, "--output", target, "--replace")
        assert shown(target) in (old, work.expected[suffix])
    work.knapsack("pack", work.manifest, "--output", target, "--replace").expect(0)
    assert shown(target) == work.expected[suffix]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("option", FORMS)
@pytest.mark.parametrize("suffix", ["", ".tar.zst"])
def test_unpack_survives_being_killed_at_any_moment(work, option, suffix, tmp_path):
    target = tmp_path / "target"
    expected = work.expected[option]
    dice = random.Random(20268)

    def arguments():
        # An archive's next run may be from another kind of archive, or from the directory.
        bundle = work.bundles[suffix and dice.choice(SUFFIXES)]
        return "unpack", bundle, option, target

    def finish() -> None:
        assert shown(target) == expected

    survive(Killer(work, 20267), arguments, target, lambda: wrong_in(shown(target), expected), finish)


def test_lock_survives_being_killed_at_any_moment(work, tmp_path):
    path = tmp_path / "manifests" / "work.toml"
    path.parent.mkdir()
    path.write_text(work.manifest.read_text().replace("path:files", f"path:{work.directory / 'files'}"))
    work.knapsack("lock", path).expect(0)
    target = path.with_suffix(".lock")
    expected = target.read_bytes()

    def finish() -> None:
        assert target.read_bytes() == expected
        assert sorted(file.name for file in path.parent.iterdir()) == ["work.lock", "work.toml"]

    def wrong() -> bool:
        return target.exists() and target.read_bytes() != expected

    survive(Killer(work, 20269), lambda: ("lock", path, "--rehash"), target, wrong, finish)


def test_an_interrupted_pack_ends_with_130_and_no_bundle(work, tmp_path):
    for suffix in SUFFIXES:
        target = tmp_path / "out" / f"bundle{suffix}"
        killer = Killer(work, 20270)
        killer.measure("pack", work.manifest, "--output", target)
        remove(target)
        for fraction in (0.3, 0.5, 0.7):
            process = work.knapsack.start("pack", work.manifest, "--output", target)
            # Before the program has begun to run, the signal ends it in the ordinary way.
            staging = target.parent / f".{target.name}.partial"
            while process.poll() is None and not staging.exists():
                time.sleep(0.001)
            time.sleep(killer.longest * fraction)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            assert process.returncode in (0, 130)
            # The signal may come when it has its name already.
            if target.exists():
                assert shown(target) == work.expected[suffix]
                remove(target)
            else:
                assert process.returncode == 130
        work.knapsack("pack", work.manifest, "--output", target).expect(0)
        assert shown(target) == work.expected[suffix]


def test_two_packs_of_one_archive_do_not_meet(work, tmp_path):
    """The second finds the first one's unfinished archive in use, and leaves it alone."""
    for suffix in (".tar", ".tar.zst", ".zip"):
        target = tmp_path / "out" / f"bundle{suffix}"
        for _ in range(3):
            runs = [work.knapsack.start("pack", work.manifest, "--output", target) for _ in range(3)]
            outputs = [run.communicate()[1].decode() for run in runs]
            codes = [run.returncode for run in runs]
            assert 0 in codes and set(codes) <= {0, 2}, outputs
            for code, output in zip(codes, outputs):
                assert code == 0 or "another knapsack pack is writing" in output
            assert shown(target) == work.expected[suffix]
            assert [path.name for path in target.parent.iterdir()] == [target.name]
            remove(target)
