"""What make_models_quantized.py makes: small models whose weights are quantized by each method that can be undone."""

from model_specs import EXPERTS, SMALL, model
from model_specs_more import GPT_OSS, MLA, blocks
from quantized_weights import four_bits, gptq, packed, rows_of_all, scaled, stacked, ternary

WIDE = SMALL | dict(hidden_size=256, intermediate_size=512, num_attention_heads=4, num_key_value_heads=2)
ODD = SMALL | dict(hidden_size=80, intermediate_size=112)
DEEP = SMALL | MLA | dict(num_key_value_heads=4, n_routed_experts=4, num_experts_per_tok=2, n_shared_experts=1, n_group=2,
                          topk_group=1, moe_intermediate_size=32, first_k_dense_replace=1)  # fmt: skip


def config(method, **values):
    return dict(quantization_config=dict(quant_method=method, **values))


def fp8(block=None, **values):
    return config("fp8", activation_scheme="dynamic", **({"weight_block_size": block} if block else {}), **values)


def compressed(format, **weights):
    group = dict(targets=["Linear"], weights=weights, input_activations=None, output_activations=None)
    return config("compressed-tensors", format=format, config_groups=dict(group_0=group), ignore=["lm_head"])


def optimizer(**values):
    return config("modelopt", **values)


FP8 = {
    "llama-fp8-block": model("Llama", "spm", **ODD, edit=scaled(block=[32, 48]), put=fp8([32, 48])),
    "llama-fp8-large-block": model("Llama", "spm", **SMALL, edit=scaled(block=[128, 128], dtype="bfloat16"),
                                   put=fp8([128, 128])),
    "llama-fp8-one": model("Llama", "spm", **SMALL, edit=scaled(per="one", more=["activation_scale"]), put=fp8()),
    "llama-fp8-scalar": model("Llama", "spm", **SMALL, edit=scaled(per="scalar", kind="e5m2", dtype="float16"),
                              put=fp8(weight_block_size=None)),
    "llama-fp8-mistral": model("Llama", "spm", **SMALL, edit=scaled(
        per="scalar", suffix="qscale_weight", more=["qscale_act", "x_activation_scale"]), put=fp8()),
    "llama-fp8-wide": model("Llama", "spm", **WIDE, edit=scaled(block=[128, 128]), put=fp8([128, 128]), dtype="float16"),
    "qwen3-fp8": model("Qwen3", **ODD, edit=scaled(block=[16, 128]), put=fp8([16, 128]), split=True),
    "qwen3moe-fp8": model("Qwen3Moe", **SMALL, **EXPERTS, edit=scaled(block=[16, 32]), put=fp8([16, 32])),
    "qwen3moe-fp8-stacked": model("Qwen3Moe", **SMALL, **EXPERTS, edit=stacked(scaled(block=[16, 32])), put=fp8([16, 32])),
    "deepseek3-fp8": model("DeepseekV3", **DEEP, edit=scaled(block=[32, 32]), split=True, put=fp8(
        [32, 32], fmt="e4m3") | dict(scoring_func="sigmoid", topk_method="noaux_tc")),
}  # fmt: skip
COMPRESSED = {
    "llama-ct-channel": model("Llama", "spm", **SMALL, edit=scaled(per="row", suffix="weight_scale", dtype="bfloat16"),
                              put=compressed("float-quantized", num_bits=8, type="float", strategy="channel")),
    "llama-ct-flat": model("Llama", "spm", **SMALL, edit=scaled(per="flat", suffix="weight_scale"),
                           put=compressed("naive-quantized", num_bits=8, type="float", strategy="channel")),
    "llama-ct-int8": model("Llama", "spm", **ODD, edit=scaled(per="row", kind="int8", suffix="weight_scale"),
                           put=compressed("int-quantized", num_bits=8, type="int", strategy="channel", group_size=None)),
    "qwen3-ct-block": model("Qwen3", **ODD, edit=scaled(block=[32, 32], suffix="weight_scale"), put=compressed(
        "float-quantized", num_bits=8, type="float", strategy="block", block_structure=[32, 32])),
    "qwen3moe-ct-block": model("Qwen3Moe", **SMALL, **EXPERTS, edit=scaled(block=[32, 32], suffix="weight_scale"),
                               put=compressed("float-quantized", num_bits=8, type="float", strategy="block",
                                              block_structure=[32, 32])),
} | {
    f"llama-packed-{bits}{'-zeros' if zeros else ''}": model(
        "Llama", "spm", **size, edit=packed(bits, group=group, zeros=zeros, dtype=dtype),
        put=compressed("pack-quantized", num_bits=bits, type="int", strategy="group", group_size=group, symmetric=not zeros))
    for bits, zeros, group, size, dtype in [
        (4, False, 32, SMALL, "bfloat16"), (4, True, 16, ODD, "float16"), (8, False, 16, ODD, "float32"),
        (8, True, 32, SMALL, "bfloat16"), (3, True, 16, ODD, "bfloat16"), (2, True, 8, SMALL, "float32"),
        (5, False, 16, ODD, "float16"), (1, False, 16, SMALL, "bfloat16"),
    ]
} | {
    "qwen3moe-packed": model("Qwen3Moe", **SMALL, **EXPERTS, edit=packed(4, zeros=True), put=compressed(
        "pack-quantized", num_bits=4, strategy="group", group_size=32), split=True),
    "llama-packed-wide": model("Llama", "spm", **WIDE, edit=packed(4, group=128), put=compressed(
        "pack-quantized", num_bits=4, strategy="group", group_size=128)),
}  # fmt: skip
GPTQ = {
    f"llama-gptq-{bits}{name}": model("Llama", "spm", **size, dtype="float16", edit=gptq(bits, **how), put=config(
        "gptq", bits=bits, group_size=how.get("group", 32), **values))
    for bits, name, size, how, values in [
        (2, "", SMALL, {}, {}), (4, "", SMALL, {}, dict(desc_act=False)), (8, "", ODD, dict(group=16), {}),
        (4, "-order", ODD, dict(group=16, act_order=True), dict(desc_act=True)),
        (2, "-order", SMALL, dict(act_order=True, scale="float32"), dict(desc_act=True)),
        (8, "-order", SMALL, dict(act_order=True), dict(desc_act=True)),
        (4, "-v2", SMALL, dict(scale="bfloat16"), dict(checkpoint_format="gptq_v2")),
        (4, "-old", SMALL, {}, dict(checkpoint_format="gptq")), (4, "-column", ODD, dict(group=-1), {}),
        (4, "-negative", SMALL, dict(negative=True), {}), (8, "-v2", SMALL, {}, dict(checkpoint_format=None)),
        (4, "-wide", WIDE, dict(group=128, act_order=True), {}), (4, "-words", SMALL, dict(word="int16"), {}),
        (4, "-long-words", SMALL, dict(word="int64"), {}), (8, "-bytes", SMALL, dict(word="uint8"), {}),
    ]
} | {
    "qwen3moe-gptq": model("Qwen3Moe", **SMALL, **EXPERTS, dtype="float16", edit=gptq(4), split=True,
                           put=config("gptq", bits=4, group_size=32)),
}  # fmt: skip
OTHERS = {
    "llama-bitnet": model("Llama", "spm", **SMALL, edit=ternary(), put=config("bitnet", linear_class="bitlinear")),
    "llama-bitnet-scalar": model("Llama", "spm", **ODD, edit=ternary("float32", ()), put=config("bitnet")),
    "llama-modelopt": model("Llama", "spm", **SMALL, edit=scaled(
        per="scalar", suffix="weight_scale", more=["input_scale", "k_scale", "v_scale"]), put=optimizer(quant_algo="FP8")),
    "qwen3-modelopt-file": model("Qwen3", **SMALL, edit=scaled(per="row", suffix="weight_scale", more=["input_scale"]),
                                 files={"hf_quant_config.json": dict(producer=dict(name="ModelOpt", version="0.30"),
                                                                     quantization=dict(quant_algo="FP8"))}),
    "llama-none": model("Llama", "spm", **SMALL, put=dict(quantization_config={})),
    "llama-null": model("Llama", "spm", **SMALL, put=dict(quantization_config=dict(quant_method=None))),
    "gpt-oss-all": model("GptOss", **GPT_OSS, edit=rows_of_all, put=config("mxfp4")),
    "gpt-oss-unsaid": model("GptOss", **GPT_OSS, edit=rows_of_all),
    "gpt-oss-split": model("GptOss", **GPT_OSS | dict(intermediate_size=32), edit=rows_of_all, put=config("mxfp4"), split=True,
                           dtype="float16"),
    "gpt-oss-wide": model("GptOss", **GPT_OSS | dict(hidden_size=256, intermediate_size=256), edit=blocks, put=config("mxfp4")),
    "gpt-oss-said": model("GptOss", **GPT_OSS | dict(intermediate_size=64), put=config("mxfp4")),
}  # fmt: skip
EVEN = SMALL | dict(intermediate_size=128)
GLOBAL = ("weight_packed", "weight_global_scale", "input_global_scale")
NVFP4 = {
    "llama-nvfp4": model("Llama", "spm", **EVEN, edit=four_bits(), put=optimizer(quant_algo="NVFP4")),
    "llama-nvfp4-ones": model("Llama", "spm", **EVEN, edit=four_bits(ones=True), put=optimizer(quant_algo="NVFP4")),
    "qwen3-nvfp4-file": model("Qwen3", **EVEN, dtype="float16", edit=four_bits(names=("weight", "weight_scale_2")), files={
        "hf_quant_config.json": dict(producer=dict(name="modelopt"), quantization=dict(quant_algo="NVFP4"))}),
    "qwen3-nvfp4-mixed": model("Qwen3", **EVEN, edit=four_bits(plain=["q_proj", "k_proj"]), put=optimizer(
        quant_algo="MIXED_PRECISION", quantized_layers={"model.layers.0.mlp.up_proj": dict(quant_algo="NVFP4")})),
    "llama-w4a16": model("Llama", "spm", **EVEN, edit=four_bits(), put=optimizer(quant_algo="W4A16_NVFP4")),
    "qwen3moe-w4a16": model("Qwen3Moe", **EVEN, **EXPERTS, edit=four_bits(), put=optimizer(quant_algo="W4A16_NVFP4")),
    "qwen3-w4a16-mixed": model("Qwen3", **EVEN, edit=four_bits(plain=["q_proj", "k_proj"]), put=optimizer(
        quant_algo="MIXED_PRECISION", quantized_layers={"model.layers.0.mlp.up_proj": dict(quant_algo="W4A16_NVFP4"),
                                                        "model.layers.1.self_attn": dict(quant_algo="W4A16_NVFP4"),
                                                        "model.layers.1.mlp.up_proj": dict(quant_algo="NVFP4")})),
    "qwen3moe-nvfp4": model("Qwen3Moe", **EVEN, **EXPERTS, edit=four_bits(), put=optimizer(quant_algo="NVFP4")),
    "llama-ct-nvfp4": model("Llama", "spm", **EVEN, edit=four_bits(names=GLOBAL), put=compressed(
        "nvfp4-pack-quantized", num_bits=4, type="float", strategy="tensor_group", group_size=16)),
    "qwen3moe-ct-nvfp4": model("Qwen3Moe", **EVEN, **EXPERTS, edit=four_bits(names=GLOBAL), put=compressed(
        "nvfp4-pack-quantized", num_bits=4, type="float", strategy="tensor_group", group_size=16)),
}  # fmt: skip
MODELS = NVFP4 | FP8 | COMPRESSED | GPTQ | OTHERS

# What cannot be undone, and what the message names.
AWQ = config("awq", bits=4, group_size=128, zero_point=True, version="gemm")
REFUSED = {
    "awq": (AWQ, "awq"), "bitsandbytes": (config("bitsandbytes", load_in_4bit=True), "bitsandbytes"),
    "hqq": (config("hqq"), "hqq"), "aqlm": (config("aqlm"), "aqlm"), "quanto": (config("quanto"), "quanto"),
    "nvfp4": (config("other", quant_algo="NVFP4"), "other NVFP4"),
    "gptq-3": (config("gptq", bits=3), "GPTQ"), "mxfp4": (config("mxfp4"), "mxfp4"),
    "tensor": (compressed("float-quantized", num_bits=8, type="float", strategy="tensor"), "tensor"),
    "marlin": (compressed("marlin-24", num_bits=4, strategy="group", group_size=128), "marlin-24"),
    "fbgemm": (config("fbgemm_fp8"), "fbgemm_fp8"), "auto-round": (config("auto-round"), "auto-round"),
}  # fmt: skip
