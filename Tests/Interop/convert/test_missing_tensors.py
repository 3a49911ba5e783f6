"""A model that lacks a tensor which its configuration asks for is an error that names it: as a GGUF, as a cast, as an
entry of a manifest, and as a finding of `check` from the lock alone."""

import json

import pytest
import torch
from cli import manifest
from safetensors.torch import save_file

WIDTH, INNER, HEADS = 16, 24, 2


def llama(blocks=2):
    shapes = {"model.embed_tokens.weight": (40, WIDTH), "model.norm.weight": (WIDTH,), "lm_head.weight": (40, WIDTH)}
    for block in range(blocks):
        start = f"model.layers.{block}."
        shapes |= {
            f"{start}input_layernorm.weight": (WIDTH,), f"{start}post_attention_layernorm.weight": (WIDTH,),
            f"{start}self_attn.q_proj.weight": (WIDTH, WIDTH), f"{start}self_attn.k_proj.weight": (WIDTH, WIDTH),
            f"{start}self_attn.v_proj.weight": (WIDTH, WIDTH), f"{start}self_attn.o_proj.weight": (WIDTH, WIDTH),
            f"{start}mlp.gate_proj.weight": (INNER, WIDTH), f"{start}mlp.up_proj.weight": (INNER, WIDTH),
            f"{start}mlp.down_proj.weight": (WIDTH, INNER),
        }  # fmt: skip
    return shapes


def moe():
    shapes = {name: shape for name, shape in llama().items() if ".mlp." not in name}
    for block in range(2):
        start = f"model.layers.{block}.block_sparse_moe."
        shapes[f"{start}gate.weight"] = (3, WIDTH)
        for expert in range(3):
            shapes |= {f"{start}experts.{expert}.{part}.weight": shape for part, shape in
                       (("w1", (INNER, WIDTH)), ("w2", (WIDTH, INNER)), ("w3", (INNER, WIDTH)))}  # fmt: skip
    return shapes


CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": WIDTH, "intermediate_size": INNER,
    "num_hidden_layers": 2, "num_attention_heads": HEADS, "num_key_value_heads": HEADS, "vocab_size": 40,
    "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "tie_word_embeddings": False, "torch_dtype": "float32",
}  # fmt: skip
MIXTRAL = CONFIG | {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "num_local_experts": 3}


class Model:
    def __init__(self, folder):
        self.folder = folder / "model"
        self.folder.mkdir()

    def write(self, shapes, config=None):
        tensors = {name: torch.zeros(shape) for name, shape in shapes.items()}
        save_file(tensors, self.folder / "model.safetensors", metadata={"format": "pt"})
        (self.folder / "config.json").write_text(json.dumps(config or CONFIG))
        vocabulary = {"a": 0, "b": 1, "ab": 2} | {chr(0x100 + place): place for place in range(3, 40)}
        model = {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}
        tokenizer = {"version": "1.0", "model": model, "added_tokens": []}
        (self.folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        (self.folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
        return self.folder


@pytest.fixture
def model(tmp_path):
    return Model(tmp_path)


def to_gguf(knapsack, folder):
    return knapsack("convert", folder, folder.parent / "out.gguf", "--outtype", "f16", "--pre", "gpt-2")


def to_f16(knapsack, folder):
    return knapsack("convert", folder, folder.parent / "out", "--dtype", "f16")


@pytest.mark.parametrize("convert", [to_gguf, to_f16], ids=["gguf", "dtype"])
@pytest.mark.parametrize("config", [CONFIG, MIXTRAL], ids=["llama", "mixtral"])
def test_a_whole_model_is_converted(knapsack, model, convert, config):
    convert(knapsack, model.write(llama() if config is CONFIG else moe(), config)).expect(0)


@pytest.mark.parametrize("convert", [to_gguf, to_f16], ids=["gguf", "dtype"])
@pytest.mark.parametrize("name", list(llama()))
def test_every_tensor_of_a_llama_is_needed(knapsack, model, convert, name):
    shapes = llama()
    del shapes[name]
    done = convert(knapsack, model.write(shapes))
    done.expect(1, 2)
    assert name in done.stderr
    assert sorted(path.name for path in model.folder.parent.iterdir()) == ["model"]


@pytest.mark.parametrize("convert", [to_gguf, to_f16], ids=["gguf", "dtype"])
@pytest.mark.parametrize("name", [name for name in moe() if "layers.1.block" in name])
def test_every_tensor_of_an_expert_is_needed(knapsack, model, convert, name):
    shapes = moe()
    del shapes[name]
    done = convert(knapsack, model.write(shapes, MIXTRAL))
    done.expect(1, 2)
    assert name in done.stderr


@pytest.mark.smoke
def test_several_are_counted_and_the_first_is_named(knapsack, model):
    shapes = {name: shape for name, shape in llama().items() if "layers.1.mlp" not in name}
    done = to_gguf(knapsack, model.write(shapes))
    done.expect(1, 2)
    assert "model.layers.1.mlp.gate_proj.weight and 2 more" in done.stderr


@pytest.mark.smoke
def test_a_kind_that_no_block_has_is_named_as_the_others_are(knapsack, model):
    shapes = {name: shape for name, shape in llama().items() if "up_proj" not in name}
    done = to_gguf(knapsack, model.write(shapes))
    done.expect(1, 2)
    assert "model.layers.0.mlp.up_proj.weight and 1 more" in done.stderr


def test_blocks_behind_the_last_one_there_are_missing(knapsack, model):
    done = to_gguf(knapsack, model.write(llama(), CONFIG | {"num_hidden_layers": 3}))
    done.expect(1, 2)
    assert "model.layers.2." in done.stderr and "and 8 more" in done.stderr


@pytest.mark.parametrize(("said", "code"), [(None, 0), (True, 0), (False, 1)])
def test_the_last_layer_is_needed_where_it_is_said_to_be_its_own(knapsack, model, said, code):
    shapes = {name: shape for name, shape in llama().items() if name != "lm_head.weight"}
    config = {key: value for key, value in CONFIG.items() if key != "tie_word_embeddings"}
    if said is not None:
        config["tie_word_embeddings"] = said
    to_gguf(knapsack, model.write(shapes, config)).expect(code)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("model.layers.1.mlp.up_proj.weight", (INNER - 1, WIDTH)),
        ("model.layers.1.mlp.down_proj.weight", (WIDTH, INNER + 1)),
        ("model.layers.0.mlp.down_proj.weight", (WIDTH - 1, INNER)),
        ("model.layers.0.self_attn.o_proj.weight", (WIDTH - 1, WIDTH)),
        ("model.layers.0.self_attn.v_proj.weight", (WIDTH - 8, WIDTH)),
        ("model.norm.weight", (WIDTH + 1,)),
    ],
)
def test_a_wrong_shape_is_an_error(knapsack, model, name, shape):
    done = to_gguf(knapsack, model.write(llama() | {name: shape}))
    done.expect(1, 2)
    assert "shape" in done.stderr
    assert not (model.folder.parent / "out.gguf").exists()


@pytest.mark.parametrize("made", [{"gguf": "f16", "pre-tokenizer": "gpt-2"}, {"dtype": "f16"}], ids=["gguf", "dtype"])
def test_entries_and_check_say_it_too(knapsack, model, tmp_path, made):
    own = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    shapes = llama()
    del shapes["model.layers.1.mlp.up_proj.weight"]
    model.write(shapes)
    path = tmp_path / "m.toml"
    source = {"name": "small", "source": "path:model", "license": "mit"}
    path.write_text(manifest(name="some-models", model=[source, {"name": "made", "from": "small", **made}]))
    done = own("lock", path)
    done.expect(1, 2)
    assert "model.layers.1.mlp.up_proj.weight" in done.stderr
    path.write_text(manifest(name="some-models", model=[source]))
    own("lock", path).expect(0, 1)
    for file in model.folder.iterdir():
        file.unlink()
    findings = own("check", path, "--json").expect(1).json()["findings"]
    (finding,) = [finding for finding in findings if finding["code"] == "tensor-missing"]
    assert finding["severity"] == "error"
    assert "model.layers.1.mlp.up_proj.weight" in finding["message"]
