"""Jobs of `knapsack serve`: installs from a Hub and from Kaggle, what watches them, kills in between, and what takes them away."""

import json
import pathlib
import random
import signal
import sqlite3
import threading
import time
from contextlib import contextmanager

import genuine
import kaggle_fetching
import pytest
from asking_jobs import ask_json, events, finished, job_of, started_job
from fetching import LARGE, REPO, layout, require_true, started
from serving import serving
from test_files import ask

INSTALL = f"/api/marketplace/models/hf:{REPO}/install"


@contextmanager
def market(knapsack, hub, directory, *arguments: str, **environment: str):
    """A server with an empty cache in front of a Hub."""
    cache = directory / "hub"
    cache.mkdir(parents=True, exist_ok=True)
    with serving(started(knapsack, hub, cache, **environment), "--state", str(directory / "state"), *arguments) as server:
        server.cache = cache
        yield server


@pytest.mark.smoke
def test_a_model_is_installed_watched_served_and_taken_away(knapsack, wayward, whole, tmp_path):
    wayward.rate = 4_000_000
    with market(knapsack, wayward, tmp_path) as server:
        job = started_job(server, INSTALL)
        assert job["kind"] == "install" and job["subject"] == f"hf:{REPO}@main" and job["state"] in ("queued", "running")
        again = started_job(server, INSTALL.replace("/mixed", "%2Fmixed"), {"revision": "main"})
        assert again["id"] == job["id"], "who asks for the same gets the same job"
        seen = list(events(server, job["id"]))
        assert [event.name for event in seen[:-1]] == ["job"] * (len(seen) - 1) and seen[-1].name == "end"
        stages = [event.data["progress"] for event in seen if (event.data["progress"] or {}).get("bytes")]
        assert stages and all(0 < stage["bytes"] <= stage["total_bytes"] for stage in stages)
        done = seen[-1].data
        assert done["state"] == "done" and done["error"] is None and done["progress"] is None
        assert done["result"]["revision"] == wayward.commit and done["result"]["size"] > sum(LARGE.values())
        assert str(tmp_path) not in str(done), "no path of the machine is told"
        assert list(events(server, job["id"], seen[-1].id)) == [], "who has seen the end is told that there is no more"
        assert layout(server.cache) == whole
        assert ask(server, f"/{REPO}/resolve/main/config.json")[0] == 200

        status, removal = ask_json(server, "DELETE", INSTALL)
        assert (status, removal["kind"]) == (202, "remove")
        assert finished(server, removal["id"])["result"]["removed"] == [wayward.commit]
        assert [path for path in server.cache.rglob("*") if path.is_file() and ".locks" not in path.parts and path.name != "CACHEDIR.TAG"] == []
        assert ask_json(server, "DELETE", INSTALL)[0] == 404
        jobs = ask_json(server, "GET", "/api/jobs")[1]["jobs"]
        assert [item["kind"] for item in jobs] == ["remove", "install"]
        assert [item["id"] for item in ask_json(server, "GET", "/api/jobs?kind=install&state=done&limit=1")[1]["jobs"]] == [job["id"]]
        assert ask_json(server, "DELETE", f"/api/jobs/{job['id']}") == (200, {"deleted": job["id"]})
        assert ask_json(server, "GET", f"/api/jobs/{job['id']}")[0] == 404


@pytest.mark.slow
def test_only_chosen_files_of_a_tag_are_installed(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        wish = {"revision": "v1.0", "include": ["*.json", "onnx/*"], "exclude": ["vocab.json"]}
        job = finished(server, started_job(server, INSTALL, wish)["id"])
        assert job["state"] == "done", job
        [snapshot] = server.cache.glob("models--*/snapshots/*")
        assert sorted(str(path.relative_to(snapshot)) for path in snapshot.rglob("*") if path.is_symlink()) == [
            "config.json", "onnx/model.onnx",
        ]
        assert (server.cache / "models--tester--mixed/refs/v1.0").read_text() == wayward.commit


@pytest.mark.slow
def test_a_glob_is_never_an_option(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        for option in ("--help", "--version", "--hf-cache=/x", "-o"):
            job = finished(server, started_job(server, INSTALL, {"include": [option], "exclude": [option]})["id"])
            assert "--help" not in str(job["error"]) and (job["state"] == "failed" or job["result"]["files"] == 0), job
        assert list(server.cache.glob("models--*/snapshots/*/*")) == []


@pytest.mark.slow
def test_what_the_hub_does_not_have_fails_with_its_reason(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        for path, body in ((INSTALL, {"revision": "none"}), ("/api/marketplace/models/hf:nobody/nothing/install", None)):
            job = finished(server, started_job(server, path, body)["id"])
            assert job["state"] == "failed" and job["error"] and job["result"]["findings"][0]["code"], job
        assert job_of(server, job["id"]) == job


@pytest.mark.slow
def test_kaggles_models_and_data_sets_are_installed_and_taken_away(knapsack, wayward_kaggle, kaggle_origin, tmp_path):
    cache = tmp_path / "kagglehub"
    cache.mkdir()
    (tmp_path / "hub").mkdir()
    program = kaggle_fetching.started(knapsack, wayward_kaggle, cache)
    with serving(program, "--state", str(tmp_path / "state"), "--hf-cache", str(tmp_path / "hub")) as server:
        for scheme, handle, place in (
            ("kaggle", kaggle_fetching.MODEL, f"models/{kaggle_fetching.MODEL}/2"),
            ("kaggle-dataset", kaggle_fetching.DATASET, f"datasets/{kaggle_fetching.DATASET}/versions/2"),
        ):
            path = f"/api/marketplace/models/{scheme}:{handle}/install"
            job = finished(server, started_job(server, path)["id"])
            assert job["state"] == "done" and job["result"]["revision"] == "2", job
            names = {str(file.relative_to(kaggle_origin)): file.read_bytes() for file in kaggle_origin.rglob("*") if file.is_file()}
            assert {str(file.relative_to(cache / place)): file.read_bytes() for file in (cache / place).rglob("*") if file.is_file()} == names
            assert finished(server, started_job(server, path, {"revision": "1"})["id"])["state"] == "done"
            status, removal = ask_json(server, "DELETE", path + "?revision=2")
            assert status == 202 and finished(server, removal["id"])["result"]["removed"] == ["2"]
            assert not (cache / place).exists() and (cache / place).with_name("1").is_dir()
            removal = ask_json(server, "DELETE", path)[1]
            assert finished(server, removal["id"])["result"]["removed"] == ["1"]
        assert [file for file in cache.rglob("*") if file.is_file()] == []


@pytest.mark.slow
def test_of_two_revisions_one_goes_with_what_it_has_alone(knapsack, wayward, origin, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_bytes((origin / "config.json").read_bytes())
    (other / "sub").mkdir()
    (other / "sub/new.bin").write_bytes(b"new" * 100)
    with market(knapsack, wayward, tmp_path) as server:
        first = finished(server, started_job(server, INSTALL)["id"])["result"]["revision"]
        before = layout(server.cache)
        second_commit = wayward.add(REPO, other, refs=("next",))
        second = finished(server, started_job(server, INSTALL, {"revision": "next"})["id"])["result"]["revision"]
        assert second == second_commit != first
        removal = ask_json(server, "DELETE", INSTALL + "?revision=next")[1]
        assert finished(server, removal["id"])["result"] == {"removed": [second], "freed": 300}
        after = layout(server.cache)
        assert {name: kind for name, kind in after.items() if not name.startswith(".locks")} == {
            name: kind for name, kind in before.items() if not name.startswith(".locks")
        }
        code = "from huggingface_hub import scan_cache_dir; report = scan_cache_dir(); print(len(report.repos), len(report.warnings))"
        found = genuine.run_python(code, {"HF_HUB_CACHE": str(server.cache)}, tmp_path / "home")
        assert found.split() == ["1", "0"]


@pytest.mark.slow
def test_what_a_job_uses_is_not_taken_away(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        finished(server, started_job(server, INSTALL)["id"])
        wayward.rate = 50_000
        running = started_job(server, INSTALL, {"revision": "v1.0"})
        status, answer = ask_json(server, "DELETE", INSTALL)
        if job_of(server, running["id"])["state"] != "done":
            assert status == 409 and running["id"] in answer["detail"]


@pytest.mark.slow
def test_a_job_is_cancelled_while_it_waits_and_while_it_runs(knapsack, wayward, whole, tmp_path):
    wayward.rate = 100_000
    with market(knapsack, wayward, tmp_path) as server:
        running = started_job(server, INSTALL)
        waiting = started_job(server, INSTALL, {"revision": "v1.0"})
        watched = []
        watcher = threading.Thread(target=lambda: watched.extend(events(server, running["id"])))
        watcher.start()
        while not (job_of(server, running["id"])["progress"] or {}).get("bytes"):
            time.sleep(0.05)
        assert job_of(server, waiting["id"])["state"] == "queued"
        for job in (waiting, running):
            status, cancelled = ask_json(server, "DELETE", f"/api/jobs/{job['id']}")
            assert (status, cancelled["state"]) == (200, "cancelled")
        watcher.join(10)
        assert not watcher.is_alive() and watched[-1].name == "end" and watched[-1].data["state"] == "cancelled"
        wayward.rate = None
        assert finished(server, started_job(server, INSTALL)["id"])["state"] == "done"
        assert layout(server.cache) == whole, "what was loaded before is used"


@pytest.mark.slow
def test_many_watch_one_job_and_some_go_away(knapsack, wayward, tmp_path):
    wayward.rate = 300_000
    with market(knapsack, wayward, tmp_path, "--threads", "24") as server:
        job = started_job(server, INSTALL)
        ends: list[str] = []

        def watch(number: int):
            seen = events(server, job["id"])
            for event in seen:
                if number % 3 == 0:
                    seen.close()
                    return
                if event.name == "end":
                    ends.append(event.data["state"])

        threads = [threading.Thread(target=watch, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        assert ask_json(server, "GET", "/api/jobs")[0] == 200, "others are answered meanwhile"
        for thread in threads:
            thread.join(60)
        assert ends == ["done"] * 8


@pytest.mark.slow
def test_what_is_no_request_for_a_job_is_refused(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        for path in (
            "/api/marketplace/models/x/install", "/api/marketplace/models/path:%2Fetc/install", "/api/marketplace/models/hf:a%2F..%2Fb/install",
            "/api/marketplace/models/oci:host%2Fname:tag/install", "/api/marketplace/models/hf:/install", "/api/marketplace/models//install",
            "/api/marketplace/models/hf-space:org/name/install", "/api/marketplace/models/-x/install",
        ):
            for method in ("POST", "DELETE"):
                status, answer = ask_json(server, method, path)
                assert status in (400, 404) and answer["detail"], (method, path, answer)
        for body in (
            b"{", b"[]", b"1", b"\xff\xfe", {"revision": 1}, {"include": "x"}, {"include": [1]}, {"what": 1}, {"include": ["x"] * 101},
            {"revision": "x" * 5000}, {"revision": "../x"}, {"revision": "a b"}, b'{"revision":"a","revision":"b"}', b"[" * 100_000,
        ):
            status, answer = ask_json(server, "POST", INSTALL, body)
            assert status == 400 and answer["detail"], (body[:40], answer)
        assert ask_json(server, "POST", INSTALL, b" " * (2 << 20))[0] == 413
        for path in ("/api/jobs/0", "/api/jobs/x", "/api/jobs/99999999999999999999", "/api/jobs/1/x", "/api/jobs/1/events/x", "/api/jobs/1/events"):
            assert ask_json(server, "GET", path)[0] == 404
        for query in ("kind=x", "state=x", "limit=0", "limit=x", "before=-1"):
            assert ask_json(server, "GET", f"/api/jobs?{query}")[0] == 400
        for method, path in (("PUT", "/api/jobs"), ("POST", "/api/jobs/1"), ("GET", INSTALL), ("PATCH", INSTALL)):
            assert ask_json(server, method, path)[0] == 405
        assert ask_json(server, "GET", "/api/jobs") == (200, {"jobs": []})


@pytest.mark.slow
def test_tokens_decide_who_installs_and_who_takes_away(knapsack, wayward, tmp_path):
    tokens = {}
    file = tmp_path / "tokens.json"
    for name in ("read", "write", "admin"):
        tokens[name] = knapsack("token", "add", name, f"--{name}", "--token-file", file).expect(0).stdout.strip()
    with market(knapsack, wayward, tmp_path, "--token-file", str(file)) as server:
        bearer = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
        assert ask_json(server, "POST", INSTALL)[0] == 401
        assert ask_json(server, "POST", INSTALL, **bearer["read"])[0] == 403
        job = started_job(server, INSTALL, **bearer["write"])
        assert job["owner"] == "write"
        assert ask_json(server, "DELETE", f"/api/jobs/{job['id']}", **bearer["read"])[0] == 403
        assert finished(server, job["id"], **bearer["read"])["state"] == "done"
        assert ask_json(server, "DELETE", INSTALL, **bearer["write"])[0] == 403
        assert ask_json(server, "DELETE", INSTALL, **bearer["admin"])[0] == 202


@pytest.mark.slow
def test_the_queue_is_bounded(knapsack, wayward, tmp_path):
    wayward.rate = 20_000
    with market(knapsack, wayward, tmp_path) as server:
        for number in range(100):
            started_job(server, INSTALL, {"include": [f"{number}*"] if number else []})
        status, answer = ask_json(server, "POST", INSTALL, {"include": ["other"]})
        assert status == 503 and "wait" in answer["detail"]
        assert started_job(server, INSTALL)["id"], "what is there already is told, not added"


@pytest.mark.slow
def test_two_servers_do_not_share_a_queue(knapsack, wayward, tmp_path):
    with market(knapsack, wayward, tmp_path) as server:
        other = started(knapsack, wayward, server.cache)("serve", "--port", "0", "--state", tmp_path / "state")
        assert other.expect(2) and "--state" in other.stderr and "another server" in other.stderr


def killed_again_and_again(knapsack, wayward, whole, directory, kills: int, seed: int):
    """Kills the server at seeded moments of an install: what was acknowledged is done in the end, and always whole."""
    random_moments = random.Random(seed)
    wayward.rate = 1_500_000
    number = None
    for _ in range(kills):
        with market(knapsack, wayward, directory) as server:
            if number is None or job_of(server, number)["state"] == "done":
                if number is not None:
                    removal = ask_json(server, "DELETE", INSTALL)[1]
                    assert finished(server, removal["id"])["state"] == "done"
                number = started_job(server, INSTALL)["id"]
            end = time.monotonic() + random_moments.uniform(0, 1.5)
            while time.monotonic() < end:
                if job_of(server, number)["state"] == "done":
                    assert require_true(server.cache) > 5
                    break
                time.sleep(0.02)
            server.was_killed = True
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(10)
        require_true(directory / "hub")
    with market(knapsack, wayward, directory) as server:
        wayward.rate = None
        assert finished(server, number)["state"] == "done"
        assert {name: kind for name, kind in layout(server.cache).items() if "/snapshots/" in name} == {
            name: kind for name, kind in whole.items() if "/snapshots/" in name
        }
        assert list((directory / "state/work").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_server_that_is_killed_goes_on(knapsack, wayward, whole, tmp_path, seed):
    killed_again_and_again(knapsack, wayward, whole, tmp_path, 20, seed)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["before", "hidden", "without names", "half of the blobs"])
def test_a_removal_that_was_broken_off_is_finished(knapsack, wayward, tmp_path, place):
    """What a kill leaves at each step of a removal: clients see no revision, and the next server removes the rest."""
    with market(knapsack, wayward, tmp_path) as server:
        finished(server, started_job(server, INSTALL)["id"])
    repository = server.cache / "models--tester--mixed"
    commit = wayward.commit
    if place != "before":
        (repository / "refs/main").unlink()
    if place != "without names":
        (repository / f"snapshots/{commit}").rename(repository / f".knapsack.removed.{commit}")
    if place == "half of the blobs":
        for blob in sorted((repository / "blobs").iterdir())[::2]:
            blob.unlink()
    with sqlite3.connect(tmp_path / "state/jobs.sqlite") as database:
        request = json.dumps({"source": f"hf:{REPO}@main", "revisions": [commit]})
        values = ("remove", "", f"hf:{REPO}@main", request, 0, "running", 1)
        database.execute("INSERT INTO job (kind, owner, subject, request, created, state, attempts) VALUES (?,?,?,?,?,?,?)", values)
    database.close()
    with market(knapsack, wayward, tmp_path) as server:
        job = finished(server, 2)
        assert job["state"] == "done" and job["attempts"] == 2 and job["result"]["removed"] == [commit]
        assert not repository.exists() or [path for path in repository.rglob("*") if not path.is_dir()] == []
        assert finished(server, started_job(server, INSTALL)["id"])["state"] == "done"
        assert require_true(server.cache) > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_kills_while_a_model_is_taken_away(knapsack, wayward, tmp_path, seed):
    moments = random.Random(seed)
    for _ in range(10):
        with market(knapsack, wayward, tmp_path) as server:
            finished(server, started_job(server, INSTALL)["id"])
            status, removal = ask_json(server, "DELETE", INSTALL)
            assert status == 202
            time.sleep(moments.uniform(0, 0.04))
            server.was_killed = True
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(10)
        with market(knapsack, wayward, tmp_path) as server:
            assert finished(server, removal["id"])["state"] == "done"
            assert not list(server.cache.glob("models--*/snapshots/*")) and not list(server.cache.glob("models--*/.knapsack*"))


@pytest.mark.slow
def test_a_killed_server_leaves_no_process_behind(knapsack, wayward, tmp_path):
    wayward.rate = 50_000
    with market(knapsack, wayward, tmp_path) as server:
        job = started_job(server, INSTALL)
        while not (job_of(server, job["id"])["progress"] or {}).get("bytes"):
            time.sleep(0.05)
        children = children_of(server.process.pid)
        assert children
        server.was_killed = True
        server.process.kill()
        server.process.wait(10)
        time.sleep(0.5)
        assert not any(is_alive(child) for child in children)


def children_of(pid: int) -> list[str]:
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += (task / "children").read_text().split()
    return found


def is_alive(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_a_second_server_says_that_it_works_on_no_jobs(knapsack, tmp_path):
    program = knapsack.with_caches(tmp_path, KNAPSACK_CACHE_DIR=str(tmp_path / "own"))
    with serving(program) as first, serving(program) as second:
        assert ask_json(first, "GET", "/api/jobs")[0] == 200
        for method, path in (("GET", "/api/jobs"), ("POST", "/api/bundles"), ("POST", "/api/marketplace/models/hf:a/b/install")):
            status, answer = ask_json(second, method, path)
            assert status == 503 and "--state" in answer["detail"], (path, answer)
        assert second.says("another server uses it", "--state")
