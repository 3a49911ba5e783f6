"""Hostile pickles, one for every way around a scanner that is known: what the advisories of picklescan, the issues of
modelscan (#85, #89, #263, #267, #311, #330, #331, #338, #367) and fickling (#96, #108, #190) describe, and what their
fixes did not think of.

Nothing here is ever loaded. What the pickles would call, if they were, is harmless all the same wherever the way
around does not need a certain function: it prints.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

SAID = "this pickle was executed"


# --- Instructions ------------------------------------------------------------------------------------------------

def text(value: str) -> bytes:
    """SHORT_BINUNICODE"""
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def imported(module: str, name: str) -> bytes:
    """GLOBAL"""
    return f"c{module}\n{name}\n".encode()


def stacked(module: str, name: str) -> bytes:
    """STACK_GLOBAL"""
    return text(module) + text(name) + b"\x93"


def called(module: str, name: str, *arguments: str) -> bytes:
    """A whole pickle of protocol 4 that calls a function with texts."""
    body = stacked(module, name) + b"(" + b"".join(map(text, arguments)) + b"tR."
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body


def plain(value=None, protocol: int = 4) -> bytes:
    return pickle.dumps({"weights": [1.0, 2.0]} if value is None else value, protocol)


EVIL = called("builtins", "exec", f"print('{SAID}')")
SYSTEM = called("os", "system", f"echo {SAID}")
EVIL0 = f"cos\nsystem\n(S'echo {SAID}'\ntR.".encode()


def zipped(members, compression=zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=compression)
    return buffer.getvalue()


def torch_like(pickled: bytes, prefix: str = "archive", **more: bytes) -> list[tuple[str, bytes]]:
    members = [(f"{prefix}/data.pkl", pickled), (f"{prefix}/byteorder", b"little")]
    return members + [(f"{prefix}/{name}", content) for name, content in more.items()] + [
        (f"{prefix}/data/0", bytes(16)), (f"{prefix}/version", b"3\n")]


def tarred(members) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def patched(data: bytes, old: bytes, new: bytes, which: int) -> bytes:
    """`data` with one occurrence of `old` replaced: the first for 0, the last for -1."""
    place = data.index(old) if which == 0 else data.rindex(old)
    return data[:place] + new + data[place + len(old):]


def flagged(data: bytes, offset: int, value: bytes, central: bool) -> bytes:
    """A zip archive with bytes of its first local or central record replaced."""
    start = data.index(b"PK\x01\x02") if central else 0
    return data[:start + offset] + value + data[start + offset + len(value):]


# --- Functions that deny-lists lack --------------------------------------------------------------------------------

# What each scanner's list did not have when the advisory or issue was written.
FUNCTIONS = {
    "spawnv_passfds": ("multiprocessing.util", "spawnv_passfds"),
    "collect_env": ("torch.utils.collect_env", "run"),
    "mlflow": ("mlflow.projects.backend.local", "_run_entry_point"),
    "read_csv": ("pandas.io.parsers.readers", "read_csv"),
    "run_pip": ("ensurepip", "_run_pip"),
    "timeit": ("timeit", "timeit"),
    "cprofile": ("cProfile", "run"),
    "profile": ("profile", "run"),
    "trace": ("trace", "Trace.run"),
    "pdb": ("pdb", "run"),
    "bdb": ("bdb", "Bdb.run"),
    "doctest": ("doctest", "debug_script"),
    "code": ("code", "InteractiveInterpreter.runcode"),
    "idlelib_run": ("idlelib.run", "Executive.runcode"),
    "idlelib_pyshell": ("idlelib.pyshell", "ModifiedInterpreter.runcommand"),
    "idlelib_entity": ("idlelib.calltip", "get_entity"),
    "idlelib_autocomplete": ("idlelib.autocomplete", "AutoComplete.get_entity"),
    "idlelib_debugobj": ("idlelib.debugobj", "ObjectTreeItem.SetText"),
    "lib2to3": ("lib2to3.pgen2.grammar", "Grammar.loads"),
    "write_file": ("distutils.file_util", "write_file"),
    "fileio": ("_io", "FileIO"),
    "asyncio": ("asyncio.unix_events", "_UnixSubprocessTransport._start"),
    "crackfortran": ("numpy.f2py.crackfortran", "getlincoef"),
    "eval_length": ("numpy.f2py.crackfortran", "_eval_length"),
    "runstring": ("numpy.testing._private.utils", "runstring"),
    "memmap": ("numpy", "memmap"),
    "bottleneck": ("torch.utils.bottleneck.__main__", "run_cprofile"),
    "guards": ("torch._dynamo.guards", "GuardBuilder.get"),
    "shape_env": ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression"),
    "unsafe_load": ("torch.storage", "_load_from_bytes"),
    "torch_load": ("torch", "load"),
    "hub": ("torch.hub", "load"),
    "import_module": ("importlib", "import_module"),
    "marshal": ("marshal", "loads"),
    "pydoc": ("pydoc", "locate"),
    "pickle_loads": ("pickle", "loads"),
    "c_pickle": ("_pickle", "loads"),
    "joblib_load": ("joblib", "load"),
    "numpy_load": ("numpy", "load"),
    "dill": ("dill", "loads"),
    "cloudpickle": ("cloudpickle.cloudpickle", "_make_function"),
    "dill_function": ("dill._dill", "_create_function"),
    "getattr": ("builtins", "getattr"),
    "operator": ("operator", "attrgetter"),
    "c_operator": ("_operator", "methodcaller"),
    "partial": ("functools", "partial"),
    "reduce": ("functools", "reduce"),
    "pty": ("pty", "spawn"),
    "shutil": ("shutil", "copy"),
    "requests": ("aiohttp.client", "ClientSession"),
    "ssl": ("ssl", "get_server_certificate"),
    "http": ("http.client", "HTTPSConnection"),
    "webbrowser": ("webbrowser", "open"),
    "ctypes": ("ctypes", "CDLL"),
    "linecache": ("linecache", "getlines"),
    "logging": ("logging.config", "fileConfig"),
    "uuid_get": ("uuid", "_get_command_stdout"),
    "type": ("builtins", "type"),
    "python2": ("__builtin__", "execfile"),
    "nt": ("nt", "system"),
    "commands": ("commands", "getoutput"),
}


def functions() -> dict[str, bytes]:
    found = {}
    for index, (name, (module, function)) in enumerate(FUNCTIONS.items()):
        if index % 3 == 0:
            content = called(module, function, SAID)
        elif index % 3 == 1:
            content = b"\x80\x02" + imported(module, function) + b"X\x01\x00\x00\x00a\x85R."
        else:
            content = f"(i{module}\n{function}\n.".encode()
        found[f"function-{name}.pkl"] = content
    return found


# --- Ways to hide what is imported ---------------------------------------------------------------------------------

def hidden() -> dict[str, bytes]:
    """Names that are assembled, and calls without a call."""
    run = text(f"echo {SAID}") + b"\x85R."
    found = {
        # picklescan #22: a memo whose numbers are not the order.
        "memo-order.pkl": b"\x80\x04" + text("os") + b"q\x05" + text("system") + b"q\x030" + b"0h\x05h\x03\x93" + run,
        "memo-far.pkl": b"\x80\x04" + text("os") + b"r\xff\xff\x00\x00" + text("system") + b"\x940" + b"0"
        + text("collections") + text("OrderedDict") + b"00" + b"j\xff\xff\x00\x00h\x01\x93" + run,
        "memo-beyond.pkl": b"\x80\x04" + text("os") + b"r\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + text("system")
        + b"\x93" + run,
        # MEMOIZE counts keys: one that is set twice counts once.
        "memo-twice.pkl": b"\x80\x04" + text("collections") + b"q\x00q\x00" + text("os") + b"\x94" + text("system")
        + b"\x94000h\x01h\x02\x93" + run,
        "memo-overwritten.pkl": b"\x80\x04" + text("collections") + b"q\x000" + text("os") + b"q\x000h\x00"
        + text("system") + b"\x93" + run,
        "dup.pkl": b"\x80\x04" + text("pty") + b"2" + b"0" + text("spawn") + b"\x93" + run,
        "pop.pkl": b"\x80\x04" + text("os") + text("path") + b"0" + text("system") + b"\x93" + run,
        "pop-mark.pkl": b"\x80\x04" + text("os") + text("system") + b"(" + text("collections") + text("Counter") + b"1"
        + b"\x93" + run,
        "noise.pkl": b"\x80\x04" + text("os") + b"N0" * 200 + text("system") + b"K\x010" * 200 + b"\x93" + run,
        "classic-strings.pkl": b"\x80\x04U\x02osU\x06system\x93" + run,
        "quoted-strings.pkl": b"\x80\x04S'os'\nS\"system\"\n\x93" + run,
        "escaped-strings.pkl": b"\x80\x04S'\\x6f\\x73'\nS'sys\\x74em'\n\x93" + run,
        "unicode-escapes.pkl": b"\x80\x04V\\u006f\\u0073\nVsystem\n\x93" + run,
        "long-strings.pkl": b"\x80\x04\x8d" + struct.pack("<Q", 2) + b"os" + b"X\x06\x00\x00\x00system\x93" + run,
        "bytes-decoded.pkl": b"\x80\x04" + stacked("_codecs", "decode") + b"C\x02os" + text("utf8") + b"\x86R"
        + text("system") + b"\x93" + run,
        "encoded-name.pkl": b"\x80\x04" + stacked("_codecs", "encode") + text("bf") + text("rot13") + b"\x86R"
        + text("system") + b"\x93" + run,
        "name-by-call.pkl": b"\x80\x04" + stacked("builtins", "object") + b")R" + text("system") + b"\x93" + run,
        # A walk along attributes of something that is allowed (modelscan #89, #330).
        "walk.pkl": b"\x80\x04" + stacked("collections", "OrderedDict.__init__.__globals__") + b".",
        "walk-numpy.pkl": b"\x80\x04" + stacked("numpy", "core._internal.sys.modules") + b".",
        "walk-module.pkl": b"\x80\x04" + stacked("torch._utils", "os.system") + run,
        "allowed-module.pkl": b"\x80\x04" + stacked("torch", "os.system") + run,
        "allowed-name.pkl": b"\x80\x04" + stacked("evil", "OrderedDict") + b")R.",
        "numpy-builtins.pkl": bytes.fromhex(
            "80049566000000000000008c056e756d70798c0473697a659394948c056e756d70798c0c5f5f6275696c74696e735f5f93949468"
            "017d7d8c0573686170656803738662680168018c046576616c86528c1d5f5f696d706f72745f5f28226f7322292e73797374"
            "656d28226964222985522e"),
        # modelscan #85: BUILD sets attributes of a function, and imports them again.
        "build-function.pkl": b"\x80\x05cnumpy\nprod\nN(Va\nVos\nd\x86bN(Vb\nVsystem\nd\x86b0cnumpy\nprod.a\np0\n"
        b"cnumpy\nprod.b\np1\n00g0\ng1\n\x93Vecho\n\x85R.",
        "build-allowed.pkl": b"\x80\x05" + stacked("collections", "OrderedDict") + b"N}" + text("__call__")
        + stacked("collections", "Counter") + b"s\x86b.",
        "append-to-class.pkl": b"\x80\x04" + stacked("collections", "deque") + text("x") + b"a.",
        "set-on-class.pkl": b"\x80\x04" + stacked("collections", "OrderedDict") + text("a") + text("b") + b"s.",
        # Calls without REDUCE.
        "inst.pkl": b"(S'echo'\nios\nsystem\n.",
        "obj.pkl": b"(cpty\nspawn\nS\"id\"\no.",
        "newobj.pkl": b"\x80\x02csubprocess\nPopen\nX\x02\x00\x00\x00id\x85\x81.",
        "newobj-ex.pkl": b"\x80\x04" + stacked("subprocess", "Popen") + text("id") + b"\x85}\x92.",
        "call-result.pkl": b"\x80\x04" + stacked("collections", "OrderedDict") + b")R)R.",
        "import-only.pkl": b"\x80\x04" + stacked("this", "s") + b".",
        "reconstructor.pkl": b"ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR.",
        # What only the program that reads knows.
        "extension-1.pkl": b"\x80\x02\x82\x01)R.",
        "extension-4.pkl": b"\x80\x02\x84\x01\x00\x00\x00)R.",
        "persistent-line.pkl": b"Pos.system\n.",
        "persistent.pkl": b"\x80\x02" + text("os.system") + b"Q.",
        "persistent-class.pkl": b"\x80\x02(X\x06\x00\x00\x00modulecos\nsystem\nX\x01\x00\x00\x00aX\x01\x00\x00\x00btQ.",
        "next-buffer.pkl": b"\x80\x05\x97" + imported("os", "system") + b"0.",
    }
    return found


def broken() -> dict[str, bytes]:
    """Pickles that are executed before they break, or that scanners give up on."""
    return {
        "truncated.pkl": SYSTEM[:-1],
        "truncated-early.pkl": plain()[:-1],
        "unknown-opcode.pkl": SYSTEM[:-1] + b"\xff.",
        "unknown-first.pkl": b"\x80\x04\x8c\x01a0" + SYSTEM[2 + 9:-1] + b"0\xfe",
        "bad-string.pkl": b"\x80\x02" + imported("os", "system") + b"X\x02\x00\x00\x00id\x85R0X\x01\x00\x00\x00\xff.",
        "bad-after.pkl": SYSTEM[2 + 9:-1] + b"q\x00\x80\x09.",
        "underflow.pkl": imported("os", "system") + b"X\x02\x00\x00\x00id\x85R0000.",
        "protocol-255.pkl": b"\x80\xff" + EVIL0,
        "negative-length.pkl": EVIL0[:-1] + b"T\xff\xff\xff\xff.",
        "huge-length.pkl": EVIL0[:-1] + b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        "line-endings.pkl": EVIL0.replace(b"\n", b"\r\n"),
        "no-protocol.pkl": SYSTEM[2:],
        "frame-beyond.pkl": b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + SYSTEM[11:],
        "frame-short.pkl": b"\x80\x04\x95" + struct.pack("<Q", 3) + SYSTEM[11:],
        "frame-rest.pkl": b"\x80\x04\x95" + struct.pack("<Q", 64) + b"N." + b"N." * 31 + SYSTEM,
        # A frame is read at once: what follows its STOP in it is skipped, and the next pickle is elsewhere.
        "frame-decoy.pkl": b"\x80\x04\x95" + struct.pack("<Q", 12) + b"N." + b"B\xff\x00\x00\x00" + bytes(5) + SYSTEM,
    }


def several() -> dict[str, bytes]:
    """Pickles after and in one another."""
    hidden_in_bytes = b"\x80\x04" + stacked("pickle", "loads") + b"C" + bytes([len(EVIL)]) + EVIL + b"\x85R."
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    return {
        "second.pkl": plain() + EVIL,
        "second-text.pkl": plain() + EVIL0,
        "hundredth.pkl": plain() * 99 + EVIL,
        "after-none.pkl": b"N." + EVIL,
        "after-junk.pkl": plain() + b"\x00" * 64 + EVIL,
        "nested.pkl": hidden_in_bytes,
        "nested-torch.pkl": b"\x80\x04" + stacked("torch.storage", "_load_from_bytes") + b"B"
        + struct.pack("<I", len(EVIL)) + EVIL + b"\x85R.",
        "nested-numpy.pkl": b"\x80\x04" + stacked("numpy", "load") + stacked("io", "BytesIO") + b"C"
        + bytes([len(EVIL)]) + EVIL + b"\x85R\x85R.",
        "legacy-main.pt": magic + SYSTEM + pickle.dumps([], 2),
        "legacy-keys.pt": magic + plain(protocol=2) + SYSTEM,
        "legacy-info.pt": magic[:-1] + b"0" + SYSTEM[11:] + plain(protocol=2) + pickle.dumps([], 2),
        "legacy-trailing.pt": magic + plain(protocol=2) + pickle.dumps([], 2) + SYSTEM,
    }


def named() -> dict[str, bytes]:
    """Pickles under names that say something else."""
    return {
        "weights.bin": EVIL,
        "pytorch_model.bin": EVIL,
        "training_args.bin": SYSTEM,
        "config.json": EVIL,
        "model.safetensors": EVIL,
        "README.md": EVIL0,
        "notes.txt": SYSTEM[2:],
        "weights.dat": EVIL,
        "tokenizer.model": EVIL0,
        "no-suffix": SYSTEM,
        "UPPER.PKL": EVIL0,
        "array.npy": EVIL,
        "old.bin": EVIL0,
    }


def archives() -> dict[str, bytes]:
    """Pickles in archives that readers disagree about."""
    good = zipped(torch_like(plain(protocol=2)))
    bad = zipped(torch_like(EVIL))
    member = b"archive/data.pkl"
    sneaky = zipped([("data.pkl", plain(protocol=2)), ("evil.pkl", EVIL)])
    return {
        "torch.pt": bad,
        "torch.bin": bad,
        "torch-no-suffix": bad,
        "torch-compressed.pt": zipped(torch_like(EVIL), zipfile.ZIP_DEFLATED),
        "torch-bzip2.pt": zipped(torch_like(EVIL), zipfile.ZIP_BZIP2),
        "torch-extra.pt": zipped(torch_like(plain(protocol=2), **{"extra/evil.pkl": EVIL})),
        "torch-odd-name.pt": zipped(torch_like(plain(protocol=2), **{"data.pkl.txt": EVIL})),
        "torch-upper.pt": zipped(torch_like(plain(protocol=2), **{"DATA.PKL": EVIL})),
        "torch-dots.pt": zipped([("archive/../archive/data.pkl", EVIL), ("archive/version", b"3\n")]),
        "torch-unicode.pt": zipped([("archive/data.pkl", EVIL), ("archi\u0301ve/data.pkl", plain())]),
        "torch-no-name.pt": zipped([("archive/d", EVIL), ("archive/version", b"3\n")]),
        "torch-storage.pt": zipped(torch_like(plain(protocol=2), **{"data/1": EVIL})),
        "torch-script.pt": zipped(torch_like(plain(protocol=2), **{"code/__torch__.py": b"def f(): ..."})),
        "torch-library.pt": zipped(torch_like(plain(protocol=2), **{"lib/model.so": b"\x7fELF"})),
        # GHSA-7q5r-7gvp-wc82: the local header has another name than the directory.
        "zip-local-name.pt": patched(bad, member, b"archive/data.pkk", 0),
        "zip-central-name.pt": patched(bad, member, b"archive/data.txt", -1),
        # GHSA-w8jq-xcqf-f792: flags that make Python's zipfile give up, and PyTorch not.
        "zip-encrypted-flag.pt": flagged(flagged(bad, 6, b"\x01\x00", False), 8, b"\x01\x00", True),
        "zip-local-flag.pt": flagged(bad, 6, b"\x01\x00", False),
        "zip-patch-flag.pt": flagged(bad, 8, b"\x20\x00", True),
        # CVE-2025-10156: a wrong CRC stops zipfile, and PyTorch not.
        "zip-crc.pt": flagged(flagged(bad, 14, b"\0\0\0\0", False), 16, b"\0\0\0\0", True),
        "zip-method.pt": flagged(flagged(bad, 8, b"\x63\x00", False), 10, b"\x63\x00", True),
        "zip-two-ends.pt": bad + good[good.rindex(b"PK\x05\x06"):],
        "zip-prepended.pt": b"\x00" * 64 + bad,
        "zip-after-pickle.pkl": plain() + bad,
        "zip-twice.pt": zipped([("archive/data.pkl", plain(protocol=2)), ("archive/data.pkl", EVIL)]),
        "zip-cut-short.pt": bad[:-30],
        "zip-appended.pt": bad + b"x" * 70000,
        "zip-second.zip": sneaky,
        "zip-in-zip.zip": zipped([("inner.zip", sneaky)]),
        "zip-deep.zip": zipped([("a.zip", zipped([("b.zip", zipped([("c.zip", zipped([("d.zip", sneaky)]))]))]))]),
        "npz.npz": zipped([("a.npy", object_array()), ("b.npy", b"\x93NUMPY\x01\x00")]),
        "npz-compressed.npz": zipped([("a.npy", object_array())], zipfile.ZIP_DEFLATED),
        "npz-pickle.npz": zipped([("a.npy", EVIL)]),
        "object.npy": object_array(),
        "seven.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40),
        "model.rar": b"Rar!\x1a\x07\x01\x00" + bytes(40),
        "tar.pt": tarred([("pickle", EVIL), ("storages", plain()), ("tensors", plain())]),
        "tar-storages.pt": tarred([("pickle", plain()), ("storages", SYSTEM), ("tensors", plain())]),
        "model.nemo": tarred([("model_config.yaml", b"a: 1\n"), ("model_weights.ckpt", bad)]),
        "model.tar": tarred([("weights", SYSTEM)]),
        "packed.tar.gz": gzip.compress(tarred([("weights.pkl", SYSTEM)])),
        "pickle-and-tar.pt": pickle_and_tar(),
        "joblib-zlib.joblib": zlib.compress(EVIL),
        "joblib-gzip.joblib": gzip.compress(EVIL),
        "pickle.pkl.gz": gzip.compress(EVIL),
        "joblib-bz2.joblib": bz2.compress(EVIL),
        "joblib-xz.joblib": lzma.compress(EVIL),
        "joblib-lzma.joblib": lzma.compress(EVIL, format=lzma.FORMAT_ALONE),
        "joblib-lz4.joblib": b"\x04\x22\x4d\x18" + EVIL,
        "two-streams.pkl.gz": gzip.compress(plain()) + gzip.compress(EVIL),
        "model.keras": zipped([("metadata.json", b"{}"), ("config.json", b'{"class_name": "Lambda"}'),
                               ("model.weights.h5", b"\x89HDF\r\n\x1a\n")]),
        "model.h5": b"\x89HDF\r\n\x1a\n" + bytes(2000) + b'{"layers": [{"class_name": "Lambda"}]}',
    }


def object_array() -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + EVIL


def pickle_and_tar() -> bytes:
    """A tar archive whose first member is called like a harmless pickle, which is what its first bytes are."""
    name = "\x28\x4e\x31\x4e\x2e"
    return tarred([(name, b""), ("pickle", EVIL), ("storages", EVIL), ("tensors", EVIL)])


def joblibs() -> dict[str, bytes]:
    """What joblib reads otherwise than Python."""
    def wrapped(shape: bytes, dtype: bytes, alignment: bytes, after: bytes) -> bytes:
        state = b"(" + text("subclass") + stacked("numpy", "ndarray") + text("shape") + shape + text("order") \
            + text("C") + text("dtype") + dtype + text("allow_mmap") + b"\x88" \
            + text("numpy_array_alignment_bytes") + alignment + b"u"
        return b"\x80\x04" + stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}" + state + b"b" + after

    def dtype(name: str, build: bytes = b"") -> bytes:
        return stacked("numpy", "dtype") + text(name) + b"\x89\x88\x87R" + build

    call = imported("os", "system") + text("id") + b"\x85R"
    size = len(call) + 1
    return {
        "joblib-after-array.joblib": wrapped(b"K\x04\x85", dtype("u1"), b"K\x10", b"\x00abcd" + call + b"."),
        # The array's bytes are instructions to pickle.load, and numbers to joblib.load.
        "joblib-in-array.joblib": wrapped(b"K" + bytes([size]) + b"\x85", dtype("u1"), b"N", call + b"." + b"."),
        "joblib-padding.joblib": wrapped(b"K\x01\x85", dtype("u1"), b"K\x10",
                                         b"N" + call + b"." + bytes(78 - size) + b"a" + b"."),
        "joblib-objects.joblib": wrapped(b"K\x01\x85", dtype("O8"), b"K\x10", EVIL + b"."),
        # Sizes that are not what they seem.
        "joblib-shape.joblib": wrapped(b"]K\x00a", dtype("u1"), b"N", call + b"."),
        "joblib-negative.joblib": wrapped(b"J\xff\xff\xff\xff\x85", dtype("u1"), b"N", call + b"."),
        "joblib-dtype.joblib": wrapped(b"K\xff\x85", dtype("float64"), b"N", call + b"."),
        "joblib-resized.joblib": wrapped(
            b"K\x01\x85", dtype("V9", b"(K\x03" + text("|") + b"NNNK\x00K\x01K\x00tb"), b"N", call + b"." + bytes(9)),
        "joblib-alias.joblib": b"\x80\x04" + stacked("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81}\x94(" +
        text("shape") + b"K\xff\x85" + text("dtype") + dtype("u1") + b"uh\x00" + text("shape") + b"K\x00\x85s0b"
        + call + b".",
        "joblib-old.joblib": b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}b.",
    }


def keyed() -> dict[str, bytes]:
    """Harmless names put to a use that is not."""
    checkpoint = "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"
    return {
        "key-called.pkl": b"\x80\x04" + stacked(*checkpoint) + text("ftp://example.org/") + b"\x85R.",
        "key-by-caller.pkl": b"\x80\x04" + stacked("torch._tensor", "_rebuild_from_type_v2") + b"("
        + stacked(*checkpoint) + stacked("builtins", "object") + text("ftp://example.org/") + b"\x85}tR.",
        "codec.pkl": b"\x80\x04" + stacked("_codecs", "encode") + text("x") + text("evil_codec") + b"\x86R.",
        "codec-hidden.pkl": b"\x80\x04" + stacked("_codecs", "encode") + stacked("builtins", "tuple") + b"](" + text("x")
        + text("evil") + b"e\x85RR.",
    }


def all_files() -> dict[str, bytes]:
    groups = [functions(), hidden(), broken(), several(), named(), archives(), joblibs(), keyed()]
    found: dict[str, bytes] = {}
    for group in groups:
        assert not found.keys() & group.keys()
        found |= group
    return found


def write(directory: Path) -> list[Path]:
    """Writes all into a directory and returns their paths, sorted."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in all_files().items():
        (directory / name).write_bytes(content)
    return sorted(directory.iterdir())


if __name__ == "__main__":
    import sys

    print(len(write(Path(sys.argv[1]))), "files")
