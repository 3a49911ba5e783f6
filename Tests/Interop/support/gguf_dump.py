"""Reads a GGUF file without any package: metadata and tensors in the file's order, long arrays and tensors as digests.

The shape is that of the reference's dumps: what is equal here is equal byte for byte, but for the padding, which
`dump` checks to be zeros.
"""

import hashlib
import struct
from pathlib import Path

SCALARS = {
    0: ("u8", "<B"), 1: ("i8", "<b"), 2: ("u16", "<H"), 3: ("i16", "<h"), 4: ("u32", "<I"), 5: ("i32", "<i"),
    6: ("f32", "<f"), 7: ("bool", "<?"), 10: ("u64", "<Q"), 11: ("i64", "<q"), 12: ("f64", "<d"),
}  # fmt: skip
NAMES = {number: name for number, (name, _) in SCALARS.items()} | {8: "str", 9: "arr"}
# Name, elements and bytes of a block.
TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18), 42: ("Q2_0", 64, 18),
}  # fmt: skip


class Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.position = 0

    def number(self, code: str):
        value = struct.unpack_from(code, self.data, self.position)[0]
        self.position += struct.calcsize(code)
        return value

    def string(self) -> bytes:
        length = self.number("<Q")
        self.position += length
        return self.data[self.position - length : self.position]

    def value(self, kind: int):
        if kind == 8:
            text = self.string()
            try:
                return text.decode()
            except UnicodeDecodeError:
                return {"hex": text.hex()}
        if kind == 9:
            element, count = self.number("<I"), self.number("<Q")
            start = self.position
            items = [self.value(element) for _ in range(count)]
            digest = hashlib.sha256(self.data[start : self.position]).hexdigest()
            return {"elem": NAMES[element], "n": count, "sha256": digest, "items": items}
        return self.number(SCALARS[kind][1])


def dump(path: Path) -> dict:
    """The file's header, metadata and tensors."""
    reader = Reader(path.read_bytes())
    data = reader.data
    assert data[:4] == b"GGUF"
    reader.position = 4
    version, tensor_count, item_count = reader.number("<I"), reader.number("<Q"), reader.number("<Q")
    items = []
    alignment = 32
    for _ in range(item_count):
        key, kind = reader.string().decode(), reader.number("<I")
        value = reader.value(kind)
        if key == "general.alignment":
            alignment = value
        items.append(described(key, kind, value))
    infos = []
    for _ in range(tensor_count):
        name = reader.string().decode()
        shape = [reader.number("<Q") for _ in range(reader.number("<I"))]
        infos.append((name, shape, reader.number("<I"), reader.number("<Q")))
    start = -(-reader.position // alignment) * alignment
    tensors = []
    end = reader.position
    for name, shape, kind, offset in infos:
        type_name, length, size = TYPES[kind]
        elements = 1
        for dimension in shape:
            elements *= dimension
        count = elements // length * size
        place = start + offset
        assert not any(data[end:place]), f"{name} follows bytes that are no zeros"
        end = place + count
        digest = hashlib.sha256(data[place:end]).hexdigest()
        tensors.append(
            {"name": name, "ne": shape, "type": type_name, "offset": offset, "nbytes": count, "sha256": digest}
        )
    assert not any(data[end:]), "the file ends in bytes that are no zeros"
    header = {
        "magic": "GGUF", "version": version, "n_tensors": tensor_count, "n_kv": item_count, "alignment": alignment,
        "meta_end": reader.position, "data_offset": start, "file_size": len(data),
    }  # fmt: skip
    return {"header": header, "kv": items, "tensors": tensors}


def described(key: str, kind: int, value) -> dict:
    if kind != 9:
        return {"key": key, "type": NAMES[kind], "value": value}
    array = dict(value)
    if array["n"] > 12:
        items = array.pop("items")
        array |= {"head": items[:6], "tail": items[-3:]}
    return {"key": key, "type": f"arr<{array.pop('elem')}>", **array}
