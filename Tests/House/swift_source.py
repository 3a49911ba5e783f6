"""Swift sources as far as the house rules need them: code without comments and literals, and declarations."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"

INTERESTING = re.compile(r'//[^\n]*|/\*|#*"""|#*"')
COMMENT_EDGE = re.compile(r"/\*|\*/")


def files(under: Path = SOURCES) -> list[Path]:
    """All Swift sources below a directory, in the order of their paths."""
    return sorted(under.rglob("*.swift"))


def shown(path: Path) -> str:
    """A source's path as a person looks for it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def blank(text: str) -> str:
    """As many spaces, with the line ends where they are."""
    return re.sub(r"[^\n]", " ", text)


@functools.cache
def code(text: str) -> str:
    """The text without comments and without what string literals hold; every character stays at its place.

    Code in interpolations stays. Literals keep their quotes, so that `"…"` is still seen to be one.
    """
    parts: list[str] = []
    position = 0
    while match := INTERESTING.search(text, position):
        parts.append(text[position : match.start()])
        if match[0].startswith("//"):
            parts.append(" " * len(match[0]))
            position = match.end()
        elif match[0] == "/*":
            position = comment(text, match.end())
            parts.append(blank(text[match.start() : position]))
        else:
            position = literal(text, match, parts)
    parts.append(text[position:])
    return "".join(parts)


def comment(text: str, position: int) -> int:
    """The end of a block comment; they nest."""
    depth = 1
    while depth and (edge := COMMENT_EDGE.search(text, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position if depth == 0 else len(text)


def literal(text: str, match: re.Match[str], parts: list[str]) -> int:
    """Takes a string literal; its end."""
    opening = match[0]
    hashes = opening.count("#")
    quotes = opening[hashes:]
    closing = quotes + "#" * hashes
    escape = "\\" + "#" * hashes
    edge = re.compile(re.escape(escape) + r"(\(|[^(])|" + re.escape(closing), re.S)
    parts.append(opening)
    position = match.end()
    while found := edge.search(text, position):
        parts.append(blank(text[position : found.start()]))
        if found[0] == closing:
            parts.append(closing)
            return found.end()
        if found[1] != "(":
            parts.append(blank(found[0]))
            position = found.end()
            continue
        end = interpolation(text, found.end())
        parts.append(" " * (len(found[0]) - 1) + "(" + code(text[found.end() : end - 1]) + ")")
        position = end
    raise ValueError(f"a string literal without an end: {text[match.start():match.start() + 40]!r}")


def interpolation(text: str, position: int) -> int:
    """The end of an interpolation, behind its parenthesis."""
    depth = 1
    edge = re.compile(r'[()]|#*"""|#*"')
    while depth:
        found = edge.search(text, position)
        if found is None:
            raise ValueError("an interpolation without an end")
        if found[0] == "(":
            depth += 1
        elif found[0] == ")":
            depth -= 1
        else:
            position = literal(text, found, [])
            continue
        position = found.end()
    return position


ATTRIBUTE = r"@\w+(?:\([^)\n]*\))?"
MODIFIERS = (
    "package|public|open|internal|private|fileprivate|static|final|mutating|nonmutating|override|convenience|required"
    "|lazy|weak|unowned|nonisolated|indirect|borrowing|consuming|prefix|postfix|infix|dynamic|optional|distributed"
)
DECLARATION = re.compile(
    rf"[ \t]*(?P<attributes>(?:{ATTRIBUTE}[ \t]+)*)"
    rf"(?P<modifiers>(?:(?:{MODIFIERS})(?:\((?:set|unsafe)\))?[ \t]+)*(?:class[ \t]+(?=func|var|subscript))?)"
    r"(?P<kind>struct|enum|class|actor|protocol|extension|func|var|let|init|subscript|typealias|associatedtype|case"
    r"|deinit|import)(?![\w:])"
    r"(?P<rest>[^\n]*)"
)
TYPES = {"struct", "enum", "class", "actor", "protocol", "extension"}


@dataclass
class Declaration:
    """What a source declares at the level of the file or of a type."""

    path: Path
    line: int
    kind: str
    name: str
    modifiers: list[str]
    documentation: list[str]
    is_reachable: bool

    @property
    def is_private(self) -> bool:
        return bool({"private", "fileprivate"} & set(self.modifiers))

    @property
    def is_package(self) -> bool:
        return bool({"package", "public", "open"} & set(self.modifiers))

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.kind} {self.name}".rstrip()


@functools.cache
def declarations(path: Path, text: str | None = None) -> list[Declaration]:
    """The declarations of a source outside of functions, with their `///` lines.

    `is_reachable` states whether all types around a declaration can be named outside of the file.
    """
    text = path.read_text() if text is None else text
    lines = text.split("\n")
    found: list[Declaration] = []
    # For each brace: whether declarations are directly in it, and whether they can be reached.
    scopes: list[tuple[bool, bool]] = [(True, True)]
    opening: tuple[bool, bool] | None = None
    parentheses = 0
    for index, line in enumerate(code(text).split("\n")):
        isMember, isReachable = scopes[-1]
        match = DECLARATION.match(line) if isMember and parentheses == 0 else None
        if match and match["kind"] not in ("import", "deinit"):
            kind = match["kind"]
            modifiers = re.findall(r"[\w]+(?:\(set\))?", match["modifiers"])
            declaration = Declaration(
                path, index + 1, kind, name(kind, match["rest"]), modifiers, documentation(lines, index), isReachable
            )
            found.append(declaration)
            if kind in TYPES:
                opening = (True, isReachable and not declaration.is_private)
        for character in re.findall(r"[(){}\[\]]", line):
            if character in "([":
                parentheses += 1
            elif character in ")]":
                parentheses -= 1
            elif character == "{":
                scopes.append(opening or (False, False))
                opening = None
            elif len(scopes) > 1:
                scopes.pop()
    return found


def name(kind: str, rest: str) -> str:
    if kind in ("init", "subscript"):
        return rest.split(")")[0].strip()
    match = re.match(r"\s*(`?[\w.]+`?|\S+?)(?=[\s(<:,={]|$)", rest)
    return match[1] if match else rest.strip()


def documentation(lines: list[str], index: int) -> list[str]:
    """The `///` lines before a declaration, with attributes between them and it."""
    found: list[str] = []
    index = before_attributes(lines, index)
    while index >= 0 and lines[index].strip().startswith("///"):
        found.insert(0, lines[index].strip()[3:].strip())
        index -= 1
    return found


def before_attributes(lines: list[str], index: int) -> int:
    """The line before a declaration's attributes, each of which may take several lines."""
    index -= 1
    while (first := attribute(lines, index)) is not None:
        index = first - 1
    return index


def attribute(lines: list[str], last: int) -> int | None:
    """The first line of the attribute that ends at a line."""
    for first in range(last, -1, -1):
        if not lines[first].strip():
            return None
        if lines[first].strip().startswith("@"):
            return first if is_attribute(lines[first : last + 1]) else None
    return None


def is_attribute(lines: list[str]) -> bool:
    """Whether the lines are attributes, all of them, and nothing else."""
    try:
        text = code("\n".join(lines))
    except ValueError:
        return False
    return bool(re.fullmatch(r"(\s*@\w+(\([^@]*\))?)+\s*", text)) and text.count("(") == text.count(")")
