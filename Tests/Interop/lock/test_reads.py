"""How often `knapsack lock` opens the files of a model, as inotify(7) counts it: once for what it states of itself,
once in each search (for pickles, for programs, and in documents for credentials and for tensors), and once to hash it."""

import collections
import ctypes
import json
import os
import struct

import numpy
import pytest
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
    for number in (1, 2):
        save_file({f"w{number}": numpy.zeros((8, 8), "float32")}, directory / f"part-{number}.safetensors")
    writer = GGUFWriter(directory / "model-f32.gguf", "llama")
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("w", numpy.zeros((8, 8), "float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return directory


@pytest.mark.parametrize("dedup", ["file", "tensor"])
def test_files_are_opened_once_for_each_search(knapsack, model, tmp_path, dedup):
    entry = {"name": "m", "source": "path:model"}
    path = tmp_path / "models.toml"
    path.write_text(manifest(head=f'dedup = "{dedup}"', model=[entry]))
    openings = Openings(model)
    knapsack("lock", path, cwd=tmp_path).expect(0)
    counts = openings.counts()
    assert set(counts) == {path.name for path in model.iterdir()}
    most = {name: 6 if name.endswith(".json") else 4 for name in counts}
    assert {name: count for name, count in counts.items() if count > most[name]} == {}, counts
