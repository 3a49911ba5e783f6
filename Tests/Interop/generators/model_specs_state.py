"""What make_models_state.py makes: models with a state in the place of attention, as in model_specs.py.

`MODELS` are of transformers' classes; `BY_HAND` are those of which the reference's transformers has no class: a
configuration, and shapes by the names of tensors.
"""

from model_specs import SIZE, SMALL, model
from model_specs_more import but, made

# What every test model of Qwen's hybrids states beside the common keys: two heads of keys, four of values.
LINEAR = dict(
    linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=16, linear_value_head_dim=16,
    linear_conv_kernel_dim=4)  # fmt: skip
HYBRID = SMALL | LINEAR | dict(head_dim=16)
FEW = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, shared_expert_intermediate_size=48)
TYPES = ["linear_attention", "full_attention"]
MTP_NORMS = ("mtp.pre_fc_norm_embedding", "mtp.pre_fc_norm_hidden", "mtp.norm")


# The reference is told that the blocks are left out, which Knapsack sees.
NO_MTP = {"no-mtp.txt": ""}


def with_mtp(tensors):
    """Adds a block that predicts more than one token ahead, as Qwen's models are published."""
    import torch

    width = tensors["model.norm.weight"].shape[0]
    last = max(int(name.split(".")[2]) for name in tensors if name.startswith("model.layers."))
    start = f"model.layers.{last}."
    ahead = {f"mtp.layers.0.{name.removeprefix(start)}": value.clone() for name, value in tensors.items() if name.startswith(start)}
    own = {f"{name}.weight": torch.randn(width).to(torch.bfloat16) for name in MTP_NORMS}
    return tensors | ahead | own | {"mtp.fc.weight": torch.randn(width, 2 * width).to(torch.bfloat16)}


def with_output(tensors):
    """With the output's weights stored beside the embeddings that they are."""
    return tensors | {"lm_head.weight": tensors["backbone.embeddings.weight"].clone()}


ALONE = dict(vocab_size=SIZE, hidden_size=64, num_hidden_layers=2)
HEADS = dict(num_heads=8, head_dim=16, expand=2)
LAYERS = dict(mamba_n_heads=8, mamba_d_head=16, mamba_n_groups=2, mamba_d_state=16, mamba_expand=2)
GRANITE = dict(attention_multiplier=0.25, embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=8.0)
FACTORS = dict(
    attention_in_multiplier=0.9, attention_out_multiplier=0.7, embedding_multiplier=5.6, key_multiplier=0.35,
    lm_head_multiplier=0.04, mlp_multipliers=[0.88, 0.27], ssm_in_multiplier=1.25, ssm_out_multiplier=0.47,
    ssm_multipliers=[0.35, 0.25, 0.18, 0.5, 0.31])  # fmt: skip

MODELS = {
    "qwen3next": model("Qwen3Next", **HYBRID, **FEW, layer_types=TYPES, edit=with_mtp, put=dict(full_attention_interval=2)),
    "qwen3next-sparse": model("Qwen3Next", **SMALL | FEW | dict(num_hidden_layers=4, num_attention_heads=16), edit=with_mtp, drop=(
        *LINEAR, "layer_types", "head_dim", "rope_theta", "partial_rotary_factor", "rms_norm_eps", "num_key_value_heads",
        "max_position_embeddings")),
    "qwen3next-equal": model("Qwen3Next", **HYBRID | dict(linear_num_value_heads=2), **FEW, layer_types=TYPES, tie_word_embeddings=True,
                             dtype="float16", edit=with_mtp, put=dict(partial_rotary_factor=0.5)),
    "qwen3next-trained-on": model("Qwen3Next", **HYBRID, **FEW, layer_types=TYPES, files=NO_MTP),
    "mamba": model("Mamba", **ALONE, state_size=16),
    "mamba-small": model("Mamba", **ALONE | dict(vocab_size=SIZE - 3), state_size=8, time_step_rank=6, dtype="float32",
                         edit=with_output, drop=("conv_kernel", "state_size", "layer_norm_epsilon")),
    "falcon-mamba": model("FalconMamba", **ALONE, state_size=16, tie_word_embeddings=False),
    "mamba2": model("Mamba2", **ALONE, **HEADS, state_size=16, n_groups=2, tie_word_embeddings=False, drop=("time_step_limit",)),
    "mamba2-spm": model("Mamba2", "spm", **ALONE, **HEADS, state_size=32, n_groups=1, dtype="float16", drop=("n_groups", "expand")),
    "granite-hybrid": model("GraniteMoeHybrid", **SMALL, **GRANITE, **LAYERS, num_local_experts=4, shared_intermediate_size=48,
                            layer_types=["mamba", "attention"], position_embedding_type="nope", tie_word_embeddings=True),
    "granite-hybrid-dense": model("GraniteMoeHybrid", **SMALL, **GRANITE, **LAYERS, num_local_experts=0, num_experts_per_tok=0,
                                  shared_intermediate_size=96, layer_types=["mamba", "attention"], dtype="float16"),
    "granite-4-dense": model("GraniteMoeHybrid", **SMALL, **GRANITE, **LAYERS, num_local_experts=0, num_experts_per_tok=0,
                             shared_intermediate_size=96, layer_types=["attention"] * 2, position_embedding_type="rope"),
    "bamba": model("Bamba", **SMALL, **LAYERS, attn_layer_indices=[1], put=dict(attn_rotary_emb=8)),
    "falcon-h1": model("FalconH1", **SMALL, **LAYERS | dict(mamba_d_ssm=96, mamba_n_heads=6), head_dim=16, rope_theta=1e11, **FACTORS),
    "falcon-h1-norm": model("FalconH1", **SMALL, **LAYERS | dict(mamba_d_ssm=96, mamba_n_heads=6), head_dim=16, mamba_rms_norm=True,
                            dtype="float16", **FACTORS),
}  # fmt: skip


# MARK: Qwen 3.5, with its names of tensors

def attention(block: int) -> dict:
    return {f"layers.{block}.self_attn.{name}.weight": shape for name, shape in {
        "q_proj": [128, 64], "k_proj": [32, 64], "v_proj": [32, 64], "o_proj": [64, 64], "q_norm": [16], "k_norm": [16],
    }.items()}  # fmt: skip


def delta(block: int, keys: int, values: int) -> dict:
    start = f"layers.{block}.linear_attn."
    return {start + name: shape for name, shape in {
        "A_log": [values], "dt_bias": [values], "norm.weight": [16], "conv1d.weight": [32 * keys + 16 * values, 1, 4],
        "in_proj_qkv.weight": [32 * keys + 16 * values, 64], "in_proj_z.weight": [16 * values, 64],
        "in_proj_a.weight": [values, 64], "in_proj_b.weight": [values, 64], "out_proj.weight": [64, 16 * values],
    }.items()}  # fmt: skip


def inner(block: int, kind: str) -> dict:
    """The feed-forward part: without experts, with experts as stacks, or one by one."""
    start = f"layers.{block}.mlp."
    single = {"gate_proj": [48, 64], "up_proj": [48, 64], "down_proj": [64, 48]}
    if kind == "dense":
        return {f"{start}{name}.weight": [2 * size if size == 48 else size for size in shape] for name, shape in single.items()}
    parts = {"gate.weight": [4, 64], "shared_expert_gate.weight": [1, 64]}
    parts |= {f"shared_expert.{name}.weight": shape for name, shape in single.items()}
    if kind == "stacks":
        parts |= {"experts.gate_up_proj": [4, 64, 64], "experts.down_proj": [4, 64, 32]}
    else:
        parts |= {f"experts.{number}.{name}.weight": shape for number in range(4) for name, shape in {
            "gate_proj": [32, 64], "up_proj": [32, 64], "down_proj": [64, 32]}.items()}  # fmt: skip
    return {start + name: shape for name, shape in parts.items()}


def qwen35(start: str, kind: str, values: int = 4, tied: bool = False, ahead: bool = True) -> dict:
    def norms(block: int) -> dict:
        return {f"layers.{block}.{name}_layernorm.weight": [64] for name in ("input", "post_attention")}

    shapes = {f"{start}embed_tokens.weight": [SIZE, 64], f"{start}norm.weight": [64]}
    for block in range(2):
        own = norms(block) | inner(block, kind) | (attention(block) if block else delta(block, 2, values))
        shapes |= {start + name: shape for name, shape in own.items()}
    if ahead:
        shapes |= {f"mtp.{name}": shape for name, shape in (norms(0) | attention(0) | inner(0, kind)).items()}
        shapes |= {f"{name}.weight": [64] for name in MTP_NORMS} | {"mtp.fc.weight": [64, 128]}
    return shapes if tied else shapes | {"lm_head.weight": [SIZE, 64]}


TEXT_35 = HYBRID | dict(
    model_type="qwen3_5_text", rms_norm_eps=1e-6, full_attention_interval=2, layer_types=TYPES, attn_output_gate=True,
    mtp_num_hidden_layers=1, mamba_ssm_dtype="float32", hidden_act="silu", rope_parameters=dict(
        rope_type="default", rope_theta=10000000, partial_rotary_factor=0.5, mrope_interleaved=True, mrope_section=[2, 1, 1]))  # fmt: skip
MOE_35 = but(TEXT_35, "intermediate_size") | FEW | dict(model_type="qwen3_5_moe_text")
VISION_35 = {"model.visual.blocks.0.norm1.weight": [32], "model.visual.merger.norm.weight": [32]}

# MARK: Qwen 4, with its streams of residuals, its index and its table for groups of tokens

def streams(start: str, count: int = 2, rank: int = 8) -> dict:
    wide = 64 * count
    return {f"{start}hc_norm.weight": [wide], f"{start}input_mix_weight_down.weight": [rank, wide],
            f"{start}input_mix_weight_up.weight": [wide, rank]}  # fmt: skip


def qwen4(start: str, parts: int) -> dict:
    shapes = {name: shape for name, shape in qwen35(start, "stacks", ahead=False).items()
              if "layernorm" not in name and name != f"{start}norm.weight"}  # fmt: skip
    shapes |= streams(f"{start}hyper_connection_mixer.")
    for block in range(2):
        for part in ("attn", "mlp"):
            own = f"{start}layers.{block}.{part}_hyper_connection."
            shapes |= streams(own) | {f"{own}block_inject_weight.weight": [2, 128]}
    index = f"{start}layers.1.self_attn.indexer."
    shapes |= {f"{index}index_qk_proj.weight": [48, 64], f"{index}q_layernorm.weight": [16], f"{index}k_layernorm.weight": [16]}
    own = f"{start}layers.0.ple."
    if parts:
        shapes |= {f"{own}{name}.weight": shape for name, shape in {
            "key_proj": [128, 64], "value_proj": [64, 64], "norm_key": [128], "norm_query": [128], "norm_conv": [128],
            "conv1d": [128, 1, 4]}.items()}  # fmt: skip
        shapes |= {f"{own}ple_embedding.ngram_embedding.shard_{part}.weight": [12, 16] for part in range(parts)}
    return shapes


def with_constants(tensors):
    """The whole numbers by which groups of tokens are found."""
    import torch

    start = "model.layers.0.ple.ple_embedding."
    numbers = {"layer_multipliers": [24_000_000_000_001, 7, 35_184_372_088_831], "ngram_heads_offsets": [0, 31, 72, 100],
               "ngram_heads_vocab_sizes": [31, 41, 28, 32]}  # fmt: skip
    return tensors | {start + name: torch.tensor(values, dtype=torch.int64) for name, values in numbers.items()}


TEXT_4 = but(MOE_35, "mtp_num_hidden_layers", "attn_output_gate") | dict(
    model_type="qwen4_exp_text", hc_count=2, hc_lowrank=8, indexer_n_heads=2, indexer_kv_heads=1, indexer_head_dim=16,
    indexer_budget=64, indexer_compress_ratio=4, ple_layer_ids=[], norm_topk_prob=True)  # fmt: skip
TABLE_4 = dict(
    ple_layer_ids=[1], ple_embed_dim=64, ple_conv_kernel_size=4, ngram_size=3, heads_per_ngram=2, ngram_vocab_size_base=31,
    make_ngram_vocab_size_divisible_by=4, seed=1234, split_ngram_parts=11, eos_token_id=[3, 4])  # fmt: skip


def pictures(text: dict, kind: str, **more) -> dict:
    return dict(architectures=[f"{kind}ForConditionalGeneration"], model_type=text["model_type"].removesuffix("_text"),
                text_config=text, vision_config=dict(depth=1, hidden_size=32), image_token_id=5, **more)  # fmt: skip


def text_only(text: dict, kind: str, **more) -> dict:
    return text | dict(architectures=[f"{kind}ForCausalLM"], **more)


# MARK: Nemotron H, whose blocks are of one kind each

NEMOTRON = dict(
    architectures=["NemotronHForCausalLM"], model_type="nemotron_h", vocab_size=SIZE, hidden_size=64, intermediate_size=96,
    num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=8192, mamba_num_heads=8, mamba_head_dim=16,
    n_groups=2, ssm_state_size=16, conv_kernel=4, chunk_size=128, expand=2, layer_norm_epsilon=1e-5, use_conv_bias=True,
    mamba_hidden_act="silu", mlp_hidden_act="relu2", tie_word_embeddings=False)  # fmt: skip
STATE = {"in_proj.weight": [328, 64], "conv1d.weight": [192, 1, 4], "conv1d.bias": [192], "A_log": [8], "D": [8], "dt_bias": [8],
         "norm.weight": [128], "out_proj.weight": [64, 128]}  # fmt: skip
ATTENTION = {f"{part}_proj.weight": shape for part, shape in {"q": [64, 64], "k": [32, 64], "v": [32, 64], "o": [64, 64]}.items()}
PLAIN = {"up_proj.weight": [96, 64], "down_proj.weight": [64, 96]}
MANY = {f"experts.{number}.{part}.weight": shape for number in range(4) for part, shape in {
    "up_proj": [32, 48], "down_proj": [48, 32]}.items()} | {
    "gate.weight": [4, 64], "gate.e_score_correction_bias": [4], "shared_experts.up_proj.weight": [40, 64],
    "shared_experts.down_proj.weight": [64, 40], "fc1_latent_proj.weight": [48, 64], "fc2_latent_proj.weight": [64, 48]}  # fmt: skip
NEMOTRON_MOE = dict(
    n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, moe_shared_expert_intermediate_size=40, n_shared_experts=1,
    moe_latent_size=48, n_group=1, topk_group=1, norm_topk_prob=True, routed_scaling_factor=2.5)  # fmt: skip


def nemotron(blocks: list[dict], start: str = "backbone.") -> dict:
    shapes = {f"{start}embeddings.weight": [SIZE, 64], f"{start}norm_f.weight": [64], "lm_head.weight": [SIZE, 64]}
    for number, parts in enumerate(blocks):
        shapes |= {f"{start}layers.{number}.norm.weight": [64]}
        shapes |= {f"{start}layers.{number}.mixer.{name}": shape for name, shape in parts.items()}
    return shapes


NEMOTRON_AHEAD = {f"mtp.layers.0.mixer.{name}": shape for name, shape in ATTENTION.items()} | {
    f"mtp.layers.1.mixer.{name}": shape for name, shape in MANY.items()} | {
    f"mtp.layers.{name}.weight": shape for name, shape in {
        "0.enorm": [64], "0.hnorm": [64], "0.eh_proj": [64, 128], "0.norm": [64], "1.norm": [64], "1.final_layernorm": [64]}.items()}  # fmt: skip
BLOCKS = [dict(block_type="mamba"), dict(block_type="moe", moe_intermediate_size=32, num_experts_per_tok=2),
          dict(block_type="attention")]  # fmt: skip

BY_HAND = {
    "nemotron-h": made(NEMOTRON | dict(num_hidden_layers=3, hybrid_override_pattern="M-*"), nemotron([STATE, PLAIN, ATTENTION]), "bpe"),
    "nemotron-h-moe": made(NEMOTRON | NEMOTRON_MOE | dict(
        num_hidden_layers=3, hybrid_override_pattern="ME*", num_nextn_predict_layers=1), nemotron(
            [STATE, MANY, ATTENTION]) | NEMOTRON_AHEAD, "bpe", "float16"),
    "nemotron-h-names": made(NEMOTRON | NEMOTRON_MOE | dict(layers_block_type=["mamba", "moe", "attention"], vocab_size=SIZE - 5),
                             nemotron([STATE, MANY, ATTENTION]) | {
                                 "backbone.embeddings.weight": [SIZE - 5, 64], "lm_head.weight": [SIZE - 5, 64]}, "bpe"),
    "nemotron-puzzle": made(but(NEMOTRON | NEMOTRON_MOE, "moe_intermediate_size", "num_experts_per_tok") | dict(
        architectures=["NemotronHPuzzleForCausalLM"], model_type="nemotron_h_puzzle", block_configs=BLOCKS),
                            nemotron([STATE, MANY, ATTENTION], "model.") | NEMOTRON_AHEAD, "bpe"),
    "qwen35": made(pictures(TEXT_35, "Qwen3_5", tie_word_embeddings=False),
                   qwen35("model.language_model.", "dense") | VISION_35, "bpe") | dict(floats=("A_log", "linear_attn.norm.weight")),
    "qwen35-text": made(text_only(but(TEXT_35, "layer_types", linear_num_value_heads=2, rope_parameters=dict(
        rope_type="default", rope_theta=10000000, partial_rotary_factor=0.5)), "Qwen3_5", tie_word_embeddings=True),
                        qwen35("model.", "dense", values=2, tied=True), "bpe", "float16"),
    "qwen35-trained-on": made(text_only(but(TEXT_35, linear_num_value_heads=6), "Qwen3_5", tie_word_embeddings=True),
                              qwen35("model.", "dense", values=6, tied=True, ahead=False), "bpe", "float32", files=NO_MTP),
    "qwen35moe": made(pictures(MOE_35, "Qwen3_5Moe", tie_word_embeddings=False), qwen35("model.language_model.", "stacks") | VISION_35, "bpe"),
    "qwen4exp": made(pictures(TEXT_4, "Qwen4Exp", tie_word_embeddings=False), qwen4("model.language_model.", 0) | VISION_35 | {
        "mtp.fc.weight": [64, 128]}, "bpe"),
    "qwen4exp-table": made(text_only(TEXT_4 | TABLE_4, "Qwen4Exp", tie_word_embeddings=False), qwen4("model.", 11), "bpe") | dict(
        edit=with_constants),
    "qwen35moe-text": made(text_only(MOE_35, "Qwen3_5Moe", tie_word_embeddings=False), qwen35("model.", "single"), "bpe"),
}  # fmt: skip
