"""What the README says is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path

from app.settings import Settings
from tests.service import Service, wait_until

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


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
    assert deleted == {"success": True, "message": "Job deleted successfully"}


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
        timeout=30,
    )
    return done.stdout
