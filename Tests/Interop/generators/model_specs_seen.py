"""What make_models_seen.py makes: a small model of a class of transformers with pictures or sound, for test_projector_runs.py.

Of each, beside what model_specs_runs.py has: how pictures are prepared, and the picture that it is shown, of a size that
nobody resizes, or the seconds of the sound that it hears.
"""

from model_specs_runs import DELTA, EXPERTS, HALF_ROTATED, LATENT, MROPE, RUNS, TURNS, run, within
from published_names import intern, kimi, omni, thinking, ultravox

# Another mean and deviation of each colour; what comes of black and white has few bits.
COLOURS = dict(image_mean=[0.5, 0.25, 0.75], image_std=[0.5, 0.25, 0.125])
# Pictures as they are.
BARE = dict(image_mean=[0.0, 0.0, 0.0], image_std=[1.0, 1.0, 1.0])
# Pictures higher than wide, where a model takes them, by which a grid in the wrong order shows.
QWEN_2 = dict(depth=3, embed_dim=64, hidden_size=64, num_heads=2, mlp_ratio=3, patch_size=14, spatial_merge_size=2, temporal_patch_size=2)
# llama.cpp has windows of 112 pixels alone.
QWEN_25 = dict(depth=4, hidden_size=64, out_hidden_size=64, num_heads=2, intermediate_size=96, patch_size=14, fullatt_block_indexes=[1, 3], window_size=112)
QWEN_3 = dict(depth=4, hidden_size=64, out_hidden_size=64, num_heads=2, intermediate_size=96, patch_size=16, num_position_embeddings=16)
GLM = dict(depth=3, hidden_size=64, num_heads=2, image_size=56, patch_size=14, out_hidden_size=64, intermediate_size=96)
PIXTRAL = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=2, head_dim=32, image_size=280, patch_size=14, model_type="pixtral")
SIGLIP = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=2)


WHISPER = dict(hidden_size=64, d_model=64, intermediate_size=96, encoder_ffn_dim=96, num_hidden_layers=2, encoder_layers=2,
               num_attention_heads=2, encoder_attention_heads=2, num_mel_bins=128, max_source_positions=1500)  # fmt: skip
SMOL = dict(model_type="llama", architectures=["VLlama3ForCausalLM"])
# Whose frames llama.cpp stacks: it fills what is missing in a last row of them where a row's length is a power of two, which
# those of published models are not, and which it does not count on.
STACKED = WHISPER | dict(hidden_size=80, d_model=80)
# llama.cpp asks for the embedding of the token behind a row, which the reference does not write.
BREAK = dict(added={"v.token_embd.img_break": 64})
# transformers 5 saves SigLIP without a part of the names that it was published with.
PUBLISHED = {"names": {"vision_tower.": "vision_tower.vision_model."}}

# llama.cpp hears all at once, and not in windows.
OMNI = within("Qwen2_5OmniThinkerForConditionalGeneration", text=MROPE, vision_config=QWEN_25, audio_config=WHISPER | dict(output_dim=64, n_window=1500))

UNIFIED = within("Gemma4UnifiedForConditionalGeneration", "gemma4", text=RUNS["gemma4-pictures"]["config"]["text_config"], vision_config=dict(
    patch_size=16, pooling_kernel_size=3, mm_embed_dim=64, mm_posemb_size=64, output_proj_dims=64), audio_config=dict(audio_embed_dim=640), tie_word_embeddings=True)  # fmt: skip


def seen(made: dict, picture: tuple[int, int], files: dict, most: float = 1e-3, **more) -> dict:
    return made | {"shown": "x".join(map(str, picture)), "files": {"preprocessor_config.json": files}, "most": most} | more


def heard(made: dict, seconds: float, most: float = 3e-3, **more) -> dict:
    return made | {"shown": str(seconds), "files": {}, "most": most} | more


SEEN = {
    "qwen2-vl": seen(within("Qwen2VLForConditionalGeneration", text=MROPE, vision_config=QWEN_2), (84, 140), COLOURS),
    "qwen2_5-vl": seen(within("Qwen2_5_VLForConditionalGeneration", text=MROPE, vision_config=QWEN_25), (140, 252), COLOURS),
    "qwen3-vl": seen(within("Qwen3VLForConditionalGeneration", text=dict(TURNS, head_dim=16), vision_config=QWEN_3 | dict(
        deepstack_visual_indexes=[0, 2])), (96, 160), COLOURS),
    "qwen35": seen(within("Qwen3_5ForConditionalGeneration", text=dict(DELTA, head_dim=32), vision_config=QWEN_3), (96, 160), COLOURS),
    "glm4v": seen(within("Glm4vForConditionalGeneration", "glm-moe", text=dict(HALF_ROTATED, head_dim=16), vision_config=GLM), (84, 140), COLOURS),
    "gemma3": seen(within("Gemma3ForConditionalGeneration", "spm", text=dict(
        num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16, sliding_window=64), vision_config=SIGLIP | dict(
            image_size=128, patch_size=16), mm_tokens_per_image=4) | PUBLISHED, (128, 128), COLOURS | dict(image_seq_length=4)),
    "qwen3-vl-moe": seen(within("Qwen3VLMoeForConditionalGeneration", text=dict(TURNS, **EXPERTS, head_dim=16), vision_config=QWEN_3 | dict(
        deepstack_visual_indexes=[1])) | {"turned": ("experts.down_proj", "experts.gate_up_proj")}, (160, 96), COLOURS),
    "exaone4_5": seen(within("Exaone4_5_ForConditionalGeneration", text=dict(
        model_type="exaone4", sliding_window=None, sliding_window_pattern=None, layer_types=["full_attention"] * 2), vision_config=QWEN_25 | dict(
            num_key_value_heads=1)), (140, 252), COLOURS | dict(min_pixels=3136, max_pixels=200704)),
    "glm4v-moe": seen(within("Glm4vMoeForConditionalGeneration", "glm-moe", text=dict(RUNS["glm4-moe"]["config"], head_dim=16, **HALF_ROTATED), vision_config=GLM),
                      (84, 140), COLOURS),
    "glm-ocr": seen(within("GlmOcrForConditionalGeneration", "glm-moe", text=dict(HALF_ROTATED, head_dim=16, num_nextn_predict_layers=0), vision_config=GLM),
                    (84, 140), COLOURS),
    "smolvlm": seen(within("SmolVLMForConditionalGeneration", text=SMOL, vision_config=SIGLIP | dict(image_size=128, patch_size=16), scale_factor=4),
                    (128, 128), COLOURS | dict(size=dict(longest_edge=128))),
    "idefics3": seen(within("Idefics3ForConditionalGeneration", text=SMOL, vision_config=SIGLIP | dict(image_size=128, patch_size=16), scale_factor=2),
                     (128, 128), COLOURS | dict(size=dict(longest_edge=128))),
    "pixtral": seen(within("LlavaForConditionalGeneration", "spm", text=dict(model_type="mistral", head_dim=16), vision_config=PIXTRAL,
                           vision_feature_layer=-1, vision_feature_select_strategy="full"), (84, 140), COLOURS, mended=BREAK),
    "mistral3": seen(within("Mistral3ForConditionalGeneration", text=dict(model_type="mistral", head_dim=16), vision_config=PIXTRAL | dict(hidden_act="silu")),
                     (84, 140), COLOURS, mended=BREAK),
    "lighton-ocr": seen(within("LightOnOcrForConditionalGeneration", text=dict(model_type="qwen3", head_dim=16, architectures=["Qwen3ForCausalLM"]), vision_config=PIXTRAL | dict(
        hidden_act="silu")) | {"put": dict(architectures=["LightOnOCRForConditionalGeneration"])}, (168, 280), COLOURS),
    "llama4": seen(within("Llama4ForConditionalGeneration", text=dict(EXPERTS, num_hidden_layers=4, intermediate_size_mlp=96, head_dim=16, interleave_moe_layer_step=2),
                          vision_config=dict(hidden_size=64, intermediate_size=256, num_hidden_layers=3, num_attention_heads=2, image_size=56, patch_size=14,
                                             vision_output_dim=96, projector_input_dim=96, projector_output_dim=96)), (56, 56), COLOURS, mended=dict(renamed={"attn_post_norm": "ln2"})),
    "lfm2-vl": seen(within("Lfm2VlForConditionalGeneration", text=dict(model_type="lfm2", architectures=["Lfm2ForCausalLM"], num_hidden_layers=3, layer_types=["conv", "full_attention", "conv"], block_multiple_of=32),
                           vision_config=dict(SIGLIP, model_type="siglip2_vision_model", num_patches=64, patch_size=16, vision_use_head=False), projector_hidden_size=96) | {
        "names": {"model.vision_tower.": "model.vision_tower.vision_model."}}, (128, 192), COLOURS),
    "paddleocr": seen(within("PaddleOCRVLForConditionalGeneration", "spm", text=dict(MROPE, head_dim=16), vision_config=SIGLIP | dict(
        image_size=56, patch_size=14, architectures=["PaddleOCRVisionModel"])), (84, 140), COLOURS | dict(min_pixels=784, max_pixels=200704)),
    "hunyuan-vl": seen(within("HunYuanVLForConditionalGeneration", text=RUNS["hunyuan-vl"]["config"]["text_config"], vision_config=SIGLIP | dict(
        patch_size=16, max_image_size=128, out_hidden_size=64, text_hidden_size=64)), (96, 160), COLOURS | dict(min_pixels=1024, max_pixels=4194304), 3e-2),
    "janus": seen(within("JanusForConditionalGeneration", text=dict(model_type="llama"), vision_config=dict(
        hidden_size=64, num_hidden_layers=3, num_attention_heads=2, image_size=64, patch_size=16, mlp_ratio=3, projection_dim=64)), (64, 64), COLOURS),
    "minicpm-v": seen(within("MiniCPMV4_6ForConditionalGeneration", text=dict(DELTA, head_dim=32), vision_config=SIGLIP | dict(image_size=980, patch_size=14), insert_layer_id=1),
                      (112, 112), COLOURS | dict(scale_resolution=112)),
    "gemma4": seen(within("Gemma4ForConditionalGeneration", "gemma4", text=RUNS["gemma4-pictures"]["config"]["text_config"], vision_config=SIGLIP | dict(
        patch_size=16, pooling_kernel_size=3, position_embedding_size=64, head_dim=32, num_key_value_heads=2), audio_config=None, tie_word_embeddings=True),
                   (96, 192), BARE, 3e-4, mended=dict(keys={"clip.use_gelu": True}), calm="self_attn.[qk]_norm"),
    "internvl": seen(within("InternVLForConditionalGeneration", text=dict(model_type="qwen2"), vision_config=SIGLIP | dict(
        image_size=[56, 56], patch_size=[14, 14], attention_bias=True)), (56, 56), COLOURS, published=intern),
    "qwen2-audio": heard(within("Qwen2AudioForConditionalGeneration", text=dict(model_type="qwen2"), audio_config=WHISPER | dict(
        model_type="qwen2_audio_encoder")), 20),
    "voxtral": heard(within("VoxtralForConditionalGeneration", "spm", text=dict(model_type="llama", head_dim=16), audio_config=STACKED | dict(
        model_type="voxtral_encoder", intermediate_size=320, encoder_ffn_dim=320)), 20),
    "audio-flamingo": heard(within("AudioFlamingo3ForConditionalGeneration", text=dict(model_type="qwen2"), audio_config=WHISPER), 20),
    "qwen3-asr": heard(within("Qwen3ASRForConditionalGeneration", text=dict(TURNS, head_dim=16), audio_config=WHISPER | dict(output_dim=64)), 3.99, published=thinking),
    "kimi-k25": seen(within("Kimi_K25ForConditionalGeneration", text=dict(LATENT, **EXPERTS), vision_config=dict(
        hidden_size=128, intermediate_size=96, num_hidden_layers=3, num_attention_heads=16, patch_size=14, pos_emb_height=8, pos_emb_width=8),
                            projection_hidden_size=128), (84, 140), COLOURS, published=kimi, alone=True),
    "glm5-next": seen(within("Glm5NextForConditionalGeneration", text=dict(num_key_value_heads=4), vision_config=GLM | dict(swiglu_limit=1.5)), (84, 140), COLOURS | dict(
        patch_size=14, merge_size=2, min_image_tokens=4, max_image_tokens=4096), alone=True),
    "minimax-m3": seen(within("MiniMaxM3SparseForConditionalGeneration", vision_config=SIGLIP | dict(
        hidden_size=160, patch_size=14)), (84, 140), COLOURS, alone=True),
    "muse-glimmer": seen(within("MuseGlimmerForConditionalGeneration", vision_config=SIGLIP | dict(patch_size=14, pos_emb_height=8, pos_emb_width=8),
                                out_hidden_size=256, projector_hidden_size=96), (84, 140), COLOURS, 1e-2, alone=True),
    "qwen4-exp": seen(within("Qwen4ExpForConditionalGeneration", vision_config=QWEN_3), (96, 160), COLOURS, alone=True),
    "omni-sees": seen(OMNI, (140, 252), COLOURS, published=omni, alone=True),
    "omni-hears": heard(OMNI, 20, published=omni, alone=True) | {"files": {"preprocessor_config.json": COLOURS}},
    "ultravox": heard(run("WhisperModel", **STACKED, decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=96), 20, published=ultravox, alone=True),
    "gemma4-hears": heard(within("Gemma4ForConditionalGeneration", "gemma4", text=RUNS["gemma4-pictures"]["config"]["text_config"], vision_config=SIGLIP | dict(
        patch_size=16, pooling_kernel_size=3, position_embedding_size=64, head_dim=32, num_key_value_heads=2), audio_config=dict(
            hidden_size=64, num_hidden_layers=3, num_attention_heads=2, subsampling_conv_channels=[128, 8], output_proj_dims=48), tie_word_embeddings=True), 4, 1e-2)
    | {"files": {"preprocessor_config.json": BARE}},
    "granite-speech": heard(within("GraniteSpeechForConditionalGeneration", text=dict(model_type="granite"), encoder_config=dict(
        context_size=200, conv_expansion_factor=2, conv_kernel_size=15, dim_head=32, feedforward_mult=4, hidden_dim=64, input_dim=160, max_pos_emb=512, num_heads=2,
        num_layers=2, output_dim=40), projector_config=dict(
            hidden_size=64, encoder_hidden_size=64, intermediate_size=96, num_attention_heads=2, num_hidden_layers=2, cross_attention_frequency=1)), 4, alone=True, mended=dict(
                renamed={"conv_norm_var": "conv_norm"})),
    "gemma4-unified-sees": seen(UNIFIED, (96, 192), BARE, alone=True),
    "gemma4-unified-hears": heard(UNIFIED, 4, 1e-5, alone=True) | {"files": {"preprocessor_config.json": BARE}},
}  # fmt: skip
