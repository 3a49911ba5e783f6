"""Bundles that build on others: three generations, packed by the program, proved, unpacked, and used by the real clients."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import genuine
import notebook
import numpy
import pytest
from cli import Done, Knapsack, contents, manifest, read_lock, sha256
from hub_server import HubServer
from keeping_kaggle import KeepingKaggle
from project import FIXTURES
from real_registry import NEEDED, RealRegistry
from safetensors.numpy import load_file, save_file
from uploading import AUTHORIZATION, TOKEN

TINY = next((FIXTURES / "quickstart/hub").glob("models--*/snapshots/*"))
REPOSITORIES = ("tester/tiny", "tester/tuned", "tester/again")
FORMS = ("", ".tar", ".zip", ".tar.zst")


def tuned(source: Path, target: Path, seed: int, *names: str) -> Path:
    """The same model with other values in the tensors whose names have one of these in them."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        shutil.copy(path, target / path.name)
    values = load_file(source / "model.safetensors")
    generator = numpy.random.default_rng(seed)
    for name in values:
        if any(part in name for part in names):
            values[name] = generator.standard_normal(values[name].shape, dtype=numpy.float32)
    save_file(values, target / "model.safetensors", metadata={"format": "pt"})
    (target / "README.md").write_text(f"---\nlicense: mit\n---\n\n# Tuned {seed}\n")
    return target


@dataclass
class Generations:
    """Three manifests, each of which builds on the one before, with their bundles."""

    knapsack: Knapsack
    directory: Path
    cache: Path

    def bundle(self, number: int, form: str = "") -> Path:
        path = self.directory / f"gen-{number}{form}"
        if not path.exists():
            self.knapsack("pack", self.manifest(number), "--output", path).expect(0)
        return path

    def manifest(self, number: int) -> Path:
        return self.directory / f"gen-{number}.toml"

    def lock(self, number: int) -> dict:
        return json.loads(self.manifest(number).with_suffix(".lock").read_text())

    def digest(self, number: int) -> str:
        return sha256(self.manifest(number).with_suffix(".lock"))

    def verify(self, number: int, *bases: int, form: str = "", of_base: str = "") -> Done:
        options = [word for base in bases for word in ("--base", self.bundle(base, of_base))]
        return self.knapsack("verify", self.bundle(number, form), *options)


def write(directory: Path, number: int, *models: str, base: int | None = None, name: str = "generation-{}") -> Path:
    entries = [{"name": model.split("/")[1], "source": f"hf:{model}@main"} for model in models]
    head = f'base = ["gen-{base}.lock"]' if base else ""
    path = directory / f"gen-{number}.toml"
    path.write_text(manifest(name.format(number), head, model=entries))
    return path


@pytest.fixture(scope="session")
def tuned_cache(base) -> Path:
    """A cache with a model, one that was tuned from it, and one that was tuned from that."""
    origin = base / "generations"
    second = tuned(TINY, origin / "tuned", 2, "layer.1.output", "pooler")
    third = tuned(second, origin / "again", 3, "pooler")
    server = HubServer()
    for name, folder in zip(REPOSITORIES, (TINY, second, third)):
        server.add(name, folder)
        genuine.snapshot_download(server, origin / "hub", name)
    server.close()
    return origin / "hub"


@pytest.fixture(scope="session")
def generations(base, knapsack, tuned_cache) -> Generations:
    """Read only."""
    directory = base / "generations" / "bundles"
    directory.mkdir()
    runner = knapsack.with_caches(tuned_cache)
    made = Generations(runner, directory, tuned_cache)
    for number in (1, 2, 3):
        path = write(directory, number, *REPOSITORIES[:number], base=number - 1)
        runner("lock", path).expect(0)
        made.bundle(number)
    return made


@pytest.fixture
def copied(generations, tmp_path) -> Generations:
    """The same to change."""
    shutil.copytree(generations.directory, tmp_path / "bundles")
    return Generations(generations.knapsack, tmp_path / "bundles", generations.cache)


def stored(bundle: Path) -> dict[str, int]:
    """What the bundle stores of its entries, with the sizes."""
    return {path.relative_to(bundle).as_posix(): path.stat().st_size
            for folder in ("models", "store") for path in (bundle / folder).rglob("*") if path.is_file()}  # fmt: skip


@pytest.mark.smoke
def test_each_generation_stores_only_what_is_new(generations):
    sizes = [sum(stored(generations.bundle(number)).values()) for number in (1, 2, 3)]
    # Of the second the last layer's output and the pooler, of the third the pooler, and what is too small to share.
    assert sizes[0] > 90_000 and 12_000 < sizes[1] < 26_000 and sizes[2] < 14_000
    assert [generations.lock(number)["version"] for number in (1, 2, 3)] == [1, 2, 2]
    assert "bases" not in generations.lock(1)


def test_references_are_flat_and_name_who_stores_the_bytes(generations):
    lock = generations.lock(3)
    assert [(item.get("asked"), item["name"], item["attach"], item["sha256"]) for item in lock["bases"]] == [
        ("gen-2.lock", "generation-2", "tester/generation-2", generations.digest(2)),
        (None, "generation-1", "tester/generation-1", generations.digest(1)),
    ]
    numbers = {generations.digest(number): number for number in (1, 2)}
    for entry in lock["entries"]:
        for file in entry["files"]:
            for place in [file] if "base" in file else file.get("segments", []):
                if "base" in place:
                    size = stored(generations.bundle(numbers[place["base"]]))[place["at"]]
                    assert place.get("offset", 0) + place.get("length", file["size"]) <= size
    tiny = next(entry for entry in lock["entries"] if entry["name"] == "tiny")
    assert {file["base"] for file in tiny["files"]} == {generations.digest(1)}
    (weights,) = [f for e in lock["entries"] if e["name"] == "again" for f in e["files"] if f["path"].endswith(".safetensors")]
    assert {numbers.get(segment.get("base")) for segment in weights["segments"]} == {None, 1, 2}


def test_locking_and_packing_again_gives_the_same_bytes(copied, tmp_path):
    for number in (2, 3):
        before = copied.manifest(number).with_suffix(".lock").read_bytes()
        copied.manifest(number).with_suffix(".lock").unlink()
        copied.knapsack("lock", copied.manifest(number)).expect(0)
        assert copied.manifest(number).with_suffix(".lock").read_bytes() == before
        copied.knapsack("pack", copied.manifest(number), "--output", tmp_path / f"again-{number}").expect(0)
        assert contents(tmp_path / f"again-{number}") == contents(copied.bundle(number))


@pytest.mark.smoke
def test_verify_states_what_it_could_not_look_at_without_the_bases(generations, tmp_path):
    done = generations.verify(3).expect(2)
    number = re.search(r"(\d+) files of .* were not looked at", done.text)[1]
    unpacked = generations.knapsack("unpack", generations.bundle(3), "--to", tmp_path / "out").expect(2)
    assert f"{number} files of " in unpacked.text
    assert generations.digest(1) in done.text and generations.digest(2) in done.text and "--base" in done.text
    assert "generation-1" in generations.verify(3, 2).expect(2).text
    done = generations.verify(3, 2, 1).expect(0)
    assert "every byte is right" in done.text and f"{number} files in bases: every byte is right" in done.text
    report = generations.knapsack("verify", generations.bundle(2), "--base", generations.bundle(1), "--json").expect(0).json()
    assert report["through_bases"] > 0 and [item["name"] for item in report["bases"]] == ["generation-1"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_bundle_and_base_is_proved(generations, form):
    generations.verify(2, form=form).expect(2)
    done = generations.verify(2, 1, form=form, of_base=form).expect(0)
    assert ("proved by parts" in done.text) == (form == ".tar.zst")


def test_another_bundle_or_version_is_no_base(copied):
    assert f"{copied.bundle(2)} is none of the bundles that it builds on: generation-1" in copied.verify(2, 2).expect(2).text
    assert "builds on no other" in copied.verify(1, 2).expect(2).text
    shutil.rmtree(copied.bundle(1))
    write(copied.directory, 1, REPOSITORIES[0], REPOSITORIES[1])
    copied.knapsack("pack", copied.manifest(1), "--output", copied.directory / "gen-1").expect(0)
    done = copied.verify(2, 1).expect(2)
    assert "another version of generation-1" in done.text and "base-other" in copied.knapsack(
        "verify", copied.bundle(2), "--base", copied.bundle(1), "--json").json()["findings"][0]["code"]  # fmt: skip


@pytest.mark.parametrize("damage", ["changed", "missing", "longer"])
def test_a_damaged_base_is_found_and_never_restored(copied, tmp_path, damage):
    weights = copied.bundle(1) / "models/tiny/model.safetensors"
    bytes_before = weights.read_bytes()
    if damage == "missing":
        weights.unlink()
    else:
        weights.write_bytes(bytes_before[:50_000] + b"?" + bytes_before[50_001:] if damage == "changed" else bytes_before + b"more")
    done = copied.verify(2, 1).expect(1)
    assert "tiny/model.safetensors" in done.text
    to = ("unpack", copied.bundle(2), "--base", copied.bundle(1), "--to", tmp_path / "out")
    done = copied.knapsack(*to).expect(1)
    assert not list((tmp_path / "out").rglob("tiny/model.safetensors"))
    copied.knapsack("pack", copied.manifest(2), "--base", copied.bundle(1), "--output", tmp_path / "b").expect(1, 2)


@pytest.mark.parametrize("form", ["", ".tar", ".zip", ".tar.zst"])
def test_unpack_restores_everything_with_the_bases(generations, tmp_path, form):
    bases = [word for number in (1, 2) for word in ("--base", generations.bundle(number, form))]
    done = generations.knapsack("unpack", generations.bundle(3, form), "--to", tmp_path / "out").expect(2)
    assert "--base" in done.text and not (tmp_path / "out").exists()
    generations.knapsack("unpack", generations.bundle(3, form), *bases, "--to", tmp_path / "out").expect(0)
    for entry in generations.lock(3)["entries"]:
        found = {name: digest for name, digest in contents(tmp_path / "out" / entry["name"]).items() if digest != "directory"}
        assert found == {file["path"]: file["sha256"] for file in entry["files"]}
    generations.knapsack("unpack", generations.bundle(3, form), *bases, "--hf-cache", tmp_path / "hub").expect(0)
    assert len(list((tmp_path / "hub").glob("models--*"))) == 3


def test_entries_that_need_no_base_are_restored_without(generations, copied, tmp_path):
    (copied.directory / "notes").mkdir()
    (copied.directory / "notes/own.txt").write_text("own")
    with copied.manifest(2).open("a") as file:
        file.write('\n[[files]]\nname = "notes"\nsource = "path:notes"\n')
    copied.knapsack("pack", copied.manifest(2), "--output", tmp_path / "b").expect(0)
    copied.knapsack("unpack", tmp_path / "b", "--to", tmp_path / "out", "--entry", "notes").expect(0)
    assert (tmp_path / "out/notes/own.txt").read_text() == "own"


def test_inspect_sbom_and_diff_name_the_bases(generations, tmp_path):
    text = generations.knapsack("inspect", generations.bundle(2)).expect(0).text
    assert f"tester/generation-1: generation-1, whose lock has sha256 {generations.digest(1)}" in text
    report = generations.knapsack("inspect", generations.bundle(2), "--json").expect(0).json()
    assert report["in_bases"] > 90_000 and report["bases"][0]["asked"] == "gen-1.lock"
    bill = generations.knapsack("sbom", generations.bundle(2)).expect(0).json()
    properties = bill["metadata"]["component"]["properties"]
    assert {"name": "knapsack:base", "value": f"tester/generation-1 sha256:{generations.digest(1)}"} in properties
    spdx = generations.knapsack("sbom", generations.bundle(2), "--format", "spdx").expect(0).text
    assert f"Builds on tester/generation-1, sha256:{generations.digest(1)}." in spdx
    locks = [generations.manifest(number).with_suffix(".lock") for number in (1, 2)]
    assert "the base generation-1: none → tester/generation-1" in generations.knapsack("diff", *locks).expect(1).text
    readme = (generations.bundle(3) / "README.md").read_text()
    assert "`tester/generation-1`" in readme and "`tester/generation-2`" in readme


def test_check_reads_the_locks_alone_and_states_a_base_that_moved(copied, tmp_path):
    for bundle in (1, 2, 3):
        shutil.rmtree(copied.bundle(bundle))
    runner = copied.knapsack.with_caches()
    runner("check", copied.manifest(3)).expect(0)
    lock = copied.manifest(2).with_suffix(".lock")
    shutil.copy(copied.manifest(1).with_suffix(".lock"), lock)
    done = runner("check", copied.manifest(3)).expect(1)
    assert "the base gen-2.lock is not the one that was locked" in done.text
    lock.write_bytes(lock.read_bytes() + b"\n")
    assert "not written as the bundle's own lock is" in runner("check", copied.manifest(3)).expect(2).text
    lock.unlink()
    assert "the lock of the base gen-2.lock could not be read" in runner("check", copied.manifest(3)).expect(2).text


def test_what_cannot_build_on_each_other_is_refused(copied):
    path = write(copied.directory, 4, REPOSITORIES[0], base=1, name="generation-1")
    done = copied.knapsack("lock", path).expect(1)
    assert "an earlier version of itself" in done.text and f"{path}:" in done.text
    path = write(copied.directory, 4, REPOSITORIES[0], base=4)
    assert "cannot build on itself" in copied.knapsack("lock", path).text
    # A newer first generation beside the second, which builds on the older one.
    write(copied.directory, 5, *REPOSITORIES, name="generation-1")
    copied.knapsack("lock", copied.manifest(5)).expect(0)
    path = write(copied.directory, 4, *REPOSITORIES)
    path.write_text(path.read_text().replace('license = "other"', 'license = "other"\nbase = ["gen-2.lock", "gen-5.lock"]', 1))
    assert "two versions of generation-1" in copied.knapsack("lock", path).expect(1).text


@pytest.mark.parametrize(
    "value, message",
    [
        ("[]", "a list of strings that is not empty"),
        ('["/abs/x.lock"]', "the path of a lock"),
        ('["x.toml"]', "the path of a lock"),
        ('["hf:a/b@main"]', "the path of a lock"),
        ('["gen-1.lock", "gen-1.lock"]', "twice"),
        ('["gen-1.lock"]\ndedup = "none"', "dedup"),
    ],
)
def test_a_manifest_that_names_no_base_is_refused(copied, value, message):
    path = write(copied.directory, 4, REPOSITORIES[0])
    path.write_text(path.read_text().replace('license = "other"', f'license = "other"\nbase = {value}', 1))
    assert message in copied.knapsack("lock", path).expect(2).text


HOSTILE = {
    "above": lambda lock: lock.replace('"at":"models/tiny/config.json","base"', '"at":"../../etc/passwd","base"', 1),
    "unknown": lambda lock: re.sub(r'("base":")[0-9a-f]{64}', r"\g<1>" + "0" * 64, lock, count=1),
    "past": lambda lock: re.sub(r'("base":"[0-9a-f]{64}","length":\d+,"offset":)\d+', r"\g<1>9223372036854775807", lock, count=1),
    "further": lambda lock: re.sub(r'("base":"[0-9a-f]{64}","length":\d+,"offset":)\d+', r"\g<1>94700", lock, count=1),
    "other": lambda lock: lock.replace('"at":"models/tiny/config.json","base"', '"at":"models/tiny/vocab.txt","base"', 1),
    "version": lambda lock: lock.replace('"version":2', '"version":1', 1),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_references_are_found(copied, tmp_path, kind):
    path = copied.bundle(2) / "knapsack.lock"
    text = path.read_text()
    changed = HOSTILE[kind](text)
    assert changed != text
    path.write_text(changed)
    (copied.bundle(2) / "SHA256SUMS").unlink()
    copied.verify(2, 1).expect(1, 2)
    copied.knapsack("unpack", copied.bundle(2), "--base", copied.bundle(1), "--to", tmp_path / "out").expect(1, 2)
    for restored in (tmp_path / "out").rglob("*"):
        assert not restored.is_file() or sha256(restored) in text


def test_a_base_in_the_kagglehub_cache(copied, tmp_path):
    """Its version is pinned, and a newer one that is in the cache changes nothing without --update."""
    cache = tmp_path / "kagglehub"
    for version in (1, 2):
        folder = cache / f"datasets/tester/generation-1/versions/{version}"
        shutil.copytree(copied.bundle(1), folder)
        (cache / f"datasets/tester/generation-1/{version}.complete").touch()
        if version == 1:
            path = write(copied.directory, 4, *REPOSITORIES[:2])
            path.write_text(path.read_text().replace('license = "other"', 'license = "other"\nbase = ["kaggle-dataset:tester/generation-1"]', 1))
            runner = copied.knapsack.with_caches(copied.cache, cache)
            runner("lock", path).expect(0)
            assert copied.lock(4)["bases"][0]["attach"] == "tester/generation-1/versions/1"
            assert copied.lock(4)["bases"][0]["sha256"] == copied.digest(1)
            write(copied.directory, 1, *REPOSITORIES[:2])
            shutil.rmtree(copied.bundle(1))
            copied.knapsack("pack", copied.manifest(1), "--output", copied.directory / "gen-1").expect(0)
    before = path.with_suffix(".lock").read_bytes()
    runner("lock", path).expect(0)
    runner("check", path).expect(0)
    copied.knapsack.with_caches()("check", path).expect(0)
    assert path.with_suffix(".lock").read_bytes() == before
    runner("lock", path, "--update").expect(0)
    assert copied.lock(4)["bases"][0]["attach"] == "tester/generation-1/versions/2"


# In the notebook


LOADED = f"""\
import hashlib, json, torch
from transformers import AutoModel
from huggingface_hub import snapshot_download
found = {{}}
for name in {REPOSITORIES!r}:
    model = AutoModel.from_pretrained(name).eval()
    with torch.no_grad():
        states = model(input_ids=torch.arange(8)[None]).last_hidden_state
    found[name] = [hashlib.sha256(states.numpy().tobytes()).hexdigest(), snapshot_download(name).rpartition("/")[2]]
"""
PRINTED = "print(json.dumps(found))\n"


def mounts(generations: Generations, *numbers: int, shape: str = notebook.MOUNT_SHAPES[0]) -> dict[str, Path]:
    return {shape.format(owner="tester", slug=f"generation-{number}"): generations.bundle(number) for number in numbers}


@pytest.fixture(scope="module")
def original(base, generations) -> dict:
    """What the models in the original cache compute, outside of the notebook."""
    variables = {"HF_HUB_CACHE": str(generations.cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return json.loads(genuine.run_python(LOADED + PRINTED, variables, base / "home").strip().splitlines()[-1])


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.parametrize("shape", notebook.MOUNT_SHAPES)
def test_the_real_clients_load_three_generations_offline(base, generations, original, shape):
    told = 'found["bundles"] = {entry.name: entry.bundle for entry in knapsack.models()}\nfound["verified"] = str(knapsack.verify("full"))\n'
    code = notebook.ACTIVATE + LOADED + told + PRINTED
    found = notebook.run_cell(code, mounts(generations, 1, 2, 3, shape=shape), hidden=(base,)).json()
    assert {name: found[name] for name in REPOSITORIES} == original
    # What several bundles have is told with the newest of them.
    assert found["bundles"] == {"tiny": "generation-3", "tuned": "generation-3", "again": "generation-3"}
    assert "SHA-256 of all of them holds" in found["verified"]


@pytest.mark.root
def test_a_missing_and_a_wrong_base_in_the_notebook(base, generations, copied):
    done = notebook.run_cell(notebook.ACTIVATE, mounts(generations, 2), hidden=(base,))
    assert done.code == 1
    line = done.stderr.splitlines()[-1]
    assert "builds on generation-1, which is not attached; attach tester/generation-1 to this notebook" in line
    write(copied.directory, 1, *REPOSITORIES[:2])
    shutil.rmtree(copied.bundle(1))
    copied.knapsack("pack", copied.manifest(1), "--output", copied.directory / "gen-1").expect(0)
    both = {**mounts(generations, 2), **mounts(copied, 1)}
    done = notebook.run_cell(notebook.ACTIVATE + "import os; knapsack.path('tuned')", both, hidden=(base,))
    assert "another version of generation-1 than the one at /kaggle/input/generation-1" in done.stderr
    twice = {**mounts(generations, 1, 2), "/kaggle/input/datasets/tester/copy": generations.bundle(1)}
    done = notebook.run_cell(notebook.ACTIVATE + "print(knapsack.verify('full'))", twice, hidden=(base,))
    assert done.code == 0 and done.stderr == "" and "SHA-256 of all of them holds" in done.stdout


# Signed, pulled, and counted


def test_what_is_in_a_base_is_proved_before_a_delta_is_signed(generations, copied, tmp_path):
    key, public = tmp_path / "key.pem", tmp_path / "pub.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    run, delta = copied.knapsack, copied.bundle(2)
    run("sign", delta, "--key", key, "--base", copied.bundle(1)).expect(0)
    run("verify", delta, "--key", public, "--base", copied.bundle(1)).expect(0)
    # Of an archive it is the same; a base that is another bundle, or damaged, is no reason to sign.
    run("sign", copied.bundle(2, ".tar"), "--key", key, "--base", copied.bundle(1)).expect(0)
    assert "base" in run("sign", delta, "--key", key, "--base", copied.bundle(3)).expect(1, 2).text
    weights = copied.bundle(1) / "models/tiny/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.chmod(0o644)
    weights.write_bytes(content)
    (delta / "model.sig").unlink()
    assert "not-signed" in run("sign", delta, "--key", key, "--base", copied.bundle(1), "--json").expect(1).stdout
    run("sign", delta, "--key", key, "--from-lock").expect(0)


@NEEDED
def test_a_delta_is_pulled_into_a_cache_with_its_base(generations, tmp_path):
    registry = RealRegistry(tmp_path / "registry")
    try:
        run = generations.knapsack.with_caches(None, None, HOME=str(tmp_path / "user"), KNAPSACK_CACHE_DIR=str(tmp_path / "home"))
        name = f"oci://{registry.host}/team/delta:v1"
        run("push", generations.bundle(2), name).expect(0)
        told = run("pull", name, "--hf-cache", tmp_path / "none").expect(2)
        assert "--base" in told.text and not list((tmp_path / "none").glob("models--*"))
        run("pull", name, "--hf-cache", tmp_path / "hub", "--base", generations.bundle(1)).expect(0)
        for repository in REPOSITORIES[:2]:
            folder = f"models--{repository.replace('/', '--')}/snapshots"
            assert contents(tmp_path / "hub" / folder) == contents(generations.cache / folder)
    finally:
        registry.kill()


@NEEDED
def test_files_in_segments_are_counted_as_files_wherever_they_are(knapsack, tuned_cache, tmp_path):
    """Two entries of one repository: of every content in segments there are two files."""
    run = knapsack.with_caches(tuned_cache, None, HOME=str(tmp_path / "user"), KNAPSACK_CACHE_DIR=str(tmp_path / "home"))
    entries = [{"name": name, "source": f"hf:{source}"} for name, source in
               [("tiny", REPOSITORIES[0]), ("tuned", REPOSITORIES[1]), ("twin", REPOSITORIES[1])]]  # fmt: skip
    path = tmp_path / "m.toml"
    path.write_text(manifest("counted-files", model=entries))
    run("pack", path, "--output", tmp_path / "x.tar.zst").expect(0)
    lock = read_lock(path.with_suffix(".lock"))
    split = sum("segments" in file for entry in lock.values() for file in entry["files"])
    assert split == 2
    assert run("verify", tmp_path / "x.tar.zst", "--json").expect(0).json()["unassembled"] == split
    registry = RealRegistry(tmp_path / "registry")
    try:
        name = f"oci://{registry.host}/team/counted:v1"
        run("push", path, name).expect(0)
        assert run("verify", name, "--json").expect(0).json()["unassembled"] == split
        assert "unassembled" not in run("verify", name, "--quick", "--json").expect(0).json()
    finally:
        registry.kill()


# What to put into a base


def git(directory: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", directory, *settings, *arguments], check=True, capture_output=True)


def test_split_proposes_what_did_not_change_and_the_proposal_works(knapsack, tuned_cache, tmp_path):
    directory = tmp_path / "work"
    (directory / "notes").mkdir(parents=True)
    path = directory / "gen-1.toml"
    entries = [{"name": name.split("/")[1], "source": f"hf:{name}@main"} for name in REPOSITORIES[:2]]
    path.write_text("# Kept.\n" + manifest("generation-1", model=entries, files=[{"name": "notes", "source": "path:notes"}]))
    runner = knapsack.with_caches(tuned_cache)
    git(directory, "init", "-q")
    for number in range(3):
        (directory / "notes/a.txt").write_text(f"{number}")
        runner("lock", path, "--update").expect(0, 1)
        if number == 0:
            assert "earlier" in runner("split", path, "--base-size", "1 MB").expect(2).text
        git(directory, "add", ".")
        git(directory, "commit", "-qm", f"{number}")
    report = runner("split", path, "--base-size", "1 MB", "--json").expect(0).json()
    assert (report["base"]["entries"], report["locks"], report["too_large"]) == (["tiny", "tuned"], 3, [])
    assert report["rest"]["size"] == 1 and report["base"]["name"] == "generation-1-base"
    assert runner("split", path, "--base-size", "1 MB", "--json").stdout == runner("split", path, "--base-size", "1 MB", "--json").stdout
    text = runner("split", path, "--base-size", "1 MB").expect(0).stdout
    assert report["base"]["manifest"] in text and report["rest"]["manifest"] in text
    small = runner("split", path, "--base-size", "105 kB", "--json").expect(0).json()
    assert len(small["base"]["entries"]) == 1 and len(small["too_large"]) == 1
    assert runner("split", path, "--base-size", "1 kB", "--json").expect(0).json()["base"] is None
    Path(report["base"]["path"]).write_text(report["base"]["manifest"])
    path.write_text(report["rest"]["manifest"])
    assert path.read_text().startswith("# Kept.\n")
    runner("lock", report["base"]["path"]).expect(0)
    runner("lock", path).expect(0)
    plan = runner("pack", path, "--dry-run", "--json").expect(0).json()["plan"]
    assert (plan["stored"], [file["path"] for file in plan["files"]]) == (1, ["files/notes/a.txt"])
    (directory / "old.lock").write_text(path.with_suffix(".lock").read_text().replace('"facts":3', '"facts":2', 1))
    earlier = ["--earlier", directory / "old.lock"]
    assert "builds on generation-1-base.lock already" in runner("split", path, "--base-size", "1 MB", *earlier).expect(2).text
    runner("split", path, "--base-size", "much").expect(2)


EXAMPLES = sorted(path.stem for path in (FIXTURES.parent / "manifests").glob("*.toml"))


def test_example_manifests(knapsack, tmp_path):
    """All manifests of the repository, with the locks beside them: none is stale."""
    root = FIXTURES.parent
    quickstart = knapsack.with_caches(FIXTURES / "quickstart/hub", FIXTURES / "quickstart/kagglehub")
    assert "quickstart-base" in EXAMPLES and "quickstart-fit" in EXAMPLES
    for name in EXAMPLES:
        quickstart("check", root / f"manifests/{name}.toml").expect(0)
        quickstart("pack", root / f"manifests/{name}.toml", "--locked", "--output", tmp_path / name).expect(0)
    quickstart("verify", tmp_path / "quickstart-tuned", "--base", tmp_path / "quickstart-base").expect(0)
    lock = read_lock(root / "manifests/quickstart-tuned.lock")
    assert any("base" in file for file in lock["tiny-bert-tuned"]["files"])


QUICKSTART = """\
import json, pathlib, kagglehub
from transformers import AutoModel
folder = pathlib.Path(kagglehub.model_download("knapsack-examples/tiny-bert/transformers/tuned"))
found = {"files": sorted(path.name for path in folder.rglob("*") if path.is_file()), "vocab": (folder / "vocab.txt").read_text()}
found["hidden"] = [AutoModel.from_pretrained(name).config.hidden_size for name in ("knapsack-examples/tiny-bert", str(folder))]
found["bundles"] = sorted({entry.bundle for entry in knapsack.models()})
print(json.dumps(found))
"""


@pytest.mark.root
@pytest.mark.slow
def test_kagglehub_gets_what_a_base_has(base, knapsack, tmp_path):
    quickstart = knapsack.with_caches(FIXTURES / "quickstart/hub", FIXTURES / "quickstart/kagglehub")
    mounted = {}
    for name in ("quickstart-base", "quickstart-tuned"):
        quickstart("pack", FIXTURES.parent / f"manifests/{name}.toml", "--locked", "--output", tmp_path / name).expect(0)
        mounted[f"/kaggle/input/knapsack-{name}"] = tmp_path / name
    found = notebook.run_cell(notebook.ACTIVATE + QUICKSTART, mounted, hidden=(base,)).json()
    source = next((FIXTURES / "quickstart/kagglehub").glob("models/*/*/*/tuned/1"))
    assert found["files"] == sorted(path.name for path in source.iterdir())
    assert found["vocab"] == (source / "vocab.txt").read_text() and found["hidden"] == [32, 32]
    assert found["bundles"] == ["knapsack-quickstart-base", "knapsack-quickstart-tuned"]


def test_an_upload_by_manifest_sends_the_delta_alone(copied, tmp_path):
    server = KeepingKaggle(tmp_path / "kaggle")
    server.users = {AUTHORIZATION: "tester"}
    for number in (1, 2, 3):
        shutil.rmtree(copied.bundle(number))
    variables = {"HOME": str(tmp_path / "user"), "KNAPSACK_CACHE_DIR": str(tmp_path / "home"), "KAGGLE_API_TOKEN": TOKEN}
    runner = copied.knapsack.with_caches(copied.cache, **variables, **server.environment())
    sent = []
    for number in (1, 2, 3):
        before = server.received
        runner("upload", copied.manifest(number), cwd=tmp_path).expect(0)
        sent.append(server.received - before)
        runner("verify", server.resources[f"tester/generation-{number}"][1]).expect(0 if number == 1 else 2)
    for number in (2, 3):
        bases = [word for base in range(1, number) for word in ("--base", server.resources[f"tester/generation-{base}"][1])]
        runner("verify", server.resources[f"tester/generation-{number}"][1], *bases).expect(0)
    assert not server.problems
    server.close()
    content = [sum(stored(copied.bundle(number)).values()) for number in (1, 2, 3)]
    # Beside the content there are the lock, the loader and the README.
    own = [total - part for total, part in zip(sent, content)]
    assert all(0 < part < 400_000 for part in own) and content[1] < content[0] / 3 and content[2] < content[1]


@pytest.mark.slow
def test_a_base_whose_lock_is_none_is_mended_at_the_base(knapsack, tmp_path):
    """The command that writes the manifest's own lock does not write that of the base."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.bin").write_bytes(b"x")
    path = tmp_path / "m.toml"
    path.write_text(manifest(head='base = ["none.lock"]', files=[{"name": "data", "source": "path:data"}]))
    for text in ["{}", "", "<<<<<<< HEAD"]:
        (tmp_path / "none.lock").write_text(text)
        told = knapsack("lock", path).expect(2).text
        assert "none.lock" in told and "lock its manifest again" in told and "knapsack lock" not in told
