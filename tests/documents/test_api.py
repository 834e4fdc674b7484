"""The requests and the status object of docs/api.md."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from app.schemas.jobs import StatusBody
from tests.documents.pages import blocks, commands, run
from tests.support.service import Service

API = "docs/api.md"


@pytest.mark.block("docs/api.md", "Deleting a job")
def test_the_curl_lines_of_a_deletion_list_restore_and_end_it(service: Service, tmp_path: Path) -> None:
    user = service.user("careless")
    job_id = user.submitted()
    user.wait_for(job_id, "COMPLETED")
    user.http.delete(f"/api/jobs/{job_id}")
    shell = partial(run, KEY=user.key["apiKey"], URL=service.address, folder=tmp_path)
    look, restore, end = (line.replace("JOB_ID", job_id) for line in commands(API, "Deleting a job"))

    assert [job["id"] for job in json.loads(shell(look))["jobs"]] == [job_id]
    assert json.loads(shell(restore))["message"] == "Job restored successfully"
    assert json.loads(shell(end))["restorableUntil"] is None
    assert user.http.get(f"/api/status/{job_id}").status_code == 404


@pytest.mark.block("docs/api.md", "Sending it again safely")
def test_the_curl_line_with_a_key_makes_one_job_however_often_it_is_sent(
    service: Service, tmp_path: Path
) -> None:
    (block,) = blocks(API, "Sending it again safely", "sh")
    user = service.user("careful")

    answers = {
        run(block.code, KEY=user.key["apiKey"], URL=service.address, folder=tmp_path) for _ in range(2)
    }

    (answer,) = answers
    user.wait_for(json.loads(answer)["jobId"], "COMPLETED")


@pytest.mark.block("docs/api.md", "Keys, use and quotas")
def test_the_curl_lines_of_keys_make_list_and_revoke_one_and_show_its_use(
    service: Service, tmp_path: Path
) -> None:
    shell = partial(run, KEY=service.admin_key("root")["apiKey"], URL=service.address, folder=tmp_path)
    make, look, revoke, use = commands(API, "Keys, use and quotas")

    made = json.loads(shell(make))
    listed = json.loads(shell(look))["keys"]
    used = json.loads(shell(use.replace('30"', f'30&keyId={made["id"]}"')))

    assert made["id"] in {key["id"] for key in listed}
    assert used["quota"]["monthlySeconds"] == 3600
    assert json.loads(shell(revoke.replace("KEY_ID", made["id"])))["success"]


@pytest.mark.block("docs/api.md", "Following a job")
def test_the_curl_lines_that_follow_a_job_hear_its_end(service: Service, tmp_path: Path) -> None:
    user = service.user("follower")
    shell = partial(run, KEY=user.key["apiKey"], URL=service.address, folder=tmp_path)
    follow, wait = commands(API, "Following a job")

    job_id = user.submitted()
    waited = json.loads(shell(wait.replace("JOB_ID", job_id)))
    followed = shell(follow.replace("JOB_ID", job_id))

    assert waited["status"] == "COMPLETED"
    assert f"\nevent: completed\ndata: {json.dumps(waited, separators=(',', ':'))}\n\n" in followed


@pytest.mark.block("docs/api.md", "The status object")
def test_the_status_object_is_the_one_that_is_answered() -> None:
    (block,) = blocks(API, "The status object", "json")
    shown = json.loads(block.code)

    StatusBody.model_validate(shown)
    assert list(shown) == list(StatusBody.model_json_schema(mode="serialization")["properties"])
