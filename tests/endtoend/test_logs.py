"""What must not be in a log is in none: keys, secrets, signatures and links that work without a key."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.endtoend.test_cli import talkreel
from tests.receiver import Receiver
from tests.service import Service

WRONG_KEY = "tr_wrongwrongwrongwrong"


@pytest.fixture(params=["json", "console"])
def logging_service(
    request: pytest.FixtureRequest, tmp_path: Path, trusted_receiver: Receiver
) -> Iterator[Service]:
    environment = {
        "LOG_FORMAT": request.param,
        "RENDER_WORKERS": "1",
        "WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
        "WEBHOOK_ALLOW_PORTS": "*",
        "WEBHOOK_CA_FILE": str(trusted_receiver.ca_file),
    }
    with Service(tmp_path / "service", **environment) as service:
        yield service


def test_a_whole_run_s_logs_hold_no_secret(logging_service: Service, receiver: Receiver) -> None:
    secrets = live_through(logging_service, receiver)
    logging_service.stop()

    logs = [logging_service.log, *logging_service.data_dir.rglob("*.log")]
    written = "".join(path.read_text() for path in logs)
    assert "rendered" in written
    assert [secret for secret in secrets if secret in written] == []


def live_through(service: Service, receiver: Receiver) -> list[str]:
    """Everything that a key, a secret and a link are there for, and what goes wrong. Returns the secrets."""
    alice = service.user("alice")
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
    (signature,) = parse_qs(urlsplit(job["outputVideo"]).query)["signature"]
    return [
        WRONG_KEY,
        alice.key["apiKey"],
        alice.key["webhookSecret"].removeprefix("whsec_"),
        (service.data_dir / "secret_key").read_text(),
        "signature=",
        signature,
        job["outputShareLink"].rpartition("/")[2],
        told.headers["X-Webhook-Signature"],
        "hooktoken",
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
