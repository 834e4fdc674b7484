"""The service's settings: read once from the environment, typed, frozen. README lists them."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import secrets
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

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    public_url: Annotated[str, AfterValidator(web_address)] = Field(default_factory=_own_address)
    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Path("var").absolute()
    database_url: Annotated[str, AfterValidator(known_database)] = Field(default_factory=_own_database)
    redis_url: Annotated[str, AfterValidator(known_redis)] = Field(default_factory=_own_valkey)
    storage_url: Annotated[str, AfterValidator(known_storage)] = ""
    video_redirect: Annotated[bool, AfterValidator(_with_a_bucket)] = False
    secret_key: Secret = SecretStr("")
    web_workers: Count = 2
    web_threads: Count = 16
    render_workers: Count = max(1, (os.cpu_count() or 2) // 2)
    trusted_proxies: CountOrNone = 0
    rate_limit: Rate = "600/minute"
    submit_rate_limit: Rate = "30/minute"
    max_streams: Count = 1_000
    max_streams_per_key: Count = 100
    max_file_bytes: Count = 52_428_800
    max_image_pixels: Count = 50_000_000
    max_audio_seconds: Count = 14_400
    lease_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 15
    max_attempts: Count = 3
    split_seconds: CountOrNone = 300
    output_url_ttl: Count = 604_800
    retention_days: CountOrNone = 30
    deleted_keep_hours: CountOrNone = 72
    keep_failed_uploads_hours: CountOrNone = 24
    webhook_allow_nets: Annotated[tuple[IpNetwork, ...], NoDecode, BeforeValidator(_split)] = ()
    webhook_allow_ports: Annotated[tuple[int, ...] | None, NoDecode, BeforeValidator(_ports)] = (443, 8443)
    webhook_ca_file: Annotated[Path | None, AfterValidator(_readable)] = None
    webhook_retry_schedule: Annotated[tuple[CountOrNone, ...], NoDecode, BeforeValidator(_split)] = (
        5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    )  # fmt: skip
    engine_command: Annotated[str, AfterValidator(_engine_command)] = ""
    engine_deadline_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3_600
    talking_engine: Annotated[str, AfterValidator(_known_engine)] = PORTRAIT
    face_model_dir: Path = packaged_files.face_model_dir()
    metrics_token: Secret = SecretStr("")
    metrics_port: Annotated[int, Field(ge=0, le=65535), AfterValidator(_guarded)] = 0
    log_format: Literal["console", "json"] = Field(default_factory=_own_log_format)

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
        return self.secret_key.get_secret_value().encode() or _kept_secret(self.data_dir / "secret_key")


def _kept_secret(path: Path) -> bytes:
    """Reads the secret, or writes a new one: whole or not at all, the first of several processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()


def _explain(error: ValidationError) -> str:
    problems = (
        _sentence(problem) for problem in error.errors() if problem["type"] != "default_factory_not_called"
    )
    return "The settings can't be used:\n" + "\n".join(problems)


def _sentence(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]).upper()
    value = re.sub(r"(?<=://)[^@]*(?=@)|(?<=password=)[^&]*", "***", str(problem["input"]))
    return f"  {name}={value!r}: {problem['msg'].removeprefix('Value error, ')}"
