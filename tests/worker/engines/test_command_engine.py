"""An operator's command as the engine: what it is given, what becomes of what it makes, and that it ends."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType

import imageio_ffmpeg
import psutil
import pytest

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, MotionMade
from app.media.media_types import MediaType
from tests.support.media_samples import Samples, wav_bytes
from tests.support.paths import PORTRAIT, ROOT, STUB_ENGINE
from tests.worker.sandbox.leftovers import CHILD_BEARING, child_of, is_alive, until
from tests.worker.scenes import nobody, scene_of
from worker.engines.command_engine import ExternalEngine
from worker.errors import CannotTalk, ChildKilled, HandBack, OutOfDisk, RenderFailed
from worker.execution.render import Rendered, render
from worker.execution.stages import RenderConfig, Upload
from worker.scene import Engine, Scene

ENGINES = (ROOT / "docs" / "engines.md").read_text()
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
#: An engine in one line: the picture for as long as the voice.
FILMING = f"{FFMPEG} -loglevel error -loop 1 -framerate {{fps}} -i {{image}} -i {{audio}} -shortest {{out}}"


@pytest.fixture
def scene(samples: Samples, folder: Path) -> Scene:
    return scene_of(samples.picture(), folder)


def engine(template: str, deadline_seconds: float = 60) -> ExternalEngine:
    return ExternalEngine(template, deadline_seconds)


def scripted(folder: Path, program: str) -> str:
    """A template that runs a Python program; its arguments are IMAGE, AUDIO and OUT."""
    path = folder / "engine.py"
    path.write_text("import os, subprocess, sys, time\n" + program)
    return f"{sys.executable} {shlex.quote(str(path))} {{image}} {{audio}} {{out}}"


def made(folder: Path, image: Path, talking: Engine, motion: Motion = Motion.AUTO) -> Rendered:
    audio = folder / "voice.wav"
    audio.write_bytes(wav_bytes(bytes(44_100)))
    image_type = MediaType.JPEG if image.suffix == ".jpg" else MediaType.PNG
    terms = RenderConfig(50_000_000, 60, Settings().face_model_dir, talking)
    return render(
        Upload(image, image_type, audio, MediaType.WAV, RenderOptions(motion=motion)),
        folder,
        terms,
        lambda *_: None,
    )


@pytest.mark.block("docs/engines.md", "Other engines")
def test_the_stub_in_the_documents_is_the_one_tested_here() -> None:
    assert f"```python\n{STUB_ENGINE.read_text()}```" in ENGINES


def test_the_stub_keeps_the_contract(folder: Path) -> None:
    scene = scene_of(PORTRAIT, folder, MediaType.JPEG)
    shares: list[float] = []

    track = engine(f"{sys.executable} {STUB_ENGINE} {{video}} {{audio}} {{out}}")(scene, shares.append)

    assert track.motion is MotionMade.TALKING
    assert track.path == scene.folder / "engine" / "out.mp4"
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert 0.95 in shares


def test_a_command_s_video_becomes_the_job_s(samples: Samples, folder: Path) -> None:
    rendered = made(folder, samples.picture(), engine(FILMING), Motion.TALKING)
    assert (rendered.facts.motion, rendered.facts.notices) == (MotionMade.TALKING, ())


def test_without_a_face_no_video_is_made_for_the_command(scene: Scene) -> None:
    with pytest.raises(CannotTalk) as refused:
        engine("touch {folder}/begun {video} {out}")(scene, nobody)
    assert refused.value.code == "no_face"
    assert list((scene.folder / "engine").iterdir()) == []


@pytest.mark.parametrize("motion", [Motion.AUTO, Motion.TALKING])
def test_after_a_failure_auto_stands_still_and_talking_fails(
    samples: Samples, folder: Path, motion: Motion
) -> None:
    failing = engine("false {out}")
    if motion is Motion.TALKING:
        with pytest.raises(RenderFailed, match="its talking engine failed"):
            made(folder, samples.picture(), failing, motion)
    else:
        rendered = made(folder, samples.picture(), failing, motion)
        assert rendered.facts.motion is MotionMade.STILL
        assert [notice.code for notice in rendered.facts.notices] == ["engine_failed"]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("sys.exit('no GPU')", "no GPU"),
        ("print('no GPU', file=sys.stderr); sys.exit(255)", "no GPU"),
        ("print('no GPU', file=sys.stderr); sys.exit(126)", "no GPU"),
        ("", "No such file"),
        ("open(sys.argv[3], 'wb').write(os.urandom(10_000))", "can't be read"),
        (f"subprocess.run(['{FFMPEG}', '-i', sys.argv[1], '-s', '64x64', sys.argv[3]])", "of 64x64"),
        (f"subprocess.run(['{FFMPEG}', '-i', sys.argv[1], sys.argv[3]])", "it made 0.04 s"),
    ],
    ids=["it fails", "as ffmpeg would", "as the cage would", "no file", "junk", "wrong size", "too short"],
)
def test_what_misbehaves_has_failed(scene: Scene, program: str, reason: str) -> None:
    with pytest.raises(CannotTalk) as failed:
        engine(scripted(scene.folder, program))(scene, nobody)
    assert failed.value.code == "engine_failed"
    assert reason in str(failed.value.__cause__)


def test_a_missing_program_has_failed(scene: Scene) -> None:
    with pytest.raises(CannotTalk, match="engine failed"):
        engine("no-such-program-anywhere {out}")(scene, nobody)


def test_a_hanging_one_is_killed_with_all_it_started(scene: Scene) -> None:
    with pytest.raises(CannotTalk, match="engine failed"):
        engine(scripted(scene.folder, CHILD_BEARING + "time.sleep(600)"), deadline_seconds=5)(scene, nobody)
    assert until(lambda: not is_alive(child_of(scene.folder)))


def test_a_handback_kills_the_whole_group(scene: Scene) -> None:
    def hand_back(number: int, frame: FrameType | None) -> None:
        raise HandBack

    before = signal.signal(signal.SIGUSR1, hand_back)
    program = CHILD_BEARING + f"os.kill({os.getpid()}, {int(signal.SIGUSR1)}); time.sleep(600)"
    try:
        with pytest.raises(HandBack):
            engine(scripted(scene.folder, program))(scene, nobody)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert until(lambda: not is_alive(child_of(scene.folder)))


def test_a_full_disk_is_not_the_engine_s_fault(scene: Scene) -> None:
    with pytest.raises(OutOfDisk):
        engine(scripted(scene.folder, "sys.exit('No space left on device')"))(scene, nobody)


def test_a_killed_engine_says_nothing_about_the_upload(scene: Scene) -> None:
    with pytest.raises(ChildKilled):
        engine(scripted(scene.folder, "os.kill(os.getpid(), 9)"))(scene, nobody)


def test_junk_on_stdout_is_no_progress(scene: Scene) -> None:
    talkative = r"""
sys.stdout.buffer.write(os.urandom(300_000) + b"\nprogress\nprogress 0.5x\nprogress nan\nprogress -1\n")
print("progress 7", "100%|####", "out_time_us=99", "progress 0.25", sep="\n")
sys.exit(1)"""
    shares: list[float] = []
    with pytest.raises(CannotTalk):
        engine(scripted(scene.folder, talkative))(scene, shares.append)
    assert shares == pytest.approx([0.95])


def test_it_gets_the_operator_s_environment_and_none_of_our_secrets(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    for name in ("SECRET_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    with pytest.raises(CannotTalk):
        engine(scripted(scene.folder, "open('seen', 'w').write(repr(dict(os.environ)))"))(scene, nobody)
    seen = (scene.folder / "engine" / "seen").read_text()
    assert "'CUDA_VISIBLE_DEVICES': '1'" in seen
    assert f"'PATH': {os.environ['PATH']!r}" in seen
    assert "'secret'" not in seen
    assert "MALLOC_ARENA_MAX" not in seen


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds and shows address space")
def test_it_may_map_and_open_what_it_likes(scene: Scene) -> None:
    look = """
import resource
kinds = (resource.RLIMIT_AS, resource.RLIMIT_NOFILE)
open("seen", "w").write(str([resource.getrlimit(kind) for kind in kinds]))"""
    with pytest.raises(CannotTalk):
        engine(scripted(scene.folder, look))(scene, nobody)
    ours = [psutil.Process().rlimit(kind) for kind in (psutil.RLIMIT_AS, psutil.RLIMIT_NOFILE)]
    assert (scene.folder / "engine" / "seen").read_text() == str(ours)
