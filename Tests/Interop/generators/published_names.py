"""Models as they are published where transformers 5 has other names for their tensors and keys than those: a function of each
takes what transformers saved, tensors by their names and config.json, and gives what is published."""

import re

import torch


def renamed(tensors: dict, names: dict[str, str]) -> dict:
    """With patterns in names in the place of what they stand for, the first that fits."""
    result = {}
    for name, tensor in tensors.items():
        for pattern, new in names.items():
            if re.search(pattern, name):
                name = re.sub(pattern, new, name)
                break
        result[name] = tensor
    return result


def intern(tensors: dict, config: dict) -> tuple[dict, dict]:
    """InternVL with its own code: queries, keys and values are one matrix."""
    block = r"^vision_tower\.encoder\.layer\.(\d+)\."
    start = r"vision_model.encoder.layers.\1."
    tensors = renamed(tensors, {
        rf"{block}attention\.projection_layer": f"{start}attn.proj", rf"{block}layernorm_before": f"{start}norm1",
        rf"{block}layernorm_after": f"{start}norm2", rf"{block}lambda_(\d)": rf"{start}ls\2", rf"{block}attention": f"{start}attn",
        block: start, r"^vision_tower\.embeddings\.cls_token": "vision_model.embeddings.class_embedding",
        r"^vision_tower\.embeddings\.patch_embeddings\.projection": "vision_model.embeddings.patch_embedding",
        r"^vision_tower\.embeddings\.position_embeddings": "vision_model.embeddings.position_embedding",
        r"^multi_modal_projector\.layer_norm": "mlp1.0", r"^multi_modal_projector\.linear_1": "mlp1.1",
        r"^multi_modal_projector\.linear_2": "mlp1.3"})  # fmt: skip
    for name in [name for name in tensors if ".attn.q_proj." in name]:
        parts = [tensors.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        tensors[name.replace("q_proj", "qkv")] = torch.cat(parts)
    vision = config["vision_config"] | dict(architectures=["InternVisionModel"], model_type="intern_vit_6b")
    return tensors, dict(architectures=["InternVLChatModel"], model_type="internvl_chat", downsample_ratio=0.5, select_layer=-1,
                         vision_config=vision, llm_config=config["text_config"] | dict(architectures=["Qwen2ForCausalLM"]))  # fmt: skip


def thinking(tensors: dict, config: dict) -> tuple[dict, dict]:
    """Qwen's models that hear: all but what speaks is the thinker's."""
    tensors = renamed(tensors, {
        r"^model\.audio_tower\.": "audio_tower.", r"^model\.multi_modal_projector\.linear_": "audio_tower.proj",
        r"^model\.language_model\.": "model."})  # fmt: skip
    return {f"thinker.{name}": tensor for name, tensor in tensors.items()}, {key: config[key] for key in ("architectures", "model_type")} | {
        "thinker_config": {key: config[key] for key in ("text_config", "audio_config", "vision_config") if key in config}}  # fmt: skip


def omni(tensors: dict, config: dict) -> tuple[dict, dict]:
    """Qwen2.5-Omni, of which transformers has the thinker alone as a class for text."""
    return thinking(tensors, config | dict(architectures=["Qwen2_5OmniModel"], model_type="qwen2_5_omni"))


def glm_asr(tensors: dict, config: dict) -> tuple[dict, dict]:
    """GLM-ASR with its own code: its tower is Whisper's, but for its positions."""
    tensors = renamed(tensors, {
        r"^audio_tower\.(layers\.\d+)\.input_layernorm": r"audio_encoder.whisper.\1.self_attn_layer_norm",
        r"^audio_tower\.(layers\.\d+)\.post_attention_layernorm": r"audio_encoder.whisper.\1.final_layer_norm",
        r"^audio_tower\.(layers\.\d+)\.mlp\.": r"audio_encoder.whisper.\1.", r"\.o_proj\.": ".out_proj.", r"^audio_tower\.norm": "audio_encoder.layer_norm",
        r"^audio_tower\.": "audio_encoder.whisper.", r"^multi_modal_projector\.linear_1": "audio_encoder.adapting.0",
        r"^multi_modal_projector\.linear_2": "audio_encoder.adapting.2"})  # fmt: skip
    return tensors, config


def kimi(tensors: dict, config: dict) -> tuple[dict, dict]:
    """Kimi K2.5, whose keys have other names."""
    own = {"pos_emb_height": "init_pos_emb_height", "pos_emb_width": "init_pos_emb_width", "pos_emb_time": "init_pos_emb_time"}
    own |= {key: f"vt_{key}" for key in ("num_attention_heads", "num_hidden_layers", "hidden_size", "intermediate_size")}
    vision = {own.get(key, key): value for key, value in config["vision_config"].items()}
    tensors = renamed(tensors, {r"^model\.": "", r"^vision_tower\.encoder\.patch_embed\.": "vision_tower.patch_embed."})
    return tensors, config | dict(architectures=["KimiK25ForConditionalGeneration"], vision_config=vision | dict(projector_ln_eps=1e-5))


def ultravox(tensors: dict, config: dict) -> tuple[dict, dict]:
    """Ultravox of Whisper's encoder, with what stands behind it there, of which transformers has no class."""
    tensors = {name.replace("encoder.", "audio_tower."): tensor for name, tensor in tensors.items() if name.startswith("encoder.")}
    for name, shape in {"ln_pre.weight": [640], "linear_1.weight": [128, 640], "ln_mid.weight": [64], "linear_2.weight": [64, 64]}.items():
        tensors[f"multi_modal_projector.{name}"] = (torch.randn(shape) / 8 + (len(shape) == 1)).half().float()
    text = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=64)
    return tensors, dict(architectures=["UltravoxModel"], model_type="ultravox", stack_factor=8, hidden_size=128, projector_act="swiglu",
                         projector_ln_mid=True, text_config=text, audio_config={key: value for key, value in config.items() if key != "intermediate_size"})  # fmt: skip
