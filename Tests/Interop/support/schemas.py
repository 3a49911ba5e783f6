"""JSON Schemas as they are published, from a package that carries them."""

import json
import sqlite3
from importlib.metadata import distribution


def published_schema(title: str) -> dict:
    """A JSON Schema as SchemaStore publishes it, out of the package that carries all of them."""
    path = next(file for file in distribution("schemastore").files if file.name == "cache.sqlite").locate()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        for (value,) in database.execute("select value from responses"):
            # The package keeps whole responses; the document is in one as it was sent.
            start = value.find(b"_content\x94")
            start = value.find(b"{", start)
            if start < 0 or title.encode() not in value[start : start + 4000]:
                continue
            text = value[start:].decode("utf-8", errors="replace")
            document, _ = json.JSONDecoder().raw_decode(text)
            if document.get("title") == title:
                return document
    raise LookupError(title)
