"""What must not be in a log is in none: keys, secrets, signatures and links that work without a key.

What belongs there is: every line says which request, job, attempt or delivery it is about.
"""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.endtoend.test_cli import talkreel
from tests.support.receiver import Receiver
from tests.support.service import Service, User

#: What a line may be about.
ABOUT = ("request_id", "job_id", "attempt", "worker", "delivery_id", "key_id", "status")
REQUEST_ID = "trace-1742"
WRONG_KEY = "tr_wrongwrongwrongwrong"


@dataclass(frozen=True)
class Life:
    """What a service did from its start to its end, and what it wrote meanwhile."""

    log_format: str
    written: str
    secrets: list[str]
    job_id: str
    key_id: str
    webhook_id: str


@pytest.fixture(scope="module", params=["json", "console"])
def life(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, trusted_receiver: Receiver
) -> Life:
    environment = {
        "LOG_FORMAT": request.param,
        "RENDER_WORKERS": "1",
        "WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
        "WEBHOOK_ALLOW_PORTS": "*",
        "WEBHOOK_CA_FILE": str(trusted_receiver.ca_file),
    }
    trusted_receiver.wait_until_idle()
    trusted_receiver.requests.clear()
    with Service(tmp_path_factory.mktemp("logging"), **environment) as service:
        return live_through(service, trusted_receiver, request.param)


def test_a_whole_run_s_logs_hold_no_secret(life: Life) -> None:
    assert "rendered" in life.written
    assert [secret for secret in life.secrets if secret in life.written] == []


def test_each_line_says_what_it_is_about(life: Life) -> None:
    if life.log_format == "console":
        assert f"request_id={REQUEST_ID}" in life.written
        return
    about, job_id = lines_by_event(life.written), life.job_id

    assert about["job accepted"] == {"request_id": REQUEST_ID, "job_id": job_id}
    assert about["rendered"].items() >= {"job_id": job_id, "attempt": 1}.items()
    assert len(about["rendered"]["worker"]) == 32
    assert about["webhook tried"] == {"job_id": job_id, "delivery_id": life.webhook_id}
    assert about["GET /api/jobs"].items() >= {"key_id": life.key_id, "status": 200}.items()
    assert "Starting gunicorn 27.0.1" in about


def lines_by_event(written: str) -> dict[str, dict[str, Any]]:
    """What the last line of each event says that it is about. Each line of a process is one JSON object."""
    texts = re.findall(r"^\S+ (?:web|worker|sweeper)\.1 +\| (.*)$", written, re.MULTILINE)
    lines = [json.loads(text) for text in texts if not text.startswith("ended with")]
    return {
        f"{line['method']} {line['route']}" if line["event"] == "request" else line["event"]: {
            name: line[name] for name in ABOUT if name in line
        }
        for line in lines
    }


def live_through(service: Service, receiver: Receiver, log_format: str) -> Life:
    """Everything that a key, a secret and a link are there for, and what goes wrong."""
    alice = service.user("alice")
    alice.http.headers["X-Request-Id"] = REQUEST_ID
    job_id = alice.submitted(webhookUrl=f"{receiver.url}?token=hooktoken")
    job = alice.wait_for(job_id, "COMPLETED")
    (told,) = receiver.wait_for(1)
    alice.http.get("/api/jobs")
    for link in (job["outputVideo"], f"{job['outputVideo']}0", job["outputShareLink"]):
        httpx.get(link)
    for headers in ({"X-API-Key": WRONG_KEY}, {"Authorization": f"Bearer {alice.key['apiKey']}"}):
        httpx.post(f"{service.address}/api/jobs", headers=headers)
    send_nonsense(service, alice.key["apiKey"], job["outputVideo"])
    talkreel(service, "keys", "revoke", alice.key["id"])
    secrets = [*secrets_of(service, alice, job), told.headers["X-Webhook-Signature"], "hooktoken"]
    service.stop()
    logs = [service.log, *service.data_dir.rglob("*.log")]
    written = "".join(path.read_text() for path in logs)
    return Life(log_format, written, secrets, job_id, alice.key["id"], told.headers["webhook-id"])


def secrets_of(service: Service, user: User, job: dict[str, Any]) -> list[str]:
    (signature,) = parse_qs(urlsplit(job["outputVideo"]).query)["signature"]
    return [
        WRONG_KEY,
        user.key["apiKey"],
        user.key["webhookSecret"].removeprefix("whsec_"),
        (service.data_dir / "secret_key").read_text(),
        "signature=",
        signature,
        job["outputShareLink"].rpartition("/")[2],
    ]


def send_nonsense(service: Service, api_key: str, link: str) -> None:
    """Requests that can't be read, with something secret in what is wrong about them."""
    target = link.removeprefix(service.address)
    for request in (f"GET {target} HTTP/9.9", f"GET / HTTP/1.1\r\nX-API-Key: {api_key}\x01"):
        with socket.create_connection(
            ("127.0.0.1", urlsplit(service.address).port or 0), timeout=10
        ) as client:
            client.sendall(f"{request}\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 400"
