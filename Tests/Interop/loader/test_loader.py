"""What the bundle's loader promises, with bundles made by hand. Needs pytest alone; no network, no client."""

from __future__ import annotations

import ast
import importlib.util
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile

import pytest
from bundles import At, Bundle, Split, hub, kaggle, run, sha256
from project import LOADER
from wheelhouse import write_wheel

A, B, C = "a" * 40, "b" * 40, "c" * 40


def load(bundle):
    """A fresh copy of the bundle's loader, as a notebook's first import gives it."""
    spec = importlib.util.spec_from_file_location("knapsack", bundle.root / "knapsack.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _untouched(monkeypatch, tmp_path):
    """activate() changes the process: every test gets it back as it was."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_HOME", "KAGGLEHUB_CACHE", "KNAPSACK_ACTIVE"):
        os.environ.pop(name, None)
    os.environ["KNAPSACK_SCRATCH"] = str(tmp_path / "scratch")


@pytest.fixture
def bundle(tmp_path):
    return Bundle(tmp_path / "input" / "my-models")


def tree(directory):
    """Every file below a directory: its bytes or, where a link leads there, the path of the file itself."""
    found = {}
    for at, _, files in os.walk(directory, followlinks=True):
        for name in files:
            path = os.path.join(at, name)
            key = os.path.relpath(path, directory)
            if os.path.realpath(path) != os.path.join(os.path.realpath(directory), key):
                found[key] = os.path.realpath(path)
            else:
                with open(path, "rb") as source:
                    found[key] = source.read()
    return found


def links(directory):
    """The links below a directory, with their targets."""
    paths = [os.path.join(at, name) for at, folders, files in os.walk(directory) for name in folders + files]
    return {os.path.relpath(path, directory): os.readlink(path) for path in paths if os.path.islink(path)}


def views(knapsack):
    knapsack.activate()
    return tree(os.environ["HF_HUB_CACHE"]), tree(os.environ["KAGGLEHUB_CACHE"])


def split_bundle(bundle, resolved=None, name="tuned", kind="model"):
    """An entry whose weights are a head in store/ and a range of another entry's file."""
    base, head = bytes(range(256)) * 1000, b"the head of the tuned file"
    whole = head + base[100:200_100]
    bundle.store(f"store/{sha256(head)}", head)
    bundle.add("base", "model", {"weights.bin": base}, hub("org/base", A))
    pieces = [(f"store/{sha256(head)}", 0, len(head)), ("models/base/weights.bin", 100, 200_000)]
    bundle.add(name, kind, {"weights.bin": Split(whole, *pieces), "config.json": b"{}"}, resolved)
    return bundle.write(), whole


# The file itself


@pytest.mark.smoke
def test_source_is_python_3_9():
    source = LOADER.read_text("utf-8")
    ast.parse(source, feature_version=(3, 9))
    compile(source, str(LOADER), "exec")


@pytest.mark.smoke
def test_needs_nothing_but_the_standard_library(bundle):
    bundle.add("m", "model", {"config.json": b"{}"}).write()
    done = subprocess.run(
        [sys.executable, "-I", "-S", bundle.root / "knapsack.py", "list"], capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, b"m\tmodel\tpath:m\t-\t-\t2\tmy-models\n")


# Where the bundle is


@pytest.mark.parametrize(
    "mount",
    [
        "kaggle/input/my-models",
        "kaggle/input/datasets/my-team/my-models",
        "kaggle/input/models/my-team/my-models/other/default/1",
        "kaggle/input/my-models/nested/bundle",
        "kaggle/input/a name with spaces and ü",
    ],
)
def test_finds_its_bundle_through_every_mount_shape(tmp_path, mount):
    bundle = Bundle(tmp_path / mount).add("m", "model", {"config.json": b"{}"}, hub("org/m", A)).write()
    done = run(
        bundle, "import knapsack; knapsack.activate(); print(knapsack.path('m'))", scratch=tmp_path / "s"
    )
    assert done.stdout == f"{bundle.root}/models/m\n"


def test_finds_its_bundle_through_links(bundle, tmp_path):
    bundle.add("m", "model", {"config.json": b"{}"}).write()
    (tmp_path / "link").symlink_to(bundle.root)
    assert load(Bundle_at(tmp_path / "link")).path("m") == f"{tmp_path}/link/models/m"
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "knapsack.py").symlink_to(bundle.root / "knapsack.py")
    assert load(Bundle_at(tmp_path / "alone")).path("m") == f"{bundle.root}/models/m"


def test_serves_a_bundle_whose_files_are_links(bundle, tmp_path):
    """A snapshot of the bundle in a Hugging Face cache looks like this."""
    bundle.add("m", "model", {"config.json": b"{}"}).write()
    farm = tmp_path / "farm"
    for key, content in tree(bundle.root).items():
        blob = tmp_path / "blobs" / sha256(content)
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(content)
        (farm / key).parent.mkdir(parents=True, exist_ok=True)
        (farm / key).symlink_to(os.path.relpath(blob, (farm / key).parent))
    assert load(Bundle_at(farm)).path("m") == f"{farm}/models/m"


class Bundle_at:
    def __init__(self, root):
        self.root = root


def test_says_that_the_lock_is_missing(tmp_path):
    shutil.copyfile(LOADER, tmp_path / "knapsack.py")
    knapsack = load(Bundle_at(tmp_path))
    with pytest.raises(knapsack.KnapsackError, match=r"knapsack\.lock: not found; import knapsack\.py from"):
        knapsack.activate()
    assert issubclass(knapsack.KnapsackError, RuntimeError)


# A lock that is not to be trusted


def refuses(bundle, text):
    knapsack = load(bundle)
    with pytest.raises(knapsack.KnapsackError) as caught:
        knapsack.activate()
    assert text in str(caught.value) and "\n" not in str(caught.value)
    assert f"{bundle.root}" in str(caught.value)
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])


def test_refuses_a_newer_lock(bundle):
    refuses(bundle.write(version=3), "version 3 is newer than this loader, which reads 2")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"version":1}']
)
def test_refuses_what_is_no_lock(bundle, content):
    bundle.write().store("knapsack.lock", content)
    refuses(bundle, "malformed")


BAD_PATHS = ["../x", "a/../../x", "/etc/passwd", "a//b", "a/", "", ".", "..", "a/./b", "nul\0", "\ud800"]


@pytest.mark.parametrize("path", BAD_PATHS)
@pytest.mark.parametrize("where", ["path", "at", "segment", "ref"])
def test_refuses_paths_that_lead_elsewhere(bundle, path, where):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A))
    entry = bundle.entries[0]
    record = entry["files"][0]
    if where == "segment":
        record["segments"] = [{"at": path, "offset": 0, "length": 1}]
    elif where == "ref":
        entry["resolved"]["hub"]["ref"] = path
    else:
        record[where] = path
    refuses(bundle.write(), "malformed: entry 'm': ")


@pytest.mark.parametrize(
    "key, value",
    [
        ("name", "../m"),
        ("name", "M"),
        ("name", 7),
        ("kind", "weights"),
        ("files", {}),
        ("files", [1]),
        ("files", [{"path": "x", "size": 1}]),
        ("files", [{"path": "x", "sha256": "0" * 64, "size": -1}]),
        ("files", [{"path": "x", "sha256": "0" * 64, "size": True}]),
        ("files", [{"path": "x", "sha256": "../" + "0" * 61, "size": 1}]),
        ("files", [{"path": "x", "sha256": "0" * 64, "size": 1}] * 2),
        ("files", [{"path": "x", "sha256": "0" * 64, "size": 9, "segments": []}]),
        ("resolved", hub("org/name/more", A)),
        ("resolved", hub("org--name", A)),
        ("resolved", hub("../name", A)),
        ("resolved", hub("org/name", "main")),
        ("resolved", hub("org/name", A, repo_type="kernels")),
        ("resolved", {"hub": []}),
        ("resolved", kaggle("o/m/f/v")),
        ("resolved", kaggle("o/m/f/v/x")),
        ("resolved", kaggle("o/m/f/../1")),
        ("resolved", kaggle("o/m/f/v/0")),
        ("resolved", kaggle("o/s/version/3", "dataset")),
        ("resolved", kaggle("o/s/versions/3", "notebooks")),
    ],
)
def test_refuses_malformed_entries(bundle, key, value):
    bundle.add("m", "model", {"x": b"1"}).entries[0][key] = value
    refuses(bundle.write(), "malformed")


def test_refuses_two_entries_of_one_name(bundle):
    bundle.add("m", "model", {"x": b"1"}).add("m", "files", {"x": b"1"})
    refuses(bundle.write(), "two entries have the same name")


# A bundle that is not whole


def test_names_a_missing_file(bundle):
    bundle.add("m", "model", {"a.json": b"{}", "b.json": b"{}"}).write()
    os.unlink(bundle.root / "models/m/b.json")
    refuses(bundle, "models/m/b.json is missing")
    os.mkdir(bundle.root / "models/m/b.json")
    refuses(bundle, "models/m/b.json is missing")


def test_names_a_file_of_another_size(bundle):
    bundle.add("m", "model", {"a.json": b"{}", "b.json": b"{}"}).write()
    bundle.store("models/m/a.json", b"")
    bundle.store("models/m/b.json", b"{} ")
    refuses(bundle, "models/m/a.json has 0 bytes, expected 2 (and 1 more)")


def test_names_a_piece_that_is_cut_short(bundle):
    split_bundle(bundle)
    bundle.entries[0]["files"].clear()
    bundle.write().store("models/base/weights.bin", b"1" * 1000)
    refuses(bundle, "models/base/weights.bin has 1,000 bytes, expected 200,100")


# The hub view


def test_hub_view_has_refs_and_snapshots_of_links(bundle):
    bundle.add("m", "model", {"config.json": b"{}", "sub/dir/x.bin": b"1"}, hub("org/m", A))
    bundle.add("d", "dataset", {"train.csv": b"2"}, hub("org/d", B, "v1.0", "dataset"))
    bundle.add("s", "files", {"app.py": b"3"}, hub("org/s", C, "refs/pr/1", "space"))
    bundle.add("l", "model", {"config.json": b"{}"}, hub("bert-base", C, C))
    root = bundle.write().root
    view, _ = views(load(bundle))
    assert view == {
        "models--org--m/refs/main": A.encode(),
        f"models--org--m/snapshots/{A}/config.json": f"{root}/models/m/config.json",
        f"models--org--m/snapshots/{A}/sub/dir/x.bin": f"{root}/models/m/sub/dir/x.bin",
        "datasets--org--d/refs/v1.0": B.encode(),
        "datasets--org--d/refs/main": B.encode(),
        f"datasets--org--d/snapshots/{B}/train.csv": f"{root}/datasets/d/train.csv",
        "spaces--org--s/refs/refs/pr/1": C.encode(),
        "spaces--org--s/refs/main": C.encode(),
        f"spaces--org--s/snapshots/{C}/app.py": f"{root}/files/s/app.py",
        "models--bert-base/refs/main": C.encode(),
        f"models--bert-base/snapshots/{C}/config.json": f"{root}/models/l/config.json",
    }


def test_an_entry_that_is_whole_in_the_bundle_is_one_link_and_another_one_a_file(bundle):
    bundle.add("m", "model", {"config.json": b"{}", "a/b/x": b"1", "a/y": b"2"}, hub("org/m", A))
    copy = At("models/m/a/y", b"2")
    bundle.add("n", "model", {"w": b"3", "a/b/x": b"5", "a/b/z": b"5", "a/y": copy}, hub("org/n", B))
    bundle.add("k", "model", {"w": b"6"}, kaggle("o/m/f/v/1"))
    bundle.add("copy", "model", {"w": At("models/k/w", b"6")}, hub("org/copy", A))
    part = {"config.json": At("models/m/config.json", b"{}"), "a/y": At("models/m/a/y", b"2")}
    bundle.add("part", "model", part, hub("org/part", A))
    bundle.add("none", "model", {}, hub("org/none", C)).write()
    load(bundle).activate()
    snapshot = f"models--org--n/snapshots/{B}"
    assert links(os.environ["HF_HUB_CACHE"]) == {
        f"models--org--m/snapshots/{A}": f"{bundle.root}/models/m",
        f"{snapshot}/w": f"{bundle.root}/models/n/w",
        # Who walks a directory does not enter a link to another one.
        f"{snapshot}/a/b/x": f"{bundle.root}/models/n/a/b/x",
        f"{snapshot}/a/b/z": f"{bundle.root}/models/n/a/b/z",
        f"{snapshot}/a/y": f"{bundle.root}/models/m/a/y",
        f"models--org--copy/snapshots/{A}": f"{bundle.root}/models/k",
        # models/m/a has a third file, which this entry did not ask for.
        f"models--org--part/snapshots/{A}/config.json": f"{bundle.root}/models/m/config.json",
        f"models--org--part/snapshots/{A}/a/y": f"{bundle.root}/models/m/a/y",
    }
    assert os.listdir(os.path.join(os.environ["HF_HUB_CACHE"], f"models--org--none/snapshots/{C}")) == []
    assert links(os.environ["KAGGLEHUB_CACHE"]) == {"models/o/m/f/v/1": f"{bundle.root}/models/k"}


def test_views_of_random_bundles_have_exactly_the_entries_files(tmp_path):
    """Whatever is stored where: a view has each file under its name, with its content, and no other."""
    for seed in range(40):
        dice = random.Random(seed)
        bundle = Bundle(tmp_path / f"{seed}" / "bundle")
        natural = {}  # content -> where it is stored
        expected = {}
        last: dict = {}
        for number in range(4):
            files = {}
            for _ in range(dice.randrange(6)):
                name = "/".join(dice.choices("abc", k=dice.randrange(1, 4)))
                if not any(
                    f"{name}/".startswith(f"{old}/") or f"{old}/".startswith(f"{name}/") for old in files
                ):
                    content = b"%d" % dice.randrange(4)
                    at = natural.setdefault(content, f"models/m{number}/{name}")
                    files[name] = content if at == f"models/m{number}/{name}" else At(at, content)
                    expected[f"models--org--m{number}/snapshots/{A}/{name}"] = f"{bundle.root}/{at}"
            if dice.random() < 0.5 and number:  # the same tree once more
                files = {name: At(f"models/m{number - 1}/{name}", content) for name, content in last.items()}
                expected = {key: at for key, at in expected.items() if f"--m{number}/" not in key}
                for name, content in last.items():
                    expected[f"models--org--m{number}/snapshots/{A}/{name}"] = (
                        f"{bundle.root}/{natural[content]}"
                    )
                    files[name] = At(natural[content], content)
                natural = {key: at for key, at in natural.items() if f"models/m{number}/" not in at}
            last = {name: at.content if isinstance(at, At) else at for name, at in files.items()}
            bundle.add(f"m{number}", "model", files, hub(f"org/m{number}", A))
        knapsack = load(bundle.write())
        for offline in (True, False):
            os.environ.pop("KNAPSACK_ACTIVE", None)  # else it would be added to the one before
            knapsack.activate(offline=offline)
            found = tree(os.environ["HF_HUB_CACHE"])
            assert {key: at for key, at in found.items() if "/refs/" not in key} == expected, seed


def test_a_view_that_clients_may_download_into_has_no_linked_directory(bundle):
    bundle.add("m", "model", {"config.json": b"{}", "a/x": b"1"}, hub("org/m", A))
    bundle.add("k", "model", {"w": b"6"}, kaggle("o/m/f/v/1")).write()
    load(bundle).activate(offline=False)
    assert links(os.environ["HF_HUB_CACHE"]) == {
        f"models--org--m/snapshots/{A}/config.json": f"{bundle.root}/models/m/config.json",
        f"models--org--m/snapshots/{A}/a/x": f"{bundle.root}/models/m/a/x",
    }
    assert links(os.environ["KAGGLEHUB_CACHE"]) == {"models/o/m/f/v/1/w": f"{bundle.root}/models/k/w"}


def test_main_is_the_entry_that_asked_for_it(bundle):
    bundle.add("a", "model", {"x": b"1"}, hub("org/m", A, "v1"))
    bundle.add("b", "model", {"x": b"2"}, hub("org/m", B, "main"))
    bundle.add("c", "model", {"x": b"3"}, hub("org/m", C, "main")).write()
    view, _ = views(load(bundle))
    refs = {key: value for key, value in view.items() if "/refs/" in key}
    assert refs == {"models--org--m/refs/v1": A.encode(), "models--org--m/refs/main": B.encode()}


def test_entries_of_one_commit_are_merged(bundle):
    bundle.add("a", "model", {"config.json": b"{}", "a.bin": b"1"}, hub("org/m", A))
    same = At("models/a/config.json", b"{}")
    bundle.add("b", "model", {"config.json": same, "b.bin": b"2"}, hub("org/m", A, "v1")).write()
    view, _ = views(load(bundle))
    folder = f"models--org--m/snapshots/{A}"
    assert {key for key in view if key.startswith(folder)} == {
        f"{folder}/{name}" for name in ("config.json", "a.bin", "b.bin")
    }


def test_a_file_stored_elsewhere_keeps_its_name(bundle):
    bundle.store(f"store/{sha256(b'odd')}", b"odd")
    bundle.add(
        "m", "model", {"odd name&.txt": At(f"store/{sha256(b'odd')}", b"odd")}, hub("org/m", A)
    ).write()
    view, _ = views(load(bundle))
    assert view[f"models--org--m/snapshots/{A}/odd name&.txt"] == f"{bundle.root}/store/{sha256(b'odd')}"


# The kagglehub view


def test_kagglehub_view_has_versions_and_markers(bundle):
    bundle.add("m", "model", {"config.json": b"{}", "sub/x": b"1"}, kaggle("google/gemma/transformers/2b/2"))
    bundle.add("d", "dataset", {"train.csv": b"2"}, kaggle("owner/slug/versions/3", "dataset"))
    root = bundle.write().root
    _, view = views(load(bundle))
    model, data = "models/google/gemma/transformers/2b", "datasets/owner/slug"
    assert view == {
        f"{model}/2/config.json": f"{root}/models/m/config.json",
        f"{model}/2/sub/x": f"{root}/models/m/sub/x",
        f"{model}/2.complete": b"",
        f"{model}/.complete/2/config.json.complete": b"",
        f"{model}/.complete/2/sub/x.complete": b"",
        f"{data}/versions/3/train.csv": f"{root}/datasets/d/train.csv",
        f"{data}/3.complete": b"",
        f"{data}/.complete/3/train.csv.complete": b"",
    }


def test_a_version_in_pieces_is_complete_only_when_it_is_put_together(bundle):
    _, whole = split_bundle(bundle, kaggle("google/gemma/transformers/2b/2"))
    knapsack = load(bundle)
    _, view = views(knapsack)
    folder = os.path.join(os.environ["KAGGLEHUB_CACHE"], "models/google/gemma/transformers/2b")
    assert not os.path.exists(f"{folder}/2.complete")
    assert not os.path.exists(f"{folder}/.complete/2/weights.bin.complete")
    assert os.path.exists(f"{folder}/.complete/2/config.json.complete")
    knapsack.activate(names=["tuned"])
    assert os.path.exists(f"{folder}/2.complete")
    assert os.path.exists(f"{folder}/.complete/2/weights.bin.complete")
    with open(f"{folder}/2/weights.bin", "rb") as source:
        assert source.read() == whole


# path and models


def test_path_is_the_bundles_own_directory(bundle):
    for name, kind, folder in (
        ("m", "model", "models"),
        ("d", "dataset", "datasets"),
        ("f", "files", "files"),
    ):
        bundle.add(name, kind, {"a/b.txt": b"1"})
        assert load(bundle.write()).path(name) == f"{bundle.root}/{folder}/{name}"
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])


def test_path_is_a_view_where_a_file_lies_elsewhere(bundle):
    bundle.add("a", "model", {"vocab.txt": b"v"})
    bundle.add("b", "model", {"vocab.txt": At("models/a/vocab.txt", b"v"), "own.txt": b"o"}).write()
    directory = load(bundle).path("b")
    assert directory.startswith(os.environ["KNAPSACK_SCRATCH"])
    assert tree(directory) == {
        "vocab.txt": f"{bundle.root}/models/a/vocab.txt",
        "own.txt": f"{bundle.root}/models/b/own.txt",
    }


def test_path_suggests_a_name(bundle):
    knapsack = load(bundle.add("qwen-fp16", "model", {"x": b"1"}, hub("Qwen/Qwen2.5-7B", A)).write())
    for wrong in ("qwen-f16", "Qwen/Qwen2.5-7B"):
        with pytest.raises(knapsack.KnapsackError, match=f"no entry '{wrong}'; did you mean qwen-fp16?"):
            knapsack.path(wrong)
    with pytest.raises(knapsack.KnapsackError, match="no entry 'zzz'; its entries: qwen-fp16"):
        knapsack.path("zzz")


def test_models_lists_the_entries(bundle):
    bundle.add("z", "wheels", {"a.whl": b"12"}, source="path:wheelhouse")
    bundle.add("a", "model", {"x": b"1"}, dict(hub("org/a", A), license={"id": "mit"}), "hf:org/a@main")
    bundle.add("k", "model", {"x": b"123"}, kaggle("o/m/f/v/7"), "kaggle:o/m/f/v")
    assert [tuple(entry) for entry in load(bundle.write()).models()] == [
        ("a", "model", "hf:org/a@main", A, "mit", 1, "my-models"),
        ("k", "model", "kaggle:o/m/f/v", "7", "", 3, "my-models"),
        ("z", "wheels", "path:wheelhouse", "", "", 2, "my-models"),
    ]


# Files in pieces


def rebuilt(directory):
    return {key: content for key, content in tree(directory).items() if "/rebuilt/" in key}


def test_puts_a_file_together_and_uses_it_again(bundle):
    _, whole = split_bundle(bundle, hub("org/tuned", B))
    knapsack = load(bundle)
    knapsack.activate()
    link = os.path.join(os.environ["HF_HUB_CACHE"], f"models--org--tuned/snapshots/{B}/weights.bin")
    with open(link, "rb") as source:
        assert source.read() == whole
    file = os.path.realpath(link)
    before = os.stat(file)
    assert os.path.basename(file) == sha256(whole) and stat.S_IMODE(before.st_mode) == 0o444
    again = load(bundle)
    again.activate()
    assert os.path.samefile(os.path.join(again.path("tuned"), "weights.bin"), file)
    assert os.stat(file).st_mtime_ns == before.st_mtime_ns


def test_puts_together_only_what_is_asked_for(bundle):
    split_bundle(bundle, hub("org/tuned", B))
    knapsack = load(bundle)
    knapsack.activate(names=["base"])
    scratch = os.environ["KNAPSACK_SCRATCH"]
    assert not rebuilt(scratch)
    knapsack.path("base")
    assert not rebuilt(scratch)
    knapsack.path("tuned")
    assert len(rebuilt(scratch)) == 1
    link = os.path.join(os.environ["HF_HUB_CACHE"], f"models--org--tuned/snapshots/{B}/weights.bin")
    assert os.path.exists(link)  # the hub view has it, too


def test_activate_leaves_entries_without_a_hub_view_for_later(bundle):
    split_bundle(bundle)
    knapsack = load(bundle)
    knapsack.activate()
    assert not rebuilt(os.environ["KNAPSACK_SCRATCH"])
    assert len(tree(knapsack.path("tuned"))) == 2


def test_refuses_to_publish_a_file_that_is_damaged(bundle):
    split_bundle(bundle, hub("org/tuned", B))
    with open(bundle.root / "models/base/weights.bin", "r+b") as file:
        file.seek(150)
        file.write(b"X")
    knapsack = load(bundle)
    with pytest.raises(
        knapsack.KnapsackError, match=r"weights\.bin \(rebuilt from 2 pieces\): expected sha256"
    ):
        knapsack.activate()
    assert not rebuilt(os.environ["KNAPSACK_SCRATCH"])
    assert "HF_HUB_CACHE" not in os.environ


def test_asks_for_the_space_first(bundle, monkeypatch):
    split_bundle(bundle, hub("org/tuned", B))
    knapsack = load(bundle)
    usage = shutil.disk_usage(bundle.root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(
        knapsack.KnapsackError, match=r"needs 200,026 bytes and 1,000 are free; set KNAPSACK_SCRATCH"
    ):
        knapsack.activate()
    assert not rebuilt(os.environ["KNAPSACK_SCRATCH"])


def test_an_empty_file_may_be_in_no_piece(bundle):
    bundle.add("m", "model", {"empty": Split(b"")}).write()
    knapsack = load(bundle)
    with open(os.path.join(knapsack.path("m"), "empty"), "rb") as source:
        assert source.read() == b""
    knapsack.verify("full")


# Scratch


def test_scratch_is_private(bundle):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A)).write()
    knapsack = load(bundle)
    knapsack.activate()
    home = os.path.join(os.environ["KNAPSACK_SCRATCH"], f"knapsack-{os.getuid()}")
    assert stat.S_IMODE(os.stat(home).st_mode) == 0o700
    assert os.environ["HF_HUB_CACHE"].startswith(
        f"{home}/{sha256((bundle.root / 'knapsack.lock').read_bytes())[:16]}/"
    )


def test_refuses_a_scratch_of_another_user(bundle, monkeypatch):
    bundle.add("m", "model", {"x": b"1"}).write()
    knapsack = load(bundle)
    user = os.getuid()
    os.makedirs(os.path.join(os.environ["KNAPSACK_SCRATCH"], f"knapsack-{user + 1}"))
    monkeypatch.setattr(knapsack.os, "getuid", lambda: user + 1)
    with pytest.raises(knapsack.KnapsackError, match="is not a directory that only you can write to"):
        knapsack.activate()


@pytest.mark.parametrize("trap", ["link", "file", "open"])
def test_refuses_a_scratch_that_others_prepared(bundle, tmp_path, trap):
    knapsack = load(bundle.add("m", "model", {"x": b"1"}).write())
    home = tmp_path / "scratch" / f"knapsack-{os.getuid()}"
    home.parent.mkdir()
    if trap == "link":
        home.symlink_to(tmp_path)
    elif trap == "file":
        home.write_text("")
    else:
        home.mkdir()
        home.chmod(0o777)
    with pytest.raises(knapsack.KnapsackError, match="is not a directory that only you can write to"):
        knapsack.activate()


def test_scratch_can_be_given_to_activate(bundle, tmp_path):
    bundle.add("a", "model", {"x": b"1"})
    bundle.add("b", "model", {"x": At("models/a/x", b"1")}, hub("org/b", A)).write()
    knapsack = load(bundle)
    knapsack.activate(scratch=tmp_path / "other")
    assert os.environ["HF_HUB_CACHE"].startswith(str(tmp_path / "other"))
    assert knapsack.path("b").startswith(str(tmp_path / "other"))
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])


def test_says_that_scratch_cannot_be_written(bundle, tmp_path):
    knapsack = load(bundle.add("m", "model", {"x": b"1"}).write())
    (tmp_path / "scratch").write_text("")
    with pytest.raises(knapsack.KnapsackError, match="cannot be used as scratch .*; set KNAPSACK_SCRATCH"):
        knapsack.activate()


def test_default_scratch_stays_out_of_the_notebooks_output(bundle, monkeypatch, tmp_path):
    knapsack = load(bundle.write())
    exists = os.path.isdir
    monkeypatch.setattr(knapsack.os.path, "isdir", lambda path: path != "/kaggle/temp" and exists(path))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert knapsack._default_scratch() == "/tmp"
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert knapsack._default_scratch() == str(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setenv("TMP", "/var/tmp")
    assert knapsack._default_scratch() == "/var/tmp"
    monkeypatch.delenv("TMPDIR")
    assert knapsack._default_scratch() == "/var/tmp"
    monkeypatch.setattr(knapsack.os.path, "isdir", lambda path: path != "/kaggle/temp")
    monkeypatch.setattr(knapsack.os, "access", lambda *_: True)
    monkeypatch.setenv("TMPDIR", "/kaggle/working/tmp")
    monkeypatch.setenv("TEMP", "/kaggle/working")
    assert knapsack._default_scratch() == "/var/tmp"  # what TMP names
    monkeypatch.delenv("TMP")
    assert knapsack._default_scratch() == "/tmp"


def test_writes_nothing_into_the_bundle(bundle):
    split_bundle(bundle, hub("org/tuned", B))
    before = tree(bundle.root)
    knapsack = load(bundle)
    knapsack.activate()
    knapsack.path("tuned")
    knapsack.verify("full")
    assert tree(bundle.root) == before


# Again, at once, after a crash


def test_a_second_process_uses_the_view_again(bundle):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A)).write()
    code = """
        import knapsack, os
        knapsack.activate()
        print(os.environ["HF_HUB_CACHE"], os.stat(os.environ["HF_HUB_CACHE"]).st_ino)
    """
    assert run(bundle, code).stdout == run(bundle, code).stdout


def test_another_mount_path_gets_another_view(bundle, tmp_path):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A)).write()
    first, _ = views(load(bundle))
    os.rename(bundle.root, tmp_path / "moved")
    second, _ = views(load(Bundle_at(tmp_path / "moved")))
    key = f"models--org--m/snapshots/{A}/x"
    assert (first[key], second[key]) == (f"{bundle.root}/models/m/x", f"{tmp_path}/moved/models/m/x")


def test_may_be_called_again_from_many_threads(bundle):
    split_bundle(bundle, hub("org/tuned", B))
    knapsack = load(bundle)
    errors = []

    def work():
        try:
            knapsack.activate()
            knapsack.path("tuned")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sum(hasattr(finder, "_knapsack") for finder in sys.meta_path) == 1


def test_processes_at_once_share_one_view(bundle):
    _, whole = split_bundle(bundle, hub("org/tuned", B))
    code = """
        import knapsack, os, hashlib
        knapsack.activate()
        with open(os.path.join(knapsack.path("tuned"), "weights.bin"), "rb") as source:
            print(os.environ["HF_HUB_CACHE"], hashlib.sha256(source.read()).hexdigest())
    """
    results = []
    threads = [threading.Thread(target=lambda: results.append(run(bundle, code).stdout)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6 and len(set(results)) == 1 and sha256(whole) in results[0]


def test_killed_while_writing_leaves_nothing_that_looks_finished(bundle):
    _, whole = split_bundle(bundle, hub("org/tuned", B))
    code = """
        import knapsack, sys, time
        def slow(*arguments, read=knapsack._read):
            for chunk in read(*arguments):
                yield chunk
                print("writing", flush=True)
                time.sleep(60)
        knapsack._read = slow
        knapsack.activate()
    """
    environment = dict(os.environ, PYTHONPATH=str(bundle.root), PYTHONDONTWRITEBYTECODE="1")
    command = [sys.executable, "-c", "\n".join(line[8:] for line in code.splitlines())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    left = rebuilt(os.environ["KNAPSACK_SCRATCH"])
    assert [os.path.basename(key)[:5] for key in left] == [".tmp-"]
    load(bundle).activate()
    assert list(rebuilt(os.environ["KNAPSACK_SCRATCH"]).values()) == [whole]


# The environment


def test_sets_the_variables_and_leaves_hf_home_alone(bundle):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A)).write()
    before = dict(os.environ)
    load(bundle).activate()
    new = {key: value for key, value in os.environ.items() if before.get(key) != value}
    clients = ["HF_HUB_CACHE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "KAGGLEHUB_CACHE"]
    assert sorted(new) == sorted([*clients, "KNAPSACK_ACTIVE", "PYTHONPATH"])  # the last two: for later processes
    assert new["HF_HUB_OFFLINE"] == new["HF_HUB_DISABLE_TELEMETRY"] == "1"
    for name in ("HF_HUB_CACHE", "KAGGLEHUB_CACHE"):
        assert os.path.isdir(new[name]) and os.access(new[name], os.W_OK)


def test_online_sets_only_the_caches(bundle):
    load(bundle.write()).activate(offline=False)
    assert "HF_HUB_OFFLINE" not in os.environ
    assert os.path.isdir(os.environ["HF_HUB_CACHE"])


def test_redirects_variables_that_would_hide_the_view(bundle):
    os.environ["SENTENCE_TRANSFORMERS_HOME"] = "/elsewhere"
    load(bundle.write()).activate()
    assert os.environ["SENTENCE_TRANSFORMERS_HOME"] == os.environ["HF_HUB_CACHE"]


def test_tells_modules_that_are_already_imported(bundle, tmp_path):
    package = tmp_path / "stubs" / "huggingface_hub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from . import constants\nfrom .copies import HF_HUB_CACHE\n")
    (package / "constants.py").write_text("HF_HUB_CACHE = '/home/hub'\nHF_HUB_OFFLINE = False\n")
    (package / "copies.py").write_text("from .constants import HF_HUB_CACHE, HF_HUB_OFFLINE\n")
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A)).write()
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import huggingface_hub, knapsack, os
        HF_HUB_CACHE = "the notebook's own"
        knapsack.activate()
        view = os.environ["HF_HUB_CACHE"]
        assert huggingface_hub.constants.HF_HUB_CACHE == view
        assert huggingface_hub.copies.HF_HUB_CACHE == view == huggingface_hub.HF_HUB_CACHE
        assert huggingface_hub.constants.HF_HUB_OFFLINE is huggingface_hub.copies.HF_HUB_OFFLINE is True
        assert HF_HUB_CACHE == "the notebook's own"
    """
    run(bundle, code, arguments=[str(tmp_path / "stubs")])


def test_a_kagglehub_that_is_built_differently_is_still_importable(bundle, tmp_path):
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs" / "kagglehub.py").write_text("answer = 42\n")
    bundle.add("m", "model", {"x": b"1"}, kaggle("o/m/f/v/1")).write()
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import knapsack
        knapsack.activate()
        import kagglehub
        assert kagglehub.answer == 42
    """
    assert (
        "kagglehub does not ask this bundle" in run(bundle, code, arguments=[str(tmp_path / "stubs")]).stderr
    )


# verify


def mixed(bundle):
    bundle.add("a", "model", {"small.json": b"{}", "big.bin": b"x" * 5000, "big2.bin": b"y" * 5000})
    bundle.add("b", "model", {"copy.json": At("models/a/small.json", b"{}")})
    return bundle.write()


def test_quick_reads_nothing_and_says_so(bundle):
    result = load(mixed(bundle)).verify()
    assert tuple(result) == ("quick", 3, 10_002, 0, 0)
    assert str(result).endswith("are there with the right size; no content was read")


def test_full_reads_everything(bundle):
    result = load(mixed(bundle)).verify("full")
    assert tuple(result) == ("full", 3, 10_002, 3, 10_002)
    assert str(result).endswith("SHA-256 of all of them holds")


def test_sampled_says_what_it_covered(bundle):
    result = load(mixed(bundle)).verify("sampled", budget=6000)
    assert tuple(result) == ("sampled", 3, 10_002, 2, 5002)
    assert str(result).endswith(
        "SHA-256 of 2 of them (5,002 bytes) holds, the content of the others was not read"
    )
    assert load(bundle).verify("sampled", budget=6000) == result


def test_full_finds_a_flipped_bit_in_every_file(bundle):
    split_bundle(bundle)
    knapsack = load(bundle)
    knapsack.verify("full")
    for key, content in tree(bundle.root).items():
        if key.startswith(("models/", "store/")):
            file = bundle.root / key
            where = 120 if len(content) > 200 else len(content) - 1
            file.write_bytes(content[:where] + bytes([content[where] ^ 1]) + content[where + 1 :])
            knapsack.verify("quick")
            with pytest.raises(knapsack.VerifyError) as caught:
                knapsack.verify("full")
            name = "weights.bin" if key.startswith("store/") else os.path.basename(key)
            assert name in str(caught.value) and caught.value.problems
            file.write_bytes(content)


def test_verify_names_every_problem(bundle):
    mixed(bundle)
    os.unlink(bundle.root / "models/a/small.json")
    bundle.store("models/a/big.bin", b"")
    bundle.store("models/a/big2.bin", b"z" * 5000)
    knapsack = load(bundle)
    with pytest.raises(knapsack.VerifyError) as caught:
        knapsack.verify("full")
    assert caught.value.problems == [
        "models/a/big.bin: has 0 bytes, expected 5,000",
        f"models/a/big2.bin: expected sha256 {sha256(b'y' * 5000)}, found {sha256(b'z' * 5000)}",
        "models/a/small.json: is missing",
    ]
    with pytest.raises(knapsack.KnapsackError, match="verify has no level 'all'"):
        knapsack.verify("all")


# install


def wheel(file, name, requires=""):
    """The smallest wheel that pip installs."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", "installed = True\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return file.read_bytes()


@pytest.mark.parametrize(
    "packages, expected", [((), ["one", "two"]), (("one",), ["one", "two"]), (("two",), ["two"])]
)
def test_installs_from_the_bundles_wheels(bundle, tmp_path, packages, expected):
    one = wheel(tmp_path / "one.whl", "one", "Requires-Dist: two\n")
    two = wheel(tmp_path / "two.whl", "two")
    bundle.store(f"store/{sha256(two)}", two)
    odd = At(f"store/{sha256(two)}", two)  # a name that Kaggle refuses is in the store
    bundle.add("wheels", "wheels", {"one-1.0-py3-none-any.whl": one, "two-1.0-py3-none-any.whl": odd}).write()
    code = "import sys, knapsack; knapsack.install('wheels', *sys.argv[1:])"
    run(bundle, code, env={"PIP_TARGET": str(tmp_path / "site")}, arguments=packages)
    assert sorted(file.name[:-3] for file in (tmp_path / "site").glob("*.py")) == expected


def test_installs_one_of_several_versions(bundle, tmp_path):
    files = {}
    for name, version, requires in [("one", "1.0", "two<2"), ("two", "1.0", ""), ("two", "2.0", "")]:
        path = write_wheel(tmp_path / "house", name, version, *filter(None, [requires]))
        files[path.name] = path.read_bytes()
    # A wheel for another Python, and what pip would have to build, are passed over.
    other = write_wheel(tmp_path / "house", "two", "1.5", tag="cp27-cp27m-win32")
    files |= {other.name: other.read_bytes(), "two-1.9.tar.gz": b"not built"}
    bundle.add("wheels", "wheels", files).write()
    run(bundle, "import knapsack; knapsack.install('wheels')", env={"PIP_TARGET": str(tmp_path / "site")})
    assert (tmp_path / "site/one.py").exists() and (tmp_path / "site/two-1.0.dist-info").exists()


def test_install_says_what_pip_said(bundle, tmp_path):
    bundle.add("wheels", "wheels", {"one-1.0-py3-none-any.whl": wheel(tmp_path / "one.whl", "one")})
    bundle.add("m", "model", {"x": b"1"}).write()
    target = {"PIP_TARGET": str(tmp_path / "site")}
    done = run(bundle, "import knapsack; knapsack.install('wheels', 'three')", env=target, check=False)
    assert "No matching distribution found for three" in done.stdout
    assert "KnapsackError: pip ended with 1 for wheels" in done.stderr
    knapsack = load(bundle)
    with pytest.raises(knapsack.KnapsackError, match=r"m \(model\) has no \.whl file"):
        knapsack.install("m")


# The command line


def command(bundle, *arguments):
    done = subprocess.run(
        [sys.executable, str(bundle.root / "knapsack.py"), *arguments], capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


def test_command_line(bundle):
    bundle.add("m", "model", {"x": b"1"}, hub("org/m", A), "hf:org/m@main").write()
    assert command(bundle, "list") == (0, f"m\tmodel\thf:org/m@main\t{A}\t-\t1\t{bundle.root.name}\n", "")
    assert command(bundle, "path", "m") == (0, f"{bundle.root}/models/m\n", "")
    code, out, err = command(bundle, "verify", "--full")
    assert (code, err) == (0, "") and out.startswith("full: 1 files (1 bytes)")
    code, out, err = command(bundle, "activate")
    assert (code, err) == (0, "")
    done = subprocess.run(
        ["sh", "-c", f"{out}\necho $HF_HUB_OFFLINE; ls $HF_HUB_CACHE"], capture_output=True, text=True
    )
    assert done.stdout == "1\nmodels--org--m\n"


def test_command_line_exit_codes(bundle):
    bundle.add("m", "model", {"x": b"1"}).write()
    bundle.store("models/m/x", b"2")
    assert command(bundle, "verify")[0] == 0
    code, out, err = command(bundle, "verify", "--full")
    assert (code, out) == (1, "") and err.startswith("models/m/x: expected sha256 ")
    assert command(bundle, "path", "n") == (
        2,
        "",
        f"error: the bundle at {bundle.root} has no entry 'n'; did you mean m?\n",
    ) or command(bundle, "path", "n")[2].endswith("its entries: m\n")
    for arguments in ([], ["frobnicate"], ["verify", "--full", "--sampled"], ["path"]):
        assert command(bundle, *arguments)[0] == 2
    os.unlink(bundle.root / "knapsack.lock")
    code, out, err = command(bundle, "verify")
    assert (code, out) == (2, "") and "knapsack.lock: not found" in err


# Many files


@pytest.mark.slow
def test_ten_thousand_files(bundle, tmp_path):
    for entry in range(5):
        source = hub(f"org/m{entry}", A) if entry % 2 else kaggle(f"o/m{entry}/f/v/1")
        bundle.add(f"m{entry}", "model", {f"d{i % 40}/{i}.txt": b"%d" % i for i in range(2000)}, source)
    bundle.write()
    hub_view, kaggle_view = views(load(bundle))
    assert len(hub_view) == 2 * (2000 + 1)
    assert len(kaggle_view) == 3 * (2000 + 2000 + 1)
