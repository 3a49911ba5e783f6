"""Starts jobs of `knapsack serve`, watches them, and waits for their ends."""

import http.client
import json
import time
from dataclasses import dataclass


def ask_json(server, method: str, path: str, body=None, **fields: str):
    """The status and the document of an answer; `body` is sent as JSON, bytes as they are."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request(method, path, body=content, headers=headers)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, json.loads(read) if read else None


def job_of(server, number, **fields: str) -> dict:
    status, job = ask_json(server, "GET", f"/api/jobs/{number}", **fields)
    assert status == 200, job
    return job


def finished(server, number, seconds: float = 60, **fields: str) -> dict:
    """The job, when it has ended."""
    end = time.monotonic() + seconds
    while (job := job_of(server, number, **fields))["state"] in ("queued", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.03)
    return job


def started_job(server, path: str, body=None, **fields: str) -> dict:
    """A job that was taken."""
    status, job = ask_json(server, "POST", path, body, **fields)
    assert status == 202, job
    return job


@dataclass
class Event:
    name: str
    id: str | None
    data: dict | None


def events(server, number, last: str | None = None, seconds: float = 60):
    """The events of a job, as they come, until the server ends them."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=seconds)
    connection.request("GET", f"/api/jobs/{number}/events", headers={"Last-Event-ID": last} if last else {})
    answer = connection.getresponse()
    if answer.status != 200:
        assert answer.status == 204, answer.read()
        return
    assert answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    fields: dict[str, str] = {}
    try:
        for raw in answer:
            line = raw.decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield Event(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
                fields = {}
    finally:
        connection.close()
