"""`search`: tables that fit, what is in the caches already, filters that are refused by name, and texts of strangers."""

import re

import genuine
import pytest
from conftest import CARD, TINY, fields

ESCAPES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")
CELL = r"(?:^|  )"


def names(done) -> list[str]:
    return [one["name"] for one in done.expect(0).json()["results"]]


def test_the_table_states_use_size_licence_and_what_is_cached(run, shelf):
    lines = run(shelf, "search", "qwen", "--sort", "downloads", "--limit", "3").expect(0).stdout.splitlines()
    assert lines[0].split() == ["NAME", "DOWNLOADS", "LIKES", "PARAMS", "SIZE", "LICENCE", "ACCESS", "UPDATED", "CACHED"]
    assert lines[1].split() == ["other/qwen-29", "29.0K", "29", "15.0B", "30.0", "GB", "mit", "open", "2026-09-02", "-"]
    assert len(lines) == 4


def test_what_is_in_the_cache_is_told_apart_by_its_revision(run, shelf, tiny, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(shelf, cache, TINY)
    row = run(shelf, "search", "tiny", hub=cache).expect(0).stdout.splitlines()[1]
    assert re.search(r" \d+\.\d+ kB$", row), row
    one = run(shelf, "search", "tiny", "--json", hub=cache).expect(0).json()["results"][0]
    assert [(entry["revision"], entry["refs"]) for entry in one["cached"]] == [(one["commit"], ["main"])]
    shelf.stated[("model", TINY)].fields["sha"] = "c" * 40
    assert re.search(r"older \d+\.\d+ kB$", run(shelf, "search", "tiny", hub=cache).stdout.splitlines()[1])


def test_pages_are_followed_as_far_as_the_limit(run, shelf):
    shelf.results = 7
    assert len(names(run(shelf, "search", "qwen-", "--limit", "1000", "--json"))) == 30
    shelf.queries.clear()
    assert len(names(run(shelf, "search", "qwen-", "--limit", "8", "--json"))) == 8
    assert len(shelf.queries) == 2


def test_pages_at_another_host_are_not_followed(run, shelf):
    shelf.results = 7
    # As a mirror that rewrites nothing would answer.
    shelf.url = "http://localhost:1"
    server = shelf._servers[0].server_address[1]
    done = run(shelf, "search", "qwen-", HF_ENDPOINT=f"http://127.0.0.1:{server}").expect(2)
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
def test_what_cannot_be_asked_for_is_refused_by_name(run, shelf, words, message):
    done = run(shelf, "search", "x", *words) if words[0] not in ("kaggle", "cache") else run(shelf, "search", *words)
    assert message in done.expect(2).stderr
    assert not shelf.queries


def test_words_that_are_places_can_be_searched(run, shelf):
    shelf.state("tester/cache", **fields(sha="d" * 40))
    assert names(run(shelf, "search", "hub", "cache", "--json")) == ["tester/cache"]


def test_texts_of_strangers_do_nothing_on_a_terminal(run, shelf):
    evil = "x\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\r\ny"
    shelf.state("tester/evil", **fields(sha="d" * 40, pipeline_tag=evil, library_name=evil, lastModified=evil, tags=[f"license:{evil}"]))
    shelf.state("tester/e\x1b[31mvil", **fields(sha="d" * 40))
    shelf.state("../evil", **fields(sha="d" * 40))
    done = run(shelf, "search", "evil").expect(0)
    assert not ESCAPES.search(done.text), repr(done.text)
    assert len(done.stdout.splitlines()) == 2 and "2 results left out" in done.stderr
    text = run(shelf, "search", "evil", "--json").expect(0)
    assert not ESCAPES.search(text.stdout) and "\\u001b" not in text.stdout


@pytest.mark.parametrize(
    "answer", [{}, "x", [7, None, [], {"id": 5}], [{"id": "a/b", "safetensors": {"parameters": {"BF16": 2**80}, "total": 2**63 - 1}, "tags": {}, "gguf": 7}]]
)
def test_an_answer_that_is_none_is_told_or_left_out(run, shelf, answer):
    handler = shelf._servers[0].RequestHandlerClass
    handler.send_list = lambda self, *_: self.send_json(answer)
    done = run(shelf, "search", "x", "--retries", "0").expect(0, 2)
    assert "is no list" in done.stderr if not isinstance(answer, list) else done.code == 0, done.stderr


def test_the_services_refusals_have_sentences(run, shelf, market):
    shelf.tokens = {"hf_right": set()}
    assert "does not know the token in HF_TOKEN" in run(shelf, "search", "x", HF_TOKEN="hf_wrong").expect(2).stderr
    assert "HF_HUB_OFFLINE is set" in run(shelf, "search", "x", HF_HUB_OFFLINE="1").expect(2).stderr
    assert "look at the network" in run(None, "search", "x", "--retries", "0").expect(2).stderr
    market.tokens = {"right"}
    done = run(market, "search", "kaggle", "x").expect(2)
    assert "Kaggle only answers users who are known" in done.stderr and "Unauthenticated" in done.stderr
    assert not ESCAPES.search(done.stderr)
    done = run(market, "search", "kaggle", "x", KAGGLE_API_TOKEN="wrong").expect(2)
    assert "Kaggle does not know the credential in KAGGLE_API_TOKEN" in done.stderr and "wrong" not in done.stderr
    run(market, "search", "kaggle", "x", KAGGLE_API_TOKEN="right").expect(0)
    assert "names no environment" in run(market, "search", "kaggle", "x", KAGGLE_API_ENVIRONMENT="MOON").expect(2).stderr


def test_what_passes_is_asked_again(run, shelf):
    shelf.add_fault("status", status=503, api=True, times=2)
    assert names(run(shelf, "search", "tiny", "--json")) == [TINY]


def test_kaggles_credentials_are_found_where_its_clients_find_them(run, market, tmp_path):
    import base64

    def sent(**environment) -> str:
        market.calls.clear()
        run(market, "search", "kaggle", "x", **environment).expect(0)
        return market.calls[0][2].get("Authorization", "")

    home = tmp_path / "kaggle"
    home.mkdir()
    assert sent(KAGGLE_CONFIG_DIR=str(home)) == ""
    (home / "credentials.json").write_text('{"access_token": "oauth", "refresh_token": "r"}')
    assert sent(KAGGLE_CONFIG_DIR=str(home)) == "Bearer oauth"
    (home / "kaggle.json").write_text('{"username": "me", "key": "legacy"}')
    assert sent(KAGGLE_CONFIG_DIR=str(home)) == "Basic " + base64.b64encode(b"me:legacy").decode()
    pair = {"KAGGLE_USERNAME": "you", "KAGGLE_KEY": "k"}
    assert sent(KAGGLE_CONFIG_DIR=str(home), **pair) == "Basic " + base64.b64encode(b"you:k").decode()
    (home / "access_token").write_text(" filed \n")
    assert sent(KAGGLE_CONFIG_DIR=str(home), **pair) == "Bearer filed"
    assert sent(KAGGLE_CONFIG_DIR=str(home), KAGGLE_API_TOKEN="given") == "Bearer given"
    assert sent(KAGGLE_CONFIG_DIR=str(home), KAGGLE_API_TOKEN=str(home / "access_token")) == "Bearer filed"


def test_kaggles_results_are_variations_and_what_it_cannot_be_asked_is_filtered(run, market):
    assert names(run(market, "search", "kaggle", "--framework", "pytorch", "--license", "mit", "--json")) == [
        f"other/gemma-{number}/pyTorch/it" for number in (1, 3, 5, 7)
    ]
    assert names(run(market, "search", "kaggle", "--tag", "nlp", "--json")) == ["tester/tiny/transformers/base", "tester/tiny/keras/keras-base"]
    table = run(market, "search", "kaggle", "tiny").expect(0).stdout
    assert "VOTES" in table and "DOWNLOADS" in table and "16.0 kB" in table
    assert names(run(market, "search", "kaggle", "--type", "dataset", "--author", "tester", "--json")) == ["tester/table"]


def test_the_caches_are_searched_without_anybody_being_asked(run, shelf, tiny, tmp_path):
    cache = tmp_path / "hub"
    genuine.snapshot_download(shelf, cache, TINY)
    shelf.requests.clear()

    def found(*words) -> list[str]:
        return names(run(shelf, "search", "cache", *words, "--json", hub=cache))

    assert CARD and found() == [TINY] and found("TINY", "qwen") == [TINY]
    for words in (["--author", "Tester"], ["--license", "apache-2.0"], ["--task", "text-generation"], ["--language", "de"],
                  ["--dataset", "openai/gsm8k"], ["--tag", "tiny"], ["--library", "Transformers"], ["--framework", "pytorch"],
                  ["--params", "2K..3K"], ["--sort", "updated"]):  # fmt: skip
        assert found(*words) == [TINY], words
    for words in (["--author", "test"], ["--license", "mit"], ["--task", "fill-mask"], ["--language", "fr"], ["--params", "3K.."],
                  ["--framework", "gguf"], ["--type", "dataset"], ["nothing"]):  # fmt: skip
        assert found(*words) == [], words
    assert shelf.requests == []
    assert "nothing found in the caches" in run(shelf, "search", "cache", "zzz", hub=cache).expect(0).stderr
    assert run(shelf, "search", "cache", hub=tmp_path / "none").expect(2).code == 2
