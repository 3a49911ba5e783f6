"""Artifacts as docker/model-runner makes them: config 0.1, with the files besides the weights in a tar."""

import io
import json
import tarfile
import urllib.request
from dataclasses import dataclass

from wayward_registry import MANIFEST, digest

SAFETENSORS = "application/vnd.docker.ai.safetensors"
CONFIG_TAR = "application/vnd.docker.ai.vllm.config.tar"
DIR_TAR = "application/vnd.docker.ai.dir.tar"
LICENSE = "application/vnd.docker.ai.license"
TEMPLATE = "application/vnd.docker.ai.chat.template.jinja"
CONFIG_V01 = "application/vnd.docker.ai.model.config.v0.1+json"


@dataclass
class Member:
    """Something in a tar that is no plain file."""

    name: str
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    content: bytes = b""


def tar(files: dict[str, bytes], *members: Member, form: int = tarfile.USTAR_FORMAT, headers: dict[str, str] | None = None) -> bytes:
    """What Go's archive/tar writes for headers of name, size, mode and time (`packaging/directory.go`)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for member in [*(Member(name, content=content) for name, content in files.items()), *members]:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.size = member.kind, member.target, len(member.content)
            info.mtime, info.mode, info.pax_headers = 1_760_000_000, 0o644, dict(headers or {})
            archive.addfile(info, io.BytesIO(member.content))
    return out.getvalue()


def layers(model: dict[str, bytes], *, named: bool = True, license: bytes | None = None) -> list[tuple[str, str | None, bytes]]:
    """The layers of a safetensors model: weights in the order of their names, then the licence and the archive."""
    weights = sorted(name for name in model if name.endswith(".safetensors"))
    made: list[tuple[str, str | None, bytes]] = [(SAFETENSORS, name if named else None, model[name]) for name in weights]
    if license is not None:
        made.append((LICENSE, "LICENSE" if named else None, license))
    rest = {name: content for name, content in sorted(model.items()) if name not in weights}
    return [*made, (CONFIG_TAR, "vllm-config-1234567.tar" if named else None, tar(rest))]


def push(host: str, repository: str, tag: str, parts: list[tuple[str, str | None, bytes]]) -> str:
    """Uploads an artifact as any client does, and gives its digest."""

    def ask(method: str, url: str, body: bytes = b"", **headers: str):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url, data=body if method != "HEAD" else None, method=method, headers=names)
        with urllib.request.urlopen(request) as answer:
            return answer.headers

    def upload(content: bytes) -> str:
        place = ask("POST", f"http://{host}/v2/{repository}/blobs/uploads/")["Location"]
        mark = "&" if "?" in place else "?"
        ask("PUT", f"{place}{mark}digest={digest(content)}", content, Content_Type="application/octet-stream")
        return digest(content)

    ids = [digest(content) for _, _, content in parts]
    config = json.dumps({"config": {"format": "safetensors"}, "descriptor": {}, "rootfs": {"type": "rootfs", "diff_ids": ids}}).encode()
    entries = []
    for kind, path, content in parts:
        entry = {"mediaType": kind, "size": len(content), "digest": upload(content)}
        if path is not None:
            entry["annotations"] = {"org.cncf.model.filepath": path, "org.cncf.model.file.mediatype.untested": "false"}
        entries.append(entry)
    document = {
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG_V01, "size": len(config), "digest": upload(config)}, "layers": entries,
    }  # fmt: skip
    text = json.dumps(document).encode()
    ask("PUT", f"http://{host}/v2/{repository}/manifests/{tag}", text, Content_Type=MANIFEST)
    return digest(text)
