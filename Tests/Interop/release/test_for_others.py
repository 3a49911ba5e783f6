"""What other projects take from this one for their CI: the action, the component for GitLab, the hooks."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest
import yaml
from cli import manifest
from documents import ROOT
from schemas import published_schema

ACTION = ROOT / ".github" / "actions" / "check"
# Stands in for GitHub's `gh api`, as far as the action calls it: comments are in a file.
GH = """
import json, os, pathlib, sys
words = sys.argv[1:]
assert words.pop(0) == "api"
path = pathlib.Path(os.environ["RUNNER_TEMP"], "comments.json")
comments = json.loads(path.read_text())
place = next(word for word in words if word.startswith("repos/o/r/issues/"))
if "--method" not in words:
    assert place == "repos/o/r/issues/1/comments" and "--paginate" in words
    mark = os.environ["MARK"]
    print(*(c["id"] for c in comments if c["user"]["type"] == "Bot" and c["body"].startswith(mark)), sep="\\n")
    sys.exit()
if os.environ.get("GH_TEST_REFUSES"):
    sys.exit("HTTP 403: Resource not accessible by integration")
field = words[words.index("--field") + 1]
body = pathlib.Path(field.removeprefix("body=@")).read_text()
if words[words.index("--method") + 1] == "POST":
    assert place == "repos/o/r/issues/1/comments"
    comments.append({"id": 100 + len(comments), "user": {"type": "Bot"}, "body": body})
else:
    assert words[words.index("--method") + 1] == "PATCH"
    number = int(place.removeprefix("repos/o/r/issues/comments/"))
    next(c for c in comments if c["id"] == number)["body"] = body
path.write_text(json.dumps(comments))
"""
HOOKS = ROOT / ".pre-commit-hooks.yaml"
COMPONENT = ROOT / ".gitlab" / "check.yml"


def test_the_action_is_one_that_the_marketplace_takes():
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    # The keys of GitHub's page "Metadata syntax for GitHub Actions", for composite actions.
    assert set(action) <= {"name", "author", "description", "branding", "inputs", "outputs", "runs"}
    assert {"name", "description"} <= set(action) and set(action["runs"]) == {"using", "steps"}
    assert action["runs"]["using"] == "composite"
    for value in action["inputs"].values():
        assert {"description"} <= set(value) <= {"description", "required", "default"}
    for value in action["outputs"].values():
        assert set(value) == {"description", "value"}
    for step in action["runs"]["steps"]:
        assert set(step) <= {"name", "id", "if", "run", "shell", "env"}
    assert len(action["description"]) <= 125 and {"icon", "color"} == set(action["branding"])
    for step in action["runs"]["steps"]:
        # A value of a workflow reaches a script by its environment only, so that it cannot become code.
        assert step["shell"] == "bash" and "${{" not in step["run"]
        script = ACTION / Path(step["run"].strip("\"'")).name
        assert os.access(script, os.X_OK)
        subprocess.run(["bash", "-n", script], check=True)


@pytest.fixture
def runner(knapsack, tmp_path):
    """A runner's environment, and the function that runs a script of the action in a clone."""
    clone = tmp_path / "clone"
    (clone / "src").mkdir(parents=True)
    (clone / "src" / "a.txt").write_text("one\n")
    entry = {"name": "a", "source": "path:src", "license": "mit"}
    (clone / "models.toml").write_text(manifest(head='[policy]\nlicenses = ["mit"]', files=[entry]))
    knapsack("lock", "models.toml", cwd=clone).expect(0)

    def git(*words):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *settings, *words], cwd=clone, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    files = {name: tmp_path / name.lower() for name in ["GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]}
    for path in files.values():
        path.touch()
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "knapsack").symlink_to(knapsack.binary)
    (tools / "gh").write_text(f"#!{sys.executable}\n{GH}")
    (tools / "gh").chmod(0o755)
    environment = {**knapsack.environment(), **{name: str(path) for name, path in files.items()}}
    environment |= {"RUNNER_TEMP": str(tmp_path), "PATH": f"{tools}:{os.environ['PATH']}"}
    environment |= {"KNAPSACK_MANIFEST": "models.toml", "KNAPSACK_BASE": git("rev-parse", "HEAD")}
    environment |= {"GITHUB_REPOSITORY": "o/r", "KNAPSACK_PULL_REQUEST": "https://github.com/o/r/pull/1"}

    def script(name, **more):
        variables = {**environment, **more}
        return subprocess.run([ACTION / name], cwd=clone, env=variables, capture_output=True, text=True)

    script.clone, script.git, script.files, script.temporary = clone, git, files, tmp_path
    return script


def test_the_action_installs_only_what_has_the_checksum(runner, tmp_path):
    program = tmp_path / "stand-in"
    program.write_text("#!/bin/sh\necho 1.2.3\n")
    program.chmod(0o755)
    name = "knapsack-1.2.3-linux-x86_64"
    with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(program, f"{name}/bin/knapsack")
    digest = hashlib.sha256((tmp_path / f"{name}.tar.gz").read_bytes()).hexdigest()
    url = (tmp_path / f"{name}.tar.gz").as_uri()
    settings = {"KNAPSACK_VERSION": "1.2.3", "KNAPSACK_URL": url}
    refused = runner("install.sh", **settings, KNAPSACK_SHA256="0" * 64)
    assert refused.returncode != 0 and runner.files["GITHUB_PATH"].read_text() == ""
    done = runner("install.sh", **settings, KNAPSACK_SHA256=digest)
    assert (done.returncode, done.stdout) == (0, "1.2.3\n"), done.stderr
    assert (Path(runner.files["GITHUB_PATH"].read_text().strip()) / "knapsack").exists()


def test_the_action_checks_with_annotations_and_sarif(runner):
    done = runner("check.sh", KNAPSACK_SARIF="models.sarif")
    assert done.returncode == 0, done.stderr
    assert runner.files["GITHUB_OUTPUT"].read_text() == "sarif=models.sarif\n"
    path = runner.clone / "models.toml"
    path.write_text(path.read_text().replace('"mit"]', '"apache-2.0"]'))
    done = runner("check.sh", KNAPSACK_SARIF="models.sarif")
    assert done.returncode == 1 and "::error " in done.stdout
    schema = published_schema("Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema")
    document = yaml.safe_load((runner.clone / "models.sarif").read_text())
    jsonschema.Draft7Validator(schema).validate(document)
    assert [result["ruleId"] for result in document["runs"][0]["results"]] == ["license-denied"]


@pytest.fixture
def comments(runner):
    """Reads the comments of the pull request, after putting some there."""
    path = runner.temporary / "comments.json"

    def read(*put):
        if put:
            path.write_text(json.dumps([{"id": n, "user": {"type": kind}, "body": body} for n, (kind, body) in enumerate(put)]))
        return [comment["body"] for comment in json.loads(path.read_text())]

    return read


def test_the_action_comments_on_what_changed(runner, knapsack, comments):
    mark = "<!-- knapsack check: models.lock -->\n"
    others = [("Bot", "coverage: 80 %"), ("User", mark + "not by the action"), ("Bot", mark.replace("models", "other"))]
    before = comments(*others)
    assert "as it was" in runner("comment.sh").stdout
    assert comments() == before
    (runner.clone / "src" / "a.txt").write_text("two\n")
    knapsack("lock", "models.toml", cwd=runner.clone).expect(0)
    for _ in range(2):
        done = runner("comment.sh")
        assert done.returncode == 0 and "::warning" not in done.stdout, done.stderr
        assert comments()[:-1] == before and comments()[-1].startswith(mark)
    assert comments()[-1] in runner.files["GITHUB_STEP_SUMMARY"].read_text()
    # A later commit that takes it back is what the comment states then.
    runner.git("checkout", "models.lock")
    assert runner("comment.sh").returncode == 0
    assert comments()[:-1] == before and "### Models: nothing changed" in comments()[-1]


def test_a_pull_request_from_a_fork_gets_no_comment_and_no_failure(runner, knapsack, comments):
    comments(("Bot", "coverage: 80 %"))
    (runner.clone / "src" / "a.txt").write_text("two\n")
    knapsack("lock", "models.toml", cwd=runner.clone).expect(0)
    done = runner("comment.sh", GH_TEST_REFUSES="1")
    assert done.returncode == 0 and "::warning::" in done.stdout
    assert runner.files["GITHUB_STEP_SUMMARY"].read_text() != "" and len(comments()) == 1


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_action_looks_for_its_own_comment_alone():
    (query,) = re.findall(r"--jq '(.*)'", (ACTION / "comment.sh").read_text())
    mark = "<!-- knapsack check: a.lock -->"
    found = [("Bot", f"{mark}\nx"), ("User", f"{mark}\nx"), ("Bot", "coverage"), ("Bot", f"see {mark}")]
    text = json.dumps([{"id": number, "user": {"type": kind}, "body": body} for number, (kind, body) in enumerate(found)])
    done = subprocess.run(["jq", query], input=text, env={**os.environ, "MARK": mark}, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_the_component_is_a_job_with_its_inputs():
    header, jobs = yaml.safe_load_all(COMPONENT.read_text())
    text = COMPONENT.read_text().partition("---\n")[2]
    for name, value in header["spec"]["inputs"].items():
        assert f"$[[ inputs.{name} ]]" in text and value["description"]
        text = text.replace(f"$[[ inputs.{name} ]]", str(value.get("default", "0.1.0")))
    assert "$[[" not in text
    jsonschema.Draft7Validator(published_schema("Gitlab CI configuration")).validate(yaml.safe_load(text))
    assert yaml.safe_load(text)["knapsack-check"]["script"][-1] == 'knapsack check "knapsack.toml"'
    assert set(jobs) == {"knapsack-check"}


@pytest.fixture(scope="module")
def pre_commit() -> Path:
    path = ROOT / ".venv" / "bin" / "pre-commit"
    if not path.exists():
        pytest.skip("pre-commit is not installed")
    return path


def test_pre_commit_takes_the_hooks(pre_commit):
    subprocess.run([pre_commit, "validate-manifest", HOOKS], check=True)


def test_pre_commit_runs_the_hook(pre_commit, runner, tmp_path):
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    shutil.copy(HOOKS, hooks)
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in [["init", "-q"], ["add", "."], ["commit", "-q", "-m", "hooks"]]:
        subprocess.run(["git", *settings, *words], cwd=hooks, check=True)
    clone = runner.clone
    for suffix in ("toml", "lock"):
        (clone / f"models.{suffix}").rename(clone / f"knapsack.{suffix}")
    runner.git("add", "-A")
    environment = {**os.environ, "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    words = [pre_commit, "try-repo", hooks, "knapsack-check", "--all-files", "--verbose"]

    def hook():
        return subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True)

    done = hook()
    assert done.returncode == 0 and "Passed" in done.stdout, done.stdout + done.stderr
    path = clone / "knapsack.toml"
    path.write_text(path.read_text().replace('"mit"]', '"apache-2.0"]'))
    done = hook()
    assert done.returncode == 1 and "licence" in done.stdout + done.stderr
