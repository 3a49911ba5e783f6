"""`quantize --prune-layers`, `--tensor-type-file` and negative numbers of `--override-kv`, by the rules of llama-quantize
(src/llama-quant.cpp `remap_layer`, tools/quantize, common.cpp `string_parse_kv_override`), seen by the gguf package."""

import gguf
import numpy as np
import pytest

BLOCKS = 12


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(BLOCKS)
    writer.add_head_count(2)
    writer.add_uint32("some.number", 7)
    numbers = np.random.default_rng(5)
    writer.add_tensor("token_embd.weight", numbers.standard_normal((8, 256), dtype=np.float32))
    writer.add_tensor("output_norm.weight", numbers.standard_normal(256, dtype=np.float32))
    for block in range(BLOCKS):
        for name in ("attn_q", "attn_v", "ffn_down"):
            writer.add_tensor(f"blk.{block}.{name}.weight", numbers.standard_normal((8, 256), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read(path):
    reader = gguf.GGUFReader(path)
    return reader, {tensor.name: tensor for tensor in reader.tensors}


@pytest.mark.parametrize(
    ("pruned", "left"),
    [("3", [0, 1, 2, *range(4, 12)]), ("0", list(range(1, 12))), ("11,2,2", [0, 1, *range(3, 11)]),
     (",".join(map(str, range(11))), [11])],
)  # fmt: skip
def test_blocks_are_left_out_and_the_others_move_up(knapsack, model, tmp_path, pruned, left):
    knapsack("quantize", model, tmp_path / "out.gguf", "COPY", "--prune-layers", pruned).expect(0)
    _, before = read(model)
    reader, after = read(tmp_path / "out.gguf")
    expected = {"output_norm.weight": "output_norm.weight", "token_embd.weight": "token_embd.weight"} | {
        f"blk.{new}.{name}.weight": f"blk.{old}.{name}.weight"
        for new, old in enumerate(left)
        for name in ("attn_q", "attn_v", "ffn_down")
    }
    assert list(after) == list(expected)
    for new, old in expected.items():
        assert np.array_equal(after[new].data, before[old].data), new
    # Set last, behind all that was there.
    assert list(reader.fields)[-1] == "llama.block_count"
    assert reader.fields["llama.block_count"].contents() == len(left)


@pytest.mark.smoke
def test_types_are_those_of_the_new_names(knapsack, model, tmp_path):
    knapsack("quantize", model, tmp_path / "out.gguf", "Q8_0", "--prune-layers", "0,1", "--tensor-type",
             r"blk\.0\.=Q4_0").expect(0)  # fmt: skip
    _, after = read(tmp_path / "out.gguf")
    assert after["blk.0.attn_q.weight"].tensor_type == gguf.GGMLQuantizationType.Q4_0
    assert after["blk.2.attn_q.weight"].tensor_type == gguf.GGMLQuantizationType.Q8_0


@pytest.mark.parametrize(
    ("pruned", "message"),
    [("40", "no block 40"), ("3,12", "no block 12"), (",".join(map(str, range(12))), "no block of the model would be left")],
)
def test_blocks_that_are_not_there_and_all_of_them_are_refused(knapsack, model, tmp_path, pruned, message):
    done = knapsack("quantize", model, tmp_path / "out.gguf", "COPY", "--prune-layers", pruned).expect(1, 2)
    assert message in done.stderr
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.parametrize("text", ["", "a", "1,,2", "-1", "1.5", "99999999999", "1 2"])
def test_what_is_no_list_of_blocks_is_refused(knapsack, model, tmp_path, text):
    knapsack("quantize", model, tmp_path / "out.gguf", "Q8_0", f"--prune-layers={text}").expect(2, 64)
    assert not (tmp_path / "out.gguf").exists()


@pytest.mark.smoke
def test_rules_from_a_file_are_the_rules_of_the_command_line(knapsack, model, tmp_path):
    rules = tmp_path / "rules.txt"
    rules.write_text("ffn_down=Q6_K\tattn_v=q5_0\n\n  BLK.1=Q4_0\r\n")
    knapsack("quantize", model, tmp_path / "file.gguf", "Q8_0", "--tensor-type-file", rules).expect(0)
    knapsack("quantize", model, tmp_path / "line.gguf", "Q8_0", "--tensor-type", "ffn_down=Q6_K", "--tensor-type",
             "attn_v=q5_0", "--tensor-type", "BLK.1=Q4_0").expect(0)  # fmt: skip
    assert (tmp_path / "file.gguf").read_bytes() == (tmp_path / "line.gguf").read_bytes()
    _, after = read(tmp_path / "file.gguf")
    assert after["blk.3.ffn_down.weight"].tensor_type == gguf.GGMLQuantizationType.Q6_K


@pytest.mark.parametrize("text", ["ffn_down", "ffn_down=Q9_Z", "=Q4_0", "ffn_down ="])
def test_a_broken_rule_in_a_file_is_named(knapsack, model, tmp_path, text):
    (tmp_path / "rules.txt").write_text(text)
    knapsack("quantize", model, tmp_path / "out.gguf", "Q8_0", "--tensor-type-file", tmp_path / "rules.txt").expect(2, 64)
    knapsack("quantize", model, tmp_path / "out.gguf", "Q8_0", "--tensor-type-file", tmp_path / "none").expect(2, 64)


def test_negative_numbers_lose_their_sign_as_in_llama_quantize_and_it_is_said(knapsack, model, tmp_path):
    done = knapsack("quantize", model, tmp_path / "out.gguf", "Q8_0", "--override-kv", "some.number=int:-5")
    done.expect(0)
    assert "some.number=int:-5 is written as 5" in done.stderr
    field = read(tmp_path / "out.gguf")[0].fields["some.number"]
    assert field.contents() == 5 and field.types == [gguf.GGUFValueType.UINT32]
    knapsack("quantize", model, tmp_path / "no.gguf", "Q8_0", "--override-kv", "some.number=int:-4294967296").expect(2, 64)


def test_an_architecture_that_llama_quantize_refuses_is_refused_with_what_it_takes(knapsack, tmp_path):
    for architecture in ("lama", "gptj", "(unknown)"):
        path = tmp_path / "model.gguf"
        writer = gguf.GGUFWriter(path, architecture)
        writer.add_block_count(1)
        writer.add_tensor("token_embd.weight", np.zeros((8, 32), dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        done = knapsack("quantize", path, tmp_path / "out.gguf", "Q8_0")
        done.expect(1, 2)
        assert f'"{architecture}"' in done.stderr and "qwen3moe" in done.stderr
        assert not (tmp_path / "out.gguf").exists()
    knapsack("quantize", path, tmp_path / "out.gguf", "Q8_0", "--override-kv", "general.architecture=str:llama",
             "--override-kv", "llama.block_count=int:1").expect(0)  # fmt: skip
