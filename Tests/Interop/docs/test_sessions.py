"""The sessions, commands and notebook lines that the pages show, run as they are printed."""

import difflib
import re

import notebook
import pytest
import sessions
from documents import DOCS, README, ROOT, Block, blocks, name

QUICKSTART = ROOT / "fixtures" / "quickstart"


@pytest.mark.parametrize("page", sessions.pages(), ids=name)
def test_sessions_print_what_the_page_shows(page, knapsack):
    text, failures = sessions.rendered(page, knapsack.binary)
    shown = page.read_text()
    changes = "\n".join(difflib.unified_diff(shown.splitlines(), text.splitlines(), "shown", "printed", lineterm=""))
    fix = "KNAPSACK_BIN=… python Tests/Interop/support/sessions.py writes it into the page"
    assert text == shown, f"{name(page)} shows something else; {fix}\n{changes}"
    assert not failures, "\n".join(failures)


@pytest.mark.smoke
def test_what_is_not_printed_any_more_would_be_found():
    block = Block(("console",), 1, ("$ one", "a 12 b", "…", "z", "", "$ two"))
    assert sessions.updated(block, [("a 12 b\nc\nz\n", 0), ("", 0)]) == list(block.lines)
    assert sessions.updated(block, [("a 13 b\nz\n", 0), ("", 0)])[1] == "a 13 b"
    assert sessions.updated(block, [("a 12 b\nz\n", 0), ("more\n", 1)])[-1] == "more"
    part = Block(("console",), 1, ("$ one", "key: …"))
    assert sessions.updated(part, [("key: abc\n", 0)]) == list(part.lines)
    assert sessions.updated(part, [("keys: abc\n", 0)]) == ["$ one", "keys: abc"]


@pytest.mark.smoke
def test_the_readmes_first_command_packs_the_quickstart(knapsack, tmp_path):
    first, second = [block.text for block in blocks(README) if block.text.startswith(sessions.INSTALLING)]
    assert second == "Tests/run\n" and (ROOT / "Tests" / "run").is_file()
    install = r"\$\(command -v sudo\) sh -c 'apt-get update -qq && apt-get install -y ([^']+)'"
    form = install + r" && swift run knapsack (.*)\n"
    packages, run = re.fullmatch(form, first).groups()
    assert set(packages.split()) <= set((ROOT / "Tests" / "run").read_text().replace(")", " ").split())
    for folder in ("manifests", "fixtures"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    knapsack(*run.split(), "--output", "bundle", cwd=tmp_path).expect(0)
    knapsack("verify", "bundle", cwd=tmp_path).expect(0)


@pytest.fixture(scope="module")
def mounts(knapsack, tmp_path_factory):
    """The quickstart's bundle where a notebook finds it."""
    bundle = tmp_path_factory.mktemp("quickstart") / "bundle"
    runner = knapsack.with_caches(QUICKSTART / "hub", QUICKSTART / "kagglehub")
    runner("pack", ROOT / "manifests" / "quickstart.toml", "--output", bundle).expect(0)
    return {"/kaggle/input/knapsack-quickstart": bundle}


@pytest.mark.skipif(not notebook.is_possible(), reason="a notebook needs root, or namespaces that users may make")
@pytest.mark.parametrize("page", [README, pytest.param(DOCS / "notebook.md", marks=pytest.mark.slow)], ids=name)
def test_the_lines_for_a_notebook_run(page, mounts, base):
    code = "".join(block.text for block in blocks(page) if block.language == "python")
    # The README names a model that is in nobody's fixtures.
    code = code.replace("Qwen/Qwen2.5-0.5B-Instruct", "knapsack-examples/tiny-bert")
    code = code.replace("AutoModelForCausalLM", "AutoModel")
    # pip writes into the interpreter of the tests otherwise.
    environment = {"PIP_TARGET": "/kaggle/working/packages"}
    code += "\nassert type(model).__name__ == 'BertModel'\nprint('loaded')\n"
    done = notebook.run_cell(code, mounts, environment, hidden=(base,))
    assert done.code == 0 and done.stdout.splitlines()[-1] == "loaded", done.stdout + done.stderr
