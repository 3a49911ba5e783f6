"""Where the parts of the project are that tests read or run."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"
INTEROP = ROOT / "Tests" / "Interop"

# The loader is in the folder of the module that puts it into bundles.
(LOADER,) = ROOT.glob("Sources/*/Loader/knapsack.py")


def program(name: str) -> Path:
    """A file of `generators/` or `support/` that tests run as a program of its own, perhaps with another Python."""
    (found,) = (path for folder in ("generators", "support") if (path := INTEROP / folder / name).exists())
    return found
