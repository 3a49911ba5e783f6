"""Programs in containers, configurations and graphs, read as their own libraries read them.

Keras 3.15 and skops 0.16 give a member of a zip to `json.loads` as bytes, which takes UTF-16 and UTF-32 too; Python's zipfile
takes the last member of a name; protocol buffers merge a message that is there twice, and take the last of a text; PyYAML 6
resolves tags by `%TAG`; TensorFlow 2.21 loads `saved_model.pbtxt` where there is no `.pb`; keras_hub 0.32 writes presets.
"""

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import warnings
import zipfile
import zlib

import numpy
import pytest
from batches import together
from instances import CARD, errors, model, safetensors

CODE = {"program", "program-unreadable", "pickle-refused", "pickle-denied", "pickle-unreadable", "remote-code", "remote-code-elsewhere", "remote-code-file", "template-unsafe"}
SCAN = '\n[policy]\npickle = "scan"\nremote-code = "deny"\n'


def archive(*members, **files) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        with zipfile.ZipFile(buffer, "w") as out:
            for name, content in [*members, *files.items()]:
                out.writestr(name, json.dumps(content) if isinstance(content, dict | list) else content)
    return buffer.getvalue()


def tar(mode="w", **files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as out:
        for name, data in files.items():
            data = data.encode() if isinstance(data, str) else data
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class Evil:
    def __reduce__(self):
        return (print, ("evil",))


EVIL = pickle.dumps(Evil())

# --- Keras ------------------------------------------------------------------------------------------------------------

LAMBDA = {
    "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
    "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None, "closure": None}}},
}


def layer(name="Dense", module="keras.layers", registered=None, **config):
    return {"module": module, "class_name": name, "config": {"name": "d", **config}, "registered_name": registered}


def sequential(*layers):
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}, "registered_name": None}


def function(module, name, registered=None):
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered or name}


META = {"keras_version": "3.15.1"}


def keras(*layers, config=None, **more):
    content = config if config is not None else sequential(*layers)
    return {"README.md": CARD, "m.keras": archive(("metadata.json", META), ("config.json", content), ("model.weights.h5", b""), *more.items())}


def text(*layers, codec="utf-8"):
    return keras(config=json.dumps(sequential(*layers)).encode(codec))


CLEAN = layer(units=2)
ENGINE = "keras.src.engine.sequential"
KERAS = {
    "utf-16": text(LAMBDA, codec="utf-16"),
    "utf-16-without-mark": text(LAMBDA, codec="utf-16-le"),
    "utf-32": text(LAMBDA, codec="utf-32"),
    "not-a-number": keras(config=json.dumps(sequential(layer(units=float("nan")), LAMBDA))),
    "last-member-counts": {"README.md": CARD, "m.keras": archive(("config.json", sequential(CLEAN)), ("config.json", sequential(LAMBDA)), ("metadata.json", META))},
    "behind-other-bytes": {"README.md": CARD, "m.keras": b"x" * 10 + archive(("config.json", sequential(LAMBDA)), ("metadata.json", META))},
    "get-file": keras(layer(activation=function("keras.utils", "get_file"))),
    "load-model": keras(layer(activation=function("keras.models", "load_model"))),
    "unsafe": keras(layer("Lambda", function=function("keras.config", "enable_unsafe_deserialization"))),
    "lambda-of-a-name": keras(layer("Lambda", function=function("builtins", "getattr"))),
    "string-lookup": keras(layer("StringLookup", vocabulary="/etc/passwd")),
    "integer-lookup": keras(layer("IntegerLookup", vocabulary="vocab.txt")),
    "text-vectorization": keras(layer("TextVectorization", vocabulary="/etc/passwd")),
    "in-a-mask": keras(layer("Lambda", function="x", mask=LAMBDA["config"]["function"])),
    "in-an-initializer": keras(layer(kernel_initializer={"module": "keras.initializers", "class_name": "RandomNormal", "config": {"seed": function("os", "getpid")}})),
    "in-an-rnn-cell": keras(layer("RNN", cell={"module": "evil", "class_name": "Cell", "config": {}})),
    "in-stacked-cells": keras(layer("RNN", cell=layer("StackedRNNCells", cells=[LAMBDA]))),
    "type-of-a-tensor": keras({"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": ["id"], "registered_name": None}),
    "nested-twice": keras({**sequential(sequential(sequential(LAMBDA))), "class_name": "Sequential"}),
    "in-arguments-of-a-node": keras({**CLEAN, "inbound_nodes": [{"args": [{"class_name": "__lambda__", "config": {"value": "4wE="}}], "kwargs": {}}]}),
    "legacy-name": keras(config={"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None], "function_type": "lambda"}}]}}),
    "hub-with-another-class": keras(layer("Evil", module="keras_hub.src.models.gemma.gemma_backbone", registered="my>Evil")),
    "weights-of-objects": keras(CLEAN, **{"model.weights.npz": archive(("x.npy", b""))}, **{"assets/a/vocabulary.pickle": EVIL}),
    "directory": {"README.md": CARD, "config.json": sequential(LAMBDA), "metadata.json": META, "model.weights.h5": b""},
    "registered-over-a-layer": keras(layer(units=2, registered="evil>Dense")),
    "optimizer": keras(config={**sequential(CLEAN), "compile_config": {"optimizer": {"module": "evil.optimizers", "class_name": "Adam", "config": {}}, "loss": "mse"}}),
    "metric-by-name-of-a-module": keras(config={**sequential(CLEAN), "compile_config": {"metrics": [[function("subprocess", "check_output")]]}}),
}  # fmt: skip

# --- skops ------------------------------------------------------------------------------------------------------------


def node(loader="ObjectNode", module="sklearn.linear_model._logistic", name="LogisticRegression", content=None, **keys):
    return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 1, "content": content, **keys}


def skops(schema, *members):
    return {"README.md": CARD, "m.skops": archive(("schema.json", schema), *members)}


SYSTEM = node(module="os", name="system", loader="FunctionNode")
SKOPS = {
    "utf-16": skops(json.dumps({**SYSTEM, "protocol": 2, "_skops_version": "0.16.0"}).encode("utf-16")),
    "last-schema-counts": {"README.md": CARD, "m.skops": archive(("schema.json", {**node(), "protocol": 2, "_skops_version": "0.16.0"}), ("schema.json", SYSTEM))},
    "function-of-sklearn-that-fetches": skops(node("FunctionNode", "sklearn.datasets._openml", "fetch_openml")),
    "in-a-dictionary": skops(node("DictNode", "builtins", "dict", content={"a": SYSTEM}, key_types=node("ListNode", "builtins", "list", content=[]))),
    "defaultdict": skops(node("DefaultDictNode", "collections", "defaultdict", content={}, default_factory=SYSTEM)),
    "array-of-objects": skops(node("NdArrayNode", "numpy", "ndarray", type="json", content={"content": [SYSTEM]}, shape={})),
    "array-of-pickles": skops(node("NdArrayNode", "numpy", "ndarray", type="numpy", file="x.npy"), ("x.npy", EVIL)),
    "old-protocol": skops({**node(loader="ReduceNode", module="sklearn._loss._loss", name="CyHalfBinomialLoss", reduce={"args": {"content": [SYSTEM]}}), "protocol": 0, "_skops_version": "0.6"}),
    "set-of-types": skops(node("SetNode", "builtins", "set", content=[node("TypeNode", "os", "system")])),
    "unknown-key-with-a-node": skops(node(content=node("DictNode", "builtins", "dict", content={"x": node(module="evil", name="E")}))),
}

# --- YAML, NeMo, archives, MLflow -------------------------------------------------------------------------------------

TARGETS = {
    "yaml-tag": model(**{"a.yaml": "x: !!python/object/apply:os.system [id]\n"}),
    "yaml-tag-written-out": model(**{"a.yaml": "x: !<tag:yaml.org,2002:python/object/apply:os.system> [id]\n"}),
    "yaml-tag-by-a-directive": model(**{"a.yaml": "%TAG !e! tag:yaml.org,2002:python/\n---\nx: !e!object/apply:os.system [id]\n"}),
    "yaml-tag-in-percent": model(**{"a.yaml": "x: !!python%2Fobject/apply:os.system [id]\n"}),
    "yaml-target-by-a-line": model(**{"a.yaml": '"_tar\\\nget_": os.system\n'}),
    "yaml-target-literal": model(**{"a.yaml": "? |-\n  _target_\n: os.system\n"}),
    "yaml-target-by-an-alias": model(**{"a.yaml": "n: &k _target_\nm: {*k : os.system}\n"}),
    "yaml-utf-16": model(**{"a.yaml": "_target_: os.system\n".encode("utf-16")}),
    "yaml-mark": model(**{"a.yaml": b"\xef\xbb\xbf_target_: os.system\n"}),
    "yaml-uppercase": model(**{"A.YAML": "_target_: os.system\n"}),
    "yaml-next-line": model(**{"a.yaml": "a: 1\x85_target_: os.system\n"}),
    "nemo-in-folders": {"README.md": CARD, "m.nemo": tar(**{"./": b"", "./sub/model_config.yaml": "a: {_target_: os.system}\n"})},
    "nemo-xz": {"README.md": CARD, "m.nemo": tar("w:xz", **{"model_config.yaml": "a: {_target_: os.system}\n"})},
    "nemo-bz2": {"README.md": CARD, "m.nemo": tar("w:bz2", **{"model_config.yaml": "a: {_target_: os.system}\n"})},
    "nemo-in-nemo": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "target: nemo.collections.asr.models.EncDecCTCModel\n", "inner.nemo": tar(**{"model_config.yaml": "a: {_target_: os.system}\n"})})},
    "nemo-twice": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "a: 1\n"})[:1024] + tar(**{"model_config.yaml": "a: {_target_: os.system}\n"})},
    "mar-with-a-checkpoint": {"README.md": CARD, "m.mar": archive(("MAR-INF/MANIFEST.json", {"model": {"handler": "text_classifier", "serializedFile": "m.pt"}}), ("m.pt", archive(("m/data.pkl", EVIL), ("m/version", "3"))))},
    "mar-tar": {"README.md": CARD, "m.mar": tar("w:gz", **{"MAR-INF/MANIFEST.json": json.dumps({"model": {"handler": "h.py"}}), "h.py": "x"})},
    "library": model(**{"libops.so": b"\x7fELF" + b"\0" * 60}),
    "module-that-is-compiled": model(**{"modeling_x.pyc": b"\xa7\r\r\n" + b"\0" * 12, "config.json": {"model_type": "x", "auto_map": {"AutoModel": "modeling_x.X"}}}),
    "torchscript-of-another-name": {"README.md": CARD, "m.torchscript": archive(("m/data.pkl", pickle.dumps({})), ("m/code/__torch__.py", "x"), ("m/version", "3"))},
    "template-in-its-file": model(**{"chat_template.jinja": "{{ messages.__class__.__mro__[1].__subclasses__() }}"}),
    "template-by-attr": model(**{"chat_template.jinja": "{{ messages|attr('__cl' ~ 'ass__') }}"}),
    "template-of-tools": model(**{"tokenizer_config.json": {"chat_template": [{"name": "default", "template": "x"}, {"name": "tool_use", "template": "{{ cycler.__init__.__globals__.os.popen('id') }}"}]}}),
    "template-of-a-folder": model(**{"additional_chat_templates/tool.jinja": "{{ ''.__class__ }}"}),
    "template-of-a-processor": model(**{"chat_template.json": {"chat_template": "{{ ''['__class__'] }}"}}),
}  # fmt: skip

# --- protocol buffers -------------------------------------------------------------------------------------------------


def varint(value):
    out = b""
    while True:
        out += bytes([value & 127 | (128 if value > 127 else 0)])
        value >>= 7
        if not value:
            return out


def field(number, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def operator(op, *domains, name="b"):
    return field(1, "a") + field(2, name) + field(4, op) + b"".join(field(7, domain) for domain in domains)


def graph(*nodes, extra=b""):
    return b"".join(field(1, node) for node in nodes) + field(2, "g") + extra


OPSET = field(8, field(1, "") + bytes([16, 18]))


def onnx(*parts):
    """ModelProto: ir_version 1, graph 7, opset_import 8, functions 25 (onnx.proto3)."""
    return {"README.md": CARD, "m.onnx": bytes([8, 8]) + b"".join(parts) + OPSET}


def local(op, domain, *nodes):
    """FunctionProto: name 1, node 7, opset_import 9, domain 10."""
    return field(25, field(1, op) + field(4, "a") + field(5, "b") + b"".join(field(7, inner) for inner in nodes) + field(10, domain))


ADD = operator("Add")
LONG = bytes([0xBA, 0x80, 0x80, 0x00])  # the tag of field 7, wire type 2, in four bytes
GRAPHS = {
    "second-graph-is-merged": onnx(field(7, graph(ADD)), field(7, graph(operator("Do", "my.ops")))),
    "last-domain-counts": onnx(field(7, graph(operator("Do", "", "my.ops")))),
    "domain-behind-an-unknown-field": onnx(field(7, graph(operator("Do") + field(99, "x") + field(7, "my.ops")))),
    "long-tag": onnx(LONG + varint(len(graph(operator("Do", "my.ops")))) + graph(operator("Do", "my.ops"))),
    "function-uses-it": onnx(field(7, graph(operator("F", "mine"))), local("F", "mine", operator("Do", "my.ops"))),
    "function-of-another-name": onnx(field(7, graph(operator("G", "mine"))), local("F", "mine", ADD)),
    "function-of-another-domain": onnx(field(7, graph(operator("F", "other"))), local("F", "mine", ADD)),
    "in-a-list-of-graphs": onnx(field(7, graph(operator("If") + field(5, field(1, "x") + field(11, graph(operator("Do", "my.ops"))))))),
    "graph-in-a-function": onnx(field(7, graph(operator("F", "mine"))), local("F", "mine", operator("If") + field(5, field(1, "then_branch") + field(6, graph(operator("Do", "my.ops")))))),
    "python-operator": onnx(field(7, graph(operator("PyOp", "ai.onnx.contrib")))),
    "unknown-of-the-standard": onnx(field(7, graph(operator("EPContext", "com.microsoft")))),
    "data-above": onnx(field(7, graph(ADD, extra=field(5, field(8, "w") + bytes([8, 2, 16, 1, 112, 1]) + field(13, field(1, "location") + field(2, "../../w.bin")))))),
    "data-from-the-root": onnx(field(7, graph(ADD, extra=field(5, field(8, "w") + bytes([8, 2, 16, 1, 112, 1]) + field(13, field(1, "location") + field(2, "/etc/passwd")))))),
}  # fmt: skip


def tensorflow(*nodes, functions=()):
    """SavedModel: version 1, meta_graphs 2; MetaGraphDef: graph_def 2; GraphDef: node 1, library 2; FunctionDef: node_def 3."""
    definitions = b"".join(field(1, field(1, field(1, "f")) + b"".join(field(3, field(1, "n") + field(2, op)) for op in ops)) for ops in functions)
    content = b"".join(field(1, field(1, op) + field(2, op)) for op in nodes) + (field(2, definitions) if definitions else b"")
    return bytes([8, 1]) + field(2, field(2, content))


def saved(data, name="saved_model.pb"):
    return {"README.md": CARD, name: data, "variables/variables.index": b"", "variables/variables.data-00000-of-00001": b"\0"}


PBTXT = 'saved_model_schema_version: 1\nmeta_graphs { graph_def { node { name: "a" op: "WriteFile" } } }\n'
SAVED = {
    "python": saved(tensorflow("Placeholder", "PyFunc")),
    "eager-python": saved(tensorflow("EagerPyFunc")),
    "stateless-python": saved(tensorflow("PyFuncStateless")),
    "writes-a-file": saved(tensorflow("WriteFile")),
    "reads-a-file": saved(tensorflow("ReadFile")),
    "prints": saved(tensorflow("PrintV2")),
    "in-a-function": saved(tensorflow("PartitionedCall", functions=(("Add", "PyFunc"),))),
    "second-graph": saved(tensorflow("Add") + tensorflow("WriteFile")[2:]),
    "operator-of-a-library": saved(tensorflow("MyOp")),
    "as-text": saved(PBTXT, "saved_model.pbtxt"),
    "assets": saved(tensorflow("Add")) | {"assets.extra/x.pkl": EVIL},
}

ALL = {
    f"{kind}-{name}": files
    for kind, cases in {"keras": KERAS, "skops": SKOPS, "target": TARGETS, "onnx": GRAPHS, "saved": SAVED}.items()
    for name, files in cases.items()
}


@pytest.fixture(scope="module")
def found(knapsack, tmp_path_factory):
    # Beside a whole model, so that nothing is refused for what it lacks.
    return together(knapsack, tmp_path_factory.mktemp("programs"), {name: {**model(), **files} for name, files in ALL.items()}, allow=["named-file-missing", "config-missing", "tokenizer-missing"])


@pytest.mark.parametrize("case", ALL)
def test_code_in_a_container_is_found(found, case):
    assert errors(found[case]) & CODE, found[case]


# --- pickles under pickle = "scan" ------------------------------------------------------------------------------------


def objects(version=(1, 0), dtype="O"):
    buffer = io.BytesIO()
    array = numpy.empty(1, dtype=dtype)
    array[0] = Evil() if dtype == "O" else (Evil(), 1)
    numpy.lib.format.write_array(buffer, array, version=version, allow_pickle=True)
    return buffer.getvalue()


def only(name, data):
    return model(**{name: data})


PT = archive(("m/data.pkl", EVIL), ("m/version", "3"), ("m/byteorder", "little"))
PICKLES = {
    "zlib": only("m.joblib", zlib.compress(EVIL)),
    "gzip": only("m.joblib", gzip.compress(EVIL)),
    "bz2": only("m.joblib", bz2.compress(EVIL)),
    "xz": only("m.joblib", lzma.compress(EVIL)),
    "lzma": only("m.joblib", lzma.compress(EVIL, format=lzma.FORMAT_ALONE)),
    "zlib-stored": only("m.joblib", zlib.compress(EVIL, 0)),
    "gzip-members": only("m.joblib", gzip.compress(EVIL[:5]) + gzip.compress(EVIL[5:])),
    "gzip-with-a-name": only("m.joblib", b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"m.pkl\0" + zlib.compress(EVIL)[2:-4] + b"\0" * 8),
    "pandas-gz": only("frame.pkl.gz", gzip.compress(EVIL)),
    "pandas-bz2": only("frame.pkl.bz2", bz2.compress(EVIL)),
    "pandas-xz": only("frame.pkl.xz", lzma.compress(EVIL)),
    "pandas-zip": only("frame.pkl.zip", archive(("frame.pkl", EVIL))),
    "pandas-tar": only("frame.pkl.tar", tar(**{"frame.pkl": EVIL})),
    "pandas-tar-gz": only("frame.pkl.tar.gz", tar("w:gz", **{"frame.pkl": EVIL})),
    "npy": only("x.npy", objects()),
    "npy-2": only("x.npy", objects((2, 0))),
    "npy-3": only("x.npy", objects((3, 0))),
    "npy-records": only("x.npy", objects(dtype=[("a", "O"), ("b", "i4")])),
    "npz": only("x.npz", archive(("a.npy", objects()))),
    "npz-second-member": only("x.npz", archive(("a.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }" + b" " * 60 + b"\n"), ("b.npy", objects()))),
    "npz-without-suffix-of-member": only("x.npz", archive(("a", objects()))),
    "npz-in-a-torch-name": only("x.npz", PT),
    "gensim": only("word2vec.model", EVIL),
    "paddle": only("m.pdparams", EVIL),
    "pth-tar": only("checkpoint.pth.tar", PT),
    "safetensors-name": model("model.safetensors", **{"pytorch_model.bin": PT}),
    "fairseq": only("checkpoint_best.pt", EVIL),
    "legacy-torch-tar": only("m.pt", tar(sys_info=pickle.dumps({}), pickle=EVIL, storages=pickle.dumps(0), tensors=pickle.dumps(0))),
    "legacy-torch": only("m.pth", pickle.dumps(0x1950A86A20F9469CFC6C) + pickle.dumps(1001) + pickle.dumps({"little_endian": True}) + EVIL + pickle.dumps([])),
    "mar": {"README.md": CARD, "m.mar": archive(("MAR-INF/MANIFEST.json", {"model": {"handler": "text_classifier", "serializedFile": "m.pt"}}), ("m.pt", PT))},
    "nemo": {"README.md": CARD, "m.nemo": tar(**{"model_config.yaml": "a: 1\n", "model_weights.ckpt": PT})},
    "torch-with-a-second-pickle": only("m.pt", archive(("m/data.pkl", pickle.dumps({})), ("m/version", "3"), ("n/data.pkl", EVIL))),
    "torch-last-member": only("m.pt", archive(("m/data.pkl", pickle.dumps({})), ("m/version", "3"), ("m/data.pkl", EVIL))),
    "zip-in-zip": only("m.pt", archive(("inner.pt", PT))),
    "zip-in-zip-of-pandas": only("frame.pkl.zip", archive(("inner.zip", archive(("frame.pkl", EVIL))))),
    "dill": only("m.dill", EVIL),
    "cloudpickle": only("m.cloudpickle", EVIL),
    "no-suffix": only("model", EVIL),
    "pickle-as-protocol-0": only("vectorizer.sav", b"cos\nsystem\n(S'id'\ntR."),
    "lightning": only("epoch=1-step=2.ckpt", archive(("archive/data.pkl", EVIL), ("archive/version", "3"))),
    "optimizer-state": only("optimizer.bin", PT),
    "random-state": only("rng_state_0.pth", PT),
}


@pytest.fixture(scope="module")
def scanned(knapsack, tmp_path_factory):
    cases = {name: {**model(), **files} for name, files in PICKLES.items()}
    return together(knapsack, tmp_path_factory.mktemp("pickles"), cases, SCAN, allow=["npz-broken", "pytorch-broken", "zip-broken"])


@pytest.mark.parametrize("case", PICKLES)
def test_a_pickle_that_calls_is_found_however_it_is_wrapped(scanned, case):
    assert errors(scanned[case]) & CODE, scanned[case]


# --- what is no code --------------------------------------------------------------------------------------------------


# A file of h5py 3.16 with one array of two numbers in a group.
WEIGHTS = zlib.decompress(base64.b85decode((
    'c-rgqaB<`1lHy_j0S*oZ76t(ZWbhvfen_J7Ve$!3nh{EOK<O1sFmYzEoCH){0BXJhGlZW36%Pq=bp@&Zj|O1&c!)u04u(-M5`l-SV*rSbfbwDK'
    '=>!w1y4?Jf)SUS8)XemZl47KE=|HBvg3$Dep00TqJfP{Dk3j^ODzj6I5{u)@Qj3Z+^Yeh>l8g*sodR$-aG>N97Lb|Dh`i(O?C-<K0M&q|4g`$#'
    '3{8>Ub%TF2O^kw3FbYP&C>RB!U=)mkQ7{Td!6+C7Lk%#3A!1wuHtw)N7{b3G3ZV&&lP!Q6Fgi{)G6DKH8EiE7gD9%H3V6DM>Z8!!U_XBsPzr{n'
    'yAEMg^U>4sD8N+?utLI&5yppPXhuee0BpDuMl%EDK{A30_Rz3*U@+lkF!>K1TVw@_g5;T)m>41D0>nIK#ut*PDFg;O232^Vr>hC#qiKX1007z4'
    'T4w'
)))


def preset(*without):
    """A preset as keras_hub writes it (and as Kaggle has Gemma for Keras): configuration, task, tokenizer, weights."""
    path = "keras_hub.src.models.gemma."
    files = {
        "README.md": CARD,
        "metadata.json": {"keras_version": "3.15.0", "keras_hub_version": "0.32.0", "parameter_count": 4, "date_saved": "2026-01-01@00:00:00", "tasks": ["CausalLM"]},
        "config.json": {"module": path + "gemma_backbone", "class_name": "GemmaBackbone", "config": {"name": "gemma_backbone", "trainable": True, "dtype": "bfloat16", "vocabulary_size": 4, "num_layers": 1}, "registered_name": "keras_hub>GemmaBackbone"},
        "tokenizer.json": {"module": path + "gemma_tokenizer", "class_name": "GemmaTokenizer", "config": {"name": "gemma_tokenizer", "trainable": True, "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int32"}, "registered_name": None}, "config_file": "tokenizer.json", "proto": None, "sequence_length": None, "add_bos": False, "add_eos": False}, "registered_name": "keras_hub>GemmaTokenizer"},
        "preprocessor.json": {"module": path + "gemma_causal_lm_preprocessor", "class_name": "GemmaCausalLMPreprocessor", "config": {"name": "p", "trainable": True, "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}, "tokenizer": {"module": path + "gemma_tokenizer", "class_name": "GemmaTokenizer", "config": {"name": "gemma_tokenizer", "proto": None}, "registered_name": "keras_hub>GemmaTokenizer"}, "config_file": "preprocessor.json", "sequence_length": 8, "add_start_token": True, "add_end_token": True}, "registered_name": "keras_hub>GemmaCausalLMPreprocessor"},
        "model.weights.h5": WEIGHTS,
        "assets/tokenizer/vocabulary.spm": b"\n\x07\n\x01a\x15\0\0\0\0",
    }
    return {name: content for name, content in files.items() if name not in without}


WORD2VEC = b"\xba\x16\x4f\x2f\x0c\0\0\0" + b"\0" * 200  # fastText 0.9: FASTTEXT_FILEFORMAT_MAGIC_INT32 793712314, version 12
HARMLESS = {
    "function-that-the-model-defines": onnx(field(7, graph(operator("F", "mine"))), local("F", "mine", ADD)),
    "functions-in-each-other": onnx(field(7, graph(operator("F", "mine"))), local("F", "mine", operator("G", "mine")), local("G", "mine", ADD)),
    "last-domain-is-the-standard": onnx(field(7, graph(operator("Add", "my.ops", "")))),
    "alias-of-the-standard-domain": onnx(field(7, graph(operator("Add", "ai.onnx")))),
    "opset-that-is-not-used": onnx(field(7, graph(ADD)), field(8, field(1, "my.ops") + bytes([16, 1]))),
    "saved-model": saved(tensorflow("Placeholder", "MatMul", "VarHandleOp", "RestoreV2", "SaveV2", "NoOp", "StatefulPartitionedCall")),
    "keras-vocabulary-as-a-list": keras(layer("StringLookup", vocabulary=["a", "b"])),
    "keras-hub-layer": keras(layer("TokenAndPositionEmbedding", module="keras_hub.layers", registered="keras_hub>TokenAndPositionEmbedding", vocabulary_size=4, sequence_length=4, embedding_dim=4)),
    "keras-custom-name-of-keras": keras(layer("Adam", module="keras.optimizers", learning_rate=0.1)),
    "preset-of-keras-hub": preset(),
    "skops-estimator": skops({**node(content=node("DictNode", "builtins", "dict", key_types=node("ListNode", "builtins", "list", content=[]), content={"C": node("JsonNode", "builtins", "str", content="1.0")})), "protocol": 2, "_skops_version": "0.16.0"}),
    "npz": model(**{"x.npz": archive(("a.npy", b"\x93NUMPY\x01\x00\x76\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }".ljust(117) + b"\n"))}),
    "fasttext": model(**{"cc.en.300.bin": WORD2VEC}),
    "whisper-cpp": model(**{"ggml-model.bin": b"lmgg" + b"\0" * 200}),
    "template": model(**{"chat_template.jinja": "{% for m in messages %}{{ m['role'] + ': ' + m.content | trim }}{% endfor %}"}),
    "template-with-namespace": model(**{"chat_template.jinja": "{% set ns = namespace(found=false) %}{% macro f(x) %}{{ x|tojson }}{% endmacro %}{{ raise_exception('no') if not messages else strftime_now('%Y') }}"}),
    "yaml": model(**{"a.yaml": "target: 5\nmodel: {type: llama}\n"}),
    "config-with-words": model(**{"config.json": {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "_name_or_path": "org/name"}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def harmless(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("harmless"), HARMLESS)


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_no_code_is_not_refused(harmless, case):
    assert not errors(harmless[case]) - {"processor-missing"}, harmless[case]
