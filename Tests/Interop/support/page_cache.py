"""A hub cache with models of many kinds, as the page of `knapsack serve` shows them: written as huggingface_hub leaves it."""

import hashlib
import json
import struct
from pathlib import Path

SIZES = {"F32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1, "I32": 4}

HOSTILE_CARD = """---
license: mit
tags:
- hostile
---

# Hostile <script>window.broken = 1</script>card

<img src="x" onerror="window.broken = 2"> <svg onload="window.broken = 3"></svg> <iframe src="javascript:window.broken = 4"></iframe>

[click](javascript:window.broken=5) [data](data:text/html,<script>window.broken=6</script>) [case](JaVaScRiPt:window.broken=7)
[split](java
script:window.broken=8) [entity](&#106;avascript:window.broken=9) <a href="javascript:window.broken=10">raw</a>
![picture](https://tracker.example/pixel.png) ![x](javascript:window.broken=11)
<https://ok.example/> https://ok.example/plain "onmouseover="window.broken=12

<form action="https://evil.example"><input name="token"></form><style>body { display: none }</style><base href="https://evil.example/">
<meta http-equiv="refresh" content="0;url=https://evil.example"><link rel="stylesheet" href="https://evil.example/x.css">

`<script>window.broken = 13</script>` &lt;script&gt;window.broken = 14&lt;/script&gt; \\<script>window.broken = 15</script>

| a | b |
| --- | --- |
| <script>window.broken = 16</script> | [x](vbscript:window.broken=17) |

```html
<script>window.broken = 18</script>
```
"""

CARD = """---
{yaml}
---

# {title}

{title} is a small language model for tests. It was trained on **sentences about sacks** and *knots*, see
[the report](https://example.org/report) and https://example.org/plain.

## Usage

```python
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("{id}")
```

> A model of this size repeats itself. That is not a fault of the page.

1. Install it.
2. Load it:
   - from the cache, or
   - from a bundle.

| Benchmark | Score | Shots |
| --- | ---: | ---: |
| sacks | 61.2 | 5 |
| knots | 48.0 | 0 |

### Limits

It knows no `dates`, no ~~names~~ and nothing of the weather.

<p align="center"><img src="https://example.org/plot.png" alt="plot"><br>A line below a picture</p>

""" + "The card goes on for a while, so that the page has something to fold. " * 60


def safetensors(tensors: dict[str, tuple[str, list[int]]], fill: int = 0) -> bytes:
    header, place = {"__metadata__": {"format": "pt"}}, 0
    for name, (kind, shape) in tensors.items():
        size = SIZES[kind]
        for length in shape:
            size *= length
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes([fill]) * place


def gguf(tensors: dict[str, tuple[list[int], int, int]], name: str) -> bytes:
    """A GGUF file of version 3: names with dimensions, the number of the type and the bytes."""
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    items = [("general.architecture", "llama"), ("general.name", name)]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(items))
    for key, value in items:
        head += text(key) + struct.pack("<I", 8) + text(value)
    place = 0
    for tensor, (shape, kind, size) in tensors.items():
        head += text(tensor) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", part) for part in shape)
        head += struct.pack("<IQ", kind, place)
        place += -(-size // 32) * 32
    return head + bytes(-len(head) % 32) + bytes(place)


def layers(count: int, width: int, kind: str) -> dict[str, tuple[str, list[int]]]:
    names = {"model.embed_tokens.weight": (kind, [512, width]), "model.norm.weight": (kind, [width])}
    for layer in range(count):
        for part in ("q", "k", "v", "o"):
            names[f"model.layers.{layer}.self_attn.{part}_proj.weight"] = (kind, [width, width])
        for norm in ("input", "post_attention"):
            names[f"model.layers.{layer}.{norm}_layernorm.weight"] = (kind, [width])
        for part in ("up", "gate"):
            names[f"model.layers.{layer}.mlp.{part}_proj.weight"] = (kind, [width * 4, width])
        names[f"model.layers.{layer}.mlp.down_proj.weight"] = (kind, [width, width * 4])
    return names


CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4,
    "vocab_size": 512, "torch_dtype": "bfloat16",
}
TOKENIZER = json.dumps({"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}}).encode()


def card(id: str, title: str, **yaml) -> bytes:
    lines = []
    for key, value in yaml.items():
        lines += [f"{key}:"] + [f"- {one}" for one in value] if isinstance(value, list) else [f"{key}: {value}"]
    return CARD.format(yaml="\n".join(lines), id=id, title=title).encode()


def language_model(id: str, title: str, kind: str = "BF16", width: int = 64, **yaml) -> dict[str, bytes]:
    return {
        "README.md": card(id, title, library_name="transformers", pipeline_tag="text-generation", **yaml),
        "config.json": json.dumps(CONFIG | {"hidden_size": width}).encode(),
        "tokenizer.json": TOKENIZER, "tokenizer_config.json": b'{"tokenizer_class": "PreTrainedTokenizerFast"}',
        "model.safetensors": safetensors(layers(4, width, kind)),
    }


def git_name(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def add(hub: Path, id: str, files: dict[str, bytes], kind: str = "model", listed: dict[str, bytes] | None = None) -> Path:
    """A revision with its listing; `listed` are files that only the listing has."""
    folder = hub / f"{kind}s--{id.replace('/', '--')}"
    every = files | (listed or {})
    commit = hashlib.sha1(repr(sorted((name, git_name(content)) for name, content in every.items())).encode()).hexdigest()
    snapshot, blobs = folder / "snapshots" / commit, folder / "blobs"
    for directory in (snapshot, blobs, folder / "refs", folder / "trees"):
        directory.mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(commit)
    tree = {}
    for name, content in every.items():
        is_large = name.endswith((".safetensors", ".gguf", ".bin", ".parquet"))
        record = {"size": len(content), "blob_id": git_name(content)}
        digest = record["blob_id"]
        if is_large:
            digest = hashlib.sha256(content).hexdigest()
            record |= {"lfs_sha256": digest, "lfs_size": len(content)}
        tree[name] = record
        if name not in files:
            continue
        (blobs / digest).write_bytes(content)
        link = snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(Path(*[".."] * (2 + name.count("/")), "blobs", digest))
    (folder / "trees" / f"{commit}.json").write_text(json.dumps({"format_version": 1, "files": tree}))
    return folder


def fill(hub: Path) -> None:
    """A base, what was made from it, other kinds, and everything that can be wrong."""
    base = language_model("sackworks/knot-base", "Knot base", license="apache-2.0", language=["en", "de"], tags=["knots"])
    add(hub, "sackworks/knot-base", base)
    add(hub, "sackworks/knot-instruct", language_model(
        "sackworks/knot-instruct", "Knot instruct", license="apache-2.0", base_model="sackworks/knot-base",
        base_model_relation="finetune", language=["en"], datasets=["sackworks/sentences"], tags=["knots", "chat"]))
    add(hub, "quantworks/knot-instruct-GGUF", {
        "README.md": card("quantworks/knot-instruct-GGUF", "Knot instruct, quantized", license="apache-2.0",
                          base_model="sackworks/knot-instruct", base_model_relation="quantized", tags=["gguf", "knots"]),
        "knot-instruct.Q8_0.gguf": gguf(
            {f"blk.{layer}.attn_q.weight": ([64, 64], 8, 64 * 64 // 32 * 34) for layer in range(4)}, "Knot"),
    })
    add(hub, "sackworks/knot-wide", language_model(
        "sackworks/knot-wide", "Knot wide", kind="F32", width=160, license="mit", tags=["knots", "wide"]))
    add(hub, "sightlab/sack-vision", {
        "README.md": card("sightlab/sack-vision", "Sack vision", license="cc-by-nc-4.0", library_name="transformers",
                          pipeline_tag="image-classification", tags=["vision"]),
        "config.json": json.dumps({"architectures": ["ViTForImageClassification"], "model_type": "vit"}).encode(),
        "model.safetensors": safetensors({"vit.embeddings.weight": ("F32", [64, 192]), "classifier.weight": ("F32", [10, 64])}),
    })
    add(hub, "sackworks/knot-adapter", {
        "README.md": card("sackworks/knot-adapter", "Knot adapter", license="mit", base_model="sackworks/knot-base",
                          library_name="peft", tags=["lora"]),
        "adapter_config.json": json.dumps(
            {"peft_type": "LORA", "base_model_name_or_path": "sackworks/knot-base", "r": 4, "lora_alpha": 8,
             "target_modules": ["q_proj"]}).encode(),
        "adapter_model.safetensors": safetensors({
            f"base_model.model.model.layers.{layer}.self_attn.q_proj.lora_{side}.weight": ("F32", [4, 64] if side == "A" else [64, 4])
            for layer in range(4) for side in "AB"}),
    })
    add(hub, "sackworks/sentences", {
        "README.md": card("sackworks/sentences", "Sentences", license="cc-by-4.0", task_categories=["text-generation"]),
        "data/train.csv": b"id,text\n1,knap\n2,sack\n"}, kind="dataset")
    add(hub, "mallory/hostile-card", {
        "README.md": HOSTILE_CARD.encode(), "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": safetensors({"</script><script>window.broken=19</script>": ("F32", [2, 2])})})
    # Content that is on the disk twice, a file that only the listing has, and one that changed after it came.
    add(hub, "mirrorlab/knot-base-copy", {**base, "config.json": json.dumps(CONFIG | {"use_cache": True}).encode()})
    add(hub, "halfway/interrupted", {"config.json": json.dumps(CONFIG).encode(), "README.md": b"---\nlicense: mit\n---\n# Half\n"},
        listed={"model.safetensors": base["model.safetensors"] + b"more"})
    (hub / "models--halfway--interrupted" / "blobs" / ("a" * 64 + ".incomplete")).write_bytes(bytes(70_000))
    broken = add(hub, "sackworks/knot-broken", language_model("sackworks/knot-broken", "Knot broken", kind="F16", license="mit"))
    blob = max((broken / "blobs").iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    # What nobody can read: nothing, garbage, and a header that claims to be huge.
    add(hub, "mallory/empty-files", {"README.md": b"", "config.json": b"", "model.safetensors": b""})
    add(hub, "mallory/garbage", {
        "README.md": b"---\n" + b"\xff\xfe: [" * 50, "config.json": b"{" * 5000,
        "model.safetensors": struct.pack("<Q", 1 << 62) + b"{}" + bytes(100)})
