"""A stand-in for llama-perplexity, which needs no model: what it measures is what the test states.

    folder = fake_llama.write(tmp_path, divergence="0.01")
"""

import sys
from pathlib import Path

PROGRAM = '''#!{python}
import os, struct, sys, time
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
if "--kl-divergence" not in arguments:
    vocabulary, chunks = {vocabulary}, {chunks}
    judged = context - 1 - context // 2
    size = chunks * (context * 4 + judged * ((vocabulary + 1) // 2 * 2 + 4) * 2)
    with open(value("--kl-divergence-base"), "wb") as file:
        file.write(b"_logits_" + struct.pack("<iii", context, vocabulary, chunks))
        file.write(bytes(size if mode != "short" else size - 1))
    sys.exit(0)
divergence = {divergence}
print("Mean PPL(Q)                   : 11.000000 ± 0.100000")
print("Mean PPL(base)                : 10.000000 ± 0.100000")
print("Mean    KLD: %10.6f ± %10.6f" % (divergence, 0.0001))
print("Maximum KLD: 1.000000\\n99.0%   KLD: 0.500000\\nMedian  KLD: 0.200000")
if mode != "odd":
    print("Same top p: 90.000 ± 1.000 %")
'''


def write(folder: Path, vocabulary: int, chunks: int = 20, mode: str = "", divergence: str = "0.012346",
          version: str = "version: 1 (fake)") -> Path:
    """Writes the program into a folder. `divergence` is Python, which may look at `value("-m")`."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "llama-perplexity"
    program.write_text(PROGRAM.format(
        python=sys.executable, vocabulary=vocabulary, chunks=chunks, mode=mode, divergence=divergence,
        version=version, log=str(folder / "log")))
    program.chmod(0o755)
    return folder
