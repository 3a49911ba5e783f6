"""Compares what two builds write: locks, bundles, archives, signatures, bills of materials, GGUF files.

    python Tests/Interop/support/compare_builds.py OLD NEW [MODEL...]

OLD and NEW are binaries. The inputs are all manifests of manifests/, the fixtures, and the models (directories with
config.json and safetensors, as generators/make_models.py makes them) that are named. A line for each output states
whether the bytes are equal; the end names all that differ. Exit code 1 if anything does.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"
KEY = FIXTURES / "signing" / "keys" / "p256.pem"
TYPES = "F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K_M Q4_K_M Q5_K_M Q6_K IQ4_NL IQ4_XS TQ1_0 TQ2_0".split()


def run(binary, home, *arguments, cwd):
    """The exit code, with what was printed on standard output."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KNAPSACK_CACHE_DIR": str(home / "index")}
    environment |= {name: str(FIXTURES / "quickstart" / folder) for name, folder in
                    (("HF_HUB_CACHE", "hub"), ("KAGGLEHUB_CACHE", "kagglehub"))}  # fmt: skip
    done = subprocess.run([binary, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True)
    return done.returncode, done.stdout


def of_manifest(call, work, path):
    """What becomes of a manifest: the lock, bundles in four forms, bills of materials, what unpack restores."""
    folder = work / "manifests"
    folder.mkdir(exist_ok=True)
    if not (work / "fixtures").exists():
        (work / "fixtures").symlink_to(FIXTURES)
    text = path.read_text()
    (folder / path.name).write_text(text)
    call("lock", path.name, cwd=folder)
    for form in ("bundle", "bundle.tar", "bundle.tar.zst", "bundle.zip"):
        call("pack", path.name, "--output", form, cwd=folder)
        call("sign", form, "--key", KEY, cwd=folder)
    for format in ("cyclonedx", "spdx"):
        call("sbom", path.name, "--format", format, "--output", f"bill.{format}.json", cwd=folder)
    for form in re.findall(r"--(\w[\w-]*) <dir>", call("unpack", "--help", cwd=folder).decode()):
        call("unpack", "bundle.tar", f"--{form}", f"unpacked-{form}", cwd=folder)


def of_gguf(call, work, path):
    folder = work / "quantized"
    folder.mkdir(exist_ok=True)
    for kind in [*TYPES, "COPY"]:
        call("quantize", path, f"{path.stem}-{kind}.gguf", kind, "--allow-requantize", cwd=folder)


def of_model(call, work, path):
    folder = work / "converted"
    folder.mkdir(exist_ok=True)
    for kind in ("f32", "f16", "bf16", "q8_0", "tq1_0", "auto", "Q4_K_M"):
        call("convert", path, "--outtype", kind, "--outfile", f"{path.name}-{kind}.gguf", cwd=folder)
    for dtype in ("f16", "bf16", "f32"):
        call("convert", path, f"{path.name}-{dtype}", "--dtype", dtype, cwd=folder)


def outputs(binary, work, models):
    """Every file that the build writes below `work`, by its path, with its SHA-256."""
    home = work / "home"
    home.mkdir(parents=True)
    codes = {}

    def call(*arguments, cwd):
        code, printed = run(binary, home, *arguments, cwd=cwd)
        codes["$ " + " ".join(map(str, arguments))] = f"exit code {code}"
        return printed

    for path in sorted((ROOT / "manifests").glob("*.toml")):
        of_manifest(call, work, path)
    for path in sorted((FIXTURES / "gguf").glob("*.gguf")) + sorted((FIXTURES / "tensors").glob("*.gguf")):
        of_gguf(call, work, path)
    for path in models:
        of_model(call, work, Path(path).resolve())
    found = {}
    for path in sorted(work.rglob("*")):
        relative = path.relative_to(work)
        if path.is_file() and not path.is_symlink() and relative.parts[0] not in ("home", "fixtures"):
            found[str(relative)] = hashlib.sha256(what_is_signed(path)).hexdigest()
    return codes | found


def what_is_signed(path):
    """Of a signature what it signs, since no two signatures of a key are equal; the content of any other file."""
    content = path.read_bytes()
    return json.dumps(json.loads(content)["dsseEnvelope"]["payload"]).encode() if path.suffix == ".sig" else content


def main(old, new, *models):
    with tempfile.TemporaryDirectory() as directory:
        left = outputs(Path(old).resolve(), Path(directory) / "old", models)
        right = outputs(Path(new).resolve(), Path(directory) / "new", models)
    differing = []
    for name in sorted(left.keys() | right.keys()):
        verdict = "equal" if left.get(name) == right.get(name) else f"DIFFERS ({left.get(name)}, {right.get(name)})"
        print(f"{verdict:5}  {name}")
        differing += [name] if verdict != "equal" else []
    print(f"{len(left.keys() | right.keys())} compared, {len(differing)} differ")
    for name in differing:
        print(f"  {name}")
    return 1 if differing else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
