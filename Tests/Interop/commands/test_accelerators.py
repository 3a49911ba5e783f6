"""What `check` states of models for an accelerator, decided from locks of files that other tools' classes wrote."""

import json
import shutil

import numpy
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from safetensors.torch import save_file
from transformers.utils import quantization_config as configs

TOML = """\
schema = 1
[bundle]
name = "accelerators"
[policy]
accelerator = "{accelerator}"
[[model]]
name = "m"
source = "path:model"
"""


def locked(knapsack, directory, accelerator: str = "t4x2"):
    """The manifest of `directory/model`, locked; and what the lock knows of it."""
    path = directory / "m.toml"
    path.write_text(TOML.format(accelerator=accelerator))
    knapsack("lock", path).expect(0)
    entry = json.loads(path.with_suffix(".lock").read_text())["entries"][0]
    return path, entry["resolved"]


def checked(knapsack, path) -> tuple[int, list[str]]:
    done = knapsack("check", path, "--json").expect(0, 1)
    found = done.json()["findings"]
    return done.code, [f"{one['severity']} {one['code']}" for one in found if one["code"].startswith("accelerator")]


def write(directory, config: dict, tensors: dict) -> None:
    (directory / "model").mkdir()
    (directory / "model" / "config.json").write_text(json.dumps(config))
    save_file(tensors, directory / "model" / "model.safetensors")


CONFIGS = {
    "awq": (configs.AwqConfig(), "awq", []),
    "gptq": (configs.GPTQConfig(bits=4), "gptq", []),
    "fp8": (configs.FineGrainedFP8Config(), "fp8", ["warning accelerator-quantization"]),
    "mxfp4": (configs.Mxfp4Config(), "mxfp4", ["warning accelerator-quantization"]),
    "bitsandbytes": (configs.BitsAndBytesConfig(load_in_8bit=True), "bitsandbytes", []),
    "aqlm": (configs.AqlmConfig(), "aqlm", []),
    "eetq": (configs.EetqConfig(), "eetq", []),
    "fbgemm": (configs.FbgemmFp8Config(), "fbgemm_fp8", ["warning accelerator-quantization"]),
    "nvfp4": (configs.NVFP4Config(), "nvfp4", ["warning accelerator-quantization"]),
    "higgs": (configs.HiggsConfig(), "higgs", ["error accelerator-quantization"]),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_knows_what_transformers_writes(knapsack, tmp_path, name):
    config, method, expected = CONFIGS[name]
    values = {"model_type": "llama", "quantization_config": json.loads(config.to_json_string(use_diff=False))}
    write(tmp_path, values, {"w": torch.zeros(4, 4, dtype=torch.float16)})
    path, facts = locked(knapsack, tmp_path)
    assert facts["quantization"]["method"] == method
    assert facts["weight_bytes"] == {"F16": 32}
    code, found = checked(knapsack, path)
    assert found == expected
    assert code == (1 if "error" in "".join(expected) else 0)


def test_knows_every_method_of_transformers(knapsack, tmp_path):
    """No method that transformers reads is unknown to `check`."""
    for method in configs.QuantizationMethod:
        if method.value == "gguf":
            continue
        directory = tmp_path / method.value
        directory.mkdir()
        values = {"quantization_config": {"quant_method": method.value}}
        write(directory, values, {"w": torch.zeros(4, dtype=torch.float16)})
        path, facts = locked(knapsack, directory, "rtx-pro-6000")
        assert facts["quantization"]["method"] == method.value
        assert "nothing is known" not in knapsack("check", path).expect(0).text, method


DTYPES = {
    "BF16": (torch.bfloat16, ["warning accelerator-dtype"], []),
    "F16": (torch.float16, [], []),
    "F8_E4M3": (torch.float8_e4m3fn, ["warning accelerator-dtype"], []),
}


@pytest.mark.parametrize("dtype", DTYPES)
def test_types_of_real_files(knapsack, tmp_path, dtype):
    kind, on_t4, on_l4 = DTYPES[dtype]
    write(tmp_path, {"model_type": "llama"}, {"w": torch.zeros(8, dtype=kind)})
    path, facts = locked(knapsack, tmp_path)
    assert list(facts["weight_bytes"]) == [dtype]
    assert checked(knapsack, path) == (0, on_t4)
    path.write_text(TOML.format(accelerator="l4x4"))
    assert checked(knapsack, path) == (0, on_l4)


@pytest.mark.smoke
def test_gguf_files_are_measured_by_their_headers(knapsack, tmp_path):
    (tmp_path / "model").mkdir()
    writer = GGUFWriter(tmp_path / "model" / "m-Q8_0.gguf", "llama")
    blocks = numpy.zeros((2, 34), dtype=numpy.uint8)
    writer.add_tensor("blk.0.attn_q.weight", blocks, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.add_tensor("output_norm.weight", numpy.zeros(8, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path, facts = locked(knapsack, tmp_path, "cpu")
    assert facts["quantization"] == {"format": "q8_0", "method": "gguf"}
    assert facts["weight_bytes"] == {"F32": 32, "Q8_0": 68}
    assert checked(knapsack, path) == (0, [])


@pytest.mark.smoke
def test_memory_comes_from_headers_alone(knapsack, tmp_path):
    """The lock of a model of 40 GB is all that `check` has: there are no caches, and no files."""
    write(tmp_path, {"model_type": "llama"}, {"w": torch.zeros(4, dtype=torch.float16)})
    path, _ = locked(knapsack, tmp_path)
    shutil.rmtree(tmp_path / "model")
    lock = path.with_suffix(".lock")
    lock.write_text(lock.read_text().replace('"weight_bytes":{"F16":8}', '"weight_bytes":{"F16":40000000000}'))
    code, found = checked(knapsack, path)
    assert (code, found) == (1, ["error accelerator-memory"])
    done = knapsack("check", path).expect(1)
    assert "m.toml:6:1: error: m: its weights have 40.0 GB, and T4 x2 has room for 31.1 GB of weights" in done.text
    verdicts = {
        "l4x4": (0, ["warning accelerator-split"]),
        "a100": (0, ["warning accelerator-tight"]),
        "h100": (0, []),
        "cpu": (1, ["error accelerator-memory"]),
    }
    for accelerator, expected in verdicts.items():
        path.write_text(TOML.format(accelerator=accelerator))
        assert checked(knapsack, path) == expected
