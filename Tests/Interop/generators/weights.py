"""Other files with MiniLM's real weights, as people publish, re-publish and change a model.

Each function writes with the library that people use for it; `tensors_of` reads any of the files back with its own
library, so that what Knapsack stores can be held against what others say is in the files.
"""

import hashlib
import json
import struct
from pathlib import Path

import gguf
import numpy
import torch
from genuine import MINILM_FILES
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch_file
from safetensors.torch import save_file as save_torch_file

WEIGHTS = MINILM_FILES / "model.safetensors"
EMBEDDING = "embeddings.word_embeddings.weight"


def original() -> dict[str, torch.Tensor]:
    return load_torch_file(WEIGHTS)


def model_directory(directory: Path) -> Path:
    """A new directory with all that transformers wants beside the weights."""
    directory.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (directory / name).write_bytes((MINILM_FILES / name).read_bytes())
    return directory


def save(tensors: dict[str, torch.Tensor], directory: Path, name: str = "model.safetensors") -> None:
    """What `safetensors.torch` makes of a state dict: it decides on the order itself."""
    save_torch_file(tensors, directory / name, metadata={"format": "pt"})


def save_in_shards(tensors: dict[str, torch.Tensor], directory: Path, count: int) -> None:
    """`count` shards by turns, so that each has some of every layer, and their index."""
    names = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    weight_map = {}
    for number, shard in enumerate(names):
        part = dict(list(tensors.items())[number::count])
        save(part, directory, shard)
        weight_map |= dict.fromkeys(part, shard)
    write_index(directory, weight_map)


def write_index(directory: Path, weight_map: dict[str, str]) -> None:
    index = {"metadata": {"total_size": WEIGHTS.stat().st_size}, "weight_map": weight_map}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def save_pretrained(directory: Path, shard_size: str) -> None:
    """What a fine-tuning script leaves, with shards of at most `shard_size`."""
    from transformers import AutoModel, AutoTokenizer

    AutoModel.from_pretrained(MINILM_FILES).save_pretrained(directory, max_shard_size=shard_size)
    AutoTokenizer.from_pretrained(MINILM_FILES).save_pretrained(directory)


def save_in_order(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """A safetensors file with the tensors in this order; its own library always sorts them."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    names = {torch.float32: "F32", torch.int64: "I64"}
    for name, tensor in tensors.items():
        size = tensor.nbytes
        header[name] = {
            "dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size],
        }  # fmt: skip
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.numpy().tobytes())


def save_gguf(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """An unquantized GGUF file, as a converter writes first."""
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_block_count(6)
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors_of(path: Path) -> dict[str, numpy.ndarray]:
    """The tensors of a file by name, read with the library that belongs to the file; none of any other file."""
    match path.suffix:
        case ".safetensors":
            return load_file(path)
        case ".bin":
            return {name: tensor.numpy() for name, tensor in torch.load(path, mmap=True, weights_only=True).items()}
        case ".npz":
            with numpy.load(path) as arrays:
                return dict(arrays)
        case ".gguf":
            return {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
        case _:
            return {}


def distinct_tensor_bytes(paths: list[Path]) -> tuple[int, int]:
    """The size of all different tensors of these files together, and of everything else in different files."""
    sizes, rest, seen = {}, 0, set()
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        if digest in seen:
            continue
        seen.add(digest)
        rest += path.stat().st_size
        for tensor in tensors_of(path).values():
            content = numpy.ascontiguousarray(tensor).reshape(-1).view(numpy.uint8)
            sizes[hashlib.sha256(content).digest()] = content.nbytes
            rest -= content.nbytes
    return sum(sizes.values()), rest
