"""What make_models_projectors.py makes beside model_specs_projectors.py's: models that came last."""

from model_specs import SIZE
from model_specs_more import but
from model_specs_projectors import (
    CLIP_MEAN, GEMMA4, GEMMA4_CONFIG, HALF, OCR, OCR_CONFIG, QWEN_3, QWEN_25, ROPE, ROPE_3, SIGLIP, TEXT, ULTRAVOX, WHISPER, both, language, made, pictures,
)  # fmt: skip


def siglip(start: str, patch: list, positions: int = 0) -> dict:
    """SigLIP's blocks, its patches, and positions where there are some."""
    layer = f"{start}encoder.layers.{{}}"
    shapes = both(f"{layer}.layer_norm1", 32) | both(f"{layer}.layer_norm2", 32) | both(f"{layer}.mlp.fc1", 96, 32) | both(
        f"{layer}.mlp.fc2", 32, 96) | both(f"{start}embeddings.patch_embedding", *patch)  # fmt: skip
    for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
        shapes |= both(f"{layer}.self_attn.{part}", 32, 32)
    return shapes | ({f"{start}embeddings.position_embedding.weight": [positions, 32]} if positions else {})


PHI4_TOWER = siglip("model.vision_tower.vision_tower.vision_model.", [32, 588], 16) | both(
    "model.vision_tower.vision_tower.vision_model.post_layernorm", 32) | {
    "model.vision_tower.vision_tower.vision_model.head.probe": [1, 1, 32]} | both("model.mm_projector.0", 64, 32) | both(
    "model.mm_projector.2", 64, 64)  # fmt: skip
YOUTU = siglip("siglip2.vision_model.", [32, 588]) | both("siglip2.vision_model.post_layernorm", 32) | {"merger.ln_q.weight": [32]} | both(
    "merger.mlp.0", 128, 128) | both("merger.mlp.2", 64, 128)  # fmt: skip
RES = "vision_model.transformer.resblocks.{}"
STEP3 = {
    f"{RES}.attn.in_proj_weight": [4608, 1536], f"{RES}.attn.in_proj_bias": [4608], f"{RES}.ls_1.gamma": [1536], f"{RES}.ls_2.gamma": [1536],
    "vision_model.positional_embedding": [2704, 1536], "vision_model.conv1.weight": [1536, 3, 14, 14], "vit_large_projector.weight": [64, 6144],
    } | both(f"{RES}.ln_1", 1536) | both(f"{RES}.ln_2", 1536) | both(f"{RES}.attn.out_proj", 1536, 1536) | both(
    f"{RES}.mlp.c_fc", 8960, 1536) | both(f"{RES}.mlp.c_proj", 1536, 8960) | both("vision_model.ln_pre", 1536) | both(
    "vision_model.vit_downsampler1", 3072, 1536, 3, 3) | both("vision_model.vit_downsampler2", 6144, 3072, 3, 3)  # fmt: skip
STEP3_VISION = dict(width=1536, layers=47, heads=16, image_size=728, patch_size=14, mlp_ratio=8960 / 1536)
M3 = "vision_tower.vision_model.encoder.layers.{}"
MINIMAX = {"vision_tower.vision_model.embeddings.patch_embedding.weight": [160, 3, 2, 14, 14]} | both(f"{M3}.layer_norm1", 160) | both(
    f"{M3}.layer_norm2", 160) | both(f"{M3}.mlp.fc1", 96, 160) | both(f"{M3}.mlp.fc2", 160, 96) | both(
    "vision_tower.vision_model.pre_layrnorm", 160) | both("multi_modal_projector.linear_1", 96, 160) | both(
    "multi_modal_projector.linear_2", 64, 96) | both("patch_merge_mlp.linear_1", 96, 256) | both("patch_merge_mlp.linear_2", 64, 96)  # fmt: skip
for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
    MINIMAX |= both(f"{M3}.self_attn.{part}", 160, 160)
UNIFIED = both("model.vision_embedder.patch_ln1", 108) | both("model.vision_embedder.patch_dense", 32, 108) | both(
    "model.vision_embedder.patch_ln2", 32) | both("model.vision_embedder.pos_norm", 32) | {
    "model.vision_embedder.pos_embedding": [8, 2, 32], "model.embed_vision.embedding_projection.weight": [64, 32],
    "model.embed_audio.embedding_projection.weight": [64, 24]}  # fmt: skip
QWEN = "model.qwen2_model.model.model.layers.{}"
# Fourteen heads, as the reference states of every model.
OCR2 = {name: shape for name, shape in OCR.items() if "vision_model" not in name and "image_newline" not in name} | {
    f"{QWEN}.input_layernorm.weight": [224], f"{QWEN}.post_attention_layernorm.weight": [224],
    "model.qwen2_model.model.model.norm.weight": [224], "model.qwen2_model.query_768.weight": [144, 224],
    "model.qwen2_model.query_1024.weight": [256, 224], "model.sam_model.net_3.weight": [224, 32, 3, 3], f"{QWEN}.self_attn.o_proj.weight": [
        224, 224]} | both(f"{QWEN}.self_attn.q_proj", 224, 224) | both(f"{QWEN}.self_attn.k_proj", 32, 224) | both(
    f"{QWEN}.self_attn.v_proj", 32, 224) | both("model.projector.layers", 64, 224) | {f"{QWEN}.mlp.{part}_proj.weight": shape for part, shape in {
        "gate": [96, 224], "up": [96, 224], "down": [224, 96]}.items()}  # fmt: skip
OCR2_CONFIG = but(OCR_CONFIG, architectures=["DeepseekOCR2ForCausalLM"], vision_config=dict(
    image_size=1024, model_name="deepencoderv2", model_type="vision", layers=4, width={"qwen2-0-5b": dict(dim=224), "sam_vit_b": dict(
        heads=2, layers=4, width=32)}))  # fmt: skip


def thinking(*parts: dict) -> dict:
    """The names of Qwen's models that hear and speak."""
    return {f"thinker.{name}": shape for part in parts for name, shape in part.items()}


SIGHT = "visual.blocks.{}"
SIGHT_25 = {"visual.patch_embed.proj.weight": [32, 3, 2, 14, 14], "visual.merger.ln_q.weight": [32], f"{SIGHT}.norm1.weight": [32],
            f"{SIGHT}.norm2.weight": [32]} | both(f"{SIGHT}.attn.proj", 32, 32) | both(f"{SIGHT}.mlp.gate_proj", 96, 32) | both(
    f"{SIGHT}.mlp.up_proj", 96, 32) | both(f"{SIGHT}.mlp.down_proj", 32, 96) | both("visual.merger.mlp.0", 128, 128) | both(
    "visual.merger.mlp.2", 64, 128)  # fmt: skip
for part in ("q", "k", "v"):
    SIGHT_25 |= both(f"{SIGHT}.attn.{part}", 32, 32)
HEARING = "audio_tower.layers.{}"
LISTENING = {name: shape for name, shape in ULTRAVOX.items() if name.startswith(HEARING)}
SOUND_25 = LISTENING | both("audio_tower.conv1", 32, 32, 3) | both("audio_tower.conv2", 32, 32, 3) | both("audio_tower.ln_post", 32) | both(
    "audio_tower.proj", 64, 32) | {"audio_tower.audio_bos_eos_token.weight": [2, 64]}  # fmt: skip
SOUND_3 = LISTENING | {f"{HEARING}.self_attn.k_proj.bias": [32], "audio_tower.conv_out.weight": [32, 96]} | both(
    "audio_tower.conv2d1", 24, 1, 3, 3) | both("audio_tower.conv2d2", 24, 24, 3, 3) | both("audio_tower.conv2d3", 24, 24, 3, 3) | both(
    "audio_tower.ln_post", 32) | both("audio_tower.proj1", 32, 32) | both("audio_tower.proj2", 64, 32)  # fmt: skip
OMNI_SPEECH = {"talker.model.norm.weight": [32], "token2wav.code2wav_dit_model.norm.weight": [32]}
TALKING = language("", "lm_head.weight")
CONFORM = "conformer.layers.{}"
LFM_SOUND = {
    f"{CONFORM}.self_attn.linear_pos.weight": [32, 32], f"{CONFORM}.self_attn.pos_bias_u": [2, 16], f"{CONFORM}.self_attn.pos_bias_v": [2, 16],
    f"{CONFORM}.conv.batch_norm.running_mean": [32], f"{CONFORM}.conv.batch_norm.running_var": [32],
    f"{CONFORM}.conv.batch_norm.num_batches_tracked": [], "audio_embedding.embedding.weight": [48, 64],
    "audio_embedding.embedding_norm.weight": [64], "audio_embedding.to_logits.weight": [48, 64], "audio_loss_weight": [1],
    "codebook_offsets": [8], "depth_embeddings.0.embedding.weight": [48, 32], "depthformer.layers.0.norm.weight": [32],
    "lfm.embed_tokens.weight": [SIZE, 64], "lfm.layers.0.ffn_norm.weight": [64]} | both("depth_linear", 32, 64) | both(
    "conformer.pre_encode.out", 32, 32) | both("audio_adapter.model.0", 32) | both("audio_adapter.model.1", 96, 32) | both(
    "audio_adapter.model.3", 64, 96) | both(f"{CONFORM}.conv.batch_norm", 32) | both(f"{CONFORM}.conv.depthwise_conv", 32, 1, 9) | both(
    f"{CONFORM}.conv.pointwise_conv1", 64, 32, 1) | both(f"{CONFORM}.conv.pointwise_conv2", 32, 32, 1)  # fmt: skip
for layer, columns in ("0", [1, 3, 3]), ("2", [1, 3, 3]), ("3", [8, 1, 1]), ("5", [1, 3, 3]), ("6", [8, 1, 1]):
    LFM_SOUND |= both(f"conformer.pre_encode.conv.{layer}", 8, *columns)
for part in ("q", "k", "v", "out"):
    LFM_SOUND |= both(f"{CONFORM}.self_attn.linear_{part}", 32, 32)
for part in ("norm_self_att", "norm_out", "norm_conv", "norm_feed_forward1", "norm_feed_forward2"):
    LFM_SOUND |= both(f"{CONFORM}.{part}", 32)
for part in ("feed_forward1", "feed_forward2"):
    LFM_SOUND |= both(f"{CONFORM}.{part}.linear1", 96, 32) | both(f"{CONFORM}.{part}.linear2", 32, 96)
EAR4 = "model.audio_tower.layers.{}"
GEMMA4_SOUND = {f"{EAR4}.{name}.weight": shape for name, shape in {
    "self_attn.relative_k_proj": [64, 64], "lconv1d.depthwise_conv1d": [64, 1, 5], "lconv1d.pre_layer_norm": [64], "lconv1d.conv_norm": [64],
    "norm_pre_attn": [64], "norm_post_attn": [64], "norm_out": [64], "feed_forward1.pre_layer_norm": [64],
    "feed_forward1.post_layer_norm": [64], "feed_forward2.pre_layer_norm": [64], "feed_forward2.post_layer_norm": [64]}.items()} | {
    f"{EAR4}.self_attn.per_dim_scale": [32]} | {f"model.audio_tower.subsample_conv_projection.{name}.weight": shape for name, shape in {
        "layer0.conv": [16, 1, 3, 3], "layer0.norm": [16], "layer1.conv": [8, 16, 3, 3], "layer1.norm": [8],
        "input_proj_linear": [64, 32]}.items()} | both("model.audio_tower.output_proj", 48, 64) | {
    "model.embed_audio.embedding_projection.weight": [64, 48]}  # fmt: skip
for part, shape in {"self_attn.q_proj": [64, 64], "self_attn.k_proj": [64, 64], "self_attn.v_proj": [64, 64], "self_attn.post": [64, 64],
                    "feed_forward1.ffw_layer_1": [256, 64], "feed_forward1.ffw_layer_2": [64, 256], "feed_forward2.ffw_layer_1": [256, 64],
                    "feed_forward2.ffw_layer_2": [64, 256], "lconv1d.linear_start": [128, 64], "lconv1d.linear_end": [64, 64]}.items():  # fmt: skip
    GEMMA4_SOUND[f"{EAR4}.{part}.linear.weight"] = shape
    for end in ("input_min", "input_max", "output_min", "output_max"):
        GEMMA4_SOUND[f"{EAR4}.{part}.{end}"] = []
GRANITE = "encoder.layers.{}"
ASKING = "projector.qformer.encoder.layer.{}"


def granite(columns: int) -> dict:
    """Granite Speech, whose questions are put to so many numbers."""
    shapes = {"projector.query": [1, 3, 64], f"{GRANITE}.attn.to_q.weight": [64, 64], f"{GRANITE}.attn.to_kv.weight": [128, 64],
              f"{GRANITE}.attn.rel_pos_emb.weight": [33, 32], f"{GRANITE}.conv.depth_conv.conv.weight": [128, 1, 15],
              f"{GRANITE}.conv.batch_norm.running_mean": [128], f"{GRANITE}.conv.batch_norm.running_var": [128],
              f"{GRANITE}.conv.batch_norm.num_batches_tracked": []}  # fmt: skip
    shapes |= both("encoder.input_linear", 64, 32) | both("encoder.out", 40, 64) | both("encoder.out_mid", 64, 40)
    shapes |= both(f"{GRANITE}.attn.to_out", 64, 64) | both(f"{GRANITE}.conv.up_conv", 256, 64, 1) | both(f"{GRANITE}.conv.down_conv", 64, 128, 1)
    shapes |= both(f"{GRANITE}.conv.batch_norm", 128) | both("projector.qformer.layernorm", 64) | both("projector.linear", 64, 64)
    for part in ("attn.pre_norm", "conv.norm", "post_norm", "ff1.pre_norm", "ff2.pre_norm"):
        shapes |= both(f"{GRANITE}.{part}", 64)
    for part in ("ff1", "ff2"):
        shapes |= both(f"{GRANITE}.{part}.up_proj", 256, 64) | both(f"{GRANITE}.{part}.down_proj", 64, 256)
    asked = {"attention.attention.query": [64, 64], "attention.attention.key": [64, 64], "attention.attention.value": [64, 64],
             "attention.output.dense": [64, 64], "attention.output.LayerNorm": [64], "crossattention.attention.query": [64, 64],
             "crossattention.attention.key": [64, columns], "crossattention.attention.value": [64, columns],
             "crossattention.output.dense": [64, 64], "crossattention.output.LayerNorm": [64], "intermediate_query.dense": [96, 64],
             "output_query.dense": [64, 96], "output_query.LayerNorm": [64]}  # fmt: skip
    for layer in range(2):
        for part, shape in asked.items():
            shapes |= both(f"{ASKING.format(layer)}.{part}", *shape)
    return shapes | language()


ASKERS = siglip("model.vision_tower.vision_model.", [32, 3, 16, 16], 16) | both("model.vision_tower.vision_model.post_layernorm", 32) | {
    "model.vision_tower.vision_model.head.probe": [1, 1, 32], "model.image_newline": [64]}  # fmt: skip
for start in ("layerwise_projectors.0", "layerwise_projectors.1", "spatial_projectors.0", "spatial_projectors.1"):
    ASKERS |= {f"model.{start}.query": [1, 4, 32], f"model.{start}.image_positions": [1, 16, 32]} | both(f"model.{start}.norm", 32) | both(
        f"model.{start}.out_linear", 64, 32) | both(f"model.{start}.qformer.layernorm", 32)  # fmt: skip
    for part, shape in {
        "attention.attention.query": [32, 32], "attention.attention.key": [32, 32], "attention.attention.value": [32, 32],
        "attention.output.dense": [32, 32], "attention.output.LayerNorm": [32], "crossattention.attention.query": [32, 32],
        "crossattention.attention.key": [32, 32], "crossattention.attention.value": [32, 32], "crossattention.output.dense": [32, 32],
        "crossattention.output.LayerNorm": [32], "intermediate_query.dense": [96, 32], "output_query.dense": [32, 96],
        "output_query.LayerNorm": [32]}.items():  # fmt: skip
        ASKERS |= both(f"model.{start}.qformer.encoder.layer.0.{part}", *shape)
LING = {"visual.pos_embed.weight": [16, 32], "visual.patch_embed.proj.weight": [32, 3, 2, 16, 16]} | both(f"{SIGHT}.norm1", 32) | both(
    f"{SIGHT}.norm2", 32) | both(f"{SIGHT}.attn.qkv", 96, 32) | both(f"{SIGHT}.attn.proj", 32, 32) | both(
    f"{SIGHT}.mlp.linear_fc1", 96, 32) | both(f"{SIGHT}.mlp.linear_fc2", 32, 96) | both("visual.merger.norm", 32) | both(
    "linear_proj.0", 128, 128) | both("linear_proj.2", 64, 128)  # fmt: skip
V4 = "vision.blocks.{}"
V4_SIGHT = {
    "vision.patch_embed.proj.weight": [32, 588], "vision.norm.weight": [32], f"{V4}.norm1.weight": [32], f"{V4}.norm2.weight": [32],
    f"{V4}.attn.wqkv.weight": [96, 32], f"{V4}.attn.wo.weight": [32, 32], f"{V4}.mlp.w1.weight": [192, 32], f"{V4}.mlp.w2.weight": [32, 96],
    "image_newline": [64], "image_start": [64], "image_end": [64], "image_pad": [64],
    "embed.weight": [SIZE, 64], "layers.0.attn_norm.weight": [64], "head.weight": [SIZE, 64], "norm.weight": [64]} | both(
    "aligner.w1", 128, 288) | both("aligner.w2", 64, 128)  # fmt: skip
MUSE = "model.vision_tower.layers.{}"
MUSE_SIGHT = {
    "model.vision_tower.patch_embedder.patch_embedding.weight": [32, 1176], "model.vision_tower.patch_embedder.position_embedding_table.weight": [
        16, 32], "model.vision_adapter.fc1.weight": [128, 128], "model.vision_adapter.fc2.weight": [96, 128],
    "model.vision_projection.weight": [64, 96]} | both(f"{MUSE}.norm1", 32) | both(f"{MUSE}.norm2", 32) | both(
    f"{MUSE}.mlp.fc1", 96, 32) | both(f"{MUSE}.mlp.fc2", 32, 96) | both("model.vision_tower.ln_pre", 32) | both(
    "model.vision_tower.ln_post", 32)  # fmt: skip
for part in ("proj", "q_proj", "k_proj", "v_proj"):
    MUSE_SIGHT |= both(f"{MUSE}.attn.{part}", 32, 32)
DOTS = "vision_encoder.blocks.{}"
DOTS_EAR = "audio_encoder.dots_encoder.speech_encoder"
DOTS3 = {
    "vision_encoder.patch_embed.norm.weight": [32], "vision_encoder.post_trunk_norm.weight": [32], f"{DOTS}.norm_1.weight": [32],
    f"{DOTS}.norm_2.weight": [32], f"{DOTS}.attn.qkv.weight": [96, 32], f"{DOTS}.attn.proj.weight": [32, 32],
    f"{DOTS}.attn.q_norm.weight": [16], f"{DOTS}.attn.k_norm.weight": [16], f"{DOTS_EAR}.conv_out.weight": [32, 96],
    f"{DOTS_EAR}.layer_norm.weight": [32], f"{DOTS_EAR}.layers.{{}}.self_attn_layer_norm.weight": [32],
    f"{DOTS_EAR}.layers.{{}}.final_layer_norm.weight": [32], f"{DOTS_EAR}.layers.{{}}.self_attn.k_proj.weight": [32, 32]} | both(
    "vision_encoder.patch_embed.proj", 32, 3, 14, 14) | both("vision_encoder.adapter.ln_q", 32) | both("vision_encoder.adapter.mlp.0", 128, 128) | both(
    "vision_encoder.adapter.mlp.2", 64, 128) | both(f"{DOTS_EAR}.conv2d1", 24, 1, 3, 3) | both(f"{DOTS_EAR}.conv2d2", 24, 24, 3, 3) | both(
    f"{DOTS_EAR}.conv2d3", 24, 24, 3, 3) | both(f"{DOTS_EAR}.layers.{{}}.fc1", 192, 32) | both(f"{DOTS_EAR}.layers.{{}}.fc2", 32, 96) | both(
    "audio_encoder.audio_adapter.proj.0", 32) | both("audio_encoder.audio_adapter.proj.1", 64, 32) | both(
    "audio_encoder.audio_adapter.proj.3", 64, 64)  # fmt: skip
for part in ("q", "v", "out"):
    DOTS3 |= both(f"{DOTS_EAR}.layers.{{}}.self_attn.{part}_proj", 32, 32)
PYRAMID = [-1, -1, 2, 3]
for block, count in enumerate(PYRAMID):
    MLP = f"{DOTS.format(block)}.mlp"
    for start in [f"{MLP}.experts.{expert}" for expert in range(count)] or [MLP]:
        DOTS3 |= {f"{start}.fc1.weight": [96, 32], f"{start}.fc2.weight": [32, 96], f"{start}.fc3.weight": [96, 32]}
    if count > 0:
        DOTS3 |= {f"{MLP}.gate_weight": [count, 32], f"{MLP}.router_bias": [count]}
GRANITE_CONFIG = dict(
    architectures=["GraniteSpeechForConditionalGeneration"], model_type="granite_speech", downsample_rate=5, window_size=15,
    has_lora_adapter=True, text_config=TEXT | dict(model_type="granite"), encoder_config=dict(
        model_type="granite_speech_encoder", context_size=200, conv_expansion_factor=2, conv_kernel_size=15, dim_head=32, dropout=0.1,
        feedforward_mult=4, hidden_dim=64, input_dim=32, max_pos_emb=16, num_heads=2, num_layers=4, output_dim=40),
    projector_config=dict(model_type="blip_2_qformer", hidden_size=64, encoder_hidden_size=64, intermediate_size=96, num_attention_heads=2,
                          num_hidden_layers=2))  # fmt: skip

BY_HAND = {
    "qwen2_5-omni": made(dict(
        architectures=["Qwen2_5OmniModel"], model_type="qwen2_5_omni", thinker_config=dict(
            text_config=TEXT | ROPE, vision_config=QWEN_25, audio_config=WHISPER)), thinking(SIGHT_25, SOUND_25, TALKING) | OMNI_SPEECH, "bpe",
        files=pictures(CLIP_MEAN)),
    "qwen3-asr": made(dict(
        architectures=["Qwen3ASRForConditionalGeneration"], model_type="qwen3_asr", thinker_config=dict(
            text_config=TEXT | ROPE_3, audio_config=WHISPER | dict(num_hidden_layers=4, downsample_hidden_size=24))),
        thinking(SOUND_3, TALKING), "bpe"),
    "lfm2-audio": made(dict(
        architectures=["Lfm2AudioForConditionalGeneration"], model_type="lfm2_audio", codebooks=8, encoder=dict(
            d_model=32, feat_in=32, n_heads=2, n_layers=8, conv_kernel_size=9, subsampling_conv_channels=8), lfm=TEXT | dict(
                architectures=["Lfm2ForCausalLM"], model_type="lfm2")), LFM_SOUND, "bpe") | dict(blocks=8),
    "gemma4-hearing": made(GEMMA4_CONFIG | dict(audio_config=dict(
        model_type="gemma4_audio", hidden_size=64, num_hidden_layers=4, num_attention_heads=2, subsampling_conv_channels=[16, 8],
        output_proj_dims=48)), GEMMA4 | GEMMA4_SOUND | language("model.language_model.", None), "bpe", files=pictures(HALF)),
    "granite4-vision": made(dict(
        architectures=["Granite4VisionForConditionalGeneration"], model_type="granite4_vision", downsample_rate="4/8", spatial_vision_layer=-1,
        deepstack_layer_map=[[-1, 2], [1, 0]], spatial_target_layers=[1, 3], image_grid_pinpoints=[[64, 128], [128, 64]], text_config=TEXT | dict(
            model_type="granite", num_hidden_layers=4), vision_config=SIGLIP | dict(model_type="siglip_vision_model")), ASKERS | language(
        "model.language_model.", "lm_head.weight"), "bpe", files=pictures(HALF)),
    "ling-vl": made(dict(
        architectures=["BailingMoeV3VLForConditionalGeneration"], model_type="bailing_moe_v3_vl", text_config=TEXT | dict(rms_norm_eps=1e-5),
        vision_config=but(QWEN_3, "deepstack_visual_indexes", disable_merger_proj=True, out_hidden_size=128, spatial_merge_size=2)),
        LING | language("", "lm_head.weight"), "bpe", files=pictures(HALF)),
    "deepseek-v4": made(TEXT | dict(
        architectures=["DeepseekV4ForCausalLM"], model_type="deepseek_v4", vision_n_layers=4, vision_dim=32, vision_n_heads=2,
        vision_inter_dim=96, vision_patch_size=14, vision_downsample_ratio=3, vision_min_pixels=784, vision_max_n_token=384,
        vision_max_wh_ratio=8), V4_SIGHT, "bpe"),
    "muse-glimmer": made(dict(
        architectures=["MuseGlimmerForConditionalGeneration"], model_type="muse_glimmer", text_config=TEXT, vision_config=dict(
            model_type="muse_glimmer_vision", hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, patch_size=14,
            pos_emb_height=4, pos_emb_width=4, patch_temporal=2, merge_size=2, layer_norm_eps=1e-5)), MUSE_SIGHT | language(
        "model.language_model.", "lm_head.weight"), "bpe", files=pictures(HALF)),
    "muse-glimmer-half": made(dict(
        architectures=["MuseGlimmerForConditionalGeneration"], model_type="muse_glimmer", text_config=TEXT, vision_config=dict(
            model_type="muse_glimmer_vision", hidden_size=32, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, patch_size=14,
            pos_emb_height=4, pos_emb_width=4, patch_temporal=2, merge_size=2, layer_norm_eps=1e-5)), MUSE_SIGHT | language(
        "model.language_model.", "lm_head.weight"), "bpe", "float16", files=pictures(HALF)),
    "dots3-note": made(dict(
        architectures=["Dots3NoteForConditionalGeneration"], model_type="dots3_note", text_config=TEXT, vision_config=dict(
            embed_dim=32, hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, patch_size=14, rms_norm_eps=1e-5,
            spatial_merge_size=2, temporal_patch_size=1, adapter_type="patch_merger", pre_pixel_shuffle=True, use_bias=False, use_qk_norm=True,
            pyramid_num_routed=PYRAMID, capacity_factor=2.0), audio_config=dict(
                use_conv2d_stem=True, use_rope=True, use_rms_norm=True, use_causal=False, chunk_seconds=60, merge_factor=1, rope_parameters=dict(
                    partial_rotary_factor=0.5, rope_theta=10000.0), whisper_config=WHISPER | dict(activation_function="swiglu"))),
        DOTS3 | language("", "lm_head.weight"), "bpe", files=pictures(dict(vision_config=CLIP_MEAN | dict(min_pixels=3136, max_pixels=11289600)))),
    "granite-speech": made(GRANITE_CONFIG, granite(64), "bpe"),
    "granite-speech-plus": made(but(
        GRANITE_CONFIG, architectures=["GraniteSpeechPlusForConditionalGeneration"], encoder_config=GRANITE_CONFIG["encoder_config"] | dict(
            cat_hidden_layers=[1, 2]), projector_config=GRANITE_CONFIG["projector_config"] | dict(encoder_hidden_size=192)), granite(192),
        "bpe", "float16"),
    "phi4-v": made(TEXT | dict(
        architectures=["Phi4ForCausalLMV"], model_type="phi4-siglip", vision_config=but(SIGLIP, "image_size", "patch_size"),
        max_num_patches=64), PHI4_TOWER | language("", "lm_head.weight"), "bpe", files=pictures(
            HALF | dict(patch_size=14, min_num_patches=16))),
    "youtu-vl": made(TEXT | dict(
        architectures=["YoutuVLForConditionalGeneration"], model_type="youtu_vl", vision_config=but(
            SIGLIP, "image_size", patch_size=14, window_size=112, fullatt_block_indexes=[1, 3])), YOUTU | language("", "lm_head.weight"), "bpe",
        files=pictures(HALF)),
    "minimax-m3": made(dict(
        architectures=["MiniMaxM3SparseForConditionalGeneration"], model_type="minimax_m3_vl", text_config=TEXT, vision_config=dict(
            hidden_size=160, intermediate_size=96, num_hidden_layers=4, num_attention_heads=2, image_size=56, patch_size=14,
            img_token_compression_config=dict(spatial_merge_size=2))), MINIMAX | language(), "bpe", files=pictures(CLIP_MEAN)),
    "gemma4-unified": made(dict(
        architectures=["Gemma4UnifiedForConditionalGeneration"], model_type="gemma4_unified", text_config=TEXT, vision_config=dict(
            mm_embed_dim=32, patch_size=2, pooling_kernel_size=3), audio_config=dict(audio_embed_dim=24)), UNIFIED | language(
        "model.language_model.", ""), "bpe", files=pictures(HALF)),
    "deepseek-ocr-2": made(OCR2_CONFIG, OCR2 | language("", "lm_head.weight"), "bpe", files=pictures(HALF)),
}  # fmt: skip

# Of the one size that the reference converts, 4 GB each: made only where they are named, of zeros. Their cases are kept.
LARGE = {
    "step3-vl": made(dict(
        architectures=["StepVLForConditionalGeneration"], model_type="step_robotics", understand_projector_stride=2, vision_config=STEP3_VISION,
        text_config=TEXT), STEP3 | language("", "lm_head.weight"), "bpe") | dict(blocks=47),
    "step3p7": made(dict(
        architectures=["Step3p7ForConditionalGeneration"], model_type="step3p7", understand_projector_stride=2, vision_config=dict(
            hidden_size=1536, num_hidden_layers=47, num_attention_heads=16, image_size=728, patch_size=14, intermediate_size=8960,
            layer_norm_eps=1e-6), text_config=TEXT), STEP3 | language("", "lm_head.weight"), "bpe", "float16", files=pictures(HALF)) | dict(blocks=47),
}  # fmt: skip
