"""A stand-in Kaggle that keeps what is uploaded, makes versions of it, and serves those to the real clients.

It is the server of `wayward_kaggle`, with Google's resumable uploads at another host, statuses that take their time, and
faults of uploads. What does not keep to the protocol is in `problems`.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kaggle_server import _dataset_handle, _model_handle
from wayward_hub import BLOCK, Fault
from wayward_kaggle import WaywardKaggle, _WaywardKaggleHandler

UPLOADS = "uploads.invalid"
UNIT = 1 << 18  # what the store keeps of a piece that breaks is a multiple of this
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
STATUSES = ["BLOBS_RECEIVED", "BLOBS_DECOMPRESSED", "BLOBS_COPIED_TO_SDS", "INDIVIDUAL_BLOBS_COMPRESSED"]
KINDS = ["drop", "status", "gone", "less", "lost", "nothing", "beyond"]


@dataclass
class Blob:
    token: str
    name: str
    size: int
    type: str
    path: Path
    is_complete: bool = False
    is_gone: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def received(self) -> int:
        return self.path.stat().st_size


@dataclass
class Pending:
    """A version that Kaggle is making."""

    handle: str
    number: int
    directory: Path
    polls: int  # how often its status is asked before it is there
    fails: bool = False


class KeepingKaggle(WaywardKaggle):
    def __init__(self, root: Path):
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.blobs: dict[str, Blob] = {}  # by the name in their address
        self.received = 0  # bytes of content
        self.problems: list[str] = []
        self.pending: list[Pending] = []
        self.polls = 0  # how often a status is asked before the version is there
        self.fails = False  # whether versions come to nothing
        self.known_tags: set[str] = {"nlp"}
        self.titles: dict[str, str] = {}  # those of other data sets of the user
        self.model_requests: list[dict] = []
        self.creations: list[tuple[str, dict]] = []
        self.forgets: set[str] = set()  # tokens that are not known any more
        self.upload_faults: list[Fault] = []
        self.stops_after: int | None = None  # bytes of content, after which no piece is taken any more
        super().__init__()
        self._server.RequestHandlerClass = type("Handler", (_KeepingHandler,), {"kaggle": self})

    def fault(self, kind: str, **arguments) -> None:
        assert kind in KINDS
        self.upload_faults.append(Fault(kind, **arguments))

    def take_upload_fault(self, name: str, sends: bool) -> Fault | None:
        with self.lock:
            for fault in self.upload_faults:
                # Most happen to bytes that are sent, and one to the question what there is.
                meets = fault.kind != "lost" if sends else fault.kind in ("lost", "gone", "status")
                if name.endswith(fault.path) and meets:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.upload_faults.remove(fault)
                    return fault
        return None

    def version(self, handle: str, number: int) -> Path:
        return self.resources[handle][number]


class _KeepingHandler(_WaywardKaggleHandler):
    kaggle: KeepingKaggle

    def handle_of(self, body: dict) -> str:
        if "slug" in body:
            return f"{body['ownerSlug']}/{body['slug']}"
        if "instanceSlug" not in body and "modelSlug" in body:
            return f"{body['ownerSlug']}/{body['modelSlug']}"
        return super().handle_of(body) if "ownerSlug" in body else ""

    def let_in(self) -> bool:
        if not self.headers.get("Authorization"):
            return self.refuse(401, "Unauthenticated")
        return super().let_in()

    # The store.

    def do_PUT(self):
        self.note()
        if "Authorization" in self.headers:
            self.kaggle.problems.append("a token was sent to the store")
        blob = self.kaggle.blobs.get(urlsplit(self.path).path.rsplit("/", 1)[-1])
        stated = self.headers.get("Content-Range")
        length = int(self.headers.get("Content-Length", "0"))
        if blob is None:
            self.rfile.read(length)
            return self.send_status(Fault("status", status=404))
        # Whoever was killed may still be read from.
        with blob.lock:
            self.receive(blob, stated, length)

    def receive(self, blob: Blob, stated: str | None, length: int):
        sends = stated is None or "*" not in stated
        fault = self.kaggle.take_upload_fault(blob.name, sends)
        if fault and fault.kind == "gone":
            blob.is_gone = True
        if blob.is_gone or (fault and fault.kind == "status"):
            self.rfile.read(length)
            return self.send_status(fault or Fault("status", status=410))
        if not sends:
            if stated != f"bytes */{blob.size}" or length:
                self.kaggle.problems.append(f"{blob.name}: asked with {stated}")
            if fault and fault.kind == "lost":
                blob.path.write_bytes(blob.path.read_bytes()[: blob.received // 2 // UNIT * UNIT])
            return self.tell(blob)
        match = RANGE.fullmatch(stated or "")
        start, end, size = (int(match[1]), int(match[2]) + 1, int(match[3])) if match else (0, length, length)
        if size != blob.size or end - start != length or (end < size and length % UNIT):
            self.kaggle.problems.append(f"{blob.name}: {stated} with {length} bytes of {blob.size}")
        if start != blob.received or blob.is_complete:
            self.rfile.read(length)
            return self.tell(blob)
        if self.kaggle.stops_after is not None and self.kaggle.received >= self.kaggle.stops_after:
            fault = Fault("drop")
        kept = self.read_piece(blob, length, fault)
        if kept < length:
            return
        if fault and fault.kind == "beyond":
            return self.send_progress(min(blob.size, blob.received + UNIT))
        if end == size and not (fault and fault.kind in ("less", "nothing")):
            blob.is_complete = True
        self.tell(blob)

    def read_piece(self, blob: Blob, length: int, fault: Fault | None) -> int:
        """Receives a piece, and returns how much of it came; what breaks leaves a multiple of the unit."""
        start = blob.received
        limit = min(length, fault.after) if fault and fault.kind == "drop" else length
        done = 0
        with blob.path.open("ab") as handle:
            while done < limit:
                try:
                    block = self.rfile.read(min(BLOCK, limit - done))
                except OSError:
                    break
                if not block:
                    break
                handle.write(block)
                done += len(block)
                with self.kaggle.lock:
                    self.kaggle.received += len(block)
                if self.kaggle.rate:
                    threading.Event().wait(len(block) / self.kaggle.rate)
        kept = done
        if done < length:
            kept = done // UNIT * UNIT
        elif fault and fault.kind == "less":
            kept = done // 2 // UNIT * UNIT
        elif fault and fault.kind == "nothing":
            kept = 0
        if kept < done:
            with blob.path.open("rb+") as handle:
                handle.truncate(start + kept)
        if done < length:
            self.cut()
        return done

    def tell(self, blob: Blob):
        if not blob.is_complete:
            return self.send_progress(blob.received)
        self.send_response(200)
        self.send_header("x-goog-stored-content-length", str(blob.size))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_progress(self, received: int):
        self.send_response(308)
        if received:
            self.send_header("Range", f"bytes=0-{received - 1}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    # Making versions.

    def on_StartBlobUpload(self, body: dict):
        with self.kaggle.lock:
            number = len(self.kaggle.blobs)
            path = self.kaggle.root / f"blob-{number}"
            path.touch()
            blob = Blob(f"secret-token-{number}", body["name"], body.get("contentLength", 0), body["type"], path)
            self.kaggle.blobs[f"session-{number}"] = blob
        self.send_json({"token": blob.token, "createUrl": f"http://{UPLOADS}/session-{number}?secret-upload-id={number}"})

    def on_CreateDataset(self, body: dict):
        handle = f"{body['ownerSlug']}/{body['slug']}"
        if self.kaggle.resources.get(handle) or any(pending.handle == handle for pending in self.kaggle.pending):
            return self.refuse(409, f"The requested slug \"{body['slug']}\" is already in use by a dataset.")
        self.create(handle, body, body)

    def on_CreateDatasetVersion(self, body: dict):
        self.create(_dataset_handle(body), body["body"], body)

    def on_GetModel(self, body: dict):
        handle = f"{body['ownerSlug']}/{body['modelSlug']}"
        if not any(f"{model['ownerSlug']}/{model['slug']}" == handle for model in self.kaggle.model_requests):
            return self.refuse(403, "Permission 'models.get' was denied")
        self.send_json({"ref": handle})

    def on_CreateModel(self, body: dict):
        self.kaggle.model_requests.append(body)
        self.send_json({"id": 1, "ref": f"{body['ownerSlug']}/{body['slug']}", "error": ""})

    def on_CreateModelInstance(self, body: dict):
        handle = _model_handle({**body, **body["body"]})
        if self.kaggle.resources.get(handle):
            return self.refuse(409, "already exists")
        self.create(handle, body["body"], body)

    def on_CreateModelInstanceVersion(self, body: dict):
        self.create(_model_handle(body), body["body"], body)

    def create(self, handle: str, tree: dict, request: dict):
        number = max([0, *self.kaggle.resources.get(handle, {}), *(p.number for p in self.kaggle.pending if p.handle == handle)]) + 1
        directory = self.kaggle.root / "versions" / handle / str(number)
        by_token = {blob.token: blob for blob in self.kaggle.blobs.values()}
        files = dict(self.collected(tree, ""))
        for name, token in files.items():
            blob = by_token.get(token)
            if blob is None or not blob.is_complete or token in self.kaggle.forgets:
                return self.refuse(400, f"Invalid blob token for {name}")
            if blob.name != name.rsplit("/", 1)[-1]:
                return self.refuse(400, "the token is for another name")
        for name, token in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_bytes(by_token[token].path.read_bytes())
        self.kaggle.creations.append((handle, request))
        pending = Pending(handle, number, directory, self.kaggle.polls, self.kaggle.fails)
        self.kaggle.pending.append(pending)
        if handle.count("/") > 1 or not pending.polls and not pending.fails:
            self.settle(pending)
        fault = self.kaggle.take_fault("answer", api=True)
        if fault:
            return self.cut()
        unknown = [tag for tag in tree.get("categoryIds", []) if tag not in self.kaggle.known_tags]
        self.send_json({"ref": f"/{handle}", "url": f"http://localhost/{handle}", "status": "ok", "error": "", "invalidTags": unknown})

    def settle(self, pending: Pending):
        self.kaggle.pending.remove(pending)
        self.kaggle.add(pending.handle, pending.number, pending.directory)

    def collected(self, folder: dict, prefix: str):
        for item in folder.get("files", []):
            blob = next((blob for blob in self.kaggle.blobs.values() if blob.token == item["token"]), None)
            yield prefix + (blob.name if blob else item["token"]), item["token"]
        for inner in folder.get("directories", []):
            yield from self.collected(inner, f"{prefix}{inner['name']}/")

    def on_GetDatasetStatus(self, body: dict):
        handle = _dataset_handle(body)
        pending = next((item for item in self.kaggle.pending if item.handle == handle), None)
        if pending is None:
            if not self.kaggle.resources.get(handle):
                return self.refuse(404, "Not found")
            return self.send_json({"status": "READY"})
        pending.polls -= 1
        if pending.polls > 0:
            return self.send_json({"status": STATUSES[pending.polls % len(STATUSES)]})
        if pending.fails:
            return self.send_json({"status": "FAILED"})
        self.settle(pending)
        self.send_json({"status": "READY"})

    # What the command kaggle asks for, besides what kagglehub does.

    def on_GetDatasetMetadata(self, body: dict):
        if not self.kaggle.resources.get(_dataset_handle(body)):
            return self.refuse(404, "Not found")
        self.send_json({"info": {"licenses": [{"name": "other"}]}})

    def on_DownloadDataset(self, body: dict):
        handle = _dataset_handle(body)
        newest = max(self.kaggle.resources.get(handle, {0: None}))
        self.send_redirect(handle, body.get("datasetVersionNumber", newest), body.get("fileName", ""))

    def on_ListDatasets(self, body: dict):
        rows = [{"ref": ref, "title": title} for ref, title in self.kaggle.titles.items()]
        self.send_json({"datasets": rows})


def journals(home: Path) -> list[Path]:
    return sorted((home / "uploads").glob("*.journal"))


def tokens(server: KeepingKaggle) -> list[str]:
    """Everything that nobody may see."""
    return [blob.token for blob in server.blobs.values()] + ["secret-upload-id"]


def as_json(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]
