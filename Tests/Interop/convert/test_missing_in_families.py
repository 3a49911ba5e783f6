"""Tensors that llama.cpp takes for optional and the family's class in transformers 5.23 always has: without one, the file
loads and computes something else. Models of the generators less one tensor; their makers need transformers 4.57.6."""

import json
import shutil

import pytest
import torch
from cli import manifest
from reference_converter import options, run
from safetensors.torch import load_file, save_file
from test_missing_tensors import CONFIG, llama

CASES = {
    "deepseek3": ["mlp.gate.e_score_correction_bias"],
    "deepseek3-tied": ["q_a_proj.bias", "kv_a_proj_with_mqa.bias", "o_proj.bias"],
    "ernie-sparse": ["q_proj.bias", "o_proj.bias", "gate_proj.bias", "up_proj.bias", "down_proj.bias"],
    "ernie-moe": ["moe_statics.e_score_correction_bias"],
    "ernie-moe-names": ["e_score_correction_bias"],
    "falcon": ["ln_attn.weight", "ln_attn.bias"],
}


@pytest.fixture(scope="session")
def family_models(base):
    import os

    if "KNAPSACK_CONVERT_PYTHON" not in os.environ:
        pytest.skip("KNAPSACK_CONVERT_PYTHON is not set: a Python with transformers 4.57.6")
    folder = base / "family-models"
    folder.mkdir()
    run("make_models_more.py", folder, *CASES)
    return folder


def convert(knapsack, model):
    return knapsack("convert", model, model.parent / "out.gguf", "--outtype", "f32", *options(model))


@pytest.mark.parametrize(("name", "end"), [(name, end) for name, ends in CASES.items() for end in ends])
def test_what_the_class_always_has_is_needed(knapsack, family_models, tmp_path, name, end):
    model = tmp_path / name
    shutil.copytree(family_models / name, model)
    convert(knapsack, model).expect(0)
    (tmp_path / "out.gguf").unlink()
    path = model / "model.safetensors"
    tensors = load_file(path)
    lost = min(key for key in tensors if key.endswith(end))
    del tensors[lost]
    save_file(tensors, path, metadata={"format": "pt"})
    done = convert(knapsack, model)
    done.expect(1, 2)
    assert lost in done.stderr and not (tmp_path / "out.gguf").exists()


# Floats of 8 bits


class Codes:
    """A small Llama whose layers are floats of 8 bits with a scale beside each."""

    def __init__(self, knapsack, folder, scale="weight_scale_inv", dtype=torch.float8_e4m3fn):
        self.knapsack, self.folder, self.tensors = knapsack, folder / "model", {}
        self.folder.mkdir()
        for name, shape in llama().items():
            self.tensors[name] = torch.ones(shape)
            if ".self_attn." in name or ".mlp." in name:
                self.tensors[name] = torch.ones(shape).to(dtype)
                self.tensors[name.removesuffix("weight") + scale] = torch.ones(1, 1)

    def write(self, quantization):
        save_file(self.tensors, self.folder / "model.safetensors", metadata={"format": "pt"})
        config = CONFIG | {"quantization_config": quantization}
        (self.folder / "config.json").write_text(json.dumps(config))
        vocabulary = {"a": 0, "b": 1, "ab": 2} | {chr(0x100 + place): place for place in range(3, 40)}
        model = {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}
        (self.folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model, "added_tokens": []}))
        (self.folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
        return self

    def convert(self):
        return self.knapsack("convert", self.folder, self.folder.parent / "out.gguf", "--outtype", "f16", "--pre", "gpt-2")

    def check(self, folder):
        path = folder / "m.toml"
        path.write_text(manifest(name="some-models", model=[{"name": "small", "source": "path:model", "license": "mit"}]))
        self.knapsack("lock", path).expect(0, 1)
        found = self.knapsack("check", path, "--json").json()["findings"]
        return [finding["message"] for finding in found if finding["code"] == "tensor-missing"]


FP8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
CHANNEL = {
    "quant_method": "compressed-tensors", "format": "float-quantized",
    "config_groups": {"group_0": {"targets": ["Linear"], "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}},
}  # fmt: skip
MODELOPT = {"quant_method": "modelopt", "quant_algo": "FP8"}
METHODS = [
    pytest.param("weight_scale_inv", FP8, id="fp8"),
    pytest.param("weight_scale", CHANNEL, id="compressed-tensors"),
    pytest.param("weight_scale", MODELOPT, id="modelopt"),
]


@pytest.mark.parametrize(("scale", "quantization"), METHODS)
def test_a_whole_one_is_converted_and_found_whole(knapsack, tmp_path, scale, quantization):
    model = Codes(knapsack, tmp_path, scale).write(quantization)
    model.convert().expect(0)
    assert model.check(tmp_path) == []


@pytest.mark.smoke
@pytest.mark.parametrize("layer", ["self_attn.q_proj", "mlp.down_proj"])
@pytest.mark.parametrize(("scale", "quantization"), METHODS)
def test_codes_without_their_scale_are_no_weights(knapsack, tmp_path, scale, quantization, layer):
    model = Codes(knapsack, tmp_path, scale)
    name = f"model.layers.1.{layer}.{scale}"
    del model.tensors[name]
    done = model.write(quantization).convert()
    done.expect(1, 2)
    assert name in done.stderr and not (tmp_path / "out.gguf").exists()
    assert any(name in message for message in model.check(tmp_path))


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "model.layers.1.mlp.up_proj.weight", "model.norm.weight"])
@pytest.mark.parametrize(("scale", "quantization"), METHODS)
def test_check_finds_what_a_quantized_model_lacks(knapsack, tmp_path, scale, quantization, name):
    model = Codes(knapsack, tmp_path, scale)
    del model.tensors[name]
    model.tensors.pop(name.removesuffix("weight") + scale, None)
    done = model.write(quantization).convert()
    done.expect(1, 2)
    assert name in done.stderr
    assert any(name in message for message in model.check(tmp_path))
