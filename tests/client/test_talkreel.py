"""The client and the application understand each other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.client import JobCancelled, JobFailed, ListedJob, Refused, Status, Talkreel, TalkreelError
from app.domain.states import JobStatus
from app.jobs import queries
from app.schemas.deletions import DeletedItem
from app.schemas.jobs import StatusBody
from tests.support.world import World, png, wav


def test_files_are_sent_by_their_paths(client: Talkreel, world: World, tmp_path: Path) -> None:
    image, audio = tmp_path / "me.png", tmp_path / "me.wav"
    image.write_bytes(png())
    audio.write_bytes(wav())

    job_id = client.submit(image, str(audio), motion="still", loudness=-16.004)

    assert client.status(job_id).status is JobStatus.PENDING
    asked = queries.options_of(world.claim(job_id).job)
    assert (asked.motion, asked.loudness) == ("still", -16)


def test_files_are_sent_as_bytes_and_streams(client: Talkreel) -> None:
    assert client.status(client.submit(png(), io.BytesIO(wav()))).phase == "queued"


def test_a_stream_that_can_t_be_wound_back_is_sent(client: Talkreel) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    assert client.submit(Pipe(png()), wav())


def test_a_file_that_is_not_there_is_an_os_error(client: Talkreel) -> None:
    with pytest.raises(FileNotFoundError):
        client.submit("nowhere.png", wav())


def test_a_refusal_has_status_code_sentence_and_extras(client: Talkreel) -> None:
    job_id = client.submit(png(), wav())

    with pytest.raises(Refused) as caught:
        client.submit(png(), wav())

    refusal = caught.value
    assert (refusal.status, refusal.code) == (409, "active_job_exists")
    assert refusal.sentence == "You already have an active job"
    assert refusal.extras == {"jobId": job_id}


def test_a_completed_job_is_waited_for_and_downloaded(client: Talkreel, world: World, tmp_path: Path) -> None:
    job_id, seen = client.submit(png(), wav()), list[Status]()
    world.complete(job_id, b"a video")

    status = client.wait(job_id, seen.append)
    path = client.download(status, tmp_path / "out.mp4")

    assert seen == [status]
    assert (status.motion, status.width, status.duration_seconds) == ("still", 32, 0.1)
    assert path.read_bytes() == b"a video"
    assert list(tmp_path.glob("*.mp4*")) == list(tmp_path.glob("out.mp4"))


def test_a_failed_job_raises_its_sentence(client: Talkreel, world: World) -> None:
    job_id = client.submit(png(), wav())
    world.fail(job_id, "The audio file holds no sound.")

    with pytest.raises(JobFailed, match=r"The audio file holds no sound\."):
        client.wait(job_id)


def test_a_job_without_a_video_can_t_be_downloaded(client: Talkreel, tmp_path: Path) -> None:
    with pytest.raises(TalkreelError, match="PENDING"):
        client.download(client.submit(png(), wav()), tmp_path / "out.mp4")

    assert not (tmp_path / "out.mp4").exists()


def test_a_pending_job_is_cancelled_and_cancelling_again_does_no_harm(client: Talkreel) -> None:
    job_id = client.submit(png(), wav())

    client.cancel(job_id)
    client.cancel(job_id)

    with pytest.raises(JobCancelled):
        client.wait(job_id)


def test_a_job_that_has_begun_can_t_be_cancelled(client: Talkreel, world: World) -> None:
    job_id = client.submit(png(), wav())
    world.claim(job_id)

    with pytest.raises(Refused) as caught:
        client.cancel(job_id)

    assert caught.value.code == "not_cancellable"


def test_a_deleted_job_is_gone(client: Talkreel, world: World) -> None:
    job_id = client.submit(png(), wav())
    world.complete(job_id)

    client.delete(job_id)

    with pytest.raises(Refused) as caught:
        client.status(job_id)
    assert (caught.value.status, caught.value.code) == (404, "job_not_found")


def test_a_deleted_job_is_listed_and_restored(client: Talkreel, world: World) -> None:
    job_id = client.submit(png(), wav())
    world.complete(job_id)
    before = client.status(job_id)

    deletion = client.delete(job_id)

    (listed,) = client.jobs(deleted=True)
    assert deletion is not None
    assert (listed.id, listed.deleted_at, listed.restorable_until) == (
        job_id,
        deletion.deleted_at,
        deletion.restorable_until,
    )
    for _ in range(2):
        client.restore(job_id)
    assert client.status(job_id) == before
    assert [job.id for job in client.jobs()] == [job_id]


def test_a_permanent_deletion_is_final(client: Talkreel, world: World) -> None:
    job_id = client.submit(png(), wav())
    world.complete(job_id)
    client.delete(job_id)

    deletion = client.delete(job_id, permanent=True)

    assert deletion is not None
    assert deletion.restorable_until is None
    with pytest.raises(Refused, match="No job of yours"):
        client.restore(job_id)


def test_a_pending_job_is_cancelled_by_a_deletion(client: Talkreel) -> None:
    job_id = client.submit(png(), wav())

    assert client.delete(job_id) is None
    assert client.status(job_id).status is JobStatus.CANCELLED


def test_all_jobs_are_listed_over_all_pages(
    client: Talkreel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.client.talkreel.PAGE", 2)
    made = [client.submit(png(), wav()) for _ in range(5) if not world_is_busy(client)]

    assert [job.id for job in client.jobs()] == made[::-1]
    assert [job.id for job in client.jobs("CANCELLED")] == made[::-1][1:]
    assert [job.id for job in client.jobs(JobStatus.PENDING)] == made[-1:]


def world_is_busy(client: Talkreel) -> bool:
    """Frees the one place for an active job."""
    for job in client.jobs(JobStatus.PENDING):
        client.cancel(job.id)
    return False


@pytest.mark.parametrize("job_id", ["../../health", "a/b", "", "ä?x=1"])
def test_a_strange_id_is_no_other_address(client: Talkreel, job_id: str) -> None:
    with pytest.raises(Refused) as caught:
        client.status(job_id)

    assert caught.value.status == 404


def test_a_client_needs_a_key_and_an_address() -> None:
    with pytest.raises(TalkreelError, match="TALKREEL_API_KEY"):
        Talkreel("http://talkreel.test")
    for url in ("talkreel.test", "ftp://talkreel.test", "http://", "http://a b", "http://host:99999999"):
        with pytest.raises(TalkreelError, match="is not an address"):
            Talkreel(url, "key")
    with pytest.raises(TalkreelError, match="API key"):
        Talkreel("http://talkreel.test", "key\nwith more")


def test_the_environment_names_the_service(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALKREEL_URL", "http://talkreel.test/")
    monkeypatch.setenv("TALKREEL_API_KEY", world.bob.key.api_key)

    with Talkreel() as client:
        assert client._wire.url == "http://talkreel.test"


def test_what_the_service_answers_is_what_the_client_reads() -> None:
    assert set(Status.model_fields) == set(StatusBody.model_fields)
    assert set(ListedJob.model_fields) == set(DeletedItem.model_fields)
