"""What make_models_runs.py makes: a small model of a class of transformers, as transformers itself saves it, for test_llama_runs.py.

Of each: the class, what its configuration states beside `COMMON` (of the part for text where the class has several), and
the tokenizer of make_models.py.
"""

from model_specs import SIZE

COMMON = dict(
    vocab_size=SIZE, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=128, tie_word_embeddings=False, bos_token_id=0, eos_token_id=1, pad_token_id=1,
)  # fmt: skip
EXPERTS = dict(num_experts=4, num_local_experts=4, n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32)
SHARED = EXPERTS | dict(n_shared_experts=1, num_shared_experts=1)
LATENT = dict(
    q_lora_rank=24, kv_lora_rank=32, qk_rope_head_dim=16, qk_nope_head_dim=16, v_head_dim=16, num_key_value_heads=4,
)  # fmt: skip


MAMBA = dict(mamba_n_heads=8, mamba_d_head=16, mamba_d_state=16, mamba_n_groups=1)
DELTA = dict(
    num_hidden_layers=4, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=16, linear_value_head_dim=16,
    shared_expert_intermediate_size=32,
)  # fmt: skip
INDEXED = dict(index_n_heads=4, index_head_dim=64, index_topk=64)
GROUPED = SHARED | dict(first_k_dense_replace=1, n_group=1, topk_group=1)
NO_MTP = dict(num_nextn_predict_layers=0)


VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, image_size=32, patch_size=16)
QWEN_VISION = dict(depth=1, hidden_size=32, embed_dim=32, intermediate_size=64, num_heads=2, out_hidden_size=64, patch_size=16)
AUDIO = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, d_model=32, encoder_layers=1,
             encoder_attention_heads=2, encoder_ffn_dim=64, num_mel_bins=16)  # fmt: skip
MROPE = dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[2, 3, 3]))
# Where sections take turns, llama.cpp rotates nothing by what is left when the second and third have no more.
TURNS = dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, mrope_section=[3, 3, 2]))

HALF_ROTATED = dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5, mrope_section=[1, 1, 2]))


def run(of: str, tokenizer: str = "bpe", put: dict | None = None, names: dict | None = None, turned: tuple = (), **config) -> dict:
    """With `put`, config.json has these keys over those that transformers saves, and with `names` tensors have other parts in
    their names, those of `turned` their last dimensions in each other's place: as models are published."""
    return {"class": of, "tokenizer": tokenizer, "put": put or {}, "names": names or {}, "turned": turned, "config": COMMON | config}


def within(of: str, tokenizer: str = "bpe", text: dict | None = None, **outside) -> dict:
    """A class of which the part for text is one of several."""
    made = run(of, tokenizer)
    return made | {"config": dict(bos_token_id=0, eos_token_id=1, pad_token_id=1, tie_word_embeddings=False, text_config=COMMON | (text or {})) | outside}


RUNS = {
    # transformers always scales a token's experts to 1, and does not save the key that says so.
    "afmoe": run("AfmoeForCausalLM", **SHARED, num_dense_layers=1, head_dim=16, sliding_window=64, mup_enabled=True, route_scale=2.826,
                 put=dict(route_norm=True)),
    "apertus": run("ApertusForCausalLM"),
    "arcee": run("ArceeForCausalLM"),
    "bamba": run("BambaForCausalLM", num_hidden_layers=3, attn_layer_indices=[1], **MAMBA,
                 rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0)),
    "cohere2": run("Cohere2ForCausalLM", num_hidden_layers=4, sliding_window=64, head_dim=16, logit_scale=1.0, tie_word_embeddings=True),
    "cohere2-moe": run("Cohere2MoeForCausalLM", num_hidden_layers=4, sliding_window=64, head_dim=16, logit_scale=1.0, **SHARED),
    "deepseek32": run("DeepseekV32ForCausalLM", **GROUPED, **LATENT, **INDEXED, put=dict(scoring_func="sigmoid")),
    "dots1": run("Dots1ForCausalLM", **GROUPED | dict(num_key_value_heads=4), head_dim=16, put=dict(scoring_func="sigmoid")),
    "ernie-moe": run("Ernie4_5_MoeForCausalLM", "spm", **EXPERTS, intermediate_size=64, moe_num_experts=4, moe_k=2, moe_layer_start_index=1, moe_num_shared_experts=1),
    "exaone4": run("Exaone4ForCausalLM", sliding_window=None, sliding_window_pattern=None, layer_types=["full_attention"] * 2),
    "exaone-moe": run("ExaoneMoeForCausalLM", num_hidden_layers=4, sliding_window=64, sliding_window_pattern=4, **GROUPED,
                      put=dict(scoring_func="sigmoid", sliding_window_pattern="LLLG")),
    "falcon-h1": run("FalconH1ForCausalLM", **MAMBA, mamba_d_ssm=128, head_dim=16),
    "falcon-mamba": run("FalconMambaForCausalLM", state_size=16, conv_kernel=4, expand=2, time_step_rank=8, intermediate_size=128),
    "gpt-bigcode": run("GPTBigCodeForCausalLM", n_embd=64, n_layer=2, n_head=4, n_inner=256, n_positions=128),
    # llama.cpp divides by one less for the deviation of a layer's inside, which wide layers do not show.
    "gemma3n": run("Gemma3nForCausalLM", "spm", num_hidden_layers=20, intermediate_size=4096, activation_sparsity_pattern=[0.95] * 10 + [0.0] * 10,
                   head_dim=16, vocab_size_per_layer_input=SIZE, hidden_size_per_layer_input=256, laurel_rank=64, num_kv_shared_layers=0,
                   sliding_window=64, tie_word_embeddings=True) | {"most": 1e-4},
    "gemma4": run("Gemma4ForCausalLM", "gemma4", num_hidden_layers=6, head_dim=16, global_head_dim=32, sliding_window=64, tie_word_embeddings=True,
                  vocab_size=318, vocab_size_per_layer_input=318, hidden_size_per_layer_input=0, num_kv_shared_layers=0),
    "glm4-moe": run("Glm4MoeForCausalLM", "glm-moe", **GROUPED, head_dim=16),
    "glm4-moe-lite": run("Glm4MoeLiteForCausalLM", "glm-moe", **GROUPED, **LATENT, put=dict(scoring_func="sigmoid")),
    "glm-dsa": run("GlmMoeDsaForCausalLM", "glm-moe", **GROUPED, **LATENT, **INDEXED),
    "granite-moe": run("GraniteMoeForCausalLM", **EXPERTS),
    "granite-moe-shared": run("GraniteMoeSharedForCausalLM", **EXPERTS, shared_intermediate_size=48),
    "granite-hybrid": run("GraniteMoeHybridForCausalLM", **EXPERTS, **MAMBA, num_hidden_layers=3, shared_intermediate_size=48,
                          layer_types=["mamba", "attention", "mamba"]),
    "granite-swa": run("GraniteSWAForCausalLM", sliding_window=64),
    "granite-moe-swa": run("GraniteMoeSWAForCausalLM", **EXPERTS, sliding_window=64),
    "hy3": run("HYV3ForCausalLM", **SHARED, head_dim=16, first_k_dense_replace=1, initializer_range=0.02),
    "hrm-text": run("HrmTextForCausalLM", num_key_value_heads=4, head_dim=16),
    "hunyuan": run("HunYuanDenseV1ForCausalLM", head_dim=16),
    "jais2": run("Jais2ForCausalLM"),
    "jamba": run("JambaForCausalLM", "spm", **EXPERTS, num_hidden_layers=4, attn_layer_period=4, attn_layer_offset=1, expert_layer_period=2,
                 expert_layer_offset=1, mamba_d_state=16, mamba_dt_rank=8, use_mamba_kernels=False),
    "kimi-linear": run("KimiLinearForCausalLM", "bpe", **GROUPED, **LATENT | dict(q_lora_rank=None), head_dim=32,
                       linear_attn_config=dict(full_attn_layers=[2], kda_layers=[1], head_dim=16, num_heads=4, short_conv_kernel_size=4),
                       num_expert_group=1, num_experts_per_token=2,
                       names={"layers.0.block_sparse_moe": "layers.0.mlp"}, put=dict(
                           moe_router_activation_func="sigmoid", num_expert_group=1, use_grouped_topk=True, mla_use_nope=True, linear_attn_config=dict(full_attn_layers=[2], kda_layers=[1], head_dim=16, num_heads=4, short_conv_kernel_size=4))),
    "laguna": run("LagunaForCausalLM", **SHARED, head_dim=16, sliding_window=64, layer_types=["full_attention", "sliding_attention"],
                  shared_expert_intermediate_size=32),
    "lfm2": run("Lfm2ForCausalLM", num_hidden_layers=3, layer_types=["conv", "full_attention", "conv"], block_multiple_of=32),
    "lfm2-moe": run("Lfm2MoeForCausalLM", num_hidden_layers=3, layer_types=["conv", "full_attention", "conv"], **EXPERTS, num_dense_layers=1,
                    tie_word_embeddings=True),
    "llama4": run("Llama4ForCausalLM", **EXPERTS, num_hidden_layers=4, intermediate_size_mlp=96, head_dim=16, interleave_moe_layer_step=2),
    "mamba": run("MambaForCausalLM", state_size=16, conv_kernel=4, expand=2, time_step_rank=8, intermediate_size=128),
    "mamba2": run("Mamba2ForCausalLM", state_size=16, conv_kernel=4, expand=2, num_heads=8, head_dim=16, n_groups=1, intermediate_size=128),
    "mellum": run("MellumForCausalLM", **EXPERTS, head_dim=16, sliding_window=64, layer_types=["full_attention", "sliding_attention"],
                  rope_parameters={kind: dict(rope_type="default", rope_theta=10000.0) for kind in ("full_attention", "sliding_attention")}),
    "mimo-flash": run("MiMoV2FlashForCausalLM", **EXPERTS, n_group=1, topk_group=1, num_key_value_heads=1, head_dim=24, v_head_dim=16, sliding_window=64,
                      put=dict(swa_head_dim=24, swa_v_head_dim=16, swa_num_key_value_heads=2, swa_num_attention_heads=4, hybrid_layer_pattern=[0, 1],
                               swa_rope_theta=10000, moe_layer_freq=[0, 1], scoring_func="sigmoid", topk_method="noaux_tc", partial_rotary_factor=0.334, n_shared_experts=None)),
    "minicpm3": run("MiniCPM3ForCausalLM", "spm", **LATENT),
    "minimax-m2": run("MiniMaxM2ForCausalLM", **EXPERTS, head_dim=16, rotary_dim=16,
                      rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0), put=dict(scoring_func="sigmoid")),
    "ministral3": run("Ministral3ForCausalLM", head_dim=16),
    "nemotron": run("NemotronForCausalLM", "spm", head_dim=16),
    "nemotron-h": run("NemotronHForCausalLM", num_hidden_layers=3, layers_block_type=["mamba", "attention", "moe"], mamba_num_heads=8, mamba_head_dim=16,
                      ssm_state_size=16, n_groups=1, head_dim=16, n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32,
                      moe_shared_expert_intermediate_size=32, put=dict(num_hidden_layers=3)),
    "olmoe": run("OlmoeForCausalLM", **EXPERTS | dict(num_key_value_heads=4)),
    "qwen3-next": run("Qwen3NextForCausalLM", **EXPERTS, **DELTA, head_dim=16),
    "qwen35": run("Qwen3_5ForCausalLM", **DELTA, head_dim=32),
    "qwen35-moe": run("Qwen3_5MoeForCausalLM", **EXPERTS, **DELTA, head_dim=32),
    "seed-oss": run("SeedOssForCausalLM", head_dim=16),
    "solar-open": run("SolarOpenForCausalLM", "solar", **GROUPED, head_dim=16, put=dict(first_k_dense_replace=0, partial_rotary_factor=1.0)),
    "youtu": run("YoutuForCausalLM", **LATENT),
    "audio-flamingo": within("AudioFlamingo3ForConditionalGeneration", text=dict(model_type="qwen2"), audio_config=AUDIO),
    "exaone4_5": within("Exaone4_5_ForConditionalGeneration", text=dict(
        model_type="exaone4", sliding_window=None, sliding_window_pattern=None, layer_types=["full_attention"] * 2), vision_config=QWEN_VISION),
    "gemma3-pictures": within("Gemma3ForConditionalGeneration", "spm", text=dict(num_hidden_layers=6, head_dim=16, query_pre_attn_scalar=16, sliding_window=64), vision_config=VISION),
    "gemma4-pictures": within("Gemma4ForConditionalGeneration", "gemma4", text=dict(
        num_hidden_layers=6, head_dim=16, global_head_dim=32, sliding_window=64, vocab_size=318, vocab_size_per_layer_input=318,
        hidden_size_per_layer_input=0, num_kv_shared_layers=0, tie_word_embeddings=True), vision_config=VISION, audio_config=None, tie_word_embeddings=True),
    "glm4v": within("Glm4vForConditionalGeneration", "glm-moe", text=dict(HALF_ROTATED, head_dim=16), vision_config=QWEN_VISION),
    "glm4v-moe": within("Glm4vMoeForConditionalGeneration", "glm-moe", text=dict(GROUPED, head_dim=16, **HALF_ROTATED), vision_config=QWEN_VISION),
    "glm-ocr": within("GlmOcrForConditionalGeneration", "glm-moe", text=dict(HALF_ROTATED, head_dim=16, num_nextn_predict_layers=0), vision_config=QWEN_VISION),
    "hunyuan-vl": within("HunYuanVLForConditionalGeneration", text=dict(head_dim=16, rope_parameters=dict(
        rope_type="xdrope", rope_theta=10000.0, alpha=1000.0, xdrope_section=[2, 2, 2, 2], factor=1.0, beta_fast=32, beta_slow=1, mscale=1.0,
        mscale_all_dim=1.0)), vision_config=VISION),
    "qwen3-asr": within("Qwen3ASRForConditionalGeneration", text=dict(TURNS, head_dim=16), audio_config=AUDIO),
    "janus": within("JanusForConditionalGeneration", text=dict(model_type="llama"), vision_config=VISION),
    "llama4-pictures": within("Llama4ForConditionalGeneration", text=dict(
        EXPERTS, num_hidden_layers=4, intermediate_size_mlp=96, head_dim=16, interleave_moe_layer_step=2), vision_config=VISION),
    "llava": within("LlavaForConditionalGeneration", "spm", text=dict(model_type="llama"), vision_config=VISION | dict(model_type="clip_vision_model")),
    "mistral3": within("Mistral3ForConditionalGeneration", text=dict(model_type="mistral", head_dim=16), vision_config=VISION | dict(model_type="pixtral")),
    "qwen2-audio": within("Qwen2AudioForConditionalGeneration", text=dict(model_type="qwen2"), audio_config=AUDIO | dict(model_type="qwen2_audio_encoder")),
    "qwen2-vl": within("Qwen2VLForConditionalGeneration", text=MROPE, vision_config=QWEN_VISION),
    "qwen2_5-vl": within("Qwen2_5_VLForConditionalGeneration", text=MROPE, vision_config=QWEN_VISION),
    "qwen3-vl": within("Qwen3VLForConditionalGeneration", text=dict(TURNS, head_dim=16), vision_config=QWEN_VISION),
    "qwen3-vl-moe": within("Qwen3VLMoeForConditionalGeneration", text=dict(TURNS, **EXPERTS | dict(moe_intermediate_size=48), head_dim=16), vision_config=QWEN_VISION)
    | {"turned": ("experts.down_proj", "experts.gate_up_proj")},
    "qwen35-pictures": within("Qwen3_5ForConditionalGeneration", text=dict(DELTA, head_dim=32), vision_config=QWEN_VISION),
    "qwen35-moe-pictures": within("Qwen3_5MoeForConditionalGeneration", text=dict(EXPERTS, **DELTA, head_dim=32), vision_config=QWEN_VISION),
    "voxtral": within("VoxtralForConditionalGeneration", "spm", text=dict(model_type="llama", head_dim=16), audio_config=AUDIO | dict(model_type="voxtral_encoder")),
    "paddleocr": within("PaddleOCRVLForConditionalGeneration", "spm", text=dict(MROPE, head_dim=16), vision_config=VISION),
    "minicpm-v": within("MiniCPMV4_6ForConditionalGeneration", text=dict(DELTA, head_dim=32), vision_config=VISION),
}
