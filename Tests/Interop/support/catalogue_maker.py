"""Fills the catalogue of a server with very many models, much faster than uploads would.

The server has made the tables, and is not running. Contents are small files, each of its own unless `shared` is set.
"""

import hashlib
import json
import os
import random
import sqlite3
import zlib
from pathlib import Path

FRAMEWORKS = ["pytorch", "tensorflow", "sklearn", "onnx", "keras", "huggingface", "other"]
TYPES = ["classification", "regression", "clustering", "nlp", "computer_vision", "recommendation", "time_series"]


def words(generator: random.Random) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(generator.choices(letters, k=generator.randint(4, 9))) for _ in range(2000)]


def place(directory: Path, content: bytes | Path) -> tuple[str, int, int, Path]:
    """The SHA-256, the size, the CRC-32 and the place of content, which is put there; a path is moved."""
    if isinstance(content, Path):
        digest, checksum, size = hashlib.sha256(), 0, content.stat().st_size
        with content.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
                checksum = zlib.crc32(block, checksum)
        name = digest.hexdigest()
    else:
        name, size, checksum = hashlib.sha256(content).hexdigest(), len(content), zlib.crc32(content)
    target = directory / "content" / name[:2] / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        content.rename(target)
    elif not target.exists():
        target.write_bytes(content)
    return name, size, checksum, target


def signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


class Maker:
    """Adds versions as the server does, within one transaction."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.database = sqlite3.connect(directory / "catalogue.sqlite", isolation_level=None)
        self.database.execute("BEGIN")

    def add(self, user: str, model: str, files: dict[str, bytes | Path | tuple], **stated) -> None:
        """`files` has contents, or what `place` gave for one that is there already."""
        placed = {}
        for name, content in files.items():
            placed[name] = content if isinstance(content, tuple) else place(self.directory, content)
        stated = {"name": model, "description": None, "framework": "other", "model_type": "other", "tags": [], **stated}
        entries = [
            {
                "filename": name, "file_path": f"models/{user}/{model}/v1/{name}", "file_size": size, "file_type": "bin",
                "file_hash": digest, "content_type": "application/octet-stream", "is_primary": False, "description": None,
            }
            for name, (digest, size, _, _) in sorted(placed.items())
        ]  # fmt: skip
        document = {
            "model_id": model, "user_id": user, "version": "v1", **stated, "files": entries, "primary_file_path": None,
            "num_parameters": None, "model_size_mb": 0.0, "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z", "is_active": True, "is_production_ready": False,
        }  # fmt: skip
        tags = stated["tags"]
        text = "\n".join([model, stated["description"] or "", model, "", *tags]).lower()
        number = self.database.execute(
            "INSERT INTO version (user, model, version, framework, type, tags, words, is_active, edition) "
            "VALUES (?, ?, 'v1', ?, ?, ?, ?, 1, 0)",
            (user, model, stated["framework"], stated["model_type"], "\n" + "\n".join(tags) + "\n" if tags else "",
             f"\x01{user}\x01\n{text}\n"),
        ).lastrowid  # fmt: skip
        self.database.execute("INSERT INTO document VALUES (?, ?)", (number, json.dumps(document, separators=(",", ":"))))
        for name, (digest, size, checksum, target) in placed.items():
            self.database.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?)", (number, name, digest, size, checksum))
            status = os.lstat(target)
            self.database.execute(
                "INSERT OR REPLACE INTO content VALUES (?, ?, ?, ?, ?, ?)",
                (digest, size, signed(status.st_dev), signed(status.st_ino), status.st_mtime_ns, status.st_ctime_ns),
            )
        record = {
            "user": user, "model": model, "version": "v1", "document": document,
            "files": [
                {"path": name, "sha256": digest, "size": size, "crc32": checksum}
                for name, (digest, size, checksum, _) in placed.items()
            ],
        }  # fmt: skip
        path = self.directory / "records" / str(number // 1000) / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))

    def close(self) -> None:
        self.database.execute("COMMIT")
        self.database.close()


def fill(directory: Path, models: int, files: int, user: str = "anna", seed: int = 1) -> list[str]:
    """Adds models with so many files each.

    Returns the words of which each description has some.
    """
    generator = random.Random(seed)
    vocabulary = words(generator)
    maker = Maker(directory)
    for number in range(models):
        maker.add(
            user, f"model-{number}", {f"part-{file}.bin": b"%d of %d" % (file, number) for file in range(files)},
            description=" ".join(generator.choices(vocabulary, k=20)), framework=generator.choice(FRAMEWORKS),
            model_type=generator.choice(TYPES), tags=generator.sample(vocabulary, 3),
        )  # fmt: skip
    maker.close()
    return vocabulary
