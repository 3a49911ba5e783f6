"""Small models that are made in code, and what `lock` and `check` find in them."""

import json
import struct
from pathlib import Path

from cli import Knapsack, manifest

Files = dict[str, bytes | str | dict | list]


def safetensors(*names: str, size: int = 4) -> bytes:
    """A safetensors file with one tensor of F32 numbers a name (safetensors 0.8's layout: length, JSON, data)."""
    step = 4 * size
    header = {
        name: {"dtype": "F32", "shape": [size], "data_offsets": [at * step, (at + 1) * step]}
        for at, name in enumerate(names or ("w",))
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * (step * len(header))


CARD = "---\nlicense: mit\n---\n"
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4}
TOKENIZER = {
    "version": "1.0",
    "added_tokens": [],
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]},
}
MODEL: Files = {
    "README.md": CARD,
    "config.json": LLAMA,
    "model.safetensors": safetensors(),
    "tokenizer.json": TOKENIZER,
    "tokenizer_config.json": {},
}


def model(*without: str, **files) -> Files:
    """A small complete Llama, less some files, with others; `files` has the names' dots and slashes as they are."""
    return {name: content for name, content in {**MODEL, **files}.items() if name not in without}


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict | list):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


POLICY = '\n[policy]\npickle = "deny"\nremote-code = "deny"\n'


def findings(knapsack: Knapsack, folder: Path, files: Files, kind: str = "model", head: str = POLICY, **entry) -> dict:
    """The codes that `lock` and then `check` report, with their severity, for an entry from a directory."""
    write(folder / "src", files)
    text = manifest(head=head, **{kind: [{"name": "it", "source": "path:src", **entry}]})
    (folder / "m.toml").write_text(text)
    found: dict[str, str] = {}
    for command in ("lock", "check"):
        done = knapsack(command, folder / "m.toml", "--json", timeout=60)
        assert done.code in (0, 1, 2), done.text
        report = json.loads(done.stdout)
        for finding in report["findings"]:
            if found.get(finding["code"]) != "error":
                found[finding["code"]] = finding["severity"]
        if not (folder / "m.lock").exists():
            break
    return found


def errors(found: dict[str, str]) -> set[str]:
    return {code for code, severity in found.items() if severity == "error"}
