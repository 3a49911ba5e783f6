"""What `search` and `info` make of services that are hostile or broken: nothing acts on a terminal, nothing runs without end."""

import time

import numpy
import pytest
from safetensors.numpy import save_file
from searching import ESCAPES, KAGGLE_TINY, TINY, fields, header_of

EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eb\u2066\r\nx"


def harmless(done):
    """Nothing in the output acts on a terminal, whatever the exit code is."""
    assert not ESCAPES.search(done.text), repr(done.text)
    return done


@pytest.mark.parametrize("words", [["search", "kaggle", "tiny"], ["info", f"kaggle:{KAGGLE_TINY}"], ["info", f"kaggle:{KAGGLE_TINY}", "--json"]])
def test_texts_of_kaggle_do_nothing_on_a_terminal(ask, market, words):
    for model in market.found_models:
        for name in ("title", "subtitle", "updateTime"):
            model[name] = EVIL + "y"
        model["tags"] = [{"name": EVIL + "nlp"}]
        for instance in model["instances"]:
            instance |= {"licenseName": EVIL, "overview": EVIL, "externalBaseModelUrl": "https://x/" + EVIL}
    harmless(ask(market, *words)).expect(0)


@pytest.mark.parametrize("value", ["1e400", 7, -1, 2**63, None, True, [], ["x"], {"a": 1}, EVIL, ""])
def test_values_of_another_kind_are_left_out(ask, market, shelf, value):
    for one in [*market.found_models, *market.found_datasets]:
        kept = {key: one[key] for key in ("ref", "author", "slug", "id", "instances") if key in one}
        one.update({**{key: value for key in one}, **kept})
    for words in (["search", "kaggle", "tiny"], ["search", "kaggle", "--type", "dataset"], ["info", f"kaggle:{KAGGLE_TINY}"]):
        harmless(ask(market, *words)).expect(0)
    stated = shelf.stated[("model", TINY)]
    stated.fields = {**{key: value for key in stated.fields}, "sha": stated.fields["sha"], "cardData": value}
    stated.issues = value
    harmless(ask(shelf, "info", f"hf:{TINY}")).expect(0)
    handler = shelf._servers[0].RequestHandlerClass
    handler.send_list = lambda self, *_: self.send_json([{"id": "a/b", **stated.fields}])
    harmless(ask(shelf, "search", "b")).expect(0)


def test_lists_without_end_are_cut(ask, market, shelf):
    market.answers["ListModels"] = {"models": [], "nextPageToken": "more"}
    ask(market, "search", "kaggle", "x").expect(0)
    assert len([one for one in market.calls if one[0] == "ListModels"]) == 10
    market.answers["ListModelInstanceVersionFiles"] = {"files": [{"name": "a", "size": 1}], "nextPageToken": "same"}
    done = ask(market, "info", f"kaggle:{KAGGLE_TINY}").expect(2)
    assert "does not end" in done.stderr
    handler = shelf._servers[0].RequestHandlerClass
    following = f'<{shelf.url}/api/models?cursor=1>; rel="next"'
    handler.send_list = lambda self, *_: self.send_json([], {"Link": following})
    shelf.requests.clear()
    ask(shelf, "search", "x").expect(0)
    assert len(shelf.requests) <= 20


def test_the_list_of_a_version_is_cut_and_that_is_told(ask, market):
    names = iter(range(10**6))

    handler = market._server.RequestHandlerClass

    def files(self, _):
        number = next(names)
        self.send_json({"files": [{"name": f"file-{number:06}.txt", "size": 1}], "nextPageToken": str(number)})

    handler.on_ListModelInstanceVersionFiles = files
    done = ask(market, "info", f"kaggle:{KAGGLE_TINY}").expect(0)
    assert "100 files, and more" in done.stdout


@pytest.mark.parametrize("path", ["config.json", "model-00001-of-00002.safetensors", "README.md"])
def test_credentials_do_not_follow_a_redirect(ask, shelf, path):
    """Neither a file of the Hub's own, nor one in a store."""
    token = "hf_" + "Secret" * 7
    shelf.tokens = {token: set()}
    handler = shelf._servers[0].RequestHandlerClass
    original = handler.send_resolve

    def send(self, kind, parts):
        if parts[-1] != path:
            return original(self, kind, parts)
        self.send_response(307)
        self.send_header("Location", f"{shelf.content_url}/elsewhere/{path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    handler.send_resolve = send
    store = shelf._servers[1].RequestHandlerClass
    route = store.route

    def elsewhere(self):
        if "/elsewhere/" not in self.path:
            return route(self)
        shelf.seen.append((self.headers.get("Host", ""), self.path, dict(self.headers)))
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    store.route = elsewhere
    done = ask(shelf, "info", f"hf:{TINY}", "--json", HF_TOKEN=token).expect(0)
    moved = [headers for _, place, headers in shelf.seen if "/elsewhere/" in place]
    assert moved and not [headers for headers in moved if "Authorization" in headers]
    assert token not in done.text
    assert any(path in note for one in done.json()["findings"] for note in one["notes"])


def test_kaggles_credentials_stay_at_kaggle(ask, market):
    token = "Kaggle" * 6
    market.users = {f"Bearer {token}": "tester"}
    done = ask(market, "info", f"kaggle:{KAGGLE_TINY}", "--json", KAGGLE_API_TOKEN=token).expect(0)
    assert all("Authorization" in headers for headers in market.to("localhost"))
    stored = market.to("storage.invalid")
    assert stored and not [headers for headers in stored if "Authorization" in headers]
    assert token not in done.text and "Signature0123456789" not in done.text


def test_the_interface_is_not_left(ask, shelf):
    """A service that sends its asker to another host is not followed there."""
    handler = shelf._servers[0].RequestHandlerClass

    def send(self, *_):
        self.send_response(302)
        self.send_header("Location", f"{shelf.content_url}/api/models")
        self.send_header("Content-Length", "0")
        self.end_headers()

    handler.send_list = handler.send_api = send
    shelf.tokens = {"hf_known": set()}
    for words in (["search", "x"], ["info", f"hf:{TINY}"]):
        done = ask(shelf, *words, HF_TOKEN="hf_known")
        assert "leads to another host" in done.expect(2).stderr
    assert not [one for one in shelf.seen if one[0] == shelf.content_url.split("//")[1]]


def test_a_gated_repository_is_asked_once_and_shown_as_far_as_it_is_known(ask, shelf, tiny_model):
    shelf.state("tester/gated", directory=tiny_model, **fields(gated="manual", tags=["license:gemma"]))
    shelf.gated.add("tester/gated")
    shelf.tokens = {"hf_other": set()}
    for environment, sentence in [({}, "there is no token"), ({"HF_TOKEN": "hf_other"}, "has no access to it")]:
        shelf.requests.clear()
        done = ask(shelf, "info", "hf:tester/gated", **environment).expect(0)
        assert sentence in done.stderr and done.stderr.count("warning: ") == 1, done.stderr
        assert "HubRefusal" not in done.text
        assert "gemma" in done.stdout and "accept its terms at" in done.stdout
        assert len(shelf.requests) <= 1 + 8
        # What is in the files is not known, and is not made up.
        assert "missing" not in done.stdout, done.stdout
        found = ask(shelf, "info", "hf:tester/gated", "--json", **environment).expect(0).json()
        assert found["complete"] is None and found["gguf"] is None and found["accelerators"] == []


def test_a_competition_and_a_notebook_are_looked_into_in_the_cache_alone(ask, market):
    for source in ("kaggle-competition:titanic", "kaggle-notebook:a/b"):
        done = ask(market, "info", source).expect(2)
        assert "info asks Kaggle about models and data sets" in done.stderr
        assert ask(market, "info", source, "--offline").expect(2).stdout == ""


@pytest.mark.slow
def test_a_header_that_never_ends_takes_neither_time_nor_memory(ask, shelf, tmp_path):
    """Twenty files that each claim a header of 30 MB, which is not there to be read."""
    directory = tmp_path / "model"
    directory.mkdir()
    for number in range(20):
        with (directory / f"model-{number:05}-of-00020.safetensors").open("wb") as file:
            file.write(header_of(31_000_000))
            file.truncate(32_000_000)
    (directory / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}')
    shelf.state("tester/headers", directory=directory, **fields())
    shelf.sent = 0
    began = time.monotonic()
    found = ask(shelf, "info", "hf:tester/headers", "--json").expect(0).json()
    assert time.monotonic() - began < 60
    assert found["parameters"] is None and found["complete"] is False
    assert shelf.sent < 140_000_000


@pytest.mark.parametrize("place", ["hub", "kaggle"])
@pytest.mark.parametrize("answer", [b"", b"[", b"<html>", b"[" * 200_000, b'"' + b"x" * 10_000_000 + b'"', b"\xff\xfe"])
def test_what_is_no_document_is_told(ask, shelf, market, place, answer):
    server = shelf if place == "hub" else market
    for one in shelf._servers if place == "hub" else [market._server]:
        def send(self, *_):
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        one.RequestHandlerClass.route = one.RequestHandlerClass.do_POST = send
    for words in (["search", place, "x"], ["info", f"hf:{TINY}" if place == "hub" else f"kaggle:{KAGGLE_TINY}"]):
        done = harmless(ask(server, *words, "--retries", "0"))
        # Kaggle may answer with any document; one that has nothing in it has no results.
        assert done.code == (2 if place == "hub" or not answer.startswith(b'"') or words[0] == "info" else 0), done.text


def test_names_of_files_do_nothing_on_a_terminal(ask, shelf, tmp_path):
    """A name may have characters that control a terminal: those of C1, and those that turn the direction of writing."""
    directory = tmp_path / "model"
    directory.mkdir()
    for name in ("a\x9b31m\u202e.bin", "model.safetensors"):
        save_file({"w": numpy.zeros(4, dtype=numpy.float32)}, directory / name)
    (directory / "a\x9b31m\u202e.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + bytes(100))
    (directory / "b.bin").write_bytes(b"vocabulary")
    shelf.state("tester/names", directory=directory, **fields())
    for words in ([], ["--json"], ["--verbose"]):
        done = harmless(ask(shelf, "info", "hf:tester/names", *words)).expect(0)
    assert "without the rest" not in done.stdout
    found = ask(shelf, "info", "hf:tester/names", "--json").expect(0).json()
    assert "a\x9b31m\u202e.bin" in [file["path"] for file in found["files"]]


def test_a_line_end_in_a_licence_begins_no_line(ask, shelf, tmp_path):
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "README.md").write_text('---\nlicense: "x\\n  security    all files are scanned"\n---\n')
    shelf.state("tester/lines", directory=directory, **fields())
    shown = ask(shelf, "info", "hf:tester/lines").expect(0).stdout.splitlines()
    assert not [line for line in shown if line.startswith("  security    all")]


@pytest.mark.slow
def test_a_list_of_many_files_takes_seconds(ask, shelf, tmp_path):
    """Every other file is a pickle of weights that are there as safetensors, too, and each has an extension of its own."""
    directory = tmp_path / "model"
    directory.mkdir()
    for number in range(6000):
        (directory / f"w{number}.bin").write_bytes(bytes.fromhex("80028a0a6cfc9c46f9206aa850192e"))
        (directory / f"t{number}.x{number}").write_bytes(b"x")
    save_file({"w": numpy.zeros(4, dtype=numpy.float32)}, directory / "model.safetensors")
    began = time.monotonic()
    found = ask(None, "info", directory, "--json").expect(0).json()
    assert time.monotonic() - began < 60
    assert found["exclude"] == ["*.bin"] and len(found["files"]) == 12_001


def test_a_page_of_results_that_is_too_large_is_not_read(ask, shelf, market):
    """Small texts may become much in memory: here six million empty lists."""
    body = b"[" + b"[]," * 6_000_000 + b"[]]"

    def send(self, *_):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    shelf._servers[0].RequestHandlerClass.send_list = send
    market._server.RequestHandlerClass.on_ListModels = send
    for server, words in ((shelf, ["search", "x"]), (market, ["search", "kaggle", "x"])):
        assert "the answer has more than 16.8 MB" in ask(server, *words, "--retries", "0").expect(2).stderr


def test_a_sum_over_some_of_the_weights_is_not_shown_as_one_over_all(ask, shelf, market):
    """One of two shards cannot be looked into."""
    shelf.add_fault("status", status=404, path="model-00001-of-00002.safetensors", times=99)
    market.zipped.add("model-00001-of-00002.safetensors")
    for server, source, stated in ((shelf, f"hf:{TINY}", 2048), (market, f"kaggle:{KAGGLE_TINY}", None)):
        found = ask(server, "info", source, "--json", "--retries", "0").expect(0).json()
        assert any("1 file could not be looked into" in one["message"] for one in found["findings"])
        assert found["parameters"] == stated and found["weight_bytes"] == {}
        sizes = {use["format"]: (use["files"], use["needed"]) for use in found["formats"]}
        assert sizes["safetensors"] == (2, True)
        assert found["complete"] is True
