"""GET /metrics of a whole service: the counts of all its processes agree with what was done."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from app.config.settings import Settings, SettingsError
from tests.endtoend.machines import command_of
from tests.support.processes import Server, free_ports
from tests.support.scraped import read
from tests.support.service import Service, wait_until

STAGES = {"fetching", "picture", "sound", "video", "muxing", "checking", "storing"}


def test_counts_agree_with_what_was_done(service: Service) -> None:
    alice, root = service.user("counted"), service.user_with(service.admin_key("root"))

    def look() -> dict[tuple[str, ...], float]:
        return read(root.http.get("/metrics").text)

    before = look()
    for ending in ("COMPLETED", "FAILED"):
        motion = "still" if ending == "COMPLETED" else "talking"
        alice.wait_for(alice.submitted(motion=motion), ending)
    for _ in range(20):
        assert alice.http.get("/api/jobs/nowhere/at/all").status_code == 404
    # The worker hears of it when its horse is gone.
    wait_until(lambda: grown(before, look(), "talkreel_render_attempts_total", "failed") == 1)

    after = look()
    assert grown(before, after, "talkreel_http_requests_total", "GET", "nowhere", "404") == 20
    assert grown(before, after, "talkreel_http_requests_total", "POST", "/api/jobs", "201") == 2
    assert grown(before, after, "talkreel_render_attempts_total", "completed") == 1
    assert grown(before, after, "talkreel_jobs_ended_total", "FAILED") == 1
    assert {
        stage
        for stage in STAGES
        if grown(before, after, "talkreel_render_stage_seconds_count", "still", stage) == 1
    } == STAGES
    assert not [sample for sample in after if "at/all" in "".join(sample)]


def grown(before: dict[tuple[str, ...], float], after: dict[tuple[str, ...], float], *sample: str) -> float:
    return after.get(sample, 0) - before.get(sample, 0)


def test_a_machine_without_a_web_process_tells_its_own(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}/metrics"
    known = {"Authorization": "Bearer sesame"}
    environment = {"DATA_DIR": str(tmp_path), "METRICS_PORT": str(port), "METRICS_TOKEN": "sesame"}

    def answers() -> bool:
        try:
            return httpx.get(address, headers=known).status_code == 200
        except httpx.TransportError:
            return False

    with Server(command_of("sweeper"), tmp_path, answers, environment):
        told = read(httpx.get(address, headers=known).text)
        statuses = [
            httpx.get(address, headers={"Authorization": f"Bearer {word}"}).status_code for word in "ab"
        ]

        assert told["talkreel_jobs", "PENDING"] == 0
        assert statuses == [401, 401]
        assert httpx.get(f"{address}/else", headers=known).status_code == 404


def test_a_metrics_port_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_PORT", "9100")

    with pytest.raises(SettingsError, match="METRICS_PORT='9100': needs METRICS_TOKEN"):
        Settings.load()
