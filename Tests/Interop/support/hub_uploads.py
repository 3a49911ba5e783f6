"""A client of its own for each test of uploads: the official one, in a process whose caches and endpoint are the test's."""

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
