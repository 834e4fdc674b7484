"""The README: what is shown is there, and its lines are the life of a job."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.documents.pages import commands, run, text_of
from tests.support.service import Service, wait_until

#: What somebody can take in who has never seen it.
MAX_LINES = 220


def test_it_is_short_enough_to_be_read() -> None:
    assert len(text_of("README.md").splitlines()) <= MAX_LINES


@pytest.mark.block("README.md", "Make a video")
def test_the_curl_lines_are_the_life_of_a_job(service: Service, tmp_path: Path) -> None:
    key = service.key("reader")["apiKey"]
    _, submit, look, fetch, delete = commands("README.md", "Make a video")
    shell = partial(run, KEY=key, URL=service.address, folder=tmp_path)

    job_id = json.loads(shell(submit))["jobId"]
    status = wait_until(
        lambda: (
            (found := json.loads(shell(look.replace("JOB_ID", job_id))))["status"] == "COMPLETED" and found
        )
    )
    shell(fetch.replace("OUTPUT_VIDEO", status["outputVideo"]))
    deleted = json.loads(shell(delete.replace("JOB_ID", job_id)))

    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert (deleted["message"], deleted["jobId"]) == ("Job deleted successfully", job_id)
