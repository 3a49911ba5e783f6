"""What make_models_projectors.py makes: models with pictures or sound, as in model_specs.py.

`MODELS` are of transformers' classes; `BY_HAND` are those of which the reference's transformers has no class, or whose
published names are others: a configuration, and shapes by the names of tensors.
"""

from model_specs import SIZE, SMALL, model
from model_specs_more import but
from model_specs_more import made as made_of

TEXT = SMALL | dict(num_hidden_layers=1)
ROPE = dict(rope_scaling=dict(type="mrope", mrope_section=[2, 3, 3]))
ROPE_3 = dict(head_dim=16, rope_scaling=dict(rope_type="default", mrope_section=[2, 3, 3], mrope_interleaved=True))
CLIP_MEAN = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
HALF = dict(image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5])


def made(*values, **named) -> dict:
    """A model of four blocks."""
    return made_of(*values, blocks=4, **named)


def pictures(first=None, second=None, **files):
    """The files that say how pictures are prepared."""
    found = {"preprocessor_config.json": first, "processor_config.json": second} | files
    return {name: content for name, content in found.items() if content is not None}


def flat(name: str) -> dict:
    """As the first models with pictures are published: all on the top level."""
    return dict(TEXT, architectures=[name], rms_norm_eps=1e-5, rope_theta=1e6, rope_scaling=dict(ROPE["rope_scaling"]))


# As many blocks as names of the merger have numbers: the reference looks for no higher ones.
QWEN_2 = dict(depth=4, embed_dim=32, hidden_size=64, num_heads=2, mlp_ratio=3, in_channels=3, patch_size=14)
QWEN_25 = dict(depth=4, hidden_size=32, out_hidden_size=64, num_heads=2, intermediate_size=96, patch_size=14,
               fullatt_block_indexes=[1, 3], window_size=56)  # fmt: skip
QWEN_3 = dict(depth=4, hidden_size=32, out_hidden_size=64, num_heads=2, intermediate_size=96, patch_size=16,
              num_position_embeddings=16, deepstack_visual_indexes=[0, 2])  # fmt: skip
SIGLIP = dict(hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, image_size=64, patch_size=16)
PIXTRAL = dict(hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, head_dim=16,
               image_size=56, patch_size=14)  # fmt: skip
BREAK = {"tokenizer_config.json": dict(added_tokens_decoder={"12": dict(content="[IMG_BREAK]")})}
GLM = dict(depth=4, hidden_size=32, num_heads=2, image_size=56, patch_size=14, out_hidden_size=64, intermediate_size=96)
WHISPER = dict(d_model=32, encoder_layers=4, encoder_attention_heads=2, encoder_ffn_dim=96, num_mel_bins=32,
               max_source_positions=16)  # fmt: skip
VOXTRAL = dict(hidden_size=32, intermediate_size=128, num_hidden_layers=4, num_attention_heads=2, num_mel_bins=32,
               max_source_positions=16)  # fmt: skip
GLM_MOE = dict(n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, first_k_dense_replace=1,
               n_shared_experts=1, head_dim=16)  # fmt: skip
LLAMA4 = dict(hidden_size=32, intermediate_size=128, num_hidden_layers=4, num_attention_heads=2, image_size=56, patch_size=14,
              vision_output_dim=64, projector_input_dim=64, projector_output_dim=64)  # fmt: skip

MODELS = {
    "qwen2vl": model("Qwen2VL", text_config=TEXT | ROPE, vision_config=QWEN_2, put=dict(
        architectures=["Qwen2VLForConditionalGeneration"]), files=pictures(CLIP_MEAN)),
    "qwen2vl-published": model("Qwen2VL", **TEXT, **ROPE, vision_config=QWEN_2, drop=("text_config",),
                               put=flat("Qwen2VLForConditionalGeneration"), files=pictures(CLIP_MEAN)),
    "qwen2_5vl": model("Qwen2_5_VL", text_config=TEXT | ROPE, vision_config=QWEN_25, put=dict(
        architectures=["Qwen2_5_VLForConditionalGeneration"]), files=pictures(CLIP_MEAN)),
    "qwen3vl": model("Qwen3VL", text_config=TEXT | ROPE_3, vision_config=QWEN_3, files=pictures(HALF)),
    "qwen3vl-sparse": model("Qwen3VL", text_config=TEXT | ROPE_3 | dict(rms_norm_eps=1e-5), dtype="float16",
                            vision_config=QWEN_3 | dict(deepstack_visual_indexes=[]), files=pictures(HALF)),
    "qwen3vlmoe": model("Qwen3VLMoe", text_config=TEXT | ROPE_3 | dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32),
                        vision_config=QWEN_3, files=pictures(HALF)),
    "gemma3": model("Gemma3", text_config=TEXT | dict(head_dim=16), vision_config=SIGLIP, mm_tokens_per_image=4,
                    files=pictures(HALF | dict(image_seq_length=4))),
    "gemma3-published": model("Gemma3", "spm", text_config=TEXT | dict(head_dim=16), vision_config=SIGLIP, mm_tokens_per_image=1,
                              files=pictures(HALF | dict(image_seq_length=256), dict(image_seq_length=1))),
    "smolvlm": model("SmolVLM", text_config=TEXT | dict(model_type="llama", pad_token_id=0), vision_config=SIGLIP, pad_token_id=0,
                     scale_factor=4, files=pictures(HALF | dict(size=dict(longest_edge=2048)))),
    "idefics3": model("Idefics3", text_config=TEXT | dict(model_type="llama", pad_token_id=0), vision_config=SIGLIP, pad_token_id=0,
                      dtype="float32", files=pictures(HALF)),
    "pixtral": model("Llava", "spm", text_config=TEXT | dict(model_type="mistral", head_dim=16), vision_config=PIXTRAL | dict(
        model_type="pixtral"), files=pictures(CLIP_MEAN)),
    "mistral3": model("Mistral3", "spm", text_config=TEXT | dict(model_type="mistral", head_dim=16), vision_config=PIXTRAL | dict(
        hidden_act="silu"), spatial_merge_size=2, files=pictures(CLIP_MEAN)),
    "glm4v": model("Glm4v", "glm", text_config=TEXT | dict(rope_scaling=dict(rope_type="default", mrope_section=[1, 1, 2])),
                   vision_config=GLM, files=pictures(CLIP_MEAN)),
    "glm4v-moe": model("Glm4vMoe", "glm-moe", text_config=TEXT | GLM_MOE | dict(rope_scaling=dict(
        rope_type="default", mrope_section=[2, 3, 3])), vision_config=GLM, files=pictures(CLIP_MEAN)),
    "llama4": model("Llama4", text_config=TEXT | dict(head_dim=16, intermediate_size_mlp=96, num_local_experts=2), vision_config=LLAMA4,
                    files=pictures(HALF)),
    "qwen2-audio": model("Qwen2Audio", text_config=TEXT | dict(model_type="qwen2"), audio_config=WHISPER | dict(num_hidden_layers=4)),
    "janus": model("Janus", text_config=TEXT | dict(model_type="llama"), vision_config=dict(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, image_size=64, patch_size=16, mlp_ratio=3, depth=2,
        projection_dim=64), vq_config=dict(embed_dim=8, num_embeddings=16, latent_channels=8, base_channels=32, channel_multiplier=[1],
                                           num_res_blocks=1, projection_dim=64, image_token_embed_dim=64), files=pictures(HALF)),
    "voxtral": model("Voxtral", "spm", text_config=TEXT | dict(head_dim=16), audio_config=VOXTRAL),
}  # fmt: skip


def both(name: str, rows: int, *columns: int) -> dict:
    return {f"{name}.weight": [rows, *columns], f"{name}.bias": [rows]}


def language(prefix="language_model.", head="language_model.lm_head.weight") -> dict:
    """The tensors of a small part for text."""
    return {f"{prefix}model.embed_tokens.weight": [SIZE, 64], f"{prefix}model.norm.weight": [64],
            f"{prefix}model.layers.0.mlp.up_proj.weight": [96, 64]} | ({head: [SIZE, 64]} if head else {})  # fmt: skip


LAYER = "vision_model.encoder.layers.{}"
INTERN = {"vision_model.embeddings.class_embedding": [1, 1, 32], "vision_model.embeddings.position_embedding": [1, 17, 32]} | both(
    "vision_model.embeddings.patch_embedding", 32, 3, 14, 14) | both(f"{LAYER}.attn.qkv", 96, 32) | both(
    f"{LAYER}.attn.proj", 32, 32) | both(f"{LAYER}.mlp.fc1", 96, 32) | both(f"{LAYER}.mlp.fc2", 32, 96) | both(
    f"{LAYER}.norm1", 32) | both(f"{LAYER}.norm2", 32) | {f"{LAYER}.ls1": [32], f"{LAYER}.ls2": [32]} | both(
    "mlp1.0", 128) | both("mlp1.1", 64, 128) | both("mlp1.3", 64, 64)  # fmt: skip
INTERN_CONFIG = dict(
    architectures=["InternVLChatModel"], model_type="internvl_chat", downsample_ratio=0.5, min_dynamic_patch=1,
    max_dynamic_patch=12, select_layer=-1, template="internvl2_5", vision_config=dict(
        architectures=["InternVisionModel"], model_type="intern_vit_6b", hidden_size=32, intermediate_size=96,
        num_hidden_layers=4, num_attention_heads=2, image_size=56, patch_size=14, layer_norm_eps=1e-6, hidden_act="gelu",
        qk_normalization=False, qkv_bias=True, norm_type="layer_norm"),
    llm_config=TEXT | dict(architectures=["Qwen2ForCausalLM"], model_type="qwen2"))  # fmt: skip
MOON = "vision_tower.encoder.blocks.{}"
KIMI = {"vision_tower.patch_embed.pos_emb.weight": [4, 4, 32]} | both("vision_tower.patch_embed.proj", 32, 3, 14, 14) | both(
    f"{MOON}.wqkv", 96, 32) | both(f"{MOON}.wo", 32, 32) | both(f"{MOON}.norm0", 32) | both(f"{MOON}.norm1", 32) | both(
    f"{MOON}.mlp.fc0", 96, 32) | both(f"{MOON}.mlp.fc1", 32, 96) | both("vision_tower.encoder.final_layernorm", 32) | both(
    "multi_modal_projector.pre_norm", 32) | both("multi_modal_projector.linear_1", 128, 128) | both(
    "multi_modal_projector.linear_2", 64, 128)  # fmt: skip
SIG = "model.vision_tower.vision_model.encoder.layers.{}"
LFM = {"model.vision_tower.vision_model.embeddings.position_embedding.weight": [16, 32]} | both(
    "model.vision_tower.vision_model.embeddings.patch_embedding", 32, 768) | both(
    "model.vision_tower.vision_model.post_layernorm", 32)  # fmt: skip
for part in ("q", "k", "v", "out"):
    LFM |= both(f"{SIG}.self_attn.{part}_proj", 32, 32)
LFM |= both(f"{SIG}.layer_norm1", 32) | both(f"{SIG}.layer_norm2", 32) | both(f"{SIG}.mlp.fc1", 96, 32) | both(
    f"{SIG}.mlp.fc2", 32, 96) | both("model.multi_modal_projector.layer_norm", 128) | both(
    "model.multi_modal_projector.linear_1", 96, 128) | both("model.multi_modal_projector.linear_2", 64, 96)  # fmt: skip
EAR = "audio_tower.layers.{}"
ULTRAVOX = {"audio_tower.embed_positions.weight": [16, 32]} | both("audio_tower.conv1", 32, 32, 3) | both(
    "audio_tower.conv2", 32, 32, 3) | both("audio_tower.layer_norm", 32) | both(f"{EAR}.self_attn_layer_norm", 32) | both(
    f"{EAR}.final_layer_norm", 32) | both(f"{EAR}.fc1", 96, 32) | both(f"{EAR}.fc2", 32, 96) | both(
    f"{EAR}.self_attn.q_proj", 32, 32) | both(f"{EAR}.self_attn.v_proj", 32, 32) | both(
    f"{EAR}.self_attn.out_proj", 32, 32) | {f"{EAR}.self_attn.k_proj.weight": [32, 32]}  # fmt: skip
ULTRAVOX_CONFIG = dict(
    architectures=["UltravoxModel"], model_type="ultravox", stack_factor=8, hidden_size=128, projector_act="swiglu",
    projector_ln_mid=True, text_model_id="meta-llama/Llama-3.2-1B-Instruct", text_config=TEXT | dict(
        architectures=["LlamaForCausalLM"], model_type="llama"),
    audio_config=dict(WHISPER, architectures=["WhisperForConditionalGeneration"], model_type="whisper",
                      num_hidden_layers=4))  # fmt: skip
ADAPTER = {"multi_modal_projector.ln_pre.weight": [256], "multi_modal_projector.linear_1.weight": [128, 256],
           "multi_modal_projector.linear_2.weight": [64, 64], "multi_modal_projector.ln_mid.weight": [64]}  # fmt: skip
DOTS = "vision_tower.blocks.{}"
DOTS_OCR = {f"{DOTS}.norm1.weight": [32], f"{DOTS}.norm2.weight": [32], f"{DOTS}.attn.qkv.weight": [96, 32],
            f"{DOTS}.attn.proj.weight": [32, 32], f"{DOTS}.mlp.fc1.weight": [96, 32], f"{DOTS}.mlp.fc2.weight": [32, 96],
            f"{DOTS}.mlp.fc3.weight": [96, 32], "vision_tower.patch_embed.patchifier.norm.weight": [32],
            "vision_tower.post_trunk_norm.weight": [32]} | both("vision_tower.patch_embed.patchifier.proj", 32, 3, 14, 14) | both(
    "vision_tower.merger.ln_q", 32) | both("vision_tower.merger.mlp.0", 128, 128) | both("vision_tower.merger.mlp.2", 64, 128)  # fmt: skip
LIGHT = {name.replace("vision_tower.", "model.vision_encoder."): shape for name, shape in {
    "vision_tower.patch_conv.weight": [32, 3, 14, 14], "vision_tower.ln_pre.weight": [32]}.items()}  # fmt: skip
for name, shape in {
    "attention.q_proj": [32, 32], "attention.k_proj": [32, 32], "attention.v_proj": [32, 32], "attention.o_proj": [32, 32],
    "attention_norm": [32], "ffn_norm": [32], "feed_forward.gate_proj": [96, 32], "feed_forward.up_proj": [96, 32],
    "feed_forward.down_proj": [32, 96]}.items():  # fmt: skip
    LIGHT[f"model.vision_encoder.transformer.layers.{{}}.{name}.weight"] = shape
LIGHT |= {"model.vision_projection.norm.weight": [32], "model.vision_projection.patch_merger.merging_layer.weight": [32, 128],
          "model.vision_projection.linear_1.weight": [64, 32], "model.vision_projection.linear_2.weight": [64, 64]}  # fmt: skip
TOWER = "model.vision_tower.encoder.layers.{}"
MINICPM = {"model.vision_tower.embeddings.position_embedding.weight": [16, 32]} | both(
    "model.vision_tower.embeddings.patch_embedding", 32, 3, 14, 14) | both("model.vision_tower.post_layernorm", 32)  # fmt: skip
MERGER = "model.vision_tower.vit_merger"
for part in ("q", "k", "v", "out"):
    MINICPM |= both(f"{TOWER}.self_attn.{part}_proj", 32, 32) | both(f"{MERGER}.self_attn.{part}_proj", 32, 32)
MINICPM |= both(f"{TOWER}.layer_norm1", 32) | both(f"{TOWER}.layer_norm2", 32) | both(f"{TOWER}.mlp.fc1", 96, 32) | both(
    f"{TOWER}.mlp.fc2", 32, 96) | both(f"{MERGER}.layer_norm1", 32) | both(f"{MERGER}.pre_norm", 128) | both(
    f"{MERGER}.linear_1", 96, 128) | both(f"{MERGER}.linear_2", 32, 96) | both("model.merger.mlp.0.pre_norm", 128) | both(
    "model.merger.mlp.0.linear_1", 128, 128) | both("model.merger.mlp.0.linear_2", 64, 128)  # fmt: skip
MINICPM_CONFIG = dict(
    architectures=["MiniCPMV4_6ForConditionalGeneration"], model_type="minicpmv4_6", insert_layer_id=1, vision_config=dict(
        SIGLIP, model_type="siglip_vision_model", image_size=980, patch_size=14), text_config=TEXT | dict(
            model_type="qwen3_5_text", head_dim=16))  # fmt: skip
VIT = "vit.layers.{}"
HUNYUAN = {"vit.embeddings.position_embedding.weight": [17, 32], "vit.perceive.before_rms.weight": [32],
           "vit.perceive.after_rms.weight": [64], "vit.perceive.image_begin": [64], "vit.perceive.image_end": [64],
           "vit.perceive.image_newline": [128], "vit.perceive.image_sep": [64]}  # fmt: skip
for name, shape in {
    "vit.embeddings.patch_embedding": [32, 3, 14, 14], f"{VIT}.input_layernorm": [32], f"{VIT}.post_attention_layernorm": [32],
    f"{VIT}.self_attn.q_proj": [32, 32], f"{VIT}.self_attn.k_proj": [32, 32], f"{VIT}.self_attn.v_proj": [32, 32],
    f"{VIT}.self_attn.o_proj": [32, 32], f"{VIT}.mlp.dense_h_to_4h": [96, 32], f"{VIT}.mlp.dense_4h_to_h": [32, 96],
    "vit.perceive.proj.0": [64, 32, 2, 2], "vit.perceive.proj.2": [128, 64, 1, 1], "vit.perceive.mlp": [64, 128]}.items():  # fmt: skip
    HUNYUAN |= both(name, *shape)
PADDLE = {name.replace("model.vision_tower.", "visual."): shape for name, shape in LFM.items() if ".vision_tower." in name} | both(
    "visual.vision_model.embeddings.patch_embedding", 32, 3, 14, 14) | both("mlp_AR.pre_norm", 32) | both(
    "mlp_AR.linear_1", 128, 128) | both("mlp_AR.linear_2", 64, 128) | {
    "visual.vision_model.head.probe": [1, 1, 32], "visual.vision_model.embeddings.packing_position_embedding.weight": [64, 32]}  # fmt: skip
GEMMA4 = {"model.vision_tower.patch_embedder.input_proj.weight": [32, 768], "model.vision_tower.std_bias": [32],
          "model.vision_tower.patch_embedder.position_embedding_table": [2, 16, 32], "model.vision_tower.std_scale": [32],
          "model.embed_vision.embedding_projection.weight": [64, 32]}  # fmt: skip
for name, shape in {
    "self_attn.q_proj.linear": [32, 32], "self_attn.k_proj.linear": [32, 32], "self_attn.v_proj.linear": [32, 32],
    "self_attn.o_proj.linear": [32, 32], "self_attn.q_norm": [16], "self_attn.k_norm": [16], "input_layernorm": [32],
    "post_attention_layernorm": [32], "pre_feedforward_layernorm": [32], "post_feedforward_layernorm": [32],
    "mlp.gate_proj.linear": [96, 32], "mlp.up_proj.linear": [96, 32], "mlp.down_proj.linear": [32, 96]}.items():  # fmt: skip
    GEMMA4[f"{TOWER}.{name}.weight"] = shape
GEMMA4_CLIPPED = GEMMA4 | {f"{TOWER}.self_attn.q_proj.{name}": [] for name in ("input_max", "input_min", "output_max", "output_min")}
GEMMA4_CONFIG = dict(
    architectures=["Gemma4ForConditionalGeneration"], model_type="gemma4", audio_config=None, vision_config=dict(
        model_type="gemma4_vision", hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, patch_size=16,
        pooling_kernel_size=3, position_embedding_size=16), text_config=TEXT | dict(model_type="gemma4_text", head_dim=16))  # fmt: skip
KIMI_25 = {name.replace("multi_modal_projector.linear_1", "mm_projector.proj.0").replace(
    "multi_modal_projector.linear_2", "mm_projector.proj.2").replace("multi_modal_projector.", "mm_projector."): shape
    for name, shape in KIMI.items()}  # fmt: skip
KIMI_25_CONFIG = dict(
    architectures=["KimiK25ForConditionalGeneration"], model_type="kimi_k25", vision_config=dict(
        patch_size=14, vt_num_attention_heads=16, vt_num_hidden_layers=4, vt_hidden_size=64, vt_intermediate_size=96,
        merge_kernel_size=[2, 2], init_pos_emb_height=4, init_pos_emb_width=4, init_pos_emb_time=2, projector_hidden_act="gelu",
        projector_ln_eps=1e-5), text_config=TEXT | dict(model_type="deepseek_v3"))  # fmt: skip
KIMI_25 = {name: [{32: 64, 128: 256, 96: 192 if "wqkv" in name else 96}.get(size, size) for size in shape] for name, shape in KIMI_25.items()}
WHISPER_CONFIG = dict(WHISPER, model_type="whisper", num_hidden_layers=4)
GLM_ASR = {name.replace("audio_tower.", "audio_encoder.whisper."): shape for name, shape in ULTRAVOX.items()} | both(
    "audio_encoder.layer_norm", 128) | both("audio_encoder.adapting.0", 128, 128) | both("audio_encoder.adapting.2", 64, 128) | {
    "audio_encoder.audio_bos_eos_token.weight": [2, 64]}  # fmt: skip
MERALION = {name.replace("audio_tower.", "speech_encoder."): shape for name, shape in ULTRAVOX.items()} | both(
    "ln_speech", 32) | both("speech_audio_adapter.mlp_adapter.0", 64, 480) | both("speech_audio_adapter.gate_proj", 64, 64) | both(
    "speech_audio_adapter.pool_proj", 64, 64) | both("speech_audio_adapter.out_proj", 64, 64)  # fmt: skip

BY_HAND = {
    "hunyuan-ocr": made(TEXT | dict(
        architectures=["HunYuanVLForConditionalGeneration"], model_type="hunyuan_vl", vision_config=dict(
            hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, patch_size=14, max_image_size=1024,
            rms_norm_eps=1e-6, spatial_merge_size=2)), HUNYUAN | language("", "lm_head.weight"), "bpe", files=pictures(
                CLIP_MEAN | dict(min_pixels=65536, max_pixels=4194304))),
    "paddleocr-vl": made(TEXT | dict(
        architectures=["PaddleOCRVLForConditionalGeneration"], model_type="paddleocr_vl", vision_config=dict(
            SIGLIP, architectures=["PaddleOCRVisionModel"], patch_size=14)), PADDLE | language("", "lm_head.weight"), "bpe",
        files=pictures(HALF | dict(min_pixels=3136, max_pixels=200704))),
    "gemma4": made(GEMMA4_CONFIG, GEMMA4 | language("model.language_model.", None), "bpe", files=pictures(
        second=dict(image_processor=dict(image_mean=[0.0, 0.0, 0.0], image_std=[1.0, 1.0, 1.0])))),
    "gemma4-clipped": made(but(GEMMA4_CONFIG, "audio_config"), GEMMA4_CLIPPED | language("model.language_model.", None), "bpe",
                           files=pictures(dict(image_mean=[0, 0, 0], image_std=[1, 1, 1]))),
    "kimi-k25": made(KIMI_25_CONFIG, KIMI_25 | language(), "bpe", files=pictures(dict(media_proc_cfg=HALF | dict(in_patch_limit=4096)))),
    "glm5v": made(but(KIMI_25_CONFIG, architectures=["Glm5vForConditionalGeneration"]), {
        name.replace("proj.0.", "linear_1.").replace("proj.2.", "linear_2.") if "mm_projector" in name else name: shape
        for name, shape in KIMI_25.items()} | language(), "bpe", "float16", files=pictures(HALF)),
    "glm-asr": made(dict(
        architectures=["GlmasrModel"], model_type="glmasr", merge_factor=4, whisper_config=WHISPER_CONFIG, lm_config=TEXT | dict(
            model_type="llama")), {name: shape for name, shape in GLM_ASR.items()} | language("", "lm_head.weight"), "bpe"),
    "meralion": made(dict(
        architectures=["MERaLiON2ForConditionalGeneration"], model_type="meralion2", speech_mlp_scale_factor=15,
        speech_config=WHISPER_CONFIG, text_config=TEXT | dict(model_type="gemma2")), MERALION | language(
            "text_decoder.", "text_decoder.lm_head.weight"), "bpe"),
    "audio-flamingo": made(dict(
        architectures=["AudioFlamingo3ForConditionalGeneration"], model_type="audioflamingo3", audio_config=but(
            WHISPER, "d_model", "encoder_layers", "encoder_attention_heads", "encoder_ffn_dim", hidden_size=32, num_hidden_layers=4,
            num_attention_heads=2, intermediate_size=96), text_config=TEXT | dict(model_type="qwen2")), ULTRAVOX | both(
                "multi_modal_projector.linear_1", 64, 32) | both("multi_modal_projector.linear_2", 64, 64) | language(), "bpe"),
    "internvl": made(INTERN_CONFIG, INTERN | language(), "bpe", files=pictures(HALF)),
    "internvl-old": made(but(INTERN_CONFIG, "min_dynamic_patch", "max_dynamic_patch"), INTERN | language(), "bpe", "float16",
                         files=pictures(HALF)),
    "kimi-vl": made(dict(
        architectures=["KimiVLForConditionalGeneration"], model_type="kimi_vl", vision_config=dict(
            model_type="moonvit", patch_size=14, num_attention_heads=2, num_hidden_layers=4, hidden_size=32, intermediate_size=96,
            merge_kernel_size=[2, 2], init_pos_emb_height=4, init_pos_emb_width=4),
        text_config=TEXT | dict(model_type="deepseek_v3")), KIMI | language(), "bpe", files=pictures(HALF)),
    "lfm2-vl": made(dict(
        architectures=["Lfm2VlForConditionalGeneration"], model_type="lfm2_vl", downsample_factor=2, vision_feature_layer=-1,
        vision_config=dict(but(SIGLIP, "image_size"), model_type="siglip2_vision_model", num_patches=16), text_config=TEXT | dict(
            architectures=["Lfm2ForCausalLM"], model_type="lfm2", layer_types=["full_attention"], block_multiple_of=32)),
        LFM | language("model.language_model.", None), "bpe", files=pictures(HALF)),
    "lfm2-vl-shorter": made(dict(
        architectures=["Lfm2VlForConditionalGeneration"], model_type="lfm2_vl", vision_feature_layer=-2, vision_config=dict(
            but(SIGLIP, "image_size"), model_type="siglip2_vision_model"), text_config=TEXT | dict(
                architectures=["Lfm2ForCausalLM"], model_type="lfm2", layer_types=["full_attention"])),
        LFM | language("model.language_model.", None), "bpe", "float16", files=pictures(HALF)),
    "ultravox": made(ULTRAVOX_CONFIG, ULTRAVOX | ADAPTER, "bpe"),
    "ultravox-head": made(ULTRAVOX_CONFIG, {name: shape for name, shape in ADAPTER.items()} | ULTRAVOX | language(), "bpe", "float16"),
    "dots-ocr": made(TEXT | dict(
        architectures=["DotsOCRForCausalLM"], model_type="dots_ocr", attention_bias=True, rms_norm_eps=1e-6, rope_theta=1000000,
        vision_config=dict(embed_dim=32, hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2,
                           patch_size=14, rms_norm_eps=1e-5, spatial_merge_size=2, temporal_patch_size=1, use_bias=False,
                           post_norm=True, is_causal=False, init_merger_std=0.02)),
        DOTS_OCR | language("", "lm_head.weight"), "bpe", files=pictures(CLIP_MEAN | dict(min_pixels=3136, max_pixels=11289600))),
    "lighton-ocr": made(dict(
        architectures=["LightOnOCRForConditionalGeneration"], model_type="lighton_ocr", spatial_merge_size=2, vision_config=dict(
            PIXTRAL, model_type="pixtral", hidden_act="silu"), text_config=TEXT | dict(model_type="qwen3", head_dim=16)),
        LIGHT | language("model.language_model.", "lm_head.weight"), "bpe", files=pictures(second=dict(image_processor=CLIP_MEAN))),
    "minicpm-v": made(MINICPM_CONFIG, MINICPM | language("model.language_model.", "lm_head.weight"), "bpe", files=pictures(
        HALF | dict(scale_resolution=448))),
    "minicpm-v-4x": made(MINICPM_CONFIG, MINICPM | language("model.language_model.", "lm_head.weight"), "bpe", files=pictures(
        HALF | dict(scale_resolution=448, downsample_mode="4x"))),
    "qwen3_5": made(dict(
        architectures=["Qwen3_5ForConditionalGeneration"], model_type="qwen3_5", text_config=TEXT | dict(
            model_type="qwen3_5_text", rms_norm_eps=1e-5), vision_config=dict(QWEN_3, model_type="qwen3_5", deepstack_visual_indexes=[])),
        {}, "bpe", files=pictures(HALF)),
}  # fmt: skip
EYE = "model.visual.blocks.{}"
BY_HAND["qwen3_5"]["shapes"] = both("model.visual.patch_embed.proj", 32, 3, 2, 16, 16) | {
    "model.visual.pos_embed.weight": [16, 32], "mtp.fc.weight": [64, 128]} | both(f"{EYE}.attn.qkv", 96, 32) | both(
    f"{EYE}.attn.proj", 32, 32) | both(f"{EYE}.norm1", 32) | both(f"{EYE}.norm2", 32) | both(f"{EYE}.mlp.linear_fc1", 96, 32) | both(
    f"{EYE}.mlp.linear_fc2", 32, 96) | both("model.visual.merger.norm", 32) | both("model.visual.merger.linear_fc1", 128, 128) | both(
    "model.visual.merger.linear_fc2", 64, 128) | language("model.language_model.", "lm_head.weight")  # fmt: skip
BY_HAND["qwen4exp"] = BY_HAND["qwen3_5"] | dict(config=but(BY_HAND["qwen3_5"]["config"], architectures=[
    "Qwen4ExpForConditionalGeneration"], model_type="qwen4_exp"))  # fmt: skip

QWEN_LIKE = {f"{EYE}.norm1.weight": [32], f"{EYE}.norm2.weight": [32]} | both(f"{EYE}.attn.qkv", 64, 32) | both(
    f"{EYE}.attn.proj", 32, 32) | both(f"{EYE}.mlp.gate_proj", 96, 32) | both(f"{EYE}.mlp.up_proj", 96, 32) | both(
    f"{EYE}.mlp.down_proj", 32, 96) | {"model.visual.merger.ln_q.weight": [32], "model.visual.patch_embed.proj.weight": [32, 3, 2, 14, 14]} | both(
    "model.visual.merger.mlp.0", 128, 128) | both("model.visual.merger.mlp.2", 64, 128)  # fmt: skip
BY_HAND["exaone4_5"] = made(dict(
    architectures=["Exaone4_5_ForConditionalGeneration"], model_type="exaone4_5", vision_config=dict(
        QWEN_25, num_key_value_heads=1, rms_norm_eps=1e-5), text_config=TEXT | dict(model_type="exaone4")), QWEN_LIKE | language(
            "model.language_model.", "lm_head.weight"), "bpe", files=pictures(CLIP_MEAN | dict(min_pixels=3136, max_pixels=200704)))  # fmt: skip
GLM_5 = {f"{EYE}.norm1.weight": [32], f"{EYE}.norm2.weight": [32], f"{EYE}.attn.q_norm.weight": [16], f"{EYE}.attn.k_norm.weight": [16],
         "model.visual.post_layernorm.weight": [32], "model.visual.merger.proj.weight": [64, 64],
         "model.visual.merger.gate_proj.weight": [96, 64], "model.visual.merger.up_proj.weight": [96, 64],
         "model.visual.merger.down_proj.weight": [64, 96]} | both("model.visual.patch_embed.proj", 32, 3, 2, 14, 14) | both(
    "model.visual.downsample", 64, 32, 2, 2) | both("model.visual.merger.post_projection_norm", 64)  # fmt: skip
for name, shape in {"attn.qkv": [96, 32], "attn.proj": [32, 32], "mlp.gate_proj": [96, 32], "mlp.up_proj": [96, 32],
                    "mlp.down_proj": [32, 96]}.items():  # fmt: skip
    GLM_5[f"{EYE}.{name}.weight"] = shape
BY_HAND["glm5next"] = made(dict(
    architectures=["Glm5NextForConditionalGeneration"], model_type="glm5_next", vision_config=dict(
        GLM, model_type="glm5_next_vision", hidden_act="silu", swiglu_limit=7.0), text_config=TEXT | dict(model_type="glm5_next_text")),
    GLM_5 | language("model.language_model.", "lm_head.weight"), "bpe", files=pictures(CLIP_MEAN | dict(
        patch_size=14, merge_size=2, min_image_tokens=4, max_image_tokens=4096)))  # fmt: skip
COG = "model.vision.transformer.layers.{}"
COGVLM = {"model.vision.boi": [1, 1, 64], "model.vision.eoi": [1, 1, 64], "model.vision.patch_embedding.cls_embedding": [1, 32],
          "model.vision.patch_embedding.position_embedding.weight": [17, 32], "model.vision.linear_proj.linear_proj.weight": [64, 32],
          "model.vision.linear_proj.gate_proj.weight": [96, 64], "model.vision.linear_proj.dense_h_to_4h.weight": [96, 64],
          "model.vision.linear_proj.dense_4h_to_h.weight": [64, 96]} | both("model.vision.linear_proj.norm1", 64) | both(
    "model.vision.patch_embedding.proj", 32, 3, 14, 14) | both(f"{COG}.attention.query_key_value", 96, 32) | both(
    f"{COG}.attention.dense", 32, 32) | both(f"{COG}.input_layernorm", 32) | both(f"{COG}.post_attention_layernorm", 32) | both(
    f"{COG}.mlp.fc1", 96, 32) | both(f"{COG}.mlp.fc2", 32, 96)  # fmt: skip
BY_HAND["cogvlm"] = made(TEXT | dict(
    architectures=["CogVLMForCausalLM"], model_type="cogvlm", vision_config=dict(
        hidden_size=32, image_size=56, in_channels=3, intermediate_size=96, layer_norm_eps=1e-6, num_heads=2, num_hidden_layers=4,
        num_positions=17, patch_size=14, dropout_prob=0.0, hidden_act="gelu")), COGVLM | language("", "lm_head.weight"), "bpe",
    files=pictures(CLIP_MEAN))  # fmt: skip
SAM = "model.sam_model.blocks.{}"
DEEP = "model.vision_model.transformer.layers.{}"
OCR = {"model.sam_model.pos_embed": [1, 4, 4, 32], f"{SAM}.attn.rel_pos_h": [7, 16], f"{SAM}.attn.rel_pos_w": [7, 16],
       "model.sam_model.neck.0.weight": [16, 32, 1, 1], "model.sam_model.neck.2.weight": [16, 16, 3, 3],
       "model.sam_model.net_2.weight": [32, 16, 3, 3], "model.sam_model.net_3.weight": [32, 32, 3, 3],
       "model.vision_model.embeddings.class_embedding": [32], "model.vision_model.embeddings.position_embedding.weight": [17, 32],
       "model.vision_model.embeddings.patch_embedding.weight": [32, 3, 14, 14], "model.image_newline": [64],
       "model.view_seperator": [64]} | both("model.sam_model.neck.1", 16) | both("model.sam_model.neck.3", 16) | both(
    "model.sam_model.patch_embed.proj", 32, 3, 16, 16) | both("model.vision_model.pre_layrnorm", 32) | both(
    "model.projector.layers", 64, 64) | both(f"{SAM}.norm1", 32) | both(f"{SAM}.norm2", 32) | both(f"{SAM}.attn.qkv", 96, 32) | both(
    f"{SAM}.attn.proj", 32, 32) | both(f"{SAM}.mlp.lin1", 96, 32) | both(f"{SAM}.mlp.lin2", 32, 96) | both(
    f"{DEEP}.layer_norm1", 32) | both(f"{DEEP}.layer_norm2", 32) | both(f"{DEEP}.self_attn.qkv_proj", 96, 32) | both(
    f"{DEEP}.self_attn.out_proj", 32, 32) | both(f"{DEEP}.mlp.fc1", 96, 32) | both(f"{DEEP}.mlp.fc2", 32, 96)  # fmt: skip
OCR_CONFIG = dict(
    architectures=["DeepseekOCRForCausalLM"], model_type="deepseek_vl_v2", vision_config=dict(
        image_size=1024, model_name="deeplip_b_l", model_type="vision", mlp_ratio=3.7, cls="DeepseekOCR", width={
            "clip-l-14-224": dict(heads=2, image_size=56, layers=4, patch_size=14, width=32),
            "sam_vit_b": dict(heads=2, layers=4, width=32, downsample_channels=[32, 32], global_attn_indexes=[2])}),
    language_config=TEXT | dict(architectures=["DeepseekV2ForCausalLM"], model_type="deepseek_v2"))  # fmt: skip
BY_HAND["deepseek-ocr"] = made(OCR_CONFIG, OCR | language("", "lm_head.weight"), "bpe", files=pictures(HALF))
BY_HAND["unlimited-ocr"] = made(but(OCR_CONFIG, architectures=["UnlimitedOCRForCausalLM"]), OCR | language(
    "", "lm_head.weight"), "bpe", "float16", files=pictures(HALF))  # fmt: skip
