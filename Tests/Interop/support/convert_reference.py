"""Converts many models with the reference converter in one process.

    python convert_reference.py [--mmproj] CONVERT_HF_TO_GGUF DIRECTORY TYPES MODEL...

Writes DIRECTORY/NAME-TYPE.gguf for each model and type, and prints a line of JSON for each: the name, the type, and
the error where there was one. A model with `pre-tokenizer.txt` gets that pre-tokenizer, as the small trained ones are
in no list. One with `eager.txt` is converted with `--no-lazy`, without which the reference cannot; one with `no-mtp.txt`
with `--no-mtp`. `--mmproj` makes projectors.
"""

import json
import logging
import runpy
import sys
from pathlib import Path


def convert(script: Path, model: Path, kind: str, target: Path, more: list[str]) -> str | None:
    """The error, if it fails."""
    options = ["--no-lazy"] if (model / "eager.txt").exists() else []
    options += ["--no-mtp"] if (model / "no-mtp.txt").exists() else []
    sys.argv = [str(script), str(model), "--outtype", kind, "--outfile", str(target), *options, *more]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except (Exception, SystemExit) as error:
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    more = [item for item in sys.argv[1:] if item == "--mmproj"]
    script, directory, types, *models = [item for item in sys.argv[1:] if item not in more]
    root = Path(script).resolve().parent
    sys.path[:0] = [str(root), str(root / "gguf-py")]
    from conversion import base

    original = base.TextModel.get_vocab_base_pre

    def pre_tokenizer(self, tokenizer) -> str:
        named = Path(self.dir_model) / "pre-tokenizer.txt"
        return named.read_text().strip() if named.exists() else original(self, tokenizer)

    base.TextModel.get_vocab_base_pre = pre_tokenizer
    logging.basicConfig(level=logging.ERROR, force=True)
    for model in map(Path, models):
        for kind in types.split(","):
            # RWKV's classes keep what they collected of the last model.
            for kept in (sys.modules[name] for name in [*sys.modules] if name == "conversion.rwkv"):
                kept.Rwkv6Model.lerp_weights, kept.Rwkv7Model.lerp_weights = {}, {}
            error = convert(Path(script), model, kind, Path(directory) / f"{model.name}-{kind}.gguf", more)
            print(json.dumps({"model": model.name, "type": kind, "error": error}), flush=True)


if __name__ == "__main__":
    main()
