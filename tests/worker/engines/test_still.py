"""A picture that stands: what comes out of the still engine, packet by packet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest

from app.domain.states import MotionMade
from tests.support.media_samples import Samples, wav_bytes
from tests.worker.scenes import nobody, scene_of
from worker.engines import still as engine
from worker.engines.still import still
from worker.scene import Scene, Sound, SoundTrack, VideoTrack
from worker.sound.aac import encode
from worker.video.mux import mux
from worker.video_format import FRAME_RATE, MAX_GOP_FRAMES


def lasting(scene: Scene, seconds: float) -> Scene:
    """The same scene, with a sound that is said to be so long."""
    sound = Sound(scene.sound.path, 44_100, 1, round(44_100 * seconds))
    return Scene(scene.picture, sound, scene.motion, scene.folder, scene.face_model_dir)


def packets(video: VideoTrack) -> list[av.Packet[av.VideoStream]]:
    with av.open(str(video.path)) as film:
        return [packet for packet in film.demux(video=0) if packet.size]


@pytest.fixture
def scene(samples: Samples, folder: Path) -> Scene:
    return scene_of(samples.picture(), folder)


def film(scene: Scene, frames: int) -> VideoTrack:
    """The still as it goes into a file, with a silence of its length."""
    silence = scene.folder / "long.wav"
    silence.write_bytes(wav_bytes(bytes(2 * 44_100 * frames // FRAME_RATE)))
    long = lasting(scene, frames / FRAME_RATE)
    long = replace(long, sound=replace(long.sound, path=silence))
    path = scene.folder / "film.mp4"
    sound = SoundTrack(encode(long.sound, scene.folder, nobody))
    mux(still(long, nobody), sound, long, path, nobody)
    return VideoTrack(path, MotionMade.STILL)


@pytest.mark.parametrize("frames", [1, 2, 249, 250, 251, 1_000])
def test_a_film_has_exactly_the_frames_that_were_asked_for(scene: Scene, frames: int) -> None:
    made = packets(film(scene, frames))

    assert [packet.pts for packet in made] == [512 * number for number in range(frames)]
    keys = [number for number, packet in enumerate(made) if packet.is_keyframe]
    assert keys == list(range(0, frames, MAX_GOP_FRAMES))


def test_between_key_frames_there_is_next_to_nothing(scene: Scene) -> None:
    made = packets(still(lasting(scene, 30), nobody))

    assert max(packet.size for packet in made if not packet.is_keyframe) <= 16


def test_parameter_sets_are_in_the_header_alone(scene: Scene) -> None:
    video = still(lasting(scene, 1), nobody)

    first = bytes(packets(video)[0])
    assert first[4] & 0x1F == 5
    assert len(first) == 4 + int.from_bytes(first[:4])


def test_where_the_first_frame_is_not_as_expected_x264_encodes_the_whole(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "X264", engine.X264.replace("cabac=0", "cabac=1"))

    video = still(lasting(scene, 12), nobody)

    made = packets(video)
    assert video.motion is MotionMade.STILL
    assert video.is_repeated
    assert len(made) == MAX_GOP_FRAMES
    assert [number for number, packet in enumerate(made) if packet.is_keyframe] == [0]
