"""How a release is packaged: man pages from the program itself, and a wheel, an image and a .deb of a stand-in for it."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from documents import ROOT

PACKAGING = ROOT / ".ci" / "packaging"
EPOCH = "1790000000"
STAND_IN = "#!/bin/sh\necho stand-in $*\n"


def run(*words, **options):
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    return subprocess.run(
        [str(word) for word in words], check=True, capture_output=True, text=True, env=environment, **options
    ).stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("program") / "knapsack"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    return path


def make_wheel(program: Path, output: Path) -> Path:
    loader = ROOT / "Sources" / "Bundles" / "Loader" / "knapsack.py"
    words = ["--version", "1.2.3", "--tag", "manylinux_2_35_x86_64", "--binary", program, "--loader", loader]
    words += ["--readme", ROOT / "README.md", "--license", ROOT / "LICENSE", "--license", ROOT / "NOTICE"]
    return Path(run(sys.executable, PACKAGING / "wheel.py", *words, "--output", output).strip())


@pytest.mark.smoke
def test_the_wheel_has_what_its_record_states_and_the_same_bytes_twice(program, tmp_path):
    wheel = make_wheel(program, tmp_path / "a")
    assert wheel.name == "knapsack_packer-1.2.3-py3-none-manylinux_2_35_x86_64.whl"
    assert wheel.read_bytes() == make_wheel(program, tmp_path / "b").read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = "knapsack_packer-1.2.3.dist-info"
        rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            sha256 = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={sha256}", str(len(content)))
        script = archive.getinfo("knapsack_packer-1.2.3.data/scripts/knapsack")
        assert script.external_attr >> 16 == 0o100755 and archive.read(script) == STAND_IN.encode()
        assert "Requires-Python: >=3.9" in archive.read(f"{info}/METADATA").decode()


def test_pip_installs_the_wheel_and_python_imports_the_loader(program, tmp_path):
    wheel = make_wheel(program, tmp_path / "index")
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    offline = ["--no-index", "--find-links", wheel.parent, "--disable-pip-version-check"]
    run(python, "-m", "pip", "install", *offline, "knapsack-packer")
    assert run(tmp_path / "venv" / "bin" / "knapsack", "list") == "stand-in list\n"
    assert run(python, "-m", "knapsack_packer", "list") == "stand-in list\n"
    code = "import knapsack_packer, knapsack_packer.loader as k; print(knapsack_packer.__version__, callable(k.activate))"
    assert run(python, "-c", code) == "1.2.3 True\n"


@pytest.fixture(scope="module")
def dump(knapsack) -> str:
    return knapsack("--experimental-dump-help").expect(0).stdout


def command_names(command: dict, words: tuple[str, ...]) -> list[str]:
    names = ["-".join(words)]
    for item in command.get("subcommands", []):
        if item["commandName"] != "help" and item.get("shouldDisplay", True):
            names += command_names(item, (*words, item["commandName"]))
    return names


@pytest.mark.smoke
def test_every_command_has_a_man_page(dump, tmp_path):
    words = ["--version", "1.2.3", "--date", "2026-01-02", "--output", tmp_path]
    run(sys.executable, PACKAGING / "manpages.py", *words, input=dump)
    expected = command_names(json.loads(dump)["command"], ("knapsack",))
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(expected)
    for path in tmp_path.iterdir():
        text = path.read_text()
        assert text.startswith(".TH ") and "1.2.3" in text and ".SH NAME\n" in text
        assert all(not line.startswith("'") for line in text.splitlines())
    pack = (tmp_path / "knapsack-pack.1").read_text()
    assert r"\fB\-\-output\fR" in pack and "knapsack pack models.toml" in pack
    if shutil.which("mandoc"):
        run("mandoc", "-T", "lint", "-W", "warning", *tmp_path.iterdir())


@pytest.mark.smoke
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_scripts_that_their_shells_take(knapsack, shell, tmp_path):
    script = tmp_path / "completion"
    script.write_text(knapsack("--generate-completion-script", shell).expect(0).stdout)
    assert "doctor" in script.read_text()
    if shutil.which(shell):
        run(shell, "-n", script)


@pytest.mark.smoke
def test_the_image_is_a_layout_whose_digests_hold(tmp_path):
    layer = tmp_path / "rootfs.tar"
    with tarfile.open(layer, "w") as archive:
        member = tarfile.TarInfo("usr/bin/knapsack")
        member.size = len(STAND_IN)
        archive.addfile(member, io.BytesIO(STAND_IN.encode()))
    image = tmp_path / "image"
    run(sys.executable, PACKAGING / "image.py", "--version", "1.2.3", "--layer", layer, "--output", image)

    def blob(descriptor):
        content = (image / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        assert descriptor["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()
        assert descriptor["size"] == len(content)
        return content

    (descriptor,) = json.loads((image / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(descriptor))
    config = json.loads(blob(manifest["config"]))
    assert config["config"]["Entrypoint"] == ["/usr/bin/knapsack"]
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()]
    assert [len(blob(part)) for part in manifest["layers"]]
    if shutil.which("skopeo"):
        shown = json.loads(run("skopeo", "inspect", f"oci:{image}:1.2.3"))
        assert shown["Labels"]["org.opencontainers.image.version"] == "1.2.3"


def test_the_release_refuses_a_version_that_the_sources_do_not_state():
    done = subprocess.run([ROOT / ".ci" / "release", "99.0.0"], capture_output=True, text=True)
    assert done.returncode == 1 and 'not "99.0.0"' in done.stderr


# What .ci/release reads besides the sources that it compiles.
READ = [".ci", "CHANGELOG.md", "LICENSE", "NOTICE", "README.md", "Package.resolved"]
READ += ["Sources/KnapsackCommands/Knapsack.swift", "Sources/Bundles/Loader/knapsack.py"]


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="a release is made on Debian")
def test_a_release_has_the_same_bytes_in_every_folder_and_is_signed_by_the_program(knapsack, tmp_path):
    text = (ROOT / ".ci" / "release").read_text()
    packages = re.search(r"packages=\(([^)]*)\)", text)[1].split()
    if subprocess.run(["dpkg-query", "--show", *packages], capture_output=True).returncode != 0:
        pytest.skip(f"{' '.join(packages)} are not all installed")
    version = re.search(r'version = "(.*)"', (ROOT / "Sources/KnapsackCommands/Knapsack.swift").read_text())[1]
    program, key = tmp_path / "program", tmp_path / "release.pem"
    program.write_text(f'#!/bin/sh\nexec {knapsack.binary} "$@"\n')
    program.chmod(0o755)
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    run("openssl", "pkey", "-in", key, "-pubout", "-out", tmp_path / "release.pub")
    found = []
    for folder, mask in [("a", 0o022), ("a folder/with a longer path", 0o077)]:
        clone = tmp_path / folder
        for name in READ:
            place = clone / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, place)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "KNAPSACK_RELEASE_BINARY": str(program)}
        environment |= {"KNAPSACK_RELEASE_KEY": str(key)}
        words = ["sh", "-c", f'umask {mask:o}; exec "$0" {version}', str(clone / ".ci" / "release")]
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        dist = clone / "dist"
        knapsack("verify", dist / "SHA256SUMS", "--key", tmp_path / "release.pub").expect(0)
        subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dist, check=True)
        found.append({path.name: path.read_bytes() for path in dist.iterdir() if path.suffix != ".sig"})
    assert len(found[0]) == 8
    assert [name for name in found[0] if found[0][name] != found[1].get(name)] == []
