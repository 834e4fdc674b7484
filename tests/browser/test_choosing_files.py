"""The files of the page's form: looked at before they are sent, and kept over a reload or a way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from app.web.views.assets import address
from tests.browser.visitor import PICTURE, VOICE, Visitor, no_workers
from tests.support.media_samples import Samples

MAX_FILE_BYTES = 50 << 20
#: Whether the browser keeps just these: files chosen in a field, and pictures of jobs.
KEPT = """wanted => new Promise(resolve => {
    const opening = indexedDB.open("talkreel");
    opening.onsuccess = () => {
        const asking = opening.result.transaction("files").objectStore("files").getAllKeys();
        asking.onsuccess = () => {
            const names = asking.result.map(name => name.startsWith("job/") ? "job" : name.split("/")[1]);
            opening.result.close();
            resolve(names.sort().join() === wanted);
        };
    };
})"""


def kept(page: Page, *names: str) -> None:
    page.wait_for_function(KEPT, arg=",".join(sorted(names)))


def file_named(name: str, media_type: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": content}


WRONG = {
    "a PDF called a picture": ("image", file_named("me.png", "image/png", b"%PDF-1.7\n"), "This is a PDF."),
    "a GIF": ("image", file_named("me.gif", "image/gif", b"GIF89a" + bytes(32)), "This is a GIF."),
    "a text": ("image", file_named("me.jpg", "image/jpeg", b"hello"), "This isn't a picture."),
    "a voice for a picture": ("image", VOICE, "This is a recording."),
    "a picture for a voice": ("audio", PICTURE, "This is a picture."),
    "a document": ("audio", file_named("me.txt", "text/plain", b"hello"), "This isn't a recording."),
    "nothing": ("audio", file_named("me.mp3", "audio/mpeg", b""), "This file is empty."),
}


@pytest.mark.parametrize(("name", "chosen", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_what_is_something_else_is_said_to_be_before_anything_is_sent(
    visitor: Visitor, name: str, chosen: FilePayload, sentence: str
) -> None:
    visitor.enter()
    visitor.choose(**({"image": PICTURE, "audio": VOICE} | {name: chosen}))

    expect(visitor.problem(name)).to_contain_text(sentence)
    visitor.make()
    expect(visitor.page.locator(f"#{name}")).to_be_focused()
    expect(visitor.problem(name)).to_contain_text(sentence)
    assert (visitor.posts, visitor.complaints) == ([], [])


def test_a_file_over_the_bound_is_said_to_be_before_anything_is_sent(
    visitor: Visitor, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(PICTURE["buffer"])
    with large.open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    visitor.enter()
    visitor.choose(image=large)
    visitor.make()

    expect(visitor.problem("image")).to_have_text("This file is too large: at most 50 MiB are taken.")
    assert visitor.posts == []


def test_a_file_that_is_gone_from_the_disk_is_said_to_be(visitor: Visitor, tmp_path: Path) -> None:
    picture = tmp_path / "me.png"
    picture.write_bytes(PICTURE["buffer"])
    visitor.enter()
    visitor.choose(image=picture)
    picture.unlink()
    visitor.make()

    expect(visitor.problem("image")).to_have_text("This file can't be read any more. Choose it again.")
    assert visitor.posts == []


def test_a_file_s_problem_goes_with_the_file(visitor: Visitor) -> None:
    visitor.choose(image=VOICE)
    expect(visitor.problem("image")).to_be_visible()
    visitor.choose()

    expect(visitor.problem("image")).to_be_hidden()


def test_what_the_page_can_t_tell_is_refused_by_the_service_beside_its_field(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose(audio=file_named("me.mp3", "audio/mpeg", b"no sound at all" * 100))
    visitor.make()

    expect(visitor.problem("audio")).to_contain_text("The 'audio' file must be")
    expect(visitor.page.locator("#audio")).to_be_focused()
    assert visitor.chosen("image") == "me.png"


def test_what_was_chosen_is_still_there_after_a_reload(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose()
    kept(visitor.page, "image", "audio")
    visitor.page.reload()

    expect(visitor.tile("image")).to_contain_text("me.png")
    expect(visitor.tile("audio")).to_contain_text("me.wav")
    visitor.page.wait_for_function("() => document.querySelector('.preview').naturalWidth === 320")
    visitor.page.get_by_label("Stands still").check()
    visitor.make()
    visitor.made()

    kept(visitor.page)
    visitor.page.reload()
    expect(visitor.rows).to_have_count(1)
    assert visitor.chosen("image") is None
    assert visitor.complaints == []


def test_what_is_shown_after_a_way_back_is_what_is_sent(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose()
    kept(visitor.page, "image", "audio")
    visitor.page.goto(f"{visitor.service.address}/docs")
    visitor.page.go_back()

    for name, chosen in (("image", "me.png"), ("audio", "me.wav")):
        expect(visitor.tile(name)).to_contain_text(chosen)
        assert visitor.chosen(name) == chosen


def test_what_is_chosen_in_one_tab_is_not_in_another(visitor: Visitor) -> None:
    visitor.choose()
    kept(visitor.page, "image", "audio")
    second = visitor.another_tab()
    second.choose(image={**PICTURE, "name": "another.png"}, audio=None)
    kept(visitor.page, "image", "audio", "image")

    for tab, names in ((visitor, ("me.png", "me.wav")), (second, ("another.png", None))):
        tab.page.reload()
        expect(tab.tile("image")).to_contain_text(str(names[0]))
        assert tab.chosen("audio") == names[1]


def test_the_picture_of_a_job_is_still_seen_after_a_reload(visitor: Visitor) -> None:
    with no_workers(visitor.service):
        visitor.enter()
        visitor.choose()
        visitor.make()
        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
        kept(visitor.page, "job")
        visitor.page.reload()

        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
        visitor.page.wait_for_function("() => document.querySelector('#stage-picture').naturalWidth === 320")
    visitor.made()
    kept(visitor.page)


FAULT = """async (input, [address, rule]) => {
    const { faultOf } = await import(address);
    return await faultOf(input.files[0], rule);
}"""
PICTURES = ("me.jpg", "me.png", "me.webp", "me.avif")
SOUNDS: tuple[tuple[str, ...], ...] = (
    ("me.mp3",),
    ("bare.mp3", "-id3v2_version", "0", "-write_xing", "0"),
    ("me.wav",),
    ("large.wav", "-rf64", "always"),
    ("me.m4a",),
    ("alac.m4a", "-c:a", "alac"),
    ("me.ogg", "-c:a", "libvorbis"),
    ("me.opus",),
    ("me.webm", "-c:a", "libopus"),
    ("me.aac",),
    ("me.flac",),
    ("me.aiff",),
)


def test_no_file_that_the_service_takes_is_held_back(visitor: Visitor, tmp_path: Path) -> None:
    made = Samples(tmp_path)
    rubbish = made.written("rubbish.mp3", bytes(500) + made.tone("behind.mp3").read_bytes())
    unnamed = made.written("unnamed", rubbish.read_bytes())
    sounds = [made.tone(name, *options) for name, *options in SOUNDS]
    chosen = [("image", made.picture(name)) for name in PICTURES]
    for field, path in (*chosen, *(("audio", each) for each in (*sounds, rubbish, unnamed))):
        visitor.page.locator(f"#{field}").set_input_files(path)
        rule = {"field": field, "accepted": "something else", "maxBytes": MAX_FILE_BYTES}
        script = f"{visitor.service.address}/{address('filecheck.js')}"
        fault = visitor.page.locator(f"#{field}").evaluate(FAULT, [script, rule])
        assert (path.name, fault) == (path.name, "")
