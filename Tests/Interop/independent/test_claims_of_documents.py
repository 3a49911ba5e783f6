"""Documents whose claims or shapes would keep a reader busy, or fill its memory: each is judged within bounds.

By the formats' own texts: JSON (RFC 8259), YAML 1.2, TOML 1.0, safetensors 0.8, GGUF 3, NumPy's format 3.0, protocol buffers, zip,
gzip, pickle. Files that are large are sparse or packed. The bounds are 300 MB and seconds of a
processor, of which a build without optimization needs more.
"""

import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
from cli import manifest
from instances import CARD, LLAMA, model, write
from test_more_programs import field, graph, operator, tar

MEGABYTES = 300
SECONDS = 30

MANY = "[" * 200_000
BLANKS = " " * 1_000_000


def sparse(path: Path, head: bytes, size: int):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(head)
        out.truncate(size)


def packed(method=zipfile.ZIP_DEFLATED, **members):
    """A zip whose members are `(piece, times)`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as out:
        for name, (piece, times) in members.items():
            with out.open(name, "w", force_zip64=True) as to:
                for _ in range(times):
                    to.write(piece)
    return buffer.getvalue()


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(*pairs, count=None, tensors=0):
    """A GGUF 3: magic, version, tensors, pairs of key, type and value."""
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, len(pairs) if count is None else count) + b"".join(text(key) + value for key, value in pairs)


def array(kind, count, body=b""):
    return struct.pack("<IIQ", 9, kind, count) + body


def header(value: bytes, length=None):
    return struct.pack("<Q", len(value) if length is None else length) + value


def npy(value: bytes, version=2, length=None):
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<I", len(value) if length is None else length) + value


def nested_graph(depth):
    inside = graph(operator("Add"))
    for _ in range(depth):
        inside = field(1, operator("If") + field(5, field(1, "x") + field(6, inside)))
    return bytes([8, 8]) + field(7, inside)


ZEROS = b"\0" * 1_000_000
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i + 1}: &a{i + 1} [" + ",".join([f"*a{i}"] * 9) + "]\n" for i in range(12))
EMPTY = {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": {}, "merges": []}}

SMALL = {
    "config-nested": lambda: model(**{"config.json": MANY}),
    "config-objects-nested": lambda: model(**{"config.json": '{"a":' * 200_000}),
    "config-of-blanks": lambda: model(**{"config.json": BLANKS * 20 + json.dumps(LLAMA)}),
    "config-with-a-long-number": lambda: model(**{"config.json": '{"vocab_size": ' + "9" * 5_000_000 + "}"}),
    "config-with-a-large-exponent": lambda: model(**{"config.json": '{"a": 1e999999999, "b": 1e-999999999, "c": 0.' + "0" * 3_000_000 + "1}"}),
    "config-with-many-keys": lambda: model(**{"config.json": "{" + ",".join(f'"k{i}":{i}' for i in range(500_000)) + "}"}),
    "config-with-one-key-many-times": lambda: model(**{"config.json": "{" + ",".join(['"k":1'] * 1_000_000) + "}"}),
    "config-with-a-text": lambda: model(**{"config.json": '{"a": "' + "\\u0041" * 3_000_000 + '"}'}),
    "text-that-does-not-end": lambda: model(**{"config.json": '{"a": "' + "\\" * 9_999_999}),
    "tokenizer-of-many-tokens": lambda: model(**{"tokenizer.json": json.dumps({**EMPTY, "model": {"type": "BPE", "vocab": {f"token{i}": i for i in range(1_500_000)}, "merges": []}})}),
    "tokenizer-of-many-merges": lambda: model(**{"tokenizer.json": json.dumps({**EMPTY, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"] * 3_000_000}})}),
    "added-tokens": lambda: model(**{"tokenizer_config.json": json.dumps({"added_tokens_decoder": {str(i): {"content": f"<{i}>"} for i in range(300_000)}})}),
    "index-of-many-tensors": lambda: model("model.safetensors", **{"model.safetensors.index.json": json.dumps({"weight_map": {f"t{i}": f"model-{i:05}-of-99999.safetensors" for i in range(99_999)}})}),
    "modules": lambda: model(**{"modules.json": json.dumps([{"idx": i, "name": str(i), "path": f"{i}_P", "type": "sentence_transformers.models.Pooling"} for i in range(50_000)])}),
    "card-of-laughs": lambda: model(**{"README.md": f"---\nlicense: mit\n{LAUGHS}---\n"}),
    "card-of-merged-laughs": lambda: model(**{"README.md": "---\na0: &a0 {x: 1}\n" + "".join(f"a{i + 1}: &a{i + 1}\n  <<: [*a{i}, *a{i}]\n  k{i}: 1\n" for i in range(200)) + "---\n"}),
    "card-that-does-not-end": lambda: model(**{"README.md": "---\nlicense: mit\n" + "a: b\n" * 2_000_000}),
    "card-nested": lambda: model(**{"README.md": "---\nx: " + "[" * 100_000 + "\n---\n"}),
    "card-indented": lambda: model(**{"README.md": "---\n" + "".join(" " * i + "a:\n" for i in range(2500)) + "---\n"}),
    "card-of-questions": lambda: model(**{"README.md": "---\n" + "? " * 100_000 + "\n---\n"}),
    "card-of-dashes": lambda: model(**{"README.md": "---\nx:\n" + "- " * 100_000 + "\n---\n"}),
    "card-of-many-anchors": lambda: model(**{"README.md": "---\n" + "".join(f"k{i}: &a{i} 1\n" for i in range(100_000)) + "---\n"}),
    "card-of-a-long-key": lambda: model(**{"README.md": "---\n" + "k" * 5_000_000 + ": 1\n---\n"}),
    "yaml-of-quotes": lambda: model(**{"a.yaml": 'x: "' + "\\\n" * 1_000_000 + '"\n'}),
    "yaml-of-documents": lambda: model(**{"a.yaml": "---\n" * 1_000_000}),
    "yaml-of-tags": lambda: model(**{"a.yaml": "x: " + "!a" * 500_000 + "\n"}),
    "yaml-of-comments": lambda: model(**{"a.yaml": "#\n" * 2_000_000}),
    "yaml-of-folded-lines": lambda: model(**{"a.yaml": "x: >\n" + "  a\n\n" * 500_000}),
    "imports-behind-blank-lines": lambda: model(**{"config.json": {"model_type": "x", "auto_map": {"AutoModel": "m.M"}}, "m.py": "\n" * 3_000_000 + "from . import x\n"}),
    "imports-of-many-modules": lambda: model(**{"config.json": {"model_type": "x", "auto_map": {"AutoModel": "m.M"}}, "m.py": "".join(f"from .m{i} import x\n" for i in range(30_000))}),
    "template-nested": lambda: model(**{"chat_template.jinja": "{{ " + "(" * 200_000 + "1" + ")" * 200_000 + " }}"}),
    "template-of-ifs": lambda: model(**{"chat_template.jinja": "{% if x %}" * 50_000}),
    "template-of-openings": lambda: model(**{"chat_template.jinja": "{{" * 1_000_000}),
    "safetensors-nested": lambda: model(**{"model.safetensors": header(MANY.encode())}),
    "safetensors-of-2-EiB": lambda: model(**{"model.safetensors": header(b"{}", 2**61)}),
    "safetensors-of-blanks": lambda: model(**{"model.safetensors": header(b"{}" + b" " * 20_000_000)}),
    "safetensors-of-many-tensors": lambda: model(**{"model.safetensors": header(json.dumps({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(200_000)}).encode())}),
    "safetensors-of-many-dimensions": lambda: model(**{"model.safetensors": header(json.dumps({"t": {"dtype": "F32", "shape": [1] * 2_000_000 + [0], "data_offsets": [0, 0]}}).encode())}),
    "safetensors-of-metadata": lambda: model(**{"model.safetensors": header(json.dumps({"__metadata__": {f"k{i}": "v" for i in range(500_000)}}).encode())}),
    "gguf-of-2-EiB": lambda: {"README.md": CARD, "m.gguf": gguf(count=2**61)},
    "gguf-of-2-EiB-of-tensors": lambda: {"README.md": CARD, "m.gguf": gguf(tensors=2**61)},
    "gguf-of-a-long-array": lambda: {"README.md": CARD, "m.gguf": gguf(("a", array(0, 2**62)))},
    "gguf-of-a-long-text": lambda: {"README.md": CARD, "m.gguf": gguf(("a", struct.pack("<IQ", 8, 2**63 - 1)))},
    "gguf-of-nested-arrays": lambda: {"README.md": CARD, "m.gguf": gguf(("a", struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 500_000))},
    "gguf-of-many-keys": lambda: {"README.md": CARD, "m.gguf": gguf(*[(f"k{i}", struct.pack("<II", 4, i)) for i in range(300_000)])},
    "gguf-of-one-key-many-times": lambda: {"README.md": CARD, "m.gguf": gguf(*[("k", struct.pack("<II", 4, 1))] * 300_000)},
    "gguf-of-many-dimensions": lambda: {"README.md": CARD, "m.gguf": gguf(tensors=1) + text("t") + struct.pack("<I", 2**31) + ZEROS},
    "npy-of-4-GiB": lambda: model(**{"x.npy": npy(b"{", length=2**32 - 1)}),
    "npy-nested": lambda: model(**{"x.npy": npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': " + b"(" * 500_000)}),
    "npy-of-a-long-shape": lambda: model(**{"x.npy": npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"1," * 1_000_000 + b")}\n")}),
    "onnx-nested": lambda: {"README.md": CARD, "m.onnx": nested_graph(3_000)},
    "onnx-of-groups": lambda: {"README.md": CARD, "m.onnx": bytes([8, 8]) + b"\x3b" * 2_000_000},
    "onnx-of-many-nodes": lambda: {"README.md": CARD, "m.onnx": bytes([8, 8]) + field(7, field(1, operator("Add")) * 500_000)},
    "onnx-of-many-functions": lambda: {"README.md": CARD, "m.onnx": bytes([8, 8]) + field(7, field(1, operator("F0", "m"))) + b"".join(field(25, field(1, f"F{i}") + field(10, "m") + field(7, operator(f"F{i + 1}", "m"))) for i in range(100_000))},
    "keys-without-an-end": lambda: model(**{"notes.txt": ("-----BEGIN RSA PRIVATE" + " KEY-----\n") * 300_000}),
    "beginnings-of-tokens": lambda: model(**{"notes.txt": "hf_" * 4_000_000}),
    "beginnings-of-other-tokens": lambda: model(**{"notes.txt": "sk-" * 2_000_000 + "AKIA" * 1_000_000 + "sk-ant-" * 500_000}),
    "beginnings-with-words": lambda: model(**{"notes.txt": "password=" * 1_500_000}),
    "one-long-word": lambda: model(**{"notes.txt": "hf_" + "aB3" * 5_000_000}),
}  # fmt: skip

LARGE = {
    "keras-of-blanks": lambda: {"README.md": CARD, "m.keras": packed(**{"metadata.json": (b"{}", 1), "config.json": (b" " * 1_000_000, 100)})},
    "keras-of-brackets": lambda: {"README.md": CARD, "m.keras": packed(**{"config.json": (b"[" * 1_000_000, 100)})},
    "keras-of-a-text": lambda: {"README.md": CARD, "m.keras": packed(**{"config.json": (b'["' + b"a" * 1_000_000 + b'"', 1), "metadata.json": (b'"' + b"a" * 1_000_000, 100)})},
    "skops-of-blanks": lambda: {"README.md": CARD, "m.skops": packed(**{"schema.json": (b" " * 1_000_000, 100)})},
    "mar-of-blanks": lambda: {"README.md": CARD, "m.mar": packed(**{"MAR-INF/MANIFEST.json": (b" " * 1_000_000, 100)})},
    "npz-of-a-long-header": lambda: model(**{"x.npz": packed(**{"a.npy": (npy(b" " * 999_000, length=2**32 - 1), 1), "b.npy": (ZEROS, 100)})}),
    "torch-of-blanks": lambda: model(**{"m.pt": packed(**{"m/data.pkl": (b"\x80\x02" + b"N0" * 500_000, 15), "m/version": (b"3", 1)})}),
    "pickle-of-zlib": lambda: model(**{"m.joblib": zlib.compress(b"\x80\x02" + b"N0" * 8_000_000)}),
    "pickle-of-gzip": lambda: model(**{"m.joblib": gzip.compress(b"\x80\x02" + b"N0" * 8_000_000)}),
    "pickle-of-xz": lambda: model(**{"m.joblib": lzma.compress(b"\x80\x02" + b"(" * 20_000_000)}),
    "pickle-of-marks": lambda: model(**{"m.pkl": b"\x80\x02" + b"(" * 20_000_000}),
    "pickle-of-memos": lambda: model(**{"m.pkl": b"\x80\x04N" + b"\x94" * 10_000_000 + b"."}),
    "pickle-of-nested-lists": lambda: model(**{"m.pkl": b"\x80\x02" + b"]" * 10_000_000 + b"a" * 9_999_999 + b"."}),
    "pickle-of-a-long-text": lambda: model(**{"m.pkl": b"\x80\x04\x8d" + struct.pack("<Q", 2**63 - 1) + b"x"}),
    "nemo-of-blanks": lambda: {"README.md": CARD, "m.nemo": gzip.compress(tar(**{"model_config.yaml": b" " * 300_000_000}))},
    "zip-of-many-members": lambda: model(**{"m.pt": packed(**{f"m/data/{i}": (b"", 1) for i in range(60_000)})}),
}  # fmt: skip

CASES = {**SMALL, **LARGE}


# A small process starts the program: a process begins with the memory of the one that it was forked from.
STARTER = """
import os, resource, sys
limit, command = int(sys.argv[1]), sys.argv[2:]
resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
nothing = [(os.POSIX_SPAWN_OPEN, at, os.devnull, os.O_RDWR, 0) for at in (0, 1, 2)]
child = os.posix_spawn(command[0], command, os.environ, file_actions=nothing)
_, status, usage = os.wait4(child, 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""


def bounded(knapsack, *arguments):
    """The processor's seconds, megabytes and the code with which a run ended."""
    command = [sys.executable, "-S", "-c", STARTER, str(SECONDS), str(knapsack.binary), *map(str, arguments)]
    words = subprocess.run(command, env=knapsack.environment(), capture_output=True, text=True, check=True, timeout=20 * SECONDS).stdout.split()
    return float(words[0]), float(words[1]), int(words[2])


def holds(knapsack, *arguments):
    seconds, megabytes, code = bounded(knapsack, *arguments)
    assert code in (0, 1, 2) and seconds < SECONDS and megabytes < MEGABYTES, f"{seconds:.1f} s, {megabytes:.0f} MB, exit {code}"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_document_is_judged_within_bounds(knapsack, tmp_path, case):
    write(tmp_path / "it", CASES[case]())
    (tmp_path / "m.toml").write_text(manifest(head='\n[policy]\npickle = "scan"\n', model=[{"name": "it", "source": "path:it", "license": "mit"}]))
    holds(knapsack, "lock", tmp_path / "m.toml")


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_document_is_inspected_within_bounds(knapsack, tmp_path, case):
    write(tmp_path / "it", CASES[case]())
    largest = max((tmp_path / "it").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    holds(knapsack, "inspect", largest)


HUGE = {
    "gguf-of-empty-texts": ("m.gguf", gguf(("tokenizer.ggml.tokens", array(8, 120_000_000))), 1_000_000_000),
    "gguf-of-bytes": ("m.gguf", gguf(("a", array(0, 2_000_000_000))), 2_100_000_000),
    "gguf-of-a-text": ("m.gguf", gguf(("a", struct.pack("<IQ", 8, 2_000_000_000))), 2_100_000_000),
    "gguf-of-keys-without-names": ("m.gguf", gguf(count=50_000_000), 1_000_000_000),
    "gguf-of-tensors-without-names": ("m.gguf", gguf(tensors=30_000_000), 1_000_000_000),
    "gguf-of-arrays-of-nothing": ("m.gguf", gguf(("a", array(9, 80_000_000))), 1_000_000_000),
    "safetensors-of-zeros": ("m.safetensors", header(b"", 1_900_000_000), 2_000_000_000),
    "npy-of-zeros": ("m.npy", npy(b"", length=2_000_000_000), 2_100_000_000),
    "json-of-zeros": ("config.json", b"", 2_000_000_000),
    "tokenizer-of-zeros": ("tokenizer.json", b"", 2_000_000_000),
    "pickle-of-zeros": ("m.pkl", b"\x80\x04\x8d" + struct.pack("<Q", 2_000_000_000), 2_000_000_100),
    "onnx-of-zeros": ("m.onnx", bytes([8, 8, 0x3A]) + b"\x80\x94\xeb\xdc\x03", 1_000_000_008),
    "card-of-zeros": ("README.md", b"---\n", 2_000_000_000),
    "lock-of-zeros": ("m.lock", b'{"', 2_000_000_000),
    "manifest-of-zeros": ("m.toml", b"a = '", 2_000_000_000),
    "sentencepiece-of-zeros": ("tokenizer.model", b"\x0a\x80\x94\xeb\xdc\x03", 1_000_000_006),
    "imatrix-of-zeros": ("imatrix.dat", struct.pack("<i", 2**30), 1_000_000_000),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", HUGE)
def test_a_file_that_is_as_large_as_it_states_is_inspected_within_bounds(knapsack, tmp_path, case):
    name, head, size = HUGE[case]
    sparse(tmp_path / name, head, size)
    holds(knapsack, "inspect", tmp_path / name)


LINES = {
    "dots": "a" + ".a" * 200_000 + " = 1\n",
    "arrays": "a = " + "[" * 200_000 + "\n",
    "tables": "a = " + "{a=" * 200_000 + "\n",
    "headers": "".join(f"[a{i}]\n" for i in range(100_000)),
    "array-tables": "[[model]]\n" * 100_000,
    "text": "a = '''" + "x" * 20_000_000,
    "digits": "a = " + "1" * 5_000_000 + "\n",
    "patterns": manifest(model=[{"name": "it", "source": "path:it", "include": ["*a" * 40 + "*b"] * 50, "exclude": ["[" * 1000]}]),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LINES)
def test_a_manifest_is_read_within_bounds(knapsack, tmp_path, case):
    write(tmp_path / "it", model(**{"a" * 200 + f"{i}.txt": "x" for i in range(20)}))
    (tmp_path / "m.toml").write_text(LINES[case])
    holds(knapsack, "lock", tmp_path / "m.toml")
