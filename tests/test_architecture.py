"""The floor plan, held: who may import whom, and how long a function and a file may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

SOURCES = [path for top in ("app", "worker") for path in sorted((ROOT / top).rglob("*.py"))]

#: Each floor imports only from the ones before it. Modules of one floor may not import each other.
FLOORS = (
    {"app.errors.suggestions", "app.media.header_reader"},
    {"app.media.isobmff", "app.media.iff", "app.media.ebml", "app.media.mpeg_audio"},
    {"app.media.foreign_types"},
    {
        "app.core.clock",
        "app.errors",
        "app.domain.states",
        "app.domain.warnings",
        "app.core.ids",
        "app.logs",
        "app.media.media_types",
    },
    {"app.media.image_headers", "app.media.sound_headers"},
    {"app.media.inspection"},
    {
        "app.core.atomic_file",
        "app.core.packaged_files",
        "app.core.machine",
        "app.config.envfile",
        "app.core.plugins",
        "app.core.deadlines",
        "app.core.ports",
        "app.metrics.multiprocess",
        "app.config.sentinel_url",
    },
    {
        "app.config.rules",
        "app.core.failpoints",
        "app.errors.keys",
        "app.errors.operator",
        "app.metrics.counters",
    },
    {"app.config.settings"},
    {
        "app.config.startup",
        "app.core.signing",
        "app.core.pagination",
        "app.webhooks.ip_policy",
        "app.webhooks.deadline_socket",
        "app.cli.local_job",
    },
    {"app.webhooks.urls", "app.client"},
    {"app.webhooks.http_client"},
    {"app.webhooks.retry_policy"},
    {"app.database.columns", "app.schemas.listed_job"},
    {"app.database.models"},
    {"app.schemas.links"},
    {"app.schemas.jobs"},
    {"app.schemas.service", "app.schemas.deletions"},
    {
        "app.storage.base",
        "app.queue.redis_url",
        "app.database.row_queries",
        "app.queue.render_workers",
        "app.queue.sweeper_heartbeat",
    },
    {"app.storage.s3", "app.storage.filesystem", "app.database.engines"},
    {
        "app.database.database",
        "app.storage.stores",
        "app.queue.queues",
        "app.launcher.embedded_valkey",
        "app.launcher.child_process",
        "app.launcher.programs",
    },
    {"app.database.migrations", "app.launcher.supervisor"},
    {"app.keys.usage"},
    {"app.jobs.segments", "app.keys.schemas", "app.keys.usage_schemas"},
    {
        "app.keys.api_keys",
        "app.jobs.queries",
        "app.jobs.concurrency_limit",
        "app.jobs.idempotency",
        "app.jobs.versions",
        "app.webhooks.deliveries",
        "app.operations.readiness",
        "app.jobs.render_logs",
    },
    {
        "app.jobs.submissions",
        "app.jobs.deletions",
        "app.operations.overview",
        "app.jobs.leases",
        "app.webhooks.redelivery",
        "app.jobs.operator_retry",
        "app.keys.authentication",
    },
    {"app.jobs.lost_leases"},
    {"app.jobs.retention", "app.jobs.requeue"},
    {"app.jobs.orphans"},
    {"app.operations.schemas", "app.operations.exporter"},
    {"app.operations.doctor"},
    {"app.mcp.parameters"},
    {"app.web", "app.launcher.service", "app.mcp.server"},
    {"app.cli"},
    {"worker.sandbox.concurrently"},
    {
        "worker.errors",
        "worker.scene",
        "worker.sound.riff",
        "worker.sweeper.host_limits",
        "worker.sandbox.resource_limits",
        "worker.sandbox.file_access",
    },
    {"worker.sandbox.landlock", "worker.sandbox.seccomp", "worker.sandbox.process_tree"},
    {"worker.sandbox.isolation", "worker.sandbox.progress_reader", "worker.progress"},
    {"worker.picture.cicp", "worker.picture.resizing"},
    {"worker.picture.decoders"},
    {"worker.picture.colours"},
    {"worker.picture.pixels"},
    {"worker.picture.heif"},
    {"worker.sandbox.command"},
    {"worker.sandbox.runner"},
    {"worker.sandbox.ffmpeg"},
    {
        "worker.video.packets",
        "worker.engines.bits",
        "worker.sound.loudness",
        "worker.sound.probe",
        "worker.sound.parallel_decoding",
    },
    {"worker.sound.containers", "worker.sound.channels"},
    {
        "worker.picture.normalisation",
        "worker.sound.decoding",
        "worker.video.verification",
        "worker.sound.aac",
    },
    {"worker.sound.aac_copy", "worker.sound.loudness_normalisation", "worker.video.mux"},
    {"worker.engines.h264_skip"},
    {"worker.engines.still"},
    {"worker.video.conformance"},
    {
        "worker.engines.talking.numerics.arrays",
        "worker.engines.talking.voice.visemes",
        "worker.engines.talking.face.models",
    },
    {
        "worker.engines.talking.face.download",
        "worker.engines.talking.drawing.grid",
        "worker.engines.talking.drawing.grain",
        "worker.engines.talking.numerics.smoothing",
        "worker.engines.talking.numerics.tracks",
        "worker.engines.talking.face.networks",
    },
    {
        "worker.engines.talking.drawing.frame",
        "worker.engines.talking.voice.waveform",
        "worker.engines.talking.face.detector",
        "worker.engines.talking.face.mesh",
    },
    {
        "worker.engines.talking.drawing.seam",
        "worker.engines.talking.voice.features",
        "worker.engines.talking.voice.phones",
        "worker.engines.talking.face.cover",
    },
    {
        "worker.engines.talking.drawing.geometry",
        "worker.engines.talking.motion.targets",
        "worker.engines.talking.motion.hints",
        "worker.engines.talking.face.faces",
    },
    {"worker.engines.talking.voice.hearing"},
    {
        "worker.engines.talking.drawing.lips",
        "worker.engines.talking.drawing.palette",
        "worker.engines.talking.motion.mouth_track",
        "worker.engines.talking.motion.head_track",
    },
    {
        "worker.engines.talking.drawing.warp",
        "worker.engines.talking.drawing.interior",
        "worker.engines.talking.drawing.eyelid",
        "worker.engines.talking.drawing.head",
    },
    {
        "worker.engines.talking.drawing.mouth",
        "worker.engines.talking.drawing.eyes",
        "worker.engines.talking.drawing.colour",
        "worker.engines.talking.performance",
    },
    {"worker.engines.talking.actor"},
    {"worker.engines.talking.chunk"},
    {"worker.engines.talking.film"},
    {"worker.engines.talking.engine"},
    {"worker.engines.command_engine"},
    {"worker.engines.registry"},
    {
        "worker.execution.render",
        "worker.context",
        "worker.execution.lease_heartbeat",
        "worker.sweeper.webhook_sender",
        "worker.execution.stage_timer",
    },
    {"worker.execution.machine", "worker.execution.circuit_breaker"},
    {
        "worker.execution.task_scope",
        "worker.execution.cpu_usage",
        "worker.execution.metrics_pipe",
        "worker.sweeper.metrics_server",
    },
    {"worker.execution.split_leader", "worker.execution.split_helper"},
    {"worker.execution.tasks", "worker.execution.local"},
    {"worker.__main__", "worker.sweeper.__main__"},
)
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room a module is in: a package on the plan is one room, whatever it holds."""
    for room in (
        "app.errors",
        "app.web",
        "app.database.migrations",
        "app.cli",
        "app.client",
        "app.operations.doctor",
    ):
        if module == room or module.startswith(f"{room}."):
            return room
    return module


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imported_by(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """Every module of ours that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in inner if name in known)
            if node.module in known and not all(name in known for name in inner):
                yield node.module


TREES = {module_of(path): ast.parse(path.read_text()) for path in SOURCES}
PACKAGES = {"app", "worker", "worker.engines.talking"}
ROOMS = {room_of(module) for module in TREES} - PACKAGES


def test_every_room_is_on_the_plan() -> None:
    assert set().union(*FLOORS) == ROOMS


@pytest.mark.parametrize("module", sorted(set(TREES) - PACKAGES))
def test_a_room_imports_only_from_the_floors_above_its_own(module: str) -> None:
    room = room_of(module)
    others = {room_of(name) for name in imported_by(TREES[module], set(TREES))} - {room}

    assert [other for other in sorted(others) if floor_of(other) >= floor_of(room)] == []


def test_the_app_knows_nothing_of_the_worker() -> None:
    assert [
        (module, name)
        for module, tree in TREES.items()
        if module.startswith("app")
        for name in imported_by(tree, set(TREES))
        if name.startswith("worker")
    ] == []


def test_the_worker_knows_nothing_of_the_web() -> None:
    assert [
        (module, name)
        for module, tree in TREES.items()
        if module.startswith("worker")
        for name in imported_by(tree, set(TREES))
        if name.startswith("app.web")
    ] == []


def test_the_client_needs_nothing_of_a_server() -> None:
    rooms = {"app.client", "app.core.clock", "app.core.signing", "app.domain.states", "app.core.atomic_file"}
    client = [module for module in TREES if room_of(module) == "app.client"]

    assert {room_of(name) for module in client for name in imported_by(TREES[module], set(TREES))} <= rooms
    assert not {name for room in rooms - {"app.client"} for name in imported_by(TREES[room], set(TREES))}


@pytest.mark.parametrize(
    ("package", "rooms"),
    [
        ("flask", {"app.web"}),
        ("flask_limiter", {"app.web"}),
        (
            "redis",
            {
                "app.queue.redis_url",
                "app.queue.queues",
                "app.queue.render_workers",
                "app.operations.exporter",
                "app.queue.sweeper_heartbeat",
                "app.launcher.embedded_valkey",
                "app.operations.readiness",
                "app.web",
                "app.operations.doctor",
            },
        ),
        ("rq", {"app.queue.queues", "app.queue.render_workers", "worker.__main__"}),
        ("mcp", {"app.mcp.server"}),
        (
            "prometheus_client",
            {
                "app.metrics.multiprocess",
                "app.metrics.counters",
                "app.operations.exporter",
                "app.web",
                "worker.sweeper.metrics_server",
            },
        ),
        ("rich", {"app.cli"}),
        ("click", {"app.cli"}),
        ("obstore", {"app.storage.s3", "app.storage.base"}),
        (
            "PIL",
            {
                "worker.picture.decoders",
                "worker.picture.colours",
                "worker.picture.resizing",
                "worker.picture.pixels",
            },
        ),
        ("pillow_heif", {"worker.picture.heif"}),
        (
            "subprocess",
            {
                "app.operations.doctor",
                "worker.sandbox.runner",
                "worker.engines.talking.chunk",
                "worker.engines.talking.face.download",
            },
        ),
    ],
)
def test_a_door_s_package_is_known_to_its_room_alone(package: str, rooms: set[str]) -> None:
    found = {room_of(module) for module, tree in TREES.items() if package in packages_of(tree)}

    assert found == rooms


def packages_of(tree: ast.AST) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", sorted(TREES))
def test_nothing_is_imported_inside_a_function(module: str) -> None:
    inside = [
        inner.lineno
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_a_file_stays_within_its_length(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("module", sorted(TREES))
def test_a_function_stays_within_its_length(module: str) -> None:
    long = {
        node.name: lines
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }

    assert long == {}
