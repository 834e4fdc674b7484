"""The service spread over machines: PostgreSQL, Valkey (behind a password) and a bucket are all they share.

Two web machines, three workers and a sweeper, each with a folder of its own.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import av
import httpx
import pytest

from app.config.settings import Settings
from app.database.database import Database
from app.keys import api_keys
from app.storage.stores import Storage, open_storage
from tests.endtoend.machines import Fleet, fleet
from tests.support.processes import Server
from tests.support.servers import Postgres, s3, valkey
from tests.support.service import User, wait_until
from tests.support.world import png, wav

USERS, WORKERS = 12, 3
#: Silence that takes a few seconds to encode.
LONG_SECONDS = 600


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres) -> Iterator[Fleet]:
    """Two web machines and a sweeper."""
    with s3() as store, valkey(remote=True) as queue:
        shared = {
            "DATABASE_URL": postgres_server.fresh_database(),
            "REDIS_URL": queue.url,
            "TRUSTED_PROXIES": "1",
            **store.environment,
        }
        with fleet(tmp_path_factory.mktemp("machines"), shared) as machines:
            machines.start_web(0)
            machines.start_web(1)
            machines.start_sweeper()
            yield machines


@pytest.fixture(scope="module")
def workers(machines: Fleet) -> list[Server]:
    return [machines.start_worker() for _ in range(WORKERS)]


@pytest.fixture(scope="module")
def pairs(machines: Fleet) -> Iterator[list[tuple[User, User]]]:
    """Each user as the one web machine knows them, and as the other does, turn and turn about."""
    database = Database(machines.shared["DATABASE_URL"])
    minted = [api_keys.mint(database, f"user {number}") for number in range(USERS)]
    database.close()
    with ExitStack() as open_clients:
        found = [[User(address, {"apiKey": key.api_key}) for address in machines.addresses] for key in minted]
        for user in itertools.chain(*found):
            open_clients.enter_context(user.http)
        yield [(one, other) for one, other in (users[:: (-1) ** n] for n, users in enumerate(found))]


@pytest.fixture
def alice(pairs: list[tuple[User, User]]) -> User:
    return pairs[0][0]


@pytest.fixture
def bucket(machines: Fleet, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in machines.shared.items():
        monkeypatch.setenv(name, value)
    return open_storage(Settings.load())


def test_the_parts_find_each_other(machines: Fleet, workers: list[Server]) -> None:
    for address in machines.addresses:
        answer = httpx.get(f"{address}/ready", timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"}), answer.text


def test_a_video_plays_by_range_and_deleting_its_job_leaves_nothing_in_the_bucket(
    alice: User, workers: list[Server], bucket: Storage
) -> None:
    job_id = alice.submitted(png(320, 240), wav(44100), motion="still")
    url = alice.wait_for(job_id, "COMPLETED")["outputVideo"]

    whole = httpx.get(url)
    head = httpx.head(url)
    part = httpx.get(url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})

    with av.open(io.BytesIO(whole.content)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(whole.content)))
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert job_id in stored(bucket)
    assert alice.http.delete(f"/api/jobs/{job_id}?permanent=true").status_code == 200
    assert job_id not in stored(bucket)


def test_what_one_web_machine_accepts_the_other_lists_and_serves(
    machines: Fleet, workers: list[Server], pairs: list[tuple[User, User]]
) -> None:
    job_ids = [here.submitted(motion="still") for here, _ in pairs]

    for (here, there), job_id in zip(pairs, job_ids, strict=True):
        status = there.wait_for(job_id, "COMPLETED")
        (listed,) = there.http.get("/api/jobs").json()["jobs"]
        assert listed["outputVideo"] == status["outputVideo"] == here.status(job_id)["outputVideo"]
        for link in (status["outputVideo"], status["outputShareLink"]):
            path = link.removeprefix(machines.address)
            assert len({httpx.get(address + path).content for address in machines.addresses}) == 1
            assert {httpx.head(address + path).status_code for address in machines.addresses} == {200}


def test_the_limits_of_both_web_machines_count_together(pairs: list[tuple[User, User]]) -> None:
    from_here = {"X-Forwarded-For": "203.0.113.7"}

    answers = [user.http.get("/api/jobs", headers=from_here) for user in pairs[0] * 2]

    remaining = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
    assert remaining == [remaining[0] - number for number in range(4)]


def test_a_killed_worker_s_job_moves_ends_once_and_nothing_is_left(
    machines: Fleet, workers: list[Server], pairs: list[tuple[User, User]]
) -> None:
    users = [here for here, _ in pairs[:WORKERS]]
    before = [completed(user) for user in users]
    job_ids = [user.submitted(png(), wav(8_000 * LONG_SECONDS, 8_000), motion="still") for user in users]
    wait_until(lambda: all(worker.processes("ffmpeg") for worker in workers), seconds=30)

    workers[0].kill()

    for user, job_id in zip(users, job_ids, strict=True):
        assert user.wait_for(job_id, "COMPLETED")["durationSeconds"] == LONG_SECONDS
    jobs = [user.http.get("/api/jobs").json()["jobs"][0] for user in users]
    assert sorted(job["retries"] for job in jobs) == [0, 0, 1]
    assert [completed(user) for user in users] == [count + 1 for count in before]
    assert [path for path in left_in(machines) if is_on(workers[0], path)]
    workers[0].start()
    wait_until(lambda: not left_in(machines), seconds=10)


def stored(storage: Storage) -> set[str]:
    """Ids of the jobs that have something stored."""
    return {folder.job_id for area in ("uploads", "outputs") for folder in storage.prefixes(area)}


def completed(user: User) -> int:
    """How many jobs have ended so, by the key's use."""
    return int(user.http.get("/api/usage").json()["total"]["jobs"]["completed"])


def left_in(machines: Fleet) -> list[Path]:
    """Whatever a machine still has of a job, on its own disk. What it has counted is no job's."""
    found = (path for folder in machines.data_dirs for path in folder.rglob("*") if path.is_file())
    return [path for path in found if path.parent.name != "metrics"]


def is_on(machine: Server, path: Path) -> bool:
    return path.is_relative_to(machine.log.parent)
