"""TLS with an authority of our own: the official clients, and what nobody should send to the port."""

import hashlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import time

import pytest
from conftest import SHARDED
from genuine import run_python
from serving import serving
from test_files import FILE, ask
from test_jobs import INSTALL, market
from wayward_hub import Authority

# A build for debugging takes a form apart at some megabytes a second.
LARGE = int(os.environ.get("KNAPSACK_LARGE_UPLOAD", 64 << 20))


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


def options(authority: Authority) -> tuple[str, ...]:
    directory = authority.directory
    os.chmod(directory / "server.key", 0o600)
    return "--tls-cert", str(directory / "server.pem"), "--tls-key", str(directory / "server.key")


@pytest.fixture(scope="module")
def secured(knapsack, caches, authority, tmp_path_factory):
    """A server that speaks TLS, with a catalogue."""
    catalogue = str(tmp_path_factory.mktemp("catalogue"))
    with serving(knapsack.with_caches(caches.hub), "--catalogue", catalogue, *options(authority)) as server:
        yield server


def trusting(authority: Authority, **protocols) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate)
    for name, value in protocols.items():
        setattr(context, name, value)
    return context


def connect(server, authority: Authority, session=None, **protocols) -> ssl.SSLSocket:
    context = session.context if session else trusting(authority, **protocols)
    return context.wrap_socket(
        server.connect(20), server_hostname="localhost", session=session.session if session else None
    )


HEAD = b"HEAD " + FILE.encode() + b" HTTP/1.1\r\nHost: localhost\r\n"


def answers(stream) -> bool:
    stream.sendall(HEAD + b"\r\n")
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        part = stream.recv(1 << 16)
        if not part:
            return False
        received += part
    return received.startswith(b"HTTP/1.1 200 ")


@pytest.mark.smoke
def test_curl_gets_files_and_ranges_and_uploads(secured, authority, caches):
    commit = next((caches.hub / f"models--{SHARDED.replace('/', '--')}" / "snapshots").iterdir())
    content = (commit / "model-00001-of-00002.safetensors").read_bytes()
    curl = ["curl", "-sS", "--fail", "--max-time", "30", "--cacert", str(authority.certificate)]
    got = subprocess.run([*curl, secured.url + FILE], check=True, capture_output=True).stdout
    assert got == content
    # Two requests on one connection.
    two = subprocess.run(
        [*curl, "-v", "-r", "10-99", secured.url + FILE, secured.url + FILE], check=True, capture_output=True
    )
    assert two.stdout == content[10:100] * 2 and two.stderr.count(b"Connected to") == 1
    form = ["-F", "file=@-;filename=x.txt", "-F", "user_id=anna", "-F", "model_id=tls"]
    sent = os.urandom(3_000_000)
    made = subprocess.run(
        [*curl, *form, secured.url + "/ai-models/upload/single"], input=sent, check=True, capture_output=True
    )
    assert json.loads(made.stdout)["files"][0]["file_hash"] == hashlib.sha256(sent).hexdigest()
    back = subprocess.run([*curl, secured.url + "/ai-models/anna/tls/download"], check=True, capture_output=True)
    assert back.stdout == sent
    # Without the authority there is no connection.
    assert subprocess.run(["curl", "-sS", secured.url + FILE], capture_output=True).returncode == 60


def test_the_hub_client_downloads(secured, authority, tmp_path):
    code = f"""
from huggingface_hub import snapshot_download, HfApi
print(snapshot_download({SHARDED!r}, cache_dir={str(tmp_path)!r}))
print(len(HfApi().list_repo_files({SHARDED!r})))
"""
    environment = secured.client_environment(
        SSL_CERT_FILE=str(authority.certificate), REQUESTS_CA_BUNDLE=str(authority.certificate)
    )
    assert SHARDED.split("/")[1] in run_python(code, environment, tmp_path / "home")


@pytest.mark.slow
def test_the_hub_client_uploads_large_files_too(secured, authority, tmp_path):
    code = """
from huggingface_hub import HfApi, create_repo, hf_hub_download
print(create_repo("anna/secured"))
HfApi().upload_file(path_or_fileobj=bytes(5000), path_in_repo="x.bin", repo_id="anna/secured")
print(len(open(hf_hub_download("anna/secured", "x.bin"), "rb").read()))
"""
    environment = secured.client_environment(
        SSL_CERT_FILE=str(authority.certificate), REQUESTS_CA_BUNDLE=str(authority.certificate), HF_HUB_DISABLE_XET="1"
    )
    said = run_python(code, environment, tmp_path / "home")
    assert f"{secured.url}/anna/secured" in said and "5000" in said


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_goes_on(secured, authority, version):
    with connect(secured, authority, minimum_version=version, maximum_version=version) as first:
        assert not first.session_reused and answers(first)
        with connect(secured, authority, session=first) as second:
            assert second.session_reused and answers(second)


def test_http_1_is_the_protocol(secured, authority):
    context = trusting(authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(secured.connect(), server_hostname="localhost") as stream:
        assert stream.selected_alpn_protocol() == "http/1.1" and answers(stream)
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(secured.connect(), server_hostname="localhost")


def openssl_client(secured, *arguments: str, text: bytes = b"") -> subprocess.CompletedProcess:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{secured.port}", "-servername", "localhost", *arguments]
    return subprocess.run(command, input=text, capture_output=True, timeout=20)


def test_openssl_is_told_what_is_spoken(secured, authority):
    checked = ("-CAfile", str(authority.certificate), "-verify_return_error")
    request = HEAD + b"Connection: close\r\n\r\n"
    done = openssl_client(secured, *checked, "-ign_eof", "-quiet", text=request)
    assert done.stdout.startswith(b"HTTP/1.1 200 OK")
    assert openssl_client(secured, *checked, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0").returncode != 0
    # No key of the certificate alone decides what a recording can be read with.
    assert openssl_client(secured, *checked, "-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA").returncode != 0
    again = openssl_client(secured, *checked, "-tls1_2", "-legacy_renegotiation", text=b"R\n")
    assert b"no renegotiation" in again.stderr.lower() or b"RENEGOTIATING" in again.stdout + again.stderr
    with connect(secured, authority) as stream:
        assert answers(stream)


def test_the_end_of_an_answer_is_told(secured, authority):
    """Whoever waits for the end of the connection knows that it was not cut off."""
    with connect(secured, authority) as stream:
        stream.sendall(HEAD.replace(b"HEAD", b"GET") + b"Connection: close\r\n\r\n")
        received = b""
        while part := stream.recv(1 << 16):
            received += part
        assert b"Connection: close" in received
    context = trusting(authority)
    with context.wrap_socket(
        secured.connect(), server_hostname="localhost", suppress_ragged_eofs=False
    ) as stream:
        stream.sendall(HEAD + b"Connection: close\r\n\r\n")
        while stream.recv(1 << 16):
            pass


def test_plain_http_is_told_to_speak_tls(secured):
    with secured.connect() as stream:
        stream.sendall(HEAD + b"\r\n")
        received = b""
        while part := stream.recv(4096):
            received += part
    assert received.startswith(b"HTTP/1.1 400 ") and b"https://" in received


@pytest.mark.parametrize(
    "garbage",
    [
        b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"a" * 70_000, b"\x16\x03\x01\0\x05hello", b"SSH-2.0-x\r\n\r\n",
        b"\x80\x2e\x01\x03\x01", b"\x15\x03\x03\0\x02\x02\x28", b"\x16\x03\x03\0\0",
    ],
)  # fmt: skip
def test_garbage_ends_the_connection_alone(secured, authority, garbage):
    try:
        with secured.connect(15) as stream:
            stream.sendall(garbage)
            stream.shutdown(socket.SHUT_WR)
            while stream.recv(4096):
                pass
    except OSError:
        pass
    with connect(secured, authority) as stream:
        assert answers(stream)


def test_half_handshakes_hold_nobody(knapsack, caches, authority):
    """With two threads, two hundred clients that stop in the handshake keep nobody from being answered."""
    with serving(knapsack.with_caches(caches.hub), "--threads", "2", *options(authority)) as server:
        with connect(server, authority) as stream:
            assert answers(stream)
        before = server.memory()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello = trusting(authority).wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            hello.do_handshake()
        record = outgoing.read()
        crowd = [server.connect() for _ in range(200)]
        for number, stream in enumerate(crowd):
            stream.sendall(record[: [0, 1, len(record) // 2, len(record)][number % 4]])
        begin = time.monotonic()
        for _ in range(5):
            with connect(server, authority) as stream:
                assert answers(stream)
        assert time.monotonic() - begin < 5
        assert server.memory() - before < 40 << 20
        for stream in crowd:
            stream.close()


@pytest.mark.slow
def test_events_of_a_job_come_when_they_happen(knapsack, wayward, authority, tmp_path):
    wayward.rate = 100_000
    with market(knapsack, wayward, tmp_path, *options(authority)) as server:
        curl = ["curl", "-sS", "--fail", "--max-time", "30", "--cacert", str(authority.certificate)]
        job = json.loads(subprocess.run([*curl, "-X", "POST", server.url + INSTALL], check=True, capture_output=True).stdout)
        with connect(server, authority) as stream:
            stream.sendall(f"GET /api/jobs/{job['id']}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            stream.settimeout(5)
            received = b""
            while b'"state":"running"' not in received:
                part = stream.recv(1 << 16)
                assert part, received
                received += part
            assert b"event: end" not in received
        subprocess.run([*curl, "-X", "DELETE", f"{server.url}/api/jobs/{job['id']}"], check=True, capture_output=True)


@pytest.mark.slow
def test_kaggles_clients_are_told_to_send_through_tls(secured, authority):
    call = f"{secured.url}/api/v1/blobs.BlobApiService/StartBlobUpload"
    wish = json.dumps({"type": "DATASET", "name": "x", "contentLength": 3})
    curl = ["curl", "-sS", "--fail", "--max-time", "30", "--cacert", str(authority.certificate)]
    address = json.loads(subprocess.run([*curl, "-d", wish, call], check=True, capture_output=True).stdout)["createUrl"]
    assert address.startswith(secured.url + "/")
    subprocess.run([*curl, "-T", "-", address], input=b"abc", check=True, capture_output=True)


@pytest.mark.slow
def test_a_handshake_that_does_not_end_is_given_up(secured):
    begin = time.monotonic()
    with secured.connect(30) as stream:
        stream.sendall(b"\x16\x03\x01\x02")
        assert stream.recv(1) == b""
    assert 5 < time.monotonic() - begin < 15


@pytest.mark.slow
def test_a_flood_of_handshakes_leaves_memory_flat(secured, authority):
    context = trusting(authority)
    for _ in range(50):
        context.wrap_socket(secured.connect(), server_hostname="localhost").close()
    before = secured.memory()
    for number in range(1000):
        stream = context.wrap_socket(secured.connect(), server_hostname="localhost")
        if number % 2:
            stream.sendall(b"GET / HT")
        stream.close()
    assert secured.memory() - before < 16 << 20


def test_a_key_that_others_may_read_is_refused(knapsack, caches, authority):
    arguments = options(authority)
    runner = knapsack.with_caches(caches.hub)
    key = authority.directory / "server.key"
    os.chmod(key, 0o644)
    refused = runner("serve", "--port", "0", *arguments).expect(2)
    assert "everybody on this machine may read the key" in refused.stderr
    os.chmod(key, 0o600)
    other = ("--tls-cert", str(authority.certificate), "--tls-key", str(key))
    for bad, words in (
        (other, "key"),
        (("--tls-cert", str(key), "--tls-key", str(key)), "no certificate"),
        (("--tls-cert", arguments[1]), "belong together"),
        (("--tls-cert", "/nowhere.pem", "--tls-key", str(key)), "/nowhere.pem"),
    ):
        assert words in runner("serve", "--port", "0", *bad).expect(2).stderr
    locked = authority.directory / "locked.key"
    command = ["openssl", "rsa", "-aes128", "-passout", "pass:abcdef", "-in", key, "-out", locked]
    subprocess.run(command, check=True, capture_output=True)
    os.chmod(locked, 0o600)
    refused = runner("serve", "--port", "0", *arguments[:3], str(locked)).expect(2)
    assert "pass phrase" in refused.stderr


def test_a_hang_up_has_the_certificate_read_again(knapsack, caches, authority, tmp_path):
    for name in ("server.pem", "server.key", "ca.pem"):
        shutil.copy(authority.directory / name, tmp_path / name)
    with serving(knapsack.with_caches(caches.hub), *options(Authority(tmp_path))) as server:

        def number() -> str:
            with connect(server, Authority(tmp_path)) as stream:
                return stream.getpeercert()["serialNumber"]

        def hang_up(words: str) -> None:
            server.process.send_signal(1)
            end = time.monotonic() + 10
            while not any(words in line for line in server.lines):
                assert time.monotonic() < end, server.lines
                time.sleep(0.02)

        first = number()
        with connect(server, Authority(tmp_path)) as old:
            assert answers(old)
            Authority.make(tmp_path / "new")
            for name in ("server.pem", "server.key", "ca.pem"):
                os.replace(tmp_path / "new" / name, tmp_path / name)
            os.chmod(tmp_path / "server.key", 0o600)
            hang_up("was read again")
            assert number() != first and answers(old)
        (tmp_path / "server.pem").write_text("no certificate")
        second = number()
        hang_up("stays the one")
        assert number() == second


@pytest.mark.slow
def test_a_large_file_goes_both_ways(secured, authority, tmp_path):
    path = tmp_path / "large.txt"
    block = os.urandom(1 << 20)
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for number in range(LARGE >> 20):
            part = number.to_bytes(8, "big") + block[8:]
            file.write(part)
            digest.update(part)
    curl = ["curl", "-sS", "--fail", "--cacert", str(authority.certificate)]
    form = ["-F", f"file=@{path}", "-F", "user_id=anna", "-F", "model_id=large"]
    made = subprocess.run([*curl, *form, secured.url + "/ai-models/upload/single"], check=True, capture_output=True)
    assert json.loads(made.stdout)["files"][0]["file_hash"] == digest.hexdigest()
    before = secured.memory()
    got = tmp_path / "back"
    subprocess.run([*curl, "-o", got, secured.url + "/ai-models/anna/large/download"], check=True)
    with open(got, "rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == digest.hexdigest()
    assert got.stat().st_size == LARGE and secured.memory() - before < 16 << 20
    # The end of it, and a client that reads slowly and in small pieces.
    tail = subprocess.run([*curl, "-r", "-5", secured.url + "/ai-models/anna/large/download"], check=True, capture_output=True)
    assert tail.stdout == block[-5:]
