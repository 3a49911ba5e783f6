#!/usr/bin/env python3
"""Writes the wheel of the released binary: the program, and the loader as a module. Standard library only.

The same input gives the same bytes: members are sorted, their times are SOURCE_DATE_EPOCH.

    wheel.py --version 0.1.0 --binary knapsack --loader knapsack.py --readme README.md \
        --license LICENSE --license NOTICE --tag manylinux_2_35_x86_64 --output dist
"""

import argparse
import base64
import hashlib
import os
import pathlib
import time
import zipfile

NAME = "knapsack-packer"
MODULE = "knapsack_packer"

INIT = '''"""The parts of Knapsack that Python imports: the loader, for tests of one's own."""

from importlib.metadata import version

__version__ = version("knapsack-packer")
'''

RUN = '''"""`python -m knapsack_packer` runs the program."""

import os
import sys
import sysconfig


def program():
    """The path of the program that this package brings along."""
    schemes = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", os.name + "_user")]
    # pip install --target puts scripts into bin beside the packages.
    schemes.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for directory in schemes:
        path = os.path.join(directory, "knapsack")
        if os.path.isfile(path):
            return path
    raise FileNotFoundError("the program knapsack is in none of " + ", ".join(schemes))


if __name__ == "__main__":
    os.execv(program(), ["knapsack", *sys.argv[1:]])
'''


def metadata(version, readme, licenses):
    """METADATA: core metadata 2.1, which every pip that Python 3.9 comes with reads."""
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {NAME}",
        f"Version: {version}",
        "Summary: Pack models for a notebook without internet: proved, stored once, loadable offline",
        "License: Apache-2.0",
        "Keywords: kaggle,huggingface,gguf,safetensors,offline",
        "Classifier: Environment :: Console",
        "Classifier: License :: OSI Approved :: Apache Software License",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Requires-Python: >=3.9",
        *(f"License-File: {path.name}" for path in licenses),
        "Description-Content-Type: text/markdown",
        "",
    ]
    return "\n".join(lines) + "\n" + readme


def digest(data):
    """A digest as RECORD has it."""
    text = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return "sha256=" + text.decode("ascii")


def build(arguments):
    """Writes the wheel and returns its path."""
    epoch = max(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")), 315532800)
    date = time.gmtime(epoch)[:6]
    info = f"{MODULE}-{arguments.version}.dist-info"
    data = f"{MODULE}-{arguments.version}.data"
    tag = f"py3-none-{arguments.tag}"
    readme = arguments.readme.read_text(encoding="utf-8")
    members = {
        f"{MODULE}/__init__.py": INIT.encode(),
        f"{MODULE}/__main__.py": RUN.encode(),
        f"{MODULE}/loader.py": arguments.loader.read_bytes(),
        f"{MODULE}/py.typed": b"",
        f"{data}/scripts/knapsack": arguments.binary.read_bytes(),
        f"{info}/METADATA": metadata(arguments.version, readme, arguments.license).encode("utf-8"),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: knapsack\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    for path in arguments.license:
        members[f"{info}/licenses/{path.name}"] = path.read_bytes()
    record = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content in sorted(members.items()))
    # RECORD comes last, as the specification recommends.
    ordered = [*sorted(members.items()), (f"{info}/RECORD", f"{record}{info}/RECORD,,\n".encode())]
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / f"{MODULE}-{arguments.version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in ordered:
            member = zipfile.ZipInfo(name, date)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            mode = 0o755 if name.endswith("/scripts/knapsack") else 0o644
            member.external_attr = (0o100000 | mode) << 16
            archive.writestr(member, content)
    return path


def main():
    """Reads the arguments and prints the wheel's path."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--tag", required=True, help="the platform, such as manylinux_2_35_x86_64")
    parser.add_argument("--license", type=pathlib.Path, action="append", default=[])
    for name in ["binary", "loader", "readme", "output"]:
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    print(build(parser.parse_args()))


if __name__ == "__main__":
    main()
