"""What a server answers whose catalogue's disk is full or read-only, and what is there afterwards.

Runs in a mount namespace of its own: `full_disk.py BINARY HUB DIRECTORY`. Fails where something is half.
"""

import hashlib
import http.client
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cli import Knapsack
from serving import serving


def ask(server, path: str, method: str = "GET", body: bytes = b"", **fields: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request(method, path, body=body or None, headers=fields)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def upload(server, content: bytes, name: str = "x.bin", kind: str = "single", model_id: str = "m"):
    body = b""
    for field, value in (("user_id", b"anna"), ("model_id", model_id.encode())):
        body += b'--bound\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (field.encode(), value)
    field = "file" if kind == "single" else "zip_file"
    body += f'--bound\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode()
    body += content + b"\r\n--bound--\r\n"
    fields = {"Content-Type": "multipart/form-data; boundary=bound"}
    status, answer = ask(server, f"/ai-models/upload/{kind}", "POST", body, **fields)
    return status, json.loads(answer)


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def shown(server) -> list[dict]:
    return json.loads(ask(server, "/ai-models/anna?limit=1000")[1])


def whole(server) -> list[dict]:
    """What is shown, after all of it was downloaded."""
    for item in (found := shown(server)):
        for file in item["files"]:
            status, body = ask(server, f"/ai-models/anna/{item['model_id']}/download?filename={file['filename']}")
            assert status == 200 and hashlib.sha256(body).hexdigest() == file["file_hash"], (item, body)
    return found


def fill_up(disk: Path, left: int) -> Path:
    """Takes all room but for some bytes."""
    ballast = disk / "ballast"
    status = os.statvfs(disk)
    with ballast.open("ab") as file:
        file.write(b"\1" * max(0, status.f_bavail * status.f_frsize - left))
    return ballast


def changes(server, number: int) -> list[tuple[int, str]]:
    """Tries an upload, an upload of a zip, a change and a deletion; the statuses, and what was said."""
    answers = []
    for status, answer in (
        upload(server, os.urandom(3000), model_id=f"new{number}"),
        upload(server, packed({f"{part}.bin": os.urandom(2000) for part in range(4)}), "m.zip", "folder", model_id=f"zip{number}"),
    ):
        answers.append((status, answer.get("detail", "")))
    change = json.dumps({"description": "x" * 30_000}).encode()
    for words in (("kept", "PUT", change), (f"old{number}", "DELETE")):
        status, body = ask(server, f"/ai-models/anna/{words[0]}", *words[1:])
        answers.append((status, json.loads(body).get("detail", "")))
    return answers


def main() -> None:
    binary, hub, directory = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    disk, home = directory / "disk", directory / "home"
    disk.mkdir()
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], check=True)
    runner = Knapsack(binary, home).with_caches(hub)
    with serving(runner, "--catalogue", str(disk / "c")) as server:
        names = [f"old{number}" for number in range(12)] + ["kept"]
        for name in names:
            assert upload(server, os.urandom(1000), model_id=name)[0] == 200
        # More than there is room for.
        status, answer = upload(server, b"\2" * (60 << 20), model_id="big")
        assert status == 507 and "room" in answer["detail"], answer
        assert [item["model_id"] for item in whole(server)] == names
        seen = set()
        for number, left in enumerate([3 << 20, 1 << 20, 200_000, 100_000, 60_000, 40_000, 30_000, 20_000, 12_000, 8000, 4096, 0]):
            ballast = fill_up(disk, left)
            before = {item["model_id"]: item for item in whole(server)}
            answers = changes(server, number)
            seen.update(status for status, _ in answers)
            assert all(status in (200, 507) and (status == 200 or detail) for status, detail in answers), (left, answers)
            expected = dict(before)
            after = {item["model_id"]: item for item in whole(server)}
            if answers[3][0] == 200:
                del expected[f"old{number}"]
            for status, name in ((answers[0][0], f"new{number}"), (answers[1][0], f"zip{number}")):
                if status == 200:
                    expected[name] = after[name]
            if answers[2][0] == 200:
                expected["kept"] = after["kept"]
            assert after == expected, left
            assert not list((disk / "c" / "incoming").iterdir())
            ballast.unlink()
        assert seen == {200, 507}, seen
        assert upload(server, b"again", "x.txt", model_id="again")[0] == 200
        before = whole(server)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=False)
        if (mounted := os.statvfs(disk)).f_flag & os.ST_RDONLY:
            for status, detail in changes(server, 99)[:3]:
                assert status == 500 and detail, detail
            assert whole(server) == before, mounted
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        assert upload(server, b"more", "x.txt", model_id="more")[0] == 200
        before = whole(server)
    with serving(runner, "--catalogue", str(disk / "c")) as server:
        assert whole(server) == before and not any("versions were" in line for line in server.lines)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    refused = runner("serve", "--port", "0", "--catalogue", str(disk / "c")).expect(2)
    assert "cannot be used" in refused.stderr and "Read-only file system" in refused.stderr, refused.stderr
    subprocess.run(["umount", disk], check=True)


if __name__ == "__main__":
    main()
