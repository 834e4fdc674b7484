"""What docs/operating.md tells an operator to do does what it says."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml

from app.config.settings import Settings
from tests.documents.pages import ROOT, blocks, commands, run, section
from tests.support.schema import migrate_at
from tests.support.servers import Postgres, postgres_binaries
from tests.support.service import Service

OPERATING = "docs/operating.md"
BACKUP = "Backup and restore"
KEY = """
    INSERT INTO api_keys (id, name, key_sha256, webhook_secret, max_active_jobs, created_at_ms, is_admin)
    VALUES ('a', 'ann', 'x', 'y', 1, 0, false)"""


@pytest.mark.block("docs/operating.md", "Running it")
def test_the_commands_make_promote_and_revoke_keys(tmp_path: Path) -> None:
    up, doctor, create, create_wide, look, promote, revoke, rotate = commands(OPERATING, "Running it")
    in_a_shell = partial(run, folder=tmp_path, DATA_DIR=str(tmp_path / "data"))
    key_id = json.loads(in_a_shell(create.replace("NAME", "ann")))["id"]
    in_a_shell(create_wide.replace("NAME", "bob"))

    listed = [json.loads(line) for line in in_a_shell(look).splitlines()]
    # A secret is rotated of a key that isn't revoked yet.
    told = [json.loads(in_a_shell(line.replace("ID", key_id))) for line in (promote, rotate, revoke)]

    assert [(key["name"], key["maxActiveJobs"]) for key in listed] == [("ann", 1), ("bob", 3)]
    assert [answer["id"] for answer in told] == [key_id] * 3
    assert all(in_a_shell(f"{line} --help") for line in (up, doctor))


@pytest.mark.block("docs/operating.md", "On several machines")
def test_the_containers_are_those_of_the_compose_file() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    up, make_key = commands(OPERATING, "On several machines")

    assert up.startswith("docker compose up ")
    assert make_key.split()[:4] == ["docker", "compose", "exec", "web"]
    assert "web" in services


@pytest.mark.block("docs/operating.md", "Metrics")
def test_prometheus_would_be_let_in_where_it_is_sent(service: Service) -> None:
    (block,) = blocks(OPERATING, "Metrics", "yaml")
    (job,) = yaml.safe_load(block.code)["scrape_configs"]
    token = service.admin_key("prometheus")["apiKey"]

    answer = httpx.get(f"{service.address}/metrics", headers={"Authorization": f"Bearer {token}"})

    assert job["authorization"] == {"credentials": "THE_TOKEN"}
    assert answer.status_code == 200
    assert families(answer.text) <= named_metrics()


def named_metrics() -> set[str]:
    return set(re.findall(r"^\| `(talkreel_\w+)` ", section(OPERATING, "Metrics"), re.MULTILINE))


def test_every_metric_that_is_declared_is_named() -> None:
    declared = set()
    for module in ("metrics/counters", "operations/exporter"):
        source = (ROOT / "app" / f"{module}.py").read_text()
        declared |= set(re.findall(r'"(talkreel_[a-z_]+)"', source))

    assert declared
    assert {name.removesuffix("_total") for name in named_metrics()} == declared


def families(text: str) -> set[str]:
    """The names of what is told, those of histograms without what is added for their parts."""
    return set(re.findall(r"^# TYPE (talkreel_\w+) ", text, re.MULTILINE))


@pytest.mark.block("docs/operating.md", "Backup and restore")
def test_a_service_from_a_backup_has_the_jobs_the_keys_and_the_links(tmp_path: Path) -> None:
    backup, restore, _ = blocks(OPERATING, BACKUP, "sh")
    old, new = tmp_path / "old", tmp_path / "new"
    with Service(old, DATA_DIR=str(old / "var")) as service:
        user = service.user("careful")
        made = user.wait_for(user.submitted(), "COMPLETED")
        run(backup.code, folder=old)
    new.mkdir()
    shutil.move(old / "backup", new / "backup")
    run(restore.code, folder=new)

    with Service(new, DATA_DIR=str(new / "var")) as restored:
        again = restored.user_with(user.key)
        link = made["outputVideo"].replace(service.address, restored.address)

        assert again.status(made["jobId"])["status"] == "COMPLETED"
        assert again.http.get(link).content[4:8] == b"ftyp"


@pytest.mark.block("docs/operating.md", "Backup and restore")
def test_a_dump_of_postgresql_brings_back_what_was_lost(postgres_server: Postgres, tmp_path: Path) -> None:
    dump, restore = blocks(OPERATING, BACKUP, "sh")[2].commands
    url = postgres_server.fresh_database()
    migrate_at(url)
    tools = f"{postgres_binaries()}:/usr/bin:/bin"
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(KEY)
        run(dump, folder=tmp_path, DATABASE_URL=url, PATH=tools)
        connection.execute("DELETE FROM api_keys")
        run(restore, folder=tmp_path, DATABASE_URL=url, PATH=tools)

        assert connection.execute("SELECT name FROM api_keys").fetchall() == [("ann",)]


def test_what_is_kept_how_long_names_settings_that_there_are() -> None:
    named = re.findall(r"`([A-Z]+_[A-Z_]+)`", section(OPERATING, "What is kept how long"))

    assert named
    assert {name.lower() for name in named} - {"DATA_DIR"} <= set(Settings.model_fields)
