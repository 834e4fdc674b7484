"""The page of the API's document, and the files behind it."""

from __future__ import annotations

import re

from tests.support.world import World


def test_the_page_runs_only_scripts_that_we_serve(world: World) -> None:
    answer = world.app.test_client().get("/docs")

    assert answer.status_code == 200
    assert (
        "script-src 'self'; style-src 'self'; connect-src 'self'" in answer.headers["Content-Security-Policy"]
    )
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?! src=)|style=|//", answer.text.partition("</head>")[0]) == []


def test_its_files_are_here_and_may_be_kept_for_ever(world: World) -> None:
    client = world.app.test_client()
    files = re.findall(r'(?:src|href)="(docs/[^"]+)"', client.get("/docs").text)

    assert len(files) == 2
    for path in files:
        with client.get(path) as answer:
            assert (answer.status_code, len(answer.data) > 100_000) == (200, True)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_files_of_another_version_are_not_kept(world: World) -> None:
    with world.app.test_client().get("/docs/0.0.0/swagger-ui.css") as answer:
        assert answer.status_code == 200
        assert "immutable" not in answer.headers["Cache-Control"]


def test_there_is_nothing_else_behind_it(world: World) -> None:
    client = world.app.test_client()

    assert client.get("/docs/0.0.0/nothing.js").status_code == 404
    assert client.get("/docs/0.0.0/..%2f__init__.py").status_code == 404
