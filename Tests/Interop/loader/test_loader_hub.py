"""What the Hub's clients ask beyond the cache, answered from the lock. Needs huggingface_hub and kagglehub; what
needs datasets, pandas, transformers or sentence-transformers is left out by name where they are missing.

Every test runs the clients in a process of its own in which each connection fails at once. Other versions of the
clients are tried where KNAPSACK_TEST_PYTHONS names interpreters that have them, separated as in PATH.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from bundles import At, Bundle, Split, hub, kaggle, run, sha256

A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40
WHOLE = b"head" + bytes(range(256)) * 8000
PYTHONS = [sys.executable, *filter(None, os.environ.get("KNAPSACK_TEST_PYTHONS", "").split(os.pathsep))]


@pytest.fixture(params=PYTHONS, ids=lambda path: path.split(os.sep)[-3])
def python(request):
    return request.param


@pytest.fixture
def bundle(tmp_path):
    bundle = Bundle(tmp_path / "input" / "one")
    bundle.store(f"store/{sha256(b'head')}", b"head")
    bundle.add("base", "model", {"w.bin": WHOLE[4:], "sub/x.txt": b"x", "sub/more/y z.txt": b"y"}, hub("Org/Base", A))
    pieces = [(f"store/{sha256(b'head')}", 0, 4), ("models/base/w.bin", 0, len(WHOLE) - 4)]
    tuned = dict(
        hub("org/tuned", B, "refs/pr/1"),
        pipeline_tag="text-generation",
        library="transformers",
        base_models=["Org/Base"],
        base_model_relation="finetune",
        license={"id": "mit", "from": "model-card"},
    )
    bundle.add("tuned", "model", {"w.bin": Split(WHOLE, *pieces), "config.json": b"{}"}, tuned)
    bundle.add("legacy", "model", {"config.json": b"{}"}, hub("bert-base", C))
    rows = b"a,b\n1,2\n3,4\n"
    bundle.add(
        "data", "dataset", {"train.csv": rows, "README.md": b"---\n---\n"}, hub("org/data", D, repo_type="dataset")
    )
    bundle.add(
        "bare",
        "dataset",
        {"data/test.csv": At("datasets/data/train.csv", rows)},
        hub("org/bare", D, repo_type="dataset"),
    )
    bundle.add("space", "files", {"app.py": b"pass"}, hub("org/space", D, repo_type="space"))
    bundle.add("k", "model", {"w": b"1"}, kaggle("o/m/f/v/2"))
    return bundle.write()


START = """
import hashlib, json, os, sys, threading, time
import socket
opened = []
connect_really = socket.socket.connect
def connect(self, address):
    if self.family == socket.AF_UNIX:  # multiprocessing's forkserver
        return connect_really(self, address)
    opened.append(address)
    raise OSError("there is no network in this test")
socket.socket.connect = socket.socket.connect_ex = connect
socket.socket.bind = lambda *_: (_ for _ in ()).throw(AssertionError("a port was opened"))
import knapsack
knapsack.activate()
threads = threading.active_count()
began = time.monotonic()
def error_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Exception as error:
        return error
    raise AssertionError("it did not fail")
"""
END = """
assert time.monotonic() - began < 20, "something was tried again and again"
print("well")
"""


def ask(bundle, code, python=sys.executable, env=None, modules=()):
    """Runs the code after activate(); no port, and no retries."""
    for module in modules:
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
            pytest.skip(f"{python} has no {module}")
    end = END.replace("< 20", "< 200") if modules else END  # what takes long to import is not the question
    text = START + "\n".join(line[8:] for line in code.splitlines()) + end
    done = run(bundle, text, env=dict({"HF_HUB_DISABLE_PROGRESS_BARS": "1"}, **(env or {})), python=python, check=False)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "well", done.stderr
    return done


# HfApi


@pytest.mark.smoke
def test_what_the_lock_knows_of_repositories(bundle, python):
    code = f"""
        from huggingface_hub import HfApi
        api = HfApi()
        info = api.model_info("org/tuned")
        assert (info.sha, info.pipeline_tag, info.library_name) == ("{B}", "text-generation", "transformers")
        assert {{"license:mit", "base_model:Org/Base", "base_model:finetune:Org/Base"}} <= set(info.tags)
        assert [file.rfilename for file in info.siblings] == ["config.json", "w.bin"]
        assert api.model_info("org/tuned", revision="refs/pr/1").sha == api.repo_info("org/tuned", revision="{B}").sha
        sizes = {{file.rfilename: (file.size, file.lfs["sha256"]) for file in
                 api.model_info("org/tuned", files_metadata=True).siblings}}
        assert sizes["w.bin"] == ({len(WHOLE)}, "{sha256(WHOLE)}")
        assert api.model_info("bert-base").sha == "{C}"
        assert api.dataset_info("org/data").sha == api.space_info("org/space").sha == "{D}"
        assert sorted(api.list_repo_files("Org/Base")) == ["sub/more/y z.txt", "sub/x.txt", "w.bin"]
        assert api.list_repo_files("org/bare", repo_type="dataset") == ["data/test.csv"]
        assert api.file_exists("Org/Base", "sub/more/y z.txt") and not api.file_exists("Org/Base", "none")
        assert api.repo_exists("Org/Base") and api.revision_exists("org/tuned", "refs/pr/1")
        assert not api.revision_exists("org/tuned", "other")
        assert [ref.name for ref in api.list_repo_refs("Org/Base").branches] == ["main"]
        assert threading.active_count() == threads and not opened
    """
    ask(bundle, code, python)


@pytest.mark.smoke
def test_trees_and_paths(bundle, python):
    code = f"""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import EntryNotFoundError
        api = HfApi()
        def paths(*arguments, **options):
            return [item.path for item in api.list_repo_tree("Org/Base", *arguments, **options)]
        assert paths() == ["sub", "w.bin"]
        assert paths(recursive=True) == ["sub", "sub/more", "sub/more/y z.txt", "sub/x.txt", "w.bin"]
        assert paths("sub") == ["sub/more", "sub/x.txt"]
        assert paths("sub", recursive=True, expand=True) == ["sub/more", "sub/more/y z.txt", "sub/x.txt"]
        assert isinstance(error_of(paths, "none"), EntryNotFoundError)
        file, = [item for item in api.list_repo_tree("Org/Base") if item.path == "w.bin"]
        assert (file.size, file.lfs["sha256"]) == ({len(WHOLE) - 4}, "{sha256(WHOLE[4:])}")
        found = api.get_paths_info("Org/Base", ["sub/more/y z.txt", "sub", "none"], expand=True)
        assert [item.path for item in found] == ["sub/more/y z.txt", "sub"]
    """
    ask(bundle, code, python)


# Copies elsewhere


def test_local_dir_and_cache_dir(bundle, python, tmp_path):
    code = f"""
        from huggingface_hub import hf_hub_download, snapshot_download
        out = {str(tmp_path / "out")!r}
        def digest(path):
            assert not path.startswith(os.environ["HF_HUB_CACHE"])
            return hashlib.sha256(open(path, "rb").read()).hexdigest()
        for repository, whole in (("Org/Base", "{sha256(WHOLE[4:])}"), ("org/tuned", "{sha256(WHOLE)}")):
            at = f"{{out}}/{{repository}}"
            assert digest(hf_hub_download(repository, "w.bin", local_dir=at + "1")) == whole
            assert digest(hf_hub_download(repository, "w.bin", cache_dir=at + "2")) == whole
            assert digest(snapshot_download(repository, local_dir=at + "3") + "/w.bin") == whole
            assert digest(snapshot_download(repository, cache_dir=at + "4") + "/w.bin") == whole
            assert digest(snapshot_download(repository, cache_dir=at + "4") + "/w.bin") == whole
            assert snapshot_download(repository, cache_dir=at + "5", allow_patterns="*.txt")
            assert digest(snapshot_download(repository, cache_dir=at + "5") + "/w.bin") == whole
        assert os.path.isfile(out + "/Org/Base3/sub/more/y z.txt")
        assert sorted(os.listdir(snapshot_download("org/bare", repo_type="dataset", local_dir=out + "/d"))) == [".cache", "data"]
    """
    ask(bundle, code, python)


def test_a_copy_of_a_damaged_file_is_refused(bundle, python, tmp_path):
    (bundle.root / f"store/{sha256(b'head')}").write_bytes(b"HEAD")
    code = f"""
        from huggingface_hub import hf_hub_download
        out = {str(tmp_path / "out")!r}
        error = error_of(hf_hub_download, "org/tuned", "w.bin", local_dir=out)
        assert isinstance(error, knapsack.KnapsackError) and "expected sha256" in str(error), error
        assert not os.path.exists(out + "/w.bin")
    """
    code = code.replace("        from", "        knapsack.activate(names=[])\n        from", 1)
    text = START.replace("knapsack.activate()", "knapsack.activate(names=[])")
    done = run(bundle, text + "\n".join(line[8:] for line in code.splitlines()) + END, python=python, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_in_the_view_is_given_as_it_is(bundle, python):
    """As before: no file of it is looked at, nothing is written; also with force_download, of which the bundle has
    what a download would give.
    """
    code = f"""
        from huggingface_hub import hf_hub_download, snapshot_download
        cache = os.environ["HF_HUB_CACHE"]
        def tree():
            return sorted(os.path.join(at, name) for at, folders, files in os.walk(cache) for name in folders + files)
        before = tree()
        at = f"{{cache}}/models--Org--Base/snapshots/{A}"
        assert snapshot_download("Org/Base") == snapshot_download("Org/Base", force_download=True) == at
        assert hf_hub_download("Org/Base", "w.bin") == hf_hub_download("Org/Base", "w.bin", force_download=True)
        error_of(hf_hub_download, "Org/Base", "none")
        assert tree() == before
    """
    ask(bundle, code, python)


def test_a_file_in_pieces_is_put_together_when_it_is_asked_for(bundle, python):
    text = START.replace("knapsack.activate()", "knapsack.activate(names=[])")
    code = f"""
from huggingface_hub import hf_hub_download
path = hf_hub_download("org/tuned", "w.bin")
assert path.startswith(os.environ["HF_HUB_CACHE"])
assert hashlib.sha256(open(path, "rb").read()).hexdigest() == "{sha256(WHOLE)}"
"""
    assert run(bundle, text + code + END, python=python).stdout == "well\n"


# What no bundle has


def test_what_no_bundle_has_is_refused_with_one_line(bundle, python, tmp_path):
    code = f"""
        from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled, RevisionNotFoundError
        out = {str(tmp_path / "out")!r}
        line = "the model org/other is in no attached bundle; their models: Org/Base, bert-base, org/tuned"
        for call in (
            lambda: hf_hub_download("org/other", "x"),
            lambda: hf_hub_download("org/other", "x", local_dir=out + "1"),
            lambda: hf_hub_download("org/other", "x", cache_dir=out + "2"),
            lambda: hf_hub_download("org/other", "x", local_files_only=True),
            lambda: snapshot_download("org/other"),
            lambda: snapshot_download("org/other", local_dir=out + "3"),
            lambda: snapshot_download("org/other", cache_dir=out + "4"),
        ):
            error = error_of(call)
            assert isinstance(error, LocalEntryNotFoundError) and str(error) == line, repr(error)
        for call in (
            lambda: HfApi().model_info("org/other"),
            lambda: HfApi().list_repo_files("org/other"),
            lambda: HfFileSystem().ls("org/other"),
        ):
            error = error_of(call)
            assert isinstance(error, OfflineModeIsEnabled) and str(error) == line, repr(error)
        other = error_of(HfApi().dataset_info, "Org/Base")
        assert str(other) == (
            "the dataset Org/Base is in no attached bundle; as a model it is there; their datasets: org/bare, org/data"
        ), other
        error = error_of(HfApi().model_info, "Org/Base", revision="v9")
        assert isinstance(error, RevisionNotFoundError) and "they have: {A}, main" in str(error), error
        error = error_of(snapshot_download, "Org/Base", revision="v9")
        assert "they have: {A}, main" in str(error), error
        error = error_of(hf_hub_download, "Org/Base", "none.bin")
        assert isinstance(error, LocalEntryNotFoundError) and str(error) == "Org/Base: 'none.bin' of main is in no attached bundle"
    """
    ask(bundle, code, python)


def test_a_revision_that_no_bundle_has_is_refused_with_one_line(bundle, python, tmp_path):
    """Whatever asks for it, and wherever it would be put; "check your internet connection" is not the reason."""
    code = f"""
        from huggingface_hub import HfApi, hf_hub_download, snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError, RevisionNotFoundError
        out = {str(tmp_path / "out")!r}
        for revision in ("v9", "{D}", "refs/pr/2"):
            line = f"org/tuned: revision {{revision!r}} is in no attached bundle; they have: {B}, main, refs/pr/1"
            for call in (
                lambda **how: hf_hub_download("org/tuned", "config.json", revision=revision, **how),
                lambda **how: hf_hub_download("org/tuned", "none", revision=revision, **how),
                lambda **how: snapshot_download("org/tuned", revision=revision, **how),
                lambda **how: snapshot_download("org/tuned", revision=revision, allow_patterns="*.json", **how),
            ):
                for how in ({{}}, {{"local_dir": out + "1"}}, {{"cache_dir": out + "2"}}, {{"local_files_only": True}}):
                    error = error_of(call, **how)
                    assert isinstance(error, LocalEntryNotFoundError) and str(error) == line, (how, repr(error))
            error = error_of(HfApi().list_repo_files, "org/tuned", revision=revision)
            assert isinstance(error, RevisionNotFoundError) and line in str(error), error
        error = error_of(hf_hub_download, "org/data", "train.csv", repo_type="dataset", revision="v9")
        assert str(error) == "org/data: revision 'v9' is in no attached bundle; they have: {D}, main", error
        assert not opened
    """
    ask(bundle, code, python)


def test_transformers_hands_on_which_revisions_there_are(bundle, python, tmp_path):
    code = f"""
        import contextlib, io
        from transformers import AutoConfig, AutoTokenizer
        line = "org/tuned: revision 'v9' is in no attached bundle; they have: {B}, main, refs/pr/1"
        said = io.StringIO()
        for call in (AutoConfig.from_pretrained, AutoTokenizer.from_pretrained):
            for how in ({{}}, {{"cache_dir": {str(tmp_path / "out")!r}}}):
                with contextlib.redirect_stderr(said):
                    error = error_of(call, "org/tuned", revision="v9", **how)
                # transformers 4 states a reason of its own, with the line before it and beside it.
                assert line in str(error) or line in said.getvalue() and str(error.__cause__) == line, error
    """
    ask(bundle, code, python, modules=["transformers"])


def test_datasets_hands_on_which_revisions_there_are(bundle, python):
    code = f"""
        import datasets
        error = error_of(datasets.load_dataset, "org/data", revision="v9")
        assert "org/data: revision 'v9' is in no attached bundle; they have: {D}, main" in str(error), error
    """
    ask(bundle, code, python, modules=["datasets"])


def test_nothing_leaves_the_machine(bundle, python):
    """Calls that only the Hub could answer, other hosts, and other services, with a proxy set and without."""
    code = """
        from huggingface_hub import HfApi
        from huggingface_hub.errors import OfflineModeIsEnabled
        from huggingface_hub.utils import get_session
        api = HfApi(token="hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        for call in (
            lambda: list(api.list_models(search="x")),
            lambda: api.create_repo("a/b"),
            lambda: api.delete_repo("Org/Base"),
            lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="Org/Base"),
            lambda: api.list_repo_commits("Org/Base"),
            lambda: api.whoami(),
            lambda: HfApi(endpoint="https://mirror.example").model_info("Org/Base"),
            lambda: get_session().get("https://example.org/x"),
            lambda: get_session().get("https://huggingface.co.example.org/api/models/Org/Base"),
            lambda: get_session().get("http://127.0.0.1:9/api/models/Org/Base"),
            lambda: get_session().put("https://huggingface.co/api/models/Org/Base"),
        ):
            error = error_of(call)
            assert isinstance(error, OfflineModeIsEnabled), repr(error)
            assert "cannot be answered without internet" in str(error) and "\\n" not in str(error), error
        assert not opened
    """
    ask(bundle, code, python)
    ask(bundle, code, python, env={"HTTPS_PROXY": None, "HTTP_PROXY": None, "https_proxy": None, "http_proxy": None})


def test_another_endpoint_is_answered_too(bundle, python):
    code = f"""
        from huggingface_hub import HfApi, hf_hub_download
        assert HfApi().model_info("Org/Base").sha == "{A}"
        assert HfApi(endpoint="https://huggingface.co").model_info("Org/Base").sha == "{A}"
    """
    ask(bundle, code, python, env={"HF_ENDPOINT": "https://mirror.example/hub"})


def test_odd_requests_get_an_answer_that_is_one(bundle, python):
    code = f"""
        from huggingface_hub.utils import get_session
        hub = "https://huggingface.co"
        def get(path, method="GET", **headers):
            return get_session().request(method, hub + path, headers=headers)
        at = "/Org/Base/resolve/main/w.bin"
        whole = {len(WHOLE) - 4}
        answer = get(at, "HEAD")
        assert answer.headers["x-repo-commit"] == "{A}" and answer.headers["content-length"] == str(whole)
        assert answer.headers["etag"] == '"{sha256(WHOLE[4:])}"' and answer.content == b""
        for asked, status, first, last in (
            ("bytes=0-0", 206, 0, 0), ("bytes=5-9", 206, 5, 9), ("bytes=-3", 206, whole - 3, whole - 1),
            (f"bytes={{whole - 2}}-", 206, whole - 2, whole - 1), (f"bytes=7-{{whole * 9}}", 206, 7, whole - 1),
            ("bytes=" + "9" * 400 + "-", 416, 0, 0), (f"bytes={{whole}}-", 416, 0, 0), ("bytes=5-2", 416, 0, 0),
            ("bytes=-0", 416, 0, 0), ("bytes=-", 200, 0, whole - 1), ("bytes=0-1,3-4", 200, 0, whole - 1),
            ("lines=1-2", 200, 0, whole - 1),
        ):
            answer = get(at, Range=asked)
            assert answer.status_code == status, (asked, answer.status_code)
            if status == 416:
                assert answer.headers["content-range"] == f"bytes */{{whole}}"
                continue
            assert answer.content == (bytes(range(256)) * 8000)[first : last + 1], asked
            if status == 206:
                assert answer.headers["content-range"] == f"bytes {{first}}-{{last}}/{{whole}}"
        assert get("/Org/Base/resolve/main/sub/more/y%20z.txt").content == b"y"
        assert get("/org/tuned/resolve/refs%2Fpr%2F1/config.json").content == b"{{}}"
        assert get("/org/tuned/resolve/refs/pr/1/config.json").content == b"{{}}"
        assert get("/datasets/org/data/resolve/main/train.csv").content.startswith(b"a,b")
        assert get("/bert-base/resolve/main/config.json").content == b"{{}}"
        for path in ("/Org/Base/resolve/main/%2e%2e/w.bin", "/Org/Base/resolve/main/",
                     "/Org/Base/resolve/main//w.bin%00", "/api/models/Org/Base/tree/main/%2e%2e/x", "/Org/Base/resolve/main/sub"):
            assert get(path).status_code == 404, path
        for path in ("/", "/api", "/api/models", "/api/models/", "/Org/Base", "/Org/Base/blob/main/w.bin", "/api/x/Org/Base"):
            error = error_of(get, path)
            assert isinstance(error, knapsack.KnapsackError), (path, error)
    """
    ask(bundle, code, python)


# File systems and tables


def test_hub_paths(bundle, python):
    code = f"""
        from huggingface_hub import HfFileSystem
        files = HfFileSystem()
        assert sorted(files.ls("Org/Base", detail=False)) == ["Org/Base/sub", "Org/Base/w.bin"]
        assert files.glob("datasets/org/data/*.csv") == ["datasets/org/data/train.csv"]
        assert files.read_text("datasets/org/data/train.csv") == "a,b\\n1,2\\n3,4\\n"
        assert hashlib.sha256(files.read_bytes("org/tuned/w.bin")).hexdigest() == "{sha256(WHOLE)}"
        assert files.cat_file("Org/Base/w.bin", start=300, end=304) == bytes([44, 45, 46, 47])
        assert files.info("org/tuned@{B}/w.bin")["size"] == {len(WHOLE)}
        assert not files.exists("Org/Base/none")
        with files.open("Org/Base/w.bin", block_size=1000) as file:
            file.seek(256 * 100 + 7)
            assert file.read(3) == bytes([7, 8, 9])
    """
    ask(bundle, code, python)


def test_pandas(bundle, python):
    code = """
        import pandas
        assert pandas.read_csv("hf://datasets/org/data/train.csv").to_dict("list") == {"a": [1, 3], "b": [2, 4]}
        error = error_of(pandas.read_csv, "hf://datasets/org/other/train.csv")
        assert str(error) == "the dataset org/other is in no attached bundle; their datasets: org/bare, org/data", error
    """
    ask(bundle, code, python, modules=["pandas"])


def test_datasets(bundle, python):
    code = """
        import datasets
        rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
        assert list(datasets.load_dataset("org/data")["train"]) == rows
        assert list(datasets.load_dataset("org/bare", split="test")) == rows  # it has no card
        assert list(datasets.load_dataset("org/data", split="train", streaming=True)) == rows
        assert list(datasets.load_dataset("org/data", data_files="train.csv")["train"]) == rows
        assert list(datasets.load_dataset("csv", data_files="hf://datasets/org/data/train.csv")["train"]) == rows
        assert list(datasets.load_dataset(knapsack.path("bare"), split="test")) == rows
        assert datasets.get_dataset_split_names("org/data") == ["train"]
        line = "the dataset org/other is in no attached bundle; their datasets: org/bare, org/data"
        error = error_of(datasets.load_dataset, "org/other")
        assert isinstance(error, ConnectionError) and line in str(error), error
    """
    ask(bundle, code, python, modules=["datasets"])


# transformers


def tokenizer_of(count):
    """A tokenizer of words with this many entries."""
    words = {f"word{number}": number for number in range(count - 1)}
    words["[UNK]"] = count - 1
    model = {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"}
    parts = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None}
    parts.update(pre_tokenizer={"type": "Whitespace"}, post_processor=None, decoder=None, model=model)
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    return {"tokenizer.json": json.dumps(parts).encode(), "tokenizer_config.json": json.dumps(config).encode()}


@pytest.mark.slow
def test_a_tokenizer_with_a_large_vocabulary(tmp_path, python):
    """transformers 4.57 asks the Hub what such a model was made from."""
    config = {"model_type": "llama", "vocab_size": 100_001, "architectures": ["LlamaForCausalLM"]}
    files = dict(tokenizer_of(100_001), **{"config.json": json.dumps(config).encode()})
    bundle = Bundle(tmp_path / "input" / "one").add("large", "model", files, hub("org/large", A)).write()
    code = """
        from transformers import AutoTokenizer
        assert AutoTokenizer.from_pretrained("org/large")("word7 word9 other")["input_ids"] == [7, 9, 100000]
        out = os.path.join(os.environ["KNAPSACK_SCRATCH"], "cache")
        assert AutoTokenizer.from_pretrained("org/large", cache_dir=out)("word7")["input_ids"] == [7]
        assert os.listdir(out)
        error = error_of(AutoTokenizer.from_pretrained, "org/other")
        lines = str(error) + str(error.__cause__)
        assert "the model org/other is in no attached bundle; their models: org/large" in lines, lines
    """
    ask(bundle, code, python, modules=["transformers"])


# Processes that are started later


CHILD = """
import sys
from huggingface_hub import HfApi, hf_hub_download
import kagglehub
assert HfApi().model_info("Org/Base").sha == "{A}"
try:
    HfApi().model_info("org/other")
except Exception as error:
    assert "is in no attached bundle; their models: Org/Base" in str(error), error
else:
    raise AssertionError
assert kagglehub.model_download("o/m/f/v").endswith("/models/o/m/f/v/2")
assert "knapsack" not in sys.modules
print("child well")
""".replace("{A}", A)


@pytest.mark.parametrize("way", ["subprocess", "spawn", "forkserver", "fork", "shell"])
def test_processes_that_are_started_later_find_it(bundle, tmp_path, python, way):
    (tmp_path / "child_module.py").write_text(f"def work():\n    exec({CHILD!r}, {{}})\n")
    code = f"""
        sys.path.append({str(tmp_path)!r})
        way = {way!r}
        if way == "subprocess":
            import subprocess
            subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
        elif way == "shell":
            open("child.py", "w").write({CHILD!r})
            assert os.system(f"{{sys.executable}} child.py") == 0
        else:
            import multiprocessing, child_module
            context = multiprocessing.get_context(way)
            if way == "forkserver":
                context.set_forkserver_preload([])
            process = context.Process(target=child_module.work)
            process.start()
            process.join(60)
            assert process.exitcode == 0, process.exitcode
    """
    if way == "fork":
        code = code.replace(
            "        sys.path",
            "        from huggingface_hub import HfApi\n        HfApi().model_info('Org/Base')\n        sys.path",
            1,
        )
        code = code.replace("child_module.work", "child_module.forked")
        child = CHILD.replace('assert "knapsack" not in sys.modules\n', "")
        (tmp_path / "child_module.py").write_text(f"def forked():\n    exec({child!r}, {{}})\n")
    text = START.replace(
        'socket.socket.bind = lambda *_: (_ for _ in ()).throw(AssertionError("a port was opened"))', ""
    )
    text += "\n".join(line[8:] for line in code.splitlines()) + END
    # multiprocessing's own server speaks through a socket of the file system.
    done = run(bundle, text, python=python, check=False, sandbox=way != "forkserver")
    assert done.returncode == 0 and "child well" in done.stdout, done.stderr


def test_a_child_goes_on_with_the_machines_own_start(bundle, tmp_path):
    """Where the notebook's image has a sitecustomize of its own, it runs as before."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "sitecustomize.py").write_text("import builtins\nbuiltins.started = __file__\n")
    code = """
        import subprocess
        child = "import sys; print(started); assert not any('knapsack' in name for name in sys.modules)"
        print(subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True).stdout)
    """
    path = os.pathsep.join([str(bundle.root), str(tmp_path / "own")])
    done = run(
        bundle, START + "\n".join(line[8:] for line in code.splitlines()), env={"PYTHONPATH": path}, sandbox=False
    )
    assert f"{tmp_path}/own/sitecustomize.py" in done.stdout


def test_a_child_writes_nothing_into_the_bundle(bundle):
    code = """
        import subprocess
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        child = "from huggingface_hub import HfApi; HfApi().model_info('Org/Base')"
        subprocess.run([sys.executable, "-c", child], check=True, env=env)
        root = os.path.dirname(knapsack.__file__)
        assert "__pycache__" not in os.listdir(root)
    """
    ask(bundle, code)


def test_bundles_that_are_gone_do_not_hinder_a_child(bundle):
    code = """
        import shutil, subprocess
        shutil.rmtree(os.path.dirname(knapsack.__file__))
        child = "import huggingface_hub.utils, kagglehub; print('child well')"
        subprocess.run([sys.executable, "-c", child], check=True)
    """
    ask(bundle, code)


# Online, and back


def test_online_nothing_is_answered(bundle, python):
    code = """
        from huggingface_hub import HfApi
        assert HfApi().model_info("Org/Base").sha
        knapsack.activate(offline=False)
        os.environ.pop("HF_HUB_OFFLINE")
        from huggingface_hub import constants
        constants.HF_HUB_OFFLINE = False
        if hasattr(constants, "_is_offline_mode"):
            constants._is_offline_mode = False
        error = error_of(HfApi().model_info, "Org/Base")
        assert not isinstance(error, knapsack.KnapsackError), error
        knapsack.activate()
        assert HfApi().model_info("Org/Base").sha
    """
    ask(bundle, code, python)


# kagglehub


def test_handles_that_no_bundle_has(bundle):
    code = """
        import kagglehub
        error = error_of(kagglehub.model_download, "o/m/f/other")
        assert str(error) == "o/m/f/other is in no attached bundle; their models of Kaggle: o/m/f/v/2", error
        error = error_of(kagglehub.model_download, "o/m/f/v/1")
        assert str(error) == "o/m/f/v/1 is in no attached bundle; their models of Kaggle: o/m/f/v/2", error
        error = error_of(kagglehub.dataset_download, "o/d")
        assert str(error) == "o/d is in no attached bundle; their datasets of Kaggle: none", error
        for handle in ("o/m/f/v/1", "o/m/f/other"):
            error = error_of(kagglehub.model_download, handle, output_dir="out")
            assert str(error) == f"{handle} is in no attached bundle; their models of Kaggle: o/m/f/v/2", error
        assert not os.path.exists("out")
        assert not [address for address in opened if address[1] != 9], opened
    """
    ask(bundle, code)
    notebook = {"KAGGLE_KERNEL_RUN_TYPE": "Interactive", "KAGGLE_DATA_PROXY_URL": "http://127.0.0.1:9"}
    notebook.update(KAGGLE_DATA_PROXY_TOKEN="token", KAGGLE_USER_SECRETS_TOKEN="token")
    ask(bundle, code, env=notebook)  # Kaggle's own proxy is asked, and cannot be reached


def test_the_versions_of_what_is_asked_for_come_first(tmp_path):
    """A bundle may have more handles than a line lists."""
    bundle = Bundle(tmp_path / "input" / "one")
    for number in range(40):
        bundle.add(f"k{number}", "model", {"w": b"1"}, kaggle(f"a/m{number}/transformers/v/1"))
    bundle.add("last", "model", {"w": b"1"}, kaggle("z/m/transformers/v/3"))
    bundle.add("data", "dataset", {"w": b"1"}, kaggle("z/d/versions/3", "dataset"))
    code = """
        import kagglehub
        error = error_of(kagglehub.model_download, "z/m/transformers/v/2")
        assert "their models of Kaggle: z/m/transformers/v/3, a/m0/" in str(error), error
        assert str(error).endswith(" and 11 more"), error
        error = error_of(kagglehub.dataset_download, "z/d/versions/2")
        assert str(error) == "z/d/versions/2 is in no attached bundle; their datasets of Kaggle: z/d/versions/3", error
    """
    ask(bundle.write(), code)


def test_what_was_downloaded_to_a_directory_before_is_still_found(bundle, tmp_path):
    """kagglehub needs nobody to ask, where its own mark states that all is there."""
    code = f"""
        import kagglehub
        from kagglehub.cache import Cache
        from kagglehub.handle import parse_dataset_handle
        out = {str(tmp_path / "out")!r}
        os.makedirs(out)
        open(out + "/x.csv", "w").close()
        Cache(override_dir=out).mark_as_complete(parse_dataset_handle("z/other/versions/1"))
        assert kagglehub.dataset_download("z/other/versions/1", output_dir=out) == out
        assert not opened
    """
    ask(bundle, code)
