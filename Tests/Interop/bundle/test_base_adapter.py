"""A LoRA adapter that is packed as a delta on its base model, loaded by the unmodified PEFT in the simulated notebook."""

import json
import os
import subprocess
import sys
from pathlib import Path

import genuine
import notebook
import pytest
from cli import manifest
from hub_server import HubServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.root,
    pytest.mark.skipif(not notebook.is_possible(), reason="this machine lets nobody make namespaces"),
]
REQUIREMENTS = Path(__file__).parents[1] / "requirements-peft.txt"
BASE, LORA, TUNED = "tester/small-base", "tester/small-lora", "tester/small-tuned"

MAKE = """
import sys, torch
from pathlib import Path
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM
directory = Path(sys.argv[1])
torch.manual_seed(15)
config = LlamaConfig(
    vocab_size=128, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=64,
)
model = LlamaForCausalLM(config)
model.save_pretrained(directory / "base")
lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
adapted = get_peft_model(model, lora)
for name, parameter in adapted.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(parameter)
adapted.peft_config["default"].base_model_name_or_path = "tester/small-base"
adapted.save_pretrained(directory / "lora")
# The same model with two tensors changed, as a fine-tune of one layer leaves it: what did not change is in the base.
tuned = LlamaForCausalLM.from_pretrained(directory / "base")
torch.nn.init.normal_(tuned.model.layers[1].mlp.down_proj.weight)
tuned.save_pretrained(directory / "tuned")
"""

# What the author of an adapter writes: nothing of it knows where the files are.
USE = """
import json, torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM
ids = torch.arange(32).reshape(2, 16)
def logits(model):
    with torch.no_grad():
        return [round(value, 4) for value in model.eval()(ids).logits[:, -1].flatten().tolist()]
plain = AutoModelForCausalLM.from_pretrained("tester/small-base")
result = {"base": logits(plain), "lora": logits(PeftModel.from_pretrained(plain, "tester/small-lora"))}
result["auto"] = logits(AutoPeftModelForCausalLM.from_pretrained("tester/small-lora"))
result["tuned"] = logits(AutoModelForCausalLM.from_pretrained("tester/small-tuned"))
merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("tester/small-base"), "tester/small-lora")
result["merged"] = logits(merged.merge_and_unload())
print(json.dumps(result))
"""


@pytest.fixture(scope="module")
def peft(tmp_path_factory) -> Path:
    """A directory with PEFT; it is named by KNAPSACK_PEFT, or made from PyPI."""
    if named := os.environ.get("KNAPSACK_PEFT"):
        return Path(named)
    directory = tmp_path_factory.mktemp("peft")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", directory, "--requirement", REQUIREMENTS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"PEFT cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    return directory


@pytest.fixture(scope="module")
def cache(peft, tmp_path_factory) -> Path:
    """A cache with a base model, a LoRA of it, and a fine-tune of one layer."""
    directory = tmp_path_factory.mktemp("adapters")
    environment = {**os.environ, "PYTHONPATH": str(peft), "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, "-c", MAKE, directory], env=environment, check=True, capture_output=True, timeout=300)
    server = HubServer()
    for name, folder in ((BASE, "base"), (LORA, "lora"), (TUNED, "tuned")):
        server.add(name, directory / folder)
        genuine.snapshot_download(server, directory / "hub", name)
    server.close()
    return directory / "hub"


def write(directory: Path, name: str, *models: str, base: str = "") -> Path:
    entries = [{"name": model.split("/")[1], "source": f"hf:{model}", "license": "mit", "allow": ["tokenizer-missing"]} for model in models]
    path = directory / f"{name}.toml"
    path.write_text(manifest(name, f'base = ["{base}.lock"]' if base else "", model=entries))
    return path


def test_peft_loads_an_adapter_whose_base_is_in_another_bundle(knapsack, cache, peft, base, tmp_path):
    run = knapsack.with_caches(cache)
    run("pack", write(tmp_path, "small-base", BASE), "--output", tmp_path / "one").expect(0)
    run("pack", write(tmp_path, "small-delta", BASE, LORA, TUNED, base="small-base"), "--output", tmp_path / "two").expect(0)
    size = {name: sum(path.stat().st_size for path in (tmp_path / name / "models").rglob("*")) for name in ("one", "two")}
    assert size["two"] < size["one"] / 2
    run("verify", tmp_path / "two", "--base", tmp_path / "one").expect(0)

    environment = {"PYTHONPATH": str(peft), "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    original = json.loads(genuine.run_python(USE, environment, tmp_path / "home").strip().splitlines()[-1])
    assert original["base"] != original["lora"] == original["auto"] and original["base"] != original["tuned"]

    mounts = {"/kaggle/input/small-base": tmp_path / "one", "/kaggle/input/small-delta": tmp_path / "two", "/kaggle/peft": peft}
    cell = notebook.run_cell(notebook.ACTIVATE + USE, mounts, {"PYTHONPATH": "/kaggle/peft"}, hidden=(base,))
    assert cell.json() == original
    # Without the base, the line states what to attach.
    del mounts["/kaggle/input/small-base"]
    alone = notebook.run_cell(notebook.ACTIVATE + USE, mounts, {"PYTHONPATH": "/kaggle/peft"}, hidden=(base,))
    assert alone.code == 1 and "attach tester/small-base to this notebook" in alone.stderr
