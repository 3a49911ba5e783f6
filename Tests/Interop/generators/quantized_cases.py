"""Writes what a converter made of some quantized weights as a small case for the Swift tests:
`fixtures/conversion/quantized/`.

    python quantized_cases.py DIRECTORY MODEL_DIRECTORY GGUF

A case has the configuration, the stored tensors of one matrix of the model with their bytes, and the digest of the
matrix in the GGUF, which is converted to f32. The matrix is one that only gets another name there.
"""

import base64
import json
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from gguf_dump import dump  # noqa: E402

# Names of a matrix in a checkpoint, and in GGUF.
MATRICES = {"model.layers.0.mlp.experts.down_proj": "blk.0.ffn_down_exps.weight",
            "model.layers.0.self_attn.v_proj": "blk.0.attn_v.weight",
            "model.layers.0.self_attn.q_b_proj": "blk.0.attn_q_b.weight"}  # fmt: skip
FILES = ("hf_quant_config.json",)


def stored(model: Path) -> dict:
    """The tensors of a model's files, with their bytes."""
    result = {}
    for part in sorted(model.glob("model*.safetensors")):
        data = part.read_bytes()
        length = struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8 : 8 + length])
        for name, tensor in sorted(header.items()):
            if name != "__metadata__":
                start, end = (8 + length + offset for offset in tensor["data_offsets"])
                result[name] = [tensor["dtype"], tensor["shape"], base64.b64encode(data[start:end]).decode()]
    return result


def case(model: Path, converted: Path) -> dict:
    tensors = stored(model)
    config = json.loads((model / "config.json").read_text())
    names = {name for name in tensors if not name.endswith(("bias", "layernorm.weight"))}
    base, inside = next((base, inside) for base, inside in MATRICES.items() if any(
        name.startswith((base + "_", base + ".")) or name == base for name in names))  # fmt: skip
    expected = {tensor["name"]: tensor for tensor in dump(converted)["tensors"]}[inside]
    files = {name: json.loads((model / name).read_text()) for name in FILES if (model / name).exists()}
    kept = {key: config[key] for key in ("architectures", "quantization_config") if key in config}
    return {
        "config": kept, "files": files, "expected": [inside, expected["ne"], expected["type"], expected["sha256"]],
        "tensors": [[name, *tensors[name]] for name in tensors if name in names and name.startswith(base)],
    }  # fmt: skip


def text(case: dict) -> str:
    lines = ",\n".join(json.dumps(line, separators=(",", ":")) for line in case.pop("tensors"))
    parts = [f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in case.items()]
    return "{\n" + ",\n".join([*parts, f'"tensors":[\n{lines}\n]']) + "\n}\n"


if __name__ == "__main__":
    target, model, converted = map(Path, sys.argv[1:])
    (target / f"{model.name}.json").write_text(text(case(model, converted)))
