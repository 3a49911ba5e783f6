"""Include and exclude mean what huggingface_hub's allow_patterns and ignore_patterns mean."""

import pytest
import random

from cli import manifest, read_lock
from huggingface_hub.utils import filter_repo_objects

NAMES = ["a", "b", "config", "model", "Model", "tokenizer", "x1", "x-2", ".hidden", "[x]", "q?", "s*", "ä", "!n", "a b"]
ENDINGS = ["", ".json", ".safetensors", ".txt", ".JSON", ".tar.gz", ".", "-00001-of-00002.bin"]
PIECES = [
    "*", "**", "?", "[ab]", "[!a]", "[a-m]", "[]x]", "[!]]", "[", "]", "[z-a]", "[a", "[!", "[*]", "[[]", "[?]", "/", "/",
    ".", "-", "x", "json", ".json", "config", "model", "a", "*.json", "\\", "ä", "!", "..", "[--0]", "[a\\]", "^", "[^a]",
]  # fmt: skip


def some_paths(dice: random.Random, count: int) -> list[str]:
    paths = set()
    while len(paths) < count:
        folders = [dice.choice(NAMES) for _ in range(dice.choice((0, 0, 0, 1, 1, 2, 3)))]
        paths.add("/".join([f"{name}.d" for name in folders] + [dice.choice(NAMES) + dice.choice(ENDINGS)]))
    return sorted(paths)


def some_patterns(dice: random.Random, paths: list[str]) -> list[str]:
    def pattern() -> str:
        kind = dice.randrange(5)
        path = dice.choice(paths)
        if kind == 0:
            return path
        if kind == 1:
            return path.split("/")[0] + "/"
        if kind == 2:  # a path with some of its letters put into doubt
            return "".join(dice.choice(["?", "*", f"[{letter}]"]) if dice.random() < 0.2 else letter for letter in path)
        return "".join(dice.choice(PIECES) for _ in range(dice.randint(1, 6)))

    return [pattern() for _ in range(dice.choice((1, 1, 2, 3)))]


@pytest.mark.slow
def test_patterns_choose_the_files_that_the_hub_client_chooses(knapsack, tmp_path):
    dice = random.Random(20261)
    paths = some_paths(dice, 150)
    for path in paths:
        file = tmp_path / "files" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)

    expected, entries = {}, []
    while len(entries) < 400:
        include = some_patterns(dice, paths) if dice.random() < 0.8 else None
        exclude = some_patterns(dice, paths) if include is None or dice.random() < 0.5 else None
        chosen = list(filter_repo_objects(paths, allow_patterns=include, ignore_patterns=exclude))
        if not chosen or (len(chosen) == len(paths) and dice.random() < 0.9):
            continue
        name = f"entry-{len(entries)}"
        expected[name] = chosen
        asked = {"include": include, "exclude": exclude}
        entries.append({"name": name, "source": "path:files", **{key: value for key, value in asked.items() if value}})

    path = tmp_path / "globs.toml"
    path.write_text(manifest(files=entries))
    knapsack("lock", path).expect(0)
    lock = read_lock(path.with_suffix(".lock"))
    wrong = {}
    for entry in entries:
        found = {file["path"] for file in lock[entry["name"]]["files"]}
        if found != set(expected[entry["name"]]):
            difference = found.symmetric_difference(expected[entry["name"]])
            wrong[str({key: entry.get(key) for key in ("include", "exclude")})] = sorted(difference)
    assert wrong == {}


@pytest.mark.smoke
def test_patterns_that_choose_nothing_are_a_finding(knapsack, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.json").write_text("{}")
    path = tmp_path / "globs.toml"
    path.write_text(manifest(files=[{"name": "none", "source": "path:files", "include": ["*.bin"]}]))
    assert "none" in knapsack("lock", path).expect(1, 2).text
