"""The service spread over machines: PostgreSQL, Valkey and a bucket are all that they share."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import httpx
import pytest

from app.settings import Settings
from app.storage import Storage, open_storage
from tests.endtoend.machines import Fleet, fleet
from tests.processes import Server
from tests.servers import S3, Postgres, s3, valkey
from tests.service import User, new_key
from tests.world import png, wav


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture(scope="module")
def machines(
    tmp_path_factory: pytest.TempPathFactory, bucket_server: S3, postgres_server: Postgres
) -> Iterator[Fleet]:
    """A web machine and a sweeper; the tests start the workers."""
    with valkey() as redis:
        shared = {
            "DATABASE_URL": postgres_server.fresh_database(),
            "REDIS_URL": redis.url,
            **bucket_server.environment,
        }
        with fleet(tmp_path_factory.mktemp("machines"), shared) as machines:
            machines.start_web()
            machines.start_sweeper()
            yield machines


@pytest.fixture(scope="module")
def first_worker(machines: Fleet) -> Server:
    return machines.start_worker()


@pytest.fixture(scope="module")
def alice(machines: Fleet) -> Iterator[User]:
    user = User(machines.address, new_key(machines.shared, "alice"))
    yield user
    user.http.close()


@pytest.fixture
def bucket(machines: Fleet, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in machines.shared.items():
        monkeypatch.setenv(name, value)
    return open_storage(Settings.load())


def test_the_parts_find_each_other(machines: Fleet, first_worker: Server) -> None:
    answer = httpx.get(f"{machines.address}/ready", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"}), answer.text


def test_a_job_passes_from_machine_to_machine_and_its_video_plays(alice: User, first_worker: Server) -> None:
    status = alice.wait_for(alice.submitted(png(320, 240), wav(44100)), "COMPLETED")
    url = status["outputVideo"]

    whole = httpx.get(url)
    head = httpx.head(url)
    part = httpx.get(url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})

    with av.open(io.BytesIO(whole.content)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(whole.content)))
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert httpx.get(status["outputShareLink"]).status_code == 200


def test_deleting_a_job_leaves_nothing_in_the_bucket(
    alice: User, first_worker: Server, bucket: Storage
) -> None:
    job_id = alice.submitted()
    alice.wait_for(job_id, "COMPLETED")
    assert job_id in stored(bucket)

    assert alice.http.delete(f"/api/jobs/{job_id}").status_code == 200

    assert job_id not in stored(bucket)


def test_a_killed_machine_s_job_moves_to_another_one(
    alice: User, machines: Fleet, first_worker: Server
) -> None:
    job_id = alice.submitted(audio=wav(44100 * 240))
    alice.wait_for(job_id, "PROCESSING")

    first_worker.kill()
    machines.start_worker()

    assert alice.wait_for(job_id, "COMPLETED")["durationSeconds"] == 240
    (job,) = (each for each in alice.http.get("/api/jobs").json()["jobs"] if each["id"] == job_id)
    assert job["retries"] == 1


def stored(storage: Storage) -> set[str]:
    """Ids of the jobs that have something stored."""
    return {folder.job_id for area in ("uploads", "outputs") for folder in storage.prefixes(area)}
