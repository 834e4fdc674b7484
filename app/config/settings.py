"""The service's settings: read once from the environment, typed, frozen. docs/settings.md lists them."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import shlex
import string
import sys
import tempfile
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.config.kept_secret import kept_secret
from app.config.rules import known_database, known_redis, known_storage, no_placeholder, rate, web_address
from app.core import packaged_files
from app.core.machine import own_address

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]

#: A unix socket's path must fit in sockaddr_un: 104 bytes on macOS, 108 on Linux.
MAX_SOCKET_PATH_BYTES = 100

#: Packages that bring a talking engine name its factory in this entry-point group.
ENGINE_GROUP = "talkreel.engines"
#: The two that need no package: ours, and the one that runs ENGINE_COMMAND.
PORTRAIT, EXEC = "portrait", "exec"
#: What ENGINE_COMMAND may hold in braces.
ENGINE_FIELDS = ("image", "video", "audio", "out", "fps", "folder")


class SettingsError(Exception):
    """The environment can't be used. The message lists every problem, one a line."""


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _ports(value: Any) -> Any:
    return None if value == "*" else _split(value)


def _guarded(port: int, info: ValidationInfo) -> int:
    token = info.data.get("metrics_token")
    if port and token is not None and not token.get_secret_value():
        raise ValueError("needs METRICS_TOKEN")
    return port


def _readable(path: Path | None) -> Path | None:
    if path and not path.is_file():
        raise ValueError("must be a file that can be read")
    return path


def _engine_command(value: str) -> str:
    braces = {part[1:] for word in shlex.split(value) for part in string.Formatter().parse(word)}
    if not braces <= {(None, None, None), *((name, "", None) for name in ENGINE_FIELDS)}:
        raise ValueError("may hold {" + "}, {".join(ENGINE_FIELDS) + "} and nothing else in braces")
    if value and ("out", "", None) not in braces:
        raise ValueError("must hold {out}, where the video is to be written")
    return value


def _known_engine(value: str, info: ValidationInfo) -> str:
    installed = entry_points(group=ENGINE_GROUP).names
    if value not in {PORTRAIT, EXEC, *installed}:
        raise ValueError("must be one of " + ", ".join([PORTRAIT, EXEC, *sorted(installed)]))
    if value == EXEC and info.data.get("engine_command") == "":
        raise ValueError("needs ENGINE_COMMAND")
    return value


def _with_a_bucket(value: bool, info: ValidationInfo) -> bool:
    if value and info.data.get("storage_url") == "":
        raise ValueError("needs STORAGE_URL")
    return value


Rate = Annotated[str, AfterValidator(rate)]
Secret = Annotated[SecretStr, AfterValidator(no_placeholder)]


def embedded_socket(data_dir: Path) -> Path:
    """The embedded Valkey's unix socket: in `data_dir` where the path is short enough."""
    beside_data = data_dir / "valkey.sock"
    if len(os.fsencode(beside_data)) <= MAX_SOCKET_PATH_BYTES:
        return beside_data
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"talkreel-{os.getuid()}-{digest}.sock"


def _own_address(known: dict[str, Any]) -> str:
    return own_address(known["host"], known["port"])


def _own_database(known: dict[str, Any]) -> str:
    return f"sqlite:///{known['data_dir'] / 'talkreel.db'}"


def _own_valkey(known: dict[str, Any]) -> str:
    return f"unix://{embedded_socket(known['data_dir'])}"


def _own_log_format() -> Literal["console", "json"]:
    return "console" if sys.stderr.isatty() else "json"


class Settings(BaseSettings):
    """Every field is one environment variable of the same name in upper case; all are optional."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """The address to listen at; `0.0.0.0` is every one of this machine."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """The port to listen at."""
    public_url: Annotated[str, AfterValidator(web_address)] = Field(default_factory=_own_address)
    """Base of the links given out; with a `HOST` of `0.0.0.0` the machine's own address."""
    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Path("var").absolute()
    """Where everything is kept that has no other place."""
    database_url: Annotated[str, AfterValidator(known_database)] = Field(default_factory=_own_database)
    """`postgresql+psycopg://...`, beyond one machine."""
    redis_url: Annotated[str, AfterValidator(known_redis)] = Field(default_factory=_own_valkey)
    """`redis://`, `rediss://`, `unix://`, `redis+sentinel://` or `rediss+sentinel://`."""
    storage_url: Annotated[str, AfterValidator(known_storage)] = ""
    """`s3://bucket/prefix`, with the usual `AWS_*` variables and `AWS_ENDPOINT_URL`."""
    video_redirect: Annotated[bool, AfterValidator(_with_a_bucket)] = False
    """1 sends viewers of a video to the bucket: see [deploy/](../deploy/README.md#videos-from-the-store)."""
    secret_key: Secret = SecretStr("")
    """Signs links; on several machines the same everywhere."""
    web_workers: Count = 2
    """Processes of gunicorn."""
    web_threads: Count = 16
    """Threads in each: so many for uploads and videos, and as many for all else."""
    render_workers: Count = max(1, (os.cpu_count() or 2) // 2)
    """Renders at once."""
    trusted_proxies: CountOrNone = 0
    """Hops of `X-Forwarded-For` to trust."""
    rate_limit: Rate = "600/minute"
    """Requests of each client address."""
    submit_rate_limit: Rate = "30/minute"
    """Submissions of each client address."""
    max_streams: Count = 1_000
    """Clients in each web process that follow or wait for a job."""
    max_streams_per_key: Count = 100
    """Of these, clients of one key."""
    max_file_bytes: Count = 52_428_800
    """For each file."""
    max_image_pixels: Count = 50_000_000
    """Of a picture."""
    max_audio_seconds: Count = 14_400
    """Of a voice."""
    lease_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 15
    """A worker's hold on a job, which it renews."""
    max_attempts: Count = 3
    """Attempts at a job before it ends FAILED."""
    split_seconds: CountOrNone = 300
    """Longer talks are drawn together with every idle worker; 0: never."""
    output_url_ttl: Count = 604_800
    """Seconds that a video link is valid, and up to a twentieth (at most an hour) longer."""
    retention_days: CountOrNone = 30
    """Then ended jobs and their files go; 0 keeps them."""
    deleted_keep_hours: CountOrNone = 72
    """A deleted job can be restored so long; 0: its files go at once."""
    keep_failed_uploads_hours: CountOrNone = 24
    """The uploads of a failed job are kept so long for another try; 0: not at all."""
    webhook_allow_nets: Annotated[tuple[IpNetwork, ...], NoDecode, BeforeValidator(_split)] = ()
    """Networks allowed besides the public internet, such as `10.0.0.0/8`."""
    webhook_allow_ports: Annotated[tuple[int, ...] | None, NoDecode, BeforeValidator(_ports)] = (443, 8443)
    """Ports that a webhook may go to; `*` for any."""
    webhook_ca_file: Annotated[Path | None, AfterValidator(_readable)] = None
    """An extra CA bundle."""
    webhook_retry_schedule: Annotated[tuple[CountOrNone, ...], NoDecode, BeforeValidator(_split)] = (
        5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    )  # fmt: skip
    """Seconds between tries."""
    engine_command: Annotated[str, AfterValidator(_engine_command)] = ""
    """For `exec`: the command, with `{image}`, `{video}`, `{audio}`, `{out}`, `{fps}`, `{folder}`."""
    engine_deadline_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3_600
    """For `exec`: then it is killed."""
    talking_engine: Annotated[str, AfterValidator(_known_engine)] = PORTRAIT
    """Ours, `portrait`; `exec`, or the name of an installed engine: see [engines.md](engines.md)."""
    face_model_dir: Path = packaged_files.face_model_dir()
    """The two face models, which the set-up takes out of a pinned package."""
    metrics_token: Secret = SecretStr("")
    """Who shows it may read `/metrics`, besides admins."""
    metrics_port: Annotated[int, Field(ge=0, le=65535), AfterValidator(_guarded)] = 0
    """Where the sweeper tells this machine's metrics, at `HOST`; needs `METRICS_TOKEN`. 0: nowhere."""
    log_format: Literal["console", "json"] = Field(default_factory=_own_log_format)
    """How log lines look: `console` or `json`."""

    @classmethod
    def load(cls) -> Settings:
        """Reads the environment.

        Raises:
            SettingsError: naming every bad variable, its value and what it should be.
        """
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @property
    def embeds_valkey(self) -> bool:
        """Whether `talkreel up` has to run a Valkey of its own."""
        return self.redis_url == _own_valkey({"data_dir": self.data_dir})

    @cached_property
    def signing_key(self) -> bytes:
        """Signs URLs: SECRET_KEY, or one made once and kept in `data_dir` (mode 0600)."""
        return self.secret_key.get_secret_value().encode() or kept_secret(self.data_dir / "secret_key")


def _explain(error: ValidationError) -> str:
    problems = (
        _sentence(problem) for problem in error.errors() if problem["type"] != "default_factory_not_called"
    )
    return "The settings can't be used:\n" + "\n".join(problems)


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]).upper()
    value = re.sub(r"(?<=://)[^@]*(?=@)|(?<=password=)[^&]*", "***", str(problem["input"]))
    return f"  {name}={value!r}: {problem['msg'].removeprefix('Value error, ')}"
