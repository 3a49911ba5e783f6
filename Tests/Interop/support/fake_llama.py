"""A stand-in for llama-perplexity, which needs no model: what it measures is what the test states.

    folder = fake_llama.write(tmp_path, top='0.5 if "q4" in value("-m") else 0.25')
"""

import sys
from pathlib import Path

PROGRAM = '''#!{python}
import math, os, struct, sys, time
{helper}
arguments = sys.argv[1:]
mode = {mode!r}
if "--version" in arguments:
    print({version!r}, file=sys.stderr)
    sys.exit(0)
def value(name):
    return arguments[arguments.index(name) + 1]
with open({log!r}, "a") as log:
    print(" ".join(arguments), file=log)
if mode == "hang":
    with open({log!r} + ".pid", "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)
if mode == "fail":
    print("error: failed to load the \\x1b[31mmodel", file=sys.stderr)
    sys.exit(1)
context = int(value("-c"))
vocabulary, chunks = {vocabulary}, {chunks}
judged = context - 1 - context // 2
top = {top}
rest = math.log((1 - top) / (vocabulary - 1))
row = struct.pack("<ffH", (math.log(top) - rest) / 65535, rest, 65535)
row = row.ljust((vocabulary + 1) // 2 * 4 + 8, b"\\0")
if mode == "odd":
    row = bytes(len(row))
with open(value("--kl-divergence-base"), "wb") as file:
    file.write(b"_logits_" + struct.pack("<i", context))
    if mode == "few":
        sys.exit(0)
    file.write(struct.pack("<ii", vocabulary, chunks) + bytes(chunks * context * 4))
    file.write((row * (chunks * judged))[: -1 if mode == "short" else None])
'''


# Models with q4 in their names are surer than others.
TOP = '0.5 if "q4" in value("-m") else 0.25'


def write(folder: Path, vocabulary: int, chunks: int = 20, mode: str = "", top: str = TOP,
          version: str = "version: 1 (fake)", helper: str = "") -> Path:
    """Writes the program into a folder. `top` is the probability of the first token, in Python, which may look at `value("-m")`."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "llama-perplexity"
    program.write_text(PROGRAM.format(
        python=sys.executable, vocabulary=vocabulary, chunks=chunks, mode=mode, top=top, helper=helper,
        version=version, log=str(folder / "log")))
    program.chmod(0o755)
    return folder
