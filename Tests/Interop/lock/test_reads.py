"""How often `knapsack lock` opens the files of a model, as inotify(7) counts it: once to look into it, for all that is
looked for, and once to hash it. What was read as a whole when it was looked into is hashed from memory. Only a file that
shares tensors is opened a third time, for the digest of its own bytes; no file of this model does."""

import collections
import ctypes
import json
import os
import struct

import numpy
import pytest
import torch
from cli import manifest
from gguf import GGUFWriter
from safetensors.numpy import save_file

OPENED, CLOSED = 0x20, 0x10  # IN_OPEN, IN_CLOSE_NOWRITE: an open between two closes is never merged with another


class Openings:
    """Counts by name how often files of a directory are opened."""

    def __init__(self, directory):
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK)
        if self.descriptor < 0:
            pytest.skip("inotify is not to be had")
        assert libc.inotify_add_watch(self.descriptor, os.fsencode(directory), OPENED | CLOSED) >= 0

    def counts(self):
        counts = collections.Counter()
        while True:
            try:
                events = os.read(self.descriptor, 1 << 20)
            except BlockingIOError:
                os.close(self.descriptor)
                return counts
            place = 0
            while place < len(events):
                _, mask, _, length = struct.unpack_from("iIII", events, place)
                name = events[place + 16 : place + 16 + length].rstrip(b"\0").decode()
                if mask & OPENED and name:
                    counts[name] += 1
                place += 16 + length


@pytest.fixture
def model(tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "float32"}
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}))
    vocabulary = {f"word{number}": number for number in range(20_000)}
    (directory / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordLevel", "vocab": vocabulary}}))
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")
    (directory / "chat_template.jinja").write_text("{{ messages }}")
    (directory / "modeling.py").write_text("class Model: pass\n")
    numbers = numpy.random.default_rng(1)
    for number, size in ((1, 8), (2, 512)):
        save_file({f"w{number}": numbers.random((size, size), "float32")}, directory / f"part-{number}.safetensors")
    torch.save({"w": torch.from_numpy(numbers.random((512, 512), "float32"))}, directory / "pytorch_model.bin")
    numpy.savez(directory / "images.npz", pixels=numbers.random((512, 512), "float32"))
    writer = GGUFWriter(directory / "model-f32.gguf", "llama")
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("w", numpy.zeros((8, 8), "float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return directory


@pytest.mark.parametrize("dedup", ["file", "tensor"])
def test_files_are_opened_once_to_look_into_them_and_once_to_hash_them(knapsack, model, tmp_path, dedup):
    entry = {"name": "m", "source": "path:model"}
    path = tmp_path / "models.toml"
    path.write_text(manifest(head=f'dedup = "{dedup}"', model=[entry]))
    openings = Openings(model)
    knapsack("lock", path, cwd=tmp_path).expect(0)
    counts = openings.counts()
    assert set(counts) == {path.name for path in model.iterdir()}
    whole = (".json", ".md", ".jinja", ".py", "part-1.safetensors")
    most = {name: 1 if name.endswith(whole) else 2 for name in counts}
    assert {name: count for name, count in counts.items() if count > most[name]} == {}, counts


@pytest.mark.slow
def test_many_files_are_opened_twice(knapsack, tmp_path):
    """More than stay open or in memory. Whether there are weights at all is asked of the first file that could be some,
    when it is not open any more."""
    directory = tmp_path / "data"
    directory.mkdir()
    for number in range(200):
        (directory / f"{number}.npy").write_bytes(b"\x93NUMPY" + bytes(100_000))
    for number in range(80):
        (directory / f"{number}.json").write_text(json.dumps(["x" * (1 << 20)]))
    path = tmp_path / "models.toml"
    path.write_text(manifest(dataset=[{"name": "d", "source": "path:data"}]))
    openings = Openings(directory)
    knapsack("lock", path, cwd=tmp_path).expect(0)
    counts = openings.counts()
    assert len(counts) == 280
    assert {name: count for name, count in counts.items() if count > 2} in ({}, {"0.npy": 3})
