"""`knapsack report` and `inspect --html`: the pages of real bundles, with hostile names, with bases, and from a lock alone."""

import base64
import hashlib
import html.parser
import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
import shelf
from cli import Knapsack, contents, manifest
from fetching import peak_of
from safetensors.numpy import load_file, save_file

VOID = {"meta", "br"}
TEXT_ONLY = {"script", "iframe", "object", "embed", "form", "link", "base", "img", "foreignobject", "animate", "use", "image"}


class Page(html.parser.HTMLParser):
    """A page that was read strictly: every element ends, names are unique, and nothing is loaded or run."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.ids, self.links, self.texts, self.tags, self.headings = [], [], [], [], [], []
        self.labels = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids)), "an id occurs twice"
        for target in self.labels:
            assert target in self.ids, f"{target} labels something, and is not there"
        assert {link[1:] for link in self.links if link.startswith("#")} <= set(self.ids)
        assert all(link.startswith(("#", "https://huggingface.co/", "https://www.kaggle.com/")) for link in self.links)

    def handle_starttag(self, tag, attributes):
        assert tag not in TEXT_ONLY, f"<{tag}>"
        self.tags.append(tag)
        values = dict(attributes)
        assert not [name for name in values if name.startswith("on") or name in ("style", "src", "srcset", "xlink:href")]
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.links.append(values["href"])
        self.labels += values.get("aria-labelledby", "").split()
        if tag == "svg":
            assert values.get("aria-hidden") == "true" or values.get("role") == "img" and "aria-labelledby" in values
        if tag == "th":
            assert values.get("scope") in ("row", "col")
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            assert level <= (self.headings[-1] if self.headings else 0) + 1, "a level of headings is left out"
            self.headings.append(level)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def read(path: Path) -> Page:
    text = path.read_text()
    assert "url(" not in text and "@import" not in text and "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    hidden = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
    assert not hidden.search(text)
    return Page(text)


@dataclass
class Packed:
    knapsack: Knapsack
    directory: Path
    manifest: Path
    bundle: Path


def pack(knapsack, directory, make, **options) -> Packed:
    directory.mkdir(exist_ok=True)
    path = make(directory, **options)
    bundle = directory / "bundle"
    knapsack("pack", path, "--output", bundle).expect(0)
    return Packed(knapsack, directory, path, bundle)


@pytest.fixture(scope="module")
def twenty(knapsack, tmp_path_factory) -> Packed:
    return pack(knapsack, tmp_path_factory.mktemp("twenty"), shelf.many)


@pytest.mark.smoke
def test_a_bundle_of_one_entry(knapsack, tmp_path):
    packed = pack(knapsack, tmp_path / "one", shelf.one)
    knapsack("report", packed.bundle, cwd=tmp_path).expect(0)
    page = read(tmp_path / "report.html")
    assert "Kaggle dataset tester/one-model" in page.text
    assert "No two entries have content in common" in page.text
    assert page.tags.count("svg") > 2 and "layers.1" in page.text
    # The same page again is not another one, and is written over; what is no report is not.
    first = (tmp_path / "report.html").read_bytes()
    knapsack("report", packed.bundle, cwd=tmp_path).expect(0)
    assert (tmp_path / "report.html").read_bytes() == first
    (tmp_path / "report.html").write_text("<p>mine")
    assert "output-exists" in knapsack("report", packed.bundle, "--json", "-o", "report.html", cwd=tmp_path).expect(2).stdout
    assert (tmp_path / "report.html").read_text() == "<p>mine"


def test_a_bundle_of_twenty_entries(twenty, tmp_path):
    page_path = tmp_path / "twenty.html"
    document = twenty.knapsack("report", twenty.bundle, "--errors", "-o", page_path, "--json").expect(0).json()
    page = read(page_path)
    assert len(document["entries"]) == 20
    lock = json.loads(twenty.manifest.with_suffix(".lock").read_text())
    stored = {p: (twenty.bundle / p).stat().st_size for p in contents(twenty.bundle) if (twenty.bundle / p).is_file()}
    own = sum(size for path, size in stored.items() if "/" in path)
    named = sum(file["size"] for entry in lock["entries"] for file in entry["files"])
    assert (document["stored"], document["named"]) == (own, named)
    assert sum(entry["stored"] for entry in document["entries"]) == own
    saved = sum(pair["files"] + pair["tensors"] for pair in document["sharing"])
    assert saved == named - own
    pairs = {(pair["entry"], pair["holder"]) for pair in document["sharing"]}
    assert {("quartz-copy", "quartz"), ("quartz-chat", "quartz"), ("gneiss-copy", "gneiss")} <= pairs
    # The page shows what the document states.
    assert hashlib.sha256(page_path.read_bytes()).hexdigest() == document["sha256"]
    for entry in document["entries"]:
        assert entry["name"] in page.text
    errors = {error["entry"]: error for error in document["errors"]}
    assert set(errors) == {"quartz-f32", "basalt-bf16"} | {f"{n}-{q}" for n in ("quartz", "basalt", "gneiss") for q in ("q40", "q80")}
    assert errors["quartz-f32"]["total"]["relative"] == 0
    assert 0 < errors["basalt-bf16"]["total"]["relative"] < 0.01 < errors["basalt-q40"]["total"]["relative"] < 0.2
    assert [layer["name"] for layer in errors["gneiss-q40"]["layers"]][:2] == ["blk.0", "blk.1"]
    # Some of them are stored in segments.
    assert any("segments" in file for entry in lock["entries"] for file in entry["files"])
    assert "The error of" not in page.text and page.text.count("Against ") == 8


def test_errors_are_those_that_compare_states(twenty):
    document = twenty.knapsack("report", twenty.bundle, "--errors", "--json").expect(0).json()
    error = next(error for error in document["errors"] if error["entry"] == "basalt-q40")
    models = twenty.bundle / "models"
    compared = twenty.knapsack(
        "compare", models / "basalt/model.safetensors", models / "basalt-q40/basalt-q40-Q4_0.gguf", "--json"
    ).expect(0).json()
    decibels = next(value for key, value in compared["total"].items() if "snr" in key or "signal" in key)
    assert error["total"]["relative"] == pytest.approx(10 ** (-decibels / 20), rel=1e-4)


def test_a_lock_and_a_manifest_state_what_they_cannot_know(twenty, tmp_path):
    lock = twenty.manifest.with_suffix(".lock")
    twenty.knapsack("report", lock, "-o", tmp_path / "lock.html").expect(0)
    page = read(tmp_path / "lock.html")
    assert "only the bundle shows it" in page.text and "only the manifest states what is asked" in page.text
    policy = twenty.manifest.read_text().replace('"gemma", ', "")
    denied = tmp_path / "denied.toml"
    denied.write_text(policy)
    shutil.copy(lock, tmp_path / "denied.lock")
    twenty.knapsack("report", denied, "-o", tmp_path / "manifest.html").expect(0)
    page = read(tmp_path / "manifest.html")
    assert "license-denied" in page.text and "max-size of the policy" in page.text
    assert "The policy asks for T4 x2." in page.text
    assert "only the manifest states" not in page.text
    assert "lock-missing" in twenty.knapsack("report", shutil.copy(denied, tmp_path / "other.toml"), "--json").expect(1).stdout


def test_headers_are_read_where_the_lock_has_no_tensors(knapsack, tmp_path):
    packed = pack(knapsack, tmp_path / "plain", shelf.many, dedup="file")
    lock = packed.manifest.with_suffix(".lock")
    entries = {entry["name"]: entry for entry in json.loads(lock.read_text())["entries"]}
    assert not entries["basalt-q40"].get("tensors")
    entries = {entry["name"]: entry for entry in knapsack("report", packed.bundle, "--json").expect(0).json()["entries"]}
    assert {kind["type"] for kind in entries["basalt-q40"]["types"]} == {"Q4_0", "Q8_0", "F32"}
    assert [layer["name"] for layer in entries["basalt-q40"]["layers"]][:2] == ["blk.0", "blk.1"]
    document = knapsack("report", lock, "--json").expect(0).json()
    entries = {entry["name"]: entry for entry in document["entries"]}
    assert entries["basalt-q40"]["layers"] == [] and entries["basalt"]["layers"] != []
    assert any("basalt-q40" in sentence and "states no tensors" in sentence for sentence in document["unknown"])


@pytest.mark.parametrize("form", [".tar", ".zip", ".tar.zst"])
def test_archives(twenty, tmp_path, form):
    archive = tmp_path / f"bundle{form}"
    twenty.knapsack("pack", twenty.manifest, "--output", archive).expect(0)
    twenty.knapsack("report", archive, "-o", tmp_path / "a.html").expect(0)
    assert "from an archive of a bundle" in read(tmp_path / "a.html").text


def test_a_damaged_bundle_has_a_page_and_a_finding(knapsack, tmp_path):
    packed = pack(knapsack, tmp_path / "one", shelf.one)
    (packed.bundle / "models/only/config.json").unlink()
    knapsack("report", packed.bundle, "-o", tmp_path / "x.html").expect(1)
    assert "models/only/config.json" in read(tmp_path / "x.html").text


def test_nothing_is_written_into_a_bundle(knapsack, tmp_path):
    packed = pack(knapsack, tmp_path / "one", shelf.one)
    before = contents(packed.bundle)
    for target, cwd in ((".", packed.bundle), (packed.bundle, packed.bundle / "models")):
        assert "verify fail" in knapsack("report", target, cwd=cwd).expect(2).stderr
    assert contents(packed.bundle) == before


def test_standard_output(twenty):
    done = twenty.knapsack("report", twenty.bundle, "-o", "-").expect(0)
    assert done.stdout.startswith("<!DOCTYPE html>") and done.stderr == ""
    twenty.knapsack("report", twenty.bundle, "-o", "-", "--json").expect(2)


def test_what_builds_on_a_base(knapsack, tmp_path):
    base = pack(knapsack, tmp_path / "base", shelf.one)
    shelf.llama(tmp_path / "base/tuned", seed=5, like=0, changed=("mlp.down",))
    shutil.copytree(tmp_path / "base/only", tmp_path / "base/again")
    delta = tmp_path / "base/delta.toml"
    models = [{"name": n, "source": f"path:{n}", "license": "mit"} for n in ("tuned", "again")]
    delta.write_text(manifest("a-delta-model", 'base = ["one.lock"]', model=models))
    knapsack("pack", delta, "--output", tmp_path / "delta").expect(0)
    document = knapsack("report", tmp_path / "delta", "--base", base.bundle, "-o", tmp_path / "x.html", "--json").expect(0).json()
    assert document["in_bases"] > 0 and document["bases"][0]["name"] == "one-model"
    assert {pair["holder"] for pair in document["sharing"] if pair["is_base"]} == {"one-model"}
    assert sum(p["files"] + p["tensors"] for p in document["sharing"]) == document["named"] - document["stored"]
    page = read(tmp_path / "x.html")
    assert "What is in the bases, and what is here" in page.text and "1 entry: only" in page.text
    knapsack("report", tmp_path / "delta", "-o", tmp_path / "x.html").expect(0)
    assert "not read: name it with --base" in read(tmp_path / "x.html").text
    assert "base-other" in knapsack("report", base.bundle, "--base", tmp_path / "delta", "--json").expect(2).stdout
    knapsack("report", delta, "-o", tmp_path / "y.html").expect(0)
    assert "1 entry: only" in read(tmp_path / "y.html").text


def test_names_of_strangers_are_text(knapsack, tmp_path):
    """Names of files and tensors, a card's base models, metadata: all of them come from somebody else."""
    bad = "</title><script>alert(1)</script>\u202e\x1b[31m&amp;\"'"
    source = shelf.llama(tmp_path / "evil")
    value = numpy.zeros((640, 64), dtype=numpy.float32)
    values = load_file(source / "model.safetensors") | {bad: value, f"model.layers.0.{bad}": value}
    save_file(values, source / "model.safetensors", metadata={bad: bad})
    (source / ("x" + bad.replace("/", "").replace("\x1b", "") + ".json")).write_text("{}" + " " * 90_000)
    (source / "README.md").write_text("---\nlicense: mit\nbase_model:\n  - javascript:alert(1)//x\n  - '<b>/y'\n---\n")
    path = tmp_path / "evil.toml"
    path.write_text(manifest("evil-models", model=[{"name": "evil", "source": "path:evil"}]).replace("Interop models", "<i>Bad & models"))
    knapsack("pack", path, "--output", tmp_path / "bundle").expect(0)
    for target in (tmp_path / "bundle", path, path.with_suffix(".lock")):
        knapsack("report", target, "-o", tmp_path / "x.html").expect(0)
        page = read(tmp_path / "x.html")
        assert "alert(1)" in page.text and "⟨U+202E⟩[31m&amp;\"'" in page.text
        assert not [link for link in page.links if "script" in link]
    knapsack("inspect", source / "model.safetensors", "--html", tmp_path / "m.html").expect(0)
    assert "⟨U+202E⟩␛[31m&amp;\"'" in read(tmp_path / "m.html").text


def test_a_page_about_one_model(twenty, tmp_path):
    model = twenty.bundle / "models/basalt-q40/basalt-q40-Q4_0.gguf"
    out = twenty.knapsack("inspect", model, "--html", tmp_path / "m.html").expect(0)
    page = read(tmp_path / "m.html")
    assert "GGUF version 3" in page.text and "general.architecture" in page.text and "blk.0" in page.text
    # A pipe gets no bars.
    assert "TYPE" in out.stdout and "█" not in out.stdout
    twenty.knapsack("inspect", twenty.bundle, "--html", tmp_path / "b.html").expect(2)
    twenty.knapsack("inspect", model, "--html", tmp_path / "b.html", "--tensor", "x").expect(2)
    twenty.knapsack("inspect", model, "--html", model).expect(2)
    assert not (tmp_path / "b.html").exists()


@pytest.mark.slow
def test_memory_and_size_are_bounded(knapsack, tmp_path):
    """A model with a hundred thousand tensors, each in a layer of its own."""
    values = {f"layer.{index}.w": numpy.zeros(8, dtype=numpy.float32) + index for index in range(100_000)}
    shelf.llama(tmp_path / "many")
    values |= load_file(tmp_path / "many/model.safetensors")
    save_file(values, tmp_path / "many/model.safetensors")
    path = tmp_path / "many.toml"
    path.write_text(manifest("many-tensors", model=[{"name": "many", "source": "path:many", "license": "mit"}]))
    knapsack("pack", path, "--output", tmp_path / "bundle").expect(0)
    inspected = ("inspect", tmp_path / "many/model.safetensors", "--html", tmp_path / "m.html")
    for arguments in (("report", tmp_path / "bundle", "-o", tmp_path / "x.html"), inspected):
        command = [knapsack.binary, *map(str, arguments)]
        process = subprocess.Popen(command, env=knapsack.environment(), stdout=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_of(process.pid))
            time.sleep(0.02)
        assert process.returncode == 0
        # 90 MB of a debug build for each, 26 of them the program; with all tensors' JSON, parts and rows it was 169 and 124.
        assert peak < 105_000_000, arguments[0]
    assert (tmp_path / "x.html").stat().st_size < 2_000_000
    assert "smaller parts" in read(tmp_path / "x.html").text
