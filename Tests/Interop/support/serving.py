"""Runs `knapsack serve` for a test, and talks to it as its clients do."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from cli import Knapsack


@dataclass
class Serving:
    """A server that runs."""

    process: subprocess.Popen
    port: int
    lines: list[str] = field(default_factory=list)
    is_asked: bool = False
    was_killed: bool = False
    scheme: str = "http"

    def says(self, *words: str, seconds: float = 10) -> int:
        """How many lines with all these words it wrote, after waiting for the first one: they come a moment after answers."""
        end = time.monotonic() + seconds
        while True:
            count = sum(all(word in line for word in words) for line in list(self.lines))
            if count or time.monotonic() > end:
                return count
            time.sleep(0.01)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def client_environment(self, **more: str) -> dict[str, str]:
        """What makes the official clients talk to this server alone, in the way that they do without being told more."""
        return {"HF_ENDPOINT": self.url, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", **more}

    def kaggle_environment(self, environment: str = "TEST", **more: str) -> dict[str, str]:
        """What makes Kaggle's clients talk to this server alone: it stands where they look for a proxy."""
        return {
            "KAGGLE_API_ENVIRONMENT": environment, "http_proxy": self.url, "no_proxy": "", "KAGGLEHUB_VERBOSITY": "error",
            "KAGGLE_USERNAME": "tester", "KAGGLE_KEY": "0" * 32, **more,
        }  # fmt: skip

    def connect(self, timeout: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, request: bytes, timeout: float = 10) -> bytes:
        """Everything that the server sends until it ends the connection."""
        with self.connect(timeout) as connection:
            connection.sendall(request)
            received = b""
            while part := connection.recv(1 << 16):
                received += part
            return received

    def memory(self) -> int:
        """The bytes of memory that the server has in use."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def stop(self, number: int = signal.SIGTERM, timeout: float = 30) -> int:
        """Ends the server once: a second signal would end it without its manners."""
        if self.process.poll() is None and not self.is_asked:
            self.is_asked = True
            self.process.send_signal(number)
        return self.process.wait(timeout)


@contextmanager
def serving(knapsack: Knapsack, *arguments: str):
    """Starts a server on a free port, and ends it with the block."""
    process = knapsack.start("serve", "--port", "0", "--verbose", *arguments)
    lines: list[str] = []
    port = None
    for raw in process.stderr:
        lines.append(raw.decode(errors="replace"))
        if found := re.search(r" at (https?)://\S+:(\d+)$", lines[-1].rstrip()):
            scheme, port = found[1], int(found[2])
            break
    assert port, "".join(lines)
    server = Serving(process, port, lines, scheme=scheme)
    reader = threading.Thread(target=lambda: lines.extend(raw.decode(errors="replace") for raw in process.stderr))
    reader.start()
    try:
        yield server
    finally:
        code = server.stop()
        reader.join(10)
        process.stdout.close()
        assert server.was_killed or code in (0, 1), "".join(lines)
