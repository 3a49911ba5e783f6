"""docs/gguf-runs.md names the classes that are run, and those that are not with the reason that the tests have."""

import re

from model_specs_runs_more import NOT_RUN
from run_families import DOCS, equal_classes, run_classes

PAGE = (DOCS / "gguf-runs.md").read_text()


def test_the_page_lists_the_classes_that_are_run():
    listed = PAGE.partition("These classes were run so")[2].partition("\n## ")[0]
    assert re.findall(r"`(\w+)`[,.]\s", listed) == sorted(run_classes())


def test_the_page_has_each_reason_why_a_class_is_not_run():
    table = PAGE.partition("\n## What is not run\n")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", table, re.MULTILINE)) == NOT_RUN


def test_what_is_run_can_become_gguf():
    equal = set(equal_classes())
    assert run_classes() | NOT_RUN.keys() <= equal
    assert not run_classes() & NOT_RUN.keys()
