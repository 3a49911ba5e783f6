"""A stand-in Kaggle that can be searched, with the fields of kagglesdk 0.1.38.

It is the Kaggle of `kaggle_server` with `ListModels`, `ListDatasets`, `GetModel`, `GetModelInstance`, `GetDataset` and lists of
files. Fields that the SDK does not know are refused when they are asked for; a test drives the real `kaggle` against it.
"""

import json
from pathlib import Path
from urllib.parse import urlsplit

from kaggle_server import DATASET, MODEL, KaggleServer, _dataset_handle, _files, _KaggleHandler, _model_handle

REQUESTS = {
    "ListModels": {"search", "sortBy", "owner", "pageSize", "pageToken", "onlyVertexModels"},
    "ListDatasets": {
        "group", "sortBy", "size", "fileType", "license", "viewed", "tagIds", "search", "user", "minSize", "maxSize",
        "page", "pageToken", "pageSize",
    },
    "GetModel": {"ownerSlug", "modelSlug"},
    "GetModelInstance": {"ownerSlug", "modelSlug", "framework", "instanceSlug"},
    "ListModelInstanceVersionFiles": {
        "ownerSlug", "modelSlug", "instanceSlug", "framework", "versionNumber", "pageSize", "pageToken",
    },
    "DownloadModelInstanceVersion": {"ownerSlug", "modelSlug", "framework", "instanceSlug", "versionNumber", "path"},
    "GetDataset": {"ownerSlug", "datasetSlug"},
    "ListDatasetFiles": {"ownerSlug", "datasetSlug", "datasetVersionNumber", "pageToken", "pageSize"},
    "DownloadDataset": {"ownerSlug", "datasetSlug", "fileName", "datasetVersionNumber", "raw", "hashLink"},
}  # fmt: skip
MODEL_SORTS = {"HOTNESS", "DOWNLOAD_COUNT", "VOTE_COUNT", "NOTEBOOK_COUNT", "PUBLISH_TIME", "CREATE_TIME", "UPDATE_TIME"}
DATASET_SORTS = {"HOTTEST", "VOTES", "UPDATED", "ACTIVE", "PUBLISHED", "RELEVANCE", "DOWNLOAD_COUNT"}


class CatalogKaggle(KaggleServer):
    """A Kaggle whose models and data sets can be found."""

    def __init__(self, page: int = 50):
        super().__init__()
        self.page = page
        self.found_models: list[dict] = []
        self.found_datasets: list[dict] = []
        self.calls: list[tuple[str, dict, dict]] = []
        self.tokens: set[str] | None = None  # who may ask; everybody if it is None
        self._server.RequestHandlerClass = type("Handler", (_CatalogHandler,), {"kaggle": self})

    def model(self, ref: str, instances: list[dict], **fields) -> None:
        """Adds a model: `owner/slug`, with its variations."""
        owner, slug = ref.split("/")
        self.found_models.append({"id": len(self.found_models) + 1, "ref": ref, "author": owner, "slug": slug, "instances": instances, **fields})

    def dataset(self, ref: str, **fields) -> None:
        """Adds a data set: `owner/slug`."""
        self.found_datasets.append({"id": len(self.found_datasets) + 1, "ref": ref, **fields})


class _CatalogHandler(_KaggleHandler):
    kaggle: CatalogKaggle

    def do_GET(self):
        self.kaggle.requests.append(f"GET {self.path}")
        handle, version, name = urlsplit(self.path).path.removeprefix("/storage/").split(":", 2)
        content = (self.kaggle.resources[handle][int(version)] / name).read_bytes()
        asked = self.headers.get("Range", "")
        if not asked:
            return self.send_bytes(content)
        start, end = (int(text) for text in asked.removeprefix("bytes=").split("-"))
        part = content[start : end + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def do_POST(self):
        service, method = urlsplit(self.path).path.split("/")[-2:]
        body = json.loads(self.read_body() or b"{}")
        self.kaggle.requests.append(f"POST {self.path}")
        self.kaggle.calls.append((method, body, dict(self.headers)))
        sent = self.headers.get("Authorization", "")
        if self.kaggle.tokens is not None and sent.removeprefix("Bearer ") not in self.kaggle.tokens:
            return self.send_json({"code": 401, "message": "Unauthenticated\u001b[31m"}, 401)
        if method in REQUESTS and set(body) - REQUESTS[method]:
            return self.send_json({"code": 400, "message": f"unknown: {sorted(set(body) - REQUESTS[method])}"}, 400)
        answer = getattr(self, f"on_{method}", None)
        if answer is None or service not in (MODEL, DATASET, "security.OAuthService"):
            return self.send_json({"code": 404, "message": f"no {service}/{method} here"}, 404)
        answer(body)

    def on_IntrospectToken(self, _: dict):
        self.send_json({"active": True, "username": "tester", "userId": 1, "scope": "resources.admin:*"})

    def page_of(self, rows: list[dict], body: dict, key: str):
        start = int(body.get("pageToken") or 0)
        if body.get("page", 1) > 1:
            start = (body["page"] - 1) * body.get("pageSize", 20)
        end = start + min(body.get("pageSize", 20), self.kaggle.page)
        self.send_json({key: rows[start:end], "nextPageToken": str(end) if end < len(rows) else ""})

    def named(self, rows: list[dict], body: dict, owner: str | None) -> list[dict]:
        words = body.get("search", "").lower().split()
        texts = [f"{row['ref']} {row.get('title', '')}".lower() for row in rows]
        found = [row for row, text in zip(rows, texts, strict=True) if all(word in text for word in words)]
        return [row for row in found if not owner or row["ref"].split("/")[0] == owner]

    def on_ListModels(self, body: dict):
        sort = body.get("sortBy", "LIST_MODELS_ORDER_BY_HOTNESS").removeprefix("LIST_MODELS_ORDER_BY_")
        if sort not in MODEL_SORTS:
            return self.send_json({"code": 400, "message": f"sortBy {sort}"}, 400)
        rows = self.named(self.kaggle.found_models, body, body.get("owner"))
        if sort == "VOTE_COUNT":
            rows.sort(key=lambda row: -row.get("voteCount", 0))
        self.page_of(rows, body, "models")

    def on_ListDatasets(self, body: dict):
        sort = body.get("sortBy", "DATASET_SORT_BY_HOTTEST").removeprefix("DATASET_SORT_BY_")
        if sort not in DATASET_SORTS:
            return self.send_json({"code": 400, "message": f"sortBy {sort}"}, 400)
        owner = body.get("user") if body.get("group") == "DATASET_SELECTION_GROUP_USER" else None
        rows = self.named(self.kaggle.found_datasets, body, owner)
        if sort == "VOTES":
            rows.sort(key=lambda row: -row.get("voteCount", 0))
        self.page_of(rows, body, "datasets")

    def on_GetModel(self, body: dict):
        ref = f"{body['ownerSlug']}/{body['modelSlug']}"
        found = [row for row in self.kaggle.found_models if row["ref"] == ref]
        self.send_json(found[0] if found else {"code": 404, "message": "Not found"}, 200 if found else 404)

    def on_GetModelInstance(self, body: dict):
        handle = _model_handle(body)
        ref = f"{body['ownerSlug']}/{body['modelSlug']}"
        for row in self.kaggle.found_models:
            for instance in row["instances"] if row["ref"] == ref else []:
                same = _model_handle({**body, "framework": instance["framework"], "instanceSlug": instance["slug"]})
                if same == handle:
                    return self.send_json({**instance, "versionNumber": max(self.versions(handle), default=1)})
        self.send_json({"code": 404, "message": f"{handle} is not here"}, 404)

    def on_ListModelInstanceVersionFiles(self, body: dict):
        newest = max(self.versions(_model_handle(body)), default=0)
        super().on_ListModelInstanceVersionFiles({"versionNumber": newest, **body})

    def on_GetDataset(self, body: dict):
        handle = _dataset_handle(body)
        found = [row for row in self.kaggle.found_datasets if row["ref"] == handle]
        if not found:
            return self.send_json({"code": 404, "message": f"{handle} is not here"}, 404)
        self.send_json({**found[0], "currentVersionNumber": max(self.versions(handle), default=1)})

    def on_ListDatasetFiles(self, body: dict):
        handle = _dataset_handle(body)
        directory: Path | None = self.versions(handle).get(body.get("datasetVersionNumber", max(self.versions(handle), default=0)))
        if directory is None:
            return self.send_json({"code": 404, "message": "no such version"}, 404)
        rows = [{"name": name, "ref": name, "totalBytes": (directory / name).stat().st_size, "creationDate": "2026-01-02T03:04:05.678Z"} for name in _files(directory)]  # fmt: skip
        self.page_of(rows, body, "datasetFiles")
