"""Chromium, driven by playwright, with axe: what people see of pages, and what hinders them.

The packages are in a virtual environment of their own, which is made at the first use: `.venv-browser`, or what
KNAPSACK_BROWSER_VENV names.
"""

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from project import INTEROP, ROOT

CHROMIUM = shutil.which("chromium")
NEEDED = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
WIDTHS = {390: 844, 1440: 900}
SCHEMES = ("light", "dark")


def use_packages() -> None:
    """Makes playwright, axe and html5lib importable, or skips with the reason."""
    named = os.environ.get("KNAPSACK_BROWSER_VENV")
    environment = Path(named) if named else ROOT / ".venv-browser"
    requirements = INTEROP / "requirements-browser.txt"
    stamp = environment / "requirements.txt"
    if not named and not (stamp.exists() and stamp.read_text() == requirements.read_text()):
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "--requirement", requirements]).returncode != 0:
            pytest.skip("playwright cannot be installed from PyPI")
        stamp.write_text(requirements.read_text())
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = environment / "lib" / version / "site-packages"
    if not (packages / "playwright").is_dir():
        pytest.skip(f"{packages} does not have playwright")
    if str(packages) not in sys.path:
        # At the end, so that nothing of the tests' own environment is hidden.
        sys.path.append(str(packages))


@pytest.fixture(scope="session")
def chromium():
    """The browser, without a window."""
    use_packages()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, with all that it asked for and complained of."""

    page: object
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def wait(self, expression: str, seconds: float = 20):
        """Waits until an expression is true. playwright's own waiting evaluates text in the page, which its policy forbids."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := self.page.evaluate(expression):
                return found
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never true: {expression}\n{self.page.locator('body').inner_text()[:2000]}\n{self.complaints}")

    def barriers(self) -> list[str]:
        """What axe finds, one line each."""
        from axe_playwright_python.base import AXE_FILE_PATH

        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": Path(AXE_FILE_PATH).read_text()})
        session.detach()
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"]
        ]

    def is_too_wide(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth > innerWidth")


@contextmanager
def opened(browser, width: int = 1440, scheme: str = "light", origin: str | None = None, **options):
    """A page of that width; with `origin` nothing but that may be asked for."""
    context = browser.new_context(viewport={"width": width, "height": WIDTHS.get(width, 900)}, color_scheme=scheme, **options)
    page = context.new_page()
    watched = Watched(page)
    page.on("request", lambda request: watched.asked.append(request.url))
    page.on("console", lambda one: watched.complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (watched.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    try:
        yield watched
        if origin:
            assert [url for url in watched.asked if not url.startswith(origin)] == [], "a request went to another host"
    finally:
        context.close()


def html_faults(text: str) -> list[str]:
    """What a parser by the standard complains of."""
    use_packages()
    import html5lib

    parser = html5lib.HTMLParser(strict=False)
    parser.parse(text)
    return [f"{place}: {code} {values}" for place, code, values in parser.errors]
