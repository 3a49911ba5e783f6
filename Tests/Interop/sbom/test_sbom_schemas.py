"""SPDX documents against SPDX's own JSON Schema, which no package brings: KNAPSACK_SPDX_SCHEMA names a copy of
https://spdx.org/schema/3.0.1/spdx-json-schema.json.
"""

import json
import os
from pathlib import Path

import jsonschema
import needs
import pytest
from project import ROOT

pytestmark = needs.SPDX_SCHEMA


@pytest.mark.parametrize("lock", sorted((ROOT / "manifests").glob("*.lock")), ids=lambda path: path.name)
def test_documents_of_the_examples_are_valid(knapsack, lock):
    schema = json.loads(Path(os.environ["KNAPSACK_SPDX_SCHEMA"]).read_text())
    validator = jsonschema.Draft202012Validator(schema)
    document = knapsack("sbom", lock, "--format", "spdx").expect(0).json()
    assert [error.message for error in validator.iter_errors(document)] == []
    document["@graph"][1]["name"] = 1
    assert not validator.is_valid(document)
