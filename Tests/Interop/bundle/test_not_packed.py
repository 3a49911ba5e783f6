"""`pack = false`: locked, proved and converted from, and nowhere in what is shipped."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from bundles import run
from cli import Knapsack, contents, manifest, read_lock
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from project import FIXTURES

LLAMA = FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K"
SOURCE = {"name": "llama", "source": "path:llama", "license": "apache-2.0", "pack": False}
MADE = {"name": "llama-q8", "from": "llama", "gguf": "q8_0"}
CAST = {"name": "llama-f16", "from": "llama", "dtype": "f16"}


@dataclass
class Project:
    knapsack: Knapsack
    manifest: Path
    bundle: Path

    @property
    def lock(self) -> Path:
        return self.manifest.with_suffix(".lock")


def project(knapsack, directory: Path, *entries: dict, head: str = "") -> Project:
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copytree(LLAMA, directory / "llama")
    path = directory / "small.toml"
    path.write_text(manifest(head=head, model=list(entries)))
    runner = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(directory / "index"))
    return Project(runner, path, directory / "bundle")


@pytest.fixture(scope="module")
def packed(knapsack, tmp_path_factory) -> Project:
    made = project(knapsack, tmp_path_factory.mktemp("not-packed"), SOURCE, MADE, CAST)
    made.knapsack("pack", made.manifest, "--output", made.bundle).expect(0)
    return made


@pytest.mark.smoke
def test_the_bundle_has_what_is_made_and_not_what_it_is_made_from(packed):
    names = contents(packed.bundle)
    assert "models/llama-q8" in names and "models/llama-f16/model-00001-of-00002.safetensors" in names
    assert not any(name.startswith("models/llama/") or name == "models/llama" for name in names)
    entry = read_lock(packed.lock)["llama"]
    assert entry["asked"]["pack"] is False
    assert entry["files"] and not any("at" in file or "segments" in file for file in entry["files"])
    assert (packed.bundle / "knapsack.lock").read_bytes() == packed.lock.read_bytes()


@pytest.mark.smoke
def test_every_command_knows_that_it_is_not_there(packed, tmp_path):
    run = packed.knapsack
    run("verify", packed.bundle).expect(0)
    run("check", packed.manifest).expect(0)
    run("pack", packed.manifest, "--output", packed.bundle, "--frozen").expect(0)
    assert "3 entries (1 not packed)" in run("lock", packed.manifest, "--locked").expect(0).text
    shown = run("inspect", packed.bundle, "--json").expect(0).json()
    assert [entry["name"] for entry in shown["entries"]] == ["llama-f16", "llama-q8"]
    assert shown["not_packed"] == ["llama"]
    assert "converted from, and not in the bundle:\n  llama: path:llama\n" in run("inspect", packed.bundle).stdout
    run("unpack", packed.bundle, "--to", tmp_path / "plain").expect(0)
    assert sorted(path.name for path in (tmp_path / "plain").iterdir()) == ["llama-f16", "llama-q8"]
    refused = run("unpack", packed.bundle, "--to", tmp_path / "one", "--entry", "llama").expect(2)
    assert "does not have the files of llama" in refused.text
    plan = run("pack", packed.manifest, "--dry-run", "--json").expect(0).json()["plan"]
    assert [entry["name"] for entry in plan["entries"]] == ["llama-f16", "llama-q8"]
    # What is not in the bundle is in the caches, and proved there.
    assert run("verify", packed.lock, "--json").expect(0).json()["files"] > len(plan["files"])


def test_archives_and_signatures_are_of_what_is_packed(packed, tmp_path):
    for suffix in ("tar", "zip", "tar.zst"):
        archive = tmp_path / f"x.{suffix}"
        packed.knapsack("pack", packed.manifest, "--output", archive).expect(0)
        packed.knapsack("verify", archive).expect(0)


def test_readme_and_bills_name_it_as_a_source(packed):
    readme = (packed.bundle / "README.md").read_text()
    assert "Converted from, and not inside:\n\n- `llama`: path:llama, licence apache-2.0\n" in readme
    assert 'knapsack.path("llama")' not in readme
    text = packed.knapsack("sbom", packed.lock).expect(0).stdout
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert [component["bom-ref"] for component in bill["components"]] == ["models/llama-f16", "models/llama-q8"]
    (used,) = bill["formulation"][0]["components"]
    assert used["bom-ref"] == "models/llama"
    spdx = packed.knapsack("sbom", packed.lock, "--format", "spdx").expect(0).json()["@graph"]
    contained = next(item for item in spdx if item.get("relationshipType") == "contains" and "#bundle/" in item["from"])
    assert [name.rsplit("/", 1)[1] for name in contained["to"]] == ["llama-f16", "llama-q8"]
    known = {item["spdxId"] for item in spdx if "spdxId" in item}
    assert all(set(item["to"]) - {"expandedlicensing_NoAssertionLicense"} <= known for item in spdx if "to" in item)


@pytest.mark.smoke
def test_the_loader_says_what_is_made_from_it(packed):
    code = """
        import knapsack
        print([entry.name for entry in knapsack.models()])
        print(knapsack.path("llama-f16"))
        knapsack.verify("full")
        try:
            knapsack.path("llama")
        except knapsack.KnapsackError as error:
            print(error)
    """
    done = run(packed.bundle, code, scratch=packed.bundle.parent / "scratch")
    names, path, error = done.stdout.strip().split("\n", 2)
    assert names == "['llama-f16', 'llama-q8']"
    assert path.endswith("/models/llama-f16")
    assert "'llama' is not in the bundle at" in error and "llama-f16, llama-q8" in error


def test_sizes_and_rules_are_of_what_ships(knapsack, tmp_path):
    size = sum(path.stat().st_size for path in LLAMA.rglob("*"))
    head = f"[policy]\nmax-entry-size = {size * 9 // 10}\n"
    (tmp_path / "a").mkdir()
    unpacked = project(knapsack, tmp_path / "a" / "x", SOURCE, MADE, head=head)
    unpacked.knapsack("lock", unpacked.manifest).expect(0)
    unpacked.knapsack("check", unpacked.manifest).expect(0)
    path = unpacked.manifest
    path.write_text(path.read_text().replace("pack = false", ""))
    unpacked.knapsack("lock", path).expect(0)
    codes = [f["code"] for f in unpacked.knapsack("check", path, "--json").expect(1).json()["findings"]]
    assert "max-entry-size" in codes


def test_a_token_in_what_is_not_shipped_is_no_finding(knapsack, tmp_path):
    made = project(knapsack, tmp_path / "x", SOURCE, MADE)
    (tmp_path / "x" / "llama" / ".netrc").write_text("machine huggingface.co login me password hf_" + "a1" * 17 + "\n")
    made.knapsack("pack", made.manifest, "--output", made.bundle).expect(0)
    made.manifest.write_text(made.manifest.read_text().replace("pack = false", ""))
    assert "credentials" in json.dumps(made.knapsack("lock", made.manifest, "--json").expect(1).json())


def test_what_nothing_is_made_from_is_a_warning(knapsack, tmp_path):
    made = project(knapsack, tmp_path / "x", SOURCE, MADE, {**SOURCE, "name": "other"})
    made.knapsack("lock", made.manifest).expect(0)
    findings = made.knapsack("check", made.manifest, "--json").expect(0).json()["findings"]
    assert [(f["severity"], f["code"]) for f in findings] == [("warning", "entry-unused")]
    assert findings[0]["message"].startswith("other: ")


def test_switching_it_is_told_and_needs_no_new_pin(packed, knapsack, tmp_path):
    made = project(knapsack, tmp_path / "x", SOURCE, MADE)
    made.knapsack("lock", made.manifest).expect(0)
    old = tmp_path / "old.lock"
    shutil.copy(made.lock, old)
    made.manifest.write_text(made.manifest.read_text().replace("pack = false", "pack = true"))
    stale = made.knapsack("check", made.manifest).expect(1)
    assert "packed: locked no, asked yes" in stale.text
    made.knapsack("lock", made.manifest).expect(0)
    assert "packed: no → yes" in made.knapsack("diff", old, made.lock).expect(1).text


def test_packing_again_does_without_the_source(knapsack, tmp_path):
    """What is kept of a conversion is enough: the large source may be gone from the machine that packs."""
    made = project(knapsack, tmp_path / "x", SOURCE, MADE)
    made.knapsack("pack", made.manifest, "--output", made.bundle).expect(0)
    shutil.rmtree(tmp_path / "x" / "llama")
    made.knapsack("pack", made.manifest, "--frozen", "--output", tmp_path / "again").expect(0)
    assert contents(tmp_path / "again") == contents(made.bundle)
