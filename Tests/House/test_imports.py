"""A target in `Package.swift` names exactly the modules that its files import."""

import functools
import re

from swift_source import ROOT, code, files

TARGET = re.compile(r"\.(target|executableTarget|testTarget)\(")
# Modules of the toolchain.
SYSTEM = {"Glibc", "Darwin", "Synchronization", "FoundationEssentials", "Foundation", "Testing", "PackagePlugin", "Builtin"}
IMPORT = re.compile(r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:(?:package|public|internal|private|fileprivate)[ \t]+)?import[ \t]+(?:struct |func |class |enum |protocol )?(\w+)", re.M)  # fmt: skip


def call(text: str, start: int) -> str:
    """What is between a parenthesis and the one that closes it."""
    depth, position = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return text[start : position - 1]


def targets(manifest: str) -> dict[str, tuple[str, set[str], str]]:
    """Each target's kind, dependencies and folder."""
    found = {}
    for match in TARGET.finditer(manifest):
        body = call(manifest, match.end())
        name = re.search(r'name:\s*"([^"]+)"', body)[1]
        dependencies = set()
        if listed := re.search(r"dependencies:\s*\[", body):
            depth, position = 1, listed.end()
            while depth:
                depth += {"[": 1, "]": -1}.get(body[position], 0)
                position += 1
            text = body[listed.end() : position]
            products = re.findall(r'\.product\(name:\s*"([^"]+)"', text)
            dependencies = set(products) | set(re.findall(r'"([^"]+)"', re.sub(r"\.product\([^)]*\)", "", text)))
        folder = re.search(r'path:\s*"([^"]+)"', body)
        default = ("Tests/" if match[1] == "testTarget" else "Sources/") + name
        found[name] = (match[1], dependencies, folder[1] if folder else default)
    return found


@functools.cache
def imports(folder: str) -> set[str]:
    found = set()
    for path in files(ROOT / folder):
        found |= set(IMPORT.findall(code(path.read_text())))
    return found - SYSTEM


def differences(manifest: str) -> list[str]:
    found = []
    for name, (_, dependencies, folder) in targets(manifest).items():
        used = imports(folder)
        found += [f"{name} imports {module}, which it does not name" for module in sorted(used - dependencies)]
        found += [f"{name} names {module}, which it does not import" for module in sorted(dependencies - used)]
    return found


MANIFEST = (ROOT / "Package.swift").read_text()


def test_targets_name_exactly_what_they_import():
    assert not differences(MANIFEST), "\n".join(differences(MANIFEST))


def test_all_sources_belong_to_a_target():
    plugins = re.findall(r'\.plugin\(\s*name:[^\n]*?path:\s*"([^"]+)"', MANIFEST)
    folders = [ROOT / folder for folder in [*(target[2] for target in targets(MANIFEST).values()), *plugins]]
    outside = [path for path in files() if not any(path.is_relative_to(folder) for folder in folders)]
    assert not outside


def test_a_dependency_too_many_and_one_too_few_are_found():
    more = MANIFEST.replace('.target(name: "Formats")', '.target(name: "Formats", dependencies: ["Tensors"])')
    assert more != MANIFEST and "Formats names Tensors, which it does not import" in differences(more)
    less = MANIFEST.replace('.target(name: "Scanning", dependencies: ["Formats"])', '.target(name: "Scanning")')
    assert less != MANIFEST and "Scanning imports Formats, which it does not name" in differences(less)
