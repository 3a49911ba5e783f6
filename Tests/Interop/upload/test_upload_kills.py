"""Kills at seeded moments of an upload: it goes on where it was, and there is never a version with a wrong file."""

import random
import signal
import time

import pytest
from cli import contents
from keeping_kaggle import KeepingKaggle
from uploading import AUTHORIZATION, METADATA, make_bundle, uploader

PIECE = 1 << 18
CONNECTIONS = 2


@pytest.fixture(scope="module")
def bundle(knapsack, tmp_path_factory):
    return make_bundle(knapsack, tmp_path_factory.mktemp("upload"))


@pytest.fixture
def server(tmp_path):
    server = KeepingKaggle(tmp_path / "kaggle")
    server.users = {AUTHORIZATION: "tester"}
    yield server
    assert not server.problems, server.problems
    server.close()


def require_right_versions(server, bundle) -> int:
    """Every version that there is has every file, and each is right."""
    expected = {name: digest for name, digest in contents(bundle).items() if name not in METADATA}
    versions = [pending.directory for pending in server.pending]
    versions += list(server.resources.get("tester/upload-models", {}).values())
    for version in versions:
        assert contents(version) == expected
    return len(versions)


def killed(run, server, bundle, kills: int, seed: int) -> int:
    """Uploads with so many kills at most, and returns how many met it."""
    generator = random.Random(seed)
    server.rate = 2_500_000
    arguments = ["upload", bundle, "--piece", "256KiB", "--connections", str(CONNECTIONS)]
    done = 0
    while done < kills:
        process = run.start(*arguments)
        try:
            time.sleep(generator.uniform(0.03, 0.45))
            if process.poll() is not None:
                break
        finally:
            process.kill()
            _, told = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), told
        done += 1
        require_right_versions(server, bundle)
    server.rate = None
    run(*arguments).expect(0)
    return done


def whole(bundle) -> int:
    return sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file() and path.name not in METADATA)


@pytest.mark.kill
def test_twenty_kills(knapsack, server, bundle, tmp_path):
    server.polls = 2
    done = killed(uploader(knapsack, server, tmp_path), server, bundle, 20, 15)
    assert done > 5
    assert require_right_versions(server, bundle) == 1
    # What each connection had sent of a piece, and nobody kept.
    assert server.received <= whole(bundle) + done * CONNECTIONS * PIECE, (server.received, done)


@pytest.mark.kill
@pytest.mark.slow
def test_two_hundred_kills(knapsack, bundle, tmp_path):
    """One upload after another, until so many kills have met one."""
    done = 0
    for seed in range(200):
        server = KeepingKaggle(tmp_path / str(seed) / "kaggle")
        server.users = {AUTHORIZATION: "tester"}
        server.polls = seed % 3
        met = killed(uploader(knapsack, server, tmp_path / str(seed)), server, bundle, 25, 1000 + seed)
        assert require_right_versions(server, bundle) == 1
        assert server.received <= whole(bundle) + met * CONNECTIONS * PIECE
        assert not server.problems, server.problems
        server.close()
        done += met
        if done >= 200:
            break
    assert done >= 200


@pytest.mark.kill
def test_a_kill_between_the_question_and_its_answer_makes_no_second_version(knapsack, server, bundle, tmp_path):
    """Kaggle makes the version, and nobody is there to hear it."""
    run = uploader(knapsack, server, tmp_path)
    server.polls = 3
    process = run.start("upload", bundle)
    try:
        while not server.creations:
            assert process.poll() is None
            time.sleep(0.001)
    finally:
        process.kill()
        process.communicate()
    done = run("upload", bundle, "--json").expect(0)
    assert done.json()["version"] == 1 and len(server.creations) == 1
    assert require_right_versions(server, bundle) == 1
