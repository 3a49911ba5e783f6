"""The notebooks of docs/notebooks, cell by cell: one with internet (stand-ins for the Hub and the index of packages) that
packs, and one without that loads what the first wrote."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import notebook
import pytest
from conftest import KAGGLE_MINILM
from documents import DOCS, ROOT
from genuine import MINILM, MINILM_FILES

pytestmark = pytest.mark.root


def cells(name: str) -> list[str]:
    document = json.loads((DOCS / "notebooks" / name).read_text())
    assert document["nbformat"] == 4
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]


class Session:
    """A notebook's session with internet: a virtual environment that sees the tests' packages, and directories of its own."""

    def __init__(self, folder: Path, hub, knapsack, wheel: Path):
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        packages = next((folder / "venv" / "lib").glob("python*/site-packages"))
        (packages / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
        self.working = folder / "working"
        self.working.mkdir()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HF_", "KAGGLE", "KNAPSACK"))},
            **hub.client_environment(),
            "HOME": str(folder / "home"), "HF_HOME": str(folder / "home" / "hf"), "HF_HUB_OFFLINE": "0",
            "KAGGLE_CACHE_MOUNT_FOLDER": str(folder / "input"),
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheel.parent), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PATH": f"{folder / 'venv' / 'bin'}:{os.environ['PATH']}",
        }  # fmt: skip

    def run(self, cell: str, code: int = 0) -> str:
        """What a cell prints; `%pip`, `%%bash` and `%%writefile` mean what they mean in Jupyter."""
        cell = cell.replace("/kaggle/working", str(self.working))
        if cell.startswith("%%writefile "):
            name, text = cell.removeprefix("%%writefile ").split("\n", 1)
            (self.working / name).write_text(text)
            return ""
        if cell.startswith("%pip "):
            words = [str(self.python), "-m", "pip", *cell.removeprefix("%pip ").split()]
        elif cell.startswith("%%bash\n"):
            words = ["bash", "-c", cell.removeprefix("%%bash\n")]
        else:
            words = [str(self.python), "-c", cell]
        done = subprocess.run(words, cwd=self.working, env=self.environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == code, f"{cell}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(knapsack, tmp_path_factory) -> Path:
    """The wheel of the binary under test."""
    loader = ROOT / "Sources" / "Bundles" / "Loader" / "knapsack.py"
    words = ["--version", "1.2.3", "--tag", "linux_x86_64", "--binary", knapsack.binary, "--loader", loader]
    words += ["--readme", ROOT / "README.md", "--license", ROOT / "LICENSE", "--license", ROOT / "NOTICE"]
    words += ["--output", tmp_path_factory.mktemp("wheel")]
    script = ROOT / ".ci" / "packaging" / "wheel.py"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1790000000"}
    done = subprocess.run(
        [sys.executable, script, *map(str, words)], check=True, capture_output=True, text=True, env=environment
    )
    return Path(done.stdout.strip())


def test_a_bundle_made_in_one_notebook_loads_in_another(knapsack, hub, wheel, tmp_path):
    attached = tmp_path / "input" / "models" / KAGGLE_MINILM / "1"
    shutil.copytree(MINILM_FILES, attached)
    (tmp_path / "home").mkdir()
    session = Session(tmp_path, hub, knapsack, wheel)
    printed = [session.run(cell) for cell in cells("pack-on-kaggle.ipynb")]
    assert any(KAGGLE_MINILM in text for text in printed) and "every byte is right" in printed[-1]
    bundle = session.working / "my-models"
    assert sum(path.stat().st_size for path in bundle.rglob("*.safetensors")) < 2 * (MINILM_FILES / "model.safetensors").stat().st_size
    shutil.rmtree(tmp_path / "home")
    code = cells("load-offline.ipynb")
    shape, path = "model(**tokenizer", "kagglehub.model_download"
    last = [f"print({line})" if line.startswith((shape, path)) else line for cell in code for line in cell.splitlines()]
    done = notebook.run_cell("\n".join(last), {"/kaggle/input/notebooks/me/pack/my-models": bundle})
    assert done.code == 0, done.stderr
    assert "torch.Size([1, " in done.stdout and "all-minilm-l6-v2/1" in done.stdout
    assert MINILM in "".join(code)


@pytest.mark.slow
def test_the_notebook_that_packs_stops_where_a_model_is_not_attached(knapsack, hub, wheel, tmp_path):
    shutil.copytree(MINILM_FILES, tmp_path / "input" / "models" / KAGGLE_MINILM / "2")
    (tmp_path / "home").mkdir()
    session = Session(tmp_path, hub, knapsack, wheel)
    code = cells("pack-on-kaggle.ipynb")
    lock = next(number for number, cell in enumerate(code) if "knapsack lock" in cell)
    for cell in code[:lock]:
        session.run(cell)
    printed = session.run(code[lock], code=2)
    assert "neither attached" in printed and "Add Input" in printed and f"{KAGGLE_MINILM}/2" in printed
    session.run(code[lock + 1], code=1)
    assert not (session.working / "my-models").exists()


def test_the_notebook_that_loads_names_what_is_not_attached():
    done = notebook.run_cell(cells("load-offline.ipynb")[0], {})
    assert done.code == 1 and "(Add Input)" in done.stderr.splitlines()[-1]
