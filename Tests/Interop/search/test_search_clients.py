"""The stand-ins answer the real clients, and the program finds what these find."""

import json

import genuine
import pytest
from searching import TINY

LIST = """
import json
from huggingface_hub import HfApi
api = HfApi()
def names(found): return [one.id for one in found]
out = {
    "words": names(api.list_models(search="qwen", limit=5)),
    "author": names(api.list_models(author="other", search="qwen-1")),
    "filters": names(api.list_models(filter=["pytorch", "license:mit", "de"])),
    "params": names(api.list_models(num_parameters="min:2B,max:4B", sort="likes")),
    "gated": names(api.list_models(gated=True, pipeline_tag="text-generation", sort="downloads", limit=4)),
    "updated": names(api.list_models(search="qwen-", sort="last_modified", limit=3)),
    "datasets": names(api.list_datasets(filter="license:cc-by-4.0", task_categories="text-generation", language="en")),
    "spaces": names(api.list_spaces(datasets="tester/words")),
}
info = api.model_info("%s", files_metadata=True, securityStatus=True)
out["info"] = [info.sha, info.downloads, info.likes, info.safetensors.total, info.security_repo_status, [(s.rfilename, s.size) for s in info.siblings]]
print(json.dumps(out))
"""
QUERIES = {
    "words": ["qwen", "--limit", "5"],
    "author": ["qwen-1", "--author", "other"],
    "filters": ["--framework", "pytorch", "--license", "mit", "--language", "de"],
    "params": ["--params", "2B..4B", "--sort", "likes"],
    "gated": ["--gated", "--task", "text-generation", "--sort", "downloads", "--limit", "4"],
    "updated": ["qwen-", "--sort", "updated", "--limit", "3"],
    "datasets": ["--type", "dataset", "--license", "cc-by-4.0", "--task", "text-generation", "--language", "en"],
    "spaces": ["--type", "space", "--dataset", "tester/words"],
}


@pytest.mark.oracle
def test_the_hubs_client_finds_the_same_as_the_program(ask, shelf, tmp_path):
    shelf.results = 4  # pages
    variables = {**shelf.client_environment(), "HF_HOME": str(tmp_path / "home")}
    wanted = json.loads(genuine.run_python(LIST % TINY, variables, tmp_path / "home").strip().splitlines()[-1])
    for name, words in QUERIES.items():
        found = ask(shelf, "search", *words, "--json").expect(0).json()["results"]
        assert wanted[name] and [one["name"] for one in found] == wanted[name][:20], name
    sha, downloads, likes, total, security, files = wanted["info"]
    about = ask(shelf, "info", f"hf:{TINY}", "--json").expect(0).json()
    assert [about["revision"], about["downloads"], about["likes"], about["parameters"]] == [sha, downloads, likes, total]
    assert about["security"] == {"done": True, "issues": security["filesWithIssues"]}
    assert [[file["path"], file["size"]] for file in about["files"]] == files


KAGGLE_LIST = """
import json
from kaggle.api.kaggle_api_extended import KaggleApi
api = KaggleApi()
api.authenticate()
def handles(models):
    return [f"{m.ref}/{i.framework.name.removeprefix('MODEL_FRAMEWORK_')}/{i.slug}" for m in models for i in m.instances]
out = {
    "models": handles(api.model_list(search="gemma", sort_by="voteCount", page_size=3)),
    "owner": handles(api.model_list(owner="tester")),
    "datasets": [[d.ref, d.total_bytes, d.download_count, d.vote_count, d.license_name] for d in api.dataset_list(search="table", sort_by="votes")],
    "files": [f.name for f in api.model_instance_files("tester/tiny/transformers/base", page_size=50).files],
}
print(json.dumps(out))
"""


@pytest.mark.oracle
def test_kaggles_client_finds_the_same_as_the_program(ask, market, tmp_path):
    variables = {**market.client_environment(), "KAGGLE_CONFIG_DIR": str(tmp_path), "HOME": str(tmp_path)}
    market.page_size = 50
    output = genuine.run_python(KAGGLE_LIST, variables, tmp_path / "home")
    wanted = json.loads(output.strip().splitlines()[-1])
    def plain(handle: str) -> str:
        return handle.lower().replace("_", "")

    market.page_size = 3
    found = ask(market, "search", "kaggle", "gemma", "--sort", "votes", "--limit", "3", "--json").expect(0).json()["results"]
    assert [plain(one["name"]) for one in found] == [plain(handle) for handle in wanted["models"]]
    found = ask(market, "search", "kaggle", "--author", "tester", "--json").expect(0).json()["results"]
    assert [plain(one["name"]) for one in found] == [plain(handle) for handle in wanted["owner"]]
    found = ask(market, "search", "kaggle", "table", "--type", "dataset", "--json").expect(0).json()["results"]
    assert [[one[key] for key in ("name", "size", "downloads", "likes", "license")] for one in found] == wanted["datasets"]
    about = ask(market, "info", "kaggle:tester/tiny/transformers/base", "--json").expect(0).json()
    # The client rounds the sizes.
    assert [file["path"] for file in about["files"]] == wanted["files"]


def test_the_stand_in_refuses_what_the_hub_does_not_know(ask, shelf):
    import urllib.error
    import urllib.request

    for query in ("models?colour=red", "models?expand=usedStorage&expand=nothing", "spaces?sort=size"):
        with pytest.raises(urllib.error.HTTPError) as failure:
            urllib.request.urlopen(f"{shelf.url}/api/{query}")
        assert failure.value.code == 400
    # Nothing that the program asks for is refused, for all kinds and filters.
    for words in QUERIES.values():
        ask(shelf, "search", *words).expect(0)
    asked = {name for _, query in shelf.queries for name in query}
    assert {"search", "author", "filter", "num_parameters", "gated", "pipeline_tag", "sort", "limit", "expand"} <= asked
