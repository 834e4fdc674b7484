"""The command, the Python client and the assistant's configuration of docs/clients.md."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from app.cli.exit_codes import EXIT_CODES
from tests.documents.pages import blocks, run, section
from tests.support.conversations import converse
from tests.support.service import Service
from tests.support.world import png, wav

CLIENTS = "docs/clients.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout whose examples are small."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "portrait.jpg").write_bytes(png())
    (tmp_path / "examples" / "voice.mp3").write_bytes(wav())
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


@pytest.mark.block("docs/clients.md", "A command")
def test_the_command_makes_a_video(service: Service, folder: Path) -> None:
    (block,) = blocks(CLIENTS, "A command", "sh")

    run(block.code, KEY=service.key("commander")["apiKey"], URL=service.address, folder=folder)

    assert (folder / "video.mp4").read_bytes()[4:8] == b"ftyp"


@pytest.mark.block("docs/clients.md", "Python")
def test_the_python_makes_a_video(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(CLIENTS, "Python", "python")
    monkeypatch.setenv("TALKREEL_URL", service.address)
    monkeypatch.setenv("TALKREEL_API_KEY", service.key("programmer")["apiKey"])
    monkeypatch.chdir(folder)

    exec(block.code, {})

    assert (folder / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert capsys.readouterr().out.endswith("done 100\n")


@pytest.mark.block("docs/clients.md", "Assistants")
def test_the_configuration_gives_an_assistant_its_tools() -> None:
    (block,) = blocks(CLIENTS, "Assistants", "json")
    told = json.loads(block.code)["mcpServers"]["talkreel"]
    command = told["command"].replace("/path/to/talkreel/.venv", sys.prefix)
    server = StdioServerParameters(command=command, args=told["args"], env=told["env"])

    async def names(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert "make_talking_video" in converse(server, names)


def test_the_exit_codes_are_those_of_the_help() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", section(CLIENTS, "A command"), re.MULTILINE)

    assert rows
    assert [(code, text.replace("`", "")) for code, text in rows] == re.findall(
        r"^ +(\d+)  (.*)$", EXIT_CODES, re.MULTILINE
    )
