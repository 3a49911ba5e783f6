"""The jobs and the hook that docs/ci.md shows: valid by their published schemas, and their commands run."""

import os
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml
from cli import manifest
from documents import DOCS
from schemas import published_schema

PAGE = DOCS / "ci.md"
TEXTS = {
    block.splitlines()[0].removeprefix("# "): block
    for block in re.findall(r"^```yaml\n(# .*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
}
# Every value as text: YAML 1.1 would read the key "on" as a truth value, and GitHub does not.
BLOCKS = {name: yaml.load(text, Loader=yaml.BaseLoader) for name, text in TEXTS.items()}
WORKFLOW, JOBS, HOOKS = ".github/workflows/models.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml"


@pytest.mark.smoke
def test_the_page_shows_all_three():
    assert sorted(BLOCKS) == sorted([WORKFLOW, JOBS, HOOKS])


@pytest.mark.parametrize(
    ("name", "title"),
    [(JOBS, "Gitlab CI configuration"), (HOOKS, "JSON schema for .pre-commit-config.yaml")],
)
def test_the_job_and_the_hook_are_valid(name, title):
    jsonschema.Draft7Validator(published_schema(title)).validate(yaml.safe_load(TEXTS[name]))


@pytest.mark.smoke
def test_the_workflow_has_what_a_workflow_needs():
    workflow = BLOCKS[WORKFLOW]
    assert workflow["on"] == "pull_request"
    # Code scanning takes SARIF only from a job that may write it.
    assert workflow["permissions"] == {"contents": "read", "security-events": "write"}
    for step in workflow["jobs"]["check"]["steps"]:
        assert ("run" in step) != ("uses" in step) and set(step) <= {"run", "uses", "if", "with", "shell"}


@pytest.fixture
def repository(knapsack, tmp_path):
    """A clone in which a branch changes a model, and a function that runs a command of a job in it."""
    upstream, clone = tmp_path / "upstream", tmp_path / "clone"
    (upstream / "src").mkdir(parents=True)

    def git(*words, cwd):
        settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *settings, *words], cwd=cwd, check=True, capture_output=True)

    def write(content: str, cwd: Path):
        (cwd / "src" / "a.txt").write_text(content)
        entry = {"name": "a", "source": "path:src", "license": "mit"}
        (cwd / "models.toml").write_text(manifest(head='[policy]\nlicenses = ["mit"]', files=[entry]))
        knapsack("lock", "models.toml", "--update", cwd=cwd).expect(0)

    git("init", "-q", "-b", "main", cwd=upstream)
    write("one\n", upstream)
    git("add", "-A", cwd=upstream)
    git("commit", "-qm", "one", cwd=upstream)
    git("clone", "-q", str(upstream), str(clone), cwd=tmp_path)
    write("two\n", clone)
    git("commit", "-qam", "two", cwd=clone)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "knapsack").symlink_to(knapsack.binary)
    summary = tmp_path / "summary.md"

    def run(command: str, shell=("bash", "-e", "-o", "pipefail", "-c")) -> subprocess.CompletedProcess:
        environment = knapsack.environment() | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "GITHUB_BASE_REF": "main",
            "GITHUB_WORKSPACE": str(clone),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        return subprocess.run([*shell, command], cwd=clone, env=environment, capture_output=True, text=True)

    run.clone, run.summary = clone, summary
    return run


def test_the_workflows_commands_run(repository):
    steps = BLOCKS[WORKFLOW]["jobs"]["check"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert len(commands) == 3
    for command in commands:
        done = repository(command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    text = repository.summary.read_text()
    assert "### knapsack check: everything holds" in text
    assert "### Models: 1 changed" in text and "1 file changed: a.txt" in text
    assert '"results": []' in (repository.clone / "models.sarif").read_text()
    broken = repository.clone / "models.toml"
    broken.write_text(broken.read_text().replace('["mit"]', '["apache-2.0"]'))
    assert repository(commands[0]).returncode == 1
    assert repository(commands[1]).returncode == 0
    assert '"ruleId": "license-denied"' in (repository.clone / "models.sarif").read_text()


def test_the_gitlab_jobs_commands_run(repository):
    (job,) = BLOCKS[JOBS].values()
    for command in job["script"]:
        assert repository(command).returncode == 0
    assert job["rules"][0]["changes"] == ["models.toml", "models.lock"]


def test_pre_commit_runs_the_hook(repository):
    """The real pre-commit: a commit that breaks the policy is refused, one of other files is not looked at."""
    (repository.clone / HOOKS).write_text(TEXTS[HOOKS])
    program = Path(os.sys.executable).parent / "pre-commit"
    assert repository(f"git add {HOOKS} && {program} run").returncode == 0
    done = repository(f"{program} run --all-files")
    assert done.returncode == 0 and "Passed" in done.stdout, done.stdout + done.stderr
    manifest_path = repository.clone / "models.toml"
    manifest_path.write_text(manifest_path.read_text().replace('["mit"]', '["apache-2.0"]'))
    done = repository(f"git add models.toml && {program} run")
    assert done.returncode == 1 and "the licence mit is not in the policy's list" in done.stdout, done.stdout
