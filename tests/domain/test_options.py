"""Options: declared once, found everywhere."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from app.domain.options import InvalidOption, RenderOptions, option
from app.domain.states import Motion
from tests.support.paths import ROOT

#: In a process of its own: an option that nobody else has heard of, and then all who should know it.
THROW_AWAY = """
import asyncio, json
from typing import Annotated
from pydantic import Field
from app.domain import options

class Wider(options.RenderOptions):
    film_grain: Annotated[
        Annotated[float, Field(ge=1, le=9)] | None,
        Field(description="How grainy it looks."),
        options.Presentation("Grain", unit="GRAINS", suggested=3),
    ] = None

options.RenderOptions = Wider

from click.testing import CliRunner
from flask import Flask, render_template
from app.cli.make import make
from app.client import Talkreel
from app.database.models import Job
from app.jobs import queries
from app.mcp.server import FileTools
from app.web.openapi.submission import SUBMISSION
from app.web.upload import form
from mcp.server.mcpserver import MCPServer

found = {}
found["openapi"] = SUBMISSION.schema["properties"]["filmGrain"]
found["multipart"] = "filmGrain" in form._TEXT_NAMES and Wider.of_texts({"filmGrain": "2.5"}).film_grain
found["command"] = "--film-grain GRAINS" in CliRunner().invoke(make, ["--help"]).output
server = MCPServer("test")
server.add_tool(FileTools(None).make_talking_video)
(tool,) = asyncio.run(server.list_tools())
found["mcp"] = json.dumps(tool.input_schema["properties"]["film_grain"])
found["row"] = queries.options_of(Job(options={"filmGrain": 4})).film_grain
page = Flask("app.web", template_folder="templates")
page.jinja_env.globals.update(options=options.options(), accepted={}, media_types={})
with page.app_context():
    found["page"] = 'name="filmGrain" value="3"' in render_template("page_composer.html")
print(json.dumps(found))
"""


def test_an_option_that_is_declared_once_is_known_everywhere() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THROW_AWAY], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    schema = {"type": "number", "minimum": 1, "maximum": 9, "description": "How grainy it looks."}
    assert found.pop("openapi") == schema
    told = found.pop("mcp")
    assert "minimum" in told
    assert "How grainy it looks." in told
    assert found == {"multipart": 2.5, "command": True, "row": 4, "page": True}


def test_what_is_left_out_or_empty_is_as_by_default() -> None:
    assert RenderOptions.of_texts({"motion": "", "loudness": ""}) == RenderOptions()


@pytest.mark.parametrize("text", ["-31", "-7.9", "loud", "-1e1", "nan", "-١٦", "-16 ", "--16", "-16."])
def test_a_number_out_of_bounds_or_not_written_as_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"loudness must be a number from -30 to -8 \(LUFS\)"):
        RenderOptions.of_texts({"loudness": text})


def test_a_word_that_is_none_of_an_option_s_is_refused() -> None:
    with pytest.raises(InvalidOption, match="motion must be auto, talking or still"):
        RenderOptions.of_texts({"motion": "dancing"})


def test_as_texts_they_are_read_as_they_were() -> None:
    asked = RenderOptions(motion=Motion.STILL, loudness=-16.25)

    assert asked.texts() == {"motion": "still", "loudness": "-16.25"}
    assert RenderOptions.of_texts(asked.texts()) == asked


def test_what_a_newer_version_wrote_beside_it_is_left_out() -> None:
    assert RenderOptions.model_validate({"motion": "still", "unheardOf": 1}) == RenderOptions(
        motion=Motion.STILL
    )


def test_an_option_says_what_it_may_be() -> None:
    assert option("motion").schema()["enum"] == ["auto", "talking", "still"]
