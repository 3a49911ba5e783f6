"""The JSON Schemas that Knapsack prints accept its own documents and refuse broken ones."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from project import ROOT


def schema(knapsack, subject: str) -> jsonschema.Draft202012Validator:
    document = json.loads(knapsack("schema", subject).expect(0).stdout)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


@pytest.mark.parametrize("path", sorted((ROOT / "manifests").glob("*.toml")), ids=lambda path: path.name)
def test_example_manifests_and_their_locks_are_valid(knapsack, path):
    schema(knapsack, "manifest").validate(tomllib.loads(path.read_text()))
    schema(knapsack, "lock").validate(json.loads(path.with_suffix(".lock").read_text()))


@pytest.mark.smoke
def test_misspelt_keys_and_wrong_digests_are_refused(knapsack):
    manifest = tomllib.loads((ROOT / "manifests/quickstart.toml").read_text())
    manifest["model"][0]["inclde"] = ["*"]
    assert not schema(knapsack, "manifest").is_valid(manifest)
    lock = json.loads((ROOT / "manifests/quickstart.lock").read_text())
    lock["entries"][0]["files"][0]["sha256"] = "00"
    assert not schema(knapsack, "lock").is_valid(lock)
