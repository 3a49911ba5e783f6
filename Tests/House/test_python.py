"""Every name that Python code uses is defined: a program that only long series start would fail there and nowhere else."""

import ast
import subprocess

import pytest
from pyflakes.checker import Checker
from pyflakes.messages import UndefinedLocal, UndefinedName
from swift_source import ROOT

PROGRAMS = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
).stdout.split()


def undefined(text: str, path: str) -> list[str]:
    found = Checker(ast.parse(text, path), filename=path).messages
    return [f"{path}:{item.lineno}: {item.message_args[0]}" for item in found if isinstance(item, (UndefinedLocal, UndefinedName))]


def test_sees_a_name_that_is_nowhere():
    assert undefined("import os\n\ndef f():\n    return transformers.x, os\n", "x.py") == ["x.py:4: transformers"]


@pytest.mark.skipif(not PROGRAMS, reason="not a checkout of git")
def test_every_name_is_defined():
    assert [line for path in PROGRAMS for line in undefined((ROOT / path).read_text(), path)] == []
