"""A model that lacks one tensor, for each family that becomes a GGUF: which tensors there are is decided by transformers' own classes.

Each model is made by its class and written by `save_pretrained`. Then each tensor in turn is left out (of tensors that
every layer has, the last layer's). transformers 5.23 draws such a tensor by chance, with a warning. `check` has to find each.
"""

import re

import pytest
import torch
import transformers
from cli import manifest
from safetensors.torch import load_file, save_file

SMALL = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, vocab_size=64, max_position_embeddings=64)
GROUPED = dict(SMALL, num_key_value_heads=2, bos_token_id=1, eos_token_id=2, pad_token_id=0)
HEADS = dict(GROUPED, head_dim=8)
EXPERTS = dict(num_experts=2, num_experts_per_tok=1, moe_intermediate_size=16)
UNTIED = dict(tie_word_embeddings=False)

FAMILIES = {
    "llama": ("LlamaForCausalLM", dict(GROUPED, **UNTIED)),
    "llama-with-biases": ("LlamaForCausalLM", dict(GROUPED, **UNTIED, attention_bias=True, mlp_bias=True)),
    "llama-tied": ("LlamaForCausalLM", dict(GROUPED, tie_word_embeddings=True)),
    "mistral": ("MistralForCausalLM", dict(GROUPED, **UNTIED)),
    "mixtral": ("MixtralForCausalLM", dict(GROUPED, **UNTIED, num_local_experts=2)),
    "qwen2": ("Qwen2ForCausalLM", dict(GROUPED, **UNTIED)),
    "qwen2-moe": ("Qwen2MoeForCausalLM", dict(GROUPED, **UNTIED, **EXPERTS, shared_expert_intermediate_size=16)),
    "qwen3": ("Qwen3ForCausalLM", dict(HEADS, **UNTIED)),
    "qwen3-with-biases": ("Qwen3ForCausalLM", dict(HEADS, attention_bias=True)),
    "qwen3-moe": ("Qwen3MoeForCausalLM", dict(HEADS, **UNTIED, **EXPERTS)),
    "gemma": ("GemmaForCausalLM", HEADS),
    "gemma2": ("Gemma2ForCausalLM", HEADS),
    "gemma3": ("Gemma3ForCausalLM", HEADS),
    "phi": ("PhiForCausalLM", dict(GROUPED, num_key_value_heads=4)),
    "phi3": ("Phi3ForCausalLM", GROUPED),
    "olmo": ("OlmoForCausalLM", dict(GROUPED, **UNTIED)),
    "olmo2": ("Olmo2ForCausalLM", dict(GROUPED, **UNTIED)),
    "olmo3": ("Olmo3ForCausalLM", dict(GROUPED, **UNTIED)),
    "starcoder2": ("Starcoder2ForCausalLM", dict(GROUPED, use_bias=True)),
    "stablelm": ("StableLmForCausalLM", dict(GROUPED, use_qkv_bias=True)),
    "smollm3": ("SmolLM3ForCausalLM", GROUPED),
    "granite": ("GraniteForCausalLM", GROUPED),
    "cohere": ("CohereForCausalLM", GROUPED),
    "glm4": ("Glm4ForCausalLM", HEADS),
    "deepseek2": ("DeepseekV2ForCausalLM", dict(
        GROUPED, num_key_value_heads=4, n_routed_experts=2, n_shared_experts=1, num_experts_per_tok=1, moe_intermediate_size=16,
        first_k_dense_replace=1, kv_lora_rank=16, q_lora_rank=None, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8, **UNTIED)),
    "gpt2": ("GPT2LMHeadModel", dict(n_embd=32, n_layer=2, n_head=4, vocab_size=64, n_positions=64)),
    "gpt-neox": ("GPTNeoXForCausalLM", dict(SMALL, **UNTIED)),
    "bloom": ("BloomForCausalLM", dict(hidden_size=32, n_layer=2, n_head=4, vocab_size=64)),
    "falcon-one-norm": ("FalconForCausalLM", dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, vocab_size=64, multi_query=True)),
    "gpt-oss": ("GptOssForCausalLM", dict(HEADS, num_local_experts=2, num_experts_per_tok=1)),
    "ernie": ("Ernie4_5ForCausalLM", dict(HEADS, use_bias=False, **UNTIED)),
    "bert": ("BertModel", dict(SMALL)),
    "bert-with-classes": ("BertForSequenceClassification", dict(SMALL, num_labels=3)),
    "roberta": ("RobertaModel", dict(SMALL)),
    "xlm-roberta": ("XLMRobertaModel", dict(SMALL)),
}  # fmt: skip
# What is in no GGUF, as the converter leaves it out.
LEFT_OUT = re.compile(r"(^|\.)pooler\.dense\.(weight|bias)$|rotary_emb\.inv_freq$|position_ids$")


def make(folder, family):
    name, values = FAMILIES[family]
    kind = getattr(transformers, name)
    torch.manual_seed(0)
    kind(kind.config_class(**values)).save_pretrained(folder)
    return load_file(folder / "model.safetensors")


def once(names):
    """One tensor of those that differ by their layer or expert alone: the last."""
    return {re.sub(r"\.\d+\.", ".*.", name): name for name in sorted(names)}.values()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_each_tensor_that_a_class_has_is_missed_if_it_is_not_there(knapsack, tmp_path, family):
    tensors = make(tmp_path / "whole", family)
    config = (tmp_path / "whole" / "config.json").read_text()
    left_out = list(once(tensors))
    for at, name in enumerate(left_out):
        folder = tmp_path / f"less-{at}"
        folder.mkdir()
        (folder / "config.json").write_text(config)
        save_file({key: value for key, value in tensors.items() if key != name}, folder / "model.safetensors", metadata={"format": "pt"})
    allowed = {"license": "mit", "allow": ["tokenizer-missing", "proof-missing"]}
    entries = [{"name": folder.name, "source": f"path:{folder.name}", **allowed} for folder in sorted(tmp_path.glob("less-*"))]
    (tmp_path / "m.toml").write_text(manifest(model=[*entries, {"name": "whole", "source": "path:whole", **allowed}]))
    knapsack("lock", tmp_path / "m.toml").expect(0)
    findings = knapsack("check", tmp_path / "m.toml", "--json").expect(1).json()["findings"]
    found = {finding["message"].split(":")[0] for finding in findings if finding["code"] == "tensor-missing" and finding["severity"] == "error"}
    expected = {f"less-{at}" for at, name in enumerate(left_out) if not LEFT_OUT.search(name)}
    assert {left_out[int(entry.split("-")[1])] for entry in expected - found} == set()
    assert found == expected
