"""The web is renewed while an upload comes in."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.faults.conftest import StartService
from tests.faults.test_lost_workers import is_alive
from tests.support.service import Service, wait_until
from tests.support.world import png, wav
from tests.web.upload.bodies import CONTENT_TYPE, closed, part


@pytest.mark.fault(25)
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_an_upload_is_taken_by_the_process_that_began_it(
    start_service: StartService, number: signal.Signals
) -> None:
    service = start_service(WEB_WORKERS="1")
    alice = service.user("alice")
    (process,) = web_master(service).children()

    answer = alice.http.post(
        "/api/jobs", content=upload_around(service, number), headers={"Content-Type": CONTENT_TYPE}
    )

    assert answer.status_code == 201, answer.text
    wait_until(lambda: not is_alive(process))
    wait_until(lambda: answers(service))
    alice = service.user_with(alice.key)
    assert alice.wait_for(answer.json()["jobId"], "COMPLETED")


def upload_around(service: Service, number: signal.Signals) -> Iterator[bytes]:
    """A body that ends only after gunicorn has been told to end its process."""
    master = web_master(service)
    (process,) = master.children()
    whole = closed(part("image", png()), part("audio", wav()))
    yield whole[:100]
    wait_until(lambda: list(service.data_dir.glob("incoming/*")))
    master.send_signal(number)
    wait_until(lambda: is_told_to_end(master, process))
    yield whole[100:]


def web_master(service: Service) -> psutil.Process:
    return next(each for each in service.processes("talkreel-web") if each.parent() == service.supervisor)


def answers(service: Service) -> bool:
    try:
        return httpx.get(f"{service.address}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def is_told_to_end(master: psutil.Process, process: psutil.Process) -> bool:
    """Whether another has taken its place, or its master no longer listens."""
    assert is_alive(process)
    listening = [each for each in master.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    return len(master.children()) > 1 or not listening
