"""Pulls an image as ollama does: the requests of its server/images.go and server/download.go, in their order.

The manifest; of each blob its length by HEAD; then GET, of which only the address counts, and parts of it at once by ranges. Earlier
versions take no answer without a Location.
"""

import hashlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ACCEPT = "application/vnd.docker.distribution.manifest.v2+json"
PARTS = 16


def request(server, method: str, path: str, **fields: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"User-Agent": "ollama/0.12.3 (amd64 linux) Go/go1.24.1"}
    connection.request(method, path, headers=headers | {name.replace("_", "-"): value for name, value in fields.items()})
    return connection, connection.getresponse()


def direct_path(server, path: str) -> str:
    """Where the content is; its body is not read."""
    for _ in range(10):
        connection, answer = request(server, "GET", path)
        location = answer.getheader("Location")
        connection.close()
        assert answer.status in (200, 307) and location, (answer.status, location)
        address = urlsplit(location)
        assert address.hostname == "127.0.0.1" and address.port == server.port
        if answer.status == 200:
            return location.split(str(server.port), 1)[1]
        path = location.split(str(server.port), 1)[1]
    raise AssertionError("too many redirects")


def pull_blob(server, repository: str, digest: str, least: int) -> bytes:
    path = f"/v2/{repository}/blobs/{digest}"
    connection, answer = request(server, "HEAD", path)
    assert answer.status == 200
    total = int(answer.getheader("Content-Length"))
    connection.close()
    size = max(least, total // PARTS)
    content = bytearray(total)
    direct = direct_path(server, path)

    def part(start: int):
        end = min(start + size, total)
        connection, answer = request(server, "GET", direct, Range=f"bytes={start}-{end - 1}")
        body = answer.read()
        connection.close()
        assert answer.status == 206 and len(body) == end - start
        content[start:end] = body

    with ThreadPoolExecutor(PARTS) as pool:
        list(pool.map(part, range(0, total, size)))
    assert "sha256:" + hashlib.sha256(content).hexdigest() == digest
    return bytes(content)


def pull(server, name: str, least: int = 1000):
    """The manifest, and the blobs by their types."""
    repository, _, tag = name.partition(":")
    connection, answer = request(server, "GET", f"/v2/{repository}/manifests/{tag or 'latest'}", Accept=ACCEPT)
    body = answer.read()
    connection.close()
    if answer.status != 200:
        return answer.status, json.loads(body)
    manifest = json.loads(body)
    blobs = {}
    for layer in [*manifest["layers"], manifest["config"]]:
        blobs[layer["mediaType"]] = pull_blob(server, repository, layer["digest"], least)
        assert len(blobs[layer["mediaType"]]) == layer["size"]
    return manifest, blobs
