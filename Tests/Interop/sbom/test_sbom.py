"""Bills of materials: valid by the official schemas, read back by the official libraries, true to the bundle's bytes."""

import copy
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy
import pytest
from cli import Knapsack, manifest, read_lock, sha256
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import ComponentType
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from project import FIXTURES
from safetensors.numpy import save_file
from spdx_python_model import v3_0_1 as spdx

QUICKSTART = FIXTURES / "quickstart"
COMMIT = "f7cdaae55eb1ca643980443cab0d2fb2da0a8b99"
FORMATS = ["cyclonedx", "spdx"]


@dataclass
class Project:
    """A manifest with entries of every kind, locked and packed."""

    knapsack: Knapsack
    manifest: Path
    bundle: Path

    @property
    def lock(self) -> Path:
        return self.manifest.with_suffix(".lock")

    def sbom(self, form: str, target: Path | None = None, *options, **variables: str) -> str:
        runner = Knapsack(self.knapsack.binary, self.knapsack.home, {**self.knapsack.variables, **variables})
        return runner("sbom", target or self.lock, "--format", form, *options).expect(0).stdout


@pytest.fixture(scope="module")
def project(knapsack, tmp_path_factory) -> Project:
    directory = tmp_path_factory.mktemp("sbom")
    adapter = directory / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 1}\n')
    card = ["---", "base_model: [knapsack-examples/tiny-bert, else/where]", "license: llama3.1", "---"]
    (adapter / "README.md").write_text("\n".join(card) + "\n")
    save_file({"a.lora_A.weight": numpy.zeros((1, 4), numpy.float32)}, adapter / "adapter_model.safetensors")
    (directory / "notes").mkdir()
    (directory / "notes" / "read me #1, 100%.txt").write_text("A name that no URL has.\n")
    (directory / "notes" / "README.md").write_text("---\nlicense: [mit, isc]\n---\n")
    shutil.copytree(QUICKSTART / "wheelhouse", directory / "wheelhouse")
    path = directory / "models.toml"
    path.write_text(
        manifest(
            model=[
                {"name": "tiny", "source": "hf:knapsack-examples/tiny-bert@main"},
                {"name": "tuned", "source": "kaggle:knapsack-examples/tiny-bert/transformers/tuned"},
                {"name": "tiny-fp16", "from": "tiny", "dtype": "f16"},
                {"name": "adapter", "source": "path:adapter"},
            ],
            wheels=[{"name": "helpers", "source": "path:wheelhouse", "license": "isc"}],
            dataset=[{"name": "notes", "source": "path:notes"}],
        )
    )
    runner = knapsack.with_caches(QUICKSTART / "hub", QUICKSTART / "kagglehub")
    runner("pack", path, "--output", directory / "bundle").expect(0)
    return Project(runner, path, directory / "bundle")


def cyclonedx(text: str) -> Bom:
    """The document as the official library reads it, after the official schema took it."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom = Bom.from_json(json.loads(text))
    assert bom.validate()
    return bom


def read_spdx(document: dict) -> tuple[spdx.SHACLObjectSet, dict]:
    """The document as the official library reads it, and as it writes it again, which fails where anything is missing."""
    objects, written = spdx.SHACLObjectSet(), io.BytesIO()
    spdx.JSONLDDeserializer().read(io.StringIO(json.dumps(document)), objects)
    spdx.JSONLDSerializer().write(objects, written)
    return objects, json.loads(written.getvalue())


def files_of(bom: Bom) -> dict[str, str]:
    """The SHA-256 of every file, by its path in the bundle."""
    found = {}
    for component in bom.components:
        for file in component.components:
            (digest,) = file.hashes
            assert digest.alg.value == "SHA-256"
            found[file.bom_ref.value] = digest.content
    return found


@pytest.mark.smoke
def test_cyclonedx_is_valid_and_reads_back(project):
    bom = cyclonedx(project.sbom("cyclonedx"))
    components = {component.bom_ref.value: component for component in bom.components}
    assert set(components) == {
        "models/tiny", "models/tuned", "models/tiny-fp16", "models/adapter", "wheels/helpers", "datasets/notes",
    }
    tiny = components["models/tiny"]
    assert tiny.type is ComponentType.MACHINE_LEARNING_MODEL
    assert str(tiny.purl) == f"pkg:huggingface/knapsack-examples/tiny-bert@{COMMIT}"
    assert [license.id for license in tiny.licenses] == ["Apache-2.0"]
    assert [license.name for license in components["models/adapter"].licenses] == ["llama3.1"]
    assert [license.value for license in components["datasets/notes"].licenses] == ["MIT AND ISC"]
    assert components["datasets/notes"].type is ComponentType.DATA
    ancestors = components["models/adapter"].pedigree.ancestors
    base = "pkg:huggingface/knapsack-examples/tiny-bert"
    assert {str(ancestor.purl) for ancestor in ancestors} == {base, "pkg:huggingface/else/where"}
    (source,) = components["models/tiny-fp16"].pedigree.ancestors
    assert str(source.purl) == str(tiny.purl)
    dependencies = {str(one.ref): {str(other.ref) for other in one.dependencies} for one in bom.dependencies}
    assert dependencies["bundle"] == set(components)
    assert dependencies["models/adapter"] == {"models/tiny"}


@pytest.mark.smoke
def test_a_conversion_says_out_of_what_and_how(project):
    document = json.loads(project.sbom("cyclonedx"))
    (workflow,) = document["formulation"][0]["workflows"]
    entry = read_lock(project.lock)["tiny-fp16"]["resolved"]["conversion"]
    assert {"resource": {"ref": "models/tiny"}} in workflow["inputs"]
    assert {"parameters": [{"name": "dtype", "value": "f16"}]} in workflow["inputs"]
    outputs = {output["resource"]["ref"] for output in workflow["outputs"]}
    assert outputs == {"models/tiny-fp16/config.json", "models/tiny-fp16/model.safetensors"}
    assert {"name": "knapsack:conversion:inputs:sha256", "value": entry["inputs"]} in workflow["properties"]
    assert {"name": "knapsack:conversion:converter", "value": str(entry["converter"])} in workflow["properties"]


def test_spdx_is_valid_and_reads_back(project):
    document = json.loads(project.sbom("spdx"))
    objects, written = read_spdx(document)

    def elements(graph: list[dict]) -> dict[str, dict]:
        return {
            element["spdxId"]: {**element, "creationInfo": None} for element in graph if element["type"] != "CreationInfo"
        }

    assert elements(document["@graph"]) == elements(written["@graph"])
    models = {model.name: model for model in objects.foreach_type(spdx.ai_AIPackage)}
    assert models["tiny-bert"].software_packageUrl == f"pkg:huggingface/knapsack-examples/tiny-bert@{COMMIT}"
    assert "else/where" in models
    assert not objects.missing_ids
    for type_ in ["hasDeclaredLicense", "hasConcludedLicense"]:
        licensed = [
            relationship.from_._id
            for relationship in objects.foreach_type(spdx.Relationship)
            if relationship.relationshipType.endswith(f"/{type_}")
        ]
        packages = [*models.values(), *objects.foreach_type(spdx.dataset_DatasetPackage)]
        assert all(licensed.count(package._id) == 1 for package in packages)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Relationship", {"relationshipType": None}),
        ("Relationship", {"relationshipType": "nonsense"}),
        ("Relationship", {"to": []}),
        ("CreationInfo", {"created": "yesterday"}),
        ("software_File", {"size": 3}),
        ("software_File", {"verifiedUsing": [{"type": "Hash", "algorithm": "sha256"}]}),
        ("dataset_DatasetPackage", {"dataset_datasetType": ["words"]}),
    ],
)
def test_the_library_would_refuse_a_broken_spdx_document(project, kind, change):
    document = copy.deepcopy(json.loads(project.sbom("spdx")))
    element = next(element for element in document["@graph"] if element["type"] == kind)
    element.update(change)
    for key in [key for key, value in change.items() if value is None]:
        del element[key]
    with pytest.raises((ValueError, KeyError)):
        read_spdx(document)


def test_the_schema_would_refuse_a_broken_cyclonedx_document(project):
    document = json.loads(project.sbom("cyclonedx"))
    document["components"][0]["licenses"] = [{"license": {"id": "no-such-licence"}}]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document)) is not None


def test_hashes_are_those_that_sha256sum_gives(project, tmp_path):
    project.knapsack("unpack", project.bundle, "--to", tmp_path / "out").expect(0)
    lock = read_lock(project.lock)
    folders = {"model": "models", "dataset": "datasets", "wheels": "wheels", "files": "files"}
    names = [
        (f"{folders[entry['kind']]}/{entry['name']}/{file['path']}", file["path"], entry["name"])
        for entry in lock.values()
        for file in entry["files"]
    ]
    found = {}
    for name, path, entry in names:
        (source,) = [
            one for one in (tmp_path / "out").rglob("*") if one.is_file() and one.as_posix().endswith(f"/{entry}/{path}")
        ]
        line = subprocess.run(["sha256sum", "--zero", source], check=True, capture_output=True, text=True).stdout
        found[name] = line[:64]
    assert files_of(cyclonedx(project.sbom("cyclonedx"))) == found
    objects, _ = read_spdx(json.loads(project.sbom("spdx")))
    assert {
        file.name: file.verifiedUsing[0].hashValue for file in objects.foreach_type(spdx.software_File)
    } == found


def test_package_urls_are_canonical(project):
    for form in FORMATS:
        urls = [word for word in project.sbom(form).split('"') if word.startswith("pkg:")]
        assert urls
        assert [PackageURL.from_string(url).to_string() for url in urls] == urls


@pytest.mark.parametrize("form", FORMATS)
def test_one_lock_gives_one_document_wherever_it_lies(project, tmp_path, form):
    first = project.sbom(form)
    assert project.sbom(form, project.manifest) == first
    assert project.sbom(form, project.bundle) == first
    assert project.sbom(form, TZ="Asia/Tokyo", LANG="tr_TR.UTF-8", HOME=str(tmp_path)) == first
    project.knapsack("pack", project.manifest, "--output", tmp_path / "bundle.tar").expect(0)
    assert project.sbom(form, tmp_path / "bundle.tar") == first
    (tmp_path / "elsewhere").mkdir()
    copied = tmp_path / "elsewhere" / "other.lock"
    copied.write_bytes(project.lock.read_bytes())
    assert project.sbom(form, copied) == first
    assert str(project.manifest.parent) not in first
    assert sha256(project.lock) in first


def test_the_document_has_the_time_that_it_is_given(project):
    text = project.sbom("cyclonedx", SOURCE_DATE_EPOCH="1700000000")
    assert cyclonedx(text).metadata.timestamp.isoformat() == "2023-11-14T22:13:20+00:00"
    document = json.loads(project.sbom("spdx", SOURCE_DATE_EPOCH="1700000000"))
    read_spdx(document)
    assert document["@graph"][0]["created"] == "2023-11-14T22:13:20Z"
    assert "timestamp" not in json.loads(project.sbom("cyclonedx"))["metadata"]
    for wrong in ["yesterday", "-1", "999999999999999"]:
        runner = Knapsack(project.knapsack.binary, project.knapsack.home, {"SOURCE_DATE_EPOCH": wrong})
        assert "SOURCE_DATE_EPOCH" in runner("sbom", project.lock).expect(2).stderr


@pytest.mark.parametrize("form", FORMATS)
def test_output_is_a_file_and_json_tells_of_it(project, tmp_path, form):
    target = tmp_path / "bill.json"
    target.write_text("something older")
    report = project.knapsack("sbom", project.lock, "--format", form, "-o", target, "--json").expect(0).json()
    assert target.read_text() == project.sbom(form) == project.sbom(form, None, "--json")
    assert report["sha256"] == sha256(target)
    assert os.listdir(tmp_path) == ["bill.json"]
    missing = project.knapsack("sbom", project.lock, "--output", tmp_path / "nowhere" / "bill.json").expect(2)
    assert missing.stdout == ""


def test_a_manifest_needs_a_fresh_lock(project, tmp_path):
    changed = tmp_path / "models.toml"
    changed.write_text(project.manifest.read_text().replace("@main", "@other"))
    assert project.knapsack("sbom", changed).expect(1, 2).stdout == ""
    changed.with_suffix(".lock").write_bytes(project.lock.read_bytes())
    refused = project.knapsack("sbom", changed).expect(1)
    assert refused.stdout == ""
    assert "lock-stale" in project.knapsack("sbom", changed, "--json").expect(1).stdout
    project.knapsack("sbom", tmp_path / "no-such.lock").expect(2)
