"""Manifests, locks, model cards and caches with seeded mutations: an error or a result, never a trap.

A failing seed is in the message: `random.Random(seed)` makes the same input again.
"""

import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli import Done, Knapsack, contents, manifest
from conftest import KAGGLE_SET, SHARDED, copy_cache, make_sharded_model
from mutation import VALUES, json_bytes, mutate, mutate_values

pytestmark = [pytest.mark.fuzz, pytest.mark.slow]


@dataclass
class Target:
    """A directory with a manifest, its lock, its bundle and small caches, which every round may damage."""

    knapsack: Knapsack
    directory: Path

    @property
    def manifest(self) -> Path:
        return self.directory / "fuzz.toml"

    @property
    def lock(self) -> Path:
        return self.directory / "fuzz.lock"


MANIFEST = """\
schema = 1
# A manifest with one of everything.
[bundle]
name     = "fuzz-models"
owner    = "tester"
title    = "Fuzz models"
subtitle = "A subtitle of twenty letters or more"
license  = 'other'
dedup    = "file"

[policy]
licenses = ["mit", "cc-by-4.0"]
max-size = "200 GB"

[[model]]
name    = "sharded"
source  = "hf:tester/sharded@main"
include = ["*.safetensors", "*.json", "vocab.txt", "README.md"]
exclude = ["original/*"]

[[dataset]]
name    = "set"
source  = "kaggle-dataset:tester/tiny-set/versions/3"
license = "cc-by-4.0"

[[files]]
name    = "notes"
source  = "path:notes"
license = "mit"
"""


@pytest.fixture(scope="module")
def target(knapsack, caches, tmp_path_factory) -> Target:
    directory = tmp_path_factory.mktemp("fuzz")
    hub, kagglehub = directory / "hub", directory / "kagglehub"
    for source, copy, kept in (
        (caches.hub, hub, "models--tester--sharded"),
        (caches.kagglehub, kagglehub, f"datasets/{KAGGLE_SET}"),
    ):
        copy_cache(source / kept, copy / kept)
    (directory / "notes").mkdir()
    (directory / "notes" / "note.txt").write_text("a note\n")
    made = Target(knapsack.with_caches(hub, kagglehub, KNAPSACK_CACHE_DIR=str(directory / "index")), directory)
    made.manifest.write_text(MANIFEST)
    made.knapsack("lock", made.manifest).expect(0)
    made.knapsack("pack", made.manifest, "--output", directory / "bundle").expect(0)
    return made


def assert_no_trap(done: Done, seed: int) -> None:
    """It ended by its own choice, and said why unless all was well."""
    assert done.code in (0, 1, 2), f"seed {seed}: knapsack {done.arguments} ended with {done.code}\n{done.text[-2000:]}"
    assert "Fatal error" not in done.stderr, f"seed {seed}: {done.stderr[-2000:]}"
    assert done.code == 0 or done.text.strip(), f"seed {seed}: {done.arguments} failed and said nothing"


@pytest.mark.parametrize("first", range(0, 150, 50))
def test_mutated_manifests(target, first):
    path = target.directory / "mutated.toml"
    for seed in range(first, first + 50):
        dice = random.Random(seed)
        path.write_bytes(mutate(MANIFEST.encode(), dice))
        path.with_suffix(".lock").unlink(missing_ok=True)
        if seed % 2:
            shutil.copy(target.lock, path.with_suffix(".lock"))
        assert_no_trap(target.knapsack(dice.choice(("lock", "check")), path), seed)


def test_manifests_of_no_sense(target):
    path = target.directory / "odd.toml"
    odd = [b"", b"\n", b"\xff\xfe", b"schema", b"schema = ", b"schema = 99999999999999999999", b"[[model]]\n" * 2000, b"a.b" * 9999]
    odd += [b"x = " + b"[" * 20000, b"x = " + b"{a=" * 5000, b"x = '" + b"\xc3\xa9" * 50000 + b"'", b"\xef\xbb\xbfschema = 1"]
    for seed, content in enumerate(odd):
        path.write_bytes(content)
        for command in ("lock", "check", "pack"):
            done = target.knapsack(command, path)
            assert_no_trap(done, seed)
            assert done.code != 0


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_mutated_locks(target, first):
    """Bytes and values of the lock: beside the manifest, in a bundle, for a frozen pack and for the caches."""
    original = target.lock.read_bytes()
    document = json.loads(original)
    room = target.directory / f"room-{first}"
    bundle = room / "bundle"
    shutil.copytree(target.directory / "bundle", bundle)
    shutil.copytree(target.directory / "notes", room / "notes")
    shutil.copy(target.manifest, room / "fuzz.toml")
    before = contents(room)
    for seed in range(first, first + 40):
        dice = random.Random(seed)
        content = mutate(original, dice) if seed % 3 == 0 else json_bytes(mutate_values(document, dice))
        (room / "fuzz.lock").write_bytes(content)
        (bundle / "knapsack.lock").write_bytes(content)
        for arguments in (
            ("check", room / "fuzz.toml"),
            ("verify", room / "fuzz.lock"),
            ("verify", bundle),
            ("pack", "--frozen", room / "fuzz.toml", "--output", room / "out"),
        ):
            assert_no_trap(target.knapsack(*arguments), seed)
        shutil.rmtree(room / "out", ignore_errors=True)
        shutil.rmtree(room / ".out.partial", ignore_errors=True)
        (room / "fuzz.lock").unlink()
        (bundle / "knapsack.lock").write_bytes(original)
        # Whatever paths the lock names: nothing was written but the output.
        assert contents(room) == before, f"seed {seed}"


def test_a_lock_that_lies_about_a_size_is_not_packed(target):
    """A bundle that pack writes is one that verify accepts: the digest alone does not prove the lock's record."""
    document = json.loads(target.lock.read_bytes())
    room = target.directory / "is stored"
    shutil.copytree(target.directory / "notes", room / "notes")
    shutil.copy(target.manifest, room / "fuzz.toml")
    for entry in document["entries"]:
        for file in entry["files"]:
            size = file["size"]
            file["size"] = size + 20
            (room / "fuzz.lock").write_bytes(json_bytes(document))
            done = target.knapsack("pack", "--frozen", room / "fuzz.toml", "--output", room / "out").expect(1, 2)
            assert file["path"] in done.text
            assert not (room / "out").exists()
            file["size"] = size


def test_a_mutated_value_in_a_bundles_lock_is_never_verified(target):
    """The bundle holds what its lock said before, so a lock that states something else does not fit it."""
    document = json.loads(target.lock.read_bytes())
    bundle = target.directory / "changed"
    shutil.copytree(target.directory / "bundle", bundle)
    for seed in range(40):
        mutated = mutate_values(document, random.Random(seed))
        if mutated == document:
            continue
        (bundle / "knapsack.lock").write_bytes(json_bytes(mutated))
        done = target.knapsack("verify", bundle)
        assert_no_trap(done, seed)
        assert done.code != 0, f"seed {seed}: {done.text}"


def plain_repository(hub: Path, name: str, files: Path) -> Path:
    """A model as plain copies without a listing: content that nothing in the cache contradicts."""
    commit = "c" * 40
    snapshot = hub / f"models--fuzz--{name}" / "snapshots" / commit
    shutil.copytree(files, snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text(commit)
    return snapshot


def test_mutated_cards_configs_and_weights(target):
    """Model cards, configs, indexes and safetensors headers: listed together, then locked one by one."""
    files = make_sharded_model(target.directory / "plain")
    card = files / "README.md"
    card.write_text(
        "---\nlicense: mit\nbase_model:\n- a/b\n- c/d\nlibrary_name: transformers\npipeline_tag: text-generation\n"
        "tags: [tiny, &x test, *x]\nmodel-index:\n- name: m\n  results: []\nnote: |\n  text\n---\n\n# Card\n"
    )
    hub = target.directory / "cards"
    mutable = ["README.md"] * 4 + ["config.json", "tokenizer_config.json", "model.safetensors.index.json"]
    mutable += ["model-00001-of-00002.safetensors"]
    names = []
    for seed in range(100):
        dice = random.Random(seed)
        snapshot = plain_repository(hub, f"m{seed}", files)
        file = snapshot / dice.choice(mutable)
        content = file.read_bytes()
        if file.suffix == ".json" and dice.random() < 0.5:
            file.write_bytes(json_bytes(mutate_values(json.loads(content), dice)))
        elif file.suffix == ".safetensors":
            file.write_bytes(mutate(content[:400], dice) + content[400:])
        else:
            file.write_bytes(mutate(content, dice))
        names.append(f"m{seed}")
    runner = target.knapsack.with_caches(hub)
    listed = runner("list", "--json")
    assert_no_trap(listed, -1)
    assert all(name in listed.stdout for name in names)
    assert_no_trap(runner("list", "--verbose"), -1)
    assert_no_trap(runner("init", "-"), -1)
    path = target.directory / "card.toml"
    for seed, name in enumerate(names):
        path.write_text(manifest(model=[{"name": "m", "source": f"hf:fuzz/{name}"}]))
        path.with_suffix(".lock").unlink(missing_ok=True)
        assert_no_trap(runner("lock", path), seed)


def damage_cache(hub: Path, kagglehub: Path, dice: random.Random) -> None:
    """One or a few of a cache's own parts changed: names, links, refs, listings, kinds of file."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        paths = sorted(path for root in (hub, kagglehub) for path in root.rglob("*"))
        if not paths:
            return
        path = dice.choice(paths)
        match dice.randrange(8):
            case 0:
                path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
            case 1:
                odd = ["...", "x" * 150, "models--", "models--a--b--c", "999999999999999999999", "-1", "ä\n", "\udcff", "+3", " 3"]
                path.rename(path.with_name(dice.choice(["", path.name]) + dice.choice(odd)))
            case 2 if path.is_file() and not path.is_symlink():
                path.chmod(0o644)
                path.write_bytes(mutate(path.read_bytes(), dice))
            case 3 if not path.is_dir() or path.is_symlink():
                path.unlink()
                odd = ["/etc/passwd", "..", ".", path.name, "../../..", "/dev/zero", "x" * 255, "../../blobs", "/proc/self/mem"]
                path.symlink_to(dice.choice(odd))
            case 4:
                path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
                os.mkfifo(path)
            case 5:
                path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)
                path.mkdir()
            case 6:
                files = [other for other in (*hub.rglob("refs/*"), *hub.rglob("trees/*")) if other.is_file()]
                if files:
                    other = dice.choice(files)
                    text = [str(value) for value in VALUES if not isinstance(value, str) or "\ud83c" not in value]
                    other.write_text(dice.choice(text + [other.read_text() + "\n", "c" * 40, "../" * 20]))
            case _:
                listings = list(hub.rglob("trees/*.json"))
                if listings and listings[0].is_file():
                    try:
                        document = json.loads(listings[0].read_bytes())
                    except ValueError:
                        continue
                    listings[0].write_bytes(json_bytes(mutate_values(document, dice)))


@pytest.mark.parametrize("first", range(0, 100, 50))
def test_damaged_caches(target, first):
    for seed in range(first, first + 50):
        room = target.directory / f"cache-{seed}"
        hub = copy_cache(target.directory / "hub", room / "hub")
        kagglehub = copy_cache(target.directory / "kagglehub", room / "kagglehub")
        damage_cache(hub, kagglehub, random.Random(seed))
        path = room / "fuzz.toml"
        path.write_text(
            manifest(
                model=[{"name": "sharded", "source": f"hf:{SHARDED}@main"}],
                dataset=[{"name": "set", "source": f"kaggle-dataset:{KAGGLE_SET}"}],
            )
        )
        runner = target.knapsack.with_caches(hub, kagglehub)
        for arguments in (("list", "--json"), ("lock", path), ("verify", target.lock)):
            assert_no_trap(runner(*arguments, timeout=30), seed)
        shutil.rmtree(room)
