"""A stand-in Hub whose files are in Xet, too, and the store that has them: xorbs that hf_xet made.

The store is particular as the real one is: reconstructions need the token that the Hub gave, and parts of xorbs the range
for which their address is signed, and no token.
"""

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from serving_threads import serve
from wayward_hub import WaywardHub, _WaywardHandler
from xet_store import XetStore

RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass
class XetFault:
    """What goes wrong with the answers to some requests to the store."""

    kind: str
    times: int = 1
    of: str = "part"  # or "answer"
    after: int = 0
    status: int = 500
    seed: int = 0


class XetHub(WaywardHub):
    def __init__(self, directory: Path, versions: tuple[int, ...] = (1, 2)):
        self.content_handler = _XetHandler
        super().__init__()
        self.store = XetStore(directory)
        self.versions = versions
        self.hashes: dict[str, str] = {}  # of files in Xet, by their SHA-256
        self.xet_faults: list[XetFault] = []
        self.xet_token = "xet-token-1"
        self.lifetime = 3600
        self.signature = 0
        self.part_bytes = 0
        self.xet_requests: list[str] = []
        self.broken_http = False
        self.twist: Callable[[dict], dict] | None = None  # what a hostile store makes of its answers
        handler = type("Handler", (_XetHandler,), {"hub": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        self._servers.append(server)
        self.xet_url = f"http://127.0.0.1:{server.server_port}"
        serve(server)

    def put_into_xet(self, kind: str, repo: str) -> None:
        """Uploads everything of a repository that is in LFS."""
        for files in self.repos[kind, repo].commits.values():
            items = [item for item in files.values() if item.sha256 and item.sha256 not in self.hashes]
            for item, name in zip(items, self.store.add([item.source.read_bytes() for item in items]), strict=True):
                self.hashes[item.sha256] = name

    def take_xet_fault(self, of: str) -> XetFault | None:
        with self.lock:
            for fault in self.xet_faults:
                if fault.of == of:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.xet_faults.remove(fault)
                    return fault
        return None


class _XetHandler(_WaywardHandler):
    hub: XetHub

    def route(self):
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if parts[0] in ("v1", "v2") and parts[1] == "reconstructions":
            return self.send_reconstruction(int(parts[0][1:]), parts[2])
        if parts[0] == "xorbs":
            return self.send_part(parts[1], parse_qs(url.query))
        super().route()

    def status(self, code: int):
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_api(self, kind: str, parts: list[str], query: dict[str, list[str]]):
        if len(parts) > 3 and parts[2] == "xet-read-token":
            expires = int(time.time()) + self.hub.lifetime
            self.hub.xet_requests.append("token")
            # huggingface_hub reads the headers, as the Hub sends them, and the Xet protocol states the body.
            headers = {"X-Xet-Cas-Url": self.hub.xet_url, "X-Xet-Access-Token": self.hub.xet_token}
            headers["X-Xet-Token-Expiration"] = str(expires)
            body = {"accessToken": self.hub.xet_token, "exp": expires, "casUrl": self.hub.xet_url}
            return self.send_json(body, headers)
        super().send_api(kind, parts, query)

    def send_json(self, value, headers: dict[str, str] | None = None):
        if isinstance(value, list):
            for entry in value:
                name = self.hub.hashes.get(entry.get("lfs", {}).get("oid"))
                if name:
                    entry["xetHash"] = name
        super().send_json(value, headers)

    def send_cdn(self, sha256: str):
        if self.hub.broken_http:
            return self.status(400)
        super().send_cdn(sha256)

    def redirect(self):
        """Leads to where anything that comes along would be seen."""
        self.send_response(307)
        self.send_header("Location", f"{self.hub.content_url}/stolen")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_reconstruction(self, version: int, name: str):
        self.hub.xet_requests.append(f"v{version}")
        if self.headers.get("Authorization") != f"Bearer {self.hub.xet_token}":
            return self.status(401)
        if version not in self.hub.versions:
            return self.status(404)
        fault = self.hub.take_xet_fault("answer")
        if fault and fault.kind == "redirect":
            return self.redirect()
        if fault and fault.kind == "status":
            return self.status(fault.status)
        size = sum(term.size for term in self.hub.store.files[name])
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        wanted = range(int(match[1]), min(int(match[2]) + 1, size)) if match else range(size)
        if wanted.start >= size:
            return self.status(416)
        answer = self.hub.store.answer(name, version, self.hub.xet_url, wanted)
        if self.hub.twist:
            answer = self.hub.twist(answer)
        body = json.dumps(answer).replace("signature=secret", f"signature={self.hub.signature}").encode()
        body = damaged(body, fault)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_part(self, name: str, query: dict[str, list[str]]):
        self.hub.xet_requests.append("part")
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        if "Authorization" in self.headers or match is None or query["signature"] != [str(self.hub.signature)]:
            return self.status(403)
        xorb = self.hub.store.xorb(name)
        start, end = int(match[1]), int(match[2]) + 1
        if start not in xorb.ends or end not in xorb.ends:
            return self.status(403)
        fault = self.hub.take_xet_fault("part")
        if fault and fault.kind == "redirect":
            return self.redirect()
        if fault and fault.kind == "status":
            return self.status(fault.status)
        body = damaged(xorb.bytes[start:end], fault)
        self.send_response(206)
        shift = 1 if fault and fault.kind == "wrong-range" else 0
        self.send_header("Content-Range", f"bytes {start + shift}-{end - 1 + shift}/{len(xorb.bytes)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if fault and fault.kind == "drop":
            self.wfile.write(body[: fault.after])
            return self.cut()
        for place in range(0, len(body), 1 << 16):
            self.wfile.write(body[place : place + (1 << 16)])
            with self.hub.lock:
                self.hub.part_bytes += len(body[place : place + (1 << 16)])
            if self.hub.rate:
                time.sleep((1 << 16) / self.hub.rate)


def damaged(body: bytes, fault: XetFault | None) -> bytes:
    if fault is None or fault.kind != "flip":
        return body
    bit = random.Random(fault.seed).randrange(8 * len(body))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
