"""What the README says is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from standardwebhooks import WebhookVerificationError

from app.cli.exit_codes import EXIT_CODES
from app.config.settings import Settings
from app.core.signing import new_webhook_secret, webhook_headers
from app.webhooks.http_client import EgressError
from tests.support.conversations import converse
from tests.support.service import Service, wait_until
from tests.support.world import png, wav

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MAKE = README.partition("## Make a video")[2].partition("\n## ")[0]
KEYS = README.partition("### Keys")[2].partition("\n##")[0]
DELETING = README.partition("### Deleting a job")[2].partition("\n### ")[0]
FOLLOWING = README.partition("### Following a job")[2].partition("\n### ")[0]
WEBHOOKS = README.partition("### Webhooks")[2].partition("\n##")[0]


def test_the_settings_table_lists_every_setting_and_no_other() -> None:
    table = README.partition("### Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name.lower() for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}

    assert named == set(Settings.model_fields)


def test_every_file_it_shows_or_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_curl_lines_are_the_life_of_a_job(service: Service, tmp_path: Path) -> None:
    key = service.key("reader")["apiKey"]
    submit, look, fetch, delete = curl_lines()
    shell = partial(run, key=key, url=service.address, folder=tmp_path)

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


def test_the_curl_lines_of_a_deletion_list_restore_and_end_it(service: Service, tmp_path: Path) -> None:
    user = service.user("careless")
    job_id = user.submitted()
    user.wait_for(job_id, "COMPLETED")
    user.http.delete(f"/api/jobs/{job_id}")
    shell = partial(run, key=user.key["apiKey"], url=service.address, folder=tmp_path)
    look, restore, end = (line.replace("JOB_ID", job_id) for line in re.findall(r"^curl .*$", DELETING, re.M))

    assert [job["id"] for job in json.loads(shell(look))["jobs"]] == [job_id]
    assert json.loads(shell(restore))["message"] == "Job restored successfully"
    assert json.loads(shell(end))["restorableUntil"] is None
    assert user.http.get(f"/api/status/{job_id}").status_code == 404


def test_the_curl_line_with_a_key_makes_one_job_however_often_it_is_sent(
    service: Service, tmp_path: Path
) -> None:
    (line,) = re.findall(r"^curl .*Idempotency-Key.*\n.*$", README, re.MULTILINE)
    user = service.user("careful")

    answers = {run(line, key=user.key["apiKey"], url=service.address, folder=tmp_path) for _ in range(2)}

    (answer,) = answers
    user.wait_for(json.loads(answer)["jobId"], "COMPLETED")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose examples are small."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "portrait.jpg").write_bytes(png())
    (tmp_path / "examples" / "voice.mp3").write_bytes(wav())
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def test_the_command_makes_a_video(service: Service, folder: Path) -> None:
    (lines,) = re.findall(r"```sh\n(export TALKREEL_API_KEY.*?)```", MAKE, re.DOTALL)

    run(lines, key=service.key("commander")["apiKey"], url=service.address, folder=folder)

    assert (folder / "video.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_python_makes_a_video(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", MAKE, re.DOTALL)
    monkeypatch.setenv("TALKREEL_URL", service.address)
    monkeypatch.setenv("TALKREEL_API_KEY", service.key("programmer")["apiKey"])
    monkeypatch.chdir(folder)

    exec(code, {})

    assert (folder / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert capsys.readouterr().out.endswith("done 100\n")


def test_the_configuration_gives_an_assistant_its_tools() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", MAKE, re.DOTALL)
    told = json.loads(text)["mcpServers"]["talkreel"]
    command = told["command"].replace("/path/to/talkreel/.venv", sys.prefix)
    server = StdioServerParameters(command=command, args=told["args"], env=told["env"])

    async def names(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert "make_talking_video" in converse(server, names)


def test_each_way_to_a_video_takes_six_lines_at_most() -> None:
    ways = re.findall(r"```\w+\n(.*?)```", MAKE, re.DOTALL)

    assert len(ways) == 4
    assert [way for way in ways if len(way.strip().splitlines()) > 6] == []


def test_the_exit_codes_are_those_of_the_help() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", MAKE, re.MULTILINE)

    assert rows
    assert [(code, text.replace("`", "")) for code, text in rows] == re.findall(
        r"^ +(\d+)  (.*)$", EXIT_CODES, re.MULTILINE
    )


def test_the_curl_lines_of_a_webhook_show_it_and_send_it_again(service: Service, tmp_path: Path) -> None:
    user = service.user("told")
    shell = partial(run, key=user.key["apiKey"], url=service.address, folder=tmp_path)
    job_id = user.submitted(webhookUrl="https://nowhere.invalid/hook")
    look, redeliver = (line.replace("JOB_ID", job_id) for line in re.findall(r"^curl .*$", WEBHOOKS, re.M))

    tried = wait_until(
        lambda: (found := json.loads(shell(look))["deliveries"]) and found[0]["tries"] and found[0]
    )
    (word,) = {one["error"] for one in tried["tries"]}
    answer = json.loads(shell(redeliver.replace("DELIVERY_ID", tried["id"])))

    assert f"`{word}`" in WEBHOOKS
    assert answer == {"success": True, "message": "Webhook will be sent again"}


def test_the_curl_lines_of_keys_make_list_and_revoke_one_and_show_its_use(
    service: Service, tmp_path: Path
) -> None:
    shell = partial(run, key=service.admin_key("root")["apiKey"], url=service.address, folder=tmp_path)
    make, look, revoke, use = re.findall(r"^curl .*$", KEYS, re.M)

    made = json.loads(shell(make))
    listed = json.loads(shell(look))["keys"]
    used = json.loads(shell(use.replace('30"', f'30&keyId={made["id"]}"')))

    assert made["id"] in {key["id"] for key in listed}
    assert used["quota"]["monthlySeconds"] == 3600
    assert json.loads(shell(revoke.replace("KEY_ID", made["id"])))["success"]


def test_the_curl_lines_that_follow_a_job_hear_its_end(service: Service, tmp_path: Path) -> None:
    user = service.user("follower")
    shell = partial(run, key=user.key["apiKey"], url=service.address, folder=tmp_path)
    follow, wait = re.findall(r"^curl .*$", FOLLOWING, re.M)

    job_id = user.submitted()
    waited = json.loads(shell(wait.replace("JOB_ID", job_id)))
    followed = shell(follow.replace("JOB_ID", job_id))

    assert waited["status"] == "COMPLETED"
    assert f"\nevent: completed\ndata: {json.dumps(waited, separators=(',', ':'))}\n\n" in followed


def test_the_code_that_verifies_a_webhook_does() -> None:
    with_library, without = re.findall(r"```python\n(.*?)```", WEBHOOKS, re.DOTALL)
    names: dict[str, Any] = {}
    exec(with_library + without, names)
    secret, body = new_webhook_secret(), b'{"jobId": "a"}'
    headers = webhook_headers(
        message_id="msg_1",
        timestamp_seconds=int(time.time()),
        body=body,
        event="job.failed",
        secrets=[secret],
    )

    assert names["job_told"](body, headers, secret) == {"jobId": "a"}
    assert names["is_ours"](body, headers, secret)
    with pytest.raises(WebhookVerificationError):
        names["job_told"](body + b" ", headers, secret)
    assert not names["is_ours"](body + b" ", headers, secret)


def test_every_word_for_a_try_without_an_answer_is_named() -> None:
    words = {error.error_class for error in EgressError.__subclasses__()}

    assert {word for word in words if f"`{word}`" not in WEBHOOKS} == set()


def curl_lines() -> list[str]:
    """The four lines of the quickstart."""
    return re.findall(r"^curl .*$", README.partition("## What happens")[0], re.MULTILINE)


def run(command: str, *, key: str, url: str, folder: Path) -> str:
    """Runs a line of the README in a folder that has its examples."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "KEY": key, "URL": url},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return done.stdout
