"""`add` and `remove` edit a manifest as a careful person would, and what they write is locked and packed as it stands."""

import tomllib

import pytest
from project import ROOT

CACHES = ("--hf-cache", ROOT / "fixtures" / "quickstart" / "hub")


@pytest.mark.smoke
def test_a_manifest_is_made_locked_and_emptied_again(knapsack, tmp_path):
    made = knapsack("add", "hf:knapsack-examples/tiny-bert", "--json", cwd=tmp_path).expect(0).json()
    assert (made["created"], made["added"], made["manifest"]) == (True, ["tiny-bert"], "knapsack.toml")
    path = tmp_path / "knapsack.toml"
    before = path.read_bytes()
    knapsack("add", "path:notes", "--name", "notes", cwd=tmp_path).expect(0)
    assert path.read_bytes().startswith(before)
    entries = tomllib.loads(path.read_text())
    assert entries["model"] == [{"name": "tiny-bert", "source": "hf:knapsack-examples/tiny-bert@main"}]
    assert entries["files"] == [{"name": "notes", "source": "path:notes"}]
    knapsack("remove", "notes", cwd=tmp_path).expect(0)
    assert path.read_bytes() == before
    knapsack("remove", "tiny-bert", cwd=tmp_path).expect(2)
    assert path.read_bytes() == before
    knapsack("pack", path, *CACHES, cwd=tmp_path).expect(0)


def test_a_conversion_comes_with_its_source_which_is_not_packed(knapsack, tmp_path):
    knapsack("add", "hf:org/Model-7B", "--gguf", "Q4_K_M", cwd=tmp_path).expect(0)
    knapsack("add", "hf:org/Model-7B", "--gguf", "Q8_0", "--name", "eight", cwd=tmp_path).expect(0)
    assert tomllib.loads((tmp_path / "knapsack.toml").read_text())["model"] == [
        {"name": "model-7b", "source": "hf:org/Model-7B@main", "pack": False},
        {"name": "model-7b-q4-k-m", "from": "model-7b", "gguf": "Q4_K_M"},
        {"name": "eight", "from": "model-7b", "gguf": "Q8_0"},
    ]
    refused = knapsack("remove", "model-7b", cwd=tmp_path).expect(2)
    assert "model-7b-q4-k-m is made from model-7b" in refused.stderr


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["Qwen/Qwen3-8B"], 'did you mean "hf:Qwen/Qwen3-8B"?'),
        (["https://huggingface.co/Qwen/Qwen3-8B"], 'did you mean "hf:Qwen/Qwen3-8B"?'),
        (["hf:org/a"], "a has this source already"),
        (["hf:org/b", "--name", "a"], 'the name "a" is taken'),
        (["hf:org/b", "--name", "A B"], "at most 64 lowercase letters"),
        (["hf:org/b", "--gguf", "Q4_K_X"], "Q4_K_M"),
        (["hf:org/b", "--kind", "dataset"], "a dataset entry cannot come from"),
        (["hf:org/b", "--gguf", "Q8_0", "--dtype", "f16"], "exclude each other"),
        (["kaggle:a/b"], "owner/model/framework/variation"),
    ],
)
def test_what_would_not_be_right_is_refused_and_nothing_written(knapsack, tmp_path, arguments, said):
    knapsack("add", "hf:org/a", "--name", "a", cwd=tmp_path).expect(0)
    before = (tmp_path / "knapsack.toml").read_bytes()
    assert said in knapsack("add", *arguments, cwd=tmp_path).expect(2).stderr
    assert (tmp_path / "knapsack.toml").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["knapsack.toml"]


def test_a_manifest_that_is_wrong_stays_as_it_is(knapsack, tmp_path):
    (tmp_path / "m.toml").write_text("[bundle]\nnmae = 'x'\n")
    done = knapsack("add", "hf:org/a", "--manifest", "m.toml", cwd=tmp_path).expect(2)
    assert "m.toml:2:1" in done.stderr
    assert (tmp_path / "m.toml").read_text() == "[bundle]\nnmae = 'x'\n"


def test_other_manifests_are_named_before_a_new_one_is_made(knapsack, tmp_path):
    knapsack("add", "hf:org/a", "--manifest", "models.toml", cwd=tmp_path).expect(0)
    assert "models.toml" in knapsack("add", "hf:org/b", cwd=tmp_path).expect(2).stderr
    assert not (tmp_path / "knapsack.toml").exists()


@pytest.mark.parametrize(
    "source, kind",
    [
        ("kaggle:o/m/pyTorch/v", "model"),
        ("kaggle-dataset:o/d", "dataset"),
        ("kaggle-competition:c", "dataset"),
        ("kaggle-notebook:o/n", "files"),
        ("hf-space:o/s", "files"),
        ("hf-kernel:o/k", "files"),
    ],
)
def test_the_source_decides_what_an_entry_is(knapsack, tmp_path, source, kind):
    assert knapsack("add", source, "--dry-run", cwd=tmp_path).expect(0).stdout.startswith(f"[[{kind}]]\n")


def test_a_dry_run_prints_the_entry_alone(knapsack, tmp_path):
    done = knapsack("add", "hf-dataset:org/data", "--exclude", "*.csv", "--dry-run", cwd=tmp_path).expect(0)
    assert done.stdout == '[[dataset]]\nname    = "data"\nsource  = "hf-dataset:org/data@main"\nexclude = ["*.csv"]\n'
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_the_manifest_stays_a_link(knapsack, tmp_path):
    (tmp_path / "there").mkdir()
    knapsack("add", "hf:org/a", "--manifest", "there/m.toml", cwd=tmp_path).expect(0)
    (tmp_path / "m.toml").symlink_to("there/m.toml")
    knapsack("add", "hf:org/b", "--manifest", "m.toml", cwd=tmp_path).expect(0)
    assert (tmp_path / "m.toml").is_symlink()
    assert len(tomllib.loads((tmp_path / "there" / "m.toml").read_text())["model"]) == 2
