"""Seeded mutations of documents: of their bytes, and of the values in a JSON document."""

import copy
import json
import random

TOKENS = [
    b"\0", b"\xff", b"\xc3", b"\xf0\x9f\x8e\x92", b"\xef\xbb\xbf", b"\r\n", b"\n\n", b"\t", b'"', b"'", b'"""', b"\\u0000",
    b"\\ud800", b"{", b"}", b"[", b"]", b"[[", b"]]", b",", b":", b"=", b"---\n", b"&a", b"*a", b"!!", b"<<: ", b"- ", b"#",
    b"-1", b"0", b"1e999", b"NaN", b"9223372036854775808", b"18446744073709551616", b"0x", b"1979-05-27", b"true", b"null",
    b"../", b"/etc/passwd", b"{}", b"[]", b"a" * 5000, b"[" * 3000, b"{a: " * 500,
]  # fmt: skip

VALUES = [
    None, True, False, -1, 0, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**30, 0.5, 1e308, "", ".", "..", "../x", "/etc/passwd",
    "a/../../x", "a//b", "a\\..\\b", "C:\\x", "\u0000", "\ud83c", "a" * 5000, "0" * 64, "f" * 40, "hf:a/b@main", [], {}, [[]],
    [None], {"": None}, ["../x"], "knapsack.lock", "models/../SHA256SUMS", "e\u0301", "\u00e9", "\u202e", "-", "--help",
]  # fmt: skip


def mutate(content: bytes, dice: random.Random) -> bytes:
    """Some bytes flipped, cut, doubled, moved or replaced by what parsers dislike."""
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        start = dice.randrange(len(content) + 1)
        end = min(len(content), start + dice.choice((1, 1, 4, 20, 200)))
        match dice.randrange(7):
            case 0 if content:
                place = dice.randrange(len(content))
                content = content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]
            case 1:
                content = content[:start] + content[end:]
            case 2:
                content = content[:end] + content[start:]
            case 3:
                content = content[:start]
            case 4:
                lines = content.splitlines(keepends=True)
                dice.shuffle(lines)
                content = b"".join(lines)
            case _:
                content = content[:start] + dice.choice(TOKENS) + content[dice.choice((start, end)) :]
    return content


def mutate_values(document, dice: random.Random):
    """The document with some of its values replaced, removed, doubled or renamed, still well-formed JSON."""
    document = copy.deepcopy(document)
    for _ in range(dice.choice((1, 1, 2, 3))):
        places = list(_places(document))
        if not places:
            return document
        holder, key = dice.choice(places)
        match dice.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[key]))
            case 1:
                holder[dice.choice(["extra", "", "__proto__", "at", "path", "segments"])] = holder.pop(key)
            case 2:
                other, name = dice.choice(places)
                holder[key] = copy.deepcopy(other[name])
            case _:
                holder[key] = dice.choice(VALUES)
    return document


def _places(value):
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def json_bytes(document) -> bytes:
    """The document as JSON; a lone surrogate, which UTF-8 cannot hold, stays an escape."""
    return json.dumps(document, ensure_ascii=True).encode()
