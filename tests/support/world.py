"""A small world for tests of the API: the application in this process, and people with keys."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from redis import Redis
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.config.settings import Settings
from app.domain.states import MotionMade
from app.domain.video_facts import VideoFacts
from app.jobs import leases, queries
from app.jobs.leases import Lease, Outcome
from app.keys import api_keys
from app.keys.api_keys import MintedKey
from app.web import create_app
from app.web.http.context import EXTENSION, Services
from tests.support.schema import migrate

#: What `World.complete` stores beside a video.
POSTER = b"\xff\xd8 a picture"


def png(width: int = 32, height: int = 32) -> bytes:
    """A real picture of one colour."""
    held = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(held, "PNG")
    return held.getvalue()


def wav(samples: int = 4410, sample_rate: int = 44100) -> bytes:
    """Real silence: mono, 16 bit."""
    data = bytes(2 * samples)
    fmt = struct.pack("<HHIIHH", 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@dataclass(frozen=True)
class Person:
    """Someone with an API key."""

    key: MintedKey
    client: FlaskClient

    @property
    def headers(self) -> dict[str, str]:
        return {"X-API-Key": self.key.api_key}

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, **options)

    def post(self, path: str, idempotency_key: str | None = None, **options: Any) -> TestResponse:
        headers = (
            self.headers if idempotency_key is None else {**self.headers, "Idempotency-Key": idempotency_key}
        )
        return self.client.post(path, headers=headers, **options)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(path, headers=self.headers)

    def submit(self, idempotency_key: str | None = None, **fields: Any) -> TestResponse:
        """Posts a picture and a voice; `fields` replace or add parts, None takes one out."""
        parts = {"image": (io.BytesIO(png()), "me.png"), "audio": (io.BytesIO(wav()), "me.wav"), **fields}
        given = {name: value for name, value in parts.items() if value is not None}
        return self.post("/api/jobs", idempotency_key, data=given, content_type="multipart/form-data")

    def submitted(self, **fields: Any) -> str:
        """Submits, and returns the new job's id."""
        answer = self.submit(**fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json["jobId"])  # type: ignore[index]

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.get(f"/api/status/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})


@dataclass
class World:
    """The application, alice and bob, and a hand that does what a worker would."""

    settings: Settings
    app: Flask = field(init=False)
    services: Services = field(init=False)
    alice: Person = field(init=False)
    bob: Person = field(init=False)

    def __enter__(self) -> World:
        Redis.from_url(self.settings.redis_url).flushdb()
        self.app = create_app(self.settings)
        self.services = self.app.extensions[EXTENSION]
        migrate(self.services.database)
        self.alice, self.bob = self.person("alice"), self.person("bob")
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.services.database.close()

    def person(self, name: str, *, max_active_jobs: int = 1) -> Person:
        key = api_keys.mint(self.services.database, name, max_active_jobs=max_active_jobs)
        return Person(key, self.app.test_client())

    def admin(self, name: str) -> Person:
        key = api_keys.mint(self.services.database, name, is_admin=True)
        return Person(key, self.app.test_client())

    def claim(self, job_id: str, generation: int = 0) -> Lease:
        lease = leases.claim(self.services.database, job_id, generation, lease_seconds=15)
        assert lease is not None
        return lease

    def complete(self, job_id: str, video: bytes = b"a video" * 1000, generation: int = 0) -> None:
        """Ends the job as a worker would, with `video` as its file."""
        lease = self.claim(job_id, generation)
        path = self.settings.data_dir / "rendered.mp4"
        path.write_bytes(video)
        self.services.storage.put(path, queries.output_key(job_id, generation))
        path.write_bytes(POSTER)
        self.services.storage.put(path, queries.poster_key(job_id, generation))
        facts = VideoFacts(MotionMade.STILL, (), duration_seconds=0.1, width=32, height=32)
        outcome = Outcome(facts, video_bytes=len(video))
        assert leases.complete(self.services.database, lease, outcome, self.services.links)

    def fail(
        self, job_id: str, sentence: str = "The audio file holds no sound.", generation: int = 0
    ) -> None:
        lease = self.claim(job_id, generation)
        assert leases.fail(self.services.database, lease, sentence, self.services.links)

    def left_files(self) -> list[Path]:
        """Every file of uploads and outputs, stored or on its way."""
        folders = [self.settings.data_dir / name for name in ("incoming", "files", "work")]
        # Others may remove what is looked at: `os.walk` passes that over.
        return [
            Path(where) / name for folder in folders for where, _, names in os.walk(folder) for name in names
        ]

    def count(self, table: str) -> int:
        with self.services.database.reading() as session:
            return int(session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
