"""What pack finds in the way, what a dry run and --locked leave as it is, and the bundle that Kaggle gives back."""

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from cli import contents

MANIFEST = """\
schema = 1
[bundle]
name = "small-files"
{bundle}
[[files]]
name = "{entry}"
source = "path:{source}"
license = "mit"
"""
MODEL = 'kind = "model"\nowner = "me"\nlicense = "MIT"\nframework = "other"\nvariation = "one"\n'


class Project:
    def __init__(self, knapsack, folder: Path):
        self.knapsack, self.folder, self.bundle = knapsack, folder, folder / "out" / "bundle"
        (folder / "data").mkdir(parents=True)
        (folder / "data" / "a.txt").write_text("one")
        (folder / "data" / "b.txt").write_text("two")
        self.manifest = self.write("m.toml")

    def write(self, name: str, entry: str = "data", source: str = "data", bundle: str = "") -> Path:
        path = self.folder / name
        path.write_text(MANIFEST.format(entry=entry, source=source, bundle=bundle))
        return path

    def pack(self, *options, manifest: Path | None = None, output: Path | None = None):
        return self.knapsack("pack", manifest or self.manifest, "--output", output or self.bundle, *options)


@pytest.fixture
def project(knapsack, tmp_path) -> Project:
    return Project(knapsack, tmp_path / "project")


@pytest.mark.smoke
def test_files_of_others_in_a_bundle_stay(project):
    project.pack().expect(0)
    (project.bundle / "files" / "data" / "thesis.tex").write_text("years of work")
    for options in ([], ["--replace"]):
        done = project.pack(*options).expect(2)
        assert "files/data/thesis.tex" in done.stderr
    assert (project.bundle / "files" / "data" / "thesis.tex").read_text() == "years of work"
    (project.bundle / "files" / "data" / "thesis.tex").unlink()
    project.pack().expect(0)


@pytest.mark.parametrize("suffix", [".tar", ".tar.zst", ".zip"])
def test_files_of_others_in_an_archive_stay(project, suffix):
    output = project.bundle.with_name(f"bundle{suffix}")
    project.pack(output=output).expect(0)
    whole = project.folder / "whole"
    if suffix == ".zip":
        with zipfile.ZipFile(output, "a") as archive:
            archive.writestr("thesis.tex", "years of work")
    else:
        plain = ["--zstd"] if suffix == ".tar.zst" else []
        whole.mkdir()
        subprocess.run(["tar", *plain, "-xf", output, "-C", whole], check=True)
        (whole / "thesis.tex").write_text("years of work")
        names = sorted(path.name for path in whole.iterdir())
        subprocess.run(["tar", *plain, "--format=ustar", "-cf", output, "-C", whole, *names], check=True)
    before = output.read_bytes()
    for options in ([], ["--replace"]):
        done = project.pack(*options, output=output).expect(2)
        assert "thesis.tex" in done.stderr
    assert output.read_bytes() == before


@pytest.mark.parametrize("name", ["mine", ".git", "files/data/drafts"])
def test_empty_directories_of_others_stay(project, name):
    project.pack().expect(0)
    (project.bundle / name).mkdir()
    done = project.pack().expect(2)
    assert f"{name}/" in done.stderr and (project.bundle / name).is_dir()


def test_sums_that_somebody_changed_take_replace(project):
    project.pack().expect(0)
    (project.bundle / "SHA256SUMS").write_text("x\n")
    done = project.pack().expect(2)
    assert "SHA256SUMS" in done.stderr and (project.bundle / "SHA256SUMS").read_text() == "x\n"
    project.pack("--replace").expect(0)


@pytest.mark.parametrize("name", ["b", "sub/b", "b.tar"])
def test_a_bundle_is_not_written_into_what_it_is_packed_from(project, name):
    output = project.folder / "data" / name
    done = project.pack(output=output).expect(2)
    assert "path:data" in done.stderr and not output.exists()
    text = project.manifest.read_text()
    project.manifest.write_text(f'{text}exclude = ["{name}*"]\n')
    project.pack(output=output).expect(0)
    project.knapsack("lock", project.manifest, "--locked").expect(0)


def test_a_signature_goes_only_when_it_would_not_hold_and_not_without_a_word(project):
    key, public = project.folder / "key.pem", project.folder / "pub.pem"
    make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    project.pack().expect(0)
    project.knapsack("sign", project.bundle, "--key", key).expect(0)
    signature = (project.bundle / "model.sig").read_bytes()
    done = project.pack().expect(0)
    assert "model.sig is kept" in done.stderr
    assert (project.bundle / "model.sig").read_bytes() == signature
    project.knapsack("verify", project.bundle, "--key", public).expect(0)
    (project.folder / "data" / "c.txt").write_text("three")
    done = project.pack().expect(0)
    assert "model.sig was removed" in done.stderr and f"knapsack sign {project.bundle} --key" in done.stderr
    assert not (project.bundle / "model.sig").exists()
    assert "model.sig" not in project.pack().expect(0).stderr


@pytest.mark.parametrize("suffix", ["", ".tar", ".tar.zst", ".zip"])
def test_another_manifests_bundle_takes_replace(project, suffix):
    output = project.bundle.with_name(f"bundle{suffix}")
    project.pack(output=output).expect(0)
    (project.folder / "other").mkdir()
    (project.folder / "other" / "x.txt").write_text("x")
    other = project.write("other.toml", entry="more", source="other")
    before = output.read_bytes() if suffix else contents(output)
    done = project.pack(manifest=other, output=output).expect(2)
    assert "another manifest" in done.stderr and "--replace" in done.stderr
    assert (output.read_bytes() if suffix else contents(output)) == before
    project.pack("--replace", manifest=other, output=output).expect(0)
    project.knapsack("verify", output).expect(0)


@pytest.mark.smoke
def test_a_manifest_that_changed_replaces_its_own(project):
    project.pack().expect(0)
    (project.folder / "other").mkdir()
    (project.folder / "other" / "x.txt").write_text("x")
    project.write("m.toml", entry="more", source="other")
    project.pack().expect(0)
    project.knapsack("verify", project.bundle).expect(0)


@pytest.mark.parametrize("suffix", [".tar", ".zip"])
def test_archives_that_are_no_bundles_stay(project, suffix):
    project.bundle.parent.mkdir()
    mine = project.bundle.with_name(f"mine{suffix}")
    if suffix == ".tar":
        with tarfile.open(mine, "w") as archive:
            archive.add(project.folder / "data", "data")
    else:
        with zipfile.ZipFile(mine, "w") as archive:
            archive.write(project.folder / "data" / "a.txt", "a.txt")
    before = mine.read_bytes()
    project.pack("--replace", output=mine).expect(2)
    assert mine.read_bytes() == before


@pytest.mark.parametrize("name", ["x.tar.gz", "x.tgz", "x.7z", "x.tar.xz", "x.ZIP", "x.rar"])
def test_names_of_other_archives_are_an_error(project, name):
    done = project.pack(output=project.folder / name).expect(2)
    assert ".tar.zst" in done.stderr and not (project.folder / name).exists()
    assert not (project.folder / "m.lock").exists()


@pytest.mark.parametrize("dangling", [True, False])
@pytest.mark.parametrize("suffix", ["", ".tar"])
def test_a_link_in_the_unfinished_names_place_is_named(project, suffix, dangling):
    output = project.bundle.with_name(f"bundle{suffix}")
    elsewhere = project.folder / "elsewhere"
    if not dangling:
        elsewhere.mkdir() if not suffix else elsewhere.write_text("mine")
    output.parent.mkdir()
    link = output.with_name(f".{output.name}.partial")
    link.symlink_to(elsewhere)
    environment = project.knapsack.environment()
    done = subprocess.run(
        [project.knapsack.binary, "pack", project.manifest, "--output", output],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2 and str(link) in done.stderr and "a link is in the way" in done.stderr
    assert link.is_symlink() and not output.exists()
    if not dangling:
        assert elsewhere.read_text() == "mine" if suffix else not list(elsewhere.iterdir())


def test_a_dry_run_writes_nothing(project):
    before = contents(project.folder)
    home = contents(project.knapsack.home)
    project.pack("--dry-run").expect(0)
    assert contents(project.folder) == before and contents(project.knapsack.home) == home


def test_locked_holds_only_if_locking_would_change_nothing(project):
    project.knapsack("lock", project.manifest).expect(0)
    project.knapsack("lock", project.manifest, "--locked").expect(0)
    lock = (project.folder / "m.lock").read_bytes()
    (project.folder / "data" / "a.txt").write_text("other")
    os.remove(project.folder / "data" / "b.txt")
    for done in (project.knapsack("lock", project.manifest, "--locked"), project.pack("--locked")):
        done.expect(1)
        assert "data is not what was locked" in done.stderr
        assert "a.txt" in done.stderr and "b.txt" in done.stderr
    assert (project.folder / "m.lock").read_bytes() == lock and not project.bundle.exists()
    packed = project.pack("--json").expect(0)
    (finding,) = [finding for finding in packed.json()["findings"] if finding["code"] == "pin-moved"]
    assert finding["severity"] == "warning" and any("a.txt" in note for note in finding["notes"])


@pytest.mark.parametrize("bundle, names", [
    ("", ["dataset-metadata.json"]), (MODEL, ["model-metadata.json", "model-instance-metadata.json"]),
])  # fmt: skip
def test_what_kaggle_gives_back_holds(project, tmp_path, bundle, names):
    manifest = project.write("m.toml", bundle=bundle)
    project.pack(manifest=manifest).expect(0)
    for name in names:
        (project.bundle / name).unlink()
    for command in (["verify"], ["verify", "--quick"], ["inspect"]):
        done = project.knapsack(command[0], project.bundle, *command[1:], "--json").expect(0)
        assert {finding["severity"] for finding in done.json()["findings"]} == {"note"}
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], check=True)
    public = tmp_path / "pub.pem"
    subprocess.run(["openssl", "ec", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    project.knapsack("sign", project.bundle, "--key", key).expect(0)
    project.knapsack("verify", project.bundle, "--key", public).expect(0)
    project.knapsack("unpack", project.bundle, "--to", tmp_path / "restored").expect(0)
    (project.bundle / names[0]).write_text("{}")
    project.knapsack("verify", project.bundle).expect(1)
