"""Prints the default configuration of each class of transformers that convert knows, as JSON.

    python default_configs.py

Not those that transformers saves otherwise than they were published, so that they are not converted: AFMoE without its scale,
DeepSeek V4, GLM 5 Next, Kimi Linear, MiMo V2, MiniMax M3, Muse Glimmer, Qwen 4 Exp, Step 3.7.

fixtures/conversion/default-configs.json has those of transformers 4.57.6 and 5.23.0, by version and kind of model, each with the
family's name in GGUF.
"""

import json

import transformers
from transformers import CONFIG_MAPPING, AutoConfig

FAMILIES = {
    "arcee": ["arcee"], "cohere2": ["cohere2"], "exaone4": ["exaone4", "exaone4_5"], "glm4moe": ["glm4_moe", "glm4v_moe", "glm4v_moe_text", "solar_open"],
    "granitemoe": ["granitemoe", "granitemoeshared"], "hunyuan-dense": ["hunyuan_v1_dense"], "lfm2": ["lfm2", "lfm2_vl"],
    "mistral3": ["mistral3", "ministral3"], "modern-bert": ["modernbert"], "nemotron": ["nemotron"], "olmoe": ["olmoe"],
    "phimoe": ["phimoe"], "qwen2vl": ["qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"],
    "qwen3vl": ["qwen3_vl", "qwen3_vl_text", "qwen3_asr"], "qwen3vlmoe": ["qwen3_vl_moe", "qwen3_vl_moe_text"],
    "seed_oss": ["seed_oss"],
    "bert": ["bert", "camembert", "distilbert", "roberta", "xlm-roberta"], "bloom": ["bloom"], "chatglm": ["glm"],
    "command-r": ["cohere"], "deepseek2": ["deepseek_v2", "deepseek_v3", "glm4_moe_lite", "youtu"], "ernie4_5": ["ernie4_5"],
    "ernie4_5-moe": ["ernie4_5_moe"], "falcon": ["falcon"], "gemma": ["gemma"], "gemma2": ["gemma2"],
    "gemma3": ["gemma3_text", "gemma3"], "glm4": ["glm4", "glm4v", "glm4v_text", "glm_ocr"], "gpt-oss": ["gpt_oss"], "gpt2": ["gpt2"],
    "gptneox": ["gpt_neox"], "granite": ["granite"], "llama": ["llama", "mistral", "mixtral", "llava", "voxtral", "smolvlm", "idefics3"], "olmo": ["olmo"],
    "olmo2": ["olmo2", "olmo3"], "phi2": ["phi"], "phi3": ["phi3"], "qwen2": ["qwen2", "qwen2_audio", "audioflamingo3"], "qwen2moe": ["qwen2_moe"],
    "qwen3": ["qwen3"], "qwen3moe": ["qwen3_moe"], "smollm3": ["smollm3"], "stablelm": ["stablelm"],
    "starcoder2": ["starcoder2"],
    "apertus": ["apertus"], "chameleon": ["chameleon"], "cohere2moe": ["cohere2_moe"], "dbrx": ["dbrx"],
    "deepseek32": ["deepseek_v32"], "dots1": ["dots1"], "eurobert": ["eurobert"],
    "exaone-moe": ["exaone_moe"], "falcon-h1": ["falcon_h1"], "gemma3n": ["gemma3n_text", "gemma3n"],
    "gemma4": ["gemma4_text", "gemma4", "gemma4_unified"], "glm-dsa": ["glm_moe_dsa"],
    "granite_swa": ["granitemoe_swa", "granite_swa"], "granitehybrid": ["granitemoehybrid", "bamba"], "hrm_text": ["hrm_text"],
    "hunyuan-moe": ["hunyuan_v1_moe"], "hunyuan_vl": ["hunyuan_vl"], "hy_v3": ["hy_v3"], "hy_v4": ["hy_v4"], "jais2": ["jais2"],
    "jamba": ["jamba"], "laguna": ["laguna"], "lfm2moe": ["lfm2_moe"], "llama4": ["llama4"],
    "mamba": ["falcon_mamba", "mamba"], "mamba2": ["mamba2"], "mellum": ["mellum"],
    "minicpm3": ["minicpm3"], "minimax-m2": ["minimax_m2"],
    "nemotron_h_moe": ["nemotron_h"], "nomic-bert": ["nomic_bert"], "paddleocr": ["paddleocr_vl"], "qwen35": ["minicpmv4_6", "qwen3_5"],
    "qwen35moe": ["qwen3_5_moe"], "qwen3next": ["qwen3_next"], "starcoder": ["gpt_bigcode"],
    "t5": ["t5", "umt5"],
}  # fmt: skip


def defaults() -> dict[str, dict]:
    """By kind of model: the family, and the configuration."""
    return {
        kind: {"architecture": family, "config": json.loads(json.dumps(AutoConfig.for_model(kind).to_dict(), default=str))}
        for family, kinds in FAMILIES.items()
        for kind in kinds
        # Older versions have not all of them.
        if kind in CONFIG_MAPPING
    }


if __name__ == "__main__":
    print(json.dumps({transformers.__version__: defaults()}, indent=1, sort_keys=True))
