"""POST /api/jobs: what is refused, and in which order."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.world import World, png, wav
from tests.web.upload.bodies import CONTENT_TYPE, closed, part, text
from tests.web.views.conftest import MakeWorld
from tests.web.views.submissions import HOOK, PDF, file, is_untouched, refused


def test_a_wrong_key_is_refused_before_an_active_job_and_the_body(world: World) -> None:
    body = io.BytesIO(b"never read")

    answer = world.alice.client.post(
        "/api/jobs",
        headers={"X-API-Key": "tr_unknown"},
        input_stream=body,
        content_type="multipart/form-data; boundary=x",
    )

    assert refused(answer, 401, "invalid_api_key")
    assert body.tell() == 0


def test_an_active_job_is_refused_before_the_body_is_read(world: World) -> None:
    world.alice.submitted()
    body = io.BytesIO(b"never read")

    answer = world.alice.post("/api/jobs", input_stream=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 409
    assert body.tell() == 0


def test_an_active_job_is_refused_before_what_is_not_multipart(world: World) -> None:
    world.alice.submitted()

    assert world.alice.post("/api/jobs", json={}).status_code == 409


def test_a_body_out_of_bounds_is_refused_before_it_is_read(world: World) -> None:
    body = io.BytesIO(b"never read")

    answer = world.alice.post(
        "/api/jobs",
        input_stream=body,
        environ_overrides={"CONTENT_LENGTH": str(3 * 52_428_800)},
        content_type="multipart/form-data; boundary=x",
    )

    assert refused(answer, 413, "body_too_large")
    assert body.tell() == 0
    assert is_untouched(world)


def test_too_large_comes_before_an_unknown_part_and_a_missing_one(make_world: MakeWorld) -> None:
    world = make_world(max_file_bytes=1000)

    answer = world.alice.submit(imagee="x", image=None, audio=file(wav(1000)))

    assert refused(answer, 413, "file_too_large", part="audio", maxFileBytes=1000)
    assert is_untouched(world)


def test_a_wrong_type_comes_before_an_unknown_part_and_a_bad_url(world: World) -> None:
    answer = world.alice.submit(imagee="x", webhookUrl="nowhere", audio=file(PDF))

    assert refused(answer, 415, "unsupported_media_type", part="audio")
    assert is_untouched(world)


def test_an_unknown_part_comes_before_a_missing_one_and_a_bad_url(world: World) -> None:
    answer = world.alice.submit(imagee="x", image=None, webhookUrl="nowhere")

    assert refused(answer, 400, "unknown_part", part="imagee")
    assert is_untouched(world)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_what_is_not_multipart_is_415(world: World, content_type: str | None) -> None:
    answer = world.alice.post("/api/jobs", data=b"{}", content_type=content_type)

    assert refused(answer, 415, "not_multipart")
    assert is_untouched(world)


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="image']
)
def test_a_body_that_breaks_off_is_malformed(world: World, body: bytes) -> None:
    answer = world.alice.post(
        "/api/jobs", input_stream=io.BytesIO(body), content_type="multipart/form-data; boundary=x"
    )

    assert refused(answer, 400, "malformed_body")
    assert is_untouched(world)


@pytest.mark.parametrize("name", ["image", "audio"])
def test_a_file_over_the_limit_is_413_and_named(make_world: MakeWorld, name: str) -> None:
    world = make_world(max_file_bytes=10_000)
    large = {"image": png() + bytes(10_000), "audio": wav(5000)}

    answer = world.alice.submit(**{name: file(large[name])})

    assert refused(answer, 413, "file_too_large", part=name, maxFileBytes=10_000)
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("image", PDF),
        ("image", wav()),
        ("image", b"GIF89a" + bytes(100)),
        ("audio", PDF),
        ("audio", png()),
        ("audio", b"fLaC" + bytes(100)),
    ],
)
@pytest.mark.parametrize("declared", ["image/png", "audio/wav"])
def test_a_file_of_another_type_is_415_whatever_it_says_it_is(
    world: World, name: str, content: bytes, declared: str
) -> None:
    answer = world.alice.submit(**{name: file(content, "me.png", declared)})

    assert refused(answer, 415, "unsupported_media_type", part=name)
    assert is_untouched(world)


def sent_with_nothing_in(world: World, name: str, filename: str | None, **texts: str) -> TestResponse:
    files = {"image": png(), "audio": wav(), name: b""}
    parts = [
        part(each, content, filename=filename if each == name else "a") for each, content in files.items()
    ]
    parts += [text(each, content) for each, content in texts.items()]
    return world.alice.post("/api/jobs", data=closed(*parts), content_type=CONTENT_TYPE)


@pytest.mark.parametrize("name", ["image", "audio"])
def test_an_empty_file_is_said_to_be_empty(world: World, name: str) -> None:
    answer = sent_with_nothing_in(world, name, "me.bin")

    assert refused(answer, 400, "empty_file", part=name)
    assert (answer.json or {})["error"] == f"The '{name}' file is empty: it has 0 bytes."
    assert is_untouched(world)


@pytest.mark.parametrize("filename", ["", None])
@pytest.mark.parametrize("name", ["image", "audio"])
def test_a_browser_s_input_left_blank_is_a_missing_file(
    world: World, name: str, filename: str | None
) -> None:
    answer = sent_with_nothing_in(world, name, filename)

    assert refused(answer, 400, "missing_part", part=name)
    assert (answer.json or {})["error"] == f"The '{name}' file is missing."
    assert is_untouched(world)


@pytest.mark.parametrize("filename", ["", "me.bin"])
def test_an_unknown_part_comes_before_an_empty_one(world: World, filename: str) -> None:
    answer = sent_with_nothing_in(world, "image", filename, imagee="x")

    assert refused(answer, 400, "unknown_part", part="imagee")


def test_a_file_without_a_name_is_a_file(world: World) -> None:
    body = closed(part("image", png(), filename=""), part("audio", wav(), filename=None))

    assert world.alice.post("/api/jobs", data=body, content_type=CONTENT_TYPE).status_code == 201


@pytest.mark.parametrize(
    ("unknown", "nearest"), [("imagee", "image"), ("Audio", "audio"), ("webhook_url", "webhookUrl")]
)
def test_an_unknown_part_is_named_beside_the_nearest_known(world: World, unknown: str, nearest: str) -> None:
    answer = world.alice.submit(**{unknown: "x"})

    assert refused(answer, 400, "unknown_part", part=unknown)
    assert (answer.json or {})["error"] == f"Unknown part '{unknown}'. Did you mean '{nearest}'?"
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("name", "twice"),
    [
        ("image", [file(png()), file(png())]),
        ("audio", [file(wav()), file(wav())]),
        ("webhookUrl", [HOOK, HOOK]),
        ("motion", ["auto", "auto"]),
    ],
)
def test_a_repeated_part_is_named(world: World, name: str, twice: Any) -> None:
    answer = world.alice.submit(**{name: twice})

    assert refused(answer, 400, "repeated_part", part=name)
    assert is_untouched(world)


@pytest.mark.parametrize("name", ["image", "audio"])
def test_a_missing_file_is_named(world: World, name: str) -> None:
    answer = world.alice.submit(**{name: None})

    assert refused(answer, 400, "missing_part", part=name)
    assert is_untouched(world)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user:password@example.com/",
        "example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://example.com:25/",
        "https://exa mple.com/",
        "javascript:alert(1)",
        "\0",
    ],
)
def test_a_bad_webhook_url_is_refused(world: World, url: str) -> None:
    answer = world.alice.submit(webhookUrl=url)

    assert refused(answer, 400, "invalid_webhook_url")
    assert is_untouched(world)


@pytest.mark.parametrize("motion", ["AUTO", "dancing", "still "])
def test_another_motion_is_refused(world: World, motion: str) -> None:
    answer = world.alice.submit(motion=motion)

    assert refused(answer, 400, "invalid_parameter", parameter="motion")
    assert is_untouched(world)


@pytest.mark.parametrize(
    "loudness", ["16", "-7.9", "-30.5", "-1e1", "loud", "nan", "-inf", "-16 ", "−16", "-१६"]
)
def test_a_loudness_out_of_range_is_refused(world: World, loudness: str) -> None:
    answer = world.alice.submit(loudness=loudness)

    assert refused(answer, 400, "invalid_parameter", parameter="loudness")
    assert (answer.json or {})["error"] == "'loudness' must be a number from -30 to -8 (LUFS)."
    assert is_untouched(world)
