"""What somebody changed in a bundle is not lost when the manifest is packed again."""

import json

import pytest


@pytest.fixture
def packed(knapsack, tmp_path):
    model = tmp_path / "data"
    model.mkdir()
    (model / "notes.txt").write_text("first\n")
    path = tmp_path / "k.toml"
    path.write_text(
        'schema = 1\n[bundle]\nname = "edited-bundle"\nowner = "tester"\n'
        '[[files]]\nname = "notes"\nsource = "path:data"\nlicense = "mit"\n'
    )
    bundle = tmp_path / "edited-bundle"
    knapsack("pack", path, "--output", bundle).expect(0)
    return path, bundle


def edit_metadata(bundle):
    path = bundle / "dataset-metadata.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "subtitle": "words of my own about it"}))
    return path


def edit_readme(bundle):
    path = bundle / "README.md"
    path.write_text(path.read_text() + "\nA line of my own.\n")
    return path


def edit_file(bundle):
    path = next(bundle.rglob("notes.txt"))
    path.write_text("mine!\n")
    return path


@pytest.mark.parametrize("edit", [edit_metadata, edit_readme, edit_file])
def test_a_file_that_somebody_changed_is_kept(knapsack, packed, edit):
    path, bundle = packed
    edited = edit(bundle)
    before = edited.read_bytes()
    done = knapsack("pack", path, "--output", bundle).expect(2)
    assert edited.name in done.stderr and "--replace" in done.stderr
    assert edited.read_bytes() == before
    knapsack("pack", path, "--output", bundle, "--replace").expect(0)
    assert edited.read_bytes() != before


def test_an_unchanged_bundle_is_packed_again(knapsack, packed):
    path, bundle = packed
    knapsack("pack", path, "--output", bundle).expect(0)


def test_init_names_a_cache_that_is_not_there(knapsack, tmp_path):
    done = knapsack("init", "-", "--hf-cache", tmp_path / "none").expect(2)
    assert "none" in done.stderr
