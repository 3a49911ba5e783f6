"""Keys and tokens, by name and by content, wherever they are stored; the value is never printed."""

import base64
import random

import pytest
from cli import manifest
from instances import CARD, LLAMA, errors, findings, model, write

# Made from parts, so that no scanner takes this file for a leak.
HEX = "3f9a1c07e2b85d46"
BODY = base64.encodebytes(random.Random(1).randbytes(600)).decode()


def key(kind):
    return f"-----BEGIN {kind}PRIVATE" + f" KEY-----\n{BODY}-----END {kind}PRIVATE" + " KEY-----\n"


MIXED = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0bC"
TOKENS = {
    "huggingface": "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
    "huggingface-organization": "api_org_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
    "github": "ghp_" + MIXED + "1234",
    "github-server": "ghs_" + MIXED + "1234",
    "github-fine": "github_pat_" + "11ABCDEFG0" + "AbCdEfGhIjKl_" + (MIXED * 2)[:59],
    "aws": "AKIA" + "IOSFODNN7" + "ABCDEF3",
    "aws-session": "ASIA" + "IOSFODNN7" + "ABCDEF3",
    "openai": "sk-proj-" + MIXED + "T3BlbkFJ" + MIXED,
    "openai-old": "sk-" + MIXED[:20] + "T3BlbkFJ" + MIXED[:20],
    "anthropic": "sk-ant-api03-" + (MIXED * 3)[:93] + "AA",
    "kaggle": "KGAT_" + HEX + HEX[::-1],
    "private-key": key("RSA "),
    "openssh-key": key("OPENSSH "),
    "ec-key": key("EC "),
    "pkcs8-key": key(""),
}
PLACES = {
    "config": lambda token: model(**{"config.json": {**LLAMA, "token": token}}),
    "card": lambda token: model(**{"README.md": CARD + f"\nlogin(token='{token}')\n"}),
    "script": lambda token: model(**{"run.sh": f"export TOKEN={token}\n"}),
    "notebook": lambda token: model(**{"train.ipynb": {"cells": [{"cell_type": "code", "source": [f"t = '{token}'"], "outputs": []}], "nbformat": 4}}),
    "log": lambda token: model(**{"logs/run.log": "x" * 100000 + f"\n{token}\n"}),
    "no-suffix": lambda token: model(**{"notes": token}),
    "utf-16": lambda token: model(**{"notes.txt": token.encode("utf-16")}),
    "middle": lambda token: model(**{"trainer_state.json": {"log_history": [{"a": i} for i in range(5000)] + [{"t": token}]}}),
}


PAIRS = [(kind, place) for at, kind in enumerate(TOKENS) for place in (list(PLACES) * 3)[at : at + 2]]


@pytest.mark.parametrize(("kind", "place"), PAIRS)
def test_a_token_in_a_file_is_refused_and_never_printed(knapsack, tmp_path, kind, place):
    token = TOKENS[kind]
    write(tmp_path / "src", PLACES[place](token))
    (tmp_path / "m.toml").write_text(manifest(model=[{"name": "it", "source": "path:src"}]))
    done = knapsack("lock", tmp_path / "m.toml", "--json", "--verbose")
    checked = knapsack("check", tmp_path / "m.toml")
    assert token[:30] not in done.text + checked.text
    assert "credentials" in done.text or "credentials" in checked.text or checked.code == 1, done.text
    assert done.code == 1 or checked.code == 1


NAMES = [
    ".env", "env/.env.local", ".env.production", ".git-credentials", ".pypirc", "id_rsa", "id_ed25519", ".ssh/id_ecdsa",
    ".aws/credentials", ".netrc", "_netrc", "kaggle.json", ".kaggle/kaggle.json", "token", ".huggingface/token", "stored_tokens",
    ".docker/config.json", ".npmrc", "secrets.toml", "credentials.json", "key.pem", "server.key",
    "access_token", ".streamlit/secrets.toml", "application_default_credentials.json", "wandb/.netrc", "ID_RSA", ".ENV",
]
CONTENT = {
    "kaggle.json": '{"username":"u","key":"%s"}' % (HEX * 2),
    "stored_tokens": "[t]\nhf_token = " + TOKENS["huggingface"],
    "token": TOKENS["huggingface"],
    "access_token": TOKENS["kaggle"],
    "key.pem": TOKENS["pkcs8-key"],
    "server.key": TOKENS["ec-key"],
    "credentials.json": '{"type":"service_account","private_key":"%s"}' % TOKENS["pkcs8-key"].replace("\n", "\\n"),
    ".docker/config.json": '{"auths":{"https://index.docker.io/v1/":{"auth":"%s"}}}' % base64.b64encode(b"user:password12345").decode(),
    ".npmrc": "//registry.npmjs.org/:_authToken=npm_" + MIXED + "1234",
    "secrets.toml": 'password = "%s"' % MIXED,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_holds_credentials_by_name_is_refused(knapsack, tmp_path, name):
    content = CONTENT.get(name) or CONTENT.get(name.split("/")[-1]) or "KEY=" + MIXED + "\n"
    for kind in ("model", "files"):
        folder = tmp_path / kind
        folder.mkdir()
        assert "credentials" in errors(findings(knapsack, folder, model(**{name: content}), kind=kind)), (kind, name)


HARMLESS = {
    "tokens-of-a-tokenizer": model(**{"added_tokens.json": {"<hf_token>": 1, "sk-": 2}}),
    "card-that-explains": model(**{"README.md": CARD + "\nexport HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nAKIA...\nsk-...\n"}),
    "public-key": model(**{"key.pub": "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"}),
    "digest": model(**{"sums.txt": HEX * 4 + "  model.safetensors\n"}),
    "tokens-in-vocabulary": model(**{"vocab.txt": "\n".join(["hf", "sk", "ghp", "token", "key"])}),
    "training-arguments": model(**{"trainer_state.json": {"hub_token": "<HUB_TOKEN>", "push_to_hub_token": None}}),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_only_looks_like_a_credential_is_not_refused(knapsack, tmp_path, case):
    assert "credentials" not in findings(knapsack, tmp_path, HARMLESS[case])


def test_allow_lets_a_credential_pass(knapsack, tmp_path):
    found = findings(knapsack, tmp_path, model(**{".env": "A=" + MIXED}), allow=["credentials"])
    assert "credentials" not in errors(found)
