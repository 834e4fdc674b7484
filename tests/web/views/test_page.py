"""GET /, and the files that its pages are made of."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from app.web.views.assets import FOLDER, VERSION
from tests.support.world import World


def read(world: World, address: str, **headers: str) -> TestResponse:
    """The answer to somebody without a key, read whole."""
    answer = world.app.test_client().get(address, headers=headers)
    with answer:
        answer.get_data()
    return answer


def test_the_page_needs_no_key_and_holds_none(world: World) -> None:
    answer = read(world, "/")

    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert "tr_" not in answer.text.replace("<code>tr_</code>", "").replace("tr_…", "")


def test_its_policy_allows_our_scripts_and_no_inline_ones(world: World) -> None:
    answer = read(world, "/")

    policy = dict(each.strip().split(" ", 1) for each in answer.headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' blob: https://talkreel.test",
        "media-src": "'self' blob: https://talkreel.test",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert not re.search(r"<script(?![^>]* src=)|<style|\bstyle=|\bon[a-z]+=", answer.text)


def test_only_the_page_may_use_the_microphone(world: World) -> None:
    assert "microphone=(self)" in read(world, "/").headers["Permissions-Policy"]
    assert "microphone=()" in read(world, "/share/nobodys").headers["Permissions-Policy"]


def test_an_unchanged_page_is_not_sent_again(world: World) -> None:
    first = read(world, "/")

    again = read(world, "/", **{"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"


def test_all_that_it_names_is_there_and_kept_for_good(world: World) -> None:
    named = re.findall(r'(?:href|src)="(static/[^"]+)"', read(world, "/").text)

    assert named
    for address in named:
        answer = read(world, f"/{address}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["ETag"]


def test_every_module_imports_neighbours_that_are_there() -> None:
    for script in FOLDER.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert (FOLDER / name).is_file(), f"{script.name} imports {name}"


def test_another_version_s_address_brings_the_file_but_is_not_kept(world: World) -> None:
    answer = read(world, f"/static/{'0' * len(VERSION)}/page.js")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "%00"])
def test_what_is_not_there_is_not_found(world: World, name: str) -> None:
    assert read(world, f"/static/{VERSION}/{name}").status_code == 404
