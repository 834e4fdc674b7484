"""`talkreel mcp`, used by the client of the protocol's own SDK."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from app.cli import main
from app.client import Talkreel
from app.mcp.server import FileTools, VideoTools, server_of
from tests.support.conversations import converse
from tests.support.processes import Server, free_ports
from tests.support.service import TALKREEL, Service
from tests.support.world import World, png, wav


def environment(service: Service) -> dict[str, str]:
    key = service.key("assistant")["apiKey"]
    return {"PATH": os.defpath, "TALKREEL_URL": service.address, "TALKREEL_API_KEY": key}


def good(answer: CallToolResult) -> dict[str, Any]:
    assert not answer.is_error, answer.content
    return dict(answer.structured_content or {})


def error(answer: CallToolResult) -> str:
    assert answer.is_error
    (content,) = answer.content
    assert isinstance(content, TextContent)
    return content.text


def test_a_video_is_made_waited_for_listed_and_saved_over_stdio(service: Service, tmp_path: Path) -> None:
    image, audio, out = tmp_path / "me.png", tmp_path / "me.wav", tmp_path / "out.mp4"
    image.write_bytes(png())
    audio.write_bytes(wav())
    shown: list[tuple[float, str | None]] = []

    async def show(progress: float, total: float | None, message: str | None) -> None:
        shown.append((progress, message))

    async def talk(client: Client) -> None:
        files = {
            "portrait_path": str(image),
            "voice_path": str(audio),
            "motion": "still",
            "loudness": -20,
        }
        made = good(await client.call_tool("make_talking_video", files))
        waited = await client.call_tool("wait_for_video", {"job_id": made["jobId"]}, progress_callback=show)
        saved = await client.call_tool("save_video", {"job_id": made["jobId"], "path": str(out)})
        listed = await client.call_tool("list_videos", {"status": "COMPLETED"})
        assert (good(waited)["status"], good(waited)["width"]) == ("COMPLETED", 256)
        # What was asked for was understood: so little of a voice can't be levelled.
        assert [each["code"] for each in good(waited)["warnings"]] == ["too_short_to_level"]
        assert client.server_info
        assert client.server_info.version == version("talkreel")
        assert good(saved) == {"path": str(out)}
        assert [job["id"] for job in good(listed)["result"]] == [made["jobId"]]

    converse(StdioServerParameters(command=TALKREEL, args=["mcp"], env=environment(service)), talk)

    assert out.read_bytes()[4:8] == b"ftyp"
    assert shown[-1] == (100, "done")


@pytest.fixture
def http_server(service: Service, tmp_path: Path) -> Iterator[str]:
    """Where `talkreel mcp --http` serves."""
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"http://{address}/", timeout=5).status_code == 404
        except httpx.TransportError:
            return False

    with Server([TALKREEL, "mcp", "--http", address], tmp_path, answers, environment(service)):
        yield f"http://{address}/mcp"


def test_over_http_files_are_sent_and_none_is_read_or_written(http_server: str) -> None:
    async def talk(client: Client) -> None:
        quiet = await client.call_tool("make_talking_video", {"portrait": "", "voice": "", "loudness": -99})
        assert "greater than or equal to -30" in error(quiet)
        tools = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
        image, audio = (base64.b64encode(content).decode() for content in (png(), wav()))
        files = {"portrait": image, "voice": audio, "motion": "still"}
        made = good(await client.call_tool("make_talking_video", files))
        waited = good(await client.call_tool("wait_for_video", {"job_id": made["jobId"]}))
        nonsense = await client.call_tool("make_talking_video", {"portrait": "?", "voice": audio})
        assert set(tools) == {
            "make_talking_video",
            "wait_for_video",
            "list_videos",
            "cancel_video",
            "delete_video",
            "restore_video",
        }
        assert not [name for properties in tools.values() for name in properties if "path" in name]
        assert httpx.get(waited["outputVideo"]).content[4:8] == b"ftyp"
        assert "portrait is not base64" in error(nonsense)

    converse(http_server, talk)

    for headers, status in (({"Host": "evil.test"}, 421), ({"Origin": "http://evil.test"}, 403)):
        assert httpx.post(http_server, json={}, headers=headers).status_code == status


def test_a_video_is_deleted_listed_and_restored(world: World) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)

    async def talk(client: Client) -> None:
        deleted = good(await client.call_tool("delete_video", {"job_id": job_id}))
        listed = good(await client.call_tool("list_videos", {"deleted": True}))["result"]
        restored = good(await client.call_tool("restore_video", {"job_id": job_id}))
        gone = good(await client.call_tool("delete_video", {"job_id": job_id, "permanent": True}))
        nothing = await client.call_tool("restore_video", {"job_id": job_id})
        assert [(job["id"], job["restorableUntil"]) for job in listed] == [
            (job_id, deleted["restorableUntil"])
        ]
        assert restored["status"] == "COMPLETED"
        assert gone == {"jobId": job_id, "restorableUntil": None}
        assert "No job of yours has this id." in error(nothing)

    with Talkreel(
        "http://talkreel.test", world.alice.key.api_key, transport=httpx.WSGITransport(app=world.app)
    ) as client:
        converse(server_of(VideoTools(client), FileTools(client)), talk)


def test_what_goes_wrong_is_told_in_the_service_s_words(world: World, tmp_path: Path) -> None:
    image, audio = tmp_path / "me.png", tmp_path / "me.wav"
    image.write_bytes(png())
    audio.write_bytes(wav())
    files = {"portrait_path": str(image), "voice_path": str(audio)}

    async def talk(client: Client) -> None:
        job_id = good(await client.call_tool("make_talking_video", files))["jobId"]
        waited = await client.call_tool("wait_for_video", {"job_id": job_id, "seconds": 0})
        second = await client.call_tool("make_talking_video", files)
        cancelled = await client.call_tool("cancel_video", {"job_id": job_id})
        ended = await client.call_tool("wait_for_video", {"job_id": job_id})
        unknown = await client.call_tool("cancel_video", {"job_id": "abcdefgh1"})
        missing = await client.call_tool("make_talking_video", {**files, "voice_path": "/nowhere.wav"})
        assert good(waited)["status"] == "PENDING"
        assert "You already have an active job" in error(second)
        assert good(cancelled)["status"] == good(ended)["status"] == "CANCELLED"
        assert "No job of yours has this id." in error(unknown)
        assert "/nowhere.wav: No such file or directory." in error(missing)

    with Talkreel(
        "http://talkreel.test", world.alice.key.api_key, transport=httpx.WSGITransport(app=world.app)
    ) as client:
        converse(server_of(VideoTools(client), FileTools(client)), talk)


@pytest.mark.parametrize("address", ["8000", "localhost", "localhost:0", "localhost:99999", "a b:80"])
def test_what_is_no_address_is_refused(address: str) -> None:
    done = CliRunner().invoke(main, ["mcp", "--http", address], env={"TALKREEL_API_KEY": "a"})

    assert done.exit_code == 2
    assert "is not an address such as 127.0.0.1:8765" in done.stderr


def test_without_a_key_it_does_not_start() -> None:
    done = CliRunner().invoke(main, ["mcp"], env={"TALKREEL_API_KEY": None})

    assert done.exit_code == 2
    assert "TALKREEL_API_KEY" in done.stderr
