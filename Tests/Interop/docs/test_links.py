"""What the table of programs in docs/bundle.md states of links, seen with the programs themselves."""

import json
import subprocess

import needs

# The data of a tensor beside the model: by a link, by a link of each file, and by a link of the directory.
ONNX = """
import json, os, shutil, sys
import numpy, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

os.chdir(sys.argv[1])
os.makedirs("real")
weight = numpy_helper.from_array(numpy.zeros((64, 64), "float32"), "w")
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])], [weight])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.save(model, "real/model.onnx", save_as_external_data=True, location="model.data", size_threshold=16)
os.makedirs("data")
shutil.copy("real/model.onnx", "data/model.onnx")
os.symlink("../real/model.data", "data/model.data")
os.makedirs("both")
for name in ("model.onnx", "model.data"):
    os.symlink("../real/" + name, "both/" + name)
os.symlink("real", "directory")
programs = {"onnx": onnx.load, "onnxruntime": onnxruntime.InferenceSession}
try:
    import openvino
    programs["openvino"] = lambda path: openvino.Core().compile_model(path, "CPU")
except ImportError:
    pass
taken = {}
for place in ("real", "data", "both", "directory"):
    for name, load in programs.items():
        try:
            load(place + "/model.onnx")
            taken.setdefault(name, []).append(place)
        except Exception:
            pass
os.makedirs("hard")
shutil.copy("real/model.onnx", "hard/model.onnx")
os.link("real/model.data", "hard/model.data")
for name in ("onnx", "onnxruntime"):
    try:
        programs[name]("hard/model.onnx")
        taken[name].append("hard")
    except Exception:
        pass
print(json.dumps(taken))
"""

KERAS = """
import json, os, sys, zipfile

os.environ.setdefault("KERAS_BACKEND", "numpy")
os.chdir(sys.argv[1])
import keras

class Words(keras.layers.Layer):
    def call(self, inputs):
        return inputs
    def save_assets(self, directory):
        with open(os.path.join(directory, "words.txt"), "w") as file:
            file.write("knapsack")
    def load_assets(self, directory):
        with open(os.path.join(directory, "words.txt")) as file:
            self.words = file.read()

keras.Sequential([keras.layers.Input((4,)), Words(), keras.layers.Dense(3)]).save("model.keras")
zipfile.ZipFile("model.keras").extractall("real")
for root, _, files in os.walk("real"):
    os.makedirs("view" + root[4:])
    for name in files:
        os.symlink(os.path.abspath(os.path.join(root, name)), os.path.join("view" + root[4:], name))
os.symlink("model.keras", "link.keras")
os.symlink("real", "directory")
taken = []
for path in ("model.keras", "link.keras", "real", "view", "directory"):
    model = keras.models.load_model(path, custom_objects={"Words": Words})
    taken.append(model.layers[0].words)

deep = keras.Sequential([keras.layers.Input((400,)), keras.layers.Dense(400), keras.layers.Dense(400)])
os.makedirs("shards")
deep.save_weights("shards/deep.weights.json", max_shard_size=0.0007)
os.makedirs("blobs")
os.makedirs("linked")
for index, name in enumerate(sorted(os.listdir("shards"))):
    os.rename("shards/" + name, f"blobs/{index}")
    os.symlink(f"../blobs/{index}", "linked/" + name)
deep.load_weights("linked/deep.weights.json")
print(json.dumps([taken, len(os.listdir("linked"))]))
"""


def answer(python, code, directory):
    done = subprocess.run([python, "-c", code, directory], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@needs.ONNX_RUNTIME
def test_data_of_an_onnx_model_by_way_of_links(tmp_path):
    taken = answer(needs.ONNX_PYTHON, ONNX, tmp_path)
    assert taken["onnx"] == ["real", "directory"]
    assert taken["onnxruntime"] == ["real", "both", "directory", "hard"]
    assert taken.get("openvino", ["real", "directory"]) == ["real", "directory"]


@needs.KERAS
def test_keras_follows_links_to_files_and_directories(tmp_path):
    taken, shards = answer(needs.KERAS_PYTHON, KERAS, tmp_path)
    assert taken == ["knapsack"] * 5
    assert shards == 3
