"""AAC that is copied, and AAC that is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg
from tests.worker.scenes import nobody, scene_of
from worker.engines.still import still
from worker.scene import Sound, SoundTrack
from worker.sound.aac_copy import copied
from worker.sound.decoding import decode
from worker.video.mux import mux
from worker.video.verification import check


def decoded(upload: Path, folder: Path) -> Sound:
    return decode(upload, MediaType.M4A, folder, max_seconds=60, report=nobody)


def film(track: SoundTrack, sound: Sound, samples: Samples, folder: Path) -> Path:
    """The sound as it goes into a file, with a picture."""
    folder.mkdir()
    scene = replace(scene_of(samples.picture(), folder), sound=sound)
    path = folder / "film.mp4"
    mux(still(scene, nobody), track, scene, path, nobody)
    check(path, scene, nobody)
    return path


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


@pytest.mark.parametrize(
    "options",
    [
        ["-ar", "44100", "-ac", "1"],
        ["-ar", "48000", "-ac", "2"],
        ["-ar", "48000", "-ac", "2", "-movflags", "+faststart", "-b:a", "256k"],
        ["-ar", "44100", "-ac", "2", "-f", "mp4"],
    ],
)
def test_the_packets_are_the_upload_s_and_play_as_they_did(
    samples: Samples, folder: Path, options: list[str]
) -> None:
    upload = samples.tone(f"{'_'.join(options)}.m4a", "-c:a", "aac", *options, seconds=3)
    sound = decoded(upload, folder)

    track = copied(sound, folder, nobody)

    assert track is not None
    path = film(track, sound, samples, folder / "film")
    assert packets(path) == packets(upload)
    again = folder / "again"
    again.mkdir()
    assert decoded(path, again).path.read_bytes() == sound.path.read_bytes()


def test_the_first_track_alone_is_copied(samples: Samples, folder: Path) -> None:
    first = samples.tone("first.m4a", "-c:a", "aac", "-ac", "1", seconds=2)
    both, exact = samples.folder / "both.m4a", ("-movie_timescale", "44100")
    ffmpeg(
        "-i", first, "-f", "lavfi", "-i", "sine=d=1", "-map", "0", "-map", "1", "-c:a:0", "copy", *exact, both
    )

    sound = decoded(both, folder)
    track = copied(sound, folder, nobody)

    assert track is not None
    assert packets(film(track, sound, samples, folder / "film")) == packets(first)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("slow.m4a", ["-c:a", "aac", "-ar", "22050"]),
        ("odd.m4a", ["-c:a", "aac", "-ar", "32000"]),
        ("surround.m4a", ["-c:a", "aac", "-ac", "6"]),
        ("lossless.m4a", ["-c:a", "alac"]),
    ],
)
def test_what_the_contract_does_not_allow_is_encoded(
    samples: Samples, folder: Path, name: str, options: list[str]
) -> None:
    sound = decoded(samples.tone(name, *options, seconds=2), folder)

    assert sound.aac is None
    assert copied(sound, folder, nobody) is None


def test_a_damaged_upload_is_encoded(samples: Samples, folder: Path) -> None:
    whole = samples.tone("whole-front.m4a", "-c:a", "aac", "-movflags", "+faststart", seconds=4)

    assert decoded(samples.cut(whole, 0.6), folder).aac is None


def test_packets_that_do_not_add_up_to_the_sound_are_encoded(samples: Samples, folder: Path) -> None:
    upload = samples.tone("honest.m4a", "-c:a", "aac", "-ac", "1", seconds=2)
    honest = decoded(upload, folder)
    longer = Sound(honest.path, honest.sample_rate, 1, honest.samples + 3_000, aac=upload)

    assert copied(longer, folder, nobody) is None


def test_an_upload_cut_by_its_edit_list_plays_as_before(samples: Samples, folder: Path) -> None:
    whole = samples.tone("to-cut.m4a", "-c:a", "aac", "-ac", "1", seconds=4)
    cut = samples.folder / "edited.m4a"
    ffmpeg("-ss", "1.03", "-i", whole, "-t", "1.5", "-c", "copy", cut)
    sound = decoded(cut, folder)

    track = copied(sound, folder, nobody)

    again = folder / "again"
    again.mkdir()
    path = cut if track is None else film(track, sound, samples, folder / "film")
    assert decoded(path, again).path.read_bytes() == sound.path.read_bytes()
