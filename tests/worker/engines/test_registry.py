"""Which engine makes the pictures talk: ours, a command, or one that an installed package brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.settings import Settings, SettingsError
from app.domain.states import MotionMade
from tests.support.media_samples import Samples
from tests.worker.scenes import nobody, scene_of
from worker.engines.command_engine import ExternalEngine
from worker.engines.registry import talking_engine
from worker.engines.talking.engine import talk

PACKAGE = """
from app.domain.states import MotionMade
from worker.scene import VideoTrack

def engine():
    return lambda scene, report: VideoTrack(scene.folder / "lips.mp4", MotionMade.TALKING)
"""


@pytest.fixture
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that brings the engine `lips`."""
    (tmp_path / "talkreel_lips.py").write_text(PACKAGE)
    info = tmp_path / "talkreel_lips-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: talkreel-lips\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[talkreel.engines]\nlips = talkreel_lips:engine\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_ours_is_the_default() -> None:
    assert talking_engine(Settings()) is talk


def test_exec_runs_the_command() -> None:
    settings = Settings(talking_engine="exec", engine_command="run {out}", engine_deadline_seconds=7)
    assert talking_engine(settings) == ExternalEngine("run {out}", 7)


@pytest.mark.usefixtures("_package")
def test_an_installed_package_s_engine_is_chosen_by_its_name(samples: Samples, folder: Path) -> None:
    engine = talking_engine(Settings(talking_engine="lips"))
    track = engine(scene_of(samples.picture(), folder), nobody)
    assert (track.path.name, track.motion) == ("lips.mp4", MotionMade.TALKING)


@pytest.mark.usefixtures("_package")
def test_an_unknown_name_stops_the_start_and_names_the_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALKING_ENGINE", "lisp")
    with pytest.raises(SettingsError, match="TALKING_ENGINE='lisp': must be one of portrait, exec, lips"):
        Settings.load()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("", "TALKING_ENGINE='exec': needs ENGINE_COMMAND"),
        ("run {image}", r"ENGINE_COMMAND='run \{image\}': must hold \{out\}"),
        ("run {out} {mask}", "nothing else in braces"),
        ("run {out.parent}", "nothing else in braces"),
        ("run {out:04} {fps}", "nothing else in braces"),
        ("run {} {out}", "nothing else in braces"),
        ("run '{out}", "No closing quotation"),
        ("run {out", "expected '}' before end of string"),
    ],
)
def test_a_command_that_can_t_be_used_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, command: str, problem: str
) -> None:
    monkeypatch.setenv("TALKING_ENGINE", "exec")
    monkeypatch.setenv("ENGINE_COMMAND", command)
    with pytest.raises(SettingsError, match=problem):
        Settings.load()


def test_braces_of_the_command_s_own_are_doubled() -> None:
    assert Settings(engine_command="run '{{\"a\": 1}}' {out}").engine_command
