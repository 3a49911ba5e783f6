"""`knapsack upload --to hf:…` to a stand-in Hub, from which the real client then gets what was committed, byte for byte."""

import random
import time

import genuine
import pytest
from cli import contents
from huggingface_hub import DatasetCard, ModelCard
from keeping_hub import KeepingHub
from series import crossed
from uploading import METADATA, make_bundle

TOKEN = "hf_0123456789abcdefghijklmnopqrstuvwxyz"
REPO = "tester/upload-models"


@pytest.fixture
def hub_keeps(tmp_path):
    server = KeepingHub(tmp_path / "hub")
    server.tokens = {TOKEN: set(), "hf_reader": set()}
    server.writers = {TOKEN}
    yield server
    assert not server.problems, server.problems
    server.close()


@pytest.fixture
def run(knapsack, hub_keeps, tmp_path):
    return knapsack.with_caches(
        None, None, HF_ENDPOINT=hub_keeps.url, HF_TOKEN=TOKEN, HF_HOME=str(tmp_path / "hf"), HF_HUB_DOWNLOAD_TIMEOUT="5",
        KNAPSACK_CACHE_DIR=str(tmp_path / "home"),
    )  # fmt: skip


def expected(bundle) -> dict[str, str]:
    return {name: digest for name, digest in contents(bundle).items() if name not in METADATA}


def downloaded(server, tmp_path, arguments: str = "") -> dict[str, str]:
    """What the real client gets, as `hf download --local-dir`."""
    target = tmp_path / f"theirs-{len(list(tmp_path.iterdir()))}"
    genuine.snapshot_download(
        server, tmp_path / "cache", REPO, f"local_dir={str(target)!r}, {arguments}", {"HF_TOKEN": TOKEN}
    )
    return {name: kind for name, kind in contents(target).items() if not name.startswith((".cache", ".gitattributes"))}


@pytest.mark.parametrize(("kind", "arguments"), [("hf", ""), ("hf-dataset", "repo_type='dataset'"), ("hf-space", "repo_type='space'")])
@pytest.mark.parametrize("part_size", [None, 300_000])
def test_hf_download_gets_what_was_committed(knapsack, hub_keeps, run, tmp_path, kind, arguments, part_size):
    hub_keeps.part_size = part_size
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = run("upload", bundle, "--to", f"{kind}:{REPO}", "--json").expect(0)
    assert downloaded(hub_keeps, tmp_path, arguments) == expected(bundle)
    assert len(hub_keeps.commits) == 1 and done.json()["commit"]
    assert TOKEN not in done.text


def test_what_is_there_already_sends_no_byte(knapsack, hub_keeps, run, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    received = hub_keeps.received
    done = run("upload", bundle, "--to", f"hf:{REPO}", "--json").expect(0)
    assert done.json()["unchanged"] and hub_keeps.received == received and len(hub_keeps.commits) == 1


def test_the_next_bundle_sends_what_is_new_and_deletes_what_is_gone(knapsack, hub_keeps, run, tmp_path):
    run("upload", make_bundle(knapsack, tmp_path / "set"), "--to", f"hf:{REPO}").expect(0)
    repo = hub_keeps.repos["model", REPO]
    mine = hub_keeps.keep(b"mine\n")
    hub_keeps.commit_files(repo, {**repo.commits[repo.refs["main"]], "notes.md": hub_keeps_file(mine)}, "main")
    received = hub_keeps.received
    (tmp_path / "set/models/tiny/config.json").write_text('{"a": 2}')
    (tmp_path / "set/models/tiny/sub/data.bin").unlink()
    bundle = make_bundle(knapsack, tmp_path / "set")
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    assert hub_keeps.received == received
    keys = [line["key"] for line in hub_keeps.commits[1]]
    assert keys.count("deletedFile") == 1 and "lfsFile" not in keys
    got = downloaded(hub_keeps, tmp_path)
    assert got.pop("notes.md") and got == expected(bundle)


def hub_keeps_file(path):
    from hub_server import HubFile

    return HubFile.of(path)


def test_a_pull_request_changes_no_branch(knapsack, hub_keeps, run, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = run("upload", bundle, "--to", f"hf:{REPO}", "--create-pr", "--json").expect(0)
    assert done.json()["url"].endswith("/discussions/1")
    assert list(downloaded(hub_keeps, tmp_path)) == []
    assert downloaded(hub_keeps, tmp_path, "revision='refs/pr/1'") == expected(bundle)


def test_a_branch_is_made(knapsack, hub_keeps, run, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    run("upload", bundle, "--to", f"hf:{REPO}", "--branch", "v1").expect(0)
    assert downloaded(hub_keeps, tmp_path, "revision='v1'") == expected(bundle)


def test_private(knapsack, hub_keeps, run, tmp_path):
    run("upload", make_bundle(knapsack, tmp_path / "set"), "--to", f"hf:{REPO}", "--private").expect(0)
    assert hub_keeps.private == {REPO}


@pytest.mark.parametrize(
    ("kind", "arguments", "part_size"),
    crossed(
        [("drop", {"after": 100_000}), ("status", {"status": 500}), ("status", {"status": 429}), ("status", {"status": 403})],
        [None, 300_000],
        lambda case: f"{case[0]}-{list(case[1].values())[0]}",
    ),
)
def test_faults_of_the_store_pass(knapsack, hub_keeps, run, tmp_path, kind, arguments, part_size):
    from wayward_hub import Fault

    hub_keeps.part_size = part_size
    hub_keeps.uploads.append(Fault(kind, path="/lfs/", **arguments))
    bundle = make_bundle(knapsack, tmp_path / "set")
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    assert not hub_keeps.uploads
    assert downloaded(hub_keeps, tmp_path) == expected(bundle)


@pytest.mark.parametrize(
    ("path", "status"),
    crossed(
        [(path,) for path in ("repos/create", "preupload/main", "objects/batch", "commit/main")],
        [None, 503],
        lambda case: case[0],
    ),
)
def test_faults_of_the_interface_pass(knapsack, hub_keeps, run, tmp_path, path, status):
    # Without a status the connection is dropped.
    hub_keeps.add_fault("status" if status else "drop", path=path, api=True, **({"status": status} if status else {}))
    bundle = make_bundle(knapsack, tmp_path / "set")
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    assert downloaded(hub_keeps, tmp_path) == expected(bundle)


def test_a_lost_answer_makes_no_second_commit(knapsack, hub_keeps, run, tmp_path):
    hub_keeps.add_fault("drop", path="commit/main", api=True, after=1)
    run("upload", make_bundle(knapsack, tmp_path / "set"), "--to", f"hf:{REPO}").expect(0)
    assert len(hub_keeps.commits) == 1


@pytest.mark.kill
@pytest.mark.parametrize("part_size", [None, 300_000])
def test_kills(knapsack, hub_keeps, run, tmp_path, part_size):
    """There is never a commit without a file, and what was sent whole is not sent again."""
    hub_keeps.part_size = part_size
    bundle = make_bundle(knapsack, tmp_path / "set")
    generator = random.Random(7)
    hub_keeps.rate = 4_000_000
    done = 0
    while done < 10:
        process = run.start("upload", bundle, "--to", f"hf:{REPO}")
        try:
            time.sleep(generator.uniform(0.1, 1.2))
            if process.poll() is not None:
                break
        finally:
            process.kill()
            process.communicate()
        done += 1
        assert len(hub_keeps.commits) <= 1
    hub_keeps.rate = None
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    assert len(hub_keeps.commits) == 1
    assert downloaded(hub_keeps, tmp_path) == expected(bundle)


def weights(bundle) -> int:
    return (bundle / "files/tiny/model.safetensors").stat().st_size


@pytest.mark.parametrize("forgets", [False, True], ids=["known", "forgotten"])
def test_parts_that_were_sent_are_not_sent_again(knapsack, hub_keeps, run, tmp_path, forgets):
    from wayward_hub import Fault

    hub_keeps.part_size = 300_000
    bundle = make_bundle(knapsack, tmp_path / "set")
    hub_keeps.uploads.append(Fault("status", path="&part=7", times=1000, status=500))
    run("upload", bundle, "--to", f"hf:{REPO}", "--retries", "0").expect(2)
    hub_keeps.uploads.clear()
    before = hub_keeps.received
    assert not hub_keeps.commits and before > 6 * 300_000
    if forgets:
        hub_keeps.parts.clear()
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    again = hub_keeps.received - before
    assert again >= weights(bundle) if forgets else again <= weights(bundle) - 6 * 300_000 + 701_000
    assert downloaded(hub_keeps, tmp_path) == expected(bundle)
    # Nothing of the addresses is left when all is there, and nobody else may read them before.
    (journal,) = (tmp_path / "home/uploads").glob("*.journal")
    assert journal.stat().st_mode & 0o777 == 0o600


def test_parts_of_another_content_are_never_put_together(knapsack, hub_keeps, run, tmp_path):
    """Between two runs the file changes where parts of it were sent already."""
    from wayward_hub import Fault

    hub_keeps.part_size = 300_000
    bundle = make_bundle(knapsack, tmp_path / "set")
    hub_keeps.uploads.append(Fault("status", path="&part=7", times=1000, status=500))
    run("upload", bundle, "--to", f"hf:{REPO}", "--retries", "0").expect(2)
    hub_keeps.uploads.clear()
    path = bundle / "files/tiny/model.safetensors"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    assert "content-changed" in run("upload", bundle, "--to", f"hf:{REPO}", "--json").expect(1).stdout
    assert not hub_keeps.commits


@pytest.mark.kill
def test_kills_cost_a_part_of_each_connection(knapsack, hub_keeps, run, tmp_path):
    hub_keeps.part_size = 300_000
    bundle = make_bundle(knapsack, tmp_path / "set")
    generator = random.Random(15)
    hub_keeps.rate = 3_000_000
    done = 0
    while done < 12:
        process = run.start("upload", bundle, "--to", f"hf:{REPO}", "--connections", "1")
        try:
            time.sleep(generator.uniform(0.2, 0.7))
            if process.poll() is not None:
                break
        finally:
            process.kill()
            process.communicate()
        done += 1
    hub_keeps.rate = None
    run("upload", bundle, "--to", f"hf:{REPO}").expect(0)
    assert len(hub_keeps.commits) == 1 and downloaded(hub_keeps, tmp_path) == expected(bundle)
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.suffix in (".safetensors", ".bin"))
    assert hub_keeps.received <= size + (done + 1) * 300_000, (hub_keeps.received, size, done)


def test_another_byte_is_never_committed(knapsack, hub_keeps, run, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    weights = bundle / "files/tiny/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = run("upload", bundle, "--to", f"hf:{REPO}", "--json").expect(1)
    assert "content-changed" in done.stdout and not hub_keeps.commits and not hub_keeps.objects.get("x")


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [("", 2, "there is no token"), ("hf_unknown", 2, "does not know the token"), ("hf_reader", 1, "no right to write")],
)
def test_who_may_not_is_told_so(knapsack, hub_keeps, run, tmp_path, token, code, words):
    bundle = make_bundle(knapsack, tmp_path / "set")
    done = run.with_caches(None, None, HF_TOKEN=token)("upload", bundle, "--to", f"hf:{REPO}").expect(code)
    assert words in done.stderr and not hub_keeps.commits


def test_a_file_that_gitignore_leaves_out_is_an_error(knapsack, hub_keeps, run, tmp_path):
    hub_keeps.ignored = {"files/tiny/empty.txt"}
    done = run("upload", make_bundle(knapsack, tmp_path / "set"), "--to", f"hf:{REPO}").expect(1)
    assert ".gitignore leaves out" in done.stderr and not hub_keeps.commits


def test_the_readme_is_a_card(knapsack, tmp_path):
    bundle = make_bundle(knapsack, tmp_path / "set")
    text = (bundle / "README.md").read_text()
    for card in (ModelCard(text), DatasetCard(text)):
        assert card.data.license == "mit" and "knapsack" in card.data.tags
