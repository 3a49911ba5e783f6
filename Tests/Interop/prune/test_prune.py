"""`knapsack convert --prune` and `prune = …`: zeros where numpy and torch say that they belong."""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
from cli import manifest, read_lock
from genuine import MINILM_FILES
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

BLOCK = "model.layers.{}.{}.weight"
PRUNED = [f"model.layers.{block}.{part}.weight" for block in (0, 1) for part in ("self_attn.q_proj", "mlp.down_proj")]


@pytest.fixture
def model(tmp_path) -> Path:
    """A model with everything that is pruned, and everything that is not."""
    folder = tmp_path / "model"
    folder.mkdir()
    random = np.random.default_rng(7)

    def matrix(*shape):
        return random.standard_normal(shape).astype(np.float32)

    tensors = {name: matrix(24, 64) for name in PRUNED}
    tensors |= {
        "model.embed_tokens.weight": matrix(30, 64), "lm_head.weight": matrix(30, 64),
        "model.layers.0.input_layernorm.weight": matrix(64), "model.layers.0.self_attn.q_proj.bias": matrix(24),
        "model.layers.0.mlp.gate.weight": matrix(4, 64), "model.norm.weight": matrix(64),
    }
    # Equal scores, and zeros that are there already.
    tensors[PRUNED[0]][0, :] = 1
    tensors[PRUNED[0]][1, ::3] = 0
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text('{"model_type": "llama", "torch_dtype": "float32"}')
    (folder / "tokenizer.json").write_text("{}")
    return folder


def reference(matrix: np.ndarray, how: str, importance: np.ndarray | None = None) -> np.ndarray:
    """What is left of a matrix: Wanda's scores, the lowest of every row or group become zero."""
    roots = np.ones(matrix.shape[-1]) if importance is None else np.sqrt(importance.astype(np.float64))
    scores = np.abs(matrix.astype(np.float64)) * roots
    rows, columns = matrix.shape
    size, zeros = (columns, int(columns * float(how))) if ":" not in how else (int(how[2]), int(how[2]) - int(how[0]))
    groups = scores.reshape(-1, size)
    lowest = np.argsort(groups, axis=1, kind="stable")[:, :zeros]
    keep = np.ones_like(groups, dtype=bool)
    np.put_along_axis(keep, lowest, False, axis=1)
    return matrix * keep.reshape(rows, columns)


def make_imatrix(path: Path, values: dict[str, np.ndarray]) -> Path:
    writer = gguf.GGUFWriter(path, "", use_temp_file=False)
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", ["x.txt"])
    writer.add_uint32("imatrix.chunk_count", 1)
    writer.add_uint32("imatrix.chunk_size", 512)
    for name, sums in values.items():
        writer.add_tensor(name + ".in_sum2", sums.astype(np.float32))
        writer.add_tensor(name + ".counts", np.array([4], dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.smoke
@pytest.mark.parametrize("how", ["2:4", "4:8", "0.3", "0.999"])
def test_zeros_are_where_numpy_puts_them(knapsack, model, tmp_path, how):
    knapsack("convert", model, tmp_path / "out", "--prune", how).expect(0)
    before, after = (load_file(folder / "model.safetensors") for folder in (model, tmp_path / "out"))
    assert list(before) == list(after)
    for name, matrix in before.items():
        expected = reference(matrix, how) if name in PRUNED else matrix
        assert np.array_equal(after[name], expected), name
    assert (tmp_path / "out" / "config.json").read_bytes() == (model / "config.json").read_bytes()


def test_importance_decides_as_wanda_does(knapsack, model, tmp_path):
    sums = {f"blk.{block}.attn_q.weight": np.random.default_rng(block).random(64) * 9 for block in (0, 1)}
    path = make_imatrix(tmp_path / "i.gguf", sums)
    knapsack("convert", model, tmp_path / "out", "--prune", "2:4", "--imatrix", path.name, cwd=tmp_path).expect(0)
    before, after = (load_file(folder / "model.safetensors") for folder in (model, tmp_path / "out"))
    for name in PRUNED:
        block = int(name.split(".")[2])
        importance = (sums[f"blk.{block}.attn_q.weight"].astype(np.float32) / 4) if "q_proj" in name else None
        assert np.array_equal(after[name], reference(before[name], "2:4", importance)), name
    assert not np.array_equal(after[PRUNED[0]], reference(before[PRUNED[0]], "2:4"))
    done = knapsack("convert", model, tmp_path / "no", "--prune", "2:4", "--imatrix", "gone.gguf", cwd=tmp_path).expect(2)
    assert "check the path behind --imatrix" in done.stderr


@pytest.mark.parametrize("expert", ["-1", "9223372036854775807", "7"])
def test_experts_that_the_matrix_does_not_have_are_told(knapsack, tmp_path, expert):
    folder = tmp_path / "model"
    folder.mkdir()
    name = f"model.layers.0.mlp.experts.{expert}.gate_proj.weight"
    save_file({name: np.ones((4, 32), dtype=np.float32)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "qwen3_moe", "torch_dtype": "float32"}')
    (folder / "tokenizer.json").write_text("{}")
    path = make_imatrix(tmp_path / "i.gguf", {"blk.0.ffn_gate_exps.weight": np.ones((2, 32), dtype=np.float32)})
    done = knapsack("convert", folder, tmp_path / "out", "--prune", "2:4", "--imatrix", path)
    assert done.code in (0, 1, 2) and "Fatal" not in done.stderr, done.text


def test_types_are_cast_after_pruning_and_named_tensors_are_pruned(knapsack, model, tmp_path):
    knapsack(
        "convert", model, tmp_path / "out", "--prune", "2:4", "--dtype", "f16", "--prune-tensor", "lm_head.weight"
    ).expect(0)
    before, after = (load_file(folder / "model.safetensors") for folder in (model, tmp_path / "out"))
    for name in [*PRUNED, "lm_head.weight"]:
        assert np.array_equal(after[name], reference(before[name], "2:4").astype(np.float16)), name
    assert np.array_equal(after["model.embed_tokens.weight"], before["model.embed_tokens.weight"].astype(np.float16))
    assert json.loads((tmp_path / "out" / "config.json").read_text())["torch_dtype"] == "float16"


def test_compare_states_the_zeros(knapsack, model, tmp_path):
    knapsack("convert", model, tmp_path / "out", "--prune", "4:8").expect(0)
    done = knapsack("compare", model / "model.safetensors", tmp_path / "out" / "model.safetensors", "--json").expect(0)
    for result in done.json()["tensors"]:
        count, zeros = result["difference"]["count"], result["difference"]["zeros"][1]
        assert (zeros == count // 2) == (result["original"]["name"] in PRUNED)
    assert "ZEROS" in done.stderr or "zeros" in knapsack(
        "compare", model / "model.safetensors", tmp_path / "out" / "model.safetensors"
    ).text


def test_a_manifest_prunes_and_the_lock_says_how(knapsack, model, tmp_path):
    text = manifest(model=[
        {"name": "base", "source": "path:model", "license": "mit"},
        {"name": "sparse", "from": "base", "prune": "2:4", "prune-tensors": ["lm_head.weight"]},
        {"name": "part", "from": "base", "prune": 0.5, "dtype": "bf16"},
    ])
    path = tmp_path / "m.toml"
    path.write_text(text)
    knapsack("lock", path).expect(0)
    lock = read_lock(tmp_path / "m.lock")
    assert lock["sparse"]["asked"] == {"from": "base", "prune": "2:4", "prune-tensors": ["lm_head.weight"]}
    assert lock["part"]["resolved"]["conversion"]["parameters"] == {"dtype": "bf16", "prune": "0.5"}
    knapsack("lock", path, "--locked").expect(0)
    knapsack("pack", path, "--output", tmp_path / "out", "--locked").expect(0, 1)
    path.write_text(text.replace('"2:4"', '"4:8"'))
    assert "2:4" in knapsack("check", path).expect(1).text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prune", "1:4"], "1:4"), (["--prune", "0"], "--prune"), (["--prune", "0.12345"], "0.12345"),
        (["--prune-tensor", "x"], "--prune"), (["--prune", "2:4", "--merge", "x"], "--merge"),
        (["--prune", "2:4", "--outtype", "f16"], "--outtype"),
    ],
)
def test_options_that_make_no_sense_are_told(knapsack, model, tmp_path, options, words):
    assert words in knapsack("convert", model, tmp_path / "out", *options).expect(2).stderr


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"prune": "1:4"}, "2:4"), ({"prune": 1.5}, "prune"), ({"prune": "2:4", "gguf": "Q8_0"}, "exclude"),
        ({"prune": "2:4", "merge": ["base"], "dtype": "f16"}, "exclude"), ({"dtype": "f16", "imatrix": "x"}, "imatrix"),
        ({"dtype": "f16", "prune-tensors": ["x"]}, "prune"),
    ],
)
def test_entries_that_make_no_sense_are_told(knapsack, model, tmp_path, entry, words):
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=[{"name": "base", "source": "path:model"}, {"name": "n", "from": "base", **entry}]))
    done = knapsack("lock", path).expect(2)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, ["--prune-tensor", "no.such.weight"], 'no tensor "no.such.weight"'),
        ({}, ["--prune-tensor", "model.norm.weight"], "[64] and type F32 cannot be pruned"),
        (dict.fromkeys(PRUNED, np.ones((24, 64), dtype=np.int8)), [], "no matrix of a block"),
        (dict.fromkeys(PRUNED, np.ones((24, 63), dtype=np.float32)), [], "no rows divide into the groups of 2:4"),
    ],
)
def test_what_cannot_be_pruned_is_told(knapsack, model, tmp_path, change, options, words):
    save_file(load_file(model / "model.safetensors") | change, model / "model.safetensors", metadata={"format": "pt"})
    done = knapsack("convert", model, tmp_path / "out", "--prune", "2:4", *options, "--json").expect(1)
    (finding,) = done.json()["findings"]
    assert finding["code"] == "prune-impossible" and words in finding["message"], finding
    assert not (tmp_path / "out").exists()


def test_matrices_of_other_rows_are_kept_and_told(knapsack, model, tmp_path):
    odd = {PRUNED[0]: np.ones((24, 63), dtype=np.float32)}
    save_file(load_file(model / "model.safetensors") | odd, model / "model.safetensors", metadata={"format": "pt"})
    done = knapsack("convert", model, tmp_path / "out", "--prune", "2:4", "--json").expect(0)
    (finding,) = done.json()["findings"]
    assert finding["code"] == "prune-rows" and "1 tensor" in finding["message"] and PRUNED[0] in str(finding)
    after = load_file(tmp_path / "out" / "model.safetensors")
    assert np.array_equal(after[PRUNED[0]], odd[PRUNED[0]]) and (after[PRUNED[1]] == 0).mean() == 0.5


def test_matrices_that_are_stored_transposed_are_refused(knapsack, model, tmp_path):
    (model / "config.json").write_text('{"model_type": "gpt2"}')
    done = knapsack("convert", model, tmp_path / "out", "--prune", "2:4", "--json").expect(1, 2)
    assert "prune-transposed" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_torch_takes_the_pattern_of_the_real_model(knapsack, tmp_path):
    """torch's own converter to semi-structured sparsity takes each pruned matrix, and gives it back whole."""
    torch = pytest.importorskip("torch")
    from torch.sparse._semi_structured_conversions import (
        sparse_semi_structured_from_dense_cutlass,
        sparse_semi_structured_to_dense_cutlass,
    )

    knapsack("convert", MINILM_FILES, tmp_path / "out", "--prune", "2:4", "--dtype", "f16").expect(0)
    seen = 0
    with safe_open(tmp_path / "out" / "model.safetensors", "pt") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            if tensor.dim() != 2 or ".layer." not in name:
                continue
            assert ((tensor.reshape(-1, 4) != 0).sum(dim=1) <= 2).all(), name
            sparse, meta = sparse_semi_structured_from_dense_cutlass(tensor)
            assert torch.equal(sparse_semi_structured_to_dense_cutlass(sparse, meta), tensor), name
            seen += 1
    assert seen == 36


@pytest.mark.slow
def test_a_gguf_of_the_pruned_model_has_its_zeros(knapsack, tmp_path):
    knapsack("convert", MINILM_FILES, tmp_path / "out", "--prune", "0.5").expect(0)
    knapsack("convert", tmp_path / "out", tmp_path / "out.gguf", "--outtype", "f32").expect(0)
    zeros = {
        tensor.name: float((tensor.data == 0).mean()) for tensor in gguf.GGUFReader(tmp_path / "out.gguf").tensors
    }
    assert zeros["blk.0.ffn_down.weight"] == pytest.approx(0.5, abs=0.01)
    assert zeros["token_embd.weight"] < 0.01
    shutil.rmtree(tmp_path / "out")
