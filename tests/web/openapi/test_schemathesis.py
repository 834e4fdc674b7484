"""The running service does what its OpenAPI document says, whatever it is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template

import httpx
import pytest

from tests.support.paths import ROOT
from tests.support.service import Service, User, wait_until

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CONFIG = Path(__file__).with_name("schemathesis.toml")
DEADLINE_SECONDS = 240


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service of the test's own: its users are admins, who revoke whatever keys they find."""
    with Service(tmp_path / "service", RENDER_WORKERS="1") as service:
        yield service


def test_schemathesis_finds_nothing(own_service: Service, tmp_path: Path) -> None:
    keys = {name: own_service.admin_key(name) for name in ("alice", "bob")}
    known = what_nobody_can_make_up(own_service.user_with(keys["alice"]))
    config = tmp_path / "schemathesis.toml"
    config.write_text(Template(CONFIG.read_text()).substitute(known, USERS=users_file(tmp_path, keys)))

    run = subprocess.run(
        [SCHEMATHESIS, "--config-file", config, "run", f"{own_service.address}/api/openapi.json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )

    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr


def users_file(folder: Path, keys: dict[str, dict[str, str]]) -> Path:
    """Who asks, as Web Fuzzing Commons writes it down."""
    entries = [
        {"name": name, "fixedHeaders": [{"name": "X-API-Key", "value": key["apiKey"]}]}
        for name, key in keys.items()
    ]
    path = folder / "users.json"
    path.write_text(json.dumps({"auth": entries}))
    return path


def what_nobody_can_make_up(user: User) -> dict[str, str]:
    """A finished job with a webhook, and where its links lead."""
    job_id = user.submitted(webhookUrl="https://talkreel.invalid/hook", motion="still")
    status = user.wait_for(job_id, "COMPLETED")
    path = f"/api/jobs/{job_id}/deliveries"
    delivery = wait_until(lambda: user.http.get(path).json()["deliveries"])[0]
    signed = httpx.URL(status["outputVideo"]).params
    return {
        "JOB_ID": job_id,
        "DELIVERY_ID": delivery["id"],
        "SHARE_TOKEN": status["outputShareLink"].rpartition("/")[2],
        "EXPIRES": signed["expires"],
        "SIGNATURE": signed["signature"],
    }
