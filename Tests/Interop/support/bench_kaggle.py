"""The Kaggle that `knapsack-bench upload` sends to: keeps what is uploaded in a directory until it is killed.

    bench_kaggle.py DIRECTORY ADDRESS

ADDRESS is a file that is written when the server can be asked.
"""

import base64
import os
import signal
import sys
from pathlib import Path

from keeping_kaggle import KeepingKaggle, Pending, _KeepingHandler
from uploading import AUTHORIZATION


class _Handler(_KeepingHandler):
    """Receives as fast as Python can, and makes versions without copying anything."""

    def read_piece(self, blob, length: int, fault) -> int:
        done = 0
        block = memoryview(bytearray(1 << 20))
        with blob.path.open("r+b") as handle:
            start = handle.seek(0, os.SEEK_END)
            while done < length:
                count = self.rfile.readinto(block[: min(len(block), length - done)])
                if not count:
                    break
                done += count
            # What is measured is who sends: the bytes are counted, and the file is as long as they are.
            handle.truncate(start + done)
        return done

    def create(self, handle: str, tree: dict, request: dict):
        number = max([0, *self.kaggle.resources.get(handle, {})]) + 1
        directory = self.kaggle.root / "versions" / handle / str(number)
        by_token = {blob.token: blob for blob in self.kaggle.blobs.values()}
        for name, token in self.collected(tree, ""):
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(by_token[token].path, directory / name)
        pending = Pending(handle, number, directory, 0)
        self.kaggle.pending.append(pending)
        self.settle(pending)
        self.send_json({"ref": f"/{handle}", "url": f"http://localhost/{handle}", "status": "ok", "error": "", "invalidTags": []})


def main():
    directory, address = map(Path, sys.argv[1:])
    server = KeepingKaggle(directory)
    client = base64.b64encode(b"tester:" + b"0" * 32).decode()
    server.users = {AUTHORIZATION: "tester", f"Basic {client}": "tester"}
    server._server.RequestHandlerClass = type("Handler", (_Handler,), {"kaggle": server})
    unfinished = address.with_suffix(".new")
    unfinished.write_text(server.url + "\n")
    unfinished.rename(address)
    signal.pause()


if __name__ == "__main__":
    main()
