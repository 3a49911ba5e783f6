"""`knapsack compare --logits`: what other programs find that run both models.

Always with a stand-in for llama-perplexity; with KNAPSACK_LLAMA_CPP and KNAPSACK_ORACLE llama.cpp and transformers run
the same models, and have to agree.
"""

import math
import os
import signal
import sys
import time
from pathlib import Path

import fake_llama
import gguf
import needs
import pytest
from project import FIXTURES

TINY = FIXTURES / "conversion" / "tiny-llama" / "Tiny-Llama-100K"


@pytest.fixture(scope="module")
def models(knapsack, tmp_path_factory):
    """A model, the same quantized, and a text."""
    folder = tmp_path_factory.mktemp("logits")
    original, other, text = folder / "tiny.gguf", folder / "q4.gguf", folder / "text.txt"
    knapsack("convert", TINY, original).expect(0)
    knapsack("quantize", original, other, "Q4_0").expect(0)
    text.write_text("Once upon a time there was a model. " * 400)
    return original, other, text


@pytest.fixture(scope="module")
def vocabulary(models) -> int:
    return len(gguf.GGUFReader(models[0]).fields["tokenizer.ggml.tokens"].data)


def with_llama(knapsack, folder, tmp_path):
    return knapsack.with_caches(KNAPSACK_LLAMA_CPP=str(folder), KNAPSACK_CACHE_DIR=str(tmp_path / "cache"))


def leftovers(tmp_path) -> list:
    return [path for path in (tmp_path / "cache").rglob("*") if "scratch" in path.name or "logits" in path.name]


@pytest.mark.smoke
def test_figures_of_a_program_are_shown_with_its_name(knapsack, tmp_path, models, vocabulary):
    runner = with_llama(knapsack, fake_llama.write(tmp_path / "bin", vocabulary), tmp_path)
    found = runner("compare", *models[:2], "--logits", models[2], "--chunk-size", "64", "--json").expect(0).json()["logits"]
    assert found["program"]["name"] == "llama-perplexity" and found["program"]["version"] == "1 (fake)"
    # A quarter and a half for the first token, and every token of the text is the first one.
    divergence = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert found["kl_divergence"]["mean"]["value"] == pytest.approx(divergence, rel=1e-4)
    assert found["perplexity"]["original"]["value"] == pytest.approx(4, rel=1e-4)
    assert found["perplexity"]["other"]["value"] == pytest.approx(2, rel=1e-4)
    assert found["same_top_token"]["value"] == 1
    assert found["judged_tokens"] == 20 * 31 and found["scratch_bytes"] > 0
    assert leftovers(tmp_path) == []
    text = runner("compare", *models[:2], "--logits", models[2], "--chunk-size", "64").expect(0).stdout
    assert "llama-perplexity (1 (fake))" in text and "mean 0.1308" in text
    plain = knapsack("compare", *models[:2]).expect(0).stdout
    assert "of the weights alone" in plain


@pytest.mark.parametrize(
    ("mode", "words"), [("fail", "failed to load the ?[31mmodel"), ("short", "gave no logits"), ("odd", "no probabilities"), ("few", "too short")]
)
def test_a_program_that_gives_no_figures_is_told(knapsack, tmp_path, models, vocabulary, mode, words):
    runner = with_llama(knapsack, fake_llama.write(tmp_path / "bin", vocabulary, mode=mode), tmp_path)
    done = runner("compare", *models[:2], "--logits", models[2], "--chunk-size", "64").expect(2)
    assert words in done.stderr and "\x1b" not in done.stderr
    assert leftovers(tmp_path) == []


def test_without_a_program_the_message_states_how_to_name_one(knapsack, tmp_path, models):
    for folder in (tmp_path, tmp_path / "nothing"):
        done = with_llama(knapsack, folder, tmp_path)("compare", *models[:2], "--logits", models[2]).expect(2)
        assert "KNAPSACK_LLAMA_CPP" in done.stderr
    # A program in the directory where somebody works is nobody's choice.
    fake_llama.write(tmp_path, 300)
    runner = knapsack.with_caches(PATH=":.:/usr/bin:/bin")
    done = runner("compare", *models[:2], "--logits", models[2], cwd=tmp_path).expect(2)
    assert "there is no llama-perplexity in PATH" in done.stderr


def test_other_tokens_are_told_before_anything_is_run(knapsack, tmp_path, models, vocabulary):
    folder = fake_llama.write(tmp_path / "bin", vocabulary)
    data = models[1].read_bytes()
    place = data.index(b"<0x41>")
    other = tmp_path / "other.gguf"
    other.write_bytes(data[:place] + b"<0x4Z>" + data[place + 6 :])
    done = with_llama(knapsack, folder, tmp_path)(
        "compare", models[0], other, "--logits", models[2], "--chunk-size", "64"
    ).expect(2)
    assert "has other tokens" in done.stderr
    assert len((folder / "log").read_text().splitlines()) == 1


def test_tokens_are_not_handed_on(knapsack, tmp_path, models, vocabulary):
    folder = fake_llama.write(tmp_path / "bin", vocabulary, top='0.5 if "HF_TOKEN" in os.environ else 0.25')
    runner = with_llama(knapsack, folder, tmp_path).with_caches(HF_TOKEN="hf_secret")
    found = runner("compare", *models[:2], "--logits", models[2], "--chunk-size", "64", "--json").expect(0).json()
    assert found["logits"]["perplexity"]["original"]["value"] == pytest.approx(4, rel=1e-4)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_program_and_removes_the_logits(knapsack, tmp_path, models, vocabulary, number):
    folder = fake_llama.write(tmp_path / "bin", vocabulary, mode="hang")
    process = with_llama(knapsack, folder, tmp_path).start(
        "compare", *models[:2], "--logits", models[2], "--chunk-size", "64"
    )
    file = folder / "log.pid"
    while not (file.exists() and file.read_text()):
        assert process.poll() is None
        time.sleep(0.02)
    child = int(file.read_text())
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number and errors.rstrip().endswith(b"interrupted")
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)
    assert leftovers(tmp_path) == []


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--chunks", "4"], "--logits"),
        (["--with", "transformers"], "--logits"),
        (["--logits", "t", "--all"], "--all"),
        (["--logits", "t", "--chunk-size", "1"], "--chunk-size"),
        (["--logits", "t", "--chunks", "0"], "--chunks"),
        (["--logits", ""], "empty"),
    ],
)
def test_options_that_make_no_sense_are_told(knapsack, options, words):
    assert words in knapsack("compare", "a.gguf", "b.gguf", *options).expect(2).stderr


def test_transformers_does_not_run_gguf(knapsack, models):
    done = knapsack("compare", *models[:2], "--logits", models[2], "--with", "transformers").expect(2)
    assert "is no directory" in done.stderr


@pytest.mark.slow
@needs.LLAMA_CPP
@needs.ORACLE
@pytest.mark.parametrize(("name", "pre"), [("qwen3", "qwen2"), ("llama-gqa", "llama-bpe")])
def test_transformers_and_llama_cpp_find_the_same(knapsack, tmp_path, name, pre):
    """Two programs, two formats, one original and one pruned model: the figures are those of the models."""
    model = Path(os.environ["KNAPSACK_ORACLE"], "models", name)
    pruned, text = tmp_path / "pruned", tmp_path / "text.txt"
    text.write_text((FIXTURES / "conversion" / "README.md").read_text() * 4)
    knapsack("convert", model, pruned, "--prune", "2:4").expect(0)
    runner = knapsack.with_caches(
        KNAPSACK_LLAMA_CPP=os.environ["KNAPSACK_LLAMA_CPP"], KNAPSACK_PYTHON=sys.executable
    )
    found = [
        runner("compare", model, pruned, "--logits", text, "--chunk-size", "64", "--chunks", "12", "--with", program,
               *options, "--json", timeout=600).expect(0).json()["logits"]
        for program, options in (("llama.cpp", ["--pre", pre]), ("transformers", []))
    ]
    assert found[0]["vocabulary"] == found[1]["vocabulary"] and found[0]["chunks"] == found[1]["chunks"] == 12
    for part in ("original", "other"):
        first, second = (one["perplexity"][part]["value"] for one in found)
        assert first == pytest.approx(second, rel=0.02)
    first, second = (one["kl_divergence"]["mean"]["value"] for one in found)
    assert first == pytest.approx(second, rel=0.02)
    # Rounding of the logits moves a token whose two best are close.
    assert found[0]["same_top_token"]["value"] == pytest.approx(found[1]["same_top_token"]["value"], abs=0.03)
