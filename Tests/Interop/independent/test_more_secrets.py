"""Tokens of real shapes and lengths in the places where they leak, and what has such a shape and is none.

Lengths and prefixes are those that the issuers document (GitHub's and GitLab's token overviews, AWS' IAM identifiers, PyPI's
macaroons, npm's and Slack's announcements) and that huggingface_hub 2.4 and the kaggle command 2.2.5 read.
"""

import base64
import io
import json
import pickle
import random
import string
import struct
import zipfile

import pytest
from batches import together
from instances import CARD, LLAMA, TOKENIZER, errors, model

RANDOM = random.Random(12)
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"
URL = ALNUM + "-_"


def some(count, letters=ALNUM):
    return "".join(RANDOM.choice(letters) for _ in range(count))


def pem(kind, count=1200):
    body = base64.encodebytes(RANDOM.randbytes(count)).decode()
    return f"-----BEGIN {kind}" + f"-----\n{body}-----END {kind}" + "-----\n"


TOKENS = {
    "huggingface": "hf_" + some(34, string.ascii_letters),
    "kaggle": "KGAT_" + some(32, HEX),
    "github-oauth": "gho_" + some(36),
    "github-user": "ghu_" + some(36),
    "github-refresh": "ghr_" + some(76),
    "gitlab": "glpat-" + some(20),
    "gitlab-routable": "glpat-" + some(27, URL) + ".01." + some(9, HEX),
    "aws": "AKIA" + some(16, UPPER),
    "aws-secret": "aws_secret_access_key = " + some(40, ALNUM + "/+"),
    "google": "AIza" + some(35, URL),
    "google-client": "GOCSPX-" + some(28, URL),
    "slack-bot": f"xoxb-{some(12, string.digits)}-{some(13, string.digits)}-{some(24)}",
    "slack-app": f"xapp-1-A{some(10, string.digits)}-{some(13, string.digits)}-{some(64, HEX)}",
    "openai-service": "sk-svcacct-" + some(74, URL) + "T3BlbkFJ" + some(74, URL),
    "openai-project": "sk-proj-" + some(74, URL) + "T3BlbkFJ" + some(74, URL),
    "anthropic": "sk-ant-api03-" + some(93, URL) + "AA",
    "anthropic-admin": "sk-ant-admin01-" + some(93, URL) + "AA",
    "anthropic-oauth": "sk-ant-oat01-" + some(93, URL) + "AA",
    "openrouter": "sk-or-v1-" + some(64, HEX),
    "groq": "gsk_" + some(52),
    "replicate": "r8_" + some(37),
    "nvidia": "nvapi-" + some(64, URL),
    "stripe": "sk_live_" + some(99),
    "databricks": "dapi" + some(32, HEX),
    "npm": "npm_" + some(36),
    "pypi": "pypi-AgEIcHlwaS5vcmc" + some(160, URL),
    "wandb": "wandb_v1_" + some(27, ALNUM) + "_" + some(48, ALNUM),
    "rsa": pem("RSA PRIVATE" + " KEY"),
    "pkcs8": pem("PRIVATE" + " KEY"),
    "pkcs8-encrypted": pem("ENCRYPTED PRIVATE" + " KEY"),
    "openssh": pem("OPENSSH PRIVATE" + " KEY", 300),
    "ec": pem("EC PRIVATE" + " KEY", 120),
    "dsa": pem("DSA PRIVATE" + " KEY", 500),
    "pgp": pem("PGP PRIVATE" + " KEY BLOCK"),
}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}


def code(source, *outputs):
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": source, "outputs": list(outputs)}


PLACES = {
    "output": lambda t: model(**{"a.ipynb": notebook(code(["print(x)"], {"output_type": "stream", "name": "stdout", "text": ["ok\n", t + "\n"]}))}),
    "traceback": lambda t: model(**{"a.ipynb": notebook(code("x", {"output_type": "error", "ename": "E", "evalue": t, "traceback": []}))}),
    "source-as-one-text": lambda t: model(**{"a.ipynb": notebook(code(f"import os\nos.environ['T'] = \"{t}\""))}),
    "yaml": lambda t: model(**{"train.yaml": "key: |\n  " + t.replace("\n", "\n  ") + "\n"}),
    "toml": lambda t: model(**{"a.toml": f"key = '''{t}'''\n"}),
    "shell": lambda t: model(**{"run.sh": f"#!/bin/sh\nexport KEY='{t}'\n"}),
    "ini": lambda t: model(**{"pip.conf": f"[global]\npassword={t}\n"}),
    "lines-of-windows": lambda t: model(**{"notes.txt": ("a\nb\n" + t + "\n").replace("\n", "\r\n")}),
    "html": lambda t: model(**{"report.html": f"<pre>{t}</pre>"}),
    "csv": lambda t: model(**{"log.csv": f"1,2,{t},3\n"}),
    "json-lines": lambda t: model(**{"events.jsonl": json.dumps({"a": 1}) + "\n" + json.dumps({"t": t}) + "\n"}),
    "no-suffix": lambda t: model(**{"Dockerfile": f"ENV TOKEN={t}\n"}),
    "modules-of-git": lambda t: model(**{".gitmodules": f'[submodule "a"]\n\turl = https://user:{t}@example.org/a.git\n'}),
}
FOUND = {
    f"{token}-in-{place}": PLACES[place](TOKENS[token])
    for at, token in enumerate(TOKENS)
    for place in (list(PLACES) * 4)[at : at + 2]
    if not ("PRIVATE" in TOKENS[token] and place in ("modules-of-git", "csv", "no-suffix", "ini", "shell"))
}


def training_arguments(token):
    """training_args.bin as transformers' Trainer writes it: torch.save of TrainingArguments, hub_token and all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("training_args/data.pkl", pickle.dumps({"output_dir": "x", "hub_token": token}, protocol=2))
        out.writestr("training_args/version", "3\n")
    return buffer.getvalue()


def with_metadata(**values):
    header = json.dumps({"__metadata__": values, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + b"\0" * 4


PASSWORD = some(24)
SERVICE = {"type": "service_account", "project_id": "p", "private_key_id": some(40, HEX), "private_key": pem("PRIVATE" + " KEY"), "client_email": "a@p.iam.gserviceaccount.com"}
USER = {"client_id": some(12, string.digits) + "-" + some(32) + ".apps.googleusercontent.com", "client_secret": "GOCSPX-" + some(28, URL), "refresh_token": "1//0" + some(99, URL), "type": "authorized_user"}
FOUND |= {
    "service-account-of-any-name": model(**{"my-project-1234.json": SERVICE}),
    "user-of-google-of-any-name": model(**{"adc.json": USER}),
    "kaggle-key-in-a-notebook": model(**{"a.ipynb": notebook(code(["os.environ['KAGGLE_USERNAME'] = 'me'\n", f"os.environ['KAGGLE_KEY'] = '{some(32, HEX)}'\n"]))}),
    "kaggle-json-in-a-shell-line": model(**{"setup.sh": 'echo \'{"username":"me","key":"%s"}\' > ~/.kaggle/kaggle.json\n' % some(32, HEX)}),
    "configuration-of-git-in-a-card": model(**{"README.md": CARD + f"\ngit clone https://me:{TOKENS['huggingface']}@huggingface.co/me/x\n"}),
    "in-a-tokenizer-configuration": model(**{"tokenizer_config.json": {"use_auth_token": TOKENS["huggingface"]}}),
    "in-the-configuration": model(**{"config.json": {**LLAMA, "_token": TOKENS["huggingface"]}}),
    "behind-a-mark": model(**{"notes.txt": b"\xef\xbb\xbf" + TOKENS["github-oauth"].encode()}),
    "latin-1": model(**{"notes.txt": "Schlüssel: ".encode("latin-1") + TOKENS["npm"].encode()}),
    "next-to-quotes": model(**{"a.sh": f'login "{TOKENS["huggingface"]}";x'}),
    "in-an-address": model(**{"a.txt": f"https://x.org/?token={TOKENS['huggingface']}&a=1"}),
    "two-on-a-line": model(**{"a.txt": f"hf_{'x' * 34} {TOKENS['huggingface']}"}),
    "env-in-a-folder": model(**{"config/.env.staging": "A=1"}),
    "envrc": model(**{".envrc": f"export HF_TOKEN={TOKENS['huggingface']}\n"}),
    "env-of-a-name": model(**{"prod.env": f"HF_TOKEN={TOKENS['huggingface']}\n"}),
    "pgpass": model(**{".pgpass": f"host:5432:db:user:{PASSWORD}"}),
    "boto": model(**{".boto": f"[Credentials]\ngs_oauth2_refresh_token = 1//0{some(60)}"}),
    "s3cfg": model(**{".s3cfg": f"[default]\nsecret_key = {some(40)}"}),
    "rclone": model(**{"rclone.conf": f"[r]\ntype = s3\nsecret_access_key = {some(40)}"}),
    "kubeconfig": model(**{".kube/config": "users:\n- user:\n    client-key-data: " + base64.b64encode(pem("RSA PRIVATE" + " KEY").encode()).decode()}),
    "docker-legacy": model(**{".dockercfg": '{"https://index.docker.io/v1/":{"auth":"%s"}}' % base64.b64encode(f"me:{PASSWORD}".encode()).decode()}),
    "gcloud": model(**{".config/gcloud/credentials.db": b"SQLite format 3\0" + b"\0" * 100}),
    "azure": model(**{".azure/msal_token_cache.json": {"RefreshToken": {"a": {"secret": some(200)}}}}),
    "putty": model(**{"key.ppk": "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n" + base64.b64encode(RANDOM.randbytes(36)).decode()}),
    "pkcs12": model(**{"cert.p12": b"0\x82\x09\x00" + RANDOM.randbytes(200)}),
    "ssh-key-of-any-name": model(**{"deploy_key": TOKENS["openssh"]}),
    "kaggle-access-token": model(**{".kaggle/access_token": TOKENS["kaggle"]}),
}  # fmt: skip

PICTURE = base64.b64encode(RANDOM.randbytes(40000)).decode()
IDS = "AKIA" + some(16, UPPER)
HARMLESS = {
    "pictures-of-a-notebook": model(**{"a.ipynb": notebook(code("x", {"output_type": "display_data", "data": {"image/png": PICTURE}, "metadata": {}}))}),
    "key-id-within-a-picture": model(**{"a.ipynb": notebook(code("x", {"output_type": "display_data", "data": {"image/png": "abc" + IDS + "def" + PICTURE}, "metadata": {}}))}),
    "card-with-places": model(**{"README.md": CARD + "".join(f"\nlogin(token='{t}')\n" for t in ["hf_...", "hf_xxx", "hf_YOUR_TOKEN_HERE", "YOUR_TOKEN", "hf_your_token", "<your token>", "hf_" + "x" * 34, "hf_" + "X" * 34, "hf_" + "a" * 34, "hf_" + "1234567890" * 3 + "1234", "hf_****************************", "$HF_TOKEN", "${HF_TOKEN}", "hf_abcdefghijklmnopqrstuvwxyzabcdefgh"])}),
    "card-with-other-places": model(**{"README.md": CARD + "\nsk-...\nsk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nsk-proj-your-key-here\nsk-ant-api03-...\nAKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nAKIAXXXXXXXXXXXXXXXX\nghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nghp_YOUR_TOKEN\nnvapi-xxxx\ngsk_your_api_key_here\nr8_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"}),
    "card-with-a-form-of-a-key": model(**{"README.md": CARD + "\n-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"}),
    "certificates": model(**{"cacert.pem": pem("CERTIFICATE")}),
    "public-keys": model(**{"id_rsa.pub": "ssh-rsa " + base64.b64encode(RANDOM.randbytes(279)).decode() + " me@x\n", "key.pub": pem("PUBLIC KEY", 90)}),
    "parameters-of-dh": model(**{"dh.pem": pem("DH PARAMETERS", 90)}),
    "digests": model(**{"SHA256SUMS": "".join(f"{some(64, HEX)}  a{i}\n" for i in range(200)), "commits.txt": "".join(f"{some(40, HEX)}\n" for _ in range(200)), "md5.txt": "".join(f"{some(32, HEX)} b\n" for _ in range(200))}),
    "vocabulary-of-tokens": model(**{"vocab.json": {t: i for i, t in enumerate(TOKENS.values())}, "merges.txt": "#version: 0.2\n"}),
    "tokenizer": model(**{"tokenizer.json": {**TOKENIZER, "model": {**TOKENIZER["model"], "vocab": {TOKENS["groq"]: 3, "a": 0, "b": 1, "ab": 2}}}}),
    "safetensors-index": model(**{"extra.json": {"weight_map": {f"model.layers.{i}.hf_device_map_{some(20)}": "x" for i in range(200)}}}),
    "names-with-prefixes": model(**{"names.txt": "hf_device_map hf_model_config_without_anything_secret_here_at_all gsk_loss npm_run_build_and_test_everything_in_here r8_unorm sk-learn sk_learn_pipeline_with_a_very_long_name_that_goes_on AIzawa\n"}),
    "dataset-words": model(**{"words.txt": "\n".join(some(RANDOM.randint(3, 40)) for _ in range(5000))}),
    "identifiers": model(**{"ids.json": [f"{some(8, HEX)}-{some(4, HEX)}-4{some(3, HEX)}-a{some(3, HEX)}-{some(12, HEX)}" for _ in range(200)]}),
    "short-by-one": model(**{"a.txt": "\n".join(["hf_" + some(12), "ghp_" + some(20), "AKIA" + some(11, UPPER), "npm_" + some(20), "AIza" + some(20)])}),
    "lower-case-key-id": model(**{"a.txt": "akia" + some(16, string.ascii_lowercase)}),
    "environment-that-is-an-example": model(**{".env.example": "HF_TOKEN=\nOPENAI_API_KEY=your-key\n"}),
    "environment-of-a-sample": model(**{".env.sample": "HF_TOKEN=<token>\n"}),
    "environment-of-a-template": model(**{".env.template": "HF_TOKEN=\n"}),
    "folder-called-env": model(**{"env/notes.txt": "none\n", "environment.yml": "name: x\ndependencies: [python]\n"}),
    "card-that-reads-the-environment": model(**{"README.md": CARD + "\ntoken = os.environ['HF_TOKEN']\nkaggle.json goes to ~/.kaggle\nKAGGLE_KEY=...\nexport WANDB_API_KEY=<key>\nexport WANDB_API_KEY=$KEY\n"}),
    "tokenizer-configuration": model(**{"tokenizer_config.json": {"added_tokens_decoder": {"0": {"content": "<|token|>"}}, "extra_special_tokens": {"secret_key": "<key>", "password": "<password>"}}}),
    "password-of-a-sentence": model(**{"README.md": CARD + "\npassword: the model was asked for a password = 'correct horse battery staple'\n"}),
    "jupyter-widgets": model(**{"a.ipynb": {**notebook(code("x")), "metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": {some(32, HEX): {"model_name": "HTMLModel"} for _ in range(50)}}}}}),
    "signed-addresses-of-nothing": model(**{"a.txt": "https://cdn.example.org/a?Policy=&Signature=&Key-Pair-Id=K3EXAMPLE\n"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(knapsack, tmp_path_factory):
    cases = {name: files for name, files in FOUND.items()}
    return together(knapsack, tmp_path_factory.mktemp("secrets"), cases, "", allow=["processor-missing"])


@pytest.mark.parametrize("case", FOUND)
def test_a_token_is_found_where_it_leaked(found, case):
    assert "credentials" in errors(found[case]), found[case]


@pytest.fixture(scope="module")
def harmless(knapsack, tmp_path_factory):
    return together(knapsack, tmp_path_factory.mktemp("harmless"), HARMLESS, "")


@pytest.mark.parametrize("case", HARMLESS)
def test_what_has_the_shape_of_a_token_and_is_none_is_not_refused(harmless, case):
    assert "credentials" not in harmless[case], harmless[case]
