"""Runs the sessions that the pages show, in a copy of the fixtures, and states what they print now.

    KNAPSACK_BIN=.build/release/knapsack python Tests/Interop/sessions.py     writes it into the pages

A block `console` is a session: lines that begin with `$ ` are commands, the lines below are what they print, standard
error included. A block `sh` is commands without output; one marked `sh example` is not run. All blocks of a page
run in one shell, one after the other, in `$HOME/knapsack` beside the fixtures; pages print `/home/me` for `$HOME`.
`…` in a page stands for any text in its line; alone in a line, for any lines.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from documents import PAGES, ROOT, Block, blocks, name

# The two commands of the README that install packages and build the project before they do what is shown.
INSTALLING = ("$(command -v sudo)", "Tests/run")
# What a session may read; everything else in the fixtures is for tests.
FIXTURES = ["manifests", "fixtures/quickstart", "fixtures/conversion/tiny-llama", "fixtures/conversion/lora"]
FIXTURES += ["fixtures/pickles", "fixtures/gguf"]
HOME = "/home/me"
END = "--end-of-command--"


def is_run(block: Block) -> bool:
    """Whether the block belongs to the page's session."""
    if block.language == "console":
        return True
    return block.language == "sh" and not block.is_example and not block.text.startswith(INSTALLING)


def pages() -> list[Path]:
    """The pages that show a session."""
    return [page for page in PAGES if any(is_run(block) for block in blocks(page))]


def commands(block: Block) -> list[str]:
    """The commands of a block, one with continued lines as one."""
    if block.language == "sh":
        return [block.text]
    found: list[str] = []
    for line in block.lines:
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> ") and found and found[-1].endswith("\\"):
            found[-1] += f"\n{line[2:]}"
    return found


def run(page: Path, binary: Path, directory: Path) -> list[list[tuple[str, int]]]:
    """What each command of each block of the page's session prints, and its exit code."""
    home = directory / "home"
    work = home / "knapsack"
    for part in FIXTURES:
        shutil.copytree(ROOT / part, work / part, symlinks=True)
    tools = directory / "bin"
    tools.mkdir()
    (tools / "knapsack").symlink_to(binary)
    session = [block for block in blocks(page) if is_run(block)]
    script = "".join(f"{command}\nprintf '\\n{END}%s\\n' $?\n" for block in session for command in commands(block))
    environment = {"HOME": str(home), "PATH": f"{tools}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    parts = re.split(rf"\n{END}(\d+)\n", done.stdout.replace(str(home), HOME))
    printed = list(zip(parts[::2], map(int, parts[1::2])))
    assert len(printed) == sum(len(commands(block)) for block in session), f"{name(page)}: {done.stdout}"
    rest = iter(printed)
    return [[next(rest) for _ in commands(block)] for block in session]


def is_shown(printed: list[str], shown: list[str]) -> bool:
    """Whether the lines are the ones that the page shows, with what `…` stands for."""
    pattern = ""
    for line in shown:
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.rstrip().split("…"))) + r" *\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def updated(block: Block, printed: list[tuple[str, int]]) -> list[str]:
    """The lines of a `console` block with what its commands print now; those that are as shown stay."""
    lines: list[str] = []
    position = 0
    for text, _ in printed:
        command = [block.lines[position]]
        while command[-1].endswith("\\"):
            command.append(block.lines[position + len(command)])
        position += len(command)
        shown = []
        while position < len(block.lines) and not block.lines[position].startswith("$ "):
            shown.append(block.lines[position])
            position += 1
        now = text.strip("\n").splitlines() if text.strip() else []
        lines += command
        content = shown[:-1] if shown and not shown[-1] else shown
        lines += shown if is_shown(now, content) else [line.rstrip() for line in now] + shown[len(content) :]
    return lines


def rendered(page: Path, binary: Path) -> tuple[str, list[str]]:
    """The page's text with what its session prints now, and what failed in blocks that show no output."""
    with tempfile.TemporaryDirectory(prefix="session-") as directory:
        results = iter(run(page, binary, Path(directory)))
    lines = page.read_text().splitlines()
    failures = []
    moved = 0
    for block in filter(is_run, blocks(page)):
        printed = next(results)
        if block.language == "sh":
            failures += [f"{name(page)}:{block.line}: ended with {code}\n{text}" for text, code in printed if code]
            continue
        start = block.line - 1 + moved
        now = updated(block, printed)
        lines[start : start + len(block.lines)] = now
        moved += len(now) - len(block.lines)
    return "".join(f"{line}\n" for line in lines), failures


def main() -> int:
    binary = Path(os.environ["KNAPSACK_BIN"]).resolve()
    failed = False
    for page in pages():
        text, failures = rendered(page, binary)
        failed = failed or bool(failures)
        for failure in failures:
            print(failure)
        if text != page.read_text():
            page.write_text(text)
            print(f"{name(page)}: written")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
