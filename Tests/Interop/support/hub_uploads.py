"""A client of its own for each test of uploads: the official one, in a process whose caches and endpoint are the test's."""

import base64
import hashlib
import http.client
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path


class HubClient:
    """Runs pieces of Python with huggingface_hub against a server."""

    def __init__(self, server, home: Path, token: str | None = None, with_xet: bool = False):
        self.server = server
        self.home = home
        self.token = token
        self.with_xet = with_xet

    def environment(self) -> dict[str, str]:
        more = {"HF_HOME": str(self.home), "HF_TOKEN": self.token} if self.token else {"HF_HOME": str(self.home)}
        if not self.with_xet:
            more["HF_HUB_DISABLE_XET"] = "1"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        return {**kept, **self.server.client_environment(**more)}

    def run(self, code: str, *arguments: str, fails: bool = False, timeout: float = 120):
        """What the code prints with `tell(…)`; where it has to fail, the end of what it complains of."""
        head = "import json, sys\nfrom huggingface_hub import *\nfrom huggingface_hub import errors\napi = HfApi()\ntell = lambda v: print(json.dumps(v))\n"
        done = subprocess.run(
            [sys.executable, "-c", head + textwrap.dedent(code), *arguments],
            env=self.environment(), capture_output=True, text=True, timeout=timeout,
        )
        if fails:
            assert done.returncode != 0, done.stdout
            return done.stderr
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line[:1] in '[{"0123456789tfn-']


def call(server, method: str, path: str, body: bytes | dict | list | None = None, token: str | None = None, **fields: str):
    """The status, the fields and the body of an answer to one request, as no careful client would send it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    try:
        try:
            connection.request(method, path, body=body, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server has refused before all of it was sent.
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
    finally:
        connection.close()


def lines(*operations: tuple[str, dict], title: str = "a change", **header) -> bytes:
    """The body of a commit."""
    return b"".join(
        json.dumps({"key": key, "value": value}).encode() + b"\n"
        for key, value in [("header", {"summary": title, "description": "", **header}), *operations]
    )


def regular(path: str, content: bytes) -> tuple[str, dict]:
    return "file", {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}


def large(path: str, content: bytes) -> tuple[str, dict]:
    return "lfsFile", {"path": path, "algo": "sha256", "oid": hashlib.sha256(content).hexdigest(), "size": len(content)}


def batch(server, repository: str, *contents: bytes, token: str | None = None) -> list[dict]:
    """What the server says of large files that one would upload."""
    objects = [{"oid": hashlib.sha256(content).hexdigest(), "size": len(content)} for content in contents]
    question = {"operation": "upload", "transfers": ["basic", "multipart", "xet"], "objects": objects}
    status, _, answer = call(server, "POST", f"/{repository}.git/info/lfs/objects/batch", question, token)
    assert status == 200, answer
    return json.loads(answer)["objects"]


def send(server, repository: str, content: bytes, token: str | None = None) -> int:
    """Uploads a large file; the status of the answer, 200 where the server has it."""
    [told] = batch(server, repository, content, token=token)
    if "actions" not in told:
        return 200
    return call(server, "PUT", target(told["actions"]["upload"]["href"]), content)[0]


def target(address: str) -> str:
    """The path and the query of an address."""
    return "/" + address.split("/", 3)[3]


def commit_files(server, repository: str, files: dict[str, bytes], token: str | None = None) -> str:
    """Puts files into a repository, which is made where there is none; the name of the commit. Weights are sent before."""
    owner, name = repository.split("/")
    call(server, "POST", "/api/repos/create", {"name": name, "organization": owner}, token)
    operations = []
    for path, content in files.items():
        is_large = path.endswith((".gguf", ".safetensors", ".bin"))
        if is_large:
            assert send(server, repository, content, token) == 200
        operations.append((large if is_large else regular)(path, content))
    status, _, answer = call(server, "POST", f"/api/models/{repository}/commit/main", lines(*operations), token)
    assert status == 200, answer
    return json.loads(answer)["commitOid"]
