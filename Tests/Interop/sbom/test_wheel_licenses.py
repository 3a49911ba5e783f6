"""The licences that wheels state of themselves: checked by the policy and listed in bills of materials, each by itself."""

import json
import zipfile

import pytest
from cli import manifest, read_lock
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from genuine import MINILM
from wheelhouse import members, record

WHEELS = {
    "one": "License-Expression: MIT OR Apache-2.0\n",
    "two": "License: new BSD\nClassifier: License :: OSI Approved :: BSD License\n",
    "three": "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)\n",
    "four": "",
}


def write(house, name, headers):
    house.mkdir(exist_ok=True)
    files = members(name, "1.0", headers)
    files[f"{name}-1.0.dist-info/RECORD"] = record(files, f"{name}-1.0.dist-info")
    with zipfile.ZipFile(house / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)


def lock(knapsack, directory, names, **entry):
    for name in names:
        write(directory / "house", name, WHEELS[name])
    path = directory / "wheels.toml"
    values = {"name": "wheels", "source": "path:house", **entry}
    path.write_text(manifest(head='[policy]\nlicenses = ["mit", "bsd-3-clause"]', wheels=[values]))
    knapsack("lock", path).expect(0)
    return path


def codes(knapsack, path):
    return [
        (finding["code"], finding["message"])
        for finding in knapsack("check", path, "--json").json()["findings"]
        if finding["code"].startswith("license")
    ]


@pytest.mark.smoke
def test_each_wheel_is_checked_by_itself(knapsack, tmp_path):
    path = lock(knapsack, tmp_path, WHEELS)
    found = codes(knapsack, path)
    assert [code for code, _ in found] == ["license-denied", "license-unknown"]
    assert "three-1.0" in found[0][1] and "GPL-3.0-only" in found[0][1] and "four-1.0" in found[1][1]


@pytest.mark.parametrize("license, expected", [("mit", []), ("gpl-3.0", ["license-denied"])])
def test_the_entrys_licence_holds_for_wheels_that_state_none(knapsack, tmp_path, license, expected):
    path = lock(knapsack, tmp_path, ["one", "four"], license=license)
    assert [code for code, _ in codes(knapsack, path)] == expected


@pytest.mark.smoke
def test_bills_of_materials_list_them(knapsack, tmp_path):
    path = lock(knapsack, tmp_path, WHEELS)
    text = knapsack("sbom", path.with_suffix(".lock"), "--format", "cyclonedx").expect(0).stdout
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    (entry,) = json.loads(text)["components"]
    stated = {part["name"]: part.get("licenses") for part in entry["components"]}
    declared = {"acknowledgement": "declared"}
    assert stated == {
        "one": [{"expression": "MIT OR Apache-2.0", **declared}],
        "two": [{"license": {"id": "BSD-3-Clause", **declared}}],
        "three": [{"license": {"id": "GPL-3.0-only", **declared}}],
        "four": None,
    }
    graph = json.loads(knapsack("sbom", path.with_suffix(".lock"), "--format", "spdx").expect(0).stdout)["@graph"]
    names = {element["spdxId"]: element for element in graph if "spdxId" in element}
    licences = {}
    for element in graph:
        if element.get("relationshipType") != "hasDeclaredLicense":
            continue
        source = names.get(element["from"], {})
        if source.get("type") == "software_Package" and source.get("software_primaryPurpose") == "library":
            (target,) = element["to"]
            licences[source["name"]] = names.get(target, {}).get("simplelicensing_licenseExpression")
    assert licences.items() >= {
        "one": "MIT OR Apache-2.0", "two": "BSD-3-Clause", "three": "GPL-3.0-only", "four": None,
    }.items()  # fmt: skip


def test_a_card_that_is_left_out_still_states_the_licence(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub, caches.kagglehub)
    path = tmp_path / "m.toml"
    licenses = []
    for values in ({}, {"exclude": ["README.md"]}):
        path.write_text(manifest(model=[{"name": "m", "source": f"hf:{MINILM}@main", **values}]))
        runner("lock", path).expect(0)
        entry = read_lock(path.with_suffix(".lock"))["m"]
        licenses.append(entry["resolved"]["license"])
    assert "README.md" not in {file["path"] for file in entry["files"]}
    assert licenses[0] == licenses[1] and licenses[0]["from"] == "model-card"
