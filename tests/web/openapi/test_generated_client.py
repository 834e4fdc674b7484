"""A client that a generator makes of the document: it uploads, and asks how it went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.service import Service
from tests.support.world import png, wav

PACKAGE = "generated"
DEADLINE_SECONDS = 60

UPLOAD = f"""
import sys, io
from {PACKAGE}.client import AuthenticatedClient
from {PACKAGE}.api.jobs import get_api_status_job_id, post_api_jobs
from {PACKAGE}.models import PostApiJobsBody, PostApiJobsBodyMotion
from {PACKAGE}.types import File

address, key, picture, voice = sys.argv[1:]
client = AuthenticatedClient(address, key, prefix="", auth_header_name="X-API-Key")
with open(picture, "rb") as image, open(voice, "rb") as audio:
    body = PostApiJobsBody(
        image=File(image, "me.png", "image/png"),
        audio=File(audio, "me.wav", "audio/wav"),
        motion=PostApiJobsBodyMotion.STILL,
        loudness=-16.0,
    )
    made = post_api_jobs.sync_detailed(client=client, body=body)
assert made.status_code == 201, made.content
print(get_api_status_job_id.sync(made.parsed.job_id, client=client).job_id)
"""


def test_a_generated_client_uploads_and_asks(service: Service, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(httpx.get(f"{service.address}/api/openapi.json").text)
    generate(document, tmp_path / PACKAGE)
    picture, voice = tmp_path / "me.png", tmp_path / "me.wav"
    picture.write_bytes(png())
    voice.write_bytes(wav())

    user = service.user("generated")
    found = run(
        [sys.executable, "-c", UPLOAD, service.address, user.key["apiKey"], str(picture), str(voice)],
        PYTHONPATH=str(tmp_path),
    ).strip()

    assert user.wait_for(found, "COMPLETED")["loudness"] is not None or user.status(found)["warnings"]


def test_every_call_has_a_name_of_its_own(service: Service) -> None:
    paths = httpx.get(f"{service.address}/api/openapi.json").json()["paths"]
    names = [call["operationId"] for calls in paths.values() for call in calls.values()]

    assert len(names) == len(set(names)) > 0


def generate(document: Path, package: Path) -> None:
    configuration = package.with_suffix(".json")
    configuration.write_text(json.dumps({"post_hooks": []}))
    program = Path(sys.executable).with_name("openapi-python-client")
    places: list[str | Path] = ["--path", document, "--output-path", package, "--config", configuration]
    run([program, "generate", *places, "--meta", "none"])


def run(command: list[str | Path], **environment: str) -> str:
    """What it prints; it has to end well."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
