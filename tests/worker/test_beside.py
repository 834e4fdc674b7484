"""A program beside other work: both get on, it is waited for at last, and it never outlives the block."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from app.media import MediaType
from app.states import Motion
from tests.media_samples import Samples
from tests.worker.leftovers import until
from tests.worker.scenes import nobody
from worker.beside import Beside, beside
from worker.bounds import Bounds
from worker.failures import ChildKilled, RenderFailed
from worker.process import Command, ProgramFailed, ProgramTooSlow
from worker.render import Rendered, Terms, Upload, render
from worker.scene import Engine, ReportShare, Scene, VideoTrack
from worker.still import still

#: More than a pipe holds.
FLOOD = "print('frame=1\\n' * 100_000)"


def python(code: str, deadline_seconds: float = 60) -> Command:
    return Command([sys.executable, "-c", code], Bounds(deadline_seconds=deadline_seconds))


def children() -> list[psutil.Process]:
    """The programs that are beside us; the servers of other tests are older."""
    return [each for each in psutil.Process().children() if "sound.m4a" in " ".join(each.cmdline())]


def test_it_runs_while_we_do_something_else(folder: Path) -> None:
    mark = folder / "mark"
    with beside(python(f"open({str(mark)!r}, 'w').close(); import sys; sys.exit('done')")) as program:
        assert until(mark.exists)
        with pytest.raises(ProgramFailed, match="done"):
            program.wait(nobody)


def test_it_ends_with_the_block(folder: Path) -> None:
    mark = folder / "mark"
    with beside(python(f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)")):
        assert until(lambda: mark.exists() and bool(mark.read_text()))
        pid = int(mark.read_text())

    assert not psutil.pid_exists(pid)


def test_a_look_raises_what_it_failed_of() -> None:
    with (
        pytest.raises(ProgramFailed, match="no good"),
        beside(python("import sys; sys.exit('no good')")) as program,
    ):
        assert until(lambda: looked_at(program))


def looked_at(program: Beside) -> bool:
    """Never: it goes on until a look raises."""
    program.look()
    return False


def test_one_that_ended_well_is_looked_at_and_waited_for_as_often_as_one_likes() -> None:
    with beside(python("")) as program:
        for _ in range(2):
            program.wait(nobody)
            program.look()


def test_its_time_begins_when_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads the flood before."""
    now = time.monotonic
    with beside(python(FLOOD, deadline_seconds=30)) as program:
        monkeypatch.setattr("worker.process.time.monotonic", lambda: now() + 3600)
        program.look()
        program.wait(nobody)


def test_the_deadline_kills_it_at_last() -> None:
    with (
        pytest.raises(ProgramTooSlow),
        beside(python("import time; time.sleep(60)", deadline_seconds=0.2)) as program,
    ):
        program.wait(nobody)


def filmed(samples: Samples, folder: Path, engine: Engine) -> Rendered:
    upload = Upload(
        samples.picture(),
        MediaType.PNG,
        samples.tone("s16.wav", seconds=1.5),
        MediaType.WAV,
        Motion.TALKING,
    )
    return render(upload, folder, Terms(10**7, 60, folder, engine), lambda _phase, _share: None)


def test_the_sound_is_encoded_while_the_video_is(samples: Samples, folder: Path) -> None:
    def engine(scene: Scene, report: ReportShare) -> VideoTrack:
        assert until((scene.folder / "sound.m4a").exists)
        return still(scene, report)

    assert filmed(samples, folder, engine).path.exists()


def told(report: ReportShare) -> bool:
    """Never: it goes on until the report raises."""
    report(0.5)
    return False


def test_a_lost_sound_encoder_ends_the_video(samples: Samples, folder: Path) -> None:
    def engine(scene: Scene, report: ReportShare) -> VideoTrack:
        for child in children():
            child.kill()
        until(lambda: told(report))
        raise AssertionError("nobody said that the sound is lost")

    with pytest.raises(ChildKilled):
        filmed(samples, folder, engine)


def test_a_failed_video_ends_the_sound_encoder(samples: Samples, folder: Path) -> None:
    def engine(scene: Scene, report: ReportShare) -> VideoTrack:
        raise RenderFailed("It can't be.")

    with pytest.raises(RenderFailed, match="It can't be"):
        filmed(samples, folder, engine)
    assert not children()
