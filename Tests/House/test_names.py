"""Names that decide something are compared by their bytes, in one place: `Sources/Formats/Names`.

Swift's `String` compares by canonical equivalence, so that a dictionary or a set of strings takes U+212A for "K" and two
spellings of "é" for one.
"""

import functools
import re

import pytest
from swift_source import ROOT, SOURCES, code, files, shown

NAMES = "Sources/Formats/Names/"

# Collections that may be keyed by text, each with its reason: path (or folder with "/"), what is written there, why.
KEYED_BY_TEXT = [
    ("Sources/", r"[Ee]nvironment: \[String: String\]", "the process's environment, which is the user's own"),
    (
        "Sources/KnapsackCommands/CommandContext.swift",
        r"processEnvironment\(\) -> \[String: String\]|var result: \[String: String\]",
        "the process's environment",
    ),
    ("Sources/PythonPackages/", r"(?=.)", "normalized names of projects and extras: small ASCII letters, which have no twins"),
    ("Sources/ModelFacts/Wheels/WheelReader.swift", r"spellings: Set<String>", "asks which names are one on other systems"),
    ("Sources/knapsack-bench/", r"(?=.)", "names that the benchmarks make up"),
    ("Sources/Manifests/Manifest/TOMLNode.swift", r"indices: \[\[UInt8\]: Int\]", "keys as the parser has them"),
    ("Sources/ModelFacts/ModelCard.swift", r"first: \[\[UInt8\]: YAMLScalarNode\]", "keys as the parser has them"),
    ("Sources/Storage/YAML/YAMLParser.swift", r"anchors: \[\[UInt8\]:", "names as the parser has them"),
    ("Sources/Conversion/Tokenizers/TiktokenFile.swift", r"seen: Set<\[UInt8\]>", "tokens, which need not be valid UTF-8"),
    ("Sources/Tensors/ONNX/ONNXExternalData.swift", r"seen: Set<\[UInt8\]>", "names that need not be valid UTF-8"),
]

KEYED = re.compile(
    r"\[\s*(?:String|Substring)\s*:(?!\s*\])|\bSet<\s*(?:String|Substring)\s*>|\bDictionary<\s*(?:String|Substring)\b"
    r"|\bSet<\s*\[UInt8\]\s*>|\[\s*\[UInt8\]\s*:"
)

# Comparisons of sequences whose elements are not text.
COMPARED = [
    ("Sources/PythonPackages/Versions/PackageVersion.swift", "numbers of releases"),
    ("Sources/ModelFacts/ModelFormat.swift", "bytes of a file"),
    ("Sources/ModelFacts/ModelFacts.swift", "lists of records"),
    ("Sources/PythonPackages/Wheels/HeaderFields.swift", "lists of records"),
    ("Sources/Scanning/Programs/HDF5/HDF5File.swift", "the signature of a format"),
    ("Sources/Conversion/General/", "scalars of Python's texts"),
    ("Sources/Bundles/Sign/ModelStatement+Parse.swift", "lists of names, each by its bytes"),
    ("Sources/ModelFiles/Inspect/TensorPair.swift", "shapes"),
    ("Sources/Tokenizers/", "scalars and bytes of texts that are tokenized"),
]

SEQUENCES = re.compile(r"\.elementsEqual\(|\.lexicographicallyPrecedes\(")

# A literal with one of these is equal to another text: U+212A, U+037E, U+1FEF, and whatever is not ASCII.
TWINS = re.compile(r"[K;`]|[^\x00-\x7f]")
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
DECIDES = re.compile(rf"(?:==|!=)\s*({LITERAL})|({LITERAL})\s*(?:==|!=)|\bcase\s+({LITERAL}(?:\s*,\s*{LITERAL})*)\s*(?:where\b[^:]*)?:")

# Where such a literal is none of a name.
OWN_TEXT = [
    ("Sources/Bundles/Write/BundleReadme.swift", "scalars"),
    ("Sources/KnapsackCommands/Report/Markdown.swift", "scalars"),
    ("Sources/KnapsackCommands/Help/PageText.swift", "the program's own pages"),
    ("Sources/Tokenizers/Regex/RegexParser+Escapes.swift", "scalars"),
    ("Sources/Scanning/Programs/ProgramFile+Archives.swift", "the program's own words for formats"),
]


def keyed_by_text(text: str, path: str) -> list[str]:
    found = []
    for number, line in enumerate(code(text).split("\n"), 1):
        if not KEYED.search(line):
            continue
        allowed = any(path.startswith(place) and re.search(what, line) for place, what, _ in KEYED_BY_TEXT)
        if not allowed:
            found.append(f"{path}:{number}: {line.strip()}")
    return found


def compared_elsewhere(text: str, path: str) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for number, line in enumerate(code(text).split("\n"), 1)
        if SEQUENCES.search(line) and not any(path.startswith(place) for place, _ in COMPARED)
    ]


def twin_literals(text: str, path: str) -> list[str]:
    found = []
    if any(path == place for place, _ in OWN_TEXT):
        return found
    lines = code(text).split("\n")
    for number, (line, plain) in enumerate(zip(text.split("\n"), lines), 1):
        if '"' not in plain:
            continue
        for match in DECIDES.finditer(line):
            literal = next(group for group in match.groups() if group)
            if plain[match.start()] == " " and line[match.start()] != " ":
                continue
            if TWINS.search(literal):
                found.append(f"{path}:{number}: {literal}")
    return found


@functools.cache
def sources():
    return [(shown(path), path.read_text()) for path in files(SOURCES) if not shown(path).startswith(NAMES)]


def test_no_collection_is_keyed_by_text():
    found = [line for path, text in sources() for line in keyed_by_text(text, path)]
    assert not found, "key them by RelativePath or ExactName:\n" + "\n".join(found)


def test_every_exception_is_still_one():
    texts = sources()
    for place, what, _ in KEYED_BY_TEXT:
        lines = [line for path, text in texts if path.startswith(place) for line in code(text).split("\n")]
        assert any(KEYED.search(line) and re.search(what, line) for line in lines), f"{place}: {what}"
    for place, _ in COMPARED:
        lines = [line for path, text in texts if path.startswith(place) for line in code(text).split("\n")]
        assert any(SEQUENCES.search(line) for line in lines), place


def test_texts_are_compared_by_bytes_in_one_place():
    found = [line for path, text in sources() for line in compared_elsewhere(text, path)]
    assert not found, "use hasSameBytes, isText, precedesByBytes and so on:\n" + "\n".join(found)


def test_no_literal_that_has_a_twin_is_compared_as_text():
    found = [line for path, text in sources() for line in twin_literals(text, path)]
    assert not found, "use hasSameBytes(as:):\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    ["var a: [String: Int] = [:]", "let b = Set<String>()", "var c: [ String : Int ]", "func f(_ x: Dictionary<String, Int>)",
     "var d: Set<[UInt8]> = []", "var e: [[UInt8]: Int] = [:]", "let f = Set<Substring>(g)"],
)  # fmt: skip
def test_a_collection_keyed_by_text_is_found(line):
    assert keyed_by_text(line, "Sources/Caches/New.swift")


@pytest.mark.parametrize(
    "line",
    ["var a: [ExactName: String]", "let b: [String]", 'let c = "Set<String>"', "// Set<String>", "let d = [String]()"],
)
def test_what_is_no_collection_keyed_by_text_is_let_be(line):
    assert not keyed_by_text(line, "Sources/Caches/New.swift")


@pytest.mark.parametrize("line", ['if a == "Kaggle" {', 'case "x", "K":', 'if "K" != a {', 'case "ё":', 'a == ";"'])
def test_a_literal_with_a_twin_is_found(line):
    assert twin_literals(line, "Sources/Caches/New.swift")


@pytest.mark.parametrize("line", ['if a == "model" {', 'print("K == \\"K\\"")', 'let a = "K"', '// a == "K"'])
def test_a_literal_without_a_twin_is_let_be(line):
    assert not twin_literals(line, "Sources/Caches/New.swift")


def test_the_interop_tests_have_one_conftest():
    """Tests import from it by its name, and a second one would be imported in its place."""
    found = list((ROOT / "Tests/Interop").rglob("conftest.py"))
    assert found == [ROOT / "Tests/Interop/conftest.py"]
