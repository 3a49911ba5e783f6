"""quantize's flags that change what is written, against what gguf 0.19 reads: pruned blocks, files of rules, metadata.

llama-quantize: `--prune-layers` leaves blocks out, numbers the others anew and writes the new block_count; integers of
`--override-kv` are written as UINT32, without their sign.
"""

import re

import pytest
from gguf import GGUFReader
from project import ROOT

TINY = ROOT / "fixtures" / "conversion" / "tiny-llama" / "Tiny-Llama-100K"


@pytest.fixture(scope="module")
def full(knapsack, tmp_path_factory):
    path = tmp_path_factory.mktemp("full") / "full.gguf"
    knapsack("convert", TINY, path).expect(0)
    return path


def read(path):
    reader = GGUFReader(path)
    items = {name: (field.types[0].name, field.contents()) for name, field in reader.fields.items() if field.types and not name.startswith("GGUF.")}
    return items, {tensor.name: (tensor.tensor_type.name, tensor.data.tobytes()) for tensor in reader.tensors}


@pytest.mark.parametrize(("pruned", "kept"), [("0", [1]), ("1", [0]), ("1,1", [0])])
def test_pruned_blocks_are_left_out_and_the_others_move_up(knapsack, tmp_path, full, pruned, kept):
    knapsack("quantize", "--prune-layers", pruned, full, tmp_path / "o.gguf", "COPY").expect(0)
    items, tensors = read(full)
    expected = {name: value for name, value in tensors.items() if not name.startswith("blk.")}
    for place, block in enumerate(kept):
        own = {name: value for name, value in tensors.items() if name.startswith(f"blk.{block}.")}
        expected |= {re.sub(r"^blk\.\d+", f"blk.{place}", name): value for name, value in own.items()}
    found, written = read(tmp_path / "o.gguf")
    assert written == expected
    assert found == items | {"llama.block_count": ("UINT32", len(kept))}


@pytest.mark.parametrize("pruned", ["-1", "a", "", "0, 1", "1,", "0-1", "1.0"])
def test_what_is_no_list_of_blocks_is_refused(knapsack, tmp_path, full, pruned):
    knapsack("quantize", f"--prune-layers={pruned}", full, tmp_path / "o.gguf", "COPY").expect(2)
    assert not (tmp_path / "o.gguf").exists()


RULES = [
    ["attn_q=q8_0", "ffn_down=q6_k"], ["attn_q=Q8_0"], ["ffn_up=f16", "ffn=q8_0"], [r"blk\.(0|1)\.attn_q=q8_0", "attn_q=f32"],
    [r"blk\.1\.=bf16"], ["ATTN_Q=q8_0"], ["output=q5_k", "token_embd=q6_k"],
]  # fmt: skip


@pytest.mark.parametrize("between", ["\n", " ", "\r\n", "\n\n"])
@pytest.mark.parametrize("rules", RULES, ids="+".join)
def test_a_file_of_rules_is_the_same_as_the_rules(knapsack, tmp_path, full, rules, between):
    (tmp_path / "rules.txt").write_bytes((between.join(rules) + between).encode())
    knapsack("quantize", "--tensor-type-file", tmp_path / "rules.txt", full, tmp_path / "file.gguf", "Q4_0").expect(0)
    single = [part for rule in rules for part in ("--tensor-type", rule)]
    knapsack("quantize", *single, full, tmp_path / "flags.gguf", "Q4_0").expect(0)
    assert (tmp_path / "file.gguf").read_bytes() == (tmp_path / "flags.gguf").read_bytes()


@pytest.mark.parametrize("text", ["# a comment\n", "attn_q", "attn_q=zz", "=q8_0", "(=q8_0", "attn_q=q8_0=f16", "attn_q=q8_0\0"])
def test_a_file_that_is_no_list_of_rules_is_refused(knapsack, tmp_path, full, text):
    (tmp_path / "rules.txt").write_text(text)
    knapsack("quantize", "--tensor-type-file", tmp_path / "rules.txt", full, tmp_path / "o.gguf", "Q4_0").expect(2)
    assert not (tmp_path / "o.gguf").exists()


OVERRIDES = {
    "int:-5": ("UINT32", 5), "int:5": ("UINT32", 5), "int:-4294967295": ("UINT32", 4294967295), "int:0": ("UINT32", 0),
    "float:-1.5": ("FLOAT32", -1.5), "float:1e-5": ("FLOAT32", pytest.approx(1e-5)), "bool:true": ("BOOL", True),
    "bool:false": ("BOOL", False), "str:a=b:c": ("STRING", "a=b:c"), "str:": ("STRING", ""),
}  # fmt: skip


@pytest.mark.parametrize("value", OVERRIDES)
def test_metadata_is_written_as_the_flag_states_it(knapsack, tmp_path, full, value):
    done = knapsack("quantize", "--override-kv", f"llama.x={value}", full, tmp_path / "o.gguf", "COPY").expect(0)
    items, tensors = read(full)
    found, written = read(tmp_path / "o.gguf")
    assert found == items | {"llama.x": OVERRIDES[value]}
    assert written == tensors
    assert ("warning" in done.stderr) == value.startswith("int:-")


WRONG = ["int:4294967296", "int:-4294967296", "int:1.5", "int:5x", "int: 5", "int:0x10", "bool:1", "bool:TRUE", "float:1,5", "foo:1", "", "str:" + "a" * 128]


@pytest.mark.parametrize("value", WRONG)
def test_metadata_that_cannot_be_written_is_refused(knapsack, tmp_path, full, value):
    knapsack("quantize", "--override-kv", f"llama.x={value}", full, tmp_path / "o.gguf", "COPY").expect(2)
    assert not (tmp_path / "o.gguf").exists()
