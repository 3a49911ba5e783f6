"""What is searched and looked into in the tests: names, files, and what services state of them."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import numpy
from safetensors.numpy import save_file

# What a text of strangers must not have that is shown.
ESCAPES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
TINY = "tester/tiny-qwen"
KAGGLE_TINY = "tester/tiny/transformers/base"
CARD = """---
license: apache-2.0
base_model: Qwen/Qwen2.5-0.5B
base_model_relation: finetune
library_name: transformers
pipeline_tag: text-generation
language: [en, de]
datasets: [openai/gsm8k]
tags: [tiny, "esc\\u001b[31mape"]
---

# A tiny model
"""


def make_model(directory: Path) -> Path:
    """A model in several formats: two shards, the same as a pickle and as ONNX, and a state of a trainer."""
    directory.mkdir(parents=True)
    index = {}
    for number in (1, 2):
        name = f"model-{number:05}-of-00002.safetensors"
        tensors = {f"model.layers.{number - 1}.mlp.up_proj.weight": numpy.zeros((64, 16), dtype=numpy.float16)}
        save_file(tensors, directory / name, metadata={"format": "pt"})
        index |= dict.fromkeys(tensors, name)
    write(directory / "model.safetensors.index.json", json.dumps({"metadata": {}, "weight_map": index}))
    config = {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "vocab_size": 64, "torch_dtype": "float16"}
    write(directory / "config.json", json.dumps(config))
    write(directory / "tokenizer_config.json", json.dumps({"tokenizer_class": "Qwen2Tokenizer"}))
    write(directory / "tokenizer.json", "{}")
    write(directory / "README.md", CARD)
    (directory / "pytorch_model.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(5000))
    (directory / "training_args.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(100))
    (directory / "onnx").mkdir()
    (directory / "onnx" / "model.onnx").write_bytes(b"\x08\x08" + bytes(3000))
    return directory


def write(path: Path, text: str) -> None:
    path.write_text(text)


def fields(**more) -> dict:
    return {
        "author": "tester", "downloads": 0, "likes": 0, "private": False, "gated": False, "trendingScore": 0,
        "lastModified": "2026-10-02T10:00:00.000Z", "createdAt": "2026-09-01T00:00:00.000Z", "tags": [], **more,
    }  # fmt: skip


def header_of(length: int) -> bytes:
    """The first bytes of a safetensors file that claims a header of this length."""
    return struct.pack("<Q", length) + b'{"a":'


BROKEN = {
    "a header that is too long": header_of(90_000_000) + bytes(1000),
    "a header that is longer than the file": header_of(1 << 50),
    "no header": b"no",
    "an empty header": struct.pack("<Q", 2) + b"{}",
    "a size past 64 bits": struct.pack("<Q", 76) + b'{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}   ' + bytes(4),
}


def in_terminal(knapsack, columns: int, *arguments: str, **environment: str) -> list[str]:
    """The lines that the program draws on a terminal of so many columns, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    variables = {**knapsack.environment(), "TERM": "xterm", "NO_COLOR": "1", **environment}
    process = subprocess.Popen([knapsack.binary, *arguments], env=variables, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    while True:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        output += part
    os.close(ours)
    assert process.wait(60) == 0, output
    return output.decode().replace("\r\n", "\n").splitlines()
