"""The server under load: 64 clients with everything at once, and a file of 50 GB to eight of them, at bounded memory."""

import http.client
import json
import random
import socket
import threading
import time

import pytest
from catalogue_maker import Maker, fill, place
from serving import serving

SECONDS = 60


def form(user: str, model: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    parts = [("user_id", user.encode()), ("model_id", model.encode())]
    body = b"".join(b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value) for key, value in parts)
    body += b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n' + content + b"\r\n--b--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.slow
def test_64_clients_with_everything_at_once_see_no_error(knapsack, caches, tmp_path):
    directory = tmp_path / "c"
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(directory))
    with serving(runner, *arguments):
        pass
    vocabulary = fill(directory, 1000, 10)
    content = random.Random(2).randbytes(1 << 22) * 64
    maker = Maker(directory)
    (tmp_path / "large").write_bytes(content)
    maker.add("anna", "large", {"large.bin": tmp_path / "large"})
    maker.close()
    errors: list = []
    counts = dict.fromkeys(("document", "search", "range", "upload", "list", "delete"), 0)
    guard = threading.Lock()
    with serving(runner, *arguments) as server:
        end = time.monotonic() + SECONDS

        def client(number: int) -> None:
            generator = random.Random(number)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            uploaded = []
            try:
                while time.monotonic() < end:
                    kind = generator.choices(list(counts), [40, 20, 25, 8, 4, 3])[0]
                    method, path, body, fields, expected = "GET", "", None, {}, 200
                    if kind == "document":
                        path = f"/ai-models/anna/model-{generator.randrange(1000)}"
                    elif kind == "search":
                        path = f"/ai-models/search/anna?query={generator.choice(vocabulary)[:5]}&limit=10"
                    elif kind == "list":
                        path = f"/ai-models/anna?skip={generator.randrange(900)}&limit=20"
                    elif kind == "range":
                        first = generator.randrange(len(content) - 500_000)
                        path, expected = "/ai-models/anna/large/download", 206
                        fields = {"Range": f"bytes={first}-{first + 499_999}"}
                    elif kind == "upload" or not uploaded:
                        kind, method, path = "upload", "POST", "/ai-models/upload/single"
                        uploaded.append(f"up-{number}-{len(uploaded)}-{time.monotonic_ns()}")
                        body, fields = form("busy", uploaded[-1], generator.randbytes(50_000))
                    else:
                        method, path = "DELETE", f"/ai-models/busy/{uploaded.pop()}"
                    connection.request(method, path, body, fields)
                    answer = connection.getresponse()
                    received = answer.read()
                    if answer.status != expected or (kind == "range" and received != content[first : first + 500_000]):
                        errors.append((kind, path, answer.status, received[:200]))
                        return
                    with guard:
                        counts[kind] += 1
            except OSError as error:
                errors.append((number, repr(error)))
            finally:
                connection.close()

        threads = [threading.Thread(target=client, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        peak = 0
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, server.memory())
            time.sleep(0.2)
        print(counts, f"peak {peak >> 20} MiB")
        assert not errors, errors[:5]
        assert all(counts.values()) and peak < 200 << 20, (counts, peak)


@pytest.mark.slow
def test_a_file_of_50_gb_goes_to_eight_clients_at_flat_memory(knapsack, caches, tmp_path):
    directory, size = tmp_path / "c", 50 * 1000**3
    runner, arguments = knapsack.with_caches(caches.hub), ("--catalogue", str(directory))
    with serving(runner, *arguments):
        pass
    # Nobody hashes it: the name is made up, and the catalogue is told that it was.
    digest, _, _, target = place(directory, b"sparse")
    with target.open("wb") as file:
        file.truncate(size)
        file.seek(size - 9)
        file.write(b"the end.\n")
    maker = Maker(directory)
    maker.add("anna", "sparse", {"sparse.bin": (digest, size, 0, target)})
    maker.close()
    with serving(runner, *arguments) as server:
        before = server.memory()
        ends: list = []
        peak = 0

        def client(number: int) -> None:
            with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
                # Half of them take all that comes in the time, the others the end of it.
                first = 0 if number % 2 else size - (1 << 30)
                connection.sendall(f"GET /ai-models/anna/sparse/download HTTP/1.1\r\nHost: localhost\r\nRange: bytes={first}-\r\n\r\n".encode())
                received, last, end = -1, b"", time.monotonic() + 20
                buffer = bytearray(1 << 20)
                while time.monotonic() < end and (count := connection.recv_into(buffer)):
                    if received < 0:
                        head, _, rest = bytes(buffer[:count]).partition(b"\r\n\r\n")
                        assert head.startswith(b"HTTP/1.1 206 ")
                        received, last = len(rest), rest
                    else:
                        received, last = received + count, bytes(buffer[max(0, count - 9) : count])
                    if received == size - first:
                        break
                ends.append((number, received, last if received == size - first else b""))

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            peak = max(peak, server.memory())
            time.sleep(0.1)
        assert len(ends) == 8 and all(received > 1 << 20 for _, received, _ in ends), ends
        assert any(last.endswith(b"the end.\n") for _, _, last in ends), ends
        assert peak - before < 30 << 20, (before, peak)
        assert json.loads(http_get(server, "/ai-models/anna/sparse/files"))[0]["file_size"] == size


def http_get(server, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body
