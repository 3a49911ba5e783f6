"""A stand-in Hub that can be searched, with the fields that the Hub states of repositories.

It is the Hub of `wayward_hub` (ranges, tokens, faults) with `GET /api/models?…` and the like, and with everything that
`GET /api/models/ID/revision/REV` states with `blobs` and `securityStatus`. The names of parameters and fields are those that
huggingface_hub 2.4 sends and reads: a test drives the real `HfApi` against it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from hub_server import HubRepo
from wayward_hub import WaywardHub, _WaywardHandler

# What the Hub lets a list be expanded by (huggingface_hub 2.4, `ExpandModelProperty_T` and its like, as `list_models` and
# its like document them): it refuses any other name.
EXPANDABLE = {
    "model": {
        "author", "cardData", "config", "createdAt", "disabled", "downloads", "downloadsAllTime", "evalResults", "gated",
        "gguf", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes", "mask_token",
        "model-index", "pipeline_tag", "private", "safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo",
        "trendingScore", "widgetData", "resourceGroup",
    },
    "dataset": {
        "author", "cardData", "citation", "createdAt", "disabled", "description", "downloads", "downloadsAllTime", "gated",
        "lastModified", "likes", "mainSize", "paperswithcode_id", "private", "siblings", "sha", "tags", "trendingScore",
        "usedStorage", "resourceGroup",
    },
    "space": {
        "author", "cardData", "datasets", "disabled", "lastModified", "createdAt", "likes", "models", "private", "region",
        "runtime", "sdk", "siblings", "sha", "subdomain", "tags", "trendingScore", "usedStorage", "resourceGroup",
    },
}  # fmt: skip
PARAMETERS = {
    "model": {"search", "author", "filter", "pipeline_tag", "num_parameters", "gated", "sort", "limit", "expand", "cursor"},
    "dataset": {"search", "author", "filter", "gated", "sort", "limit", "expand", "cursor"},
    "space": {"search", "author", "filter", "datasets", "models", "sort", "limit", "expand", "cursor"},
}
SORTS = {"downloads", "likes", "lastModified", "trendingScore", "createdAt"}
UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}


@dataclass
class Stated:
    """What the Hub states of a repository besides its files."""

    kind: str
    id: str
    fields: dict = field(default_factory=dict)
    issues: list[dict] = field(default_factory=list)


class CatalogHub(WaywardHub):
    """A Hub whose repositories can be found."""

    def __init__(self, page_size: int = 7, results: int = 1000, **arguments):
        super().__init__(page_size, **arguments)
        self.results = results  # the most of one page
        self.stated: dict[tuple[str, str], Stated] = {}
        self.queries: list[tuple[str, dict[str, list[str]]]] = []
        for server in self._servers:
            server.RequestHandlerClass = type("Handler", (_CatalogHandler,), {"hub": self})

    def state(self, id: str, kind: str = "model", directory: Path | None = None, issues=(), **fields) -> Stated:
        """Adds a repository to the catalogue, with its files if a directory is given."""
        if directory is not None:
            fields = {"sha": self.add(id, directory, kind=kind), **fields}
        stated = Stated(kind, id, fields, list(issues))
        self.stated[(kind, id)] = stated
        return stated


def number(text: str) -> int:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMBT]?)", text)
    return int(float(match[1]) * UNITS[match[2]])


class _CatalogHandler(_WaywardHandler):
    hub: CatalogHub

    def send_api(self, kind: str, parts: list[str], query: dict[str, list[str]]):
        if not parts:
            return self.send_list(kind, query)
        repo, rest = self.find(kind, parts)
        if repo is None:
            return
        if rest[:1] == ["tree"]:
            return super().send_api(kind, parts, query)
        if rest and rest[0] != "revision":
            return self.send_failure("EntryNotFound", "No such endpoint")
        commit = self.commit_of(repo, rest[1] if rest else "main")
        if commit is not None:
            self.send_json(self.about(repo, commit, query))

    def about(self, repo: HubRepo, commit: str, query: dict[str, list[str]]) -> dict:
        stated = self.hub.stated.get((repo.kind, repo.id), Stated(repo.kind, repo.id))
        siblings = []
        for path, item in sorted(repo.commits[commit].items()):
            entry = {"rfilename": path}
            if "blobs" in query:
                entry |= {"size": item.size, "blobId": item.oid}
                if item.sha256:
                    entry["lfs"] = {"sha256": item.sha256, "size": item.size, "pointerSize": 134}
            siblings.append(entry)
        fields = {"private": False, "gated": False, "disabled": False, "downloads": 0, "likes": 0, "tags": []}
        fields |= stated.fields
        if "securityStatus" in query:
            fields["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": stated.issues}
        return {"_id": "0" * 24, "id": repo.id, **fields, "sha": commit, "siblings": siblings}

    def send_list(self, kind: str, query: dict[str, list[str]]):
        self.hub.queries.append((kind, query))
        unknown = set(query) - PARAMETERS[kind] | set(query.get("expand", [])) - EXPANDABLE[kind]
        if unknown or (set(query.get("sort", [])) - SORTS):
            return self.send_refusal(400, f"Invalid input: {sorted(unknown)}")
        found = [one for (own, _), one in self.hub.stated.items() if own == kind and self.matches(one, query)]
        sort = query.get("sort", [None])[0]
        if sort:
            found.sort(key=lambda one: one.fields.get(sort) or 0 if sort != "lastModified" else one.fields.get(sort, ""), reverse=True)
        start = int(query.get("cursor", ["0"])[0])
        end = start + min(int(query.get("limit", ["1000"])[0]), self.hub.results)
        headers = {}
        if end < len(found):
            following = urlencode({**query, "cursor": [end]}, doseq=True, quote_via=quote)
            headers["Link"] = f'<{self.hub.url}/api/{kind}s?{following}>; rel="next"'
        wanted = set(query.get("expand", []))
        rows = []
        for one in found[start:end]:
            fields = {key: value for key, value in one.fields.items() if not wanted or key in wanted}
            rows.append({"_id": "0" * 24, "id": one.id, **({"modelId": one.id} if kind == "model" else {}), **fields})
        self.send_json(rows, headers)

    def matches(self, one: Stated, query: dict[str, list[str]]) -> bool:
        fields = one.fields
        tags = set(fields.get("tags", []))
        if any(word.lower() not in one.id.lower() for text in query.get("search", []) for word in text.split()):
            return False
        if "author" in query and one.id.split("/")[0] != query["author"][0]:
            return False
        if not set(query.get("filter", [])) <= tags:
            return False
        if "pipeline_tag" in query and fields.get("pipeline_tag") != query["pipeline_tag"][0]:
            return False
        if "gated" in query and bool(fields.get("gated")) != (query["gated"][0] == "true"):
            return False
        for bound in ",".join(query.get("num_parameters", [])).split(","):
            if bound:
                which, _, text = bound.partition(":")
                total = (fields.get("safetensors") or fields.get("gguf") or {}).get("total")
                if total is None or (total < number(text) if which == "min" else total > number(text)):
                    return False
        return all(name in fields.get(key, []) for key in ("datasets", "models") for name in query.get(key, []))

    def send_refusal(self, status: int, message: str):
        self.send_response(status)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()
