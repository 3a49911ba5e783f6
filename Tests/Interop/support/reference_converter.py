"""The small models of a generator, and what convert_hf_to_gguf.py makes of them.

KNAPSACK_CONVERT_HF is the path of convert_hf_to_gguf.py, and KNAPSACK_CONVERT_PYTHON a Python that runs it (torch,
transformers 4.57.6, sentencepiece, and gguf's requirements); `needs.CONVERTER` leaves out the tests without them.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gguf_dump import dump
from project import program


def run(script: str, *arguments: str | Path) -> str:
    """What one of the programs in generators/ or support/ prints."""
    command = [os.environ["KNAPSACK_CONVERT_PYTHON"], program(script), *arguments]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL).stdout


def options(model: Path) -> list[str]:
    """The pre-tokenizer of a small trained tokenizer, as it is in no list."""
    pre = model / "pre-tokenizer.txt"
    return ["--pre", pre.read_text()] if pre.exists() else []


@dataclass
class Converted:
    """Models by their names, and what the reference made of each as each type."""

    models: Path
    files: Path

    def file(self, name: str, kind: str) -> Path:
        return self.files / f"{name}-{kind}.gguf"

    def equals(self, found: Path, name: str, kind: str) -> None:
        """Fails on the first difference: keys, then tensors with their bytes, then the header."""
        found, expected = dump(found), dump(self.file(name, kind))
        for part in ("kv", "tensors", "header"):
            assert found[part] == expected[part]


def convert_all(folder: Path, generator: str, types: tuple[str, ...], *more: str) -> Converted:
    """Makes the generator's models in `folder`/models, and converts each into `folder`/files."""
    models, files = folder / "models", folder / "files"
    models.mkdir(parents=True)
    files.mkdir()
    run(generator, models)
    # The reference changes its own table of names for Arctic, by which it cannot convert any other after it.
    names = sorted(models.iterdir(), key=lambda model: (model.name == "arctic", model.name))
    said = run("convert_reference.py", *more, os.environ["KNAPSACK_CONVERT_HF"], files, ",".join(types), *names)
    # transformers asks about code beside a model where its own converter looks at the configuration first.
    assert said.count('"error": null') == len(names) * len(types), said
    return Converted(models, files)
