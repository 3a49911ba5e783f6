"""The pages of `knapsack report` and `inspect --html` as Chromium shows them: at two widths, light and dark, and without barriers."""

from pathlib import Path

import browser
import pytest
import shelf
from browser import SCHEMES, WIDTHS, chromium, opened  # noqa: F401

pytestmark = [pytest.mark.slow, browser.NEEDED]


@pytest.fixture(scope="module")
def pages(knapsack, tmp_path_factory) -> dict[str, Path]:
    """Pages of a bundle of one entry and of twenty, of a lock alone, of a bundle with findings, and of models."""
    directory = tmp_path_factory.mktemp("pages")
    found = {}
    for name, make in (("one", shelf.one), ("twenty", shelf.many)):
        (directory / name).mkdir()
        manifest = make(directory / name)
        bundle = directory / name / "bundle"
        knapsack("pack", manifest, "--output", bundle).expect(0)
        found[name] = bundle
    twenty = directory / "twenty"
    written = {name: directory / f"{name}.html" for name in ("one", "twenty", "lock", "damaged", "safetensors", "gguf")}
    knapsack("report", found["one"], "-o", written["one"]).expect(0)
    knapsack("report", found["twenty"], "--errors", "-o", written["twenty"]).expect(0)
    knapsack("report", twenty / "many.lock", "-o", written["lock"]).expect(0)
    (found["one"] / "models/only/config.json").unlink()
    knapsack("report", found["one"], "-o", written["damaged"]).expect(1)
    knapsack("inspect", twenty / "basalt" / "model.safetensors", "--html", written["safetensors"]).expect(0)
    gguf = next(found["twenty"].rglob("*.gguf"))
    knapsack("inspect", gguf, "--html", written["gguf"]).expect(0)
    return written


def test_a_parser_by_the_standard_finds_no_fault(pages):
    for name, path in pages.items():
        assert browser.html_faults(path.read_text()) == [], name


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_barriers_and_nothing_is_loaded(chromium, pages, width, scheme, request):  # noqa: F811
    pictures = request.config.cache.mkdir("report")
    for name, path in pages.items():
        with opened(chromium, width, scheme, origin=path.as_uri()) as watched:
            watched.page.goto(path.as_uri())
            assert watched.barriers() == [], name
            assert not watched.is_too_wide(), name
            assert watched.complaints == [], name
            assert watched.asked == [path.as_uri()], name
            watched.page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
