"""Commands that a message prints are pasted into a shell, in a directory whose name needs quotes; other programs are stand-ins."""

import re
import subprocess

import pytest
from cli import manifest
from instances import CARD, model, safetensors, write
from wheelhouse import write_wheel

NAME = "m o's.toml"


@pytest.fixture
def place(knapsack, tmp_path):
    folder = tmp_path / "it's $(touch pwned) \"here\" `touch pwned`"
    write(folder / "src", model())
    (folder / NAME).write_text(manifest(model=[{"name": "it", "source": "path:src"}]))
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("hf", "kaggle", "pip"):
        (shims / name).write_text(f'#!/bin/sh\nprintf "{name}"; printf "|%s" "$@"; echo\n')
        (shims / name).chmod(0o755)
    (shims / "knapsack").symlink_to(knapsack.binary)
    yield folder
    assert not list(tmp_path.rglob("pwned"))


def commands(text, end=r"$"):
    """What looks like a command behind a colon, the beginning of a line or "run"."""
    found = re.findall(rf"(?:: |^|run )((?:knapsack|hf|kaggle|pip) [a-z].*?){end}", text, re.MULTILINE)
    return [command for command in found if not command.startswith("knapsack pack wrote")]


def paste(knapsack, place, command):
    variables = {**knapsack.environment(), "PATH": f"{place.parent / 'shims'}:/usr/bin:/bin"}
    return subprocess.run(["bash", "-c", command], cwd=place, env=variables, capture_output=True, text=True, timeout=60)


def test_a_lock_that_is_missing_or_stale_is_made_by_what_is_printed(knapsack, place):
    for change in ("", 'exclude = ["zz"]\n'):
        (place / NAME).write_text((place / NAME).read_text() + change)
        told = commands(knapsack("check", NAME, cwd=place).expect(1).text)
        assert paste(knapsack, place, told[0]).returncode == 0
        knapsack("check", NAME, cwd=place).expect(0)


def test_the_upload_names_the_bundle(knapsack, place):
    told = commands(knapsack("pack", NAME, "-o", "out dir", cwd=place).expect(0).text)
    assert len(told) == 3
    own, *others = told
    shown = paste(knapsack, place, "knapsack() { printf '%s|' \"$@\"; }; " + own)
    assert shown.stdout.split("|") == ["upload", str(place / "out dir"), ""]
    for command in others:
        done = paste(knapsack, place, command)
        assert done.stdout.split("|")[:4] == ["kaggle", "datasets", command.split()[2], "-p"]
        assert done.stdout.split("|")[4] == str(place / "out dir")


SOURCES = {
    "hf:org/a@main": ["hf", "download", "org/a", "--revision", "main"],
    "hf-dataset:org/a@main": ["hf", "download", "org/a", "--repo-type", "dataset", "--revision", "main"],
}


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_not_cached_is_downloaded_by_what_is_printed(knapsack, place, source):
    (place / "hub" / "models--org--other").mkdir(parents=True)
    kind = "dataset" if "dataset" in source else "model"
    (place / "x.toml").write_text(manifest(**{kind: [{"name": "x", "source": source}]}))
    told = commands(knapsack.with_caches(place / "hub")("lock", "x.toml", cwd=place).expect(1, 2).text)
    assert paste(knapsack, place, told[0]).stdout.strip().split("|") == SOURCES[source]


def test_a_wheel_that_is_missing_is_put_where_it_belongs(knapsack, place):
    write_wheel(place / "wh ee's", "mine", "1.0", "other[a,b]~=1.0,!=1.5")
    (place / "w.toml").write_text(manifest(wheels=[{"name": "w", "source": "path:wh ee's", "license": "mit"}]))
    knapsack("lock", "w.toml", cwd=place).expect(0)
    told = commands(knapsack("check", "w.toml", cwd=place).expect(1).text)
    words = paste(knapsack, place, told[0]).stdout.strip().split("|")
    assert words[:2] == ["pip", "download"]
    assert (place / words[words.index("--dest") + 1]).resolve() == (place / "wh ee's").resolve()
    assert words[-1].startswith("other") and {"manylinux_2_35_x86_64", "manylinux2014_x86_64"} <= set(words)


WRONG = {
    ("convert", "org/name"): "hf:org/name",
    ("inspect", "m o's.lock"): "knapsack verify 'm o'\\''s.lock'",
    ("lock",): "'m o'\\''s.toml'",
    ("pack", "m o's.lock"): "'m o'\\''s.toml'",
    ("diff", NAME, NAME): "knapsack diff 'm o'\\''s.lock' 'm o'\\''s.lock'",
    ("convert", "ad"): "knapsack convert ad --lora hf:org/base",
    ("pakc",): "pack",
    ("chekc", NAME): "check",
    ("convert", "src/model.safetensors"): "directory",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_mistake_gets_the_command_that_was_meant(knapsack, place, arguments):
    knapsack("lock", NAME, cwd=place).expect(0)
    config = {"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 1, "target_modules": ["q_proj"]}
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    write(place / "ad", {"README.md": CARD, "adapter_config.json": config, "adapter_model.safetensors": safetensors(name)})
    assert WRONG[arguments] in knapsack(*arguments, cwd=place).expect(2).text
