"""A pack that is killed at any moment leaves nothing that looks finished, and the next one goes on."""

import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli import Knapsack, contents, manifest

KILLS = 50
FILE_SIZE = 6 << 20


@dataclass
class Work:
    """Something to pack that takes a while, and what comes of it when nobody disturbs."""

    knapsack: Knapsack
    manifest: Path
    target: Path
    duration: float
    bundle: dict[str, str]


@pytest.fixture(scope="module")
def work(knapsack, tmp_path_factory) -> Work:
    directory = tmp_path_factory.mktemp("kill")
    dice = random.Random(20264)
    for number in range(7):
        file = directory / "files" / f"part-{number}" / "content.dat"
        file.parent.mkdir(parents=True)
        file.write_bytes(dice.randbytes(FILE_SIZE + number))
    for number in range(100):
        (directory / "files" / f"small-{number}.txt").write_text(f"{number}\n")
    (directory / "files" / "copy.dat").write_bytes((directory / "files" / "part-3" / "content.dat").read_bytes())
    path = directory / "kill.toml"
    path.write_text(manifest(files=[{"name": "files", "source": "path:files"}]))
    runner = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(directory / "index"))
    runner("lock", path).expect(0)
    target = directory / "out" / "bundle"
    target.parent.mkdir()
    durations = []
    for _ in range(3):
        start = time.monotonic()
        runner("pack", path, "--output", target).expect(0)
        durations.append(time.monotonic() - start)
        made = contents(target)
        remove(target)
    return Work(runner, path, target, min(durations), made)


def remove(directory: Path) -> None:
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    directory.rmdir()


def assert_nothing_looks_finished(work: Work) -> None:
    """Whatever stands at the target is the whole bundle: it came to stand there in one step."""
    if work.target.exists():
        assert contents(work.target) == work.bundle
        work.knapsack("verify", work.target).expect(0)


def test_pack_survives_being_killed_at_any_moment(work):
    dice = random.Random(20265)
    killed = unfinished = attempts = 0
    longest = work.duration
    while killed < KILLS:
        attempts += 1
        assert attempts < 10 * KILLS, f"only {killed} of {attempts} runs could be killed"
        process = work.knapsack.start("pack", work.manifest, "--output", work.target)
        time.sleep(longest * dice.random())
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        # How long a run takes depends on what else the machine does.
        longest *= 1.05 if process.returncode == -signal.SIGKILL else 0.9
        unfinished += not work.target.exists()
        assert_nothing_looks_finished(work)
        if work.target.exists():
            remove(work.target)
        # On every other round the next run is killed as well, so that leftovers of several runs meet.
        if dice.random() < 0.5:
            continue
        work.knapsack("pack", work.manifest, "--output", work.target).expect(0)
        assert contents(work.target) == work.bundle
        remove(work.target)
    assert unfinished > KILLS // 4

    work.knapsack("pack", work.manifest, "--output", work.target).expect(0)
    assert contents(work.target) == work.bundle
    assert [path.name for path in work.target.parent.iterdir()] == [work.target.name]
    remove(work.target)


def test_an_interrupted_pack_ends_with_130_and_no_bundle(work):
    for fraction in (0.3, 0.5, 0.7):
        process = work.knapsack.start("pack", work.manifest, "--output", work.target)
        # Before the program has begun to run, the signal ends it in the ordinary way.
        staging = work.target.parent / f".{work.target.name}.partial"
        while process.poll() is None and not staging.exists():
            time.sleep(0.001)
        time.sleep(work.duration * fraction)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        if process.returncode != 0:  # it may have been quicker
            assert process.returncode == 130
            assert not work.target.exists()
        else:
            remove(work.target)
    work.knapsack("pack", work.manifest, "--output", work.target).expect(0)
    assert contents(work.target) == work.bundle
    remove(work.target)
