"""Credentials for Kaggle: where they are found, who gets them, who sees them, and what a person is told."""

import base64
import json

import genuine
import pytest
from kaggle_fetching import COMPETITION, DATASET, MODEL, started
from wayward_kaggle import SIGNATURE, STORE

TOKEN = "KGAT_" + "Secret" * 6
OTHER = "KGAT_" + "Nobody" * 6
REFRESH = "KGRT_" + "Refresh" * 5
KEY = "0123456789abcdef" * 2
BASIC = "Basic " + base64.b64encode(f"tester:{KEY}".encode()).decode()
PRIVATE = "tester/hidden/transformers/tiny"
GATED = "tester/gated/transformers/tiny"


@pytest.fixture
def guarded(wayward_kaggle, kaggle_origin):
    """A private and a gated model beside the public one, a competition with rules, and two users."""
    for handle in (PRIVATE, GATED):
        wayward_kaggle.add(handle, 1, kaggle_origin)
    wayward_kaggle.users = {f"Bearer {TOKEN}": "tester", BASIC: "tester", f"Bearer {OTHER}": "nobody"}
    wayward_kaggle.private[PRIVATE] = {"tester"}
    wayward_kaggle.consent.update({GATED: {"tester"}, COMPETITION: {"tester"}})
    wayward_kaggle.refresh_tokens[REFRESH] = TOKEN
    return wayward_kaggle


CASES = {
    "private, nobody": (f"kaggle:{PRIVATE}", None, "there are no credentials", "make a token at"),
    "gated, nobody": (f"kaggle:{GATED}/1", None, "there are no credentials", "models/tester/gated/transformers/tiny"),
    "rules, nobody": (f"kaggle-competition:{COMPETITION}", None, "there are no credentials", f"{COMPETITION}/rules"),
    "wrong": (f"kaggle:{MODEL}", "KGAT_wrong", "does not know the credentials in KAGGLE_API_TOKEN", "make a token at"),
    "gated": (f"kaggle:{GATED}/1", OTHER, "has not agreed to the terms", "agree to the licence at http://localhost/models/"),
    "rules": (f"kaggle-competition:{COMPETITION}", OTHER, "has not accepted the rules",
              f"accept the rules at http://localhost/competitions/{COMPETITION}/rules"),
    "private": (f"kaggle:{PRIVATE}/1", OTHER, "is private, or does not exist", "have its owner share it"),
    "not found": ("kaggle-dataset:tester/none", TOKEN, "there is no data set tester/none", "look at"),
    "not found, with a version": ("kaggle-dataset:tester/none/versions/3", TOKEN, "there is no data set tester/none", "look at"),
    "no version": (f"kaggle:{MODEL}/7", TOKEN, f"{MODEL} has no version 7", "the current version is 2"),
    "no version of data": (f"kaggle-dataset:{DATASET}/versions/9", None, f"{DATASET} has no version 9", "the current version is 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_refusal_has_its_own_sentence(kaggle_fetch, guarded, tmp_path, case):
    source, token, message, fix = CASES[case]
    done = kaggle_fetch(tmp_path / "cache", source, **({"KAGGLE_API_TOKEN": token} if token else {})).expect(2)
    assert message in done.stderr and fix in done.stderr, done.stderr
    others = {other[2] for other in CASES.values() if other[2] not in message and message not in other[2]}
    assert not [other for other in others if other in done.stderr]


def written(path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def login(token: str = "", expires: str = "") -> str:
    return json.dumps({"refresh_token": REFRESH, "access_token": token, "access_token_expiration": expires, "username": "tester"})


PAIR = json.dumps({"username": "tester", "key": KEY})
PLACES = {
    "KAGGLE_API_TOKEN": ({"KAGGLE_API_TOKEN": TOKEN}, {}),
    "KAGGLE_API_TOKEN is a file": ({"KAGGLE_API_TOKEN": "HOME/elsewhere"}, {"elsewhere": f" {TOKEN}\n"}),
    "access_token": ({}, {".kaggle/access_token": f"{TOKEN}\n"}),
    "access_token.txt": ({}, {".kaggle/access_token.txt": TOKEN}),
    "user and key": ({"KAGGLE_USERNAME": "tester", "KAGGLE_KEY": KEY}, {}),
    "kaggle.json": ({}, {".kaggle/kaggle.json": PAIR}),
    "kaggle.json in .config": ({}, {".config/kaggle/kaggle.json": PAIR}),
    "kaggle.json in XDG_CONFIG_HOME": ({"XDG_CONFIG_HOME": "HOME/xdg"}, {"xdg/kaggle/kaggle.json": PAIR}),
    "kaggle.json in KAGGLE_CONFIG_DIR": ({"KAGGLE_CONFIG_DIR": "HOME/dir"}, {"dir/kaggle.json": PAIR}),
    "login": ({}, {".kaggle/credentials.json": login(TOKEN, "2099-01-02T03:04:05.678901+00:00")}),
    "login that ran out": ({}, {".kaggle/credentials.json": login(OTHER, "2020-01-02T03:04:05.678901+00:00")}),
    "login without a token": ({}, {".kaggle/credentials.json": login()}),
    "in a notebook": ({"KAGGLE_KERNEL_RUN_TYPE": "Batch", "KAGGLE_DATA_PROXY_URL": "http://x", "KAGGLE_API_V1_TOKEN": "HOME/v1",
                       "KAGGLE_API_TOKEN": OTHER}, {"v1": TOKEN}),
    "a token before a key": ({"KAGGLE_API_TOKEN": TOKEN, "KAGGLE_USERNAME": "x", "KAGGLE_KEY": "y"}, {".kaggle/kaggle.json": "{}"}),
    "a key before a login": ({}, {".kaggle/kaggle.json": PAIR, ".kaggle/credentials.json": login(OTHER, "2099-01-01T00:00:00Z")}),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_credentials_are_found_where_the_clients_find_them(kaggle_fetch, guarded, tmp_path, place):
    variables, files = PLACES[place]
    home = tmp_path / "home"
    for name, text in files.items():
        written(home / name, text)
    variables = {name: value.replace("HOME", str(home)) for name, value in variables.items()}
    kaggle_fetch(tmp_path / "cache", f"kaggle:{PRIVATE}", "--include", "config.json", **variables).expect(0)
    # What the clients wrote is not changed, but for a token that is renewed.
    if place not in ("login that ran out", "login without a token"):
        assert {name: (home / name).read_text() for name in files} == files


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({".kaggle/kaggle.json": "{"}, "kaggle.json is no JSON"),
        ({".kaggle/kaggle.json": '{"username": "tester"}'}, 'has no "username" with a "key"'),
        ({".kaggle/access_token": f"{TOKEN}\n{TOKEN}"}, "has a character that no token has"),
        ({".kaggle/credentials.json": login().replace(REFRESH, "KGRT_unknown")}, "does not know the credentials in"),
    ],
)
def test_credentials_that_cannot_be_used(kaggle_fetch, guarded, tmp_path, files, message):
    for name, text in files.items():
        written(tmp_path / "home" / name, text)
    done = kaggle_fetch(tmp_path / "cache", f"kaggle:{PRIVATE}").expect(2)
    assert message in done.stderr and TOKEN not in done.text


CLIENT = """
from kagglesdk.kaggle_client import KaggleClient
from kagglesdk.kaggle_creds import KaggleCredentials
with KaggleClient() as client:
    credentials = KaggleCredentials.load(client)
    print(credentials.get_access_token(), credentials.get_username(), credentials._scopes)
"""


class TestRenewal:
    """A token of `kaggle auth login` lives half a day: it is renewed, and kept as the client keeps it."""

    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "home/.kaggle/credentials.json"

    def run(self, fetch, tmp_path, name="cache"):
        return fetch(tmp_path / name, f"kaggle:{PRIVATE}", "--include", "config.json")

    @staticmethod
    def renewals(server) -> int:
        return len([path for _, path, _ in server.seen if path.endswith("GenerateAccessToken")])

    @pytest.mark.parametrize("token", ["", OTHER])
    def test_the_client_takes_what_was_written(self, kaggle_fetch, guarded, tmp_path, file, token):
        written(file, login(token, "2020-01-02T03:04:05.678901+00:00"))
        file.chmod(0o644)
        self.run(kaggle_fetch, tmp_path).expect(0)
        assert self.renewals(guarded) == 1
        own = json.loads(file.read_text())
        assert own["access_token"] == TOKEN and own["access_token_expiration"] > "2026"
        # As with the client, nobody else can read it; and nothing is left beside it.
        assert file.stat().st_mode & 0o777 == 0o600 and [path.name for path in file.parent.iterdir()] == [file.name]
        variables = {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": guarded.url, "no_proxy": ""}
        assert genuine.run_python(CLIENT, variables, tmp_path / "home").split() == [TOKEN, "tester", "[]"]
        # Neither the client nor the next run asks for another one.
        self.run(kaggle_fetch, tmp_path, "other").expect(0)
        assert self.renewals(guarded) == 1

    def test_what_the_client_renewed_is_taken(self, kaggle_fetch, guarded, tmp_path, file):
        written(file, login(OTHER, "2020-01-02T03:04:05.678901+00:00"))
        variables = {"KAGGLE_API_ENVIRONMENT": "LOCALHOST", "http_proxy": guarded.url, "no_proxy": ""}
        assert genuine.run_python(CLIENT, variables, tmp_path / "home").startswith(TOKEN)
        before = file.read_text()
        self.run(kaggle_fetch, tmp_path).expect(0)
        assert self.renewals(guarded) == 1 and file.read_text() == before

    def test_a_token_that_is_refused_before_its_end_is_renewed(self, kaggle_fetch, guarded, tmp_path, file):
        written(file, login("KGAT_revoked", "2099-01-02T03:04:05.678901+00:00"))
        kaggle_fetch(tmp_path / "cache", f"kaggle:{PRIVATE}").expect(0)
        assert self.renewals(guarded) == 1 and json.loads(file.read_text())["access_token"] == TOKEN

    def test_a_login_that_is_over_is_told(self, kaggle_fetch, guarded, tmp_path, file):
        guarded.refresh_tokens[REFRESH] = "KGAT_refused_too"
        for token in ("KGAT_revoked", ""):
            written(file, login(token, "2099-01-02T03:04:05.678901+00:00"))
            guarded.reset()
            done = self.run(kaggle_fetch, tmp_path).expect(2)
            assert "does not know the credentials in" in done.stderr and "run kaggle auth login" in done.stderr
            assert self.renewals(guarded) == 1
            assert "KGAT" not in done.text and REFRESH not in done.text

    @pytest.mark.parametrize("shape", ["link", "read only", "a directory in the way"])
    def test_a_file_in_another_place(self, kaggle_fetch, guarded, tmp_path, file, shape):
        real = tmp_path / "elsewhere/credentials.json"
        text = login(OTHER, "2020-01-02T03:04:05.678901+00:00")
        written(real if shape == "link" else file, text)
        file.parent.mkdir(parents=True, exist_ok=True)
        if shape == "link":
            file.symlink_to(real)
        elif shape == "read only":
            file.chmod(0o400)
        else:
            (file.parent / ".credentials.json.partial").mkdir()
        self.run(kaggle_fetch, tmp_path).expect(0)
        assert file.is_symlink() == (shape == "link")
        # Where it cannot be written, the token serves this run all the same.
        assert (json.loads(file.read_text())["access_token"] == TOKEN) == (shape != "a directory in the way")


@pytest.mark.parametrize("fault", [None, "status", "drop", "wrong-bytes", "changed-md5", "expired", "elsewhere"])
@pytest.mark.parametrize("place", ["KAGGLE_API_TOKEN", "user and key", "login that ran out"])
def test_credentials_are_sent_to_kaggle_alone_and_written_nowhere(kaggle_fetch, guarded, tmp_path, fault, place):
    if place != "KAGGLE_API_TOKEN" and fault not in (None, "elsewhere"):
        pytest.skip("one kind of credentials is enough for this fault")
    variables, files = PLACES[place]
    for name, text in files.items():
        written(tmp_path / "home" / name, text)
    if fault:
        guarded.add_fault(fault, path="model.safetensors", times=1 if fault == "elsewhere" else 100)
    done = kaggle_fetch(
        tmp_path / "cache", f"kaggle:{PRIVATE}", "--verbose", "--json", "--retries", "1",
        KNAPSACK_CACHE_DIR=str(tmp_path / "index"), **variables,
    ).expect(*((1, 2) if fault and fault != "elsewhere" else (0,)))  # fmt: skip
    sent = BASIC if place == "user and key" else f"Bearer {TOKEN}"
    calls = [headers for host, path, headers in guarded.seen if host == "localhost" and "GenerateAccessToken" not in path]
    assert calls and all(headers.get("Authorization") == sent for headers in calls)
    elsewhere = [headers for host, _, headers in guarded.seen if host != "localhost"]
    assert elsewhere and guarded.to(STORE)
    secrets = (TOKEN, OTHER, REFRESH, KEY, BASIC.split()[1])
    for headers in elsewhere:
        assert "Authorization" not in headers and not [secret for secret in secrets if secret in str(headers)]
    # Nor are addresses that are signed: whoever has one needs no credentials.
    for secret in (*secrets, SIGNATURE):
        assert secret not in done.text
        found = [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert not [path for path in found if tmp_path / "home" not in path.parents], found


@pytest.mark.parametrize("place", ["KAGGLE_API_TOKEN", "user and key", "login that ran out"])
def test_no_credential_is_locked_packed_or_in_a_journal(knapsack, guarded, tmp_path, place):
    variables, files = PLACES[place]
    for name, text in files.items():
        written(tmp_path / "home" / name, text)
    path = tmp_path / "models.toml"
    path.write_text(
        f'schema = 1\n[bundle]\nname = "fetched"\n[[files]]\nname = "it"\nsource = "kaggle:{PRIVATE}"\nexclude = ["a name*"]\n'
    )
    program = started(knapsack, guarded, tmp_path / "cache", KNAPSACK_CACHE_DIR=str(tmp_path / "index"), **variables)
    told = []
    guarded.add_fault("drop", path="model.safetensors", after=600_000, times=100)
    told.append(program("pack", path, "--fetch", "--retries", "0", "--output", tmp_path / "bundle").expect(2).text)
    assert list(tmp_path.rglob("*.knapsack.journal"))

    def found() -> list:
        secrets = (TOKEN, OTHER, REFRESH, KEY, BASIC.split()[1], SIGNATURE)
        written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and tmp_path / "home" not in path.parents]
        return [secret for secret in secrets if any(secret.encode() in text for text in [*written, *map(str.encode, told)])]

    assert not found()
    guarded.reset()
    told.append(program("pack", path, "--fetch", "--verbose", "--output", tmp_path / "bundle").expect(0).text)
    assert not found() and path.with_suffix(".lock").exists() and (tmp_path / "bundle/SHA256SUMS").exists()


def test_a_place_that_cannot_be_asked(kaggle_fetch, tmp_path):
    done = kaggle_fetch(tmp_path / "cache", f"kaggle:{MODEL}", KAGGLE_API_ENVIRONMENT="STAGING").expect(2)
    assert "KAGGLE_API_ENVIRONMENT" in done.stderr and "allowed: PROD, QA, LOCALHOST, TEST" in done.stderr


def test_kaggle_is_asked_over_tls_by_default(knapsack, wayward_kaggle, tmp_path):
    variables = {"KAGGLE_API_ENVIRONMENT": "PROD", "https_proxy": wayward_kaggle.url, "KAGGLE_API_TOKEN": TOKEN}
    program = started(knapsack, wayward_kaggle, tmp_path / "cache", **variables)
    done = program("fetch", f"kaggle:{MODEL}/1", "--retries", "0").expect(2)
    # The stand-in opens no tunnel, so nothing was sent but the wish for one.
    assert "opens no way to api.kaggle.com" in done.stderr and not wayward_kaggle.seen


@pytest.mark.parametrize(
    ("target", "message", "fix"),
    [
        ("https://www.kaggle.com/datasets/me/data?select=x", "is an address", 'did you mean "kaggle-dataset:me/data"?'),
        ("kaggle-datasets:me/data", 'starts with "kaggle-datasets:"', 'did you mean "kaggle-dataset:"?'),
        ("google/gemma-2", "does not state where to look", 'did you mean "hf:google/gemma-2"?'),
        ("other/models.toml", "there is no other/models.toml", "name the manifest"),
    ],
)
def test_what_was_meant_as_a_source_is_not_looked_for_as_a_file(kaggle_fetch, wayward_kaggle, tmp_path, target, message, fix):
    done = kaggle_fetch(tmp_path / "cache", target).expect(2)
    assert message in done.stderr and fix in done.stderr and not wayward_kaggle.seen
