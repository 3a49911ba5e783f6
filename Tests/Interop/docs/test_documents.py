"""What the pages state about files, commands, options, keys and codes exists."""

import ast
import json
import re
import subprocess
import tomllib

import jsonschema
import pytest
import yaml
from documents import DOCS, PAGES, README, ROOT, START, anchors, blocks, inline_code, knapsack_commands, links, name
from schemas import published_schema

SOURCES = ROOT / "Sources"
SWIFT = sorted(SOURCES.rglob("*.swift"))
# Options in the pages that belong to other programs.
# Of pip, kaggle and the converter of llama.cpp, and what ends the options of Tests/run.
FOREIGN_OPTIONS = {"--no-index", "--no-mtp", "--find-links", "--platform", "--public", "--"}
by_name = pytest.mark.parametrize("page", PAGES, ids=name)


@pytest.mark.smoke
def test_the_readme_is_short():
    assert len(README.read_bytes()) <= 8000


@by_name
def test_links_lead_to_pages_and_headings_that_exist(page):
    broken = []
    for line, target in links(page):
        if re.match(r"https://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        inside = file.is_relative_to(ROOT)
        if not inside or not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{name(page)}:{line}: {target}")
    assert not broken, "\n".join(broken)


@pytest.mark.smoke
def test_every_page_is_found_from_the_start():
    seen, left = set(), [README, START]
    while left:
        page = left.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = [target.partition("#")[0] for _, target in links(page) if not target.startswith("https://")]
        left += [(page.parent / target).resolve() for target in targets if target]
    # GitHub shows templates by itself.
    expected = {page for page in PAGES if "TEMPLATE" not in page.name}
    assert sorted(map(name, expected - seen)) == []


@pytest.fixture(scope="module")
def options(knapsack) -> dict[str, set[str]]:
    """The long options of each command, by its words."""
    found = {}
    left = [""]
    while left:
        command = left.pop()
        text = knapsack(*command.split(), "--help").expect(0).stdout
        # What every parser of its kind has besides.
        # A flag that can be turned round is listed with its opposite: --gated/--no-gated.
        listed = re.findall(r"^ +(?:-\w, )?(--[\w-]+(?:/--[\w-]+)?)", text, flags=re.MULTILINE)
        found[command] = {option for one in listed for option in one.split("/")} | {"--help", "--version"}
        _, _, below = text.partition("SUBCOMMANDS:\n")
        below, _, _ = below.partition("\n\n")
        left += [f"{command} {word}".strip() for word in re.findall(r"^  (\w+) ", below, flags=re.MULTILINE)]
    # What the parser has is not in the help.
    found[""].add("--generate-completion-script")
    return found


def unknown_in(text: str, options: dict[str, set[str]]) -> list[str]:
    """The commands and options of `knapsack` in lines for a shell, or in a step of a job, that do not exist."""
    found = []
    for words in knapsack_commands(re.sub(r"^ *(- )?((run|entry): +|- +)?", "", text, flags=re.MULTILINE)):
        command = ""
        for word in words:
            if f"{command} {word}".strip() not in options:
                break
            command = f"{command} {word}".strip()
        if not command and words and not words[0].startswith("-") and words[0] not in ("help", "COMMAND"):
            found.append(words[0])
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        found += [f"{command} {option}".strip() for option in sorted(used - options[command])]
    return found


@by_name
def test_commands_and_their_options_exist(page, options):
    shell = [(block.line, block.text) for block in blocks(page) if block.language in ("sh", "console", "yaml")]
    shell += inline_code(page)
    wrong = [f"{name(page)}:{line}: knapsack {word}" for line, text in shell for word in unknown_in(text, options)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("$ knapsack wrap models.toml", ["wrap"]),
        ("cd x && A=1 knapsack pack --output-file x | cat", ["pack --output-file"]),
        ("      - run: knapsack check a.toml --from=x || true", ["check --from"]),
        ("knapsack cache prune --all --most", ["cache prune --most"]),
        ("knapsack pack models.toml --output x.tar > log", []),
    ],
)
def test_commands_and_options_that_do_not_exist_are_found(text, unknown, options):
    assert unknown_in(text, options) == unknown


@by_name
def test_options_that_stand_alone_belong_to_some_command(page, options):
    known = set().union(*options.values()) | FOREIGN_OPTIONS
    alone = [(line, code.split()[0].split("=")[0]) for line, code in inline_code(page) if code.startswith("--")]
    assert [f"{name(page)}:{line}: {option}" for line, option in alone if option not in known] == []


def test_every_command_is_in_the_table(options):
    text = (DOCS / "commands.md").read_text()
    assert [command for command in options if command and f"`knapsack {command}" not in text] == []


def test_every_key_of_the_manifest_is_explained(knapsack):
    schema = json.loads(knapsack("schema", "manifest").expect(0).stdout)
    text = "".join((DOCS / page).read_text() for page in ("manifest.md", "policy.md"))
    missing = []
    for table, value in schema["properties"].items():
        properties = value.get("items", value).get("properties", {})
        missing += [f"{table}.{key}" for key in properties if not re.search(rf"`{key}\b", text)]
    assert missing == []


@by_name
def test_examples_of_manifests_are_ones(page, knapsack, tmp_path):
    """Whatever is wrong with the sources, which are not here, nothing is wrong with the manifest."""
    for block in blocks(page):
        if block.language != "toml":
            continue
        text = block.text
        value = tomllib.loads(text)
        if "bundle" not in value:
            text = f'[bundle]\nname = "an-example"\n\n{text}'
        if "schema" not in value:
            text = f"schema = 1\n\n{text}"
        if not value.keys() & {"model", "dataset", "wheels", "files"}:
            text += '\n[[files]]\nname = "some"\nsource = "path:some"\n'
        path = tmp_path / "example.toml"
        path.write_text(text)
        findings = knapsack("check", path, "--json", cwd=tmp_path).json()["findings"]
        wrong = [finding for finding in findings if finding["code"].startswith("manifest-")]
        assert not wrong, f"{name(page)}:{block.line}: {wrong}"


@by_name
def test_python_blocks_are_python_and_call_what_the_loader_has(page):
    loader = ast.parse((SOURCES / "Bundles" / "Loader" / "knapsack.py").read_text())
    functions = {node.name: node.args for node in loader.body if isinstance(node, ast.FunctionDef)}
    wrong = []
    for block in blocks(page):
        if block.language != "python":
            continue
        for node in ast.walk(ast.parse(block.text)):
            if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("knapsack."):
                continue
            arguments = functions.get(ast.unparse(node.func).removeprefix("knapsack."))
            names = arguments and {argument.arg for argument in arguments.args + arguments.kwonlyargs}
            if names is None or not {keyword.arg for keyword in node.keywords} <= names:
                wrong.append(f"{name(page)}:{block.line}: {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def documented_codes() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", (DOCS / "findings.md").read_text(), flags=re.MULTILINE))


def test_the_codes_of_findings_are_those_of_the_sources():
    listed = re.findall(r'^    case \w+ = "([a-z0-9-]+)"$', (SOURCES / "Manifests" / "FindingCode.swift").read_text(), re.M)
    assert len(listed) > 200
    assert sorted(listed) == sorted(documented_codes())


@by_name
def test_codes_in_the_text_are_on_the_page_of_codes(page):
    """Codes are told from other words by their beginnings, such as `license-`."""
    families = {code.split("-")[0] for code in documented_codes() if "-" in code}
    codes = [
        (line, code)
        for line, code in inline_code(page)
        if re.fullmatch(r"[a-z]+(-[a-z]+)+", code) and code.split("-")[0] in families
    ]
    keys = {"max-size", "max-entry-size", "released-before", "unsafe-templates", "remote-code", "pre-tokenizer"}
    keys |= {"provided-file", "fit-memory", "prune-tensors", "adapter-max-rank", "adapter-bases", "adapter-targets", "base-model"}
    assert [f"{name(page)}:{line}: {code}" for line, code in codes if code not in documented_codes() | keys] == []


def test_files_that_the_pages_name_exist():
    known = {path.name for path in SOURCES.rglob("*.*")}
    wrong = [
        f"{name(page)}:{line}: {code}"
        for page in PAGES
        for line, code in inline_code(page)
        if re.fullmatch(r"[\w+]+\.swift", code) and code not in known and code != "Package.swift"
    ]
    paths = [
        f"{name(page)}:{line}: {code}"
        for page in PAGES
        for line, code in inline_code(page)
        if re.match(r"(Tests|Sources|fixtures|manifests|docs|\.ci)/", code)
        and not (ROOT / re.split(r"[ *]", code)[0]).exists()
    ]
    assert wrong + paths == []


def test_the_page_on_architecture_names_every_module():
    text = (DOCS / "architecture.md").read_text()
    modules = {path.name for path in SOURCES.iterdir() if path.is_dir()}
    assert [module for module in sorted(modules) if not re.search(rf"\b{module}\b", text)] == []
    named = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    assert sorted(named - modules) == []


def test_the_workflow_runs_the_same_script_as_everybody():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert runs == [".ci/run"]
    assert subprocess.run(["test", "-x", ROOT / ".ci" / "run"]).returncode == 0


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("bug.yml", "GitHub issue forms config file schema"),
        ("feature.yml", "GitHub issue forms config file schema"),
        ("config.yml", "GitHub issue template chooser config file schema"),
    ],
)
def test_the_forms_for_issues_are_valid(file, title):
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / file).read_text())
    jsonschema.Draft7Validator(published_schema(title)).validate(form)


def test_notices_name_every_package():
    notice = (ROOT / "NOTICE").read_text().lower()
    packages = re.findall(r'\.package\(\s*url: "[^"]*/([^"/]+)"', (ROOT / "Package.swift").read_text())
    assert packages and [package for package in packages if package.lower() not in notice] == []


def test_no_page_has_a_path_of_the_machine_that_it_was_written_on():
    assert [name(page) for page in PAGES if re.search(r"/(tmp|root|opt)/|/home/(?!me\b)", page.read_text())] == []


def test_static_builds_name_the_program():
    """The helpers of the tests need a library of which Swift has no static form."""
    lines = [line for page in [README, *DOCS.rglob("*.md")] for line in page.read_text().splitlines()]
    builds = [line for line in lines if line.startswith("swift build") and "--static-swift-stdlib" in line]
    assert builds
    assert [line for line in builds if "--product knapsack" not in line] == []
