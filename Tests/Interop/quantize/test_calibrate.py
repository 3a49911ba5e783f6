"""`fit --calibrate`: the weights of roles out of what llama-perplexity finds, and `convert --outtype fit`.

Always with a stand-in for llama-perplexity; with KNAPSACK_LLAMA_CPP the real one runs a model.
"""

import json
import math
import os

import fake_llama
import gguf
import needs
import pytest
from cli import manifest, read_lock, sha256
from project import FIXTURES

TINY = FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K"
TOP = '0.5 if "trial" in value("-m") else 0.4'
ROLES = {"attn_k", "attn_output", "attn_q", "attn_v", "ffn_down", "ffn_gate", "ffn_up", "output", "token_embd"}


@pytest.fixture(scope="module")
def tiny(knapsack, tmp_path_factory):
    """A model, a text, and the number of its tokens."""
    folder = tmp_path_factory.mktemp("calibrate")
    model, text = folder / "tiny.gguf", folder / "text.txt"
    knapsack("convert", TINY, model).expect(0)
    text.write_text("Once upon a time there was a model. " * 400)
    return model, text, len(gguf.GGUFReader(model).fields["tokenizer.ggml.tokens"].data)


def calibrated(knapsack, tmp_path, tiny, *options, top: str = TOP, **arguments):
    model, text, vocabulary = tiny
    folder = tmp_path / "bin"
    fake_llama.write(folder, vocabulary, top=top, **arguments)
    runner = knapsack.with_caches(KNAPSACK_LLAMA_CPP=str(folder), KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    output = tmp_path / "fit.gguf"
    done = runner("quantize", model, output, "fit", "--bits", "6", "--floor", "none", "--calibrate", text,
                  "--chunk-size", "64", "--json", *options)
    runs = (folder / "log").read_text().splitlines() if (folder / "log").exists() else []
    return done, runs, output


@pytest.mark.smoke
def test_weights_are_the_divergence_for_an_error(knapsack, tmp_path, tiny):
    done, runs, output = calibrated(knapsack, tmp_path, tiny)
    found = done.expect(0).json()["calibration"]
    assert set(found["roles"]) == ROLES and len(runs) == len(ROLES) + 2
    divergence = 0.4 * math.log(0.4 / 0.5) + 0.6 * math.log(0.6 / 0.5)
    roles = found["roles"].values()
    usual = sum(role["usual"] * role["error"] for role in roles)
    for role in roles:
        assert role["divergence"] == pytest.approx(divergence, rel=1e-3)
        factor = role["divergence"] / role["error"] * usual / sum(other["divergence"] for other in roles)
        assert role["weight"] == pytest.approx(factor, abs=0.51)
    # All roles together weigh what they do in the table.
    assert sum(role["weight"] * role["error"] for role in roles) == pytest.approx(usual, rel=1e-3)
    assert found["together"] == pytest.approx(divergence, rel=1e-3)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["costs.sqlite"]
    first = sha256(output)
    # A second budget runs nothing, and any number of threads measures the same.
    again, more, _ = calibrated(knapsack, tmp_path, tiny, "--threads", "1")
    assert again.expect(0).json()["calibration"] == found and len(more) == len(runs)
    assert sha256(output) == first
    plain = knapsack("quantize", tiny[0], output, "fit", "--bits", "6", "--floor", "none", "--json").expect(0).json()
    assert plain["fit"]["budget"] == again.json()["fit"]["budget"] and "calibration" not in plain


def test_what_made_more_difference_gets_more_bits(knapsack, tmp_path, tiny):
    """The stand-in finds a great divergence where the trial's file has a Q4_0 for the key."""
    top = '0.9 if quantized(value("-m")) else 0.41 if "trial" in value("-m") else 0.4'
    done, _, output = calibrated(knapsack, tmp_path, tiny, top=top, helper=QUANTIZED)
    found = done.expect(0).json()["calibration"]["roles"]
    assert max(found, key=lambda name: found[name]["weight"]) == "attn_k"
    types = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(output).tensors}
    knapsack("quantize", tiny[0], output, "fit", "--bits", "6", "--floor", "none").expect(0)
    before = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(output).tensors}
    order = ["MXFP4", "IQ4_NL", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "BF16"]
    names = ["blk.0.attn_k.weight", "blk.1.attn_k.weight"]
    assert all(order.index(types[name]) > order.index(before[name]) for name in names)


QUANTIZED = '''
import gguf
def quantized(path):
    return any(t.name == "blk.0.attn_k.weight" and t.tensor_type.name == "Q4_0" for t in gguf.GGUFReader(path).tensors)
'''


def test_a_text_that_shows_no_difference_is_told(knapsack, tmp_path, tiny):
    done, _, output = calibrated(knapsack, tmp_path, tiny, top="0.5")
    assert "no role makes any difference" in done.expect(2).stderr
    assert not output.exists()


def test_without_llama_cpp_the_message_states_how_to_name_it(knapsack, tmp_path, tiny):
    runner = knapsack.with_caches(KNAPSACK_LLAMA_CPP=str(tmp_path))
    done = runner("quantize", tiny[0], tmp_path / "o.gguf", "fit", "--bits", "6", "--calibrate", tiny[1]).expect(2)
    assert "KNAPSACK_LLAMA_CPP" in done.stderr
    assert "--calibrate" in knapsack("quantize", tiny[0], "o.gguf", "fit", "--bits", "6", "--chunks", "3").expect(2).stderr
    assert "--calibrate" in knapsack("quantize", tiny[0], "o.gguf", "Q8_0", "--calibrate", "t").expect(2).stderr


@pytest.mark.smoke
def test_convert_fits_in_one_step(knapsack, tmp_path, tiny):
    direct, later, plan = (tmp_path / name for name in ("direct.gguf", "later.gguf", "plan.gguf"))
    options = ["--max-size", "100kB", "--compare", "Q4_0", "--override-kv", "general.quantized_by=str:tests"]
    one = knapsack("convert", TINY, direct, "--outtype", "fit", *options, "--json").expect(0).json()
    two = knapsack("quantize", tiny[0], later, "fit", *options, "--json").expect(0).json()
    assert sha256(direct) == sha256(later)
    assert one["fit"] == two["fit"] and one["comparison"] == two["comparison"] and one["via"] == "bf16"
    knapsack("convert", TINY, plan, "--outtype", "fit", "--bits", "6", "--dry-run").expect(0)
    assert not plan.exists()
    assert "is not replaced" in knapsack("convert", TINY, direct, "--outtype", "fit", "--bits", "6").expect(2).stderr
    done = knapsack("convert", TINY, tmp_path, "--outtype", "fit", "--bits", "6").expect(0)
    assert "-FIT.gguf" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--outtype", "fit"], "--max-size"),
        (["--outtype", "Q8_0", "--bits", "4"], "--outtype fit"),
        (["--bits", "4"], "--outtype fit"),
        (["--outtype", "fit", "--bits", "4", "--split-max-size", "1G"], "--split-max-size"),
        (["--outtype", "fit", "--bits", "4", "--lora", "base"], "adapter"),
        (["--outtype", "fit", "--bits", "4", "--dtype", "f16"], "--bits"),
    ],
)
def test_options_of_convert_that_make_no_sense_are_told(knapsack, tmp_path, options, words):
    assert words in knapsack("convert", TINY, tmp_path / "o.gguf", *options).expect(2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@needs.LLAMA_CPP
def test_llama_cpp_finds_that_errors_add(knapsack, tmp_path, tiny):
    runner = knapsack.with_caches(
        KNAPSACK_LLAMA_CPP=os.environ["KNAPSACK_LLAMA_CPP"], KNAPSACK_CACHE_DIR=str(tmp_path / "cache")
    )
    done = runner(
        "quantize", tiny[0], tmp_path / "o.gguf", "fit", "--bits", "6", "--floor", "none", "--calibrate", tiny[1],
        "--chunk-size", "64", "--chunks", "20", "--json", timeout=600,
    ).expect(0).json()["calibration"]
    predicted = sum(role["divergence"] for role in done["roles"].values())
    assert done["together"] == pytest.approx(predicted, rel=0.5)
    # Any judge of this model finds keys and queries to matter least.
    weights = {name: role["weight"] for name, role in done["roles"].items()}
    assert weights["attn_k"] < weights["attn_v"] and weights["attn_q"] < weights["attn_v"]
    assert json.dumps(done)


def test_a_lock_keeps_what_was_measured(knapsack, tmp_path, tiny):
    """Only the first lock runs llama.cpp; another machine packs the same without it."""
    (tmp_path / "tiny").symlink_to(TINY)
    text = "Once upon a time there was a model. " * 400
    (tmp_path / "text.txt").write_text(text)
    entry = {"name": "fitted", "from": "tiny", "gguf": "fit", "bits": 6, "floor": "none", "calibrate": "text.txt"}
    path = tmp_path / "m.toml"

    def write(**changes):
        source = {"name": "tiny", "source": "path:tiny", "license": "mit"}
        path.write_text(manifest(model=[source, {**entry, **changes}]))

    write()
    folder = fake_llama.write(tmp_path / "bin", tiny[2], chunks=4, top=TOP)
    without = knapsack.with_caches(PATH="/nowhere", KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))
    runner = without.with_caches(KNAPSACK_LLAMA_CPP=str(folder))
    assert "there is no llama-perplexity" in without("lock", path).expect(2).stderr
    runner("lock", path).expect(0)
    runs = len((folder / "log").read_text().splitlines())
    assert runs == len(ROLES) + 2
    lock = read_lock(tmp_path / "m.lock")["fitted"]
    kept = lock["resolved"]["conversion"]["parameters"]["calibrated"]
    assert set(kept["roles"]) == ROLES and kept["program"] == "llama-perplexity 1 (fake)"
    assert lock["asked"]["calibrate"] == "text.txt"
    other = without.with_caches(KNAPSACK_CACHE_DIR=str(tmp_path / "other"))
    other("check", path).expect(0, 1)
    other("lock", path, "--locked").expect(0)
    other("pack", path, "--locked", "--output", tmp_path / "out").expect(0)
    # Another budget of the same model is fitted by the weights that the lock has.
    write(bits=7)
    other("lock", path).expect(0)
    again = read_lock(tmp_path / "m.lock")["fitted"]
    assert again["resolved"]["conversion"]["parameters"]["calibrated"] == kept
    assert again["files"][0]["size"] > lock["files"][0]["size"]
    # Another text is measured anew.
    (tmp_path / "text.txt").write_text(text + "The end. " * 400)
    assert "there is no llama-perplexity" in other("lock", path).expect(2).stderr
    runner("lock", path).expect(0)
    assert len((folder / "log").read_text().splitlines()) == 2 * runs
    # What is not asked for is not in the lock.
    del entry["calibrate"]
    write()
    without("lock", path).expect(0)
    assert "calibrat" not in (tmp_path / "m.lock").read_text()
    assert "calibrate" in other("schema", "manifest").expect(0).stdout
