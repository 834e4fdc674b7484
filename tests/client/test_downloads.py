"""A video arrives whole, or nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.client import Refused, Status, Unreachable
from app.client.errors import NotTalkreel
from tests.client.played import Played, refusal, status_object

VIDEO = bytes(range(256)) * 40
LINK = "https://cdn.test/videos/abcdefgh1.mp4?expires=1&signature=s"
COMPLETED = Status.model_validate(status_object(status="COMPLETED", outputVideo=LINK))


def whole(etag: str = '"1"', video: bytes = VIDEO) -> httpx.Response:
    return httpx.Response(
        200, content=iter([video]), headers={"ETag": etag, "Content-Length": str(len(video))}
    )


def cut(after: int, begin: int = 0) -> httpx.Response:
    """It promises the rest of the video, and breaks off."""

    def body() -> Iterator[bytes]:
        yield VIDEO[begin:after]
        raise httpx.ReadError("gone")

    headers = {"ETag": '"1"', "Content-Length": str(len(VIDEO) - begin)}
    if begin:
        headers["Content-Range"] = f"bytes {begin}-{len(VIDEO) - 1}/{len(VIDEO)}"
    return httpx.Response(206 if begin else 200, content=body(), headers=headers)


def rest(begin: int, total: int = len(VIDEO)) -> httpx.Response:
    headers = {"Content-Range": f"bytes {begin}-{total - 1}/{total}"}
    return httpx.Response(206, content=iter([VIDEO[begin:]]), headers=headers)


def test_a_broken_line_is_taken_up_where_it_broke(played: Played, tmp_path: Path) -> None:
    played.answers = [cut(100), httpx.ConnectError("refused"), cut(5000, begin=100), rest(5000)]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    assert (tmp_path / "out.mp4").read_bytes() == VIDEO
    asked = [(each.headers.get("Range"), each.headers.get("If-Range")) for each in played.requests]
    assert asked == [(None, None), *[("bytes=100-", '"1"')] * 2, ("bytes=5000-", '"1"')]


def test_another_video_meanwhile_is_taken_from_its_beginning(played: Played, tmp_path: Path) -> None:
    played.answers = [cut(5000), whole('"2"', b"another")]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    assert (tmp_path / "out.mp4").read_bytes() == b"another"


def test_a_body_that_is_too_short_is_no_video(played: Played, tmp_path: Path) -> None:
    played.answers = [cut_silently]

    fails(played, tmp_path, Unreachable)


def cut_silently(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=iter([VIDEO[:50]]), headers={"Content-Length": str(len(VIDEO))})


@pytest.mark.parametrize(
    "answer",
    [rest(200), rest(100, total=len(VIDEO) + 1), httpx.Response(206, content=VIDEO[100:])],
    ids=["elsewhere", "longer", "nowhere"],
)
def test_a_rest_that_does_not_fit_is_refused(played: Played, tmp_path: Path, answer: httpx.Response) -> None:
    played.answers = [cut(100), answer]

    fails(played, tmp_path, NotTalkreel)


def test_a_link_that_has_expired_says_so(played: Played, tmp_path: Path) -> None:
    played.answers = [refusal(404, "link_expired")]

    fails(played, tmp_path, Refused)


def test_a_busy_store_is_asked_again(played: Played, tmp_path: Path) -> None:
    played.answers = [refusal(503, "storage_unavailable", **{"Retry-After": "5"}), whole()]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    assert played.clock.slept == [5.0]


def test_the_key_is_not_given_to_whoever_keeps_the_videos(played: Played, tmp_path: Path) -> None:
    played.answers = [whole()]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    (request,) = played.requests
    assert request.url.host == "cdn.test"
    assert "X-API-Key" not in request.headers


def test_a_link_may_lead_on_to_where_the_video_is(played: Played, tmp_path: Path) -> None:
    played.answers = [httpx.Response(307, headers={"Location": "https://store.test/1.mp4"}), whole()]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    assert (tmp_path / "out.mp4").read_bytes() == VIDEO
    assert [request.url.host for request in played.requests] == ["cdn.test", "store.test"]
    assert "X-API-Key" not in played.requests[-1].headers


def test_a_length_that_nobody_told_is_no_fault(played: Played, tmp_path: Path) -> None:
    played.answers = [httpx.Response(200, content=iter([VIDEO]))]

    played.client.download(COMPLETED, tmp_path / "out.mp4")

    assert (tmp_path / "out.mp4").read_bytes() == VIDEO


def test_a_folder_that_is_not_there_is_an_os_error(played: Played, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        played.client.download(COMPLETED, tmp_path / "no" / "out.mp4")


def fails(played: Played, folder: Path, kind: type[Exception]) -> None:
    """What was there before is still there, and nothing else."""
    (folder / "out.mp4").write_bytes(b"before")

    with pytest.raises(kind):
        played.client.download(COMPLETED, folder / "out.mp4")

    assert [path.name for path in folder.iterdir()] == ["out.mp4"]
    assert (folder / "out.mp4").read_bytes() == b"before"
