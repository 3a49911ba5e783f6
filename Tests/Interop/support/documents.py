"""Reads the project's Markdown pages: their headings, links, blocks of code, and the commands in those."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = next(directory for directory in Path(__file__).resolve().parents if (directory / "Package.swift").is_file())
README = ROOT / "README.md"
DOCS = ROOT / "docs"
START = DOCS / "README.md"

# What a reader of the project opens; the pages below docs/ are in the order of their names.
PAGES = [
    README,
    *sorted(ROOT.glob("CHANGELOG.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
    *sorted(DOCS.rglob("*.md")),
]


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: `words` is what stands behind the fence, `line` the number of its first line."""

    words: tuple[str, ...]
    line: int
    lines: tuple[str, ...]

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def is_example(self) -> bool:
        """Whether its commands name models that only a reader has, or need what a test lacks."""
        return "example" in self.words[1:]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def name(page: Path) -> str:
    """The page's path below the repository's root."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    found, words, start, lines = [], None, 0, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = line.strip().startswith("```")
        if words is None and fence:
            words, start, lines = tuple(line.strip().removeprefix("```").split()), number + 1, []
        elif fence:
            found.append(Block(words, start, tuple(lines)))
            words = None
        elif words is not None:
            lines.append(line)
    assert words is None, f"{name(page)}: the block at line {start - 1} has no end"
    return found


def prose(page: Path) -> list[tuple[int, str]]:
    """The lines of a page that are outside of blocks, with their numbers."""
    inside, found = False, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.strip().startswith("```"):
            inside = not inside
        elif not inside:
            found.append((number, line))
    return found


def inline_code(page: Path) -> list[tuple[int, str]]:
    """What stands between backticks outside of blocks, with the number of its line."""
    return [(number, code) for number, line in prose(page) for code in re.findall(r"`([^`]+)`", line)]


def links(page: Path) -> list[tuple[int, str]]:
    """The targets of the links of a page, with the number of their line; code is not looked at."""
    found = []
    for number, line in prose(page):
        line = re.sub(r"`[^`]*`", "code", line)
        found += [(number, target) for target in re.findall(r"\]\(([^)\s]+)\)", line)]
    return found


def anchors(page: Path) -> set[str]:
    """The names by which links find the headings of a page, as GitHub makes them."""
    found: dict[str, int] = {}
    result = set()
    for _, line in prose(page):
        heading = re.fullmatch(r"#{1,6} +(.+?) *", line)
        if heading:
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            count = found.get(slug, 0)
            found[slug] = count + 1
            result.add(f"{slug}-{count}" if count else slug)
    return result


def knapsack_commands(shell: str) -> list[list[str]]:
    """The words behind `knapsack` of each of its calls in lines for a shell."""
    found = []
    for line in shell.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # An apostrophe of a message.
            continue
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set("();<>|&"):
                while command and re.match(r"\w+=", command[0]):
                    command.pop(0)
                if command[:1] == ["knapsack"]:
                    found.append(command[1:])
                command = []
            else:
                command.append(word)
    return found
