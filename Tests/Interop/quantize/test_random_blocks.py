"""200,000 random blocks of each type, half of them with importances: every level of processors gives ggml's bytes.

Runs only where KNAPSACK_GGML names a libggml-base.so of the reference's commit, compiled without contraction to fused
multiply-add, and `knapsack-bench` is built beside `knapsack`. It takes some minutes for each codebook type.
"""

import ctypes
import os
import subprocess
from pathlib import Path

import needs
import numpy
import pytest

pytestmark = [needs.GGML, pytest.mark.oracle, pytest.mark.slow]

BLOCKS = int(os.environ.get("KNAPSACK_RANDOM_BLOCKS", "200000"))
PART = 16384

# ggml's number of each type that is quantized, and the numbers of a block.
TYPES = {
    "F16": (1, 1), "BF16": (30, 1), "Q4_0": (2, 32), "Q4_1": (3, 32), "Q5_0": (6, 32), "Q5_1": (7, 32),
    "Q8_0": (8, 32), "Q2_K": (10, 256), "Q3_K": (11, 256), "Q4_K": (12, 256), "Q5_K": (13, 256), "Q6_K": (14, 256),
    "IQ2_XXS": (16, 256), "IQ2_XS": (17, 256), "IQ3_XXS": (18, 256), "IQ1_S": (19, 256), "IQ4_NL": (20, 32),
    "IQ3_S": (21, 256), "IQ2_S": (22, 256), "IQ4_XS": (23, 256), "IQ1_M": (29, 256), "TQ1_0": (34, 256),
    "TQ2_0": (35, 256), "MXFP4": (39, 32), "NVFP4": (40, 64), "Q1_0": (41, 128), "Q2_0": (42, 64),
}  # fmt: skip
NEEDS_IMPORTANCE = {"IQ2_XXS", "IQ2_XS", "IQ1_S"}


@pytest.fixture(scope="module")
def ggml() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ["KNAPSACK_GGML"])
    library.ggml_row_size.restype = ctypes.c_size_t
    library.ggml_row_size.argtypes = [ctypes.c_int, ctypes.c_int64]
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
    ]  # fmt: skip
    return library


def rows(random: numpy.random.Generator, blocks: int, length: int) -> numpy.ndarray:
    """Blocks of one of ten kinds each, as weights are and as they hardly ever are."""
    values = random.standard_normal((blocks, length), dtype=numpy.float32) * numpy.float32(0.02)
    kinds = random.integers(0, 10, blocks)
    values[kinds == 1] = 0
    values[kinds == 2] = numpy.abs(values[kinds == 2])
    values[kinds == 3] = -numpy.abs(values[kinds == 3])
    values[kinds == 4] = numpy.round(values[kinds == 4] * 100) / numpy.float32(8)
    values[kinds == 5] *= random.random((int((kinds == 5).sum()), length)) < 0.3
    values[kinds == 6, random.integers(0, length)] *= numpy.float32(1000)
    values[kinds == 7] *= numpy.float32(1e-6)
    values[kinds == 8] *= numpy.float32(2000)
    return values.astype(numpy.float32)


@pytest.mark.parametrize("name", TYPES)
def test_every_level_gives_the_bytes_of_ggml(ggml, tmp_path, name):
    number, block = TYPES[name]
    bench = Path(os.environ["KNAPSACK_BIN"]).resolve().parent / "knapsack-bench"
    if not bench.exists():
        pytest.skip("knapsack-bench is not built beside the program")
    length, columns = max(block, 256), 8 * max(block, 256)
    random = numpy.random.default_rng(number)
    levels = set()
    for start in range(0, BLOCKS, PART):
        count = (min(PART, BLOCKS - start) + 7) // 8 * 8
        source = rows(random, count, length)
        # Every second part counts columns differently, some not at all.
        importance = None
        if start // PART % 2 or name in NEEDS_IMPORTANCE:
            importance = numpy.maximum(0, random.standard_normal(columns) + 1.5).astype(numpy.float32)
        expected = numpy.zeros(ggml.ggml_row_size(number, columns) * (count // 8), dtype=numpy.uint8)
        weights = importance.ctypes.data if importance is not None else None
        ggml.ggml_quantize_chunk(number, source.ctypes.data, expected.ctypes.data, 0, count // 8, columns, weights)
        source.tofile(tmp_path / "rows")
        command = [bench, "kernels", f"--rows={tmp_path}/rows", f"--columns={columns}", f"--type={name}"]
        command.append(f"--output={tmp_path}/made")
        if importance is not None:
            importance.tofile(tmp_path / "importance")
            command.append(f"--importance={tmp_path}/importance")
        subprocess.run(command, check=True)
        for made in sorted(tmp_path.glob("made.*")):
            levels.add(made.suffix)
            found = numpy.fromfile(made, dtype=numpy.uint8)
            assert found.size == expected.size
            different = numpy.flatnonzero(found != expected)
            assert different.size == 0, f"{made.suffix[1:]}, part {start // PART}, byte {different[0]}"
    assert ".baseline" in levels
