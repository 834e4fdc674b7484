"""Redis fails over to another server while a job is being rendered."""

from __future__ import annotations

from tests.faults.conftest import StartService
from tests.support.sentinels import watched_valkey
from tests.support.service import wait_until


def test_a_failover_in_the_middle_of_a_render_costs_nothing(
    start_service: StartService, long_voice: bytes
) -> None:
    with watched_valkey() as redis:
        service = start_service(REDIS_URL=redis.url, LEASE_SECONDS="15")
        alice, bob = service.user("alice"), service.user("bob")
        running = alice.submitted(audio=long_voice)
        alice.wait_for(running, "PROCESSING")

        redis.master.kill()
        waiting = bob.submitted()
        wait_until(lambda: redis.master_port() == redis.replica_port)

        assert alice.wait_for(running, "COMPLETED")
        assert bob.wait_for(waiting, "COMPLETED")
        assert [job["retries"] for job in alice.http.get("/api/jobs").json()["jobs"]] == [0]
