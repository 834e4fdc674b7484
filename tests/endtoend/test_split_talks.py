"""A long talk drawn by several machines: PostgreSQL, Valkey and a bucket are all that they share."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import av
import httpx
import psutil
import pytest
from PIL import Image as Picture
from sqlmodel import col, select

from app.config.settings import Settings
from app.database.database import Database
from app.database.models import Segment
from app.domain.states import SegmentStatus
from tests.endtoend.machines import Fleet, fleet
from tests.support.paths import PORTRAIT
from tests.support.processes import Server
from tests.support.rows import job_row
from tests.support.servers import S3, Postgres, Valkey, s3, valkey
from tests.support.service import User, new_key, wait_until
from tests.worker.engines.talking.voices import repeated, spoken
from worker.context import WorkerContext
from worker.sweeper.__main__ import Rounds

#: Her face alone, small: frames cost little.
FACE = (140, 20, 300, 180)
#: 27 s of voice, in segments of two seconds.
TIMES, SPLIT_SECONDS = 2, "10"


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[Valkey]:
    with valkey() as server:
        yield server


@pytest.fixture(scope="module")
def staff(
    tmp_path_factory: pytest.TempPathFactory, bucket_server: S3, postgres_server: Postgres, redis: Valkey
) -> Iterator[Fleet]:
    """A web machine and a sweeper."""
    shared = {
        "DATABASE_URL": postgres_server.fresh_database(),
        "REDIS_URL": redis.url,
        "SPLIT_SECONDS": SPLIT_SECONDS,
        "MAX_ATTEMPTS": "2",
        **bucket_server.environment,
    }
    with fleet(tmp_path_factory.mktemp("machines"), shared) as machines:
        machines.start_web()
        machines.start_sweeper()
        yield machines


@pytest.fixture
def machines(staff: Fleet) -> Iterator[Fleet]:
    """The same for all; each test starts its own workers."""
    yield staff
    staff.stop_workers()


@pytest.fixture
def alice(machines: Fleet) -> Iterator[User]:
    user = User(machines.address, new_key(machines.shared, "alice"))
    yield user
    user.http.close()


@pytest.fixture
def context(machines: Fleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerContext]:
    """The doors that the machines share."""
    for name, value in machines.shared.items():
        monkeypatch.setenv(name, value)
    context = WorkerContext(Settings.load())
    yield context
    context.database.close()


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    folder = tmp_path_factory.mktemp("upload")
    face = io.BytesIO()
    Picture.open(PORTRAIT).crop(FACE).save(face, "PNG")
    return face.getvalue(), repeated(spoken(folder), folder / "long.wav", TIMES).path.read_bytes()


@pytest.fixture
def leader(machines: Fleet) -> Server:
    """The first worker: it gets the job."""
    return machines.start_worker()


@pytest.fixture
def job_id(alice: User, leader: Server, upload: tuple[bytes, bytes]) -> str:
    """A long talk whose first segment is being drawn by the leader."""
    job_id = alice.submitted(*upload, motion="talking")
    drawing(leader)
    return job_id


def drawing(worker: Server) -> psutil.Process:
    """A process of that worker that draws, as soon as there is one."""
    found = wait_until(lambda: worker.processes("worker.engines.talking.chunk"), seconds=90)[0]
    assert isinstance(found, psutil.Process)
    return found


def horse_of(worker: Server, after: psutil.Process | None = None) -> psutil.Process:
    """The process of that worker that leads or helps, as soon as it draws; one that comes `after` another."""

    def drawing_now() -> psutil.Process | None:
        children = psutil.Process(worker.pid).children()
        return next((child for child in children if child != after and draws(child)), None)

    horse = wait_until(drawing_now, seconds=90)
    assert isinstance(horse, psutil.Process)
    return horse


def draws(horse: psutil.Process) -> bool:
    try:
        return any(
            "worker.engines.talking.chunk" in child.cmdline() for child in horse.children(recursive=True)
        )
    except psutil.NoSuchProcess:
        return False


def segments_in(context: WorkerContext, status: SegmentStatus, job_id: str) -> Mapping[int, str | None]:
    """Number and token of the job's segments of that status."""
    return {row.number: row.lease_token for row in rows(context.database, job_id) if row.status is status}


def rows(database: Database, job_id: str) -> list[Segment]:
    with database.reading() as session:
        found = select(Segment).where(Segment.job_id == job_id).order_by(col(Segment.number))
        return list(session.exec(found))


def ends_whole(user: User, job_id: str, retries: int) -> None:
    """The job completes, and its video is exact in length and decodes."""
    status = user.wait_for(job_id, "COMPLETED", seconds=180)
    (job,) = (each for each in user.http.get("/api/jobs").json()["jobs"] if each["id"] == job_id)
    assert (status["motion"], job["retries"]) == ("talking", retries)
    with av.open(io.BytesIO(httpx.get(status["outputVideo"]).content), "r") as video:
        times = [frame.pts for frame in video.decode(video=0)]
    assert times == [number * 512 for number in range(round(status["durationSeconds"] * 25))]


def nothing_is_left(context: WorkerContext, job_id: str) -> bool:
    return not rows(context.database, job_id) and not list(context.storage.prefixes("segments"))


def test_helpers_on_other_machines_draw_some_of_it(
    alice: User, machines: Fleet, job_id: str, context: WorkerContext
) -> None:
    helpers = [machines.start_worker(), machines.start_worker()]
    for helper in helpers:
        drawing(helper)

    ends_whole(alice, job_id, retries=0)

    assert all("drawn" in helper.log.read_text() for helper in helpers)
    assert nothing_is_left(context, job_id)


def test_a_helper_killed_in_mid_segment_costs_the_job_nothing(
    alice: User, machines: Fleet, job_id: str
) -> None:
    helper = machines.start_worker()
    drawing(helper)

    helper.kill()

    ends_whole(alice, job_id, retries=0)


def test_a_helper_s_killed_horse_leaves_its_segment_to_the_leader_at_once(
    alice: User, machines: Fleet, job_id: str, context: WorkerContext
) -> None:
    helper = machines.start_worker()
    horse = horse_of(helper)
    (number,) = segments_in(context, SegmentStatus.HELD, job_id)

    horse.kill()

    wait_until(lambda: "horse killed" in helper.log.read_text(), seconds=10)
    assert rows(context.database, job_id)[number].status in (SegmentStatus.KEPT, SegmentStatus.DRAWN)
    ends_whole(alice, job_id, retries=0)


def test_a_helper_that_is_told_to_stop_leaves_its_segment_to_another_helper(
    alice: User, machines: Fleet, job_id: str, context: WorkerContext
) -> None:
    helper = machines.start_worker()
    drawing(helper)
    (number,) = segments_in(context, SegmentStatus.HELD, job_id)

    helper.stop()

    assert "handed back" in helper.log.read_text()
    assert rows(context.database, job_id)[number].status is SegmentStatus.WAITING
    ends_whole(alice, job_id, retries=0)


def test_after_a_killed_leader_what_is_drawn_stays_drawn(
    alice: User, machines: Fleet, leader: Server, job_id: str, context: WorkerContext
) -> None:
    heir = machines.start_worker()
    wait_until(lambda: len(segments_in(context, SegmentStatus.DRAWN, job_id)) >= 4, seconds=90)

    lost_token = job_row(context.database, job_id).lease_token

    leader.kill()

    before = segments_in(context, SegmentStatus.DRAWN, job_id)
    wait_until(
        lambda: {*segments_in(context, SegmentStatus.KEPT, job_id).values()} - {lost_token, None}, seconds=90
    )
    after = segments_in(context, SegmentStatus.DRAWN, job_id)
    assert before.items() <= after.items()
    drawing(heir)
    ends_whole(alice, job_id, retries=1)
    assert nothing_is_left(context, job_id)


def test_with_redis_gone_the_leader_draws_all_of_it(
    alice: User, job_id: str, redis: Valkey, context: WorkerContext
) -> None:
    redis.kill()
    wait_until(lambda: alice.status(job_id)["progress"] > 50, seconds=120)
    redis.start()

    ends_whole(alice, job_id, retries=0)

    assert nothing_is_left(context, job_id)


def test_a_segment_that_kills_whoever_draws_it_takes_one_helper_and_every_attempt(
    alice: User, machines: Fleet, leader: Server, job_id: str, context: WorkerContext
) -> None:
    helper = machines.start_worker()
    horse_of(helper).kill()
    wait_until(lambda: "horse killed" in helper.log.read_text(), seconds=10)
    helper.stop()
    first = horse_of(leader)

    first.kill()
    horse_of(leader, after=first).kill()

    status = alice.wait_for(job_id, "FAILED", seconds=30)
    assert "broke off 2 times" in status["errorMessage"]
    Rounds(context).tidy_once(lambda: True)
    assert nothing_is_left(context, job_id)
