"""A stand-in OCI registry that behaves as the distribution specification 1.1 states, and misbehaves on demand.

What a client sends that does not keep to the specification is in `problems`.
"""

import base64
import hashlib
import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from serving_threads import serve

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@dataclass
class Repository:
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # by tag and by digest
    uploads: dict[str, bytearray] = field(default_factory=dict)


@dataclass
class Fault:
    """Happens to requests of a method whose path matches, so many times."""

    kind: str  # status, drop, wrong, forget
    method: str
    path: str
    times: int = 1
    status: int = 500
    after: int = 0
    skip: int = 0  # how many requests pass before


class WaywardRegistry:
    def __init__(self):
        self.repositories: dict[str, Repository] = {}
        self.users: dict[str, str] = {}  # name and password; without any, nobody is asked
        self.auth = "bearer"  # or "basic"
        self.tokens: dict[str, set[str]] = {}  # the scopes of each
        self.identity: str | None = None  # an identity token that is known
        self.ranges = True
        self.referrers = False
        self.relative = False
        self.store = False  # whether blobs are given by a redirect to another host
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.store_headers: list[dict[str, str]] = []
        self.received = 0
        self.problems: list[str] = []
        self.lock = threading.Lock()
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": self})) for _ in range(2)]
        for server in self._servers:
            server.daemon_threads = True
            serve(server)
        self.host = f"127.0.0.1:{self._servers[0].server_address[1]}"
        self.store_host = f"localhost:{self._servers[1].server_address[1]}"

    def repository(self, name: str) -> Repository:
        return self.repositories.setdefault(name, Repository())

    def add(self, name: str, tag: str, layers: list[tuple[str, str | None, bytes]], kind: str = MANIFEST, **extra) -> str:
        """An artifact of layers: type, path and content of each."""
        repository = self.repository(name)
        config = b"{}"
        repository.blobs[digest(config)] = config
        entries = []
        for media, path, content in layers:
            repository.blobs[digest(content)] = content
            entry = {"mediaType": media, "digest": digest(content), "size": len(content)}
            if path is not None:
                entry["annotations"] = {"org.cncf.model.filepath": path}
            entries.append(entry)
        document = {
            "schemaVersion": 2, "mediaType": kind,
            "config": {"mediaType": "application/vnd.cncf.model.config.v1+json", "digest": digest(config), "size": 2},
            "layers": entries, **extra,
        }  # fmt: skip
        return self.add_manifest(name, tag, document, kind)

    def add_manifest(self, name: str, tag: str, document, kind: str = MANIFEST) -> str:
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.repository(name).manifests[tag] = self.repository(name).manifests[digest(text)] = (text, kind)
        return digest(text)

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method == method and re.search(fault.path, path):
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def open_to_all(self) -> int:
        """A port on every address of this machine, whose token service is there as well."""
        server = ThreadingHTTPServer(("0.0.0.0", 0), self._servers[0].RequestHandlerClass)
        server.daemon_threads = True
        serve(server)
        self._servers.append(server)
        return server.server_address[1]

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    registry: WaywardRegistry
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, **headers: str):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode(), **headers)

    def handle_one(self):
        registry = self.registry
        url = urlsplit(self.path)
        with registry.lock:
            registry.requests.append((self.command, self.path))
        self.body_left = int(self.headers.get("Content-Length") or 0)
        if self.path.startswith("/store/"):
            registry.store_headers.append(dict(self.headers))
            return self.content(bytes.fromhex(url.path[7:]).decode())
        if url.path == "/token":
            return self.token(url)
        fault = registry.fault(self.command, self.path)
        if fault and fault.kind == "status":
            self.drain()
            return self.refuse(fault.status, "UNKNOWN", Retry_After="0")
        if fault and fault.kind == "drop" and self.command == "GET":
            return self.content(url.path.rsplit("/", 1)[1], url.path, stop=fault.after)
        if fault and fault.kind == "wrong":
            return self.content(url.path.rsplit("/", 1)[1], url.path, wrong=True)
        match = re.fullmatch(r"/v2/(?:(.+)/(manifests|blobs|referrers)/(.*))?", url.path)
        if not match:
            return self.refuse(404, "NAME_UNKNOWN")
        name, part, rest = match.groups()
        if not self.is_known(name, self.command):
            self.drain()
            scope = f'repository:{name}:{"pull" if self.command in ("GET", "HEAD") else "pull,push"}' if name else ""
            challenge = (
                'Basic realm="stand-in, \\"quoted\\""'
                if registry.auth == "basic"
                else f'Bearer realm="http://{self.headers["Host"]}/token",service="stand-in",scope="{scope}"'
            )
            return self.refuse(401, "UNAUTHORIZED", WWW_Authenticate=challenge)
        if name is None:
            return self.answer(200)
        getattr(self, part)(registry.repository(name), rest, parse_qs(url.query), fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    # Who asks

    def is_known(self, name: str | None, method: str) -> bool:
        registry = self.registry
        if not registry.users and not registry.identity:
            return True
        kind, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if registry.auth == "basic":
            return kind == "Basic" and base64.b64decode(value).decode() in {f"{u}:{p}" for u, p in registry.users.items()}
        scopes = registry.tokens.get(value, set()) if kind == "Bearer" else set()
        wanted = "pull" if method in ("GET", "HEAD") else "push"
        return name is None or any(scope.startswith(f"repository:{name}:") and wanted in scope for scope in scopes)

    def token(self, url):
        registry = self.registry
        query = parse_qs(self.rfile.read(self.body_left).decode() if self.command == "POST" else url.query)
        self.body_left = 0
        kind, _, value = (self.headers.get("Authorization") or "").partition(" ")
        named = {f"{u}:{p}" for u, p in registry.users.items()}
        known = kind == "Basic" and base64.b64decode(value).decode() in named
        known = known or (registry.identity is not None and query.get("refresh_token") == [registry.identity])
        if not known:
            return self.refuse(401, "UNAUTHORIZED")
        token = uuid.uuid4().hex
        registry.tokens[token] = {scope for text in query.get("scope", []) for scope in text.split(" ")}
        self.answer(200, json.dumps({"access_token" if self.command == "POST" else "token": token}).encode())

    # Contents

    def drain(self):
        while self.body_left > 0:
            block = self.rfile.read(min(self.body_left, 1 << 16))
            if not block:
                break
            self.body_left -= len(block)

    def content(self, name: str, path: str = "", stop: int | None = None, wrong: bool = False):
        registry = self.registry
        found = next((r.blobs[name] for r in registry.repositories.values() if name in r.blobs), None)
        if found is None:
            return self.refuse(404, "BLOB_UNKNOWN")
        if wrong:
            found = bytes([found[0] ^ 1]) + found[1:]
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        headers = {"Docker_Content_Digest": name}
        status = 200
        if asked and registry.ranges:
            first, last = int(asked[1]), min(int(asked[2]), len(found) - 1)
            headers["Content_Range"] = f"bytes {first}-{last}/{len(found)}"
            found, status = found[first : last + 1], 206
        headers["Content_Length"] = str(len(found))
        if stop is not None:
            self.answer(status, found[:stop], **headers)
            self.close_connection = True
            return None
        return self.answer(status, found, **headers)

    def blobs(self, repository: Repository, rest: str, query, fault):
        registry = self.registry
        if rest.startswith("uploads/"):
            return self.upload(repository, rest[8:], query, fault)
        if rest not in repository.blobs:
            return self.refuse(404, "BLOB_UNKNOWN")
        if self.command == "HEAD":
            return self.answer(200, Content_Length=str(len(repository.blobs[rest])), Docker_Content_Digest=rest)
        if registry.store:
            return self.answer(307, Location=f"http://{registry.store_host}/store/{rest.encode().hex()}")
        return self.content(rest)

    def place(self, repository: Repository, key: str) -> str:
        name = next(n for n, r in self.registry.repositories.items() if r is repository)
        path = f"/v2/{name}/blobs/uploads/{key}?state={uuid.uuid4().hex}"
        return path if self.registry.relative else f"http://{self.registry.host}{path}"

    def upload(self, repository: Repository, key: str, query, fault):
        registry = self.registry
        if self.command == "POST":
            self.drain()
            mount, source = query.get("mount"), query.get("from")
            if mount and source and mount[0] in registry.repository(source[0]).blobs:
                repository.blobs[mount[0]] = registry.repository(source[0]).blobs[mount[0]]
                return self.answer(201, Location="/")
            key = uuid.uuid4().hex
            repository.uploads[key] = bytearray()
            return self.answer(202, Location=self.place(repository, key))
        if fault and fault.kind == "forget":
            repository.uploads.pop(key, None)
        kept = repository.uploads.get(key)
        if kept is None:
            self.drain()
            return self.refuse(404, "BLOB_UPLOAD_UNKNOWN")
        if self.command == "GET":
            return self.answer(204, Location=self.place(repository, key), Range=f"0-{max(0, len(kept) - 1)}")
        stated = re.fullmatch(r"(\d+)-(\d+)", self.headers.get("Content-Range") or "")
        if self.command == "PATCH" and (not stated or int(stated[2]) - int(stated[1]) + 1 != self.body_left):
            registry.problems.append(f"PATCH with Content-Range {self.headers.get('Content-Range')} of {self.body_left} bytes")
        if stated and int(stated[1]) != len(kept):
            self.drain()
            return self.refuse(416, "BLOB_UPLOAD_INVALID")
        limit = fault.after if fault and fault.kind == "drop" else None
        while self.body_left > 0:
            block = self.rfile.read(min(self.body_left, 1 << 14))
            if not block:
                return None
            self.body_left -= len(block)
            kept += block
            registry.received += len(block)
            if limit is not None and len(kept) >= limit:
                self.close_connection = True
                self.connection.close()
                return None
        if self.command == "PATCH":
            return self.answer(202, Location=self.place(repository, key), Range=f"0-{max(0, len(kept) - 1)}")
        wanted = query["digest"][0]
        if digest(bytes(kept)) != wanted:
            registry.problems.append(f"{wanted} was closed with other content")
            return self.refuse(400, "DIGEST_INVALID")
        repository.blobs[wanted] = bytes(kept)
        del repository.uploads[key]
        return self.answer(201, Location=f"/v2/x/blobs/{wanted}", Docker_Content_Digest=wanted)

    def manifests(self, repository: Repository, rest: str, query, fault):
        if self.command == "PUT":
            text = self.rfile.read(self.body_left)
            document = json.loads(text)
            for entry in [document.get("config"), *document.get("layers", [])]:
                if entry and entry["digest"] not in repository.blobs:
                    self.registry.problems.append(f"a manifest came before its content {entry['digest']}")
            if document.get("mediaType") != self.headers["Content-Type"]:
                self.registry.problems.append("a manifest's type is not the request's")
            repository.manifests[rest] = repository.manifests[digest(text)] = (text, self.headers["Content-Type"])
            more = {}
            if self.registry.referrers and "subject" in document:
                more["OCI_Subject"] = document["subject"]["digest"]
            return self.answer(201, Location="/", Docker_Content_Digest=digest(text), **more)
        if rest not in repository.manifests:
            return self.refuse(404, "MANIFEST_UNKNOWN")
        text, kind = repository.manifests[rest]
        return self.answer(200, text, Content_Type=kind, Docker_Content_Digest=digest(text))
