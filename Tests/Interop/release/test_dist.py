"""A release that .ci/release made: KNAPSACK_DIST names its directory. KNAPSACK_BARE_ROOTS names root file systems of
debootstrap's variant minbase, separated by colons, in which it has to run; if one has python3-venv, the wheel has to, too.
KNAPSACK_PYTHONS names interpreters, separated by colons, with which the wheel has to install."""

import hashlib
import json
import os
import re
import resource
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
from documents import ROOT

DIST = os.environ.get("KNAPSACK_DIST")
BARE = [Path(path) for path in os.environ.get("KNAPSACK_BARE_ROOTS", "").split(":") if path]
PYTHONS = [path for path in os.environ.get("KNAPSACK_PYTHONS", sys.executable).split(":") if path]
pytestmark = pytest.mark.skipif(not DIST, reason="KNAPSACK_DIST names no directory that .ci/release made")
QUICKSTART = "pack /clone/manifests/quickstart.toml --output /tmp/bundle --hf-cache /clone/fixtures/quickstart/hub"
QUICKSTART += " --kagglehub-cache /clone/fixtures/quickstart/kagglehub"


def one(pattern: str) -> Path:
    (path,) = Path(DIST).glob(pattern)
    return path


def run(*words, **options) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("tarball")
    run("tar", "-xzf", one("*-linux-x86_64.tar.gz"), "-C", directory)
    return next(directory.glob("*/bin/knapsack"))


def test_the_program_needs_the_c_library_alone(program):
    needed = re.findall(r"NEEDED +(\S+)", run("objdump", "-p", program))
    assert set(needed) <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    versions = re.findall(r"GLIBC_([0-9.]+)", run("objdump", "-T", program))
    assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 35)


def test_the_program_starts_in_ten_milliseconds(program):
    def once():
        start = time.perf_counter()
        run(program, "--version")
        return time.perf_counter() - start

    # The best of many: the time of the program, not that of the machine's other work.
    assert min(once() for _ in range(30)) < 0.010


def test_every_file_has_its_checksum():
    lines = dict(reversed(line.split("  ")) for line in one("SHA256SUMS").read_text().splitlines())
    files = {path.name: path for path in Path(DIST).iterdir() if not path.name.startswith("SHA256SUMS")}
    assert lines == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_the_bill_of_materials_is_valid_and_of_this_program(program):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = one("*.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    (digest,) = document["metadata"]["component"]["hashes"]
    assert digest["content"] == hashlib.sha256(program.read_bytes()).hexdigest()
    assert {"libarchive", "SQLite", "zlib"} <= {item["name"] for item in document["components"]}


@pytest.mark.skipif(not shutil.which("lintian"), reason="lintian is not installed")
def test_lintian_finds_nothing():
    assert run("lintian", "--allow-root", "--fail-on", "warning", one("*.deb")) == ""


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
def test_skopeo_takes_the_image(tmp_path):
    run("skopeo", "copy", f"oci-archive:{one('*-oci.tar')}", f"dir:{tmp_path / 'image'}")


@pytest.mark.skipif(not shutil.which("auditwheel"), reason="auditwheel is not installed")
def test_auditwheel_agrees_with_the_tag():
    tag = one("*.whl").stem.split("-")[-1]
    assert f'the following platform tag: "{tag}"' in run("auditwheel", "show", one("*.whl")).replace("\n", " ")


def timed(*words, **options) -> str:
    """Runs a way of installing, which may take ten seconds: of the processor, so that other work does not count."""
    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start, wall = used(), time.perf_counter()
    output = run(*words, **options)
    print(f"{used() - start:.1f} s, by the clock {time.perf_counter() - wall:.1f} s: {' '.join(map(str, words))}")
    assert used() - start < 10
    return output


@pytest.mark.parametrize("python", PYTHONS)
def test_pip_installs_it_from_a_directory_in_ten_seconds(python, tmp_path):
    run(python, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    words = ["--no-index", "--find-links", DIST, "--disable-pip-version-check", "knapsack-packer"]
    timed(python, "-m", "pip", "install", *words)
    assert run(tmp_path / "venv" / "bin" / "knapsack", "--version").startswith(one("*.whl").name.split("-")[1])
    assert run(python, "-m", "knapsack_packer", "--version").startswith(one("*.whl").name.split("-")[1])
    run(python, "-c", "import knapsack_packer.loader as k; assert callable(k.activate)")
    run(python, "-m", "pip", "uninstall", "--yes", "--quiet", "knapsack-packer")
    assert not list((tmp_path / "venv").rglob("*knapsack*"))


@pytest.mark.parametrize("tool", ["pipx", "uv", "uvx"])
def test_it_is_installed_as_a_tool_in_ten_seconds(tool, tmp_path):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    names = ["HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "UV_TOOL_DIR", "UV_CACHE_DIR", "PIPX_HOME"]
    environment = {**os.environ, **{name: str(tmp_path / name.lower()) for name in names}}
    environment |= {"UV_TOOL_BIN_DIR": str(tmp_path / "bin"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    offline = ["--no-index", "--find-links", DIST]
    if tool == "pipx":
        # pipx makes its own environment with pip once; what counts is the installation.
        timed(tool, "install", f"--pip-args={' '.join(offline)}", "knapsack-packer", env=environment)
    elif tool == "uv":
        timed(tool, "tool", "install", *offline, "knapsack-packer", env=environment)
    else:
        words = [*offline, "--from", "knapsack-packer", "knapsack", "--version"]
        assert timed(tool, *words, env=environment).startswith("0.")
        return
    assert run(tmp_path / "bin" / "knapsack", "--version").startswith(one("*.whl").name.split("-")[1])


def inside(root: Path, tmp_path: Path, script: str) -> str:
    """Runs a script in a root file system, of which nothing changes, with the clone at /clone and the release at /dist.

    Nothing else is mounted but /proc, and a network namespace of its own has nothing but loopback.
    """
    setup = f"""
        set -e
        mount --make-rprivate /
        mkdir -p {tmp_path}/upper {tmp_path}/root
        mount -t tmpfs tmpfs {tmp_path}/upper
        mkdir {tmp_path}/upper/up {tmp_path}/upper/work
        mount -t overlay overlay -o lowerdir={root},upperdir={tmp_path}/upper/up,workdir={tmp_path}/upper/work {tmp_path}/root
        mkdir -p {tmp_path}/root/clone {tmp_path}/root/dist {tmp_path}/root/proc
        mount --bind {ROOT} {tmp_path}/root/clone
        mount --bind {DIST} {tmp_path}/root/dist
        mount -t proc proc {tmp_path}/root/proc
        exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin chroot {tmp_path}/root "$@"
    """
    return run("unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", setup, "sh", *script)


@pytest.mark.root
@pytest.mark.skipif(not BARE, reason="KNAPSACK_BARE_ROOTS names no root file system")
@pytest.mark.parametrize("root", BARE, ids=lambda path: path.name)
def test_the_quickstart_runs_on_a_bare_system(root, tmp_path):
    script = f"""
        export HOME=/tmp
        quickstart() {{
            "$1" {QUICKSTART} --quiet
            "$1" verify /tmp/bundle --quiet
            (cd /tmp/bundle && sha256sum --check --quiet SHA256SUMS)
            "$1" {QUICKSTART.replace("/tmp/bundle", "/tmp/bundle.tar.zst")} --quiet
            "$1" verify /tmp/bundle.tar.zst --quiet
            rm -r /tmp/bundle /tmp/bundle.tar.zst
        }}
        mkdir /tmp/tar
        tar -xzf /dist/*-linux-x86_64.tar.gz -C /tmp/tar
        quickstart /tmp/tar/*/bin/knapsack
        if ldd /tmp/tar/*/bin/knapsack | grep -vE "linux-vdso|lib[cm][.]so[.]6|ld-linux-x86-64"; then exit 1; fi
        if [ -d /usr/lib/python3/dist-packages ]; then
            python3 -m venv /tmp/venv
            /tmp/venv/bin/pip install --quiet --no-index --find-links /dist knapsack-packer
            quickstart /tmp/venv/bin/knapsack
            /tmp/venv/bin/python -c "import knapsack_packer.loader"
        fi
        apt-get install --yes -o Dpkg::Use-Pty=0 /dist/*.deb > /tmp/apt.log 2>&1 || {{ cat /tmp/apt.log; exit 1; }}
        quickstart /usr/bin/knapsack
        dpkg --verify knapsack-packer
        knapsack doctor > /tmp/doctor.txt 2>&1 || true
        grep -q ca-certificates /tmp/doctor.txt
        knapsack help policy | head -n 1
        dpkg --purge knapsack-packer > /dev/null
        test ! -e /usr/bin/knapsack
    """
    assert inside(root, tmp_path, ["/bin/sh", "-e", "-c", script]).endswith("The policy\n")


@pytest.mark.root
@pytest.mark.skipif(not BARE, reason="KNAPSACK_BARE_ROOTS names no root file system")
@pytest.mark.parametrize("root", BARE[:1], ids=lambda path: path.name)
@pytest.mark.parametrize("user", [0, 4321])
@pytest.mark.parametrize("home", ["HOME=/nonexistent", "HOME=/read-only", "HOME=", "HOME=relative", "NO_HOME=1", "LC_ALL=C", "LANG=xx"])
def test_it_runs_for_any_user_with_any_home(root, tmp_path, home, user):
    """Also where nothing can be written but the place of the bundle: /tmp is not there."""
    script = f"""
        tar -xzf /dist/*-linux-x86_64.tar.gz -C /opt
        ln -s /opt/knapsack-*/bin/knapsack /usr/bin/knapsack
        rm -rf /tmp
        mkdir /read-only /space
        chmod 555 /read-only
        chmod 777 /space
        cd /space
        setpriv --reuid {user} --regid {user} --clear-groups env {home} sh -e -c '
            knapsack {QUICKSTART.replace("/tmp/bundle", "/space/bundle")} --quiet --frozen
            knapsack verify /space/bundle --quiet
            knapsack list --hf-cache /clone/fixtures/quickstart/hub > /dev/null
            knapsack help policy > /dev/null
        '
        echo done
    """
    assert inside(root, tmp_path, ["/bin/sh", "-e", "-c", script]).endswith("done\n")


@pytest.mark.root
def test_the_image_runs_the_program(tmp_path):
    (tmp_path / "image").mkdir()
    run("tar", "-xzf", one("*-rootfs.tar.gz"), "-C", tmp_path / "image")
    words = ["/usr/bin/knapsack", *QUICKSTART.split(), "--quiet", "--frozen"]
    inside(tmp_path / "image", tmp_path, words)
    assert inside(tmp_path / "image", tmp_path, ["/usr/bin/knapsack", "--version"]).startswith("0.")


def test_the_image_has_the_authorities_that_fetch_trusts(tmp_path):
    run("tar", "-xzf", one("*-rootfs.tar.gz"), "-C", tmp_path, "./etc/ssl/certs/ca-certificates.crt")
    context = ssl.create_default_context(cafile=tmp_path / "etc/ssl/certs/ca-certificates.crt")
    assert context.cert_store_stats()["x509_ca"] > 100


def test_the_sums_are_signed_by_the_program_itself(program, tmp_path):
    private, public, sums = tmp_path / "release.pem", tmp_path / "release.pub", tmp_path / "SHA256SUMS"
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private)
    run("openssl", "pkey", "-in", private, "-pubout", "-out", public)
    shutil.copy(one("SHA256SUMS"), sums)
    run(program, "sign", sums, "--key", private)
    run(program, "verify", sums, "--key", public)
    sums.write_text(sums.read_text().replace("a", "b"))
    assert subprocess.run([program, "verify", sums, "--key", public], capture_output=True).returncode == 1
