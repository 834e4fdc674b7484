"""What a machine must have before any service runs on it: programs, models, room, and a cage."""

from __future__ import annotations

import ipaddress
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg

from app.config.settings import Settings
from app.core import packaged_files
from app.core.plugins import part
from app.core.ports import try_to_listen
from app.operations import readiness
from app.operations.doctor.findings import Concern, Trouble

FFMPEG_SECONDS = 5
#: What the worker encodes and decodes with.
ENCODERS = frozenset({"libx264", "aac"})
DECODERS = frozenset({"h264", "mp3", "aac", "alac", "vorbis", "opus"})
PROBE_SECONDS = 2


def python() -> str:
    """The interpreter, and the SQLite in it. Its oldest version is seen to by the set-up."""
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"


def ffmpeg() -> str:
    """The program, whether it runs, and what it can do."""
    path = _ffmpeg_path()
    missing = (ENCODERS - _listed(path, "-encoders")) | (DECODERS - _listed(path, "-decoders"))
    if missing:
        raise Trouble(
            f"{path} can't do {', '.join(sorted(missing))}",
            "Unset IMAGEIO_FFMPEG_EXE, or name an ffmpeg there that has them.",
        )
    return path


def _ffmpeg_path() -> str:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise Trouble(
            str(error), f"Run `{packaged_files.remedy()}`, or name an ffmpeg in IMAGEIO_FFMPEG_EXE."
        ) from None


def _listed(path: str, option: str) -> set[str]:
    """The names that ffmpeg lists: the second word of a line."""
    try:
        told = subprocess.run(
            [path, "-hide_banner", option], capture_output=True, text=True, timeout=FFMPEG_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Trouble(
            f"{path} can't be run: {error}", f"Run `{packaged_files.remedy()}`, or mend IMAGEIO_FFMPEG_EXE."
        ) from None
    return {words[1] for line in told.stdout.splitlines() if len(words := line.split()) > 1}


def face_models(folder: Path) -> str:
    """The two models that the talking engine finds faces with."""
    problem = readiness.problem_of(lambda: readiness.check_face_models(folder))
    if problem:
        raise Trouble(problem, f"Run `{packaged_files.remedy()}`, or set FACE_MODEL_DIR to where they are.")
    return str(folder)


def data_dir(folder: Path) -> str:
    """Whether it can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise Trouble(
            f"{folder} can't be written to: {error.strerror}",
            "Set DATA_DIR to a folder of the service's user, or give it this one.",
        ) from None
    return str(folder)


def disk(folder: Path) -> str:
    """Room for uploads and videos."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < readiness.MIN_FREE_BYTES:
        raise Trouble(
            f"only {free_bytes >> 20} MiB are free in {folder}",
            "Free some, set DATA_DIR to a larger disk, or lower RETENTION_DAYS.",
        )
    return f"{free_bytes >> 30} GiB are free"


def cage() -> str:
    """What this kernel can keep a decoder from."""
    holes = part("cage")()
    if holes:
        raise Concern(
            f"a decoder that is taken over could reach {', '.join(holes)}",
            "Use Linux 5.13 or newer, and a container policy that allows Landlock and seccomp.",
        )
    return "decoders open no other files and no sockets"


def port(settings: Settings) -> str:
    """Free, or answered by a Talkreel."""
    try:
        try_to_listen(settings.host, settings.port)
    except OSError as error:
        return _answered(settings, error.strerror or "taken")
    return f"{settings.host}:{settings.port} is free: the service isn't running here"


def _answered(settings: Settings, why: str) -> str:
    connection = HTTPConnection(settings.host, settings.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/health")
        is_ours = b'"ok"' in connection.getresponse().read(1000)
    except (OSError, HTTPException):
        is_ours = False
    finally:
        connection.close()
    if is_ours:
        return f"a service answers at {settings.host}:{settings.port}"
    raise Trouble(f"can't listen on {settings.host}:{settings.port}: {why}", "Set PORT to one that is free.")


def public_url(settings: Settings) -> str:
    """Whether links lead anywhere for others than this machine, and unread by those between."""
    url = settings.public_url
    leads_here = _is_only_here(urlsplit(url).hostname or "")
    if leads_here and not _is_only_here(settings.host, unspecified=False):
        raise Concern(
            f"links begin with {url}, which leads nowhere from other machines",
            "Set PUBLIC_URL to the address that clients use.",
        )
    if url.startswith("http:") and not leads_here:
        raise Concern(
            f"links begin with {url}: keys and videos travel in the clear",
            "Put a proxy with TLS before the service, and set PUBLIC_URL and TRUSTED_PROXIES.",
        )
    return url


def _is_only_here(host: str, *, unspecified: bool = True) -> bool:
    """Whether nobody else can follow a link to this host; `0.0.0.0` is one to listen on, not to link to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or (unspecified and address.is_unspecified)
