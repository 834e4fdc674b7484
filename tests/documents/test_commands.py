"""The targets of make, the benches and the tests that documents tell people to run are there."""

from __future__ import annotations

import shlex
import subprocess
from importlib.util import find_spec

import psycopg
import pytest

from app.config.settings import Settings
from tests.documents.pages import ROOT, blocks, commands
from tests.support.schema import migrate_at
from tests.support.servers import Postgres


def runs_nothing_unknown(line: str) -> bool:
    """Whether a line's program is there, and knows what it is asked for."""
    words = [word for word in shlex.split(line) if "=" not in word or word.startswith("-")]
    if words[0] == "make":
        return is_made(words[1:])
    if words[1:2] == ["-m"]:
        return find_spec(words[2]) is not None
    if words[0] == ".venv/bin/pytest":
        return all((ROOT / path).exists() for path in words[1:])
    return words == ["git", "pull"]


def is_made(targets: list[str]) -> bool:
    told = subprocess.run(
        ["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    return told.returncode == 0


@pytest.mark.block("README.md", "Try it")
@pytest.mark.block("docs/promises.md", "A storm")
@pytest.mark.block("docs/costs.md", "What it costs")
@pytest.mark.block("docs/operating.md", "Upgrade and rollback")
@pytest.mark.block("CONTRIBUTING.md", "The first green test")
@pytest.mark.block("CONTRIBUTING.md", "Before you send it")
@pytest.mark.parametrize(
    ("document", "heading"),
    [
        ("README.md", "Try it"),
        ("docs/promises.md", "A storm"),
        ("docs/costs.md", "What it costs"),
        ("docs/operating.md", "Upgrade and rollback"),
        ("CONTRIBUTING.md", "The first green test"),
        ("CONTRIBUTING.md", "Before you send it"),
    ],
)
def test_what_takes_too_long_here_is_at_least_there(document: str, heading: str) -> None:
    assert [line for line in commands(document, heading) if not runs_nothing_unknown(line)] == []


@pytest.mark.block("docs/engines.md", "Other engines")
def test_the_settings_of_another_engine_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in commands("docs/engines.md", "Other engines"):
        name, _, value = line.partition("=")
        monkeypatch.setenv(name, *shlex.split(value))

    assert Settings.load().talking_engine == "exec"


@pytest.mark.block("docs/scaling.md", "A hundred a minute")
def test_the_query_tells_how_long_the_oldest_job_has_waited(postgres_server: Postgres) -> None:
    (block,) = blocks("docs/scaling.md", "A hundred a minute", "sql")
    url = postgres_server.fresh_database()
    migrate_at(url)

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        (waited,) = connection.execute(block.code.encode()).fetchall()

    assert waited == (0,)
