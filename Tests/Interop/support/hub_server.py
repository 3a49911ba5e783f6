"""A small stand-in for the Hugging Face Hub: it serves directories to the real client.

With `HF_ENDPOINT` pointing here and `HF_HUB_DISABLE_XET=1`, huggingface_hub downloads as it does from
the Hub (repository info, tree by pages, HEAD and GET of files, redirects for LFS files), so the cache that
it leaves is a genuine one. Commits and ETags are computed from content: the same directory gets the same
commit on every machine.
"""

import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from serving_threads import serve

LFS_SUFFIXES = (".safetensors", ".bin", ".gguf", ".onnx", ".parquet", ".pt", ".h5", ".msgpack", ".model")
LFS_SIZE = 10 << 20
CHUNK = 1 << 20


def git_sha1(content: bytes) -> str:
    """The name git gives this content as a blob."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def lfs_pointer(sha256: str, size: int) -> bytes:
    """What git holds in place of a file that is in LFS."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


@dataclass
class HubFile:
    source: Path
    size: int
    oid: str  # git's name of what is in git: the content, or for an LFS file its pointer
    sha256: str | None  # of the content, for an LFS file only

    @classmethod
    def of(cls, source: Path, may_be_lfs: bool = True) -> "HubFile":
        size = source.stat().st_size
        if may_be_lfs and (size > LFS_SIZE or source.suffix in LFS_SUFFIXES):
            with source.open("rb") as handle:
                sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            return cls(source, size, git_sha1(lfs_pointer(sha256, size)), sha256)
        return cls(source, size, git_sha1(source.read_bytes()), None)

    def tree_entry(self, path: str) -> dict:
        entry = {"type": "file", "path": path, "size": self.size, "oid": self.oid}
        if self.sha256:
            pointer_size = len(lfs_pointer(self.sha256, self.size))
            entry["lfs"] = {"oid": self.sha256, "size": self.size, "pointerSize": pointer_size}
        return entry


@dataclass
class HubRepo:
    kind: str  # "model", "dataset" or "space"
    id: str
    commits: dict[str, dict[str, HubFile]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def resolve(self, revision: str) -> str | None:
        return self.refs.get(revision) or (revision if revision in self.commits else None)


class HubServer:
    """Serves repositories until `close`, with LFS content on a second port.

    The client does not follow a redirect of a HEAD to another origin: that is how it sees the headers of the
    Hub's own answer. So the content's origin has to be another one here too.
    """

    handler: type | None = None  # what answers requests, where it is not the plain Hub below

    def __init__(self, page_size: int = 7):
        self.page_size = page_size
        self.repos: dict[tuple[str, str], HubRepo] = {}
        self.requests: list[str] = []
        handler = type("Handler", (self.handler or HubHandler,), {"hub": self})
        self._servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
        self.url, self.content_url = [f"http://127.0.0.1:{server.server_port}" for server in self._servers]
        for server in self._servers:
            server.daemon_threads = True
            serve(server)

    def client_environment(self) -> dict[str, str]:
        """What makes huggingface_hub talk to this server alone."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "DISABLE_SAFETENSORS_CONVERSION": "1",
        }

    def add(
        self,
        repo_id: str,
        directory: Path,
        kind: str = "model",
        refs: tuple[str, ...] = ("main",),
        lfs: bool = True,
    ) -> str:
        """Adds the directory's files as a commit that `refs` point to, and returns the commit."""
        paths = sorted(path for path in directory.rglob("*") if path.is_file())
        files = {path.relative_to(directory).as_posix(): HubFile.of(path, lfs) for path in paths}
        listing = "".join(f"{item.oid} {name}\n" for name, item in sorted(files.items()))
        commit = hashlib.sha1(f"{kind} {repo_id}\n{listing}".encode()).hexdigest()
        repo = self.repos.setdefault((kind, repo_id), HubRepo(kind, repo_id))
        repo.commits[commit] = files
        for ref in refs:
            repo.refs[ref] = commit
        return commit

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class HubHandler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.route()

    def do_GET(self):
        self.route()

    def route(self):
        self.hub.requests.append(f"{self.command} {self.path}")
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        if parts[0] == "cdn":
            return self.send_cdn(parts[1])
        if parts[0] == "api":
            return self.send_api(parts[1][:-1], parts[2:], parse_qs(url.query))
        kind = parts[0][:-1] if parts[0] in ("datasets", "spaces") else "model"
        self.send_resolve(kind, parts if kind == "model" else parts[1:])

    def find(self, kind: str, parts: list[str]) -> tuple[HubRepo | None, list[str]]:
        """The repository at the head of a path: `owner/name`, or a lone `name` as the oldest models have."""
        for length in (2, 1):
            repo = self.hub.repos.get((kind, "/".join(parts[:length])))
            if repo:
                return repo, parts[length:]
        self.send_failure("RepoNotFound", "Repository not found")
        return None, []

    def commit_of(self, repo: HubRepo, revision: str) -> str | None:
        commit = repo.resolve(revision)
        if commit is None:
            self.send_failure("RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def send_api(self, kind: str, parts: list[str], query: dict[str, list[str]]):
        repo, rest = self.find(kind, parts)
        if repo is None:
            return
        revision = rest[1] if len(rest) > 1 else "main"
        commit = self.commit_of(repo, revision)
        if commit is None:
            return
        if rest[:1] == ["tree"]:
            self.send_tree(repo, commit, "/".join(rest[2:]), query)
        elif rest[:1] in ([], ["revision"]):
            siblings = [{"rfilename": path} for path in sorted(repo.commits[commit])]
            self.send_json({"id": repo.id, "sha": commit, "private": False, "tags": [], "siblings": siblings})
        else:
            self.send_failure("EntryNotFound", "No such endpoint")

    def send_tree(self, repo: HubRepo, commit: str, folder: str, query: dict[str, list[str]]):
        prefix = folder + "/" if folder else ""
        entries = []
        folders = set()
        for path, item in sorted(repo.commits[commit].items()):
            if not path.startswith(prefix):
                continue
            above = path.split("/")[:-1]
            folders.update("/".join(above[:depth]) for depth in range(1, len(above) + 1))
            entries.append(item.tree_entry(path))
        if prefix and not entries:
            return self.send_failure("EntryNotFound", f"{folder} does not exist", commit)
        for path in sorted(folders):
            oid = hashlib.sha1(f"{commit} {path}".encode()).hexdigest()
            entries.append({"type": "directory", "path": path, "size": 0, "oid": oid})

        start = int(query.get("cursor", ["0"])[0])
        end = start + self.hub.page_size
        headers = {}
        if end < len(entries):
            where = quote(urlsplit(self.path).path, safe="/%")
            following = f"{self.hub.url}{where}?recursive=true&expand=false&cursor={end}"
            headers["Link"] = f'<{following}>; rel="next"'
        self.send_json(entries[start:end], headers)

    def send_resolve(self, kind: str, parts: list[str]):
        repo, rest = self.find(kind, parts)
        if repo is None:
            return
        if len(rest) < 3 or rest[0] != "resolve":
            return self.send_failure("EntryNotFound", "No such page")
        commit = self.commit_of(repo, rest[1])
        if commit is None:
            return
        item = repo.commits[commit].get("/".join(rest[2:]))
        if item is None:
            return self.send_failure("EntryNotFound", "Entry not found", commit)
        if item.sha256 is None:
            return self.send_content(item, {"X-Repo-Commit": commit, "ETag": f'"{item.oid}"'})
        self.send_response(302)
        self.send_header("Location", f"{self.hub.content_url}/cdn/{item.sha256}")
        self.send_header("X-Repo-Commit", commit)
        self.send_header("X-Linked-Etag", f'"{item.sha256}"')
        self.send_header("X-Linked-Size", str(item.size))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send_cdn(self, sha256: str):
        for repo in self.hub.repos.values():
            for files in repo.commits.values():
                for item in files.values():
                    if item.sha256 == sha256:
                        # What a CDN calls its copy states nothing about the content.
                        return self.send_content(item, {"ETag": f'"{sha256[:32]}-1"'})
        self.send_failure("EntryNotFound", "No such object")

    def send_content(self, item: HubFile, headers: dict[str, str]):
        start = 0
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes=") and asked.endswith("-"):
            start = min(int(asked[6:-1]), item.size)
        self.send_response(206 if start else 200)
        for name, value in headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{item.size - 1}/{item.size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(item.size - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        with item.source.open("rb") as handle:
            handle.seek(start)
            while chunk := handle.read(CHUNK):
                self.wfile.write(chunk)

    def send_json(self, value, headers: dict[str, str] | None = None):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_failure(self, code: str, message: str, commit: str | None = None):
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        if commit:
            self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", "0")
        self.end_headers()
