"""Gives a picture or a sound to a projector by llama.cpp's libmtmd and to the model by transformers, and prints how far
apart the embeddings are, a JSON line:

    python run_mtmd.py MODEL_DIRECTORY TEXT.gguf MMPROJ.gguf WIDTHxHEIGHT
    python run_mtmd.py MODEL_DIRECTORY TEXT.gguf MMPROJ.gguf SECONDS
    python run_mtmd.py load MMPROJ.gguf

Both take the same pixels, which neither has to resize. `worst` is the largest difference of a token's embedding, as a
share of its length, `cosine` the least of a token; `apart` is how far one token's is from the next one's, the median, so that it is
seen that there is something to mix up.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

import numpy
from llama_cpp import llama_cpp, mtmd_cpp


def projector(path: str, text=None, **options):
    """A context of libmtmd that computes on one core in 32 bits, without flash attention, which takes 16."""
    parameters = mtmd_cpp.mtmd_context_params_default()
    chosen = dict(use_gpu=False, n_threads=1, print_timings=False, warmup=False, flash_attn_type=0) | options
    for name, value in chosen.items():
        setattr(parameters, name, value)
    return mtmd_cpp.mtmd_init_from_file(os.fsencode(path), text, parameters)


class Seeing:
    """A model for text and its projector."""

    def __init__(self, text: str, path: str) -> None:
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(os.fsencode(text), llama_cpp.llama_model_default_params())
        assert self.model, f"{text} is not loaded"
        # Pictures of any number of tokens stay as they are.
        self.context = projector(path, self.model, image_min_tokens=1, image_max_tokens=4096)
        assert self.context, f"{path} is not loaded"
        self.width = llama_cpp.llama_model_n_embd_inp(self.model)

    def embeddings(self, bitmap) -> list[numpy.ndarray]:
        """What the projector makes of each part of a picture or sound: a row for each token."""
        chunks = mtmd_cpp.mtmd_input_chunks_init()
        marker = mtmd_cpp.mtmd_default_marker()
        text = mtmd_cpp.mtmd_input_text(marker, len(marker), True, True)
        bitmaps = (ctypes.c_void_p * 1)(bitmap)
        assert mtmd_cpp.mtmd_tokenize(self.context, chunks, ctypes.byref(text), bitmaps, 1) == 0
        found = []
        for place in range(mtmd_cpp.mtmd_input_chunks_size(chunks)):
            chunk = mtmd_cpp.mtmd_input_chunks_get(chunks, place)
            if mtmd_cpp.mtmd_input_chunk_get_type(chunk) == mtmd_cpp.MTMD_INPUT_CHUNK_TYPE_TEXT:
                continue
            assert mtmd_cpp.mtmd_encode_chunk(self.context, chunk) == 0
            tokens = mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk)
            values = mtmd_cpp.mtmd_get_output_embd(self.context)
            found.append(numpy.ctypeslib.as_array(values, (tokens, self.width)).copy())
        mtmd_cpp.mtmd_input_chunks_free(chunks)
        return found

    def of_picture(self, pixels: numpy.ndarray) -> list[numpy.ndarray]:
        """Of rows of columns of red, green and blue in bytes."""
        height, width, _ = pixels.shape
        data = numpy.ascontiguousarray(pixels).ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        return self.embeddings(mtmd_cpp.mtmd_bitmap_init(width, height, data))

    def of_sound(self, samples: numpy.ndarray) -> list[numpy.ndarray]:
        data = samples.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        return self.embeddings(mtmd_cpp.mtmd_bitmap_init_from_audio(len(samples), data))


def picture(width: int, height: int) -> numpy.ndarray:
    """Of eight colours by chance: no two places are alike, and none is rounded where llama.cpp keeps patches in 16 bits."""
    return numpy.random.default_rng(7).integers(0, 2, (height, width, 3), dtype=numpy.uint8) * 255


def sound(seconds: float) -> numpy.ndarray:
    """A rising tone in noise, 16,000 numbers a second."""
    time = numpy.arange(int(seconds * 16000)) / 16000
    noise = numpy.random.default_rng(7).standard_normal(len(time)) * 0.05
    return (0.5 * numpy.sin(2 * numpy.pi * (200 + 400 * time) * time) + noise).astype(numpy.float32)


def compared(expected: numpy.ndarray, found: numpy.ndarray) -> dict:
    assert expected.shape == found.shape, f"transformers has {expected.shape}, llama.cpp {found.shape}"
    expected, found = expected.astype(numpy.float64), found.astype(numpy.float64)
    length = numpy.linalg.norm(expected, axis=1)
    cosines = (expected * found).sum(1) / (length * numpy.linalg.norm(found, axis=1))
    return {
        "tokens": len(expected),
        "worst": float((numpy.linalg.norm(expected - found, axis=1) / length).max()),
        "cosine": float(cosines.min()),
        "apart": float(numpy.median(numpy.linalg.norm(expected - numpy.roll(expected, 1, 0), axis=1) / length)),
    }


def main(directory: str, text: str, path: str, what: str) -> dict:
    seeing = Seeing(text, path)
    from transformers_embeddings import Reference

    reference = Reference(Path(directory))
    if "x" in what:
        pixels = picture(*map(int, what.split("x")))
        found, expected = seeing.of_picture(pixels), reference.of_picture(pixels)
    else:
        samples = sound(float(what))
        found, expected = seeing.of_sound(samples), reference.of_sound(samples)
        # Some have tokens of the silence behind, too.
        found = [part[: len(expected)] for part in found]
    if out := os.environ.get("KNAPSACK_EMBEDDINGS"):
        numpy.savez(out, found=numpy.concatenate(found), expected=expected)
    # Where a picture is shown in parts and as a whole, one of their size is shown so twice.
    results = [compared(expected, part[part.any(axis=1)]) for part in found]
    return results[0] | {"worst": max(one["worst"] for one in results), "cosine": min(one["cosine"] for one in results)}


if __name__ == "__main__":
    if sys.argv[1] == "load":
        print(json.dumps({"loads": bool(projector(sys.argv[2]))}))
    else:
        print(json.dumps(main(*sys.argv[1:])))
