"""Files that name each other and share content with another model, loaded by ONNX Runtime from a bundle.

ONNX Runtime 1.24 and later resolves the graph's path and the data's, and refuses data that is outside of the graph's folder:
"External data path validation failed". Each of two fine-tunes shares the graph, the data or both with the other.
"""

import itertools
import json
import subprocess

import needs
import pytest
from bundles import run
from cli import manifest
from instances import CARD, write

pytestmark = needs.ONNX_RUNTIME

MAKE = """
import sys, numpy, onnx
from onnx import TensorProto, helper, numpy_helper
folder, location, value, scale = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
import os
os.makedirs(os.path.dirname(os.path.join(folder, location)), exist_ok=True)
names = location.split(",")
tensors = []
for at, name in enumerate(names):
    data = numpy.full(4096, value + at, dtype="<f4")
    data.tofile(os.path.join(folder, name))
    tensor = TensorProto(name=f"w{at}", data_type=1, dims=[4096], data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add(); entry.key = "location"; entry.value = name
    tensors.append(tensor)
nodes = [helper.make_node("Add", ["x" if at == 0 else f"y{at - 1}", f"w{at}"], [f"y{at}"]) for at in range(len(names))]
nodes.append(helper.make_node("Mul", [f"y{len(names) - 1}", "s"], ["y"]))
tensors.append(numpy_helper.from_array(numpy.array([scale], dtype="<f4"), "s"))
x, y = (helper.make_tensor_value_info(name, 1, [4096]) for name in "xy")
model = helper.make_model(helper.make_graph(nodes, "g", [x], [y], tensors), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
open(os.path.join(folder, "model.onnx"), "wb").write(model.SerializeToString())
"""
LOAD = """
import json, knapsack, numpy, onnxruntime
found = {}
for name in NAMES:
    session = onnxruntime.InferenceSession(knapsack.path(name) + PLACE, providers=["CPUExecutionProvider"])
    found[name] = float(session.run(None, {"x": numpy.zeros(4096, dtype="float32")})[0][0])
print(json.dumps(found))
"""


def build(folder, location, value, scale):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([needs.ONNX_PYTHON, "-c", MAKE, str(folder), location, str(value), str(scale)], check=True, capture_output=True)


# The place of the graph, its data, and the value and scale of each model: equal values are equal data, equal scales equal graphs.
SHAPES = {
    "one-graph": ("", "model.onnx_data", {"a": (1, 1), "b": (2, 1)}),
    "one-data": ("", "model.onnx_data", {"a": (1, 1), "b": (1, 2)}),
    "both": ("", "model.onnx_data", {"a": (1, 1), "b": (1, 1)}),
    "one-graph-in-a-folder": ("onnx", "model.onnx_data", {"a": (1, 1), "b": (2, 1)}),
    "data-in-a-folder": ("", "data/w.bin", {"a": (1, 1), "b": (2, 1)}),
    "data-in-a-folder-shared": ("", "data/w.bin", {"a": (1, 1), "b": (1, 2)}),
    "two-files-of-data": ("", "w0.bin,w1.bin", {"a": (1, 1), "b": (2, 1)}),
    "each-other": ("", "w0.bin,w1.bin", {"a": (1, 1), "b": (2, 1), "c": (1, 2), "d": (3, 2)}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "dedup"), itertools.product(SHAPES, ["file", "tensor", "none"]))
def test_fine_tunes_that_share_files_load(knapsack, tmp_path, shape, dedup):
    place, location, models = SHAPES[shape]
    for name, values in models.items():
        write(tmp_path / name, {"README.md": CARD})
        build(tmp_path / name / place, location, *values)
    text = manifest(head=f'dedup = "{dedup}"\n', model=[{"name": name, "source": f"path:{name}"} for name in models])
    (tmp_path / "m.toml").write_text(text)
    knapsack("pack", tmp_path / "m.toml", "-o", tmp_path / "in" / "b").expect(0)
    knapsack("verify", tmp_path / "in" / "b").expect(0)
    subprocess.run(["chmod", "-R", "a-w", tmp_path / "in" / "b"], check=True)
    graph = "/" + (f"{place}/" if place else "") + "model.onnx"
    code = LOAD.replace("NAMES", repr(list(models))).replace("PLACE", repr(graph))
    done = run(tmp_path / "in" / "b", code, python=needs.ONNX_PYTHON, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    count = location.count(",") + 1
    expected = {name: scale * sum(value + at for at in range(count)) for name, (value, scale) in models.items()}
    assert json.loads(done.stdout.strip().splitlines()[-1]) == expected
