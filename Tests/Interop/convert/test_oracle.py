"""`knapsack convert` against what convert_hf_to_gguf.py and llama-quantize make: of everything in the reference's
folder that KNAPSACK_ORACLE names, and of MiniLM from PyPI.

Run as a program, with support/ and generators/ in PYTHONPATH, it reports how every case differs: test_oracle.py KNAPSACK [MODEL[/CASE]...], where the text after
the slash is a part of the cases' names.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import needs
import pytest
from gguf_dump import dump

# The converter refuses small trained vocabularies, for which the name was given by hand.
PRE = {
    "Tiny-Llama3-1M-Instruct-v0.2": "llama-bpe", "qwen2": "qwen2", "qwen2moe": "qwen2", "qwen3": "qwen2",
    "roberta": "roberta-bpe", "gpt2": "gpt-2",
}  # fmt: skip


def minilm(folder: Path) -> Path:
    """MiniLM in a directory of the name that the expected files were made from."""
    from genuine import MINILM_FILES

    return Path(shutil.copytree(MINILM_FILES, folder / "minilm", dirs_exist_ok=True))


def models() -> list[str]:
    folder = os.environ.get("KNAPSACK_ORACLE")
    return sorted(path.name for path in Path(folder, "expected").iterdir()) if folder else []


def cases(oracle: Path, model: str) -> list[tuple[Path, list[str]]]:
    """The expected files of a model, each with the options that make it."""
    expected = oracle / "expected" / model
    pre = ["--pre", PRE[model]] if model in PRE else []
    found = [(path, ["--outtype", path.stem.split("-")[1], *pre]) for path in sorted(expected.glob("convert-*.json"))]
    for path in sorted(expected.glob("quantize-from-*/*.json")):
        name, *words = path.stem.split("-")
        options = ["--outtype", name, "--via", path.parent.name.rsplit("-", 1)[1], *pre]
        if "pure" in words:
            options.append("--pure")
        if "im" in words:
            imatrix = next(p for p in (f"{model}-syn.gguf", f"{model}.gguf") if (oracle / "imatrix" / p).exists())
            options += ["--imatrix", f"imatrix/{imatrix}"]
        found.append((path, options))
    if (expected / "vocab.json").exists():
        found.append((expected / "vocab.json", ["--vocab-only", *pre]))
    return found


def differences(found: dict, expected: dict) -> list[str]:
    """How two dumps differ: keys, then tensors, then what else there is."""
    said = []
    for part, name in (("kv", "key"), ("tensors", "name")):
        ours, theirs = ({item[name]: item for item in content[part]} for content in (found, expected))
        said += [f"{key}: missing" for key in theirs if key not in ours]
        said += [f"{key}: too much" for key in ours if key not in theirs]
        for key in theirs:
            if key in ours and ours[key] != theirs[key]:
                fields = [field for field in theirs[key] if ours[key].get(field) != theirs[key][field]]
                said.append(
                    f"{key}: " + ", ".join(f"{f} {ours[key].get(f)!r}, expected {theirs[key][f]!r}" for f in fields)[:300]
                )
        if not said and list(ours) != list(theirs):
            said.append(f"{part}: in another order")
    if not said and found != expected:
        said.append(f"header {found['header']}, expected {expected['header']}")
    return said


def convert(binary: Path, oracle: Path, source: Path, options: list[str], output: Path) -> str:
    """Runs the conversion; what it states where it fails."""
    done = subprocess.run(
        [binary, "convert", source, output, *options, "--quiet"],
        cwd=oracle, capture_output=True, text=True, check=False,
        env={**os.environ, "HF_HUB_CACHE": "/nowhere", "KAGGLEHUB_CACHE": "/nowhere"},
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr or f"ended with {done.returncode}"


def compare(binary: Path, oracle: Path, model: str, folder: Path, part: str = "") -> dict[str, list[str]]:
    """For every case of a model, how it differs."""
    sources = [oracle / "models" / model, oracle / "tokenizers" / model]
    source = next((path for path in sources if path.exists()), None) or minilm(folder)
    result = {}
    for expected, options in cases(oracle, model):
        name = f"{expected.parent.name}/{expected.stem}"
        if part not in name:
            continue
        output = folder / "out.gguf"
        problem = convert(binary, oracle, source, options, output)
        result[name] = [problem] if problem else differences(dump(output), json.loads(expected.read_text()))
        output.unlink(missing_ok=True)
    return result


# Models of which the reference made the most, or the largest, files.
LARGE = {"minilm", "llama-gqa", "mixtral", "llama-odd288"}
MODELS = [pytest.param(model, marks=pytest.mark.slow) if model in LARGE else model for model in models()]


@pytest.mark.oracle
@pytest.mark.parametrize("model", needs.cases(MODELS, needs.ORACLE))
def test_equals_the_reference(knapsack, tmp_path, model):
    found = compare(knapsack.binary, Path(os.environ["KNAPSACK_ORACLE"]), model, tmp_path)
    assert found
    assert {name: said for name, said in found.items() if said} == {}


def main() -> None:
    binary, *wanted = sys.argv[1:]
    oracle = Path(os.environ["KNAPSACK_ORACLE"])
    for text in wanted or models():
        model, _, part = text.partition("/")
        with tempfile.TemporaryDirectory() as folder:
            found = compare(Path(binary).resolve(), oracle, model, Path(folder), part)
        equal = sum(1 for said in found.values() if not said)
        print(f"{model}: {equal} of {len(found)} equal", flush=True)
        for name, said in found.items():
            if said:
                print(f"  {name}: {len(said)} differences")
                for line in said[:8]:
                    print(f"    {line}")


if __name__ == "__main__":
    main()
