"""The cage holds: a child of ours opens its own files and nothing else, and gets no socket."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ffmpeg
import pytest

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, patches
from tests.support.paths import ROOT
from worker.errors import RenderFailed
from worker.picture.normalisation import BOUNDS, normalise
from worker.sandbox import isolation, landlock, seccomp
from worker.sandbox.command import Command
from worker.sandbox.ffmpeg import command, local
from worker.sandbox.file_access import PYTHON, FileAccess
from worker.sandbox.resource_limits import CORES, HERE, Bounds
from worker.sandbox.runner import ProgramFailed, run

FILES_ARE_HELD = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
SOCKETS_ARE_HELD = pytest.mark.skipif(not seccomp.is_available(), reason="this kernel filters no calls")
TCP_IS_HELD = pytest.mark.skipif(
    landlock.version() < landlock.NETWORK_VERSION, reason="this kernel's Landlock knows no network"
)

#: What an upload that has taken over its decoder may try; `{neighbour}` is another job's folder.
ON_FILES = {
    "reads the system's files": "open('/etc/passwd').read()",
    "reads another job's file": "open('{neighbour}/secret').read()",
    "looks around in another job's folder": "__import__('os').listdir('{neighbour}')",
    "writes into another job's folder": "open('{neighbour}/mine', 'w')",
    "cuts another job's file": "__import__('os').truncate('{neighbour}/secret', 1)",
    "takes another job's file": "__import__('os').link('{neighbour}/secret', 'mine')",
    "runs what it has written": "__import__('subprocess').run(['./tool'], check=True)",
    "reads the service's memory": "open('/proc/{service}/environ').read()",
}
ON_SOCKETS = {
    "connects": "socket.create_connection(('127.0.0.1', {port}), 5)",
    "sends a datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "speaks to a server beside us": "socket.socket(socket.AF_UNIX).connect('{neighbour}/server')",
    "asks the kernel for its network": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
}


@pytest.fixture
def neighbour(tmp_path: Path) -> Path:
    """Another job's folder, with a file."""
    path = tmp_path / "neighbour"
    path.mkdir()
    (path / "secret").write_text("a voice")
    return path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def heard(listener: socket.socket) -> bool:
    """Whether anybody has connected."""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def tried(program: str, folder: Path, *, is_caged: bool = True) -> str:
    """Runs Python in the folder; returns what it says when it fails, else nothing."""
    bounds = Bounds(deadline_seconds=60, is_foreign=not is_caged)
    file_access = FileAccess(PYTHON, (folder,))
    try:
        run(Command([sys.executable, "-c", program], bounds, file_access=file_access, folder=folder))
    except ProgramFailed as error:
        return error.stderr
    return ""


@FILES_ARE_HELD
@pytest.mark.parametrize("attempt", ON_FILES.values(), ids=ON_FILES)
def test_files_of_others_are_out_of_reach(folder: Path, neighbour: Path, attempt: str) -> None:
    tool = folder / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    program = attempt.format(neighbour=neighbour, service=os.getpid())

    assert "Error: [Errno " in tried(program, folder)
    assert (neighbour / "secret").read_text() == "a voice"
    assert [path.name for path in neighbour.iterdir()] == ["secret"]
    assert tried(program, folder, is_caged=False) == ""


@SOCKETS_ARE_HELD
@pytest.mark.parametrize("attempt", ON_SOCKETS.values(), ids=ON_SOCKETS)
def test_there_is_no_network(folder: Path, neighbour: Path, listener: socket.socket, attempt: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(neighbour / "server"))
        server.listen()
        program = "import socket; " + attempt.format(neighbour=neighbour, port=listener.getsockname()[1])

        assert "PermissionError" in tried(program, folder)
        assert tried(program, folder, is_caged=False) == ""


def test_its_own_folder_is_its_own(folder: Path) -> None:
    program = "open('new', 'w').write('x'); import os; os.rename('new', 'other'); print(open('other').read())"
    assert tried(program, folder) == ""
    assert (folder / "other").read_text() == "x"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose its core")
@pytest.mark.parametrize("core", [None, HERE, 0, 1, CORES])
def test_who_is_to_keep_to_a_core_does(folder: Path, core: int | None) -> None:
    program = "import os; open('cores', 'w').write(repr(sorted(os.sched_getaffinity(0))))"
    ours = sorted(os.sched_getaffinity(0))

    run(
        Command(
            [sys.executable, "-c", program],
            Bounds(deadline_seconds=60, core=core),
            file_access=FileAccess(PYTHON, (folder,)),
            folder=folder,
        )
    )

    kept = json.loads((folder / "cores").read_text())
    if core is None:
        assert kept == ours
    else:
        assert kept == [ours[core % len(ours)]] if core >= 0 else len(kept) == 1


def test_what_the_caged_start_is_caged(folder: Path) -> None:
    inner = "open('/etc/passwd')"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    assert bool(tried(program, folder)) == bool(landlock.version())


@FILES_ARE_HELD
def test_a_playlist_opens_no_other_job_s_file(samples: Samples, folder: Path, neighbour: Path) -> None:
    voice = neighbour / "voice.wav"
    voice.write_bytes(samples.tone("neighbours.wav", seconds=0.3).read_bytes())
    playlist = folder / "upload"
    playlist.write_text(f"ffconcat version 1.0\nfile {local(voice)}\n")
    copied = ffmpeg.input(local(playlist), f="concat", safe=0).output(local(folder / "stolen.wav"))

    with pytest.raises(ProgramFailed, match="Permission denied"):
        run(command(copied, Bounds(deadline_seconds=30)))

    run(beyond(copied, neighbour))
    assert (folder / "stolen.wav").stat().st_size > 0


@SOCKETS_ARE_HELD
def test_ffmpeg_calls_nobody(folder: Path, listener: socket.socket) -> None:
    address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    calling = ffmpeg.input(address, f="mp3", timeout=1_000_000).output(local(folder / "x.wav"))

    with pytest.raises(ProgramFailed, match="Permission denied"):
        run(command(calling, Bounds(deadline_seconds=30)))

    assert not heard(listener)


def beyond(graph: Any, folder: Path) -> Command:
    """What ffmpeg would be with one more folder in its reach."""
    inside = command(graph, Bounds(deadline_seconds=30))
    return Command(
        inside.argv,
        inside.bounds,
        file_access=FileAccess((*inside.file_access.reads, folder), inside.file_access.writes),
    )


def alone(program: str, folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs Python that confines itself."""
    argv = [sys.executable, "-c", f"from worker.sandbox import isolation, landlock, seccomp\n{program}"]
    return subprocess.run(
        [*argv, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@TCP_IS_HELD
def test_landlock_alone_refuses_tcp(folder: Path, listener: socket.socket) -> None:
    program = """
import socket, sys
seccomp.is_available = lambda: False
isolation.confine(["/"], ["/"])
socket.socket().connect(("127.0.0.1", int(sys.argv[1])))
"""
    assert "PermissionError" in alone(program, folder, listener.getsockname()[1]).stderr
    assert not heard(listener)


def test_a_kernel_that_holds_nothing_hinders_nothing(folder: Path, listener: socket.socket) -> None:
    program = """
import socket, sys
landlock.version, seccomp.is_available = lambda: 0, lambda: False
assert isolation.holes() == ["other files", "the network"]
isolation.confine([], [])
open("/etc/passwd").close()
socket.socket().connect(("127.0.0.1", int(sys.argv[1])))
"""
    assert alone(program, folder, listener.getsockname()[1]).stderr == ""
    assert heard(listener)


@FILES_ARE_HELD
def test_who_can_t_be_confined_does_not_run(folder: Path) -> None:
    most_layers = 16
    program = f"""
isolation.confine([], [])
for _ in range({most_layers}):
    isolation.confine(["/"], ["/"])
print("confined no further, and alive")
"""
    ended = alone(program, folder)
    assert (ended.returncode, ended.stdout) == (isolation.CANNOT_START, "")
    assert "Landlock" in ended.stderr


def test_a_picture_that_takes_too_much_memory_is_refused_with_a_word_about_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Bounds(deadline_seconds=60, address_space_bytes=192 << 20)
    monkeypatch.setattr("worker.picture.normalisation.BOUNDS", narrow)
    source = folder / "image"
    patches(4000, 4000).save(source, "WEBP", lossless=True, method=0)

    with pytest.raises(RenderFailed, match="too much memory"):
        normalise(source, MediaType.WEBP, folder, max_pixels=50_000_000)

    monkeypatch.setattr("worker.picture.normalisation.BOUNDS", BOUNDS)
    assert normalise(source, MediaType.WEBP, folder, max_pixels=50_000_000).width == 1920
