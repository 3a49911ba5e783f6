"""Unmodified huggingface_hub and kagglehub on the loader's views, offline. Needs both, and pytest.

Every test runs the clients in a process of its own in which each connection fails at once.
"""

from __future__ import annotations

import os

import pytest
from bundles import CLOSED, At, Bundle, Split, hub, kaggle, run, sha256

A, B, C = "a" * 40, "b" * 40, "c" * 40

# What kagglehub takes for a Kaggle notebook: there it asks Kaggle's own proxy before anything else.
NOTEBOOK = {
    "KAGGLE_KERNEL_RUN_TYPE": "Interactive",
    "KAGGLE_DATA_PROXY_URL": CLOSED,
    "KAGGLE_DATA_PROXY_TOKEN": "token",
    "KAGGLE_USER_SECRETS_TOKEN": "token",
    "KAGGLE_API_V1_TOKEN": "/nowhere",
}


@pytest.fixture(params=["plain", "notebook"])
def environment(request):
    return NOTEBOOK if request.param == "notebook" else {}


@pytest.fixture(params=["before", "after"])
def imports(request):
    """activate() before the clients are imported, and after."""
    # huggingface_hub imports its parts when they are first used: only these lines fix its constants.
    clients = "import kagglehub\nfrom huggingface_hub import HfApi, hf_hub_download, scan_cache_dir\n"
    activation = "import os, knapsack\nknapsack.activate()\n"
    return activation + clients if request.param == "before" else clients + activation


@pytest.fixture
def bundle(tmp_path):
    """Two models with a common file, one of them in pieces, a dataset, a space, and Kaggle's."""
    bundle = Bundle(tmp_path / "input" / "datasets" / "my-team" / "my-models")
    weights, head = bytes(range(256)) * 64, b"head"
    bundle.store(f"store/{sha256(head)}", head)
    pieces = [(f"store/{sha256(head)}", 0, 4), ("models/base/model.bin", 256, 4096)]
    tuned = Split(head + weights[256:4352], *pieces)
    bundle.add(
        "base",
        "model",
        {"config.json": b"{}", "model.bin": weights, "sub/dir/x.txt": b"x"},
        hub("Org/Base", A),
    )
    bundle.add(
        "tuned",
        "model",
        {"config.json": At("models/base/config.json", b"{}"), "model.bin": tuned},
        hub("org/tuned", B, "refs/pr/1"),
    )
    bundle.add("legacy", "model", {"config.json": b"{ }"}, hub("bert-base", C, C))
    bundle.add("data", "dataset", {"train.csv": b"1,2"}, hub("org/data", C, "v1.0", "dataset"))
    bundle.add("space", "files", {"app.py": b"pass"}, hub("org/space", C, "main", "space"))
    bundle.add("old", "model", {"w.bin": b"old"}, kaggle("google/gemma/transformers/2b/9"))
    bundle.add(
        "new", "model", {"w.bin": b"newer", "sub/x.txt": b"x"}, kaggle("google/gemma/transformers/2b/10")
    )
    bundle.add("split", "model", {"w.bin": tuned}, kaggle("owner/split/pyTorch/1b/1"))
    bundle.add(
        "csv", "dataset", {"train.csv": b"1,2", "sub/t.csv": b"3"}, kaggle("owner/slug/versions/3", "dataset")
    )
    return bundle.write()


def client(bundle, imports, code, environment=None):
    return run(bundle, imports + "\n" + "\n".join(line[8:] for line in code.splitlines()), env=environment)


# huggingface_hub


@pytest.mark.smoke
def test_hf_hub_download(bundle, imports, environment):
    code = f"""
        from huggingface_hub import hf_hub_download
        cache = os.environ["HF_HUB_CACHE"]
        at = f"{{cache}}/models--Org--Base/snapshots/{A}/"
        assert hf_hub_download("Org/Base", "config.json") == at + "config.json"
        assert hf_hub_download("Org/Base", "sub/dir/x.txt", revision="main") == at + "sub/dir/x.txt"
        assert hf_hub_download("Org/Base", "x.txt", subfolder="sub/dir", revision="{A}") == at + "sub/dir/x.txt"
        for revision in (None, "refs/pr/1", "{B}"):
            file = hf_hub_download("org/tuned", "model.bin", revision=revision)
            assert open(file, "rb").read() == b"head" + bytes(range(256)) * 16
        assert open(hf_hub_download("bert-base", "config.json")).read() == "{{ }}"
        assert open(hf_hub_download("org/data", "train.csv", repo_type="dataset")).read() == "1,2"
        assert open(hf_hub_download("org/data", "train.csv", repo_type="dataset", revision="v1.0")).read() == "1,2"
        assert open(hf_hub_download("org/space", "app.py", repo_type="space")).read() == "pass"
    """
    client(bundle, imports, code, environment)


@pytest.mark.smoke
def test_what_the_bundle_lacks_is_an_error_at_once(bundle, imports):
    code = """
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import LocalEntryNotFoundError
        for repo, file in (("Org/Base", "missing.bin"), ("org/other", "config.json")):
            try:
                hf_hub_download(repo, file)
            except LocalEntryNotFoundError:
                continue
            raise AssertionError(repo)
    """
    client(bundle, imports, code)


def test_snapshot_download(bundle, imports, environment):
    code = f"""
        from huggingface_hub import snapshot_download
        found = snapshot_download("Org/Base")
        assert found == os.path.join(os.environ["HF_HUB_CACHE"], "models--Org--Base/snapshots/{A}")
        assert sorted(os.listdir(found)) == ["config.json", "model.bin", "sub"]
        assert snapshot_download("Org/Base", allow_patterns=["*.json"]) == found
        assert os.listdir(snapshot_download("org/data", repo_type="dataset")) == ["train.csv"]
    """
    client(bundle, imports, code, environment)


def test_try_to_load_from_cache(bundle, imports):
    code = f"""
        from huggingface_hub import try_to_load_from_cache
        found = try_to_load_from_cache("Org/Base", "config.json")
        assert found == os.path.join(os.environ["HF_HUB_CACHE"], "models--Org--Base/snapshots/{A}/config.json")
        assert try_to_load_from_cache("org/tuned", "config.json", revision="refs/pr/1")
        assert try_to_load_from_cache("Org/Base", "missing.json") is None
        assert try_to_load_from_cache("org/other", "config.json") is None
    """
    client(bundle, imports, code)


def test_scan_cache_dir_has_no_warnings(bundle, imports):
    code = f"""
        from huggingface_hub import scan_cache_dir
        found = scan_cache_dir()
        assert not found.warnings, found.warnings
        revisions = {{(repo.repo_type, repo.repo_id, revision.commit_hash, tuple(sorted(revision.refs)))
                     for repo in found.repos for revision in repo.revisions}}
        assert revisions == {{
            ("model", "Org/Base", "{A}", ("main",)),
            ("model", "org/tuned", "{B}", ("main", "refs/pr/1")),
            ("model", "bert-base", "{C}", ("main",)),
            ("dataset", "org/data", "{C}", ("main", "v1.0")),
            ("space", "org/space", "{C}", ("main",)),
        }}, revisions
        base = next(repo for repo in found.repos if repo.repo_id == "Org/Base")
        assert (base.nb_files, base.size_on_disk) == (3, 16387)
    """
    client(bundle, imports, code)


# kagglehub


def test_model_download(bundle, imports, environment):
    code = """
        at = os.path.join(os.environ["KAGGLEHUB_CACHE"], "models/google/gemma/transformers/2b")
        assert kagglehub.model_download("google/gemma/transformers/2b/9") == f"{at}/9"
        assert kagglehub.model_download("google/gemma/transformers/2b/10") == f"{at}/10"
        assert kagglehub.model_download("google/gemma/transformers/2b") == f"{at}/10"
        assert kagglehub.model_download("google/gemma/Transformers/2b") == f"{at}/10"
        assert kagglehub.model_download("google/gemma/transformers/2b", path="sub/x.txt") == f"{at}/10/sub/x.txt"
        assert kagglehub.model_download("google/gemma/transformers/2b/9", path="w.bin") == f"{at}/9/w.bin"
        assert kagglehub.model_download("google/gemma/transformers/2b/9", force_download=True) == f"{at}/9"
        assert open(f"{at}/9/w.bin").read() == "old"
        assert sorted(os.listdir(f"{at}/10")) == ["sub", "w.bin"]
    """
    done = client(bundle, imports, code, environment)
    assert "force_download ignored: google/gemma/transformers/2b/9 comes from the bundle" in done.stderr


def test_dataset_download(bundle, imports, environment):
    code = """
        at = os.path.join(os.environ["KAGGLEHUB_CACHE"], "datasets/owner/slug/versions/3")
        assert kagglehub.dataset_download("owner/slug/versions/3") == at
        assert kagglehub.dataset_download("owner/slug") == at
        assert kagglehub.dataset_download("owner/slug", path="train.csv") == f"{at}/train.csv"
        assert kagglehub.dataset_download("owner/slug/versions/3", path="sub/") == f"{at}/sub"
        assert open(f"{at}/sub/t.csv").read() == "3"
    """
    client(bundle, imports, code, environment)


def test_a_model_in_pieces_is_put_together_when_it_is_asked_for(bundle, imports):
    code = """
        at = os.path.join(os.environ["KAGGLEHUB_CACHE"], "models/owner/split/pyTorch/1b")
        assert not os.path.exists(f"{at}/1.complete")
        file = kagglehub.model_download("owner/split/pyTorch/1b/1", path="w.bin")
        assert open(file, "rb").read() == b"head" + bytes(range(256)) * 16
        assert kagglehub.model_download("owner/split/pyTorch/1b") == f"{at}/1"
        assert os.path.exists(f"{at}/1.complete")
    """
    client(bundle, imports, code)


def test_output_dir_gets_copies(bundle, imports, environment, tmp_path):
    code = f"""
        out = {str(tmp_path / "out")!r}
        handle = "google/gemma/transformers/2b"
        for _ in range(2):
            assert kagglehub.model_download(handle, output_dir=out) == out
        assert sorted(os.listdir(out)) == [".complete", "sub", "w.bin"]
        assert not os.path.islink(f"{{out}}/w.bin") and open(f"{{out}}/w.bin").read() == "newer"
        assert kagglehub.model_download(handle, path="sub/x.txt", output_dir=out + "2") == out + "2/sub/x.txt"
        os.makedirs(out + "3")
        open(out + "3/mine.txt", "w").close()
        try:
            kagglehub.model_download(handle, output_dir=out + "3")
        except FileExistsError:
            pass
        else:
            raise AssertionError
        kagglehub.model_download(handle, output_dir=out + "3", force_download=True)
        assert sorted(os.listdir(out + "3")) == [".complete", "mine.txt", "sub", "w.bin"]
    """
    client(bundle, imports, code, environment)


def test_a_file_that_was_not_packed_is_a_clear_error(bundle, imports, environment):
    code = """
        try:
            kagglehub.model_download("google/gemma/transformers/2b/9", path="sub/x.txt")
        except knapsack.KnapsackError as error:
            assert "has no 'sub/x.txt' of it" in str(error), error
        else:
            raise AssertionError
    """
    client(bundle, imports, code, environment)


def test_other_handles_go_on_to_kaggles_own_resolvers(bundle, imports, environment):
    code = """
        from kagglehub import registry
        asked = []
        for known in (registry.model_resolver, registry.dataset_resolver):
            for old in known._impls:
                if not hasattr(old, "_knapsack"):
                    old.is_supported = lambda *args, **kwargs: True
                    type(old).__call__ = lambda self, handle, *args, **kwargs: (asked.append(str(handle)), "kaggle")
        others = ["google/gemma/transformers/2b/8", "google/gemma/jax/2b", "google/gemma/transformers/7b"]
        for handle in others:
            kagglehub.model_download(handle)
        kagglehub.dataset_download("owner/slug/versions/4")
        assert asked == others + ["owner/slug/versions/4"], asked
    """
    client(bundle, imports, code, environment)


def test_activating_again_registers_once(bundle, imports):
    code = """
        import importlib
        knapsack.activate()
        knapsack.activate(offline=False)
        importlib.reload(kagglehub)
        from kagglehub import registry
        for known in (registry.model_resolver, registry.dataset_resolver):
            assert [hasattr(old, "_knapsack") for old in known._impls].count(True) == 1
            assert hasattr(known._impls[-1], "_knapsack")
    """
    client(bundle, imports, code)


def test_the_view_works_for_a_process_that_only_inherits_the_variables(bundle, environment):
    code = """
        import os, subprocess, sys, knapsack
        knapsack.activate()
        print(os.environ["HF_HUB_CACHE"], os.environ["KAGGLEHUB_CACHE"])
        child = '''
        import huggingface_hub, kagglehub, os, sys
        assert "knapsack" not in sys.modules
        print(huggingface_hub.hf_hub_download("org/tuned", "model.bin"))
        print(kagglehub.model_download("google/gemma/transformers/2b/9"))
        print(kagglehub.model_download("google/gemma/transformers/2b/10", path="sub/x.txt"))
        print(kagglehub.dataset_download("owner/slug/versions/3"))
        '''
        os.environ["DISABLE_KAGGLE_CACHE"] = "1"
        subprocess.run([sys.executable, "-c", child], check=True)
    """
    done = run(bundle, code, env=dict(environment, PYTHONUNBUFFERED="1"))
    caches, *found = done.stdout.split("\n")
    hub_cache, kaggle_cache = caches.split()
    assert [os.path.relpath(path, kaggle_cache) for path in found[1:4]] == [
        "models/google/gemma/transformers/2b/9",
        "models/google/gemma/transformers/2b/10/sub/x.txt",
        "datasets/owner/slug/versions/3",
    ]
    assert found[0].startswith(hub_cache)
