"""The service behind nginx, as deploy/nginx.conf sets it up. Skips where there is no nginx."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import trustme

from app.core import packaged_files
from tests.support.processes import Server, free_ports, missing
from tests.support.service import Service, User
from tests.support.world import png, wav

CONFIGURATION = (packaged_files.ROOT / "deploy" / "nginx.conf").read_text()
#: What a distribution's own nginx.conf would say. Its own user may not enter the test's folder.
AROUND = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; {user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/talkreel.conf;
}}
"""

#: What curl exits with when its connection ends too soon, and how often it is let try.
CUT_OFF, TRIES = {16, 52, 55, 56, 92}, 3


class Nginx(Server):
    """Passes on to `service`, by TLS. `trust` believes its certificate."""

    def __init__(self, binary: str, folder: Path, service: str) -> None:
        (port,), authority = free_ports(1), trustme.CA()
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "pem"))
        self.address = f"https://127.0.0.1:{port}"
        ours = {
            "server 127.0.0.1:8000": f"server {urlsplit(service).netloc}",
            "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/ssl/certs/talkreel.pem": f"{folder}/pem",
            "/etc/ssl/private/talkreel.key": f"{folder}/pem",
        }
        (folder / "talkreel.conf").write_text(replaced(CONFIGURATION, ours))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        self.command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        super().__init__(self.command, folder, lambda: accepts(port))

    def user(self, key: dict[str, str]) -> User:
        user = User(self.address, key)
        user.http.close()
        headers = {"X-API-Key": key["apiKey"]}
        user.http = httpx.Client(base_url=self.address, headers=headers, verify=self.trust, timeout=30)
        return user


def replaced(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def nginx(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    # Debian keeps it where only root's PATH leads.
    binary = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not binary:
        missing("nginx is not installed")
    with Nginx(binary, tmp_path_factory.mktemp("nginx"), service.address) as nginx:
        yield nginx


@pytest.fixture(scope="module")
def alice(nginx: Nginx, service: Service) -> Iterator[User]:
    alice = nginx.user(service.key("alice"))
    yield alice
    alice.http.close()


def test_nginx_finds_no_fault_with_its_configuration(nginx: Nginx) -> None:
    told = subprocess.run([*nginx.command, "-t"], capture_output=True, text=True, timeout=10, check=False)

    assert told.returncode == 0, told.stderr


def test_a_job_is_followed_live_and_its_video_comes_by_range(alice: User, service: Service) -> None:
    job_id = alice.submitted(motion="still")

    with alice.http.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        events = [line for line in stream.iter_lines() if line.startswith("event: ")]
    path = alice.status(job_id)["outputVideo"].removeprefix(service.address)
    whole, part_of_it = alice.http.get(path), alice.http.get(path, headers={"Range": "bytes=100-199"})

    assert events[-1] == "event: completed"
    assert (part_of_it.status_code, part_of_it.content) == (206, whole.content[100:200])


def test_events_come_when_they_happen(alice: User) -> None:
    job_id = alice.submitted(png(), wav(8_000 * 60, 8_000), motion="still")

    with alice.http.stream("GET", f"/api/jobs/{job_id}/events") as stream:
        next(line for line in stream.iter_lines() if line.startswith("data: "))
        is_early = alice.status(job_id)["status"] != "COMPLETED"

    assert is_early
    alice.wait_for(job_id, "COMPLETED")


def test_who_may_not_submit_is_told_before_the_upload_is_over(
    alice: User, nginx: Nginx, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(50 << 20))
    job_id = alice.submitted(png(), wav(8_000 * 600, 8_000), motion="still")

    answer, sent_bytes = refused(nginx, alice, tmp_path / "large")

    assert (answer["code"], answer["jobId"]) == ("active_job_exists", job_id)
    assert sent_bytes < 20 << 20
    alice.wait_for(job_id, "COMPLETED")


def test_too_much_is_said_to_be_so_in_json(alice: User, nginx: Nginx, tmp_path: Path) -> None:
    (tmp_path / "larger").write_bytes(png() + bytes(101 << 20))

    answer, _ = refused(nginx, alice, tmp_path / "larger")

    assert answer["code"] in {"file_too_large", "body_too_large"}


def refused(nginx: Nginx, user: User, path: Path) -> tuple[dict[str, str], int]:
    """What curl gets for the file as both parts, and how many bytes it has sent by then.

    An answer may be lost on a connection that is closed while the upload still comes (RFC 9112, section 9.6):
    who finds it cut off asks again.
    """
    key, file = f"X-API-Key: {user.key['apiKey']}", f"@{path}"
    argv = [
        "curl",
        "--silent",
        "--show-error",
        "--insecure",
        "--write-out",
        "\n%{size_upload}",
        "--header",
        key,
    ]
    parts = ["--form", f"image={file}", "--form", f"audio={file}", f"{nginx.address}/api/jobs"]
    for _ in range(TRIES):
        done = subprocess.run([*argv, *parts], capture_output=True, text=True, timeout=60, check=False)
        body, _, sent_bytes = done.stdout.rpartition("\n")
        if done.returncode not in CUT_OFF:
            break
    assert body, (done.returncode, done.stderr, nginx.log.with_name("error.log").read_text())
    return json.loads(body), int(sent_bytes)
