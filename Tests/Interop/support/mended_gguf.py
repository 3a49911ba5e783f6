"""Copies a GGUF file with other names of tensors, or with keys or tensors of zeros beside its own:

    python mended_gguf.py IN.gguf OUT.gguf '{"renamed": {"PART": "OTHER"}, "keys": {"NAME": true}, "added": {"TENSOR": LENGTH}}'

By it is shown that what llama.cpp misses in a file of the reference converter is all that hinders it.
"""

import json
import sys

import gguf
import numpy

if __name__ == "__main__":
    source, target, changes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "clip")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        kind = field.types[0]
        writer.add_key_value(name, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for name, value in changes.get("keys", {}).items():
        writer.add_bool(name, value)
    for tensor in reader.tensors:
        name = tensor.name
        for old, new in changes.get("renamed", {}).items():
            name = name.replace(old, new)
        writer.add_tensor(name, tensor.data)
    for name, length in changes.get("added", {}).items():
        writer.add_tensor(name, numpy.zeros(length, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
