"""The tools of `talkreel mcp`, by which an assistant uses a service (Model Context Protocol)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from itertools import islice

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import BaseModel, Field

from app.client import (
    JobCancelled,
    JobFailed,
    ListedJob,
    Status,
    Talkreel,
    TalkreelError,
    TookTooLong,
)
from app.domain.states import JobStatus
from app.mcp.parameters import (
    Deleted,
    IdempotencyKey,
    JobId,
    Limit,
    Permanent,
    Portrait,
    PortraitPath,
    Seconds,
    VideoPath,
    Voice,
    VoicePath,
    WebhookUrl,
    takes_render_options,
)

INSTRUCTIONS = """\
Talkreel makes a video in which the person of a portrait speaks with the voice of a recording. Call
make_talking_video, then wait_for_video until the status is COMPLETED or FAILED. One job at a time.
Only make people speak who agreed to it."""

#: Two files of 24 MB each, as base64 in one body.
MAX_HTTP_BODY_BYTES = 64 << 20
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Submitted(BaseModel):
    job_id: str = Field(alias="jobId")


class Removed(BaseModel):
    job_id: str = Field(alias="jobId")
    restorable_until: str | None = Field(
        alias="restorableUntil", description="restore_video works until then; null: it doesn't."
    )


class Saved(BaseModel):
    path: str


def serve(client: Talkreel, address: tuple[str, int] | None) -> None:
    """Serves on standard input and output, or over HTTP at `address` (host, port), until told to stop."""
    if address is None:
        server_of(VideoTools(client), FileTools(client)).run("stdio")
    else:
        _serve_http(server_of(VideoTools(client), UploadTools(client)), *address)


def _serve_http(server: MCPServer, host: str, port: int) -> None:
    """A page in a browser that gets at the port by a name of its own (DNS rebinding) is refused."""
    hosts = [f"{name}:*" for name in (*LOOPBACK, host)]
    server.run(
        "streamable-http",
        host=host.strip("[]"),
        port=port,
        max_request_body_size=MAX_HTTP_BODY_BYTES,
        transport_security=TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=[f"http://{name}" for name in hosts]
        ),
    )


def server_of(tools: VideoTools, files: FileTools | UploadTools) -> MCPServer:
    """The server with these tools."""
    server = MCPServer(
        "talkreel", version=version("talkreel"), instructions=INSTRUCTIONS, log_level="WARNING"
    )
    looks = ToolAnnotations(read_only_hint=True)
    makes = ToolAnnotations(destructive_hint=False)
    ends = ToolAnnotations(destructive_hint=True, idempotent_hint=True)
    server.add_tool(files.make_talking_video, annotations=makes)
    server.add_tool(tools.wait_for_video, annotations=looks)
    server.add_tool(tools.list_videos, annotations=looks)
    server.add_tool(tools.cancel_video, annotations=ends)
    server.add_tool(tools.delete_video, annotations=ends)
    server.add_tool(
        tools.restore_video, annotations=ToolAnnotations(destructive_hint=False, idempotent_hint=True)
    )
    if isinstance(files, FileTools):
        server.add_tool(files.save_video, annotations=ends)
    return server


class VideoTools:
    """What can be done with the jobs of the key."""

    def __init__(self, client: Talkreel) -> None:
        self._client = client

    def wait_for_video(self, job_id: JobId, context: Context, seconds: Seconds = 45) -> Status:
        """Wait until a video is made, or the time is over, and return its status.

        PENDING or PROCESSING: call again. COMPLETED: outputVideo is a link to the MP4, outputShareLink one
        to a page that plays it, and warnings say what was degraded. FAILED: errorMessage says why.
        """

        def tell(status: Status) -> None:
            anyio.from_thread.check_cancelled()
            anyio.from_thread.run(context.report_progress, status.progress, 100, status.phase)

        with _sentences():
            try:
                return self._client.wait(job_id, tell, timeout_seconds=seconds)
            except (JobFailed, JobCancelled) as end:
                return end.job
            except TookTooLong:
                return self._client.status(job_id)

    def list_videos(
        self, status: JobStatus | None = None, limit: Limit = 20, deleted: Deleted = False
    ) -> list[ListedJob]:
        """List the newest jobs of the key, all or those with one status, newest first."""
        with _sentences():
            return list(islice(self._client.jobs(status, deleted=deleted), limit))

    def cancel_video(self, job_id: JobId) -> Status:
        """Cancel a job that is still PENDING. One that is being made can't be stopped."""
        with _sentences():
            self._client.cancel(job_id)
            return self._client.status(job_id)

    def delete_video(self, job_id: JobId, permanent: Permanent = False) -> Removed:
        """Delete a job that has ended, with its video and links. One still PENDING is cancelled instead."""
        with _sentences():
            done = self._client.delete(job_id, permanent=permanent)
        return Removed(jobId=job_id, restorableUntil=done.restorable_until if done else None)

    def restore_video(self, job_id: JobId) -> Status:
        """Bring a deleted job back, with its video and links, until its restorableUntil."""
        with _sentences():
            self._client.restore(job_id)
            return self._client.status(job_id)


class FileTools:
    """For an assistant on this machine, which may read and write what its user may."""

    def __init__(self, client: Talkreel) -> None:
        self._client = client

    @takes_render_options
    def make_talking_video(
        self,
        portrait_path: PortraitPath,
        voice_path: VoicePath,
        webhook_url: WebhookUrl | None = None,
        idempotency_key: IdempotencyKey | None = None,
        **options: object,
    ) -> Submitted:
        """Begin to make a video in which the person of a portrait speaks with the voice of a recording."""
        with _sentences():
            job_id = self._client.submit(
                portrait_path,
                voice_path,
                webhook_url=webhook_url,
                idempotency_key=idempotency_key,
                **options,
            )
            return Submitted(jobId=job_id)

    def save_video(self, job_id: JobId, path: VideoPath) -> Saved:
        """Save the video of a COMPLETED job as a file on this machine."""
        with _sentences():
            return Saved(path=str(self._client.download(job_id, path).absolute()))


class UploadTools:
    """For whoever reaches a port of this machine: paths would let them read its files."""

    def __init__(self, client: Talkreel) -> None:
        self._client = client

    @takes_render_options
    def make_talking_video(
        self,
        portrait: Portrait,
        voice: Voice,
        webhook_url: WebhookUrl | None = None,
        idempotency_key: IdempotencyKey | None = None,
        **options: object,
    ) -> Submitted:
        """Begin to make a video in which the person of a portrait speaks with the voice of a recording."""
        image, audio = _decoded("portrait", portrait), _decoded("voice", voice)
        with _sentences():
            job_id = self._client.submit(
                image,
                audio,
                webhook_url=webhook_url,
                idempotency_key=idempotency_key,
                **options,
            )
            return Submitted(jobId=job_id)


@contextmanager
def _sentences() -> Iterator[None]:
    """What the service says, as the tool's error."""
    try:
        yield
    except TalkreelError as error:
        raise ToolError(error.sentence) from error
    except OSError as error:
        raise ToolError(f"{error.filename}: {error.strerror}.") from error


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ToolError(f"The {name} is not base64.") from None
