"""Uploads of the official client to `knapsack serve --catalogue`, over a real socket."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from hub_uploads import HubClient
from safetensors.numpy import save
from serving import serving


def weights(seed: int = 1, rows: int = 64) -> bytes:
    return save({"w": numpy.random.default_rng(seed).standard_normal((rows, 16), dtype=numpy.float32)})


def git_name(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture(scope="module")
def mirror(knapsack, caches, tmp_path_factory):
    """A server with an empty catalogue beside the shared cache."""
    with serving(knapsack.with_caches(caches.hub), "--catalogue", str(tmp_path_factory.mktemp("catalogue"))) as server:
        yield server


@pytest.fixture()
def client(mirror, tmp_path):
    return HubClient(mirror, tmp_path / "home")


@pytest.fixture()
def model(tmp_path) -> Path:
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "README.md").write_text("---\nlicense: mit\ntags: [tiny]\n---\n# A model\n")
    (folder / "model.safetensors").write_bytes(weights())
    (folder / "sub" / "more.safetensors").write_bytes(weights(2))
    return folder


@pytest.mark.smoke
def test_a_model_that_was_uploaded_is_downloaded_as_it_was(client, model):
    [url, first, tree, info, folder, again, log] = client.run(
        """
        folder = sys.argv[1]
        tell(str(create_repo("anna/tiny", exist_ok=True)))
        create_repo("anna/tiny", exist_ok=True)
        tell(api.upload_folder(repo_id="anna/tiny", folder_path=folder, commit_message="first").oid)
        tell({f.path: [f.size, f.blob_id, f.lfs.sha256 if f.lfs else None]
              for f in api.list_repo_tree("anna/tiny", recursive=True) if hasattr(f, "blob_id")})
        found = api.model_info("anna/tiny")
        tell([found.sha, found.private, found.tags, found.created_at.year])
        tell(snapshot_download("anna/tiny"))
        tell(api.upload_folder(repo_id="anna/tiny", folder_path=folder, commit_message="again").oid)
        tell([[c.commit_id, c.title] for c in api.list_repo_commits("anna/tiny")])
        """,
        str(model),
    )
    assert url == f"{client.server.url}/anna/tiny"
    contents = {str(path.relative_to(model)): path.read_bytes() for path in model.rglob("*") if path.is_file()}
    attributes = tree.pop(".gitattributes")
    assert attributes[2] is None
    assert set(tree) == set(contents)
    for path, content in contents.items():
        size, git, large = tree[path]
        assert size == len(content)
        assert (large == hashlib.sha256(content).hexdigest()) if "safetensors" in path else (git == git_name(content))
        assert Path(folder, path).read_bytes() == content
    assert info[:2] == [first, False] and "license:mit" in info[2] and info[3] >= 2026
    assert again == first and [title for _, title in log] == ["first", "initial commit"] and log[0][0] == first
    # The commits are those that git makes of the same files.
    assert len(first) == 40


@pytest.mark.slow
def test_a_commit_adds_copies_and_deletes(client, model):
    [first, second, names, copied, third, rest] = client.run(
        """
        create_repo("anna/changes")
        add = lambda path, content: CommitOperationAdd(path, content)
        one = api.create_commit("anna/changes", [add("a/one.txt", b"one"), add("a/b/two.txt", b"two"),
            add("big.bin", bytes(range(256)) * 40), add("empty", b"")], commit_message="one", commit_description="more")
        tell(one.oid)
        two = api.create_commit("anna/changes", [CommitOperationCopy("big.bin", "copy/big.bin"),
            CommitOperationCopy("a/one.txt", "copy/one.txt"), CommitOperationDelete("a/b/two.txt")], commit_message="two",
            parent_commit=one.oid)
        tell(two.oid)
        tell(sorted(api.list_repo_files("anna/changes")))
        tell([open(hf_hub_download("anna/changes", path), "rb").read().hex() for path in ("copy/big.bin", "copy/one.txt")])
        tell(api.delete_folder("copy", "anna/changes").oid)
        tell(sorted(api.list_repo_files("anna/changes")))
        """
    )
    assert len({first, second, third}) == 3
    assert names == [".gitattributes", "a/one.txt", "big.bin", "copy/big.bin", "copy/one.txt", "empty"]
    assert copied == [(bytes(range(256)) * 40).hex(), b"one".hex()]
    assert rest == [".gitattributes", "a/one.txt", "big.bin", "empty"]


@pytest.mark.slow
def test_a_commit_onto_what_has_moved_on_is_refused(client):
    said = client.run(
        """
        create_repo("anna/moved")
        first = api.repo_info("anna/moved").sha
        api.upload_file(path_or_fileobj=b"1", path_in_repo="a", repo_id="anna/moved")
        try:
            api.upload_file(path_or_fileobj=b"2", path_in_repo="b", repo_id="anna/moved", parent_commit=first)
        except errors.HfHubHTTPError as problem:
            tell([problem.response.status_code, problem.server_message])
        tell(api.list_repo_files("anna/moved"))
        """
    )
    assert said[0][0] == 412 and "has happened since" in said[0][1]
    assert sorted(said[1]) == [".gitattributes", "a"]


@pytest.mark.slow
def test_branches_and_tags_are_made_used_and_deleted(client):
    [refs, tagged, texts, errors, left] = client.run(
        """
        create_repo("anna/refs")
        one = api.upload_file(path_or_fileobj=b"1", path_in_repo="a.txt", repo_id="anna/refs").oid
        api.create_tag("anna/refs", tag="v1", tag_message="the first")
        api.create_branch("anna/refs", branch="feature/x", revision=one)
        api.create_branch("anna/refs", branch="feature/x", exist_ok=True)
        api.upload_file(path_or_fileobj=b"2", path_in_repo="a.txt", repo_id="anna/refs", revision="feature/x")
        found = api.list_repo_refs("anna/refs")
        tell([sorted(b.name for b in found.branches), [t.name for t in found.tags]])
        tell(found.tags[0].target_commit == one)
        tell([open(hf_hub_download("anna/refs", "a.txt", revision=r)).read() for r in ("v1", "main", "feature/x", one)])
        problems = []
        for what in (lambda: api.create_tag("anna/refs", tag="v1"), lambda: api.create_branch("anna/refs", branch="v1"),
                     lambda: api.delete_branch("anna/refs", branch="main"), lambda: api.delete_tag("anna/refs", tag="none"),
                     lambda: api.create_branch("anna/refs", branch="y", revision="none"),
                     lambda: api.create_branch("anna/refs", branch="refs/pr/1"),
                     lambda: api.upload_file(path_or_fileobj=b"2", path_in_repo="b", repo_id="anna/refs", revision="v1"),
                     lambda: api.upload_file(path_or_fileobj=b"2", path_in_repo="b", repo_id="anna/refs", revision="refs/pr/1"),
                     lambda: api.upload_file(path_or_fileobj=b"2", path_in_repo="b", repo_id="anna/refs", create_pr=True)):
            try:
                what()
                problems.append(0)
            except errors.HfHubHTTPError as problem:
                problems.append(problem.response.status_code)
        tell(problems)
        api.delete_tag("anna/refs", tag="v1")
        api.delete_branch("anna/refs", branch="feature/x")
        found = api.list_repo_refs("anna/refs")
        tell([[b.name for b in found.branches], found.tags])
        """
    )
    assert refs == [["feature/x", "main"], ["v1"]] and tagged
    assert texts == ["1", "1", "2", "1"]
    assert errors == [409, 409, 403, 404, 404, 400, 404, 404, 400]
    assert left == [["main"], []]


@pytest.mark.slow
def test_a_repository_is_made_private_renamed_and_deleted(client):
    said = client.run(
        """
        create_repo("anna/settings", private=True)
        tell(api.repo_info("anna/settings").private)
        api.update_repo_settings("anna/settings", private=False)
        tell(api.repo_info("anna/settings").private)
        api.move_repo("anna/settings", "anna/moved-away")
        tell([api.repo_exists("anna/settings"), api.repo_exists("anna/moved-away")])
        api.delete_repo("anna/moved-away")
        tell(api.repo_exists("anna/moved-away"))
        api.delete_repo("anna/moved-away", missing_ok=True)
        tell([m.id for m in api.list_models(author="anna") if m.id.startswith("anna/moved-a")])
        """
    )
    assert said == [True, False, [False, True], False, []]


@pytest.mark.slow
def test_the_command_line_uploads_a_data_set(client, tmp_path):
    folder = tmp_path / "data"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.csv").write_text("text,label\na,0\nb,1\n")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n" + bytes(100))
    hf = Path(sys.executable).with_name("hf")
    done = subprocess.run(
        [hf, "upload", "anna/rows", folder, "--repo-type", "dataset"],
        env=client.environment(), capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    [files, large, found] = client.run(
        """
        tell(sorted(api.list_repo_files("anna/rows", repo_type="dataset")))
        tell([f.path for f in api.list_repo_tree("anna/rows", repo_type="dataset", recursive=True) if getattr(f, "lfs", None)])
        tell([d.id for d in api.list_datasets(search="rows")])
        """
    )
    assert files == [".gitattributes", "data/train.csv", "photo.png"]
    assert large == ["photo.png"] and "anna/rows" in found


@pytest.mark.slow
def test_what_git_would_not_take_for_large_is_added_to_the_attributes(client):
    [text] = client.run(
        """
        create_repo("anna/attributes")
        api.upload_file(path_or_fileobj=bytes(3000), path_in_repo="my data/x[1].odd", repo_id="anna/attributes")
        api.upload_file(path_or_fileobj=bytes(3001), path_in_repo="my data/x[1].odd", repo_id="anna/attributes")
        tell(open(hf_hub_download("anna/attributes", ".gitattributes")).read())
        """
    )
    lines = text.splitlines()
    assert "*.safetensors filter=lfs diff=lfs merge=lfs -text" in lines
    assert lines.count("my[[:space:]]data/x[[]1].odd filter=lfs diff=lfs merge=lfs -text") == 1


@pytest.mark.slow
def test_ignored_files_are_left_out(client, tmp_path):
    folder = tmp_path / "ignoring"
    (folder / "logs").mkdir(parents=True)
    (folder / ".gitignore").write_text("*.tmp\n!keep.tmp\nlogs/\n/top.txt\n")
    for name in ("a.tmp", "keep.tmp", "logs/x.txt", "top.txt", "b.txt"):
        (folder / name).write_text(name)
    [files] = client.run(
        """
        create_repo("anna/ignoring")
        api.upload_folder(repo_id="anna/ignoring", folder_path=sys.argv[1])
        tell(sorted(api.list_repo_files("anna/ignoring")))
        """,
        str(folder),
    )
    assert files == [".gitattributes", ".gitignore", "b.txt", "keep.tmp"]


@pytest.mark.slow
def test_a_card_that_is_none_is_told_before_the_upload(client):
    said = client.run(
        """
        create_repo("anna/card")
        api.upload_file(path_or_fileobj=b"---\\nlicense: [\\n---\\n", path_in_repo="README.md", repo_id="anna/card")
        """,
        fails=True,
    )
    assert "Invalid metadata in README.md" in said


@pytest.mark.slow
def test_a_client_with_xet_is_told_what_to_set(mirror, tmp_path):
    (tmp_path / "x.bin").write_bytes(bytes(range(256)) * 20)
    client = HubClient(mirror, tmp_path / "home", with_xet=True)
    said = client.run(
        """
        create_repo("anna/xet")
        api.upload_file(path_or_fileobj=b"small ones come anyway", path_in_repo="a.txt", repo_id="anna/xet")
        api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="x.bin", repo_id="anna/xet")
        """,
        str(tmp_path / "x.bin"), fails=True,
    )
    assert "set-HF_HUB_DISABLE_XET=1-to-upload-to-this-server" in said


@pytest.mark.slow
def test_a_pickle_that_runs_something_is_refused(client, tmp_path):
    (tmp_path / "evil.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    said = client.run(
        """
        create_repo("anna/evil")
        try:
            api.upload_file(path_or_fileobj=sys.argv[1], path_in_repo="evil.pkl", repo_id="anna/evil")
        except errors.BadRequestError as problem:
            tell([problem.response.status_code, problem.server_message])
        tell(api.list_repo_files("anna/evil"))
        """,
        str(tmp_path / "evil.pkl"),
    )
    assert said[0][0] == 400 and "loading it would do more than make data" in said[0][1]
    assert said[1] == [".gitattributes"]
