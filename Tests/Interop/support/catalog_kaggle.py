"""A stand-in Kaggle that can be searched, with the fields of kagglesdk 0.1.38.

It is the Kaggle of `wayward_kaggle` with `ListModels`, `ListDatasets`, and all that `GetModel`, `GetModelInstance` and
`GetDataset` state. Fields that the SDK does not know are refused when they are asked for; a test drives the real `kaggle`
against it.
"""

from kaggle_server import _dataset_handle, _model_handle
from wayward_kaggle import WaywardKaggle, _WaywardKaggleHandler

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
    "ListTreeDatasetFiles": {"ownerSlug", "datasetSlug", "datasetVersionNumber", "path", "pageToken", "pageSize"},
    "DownloadDataset": {"ownerSlug", "datasetSlug", "fileName", "datasetVersionNumber", "raw", "hashLink"},
}  # fmt: skip
MODEL_SORTS = {"HOTNESS", "DOWNLOAD_COUNT", "VOTE_COUNT", "NOTEBOOK_COUNT", "PUBLISH_TIME", "CREATE_TIME", "UPDATE_TIME"}
DATASET_SORTS = {"HOTTEST", "VOTES", "UPDATED", "ACTIVE", "PUBLISHED", "RELEVANCE", "DOWNLOAD_COUNT"}


class CatalogKaggle(WaywardKaggle):
    """A Kaggle whose models and data sets can be found."""

    def __init__(self, page_size: int = 50):
        super().__init__(page_size)
        self.found_models: list[dict] = []
        self.found_datasets: list[dict] = []
        self.calls: list[tuple[str, dict, dict]] = []
        self.answers: dict[str, object] = {}  # what a method answers in place of what is known
        self._server.RequestHandlerClass = type("Handler", (_CatalogHandler,), {"kaggle": self})

    def model(self, ref: str, instances: list[dict], **fields) -> None:
        """Adds a model: `owner/slug`, with its variations."""
        owner, slug = ref.split("/")
        self.found_models.append({"id": len(self.found_models) + 1, "ref": ref, "author": owner, "slug": slug, "instances": instances, **fields})

    def dataset(self, ref: str, **fields) -> None:
        """Adds a data set: `owner/slug`."""
        self.found_datasets.append({"id": len(self.found_datasets) + 1, "ref": ref, **fields})


class _CatalogHandler(_WaywardKaggleHandler):
    kaggle: CatalogKaggle

    def handle_of(self, body: dict) -> str:
        """What is asked about; nothing for a search."""
        if "modelSlug" in body and "framework" not in body:
            return f"{body['ownerSlug']}/{body['modelSlug']}"
        return super().handle_of(body) if {"modelSlug", "datasetSlug", "competitionName", "kernelSlug"} & set(body) else ""

    def let_in(self) -> bool:
        method = self.path.split("/")[-1]
        self.kaggle.calls.append((method, self.body, dict(self.headers)))
        if method in REQUESTS and (unknown := set(self.body) - REQUESTS[method]):
            return self.refuse(400, f"unknown: {sorted(unknown)}")
        if not super().let_in():
            return False
        if method in self.kaggle.answers:
            self.send_json(self.kaggle.answers[method])
            return False
        return True

    def on_IntrospectToken(self, _: dict):
        self.send_json({"active": True, "username": "tester", "userId": 1, "scope": "resources.admin:*"})

    def page_of(self, rows: list[dict], body: dict, key: str):
        start = int(body.get("pageToken") or 0)
        if body.get("page", 1) > 1:
            start = (body["page"] - 1) * body.get("pageSize", 20)
        end = start + min(body.get("pageSize", 20), self.kaggle.page_size)
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
