"""What conversions cost, in every form in which a bundle can have the two models: the figures are always the same."""

import json
import shutil
import subprocess
import time

import pytest
import shelf
from cli import contents, manifest
from fetching import peak_of
from test_report import pack, read

COUNT = 8


def errors(knapsack, *arguments, cwd=None):
    document = knapsack("report", *arguments, "--errors", "--json", cwd=cwd).expect(0).json()
    assert not [sentence for sentence in document["unknown"] if "The error of" in sentence], document["unknown"]
    return document["errors"]


@pytest.fixture(scope="module")
def twenty(knapsack, tmp_path_factory):
    """A bundle that has files in segments."""
    return pack(knapsack, tmp_path_factory.mktemp("twenty"), shelf.many)


@pytest.fixture(scope="module")
def plain(knapsack, tmp_path_factory):
    """The errors in a bundle that has all files whole."""
    packed = pack(knapsack, tmp_path_factory.mktemp("plain"), shelf.many, dedup="none")
    found = errors(knapsack, packed.bundle)
    assert len(found) == COUNT
    return found


@pytest.mark.slow
def test_of_segments(twenty, plain):
    lock = json.loads(twenty.manifest.with_suffix(".lock").read_text())
    in_segments = {entry["name"] for entry in lock["entries"] for file in entry["files"] if "segments" in file}
    assert {"quartz-chat", "basalt-q80"} <= in_segments
    assert errors(twenty.knapsack, twenty.bundle) == plain


@pytest.mark.slow
@pytest.mark.parametrize("form", [".tar", ".zip", ".tar.zst"])
def test_of_archives(twenty, plain, tmp_path, form):
    archive = tmp_path / f"bundle{form}"
    twenty.knapsack("pack", twenty.manifest, "--output", archive).expect(0)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert errors(twenty.knapsack, archive, "--scratch", scratch) == plain
    assert contents(scratch) == {}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["", ".tar", ".tar.zst"])
def test_of_what_builds_on_a_base(twenty, plain, tmp_path, form):
    """The base has the originals, and the bundle what was made of them."""
    knapsack = twenty.knapsack
    text = twenty.manifest.read_text()
    start, *entries = text.split("[[")
    base = [entry for entry in entries if entry.startswith("model]]") and "from" not in entry]
    (twenty.directory / "base.toml").write_text(start.replace("twenty-entries", "base-entries") + "".join(f"[[{e}" for e in base))
    delta = twenty.directory / "delta.toml"
    delta.write_text(text.replace("dedup =", 'base = ["base.lock"]\ndedup ='))
    shutil.rmtree(tmp_path / "base", ignore_errors=True)
    knapsack("pack", twenty.directory / "base.toml", "--output", tmp_path / f"base{form}").expect(0)
    knapsack("pack", delta, "--output", tmp_path / "delta").expect(0)
    stored = json.loads((tmp_path / "delta/knapsack.lock").read_text())["entries"]
    assert any("base" in file for entry in stored for file in entry["files"])
    assert errors(knapsack, tmp_path / "delta", "--base", tmp_path / f"base{form}") == plain
    # Without the base, the page names it, and the option that brings it.
    document = knapsack("report", tmp_path / "delta", "--errors", "--json").expect(2).json()
    sentences = [sentence for sentence in document["unknown"] if "The error of" in sentence]
    assert sentences and all("base-entries" in sentence and "--base DIR" in sentence for sentence in sentences)


@pytest.mark.slow
def test_of_a_manifest_and_a_lock(twenty, plain):
    """Both models are in caches then."""
    assert errors(twenty.knapsack, twenty.manifest) == plain
    assert errors(twenty.knapsack, twenty.manifest.with_suffix(".lock")) == plain


@pytest.mark.slow
def test_of_an_original_that_is_not_packed(knapsack, plain, tmp_path):
    path = shelf.many(tmp_path)
    path.write_text(path.read_text().replace('name = "quartz"\n', 'name = "quartz"\npack = false\n'))
    knapsack("pack", path, "--output", tmp_path / "bundle").expect(0)
    assert errors(knapsack, path) == plain
    document = knapsack("report", tmp_path / "bundle", "--errors", "-o", tmp_path / "x.html", "--json").expect(2).json()
    assert len(document["errors"]) == COUNT - 2
    sentence = "The error of quartz-q40: quartz is not in the bundle; knapsack report MANIFEST --errors"
    assert any(text.startswith(sentence) for text in document["unknown"])
    assert sentence in read(tmp_path / "x.html").text
    # What is not what was locked is not compared.
    model = tmp_path / "quartz/model.safetensors"
    model.write_bytes(model.read_bytes()[:-1] + b"\x01")
    unknown = knapsack("report", path, "--errors", "--json").expect(2).json()["unknown"]
    assert any("The error of quartz-q40: quartz/model.safetensors has other content than was locked" in text for text in unknown)


@pytest.mark.slow
def test_of_a_bundle_that_lacks_a_file(twenty, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(twenty.bundle, bundle)
    (bundle / "models/gneiss/model.safetensors").unlink()
    (bundle / "models/quartz/model.safetensors").unlink()
    (bundle / "models/quartz/model.safetensors").symlink_to(tmp_path)
    unknown = twenty.knapsack("report", bundle, "--errors", "--json", "-o", tmp_path / "x.html").expect(1).json()["unknown"]
    assert any("The error of gneiss-q40" in text and "models/gneiss/model.safetensors is missing" in text for text in unknown)
    assert any("The error of quartz-q40: cannot open models/quartz/model.safetensors" in text for text in unknown), unknown
    # No page names a place of the machine.
    assert str(tmp_path) not in (tmp_path / "x.html").read_text()


@pytest.mark.slow
def test_of_an_archive_that_cannot_be_read_to_its_end(twenty, tmp_path):
    """What is in the bundle is not looked for in caches, nor beside it, instead."""
    archive = tmp_path / "bundle.tar.zst"
    twenty.knapsack("pack", twenty.manifest, "--output", archive).expect(0)
    archive.write_bytes(archive.read_bytes()[:-5000])
    document = twenty.knapsack("report", archive, "--errors", "--json", "-o", tmp_path / "x.html").expect(1).json()
    sentences = [text for text in document["unknown"] if text.startswith("The error of")]
    assert len(sentences) == COUNT and all("bundle.tar.zst is damaged" in text for text in sentences), sentences
    assert document["errors"] == [] and str(tmp_path) not in (tmp_path / "x.html").read_text()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_models(knapsack, tmp_path):
    """Two models of 125 MB, of which one is in segments of the other, out of an archive that is not compressed and of one that is."""
    shelf.llama(tmp_path / "large", hidden=1024, layers=6)
    path = tmp_path / "large.toml"
    models = [{"name": "large", "source": "path:large", "license": "mit"}, {"name": "large-bf16", "from": "large", "dtype": "bf16"}]
    path.write_text(manifest("large-models", model=models))
    for form in (".tar", ".tar.zst"):
        knapsack("pack", path, "--output", tmp_path / f"bundle{form}").expect(0)
        command = [knapsack.binary, "report", tmp_path / f"bundle{form}", "--errors", "--scratch", tmp_path, "-o", tmp_path / "x.html"]
        process = subprocess.Popen(command, env=knapsack.environment(), stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_of(process.pid))
            time.sleep(0.02)
        assert process.returncode == 0
        assert peak < 90_000_000, form
        assert "Error of the weights" in read(tmp_path / "x.html").text
