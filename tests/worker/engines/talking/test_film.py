"""A talk drawn in parts is the talk drawn in one go."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image as Picture

from app.config.settings import Settings
from app.domain.states import Motion
from app.media.media_types import MediaType
from tests.support.paths import PORTRAIT
from tests.worker.engines.talking.voices import spoken
from worker.engines.talking import film
from worker.engines.talking.engine import talk
from worker.engines.talking.performance import Performance
from worker.picture.normalisation import normalise
from worker.scene import Draw, ReportShare, Scene, SegmentSpec, Span

#: Her face alone, small: frames cost little.
FACE = (140, 20, 300, 180)
PARTS = 3


class Thirds:
    """A `SegmentPool` that draws each part in a folder of its own, as other machines would."""

    def __init__(self) -> None:
        self.script: SegmentSpec | None = None

    def film(self, script: SegmentSpec, draw: Draw, report: ReportShare) -> list[Path]:
        self.script = script
        return [self._drawn_elsewhere(script, span) for span in film.evenly(script.frames, PARTS)]

    def _drawn_elsewhere(self, script: SegmentSpec, span: Span) -> Path:
        here = script.performance.parent
        folder = here.with_name(f"elsewhere-{span[0]}")
        folder.mkdir()
        for prop in (script.performance, script.picture):
            shutil.copy(prop, folder)
        film.draw(folder / script.performance.name, span, folder / "part.mp4", ignore)
        return Path(shutil.copy(folder / "part.mp4", here / f"part{span[0]}.mp4"))


def ignore(_share: float) -> None:
    """Takes no interest in progress."""


def packets_of(path: Path) -> list[tuple[int | None, int | None, bytes]]:
    """When each frame is shown, for how long, and its data."""
    with av.open(str(path), "r") as file:
        return [(packet.pts, packet.duration, bytes(packet)) for packet in file.demux(video=0) if packet.size]


@pytest.fixture(scope="module")
def crew() -> Thirds:
    return Thirds()


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory, crew: Thirds) -> Path:
    """The example voice, spoken by a crew."""
    folder = tmp_path_factory.mktemp("film") / "here"
    folder.mkdir()
    Picture.open(PORTRAIT).crop(FACE).save(folder / "face.png")
    picture = normalise(folder / "face.png", MediaType.PNG, folder, max_pixels=10**6)
    scene = Scene(picture, spoken(folder), Motion.TALKING, folder, Settings().face_model_dir, crew)
    return talk(scene, ignore).path


def test_parts_from_several_machines_are_packet_for_packet_one_machine_s_video(
    joined: Path, crew: Thirds, tmp_path: Path
) -> None:
    assert crew.script is not None
    alone = tmp_path / "alone.mp4"
    film.draw_chunks(crew.script.performance, chunks_of(crew.script.frames), alone, ignore)

    assert packets_of(joined) == packets_of(alone)
    assert [pts for pts, _, _ in packets_of(joined)] == [512 * frame for frame in range(crew.script.frames)]


def chunks_of(frames: int) -> Sequence[Span]:
    """The chunks of all parts."""
    return [
        (part_start + start, part_start + end)
        for part_start, part_end in film.evenly(frames, PARTS)
        for start, end in film.spans_of(part_end - part_start)
    ]


def test_nothing_but_the_video_is_left_of_the_parts(joined: Path) -> None:
    assert sorted(path.name for path in joined.parent.glob("*.mp4")) == ["talking.mp4"]


def test_the_digest_knows_neither_place_nor_time_but_every_byte(
    joined: Path, crew: Thirds, tmp_path: Path
) -> None:
    assert crew.script is not None
    performance = Path(shutil.copy(crew.script.performance, tmp_path / "other.npz"))
    picture = Path(shutil.copy(crew.script.picture, tmp_path))
    assert joined.exists()
    assert film.digest_of(performance, picture) == crew.script.digest

    loaded = Performance.load(crew.script.performance)
    assert film.written(replace(loaded, picture_path=picture), tmp_path).digest == crew.script.digest

    picture.write_bytes(picture.read_bytes() + b"!")
    assert film.digest_of(performance, picture) != crew.script.digest
