"""Tokens, gates, TLS and proxies: who gets what, who sees what, and what a person is told."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import genuine
import pytest
from fetching import REPO, started
from serving_threads import serve
from wayward_hub import Authority, WaywardHub

TOKEN = "hf_" + "Secret" * 7
OTHER = "hf_" + "Nobody" * 7


@pytest.fixture
def guarded(wayward, origin):
    """A private and a gated repository beside the public one, and two users."""
    for name in ("tester/private", "tester/gated"):
        wayward.add(name, origin)
    wayward.private.add("tester/private")
    wayward.gated.add("tester/gated")
    wayward.tokens = {TOKEN: {"tester/private", "tester/gated"}, OTHER: set()}
    return wayward


CASES = {
    "gated, no token": ("tester/gated", None, "only given to users who are known, and there is no token", "accept the terms at"),
    "gated, no access": ("tester/gated", OTHER, "has no access to it", "accept the terms at"),
    "private, no token": ("tester/private", None, "that everybody may see", "where it is private"),
    "private, no access": ("tester/private", OTHER, "that the user of the token may see", "use a token of somebody"),
    "wrong token": (REPO, "hf_wrong", "does not know the token in HF_TOKEN", "hf auth login"),
    "no repository": ("tester/none", TOKEN, "there is no model tester/none", "look at"),
    "no revision": (f"{REPO}@none", TOKEN, 'has no revision "none"', "choose a branch"),
}
# The Hub answers alike of what there is not and of what the asker may not know of.
SAME = {
    "private, no access": {"there is no model tester/none"},
    "no repository": {"that the user of the token may see"},
}


@pytest.mark.parametrize("case", CASES)
def test_each_refusal_has_its_own_sentence(fetch, guarded, tmp_path, case):
    source, token, message, fix = CASES[case]
    done = fetch(tmp_path / "hub", f"hf:{source}", **({"HF_TOKEN": token} if token else {})).expect(2)
    assert message in done.stderr and fix in done.stderr, done.stderr
    others = {other[2] for other in CASES.values()} - {message, *SAME.get(case, ())}
    assert not [other for other in others if other in done.stderr]
    if "gated" in source:
        assert f"{guarded.url}/tester/gated" in done.stderr


@pytest.mark.parametrize("repo", ["tester/private", "tester/gated"])
@pytest.mark.parametrize("place", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HOME", "HF_TOKEN_PATH"])
def test_the_token_is_found_where_the_clients_find_it(fetch, guarded, tmp_path, repo, place):
    home = tmp_path / "hf-home"
    home.mkdir()
    environment = {place: TOKEN}
    if place in ("HF_HOME", "HF_TOKEN_PATH"):
        path = home / ("token" if place == "HF_HOME" else "elsewhere")
        path.write_text(f"  {TOKEN}\n")
        environment = {place: str(home if place == "HF_HOME" else path)}
    fetch(tmp_path / "hub", f"hf:{repo}", **environment).expect(0)


def test_the_active_one_of_stored_tokens_is_used_and_its_end_is_told(fetch, guarded, tmp_path):
    home = tmp_path / "hf-home"
    code = (
        "from huggingface_hub.utils import _auth\n"
        "from huggingface_hub import constants\n"
        "from pathlib import Path\n"
        "_auth._save_token('hf_other', 'other')\n"
        f"_auth._save_token({TOKEN!r}, 'browser', refresh_token='hf_refresh', expires_at=1700000000)\n"
        f"_auth._write_secret(Path(constants.HF_TOKEN_PATH), {TOKEN!r})\n"
    )
    genuine.run_python(code, {"HF_HOME": str(home)}, tmp_path / "home")
    assert (home / "stored_tokens").exists()
    done = fetch(tmp_path / "hub", "hf:tester/private", HF_HOME=str(home)).expect(0)
    assert f"the token in {home}/token has run out" in done.stderr and "hf auth whoami" in done.stderr
    assert TOKEN not in done.text and "hf_refresh" not in done.text


def test_a_token_that_is_not_to_be_sent_stays(fetch, guarded, tmp_path):
    environment = {"HF_TOKEN": TOKEN, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    fetch(tmp_path / "hub", "hf:tester/private", **environment).expect(2)
    assert not [headers for _, _, headers in guarded.seen if "Authorization" in headers]


@pytest.mark.parametrize("fault", [None, "status", "drop", "wrong-bytes", "changed-etag"])
def test_the_token_is_sent_to_the_hub_alone_and_written_nowhere(fetch, guarded, tmp_path, fault):
    if fault:
        guarded.add_fault(fault, path="model.safetensors", times=100)
    done = fetch(
        tmp_path / "hub", "hf:tester/private", "--verbose", "--json", "--retries", "1",
        HF_TOKEN=TOKEN, KNAPSACK_CACHE_DIR=str(tmp_path / "index"),
    ).expect(*((1, 2) if fault else (0,)))  # fmt: skip
    hub_host, cdn_host = (url.split("//")[1] for url in (guarded.url, guarded.content_url))
    to_hub = [headers for host, _, headers in guarded.seen if host == hub_host]
    to_cdn = [headers for host, _, headers in guarded.seen if host == cdn_host]
    assert to_hub and all(headers.get("Authorization") == f"Bearer {TOKEN}" for headers in to_hub)
    assert to_cdn and not [headers for headers in to_cdn if "Authorization" in headers or TOKEN in str(headers)]
    assert TOKEN not in done.text
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert not [path for path in written if TOKEN.encode() in path.read_bytes() or TOKEN in path.name]


def test_the_token_is_not_sent_in_the_open(knapsack, tmp_path):
    program = started(knapsack, type("Hub", (), {"url": "http://hub.invalid"}), tmp_path / "hub", HF_TOKEN=TOKEN)
    done = program("fetch", "hf:a/b", "--retries", "0").expect(2)
    assert "the token is not sent to http://hub.invalid" in done.stderr and TOKEN not in done.text


def test_offline_is_offline(fetch, wayward, tmp_path):
    done = fetch(tmp_path / "hub", f"hf:{REPO}", HF_HUB_OFFLINE="1").expect(2)
    assert "HF_HUB_OFFLINE is set" in done.stderr and not wayward.requests


class TestTLS:
    @pytest.fixture
    def secure(self, origin, tmp_path):
        server = WaywardHub(tls=Authority.make(tmp_path / "authority"))
        server.add(REPO, origin)
        yield server
        server.close()

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    def test_an_authority_of_ones_own(self, knapsack, secure, tmp_path, variable):
        certificate = str(tmp_path / "authority" / "ca.pem")
        started(knapsack, secure, tmp_path / "hub", **{variable: certificate})("fetch", f"hf:{REPO}").expect(0)

    def test_nobody_knows_the_authority(self, knapsack, secure, tmp_path):
        done = started(knapsack, secure, tmp_path / "hub", HF_TOKEN=TOKEN)("fetch", f"hf:{REPO}").expect(2)
        assert "the certificate of 127.0.0.1 is refused" in done.stderr and "SSL_CERT_FILE" in done.stderr
        assert not secure.seen

    def test_the_name_has_to_be_right(self, knapsack, secure, tmp_path):
        (tmp_path / "hosts").write_text("")
        url = secure.url.replace("127.0.0.1", "127.0.0.2")
        wayward = type("Hub", (), {"url": url})
        certificate = str(tmp_path / "authority" / "ca.pem")
        done = started(knapsack, wayward, tmp_path / "hub", SSL_CERT_FILE=certificate)("fetch", f"hf:{REPO}", "--retries", "0")
        # Nobody listens at the other address, or somebody whose certificate is not for it.
        assert done.expect(2) and not secure.seen

    def test_breaks_in_the_middle(self, knapsack, secure, tmp_path):
        certificate = str(tmp_path / "authority" / "ca.pem")
        for path in ("model.safetensors", "vocab.json", "file-04.txt"):
            secure.add_fault("drop", path=path, after=100)
        started(knapsack, secure, tmp_path / "hub", SSL_CERT_FILE=certificate)("fetch", f"hf:{REPO}").expect(0)


class Proxy(ThreadingHTTPServer):
    """A proxy that hands requests for http on, and opens tunnels for https."""

    daemon_threads = True

    def __init__(self):
        self.asked: list[str] = []
        self.authorization: list[str | None] = []
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        serve(self)


class ProxyHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        import http.client
        from urllib.parse import urlsplit

        self.server.asked.append(f"GET {self.path}")
        self.server.authorization.append(self.headers.get("Proxy-Authorization"))
        url = urlsplit(self.path)
        connection = http.client.HTTPConnection(url.hostname, url.port)
        headers = {name: value for name, value in self.headers.items() if not name.startswith("Proxy")}
        connection.request("GET", url.path + (f"?{url.query}" if url.query else ""), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        import select
        import socket

        self.server.asked.append(f"CONNECT {self.path}")
        self.server.authorization.append(self.headers.get("Proxy-Authorization"))
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            while True:
                for ready in select.select([self.connection, other], [], [], 30)[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    (other if ready is self.connection else self.connection).sendall(data)


class TestProxies:
    @pytest.fixture
    def proxy(self):
        server = Proxy()
        yield server
        server.shutdown()
        server.server_close()

    def test_http_goes_through_the_proxy(self, fetch, wayward, proxy, tmp_path):
        address = f"http://user:p%40ss@127.0.0.1:{proxy.server_port}"
        fetch(tmp_path / "hub", f"hf:{REPO}", HTTP_PROXY=address).expect(0)
        assert len(proxy.asked) == len(wayward.requests) and all("http://127.0.0.1" in line for line in proxy.asked)
        assert set(proxy.authorization) == {"Basic dXNlcjpwQHNz"}
        assert not [headers for _, _, headers in wayward.seen if "Proxy-Authorization" in headers]

    def test_https_goes_through_a_tunnel(self, knapsack, origin, proxy, tmp_path):
        server = WaywardHub(tls=Authority.make(tmp_path / "authority"))
        server.add(REPO, origin)
        environment = {
            "SSL_CERT_FILE": str(tmp_path / "authority" / "ca.pem"),
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_port}",
        }
        started(knapsack, server, tmp_path / "hub", **environment)("fetch", f"hf:{REPO}", "--connections", "3").expect(0)
        server.close()
        assert proxy.asked and all(line.startswith("CONNECT 127.0.0.1:") for line in proxy.asked)

    def test_some_hosts_are_asked_directly(self, fetch, wayward, proxy, tmp_path):
        environment = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.server_port}", "NO_PROXY": "127.0.0.1"}
        fetch(tmp_path / "hub", f"hf:{REPO}", **environment).expect(0)
        assert not proxy.asked

    def test_a_proxy_that_is_not_there(self, fetch, wayward, tmp_path):
        done = fetch(tmp_path / "hub", f"hf:{REPO}", "--retries", "0", HTTP_PROXY="http://127.0.0.1:1").expect(2)
        assert "no connection to 127.0.0.1, port 1" in done.stderr and not wayward.requests

    def test_a_proxy_of_another_kind(self, fetch, wayward, tmp_path):
        done = fetch(tmp_path / "hub", f"hf:{REPO}", HTTP_PROXY="socks5://127.0.0.1:1").expect(2)
        assert "socks5" in done.stderr


def test_what_is_shown_as_json_is_one_document(fetch, wayward, tmp_path):
    done = fetch(tmp_path / "hub", f"hf:{REPO}", "--json").expect(0)
    (entry,) = json.loads(done.stdout)["fetched"]
    assert entry["revision"] == wayward.commit and entry["whole"] is True and len(entry["files"]) == 38
