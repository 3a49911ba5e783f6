"""Prints the default configuration of each class of transformers that convert knows, as JSON.

    python default_configs.py

fixtures/conversion/default-configs.json has those of transformers 4.57.6 and 5.23.0, by version and kind of model, each with the
family's name in GGUF.
"""

import json

import transformers
from transformers import AutoConfig

FAMILIES = {
    "arcee": ["arcee"], "cohere2": ["cohere2"], "exaone4": ["exaone4"], "glm4moe": ["glm4_moe", "glm4v_moe", "glm4v_moe_text"],
    "granitemoe": ["granitemoe", "granitemoeshared"], "hunyuan-dense": ["hunyuan_v1_dense"], "lfm2": ["lfm2"],
    "mistral3": ["mistral3"], "modern-bert": ["modernbert"], "nemotron": ["nemotron"], "olmoe": ["olmoe"],
    "phimoe": ["phimoe"], "qwen2vl": ["qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"],
    "qwen3vl": ["qwen3_vl", "qwen3_vl_text"], "qwen3vlmoe": ["qwen3_vl_moe", "qwen3_vl_moe_text"],
    "seed_oss": ["seed_oss"],
    "bert": ["bert", "camembert", "distilbert", "roberta", "xlm-roberta"], "bloom": ["bloom"], "chatglm": ["glm"],
    "command-r": ["cohere"], "deepseek2": ["deepseek_v2", "deepseek_v3"], "ernie4_5": ["ernie4_5"],
    "ernie4_5-moe": ["ernie4_5_moe"], "falcon": ["falcon"], "gemma": ["gemma"], "gemma2": ["gemma2"],
    "gemma3": ["gemma3_text", "gemma3"], "glm4": ["glm4", "glm4v", "glm4v_text"], "gpt-oss": ["gpt_oss"], "gpt2": ["gpt2"],
    "gptneox": ["gpt_neox"], "granite": ["granite"], "llama": ["llama", "mistral", "mixtral", "llava", "voxtral", "smolvlm", "idefics3"], "olmo": ["olmo"],
    "olmo2": ["olmo2", "olmo3"], "phi2": ["phi"], "phi3": ["phi3"], "qwen2": ["qwen2", "qwen2_audio"], "qwen2moe": ["qwen2_moe"],
    "qwen3": ["qwen3"], "qwen3moe": ["qwen3_moe"], "smollm3": ["smollm3"], "stablelm": ["stablelm"],
    "starcoder2": ["starcoder2"],
}  # fmt: skip


def defaults() -> dict[str, dict]:
    """By kind of model: the family, and the configuration."""
    return {
        kind: {"architecture": family, "config": json.loads(json.dumps(AutoConfig.for_model(kind).to_dict(), default=str))}
        for family, kinds in FAMILIES.items()
        for kind in kinds
    }


if __name__ == "__main__":
    print(json.dumps({transformers.__version__: defaults()}, indent=1, sort_keys=True))
