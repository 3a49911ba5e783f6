"""Makes a directory of small Llama models, and manifests of a few or of many entries of them, for tests of reports."""

import json
import shutil
from pathlib import Path

import numpy
from cli import manifest
from project import FIXTURES
from safetensors.numpy import save_file

TINY = FIXTURES / "conversion/tiny-llama/Tiny-Llama-100K"
CARD = """---
license: {license}
base_model: {base}
base_model_relation: finetune
---

# A small model
"""


def llama(target: Path, *, layers: int = 2, hidden: int = 64, seed: int = 0, like=None, changed=(), license="apache-2.0") -> Path:
    """Writes a model; with `like` only the tensors with one of `changed` in their names are others than those of that seed."""
    target.mkdir(parents=True)
    for path in TINY.iterdir():
        if "model-0" not in path.name and "index" not in path.name and path.name != "README.md":
            shutil.copy(path, target / path.name)
    inner, heads = hidden * 2, 4
    config = json.loads((TINY / "config.json").read_text())
    config |= {"hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads}
    config |= {"num_key_value_heads": heads // 2, "torch_dtype": "float16"}
    (target / "config.json").write_text(json.dumps(config))
    shapes = {"model.embed_tokens.weight": (300, hidden), "lm_head.weight": (300, hidden), "model.norm.weight": (hidden,)}
    for layer in range(layers):
        block = f"model.layers.{layer}."
        shapes |= {block + f"self_attn.{name}_proj.weight": (hidden, hidden) for name in "qo"}
        shapes |= {block + f"self_attn.{name}_proj.weight": (hidden // 2, hidden) for name in "kv"}
        shapes |= {block + f"mlp.{name}_proj.weight": (inner, hidden) for name in ("gate", "up")}
        shapes |= {block + "mlp.down_proj.weight": (hidden, inner)}
        shapes |= {block + f"{name}_layernorm.weight": (hidden,) for name in ("input", "post_attention")}
    values = {}
    for index, (name, shape) in enumerate(shapes.items()):
        own = like is None or any(part in name for part in changed)
        generator = numpy.random.default_rng([seed if own else like, index])
        values[name] = (generator.standard_normal(shape, dtype=numpy.float32) * 0.05).astype(numpy.float16)
    save_file(values, target / "model.safetensors", metadata={"format": "pt"})
    (target / "README.md").write_text(CARD.format(license=license, base="meta/base-model"))
    return target


def one(directory: Path, **options) -> Path:
    """A manifest of one model."""
    llama(directory / "only", **options)
    path = directory / "one.toml"
    path.write_text(manifest("one-model", model=[{"name": "only", "source": "path:only", "license": "apache-2.0"}]))
    return path


def many(directory: Path, *, layers: int = 2, hidden: int = 64, dedup="tensor") -> Path:
    """A manifest of twenty entries: models that share files and tensors, conversions, files and a data set."""
    models = []
    for family, (name, license) in enumerate([("quartz", "apache-2.0"), ("basalt", "mit"), ("gneiss", "gemma")]):
        options = {"hidden": hidden, "license": license}
        depth = layers * (3 - family)
        llama(directory / name, layers=depth, seed=family, **options)
        llama(directory / f"{name}-chat", layers=depth, seed=10 + family, like=family, changed=("mlp.down", "lm_head"), **options)
        shutil.copytree(directory / name, directory / f"{name}-copy")
        models += [{"name": n, "source": f"path:{n}", "license": license} for n in (name, f"{name}-chat", f"{name}-copy")]
        for kind in ("Q4_0", "Q8_0"):
            models.append({"name": f"{name}-{kind.lower().replace('_', '')}", "from": name, "gguf": kind})
    models.append({"name": "basalt-bf16", "from": "basalt", "dtype": "bf16"})
    models.append({"name": "quartz-f32", "from": "quartz-chat", "dtype": "f32"})
    for name, size in (("notes", 3000), ("prompts", 70_000), ("table", 250_000)):
        (directory / name).mkdir()
        (directory / name / "data.bin").write_bytes(numpy.random.default_rng(size).bytes(size))
    path = directory / "many.toml"
    head = f'dedup = "{dedup}"\n\n[policy]\nlicenses = ["apache-2.0", "mit", "gemma", "cc0-1.0"]\naccelerator = "t4x2"\nmax-size = "1 GB"'
    path.write_text(
        manifest(
            "twenty-entries",
            head,
            model=models,
            dataset=[{"name": "table", "source": "path:table", "license": "cc0-1.0"}],
            files=[{"name": n, "source": f"path:{n}", "license": "mit"} for n in ("notes", "prompts")],
        )
    )
    return path
