"""Several bundles in one notebook, with bundles made by hand. Needs pytest alone; no network, no client."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import subprocess
import sys

import pytest
from bundles import Bundle, Split, hub, kaggle, run, sha256

A, B, C = "a" * 40, "b" * 40, "c" * 40


@pytest.fixture
def top(tmp_path):
    """Where a notebook's datasets are mounted."""
    return tmp_path / "kaggle" / "input"


def base_and_more(top):
    """A bundle, one that has the same model in a newer commit, and one that has nothing to do with them."""
    base = Bundle(top / "base").add("qwen", "model", {"config.json": b"{}"}, hub("org/qwen", A))
    base.add("data", "dataset", {"train.csv": b"1"}, kaggle("me/data/versions/3", "dataset")).write()
    delta = Bundle(top / "datasets" / "team" / "delta")
    delta.add("qwen", "model", {"config.json": b"{ }"}, hub("org/qwen", B))
    delta.add("tuned", "model", {"config.json": b"{  }"}, hub("org/tuned", C)).write()
    other = Bundle(top / "models" / "o" / "m" / "f" / "v" / "1").add("notes", "files", {"a.txt": b"a"}).write()
    return base, delta, other


WHAT_IS_SERVED = """
    import json, os, sys
    import knapsack
    knapsack.activate()
    hub = os.environ["HF_HUB_CACHE"]
    found = {os.path.relpath(os.path.join(at, name), hub): open(os.path.join(at, name)).read()
             for at, _, files in os.walk(hub, followlinks=True) for name in files}
    print(json.dumps({
        "hub": found,
        "entries": [entry.name for entry in knapsack.models()],
        "paths": [knapsack.path(entry.name) for entry in knapsack.models()],
    }))
"""


@pytest.mark.smoke
def test_all_bundles_are_served_whichever_loader_is_imported(top, tmp_path):
    bundles = base_and_more(top)
    answers = [run(bundle, WHAT_IS_SERVED, scratch=tmp_path / "scratch") for bundle in bundles]
    assert len({answer.stdout for answer in answers}) == 1
    assert len({answer.stderr for answer in answers}) == 1
    found = json.loads(answers[0].stdout)
    assert found["entries"] == ["data", "delta/qwen", "notes", "qwen", "tuned"]
    assert found["hub"] == {
        "models--org--qwen/refs/main": A,
        f"models--org--qwen/snapshots/{A}/config.json": "{}",
        f"models--org--qwen/snapshots/{B}/config.json": "{ }",
        "models--org--tuned/refs/main": C,
        f"models--org--tuned/snapshots/{C}/config.json": "{  }",
    }
    assert found["paths"][1] == f"{bundles[1].root}/models/qwen"
    assert found["paths"][3] == f"{bundles[0].root}/models/qwen"


@pytest.mark.smoke
def test_each_conflict_is_one_line(top, tmp_path):
    base, delta, _ = base_and_more(top)
    lines = run(base, WHAT_IS_SERVED, scratch=tmp_path / "scratch").stderr.splitlines()
    assert lines == [
        f"knapsack: 'qwen' is an entry of {base.root} and another one of {delta.root}: "
        f"that name means the one of {base.root}; the other is 'delta/qwen'",
        f"knapsack: org/qwen is attached at several commits ({A[:12]} in {base.root}, {B[:12]} in {delta.root}): "
        f"main means {A[:12]}, and revision= takes any of them",
    ]


def test_equal_entries_are_no_conflict(top, tmp_path):
    for name in ("one", "two"):
        bundle = Bundle(top / name).add("m", "model", {"config.json": b"{}"}, hub("org/m", A)).write()
    done = run(bundle, WHAT_IS_SERVED, scratch=tmp_path / "scratch")
    assert (json.loads(done.stdout)["entries"], done.stderr) == (["m"], "")


def test_two_contents_of_one_revision_are_told(top, tmp_path):
    for name in ("one", "two"):
        bundle = Bundle(top / name).add(f"m-{name}", "model", {"w": name.encode()}, hub("org/m", A)).write()
    done = run(bundle, WHAT_IS_SERVED, scratch=tmp_path / "scratch")
    assert json.loads(done.stdout)["hub"][f"models--org--m/snapshots/{A}/w"] == "one"
    what = f"org/m at {A[:12]}: w differs between {top}/one, which is used, and {top}/two"
    assert done.stderr == f"knapsack: {what}\n"


def test_a_bundle_that_is_mounted_twice_is_one(top, tmp_path):
    bundle = Bundle(top / "one").add("m", "model", {"config.json": b"{}"}, hub("org/m", A)).write()
    (top / "datasets" / "team").mkdir(parents=True)
    (top / "datasets" / "team" / "one").symlink_to(bundle.root)
    done = run(bundle, WHAT_IS_SERVED, scratch=tmp_path / "scratch")
    assert (json.loads(done.stdout)["entries"], done.stderr) == (["m"], "")


def test_a_second_activation_adds(tmp_path):
    """Bundles that are not below one input directory: each has its own loader, imported one after the other."""
    one = Bundle(tmp_path / "a" / "one").add("m", "model", {"w": b"1"}, hub("org/m", A)).write()
    two = Bundle(tmp_path / "b" / "two").add("n", "model", {"w": b"2"}, hub("org/n", B)).write()
    code = """
        import importlib.util, os, sys
        def load(root, name):
            spec = importlib.util.spec_from_file_location(name, root + "/knapsack.py")
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            return module
        first, second = [load(root, f"knapsack{number}") for number, root in enumerate(sys.argv[1:])]
        first.activate()
        assert os.listdir(os.environ["HF_HUB_CACHE"])[0].endswith(first.models()[0].name)
        second.activate()
        assert sorted(os.listdir(os.environ["HF_HUB_CACHE"])) == ["models--org--m", "models--org--n"]
        first.activate()
        assert sorted(os.listdir(os.environ["HF_HUB_CACHE"])) == ["models--org--m", "models--org--n"]
        assert [entry.name for entry in first.models()] == [entry.name for entry in second.models()] == ["m", "n"]
        assert sum(hasattr(finder, "_knapsack") for finder in sys.meta_path) == 1
    """
    for roots in itertools.permutations([str(one.root), str(two.root)]):
        run(one, code, scratch=tmp_path / "scratch", arguments=roots)


def test_files_in_pieces_are_put_together_once_for_all_combinations(top, tmp_path):
    base, head = bytes(range(256)) * 100, b"head"
    bundle = Bundle(top / "one").add("base", "model", {"w": base}, hub("org/base", A))
    bundle.store(f"store/{sha256(head)}", head)
    pieces = [(f"store/{sha256(head)}", 0, 4), ("models/base/w", 0, 1000)]
    bundle.add("tuned", "model", {"w": Split(head + base[:1000], *pieces)}, hub("org/tuned", B)).write()
    code = "import os, knapsack; knapsack.activate(); print(os.path.realpath(knapsack.path('tuned') + '/w'))"
    alone = run(bundle, code, scratch=tmp_path / "scratch").stdout
    Bundle(top / "two").add("n", "model", {"w": b"2"}, hub("org/n", B)).write()
    assert run(bundle, code, scratch=tmp_path / "scratch").stdout == alone
    assert pathlib.Path(alone.strip()).read_bytes() == head + base[:1000]


@pytest.mark.parametrize("damage", ["lock", "newer", "missing"])
def test_a_broken_bundle_does_not_take_the_others_with_it(top, tmp_path, damage):
    good = Bundle(top / "good").add("m", "model", {"w": b"1"}, hub("org/m", A)).write()
    bad = Bundle(top / "bad").add("n", "model", {"w": b"2"}, hub("org/n", B)).write()
    if damage == "lock":
        (bad.root / "knapsack.lock").write_text("{")
    elif damage == "newer":
        bad.write(version=99)
    else:
        (bad.root / "models/n/w").unlink()
    done = run(good, WHAT_IS_SERVED, scratch=tmp_path / "scratch")
    assert json.loads(done.stdout)["entries"] == ["m"]
    assert len(done.stderr.splitlines()) == 1 and done.stderr.endswith("; it is left out\n"), done.stderr
    assert run(bad, WHAT_IS_SERVED, scratch=tmp_path / "scratch", check=False).returncode == 1


def test_verify_looks_at_all_bundles(top, tmp_path):
    base, delta, _ = base_and_more(top)
    code = "import knapsack; print(knapsack.verify('full'))"
    assert run(base, code, scratch=tmp_path / "scratch").stdout.startswith("full: 5 files (")
    (delta.root / "models/tuned/config.json").write_bytes(b"[  ]")
    done = run(base, code, scratch=tmp_path / "scratch", check=False)
    assert f"{delta.root}/models/tuned/config.json: expected sha256" in done.stderr


def test_names_of_two_bundles_are_listed(top, tmp_path):
    base, _, _ = base_and_more(top)
    done = run(base, "import knapsack; knapsack.path('nothing')", scratch=tmp_path / "scratch", check=False)
    assert "have no entry 'nothing'; their entries: data, delta/qwen, notes, qwen, tuned" in done.stderr
    done = run(base, "import knapsack; print(knapsack.path('base/qwen'))", scratch=tmp_path / "scratch")
    assert done.stdout == f"{base.root}/models/qwen\n"


def test_competition_data_is_not_searched_to_its_end(top, tmp_path):
    """A directory of very many files, as competitions have them, costs a look at its beginning."""
    bundle = Bundle(top / "one").add("m", "model", {"w": b"1"}, hub("org/m", A)).write()
    images = top / "competitions" / "flowers" / "train"
    images.mkdir(parents=True)
    for number in range(3000):
        (images / f"{number}.jpg").touch()
    code = """
        import os, knapsack
        looked = []
        real = os.scandir
        class Counting:
            def __init__(self, *a): self.items = real(*a)
            def __enter__(self): return self
            def __exit__(self, *a): self.items.close()
            def __iter__(self): return self
            def __next__(self):
                looked.append(1)
                return next(self.items)
        os.scandir = Counting
        print([os.path.basename(root) for root in knapsack._find_bundles(knapsack._input_root(knapsack._own_root()))])
        print(len(looked))
    """
    found, looked = run(bundle, code, scratch=tmp_path / "scratch").stdout.splitlines()
    assert found == "['one']"
    assert int(looked) < 300


def test_the_documented_lines_say_what_to_attach(tmp_path):
    import notebook

    lines = notebook.ACTIVATE.replace("/kaggle/input", str(tmp_path))
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("AssertionError: attach ") and "to this notebook (Add Input)" in last


# What is installed


def test_freeze_lists_what_is_installed_as_pip_does(tmp_path):
    bundle = Bundle(tmp_path / "one").add("m", "model", {"w": b"1"}).write()
    for place, version in (("first", "2.0"), ("second", "1.0")):
        for name in ("Some_Package", "another.one"):
            info = tmp_path / place / f"{name}-{version}.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (tmp_path / "second" / "broken-1.dist-info").mkdir()
    (tmp_path / "second" / "nameless-1.dist-info").mkdir()
    (tmp_path / "second" / "nameless-1.dist-info" / "METADATA").write_text("Version: 1\n")
    path = os.pathsep.join([str(bundle.root), str(tmp_path / "first"), str(tmp_path / "second")])
    code = "import knapsack, sys; print(knapsack.freeze(sys.argv[1])); print(knapsack.freeze())"
    out = str(tmp_path / "out.txt")
    done = run(bundle, code, scratch=tmp_path / "scratch", arguments=[out], env={"PYTHONPATH": path}, sandbox=False)
    lines = pathlib.Path(out).read_text().splitlines()
    assert [line for line in lines if line.startswith(("Some_", "another"))] == [
        "another.one==2.0",
        "Some_Package==2.0",
    ]
    assert all(line.count("==") == 1 for line in lines) and "nameless" not in "".join(lines)
    written = done.stdout.splitlines()
    assert written[0] == out and pathlib.Path(written[1]).read_text().splitlines() == lines
    assert os.path.basename(written[1]) == "provided.txt"


def test_freeze_agrees_with_pip(tmp_path):
    bundle = Bundle(tmp_path / "one").add("m", "model", {"w": b"1"}).write()
    out = tmp_path / "out.txt"
    run(bundle, f"import knapsack; knapsack.freeze({str(out)!r})", scratch=tmp_path / "scratch", sandbox=False)
    pip = subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], capture_output=True, text=True)
    expected = {line.lower().replace("_", "-") for line in pip.stdout.splitlines() if "==" in line and line[0] != "#"}
    found = {line.lower().replace("_", "-") for line in out.read_text().splitlines()}
    assert expected and expected <= found


def test_freeze_says_that_it_cannot_write(tmp_path):
    bundle = Bundle(tmp_path / "one").add("m", "model", {"w": b"1"}).write()
    done = run(bundle, "import knapsack; knapsack.freeze('/nowhere/x')", scratch=tmp_path / "s", check=False)
    assert done.stderr.splitlines()[-1].endswith(
        "/nowhere/x: cannot be written (No such file or directory); name another file"
    )


def test_the_folders_of_a_bundle_are_not_importable_packages(top, tmp_path):
    base, _, _ = base_and_more(top)
    code = """
        import importlib.util, pathlib, sys
        folder = sys.path[0] = str(pathlib.Path(sys.argv[1]))
        assert importlib.util.find_spec("models").origin is None
        import knapsack
        knapsack.activate()
        assert folder not in sys.path and importlib.util.find_spec("models") is None, sys.path
        import knapsack
        knapsack.activate()
    """
    run(base, code, scratch=tmp_path / "scratch", arguments=[str(base.root)])
