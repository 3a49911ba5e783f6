"""Configurations as they are published, with sizes made small, and one tensor missing: `convert`, `gguf =` of a manifest
and `check` from the lock name it, and the whole model has no fault. Shapes are written down by hand, with no generator.

Of methods that cannot be undone, `check` alone looks at the tensors."""

import json
import struct

import pytest
import torch
from cli import manifest
from safetensors.torch import save_file

WIDE, INNER, VOCAB, KEYS = 64, 96, 48, 32
FLOAT, BYTE, WORD = torch.float32, torch.uint8, torch.int32


def config(architecture, kind, **values):
    common = {
        "architectures": [architecture], "model_type": kind, "hidden_size": WIDE, "intermediate_size": INNER,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": VOCAB,
        "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "torch_dtype": "bfloat16", "hidden_act": "silu",
    }  # fmt: skip
    return common | values


def tensors(block, outer, blocks=2, start="model.layers"):
    found = dict(outer)
    for number in range(blocks):
        found |= {f"{start}.{number}.{name}": shape for name, shape in block.items()}
    return found


OUTER = {"model.embed_tokens.weight": (VOCAB, WIDE), "model.norm.weight": (WIDE,)}
HEAD = {"lm_head.weight": (VOCAB, WIDE)}
NORMS = {"input_layernorm.weight": (WIDE,), "post_attention_layernorm.weight": (WIDE,)}
ATTENTION = {
    "self_attn.q_proj.weight": (WIDE, WIDE), "self_attn.k_proj.weight": (KEYS, WIDE), "self_attn.v_proj.weight": (KEYS, WIDE),
    "self_attn.o_proj.weight": (WIDE, WIDE),
}  # fmt: skip
BIASES = {"self_attn.q_proj.bias": (WIDE,), "self_attn.k_proj.bias": (KEYS,), "self_attn.v_proj.bias": (KEYS,)}
DENSE = {"mlp.gate_proj.weight": (INNER, WIDE), "mlp.up_proj.weight": (INNER, WIDE), "mlp.down_proj.weight": (WIDE, INNER)}


def experts(path, parts=("gate_proj", "up_proj", "down_proj"), inner=32):
    shapes = dict(zip(parts, [(inner, WIDE), (inner, WIDE), (WIDE, inner)], strict=True))
    return {f"{path}.{number}.{part}.weight": shape for number in range(3) for part, shape in shapes.items()}


def quantized(block, stored, but=()):
    """The matrices of a block by `stored(rows, columns)`, which gives what is stored by the ends of names."""
    result = {}
    for name, shape in block.items():
        if len(shape) == 2 and not any(part in name for part in but):
            layer = name.removesuffix(".weight")
            result |= {layer + end: value for end, value in stored(*shape).items()}
        else:
            result[name] = shape
    return result


LLAMA = NORMS | ATTENTION | DENSE
QWEN2_MOE = NORMS | ATTENTION | BIASES | experts("mlp.experts") | {
    "mlp.gate.weight": (3, WIDE), "mlp.shared_expert.gate_proj.weight": (INNER, WIDE),
    "mlp.shared_expert.up_proj.weight": (INNER, WIDE), "mlp.shared_expert.down_proj.weight": (WIDE, INNER),
    "mlp.shared_expert_gate.weight": (1, WIDE),
}  # fmt: skip
GEMMA = LLAMA | {"pre_feedforward_layernorm.weight": (WIDE,), "post_feedforward_layernorm.weight": (WIDE,)}
PHI3 = NORMS | {
    "self_attn.qkv_proj.weight": (WIDE + 2 * KEYS, WIDE), "self_attn.o_proj.weight": (WIDE, WIDE),
    "mlp.gate_up_proj.weight": (2 * INNER, WIDE), "mlp.down_proj.weight": (WIDE, INNER),
}  # fmt: skip
MIXTRAL = NORMS | ATTENTION | {"block_sparse_moe.gate.weight": (3, WIDE)} | experts("block_sparse_moe.experts", ("w1", "w3", "w2"))
GLM4 = NORMS | ATTENTION | {
    "post_self_attn_layernorm.weight": (WIDE,), "post_mlp_layernorm.weight": (WIDE,),
    "mlp.gate_up_proj.weight": (2 * INNER, WIDE), "mlp.down_proj.weight": (WIDE, INNER),
}  # fmt: skip
GLM = NORMS | ATTENTION | BIASES | {"mlp.gate_up_proj.weight": (2 * INNER, WIDE), "mlp.down_proj.weight": (WIDE, INNER)}
CHATGLM = NORMS | {
    "self_attention.query_key_value.weight": (WIDE + 2 * KEYS, WIDE), "self_attention.query_key_value.bias": (WIDE + 2 * KEYS,),
    "self_attention.dense.weight": (WIDE, WIDE), "mlp.dense_h_to_4h.weight": (2 * INNER, WIDE),
    "mlp.dense_4h_to_h.weight": (WIDE, INNER),
}  # fmt: skip
CHATGLM_OUTER = {
    "transformer.embedding.word_embeddings.weight": (VOCAB, WIDE), "transformer.encoder.final_layernorm.weight": (WIDE,),
    "transformer.output_layer.weight": (VOCAB, WIDE), "transformer.rotary_pos_emb.inv_freq": (8,),
}  # fmt: skip
MLA = NORMS | {
    "self_attn.q_a_proj.weight": (48, WIDE), "self_attn.q_a_layernorm.weight": (48,), "self_attn.q_b_proj.weight": (96, 48),
    "self_attn.kv_a_proj_with_mqa.weight": (40, WIDE), "self_attn.kv_a_layernorm.weight": (32,),
    "self_attn.kv_b_proj.weight": (128, 32), "self_attn.o_proj.weight": (WIDE, 64),
}  # fmt: skip
DEEPSEEK = MLA | experts("mlp.experts") | {
    "mlp.gate.weight": (3, WIDE), "mlp.gate.e_score_correction_bias": (3,), "mlp.shared_experts.gate_proj.weight": (32, WIDE),
    "mlp.shared_experts.up_proj.weight": (32, WIDE), "mlp.shared_experts.down_proj.weight": (WIDE, 32),
}  # fmt: skip
INTERNLM2 = {
    "attention.wqkv.weight": (WIDE + 2 * KEYS, WIDE), "attention.wo.weight": (WIDE, WIDE), "attention_norm.weight": (WIDE,),
    "ffn_norm.weight": (WIDE,), "feed_forward.w1.weight": (INNER, WIDE), "feed_forward.w2.weight": (WIDE, INNER),
    "feed_forward.w3.weight": (INNER, WIDE),
}  # fmt: skip


def fp8(rows, columns):
    return {".weight": (torch.float8_e4m3fn, (rows, columns)), ".weight_scale_inv": (-(-rows // 128), -(-columns // 128))}


def gptq(rows, columns):
    groups = columns // 32
    return {
        ".qweight": (WORD, (columns // 8, rows)), ".qzeros": (WORD, (groups, rows // 8)), ".scales": (torch.float16, (groups, rows)),
        ".g_idx": (WORD, (columns,)),
    }  # fmt: skip


def awq(rows, columns):
    groups = columns // 32
    return {".qweight": (WORD, (columns, rows // 8)), ".qzeros": (WORD, (groups, rows // 8)),
            ".scales": (torch.float16, (groups, rows))}  # fmt: skip


def nf4(rows, columns):
    return {
        ".weight": (BYTE, (rows * columns // 2, 1)), ".weight.absmax": (BYTE, (rows * columns // 64,)), ".weight.quant_map": (16,),
        ".weight.nested_absmax": (1,), ".weight.nested_quant_map": (256,), ".weight.quant_state.bitsandbytes__nf4": (BYTE, (64,)),
    }  # fmt: skip


def int8(rows, columns):
    return {".weight": (torch.int8, (rows, columns)), ".SCB": (rows,), ".weight_format": (BYTE, ())}


def nvfp4(rows, columns):
    return {
        ".weight_packed": (BYTE, (rows, columns // 2)), ".weight_scale": (torch.float8_e4m3fn, (rows, columns // 16)),
        ".weight_global_scale": (1,), ".input_global_scale": (1,),
    }  # fmt: skip


def packed(rows, columns):
    return {
        ".weight_packed": (WORD, (rows, columns // 8)), ".weight_scale": (torch.bfloat16, (rows, columns // 32)),
        ".weight_shape": torch.tensor([rows, columns]), ".weight_zero_point": (WORD, (rows // 8, columns // 32)),
    }  # fmt: skip


def compressed(format, **weights):
    group = {"targets": ["Linear"], "weights": weights, "input_activations": None, "output_activations": None}
    return {"quant_method": "compressed-tensors", "format": format, "config_groups": {"group_0": group}, "ignore": ["lm_head"]}


PLAIN = config("LlamaForCausalLM", "llama", tie_word_embeddings=False)
GPTQ = PLAIN | {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": False, "sym": True}}
AWQ = PLAIN | {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm", "zero_point": True}}
NF4 = PLAIN | {"quantization_config": {
    "quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True}}  # fmt: skip
V3 = config(
    "DeepseekV3ForCausalLM", "deepseek_v3", num_key_value_heads=4, q_lora_rank=48, kv_lora_rank=32, qk_nope_head_dim=16,
    qk_rope_head_dim=8, v_head_dim=16, n_routed_experts=3, num_experts_per_tok=2, n_shared_experts=1, moe_intermediate_size=32,
    first_k_dense_replace=0, n_group=1, topk_group=1, topk_method="noaux_tc", scoring_func="sigmoid", norm_topk_prob=True,
    routed_scaling_factor=2.5, tie_word_embeddings=False, quantization_config={
        "quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [128, 128]},
)  # fmt: skip
MOE = config(
    "Qwen2MoeForCausalLM", "qwen2_moe", num_experts=3, num_experts_per_tok=2, moe_intermediate_size=32, rope_theta=1000000.0,
    shared_expert_intermediate_size=INNER, norm_topk_prob=False, decoder_sparse_step=1, tie_word_embeddings=False,
)  # fmt: skip
OWN_GLM = {
    "architectures": ["ChatGLMModel"], "model_type": "chatglm", "add_bias_linear": False, "add_qkv_bias": True, "hidden_size": WIDE,
    "ffn_hidden_size": INNER, "kv_channels": 16, "layernorm_epsilon": 1.5625e-07, "multi_query_attention": True,
    "multi_query_group_num": 2, "num_attention_heads": 4, "num_layers": 2, "original_rope": True, "padded_vocab_size": VOCAB,
    "post_layer_norm": True, "rmsnorm": True, "rope_ratio": 500, "seq_length": 256, "vocab_size": VOCAB, "tie_word_embeddings": False,
    "apply_residual_connection_post_layernorm": False, "fp32_residual_connection": False, "torch_dtype": "bfloat16",
}  # fmt: skip
LLAMAS = {
    "llama-biases": (PLAIN | {"attention_bias": True}, tensors(LLAMA | BIASES | {"self_attn.o_proj.bias": (WIDE,)}, OUTER | HEAD),
                     ["self_attn.o_proj.bias", "self_attn.v_proj.bias"]),
    "llama-untied": (PLAIN, tensors(LLAMA, OUTER | HEAD), ["lm_head.weight"]),
    "llama-tied": (PLAIN | {"tie_word_embeddings": True}, tensors(LLAMA, OUTER), ["model.embed_tokens.weight", "model.norm.weight"]),
}  # fmt: skip
FAMILIES = {
    "qwen2-moe": (MOE, tensors(QWEN2_MOE, OUTER | HEAD), [
        "mlp.shared_expert_gate.weight", "mlp.shared_expert.up_proj.weight", "mlp.experts.2.down_proj.weight", "k_proj.bias"]),
    "gemma2": (config("Gemma2ForCausalLM", "gemma2", head_dim=16, hidden_activation="gelu_pytorch_tanh", query_pre_attn_scalar=16,
                      hidden_act="gelu_pytorch_tanh", sliding_window=4096),
               tensors(GEMMA, OUTER), ["pre_feedforward_layernorm.weight", "post_feedforward_layernorm.weight"]),
    "phi3": (config("Phi3ForCausalLM", "phi3", tie_word_embeddings=False, original_max_position_embeddings=256),
             tensors(PHI3, OUTER | HEAD), ["self_attn.qkv_proj.weight", "mlp.gate_up_proj.weight", "lm_head.weight"]),
    "mixtral": (config("MixtralForCausalLM", "mixtral", num_local_experts=3, intermediate_size=32, num_experts_per_tok=2, tie_word_embeddings=False),
                tensors(MIXTRAL, OUTER | HEAD), ["block_sparse_moe.gate.weight", "experts.1.w3.weight"]),
    "glm4": (config("Glm4ForCausalLM", "glm4", attention_bias=False, head_dim=16, partial_rotary_factor=0.5, tie_word_embeddings=False),
             tensors(GLM4, OUTER | HEAD), ["post_self_attn_layernorm.weight", "post_mlp_layernorm.weight"]),
    "glm": (config("GlmForCausalLM", "glm", attention_bias=True, head_dim=16, partial_rotary_factor=0.5, tie_word_embeddings=False),
            tensors(GLM, OUTER | HEAD), ["self_attn.k_proj.bias", "lm_head.weight"]),
    "glm-own": (OWN_GLM, tensors(CHATGLM, CHATGLM_OUTER, start="transformer.encoder.layers"),
                ["query_key_value.bias", "transformer.output_layer.weight", "mlp.dense_4h_to_h.weight"]),
    "internlm2": (config("InternLM2ForCausalLM", "internlm2", bias=False, tie_word_embeddings=False, rope_theta=1000000),
                  tensors(INTERNLM2, {"model.tok_embeddings.weight": (VOCAB, WIDE), "model.norm.weight": (WIDE,),
                                      "output.weight": (VOCAB, WIDE)}), ["attention.wqkv.weight", "output.weight"]),
}  # fmt: skip
QUANTIZED = {
    "deepseek-fp8": (V3, tensors(quantized(DEEPSEEK, fp8, but=("gate.weight", "gate.e_score")), OUTER | HEAD), [
        "kv_b_proj.weight_scale_inv", "experts.2.up_proj.weight", "gate.e_score_correction_bias", "q_a_layernorm.weight"]),
    "llama-gptq": (GPTQ, tensors(quantized(LLAMA, gptq), OUTER | HEAD), [
        "down_proj.qweight", "down_proj.qzeros", "q_proj.scales", "v_proj.g_idx", "input_layernorm.weight"]),
    "llama-nvfp4": (PLAIN | {"quantization_config": compressed(
        "nvfp4-pack-quantized", num_bits=4, type="float", strategy="tensor_group", group_size=16)},
        tensors(quantized(NORMS | ATTENTION | {name: (64, 64) for name in DENSE}, nvfp4), OUTER | HEAD),
        ["o_proj.weight_packed", "up_proj.weight_scale", "k_proj.weight_global_scale"]),
    "llama-packed": (PLAIN | {"quantization_config": compressed(
        "pack-quantized", num_bits=4, type="int", strategy="group", group_size=32, symmetric=False)},
        tensors(quantized(LLAMA, packed), OUTER | HEAD),
        ["o_proj.weight_packed", "up_proj.weight_scale", "k_proj.weight_shape", "q_proj.weight_zero_point", "lm_head.weight"]),
}  # fmt: skip
QUANTIZED["llama-nvfp4"][0]["intermediate_size"] = 64
UNREAD = {
    "llama-awq": (AWQ, tensors(quantized(LLAMA, awq), OUTER | HEAD), [
        "gate_proj.qzeros", "gate_proj.scales", "k_proj.qweight", "post_attention_layernorm.weight", "lm_head.weight"]),
    "llama-nf4": (NF4, tensors(quantized(LLAMA, nf4), OUTER | HEAD), [
        "o_proj.weight.absmax", "o_proj.weight.quant_map", "v_proj.weight", "v_proj.weight.nested_absmax",
        "up_proj.weight.quant_state.bitsandbytes__nf4", "model.embed_tokens.weight"]),
    "llama-int8": (PLAIN | {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
                   tensors(quantized(LLAMA, int8), OUTER | HEAD), ["down_proj.SCB", "down_proj.weight", "q_proj.weight_format"]),
    "qwen2-moe-awq": (MOE | {"quantization_config": AWQ["quantization_config"]},
                      tensors(quantized(QWEN2_MOE, awq, but=("mlp.gate.", "shared_expert_gate")), OUTER | HEAD),
                      ["experts.1.down_proj.qweight", "experts.0.up_proj.qzeros", "mlp.gate.weight", "q_proj.bias"]),
}  # fmt: skip
READ = LLAMAS | FAMILIES | QUANTIZED
ALL = READ | UNREAD
PAIRS = [(name, end) for name, (_, _, ends) in ALL.items() for end in ends]


def spread(shape):
    if isinstance(shape, torch.Tensor):
        return shape.clone()
    dtype, shape = shape if shape and isinstance(shape[0], torch.dtype) else (FLOAT, shape)
    return torch.ones(shape).to(dtype)


def pieces():
    """A SentencePiece model of single characters."""
    texts = ["<unk>", "<s>", "</s>"] + [chr(0x100 + place) for place in range(3, VOCAB)]
    model = b""
    for place, text in enumerate(texts):
        name = text.encode()
        piece = b"\x0a" + bytes([len(name)]) + name + b"\x15" + struct.pack("<f", 0.0) + b"\x18" + bytes([(2, 3, 3)[place] if place < 3 else 1])
        model += b"\x0a" + bytes([len(piece)]) + piece
    return model + b"\x12\x02\x18\x02"


def write(folder, name, lost=None):
    values, shapes, _ = ALL[name]
    folder.mkdir()
    found = {key: spread(shape) for key, shape in shapes.items() if key != lost}
    save_file(found, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(values))
    if name in ("gemma2", "internlm2", "phi3"):
        (folder / "tokenizer.model").write_bytes(pieces())
        (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}')
        return folder
    vocabulary = {"a": 0, "b": 1, "ab": 2} | {chr(0x100 + place): place for place in range(3, VOCAB - 2)}
    added = [{"id": VOCAB - 2 + at, "content": text, "special": True} for at, text in enumerate(["<|endoftext|>", "<|user|>"])]
    model = {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}
    (folder / "tokenizer.json").write_text(json.dumps({"version": "1.0", "model": model, "added_tokens": added}))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return folder


def lost_tensor(name, end):
    """The last tensor of that end."""
    return [tensor for tensor in ALL[name][1] if tensor.endswith(end)][-1]


def found_by_check(knapsack, folder, entries):
    path = folder / "m.toml"
    path.write_text(manifest(model=entries))
    knapsack("lock", path).expect(0, 1)
    findings = knapsack("check", path, "--json").json()["findings"]
    return {tuple(finding["message"].split(": ", 1)) for finding in findings if finding["code"] == "tensor-missing"}


def entry(folder):
    return {"name": folder.name, "source": f"path:{folder.name}", "license": "mit", "allow": ["tokenizer-missing"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", READ)
def test_a_whole_one_becomes_a_gguf(knapsack, tmp_path, name):
    model = write(tmp_path / "model", name)
    knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16", "--pre", "gpt-2").expect(0)
    assert (tmp_path / "out.gguf").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "end"), [pair for pair in PAIRS if pair[0] in READ])
def test_a_model_less_one_tensor_is_no_gguf(knapsack, tmp_path, name, end):
    lost = lost_tensor(name, end)
    model = write(tmp_path / "model", name, lost)
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16", "--pre", "gpt-2").expect(1, 2)
    assert done.stderr.splitlines()[0].endswith(f"the model has no tensor {lost}")
    assert not (tmp_path / "out.gguf").exists()
    path = tmp_path / "m.toml"
    made = {"name": "made", "from": "model", "gguf": "f16", "pre-tokenizer": "gpt-2"}
    path.write_text(manifest(model=[entry(model), made]))
    done = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))("lock", path).expect(1, 2)
    assert f"the model has no tensor {lost}" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_check_names_it_from_the_lock(knapsack, tmp_path, name):
    folders = {write(tmp_path / "whole", name): None}
    for at, end in enumerate(ALL[name][2]):
        lost = lost_tensor(name, end)
        folders[write(tmp_path / f"less-{at}", name, lost)] = lost
    found = found_by_check(knapsack, tmp_path, [entry(folder) for folder in folders])
    expected = {(folder.name, f"the weights have no tensor {lost}") for folder, lost in folders.items() if lost}
    assert found == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama-biases", "qwen2-moe", "gemma2", "glm"])
def test_a_cast_of_a_manifest_names_it_too(knapsack, tmp_path, name):
    lost = lost_tensor(name, ALL[name][2][0])
    model = write(tmp_path / "model", name, lost)
    path = tmp_path / "m.toml"
    path.write_text(manifest(model=[entry(model), {"name": "made", "from": "model", "dtype": "f16"}]))
    done = knapsack.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))("lock", path).expect(1, 2)
    assert f"the model has no tensor {lost}" in done.stderr


@pytest.mark.smoke
def test_a_model_of_experts_without_the_shared_one_is_not_whole(knapsack, tmp_path):
    model = write(tmp_path / "model", "qwen2-moe")
    shapes = {key: shape for key, shape in MOE_SHAPES.items() if "shared_expert" not in key}
    save_file({key: spread(shape) for key, shape in shapes.items()}, model / "model.safetensors", metadata={"format": "pt"})
    done = knapsack("convert", model, tmp_path / "out.gguf", "--outtype", "f16", "--pre", "gpt-2").expect(1, 2)
    assert "model.layers.0.mlp.shared_expert.gate_proj.weight and 7 more" in done.stderr


MOE_SHAPES = FAMILIES["qwen2-moe"][1]
