"""Small wheels made by hand, and pip's own verdict on whether a wheelhouse can be installed."""

import base64
import hashlib
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

PYTHON = ".".join(map(str, sys.version_info[:3]))
PLATFORM = next(
    (tag.platform for tag in sys_tags() if tag.platform.startswith(("manylinux_", "musllinux_"))),
    sysconfig.get_platform().replace("-", "_"),
)


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def members(name: str, version: str, headers: str = "", tag: str = "py3-none-any") -> dict[str, bytes]:
    """The files of a wheel but for RECORD."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}"
    interpreters, abis, platforms = (part.split(".") for part in tag.split("-"))
    tags = [f"Tag: {i}-{a}-{p}\n" for i in interpreters for a in abis for p in platforms]
    wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n" + "".join(tags)
    return {
        f"{name}.py": b"installed = True\n",
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": wheel.encode(),
    }


def record(files: dict[str, bytes], info: str) -> bytes:
    rows = [f"{path},{digest(content)},{len(content)}\n" for path, content in files.items()]
    return "".join([*rows, f"{info}/RECORD,,\n"]).encode()


def write_wheel(folder: Path, name: str, version: str, *requires: str, python: str = "", extras=(), tag="py3-none-any", build=""):
    """A wheel that pip installs, with a RECORD that is right."""
    headers = "".join(f"Requires-Dist: {text}\n" for text in requires)
    headers += f"Requires-Python: {python}\n" if python else ""
    headers += "".join(f"Provides-Extra: {text}\n" for text in extras)
    files = members(name, version, headers, tag)
    files[f"{name}-{version}.dist-info/RECORD"] = record(files, f"{name}-{version}.dist-info")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}{'-' + build if build else ''}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


def write_installed(folder: Path, name: str, version: str) -> None:
    """What a package leaves behind that is installed already."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "INSTALLER").write_text("pip\n")
    (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{info.name}/INSTALLER,,\n{info.name}/RECORD,,\n")


def roots(house: Path) -> tuple[list[str], list[str]]:
    """What the loader asks pip for: a project with one wheel by its path, one with several by its name."""
    projects: dict[str, list[str]] = {}
    for wheel in sorted(house.rglob("*.whl")):
        projects.setdefault(canonicalize_name(wheel.name.split("-")[0]), []).append(str(wheel))
    wanted = [paths[0] if len(paths) == 1 else project for project, paths in projects.items()]
    return wanted, ["--upgrade"] if any(len(paths) > 1 for paths in projects.values()) else []


def install_pip(folder: Path) -> Path:
    """A pip of its own, so that every machine has the same; gives what Python runs."""
    version = os.environ.get("KNAPSACK_PIP_VERSION", "26.3")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--target", folder, f"pip=={version}"], check=True, timeout=300)
    return folder / "pip"


def pip_verdict(
    pip: Path, house: Path, *requires: str, installed: Path | None = None, target: list[str] = ()
) -> tuple[bool, str]:
    """Whether pip would install what is asked for, or all, out of the folder and without an index.

    What the tests themselves have installed is out of its sight, as Python does not look for it (-S).
    """
    wanted, options = (list(requires), []) if requires else roots(house)
    command = [sys.executable, "-S", "-s", str(pip), "install", "--no-index", "--dry-run", "--break-system-packages"]
    command += ["--disable-pip-version-check", "--no-input", "--find-links", str(house), *options, *target, *wanted]
    variables = {"PATH": os.environ["PATH"], "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull}
    if installed is not None:
        variables["PYTHONPATH"] = str(installed)
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)
    return done.returncode == 0, done.stdout + done.stderr
