"""What make_models_projectors.py makes beside model_specs_projectors.py's: models that came last."""

from model_specs_more import but
from model_specs_projectors import (
    CLIP_MEAN, HALF, OCR, OCR_CONFIG, SIGLIP, TEXT, both, language, made, pictures,
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

BY_HAND = {
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
