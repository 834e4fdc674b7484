"""`talkreel jobs`: list, delete, restore."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.support.service import Service, User


@pytest.fixture
def user(service: Service) -> User:
    return service.user("tidy")


def jobs(user: User, *arguments: str, exit_code: int = 0) -> list[dict[str, Any]]:
    """Each line that the command printed, as JSON."""
    environment = {"TALKREEL_URL": str(user.http.base_url), "TALKREEL_API_KEY": user.key["apiKey"]}
    done = CliRunner().invoke(main, ["jobs", *arguments], env=environment)
    assert done.exit_code == exit_code, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_job_is_listed_deleted_restored_and_gone(user: User) -> None:
    job_id = user.submitted(motion="still")
    status = user.wait_for(job_id, "COMPLETED")
    assert [job["id"] for job in jobs(user, "list", "--status", "COMPLETED")] == [job_id]

    (deletion,) = jobs(user, "delete", job_id)
    (listed,) = jobs(user, "list", "--deleted")
    assert (listed["id"], listed["restorableUntil"]) == (job_id, deletion["restorableUntil"])
    assert jobs(user, "list") == []

    assert jobs(user, "restore", job_id) == [status]
    (deletion,) = jobs(user, "delete", job_id, "--permanent")
    assert deletion["restorableUntil"] is None
    assert jobs(user, "restore", job_id, exit_code=3) == []


def test_it_needs_a_key() -> None:
    done = CliRunner().invoke(main, ["jobs", "list"], env={"TALKREEL_API_KEY": None})

    assert done.exit_code == 2
    assert "TALKREEL_API_KEY" in done.stderr
