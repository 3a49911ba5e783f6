"""A stand-in Kaggle with all that a client needs to load things, which knows users, and misbehaves on demand.

It is the server of `kaggle_server` with trees, competitions and notebooks, a store at another host that serves ranges and
records the headers it gets, archives of several kinds, and faults of every kind, each for as many requests as is asked.
Clients come to it as to a proxy: so hosts that do not exist can be asked.
"""

import base64
import functools
import hashlib
import io
import json
import tarfile
import threading
import time
import zipfile
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from kaggle_server import KaggleServer, _dataset_handle, _files, _KaggleHandler, _model_handle
from wayward_hub import BLOCK, RANGE, Fault

STORE = "storage.invalid"
SIGNATURE = "Signature0123456789"
KINDS = [
    "drop", "stall", "status", "wrong-range", "no-range-header", "short", "long", "changed-md5", "wrong-bytes", "gzip",
    "whole", "other-size", "expired", "elsewhere",
]  # fmt: skip
RULES = "You must accept this competition's rules before you'll be able to download files."
TERMS = "User has not consented to terms of use."


class WaywardKaggle(KaggleServer):
    def __init__(self, page_size: int = 5):
        self.handler = _WaywardKaggleHandler
        self.page_size = page_size
        self.faults: list[Fault] = []
        self.users: dict[str, str] = {}  # who sends which `Authorization`
        self.private: dict[str, set[str]] = {}  # the users that may read a handle
        self.consent: dict[str, set[str]] = {}  # the users that agreed
        self.refresh_tokens: dict[str, str] = {}  # the token that each one gives
        self.zipped: set[str] = set()  # files that the store has as a zip
        self.zips: dict[str, bytes] = {}  # bytes in place of such a zip
        self.created = "2020-01-02T03:04:05.678Z"  # what lists state of all files
        self.on_cut = lambda fault: None  # what happens when an answer breaks off
        self.without_md5 = False
        self.unsized = False  # archives come without their length
        self.archive_kind = "tar"
        self.archives: dict[str, bytes] = {}  # bytes in place of an archive
        self.listed: dict[str, list[dict]] = {}  # entries in place of a model's list
        self.sent = 0
        self.seen: list[tuple[str, str, dict[str, str]]] = []  # host, path, headers
        self.rate: int | None = None  # bytes a second on each connection
        self.lock = threading.Lock()
        super().__init__()

    def environment(self, **more: str) -> dict[str, str]:
        """What makes knapsack talk to this server alone, as nobody."""
        return {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": self.url, "no_proxy": "",
            "HF_HUB_DOWNLOAD_TIMEOUT": "2", **more,
        }  # fmt: skip

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

    def to(self, host: str) -> list[dict[str, str]]:
        """The headers of what was sent to a host."""
        return [headers for name, _, headers in self.seen if name == host]


@functools.cache
def packed(directory: Path, kind: str) -> bytes:
    """Made once: whoever waits for an archive takes the server for silent."""
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in _files(directory):
                archive.writestr(zipfile.ZipInfo(name), (directory / name).read_bytes())
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tar.gz" else "w") as archive:
            for name in _files(directory):
                # A deep copy of an entry would copy the archive with it, again for every entry.
                archive.add(directory / name, arcname=name, filter=lambda info: info.replace(mtime=0, deep=False))
    return buffer.getvalue()


@functools.lru_cache(maxsize=1)
def digests(content: bytes) -> tuple[bytes, bytes]:
    """The MD5 and the SHA-1 of what was sent last: of a large archive they take longer than a client waits."""
    return hashlib.md5(content).digest(), hashlib.sha1(content).digest()


@functools.cache
def zipped(path: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes())
    return buffer.getvalue()


class _WaywardKaggleHandler(_KaggleHandler):
    kaggle: WaywardKaggle
    timeout = 60

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass

    def note(self):
        with self.kaggle.lock:
            self.kaggle.seen.append((urlsplit(self.path).netloc, self.path, dict(self.headers)))
            self.kaggle.requests.append(f"{self.command} {self.path}")

    # The interface.

    def do_POST(self):
        self.note()
        method = urlsplit(self.path).path.split("/")[-1]
        self.body = json.loads(self.read_body() or b"{}")
        fault = self.kaggle.take_fault(method, api=True)
        if fault and fault.kind == "drop":
            return self.cut()
        if fault and fault.kind == "status":
            return self.send_status(fault)
        answer = getattr(self, f"on_{method}", None)
        if answer is None:
            return self.send_json({"code": 404, "message": f"no {method} here"}, 404)
        if method != "GenerateAccessToken" and not self.let_in():
            return
        answer(self.body)

    def handle_of(self, body: dict) -> str:
        if "competitionName" in body:
            return body["competitionName"]
        if "kernelSlug" in body:
            return f"code/{body.get('ownerSlug') or body.get('userName')}/{body['kernelSlug']}"
        return _model_handle(body) if "modelSlug" in body else _dataset_handle(body)

    def let_in(self) -> bool:
        sent = self.headers.get("Authorization")
        user = self.kaggle.users.get(sent) if sent else None
        handle = self.handle_of(self.body)
        if sent and user is None and self.kaggle.users:
            return self.refuse(401, "Unauthenticated")
        if user not in self.kaggle.private.get(handle, {user}):
            return self.refuse(403, "Permission 'models.get' was denied")
        if user not in self.kaggle.consent.get(handle, {user}):
            if "/" in handle:
                return self.refuse(403, TERMS)
            return self.refuse(403 if user else 401, RULES)
        return True

    def refuse(self, status: int, message: str) -> bool:
        self.send_json({"code": status, "message": message}, status)
        return False

    def on_GenerateAccessToken(self, body: dict):
        token = self.kaggle.refresh_tokens.get(body.get("refreshToken", ""))
        if token is None:
            return self.send_json({"code": 401, "message": "Unauthenticated"}, 401)
        self.send_json({"token": token, "expiresIn": 43200})

    def on_GetKernel(self, body: dict):
        versions = self.versions(self.handle_of(body))
        if not versions:
            return self.send_json({"code": 404, "message": "no such notebook"}, 404)
        self.send_json({"metadata": {"currentVersionNumber": max(versions)}})

    def on_ListModelInstanceVersionFiles(self, body: dict):
        if entries := self.kaggle.listed.get(_model_handle(body)):
            return self.send_json({"files": entries, "nextPageToken": ""})
        if body.get("pageSize", 0) > 25:
            body = {**body, "pageSize": self.kaggle.page_size}
        super().on_ListModelInstanceVersionFiles(body)

    def on_ListTreeDatasetFiles(self, body: dict):
        self.send_tree(self.handle_of(body), body.get("datasetVersionNumber", 0), body)

    def on_ListDataTreeFiles(self, body: dict):
        self.send_tree(self.handle_of(body), 0, body)

    def send_tree(self, handle: str, version: int, body: dict):
        directory = self.versions(handle).get(version)
        folder = body.get("path", "")
        if directory is None or not (directory / folder).is_dir():
            return self.send_json({"code": 404, "message": "nothing here"}, 404)
        entries = sorted((directory / folder).iterdir())
        start = int(body.get("pageToken") or 0)
        shown = entries[start : start + self.kaggle.page_size]
        rows: dict[str, list] = {"files": [], "directories": []}
        for path in shown:
            row = {"name": path.name, "relativeUrl": path.relative_to(directory).as_posix()}
            if path.is_file():
                row["creationDate"] = self.kaggle.created
                if size := path.stat().st_size:
                    row["totalBytes"] = size
            rows["files" if path.is_file() else "directories"].append(row)
        following = start + len(shown)
        self.send_json({**rows, "nextPageToken": str(following) if following < len(entries) else ""})

    def on_DownloadDataFile(self, body: dict):
        self.send_redirect(self.handle_of(body), 0, body["fileName"])

    def on_DownloadDataFiles(self, body: dict):
        self.send_redirect(self.handle_of(body), 0, "")

    def on_DownloadKernelOutput(self, body: dict):
        self.send_redirect(self.handle_of(body), body["versionNumber"], body.get("filePath", ""))

    def send_redirect(self, handle: str, version: int, name: str):
        directory = self.versions(handle).get(version)
        if directory is None or not (directory / name).exists() or (name and (directory / name).is_dir()):
            return self.send_json({"code": 404, "message": f"{handle} {version} {name} is not here"}, 404)
        suffix = ".zip" if name in self.kaggle.zipped else ""
        self.send_response(302)
        # As in the real store, the last part of the address is the name of what comes.
        place = quote(f"{handle}:{version}:/{name}{suffix}", safe="/:")
        self.send_header("Location", f"http://{STORE}/{place}?X-Goog-Signature={SIGNATURE}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    # The store.

    def do_GET(self):
        self.note()
        url = urlsplit(self.path)
        handle, version, name = unquote(url.path).removeprefix("/").split(":", 2)
        name = name.removeprefix("/")
        fault = self.kaggle.take_fault(name, api=False)
        if fault and fault.kind == "status":
            return self.send_status(fault)
        if fault and fault.kind == "expired":
            return self.send_status(Fault("status", status=403))
        if fault and fault.kind == "elsewhere":
            self.send_response(302)
            self.send_header("Location", f"http://elsewhere.invalid{url.path}?{url.query}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_content(self.content(handle, int(version), name), fault)

    def content(self, handle: str, version: int, name: str) -> bytes:
        directory = self.kaggle.resources[handle][version]
        if not name:
            return self.kaggle.archives.get(handle) or packed(directory, self.kaggle.archive_kind)
        inner = name.removesuffix(".zip")
        if inner != name and inner in self.kaggle.zipped:
            return self.kaggle.zips.get(inner) or zipped(directory / inner)
        return (directory / name).read_bytes()

    def send_content(self, content: bytes, fault: Fault | None):
        kind = fault.kind if fault else ""
        match = RANGE.fullmatch(self.headers.get("Range", ""))
        start, end, status = 0, len(content), 200
        if match and kind != "whole" and not self.kaggle.unsized:
            start = int(match[1])
            end = min(int(match[2]) + 1 if match[2] else len(content), len(content))
            status = 206
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
        if kind == "wrong-range":
            start, end = start + 1, min(end + 1, len(content))
        md5, sha1 = digests(content)
        if kind == "changed-md5":
            md5 = hashlib.md5(b"another").digest()
        body = content[start:end]
        if kind == "wrong-bytes":
            place = min(fault.after, len(content) - 1) - start
            if 0 <= place < len(body):
                body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        self.send_response(status)
        if not self.kaggle.without_md5:
            self.send_header("x-goog-hash", "crc32c=AAAAAA==")
            self.send_header("x-goog-hash", f"md5={base64.b64encode(md5).decode()}")
        self.send_header("ETag", f'"{sha1.hex()}"')
        self.send_header("Last-Modified", "Thu, 02 Jan 2020 03:04:05 GMT")
        if status == 206 and kind != "no-range-header":
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content) + (kind == 'other-size')}")
        if kind == "gzip":
            self.send_header("Content-Encoding", "gzip")
        if self.kaggle.unsized:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str({"short": len(body) // 2, "long": len(body) + 100}.get(kind, len(body))))
        self.end_headers()
        self.send_body(body, fault)
        if kind in ("short", "long"):
            self.cut()

    def send_body(self, body: bytes, fault: Fault | None):
        limit = fault.after if fault and fault.kind in ("drop", "stall") else len(body)
        for start in range(0, min(limit, len(body)), BLOCK):
            block = body[start : min(start + BLOCK, limit)]
            began = time.monotonic()
            self.wfile.write(block)
            with self.kaggle.lock:
                self.kaggle.sent += len(block)
            if self.kaggle.rate:
                time.sleep(max(0, len(block) / self.kaggle.rate - (time.monotonic() - began)))
        if fault and fault.kind == "stall":
            deadline = time.monotonic() + fault.seconds
            while time.monotonic() < deadline and fault.seconds:
                time.sleep(0.05)
        if fault and fault.kind in ("drop", "stall"):
            self.kaggle.on_cut(fault)
            self.cut()

    def send_status(self, fault: Fault):
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def cut(self):
        """Ends the connection without another word."""
        self.close_connection = True
        try:
            self.wfile.flush()
        except OSError:
            pass
        self.connection.close()
