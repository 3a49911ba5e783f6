"""What `inspect` and `compare` say of models, against numpy, safetensors and the gguf package."""

import shutil
from pathlib import Path

import gguf
import numpy
import pytest
from cli import digests, read_lock
from project import FIXTURES
from safetensors.numpy import save_file

SMALL = FIXTURES / "gguf" / "small.gguf"


@pytest.mark.smoke
def test_lists_what_the_gguf_package_reads(knapsack):
    found = knapsack("inspect", SMALL, "--json").expect(0).json()
    reader = gguf.GGUFReader(SMALL)
    assert [t["name"] for t in found["tensors"]] == [t.name for t in reader.tensors]
    for tensor, expected in zip(found["tensors"], reader.tensors):
        assert tensor["type"] == expected.tensor_type.name
        assert tensor["shape"] == [int(n) for n in reversed(expected.shape)]
        assert tensor["bytes"] == expected.n_bytes
        assert tensor["offset"] == expected.data_offset
    keys = [key for key in reader.fields if not key.startswith("GGUF.")]
    assert [item["key"] for item in found["metadata"]] == keys
    assert found["total"]["parameters"] == sum(int(t.n_elements) for t in reader.tensors)


@pytest.mark.smoke
def test_text_fits_and_names_every_tensor(knapsack):
    text = knapsack("inspect", SMALL).expect(0).stdout
    assert all(t.name in text for t in gguf.GGUFReader(SMALL).tensors)
    assert "bits per weight" in text


def test_statistics_are_numpys(knapsack, tmp_path):
    values = numpy.random.default_rng(1).standard_normal((64, 300)).astype(numpy.float32)
    values[0, :3] = [numpy.nan, numpy.inf, 0]
    save_file({"w": values, "n": numpy.arange(5)}, tmp_path / "m.safetensors")
    found = knapsack("inspect", tmp_path / "m.safetensors", "--tensor", "w", "--json").expect(0).json()["tensor"]
    finite = values[numpy.isfinite(values)].astype(numpy.float64)
    assert (found["nan"], found["infinite"], found["zeros"]) == (1, 1, 1)
    assert found["min"] == finite.min() and found["max"] == finite.max()
    assert found["mean"] == pytest.approx(finite.mean(), abs=1e-9)
    assert found["std"] == pytest.approx(finite.std(), rel=1e-9)
    counts, _ = numpy.histogram(finite, bins=20)
    assert sum(found["histogram"]["counts"]) == finite.size
    assert numpy.abs(numpy.array(found["histogram"]["counts"]) - counts).max() <= 2
    counted = knapsack("inspect", tmp_path / "m.safetensors", "--tensor", "n", "--json").expect(0).json()["tensor"]
    assert (counted["min"], counted["max"]) == (0, 4)


def test_compare_measures_what_numpy_measures(knapsack, tmp_path):
    made = tmp_path / "q.gguf"
    knapsack("quantize", SMALL, made, "Q4_0", "--allow-requantize").expect(0)
    found = knapsack("compare", SMALL, made, "--json").expect(0).json()
    before = {t.name: t for t in gguf.GGUFReader(SMALL).tensors}
    after = {t.name: t for t in gguf.GGUFReader(made).tensors}
    assert len(found["tensors"]) == len(before)
    for tensor in found["tensors"]:
        name = tensor["original"]["name"]
        first = gguf.dequantize(before[name].data, before[name].tensor_type).astype(numpy.float64).ravel()
        second = gguf.dequantize(after[name].data, after[name].tensor_type).astype(numpy.float64).ravel()
        error = second - first
        assert tensor["difference"]["rms"] == pytest.approx(numpy.sqrt((error**2).mean()), rel=1e-9, abs=1e-12)
        assert tensor["difference"]["max"] == pytest.approx(numpy.abs(error).max(), rel=1e-6)
    text = knapsack("compare", SMALL, made).expect(0).stdout
    assert "signal to noise" in text and "Q4_0" in text


def test_the_same_file_does_not_differ(knapsack):
    text = knapsack("compare", SMALL, SMALL).expect(0).stdout
    assert "every number is the same" in text


def test_llamas_heads_are_put_in_one_order(knapsack, tmp_path):
    """A safetensors model beside its GGUF, whose query and key rows the reference's converter rearranges."""
    rng = numpy.random.default_rng(2)
    heads, key_heads, size, width = 4, 2, 8, 64
    tensors = {
        "model.embed_tokens.weight": rng.standard_normal((50, width)),
        "model.layers.0.self_attn.q_proj.weight": rng.standard_normal((heads * size, width)),
        "model.layers.0.self_attn.k_proj.weight": rng.standard_normal((key_heads * size, width)),
        "model.layers.0.mlp.down_proj.weight": rng.standard_normal((width, 96)),
        "model.layers.0.unknown.weight": rng.standard_normal((3, 3)),
    }
    tensors = {name: value.astype(numpy.float32) for name, value in tensors.items()}
    save_file(tensors, tmp_path / "model.safetensors")
    writer = gguf.GGUFWriter(tmp_path / "model.gguf", "llama")
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)

    def permuted(value, count):
        return value.reshape(count, 2, value.shape[0] // count // 2, -1).swapaxes(1, 2).reshape(value.shape)

    names = list(tensors.values())
    writer.add_tensor("token_embd.weight", names[0])
    writer.add_tensor("blk.0.attn_q.weight", permuted(names[1], heads))
    writer.add_tensor("blk.0.attn_k.weight", permuted(names[2], key_heads))
    writer.add_tensor("blk.0.ffn_down.weight", names[3])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    for pair in (["model.safetensors", "model.gguf"], ["model.gguf", "model.safetensors"]):
        found = knapsack("compare", *(tmp_path / name for name in pair), "--json").expect(0).json()
        assert len(found["tensors"]) == 4
        assert found["total"]["max"] == 0
        unknown = found["only_in_original"] + found["only_in_other"]
        assert unknown == ["model.layers.0.unknown.weight"]


def write_gguf(path: Path, architecture: str, tensors: dict[str, numpy.ndarray]) -> None:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(1)
    writer.add_head_count(4)
    for name, value in tensors.items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_turned_matrices_are_compared(knapsack, tmp_path):
    """GPT-2's linear layers stand by columns in the Hugging Face model, square ones too."""
    rng = numpy.random.default_rng(3)
    # More elements than are read at a time, and rows that the number of them does not divide.
    shapes = {"attn.c_attn": (320, 960), "attn.c_proj": (320, 320), "mlp.c_fc": (320, 1280), "mlp.c_proj": (1280, 320)}
    names = ["attn_qkv", "attn_output", "ffn_up", "ffn_down"]
    values = [rng.standard_normal(shape, dtype=numpy.float32) for shape in shapes.values()]
    save_file(
        {f"h.0.{name}.weight": value for name, value in zip(shapes, values)} | {"wte.weight": values[0]},
        tmp_path / "model.safetensors",
    )
    turned = {f"blk.0.{name}.weight": numpy.ascontiguousarray(value.T) for name, value in zip(names, values)}
    write_gguf(tmp_path / "model.gguf", "gpt2", turned | {"token_embd.weight": values[0]})
    for pair in (["model.safetensors", "model.gguf"], ["model.gguf", "model.safetensors"]):
        found = knapsack("compare", *(tmp_path / name for name in pair), "--json").expect(0).json()
        assert len(found["tensors"]) == 5 and found["total"]["max"] == 0
        assert found["unlike"] == found["only_in_original"] == found["only_in_other"] == []
    knapsack("quantize", tmp_path / "model.gguf", tmp_path / "q.gguf", "Q8_0").expect(0)
    found = knapsack("compare", tmp_path / "model.safetensors", tmp_path / "q.gguf", "--json").expect(0).json()
    assert len(found["tensors"]) == 5 and 30 < found["total"]["snr_db"] < 60


def test_numbers_in_an_unknown_order_do_not_count(knapsack, tmp_path):
    rng = numpy.random.default_rng(4)
    values = [rng.standard_normal((64, 64), dtype=numpy.float32) for _ in range(2)]
    save_file(
        {"model.embed_tokens.weight": values[0], "model.layers.0.self_attn.q_proj.weight": values[1]},
        tmp_path / "model.safetensors",
    )
    write_gguf(
        tmp_path / "model.gguf",
        "other",
        {"token_embd.weight": values[0], "blk.0.attn_q.weight": values[1][rng.permutation(64)]},
    )
    done = knapsack("compare", tmp_path / "model.safetensors", tmp_path / "model.gguf").expect(0)
    assert "every number is the same" in done.stdout
    assert "order that is not known: model.layers.0.self_attn.q_proj.weight" in done.stdout


def test_shows_what_a_bundle_holds(packed):
    done = packed.knapsack("inspect", packed.bundle).expect(0)
    lock = read_lock(packed.lock)
    assert all(entry in done.stdout and path in done.stdout for entry in lock for path in digests(lock[entry]))
    found = packed.knapsack("inspect", packed.bundle, "--json").expect(0).json()
    assert {entry["name"]: entry["license"] for entry in found["entries"]} == {
        name: entry["resolved"].get("license", {}).get("id") for name, entry in lock.items()
    }
    for entry in found["entries"]:
        assert {file["path"]: file["sha256"] for file in entry["files"]} == digests(lock[entry["name"]])
    assert found["size"] == sum(path.stat().st_size for path in packed.bundle.rglob("*") if path.is_file())


def test_a_bundle_with_a_missing_file_is_a_finding(packed, tmp_path):
    bundle = tmp_path / "bundle"
    shutil.copytree(packed.bundle, bundle)
    (bundle / "models" / "minilm" / "config.json").unlink()
    done = packed.knapsack("inspect", bundle).expect(1)
    assert "models/minilm/config.json" in done.stderr and "sharded" in done.stdout


@pytest.mark.parametrize("suffix", ["tar", "zip", "tar.zst"])
def test_shows_what_an_archive_holds(packed, tmp_path, suffix):
    archive = tmp_path / f"b.{suffix}"
    packed.knapsack("pack", packed.manifest, "--output", archive, "--frozen").expect(0)
    found = packed.knapsack("inspect", archive, "--json").expect(0).json()
    assert [entry["name"] for entry in found["entries"]] == sorted(read_lock(packed.lock))
    assert ("size" in found) == (suffix != "tar.zst")


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGUF\x03\0\0\0" + b"\xff" * 40, b"\x08" + b"\0" * 7 + b"nonsense"])
def test_what_is_no_model_is_told(knapsack, tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    done = knapsack("inspect", tmp_path / "x").expect(1, 2)
    assert "error:" in done.stderr and done.stdout == ""
    knapsack("inspect", tmp_path / "missing").expect(2)
    knapsack("inspect", SMALL, "--tensor", "none").expect(2)


def test_pytorch_checkpoints_are_what_torch_loads(knapsack, tmp_path):
    import torch

    base = torch.randn(40, 30, generator=torch.Generator().manual_seed(1))
    tensors = {
        "a": base, "b": base.t(), "c": base[3:17:2, 4:9], "d": base.to(torch.bfloat16), "e": base.half()[:, ::3],
        "f": torch.arange(9).reshape(3, 3).t(), "g": torch.ones(1).expand(5, 7),
        "h": base.permute(1, 0).unsqueeze(1), "p": torch.nn.Parameter(base[2]),
        "i": base[:4].to(torch.float8_e4m3fn), "j": torch.tensor(2.5, dtype=torch.float64),
    }
    for protocol in range(1, 6):
        path = tmp_path / f"m{protocol}.bin"
        torch.save({"state_dict": tensors, "epoch": 3}, path, pickle_protocol=protocol)
        found = knapsack("inspect", path, "--json").expect(0).json()
        assert found["format"] == "pytorch" and found["skipped"] == []
        assert {t["name"]: t["shape"] for t in found["tensors"]} == {k: list(v.shape) for k, v in tensors.items()}
        assert "torch._utils._rebuild_tensor_v2" in found["globals"]
    plain = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    for name, tensor in plain.items():
        shown = knapsack("inspect", path, "--tensor", name, "--json").expect(0).json()["tensor"]
        numbers = tensor.double().numpy()
        assert shown["min"] == numbers.min() and shown["max"] == numbers.max()
        assert shown["mean"] == pytest.approx(numbers.mean(), abs=1e-9)
    from safetensors.torch import save_file as save_torch

    save_torch(plain, tmp_path / "m.safetensors")
    compared = knapsack("compare", tmp_path / "m.safetensors", path, "--json").expect(0).json()
    assert len(compared["tensors"]) == len(tensors)
    assert knapsack("compare", path, tmp_path / "m.safetensors").expect(0)
    assert "IMPORTED BY THE PICKLE" in knapsack("inspect", path).expect(0).stdout


def test_hostile_pickles_are_not_executed(knapsack, tmp_path):
    import torch

    flag = tmp_path / "executed"

    class Hostile:
        def __reduce__(self):
            return (exec, (f"open({str(flag)!r}, 'w')",))

    torch.save({"w": torch.ones(2), "x": Hostile()}, tmp_path / "h.pt")
    found = knapsack("inspect", tmp_path / "h.pt", "--json").expect(1).json()
    assert [t["name"] for t in found["tensors"]] == ["w"]
    assert any(name.endswith(".exec") for name in found["globals"])
    assert found["pickle"]["verdict"] == "refused"
    assert not flag.exists()
    torch.save({"w": torch.ones(2)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert "before 1.6" in knapsack("inspect", tmp_path / "old.pt").expect(0).stdout
