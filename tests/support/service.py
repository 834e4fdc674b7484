"""The whole service as its users run it: `talkreel up` with real processes, in a folder of its own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil

from app.database import migrations
from app.database.database import Database
from app.keys import api_keys
from tests.support.processes import POLL_SECONDS, Server, free_ports
from tests.support.world import png, wav

TALKREEL = str(Path(sys.executable).parent / "talkreel")
TERMINAL = {"COMPLETED", "FAILED", "CANCELLED"}


#: How often a status is asked for that stays once it is there. Oftener, asking would slow down the work.
PATIENT_SECONDS = 0.2


def wait_until(
    condition: Callable[[], Any], *, seconds: float = 30, poll_seconds: float = POLL_SECONDS
) -> Any:
    """The condition's first true value. Fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(poll_seconds)
    return value


def new_key(environment: Mapping[str, str], name: str, *, is_admin: bool = False) -> dict[str, str]:
    """A new API key, as `talkreel keys create` prints it, without the second that the command takes."""
    own = f"sqlite:///{environment.get('DATA_DIR')}/talkreel.db"
    with closing(Database(environment.get("DATABASE_URL", own))) as database:
        migrations.upgrade(database)
        minted = api_keys.mint(database, name, is_admin=is_admin)
    return {
        "id": minted.id,
        "name": name,
        "apiKey": minted.api_key,
        "webhookSecret": minted.webhook_secret,
    }


class Service(Server):
    """`talkreel up`, with `environment` added to a bare one. `log` holds what it printed."""

    def __init__(
        self, folder: Path, ready_path: str = "/ready", program: str = TALKREEL, **environment: str
    ) -> None:
        self._ready_path = ready_path
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        self.data_dir = Path(environment.get("DATA_DIR", folder / "data"))
        self.environment = {
            "PATH": os.defpath,
            "HOME": str(folder),
            "PORT": str(port),
            "DATA_DIR": str(self.data_dir),
            "LEASE_SECONDS": "2",
            "RATE_LIMIT": "100000/minute",
            "SUBMIT_RATE_LIMIT": "100000/minute",
            **environment,
        }
        self._users: list[User] = []
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__([program, "up"], folder, self._is_ready, environment=self.environment)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.address}{self._ready_path}", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def key(self, name: str = "someone") -> dict[str, str]:
        """A new API key, as `talkreel keys create` prints it."""
        return new_key(self.environment, name)

    def admin_key(self, name: str) -> dict[str, str]:
        return new_key(self.environment, name, is_admin=True)

    def user(self, name: str = "someone") -> User:
        return self.user_with(self.key(name))

    def user_with(self, key: dict[str, str]) -> User:
        user = User(self.address, key)
        self._users.append(user)
        return user

    def stop(self) -> None:
        while self._users:
            self._users.pop().http.close()
        super().stop()

    @property
    def supervisor(self) -> psutil.Process:
        """`talkreel up` itself."""
        return psutil.Process(self._process.pid)


class User:
    """Someone with a key, over real HTTP."""

    def __init__(self, address: str, key: dict[str, str]) -> None:
        self.key = key
        self.http = httpx.Client(base_url=address, headers={"X-API-Key": key["apiKey"]}, timeout=30)

    def submit(
        self,
        image: bytes | None = None,
        audio: bytes | None = None,
        idempotency_key: str | None = None,
        **fields: str,
    ) -> httpx.Response:
        files = {"image": image or png(), "audio": audio or wav()}
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return self.http.post("/api/jobs", files=files, data=fields, headers=headers)

    def submitted(self, image: bytes | None = None, audio: bytes | None = None, **fields: str) -> str:
        answer = self.submit(image, audio, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["jobId"])

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/api/status/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait_for(self, job_id: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        """The status object as soon as the job is in one of `statuses` (any end, if none is named)."""
        wanted = set(statuses) or TERMINAL

        def look() -> dict[str, Any] | None:
            status = self.status(job_id)
            assert status["status"] in wanted | {"PENDING", "PROCESSING"}, status
            return status if status["status"] in wanted else None

        poll_seconds = PATIENT_SECONDS if wanted <= TERMINAL else POLL_SECONDS
        return dict(wait_until(look, seconds=seconds, poll_seconds=poll_seconds))
