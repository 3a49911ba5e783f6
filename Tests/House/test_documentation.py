"""What can be seen beyond a file has a sentence (`///`) that states more than its name."""

import re

import pytest
from swift_source import Declaration, declarations, files

# Sentences that state nothing.
PLACEHOLDERS = re.compile(
    r"^(Makes|Creates|Initiali[sz]es) (a|an|the)( new)? (\w+ )?(value|instance|object|description|one)"
    r"( (from|out of|of) (its|the) (parts|values))?\.?$",
    re.I,
)


def requirements() -> set[tuple[str, str]]:
    """What protocols ask for, with a sentence: a type that has it repeats none."""
    found = set()
    for path in files():
        inside = None
        for declaration in declarations(path):
            if declaration.kind == "protocol":
                inside = declaration
            elif declaration.kind in ("struct", "enum", "class", "extension", "actor"):
                inside = None
            elif inside and declaration.documentation:
                found.add((witness(declaration), declaration.name))
    return found


def witness(declaration: Declaration) -> str:
    """The kind of declaration that meets the same requirement."""
    return {"let": "var", "typealias": "associatedtype"}.get(declaration.kind, declaration.kind)


# The codes of findings have their sentences in a `switch`, of which the compiler asks for each.
CODES = "FindingCode.swift"


def needs_a_sentence(declaration: Declaration) -> bool:
    """Whether something can be named beyond its file, and does not have its sentence elsewhere."""
    if declaration.kind == "extension" or declaration.is_private or not declaration.is_reachable:
        return False
    return "override" not in declaration.modifiers and not (declaration.kind == "case" and declaration.path.name == CODES)


def undocumented(found: list[Declaration], required: set[tuple[str, str]]) -> list[Declaration]:
    return [
        declaration
        for declaration in found
        if needs_a_sentence(declaration)
        and not declaration.documentation
        and (witness(declaration), declaration.name) not in required
    ]


def empty(found: list[Declaration]) -> list[Declaration]:
    return [
        declaration
        for declaration in found
        if len(declaration.documentation) == 1 and PLACEHOLDERS.match(declaration.documentation[0])
    ]


def test_everything_that_other_files_see_has_a_sentence():
    required = requirements()
    found = [line for path in files() for line in undocumented(declarations(path), required)]
    assert not found, "\n".join(map(str, found))


def test_no_sentence_is_a_placeholder():
    found = [line for path in files() for line in empty(declarations(path))]
    assert not found, "\n".join(map(str, found))


SAMPLE = '''
package struct A {
    /// A number.
    package let one: Int
    package let two: Int
    let three: String = "package let four: Int"
    private struct B { package let five: Int }
    package func six(
        _ a: Int
    ) {
        let seven = 7
        struct Eight {}
    }
    /// Makes a value from its parts.
    package init() {}
    // package func nine()
    /// With an attribute.
    @discardableResult
    package func ten() -> Int { 1 }
    /// With an attribute of several lines.
    @Option(
        help: ArgumentHelp("Not (one", valueName: "one"),
        completion: .file())
    package var twelve: Int?
    @Option(
        help: "No sentence.")
    package var thirteen: Int?
}

struct C {
    var eleven: Int { 1 }
    override func fourteen() {}
    private(set) var fifteen = 1
}

private extension C {
    func sixteen() {}
}
'''


def test_what_has_no_sentence_is_found(tmp_path):
    path = tmp_path / "Sample.swift"
    found = [line.name for line in undocumented(declarations(path, SAMPLE), set())]
    assert found == ["A", "two", "three", "six", "thirteen", "C", "eleven", "fifteen"]


def test_a_requirement_of_a_protocol_has_its_sentence_there(tmp_path):
    found = undocumented(declarations(tmp_path / "Sample.swift", SAMPLE), {("func", "six"), ("var", "two")})
    assert [line.name for line in found] == ["A", "three", "thirteen", "C", "eleven", "fifteen"]


def test_only_the_cases_of_codes_have_their_sentences_elsewhere(tmp_path):
    text = "/// Codes.\nenum Code {\n    case one\n    var two: Int { 2 }\n}\n"
    for name, expected in [(CODES, ["two"]), ("Other.swift", ["one", "two"])]:
        assert [line.name for line in undocumented(declarations(tmp_path / name, text), set())] == expected


def test_a_placeholder_is_found(tmp_path):
    assert [line.kind for line in empty(declarations(tmp_path / "Sample.swift", SAMPLE))] == ["init"]


@pytest.mark.parametrize("sentence", ["Makes a description.", "Creates a new instance.", "Makes the value from its parts."])
def test_placeholders(sentence):
    assert PLACEHOLDERS.match(sentence)
