"""Contents of many sizes and shapes, the same in every run, for what Xet makes of them."""

import hashlib
import random
import struct

# Chunks have 8 KiB to 128 KiB, and 64 KiB on average; nodes have at most nine children.
EDGES = [0, 1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024, 1025, 8127, 8128, 8129, 8191, 8192, 8193, 65535, 65536, 65537, 131071,
         131072, 131073, 262143, 262144, 262145]  # fmt: skip


def noise(seed: str, size: int) -> bytes:
    return hashlib.shake_128(seed.encode()).digest(size)


def floats(seed: str, size: int) -> bytes:
    numbers = random.Random(seed)
    return b"".join(struct.pack("<f", numbers.gauss(0, 0.02)) for _ in range(size // 4 + 1))[:size]


def words(seed: str, size: int) -> bytes:
    line = f"some words of {seed}".encode()
    return b"".join(b"%s, line %d\n" % (line, n) for n in range(size // (len(line) + 8) + 1))[:size]


def run(seed: str, size: int) -> bytes:
    return bytes([len(seed) % 256]) * size


def repeated(seed: str, size: int) -> bytes:
    block = noise(seed, 20_000)
    return (block * (size // len(block) + 1))[:size]


def patched(seed: str, size: int) -> bytes:
    """Shares most of its chunks with others of the same kind."""
    content = bytearray(noise("patched", size))
    for place in range(0, size, 200_000):
        content[place : place + 8] = noise(seed, len(content[place : place + 8]))
    return bytes(content)


SHAPES = [noise, floats, words, run, repeated, patched]


def contents(count: int, large: int = 900_000) -> list[bytes]:
    """So many contents: every edge in every shape, then sizes at random, mostly small, and some with many chunks."""
    sizes = random.Random(count)
    found = [shape(f"{shape.__name__} {size}", size) for size in EDGES if size < 70_000 for shape in SHAPES]
    found += [shape(f"{shape.__name__} {size}", size) for size in EDGES[-6:] for shape in (noise, floats, run)]
    for number in range(6):
        found.append(SHAPES[number](f"large {number}", large + 77_777 * number))
    while len(found) < count:
        shape = SHAPES[len(found) % len(SHAPES)]
        found.append(shape(f"{len(found)}", int(2 ** sizes.uniform(0, 14))))
    return found[:count]
