"""What a person meets in a terminal: pages of the documentation, what doctor finds, and completions."""

import json
import os
import re
import shlex
import shutil
import subprocess

import pytest
from cli import manifest
from conftest import KAGGLE_MINILM
from documents import DOCS
from genuine import MINILM

pytestmark = pytest.mark.smoke
TOPICS = ["start" if path.stem == "README" else path.stem for path in sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_page_is_a_topic(knapsack, topic):
    page = DOCS / ("README.md" if topic == "start" else f"{topic}.md")
    shown = knapsack("help", topic if topic == "start" else page.name).expect(0).stdout
    heading = page.read_text().splitlines()[0].removeprefix("# ").replace("`", "")
    assert shown.splitlines()[0].replace("`", "") == heading
    assert "](" not in shown.replace("`", "") or "](" in "".join(page.read_text().split("```")[1::2])
    assert max(map(len, shown.splitlines())) < 200
    assert topic in knapsack("help", "topics").expect(0).stdout


def test_a_command_comes_before_a_page_of_its_name(knapsack):
    assert "USAGE: knapsack lock" in knapsack("help", "lock").expect(0).stdout
    assert knapsack("help", "lock.md").expect(0).stdout.startswith("The lock\n========\n")
    assert "USAGE: knapsack pack" in knapsack("help", "pack").expect(0).stdout


def test_a_topic_that_does_not_exist_names_the_nearest(knapsack):
    assert 'did you mean "policy"?' in knapsack("help", "polcy").expect(2).stderr


@pytest.mark.parametrize("folder", [".kaggle", ".config/kaggle"])
def test_doctor_states_what_is_there_and_never_a_secret(knapsack, tmp_path, folder):
    home = tmp_path / "home"
    key = home / folder / "kaggle.json"
    key.parent.mkdir(parents=True)
    key.write_text('{"username": "me", "key": "0123456789abcdef"}')
    key.chmod(0o644)
    (tmp_path / "hub").mkdir()
    here = knapsack.with_caches(tmp_path / "hub", None, HOME=str(home), HF_TOKEN="hf_verysecret")
    done = here("doctor", "--json").expect(0)
    document = done.json()
    assert "verysecret" not in done.text and "0123456789abcdef" not in done.text
    assert {item["service"]: item["from"] for item in document["credentials"]} == {
        "Hugging Face": "HF_TOKEN",
        "Kaggle": str(key),
    }
    assert [place["exists"] for place in document["places"]][:2] == [True, False]
    assert set(document["libraries"]) == {"libarchive", "libyaml", "OpenSSL", "SQLite"}
    text = here("doctor").expect(0).text
    assert "can be read by every user" in text and "chmod 600" in text
    assert "KAGGLEHUB_CACHE is" in text


def test_doctor_states_where_the_certificates_are(knapsack, tmp_path):
    own = tmp_path / "own.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" * 2)
    (tmp_path / "hub").mkdir()

    def doctor(**variables):
        here = knapsack.with_caches(tmp_path / "hub", None, **variables)
        document = here("doctor", "--json").expect(0).json()
        (place,) = [place for place in document["places"] if place["name"] == "trusted certificates"]
        return place, [finding["message"] for finding in document["findings"]]

    place, _ = doctor(SSL_CERT_FILE=str(own))
    assert (place["path"], place["holds"]) == (str(own), "2 certificates")
    place, findings = doctor(SSL_CERT_FILE=str(tmp_path / "nothing.pem"))
    assert not place["exists"] and any("SSL_CERT_FILE" in message for message in findings)
    own.write_text("no certificate")
    place, findings = doctor(REQUESTS_CA_BUNDLE=str(own))
    assert not place["exists"] and any("no certificate" in message for message in findings)


def test_doctor_ends_with_1_if_there_is_no_cache(knapsack):
    done = knapsack("doctor", "--json").expect(1)
    assert [finding["code"] for finding in done.json()["findings"]] == ["cache-missing"]


def completed(knapsack, tmp_path, *words: str) -> list[str]:
    """What bash offers for the last of the words. bash ends a word at each colon, too."""
    script = tmp_path / "completion.bash"
    script.write_text(knapsack("--generate-completion-script", "bash").expect(0).stdout)
    line = " ".join(words)
    parts = [part for word in words for part in re.split("(:)", word) if part or not word]
    program = f"""
        PATH={shlex.quote(str(knapsack.binary.parent))}:$PATH
        source {shlex.quote(str(script))}
        [[ $(complete -p knapsack) =~ -F\\ ([a-z_]+) ]]
        COMP_WORDS=({shlex.join(parts)}); COMP_CWORD={len(parts) - 1}
        COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}
        # As bash calls it: the command, the word, and the one before.
        "${{BASH_REMATCH[1]}}" knapsack {shlex.quote(parts[-1])} {shlex.quote(parts[-2])} 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, **knapsack.environment()}
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, cwd=tmp_path, env=environment)
    return [word.strip() for word in done.stdout.splitlines() if word.strip()]


def test_bash_completes_entries_types_and_commands(knapsack, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").touch()
    entries = [{"name": name, "source": "path:files", "license": "mit"} for name in ("first", "second")]
    (tmp_path / "knapsack.toml").write_text(manifest(head="", files=entries))
    assert {"first", "second"} <= set(completed(knapsack, tmp_path, "knapsack", "lock", "--update", ""))
    assert {"Q4_K_M", "q8_0"} <= set(completed(knapsack, tmp_path, "knapsack", "convert", "--outtype", ""))
    assert {"Q5_K_M", "files"} <= set(completed(knapsack, tmp_path, "knapsack", "quantize", "a.gguf", ""))
    assert completed(knapsack, tmp_path, "knapsack", "doc") == ["doctor"]
    (tmp_path / "bundle").mkdir()
    knapsack("lock", "knapsack.toml", cwd=tmp_path).expect(0)
    shutil.copy(tmp_path / "knapsack.lock", tmp_path / "bundle")
    assert completed(knapsack, tmp_path, "knapsack", "unpack", "bundle", "--entry", "s") == ["second"]


def test_bash_completes_sources_although_they_have_colons(knapsack, caches, tmp_path):
    here = knapsack.with_caches(caches.hub, caches.kagglehub)
    (tmp_path / "hidden").mkdir()
    every = completed(here, tmp_path, "knapsack", "convert", "")
    assert {f"hf:{MINILM}@main", f"kaggle:{KAGGLE_MINILM}/1", "hidden"} <= set(every)
    # What comes before the colon is a word of its own to bash, and stays.
    assert f"{MINILM}@main" in completed(here, tmp_path, "knapsack", "inspect", "hf:")
    assert completed(here, tmp_path, "knapsack", "compare", "a", f"kaggle:{KAGGLE_MINILM[:4]}") == [f"{KAGGLE_MINILM}/1"]


def test_zsh_is_given_sources_whose_colons_begin_no_description(knapsack, caches, tmp_path):
    here = knapsack.with_caches(caches.hub, caches.kagglehub, SAP_SHELL="zsh", SAP_SHELL_VERSION="5.9")
    words = ["---completion", "convert", "--", "positional@0", "2", "0", "knapsack", "convert", ""]
    assert f"hf\\:{MINILM}@main" in here(*words, cwd=tmp_path).expect(0).stdout.splitlines()


def test_a_name_that_a_shell_would_run_is_not_offered(knapsack, caches, tmp_path):
    for name in ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "a b", "~root", "-rf"]:
        (tmp_path / name).mkdir()
    (tmp_path / "plain").mkdir()
    hub = tmp_path / "hub"
    shutil.copytree(caches.hub, hub, symlinks=True)
    refs = next(hub.glob("models--*MiniLM*")) / "refs"
    (refs / "main").rename(refs / "$(touch${IFS}pwned)")
    here = knapsack.with_caches(hub, caches.kagglehub)
    offered = completed(here, tmp_path, "knapsack", "convert", "")
    assert "plain" in offered and not any(set("$`;~") & set(word) for word in offered)
    assert not (tmp_path / "pwned").exists()


def test_a_file_is_signed_alone(knapsack, tmp_path):
    private, public = tmp_path / "key.pem", tmp_path / "pub.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    sums = tmp_path / "SHA256SUMS"
    sums.write_text("0" * 64 + "  a\n")
    knapsack("sign", sums, "--key", private).expect(0)
    assert json.loads((tmp_path / "SHA256SUMS.sig").read_text())
    knapsack("verify", sums, "--key", public).expect(0)
    sums.write_text("1" * 64 + "  a\n")
    knapsack("verify", sums, "--key", public).expect(1)
