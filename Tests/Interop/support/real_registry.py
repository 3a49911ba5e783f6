"""Debian's docker-registry (distribution 2.8), as a team would run it."""

import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

NEEDED = pytest.mark.skipif(not shutil.which("docker-registry"), reason="docker-registry is not installed")
SKOPEO = pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class RealRegistry:
    def __init__(self, directory: Path, address: str = "127.0.0.1", within: tuple[str, ...] = (), tls: tuple[Path, Path] | None = None):
        self.directory = directory
        self.within = within
        self.host = f"{address}:{free_port()}"
        directory.mkdir(parents=True, exist_ok=True)
        secure = f"\n  tls: {{certificate: {tls[0]}, key: {tls[1]}}}" if tls else ""
        # A secret of its own: with another one, uploads that were begun before a restart are not known any more.
        (directory / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {directory / 'data'}}}}}\n"
            f"http:\n  addr: {self.host}\n  secret: stays{secure}\n"
        )
        self.probe = None if within or tls else f"http://{self.host}/v2/"
        self.process = None
        self.start()

    def start(self):
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.within, "docker-registry", "serve", self.directory / "config.yml"], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.probe is None:
                time.sleep(1)
                return
            try:
                urllib.request.urlopen(self.probe, timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.directory / "log").read_text())

    def kill(self):
        self.process.kill()
        self.process.wait()
