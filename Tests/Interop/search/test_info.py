"""`info`: what a model is before it is loaded, from headers alone, and the same from a cache."""

import json
import re
import struct

import genuine
import numpy
import pytest
from safetensors.numpy import save_file
from searching import BROKEN, ESCAPES, KAGGLE_TINY, TINY, fields, in_terminal


def about(done) -> dict:
    return done.expect(0).json()


def fits(document) -> dict[str, str]:
    return {fit["accelerator"]: fit["runs"] for fit in document["accelerators"]}


@pytest.mark.smoke
def test_everything_is_known_without_the_weights(ask, shelf, tiny_model):
    found = about(ask(shelf, "info", f"hf:{TINY}", "--json"))
    assert (found["license"], found["access"], found["task"], found["library"]) == ("apache-2.0", "open", "text-generation", "transformers")
    assert (found["base_models"], found["languages"], found["datasets"]) == (["Qwen/Qwen2.5-0.5B"], ["en", "de"], ["openai/gsm8k"])
    assert (found["parameters"], found["weight_bytes"]) == (2048, {"F16": 4096})
    assert found["complete"] is True and found["gguf"]["can_be_made"] is True and found["gguf"]["projector"] is None
    assert {use["format"]: use["needed"] for use in found["formats"]} == {
        "safetensors": True, "onnx": False, "pytorch": False, "pickle": False,
    }  # fmt: skip
    assert found["exclude"] == ["*.bin", "onnx/*"]
    assert fits(found) == {**dict.fromkeys(fits(found), "yes"), "p100": "with care"}
    shards = {file["path"]: (file["dtypes"], file["parameters"]) for file in found["files"] if file["path"].endswith(".safetensors")}
    assert shards == {f"model-0000{number}-of-00002.safetensors": (["F16"], 1024) for number in (1, 2)}
    assert found["quality"]["most"] == 100 and found["quality"]["points"] == 20 + 12 + 15 + 15 + 10 + 10
    # No file in LFS was loaded as a whole.
    ranges = [headers.get("Range") for _, path, headers in shelf.seen if "/cdn/" in path]
    assert ranges and all(ranges)
    assert shelf.sent < sum(path.stat().st_size for path in tiny_model.rglob("*") if path.is_file())


def test_nothing_is_written(ask, shelf, tmp_path):
    cache = tmp_path / "hub"
    ask(shelf, "info", f"hf:{TINY}", hub=cache, TMPDIR=str(tmp_path / "none")).expect(0)
    assert not cache.exists() and not (tmp_path / "none").exists()


def test_the_command_that_it_names_leaves_out_what_is_not_needed(ask, shelf, tmp_path):
    text = ask(shelf, "info", f"hf:{TINY}").expect(0).stdout
    command = re.search(r"^without the rest: knapsack (.*)$", text, re.M)[1]
    import shlex

    words = shlex.split(command)
    assert words == ["add", f"hf:{TINY}@main", "--exclude", "*.bin", "--exclude", "onnx/*"]
    manifest = tmp_path / "knapsack.toml"
    ask(shelf, *words, "--manifest", manifest).expect(0)
    assert 'exclude = ["*.bin", "onnx/*"]' in manifest.read_text()
    cache = tmp_path / "hub"
    ask(shelf, "fetch", manifest, hub=cache).expect(0)
    files = {path.name for path in cache.glob("*/snapshots/*/**/*") if not path.is_dir()}
    assert "config.json" in files and not [name for name in files if name.endswith((".bin", ".onnx"))]


def test_the_text_fits_a_terminal(knapsack, ask, shelf, tmp_path):
    done = ask(shelf, "info", f"hf:{TINY}").expect(0)
    assert not ESCAPES.search(done.text)
    for word in ("licence", "apache-2.0", "base model", "security", "pytorch_model.bin (suspicious)", "ACCELERATOR", "QUALITY", "WHY"):
        assert word in done.stdout, word
    # In a terminal of 80 columns everything fits but what is to be copied, and sentences are not cut.
    shown = in_terminal(knapsack, 80, "info", f"hf:{TINY}", HF_ENDPOINT=shelf.url, HF_HOME=str(tmp_path / "home"))
    assert not [line for line in shown if len(line) > 80 and not line.startswith("without the rest: ")]
    assert "retired" in "".join(shown) and "…" not in "".join(shown)
    found = in_terminal(knapsack, 80, "search", "qwen", HF_ENDPOINT=shelf.url, HF_HOME=str(tmp_path / "home"))
    assert len(found) == 23 and max(map(len, found)) <= 80


def test_the_cache_states_the_same_of_the_files(ask, shelf, tmp_path):
    cache = tmp_path / "hub"
    online = about(ask(shelf, "info", f"hf:{TINY}", "--json"))
    genuine.snapshot_download(shelf, cache, TINY)
    shelf.requests.clear()
    for environment in ({}, {"HF_HUB_OFFLINE": "1"}):
        words = [] if environment else ["--offline"]
        offline = about(ask(shelf, "info", f"hf:{TINY}", *words, "--json", hub=cache, **environment))
        differing = {key for key in online if online[key] != offline[key]}
        assert differing <= {"online", "directory", "page", "access", "downloads", "likes", "created", "updated", "security",
                             "quality", "cached", "problems"}, differing  # fmt: skip
        assert offline["quality"]["most"] == 50 and offline["cached"][0]["refs"] == ["main"]
    assert shelf.requests == []
    # Where the Hub does not answer, the cache does, with a warning.
    done = ask(None, "info", f"hf:{TINY}", "--retries", "0", hub=cache).expect(0)
    assert "warning: " in done.stderr and "what follows is from the cache" in done.stderr
    assert ask(None, "info", f"hf:{TINY}", "--retries", "0", hub=tmp_path / "none").expect(2).stdout == ""


def test_a_directory_is_looked_into(ask, tiny_model):
    found = about(ask(None, "info", tiny_model, "--json"))
    assert found["kind"] == "files" and found["license"] == "apache-2.0" and found["parameters"] == 2048
    assert found["exclude"] == ["*.bin", "onnx/*"] and found["gguf"]["can_be_made"]


@pytest.mark.parametrize(
    ("config", "can", "words"),
    [
        ({"architectures": ["Gemma3ForConditionalGeneration"], "vision_config": {"model_type": "siglip_vision_model"}}, True, "Gemma3"),
        ({"architectures": ["LlavaForConditionalGeneration"], "vision_config": {"model_type": "clip_vision_model"}}, False, "Pixtral"),
        ({"architectures": ["InternVLChatModel"], "vision_config": {"architectures": ["InternVisionModel"]}}, True, "InternVision"),
        ({"architectures": ["UnheardOfModel"], "audio_config": {"depth": 1}}, False, "UnheardOfModel"),
    ],
)
def test_it_is_said_whether_a_projector_can_be_made(ask, tmp_path, config, can, words):
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"a": numpy.zeros(4, numpy.float32)}, tmp_path / "model.safetensors")
    found = about(ask(None, "info", tmp_path, "--json"))["gguf"]["projector"]
    assert found["can_be_made"] is can and words in found["reason"]
    assert words in ask(None, "info", tmp_path).expect(0).stdout


def test_kaggle_states_the_same_of_the_files(ask, market, shelf):
    hub = about(ask(shelf, "info", f"hf:{TINY}", "--json"))
    found = about(ask(market, "info", f"kaggle:{KAGGLE_TINY}", "--json"))
    for key in ("parameters", "weight_bytes", "complete", "formats", "exclude", "accelerators", "gguf", "files", "languages"):
        assert found[key] == hub[key], key
    assert (found["revision"], found["title"], found["likes"], found["about"]) == ("2", "Tiny", 9, "A tiny one")
    loads = [body["path"] for method, body, _ in market.calls if method == "DownloadModelInstanceVersion"]
    assert len(loads) == len(set(loads)) and "tokenizer.json" not in loads
    market.add("tester/table", 4, market.resources[KAGGLE_TINY][2])
    table = about(ask(market, "info", "kaggle-dataset:tester/table", "--json"))
    done = ask(market, "info", "kaggle:tester/none/transformers/x").expect(2)
    assert "there is no model tester/none/transformers/x on Kaggle" in done.stderr
    assert "about models and data sets" in ask(market, "info", "kaggle-competition:x").expect(2).stderr


def test_refusals_are_those_of_fetch(ask, shelf, tiny_model):
    shelf.add("tester/gated", tiny_model)
    shelf.state("tester/gated", **fields(gated="manual"))
    shelf.gated.add("tester/gated")
    shelf.tokens = {"hf_right": {"tester/gated"}, "hf_other": set()}
    assert "there is no model tester/none" in ask(shelf, "info", "hf:tester/none").expect(2).stderr
    assert 'has no revision "v9"' in ask(shelf, "info", f"hf:{TINY}@v9").expect(2).stderr
    found = about(ask(shelf, "info", "hf:tester/gated", "--json", HF_TOKEN="hf_right"))
    assert found["access"] == "manual" and found["parameters"] == 2048


@pytest.mark.parametrize("case", BROKEN)
def test_headers_are_not_trusted(ask, shelf, tmp_path, case):
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "model.safetensors").write_bytes(BROKEN[case])
    if case == "a header that is too long":
        with (directory / "model.safetensors").open("ab") as file:
            file.truncate(95_000_000)
    (directory / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    shelf.state("tester/broken", directory=directory, **fields())
    shelf.sent = 0
    found = about(ask(shelf, "info", "hf:tester/broken", "--json"))
    assert found["parameters"] is None or case == "an empty header", found["parameters"]
    assert shelf.sent < 2_000_000
    if case != "an empty header":
        assert found["complete"] is False or any("could not be looked into" in one["message"] for one in found["findings"]), found


def test_names_and_values_of_strangers(ask, shelf, tmp_path):
    evil = "\x1b]0;x\x07\u202e\x9b2J\n"
    directory = tmp_path / "model"
    directory.mkdir()
    save_file({f"w{evil}": numpy.zeros(4, dtype=numpy.float32)}, directory / "model.safetensors")
    (directory / "config.json").write_text(json.dumps({"model_type": evil, "architectures": [f"X{evil}"], "quantization_config": {"quant_method": evil}}))
    (directory / "README.md").write_text(f"---\nlicense: {json.dumps('x' + evil)}\nlanguage: {json.dumps([evil + 'y'])}\n---\n")
    shelf.state("tester/evil", directory=directory, issues=[{"path": evil + "z", "level": evil + "bad"}],
                **fields(pipeline_tag=evil, cardData={"title": "t" + evil, "short_description": evil + "s"}, createdAt=evil))  # fmt: skip
    for words in ([], ["--verbose"], ["--json"]):
        done = ask(shelf, "info", "hf:tester/evil", *words).expect(0)
        assert not ESCAPES.search(done.text), repr(done.text)


def test_what_drops_is_asked_again_and_what_stays_away_is_told(ask, shelf):
    shelf.add_fault("drop", path=".safetensors", after=10, times=2)
    shelf.add_fault("status", status=503, path="config.json", times=1)
    assert about(ask(shelf, "info", f"hf:{TINY}", "--json"))["parameters"] == 2048
    shelf.add_fault("wrong-range", path="model-00001-of-00002.safetensors", times=99)
    found = about(ask(shelf, "info", f"hf:{TINY}", "--retries", "1", "--json"))
    assert any("1 file could not be looked into" in one["message"] for one in found["findings"])
    shelf.reset()
    shelf.add_fault("whole", times=99)
    assert about(ask(shelf, "info", f"hf:{TINY}", "--json"))["parameters"] == 2048


def test_the_token_is_sent_to_the_hub_alone(ask, shelf):
    token = "hf_" + "Secret" * 7
    shelf.tokens = {token: set()}
    done = ask(shelf, "info", f"hf:{TINY}", "--json", HF_TOKEN=token).expect(0)
    hub, store = (url.split("//")[1] for url in (shelf.url, shelf.content_url))
    assert all("Authorization" in headers for host, _, headers in shelf.seen if host == hub)
    stored = [headers for host, _, headers in shelf.seen if host == store]
    assert stored and not [headers for headers in stored if "Authorization" in headers]
    assert token not in done.text


def test_a_name_without_its_scheme_is_told_from_a_directory(ask, shelf):
    done = ask(shelf, "info", TINY).expect(2)
    assert f"knapsack info hf:{TINY}" in done.stderr and shelf.requests == []
