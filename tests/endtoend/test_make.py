"""`talkreel make`: what it makes, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import av
import pytest
from click.testing import CliRunner, Result
from werkzeug.serving import make_server

from app.cli import main
from tests.support.processes import free_ports
from tests.support.service import TALKREEL, Service, User, wait_until
from tests.support.world import World, png, wav

LONG = wav(8000 * 900, sample_rate=8000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a portrait and a voice in it."""
    (tmp_path / "me.png").write_bytes(png(64, 48))
    (tmp_path / "me.wav").write_bytes(wav(22050))
    return tmp_path


@pytest.fixture
def alice(service: Service) -> User:
    return service.user("alice")


def environment(service: Service | None = None, user: User | None = None) -> dict[str, str]:
    """Bare, but for how the service is reached. The settings of a service are bad, as they are not asked."""
    if service is None or user is None:
        return {"PATH": os.defpath}
    reached = {"TALKREEL_URL": service.address, "TALKREEL_API_KEY": user.key["apiKey"]}
    return {"PATH": os.defpath, "LEASE_SECONDS": "soon", **reached}


def make(folder: Path, env: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    argv = [TALKREEL, "make", "me.png", "me.wav", "-o", "out.mp4", "--motion", "still", *options]
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def made_here(folder: Path, env: Mapping[str, str], *options: str) -> Result:
    """The same in this process, as far as nothing is rendered."""
    files = [str(folder / "me.png"), str(folder / "me.wav"), "-o", str(folder / "out.mp4")]
    bare = {"TALKREEL_URL": None, "TALKREEL_API_KEY": None}
    return CliRunner().invoke(main, ["make", *files, *options], env={**bare, **env})


@contextmanager
def begun(folder: Path, env: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    argv, pipe = [TALKREEL, "make", "me.png", "me.wav", "-o", "out.mp4", *options], subprocess.PIPE
    with subprocess.Popen(argv, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"me.png", "me.wav", "data"}


def assert_plays(path: Path) -> None:
    with av.open(str(path)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]


def test_a_service_makes_the_video_and_it_is_fetched(service: Service, alice: User, folder: Path) -> None:
    done = make(folder, environment(service, alice))

    assert done.returncode == 0, done.stderr
    first, facts, link, *_ = done.stdout.splitlines()
    assert first == "out.mp4"
    assert facts.startswith("  384x288, 0.50 s, ")
    assert link.startswith(f"  {service.address}/share/")
    assert done.stderr.startswith("uploading   0 %\n")
    assert "done      100 %" in done.stderr
    assert_plays(folder / "out.mp4")
    assert left(folder) == {"out.mp4"}


def test_it_is_made_without_a_service_as_well(folder: Path) -> None:
    done = make(folder, environment(), "--local", "--json", "--loudness", "-16")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["video"], told["motion"], told["durationSeconds"]) == ("out.mp4", "still", 0.5)
    assert (told["width"], told["height"], told["jobId"]) == (384, 288, None)
    assert ([each["code"] for each in told["warnings"]], told["loudness"]) == (["too_quiet_to_level"], None)
    assert told["sizeBytes"] == (folder / "out.mp4").stat().st_size
    assert_plays(folder / "out.mp4")
    assert left(folder) == {"out.mp4"}


def test_a_terminal_is_shown_a_bar(folder: Path) -> None:
    ours, its = pty.openpty()
    argv = [TALKREEL, "make", "me.png", "me.wav", "--motion", "still", "--local"]
    terminal = {**environment(), "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(argv, cwd=folder, env=terminal, stdout=its, stderr=its) as running:
        os.close(its)
        shown = "".join(read(ours))

    assert running.returncode == 0
    assert "━" in shown
    assert "video.mp4" in shown


def read(terminal: int) -> Iterator[str]:
    """Until whoever writes to it has gone."""
    try:
        while chunk := os.read(terminal, 4096):
            yield chunk.decode(errors="replace")
    except OSError:
        # Linux says so when the other end is closed.
        pass
    finally:
        os.close(terminal)


def test_a_job_that_fails_ends_with_1_and_its_sentence(service: Service, alice: User, folder: Path) -> None:
    (folder / "me.png").write_bytes(png()[:40])

    there = make(folder, environment(service, alice), "--json")
    here = make(folder, environment(), "--local", "--json")

    assert (there.returncode, here.returncode) == (1, 1)
    told_there, told_here = json.loads(there.stdout), json.loads(here.stdout)
    assert told_there["code"] == "job_failed"
    assert "image" in told_there["error"]
    assert told_here == {"error": told_there["error"], "code": "render_failed"}
    assert left(folder) == set()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--motion", "wild"], "'wild' is not one of"),
        (["--loudness", "nan", "--local"], "'nan' is not a number"),
        (["--loudness", "inf", "--local"], "is not in the range"),
        (["--loudness", "-40"], "-40"),
        (["-o", "nowhere/out.mp4"], "there is no folder nowhere"),
        (["--timeout", "soon"], "'soon' is not a time"),
        ([], "An API key is needed"),
        (["--url", "nonsense", "--key", "a"], "is not an address"),
        (["--local"], "LEASE_SECONDS='soon'"),
    ],
    ids=["motion", "nan", "inf", "loudness", "folder", "timeout", "key", "url", "settings"],
)
def test_bad_usage_ends_with_2(folder: Path, options: list[str], sentence: str) -> None:
    done = made_here(folder, {"LEASE_SECONDS": "soon"}, *options)

    assert done.exit_code == 2
    assert sentence in done.stderr


def test_a_refusal_ends_with_3_and_the_service_s_sentence(service: Service, folder: Path) -> None:
    done = made_here(folder, {"TALKREEL_URL": service.address}, "--key", "tr_nobody")

    assert done.exit_code == 3
    assert done.stderr.endswith("Error: API key not recognized or has been deactivated\n")


def test_a_wrong_file_is_refused_with_the_same_sentence_here_and_there(
    service: Service, alice: User, folder: Path
) -> None:
    (folder / "me.wav").write_bytes(b"%PDF-1.7" * 100)

    there = make(folder, environment(service, alice), "--json")
    here = make(folder, environment(), "--local", "--json")

    assert (there.returncode, here.returncode) == (3, 1)
    assert json.loads(there.stdout) == json.loads(here.stdout)
    assert json.loads(here.stdout)["code"] == "unsupported_media_type"


def test_a_service_that_is_not_there_ends_with_3(folder: Path) -> None:
    (port,) = free_ports(1)
    done = made_here(folder, {}, "--key", "a", "--url", f"http://127.0.0.1:{port}", "--timeout", "1s")

    assert done.exit_code == 3
    assert "can't be reached" in done.stderr


@pytest.fixture
def idle(world: World) -> Iterator[dict[str, str]]:
    """How alice reaches a service without workers: no job of hers ever begins."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.port}"
    yield {**environment(), "TALKREEL_URL": url, "TALKREEL_API_KEY": world.alice.key.api_key}
    server.shutdown()
    thread.join()
    server.server_close()


def only_job(world: World) -> dict[str, Any]:
    (job,) = world.alice.get("/api/jobs").json["jobs"]  # type: ignore[index]
    return dict(job)


def test_a_job_that_takes_too_long_ends_with_4_and_goes_on(
    world: World, idle: dict[str, str], folder: Path
) -> None:
    done = make(folder, idle, "--timeout", "1s", "--json", "--quiet")

    assert done.returncode == 4
    assert json.loads(done.stdout)["code"] == "timeout"
    assert done.stderr == ""
    assert only_job(world)["status"] == "PENDING"


def test_ctrl_c_cancels_a_job_that_is_still_pending(world: World, idle: dict[str, str], folder: Path) -> None:
    with begun(folder, idle) as running:
        wait_until(lambda: world.alice.get("/api/jobs").json["jobs"])  # type: ignore[index]
        shown = running.stderr
        assert shown
        wait_until(lambda: "queued" in shown.readline())
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)

    assert running.returncode == 130
    job = only_job(world)
    assert job["status"] == "CANCELLED"
    assert said.endswith(f"Error: Interrupted. The job {job['id']} is cancelled.\n")


def test_sigterm_in_a_local_render_leaves_nothing(folder: Path) -> None:
    (folder / "me.wav").write_bytes(LONG)
    scratch = folder / "scratch"
    scratch.mkdir()

    with begun(folder, {**environment(), "TMPDIR": str(scratch)}, "--local", "--motion", "still") as running:
        wait_until(lambda: list(scratch.glob("talkreel-*/*.png")))
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=30)

    assert running.returncode == 130
    assert said.endswith("Error: Interrupted.\n")
    assert left(folder) == {"scratch"}
    assert list(scratch.iterdir()) == []


def test_its_help_lists_the_exit_codes() -> None:
    done = CliRunner().invoke(main, ["make", "--help"])

    for line in ("0  the video is made", "4  not made within --timeout", "130  interrupted"):
        assert line in done.stdout
