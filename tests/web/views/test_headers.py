"""What every answer says to a browser."""

from __future__ import annotations

import pytest

from tests.support.world import World
from tests.web.views.conftest import MakeWorld


def policy(text: str) -> dict[str, str]:
    """Each directive's sources."""
    return {name: sources for name, _, sources in (each.strip().partition(" ") for each in text.split(";"))}


def share_path(world: World) -> str:
    job_id = world.alice.submitted()
    world.complete(job_id)
    link: str = world.alice.status(job_id)["outputShareLink"]
    return link.removeprefix(world.settings.public_url)


@pytest.mark.parametrize(
    "path",
    ["/health", "/api/health", "/api/jobs", "/api/nowhere", "/nowhere", "/videos/x.mp4", "/static/share.css"],
)
def test_what_is_no_page_may_do_nothing_and_be_framed_nowhere(world: World, path: str) -> None:
    with world.alice.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert policy(answer.headers["Content-Security-Policy"]) == {
            "default-src": "'none'",
            "frame-ancestors": "'none'",
        }


def test_a_shared_page_runs_no_script_takes_our_own_style_and_may_be_framed(make_world: MakeWorld) -> None:
    world = make_world(public_url="https://talkreel.test/under")

    for path in (share_path(world).removeprefix("/under"), "/share/nobodys"):
        answer = world.alice.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert policy(answer.headers["Content-Security-Policy"]) == {
            "default-src": "'none'",
            "style-src": "'self'",
            "img-src": "'self'",
            "media-src": "'self' https://talkreel.test",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "*",
        }
        assert "style=" not in answer.text
        assert "<script" not in answer.text


def test_what_holds_signed_links_is_kept_by_nobody(world: World) -> None:
    path = share_path(world)

    for kept in ("/api/jobs", path, "/videos/x.mp4", "/api/nowhere"):
        assert world.alice.get(kept).headers["Cache-Control"] == "no-store"


def test_a_video_is_kept_by_its_viewer_s_browser_alone(world: World) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)
    link: str = world.alice.status(job_id)["outputVideo"]

    with world.alice.get(link) as answer:
        assert answer.headers["Cache-Control"] == "private, max-age=3600"
