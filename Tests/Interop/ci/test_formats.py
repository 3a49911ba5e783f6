"""What `check` and `verify` tell CI: SARIF by its published schema, GitHub's workflow commands and job summaries."""

import json
import re

import jsonschema
import pytest
from cli import manifest
from schemas import published_schema


@pytest.fixture(scope="session")
def sarif_schema() -> jsonschema.Draft7Validator:
    schema = published_schema("Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema")
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


HEAD = '[policy]\nlicenses = ["mit"]\nproof = "required"'


@pytest.fixture
def project(knapsack, tmp_path):
    """A repository with a lock, and a policy that it breaks: the manifest is in a folder with a blank."""
    folder = tmp_path / "repo" / "my models"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "a,b:c%.txt").write_text("a\n")
    path = folder / "m.toml"
    path.write_text(manifest(head="", files=[{"name": "notes", "source": "path:files", "license": "apache-2.0"}]))
    knapsack("lock", path).expect(0)
    path.write_text(manifest(head=HEAD, files=[{"name": "notes", "source": "path:files", "license": "apache-2.0"}]))
    return path


def run(document: dict) -> dict:
    (only,) = document["runs"]
    return only


@pytest.mark.smoke
def test_sarif_is_valid_and_says_what_text_says(knapsack, project, sarif_schema):
    root = project.parents[1]
    text = knapsack("check", project.relative_to(root), cwd=root).expect(1).stderr
    document = knapsack("check", project.relative_to(root), "--format", "sarif", cwd=root).expect(1).json()
    sarif_schema.validate(document)
    results = run(document)["results"]
    assert sorted(result["ruleId"] for result in results) == ["license-denied", "proof-missing"]
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "my%20models/m.toml", "uriBaseId": "%SRCROOT%"}
        assert f"my models/m.toml:{place['region']['startLine']}:" in text
        rule = run(document)["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["message"]["text"].splitlines()[0] in text


@pytest.mark.smoke
def test_sarif_is_valid_where_nothing_is_found_or_nothing_can_be_decided(knapsack, packed, tmp_path, sarif_schema):
    clean = knapsack("check", packed.manifest, "--format", "sarif").expect(0).json()
    sarif_schema.validate(clean)
    assert run(clean)["results"] == []
    for words in (["check", tmp_path / "none.toml"], ["verify", tmp_path / "none.lock"], ["check", "--nonsense"]):
        undecided = knapsack(*words, "--format", "sarif").expect(2).json()
        sarif_schema.validate(undecided)
        assert run(undecided)["results"], "what could not be decided must not look clean"
        assert run(undecided)["invocations"][0]["executionSuccessful"] is False
        assert run(undecided)["invocations"][0]["exitCode"] == 2


def test_every_result_of_verify_has_a_place(knapsack, project, sarif_schema):
    root = project.parents[1]
    project.write_text(project.read_text().replace(HEAD, ""))
    knapsack("pack", project, "--output", root / "bundle").expect(0)
    knapsack("verify", "bundle", cwd=root).expect(0)
    (root / "bundle" / "more.txt").write_text("more\n")
    document = knapsack("verify", "bundle", "--format", "sarif", cwd=root).expect(1).json()
    sarif_schema.validate(document)
    (result,) = run(document)["results"]
    assert result["ruleId"] == "extra"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "bundle/knapsack.lock" and place["region"]["startLine"] == 1
    (project.parent / "files" / "a,b:c%.txt").write_text("b\n")
    lock = project.with_suffix(".lock").relative_to(root)
    document = knapsack("verify", lock, "--format", "sarif", cwd=root).expect(1).json()
    sarif_schema.validate(document)
    (result,) = run(document)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20models/m.lock"


def test_fingerprints_do_not_depend_on_lines_or_on_where_the_repository_lies(knapsack, project, tmp_path):
    def fingerprints(path, cwd) -> list:
        document = knapsack("check", path, "--format", "sarif", cwd=cwd).expect(1).json()
        return [result["partialFingerprints"] for result in run(document)["results"]]

    root = project.parents[1]
    before = fingerprints("my models/m.toml", root)
    project.write_text("# one\n# two\n# three\n" + project.read_text())
    assert fingerprints("my models/m.toml", root) == before
    moved = tmp_path / "elsewhere"
    root.rename(moved)
    assert fingerprints(moved / "my models" / "m.toml", moved) == before
    assert len({json.dumps(print_) for print_ in before}) == len(before)


COMMAND = re.compile(r"^::(error|warning|notice) ([^:]*)::(.*)$")


def parsed(line: str) -> tuple[str, dict, str]:
    """A workflow command as GitHub's runner reads it."""
    level, properties, message = COMMAND.match(line).groups()

    def plain(text: str, more=()) -> str:
        for code, character in (*more, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(code, character)
        return text

    pairs = [pair.split("=", 1) for pair in properties.split(",")]
    return level, {key: plain(value, (("%3A", ":"), ("%2C", ","))) for key, value in pairs}, plain(message)


def test_github_annotates_the_manifests_line_and_appends_a_summary(knapsack, project, tmp_path):
    root = project.parents[1]
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    job = knapsack.with_caches(
        GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(root), GITHUB_STEP_SUMMARY=str(summary)
    )
    done = job("check", "m.toml", "--format", "github", cwd=project.parent).expect(1)
    commands = [parsed(line) for line in done.stdout.splitlines()]
    assert [properties["title"] for _, properties, _ in commands] == ["license-denied", "proof-missing"]
    line = project.read_text().splitlines().index("[[files]]") + 1
    for level, properties, message in commands:
        assert level == "error"
        assert properties["file"] == "my models/m.toml"
        assert properties["line"] == str(line)
        assert message.startswith("notes: ") and "\nfix: " in message
    assert any("a,b:c%.txt" in message for _, _, message in commands)
    text = summary.read_text()
    assert text.startswith("before\n### knapsack check: 2 errors\n")
    assert "`my models/m.toml:" in text and "`license-denied`" in text
    assert done.stderr == "", "what is annotated is not told twice"


def test_json_of_format_and_flag_are_one(knapsack, project):
    one = knapsack("check", project, "--format", "json").expect(1).stdout
    assert one == knapsack("check", project, "--json").expect(1).stdout
    knapsack("check", project, "--json", "--format", "sarif").expect(2)
