"""A process that ends between two steps: the next one to come by finds its way."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.core.failpoints import FOLDER_VARIABLE
from tests.faults.test_lost_workers import retries_of
from tests.support.receiver import Receiver
from tests.support.service import Service, User, wait_until


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def failpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("failpoints")


@pytest.fixture(scope="module")
def crashing_service(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, failpoints: Path
) -> Iterator[Service]:
    """One in which a process can be made to crash at any moment that has a name."""
    environment = {
        FOLDER_VARIABLE: str(failpoints),
        "WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
        "WEBHOOK_ALLOW_PORTS": "*",
        "WEBHOOK_CA_FILE": str(receiver.ca_file),
    }
    with Service(tmp_path_factory.mktemp("crashing-service"), **environment) as service:
        yield service


@pytest.fixture(scope="module")
def alice(crashing_service: Service) -> User:
    return crashing_service.user("alice")


@pytest.mark.fault(12)
@pytest.mark.parametrize("moment", ["after_commit", "after_ring"])
def test_a_job_whose_submitter_crashed_after_the_commit_runs_all_the_same(
    alice: User, failpoints: Path, moment: str
) -> None:
    (failpoints / moment).touch()
    with pytest.raises(httpx.TransportError):
        alice.submit()

    crashed_at = time.monotonic()
    job = alice.http.get("/api/jobs").json()["jobs"][0]
    alice.wait_for(job["id"], "COMPLETED")

    assert time.monotonic() - crashed_at < 6
    assert retries_of(alice, job["id"]) == 0


def test_a_submitter_that_crashed_before_the_commit_has_submitted_nothing(
    alice: User, failpoints: Path
) -> None:
    before = alice.http.get("/api/jobs").json()
    (failpoints / "before_commit").touch()
    with pytest.raises(httpx.TransportError):
        alice.submit()

    assert alice.http.get("/api/jobs").json() == before
    assert alice.wait_for(alice.submitted(), "COMPLETED")


@pytest.mark.parametrize("moment", ["after_commit", "after_ring"])
def test_who_submits_again_after_a_crash_under_the_same_key_gets_the_first_answer(
    alice: User, failpoints: Path, moment: str
) -> None:
    (failpoints / moment).touch()
    with pytest.raises(httpx.TransportError):
        alice.submit(idempotency_key=moment)

    again = alice.submit(idempotency_key=moment)

    (job,) = alice.http.get("/api/jobs?limit=1").json()["jobs"]
    assert (again.status_code, again.json()["jobId"]) == (201, job["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    alice.wait_for(job["id"], "COMPLETED")


@pytest.mark.parametrize(("moment", "retries"), [("after_claim", 1), ("after_store", 1), ("after_end", 0)])
def test_a_job_whose_worker_crashed_is_completed_once(
    alice: User, crashing_service: Service, failpoints: Path, moment: str, retries: int
) -> None:
    (failpoints / moment).touch()
    job_id = alice.submitted()

    wait_until(lambda: not (failpoints / moment).exists())
    alice.wait_for(job_id, "COMPLETED")

    assert retries_of(alice, job_id) == retries
    assert outputs(crashing_service, job_id) == [f"{retries}.jpg", f"{retries}.mp4"]


def test_a_job_whose_workers_crashed_with_its_videos_stored_keeps_one_of_them(
    alice: User, crashing_service: Service, failpoints: Path
) -> None:
    (failpoints / "after_store").touch()
    job_id = alice.submitted()
    wait_until(lambda: not (failpoints / "after_store").exists())
    (failpoints / "after_end").touch()

    alice.wait_for(job_id, "COMPLETED")
    wait_until(lambda: not (failpoints / "after_end").exists())

    assert outputs(crashing_service, job_id) == ["1.jpg", "1.mp4"]


@pytest.mark.fault(13)
def test_a_webhook_that_was_answered_unheard_is_sent_again_under_the_same_id(
    alice: User, crashing_service: Service, failpoints: Path, receiver: Receiver
) -> None:
    (failpoints / "after_post").touch()
    job_id = alice.submitted(webhookUrl=receiver.url)
    wait_until(lambda: not (failpoints / "after_post").exists())

    let_the_claim_run_out(crashing_service, job_id)

    first, second = receiver.wait_for(2, deadline_seconds=30)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_the_files_of_a_job_whose_deletion_broke_off_are_orphans(
    alice: User, crashing_service: Service, failpoints: Path
) -> None:
    job_id = alice.submitted()
    alice.wait_for(job_id, "COMPLETED")
    (failpoints / "after_delete").touch()
    with pytest.raises(httpx.TransportError):
        alice.http.delete(f"/api/jobs/{job_id}?permanent=true")

    assert alice.http.get(f"/api/status/{job_id}").status_code == 404
    assert outputs(crashing_service, job_id) == ["0.jpg", "0.mp4"]


def outputs(service: Service, job_id: str) -> list[str]:
    return sorted(path.name for path in (service.data_dir / "files" / "outputs" / job_id).iterdir())


def let_the_claim_run_out(service: Service, job_id: str) -> None:
    """As if a minute had passed."""
    with closing(sqlite3.connect(service.data_dir / "talkreel.db", timeout=10)) as database, database:
        database.execute("UPDATE deliveries SET claimed_until_ms = 0 WHERE job_id = ?", (job_id,))
