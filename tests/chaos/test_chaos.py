"""A short storm on each database. `make chaos` runs a long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.faults import faults_on
from tests.chaos.storm import storm
from tests.support.servers import postgres


@pytest.mark.fault(24)
def test_every_accepted_job_ends_whatever_happens(tmp_path: Path) -> None:
    report = storm(tmp_path / "storm", seconds=16, seed=24)

    assert not report.broken, report
    assert len(report.wounds) > 1, report


@pytest.mark.fault(24)
def test_every_accepted_job_ends_on_postgresql_too(tmp_path: Path) -> None:
    with postgres() as server:
        report = storm(
            tmp_path / "storm",
            seconds=10,
            seed=25,
            faults=faults_on(server),
            database_url=server.fresh_database(),
        )

    assert not report.broken, report
