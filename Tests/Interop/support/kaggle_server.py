"""A small stand-in for Kaggle's API: it serves models and datasets to the real kagglehub, and takes uploads.

Kaggle's clients have no variable for the server's address; with `KAGGLE_API_ENVIRONMENT=LOCALHOST` they use
http://localhost. Its port may be taken, so this server has a port of its own and lets the clients come to it
through `http_proxy`, which they honour. (`TEST` has kagglehub print every download as text.)
"""

import base64
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from serving_threads import serve

MODEL = "models.ModelApiService"
DATASET = "datasets.DatasetApiService"
BLOB = "blobs.BlobApiService"


@dataclass
class Upload:
    name: str
    content: bytes = b""


@dataclass
class Created:
    """What a client asked to have created: the request, and the content of the uploads it named."""

    request: dict
    files: dict[str, bytes] = field(default_factory=dict)


class KaggleServer:
    """Serves on a port of its own until `close`."""

    def __init__(self):
        self.resources: dict[str, dict[int, Path]] = {}
        self.uploads: dict[str, Upload] = {}
        self.created: list[Created] = []
        self.models: list[dict] = []
        self.requests: list[str] = []
        handler = type("Handler", (getattr(self, "handler", _KaggleHandler),), {"kaggle": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        serve(self._server)

    def client_environment(self) -> dict[str, str]:
        """What makes kagglehub and the kaggle command talk to this server alone."""
        return {
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "http_proxy": self.url,
            "no_proxy": "",
            "KAGGLE_USERNAME": "tester",
            "KAGGLE_KEY": "0" * 32,
            "KAGGLEHUB_VERBOSITY": "error",
        }

    def add(self, handle: str, version: int, directory: Path) -> None:
        """Adds one version of `owner/model/framework/variation` or `owner/dataset`."""
        self.resources.setdefault(handle, {})[version] = directory

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _model_handle(body: dict) -> str:
    framework = body["framework"].removeprefix("MODEL_FRAMEWORK_").lower().replace("_", "")
    return f"{body['ownerSlug']}/{body['modelSlug']}/{framework}/{body['instanceSlug']}"


def _dataset_handle(body: dict) -> str:
    return f"{body['ownerSlug']}/{body['datasetSlug']}"


def _files(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


def _archive(directory: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in _files(directory):
            archive.add(directory / name, arcname=name)
    return buffer.getvalue()


class _KaggleHandler(BaseHTTPRequestHandler):
    kaggle: KaggleServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.kaggle.requests.append(f"GET {self.path}")
        handle, version, name = urlsplit(self.path).path.removeprefix("/storage/").split(":", 2)
        directory = self.kaggle.resources[handle][int(version)]
        self.send_bytes((directory / name).read_bytes() if name else _archive(directory))

    def do_PUT(self):
        self.kaggle.requests.append(f"PUT {self.path}")
        token = urlsplit(self.path).path.rsplit("/", 1)[-1]
        self.kaggle.uploads[token].content = self.read_body()
        self.send_json({})

    def do_POST(self):
        self.kaggle.requests.append(f"POST {self.path}")
        service, method = urlsplit(self.path).path.split("/")[-2:]
        body = json.loads(self.read_body() or b"{}")
        answer = getattr(self, f"on_{method}", None)
        if answer is None or service not in (MODEL, DATASET, BLOB):
            return self.send_json({"code": 404, "message": f"no {service}/{method} here"}, 404)
        answer(body)

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def versions(self, handle: str) -> dict[int, Path]:
        return self.kaggle.resources.get(handle, {})

    def on_GetModelInstance(self, body: dict):
        self.send_newest(_model_handle(body), "versionNumber")

    def on_GetDataset(self, body: dict):
        self.send_newest(_dataset_handle(body), "currentVersionNumber")

    def send_newest(self, handle: str, key: str):
        versions = self.versions(handle)
        if not versions:
            return self.send_json({"code": 404, "message": f"{handle} is not here"}, 404)
        self.send_json({key: max(versions)})

    def on_ListModelInstanceVersionFiles(self, body: dict):
        directory = self.versions(_model_handle(body)).get(body["versionNumber"])
        if directory is None:
            return self.send_json({"code": 404, "message": "no such version"}, 404)
        names = _files(directory)
        start, size = int(body.get("pageToken") or 0), body.get("pageSize", 20)
        rows = [{"name": name, "size": (directory / name).stat().st_size} for name in names[start : start + size]]
        following = str(start + size) if start + size < len(names) else ""
        self.send_json({"files": rows, "nextPageToken": following})

    def on_DownloadModelInstanceVersion(self, body: dict):
        self.send_redirect(_model_handle(body), body["versionNumber"], body.get("path", ""))

    def on_DownloadDataset(self, body: dict):
        self.send_redirect(_dataset_handle(body), body["datasetVersionNumber"], body.get("fileName", ""))

    def send_redirect(self, handle: str, version: int, name: str):
        directory = self.versions(handle).get(version)
        if directory is None or not (directory / name).exists():
            return self.send_json({"code": 404, "message": f"{handle} {version} {name} is not here"}, 404)
        self.send_response(302)
        self.send_header("Location", f"http://localhost/storage/{handle}:{version}:{name}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def on_GetDatasetStatus(self, _: dict):
        self.send_json({"code": 404, "message": "no such dataset yet"}, 404)

    def on_StartBlobUpload(self, body: dict):
        token = f"token-{len(self.kaggle.uploads)}"
        self.kaggle.uploads[token] = Upload(body["name"])
        self.send_json({"token": token, "createUrl": f"http://localhost/upload/{token}"})

    def on_CreateDataset(self, body: dict):
        created = Created(body)
        self.collect(body, "", created.files)
        self.kaggle.created.append(created)
        url = f"https://www.kaggle.com/datasets/{body['ownerSlug']}/{body['slug']}"
        self.send_json({"ref": f"/{body['ownerSlug']}/{body['slug']}", "url": url, "status": "ok", "error": ""})

    def on_GetModel(self, body: dict):
        found = [model for model in self.kaggle.models if model["slug"] == body["modelSlug"]]
        if not found:
            return self.send_json({"code": 404, "message": "no such model"}, 404)
        self.send_json({"ref": f"{body['ownerSlug']}/{body['modelSlug']}"})

    def on_CreateModel(self, body: dict):
        self.kaggle.models.append(body)
        self.send_json({"id": len(self.kaggle.models), "ref": f"{body['ownerSlug']}/{body['slug']}"})

    def on_CreateModelInstance(self, body: dict):
        created = Created(body)
        self.collect(body["body"], "", created.files)
        self.kaggle.created.append(created)
        self.send_json({"id": len(self.kaggle.created), "ref": _model_handle({**body, **body["body"]})})

    def collect(self, folder: dict, prefix: str, into: dict[str, bytes]):
        for item in folder.get("files", []):
            upload = self.kaggle.uploads[item["token"]]
            into[prefix + upload.name] = upload.content
        for inner in folder.get("directories", []):
            self.collect(inner, f"{prefix}{inner['name']}/", into)

    def send_bytes(self, content: bytes):
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-goog-hash", f"md5={md5}")
        self.end_headers()
        self.wfile.write(content)

    def send_json(self, value, status: int = 200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
