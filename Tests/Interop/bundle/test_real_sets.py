"""A base model in all the forms in which its weights go around, packed into one bundle.

Everything is made of MiniLM's real weights (90.9 MB): by the libraries that people use, in the caches that their
clients fill. What Knapsack stores is held against the tensors that those libraries read from the files.
"""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import genuine
import notebook
import numpy
import pytest
import torch
import weights
from cli import Knapsack, contents, manifest, read_lock, sha256
from conftest import KAGGLE_MINILM
from genuine import MINILM, MINILM_FILES

pytestmark = pytest.mark.slow

TUNED = "tester/minilm-tuned"
FIVE = "tester/minilm-in-five"
TWO = "tester/minilm-two/transformers/in-two"
CHANGED = ("embeddings.LayerNorm.bias", "encoder.layer.3.output.dense.weight", "pooler.dense.weight")
EQUAL = 0.01  # what may be stored above the size of the distinct tensors


@dataclass
class Sets:
    """The original files of every entry, and the bundle of all."""

    knapsack: Knapsack
    manifest: Path
    originals: dict[str, Path]
    bundle: Path
    document: dict

    def files(self, name: str | None = None) -> list[Path]:
        """The original files of one entry or of all, in the manifest's order."""
        chosen = [self.originals[name]] if name else self.originals.values()
        return [path for directory in chosen for path in sorted(directory.rglob("*")) if path.is_file()]


def make_variants(root: Path) -> dict[str, Path]:
    """Other files with the same weights, a directory each."""
    original = weights.original()
    made = {}

    def directory(name: str) -> Path:
        made[name] = weights.model_directory(root / name)
        return made[name]

    weights.save({**original, **{name: original[name] + 1e-3 for name in CHANGED}}, directory("tuned"))
    weights.save_pretrained(directory("in-five"), "12MB")
    weights.save_pretrained(directory("in-two"), "48MB")
    weights.save_in_shards(original, directory("in-three"), 3)
    weights.save(original, made["in-three"], "consolidated.safetensors")
    weights.save_in_order(dict(reversed(original.items())), directory("reversed") / "model.safetensors")
    torch.save(original, directory("pickled") / "pytorch_model.bin")
    weights.save({**original, "spare": torch.arange(5000.0)}, directory("both"))
    torch.save({**original, "spare": torch.arange(5000.0)}, made["both"] / "pytorch_model.bin")
    renamed = {f"bert.{name}": tensor for name, tensor in original.items()}
    weights.save(renamed, directory("renamed"))
    tied = {"cls.predictions.decoder.weight": original[weights.EMBEDDING].clone()}
    weights.save({**renamed, **tied}, directory("tied"))
    made["arrays"] = root / "arrays"
    made["arrays"].mkdir()
    numpy.savez(made["arrays"] / "minilm.npz", **{name: tensor.numpy() for name, tensor in original.items()})
    made["gguf"] = root / "gguf"
    made["gguf"].mkdir()
    weights.save_gguf(original, made["gguf"] / "minilm-f32.gguf")
    return made


ENTRIES = {
    "minilm": f"hf:{MINILM}@main",
    "copy": f"kaggle:{KAGGLE_MINILM}/1",
    "tuned": f"hf:{TUNED}@main",
    "in-five": f"hf:{FIVE}@main",
    "in-two": f"kaggle:{TWO}/1",
    **{name: f"path:{name}" for name in ("in-three", "reversed", "pickled", "both", "renamed", "tied", "gguf")},
}


@pytest.fixture(scope="module")
def sets(knapsack, hub, kaggle, tmp_path_factory) -> Sets:
    root = tmp_path_factory.mktemp("sets")
    made = make_variants(root)
    hub.add(TUNED, made["tuned"])
    hub.add(FIVE, made["in-five"])
    kaggle.add(TWO, 1, made["in-two"])
    caches = [root / "caches" / "hub", root / "caches" / "kagglehub"]
    for name in (MINILM, TUNED, FIVE):
        genuine.snapshot_download(hub, caches[0], name)
    for name in (KAGGLE_MINILM, TWO):
        genuine.kagglehub_download(kaggle, caches[1], f"model_download('{name}/1')")
    path = root / "sets.toml"
    path.write_text(
        manifest(
            "minilm-sets",
            '\n[policy]\npickle = "scan"',
            model=[{"name": name, "source": source, "license": "apache-2.0"} for name, source in ENTRIES.items()],
            files=[{"name": "arrays", "source": "path:arrays"}],
        )
    )
    runner = knapsack.with_caches(*caches)
    document = runner("pack", path, "--output", root / "bundle", "--json").expect(0).json()
    originals = {"minilm": MINILM_FILES, "copy": MINILM_FILES, **{n: made[n] for n in [*ENTRIES, "arrays"] if n in made}}
    return Sets(runner, path, originals, root / "bundle", document)


def size_on_disk(bundle: Path) -> int:
    """The bytes of a bundle but for those files that tell of the others."""
    generated = {"README.md", "SHA256SUMS", "dataset-metadata.json", "knapsack.lock", "knapsack.py"}
    return sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file()) - sum(
        (bundle / name).stat().st_size for name in generated
    )


def test_stored_bytes_are_those_of_the_distinct_tensors(sets):
    tensors, rest = weights.distinct_tensor_bytes(sets.files())
    stored = size_on_disk(sets.bundle)
    print(f"named {sum(p.stat().st_size for p in sets.files())}, distinct {tensors} + {rest}, stored {stored}")
    assert tensors <= stored <= tensors * (1 + EQUAL) + rest
    assert sets.document["plan"]["stored"] == stored


def test_the_plan_says_what_every_entry_costs(sets):
    plan = sets.document["plan"]
    assert plan["named"] == sum(path.stat().st_size for path in sets.files())
    shares = {share["name"]: share for share in plan["entries"]}
    for name, share in shares.items():
        files = [path for path in sets.files(name)]
        assert share["named"] == sum(path.stat().st_size for path in files)
        assert share["files"] == len(files)
        assert share["named"] == share["stored"] + share["saved_by_files"] + share["saved_by_tensors"]
    assert sum(share["stored"] for share in shares.values()) == plan["stored"]
    # A copy costs nothing; of a fine-tune is stored what it changed, of the others next to nothing.
    assert shares["copy"]["stored"] == 0
    original = weights.original()
    changed = sum(original[name].nbytes for name in CHANGED)
    assert changed <= shares["tuned"]["stored"] < changed + 100_000
    for name in shares.keys() - {"minilm", "tuned"}:
        assert shares[name]["stored"] < 0.01 * shares[name]["named"], name


def test_the_table_and_the_dry_run_say_what_is_written(sets, tmp_path):
    document = sets.knapsack("pack", sets.manifest, "--dry-run", "--json").expect(0).json()
    assert document["plan"] == sets.document["plan"]
    for file in document["plan"]["files"]:
        stored = sets.bundle / file["path"]
        assert (stored.stat().st_size, sha256(stored)) == (file["size"], file["sha256"])
    shown = sets.knapsack("pack", sets.manifest, "--dry-run").expect(0).stderr
    rows = {}
    for line in shown[shown.index("\nENTRY ") :].splitlines()[2:]:
        name, *cells = re.split(r"  +", line.strip())
        rows[name] = cells
    totals = {"name": "in all", "files": len(sets.files()), "named": document["plan"]["named"]}
    totals |= {key: sum(e[key] for e in document["plan"]["entries"]) for key in ("saved_by_files", "saved_by_tensors")}
    for share in [*document["plan"]["entries"], {**totals, "stored": document["plan"]["stored"]}]:
        expected = [share[key] for key in ("named", "stored", "saved_by_files", "saved_by_tensors")]
        files, *cells = rows.pop(share["name"])
        assert int(files) == share["files"]
        for cell, value in zip(cells, expected, strict=True):
            assert cell_value(cell) == pytest.approx(value, rel=0.006), (share["name"], cell, value)
    assert not rows


def cell_value(cell: str) -> float:
    number, unit = cell.split()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]


def test_unpack_gives_every_file_back(sets, tmp_path):
    sets.knapsack("unpack", sets.bundle, "--to", tmp_path / "plain").expect(0)
    for name, directory in sets.originals.items():
        assert contents(tmp_path / "plain" / name) == contents(directory), name


def test_restored_caches_are_what_the_clients_left(sets, tmp_path):
    """The sharded and the tuned model come out of segments; the listings of trees are not restored."""
    restored = [tmp_path / "hub", tmp_path / "kagglehub"]
    sets.knapsack("unpack", sets.bundle, "--hf-cache", restored[0], "--kagglehub-cache", restored[1]).expect(0)
    for cache, variable in zip(restored, ("HF_HUB_CACHE", "KAGGLEHUB_CACHE"), strict=True):
        found, expected = contents(cache), contents(Path(sets.knapsack.variables[variable]))
        assert found.pop("CACHEDIR.TAG", None) or variable == "KAGGLEHUB_CACHE"
        skipped = ("CACHEDIR.TAG", ".locks")
        kept = {name: what for name, what in expected.items() if not name.startswith(skipped) and "/trees" not in name}
        assert found == kept
    repos = {MINILM: "minilm", TUNED: "tuned", FIVE: "in-five"}
    names = {repo: [p.relative_to(sets.originals[n]).as_posix() for p in sets.files(n)] for repo, n in repos.items()}
    code = f"""\
import json
from huggingface_hub import hf_hub_download, scan_cache_dir
scan = scan_cache_dir()
assert not scan.warnings and not scan.incomplete_files, scan
assert sorted(repo.repo_id for repo in scan.repos) == {sorted(repos)}
print(json.dumps({{repo: {{name: hf_hub_download(repo, name) for name in names}} for repo, names in {names}.items()}}))
"""
    output = genuine.run_python(code, {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(restored[0])}, tmp_path / "home")
    for repo, files in json.loads(output).items():
        originals = {path.relative_to(sets.originals[repos[repo]]).as_posix(): path for path in sets.files(repos[repo])}
        assert {name: sha256(Path(path)) for name, path in files.items()} == {n: sha256(p) for n, p in originals.items()}

    path = sets.manifest.with_name("restored.toml")
    path.write_bytes(sets.manifest.read_bytes())
    sets.knapsack.with_caches(*restored)("pack", path, "--output", tmp_path / "again").expect(0)
    assert path.with_suffix(".lock").read_bytes() == sets.manifest.with_suffix(".lock").read_bytes()
    assert contents(tmp_path / "again") == contents(sets.bundle)


def test_other_tools_and_verify_find_nothing_wrong(sets):
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    done = subprocess.run(command, cwd=sets.bundle, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    sets.knapsack("verify", sets.bundle).expect(0)
    sets.knapsack("verify", sets.manifest.with_suffix(".lock")).expect(0)


def test_another_run_gives_the_same_lock_and_bundle(sets, tmp_path):
    """From nothing: with another digest index, and no lock to go by."""
    lock = sets.manifest.with_suffix(".lock")
    before = lock.read_bytes()
    lock.unlink()
    runner = sets.knapsack.with_caches(
        Path(sets.knapsack.variables["HF_HUB_CACHE"]), Path(sets.knapsack.variables["KAGGLEHUB_CACHE"]),
        KNAPSACK_CACHE_DIR=str(tmp_path / "index"),
    )  # fmt: skip
    runner("pack", sets.manifest, "--output", tmp_path / "again").expect(0)
    assert lock.read_bytes() == before
    assert contents(tmp_path / "again") == contents(sets.bundle)


@pytest.mark.parametrize("mode", ["none", "file"])
def test_less_deduplication_stores_more(sets, tmp_path, mode):
    chosen = ["minilm", "copy", "in-two"]
    path = tmp_path / "some.toml"
    entries = [{"name": name, "source": ENTRIES[name], "license": "apache-2.0"} for name in chosen]
    path.write_text(manifest("minilm-some", f'dedup = "{mode}"', model=entries))
    document = sets.knapsack("pack", path, "--output", tmp_path / "bundle", "--json").expect(0).json()
    files = [file for name in chosen for file in sets.files(name)]
    sizes = {sha256(file): file.stat().st_size for file in files}
    expected = sum(sizes.values()) if mode == "file" else sum(file.stat().st_size for file in files)
    assert document["plan"]["stored"] == size_on_disk(tmp_path / "bundle") == expected
    sets.knapsack("verify", tmp_path / "bundle").expect(0)
    if mode == "none":
        for name in chosen:
            assert contents(tmp_path / "bundle" / "models" / name) == contents(sets.originals[name])


# Loads every model by the name or path that its user has for it. `where` maps an entry to a call that gives it.
EMBED = """\
import hashlib, json, numpy, torch
from transformers import AutoModel, AutoTokenizer
found = {}
for name, where in WHERE.items():
    where = eval(where)
    tokens = AutoTokenizer.from_pretrained(where)(
        ["A knapsack holds what you carry.", "Ünïcödé, 数字 and 42!", ""], padding=True, return_tensors="pt"
    )
    with torch.no_grad():
        states = AutoModel.from_pretrained(where)(**tokens).last_hidden_state
    found[name] = [list(states.shape), hashlib.sha256(states.numpy().tobytes()).hexdigest()]
"""
MODELS = [name for name in ENTRIES if name != "gguf"]


@pytest.fixture(scope="module")
def answers(sets, base) -> dict:
    """What transformers computes of every model from the bundle, and what the loader gives out."""
    where = {name: f"knapsack.path({name!r})" for name in MODELS}
    where |= {"minilm": repr(MINILM), "tuned": repr(TUNED), "in-five": repr(FIVE)}
    where |= {"copy": f"kagglehub.model_download('{KAGGLE_MINILM}/1')", "in-two": f"kagglehub.model_download('{TWO}')"}
    code = f"""\
{notebook.ACTIVATE}
import kagglehub, os
WHERE = {where!r}
{EMBED}
digests, streamed = {{}}, {{}}
for entry in knapsack.models():
    root = pathlib.Path(knapsack.path(entry.name))
    files = [path for path in root.rglob("*") if path.is_file()]
    digests[entry.name] = {{
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }}
for name in {[name for name in MODELS if name not in ("pickled", "in-three")]}:
    streamed[name] = {{t.name: hashlib.sha256(t.data).hexdigest() for t in knapsack.tensors(name)}}
with numpy.load(knapsack.path("arrays") + "/minilm.npz") as arrays:
    streamed["arrays"] = {{key: hashlib.sha256(arrays[key].tobytes()).hexdigest() for key in arrays}}
import gguf
streamed["gguf"] = {{
    tensor.name: hashlib.sha256(tensor.data.tobytes()).hexdigest()
    for tensor in gguf.GGUFReader(knapsack.path("gguf") + "/minilm-f32.gguf").tensors
}}
print(json.dumps({{"states": found, "digests": digests, "streamed": streamed}}))
"""
    return notebook.run_cell(code, {"/kaggle/input/minilm-sets": sets.bundle}, hidden=(base,)).json()


def test_the_loader_rebuilds_every_file(sets, answers):
    for name, directory in sets.originals.items():
        files = {path.relative_to(directory).as_posix(): sha256(path) for path in sets.files(name)}
        assert answers["digests"][name] == files, name


def test_every_model_computes_bit_for_bit_what_its_original_does(sets, answers, base):
    where = {name: repr(str(sets.originals[name])) for name in MODELS}
    code = f"WHERE = {where!r}\n{EMBED}\nprint(json.dumps(found))"
    variables = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    expected = json.loads(genuine.run_python(code, variables, base / "home").strip().splitlines()[-1])
    assert answers["states"] == expected
    assert expected["minilm"][0][2] == 384
    # All weights are equal but those of the fine-tune.
    assert {name for name in MODELS if expected[name] != expected["minilm"]} == {"tuned"}


def test_the_loader_gives_out_every_tensor(sets, answers):
    for name, found in answers["streamed"].items():
        files = [path for path in sets.files(name) if path.suffix in (".safetensors", ".npz", ".gguf")]
        expected = {
            key: hashlib.sha256(numpy.ascontiguousarray(tensor).tobytes()).hexdigest()
            for path in files for key, tensor in weights.tensors_of(path).items()
        }  # fmt: skip
        assert found == expected, name


def test_whatever_comes_first_is_whole_and_the_others_share_it(sets, tmp_path):
    """Any of the formats can be the one that has the tensors; the manifest's order alone decides."""
    chosen = ["gguf", "pickled", "in-five", "minilm"]
    path = sets.manifest.with_name("backwards.toml")
    files = [{"name": "arrays", "source": "path:arrays"}]
    entries = [{"name": name, "source": ENTRIES[name], "license": "apache-2.0"} for name in chosen]
    path.write_text(manifest("minilm-backwards", '\n[policy]\npickle = "scan"', files=files, model=entries))
    document = sets.knapsack("pack", path, "--output", tmp_path / "bundle", "--json").expect(0).json()
    originals = [file for name in ["arrays", *chosen] for file in sets.files(name)]
    tensors, rest = weights.distinct_tensor_bytes(originals)
    assert tensors <= size_on_disk(tmp_path / "bundle") <= tensors * (1 + EQUAL) + rest
    assert document["plan"]["entries"][0]["name"] == "arrays"
    first = "files/arrays/minilm.npz"
    assert sha256(tmp_path / "bundle" / first) == sha256(sets.originals["arrays"] / "minilm.npz")
    for name in chosen:
        for file in read_lock(path.with_suffix(".lock"))[name]["files"]:
            if file["size"] > 1_000_000:
                assert first in {segment["at"] for segment in file["segments"]}, file["path"]
    sets.knapsack("unpack", tmp_path / "bundle", "--to", tmp_path / "plain").expect(0)
    for name in ["arrays", *chosen]:
        assert contents(tmp_path / "plain" / name) == contents(sets.originals[name]), name


def damaged_copies(directory: Path) -> dict[str, str]:
    """Files that are named like weights and are none, with words of what is wrong with each."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [1 << 20], "data_offsets": [0, 4 << 20]}}).encode()
    good = weights.WEIGHTS.read_bytes()
    overlap = {name: {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]} for name in "ab"}
    text = json.dumps(overlap).encode()
    files = {
        "cut.safetensors": good[: 8 << 20],
        "long.safetensors": (1 << 62).to_bytes(8, "little") + b"{}",
        "outside.safetensors": len(header).to_bytes(8, "little") + header + bytes(64),
        "overlap.safetensors": len(text).to_bytes(8, "little") + text + bytes(8),
        "nothing.safetensors": b"",
        "other.gguf": b"GGUF" + (3).to_bytes(4, "little") + (1 << 63).to_bytes(8, "little") * 2,
        "cut.npz": b"PK\3\4" + bytes(1 << 16),
    }
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return files


def test_damaged_weights_that_are_only_carried_come_out_as_they_are(knapsack, tmp_path):
    """They share nothing, and the user is told of each."""
    (tmp_path / "odd").mkdir()
    names = damaged_copies(tmp_path / "odd")
    path = tmp_path / "odd.toml"
    # What cannot be read might be a pickle.
    allow = '\n[policy]\npickle = "allow"'
    path.write_text(manifest("odd-weights", allow, files=[{"name": "odd", "source": "path:odd"}]))
    done = knapsack("pack", path, "--output", tmp_path / "bundle", "--json").expect(0)
    knapsack("verify", tmp_path / "bundle").expect(0)
    assert contents(tmp_path / "bundle" / "files" / "odd") == contents(tmp_path / "odd")
    for name in names:
        if name != "nothing.safetensors":
            assert any(name in finding["message"] for finding in done.json()["findings"]), name
            assert f"odd: {name} " in done.stderr
    assert {finding["severity"] for finding in done.json()["findings"]} == {"warning"}
    # Of a model they are an error: nobody could load it.
    path.write_text(manifest("odd-weights", model=[{"name": "odd", "source": "path:odd"}]))
    assert "cut.safetensors is broken" in knapsack("pack", path, "--output", tmp_path / "other").expect(1).stderr
