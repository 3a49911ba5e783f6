"""Programs in model files, found in the structure that the library reads, whatever it looks like as text.

Keras 3 deserializes `config.json` of a .keras archive, or `model_config` of an HDF5 file, by `module`, `class_name` and
`registered_name`; Hydra instantiates `_target_`; ONNX Runtime loads operators of other domains from a library; skops 0.16
imports `__module__` and `__class__`; TorchServe runs the handler of a .mar; a .nemo is a tar with a configuration.
"""

import io
import json
import pickle
import tarfile
import zipfile

import pytest
from instances import CARD, errors, findings, model

CODE = {"program", "program-unreadable", "pickle-refused", "pickle-denied", "remote-code", "remote-code-file"}


def archive(**files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name, content in files.items():
            out.writestr(name, json.dumps(content) if isinstance(content, dict | list) else content)
    return buffer.getvalue()


def tar(mode="w", **files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as out:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


H5 = b"\x89HDF\r\n\x1a\n" + b"\0" * 64  # the signature, and no file that can be read: must not pass as without code
DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2}, "registered_name": None}
LAMBDA = {
    "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
    "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}},
}


def keras(*layers, text=None, **more) -> dict:
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}, "registered_name": None}
    files = {"metadata.json": {"keras_version": "3.8.0"}, "config.json": text(json.dumps(config)) if text else config}
    return {"README.md": CARD, "model.keras": archive(**{**files, "model.weights.h5": b"", **more})}


def layer(**keys):
    return {**DENSE, **keys}


def inner(value):
    return layer(config={"name": "d", "units": 2, "activation": value})


KERAS = {
    "lambda": keras(DENSE, LAMBDA),
    "escaped": keras(LAMBDA, text=lambda s: s.replace("Lambda", "L\\u0061mbda").replace("__lambda__", "\\u005f_lambda__")),
    "no-blanks": keras(LAMBDA, text=lambda s: s.replace(": ", ":").replace(", ", ",")),
    "blanks": keras(LAMBDA, text=lambda s: s.replace(":", " \n\t: ")),
    "twice": keras(DENSE, text=lambda s: s.replace('"class_name": "Dense"', '"class_name": "Dense", "class_name": "Lambda"')),
    "torch-wrapper": keras(layer(module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gASV"})),
    "jax": keras(layer(module="keras.layers", class_name="JaxLayer", config={})),
    "foreign-module": keras(layer(module="os", class_name="system")),
    "foreign-function": keras(inner({"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"})),
    "function-of-os": keras(inner({"module": "os", "class_name": "function", "config": "system", "registered_name": "system"})),
    "registered": keras(layer(registered_name="my_package>Evil")),
    "module-of-keras-that-is-none": keras(layer(module="keras.src.utils.file_utils", class_name="get_file")),
    "wrapped": keras(layer(class_name="TimeDistributed", config={"name": "t", "layer": LAMBDA})),
    "bidirectional": keras(layer(class_name="Bidirectional", config={"name": "t", "layer": layer(class_name="RNN", config={"cell": LAMBDA})})),
    "in-compile-config": keras(DENSE, text=lambda s: json.dumps({**json.loads(s), "compile_config": {"loss": {"class_name": "__lambda__", "config": {"code": "4wE="}}}})),
    "in-build-config": keras(layer(build_config={"x": {"module": "os", "class_name": "system", "config": {}}})),
    "typed-lambda": keras(inner({"class_name": "__lambda__", "config": {"code": "4wE=", "defaults": None, "closure": None}})),
    "lambda-without-code": keras(layer(class_name="Lambda", config={"name": "l", "function": "my_function"})),
    "nested-functional": keras(layer(class_name="Functional", config={"name": "f", "layers": [{"name": "l", **LAMBDA, "inbound_nodes": []}], "input_layers": [], "output_layers": []})),
    "broken-config": keras(DENSE, text=lambda s: s[:-1]),
    "pickle-inside": keras(DENSE, **{"assets/x.pkl": pickle.dumps(print)}),
    "old-h5": {"README.md": CARD, "m.h5": H5},
    "uppercase-suffix": {"README.md": CARD, "M.KERAS": next(iter([v for k, v in keras(LAMBDA).items() if k == "model.keras"]))},
}


@pytest.mark.parametrize("case", KERAS)
def test_code_in_a_keras_model_is_found(knapsack, tmp_path, case):
    found = findings(knapsack, tmp_path, KERAS[case])
    assert errors(found) & CODE, found


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "LSTM", "BatchNormalization", "MultiHeadAttention", "Rescaling", "Normalization"])
def test_a_layer_of_keras_is_no_code(knapsack, tmp_path, name):
    found = findings(knapsack, tmp_path, keras(layer(class_name=name)))
    assert not errors(found) & CODE, found


def field(number, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    size, out = len(payload), b""
    while True:
        out += bytes([size & 127 | (128 if size > 127 else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + out + payload


def graph_of(domain, op, subgraph=False):
    """onnx.proto3: NodeProto input 1, output 2, op_type 4, attribute 5, domain 7; GraphProto node 1; ModelProto graph 7, opset_import 8."""
    node = field(1, "a") + field(2, "b") + field(4, op) + (field(7, domain) if domain else b"")
    if subgraph:
        inside = field(1, node) + field(2, "inner")
        node = field(1, "c") + field(2, "b") + field(4, "If") + field(5, field(1, "then_branch") + field(6, inside) + bytes([20 << 3 & 127 | 128, 1, 5]))
    return bytes([8, 8]) + field(7, field(1, node) + field(2, "g")) + field(8, field(1, "") + bytes([16, 18])) + (field(8, field(1, domain) + bytes([16, 1])) if domain else b"")


@pytest.mark.parametrize("domain", ["my.ops", "ai.onnx.contrib", "com.microsoft.evil", "pkg.onnxscript.torch_lib", "org.pytorch.aten", "custom"])
@pytest.mark.parametrize("subgraph", [False, True])
def test_an_operator_that_onnx_runtime_does_not_bring_is_found(knapsack, tmp_path, domain, subgraph):
    found = findings(knapsack, tmp_path, {"README.md": CARD, "m.onnx": graph_of(domain, "Do", subgraph)})
    assert errors(found) & CODE, found


@pytest.mark.parametrize(("domain", "op"), [("", "Add"), ("ai.onnx.ml", "TreeEnsembleClassifier"), ("com.microsoft", "MatMulNBits"), ("com.microsoft", "GroupQueryAttention")])
def test_an_operator_of_onnx_runtime_is_no_code(knapsack, tmp_path, domain, op):
    assert not errors(findings(knapsack, tmp_path, {"README.md": CARD, "m.onnx": graph_of(domain, op)})) & CODE


def skops(**keys) -> dict:
    schema = {"__class__": "LogisticRegression", "__module__": "sklearn.linear_model._logistic", "__loader__": "ObjectNode", "__id__": 1, "content": None, "protocol": 2, "_skops_version": "0.16", **keys}
    return {"README.md": CARD, "model.skops": archive(**{"schema.json": schema})}


def node(**keys):
    return {"__class__": "x", "__module__": "y", "__loader__": "ObjectNode", "__id__": 2, "content": None, **keys}


SKOPS = {
    "foreign": skops(__module__="os", __class__="system"),
    "function": skops(content=node(__loader__="FunctionNode", __module__="builtins", __class__="exec")),
    "type": skops(content=node(__loader__="TypeNode", __module__="subprocess", __class__="Popen")),
    "method": skops(content=node(__loader__="MethodNode", __module__="os", __class__="x", content={"func": "system", "obj": node(__module__="os")})),
    "reduce": skops(content=node(__loader__="ReduceNode", __module__="mine", __class__="f")),
    "loader-that-nobody-knows": skops(content=node(__loader__="EvilNode")),
    "operator": skops(content=node(__loader__="OperatorFuncNode", __module__="operator", __class__="methodcaller")),
    "in-a-list": skops(content={"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "__id__": 3, "content": [node(__module__="os")]}),
    "broken": {"README.md": CARD, "model.skops": archive(**{"schema.json": "{"})},
    "escaped": {"README.md": CARD, "model.skops": archive(**{"schema.json": json.dumps(node(__module__="os")).replace("__module__", "__mod\\u0075le__")})},
    "partial": skops(content=node(__loader__="PartialNode", __module__="functools", __class__="partial", content={"func": node(__module__="os", __class__="system", __loader__="FunctionNode")})),
}


@pytest.mark.parametrize("case", SKOPS)
def test_code_in_skops_is_found(knapsack, tmp_path, case):
    found = findings(knapsack, tmp_path, SKOPS[case])
    assert errors(found) & CODE, found


HYDRA = {
    "yaml": model(**{"config.yaml": "model:\n  _target_: os.system\n  command: id\n"}),
    "quoted": model(**{"config.yaml": 'model:\n  "_target_": "os.system"\n'}),
    "escaped": model(**{"config.yaml": 'model:\n  "\\x5ftarget_": "os.system"\n'}),
    "flow": model(**{"conf/model.yml": "{model: {_target_: builtins.exec, _args_: [x]}}\n"}),
    "list": model(**{"config.yaml": "callbacks:\n- _target_: subprocess.Popen\n"}),
    "anchor": model(**{"config.yaml": "a: &a\n  _target_: os.system\nb:\n  <<: *a\n"}),
    "json": model(**{"hparams.json": {"model": {"_target_": "os.system"}}}),
    "second-document": model(**{"config.yaml": "a: 1\n---\n_target_: os.system\n"}),
    "complex-key": model(**{"config.yaml": "? _target_\n: os.system\n"}),
    "nemo": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "target: nemo.x.Y\nencoder:\n  _target_: os.system\n", "model_weights.ckpt": b"x"})},
    "nemo-gzip": {"README.md": CARD, "m.nemo": tar("w:gz", **{"./model_config.yaml": "encoder: {_target_: os.system}\n"})},
    "nemo-target": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "target: os.system\n"})},
    "nemo-pickle": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "target: nemo.x.Y\n", "model_weights.ckpt": pickle.dumps(print)})},
    "nemo-broken": {"README.md": CARD, "m.nemo": b"not a tar"},
    "mar": {"README.md": CARD, "m.mar": archive(**{"MAR-INF/MANIFEST.json": {"model": {"handler": "handler.py"}}, "handler.py": "import os"})},
    "mar-service": {"README.md": CARD, "m.mar": archive(**{"MAR-INF/MANIFEST.json": {"model": {"handler": "handler:handle"}}, "handler.py": "x"})},
    "mar-requirements": {"README.md": CARD, "m.mar": archive(**{"MAR-INF/MANIFEST.json": {"model": {"handler": "text_classifier", "requirementsFile": "requirements.txt"}}, "requirements.txt": "evil"})},
    "torchscript": {"README.md": CARD, "m.pt": archive(**{"m/data.pkl": pickle.dumps(print), "m/code/__torch__.py": "def forward(self): pass", "m/constants.pkl": b"\x80\x02).", "m/version": "3"})},
    "python-in-a-zip": {"README.md": CARD, "m.pt2": archive(**{"archive_format": "pt2", "data/aotinductor/model/x.so": b"\x7fELF"})},
}


@pytest.mark.parametrize("case", HYDRA)
def test_code_that_a_configuration_or_an_archive_names_is_found(knapsack, tmp_path, case):
    found = findings(knapsack, tmp_path, HYDRA[case])
    assert errors(found) & CODE, found
