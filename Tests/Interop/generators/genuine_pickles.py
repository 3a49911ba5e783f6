"""Genuine pickles: what PyTorch, NumPy, joblib and scikit-learn write of harmless things, now and long ago.

As a program it writes those of joblib and scikit-learn, which have their own environment: `genuine_pickles.py DIR`.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import io
import pickle
import sys
import tarfile
from pathlib import Path


def write_torch(directory: Path) -> None:
    import numpy
    import torch

    directory.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    state = model.state_dict()
    tied = torch.arange(12.0)
    all_types = {
        str(kind): torch.ones(3, 2).to(kind)
        for kind in [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.uint8, torch.int16,
                     torch.int32, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2,
                     torch.uint16, torch.uint32, torch.uint64]
    }
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(3, 8)).sum().backward()
    optimizer.step()
    training = {
        "state_dict": state, "optimizer_states": [optimizer.state_dict()], "epoch": 3, "global_step": 17,
        "pytorch-lightning_version": "2.5.0", "callbacks": {"ModelCheckpoint{'monitor': None}": {"best": None}},
        "hyper_parameters": {"lr": 1e-3, "path": Path("runs/1")}, "loops": {"fit": collections.Counter()},
        "args": argparse.Namespace(lr=0.1, layers=[1, 2]), "rng": torch.get_rng_state(),
        "numpy": numpy.random.RandomState(0).get_state(), "shape": torch.Size([1, 2]), "device": torch.device("cpu"),
        "dtype": torch.bfloat16, "scalar": numpy.float64(0.5), "set": {1, 2}, "frozen": frozenset("ab"),
        "default": collections.defaultdict(list, a=[1]), "bytes": b"\x00\xff", "complex": 1 + 2j,
    }
    things = {
        "pytorch_model.bin": state,
        "tied.pt": {"a": tied, "b": tied[2:7], "c": tied.reshape(3, 4).t()},
        "types.pt": all_types,
        "training.ckpt": training,
        "parameter.pt": {"p": torch.nn.Parameter(torch.ones(2))},
        "sparse.pt": {"s": torch.eye(3).to_sparse(), "c": torch.eye(3).to_sparse_csr()},
        "quantized.pt": {"q": torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)},
        "tensor.pt": torch.arange(6),
        "meta.pt": {"m": torch.empty(3, device="meta")},
        "empty.pt": {},
        "list.pth": [torch.zeros(1), {"x": (1, "a", None)}],
    }
    for name, thing in things.items():
        torch.save(thing, directory / name)
        if name not in ("types.pt", "meta.pt", "sparse.pt"):
            torch.save(thing, directory / f"legacy-{name}", _use_new_zipfile_serialization=False)
    for protocol in (2, 3, 4, 5):
        torch.save(state, directory / f"protocol-{protocol}.pt", pickle_protocol=protocol)
    torch.save(state, directory / "legacy-protocol-4.pt", pickle_protocol=4, _use_new_zipfile_serialization=False)
    tar_checkpoint(directory / "tar.pt")
    with tarfile.open(directory / "model.nemo", "w", format=tarfile.USTAR_FORMAT) as archive:
        config = tarfile.TarInfo("model_config.yaml")
        config.size = 5
        archive.addfile(config, io.BytesIO(b"a: 1\n"))
        archive.add(directory / "pytorch_model.bin", "model_weights.ckpt")


def tar_checkpoint(path: Path) -> None:
    """What torch.save wrote in 2016: a tar archive with pickles of storages, tensors and the object."""
    parts = {
        "sys_info": pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2),
        "pickle": pickle.dumps({"epoch": 3, "names": ["a"]}, 2),
        "tensors": pickle.dumps(0, 2), "storages": pickle.dumps(0, 2),
    }
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write_numpy(directory: Path) -> None:
    import numpy

    directory.mkdir(parents=True, exist_ok=True)
    objects = numpy.array([None, "text", [1, 2], {"a": numpy.float32(1)}], dtype=object)
    record = numpy.zeros(3, dtype=[("a", "<f4"), ("b", "S3"), ("c", "<U4")])
    numpy.save(directory / "objects.npy", objects, allow_pickle=True)
    numpy.savez(directory / "objects.npz", objects=objects, numbers=numpy.arange(3))
    numpy.savez_compressed(directory / "objects-compressed.npz", objects=objects, numbers=numpy.arange(300))
    arrays = [numpy.arange(400.0), numpy.ones((3, 4), order="F"), record, numpy.array("2020-01-01", "M8[D]"),
              numpy.ma.masked_array([1, 2], [True, False]), numpy.matrix([[1, 2]]), objects,
              numpy.array(["a", "bc"]), numpy.float16(2), numpy.bool_(True)]
    values = {
        "arrays": arrays, "generator": numpy.random.default_rng(0), "state": numpy.random.RandomState(1),
        "numbers": [1, -1, 1 << 70, 0.5, True, None, 1j], "texts": ["ä", "x" * 300, b"\xff" * 300, bytearray(b"a")],
        "dates": [datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 2, 3), datetime.timedelta(1)],
        "decimal": decimal.Decimal("1.5"), "containers": [collections.OrderedDict(a=1), collections.deque([1]), {1},
                                                          frozenset({2}), slice(1, 2), range(3)],
    }
    for protocol in range(6):
        with open(directory / f"values-{protocol}.pkl", "wb") as file:
            pickle.dump(values, file, protocol)
    recursive = [1]
    recursive.append(recursive)
    (directory / "recursive.pkl").write_bytes(pickle.dumps(recursive))
    (directory / "many.pkl").write_bytes(b"".join(pickle.dumps(i) for i in range(300)))
    (directory / "words.pkl").write_bytes(pickle.dumps({f"word{i}": i for i in range(50_000)}))
    (directory / "text.pkl").write_bytes(pickle.dumps({"a": ["b", 1]}, 0) + b"\n")


def write_scikit_learn(directory: Path) -> None:
    import joblib
    import numpy
    from sklearn import (calibration, cluster, compose, decomposition, ensemble, feature_extraction, gaussian_process,
                         linear_model, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)

    directory.mkdir(parents=True, exist_ok=True)
    random = numpy.random.RandomState(0)
    x, y = random.rand(60, 4), random.rand(60)
    labels = (y > 0.5).astype(int)
    fitted = {
        "linear": linear_model.LinearRegression().fit(x, y),
        "ridge": linear_model.RidgeCV().fit(x, y),
        "logistic": linear_model.LogisticRegression().fit(x, labels),
        "sgd": linear_model.SGDClassifier().fit(x, labels),
        "forest": ensemble.RandomForestClassifier(5).fit(x, labels),
        "boosting": ensemble.GradientBoostingRegressor(n_estimators=4).fit(x, y),
        "hist": ensemble.HistGradientBoostingClassifier(max_iter=3).fit(x, labels),
        "isolation": ensemble.IsolationForest(n_estimators=4).fit(x),
        "tree": tree.DecisionTreeRegressor().fit(x, y),
        "svc": svm.SVC(probability=False).fit(x, labels),
        "bayes": naive_bayes.GaussianNB().fit(x, labels),
        "kmeans": cluster.KMeans(3, n_init=1).fit(x),
        "pca": decomposition.PCA(2).fit(x),
        "neighbours": neighbors.KNeighborsClassifier(algorithm="kd_tree").fit(x, labels),
        "ball": neighbors.KNeighborsClassifier(algorithm="ball_tree").fit(x, labels),
        "network": neural_network.MLPClassifier((4,), max_iter=3).fit(x, labels),
        "process": gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF()).fit(x, y),
        "calibrated": calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2).fit(x, labels),
        "pipeline": pipeline.make_pipeline(
            preprocessing.StandardScaler(), compose.ColumnTransformer([("a", preprocessing.MinMaxScaler(), [0, 1])]),
            linear_model.Lasso()).fit(x, y),
        "words": feature_extraction.text.TfidfVectorizer().fit(["some words", "more words here"]),
        "onehot": preprocessing.OneHotEncoder().fit([["a"], ["b"]]),
        "labels": preprocessing.LabelEncoder().fit(["x", "y"]),
    }
    for name, model in fitted.items():
        joblib.dump(model, directory / f"{name}.joblib")
        with open(directory / f"{name}.pkl", "wb") as file:
            pickle.dump(model, file)
    mixed = {"a": x, "b": [numpy.arange(3), "text"], "objects": numpy.array([None, {"k": x}], dtype=object),
             "f": numpy.asfortranarray(x), "u": numpy.array(["ä", "bcd"]), "r": numpy.zeros(2, [("a", "f4")]),
             "empty": numpy.zeros((0, 3)), "scalar": numpy.array(3), "same": x, "date": numpy.array(["2020"], "M8[D]")}
    joblib.dump(mixed, directory / "mixed.joblib")
    joblib.dump(mixed, directory / "zlib.joblib", compress=3)
    joblib.dump(mixed, directory / "gzip.joblib.gz", compress=("gzip", 3))
    for protocol in (2, 3, 4, 5):
        joblib.dump(mixed, directory / f"protocol-{protocol}.joblib", protocol=protocol)


if __name__ == "__main__":
    write_scikit_learn(Path(sys.argv[1]))
