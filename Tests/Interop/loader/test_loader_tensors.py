"""The loader's tensors() against safetensors itself, and warm(). Needs pytest, numpy, torch and safetensors."""

from __future__ import annotations

import gc
import json
import math
import os
import random
import struct
import subprocess
import sys
import time

import numpy
import pytest
import torch
from bundles import At, Bundle, Split, sha256
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as safetensors_load
from safetensors.torch import save
from test_loader import _untouched, bundle, load, tree  # noqa: F401

NUMPY = "BOOL U8 I8 I16 U16 F16 I32 U32 F32 C64 F64 I64 U64".split()
FLOATS = "BF16 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ".split()  # torch has them, numpy does not
BITS = {"BOOL": 8, "BF16": 16, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}
BITS.update((name, int(name[1:3].rstrip("_"))) for name in NUMPY + FLOATS if name not in BITS)

INDEX = "model.safetensors.index.json"


def safetensors(tensors, metadata=None):
    """A safetensors file: `tensors` maps names to (dtype, shape, bytes)."""
    header, end = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    return raw(json.dumps(header), b"".join(data for _, _, data in tensors.values()))


def raw(header, data=b""):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header)) + header + data


def random_model(dice, prefix="", tensors=12, dtypes=(*NUMPY, *FLOATS)):
    """Random tensors of every type and rank, some empty, some equal to others."""
    found = {}
    for number in range(tensors):
        dtype = dice.choice(dtypes)
        shape = [dice.choice([0, 1, 2, 3, 5, 17]) for _ in range(dice.randrange(4))]
        size = math.prod(shape) * BITS[dtype] // 8
        data = bytes(dice.choices(range(2), k=size)) if dtype == "BOOL" else dice.randbytes(size)
        twin = dice.choice([*found.values(), (dtype, shape, data)])
        found[f"{prefix}layer.{number}"] = twin if dice.random() < 0.3 else (dtype, shape, data)
    return found


def split(bundle, dice, content, stored):
    """A file in random pieces: of stored files that have the bytes, by luck or because they are put there."""
    segments, start = [], 0
    while start < len(content):
        end = min(len(content), start + dice.choice([1, 7, 64, 500, 5000]))
        piece = content[start:end]
        at = next((at for at, other in stored.items() if len(piece) > 60 and piece in other), None)
        if at is None:
            at = f"store/{sha256(piece)}"
        if at not in stored:
            stored[at] = dice.randbytes(dice.randrange(9)) + piece + dice.randbytes(dice.randrange(9))
            bundle.store(at, stored[at])
        segments.append((at, stored[at].index(piece), len(piece)))
        start = end
    return Split(content, *segments)


def split_by_tensors(bundle, content, base):
    """A file in the pieces that deduplication makes: header and own tensors in one file, others in `base`."""
    length = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8 : 8 + length])
    own, pieces = bytearray(content[: 8 + length]), [[None, 0, 8 + length]]
    for record in header.values():
        start, end = (8 + length + offset for offset in record["data_offsets"])
        data = content[start:end]
        at = next((at for at, other in base.items() if data and data in other), None)
        pieces.append([at, base[at].index(data) if at else len(own), len(data)])
        own += b"" if at else data
    name = f"store/{sha256(own)}"
    bundle.store(name, own)
    return Split(content, *((at or name, offset, length) for at, offset, length in pieces))


def same_as_safetensors(tensors, contents, folder):
    """Names, types, shapes and every byte are those that safetensors gives, also through numpy and torch."""
    expected = {}
    for number, content in enumerate(contents):
        file = folder / f"{number}.safetensors"
        file.write_bytes(content)
        with safe_open(file, "pt") as model:
            for name in model.keys():  # noqa: SIM118
                found = model.get_slice(name)
                expected[name] = (found.get_dtype(), tuple(found.get_shape()), model.get_tensor(name))
    tensors = list(tensors)
    assert sorted(tensor.name for tensor in tensors) == sorted(expected)
    for tensor in tensors:
        dtype, shape, theirs = expected[tensor.name]
        assert (tensor.dtype, tensor.shape) == (dtype, shape)
        data = theirs.reshape(-1).view(torch.uint8).numpy().tobytes() if theirs.numel() else b""
        assert isinstance(tensor.data, memoryview) and bytes(tensor.data) == data
        ours = tensor.torch()
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert not ours.numel() or bytes(ours.reshape(-1).view(torch.uint8).numpy()) == data
        if dtype in NUMPY:
            array = tensor.numpy()
            assert (array.shape, array.tobytes()) == (shape, data)
            assert array.dtype == theirs.numpy().dtype


def mapped(process="self"):
    """The stored files that this process has mapped."""
    with open(f"/proc/{process}/maps") as lines:
        return {line.split(maxsplit=5)[5].rstrip() for line in lines if line.count("/")}


def tiny(*names, dtype="U8"):
    return safetensors({name: (dtype, [2], bytes([number, 7])) for number, name in enumerate(names)})


def names(found):
    return [tensor.name for tensor in found]


# The same as safetensors


@pytest.mark.parametrize("seed", range(25))
def test_a_file_stored_whole(bundle, tmp_path, seed):
    content = safetensors(random_model(random.Random(seed)), {"format": "pt"} if seed % 2 else None)
    knapsack = load(bundle.add("m", "model", {"model.safetensors": content, "config.json": b"{}"}).write())
    same_as_safetensors(knapsack.tensors("m"), [content], tmp_path)


@pytest.mark.parametrize("seed", range(25))
def test_a_file_in_random_pieces(bundle, tmp_path, seed):
    dice = random.Random(seed)
    content = safetensors(random_model(dice))
    file = split(bundle, dice, content, {"store/other": content[100:]} if seed % 2 else {})
    bundle.store("store/other", content[100:])
    knapsack = load(bundle.add("m", "model", {"model.safetensors": file}).write())
    same_as_safetensors(knapsack.tensors("m"), [content], tmp_path)


@pytest.mark.parametrize("seed", range(25))
def test_a_fine_tune_that_shares_tensors_with_its_base(bundle, tmp_path, seed):
    dice = random.Random(seed)
    base = random_model(dice, tensors=20)
    changed = {name: tensor for name, tensor in base.items() if dice.random() < 0.8}
    changed.update(random_model(dice, "new.", tensors=4))
    order = dice.sample(sorted(changed), len(changed))
    tuned = safetensors({name: changed[name] for name in order})
    bundle.add("base", "model", {"model.safetensors": safetensors(base)})
    stored = {"models/base/model.safetensors": safetensors(base)}
    bundle.add("tuned", "model", {"model.safetensors": split_by_tensors(bundle, tuned, stored)})
    knapsack = load(bundle.write())
    same_as_safetensors(knapsack.tensors("base"), [safetensors(base)], tmp_path)
    same_as_safetensors(knapsack.tensors("tuned"), [tuned], tmp_path)
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])


@pytest.mark.parametrize("seed", range(15))
def test_shards_in_pieces_and_elsewhere(bundle, tmp_path, seed):
    dice = random.Random(seed)
    shards = {f"model-{n}-of-3.safetensors": random_model(dice, f"{n}.", 6) for n in (1, 2, 3)}
    contents = {path: safetensors(model) for path, model in shards.items()}
    weight_map = {name: path for path, model in shards.items() for name in model}
    order = dice.sample(sorted(weight_map), len(weight_map))
    index = json.dumps({"metadata": {}, "weight_map": {name: weight_map[name] for name in order}})
    one, two, three = contents
    bundle.store("store/two", contents[two])
    files = {one: contents[one], two: At("store/two", contents[two]), INDEX: index.encode()}
    files[three] = split(bundle, dice, contents[three], {"store/two": contents[two]})
    knapsack = load(bundle.add("m", "model", files).write())
    same_as_safetensors(knapsack.tensors("m"), list(contents.values()), tmp_path)
    expected = [name for path in dict.fromkeys(weight_map[name] for name in order) for name in shards[path]]
    assert sorted(names(knapsack.tensors("m"))) == sorted(expected)
    found = list(dict.fromkeys(name[0] for name in names(knapsack.tensors("m"))))
    assert found == list(dict.fromkeys(name[0] for name in order))


@pytest.mark.smoke
def test_what_safetensors_writes_itself(bundle, tmp_path):
    content = save(
        {"a": torch.rand(3, 5), "b": torch.tensor(1.5, dtype=torch.bfloat16), "c": torch.empty(0, 4)}
    )
    knapsack = load(bundle.add("m", "model", {"model.safetensors": content}).write())
    same_as_safetensors(knapsack.tensors("m"), [content], tmp_path)


@pytest.mark.smoke
def test_a_state_dict_loads(bundle):
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.LayerNorm(16), torch.nn.Linear(16, 4))
    content = save(model.state_dict())
    knapsack = load(bundle.add("m", "model", {"model.safetensors": content}).write())
    other = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.LayerNorm(16), torch.nn.Linear(16, 4))
    other.load_state_dict({tensor.name: tensor.torch() for tensor in knapsack.tensors("m")}, assign=True)
    example = torch.rand(2, 8)
    assert torch.equal(model(example), other(example))
    with torch.no_grad():
        other[0].weight *= 2  # private memory, so this neither fails nor reaches the bundle
    assert bundle.root.joinpath("models/m/model.safetensors").read_bytes() == content


# Types


def test_types_that_numpy_and_torch_lack(bundle):
    content = safetensors(
        {
            "half": ("F4", [2, 6], b"123456"),
            "odd": ("F4", [2, 3], b"123"),
            "six": ("F6_E2M3", [4], b"123"),
            "brain": ("BF16", [2], b"1234"),
        }
    )
    knapsack = load(bundle.add("m", "model", {"model.safetensors": content}).write())
    found = {tensor.name: tensor for tensor in knapsack.tensors("m")}
    half = found["half"].torch()
    assert (half.shape, half.dtype) == ((2, 3), torch.float4_e2m1fn_x2)
    assert bytes(half.view(torch.uint8).numpy()) == b"123456"
    for name, fix in (("odd", "F4"), ("six", "F6_E2M3")):
        with pytest.raises(knapsack.KnapsackError, match=f"{name}: torch .* has no type for {fix} .*in data"):
            found[name].torch()
    for name in found:
        with pytest.raises(knapsack.KnapsackError, match=f"{name}: numpy has no type for .*ml_dtypes"):
            found[name].numpy()
    assert bytes(found["six"].data) == b"123"


def test_numpy_takes_types_from_ml_dtypes(bundle, monkeypatch):
    """ml_dtypes registers its types with numpy when it is imported: here a stand-in that does nothing."""
    monkeypatch.setitem(sys.modules, "ml_dtypes", type(sys)("ml_dtypes"))
    known = numpy.ndarray
    monkeypatch.setattr(
        numpy, "ndarray", lambda shape, kind, data: known(shape, {"bfloat16": "u2"}[kind], data)
    )
    knapsack = load(
        bundle.add("m", "model", {"x.safetensors": safetensors({"b": ("BF16", [1], b"12")})}).write()
    )
    assert next(knapsack.tensors("m")).numpy().tobytes() == b"12"


def test_an_address_that_does_not_suit_the_type(bundle):
    data = numpy.arange(5, dtype="f8").tobytes()
    content = raw('{"byte":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
                  '"x":{"dtype":"F64","shape":[5],"data_offsets":[1,41]}}', b"1" + data)  # fmt: skip
    knapsack = load(bundle.add("m", "model", {"model.safetensors": content}).write())
    _, tensor = knapsack.tensors("m")
    assert tensor.torch().tolist() == tensor.numpy().tolist() == [0, 1, 2, 3, 4]
    assert tensor.torch().data_ptr() % 8 == 0
    assert bytes(tensor.data) == data


def test_needs_neither_numpy_nor_torch(bundle):
    bundle.add("m", "model", {"x.safetensors": tiny("a", "b")}).write()
    code = f"""
import sys
sys.path.insert(0, {str(bundle.root)!r})
import knapsack
found = [(name, dtype, shape, bytes(data)) for name, dtype, shape, data in knapsack.tensors("m")]
assert found == [("a", "U8", (2,), bytes([0, 7])), ("b", "U8", (2,), bytes([1, 7]))], found
assert not sys.modules.keys() & {{"numpy", "torch"}}
"""
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], check=True)


# Memory


def big(*names, size=100_000):
    return safetensors({name: ("U8", [size], random.Random(name).randbytes(size)) for name in names})


def test_tensors_are_mapped_and_nothing_is_written(bundle):
    base, tuned = big("a", "b", "c"), big("c", "x", "a")
    bundle.add("base", "model", {"model.safetensors": base})
    file = split_by_tensors(bundle, tuned, {"models/base/model.safetensors": base})
    knapsack = load(bundle.add("tuned", "model", {"model.safetensors": file}).write())
    before = tree(bundle.root)
    found = list(knapsack.tensors("tuned"))
    assert names(found) == ["c", "x", "a"]
    assert all(type(tensor.data.obj).__name__ == "mmap" for tensor in found)
    store = file.segments[0][0]
    assert {f"{bundle.root}/models/base/model.safetensors", f"{bundle.root}/{store}"} <= mapped()
    for tensor in found:
        tensor.data[:] = b"!" * len(tensor.data)
    assert tree(bundle.root) == before
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])


def test_views_live_as_long_as_they_are_used(bundle):
    content = big("a", "b")
    knapsack = load(bundle.add("m", "model", {"x.safetensors": content}).write())
    file, descriptors = f"{bundle.root}/models/m/x.safetensors", len(os.listdir("/proc/self/fd"))
    array = next(knapsack.tensors("m")).numpy()
    tensor = list(knapsack.tensors("m"))[1].torch()
    gc.collect()
    assert file in mapped()
    assert array.tobytes() == random.Random("a").randbytes(100_000)
    assert bytes(tensor.numpy()) == random.Random("b").randbytes(100_000)
    del array, tensor
    gc.collect()
    assert file not in mapped()
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_equal_tensors_share_no_memory(bundle):
    """What is stored once for several names may be changed under one of them."""
    data = numpy.arange(1000, dtype="f4").tobytes()
    content = safetensors({name: ("F32", [1000], data) for name in ("embed", "head", "third")})
    base = safetensors({"embed": ("F32", [1000], data)})
    bundle.add("base", "model", {"model.safetensors": base})
    file = split_by_tensors(bundle, content, {"models/base/model.safetensors": base})
    assert len({at for at, _, _ in file.segments}) == 2
    knapsack = load(bundle.add("tied", "model", {"model.safetensors": file}).write())
    found = {}
    for tensor in knapsack.tensors("tied"):
        found[tensor.name] = tensor.torch()
        found[tensor.name] *= 2  # also before the next one is there
    assert [tensor.tolist() for tensor in found.values()] == [[2.0 * n for n in range(1000)]] * 3


def test_ranges_that_overlap_share_no_memory(bundle):
    stored = bytes(range(200))
    parts = {"a": (0, 100), "b": (50, 150), "c": (100, 200), "d": (150, 151), "e": (151, 152), "f": (0, 200)}
    tensors = {name: ("U8", [stop - start], stored[start:stop]) for name, (start, stop) in parts.items()}
    content = safetensors(tensors)
    length = len(content) - sum(stop - start for start, stop in parts.values())
    bundle.store("store/head", content[:length])
    bundle.store("store/x", stored)
    pieces = [("store/x", start, stop - start) for start, stop in parts.values()]
    file = Split(content, ("store/head", 0, length), *pieces)
    knapsack = load(bundle.add("m", "model", {"model.safetensors": file}).write())
    found = {}
    for name, _, _, data in knapsack.tensors("m"):
        assert bytes(data) == tensors[name][2]
        data[:] = bytes(len(data))
        found[name] = type(data.obj).__name__
    assert found == dict(a="mmap", b="bytearray", c="mmap", d="bytearray", e="bytearray", f="bytearray")


def test_a_file_larger_than_the_machines_memory(bundle):
    """It is sparse, and where the file system does not have such files, there is nothing to test."""
    size = 1 << 37
    header = raw(json.dumps({"x": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}))
    bundle.add("m", "model", {"model.safetensors": header})
    bundle.entries[0]["files"][0]["size"] = len(header) + size
    try:
        os.truncate(bundle.root / "models/m/model.safetensors", len(header) + size)
    except OSError:
        pytest.skip("no sparse files here")
    (tensor,) = load(bundle.write()).tensors("m")
    assert (len(tensor.data), tensor.data[-1]) == (size, 0)
    tensor.data[size // 2] = 1


# Which files


def test_of_a_directory_with_an_index_only_its_files(bundle):
    index = json.dumps({"weight_map": {"b": "2.safetensors", "a": "1.safetensors", "c": "2.safetensors"}})
    files = {"1.safetensors": tiny("a"), "2.safetensors": tiny("b", "c"), INDEX: index.encode()}
    files["consolidated.safetensors"] = tiny("other")
    files["adapter/adapter_model.safetensors"] = tiny("lora")
    knapsack = load(bundle.add("m", "model", files).write())
    assert names(knapsack.tensors("m")) == ["b", "c", "a"]
    assert names(knapsack.tensors("m", INDEX)) == ["b", "c", "a"]
    assert names(knapsack.tensors("m", "1.safetensors")) == ["a"]
    assert names(knapsack.tensors("m", "consolidated.safetensors")) == ["other"]
    assert names(knapsack.tensors("m", "adapter")) == ["lora"]
    assert names(knapsack.tensors("m", "adapter/", "2.safetensors", INDEX)) == ["lora", "b", "c", "a"]


def test_files_below_where_the_top_has_none(bundle):
    index = json.dumps({"weight_map": {"u": "u-1.safetensors"}}).encode()
    files = {"model_index.json": b"{}", "vae/v.safetensors": tiny("v"), "unet/u-1.safetensors": tiny("u")}
    files.update({"unet/u.safetensors.index.json": index, "unet/u.safetensors": tiny("v")})
    knapsack = load(bundle.add("m", "model", files).write())
    assert sorted(names(knapsack.tensors("m"))) == ["u", "v"]
    assert names(knapsack.tensors("m", "vae")) == ["v"]


def test_a_name_that_occurs_twice_is_an_error(bundle):
    files = {"model.fp16.safetensors": tiny("a", "b"), "model.safetensors": tiny("b", "c")}
    knapsack = load(bundle.add("m", "model", files).write())
    with pytest.raises(knapsack.KnapsackError) as caught:
        knapsack.tensors("m")
    assert "tensor 'b' is in model.fp16.safetensors and in model.safetensors; name the files" in str(
        caught.value
    )
    assert names(knapsack.tensors("m", "model.safetensors")) == ["b", "c"]


def test_says_what_is_not_there(bundle):
    bundle.add("gguf", "model", {"m.gguf": b"GGUF"})
    index = json.dumps({"weight_map": {"b": "2.safetensors", "a": "../x"}}).encode()
    knapsack = load(bundle.add("part", "model", {"2.safetensors": tiny("b"), INDEX: index}).write())

    def says(text, *arguments):
        with pytest.raises(knapsack.KnapsackError, match=text):
            knapsack.tensors(*arguments)

    says("gguf has no safetensors file; path", "gguf")
    says("part has no safetensors file at 'unet'; path", "part", "unet")
    says("part: model.safetensors.index.json names '../x', which the entry does not have; pack it", "part")
    says("gguf: m.gguf is not a valid safetensors file: a header of 4 bytes does not fit", "gguf", "m.gguf")
    says("no entry 'x'", "x")


@pytest.mark.parametrize(
    "index",
    [b"", b"[]", b"{}", b'{"weight_map":[]}', b'{"weight_map":{"a":7}}', b'{"weight_map":{"a":[]}}', b"\xff",
     b"[" * 100_000],
)  # fmt: skip
def test_refuses_a_malformed_index(bundle, index):
    knapsack = load(bundle.add("m", "model", {INDEX: index, "1.safetensors": tiny("a")}).write())
    with pytest.raises(
        knapsack.KnapsackError, match=r"m: model.safetensors.index.json is not an index of shards"
    ):
        knapsack.tensors("m")
    assert names(knapsack.tensors("m", "1.safetensors")) == ["a"]


def test_names_a_file_that_became_shorter(bundle):
    knapsack = load(bundle.add("m", "model", {"x.safetensors": big("a", "b")}).write())
    found = knapsack.tensors("m")
    os.truncate(bundle.root / "models/m/x.safetensors", 5000)
    with pytest.raises(
        knapsack.KnapsackError, match="models/m/x.safetensors: cannot be read .it ends too early"
    ):
        next(found)


# Headers that are not to be trusted


def one(dtype="U8", shape="[2]", offsets="[0,2]", name='"a"', more=""):
    return f'{{{name}:{{"dtype":{json.dumps(dtype)},"shape":{shape},"data_offsets":{offsets}{more}}}}}'


HOSTILE = [
    b"",
    b"1234567",
    struct.pack("<Q", 1) + b"",
    struct.pack("<Q", 2**64 - 1) + b"{}",
    struct.pack("<Q", 2**63) + b"{}",
    struct.pack("<Q", 100_000_001) + b"{}",
    struct.pack("<Q", 3) + b"{}",
    raw(""),
    raw("[]"),
    raw("null"),
    raw("7"),
    raw('"x"'),
    raw("{"),
    raw("{}\0\0"),
    raw("{}", b"1"),
    raw("\ufeff{}"),
    raw("{}".encode("utf-16")),
    raw(b'{"\xff":1}'),
    raw(b"[" * 100_000),
    raw(b'{"a":' * 100_000),
    raw('{"__metadata__":[]}'),
    raw('{"__metadata__":7}'),
    raw('{"__metadata__":{"a":1}}'),
    raw('{"__metadata__":{"a":null}}'),
    raw('{"a":7}'),
    raw('{"a":null}'),
    raw('{"a":{}}'),
    raw(one(dtype="F7"), b"12"),
    raw(one(dtype="u8"), b"12"),
    raw(one(dtype=8), b"12"),
    raw(one(dtype=[]), b"12"),
    raw(one(shape="2"), b"12"),
    raw(one(shape="[2.0]"), b"12"),
    raw(one(shape="[true,2]"), b"12"),
    raw(one(shape='["2"]'), b"12"),
    raw(one(shape="[-2]"), b"12"),
    raw(one(shape="[-1,-2]"), b"12"),
    raw(one(shape="[NaN]"), b"12"),
    raw(one(shape="[3]"), b"12"),
    raw(one(shape="[1]"), b"12"),
    raw(one(shape="[]"), b"12"),
    raw(one(shape="[0]"), b"12"),
    raw(one(shape=f"[{2**64}]"), b"12"),
    raw(one(shape=f"[{2**63},{2**63}]"), b"12"),
    raw(one(shape=f"[{2**32},{2**32},0]"), b""),
    raw(one(shape=f"[{'9' * 10_000}]"), b"12"),
    raw(one(offsets="[0]"), b"12"),
    raw(one(offsets="[0,1,2]"), b"12"),
    raw(one(offsets="[0,2.0]"), b"12"),
    raw(one(offsets="[1,3]"), b"123"),
    raw(one(offsets="[0,3]"), b"12"),
    raw(one(offsets="[2,0]"), b"12"),
    raw(one(offsets="[-2,0]"), b"12"),
    raw(one(offsets=f"[0,{2**64}]"), b"12"),
    raw(one(offsets=f"[{2**64 - 2},{2**64}]"), b"12"),
    raw(one(), b"1"),
    raw(one(), b"123"),
    raw(one(dtype="F4", shape="[3]"), b"12"),
    raw(one(dtype="F6_E2M3", shape="[3]", offsets="[0,2]"), b"12"),
    raw(one(more=',"dtype":"U8"'), b"12"),
    raw(one(more=',"shape":[2]'), b"12"),
    raw(one(name='"\\ud800"'), b"12"),
    raw(one(more=',"x":NaN'), b"12"),
    raw('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        b"123"),
    raw('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
        b"12"),
    raw('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}',
        b"12345"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("form", ["whole", "pieces"])
def test_refuses_what_safetensors_refuses(bundle, number, form):
    content = HOSTILE[number]
    with pytest.raises((SafetensorError, UnicodeDecodeError, ValueError)):
        safetensors_load(content)
    file = split(bundle, random.Random(number), content, {}) if form == "pieces" else content
    knapsack = load(bundle.add("m", "model", {"x.safetensors": file}).write())
    with pytest.raises(knapsack.KnapsackError) as caught:
        knapsack.tensors("m")
    message = str(caught.value)
    assert message.startswith("m: x.safetensors is not a valid safetensors file: ")
    assert len(message) < 500 and "\n" not in message


@pytest.mark.parametrize(
    "content",
    [
        raw("{}"),
        raw("{}   \n"),
        raw(" {}"),
        raw('{"__metadata__":null}'),
        raw('{"__metadata__":{}}'),
        raw(one(more=',"extra":[1,{"x":null}]'), b"12"),
        raw(one(name='"../../x"'), b"12"),
        raw(one(name='""'), b"12"),
        raw(one(name='"\\u00e9\\n"'), b"12"),
        raw(one(shape="[]", offsets="[0,1]"), b"1"),
        raw(one(shape="[0]", offsets="[0,0]")),
        raw(one(shape="[5,0]", offsets="[0,0]")),
        raw(one(shape=f"[0,{2**62}]", offsets="[0,0]")),
        raw(one(dtype="F4", shape="[4]"), b"12"),
        raw(one(dtype="F6_E3M2", shape="[4]", offsets="[0,3]"), b"123"),
        raw('{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
            b"123"),
    ],
)  # fmt: skip
def test_accepts_what_safetensors_accepts(bundle, tmp_path, content):
    file = tmp_path / "x.safetensors"
    file.write_bytes(content)
    with safe_open(file, "pt") as model:
        expected = sorted(model.keys())
    knapsack = load(bundle.add("m", "model", {"x.safetensors": content}).write())
    assert sorted(names(knapsack.tensors("m"))) == expected


def test_refuses_a_name_that_occurs_twice_in_a_file(bundle):
    """safetensors takes the last; which one was meant, nobody knows."""
    item = '"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}'
    content = raw(f"{{{item},{item}}}", b"12")
    safetensors_load(content)
    knapsack = load(bundle.add("m", "model", {"x.safetensors": content}).write())
    with pytest.raises(knapsack.KnapsackError, match="'a' occurs twice"):
        knapsack.tensors("m")


def test_random_changes_of_a_header_never_read_outside(bundle):
    """Whatever the header states: an error, or tensors whose bytes are the file's and as many as they should be."""
    dice = random.Random(7)
    sound = safetensors(random_model(dice, tensors=5), {"format": "pt"})
    length = 8 + struct.unpack_from("<Q", sound)[0]
    knapsack = load(bundle.add("m", "model", {"x.safetensors": sound}).write())
    outcomes = {True: 0, False: 0}
    for _ in range(1500):
        content = bytearray(sound)
        for _ in range(dice.randrange(1, 4)):
            content[dice.randrange(length)] = dice.choice(b'0123456789,:[]{}"aUF\x00\xff ')
        bundle.store("models/m/x.safetensors", content)
        try:
            found = list(knapsack.tensors("m"))
        except knapsack.KnapsackError:
            outcomes[False] += 1
            continue
        outcomes[True] += 1
        assert sum(len(tensor.data) for tensor in found) <= len(content)
        for tensor in found:
            assert len(tensor.data) * 8 == math.prod(tensor.shape) * BITS[tensor.dtype]
            assert bytes(tensor.data) in content
    assert min(outcomes.values()) > 50


@pytest.mark.slow
def test_a_hundred_thousand_tensors(bundle):
    count = 100_000
    content = safetensors({f"model.layers.{n}.weight": ("U8", [1], b"%c" % (n % 256)) for n in range(count)})
    knapsack = load(bundle.add("m", "model", {"x.safetensors": content}).write())
    assert sum(data[0] for _, _, _, data in knapsack.tensors("m")) == sum(n % 256 for n in range(count))


# Putting files together


def split_file(bundle, size=24 << 20):
    """An entry with a file of random bytes in pieces, in the order in which no stored file has them."""
    content = random.Random(size).randbytes(size)
    bundle.add("base", "model", {"weights.bin": content})
    bundle.store("store/own", b"own" * 1000)
    half, at = size // 2, "models/base/weights.bin"
    pieces = [
        (at, half + 1, half - 1),
        ("store/own", 3, 2000),
        (at, 0, half),
        (at, 5, 0),
        (at, half - 9, 5000),
    ]
    whole = content[half + 1 :] + (b"own" * 1000)[3:2003] + content[:half] + content[half - 9 : half + 4991]
    bundle.add("tuned", "model", {"weights.bin": Split(whole, *pieces)}).write()
    return whole


def start(bundle, code="", end="print(knapsack.path('tuned'), flush=True)"):
    """A process that states when it is about to put the file together."""
    code = f"import knapsack, os\n{code}\nprint('ready', flush=True)\n{end}"
    environment = dict(os.environ, PYTHONPATH=str(bundle.root), PYTHONDONTWRITEBYTECODE="1")
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    """What it wrote, and how it ended. communicate() would lose what the first line's reading took along."""
    with process:
        return process.stdout.read(), process.stderr.read()


def rebuilt():
    """Every file below rebuilt/: its path, without those whose name states that they are unfinished."""
    found = [
        os.path.join(at, name) for at, _, files in os.walk(os.environ["KNAPSACK_SCRATCH"]) for name in files
    ]
    return [file for file in found if "/rebuilt/" in file and "/.tmp-" not in file]


def check_rebuilt(whole):
    for file in rebuilt():
        with open(file, "rb") as source:
            assert sha256(source.read()) == os.path.basename(file) == sha256(whole)


def test_processes_at_once_put_a_file_together_once(bundle):
    whole = split_file(bundle)
    count = "import collections\nread = knapsack._read\nseen = []\n"
    count += "knapsack._read = lambda *rest: seen.append(1) or read(*rest)"
    processes = [start(bundle, count, "print(knapsack.path('tuned'), len(seen))") for _ in range(4)]
    found = [finish(process)[0].split() for process in processes]
    assert sorted(times for _, times in found) == ["0", "0", "0", "1"]
    assert len({directory for directory, _ in found}) == 1
    with open(os.path.join(found[0][0], "weights.bin"), "rb") as source:
        assert source.read() == whole
    status = os.stat(rebuilt()[0])
    assert finish(start(bundle))[0] == found[0][0] + "\n"
    assert os.stat(rebuilt()[0]) == status


def test_killed_at_any_moment_the_next_run_is_right(bundle):
    whole = split_file(bundle)
    dice = random.Random(1)
    unfinished = 0
    for _ in range(20):
        with start(bundle) as process:
            time.sleep(dice.random() * 0.08)
            process.kill()
        check_rebuilt(whole)
        unfinished += not rebuilt()
        for file in rebuilt():
            os.unlink(file)
    assert unfinished
    directory = finish(start(bundle))[0].strip()
    check_rebuilt(whole)
    assert os.listdir(os.path.dirname(rebuilt()[0])) == [sha256(whole)]
    with open(os.path.join(directory, "weights.bin"), "rb") as source:
        assert source.read() == whole


def test_a_process_that_waits_takes_over_from_a_killed_one(bundle):
    whole = split_file(bundle)
    slow = "import time\nread = knapsack._read\n"
    slow += "def wait(*rest):\n    for n, chunk in enumerate(read(*rest)):\n        yield chunk\n"
    slow += "        if n == 2:\n            print('writing', flush=True)\n            time.sleep(600)\n"
    with start(bundle, slow + "knapsack._read = wait") as first:
        assert first.stdout.readline() == "writing\n"
        second = start(bundle)
        time.sleep(0.3)
        assert second.poll() is None
        first.kill()
        assert finish(second)[0].startswith(os.environ["KNAPSACK_SCRATCH"])
    check_rebuilt(whole)
    assert len(rebuilt()) == 1


def test_a_disk_that_is_full_in_the_middle(bundle):
    """The limit on the size of files stands in for it: the budget was there when it was checked."""
    whole = split_file(bundle)
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (5 << 20, resource.RLIM_INFINITY))"
    process = start(bundle, limit)
    error = finish(process)[1].splitlines()[-1]
    assert process.returncode == 1
    assert "cannot be written (File too large); set KNAPSACK_SCRATCH" in error
    assert not [
        file for at, _, files in os.walk(os.environ["KNAPSACK_SCRATCH"]) for file in files if file != ".lock"
    ]
    finish(start(bundle))
    check_rebuilt(whole)
    assert len(rebuilt()) == 1


def test_a_file_that_a_crash_left_empty_is_put_together_again(bundle):
    whole = split_file(bundle, 3 << 20)
    load(bundle).path("tuned")
    os.chmod(rebuilt()[0], 0o600)
    os.truncate(rebuilt()[0], 0)
    load(bundle).path("tuned")
    check_rebuilt(whole)


def test_damaged_pieces_are_found_while_they_are_put_together(bundle):
    split_file(bundle, 8 << 20)
    with open(bundle.root / "models/base/weights.bin", "r+b") as file:
        file.seek(5 << 20)
        file.write(b"damage")
    knapsack = load(bundle)
    with pytest.raises(knapsack.KnapsackError, match="expected sha256 .* is damaged; download or attach"):
        knapsack.path("tuned")
    assert not rebuilt()


# warm


def test_warm_reads_each_byte_once(bundle):
    base, tuned = big("a", "b", "c"), big("c", "x", "a")
    bundle.add("base", "model", {"model.safetensors": base, "config.json": b"{}"})
    file = split_by_tensors(bundle, tuned, {"models/base/model.safetensors": base})
    bundle.add(
        "tuned", "model", {"model.safetensors": file, "config.json": At("models/base/config.json", b"{}")}
    )
    knapsack = load(bundle.write())
    own = len(bundle.root.joinpath(file.segments[0][0]).read_bytes())
    assert knapsack.warm("base").bytes == len(base) + 2
    assert knapsack.warm("tuned").bytes == own + 200_000 + 2
    assert knapsack.warm("base", "tuned").bytes == knapsack.warm().bytes == len(base) + own + 2
    assert knapsack.warm("base").seconds > 0
    assert not os.path.exists(os.environ["KNAPSACK_SCRATCH"])
    with pytest.raises(knapsack.KnapsackError, match="no entry 'x'"):
        knapsack.warm("x")


def test_warm_names_a_file_that_became_shorter(bundle):
    knapsack = load(bundle.add("m", "model", {"x.bin": b"x" * 5000}).write())
    knapsack.warm()
    os.truncate(bundle.root / "models/m/x.bin", 10)
    with pytest.raises(knapsack.KnapsackError, match=r"models/m/x.bin: cannot be read .it ends too early"):
        knapsack.warm()
