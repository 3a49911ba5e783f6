"""The faults of `test_faults` and `test_kaggle_faults` in every state of the cache, for every other kind of source.

They are the same code but for the listing and the layout, so that a few of them are run always, and all with `-m slow`.
"""

import genuine
import pytest
import test_faults
import test_kaggle_faults
from fetching import copied, layout, require_true, size_of, started
from kaggle_fetching import COMPETITION, DATASET, LARGE, NOTEBOOK, fill, whole
from wayward_hub import WaywardHub
from wayward_kaggle import WaywardKaggle

STATES = ["nothing", "partial", "complete"]
BLOCK = 1 << 19


def series(kinds, cases, states, always):
    """Every combination; those of `always` in the default run."""
    found = []
    for kind in kinds:
        for fault, arguments in cases:
            for state in states:
                marks = () if (kind, fault, state) in always else pytest.mark.slow
                label = "-".join(str(value) for value in arguments.values() if not isinstance(value, dict))
                found.append(pytest.param(kind, fault, arguments, state, marks=marks, id=f"{kind}-{fault}-{label}-{state}"))
    return found


class TestHub:
    REPO = "tester/series"

    @pytest.fixture(scope="class")
    def hubs(self, knapsack, origin, tmp_path_factory):
        """For each kind a server, the layout that has to come out, and caches to begin with."""
        made = {}
        for kind in ("dataset", "space"):
            server = WaywardHub()
            commit = server.add(self.REPO, origin, kind=kind)
            directory = tmp_path_factory.mktemp(kind)
            source = f"hf-{kind}:{self.REPO}"
            genuine.snapshot_download(server, directory / "whole" / "hub", self.REPO, f"repo_type={kind!r}")
            complete = directory / "complete" / "hub"
            started(knapsack, server, complete)("fetch", source).expect(0)
            for path in complete.rglob("*"):
                if path.is_symlink() and path.name in ("model.safetensors", "file-04.txt"):
                    path.resolve().unlink()
                    path.unlink()
            for name in ("model.safetensors", "vocab.json", "file-04.txt", "onnx/model.onnx"):
                server.add_fault("drop", path=name, after=100 if name == "file-04.txt" else 560_000, times=1000)
            started(knapsack, server, directory / "partial" / "hub")("fetch", source, "--retries", "0").expect(1, 2)
            server.reset()
            made[kind] = (server, commit, source, layout(directory / "whole" / "hub"), directory)
        yield made
        for server, *_ in made.values():
            server.close()

    def begin(self, hubs, kind, state, tmp_path):
        server, commit, source, right, directory = hubs[kind]
        server.reset()
        cache = tmp_path / "hub"
        return server, commit, source, right, cache if state == "nothing" else copied(directory / state / "hub", cache)

    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(["dataset", "space"], test_faults.PASSING, STATES, {("dataset", "drop", "partial"), ("space", "short", "nothing")}),
    )
    def test_a_fault_that_passes_costs_little(self, knapsack, hubs, origin, tmp_path, kind, fault, arguments, state):
        server, _, source, right, cache = self.begin(hubs, kind, state, tmp_path)
        there = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file() and path.suffix != ".json")
        for path in test_faults.FILES:
            server.add_fault(fault, path=path, **arguments)
        program = started(knapsack, server, cache, **test_faults.patience(fault))
        done = program("fetch", source, "--connections", "4").expect(0)
        assert layout(cache) == right
        again = size_of(origin) if fault in ("wrong-bytes", "whole", "long", "wrong-range", "no-range-header") else 0
        # Of an answer that is shorter than it states more is under way when it is given up.
        blocks = 8 if fault == "short" else 4
        assert server.sent <= size_of(origin) - there + again + blocks * BLOCK, done.text

    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(
            ["dataset", "space"],
            [case for case in test_faults.PASSING if case[0] not in ("whole", "wrong-bytes")]
            + test_faults.LASTING
            + [("wrong-bytes", {"after": 5})],
            ["nothing", "partial", "complete"],
            {("space", "changed-etag", "nothing")},
        ),
    )
    def test_a_fault_that_stays_is_told_and_harms_nothing(self, knapsack, hubs, tmp_path, kind, fault, arguments, state):
        server, commit, source, right, cache = self.begin(hubs, kind, state, tmp_path)
        arguments = {**arguments, "seconds": 20.0} if fault == "stall" else arguments
        if fault == "drop":
            arguments = {"after": 0}
        if fault == "status":
            arguments = {**arguments, "headers": {}}
        server.add_fault(fault, path="model.safetensors", times=10_000, **arguments)
        program = started(knapsack, server, cache, **test_faults.patience(fault))
        done = program("fetch", source, "--retries", "1").expect(1, 2)
        assert "error: " in done.stderr and "fix: " in done.stderr
        assert done.code == (1 if fault in ("wrong-bytes", "changed-etag", "other-size") else 2), done.text
        require_true(cache)
        folder = cache / f"{kind}s--tester--series"
        assert not (folder / "snapshots" / commit / "model.safetensors").exists()
        assert (folder / "snapshots" / commit / "config.json").exists()
        if state != "complete":
            assert not (folder / "refs/main").exists()
        server.reset()
        program("fetch", source).expect(0)
        assert layout(cache) == right


KAGGLE = {
    "dataset": (f"kaggle-dataset:{DATASET}/versions/2", f"datasets/{DATASET}/versions/2"),
    "competition": (f"kaggle-competition:{COMPETITION}", f"competitions/{COMPETITION}"),
}
# What comes as one archive.
OUTPUT = f"kaggle-notebook:{NOTEBOOK}/versions/2"


class TestKaggle:
    @pytest.fixture(scope="class")
    def right(self, knapsack, kaggle_origin, tmp_path_factory):
        server = WaywardKaggle()
        fill(server, kaggle_origin)
        layouts = {}
        calls = {
            "dataset": f"dataset_download('{DATASET}/versions/2')",
            "competition": f"competition_download('{COMPETITION}')",
            "notebook": f"notebook_output_download('{NOTEBOOK}/versions/2')",
        }
        for kind, call in calls.items():
            cache = tmp_path_factory.mktemp(kind) / "cache"
            genuine.kagglehub_download(server, cache, call)
            layouts[kind] = layout(cache)
        server.close()
        return layouts

    def begin(self, kind, state, fetch, server, cache) -> None:
        source, folder = KAGGLE[kind]
        if state == "partial":
            for name in test_kaggle_faults.FILES:
                server.add_fault("drop", path=name, after=560_000 if name != "train.csv" else 100, times=1000)
            fetch(cache, source, "--retries", "0").expect(1, 2)
            assert list(cache.rglob("*.knapsack.journal")) and not list(cache.rglob("*.complete"))
        elif state == "complete":
            fetch(cache, source).expect(0)
            for name in ("model.safetensors", "train.csv"):
                (cache / folder / name).unlink()
        server.reset()

    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(KAGGLE, test_kaggle_faults.PASSING, STATES, {("dataset", "short", "partial"), ("competition", "expired", "nothing")}),
    )
    def test_a_fault_that_passes_costs_little(
        self, kaggle_fetch, wayward_kaggle, kaggle_origin, right, tmp_path, kind, fault, arguments, state
    ):
        cache = tmp_path / "cache"
        self.begin(kind, state, kaggle_fetch, wayward_kaggle, cache)
        there = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file() and path.suffix != ".journal")
        for path in test_kaggle_faults.FILES:
            wayward_kaggle.add_fault(fault, path=path, **arguments)
        done = kaggle_fetch(cache, KAGGLE[kind][0], "--connections", "4").expect(0)
        assert layout(cache) == right[kind]
        again = whole(kaggle_origin) if fault in test_kaggle_faults.LOADED_AGAIN else 0
        blocks = 8 if fault == "short" else 4
        assert wayward_kaggle.sent <= whole(kaggle_origin) - there + again + blocks * BLOCK, done.text

    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(
            KAGGLE,
            [(fault, {}) for fault in [*test_kaggle_faults.LASTING, "changed-md5", "wrong-bytes"]],
            STATES,
            {("competition", "changed-md5", "nothing")},
        ),
    )
    def test_a_fault_that_stays_is_told_and_harms_nothing(
        self, kaggle_fetch, wayward_kaggle, right, tmp_path, kind, fault, arguments, state
    ):
        cache = tmp_path / "cache"
        source, folder = KAGGLE[kind]
        self.begin(kind, state, kaggle_fetch, wayward_kaggle, cache)
        wayward_kaggle.add_fault(fault, path="model.safetensors", times=10_000, after=2_300_000 if fault == "wrong-bytes" else 0)
        done = kaggle_fetch(cache, source, "--retries", "1").expect(1, 2)
        assert "error: " in done.stderr and "fix: " in done.stderr
        assert done.code == (1 if fault in ("wrong-bytes", "changed-md5") else 2), done.text
        assert not (cache / folder / "model.safetensors").exists()
        assert (cache / folder / "config.json").exists()
        wayward_kaggle.reset()
        kaggle_fetch(cache, source).expect(0)
        assert layout(cache) == right[kind]

    def interrupted(self, state, fetch, server, cache) -> None:
        if state == "partial":
            server.add_fault("drop", after=LARGE["model.safetensors"] // 2, times=3)
            fetch(cache, OUTPUT, "--retries", "0").expect(2)
            assert list(cache.rglob("archive.knapsack.journal"))
        elif state == "complete":
            fetch(cache, OUTPUT).expect(0)
            (cache / f"notebooks/{NOTEBOOK}/output/versions/2/train.csv").unlink()
            # Of a notebook nobody has a list: what its marker states counts until that is gone.
            for marker in cache.rglob("*.complete"):
                marker.unlink()
        server.reset()

    @pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(["notebook"], test_kaggle_faults.PASSING, STATES, {("notebook", "stall", "partial")}),
    )
    def test_a_fault_of_an_archive_that_passes(
        self, kaggle_fetch, wayward_kaggle, right, tmp_path, kind, fault, arguments, state, form
    ):
        cache = tmp_path / "cache"
        wayward_kaggle.archive_kind = form
        self.interrupted(state, kaggle_fetch, wayward_kaggle, cache)
        wayward_kaggle.add_fault(fault, **arguments)
        kaggle_fetch(cache, OUTPUT, "--connections", "4").expect(0)
        assert layout(cache) == right[kind]
        again = 2 if fault in test_kaggle_faults.LOADED_AGAIN else 1
        assert wayward_kaggle.sent <= again * 2_700_000 + 8 * BLOCK

    @pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
    @pytest.mark.parametrize("state", ["nothing", "partial", "complete"])
    def test_an_archive_of_no_stated_size_is_read_as_a_whole(self, kaggle_fetch, wayward_kaggle, right, tmp_path, state, form):
        cache = tmp_path / "cache"
        wayward_kaggle.archive_kind = form
        self.interrupted(state, kaggle_fetch, wayward_kaggle, cache)
        wayward_kaggle.add_fault("no-range-header", times=10_000)
        done = kaggle_fetch(cache, OUTPUT, "--retries", "1").expect(0)
        assert layout(cache) == right["notebook"]
        assert "loaded 7 files of version 2" in done.stderr

    @pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
    @pytest.mark.parametrize(
        ("kind", "fault", "arguments", "state"),
        series(
            ["notebook"],
            [(fault, {}) for fault in [*test_kaggle_faults.LASTING, "changed-md5", "wrong-bytes"] if fault != "no-range-header"],
            STATES,
            {("notebook", "wrong-bytes", "partial")},
        ),
    )
    def test_a_fault_of_an_archive_that_stays(
        self, kaggle_fetch, wayward_kaggle, right, tmp_path, kind, fault, arguments, state, form
    ):
        cache = tmp_path / "cache"
        wayward_kaggle.archive_kind = form
        self.interrupted(state, kaggle_fetch, wayward_kaggle, cache)
        before = layout(cache / "notebooks") if (cache / "notebooks").exists() else {}
        wayward_kaggle.add_fault(fault, times=10_000, after=2_300_000 if fault == "wrong-bytes" else 0)
        done = kaggle_fetch(cache, OUTPUT, "--retries", "1").expect(1, 2)
        assert "error: " in done.stderr and "fix: " in done.stderr
        after = layout(cache / "notebooks") if (cache / "notebooks").exists() else {}
        assert after == before and not list(cache.rglob("*.complete"))
        wayward_kaggle.reset()
        kaggle_fetch(cache, OUTPUT).expect(0)
        assert layout(cache) == right[kind]
