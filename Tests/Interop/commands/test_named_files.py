"""What stands where a file was named: a directory, a pipe, a device, a socket, a link to one of them, or to nothing.

Each is an error that names the path and what is there, with what to do, and nothing waits for ever. What is there stays.
"""

import os
import shutil
import socket
import stat
import subprocess

import pytest
from project import ROOT

THINGS = ["directory", "pipe", "device", "socket", "link-to-directory", "link-to-pipe", "link-to-nothing", "circle"]
WORDS = {
    "directory": "it is a directory",
    "pipe": "it is a pipe",
    "device": "it is a pipe, a socket or a device",
    "socket": "it is a pipe, a socket or a device",
    "link-to-directory": "which is a directory",
    "link-to-pipe": "which is a pipe",
    "link-to-nothing": "where nothing is",
    "circle": "leads back to itself",
}


def put(thing, path):
    """Puts a thing in the place of whatever has the path."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    other = path.with_name("other-thing")
    if thing == "directory":
        path.mkdir()
    elif thing == "pipe":
        os.mkfifo(path)
    elif thing == "device":
        if os.getuid() != 0:
            pytest.skip("only root makes devices")
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # as /dev/null
    elif thing == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path may have 107 bytes
        try:
            socket.socket(socket.AF_UNIX).bind(path.name)
        finally:
            os.chdir(here)
    elif thing == "link-to-directory":
        other.mkdir()
        path.symlink_to(other)
    elif thing == "link-to-pipe":
        os.mkfifo(other)
        path.symlink_to(other)
    elif thing == "link-to-nothing":
        path.symlink_to(other)
    else:
        path.symlink_to(path)


@pytest.fixture(scope="module")
def packed(tmp_path_factory, knapsack):
    folder = tmp_path_factory.mktemp("packed")
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("one")
    (folder / "m.toml").write_text(
        'schema = 1\n[bundle]\nname = "named-files"\n[[files]]\nname = "data"\nsource = "path:data"\nlicense = "mit"\n'
    )
    shutil.copy(ROOT / "fixtures" / "gguf" / "small.gguf", folder / "small.gguf")
    make = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"
    subprocess.run(f"{make} && openssl pkey -in key.pem -pubout -out pub.pem", shell=True, cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
    for command in (["pack", "m.toml", "-o", "b"], ["pack", "m.toml", "-o", "b.tar"], ["sign", "b", "--key", "key.pem"]):
        subprocess.run([knapsack.binary, *command], cwd=folder, check=True, capture_output=True)
    return folder


COMMANDS = {
    "m.toml": ["lock m.toml", "check m.toml", "pack m.toml -o b"],
    "m.lock": [
        "lock m.toml", "check m.toml", "pack m.toml --frozen -o new", "verify m.lock", "sbom m.lock",
        "diff m.lock b/knapsack.lock", "diff b/knapsack.lock m.lock", "sign m.lock --key key.pem",
    ],
    "key.pem": ["sign b --key key.pem"],
    "pub.pem": ["verify b --key pub.pem"],
    "x.sig": ["verify b --key pub.pem --signature x.sig"],
    "b.tar": ["unpack b.tar --to new", "inspect b.tar"],
    "x.gguf": ["inspect x.gguf", "quantize x.gguf y.gguf Q4_0", "compare x.gguf x.gguf"],
    "x.imatrix": ["quantize small.gguf y.gguf Q4_0 --imatrix x.imatrix"],
    "rules.txt": ["quantize small.gguf y.gguf Q4_0 --tensor-type-file rules.txt"],
    "x.safetensors": ["inspect x.safetensors"],
    "model.safetensors.index.json": ["inspect model.safetensors.index.json"],
    "metadata.json": ["convert data y.gguf --metadata metadata.json"],
}  # fmt: skip


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_stands_in_a_files_place_is_told(knapsack, packed, tmp_path, name, thing):
    folder = tmp_path / "project"
    shutil.copytree(packed, folder, symlinks=True)
    put(thing, folder / name)
    for command in COMMANDS[name]:
        done = subprocess.run([knapsack.binary, *command.split()], cwd=folder, env=knapsack.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)  # fmt: skip
        assert done.returncode == 2, (command, done.stderr)
        if name == "x.gguf" and "directory" in thing and not command.startswith("quantize"):
            continue  # a directory may be a model
        if name == "b.tar" and "directory" in thing:
            continue  # and a bundle
        words = "is a directory" if name in ("m.toml", "x.gguf") and "directory" in thing else WORDS[thing]
        if name.endswith((".safetensors", ".json")) and name != "metadata.json" and "directory" in thing:
            continue
        assert words in done.stderr and name in done.stderr, (command, done.stderr)
        assert ("\n  fix: " in done.stderr or "name a file" in done.stderr or "the link" in done.stderr) and "make it readable" not in done.stderr, (command, done.stderr)
        assert "Invalid argument" not in done.stderr and "No such device" not in done.stderr, done.stderr
    found = os.lstat(folder / name)
    assert not stat.S_ISREG(found.st_mode)


@pytest.mark.parametrize("command", ["verify b.tar", "sign b.tar --key key.pem"])
def test_a_pipe_that_nobody_writes_into_is_not_waited_for_for_ever(knapsack, packed, tmp_path, command):
    folder = tmp_path / "project"
    shutil.copytree(packed, folder)
    put("pipe", folder / "b.tar")
    done = subprocess.run([knapsack.binary, *command.split()], cwd=folder, env=knapsack.environment(),
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 2 and "it is a pipe that nobody writes into" in done.stderr, done.stderr


def test_an_archive_in_a_pipe_is_verified_while_somebody_writes_it_slowly(knapsack, packed, tmp_path):
    pipe = tmp_path / "p.tar"
    os.mkfifo(pipe)
    writer = subprocess.Popen(["sh", "-c", f"sleep 2; exec 3> {pipe}; sleep 2; cat {packed}/b.tar >&3"])
    done = subprocess.run([knapsack.binary, "verify", pipe], env=knapsack.environment(), capture_output=True,
                          text=True, timeout=60)  # fmt: skip
    writer.wait()
    assert done.returncode == 0, done.stderr


def test_a_summary_that_nobody_reads_is_not_waited_for(knapsack, packed, tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(packed, folder)
    put("pipe", folder / "summary")
    environment = dict(knapsack.environment(), GITHUB_STEP_SUMMARY=str(folder / "summary"))
    done = subprocess.run([knapsack.binary, "check", "m.toml", "--format", "github"], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0 and "summary could not be written" in done.stderr


@pytest.mark.parametrize("thing", ["directory", "pipe", "device", "link-to-directory", "link-to-pipe"])
@pytest.mark.parametrize("command", ["sbom m.lock -o out", "pack m.toml -o out.tar"])
def test_nothing_but_a_file_is_written_over(knapsack, packed, tmp_path, command, thing):
    folder = tmp_path / "project"
    shutil.copytree(packed, folder)
    path = folder / command.split()[-1]
    put(thing, path)
    before = os.lstat(path).st_ino
    done = subprocess.run([knapsack.binary, *command.split()], cwd=folder, env=knapsack.environment(),
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 2 and path.name in done.stderr and "fix: " in done.stderr, done.stderr
    assert os.lstat(path).st_ino == before
