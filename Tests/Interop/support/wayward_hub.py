"""A stand-in Hub that serves ranges, knows tokens, and misbehaves on demand.

It is the Hub of `hub_server` with what a client that loads by pieces meets: ranges, private and gated repositories, a store
at another address that records the headers it gets, TLS, and faults of every kind, each for as many requests as is asked.
"""

import gzip
import re
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from hub_server import HubFile, HubHandler, HubServer

RANGE = re.compile(r"bytes=(\d+)-(\d*)")
BLOCK = 1 << 16
LARGEST_WHOLE = 50_000_000_000  # bytes that the Hub's stores send without a range


@dataclass
class Fault:
    """What goes wrong with the answers to some requests for content."""

    kind: str
    times: int = 1  # how many requests it meets
    path: str = ""  # only requests whose path ends so; all if it is empty
    after: int = 0  # of the answer's bytes
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 20.0
    api: bool = False  # meets requests for metadata in place of those for content


KINDS = [
    "drop", "stall", "status", "wrong-range", "no-range-header", "short", "long", "changed-etag", "wrong-bytes", "gzip",
    "whole", "other-size",
]  # fmt: skip


class WaywardHub(HubServer):
    content_handler: type | None = None  # what answers, where it is not the handler below

    def __init__(self, page_size: int = 7, tls: "Authority | None" = None, delay: float = 0.0):
        self.handler = self.content_handler or _WaywardHandler
        self.faults: list[Fault] = []
        self.tokens: dict[str, set[str]] = {}  # the repositories that each token's user may read
        self.private: set[str] = set()
        self.gated: set[str] = set()
        self.sent = 0  # bytes of content
        self.seen: list[tuple[str, str, dict[str, str]]] = []  # host, path, headers
        self.delay = delay
        self.lock = threading.Lock()
        self.rate: int | None = None  # bytes a second on each connection
        super().__init__(page_size)
        if tls:
            for server in self._servers:
                server.socket = tls.context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            self.url, self.content_url = (url.replace("http://", "https://") for url in (self.url, self.content_url))

    def add_fault(self, kind: str, **arguments) -> Fault:
        assert kind in KINDS
        fault = Fault(kind, **arguments)
        self.faults.append(fault)
        return fault

    def take_fault(self, path: str, api: bool) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.api == api and path.endswith(fault.path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                    return fault
        return None

    def reset(self) -> None:
        with self.lock:
            self.faults.clear()
            self.sent = 0
            self.seen.clear()
            self.requests.clear()


@dataclass
class Authority:
    """A certificate authority of one's own, with a certificate for 127.0.0.1 and localhost."""

    directory: Path

    @classmethod
    def make(cls, directory: Path) -> "Authority":
        directory.mkdir(parents=True, exist_ok=True)

        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

        new = ["req", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
        openssl(*new, "-x509", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem")
        openssl(*new, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
        (directory / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                "-extfile", "names", "-out", "server.pem")  # fmt: skip
        return cls(directory)

    @property
    def certificate(self) -> Path:
        return self.directory / "ca.pem"

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.directory / "server.pem", self.directory / "server.key")
        return context


class _WaywardHandler(HubHandler):
    hub: WaywardHub
    timeout = 60

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            pass

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def route(self):
        if self.hub.delay:
            time.sleep(self.hub.delay)
        self.fault = None
        with self.hub.lock:
            self.hub.seen.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
        if self.path.startswith("/api/") and not self.let_in(False):
            return
        if self.path.startswith("/api/"):
            fault = self.hub.take_fault(self.path.split("?")[0], api=True)
            if fault and fault.kind == "status":
                return self.send_status(fault)
            if fault and fault.kind == "drop":
                return self.cut()
        super().route()

    def let_in(self, is_content: bool) -> bool:
        """Whether the asker may have it; answers as the Hub does where he may not."""
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if sent and sent not in self.hub.tokens:
            self.refuse(401, None, "Invalid credentials in Authorization header")
            return False
        repo = next((name for name in self.hub.private | self.hub.gated if f"/{name}/" in f"{self.path}/"), None)
        if repo is None or repo in self.hub.tokens.get(sent, set()):
            return True
        if repo in self.hub.private:
            self.refuse(404 if sent else 401, "RepoNotFound", "Repository not found")
            return False
        if is_content:
            self.refuse(403 if sent else 401, "GatedRepo", f"Access to model {repo} is restricted.")
            return False
        return True

    def refuse(self, status: int, code: str | None, message: str):
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_status(self, fault: Fault):
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        body = b"not now"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def cut(self):
        """Ends the connection without another word."""
        self.close_connection = True
        try:
            self.wfile.flush()
        except OSError:
            pass
        self.connection.close()

    def send_resolve(self, kind: str, parts: list[str]):
        if not self.let_in(True):
            return
        if self.command == "GET":
            # A file in LFS is met by its faults where its content is.
            repo, rest = self.find(kind, parts)
            if repo is None:
                return
            commit = repo.resolve(rest[1]) if len(rest) > 2 else None
            item = repo.commits.get(commit, {}).get("/".join(rest[2:]))
            if item is not None and item.sha256 is None:
                self.fault = self.hub.take_fault(self.path, api=False)
                if self.fault and self.fault.kind == "status":
                    return self.send_status(self.fault)
            elif item is not None and any(fault.kind == "changed-etag" for fault in self.hub.faults):
                if fault := self.hub.take_fault(self.path, api=False):
                    item = HubFile(item.source, item.size, item.oid, "0" * 64)
                    self.send_response(302)
                    self.send_header("Location", f"{self.hub.content_url}/cdn/{fault.path}")
                    self.send_header("X-Repo-Commit", commit)
                    self.send_header("X-Linked-Etag", f'"{item.sha256}"')
                    self.send_header("X-Linked-Size", str(item.size))
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
        super().send_resolve(kind, parts)

    def send_cdn(self, sha256: str):
        if self.command == "GET":
            self.fault = self.hub.take_fault(self.path_of(sha256), api=False)
            if self.fault and self.fault.kind == "status":
                return self.send_status(self.fault)
        super().send_cdn(sha256)

    def path_of(self, sha256: str) -> str:
        for repo in self.hub.repos.values():
            for files in repo.commits.values():
                for path, item in files.items():
                    if item.sha256 == sha256:
                        return path
        return sha256

    def send_content(self, item: HubFile, headers: dict[str, str]):
        fault, kind = self.fault, self.fault.kind if self.fault else ""
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        start, end, status = 0, item.size, 200
        if match and kind != "whole":
            start = int(match[1])
            end = min(int(match[2]) + 1 if match[2] else item.size, item.size)
            status = 206
            if start >= item.size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{item.size}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
        if not match and item.size > LARGEST_WHOLE:
            return self.send_status(Fault("status", status=400))
        if kind == "wrong-range":
            start, end = start + 1, min(end + 1, item.size)
        if kind == "changed-etag":
            headers = {**headers, "ETag": f'"{"0" * 40}"'}
        length = end - start
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status == 206 and kind != "no-range-header":
            size = item.size + 1 if kind == "other-size" else item.size
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        if kind == "gzip":
            with item.source.open("rb") as handle:
                handle.seek(start)
                body = gzip.compress(handle.read(length), 1)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            return
        stated = {"short": length // 2, "long": length + 100}.get(kind, length)
        self.send_header("Content-Length", str(stated))
        self.end_headers()
        if self.command != "HEAD":
            self.send_bytes(item, start, end, fault)
        if kind in ("short", "long"):
            self.cut()

    def send_bytes(self, item: HubFile, start: int, end: int, fault: Fault | None):
        position = start
        limit = start + fault.after if fault and fault.kind in ("drop", "stall") else end
        with item.source.open("rb") as handle:
            handle.seek(start)
            while position < min(end, limit):
                block = handle.read(min(BLOCK, min(end, limit) - position))
                if fault and fault.kind == "wrong-bytes":
                    place = start + min(fault.after, end - start - 1) - position
                    if 0 <= place < len(block):
                        block = block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]
                began = time.monotonic()
                self.wfile.write(block)
                with self.hub.lock:
                    self.hub.sent += len(block)
                if self.hub.rate:
                    time.sleep(max(0, len(block) / self.hub.rate - (time.monotonic() - began)))
                position += len(block)
        if fault and fault.kind == "stall":
            # Nobody waits for more than this, and the server ends with the test.
            deadline = time.monotonic() + fault.seconds
            while time.monotonic() < deadline and fault.seconds:
                time.sleep(0.05)
            return self.cut()
        if fault and fault.kind == "drop":
            self.cut()
