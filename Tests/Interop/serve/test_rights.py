"""What nobody gets who only may read or write: the server's own credentials, the names of others' models, a log that they fill."""

import json
import signal
import sqlite3
import subprocess
import time

import pytest
from asking_jobs import ask_json, finished, started_job
from conftest import SHARDED
from fetching import REPO, started
from serving import serving
from test_files import ask
from test_jobs import INSTALL
from test_upstream import upstream

pytestmark = pytest.mark.slow


def tokens(runner, file, **scopes: str) -> dict[str, dict[str, str]]:
    """Fields with a token for each name."""
    made = {}
    for name, scope in scopes.items():
        token = runner("token", "add", name, f"--{scope}", "--token-file", file).expect(0).stdout.strip()
        made[name] = {"Authorization": f"Bearer {token}"}
    return made


def upload(server, user: str, model: str, token: dict[str, str], **fields: str) -> None:
    form = [part for key, value in {"user_id": user, "model_id": model, **fields}.items() for part in ("-F", f"{key}={value}")]
    header = ["-H", f"Authorization: {token['Authorization']}"] if token else []
    command = ["curl", "-sS", "--fail", *header, "-F", "file=@-;filename=x.txt", *form, server.url + "/ai-models/upload/single"]
    subprocess.run(command, input=b"x", check=True, capture_output=True, timeout=30)


def tell(server, model: str, token: dict[str, str]) -> None:
    assert ask_json(server, "POST", "/api/analytics/events", {"model": model, "event": "load"}, **token)[0] == 202


def loads(server, model: str, token: dict[str, str]) -> int:
    """How many events one is told of."""
    status, found = ask_json(server, "GET", f"/api/analytics/models/{model}", **token)
    assert status == 200 and found["model"] == model
    return found["events"].get("load", 0)


@pytest.mark.parametrize(("options", "expected"), [((), {"anna": False, "root": True}), (("--install-token",), {"anna": True, "root": True})])
def test_installs_use_the_servers_credentials_for_admins_alone(knapsack, wayward, tmp_path, options, expected):
    cache = tmp_path / "hub"
    cache.mkdir()
    runner = started(knapsack, wayward, cache, HF_TOKEN="hf_" + "s" * 34)
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", root="admin")
    with serving(runner, "--state", str(tmp_path / "state"), "--token-file", str(tmp_path / "tokens.json"), *options) as server:
        for name, isKnown in expected.items():
            wayward.seen.clear()
            job = started_job(server, INSTALL, {"include": ["config.json"]}, **keys[name])
            done = finished(server, job["id"], **keys[name])
            assert done["request"]["credentials"] is isKnown, done
            sent = [headers.get("Authorization") for _, path, headers in wayward.seen if "/api/" in path]
            assert sent and all((value is not None) is isKnown for value in sent), (name, sent, done)


def test_analytics_of_private_models_are_their_owners(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", bob="write", root="admin")
    options = ("--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c"), "--analytics")
    with serving(runner, *options) as server:
        upload(server, "anna", "secret", keys["anna"])
        upload(server, "anna", "open", keys["anna"], visibility="public")
        theirs = ["anna/secret", "local:anna/secret", "anna/secret@v1", "models/Anna/Secret"]
        names = [*theirs, "anna/open", f"hf:{SHARDED}", SHARDED, "anna/none", "llama3"]
        for name in names:
            tell(server, name, keys["bob"])
        assert [loads(server, name, keys["bob"]) for name in names] == [0] * 4 + [1, 1, 1, 0, 0], "nobody's names look like hidden ones"
        assert [loads(server, name, keys["anna"]) for name in names] == [1] * 7 + [0, 0]
        assert [loads(server, name, keys["root"]) for name in names] == [1] * 9
        # What is hidden looks like what nobody used.
        hidden, unused = (ask_json(server, "GET", f"/api/analytics/models/anna/{name}", **keys["bob"])[1] for name in ("secret", "none"))
        assert {**hidden, "model": ""} == {**unused, "model": ""}


@pytest.mark.parametrize("way", ["registry", "repository", "moved"])
@pytest.mark.parametrize("visibility", ["public", "private"])
def test_analytics_of_a_private_model_that_is_gone_are_its_former_owners(knapsack, caches, tmp_path, way, visibility):
    runner = knapsack.with_caches(caches.hub)
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", Anna="write", bob="write", root="admin")
    options = ("--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c"), "--analytics")
    repository = {"name": "secret", "organization": "anna", "private": True}
    with serving(runner, *options) as server:
        if way == "registry":
            upload(server, "anna", "secret", keys["anna"])
        else:
            assert ask_json(server, "POST", "/api/repos/create", repository, **keys["anna"])[0] == 200
        tell(server, "anna/secret", keys["bob"])
        tell(server, "Anna/Secret", keys["bob"])
        if way == "registry":
            assert ask_json(server, "DELETE", "/ai-models/anna/secret", **keys["anna"])[0] == 200
        elif way == "repository":
            assert ask_json(server, "DELETE", "/api/repos/delete", repository, **keys["anna"])[0] == 200
        else:
            move = {"fromRepo": "anna/secret", "toRepo": "anna/other", "type": "model"}
            assert ask_json(server, "POST", "/api/repos/move", move, **keys["anna"])[0] == 200
        # Clients that still have it go on.
        tell(server, "anna/secret", keys["bob"])

        def seen() -> list[tuple[int, int]]:
            return [(loads(server, "anna/secret", keys[who]), loads(server, "Anna/Secret", keys[who])) for who in ("bob", "Anna", "anna", "root")]

        assert seen() == [(0, 0), (0, 0), (2, 1), (2, 1)]
        # Somebody else takes the name.
        upload(server, "Anna", "Secret", keys["Anna"], visibility=visibility)
        tell(server, "Anna/Secret", keys["bob"])
        assert seen() == [(0, int(visibility == "public")), (0, 1), (2, 1 + int(visibility == "public")), (2, 2)]


def test_a_model_that_becomes_private_or_is_deleted_is_gone_from_the_mirror_at_once(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    keys = tokens(runner, tmp_path / "tokens.json", anna="write", bob="write")
    with serving(runner, "--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c")) as server:
        for change, who in (("PUT", ["anna"]), ("DELETE", [])):
            upload(server, "anna", "open", keys["anna"], visibility="public", version=change.lower())
            for name in ("anna", "bob"):
                assert ask(server, "/api/models/anna/open", **keys[name])[0] == 200
            path = f"/ai-models/anna/open?version={change.lower()}"
            assert ask_json(server, change, path, {"visibility": "private"} if change == "PUT" else None, **keys["anna"])[0] == 200
            seen = [name for name in ("anna", "bob") if ask(server, f"/anna/open/resolve/{change.lower()}/x.txt", **keys[name])[0] == 200]
            assert seen == who


def test_events_whose_owners_were_not_noted_are_for_administrators(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    keys = tokens(runner, tmp_path / "tokens.json", bob="read", root="admin")
    state = tmp_path / "state"
    state.mkdir()
    with sqlite3.connect(state / "analytics.sqlite") as database:
        database.executescript(
            "CREATE TABLE event (number INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL, "
            "response INTEGER, prompt INTEGER, completion INTEGER, rating INTEGER); CREATE INDEX model ON event (model, time); "
            f"INSERT INTO event (model, kind, time) VALUES ('hf:{SHARDED}', 'load', 1700000000); PRAGMA user_version = 1;"
        )
    database.close()
    with serving(runner, "--token-file", str(tmp_path / "tokens.json"), "--state", str(state), "--analytics") as server:
        tell(server, f"hf:{SHARDED}", keys["bob"])
        assert [loads(server, f"hf:{SHARDED}", keys[who]) for who in ("bob", "root")] == [1, 2]


def test_names_of_what_was_uploaded_stay_here(knapsack, wayward, wayward_kaggle, tmp_path):
    with upstream(knapsack, tmp_path, wayward, wayward_kaggle, "--catalogue", str(tmp_path / "c")) as server:
        upload(server, "anna", "secret", {})
        assert ask_json(server, "POST", "/api/repos/create", {"name": "own", "organization": "anna", "private": True})[0] == 200
        model = {"ownerSlug": "anna", "slug": "small", "title": "small", "isPrivate": True}
        assert ask_json(server, "POST", "/api/v1/models.ModelApiService/CreateModel", model)[0] == 200
        wayward.seen.clear()
        wayward_kaggle.seen.clear()
        for name in ("anna/secret", "anna/own", "Anna/Secret", "ANNA/OWN"):
            for path in (f"/api/models/{name}", f"/{name}/resolve/main/none.txt", f"/api/models/{name}/refs", f"/{name}/resolve/other/x"):
                ask(server, path)
        instance = {"ownerSlug": "anna", "modelSlug": "small", "framework": "pyTorch", "instanceSlug": "x"}
        assert ask_json(server, "POST", "/api/v1/models.ModelApiService/GetModelInstance", instance)[0] == 404
        assert [path for _, path, _ in wayward.seen if "secret" in path.lower() or "own" in path.lower()] == []
        assert [item for item in wayward_kaggle.seen if "small" in str(item)] == []
        # Nor when it is gone.
        assert ask_json(server, "DELETE", "/ai-models/anna/secret")[0] == 200
        assert ask_json(server, "DELETE", "/api/repos/delete", {"name": "own", "organization": "anna"})[0] == 200
        for name in ("anna/secret", "Anna/Own"):
            assert ask(server, f"/api/models/{name}")[0] == 404
            ask(server, f"/{name}/resolve/main/none.txt")
        assert [path for _, path, _ in wayward.seen if "secret" in path.lower() or "own" in path.lower()] == []
        # Others are asked for, and a name under which something was that all saw.
        upload(server, "anna", "secret", {}, visibility="public")
        assert ask_json(server, "DELETE", "/ai-models/anna/secret")[0] == 200
        assert ask(server, "/api/models/anna/secret")[0] == 404
        assert [path for _, path, _ in wayward.seen if "anna/secret" in path]
        assert ask(server, f"/api/models/{REPO}")[0] == 200
        assert any(REPO in path for _, path, _ in wayward.seen)


def test_guesses_at_uploads_are_slowed_down_and_do_not_fill_the_log(knapsack, caches, tmp_path):
    runner = knapsack.with_caches(caches.hub)
    keys = tokens(runner, tmp_path / "tokens.json", anna="write")
    log = tmp_path / "audit.jsonl"
    options = ("--token-file", str(tmp_path / "tokens.json"), "--catalogue", str(tmp_path / "c"), "--audit-log", str(log))
    with serving(runner, *options) as server:
        found = [ask(server, f"/api/v1/content/uploads/{'x' * 32}{number}", "PUT")[0] for number in range(60)]
        assert found[:20] == [404] * 20 and set(found[20:]) <= {404, 429} and 429 in found
        assert ask(server, "/api/models", **keys["anna"])[0] == 200, "who has a token is let in from there all the same"
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "write" not in events and events.count("login-failed") <= 25, events


def test_one_thread_is_not_taken_by_who_watches(knapsack, wayward, tmp_path):
    wayward.rate = 100_000
    cache = tmp_path / "hub"
    cache.mkdir()
    with serving(started(knapsack, wayward, cache), "--state", str(tmp_path / "state"), "--threads", "1") as server:
        job = started_job(server, INSTALL)
        status, answer = ask_json(server, "GET", f"/api/jobs/{job['id']}/events")
        assert status == 503 and "now and then" in answer["detail"]
        assert ask_json(server, "GET", f"/api/jobs/{job['id']}")[0] == 200
        assert ask_json(server, "DELETE", f"/api/jobs/{job['id']}")[0] == 200


def test_a_hangup_ends_no_server(knapsack, caches):
    with serving(knapsack.with_caches(caches.hub)) as server:
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert server.process.poll() is None and ask(server, "/api/models")[0] == 200


def test_a_quantization_that_cannot_work_is_refused(knapsack, wayward, tmp_path):
    cache = tmp_path / "hub"
    cache.mkdir()
    with serving(started(knapsack, wayward, cache), "--state", str(tmp_path / "state")) as server:
        status, answer = ask_json(server, "POST", "/api/optimizations", {"model": f"hf:{REPO}", "type": "fit"})
        assert status == 400 and "max_size" in answer["detail"]
