"""Names that look alike, or are one to Unicode, and are two files: whoever puts one in the other's place is caught."""

import subprocess

import pytest
from cli import contents, manifest, read_lock

KELVIN = ("a-Q4_K_M.txt", "a-Q4_\u212a_M.txt")
ACCENT = ("caf\u00e9.txt", "cafe\u0301.txt")
RING = ("\u00c5.txt", "\u212b.txt")
PAIRS = [pytest.param(*pair, id=name) for name, pair in (("kelvin", KELVIN), ("accent", ACCENT), ("ring", RING))]
FORMS = ["bundle", "bundle.tar", "bundle.tar.zst", "bundle.zip"]


@pytest.fixture
def project(knapsack, tmp_path):
    """Writes files and a manifest for them; gives a function that runs a command beside it."""
    (tmp_path / "source").mkdir()
    entry = {"name": "f", "source": "path:source"}
    (tmp_path / "m.toml").write_text(manifest("twin-names", files=[entry]))

    def run(*arguments, files=None):
        for name, text in (files or {}).items():
            (tmp_path / "source" / name).write_text(text)
        return knapsack(*arguments, cwd=tmp_path)

    run.path = tmp_path
    return run


@pytest.mark.smoke
def test_a_twin_beside_a_file_of_a_bundle_is_found(project):
    real, twin = KELVIN
    project("pack", "m.toml", "--output", "bundle", files={real: "real\n", "b.txt": "other\n"}).expect(0)
    project("verify", "bundle").expect(0)
    stored = project.path / "bundle/files/f"
    (stored / twin).write_text("real\n")
    added = project("verify", "bundle").expect(1).text
    assert "212a" in added.lower() or twin in added
    (stored / real).unlink()
    project("verify", "bundle").expect(1)
    (stored / twin).rename(stored / real)
    project("verify", "bundle").expect(0)


@pytest.mark.parametrize("real, twin", PAIRS)
def test_both_of_two_twins_are_locked_packed_and_restored(project, real, twin):
    files = {real: "one\n", twin: "two\n"}
    project("lock", "m.toml", files=files).expect(0)
    locked = {file["path"] for file in read_lock(project.path / "m.lock")["f"]["files"]}
    assert locked == set(files)
    for form in FORMS:
        project("pack", "m.toml", "--output", form).expect(0)
        project("verify", form).expect(0)
        restored = project.path / f"out-{form}"
        project("unpack", form, "--to", restored).expect(0)
        assert contents(restored / "f") == contents(project.path / "source")
    bill = project("sbom", "bundle", "--format", "spdx").expect(0).json()
    described = [element for element in bill["@graph"] if element["type"] == "software_File"]
    assert {element["name"].rsplit("/", 1)[-1] for element in described} >= set(files)


@pytest.mark.parametrize("real, twin", PAIRS)
def test_a_twin_does_not_stand_for_a_file_of_the_source(project, real, twin):
    project("lock", "m.toml", files={real: "one\n"}).expect(0)
    (project.path / "source" / real).rename(project.path / "source" / twin)
    project("verify", "m.lock").expect(1)
    project("pack", "m.toml", "--locked", "--output", "bundle").expect(1, 2)


@pytest.mark.parametrize("real, twin", PAIRS)
def test_a_glob_that_names_a_twin_asks_for_something_else(project, real, twin):
    text = (project.path / "m.toml").read_text()
    (project.path / "m.toml").write_text(text + f'include = ["{real}"]\n')
    project("lock", "m.toml", files={real: "one\n", twin: "two\n"}).expect(0)
    project("lock", "m.toml", "--locked").expect(0)
    (project.path / "m.toml").write_text(text + f'include = ["{twin}"]\n')
    project("lock", "m.toml", "--locked").expect(1)
    project("lock", "m.toml").expect(0)
    assert [file["path"] for file in read_lock(project.path / "m.lock")["f"]["files"]] == [twin]


def test_a_signature_is_of_one_name(project):
    real, twin = KELVIN
    key, public = project.path / "key.pem", project.path / "public.pem"
    subprocess.run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key], check=True)
    subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    project("pack", "m.toml", "--output", "bundle", files={real: "one\n"}).expect(0)
    project("sign", "bundle", "--key", key).expect(0)
    project("verify", "bundle", "--key", public).expect(0)
    stored = project.path / "bundle/files/f"
    (stored / real).rename(stored / twin)
    found = project("verify", "bundle", "--key", public, "--json").expect(1).json()
    assert {"unsigned", "missing"} & {finding["code"] for finding in found["findings"]}
