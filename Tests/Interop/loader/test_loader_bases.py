"""Bundles that build on others in one notebook, with bundles made by hand. Needs pytest alone; no network, no client."""

from __future__ import annotations

import json
import shutil

import pytest
from bundles import Bundle, InBase, Split, digest_of, hub, kaggle, run, sha256, stated

A, B, C = "a" * 40, "b" * 40, "c" * 40
WEIGHTS = bytes(range(256)) * 40
HEAD = b"head"


@pytest.fixture
def top(tmp_path):
    """Where a notebook's datasets are mounted."""
    return tmp_path / "kaggle" / "input"


def make_base(root, more=b""):
    base = Bundle(root).add("qwen", "model", {"config.json": b"{}", "w": WEIGHTS}, hub("org/qwen", A))
    if more:
        base.add("more", "files", {"x": more})
    return base.write()


def make_delta(root, base, changes=None):
    """One file that the base has, one of which it has a part, and one of its own."""
    delta = Bundle(root)
    delta.store(f"store/{sha256(HEAD)}", HEAD)
    tuned = Split(HEAD + WEIGHTS[:5000], (f"store/{sha256(HEAD)}", 0, 4), ("models/qwen/w", 0, 5000, base))
    files = {"config.json": InBase(base, "models/qwen/config.json", b"{}"), "w": tuned, "own": b"own"}
    delta.add("tuned", "model", files, hub("org/tuned", B))
    return delta.write(**(changes or stated(base)))


def make_third(root, delta, base):
    """What builds on both: all of it is where the bytes are."""
    third = Bundle(root)
    files = {"own": InBase(delta, "models/tuned/own", b"own"), "w": InBase(base, "models/qwen/w", WEIGHTS)}
    third.add("third", "model", {**files, "new": b"new"}, hub("org/third", C))
    return third.write(**stated(delta, base))


ALL = """
    import hashlib, json, os, sys
    import knapsack
    knapsack.activate()
    hub = os.environ["HF_HUB_CACHE"]
    def digests(root):
        return {os.path.relpath(os.path.join(at, name), root): hashlib.sha256(open(os.path.join(at, name), "rb").read()).hexdigest()
                for at, _, files in os.walk(root, followlinks=True) for name in files}
    print(json.dumps({
        "hub": {path: digest for path, digest in digests(hub).items() if "/refs/" not in path},
        "bundles": {entry.name: entry.bundle for entry in knapsack.models()},
        "paths": {entry.name: digests(knapsack.path(entry.name)) for entry in knapsack.models()},
        "verified": str(knapsack.verify("full")),
    }))
"""


@pytest.mark.smoke
def test_three_generations_are_served_whichever_loader_is_imported(top, tmp_path):
    base = make_base(top / "base")
    delta = make_delta(top / "datasets" / "team" / "delta", base)
    third = make_third(top / "a-third", delta, base)
    answers = [run(bundle, ALL, scratch=tmp_path / "scratch") for bundle in (base, delta, third)]
    assert len({answer.stdout for answer in answers}) == 1
    assert {answer.stderr for answer in answers} == {""}
    found = json.loads(answers[0].stdout)
    assert found["bundles"] == {"qwen": "base", "tuned": "delta", "third": "a-third"}
    tuned = {"config.json": sha256(b"{}"), "w": sha256(HEAD + WEIGHTS[:5000]), "own": sha256(b"own")}
    assert found["paths"]["tuned"] == tuned
    assert found["paths"]["third"] == {"own": sha256(b"own"), "w": sha256(WEIGHTS), "new": sha256(b"new")}
    served = {f"models--org--tuned/snapshots/{B}/{path}": digest for path, digest in tuned.items()}
    assert served.items() <= found["hub"].items()
    assert found["verified"] == "full: 5 files (15,252 bytes) are there with the right size; SHA-256 of all of them holds"


def left_out(done):
    """The one line on standard error, and the error of the process."""
    return [line for line in done.stderr.splitlines() if line.startswith(("knapsack: ", "knapsack.KnapsackError: "))]


@pytest.mark.smoke
def test_a_missing_base_is_one_line_with_what_to_attach(top, tmp_path):
    base = make_base(tmp_path / "elsewhere" / "base")
    delta = make_delta(top / "delta", base)
    line = (
        f"the bundle at {delta.root} builds on base, which is not attached; attach team/base to this notebook "
        f"(Add Input), whose knapsack.lock has sha256 {digest_of(base)}"
    )
    for code in ("knapsack.activate()", "knapsack.path('tuned')", "list(knapsack.tensors('tuned'))", "knapsack.warm()"):
        done = run(delta, f"import knapsack; {code}", scratch=tmp_path / "scratch", check=False)
        assert done.returncode == 1 and done.stderr.splitlines()[-1].endswith(line), done.stderr
    done = run(delta, "import knapsack; print(knapsack.models())", scratch=tmp_path / "scratch")
    assert "name='tuned'" in done.stdout
    done = run(delta, "import knapsack; knapsack.verify()", scratch=tmp_path / "scratch", check=False)
    assert "VerifyError" in done.stderr and line in done.stderr


def test_other_bundles_are_served_where_a_base_is_missing(top, tmp_path):
    delta = make_delta(top / "delta", make_base(tmp_path / "elsewhere" / "base"))
    other = Bundle(top / "other").add("notes", "files", {"a.txt": b"a"}).write()
    code = "import knapsack; knapsack.activate(); print([entry.name for entry in knapsack.models()]); knapsack.path('tuned')"
    done = run(other, code, scratch=tmp_path / "scratch", check=False)
    assert done.stdout == "['notes']\n"
    first, last = left_out(done)
    assert first.startswith(f"knapsack: the bundle at {delta.root} builds on base, which is not attached; attach team/base")
    assert first.endswith("; it is left out")
    assert f"'tuned' is in the bundle at {delta.root}, which is left out: the bundle at" in last


def test_another_version_of_the_base_is_named(top, tmp_path):
    base = make_base(tmp_path / "elsewhere" / "base")
    delta = make_delta(top / "delta", base)
    newer = make_base(top / "base", more=b"another version")
    done = run(delta, "import knapsack; knapsack.activate()", scratch=tmp_path / "scratch", check=False)
    line = done.stderr.splitlines()[-1]
    assert f"builds on another version of base than the one at {newer.root}; attach the version of team/base" in line
    assert digest_of(base) in line and digest_of(newer)[:16] in line


def test_a_base_that_is_attached_twice_is_one(top, tmp_path):
    base = make_base(top / "base")
    delta = make_delta(top / "delta", base)
    shutil.copytree(base.root, top / "datasets" / "team" / "base")
    done = run(delta, ALL, scratch=tmp_path / "scratch")
    assert done.stderr == ""
    assert json.loads(done.stdout)["paths"]["tuned"]["config.json"] == sha256(b"{}")


def test_two_versions_of_the_base_side_by_side_serve_what_was_packed(top, tmp_path):
    base = make_base(top / "base-1")
    make_base(top / "base-2", more=b"another version")
    delta = make_delta(top / "delta", base)
    done = run(delta, ALL, scratch=tmp_path / "scratch")
    assert json.loads(done.stdout)["paths"]["tuned"]["w"] == sha256(HEAD + WEIGHTS[:5000])


@pytest.mark.parametrize("damage", ["missing", "short", "changed"])
def test_a_damaged_base_is_found_and_what_comes_out_of_it_is_not_served(top, tmp_path, damage):
    base = make_base(top / "base")
    delta = make_delta(top / "delta", base)
    stored = base.root / "models/qwen/w"
    if damage == "missing":
        stored.unlink()
    else:
        stored.write_bytes(WEIGHTS[:100] if damage == "short" else b"?" + WEIGHTS[1:])
    done = run(delta, ALL, scratch=tmp_path / "scratch", check=False)
    assert done.returncode == 1 and done.stdout == ""
    what = "which is left out" if damage != "changed" else f"the bundle at {base.root} and {delta.root} is damaged"
    assert what in done.stderr.splitlines()[-1]
    done = run(delta, "import knapsack; knapsack.verify('full')", scratch=tmp_path / "scratch", check=False)
    assert f"{base.root}/models/qwen/w" in done.stderr


HOSTILE = {
    "../../../etc/passwd": "not a plain relative path",
    "/etc/passwd": "not a plain relative path",
    "models/qwen/../../../secret": "not a plain relative path",
    "knapsack.lock": "is missing",
    "models/qwen/nothing": "is missing",
    "models/qwen/w": "has 10,240 bytes, expected 2",  # another size than the reference's
}


@pytest.mark.parametrize("at", HOSTILE)
def test_a_reference_cannot_leave_the_base_or_mean_another_file(top, tmp_path, at):
    (top / "secret").parent.mkdir(parents=True, exist_ok=True)
    (top / "secret").write_bytes(b"{}")
    base = make_base(top / "base")
    bad = Bundle(top / "bad").add("m", "model", {"config.json": InBase(base, at, b"{}")}, hub("org/m", B)).write(**stated(base))
    done = run(bad, "import knapsack; knapsack.activate()", scratch=tmp_path / "scratch", check=False)
    assert done.returncode == 1 and HOSTILE[at] in done.stderr.splitlines()[-1], done.stderr


def test_a_piece_past_the_end_of_a_base_is_refused(top, tmp_path):
    base = make_base(top / "base")
    piece = Split(WEIGHTS[:10], ("models/qwen/w", len(WEIGHTS) - 5, 10, base))
    bad = Bundle(top / "bad").add("m", "model", {"w": piece}, hub("org/m", B)).write(**stated(base))
    done = run(bad, "import knapsack; knapsack.activate()", scratch=tmp_path / "scratch", check=False)
    assert "has 10,240 bytes, expected 10,245" in done.stderr.splitlines()[-1]


def test_a_base_that_the_lock_does_not_name_is_refused(top, tmp_path):
    base = make_base(top / "base")
    bad = Bundle(top / "bad").add("m", "model", {"c": InBase(base, "models/qwen/config.json", b"{}")}, hub("org/m", B))
    bad.write(version=2)
    done = run(bad, "import knapsack; knapsack.activate()", scratch=tmp_path / "scratch", check=False)
    assert "it refers to the base" in done.stderr and "which it does not name" in done.stderr


def test_bundles_that_name_each_other_are_served(top, tmp_path):
    """No digest can be in the lock that it is of, so that names alone make no circle."""
    one = Bundle(top / "one").add("m", "model", {"w": b"1"}, hub("org/m", A)).write()
    two = Bundle(top / "two").add("n", "model", {"w": b"2"}, hub("org/n", B)).write(**stated(one))
    one.write(**stated(two))
    done = run(two, ALL, scratch=tmp_path / "scratch")
    assert set(json.loads(done.stdout)["paths"]) == {"m", "n"} and done.stderr == ""


def test_the_newest_generation_decides_what_main_means(top, tmp_path):
    base = make_base(top / "a-base")
    delta = Bundle(top / "z-delta").add("qwen", "model", {"config.json": b"{ }"}, hub("org/qwen", C))
    delta.add("data", "dataset", {"x": b"1"}, kaggle("me/data/versions/3", "dataset")).write(**stated(base))
    code = """
        import json, os, knapsack
        knapsack.activate()
        folder = os.environ["HF_HUB_CACHE"] + "/models--org--qwen/"
        print(json.dumps([open(folder + "refs/main").read(), sorted(os.listdir(folder + "snapshots")),
                          knapsack.path("qwen"), knapsack.path("a-base/qwen")]))
    """
    done = [run(bundle, code, scratch=tmp_path / "scratch") for bundle in (base, delta)]
    assert done[0].stdout == done[1].stdout and done[0].stderr == done[1].stderr
    main, commits, path, other = json.loads(done[0].stdout)
    assert (main, commits) == (C, [A, C])
    assert (path, other) == (f"{delta.root}/models/qwen", f"{base.root}/models/qwen")
    lines = done[0].stderr.splitlines()
    assert len(lines) == 2 and lines[1].endswith(f"main means {C[:12]}, and revision= takes any of them")


def test_of_two_bases_the_one_that_is_named_last_is_newer(top, tmp_path):
    first = Bundle(top / "a").add("m", "model", {"w": b"1"}, hub("org/m", A)).write()
    second = Bundle(top / "b").add("m", "model", {"w": b"2"}, hub("org/m", B)).write()
    Bundle(top / "z").add("n", "files", {"w": b"3"}).write(**stated(first, second))
    code = "import os, knapsack; knapsack.activate(); print(open(os.environ['HF_HUB_CACHE'] + '/models--org--m/refs/main').read())"
    assert run(first, code, scratch=tmp_path / "scratch").stdout == B + "\n"


def test_a_process_that_was_started_later_goes_on_with_all(top, tmp_path):
    base = make_base(top / "base")
    delta = make_delta(top / "delta", base)
    code = """
        import subprocess, sys, knapsack
        knapsack.activate()
        again = "import sys; sys.path.insert(0, sys.argv[1]); import knapsack; print(open(knapsack.path('tuned') + '/config.json').read())"
        print(subprocess.run([sys.executable, "-c", again, sys.argv[1]], capture_output=True, text=True, check=True).stdout)
    """
    assert run(delta, code, scratch=tmp_path / "scratch", arguments=[str(delta.root)]).stdout.strip() == "{}"


def test_five_bundles_and_one_take_the_same_lines(top, tmp_path):
    base = make_base(top / "base")
    delta = make_delta(top / "delta", base)
    make_third(top / "third", delta, base)
    for name in ("four", "five"):
        Bundle(top / name).add(name, "files", {"a.txt": name.encode()}).write()
    code = """
        import sys, pathlib
        loader = next(pathlib.Path(sys.argv[1]).rglob("knapsack.py"), None)
        assert loader, "attach the bundle's dataset to this notebook (Add Input), then run this cell again"
        sys.path.insert(0, str(loader.parent))
        import knapsack
        knapsack.activate()
        print([(entry.name, entry.bundle) for entry in knapsack.models()])
    """
    done = run(base, code, scratch=tmp_path / "scratch", arguments=[str(top)])
    entries = [("five", "five"), ("four", "four"), ("qwen", "base"), ("third", "third"), ("tuned", "delta")]
    assert done.stdout == f"{entries}\n" and done.stderr == ""
