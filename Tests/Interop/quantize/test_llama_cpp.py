"""What `knapsack quantize` writes, loaded and run by llama.cpp: its scores of the next token, file by file.

Runs only where KNAPSACK_LLAMA_CPP names the folder with llama.cpp's programs, of which it takes `llama-perplexity`.
"""

import os
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import gguf
import needs
import numpy
import pytest

pytestmark = [needs.LLAMA_CPP, pytest.mark.oracle]

CONTEXT = 64
TYPES = """
    Q1_0 Q2_0 Q4_0 Q4_1 MXFP4_MOE Q5_0 Q5_1 IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ1_S IQ1_M TQ1_0 TQ2_0 Q2_K Q2_K_S IQ3_XXS
    IQ3_S IQ3_M IQ3_XS Q3_K_S Q3_K_M Q3_K_L IQ4_NL IQ4_XS Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K Q8_0 F16 BF16 F32 COPY
""".split()

# How alike the scores of 64 tokens are at least, as a correlation with the original's.
LIKENESS = {"F32": 0.9999, "F16": 0.9999, "COPY": 1, "BF16": 0.999, "Q8_0": 0.999, "Q6_K": 0.99, "Q5_K_M": 0.98}


@dataclass
class Model:
    """A model to quantize, with an importance matrix for every tensor that llama-imatrix would measure."""

    path: Path
    imatrix: Path
    scores: numpy.ndarray


def scores(model: Path) -> numpy.ndarray:
    """The logarithms of the probabilities that llama.cpp gives every token of the vocabulary after each of some
    tokens: a row each, to 16 bits."""
    text, output = model.with_suffix(".txt"), model.with_suffix(".scores")
    text.write_text("A sack of models, packed for a place without internet: 3 of 12. " * 16)
    program = Path(os.environ["KNAPSACK_LLAMA_CPP"]) / "llama-perplexity"
    command = [program, "--model", model, "--file", text, "--ctx-size", CONTEXT, "--batch-size", CONTEXT]
    command += ["--chunks", 1, "--threads", 1, "--kl-divergence-base", output]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    content = output.read_bytes()
    output.unlink()
    magic, context, vocabulary, chunks = struct.unpack_from("<8siii", content)
    assert (magic, context, chunks) == (b"_logits_", CONTEXT, 1)
    width = 2 * ((vocabulary + 1) // 2) + 4
    rows = numpy.frombuffer(content, dtype="<u2", offset=20 + 4 * CONTEXT).reshape(-1, width)
    assert len(rows) >= CONTEXT // 4
    scale, lowest = rows[:, :4].copy().view("<f4").T[:, :, None]
    return scale * rows[:, 4 : 4 + vocabulary] + lowest


def small_llama(path: Path) -> None:
    """A llama of random weights with a vocabulary of bytes: rows of 256 and, in feed-forward down, of 288."""
    width, hidden, heads, key_heads, layers = 256, 288, 4, 2, 2
    random = numpy.random.default_rng(5)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(key_heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    # The byte-level alphabet of GPT-2: printable characters stand for themselves, others for those past 255.
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    tokens = [letters[byte] for byte in range(256)] + ["<s>", "</s>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * 256 + [gguf.TokenType.CONTROL] * 2)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    shapes = {"token_embd": (len(tokens), width), "output": (len(tokens), width)}
    for layer in range(layers):
        shapes |= {
            f"blk.{layer}.attn_q": (width, width),
            f"blk.{layer}.attn_k": (width * key_heads // heads, width),
            f"blk.{layer}.attn_v": (width * key_heads // heads, width),
            f"blk.{layer}.attn_output": (width, width),
            f"blk.{layer}.ffn_gate": (hidden, width),
            f"blk.{layer}.ffn_up": (hidden, width),
            f"blk.{layer}.ffn_down": (width, hidden),
        }
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{norm}.weight", numpy.ones(width, dtype=numpy.float32))
    writer.add_tensor("output_norm.weight", numpy.ones(width, dtype=numpy.float32))
    for name, shape in shapes.items():
        numbers = random.standard_normal(shape, dtype=numpy.float32) / numpy.float32(shape[1] ** 0.5)
        writer.add_tensor(f"{name}.weight", numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def even_imatrix(path: Path, model: Path) -> None:
    """Importances of a model's matrices, a little more for every second column."""
    writer = gguf.GGUFWriter(path, "imatrix")
    writer.add_type("imatrix")
    writer.add_array("imatrix.datasets", ["even.txt"])
    writer.add_uint32("imatrix.chunk_count", 1)
    writer.add_uint32("imatrix.chunk_size", 64)
    for tensor in gguf.GGUFReader(model).tensors:
        if len(tensor.shape) < 2 or tensor.name == "token_embd.weight":
            continue
        columns, experts = int(tensor.shape[0]), int(tensor.shape[2]) if len(tensor.shape) > 2 else 1
        sums = numpy.tile(1 + numpy.arange(columns) % 2, (experts, 1)).astype(numpy.float32)
        writer.add_tensor(f"{tensor.name}.in_sum2", sums)
        writer.add_tensor(f"{tensor.name}.counts", numpy.ones((experts, 1), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sources() -> list[str]:
    """A model made here, and the reference's where KNAPSACK_ORACLE names its folder."""
    folder = os.environ.get("KNAPSACK_ORACLE")
    return ["made-here", *(sorted(str(path) for path in Path(folder, "inputs").glob("*.gguf")) if folder else [])]


@pytest.fixture(scope="session", params=sources(), ids=lambda source: Path(source).stem)
def model(request, tmp_path_factory) -> Model:
    directory = tmp_path_factory.mktemp("llama-cpp")
    path, imatrix = directory / "model.gguf", directory / "imatrix.gguf"
    if request.param == "made-here":
        small_llama(path)
    else:
        path.symlink_to(request.param)
    even_imatrix(imatrix, path)
    return Model(path, imatrix, scores(path))


@pytest.mark.parametrize("kind", TYPES)
def test_llama_cpp_runs_what_is_quantized(knapsack, tmp_path, model, kind):
    output = tmp_path / "out.gguf"
    done = knapsack("quantize", model.path, output, kind, "--imatrix", model.imatrix, "--quiet", timeout=600)
    if done.code == 1 and kind == "Q1_0":
        # The only type without a smaller relative for rows that are not whole blocks.
        assert "blocks of 128" in done.stderr
        return
    done.expect(0)
    found = scores(output)
    assert found.shape == model.scores.shape and numpy.isfinite(found).all()
    likeness = numpy.corrcoef(found.reshape(-1), model.scores.reshape(-1))[0, 1]
    print(kind, likeness)
    assert likeness >= LIKENESS.get(kind, 0) - 1e-9
    if kind == "COPY":
        assert (found == model.scores).all()
