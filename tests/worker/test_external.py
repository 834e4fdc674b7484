"""An operator's command as the engine: what it is given, what becomes of what it makes, and that it ends."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import imageio_ffmpeg
import psutil
import pytest

from app.media import MediaType
from app.settings import Settings
from app.states import Motion, MotionMade
from tests.media_samples import Samples, wav_bytes
from tests.talking.portraits import PICTURE
from tests.worker.scenes import nobody, scene_of
from worker.bounds import Bounds
from worker.external import ExternalEngine
from worker.failures import CannotTalk, ChildKilled, HandBack, RenderFailed
from worker.follower import ShareFollower
from worker.process import Command, ProgramTooSlow, run
from worker.render import Rendered, Terms, Upload, render
from worker.scene import Engine, Scene

README = (Path(__file__).parents[2] / "README.md").read_text()
STUB = Path(__file__).with_name("stub_engine.py")
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
#: An engine in one line: the picture for as long as the voice.
FILMING = f"{FFMPEG} -loglevel error -loop 1 -framerate {{fps}} -i {{image}} -i {{audio}} -shortest {{out}}"
LONG_SECONDS = 600


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


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def made(folder: Path, image: Path, talking: Engine, motion: Motion = Motion.AUTO) -> Rendered:
    audio = folder / "voice.wav"
    audio.write_bytes(wav_bytes(bytes(44_100)))
    image_type = MediaType.JPEG if image.suffix == ".jpg" else MediaType.PNG
    terms = Terms(50_000_000, 60, Settings().face_model_dir, talking)
    return render(Upload(image, image_type, audio, MediaType.WAV, motion), folder, terms, lambda *_: None)


def test_the_stub_in_the_readme_is_the_one_tested_here() -> None:
    assert f"```python\n{STUB.read_text()}```" in README


def test_the_stub_keeps_the_contract(folder: Path) -> None:
    scene = scene_of(PICTURE, folder, MediaType.JPEG)
    shares: list[float] = []

    track = engine(f"{sys.executable} {STUB} {{video}} {{audio}} {{out}}")(scene, shares.append)

    assert track.motion is MotionMade.TALKING
    assert track.path == scene.folder / "engine" / "out.mp4"
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert 0.95 in shares


def test_a_command_s_video_becomes_the_job_s(samples: Samples, folder: Path) -> None:
    rendered = made(folder, samples.picture(), engine(FILMING), Motion.TALKING)
    assert (rendered.motion, rendered.notices) == (MotionMade.TALKING, ())


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
        assert rendered.motion is MotionMade.STILL
        assert [notice.code for notice in rendered.notices] == ["engine_failed"]


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
        engine(scripted(scene.folder, CHILD_BEARING + "time.sleep(600)"), deadline_seconds=3)(scene, nobody)
    assert until(lambda: not is_alive(scene))


def test_what_is_left_behind_ends_with_it(scene: Scene) -> None:
    command = [sys.executable, "-c", CHILD_BEARING]
    begun_at = time.monotonic()
    run(Command(command, Bounds(LONG_SECONDS, is_foreign=True), folder=scene.folder))
    assert until(lambda: not is_alive(scene))
    assert time.monotonic() - begun_at < 60


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
    assert until(lambda: not is_alive(scene))


def test_one_that_leaves_the_group_with_the_pipes_does_not_hold_the_job(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.process.LEFTOVER_SECONDS", 0.5)
    leaving = CHILD_BEARING.replace("'600'])", "'600'], start_new_session=True)")
    with pytest.raises(ProgramTooSlow):
        run(
            Command(
                [sys.executable, "-c", leaving], Bounds(LONG_SECONDS, is_foreign=True), folder=scene.folder
            )
        )
    os.kill(child_pid(scene), signal.SIGKILL)


def test_a_killed_engine_says_nothing_about_the_upload(scene: Scene) -> None:
    with pytest.raises(ChildKilled):
        engine(scripted(scene.folder, "os.kill(os.getpid(), 9)"))(scene, nobody)


def test_progress_is_read_as_it_comes_and_never_falls() -> None:
    shares: list[float] = []
    follower = ShareFollower(None, shares.append)
    for chunk in (b"progress 0.1\npro", b"gress .25\r\n", b"progress 0.2\n", b"progress 1\nprogress 0.5\n"):
        follower.take_progress(chunk)
    assert shares == [0.1, 0.25, 1]


def test_a_line_without_end_is_not_kept() -> None:
    shares: list[float] = []
    follower = ShareFollower(None, shares.append)
    tracemalloc.start()
    for _ in range(1000):
        follower.take_progress(bytes(65_536))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    follower.take_progress(b"\nprogress 0.5\n")
    assert peak_bytes < 1 << 20
    assert shares == [0.5]


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


#: Starts a process that outlives it and holds its pipes, and leaves that one's number in `child`.
CHILD_BEARING = """
import subprocess
child = subprocess.Popen(['sleep', '600'])
open('child', 'w').write(str(child.pid))
"""


def child_pid(scene: Scene) -> int:
    """Of what CHILD_BEARING started, in the engine's folder or the scene's."""
    (path,) = scene.folder.rglob("child")
    return int(path.read_text())


def is_alive(scene: Scene) -> bool:
    pid = child_pid(scene)
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
