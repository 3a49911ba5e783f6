"""A wheelhouse passes `check` exactly where pip would install it without an index."""

import json
import os
import random
import shutil
import subprocess
import sys
import zipfile

import pytest
from cli import manifest, read_lock
from project import LOADER
from wheelhouse import PLATFORM, PYTHON, install_pip, members, pip_verdict, record, write_installed, write_wheel

RANDOM_HOUSES = int(os.environ.get("KNAPSACK_WHEELHOUSES", "20"))


def check(knapsack, directory, **entry):
    """Locks and checks the folder `house`; gives the findings' codes and the run."""
    path = directory / "wheels.toml"
    values = {"name": "wheels", "source": "path:house", "python": PYTHON, "platform": PLATFORM, **entry}
    path.write_text(manifest(wheels=[values]))
    knapsack("lock", path).expect(0)
    done = knapsack("check", path, "--json")
    findings = [f for f in done.json()["findings"] if f["severity"] == "error"]
    assert done.code == (1 if findings else 0), done.text
    return [finding["code"] for finding in findings], done


@pytest.fixture(scope="session")
def agree(base, knapsack):
    """Checks as `check` does, and that pip's verdict is the same."""
    pip = install_pip(base / "pip-of-its-own")

    def agree(directory, *, installed=None, **entry):
        codes, done = check(knapsack, directory, **entry)
        verdict, said = pip_verdict(pip, directory / "house", *entry.get("requires", []), installed=installed)
        compare(verdict, said, codes, done)
        return codes

    return agree


def compare(verdict, said, codes, done):
    assert verdict == (not codes), f"knapsack: {codes}\n{done.text}\npip: {said}"


# Wheels from PyPI


@pytest.fixture(scope="session")
def downloads(base):
    """Downloads wheels once, without what they need; gives the files."""
    folder = base / "wheels-from-pypi"
    known = {}

    def download(*packages, options=()):
        key = (packages, options)
        if key not in known:
            place = folder / str(len(known))
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
            subprocess.run([*command, "--dest", place, *options, *packages], check=True, timeout=300)
            known[key] = sorted(place.iterdir())
        return known[key]

    return download


def fill(house, files):
    house.mkdir(exist_ok=True)
    for file in files:
        shutil.copy(file, house)


def test_takes_requests_with_all_that_it_needs(agree, downloads, tmp_path):
    fill(tmp_path / "house", downloads("requests==2.32.3"))
    assert agree(tmp_path) == []
    wheels = read_lock(tmp_path / "wheels.lock")["wheels"]["resolved"]["wheels"]["files"]
    assert not any("problems" in wheel or "tags" in wheel for wheel in wheels)
    requests = next(wheel for wheel in wheels if wheel["name"] == "requests")
    assert requests["version"] == "2.32.3" and "certifi >=2017.4.17" in requests["requires"]
    assert requests["requires_python"] == ">=3.8" and "socks" in requests["extras"]


def test_names_what_is_missing_and_who_needs_it(knapsack, agree, downloads, tmp_path):
    files = [file for file in downloads("requests==2.32.3") if not file.name.startswith(("idna", "certifi"))]
    fill(tmp_path / "house", files)
    assert agree(tmp_path) == ["wheel-missing", "wheel-missing"]
    text = knapsack("check", tmp_path / "wheels.toml").text
    assert "requests 2.32.3 needs idna" in text and "requests 2.32.3 needs certifi" in text
    write_installed(tmp_path / "installed", "idna", "3.7")
    write_installed(tmp_path / "installed", "certifi", "2024.1.1")
    assert agree(tmp_path, provided=["idna==3.7", "certifi==2024.1.1"], installed=tmp_path / "installed") == []
    assert check(knapsack, tmp_path, provided=["idna", "certifi"])[0] == []
    assert check(knapsack, tmp_path, provided=["idna==1.0", "certifi"])[0] == ["wheel-conflict"]


def test_follows_extras(agree, downloads, tmp_path):
    fill(tmp_path / "house", downloads("requests==2.32.3"))
    assert agree(tmp_path, requires=["requests[socks]"]) == ["wheel-missing"]
    assert agree(tmp_path, requires=["requests[nothing]>=2"]) == []
    fill(tmp_path / "house", downloads("pysocks==1.7.1", options=("--no-deps",)))
    assert agree(tmp_path, requires=["requests[socks]"]) == []


def test_takes_native_wheels_of_this_python_only(knapsack, agree, downloads, tmp_path):
    fill(tmp_path / "house", downloads("markupsafe==3.0.2", "jinja2==3.1.4", "safetensors==0.5.3"))
    assert agree(tmp_path) == []
    other = ("--python-version", "3.10" if PYTHON.startswith("3.12") else "3.12", "--platform", "manylinux2014_x86_64")
    for file in (tmp_path / "house").glob("*arkup*"):
        file.unlink()
    fill(tmp_path / "house", downloads("markupsafe==3.0.2", options=(*other, "--no-deps")))
    assert "wheel-incompatible" in agree(tmp_path)
    assert check(knapsack, tmp_path, python=other[1], platform="manylinux_2_35_x86_64")[0] == []
    assert check(knapsack, tmp_path, python=other[1], platform="manylinux_2_35_aarch64")[0] != []
    assert check(knapsack, tmp_path, python=other[1], platform="musllinux_1_2_x86_64")[0] != []


def test_names_a_conflict(knapsack, agree, downloads, tmp_path):
    files = [file for file in downloads("requests==2.32.3") if not file.name.startswith("urllib3")]
    write_wheel(tmp_path / "house", "urllib3", "3.0")
    fill(tmp_path / "house", files)
    assert agree(tmp_path) == ["wheel-conflict"]
    assert "requests 2.32.3 needs urllib3" in knapsack("check", tmp_path / "wheels.toml").text
    # A second version that does is taken.
    write_wheel(tmp_path / "house", "urllib3", "2.2")
    assert agree(tmp_path) == []


# Wheels made here


@pytest.mark.smoke
def test_backtracks_as_pip_does(agree, tmp_path):
    house = tmp_path / "house"
    write_wheel(house, "app", "1.0", "left", "right")
    for version in "12":
        write_wheel(house, "left", f"{version}.0", f"shared=={version}.0")
        write_wheel(house, "shared", f"{version}.0")
    write_wheel(house, "right", "1.0", "shared<2")
    assert agree(tmp_path) == []
    assert agree(tmp_path, requires=["app", "left>=2"]) == ["wheel-conflict"]


def test_takes_prereleases_only_where_pip_does(agree, tmp_path):
    house = tmp_path / "house"
    write_wheel(house, "tool", "2.0rc1")
    write_wheel(house, "app", "1.0", "tool")
    assert agree(tmp_path, requires=["app"]) == []
    write_wheel(house, "tool", "1.0")
    write_wheel(house, "app", "2.0", "tool>=1.5")
    assert agree(tmp_path, requires=["app==2.0"]) == []
    write_wheel(house, "app", "3.0", "tool>=1.0,<2", "tool!=1.0")
    assert agree(tmp_path, requires=["app==3.0"]) == ["wheel-conflict"]


def test_requires_python_counts(agree, tmp_path):
    write_wheel(tmp_path / "house", "new", "1.0", python=">=3.99")
    write_wheel(tmp_path / "house", "app", "1.0", "new")
    assert "wheel-incompatible" in agree(tmp_path)
    write_wheel(tmp_path / "house", "new", "0.9", python=">=3.6")
    assert agree(tmp_path) == []


def test_a_source_distribution_is_a_finding(knapsack, tmp_path):
    write_wheel(tmp_path / "house", "app", "1.0")
    (tmp_path / "house/lib-1.0.tar.gz").write_bytes(b"x")
    assert check(knapsack, tmp_path)[0] == ["wheel-sdist"]
    assert check(knapsack, tmp_path, allow=["wheel-sdist"])[0] == []


def broken_wheel(house, change, name="app"):
    files = members(name, "1.0")
    info = f"{name}-1.0.dist-info"
    files[f"{info}/RECORD"] = record(files, info)
    change(files, info)
    house.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(house / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(path, content)


def rename_metadata(files, info):
    files[f"{info}/METADATA"] = b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"


CHANGES = {
    "content": (lambda files, info: files.update({"app.py": b"installed = None\n"}), ["wheel-record"]),
    "size": (lambda files, info: files.update({"app.py": b"x"}), ["wheel-record"]),
    "more": (lambda files, info: files.update({"more.py": b"x"}), ["wheel-record"]),
    "fewer": (lambda files, info: files.pop("app.py"), ["wheel-record"]),
    "no record": (lambda files, info: files.pop(f"{info}/RECORD"), ["wheel-broken"]),
    "bad record": (lambda files, info: files.update({f"{info}/RECORD": b"a,b\n"}), ["wheel-record"]),
    "no metadata": (lambda files, info: files.pop(f"{info}/METADATA"), ["wheel-broken"]),
    "no wheel": (lambda files, info: files.pop(f"{info}/WHEEL"), ["wheel-broken"]),
    "two infos": (lambda files, info: files.update({"b-1.dist-info/METADATA": b"x"}), ["wheel-broken"]),
    "other name": (rename_metadata, ["wheel-broken", "wheel-record"]),
    "climbs": (lambda files, info: files.update({"../x": b"x"}), ["wheel-broken"]),
    "absolute": (lambda files, info: files.update({"/x": b"x"}), ["wheel-broken"]),
    "bomb": (lambda files, info: files.update({"zeros": bytes(100_000_000)}), ["wheel-broken"]),
    "long": (lambda files, info: files.update({f"{info}/METADATA": bytes(40_000_000)}), ["wheel-broken"]),
    "binary": (lambda files, info: files.update({f"{info}/METADATA": b"Name: app\nVersion: \xff"}), ["wheel-broken"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_broken_wheels_end_in_findings(knapsack, tmp_path, change):
    apply, expected = CHANGES[change]
    broken_wheel(tmp_path / "house", apply)
    codes, done = check(knapsack, tmp_path)
    assert sorted(set(codes)) == expected, done.text
    assert "Traceback" not in done.text and str(tmp_path) not in (tmp_path / "wheels.lock").read_text()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_broken_archives_end_in_findings(knapsack, tmp_path):
    house = tmp_path / "house"
    info = "dup-1.0.dist-info"
    files = members("dup", "1.0")
    house.mkdir()
    with zipfile.ZipFile(house / "dup-1.0-py3-none-any.whl", "w") as archive:
        for path, content in [*files.items(), (f"{info}/METADATA", b"Name: x\n"), (f"{info}/RECORD", record(files, info))]:
            archive.writestr(path, content)
    (house / "none-1.0-py3-none-any.whl").write_bytes(b"")
    (house / "text-1.0-py3-none-any.whl").write_bytes(b"this is no archive" * 100)
    write_wheel(house, "cut", "1.0")
    cut = house / "cut-1.0-py3-none-any.whl"
    cut.write_bytes(cut.read_bytes()[:300])
    write_wheel(house, "name", "1.0").rename(house / "name-1.0.whl")
    assert check(knapsack, tmp_path)[0] == ["wheel-broken"] * 5


def test_settings_can_change_without_a_new_lock(knapsack, tmp_path):
    write_wheel(tmp_path / "house", "app", "1.0", "numpy>=1.26")
    assert check(knapsack, tmp_path)[0] == ["wheel-missing"]
    shutil.rmtree(tmp_path / "house")
    path = tmp_path / "wheels.toml"
    path.write_text(path.read_text() + 'provided = ["numpy==2.0"]\n')
    assert json.loads(knapsack("check", path, "--json").expect(0).stdout)["findings"] == []


# Random wheelhouses

VERSIONS = ["0.9", "1.0", "1.1", "1.5", "2.0", "2.1rc1", "3.0.dev1", "1.0.post1", "2.0+local"]
CONDITIONS = ["", "", ">=1.0", "<2", ">1.0", "==1.*", "!=1.0", "~=1.0", "<=1.1", ">=1,<2", "==2.0", ">=2.0rc1", "!=2.*", "===1.0", ">=0.9,!=1.1"]
MARKERS = ["", "", "", "", '; python_version >= "3.8"', '; python_version < "3"', '; sys_platform == "win32"', '; extra == "x"', '; extra == "y"',
           '; extra == "x" and os_name == "posix"', '; python_version in "3.9 3.10 3.11 3.12" or extra == "y"']


def make_house(house, seed):
    """A few projects in a few versions that need each other; gives what is asked for and what is installed."""
    chance = random.Random(seed)
    names = [f"p{index}" for index in range(chance.choice([2, 3, 4, 5, 6]))]
    missing = chance.random() < 0.3
    for index, name in enumerate(names):
        for version in chance.sample(VERSIONS, chance.choice([1, 1, 1, 2, 2, 3, 4])):
            requires = []
            for other in names + (["absent"] if missing and chance.random() < 0.15 else []):
                if other != name and chance.random() < (0.5 if other > name else 0.15):
                    extra = chance.choice(["", "", "", "[x]", "[y]", "[x,y]"])
                    requires.append(f"{other}{extra}{chance.choice(CONDITIONS)}{chance.choice(MARKERS)}")
            python = chance.choice(["", "", "", "", "", ">=3.6", "<3", ">=3.8,!=3.9.*"])
            tag = chance.choice(["py3-none-any"] * 8 + ["py2.py3-none-any", "py2-none-any", "cp36-abi3-any"])
            write_wheel(house, name, version, *requires, python=python, extras=["x", "y"], tag=tag)
    wanted = []
    if chance.random() < 0.5:
        wanted = [name + chance.choice(["", "", "[x]", "[y]", ">=1.0", "<2"]) for name in chance.sample(names, chance.choice([1, 1, 2]))]
    installed = {}
    if chance.random() < 0.4:
        installed = {name: chance.choice(VERSIONS) for name in chance.sample([*names, "absent"], chance.choice([1, 2]))}
    return wanted, installed


@pytest.mark.parametrize("seed", range(RANDOM_HOUSES))
def test_agrees_with_pip_on_random_wheelhouses(agree, tmp_path, seed):
    wanted, installed = make_house(tmp_path / "house", seed)
    entry = {"requires": wanted} if wanted else {}
    for name, version in installed.items():
        write_installed(tmp_path / "installed", name, version)
        entry["provided"] = [*entry.get("provided", []), f"{name}=={version}"]
    agree(tmp_path, installed=tmp_path / "installed" if installed else None, **entry)


# What a finding states can be pasted, and what the notebook lists of itself is read


@pytest.mark.smoke
@pytest.mark.parametrize(
    "tag",
    [
        "py3-none-any",
        "cp312-cp312-manylinux_2_35_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp312-abi3-manylinux2014_x86_64",
        "cp312-cp312-manylinux_2_5_x86_64.manylinux1_x86_64",
    ],
)
def test_the_download_that_a_finding_states_works_as_it_is(knapsack, tmp_path, tag):
    folder = tmp_path / "my house"
    write_wheel(folder, "app", "1.0", "lib>=1,<2")
    write_wheel(tmp_path / "index", "lib", "1.5", "more", tag=tag)
    write_wheel(tmp_path / "index", "lib", "2.0", tag="py3-none-any")
    path = tmp_path / "wheels.toml"
    entry = {"name": "wheels", "source": "path:my house", "python": "3.12", "platform": "manylinux_2_35_x86_64"}
    path.write_text(manifest(wheels=[{**entry, "provided": ["more"]}]))
    knapsack("lock", path).expect(0)
    (finding,) = [f for f in knapsack("check", path, "--json").expect(1).json()["findings"] if f["severity"] == "error"]
    _, _, command = finding["fix"].partition(": ")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index"), "PIP_CONFIG_FILE": os.devnull}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip --disable-pip-version-check "$@"\n')
    (tmp_path / "bin" / "pip").chmod(0o755)
    environment["PATH"] = f"{tmp_path / 'bin'}:{environment['PATH']}"
    done = subprocess.run(["sh", "-c", command], env=environment, cwd="/", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert sorted(file.name for file in folder.iterdir()) == ["app-1.0-py3-none-any.whl", f"lib-1.5-{tag}.whl"]
    knapsack("lock", path).expect(0)
    knapsack("check", path).expect(0)


def test_what_pip_and_the_loader_freeze_is_what_is_provided(agree, knapsack, base, tmp_path):
    """A wheelhouse that lacks what this very Python has, with the lists that pip and the loader write of it."""
    import pytest as installed

    write_wheel(tmp_path / "house", "app", "1.0", f"pytest=={installed.__version__}")
    codes, done = check(knapsack, tmp_path)
    assert codes == ["wheel-missing"]
    frozen = subprocess.run([sys.executable, "-m", "pip", "freeze", "--all"], capture_output=True, text=True, check=True)
    (tmp_path / "pip.txt").write_text(frozen.stdout)
    code = f"import sys; sys.path.insert(0, {str(LOADER.parent)!r}); import knapsack; print(knapsack.freeze('loader.txt'))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    for name in ("pip.txt", "loader.txt"):
        codes, done = check(knapsack, tmp_path, **{"provided-file": name})
        assert codes == [], f"{name}: {done.text}"


def test_a_list_that_cannot_be_read_is_named(knapsack, tmp_path):
    write_wheel(tmp_path / "house", "app", "1.0")
    path = tmp_path / "wheels.toml"
    path.write_text(manifest(wheels=[{"name": "wheels", "source": "path:house", "provided-file": "none.txt"}]))
    done = knapsack("lock", path, "--json").expect(2)
    assert [finding["code"] for finding in done.json()["findings"]] == ["provided-unreadable"]
    (tmp_path / "none.txt").write_text("Package    Version\n---------- -------\nnumpy      1.0\n")
    codes, done = check(knapsack, tmp_path, **{"provided-file": "none.txt"})
    assert codes == []
    (finding,) = done.json()["findings"]
    assert (finding["code"], finding["severity"]) == ("provided-line", "warning")
    assert "line 1: \"Package    Version\"" in finding["notes"]
