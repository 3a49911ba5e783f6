"""A file of Kaggle that becomes another one, between two runs or in the middle of one: nothing is put together of both."""

import pytest
from kaggle_fetching import DATASET, MODEL, content, make_origin, whole

NAME = "model.safetensors"


@pytest.fixture(params=["md5", "etag"])
def server(request, wayward_kaggle):
    """A store that states MD5, and one of which only the etag tells one content from another."""
    wayward_kaggle.without_md5 = request.param == "etag"
    return wayward_kaggle


@pytest.fixture
def changed(tmp_path):
    """The same files, of which one has other bytes of the same number."""
    directory = make_origin(tmp_path / "changed")
    (directory / NAME).write_bytes(content("another", (directory / NAME).stat().st_size))
    return directory


@pytest.mark.parametrize("source", [f"kaggle:{MODEL}/2", f"kaggle-dataset:{DATASET}/versions/2"])
def test_pieces_of_what_it_was_are_thrown_away(kaggle_fetch, server, changed, tmp_path, source):
    cache = tmp_path / "cache"
    server.add_fault("drop", path=NAME, after=1_200_000, times=100)
    kaggle_fetch(cache, source, "--retries", "0").expect(2)
    assert list(cache.rglob("*.knapsack.journal"))
    server.reset()
    for handle in (MODEL, DATASET):
        server.add(handle, 2, changed)
    kaggle_fetch(cache, source).expect(0)
    (found,) = cache.rglob(NAME)
    assert found.read_bytes() == (changed / NAME).read_bytes()
    assert server.sent >= (changed / NAME).stat().st_size
    assert not list(cache.rglob("*.knapsack.*")) and not (cache / ".knapsack").exists()


def test_in_the_middle_it_is_told(kaggle_fetch, server, kaggle_origin, changed, tmp_path):
    cache = tmp_path / "cache"
    # The first answer breaks off, and the next one is of another file.
    fault = server.add_fault("drop", path=NAME, after=700_000)
    server.on_cut = lambda met: server.add(MODEL, 2, changed) if met is fault else None
    done = kaggle_fetch(cache, f"kaggle:{MODEL}/2", "--connections", "1").expect(1)
    assert f"{NAME} is not what Kaggle lists" in done.stderr and "another one than it was" in done.stderr, done.stderr
    assert not list(cache.rglob(NAME)) and not (cache / f"models/{MODEL}/2.complete").exists()
    kaggle_fetch(cache, f"kaggle:{MODEL}/2").expect(0)
    (found,) = cache.rglob(NAME)
    assert found.read_bytes() == (changed / NAME).read_bytes()


def test_a_competition_is_looked_at_again_when_its_files_are_newer(kaggle_fetch, wayward_kaggle, kaggle_origin, changed, tmp_path):
    """It has no versions: the date of a file tells whether it may be another one."""
    cache = tmp_path / "cache"
    source = "kaggle-competition:mixed-competition"
    kaggle_fetch(cache, source).expect(0)
    wayward_kaggle.reset()
    wayward_kaggle.add("mixed-competition", 0, changed)
    kaggle_fetch(cache, source).expect(0)
    (found,) = cache.rglob(NAME)
    assert found.read_bytes() == (kaggle_origin / NAME).read_bytes()  # as old as it was
    wayward_kaggle.created = "2099-01-02T03:04:05.678Z"
    wayward_kaggle.reset()
    kaggle_fetch(cache, source).expect(0)
    assert found.read_bytes() == (changed / NAME).read_bytes()
    # The others were compared with the store's MD5, and not loaded.
    assert wayward_kaggle.sent <= (changed / NAME).stat().st_size + whole(changed) // 10
