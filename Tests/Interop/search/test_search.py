"""`search`: tables that fit, what is in the caches already, filters that are refused by name, and texts of strangers."""

import re

import genuine
import pytest
from searching import CARD, ESCAPES, TINY, fields


def names(done) -> list[str]:
    return [one["name"] for one in done.expect(0).json()["results"]]


def test_the_table_states_use_size_licence_and_what_is_cached(ask, shelf):
    lines = ask(shelf, "search", "qwen", "--sort", "downloads", "--limit", "3").expect(0).stdout.splitlines()
    assert lines[0].split() == ["NAME", "DOWNLOADS", "LIKES", "PARAMS", "SIZE", "LICENCE", "ACCESS", "UPDATED", "CACHED"]
    assert lines[1].split() == ["other/qwen-29", "29.0K", "29", "15.0B", "30.0", "GB", "mit", "open", "2026-09-02", "-"]
    assert len(lines) == 4


def test_what_is_in_the_cache_is_told_apart_by_its_revision(ask, shelf, tiny_model, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(shelf, cache, TINY)
    row = ask(shelf, "search", "tiny", hub=cache).expect(0).stdout.splitlines()[1]
    assert re.search(r" \d+\.\d+ kB$", row), row
    one = ask(shelf, "search", "tiny", "--json", hub=cache).expect(0).json()["results"][0]
    assert [(entry["revision"], entry["refs"]) for entry in one["cached"]] == [(one["commit"], ["main"])]
    shelf.stated[("model", TINY)].fields["sha"] = "c" * 40
    assert re.search(r"older \d+\.\d+ kB$", ask(shelf, "search", "tiny", hub=cache).stdout.splitlines()[1])


def test_pages_are_followed_as_far_as_the_limit(ask, shelf):
    shelf.results = 7
    assert len(names(ask(shelf, "search", "qwen-", "--limit", "1000", "--json"))) == 30
    shelf.queries.clear()
    assert len(names(ask(shelf, "search", "qwen-", "--limit", "8", "--json"))) == 8
    assert len(shelf.queries) == 2


def test_pages_at_another_host_are_not_followed(ask, shelf):
    shelf.results = 7
    # As a mirror that rewrites nothing would answer.
    shelf.url = "http://localhost:1"
    server = shelf._servers[0].server_address[1]
    done = ask(shelf, "search", "qwen-", HF_ENDPOINT=f"http://127.0.0.1:{server}").expect(2)
    assert "go on at another host" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--type", "space", "--task", "x"], "--task: the Hub cannot be asked for that of spaces"),
        (["--type", "dataset", "--params", "1B.."], "--params: the Hub cannot be asked for that of datasets"),
        (["kaggle", "--language", "en"], "--language: Kaggle cannot be asked for that of models"),
        (["kaggle", "--type", "space"], "Kaggle has none"),
        (["cache", "--gated"], "--gated: the caches cannot be asked for that"),
        (["cache", "--sort", "likes"], "--sort likes: the caches do not know it"),
        (["--type", "space", "--sort", "downloads"], "does not count them for spaces"),
        (["--params", "7B"], "--params 7B is no range; it takes 1B..8B"),
        (["--limit", "0"], "--limit takes 1 to 1000"),
        (["--sort", "size"], "--sort"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(ask, shelf, words, message):
    done = ask(shelf, "search", "x", *words) if words[0] not in ("kaggle", "cache") else ask(shelf, "search", *words)
    assert message in done.expect(2).stderr
    assert not shelf.queries


def test_words_that_are_places_can_be_searched(ask, shelf):
    shelf.state("tester/cache", **fields(sha="d" * 40))
    assert names(ask(shelf, "search", "hub", "cache", "--json")) == ["tester/cache"]


def test_texts_of_strangers_do_nothing_on_a_terminal(ask, shelf):
    evil = "x\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\r\ny"
    shelf.state("tester/evil", **fields(sha="d" * 40, pipeline_tag=evil, library_name=evil, lastModified=evil, tags=[f"license:{evil}"]))
    shelf.state("tester/evil\x1b[31m", **fields(sha="d" * 40))
    shelf.state("../evil", **fields(sha="d" * 40))
    done = ask(shelf, "search", "evil").expect(0)
    assert not ESCAPES.search(done.text), repr(done.text)
    assert len(done.stdout.splitlines()) == 2 and "2 results left out" in done.stderr
    text = ask(shelf, "search", "evil", "--json").expect(0)
    assert not ESCAPES.search(text.stdout) and "\\u001b" not in text.stdout


@pytest.mark.parametrize(
    "answer", [{}, "x", [7, None, [], {"id": 5}], [{"id": "a/b", "safetensors": {"parameters": {"BF16": 2**80}, "total": 2**63 - 1}, "tags": {}, "gguf": 7}]]
)
def test_an_answer_that_is_none_is_told_or_left_out(ask, shelf, answer):
    handler = shelf._servers[0].RequestHandlerClass
    handler.send_list = lambda self, *_: self.send_json(answer)
    done = ask(shelf, "search", "x", "--retries", "0").expect(0, 2)
    assert "is no list" in done.stderr if not isinstance(answer, list) else done.code == 0, done.stderr


def test_the_services_refusals_have_sentences(ask, shelf, market):
    shelf.tokens = {"hf_right": set()}
    assert "does not know the token in HF_TOKEN" in ask(shelf, "search", "x", HF_TOKEN="hf_wrong").expect(2).stderr
    assert "HF_HUB_OFFLINE is set" in ask(shelf, "search", "x", HF_HUB_OFFLINE="1").expect(2).stderr
    assert "look at the network" in ask(None, "search", "x", "--retries", "0").expect(2).stderr
    market.users = {"Bearer right": "tester"}
    market.private[""] = {"tester"}
    done = ask(market, "search", "kaggle", "x").expect(2)
    assert "Kaggle only answers users who are known" in done.stderr and "Permission" not in done.stderr
    done = ask(market, "search", "kaggle", "x", KAGGLE_API_TOKEN="wr0ng").expect(2)
    assert "Kaggle does not know the credentials in KAGGLE_API_TOKEN" in done.stderr and "wr0ng" not in done.stderr
    ask(market, "search", "kaggle", "x", KAGGLE_API_TOKEN="right").expect(0)
    assert "names nothing that can be asked" in ask(market, "search", "kaggle", "x", KAGGLE_API_ENVIRONMENT="MOON").expect(2).stderr


def test_what_passes_is_asked_again(ask, shelf):
    shelf.add_fault("status", status=503, api=True, times=2)
    assert names(ask(shelf, "search", "tiny", "--json")) == [TINY]


def test_kaggles_results_are_variations_and_what_it_cannot_be_asked_is_filtered(ask, market):
    assert names(ask(market, "search", "kaggle", "--framework", "pytorch", "--license", "mit", "--json")) == [
        f"other/gemma-{number}/pyTorch/it" for number in (1, 3, 5, 7)
    ]
    assert names(ask(market, "search", "kaggle", "--tag", "nlp", "--json")) == ["tester/tiny/transformers/base", "tester/tiny/keras/keras-base"]
    table = ask(market, "search", "kaggle", "tiny").expect(0).stdout
    # Of models Kaggle states neither downloads nor parameters.
    assert table.splitlines()[0].split() == ["NAME", "VOTES", "SIZE", "LICENCE", "ACCESS", "UPDATED", "CACHED"] and "16.0 kB" in table
    assert names(ask(market, "search", "kaggle", "--type", "dataset", "--author", "tester", "--json")) == ["tester/table"]


def test_the_caches_are_searched_without_anybody_being_asked(ask, shelf, tiny_model, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(shelf, cache, TINY)
    shelf.requests.clear()

    def found(*words) -> list[str]:
        return names(ask(shelf, "search", "cache", *words, "--json", hub=cache))

    assert CARD and found() == [TINY] and found("TINY", "qwen") == [TINY]
    for words in (["--author", "Tester"], ["--license", "apache-2.0"], ["--task", "text-generation"], ["--language", "de"],
                  ["--dataset", "openai/gsm8k"], ["--tag", "tiny"], ["--library", "Transformers"], ["--framework", "pytorch"],
                  ["--params", "2K..3K"], ["--sort", "updated"]):  # fmt: skip
        assert found(*words) == [TINY], words
    for words in (["--author", "test"], ["--license", "mit"], ["--task", "fill-mask"], ["--language", "fr"], ["--params", "3K.."],
                  ["--framework", "gguf"], ["--type", "dataset"], ["nothing"]):  # fmt: skip
        assert found(*words) == [], words
    assert shelf.requests == []
    assert "nothing found in the caches" in ask(shelf, "search", "cache", "zzz", hub=cache).expect(0).stderr
    assert ask(shelf, "search", "cache", hub=tmp_path / "none").expect(2).code == 2
