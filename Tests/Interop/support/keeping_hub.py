"""A stand-in Hub that keeps what is committed, and serves it to the real client.

It is the Hub of `wayward_hub` with what a client does that uploads: repositories and branches are made, files are asked about,
objects come to the store whole or in parts, and a commit puts them into the repository (huggingface_hub 2.4, `lfs.py` and
`_commit_api.py`). What does not keep to the protocol is in `problems`.
"""

import base64
import hashlib
import json
import time
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from hub_server import LFS_SIZE, LFS_SUFFIXES, HubFile, HubRepo, git_sha1, lfs_pointer
from wayward_hub import BLOCK, Fault, WaywardHub, _WaywardHandler

LFS_TYPE = "application/vnd.git-lfs+json"


class KeepingHub(WaywardHub):
    def __init__(self, root: Path):
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.writers: set[str] = set()  # the tokens whose users may write
        self.objects: dict[str, Path] = {}  # by their SHA-256
        self.parts: dict[tuple[str, str], dict[int, bytes]] = {}  # by object and upload
        self.part_size: int | None = None  # larger objects come in parts of so many bytes
        self.received = 0  # bytes of objects
        self.commits: list[list[dict]] = []
        self.problems: list[str] = []
        self.ignored: set[str] = set()
        self.uploads: list[Fault] = []
        self.signature = 0
        super().__init__()
        for server in self._servers:
            server.RequestHandlerClass = type("Handler", (_KeepingHandler,), {"hub": self})

    def commit_files(self, repo: HubRepo, files: dict[str, HubFile], ref: str) -> str:
        listing = "".join(f"{item.oid} {name}\n" for name, item in sorted(files.items()))
        commit = hashlib.sha1(f"{repo.refs.get(ref)} {len(repo.commits)} {repo.id}\n{listing}".encode()).hexdigest()
        repo.commits[commit] = files
        repo.refs[ref] = commit
        return commit

    def keep(self, content: bytes) -> Path:
        path = self.root / hashlib.sha256(content).hexdigest()
        path.write_bytes(content)
        return path

    def take_upload_fault(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.uploads:
                if fault.path in path:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.uploads.remove(fault)
                    return fault
        return None


class _KeepingHandler(_WaywardHandler):
    hub: KeepingHub

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def do_POST(self):
        self.fault = None
        with self.hub.lock:
            self.hub.seen.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
            self.hub.requests.append(f"POST {self.path}")
        body = self.read_body()
        sent = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if sent not in self.hub.tokens:
            return self.refuse(401, None, "Invalid credentials in Authorization header")
        if sent not in self.hub.writers:
            return self.refuse(403, None, "You have read access but not the required permissions for this operation")
        url = urlsplit(self.path)
        fault = self.hub.take_fault(url.path, api=True)
        if fault and fault.kind == "status":
            return self.send_status(fault)
        if fault and fault.kind == "drop" and not fault.after:
            return self.cut()
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        if parts[:3] == ["api", "repos", "create"]:
            return self.create(json.loads(body))
        if parts[0] == "lfs-complete":
            return self.complete(parts[1], parse_qs(url.query)["upload"][0], json.loads(body))
        if parts[0] == "lfs-verify":
            return self.verify(parts[1], json.loads(body))
        if parts[0] == "api":
            kind, repo_id, rest = parts[1][:-1], "/".join(parts[2:4]), parts[4:]
        else:
            kind = parts.pop(0)[:-1] if parts[0] in ("datasets", "spaces") else "model"
            repo_id, rest = "/".join(parts[:2]).removesuffix(".git"), parts[2:]
        repo = self.hub.repos.get((kind, repo_id))
        if repo is None:
            return self.send_failure("RepoNotFound", "Repository not found")
        if rest[:1] == ["branch"]:
            if rest[1] in repo.refs:
                return self.refuse(409, None, "Reference already exists")
            repo.refs[rest[1]] = repo.refs["main"]
            return self.send_json({})
        if rest[:1] == ["preupload"]:
            return self.preupload(repo, json.loads(body))
        if rest == ["info", "lfs", "objects", "batch"]:
            return self.batch(json.loads(body))
        if rest[:1] == ["commit"]:
            return self.commit(repo, rest[1], [json.loads(line) for line in body.splitlines()], parse_qs(url.query), fault)
        self.send_failure("EntryNotFound", "No such endpoint")

    def create(self, body: dict):
        key = (body.get("type", "model"), f"{body['organization']}/{body['name']}")
        if key in self.hub.repos:
            return self.refuse(409, None, "You already created this repo")
        repo = self.hub.repos[key] = HubRepo(*key)
        attributes = self.hub.keep(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
        self.hub.commit_files(repo, {".gitattributes": HubFile.of(attributes)}, "main")
        if body.get("visibility") == "private":
            self.hub.private.add(key[1])
            for token in self.hub.writers:
                self.hub.tokens[token].add(key[1])
        self.send_json({"url": f"{self.hub.url}/{key[1]}"})

    def preupload(self, repo: HubRepo, body: dict):
        rows = []
        for file in body["files"]:
            if len(base64.b64decode(file["sample"])) != min(512, file["size"]):
                self.hub.problems.append(f"{file['path']}: the sample has another length")
            is_lfs = file["size"] > LFS_SIZE or Path(file["path"]).suffix in LFS_SUFFIXES
            mode = "lfs" if is_lfs else "regular"
            rows.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": file["path"] in self.hub.ignored})
        self.send_json({"files": rows})

    # The store.

    def batch(self, body: dict):
        if self.headers.get("Content-Type") != LFS_TYPE or self.headers.get("Accept") != LFS_TYPE:
            self.hub.problems.append("the types of LFS are others")
        if body["operation"] != "upload" or body["hash_algo"] != "sha256" or "ref" not in body:
            self.hub.problems.append(f"a batch of {body}")
        rows = []
        for item in body["objects"]:
            row = dict(item)
            if item["oid"] not in self.hub.objects:
                row["actions"] = {"upload": self.action(**item), "verify": {"href": f"{self.hub.url}/lfs-verify/{item['oid']}"}}
            rows.append(row)
        self.send_json({"transfer": "multipart" if self.hub.part_size else "basic", "objects": rows})

    def action(self, oid: str, size: int) -> dict:
        self.hub.signature += 1
        place = f"{self.hub.content_url}/lfs/{oid}?X-Amz-Signature={self.hub.signature}"
        part_size = self.hub.part_size
        if part_size is None or size <= part_size:
            return {"href": place}
        count = -(-size // part_size)
        self.hub.parts[oid, str(self.hub.signature)] = {}
        addresses = {f"{number:05}": f"{place}&part={number}" for number in range(1, count + 1)}
        return {"href": f"{self.hub.url}/lfs-complete/{oid}?upload={self.hub.signature}", "header": {"chunk_size": str(part_size), **addresses}}

    def do_PUT(self):
        with self.hub.lock:
            self.hub.seen.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
            self.hub.requests.append(f"PUT {urlsplit(self.path).path}")
        if "Authorization" in self.headers:
            self.hub.problems.append("a token was sent to the store")
        url = urlsplit(self.path)
        oid = url.path.rsplit("/", 1)[-1]
        fault = self.hub.take_upload_fault(self.path)
        length = int(self.headers["Content-Length"])
        content = bytearray()
        limit = min(length, fault.after) if fault and fault.kind == "drop" else length
        while len(content) < limit:
            block = self.rfile.read(min(BLOCK, limit - len(content)))
            if not block:
                return
            content += block
            with self.hub.lock:
                self.hub.received += len(block)
            if self.hub.rate:
                time.sleep(len(block) / self.hub.rate)
        if fault and fault.kind == "drop":
            return self.cut()
        if fault and fault.kind == "status":
            return self.send_status(fault)
        query = parse_qs(url.query)
        if "part" in query:
            upload = self.hub.parts.get((oid, query["X-Amz-Signature"][0]))
            if upload is None:
                return self.refuse(404, None, "no such upload")
            upload[int(query["part"][0])] = bytes(content)
        elif not self.store(oid, bytes(content)):
            return self.refuse(400, None, "the content is not the one of its name")
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.md5(content).hexdigest()}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def store(self, oid: str, content: bytes) -> bool:
        if hashlib.sha256(content).hexdigest() != oid:
            self.hub.problems.append(f"{oid} came with other content")
            return False
        self.hub.objects[oid] = self.hub.keep(content)
        return True

    def complete(self, oid: str, upload: str, body: dict):
        parts = self.hub.parts.get((oid, upload), {})
        etags = [f'"{hashlib.md5(parts.get(number, b"")).hexdigest()}"' for number in range(1, len(parts) + 1)]
        if [(part["partNumber"], part["etag"]) for part in body["parts"]] != list(enumerate(etags, 1)):
            return self.refuse(400, None, "those are not the parts")
        if not self.store(oid, b"".join(parts[number] for number in sorted(parts))):
            return self.refuse(400, None, "the content is not the one of its name")
        self.send_json({})

    def verify(self, oid: str, body: dict):
        if body["oid"] != oid or oid not in self.hub.objects:
            return self.refuse(404, None, "no such object")
        self.send_json({})

    # The commit.

    def commit(self, repo: HubRepo, branch: str, lines: list[dict], query: dict, fault: Fault | None):
        if self.headers.get("Content-Type") != "application/x-ndjson" or lines[0]["key"] != "header":
            self.hub.problems.append("the commit has another form")
        head = repo.refs[branch]
        if lines[0]["value"].get("parentCommit", head) != head:
            return self.refuse(412, None, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.commits[head])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                content = base64.b64decode(value["content"])
                files[value["path"]] = HubFile(self.hub.keep(content), len(content), git_sha1(content), None)
            elif line["key"] == "lfsFile":
                path = self.hub.objects.get(value["oid"])
                if path is None or path.stat().st_size != value["size"]:
                    return self.refuse(400, None, f"no such object: {value['oid']}")
                pointer = git_sha1(lfs_pointer(value["oid"], value["size"]))
                files[value["path"]] = HubFile(path, value["size"], pointer, value["oid"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.hub.commits.append(lines)
        answer = {}
        if query.get("create_pr") == ["1"]:
            number = sum(ref.startswith("refs/pr/") for ref in repo.refs) + 1
            repo.refs[f"refs/pr/{number}"] = head
            commit = self.hub.commit_files(repo, files, f"refs/pr/{number}")
            answer["pullRequestUrl"] = f"{self.hub.url}/{repo.id}/discussions/{number}"
        else:
            commit = self.hub.commit_files(repo, files, branch)
        if fault and fault.kind == "drop":
            return self.cut()
        self.send_json({**answer, "commitOid": commit, "commitUrl": f"{self.hub.url}/{repo.id}/commit/{commit}"})
