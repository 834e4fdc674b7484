"""The floor plan, held: who may import whom, and how long a function and a file may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for top in ("app", "worker") for path in sorted((ROOT / top).rglob("*.py"))]

#: Each floor imports only from the ones before it. Modules of one floor may not import each other.
FLOORS = (
    {"app.nearest", "app.reading"},
    {"app.isobmff", "app.iff", "app.ebml", "app.mpeg_audio"},
    {"app.foreign_media"},
    {"app.clock", "app.errors", "app.states", "app.notices", "app.ids", "app.logs", "app.media"},
    {"app.image_headers", "app.sound_headers"},
    {"app.inspection"},
    {
        "app.wholefile",
        "app.shipped",
        "app.machine",
        "app.envfile",
        "app.parts",
        "app.deadlines",
        "app.listening",
        "app.metricfiles",
        "app.sentinelurl",
    },
    {"app.settingrules", "app.failpoints", "app.key_errors", "app.operator_errors", "app.metrics"},
    {"app.settings"},
    {"app.startup", "app.signing", "app.cursors", "app.addresses", "app.hurry", "app.local"},
    {"app.webhook_urls", "app.client"},
    {"app.egress"},
    {"app.outcomes"},
    {"app.columns", "app.listed"},
    {"app.models"},
    {"app.links"},
    {"app.payloads"},
    {"app.service_bodies", "app.deletion_bodies"},
    {"app.stored", "app.redisurl", "app.lookups", "app.render_workers", "app.sweeper_heartbeat"},
    {"app.bucket", "app.localfiles", "app.database_engines"},
    {"app.database", "app.storage", "app.queues", "app.valkey", "app.children", "app.programs"},
    {"app.migrations", "app.supervisor"},
    {"app.usage"},
    {"app.segments", "app.key_bodies", "app.usage_bodies"},
    {
        "app.apikeys",
        "app.jobs",
        "app.slots",
        "app.idempotency",
        "app.marks",
        "app.deliveries",
        "app.readiness",
        "app.renderlogs",
    },
    {
        "app.submissions",
        "app.deletions",
        "app.overview",
        "app.leases",
        "app.webhooks",
        "app.retries",
        "app.callers",
    },
    {"app.lost_leases"},
    {"app.housekeeping", "app.requeue"},
    {"app.orphans"},
    {"app.operator_bodies", "app.scrape"},
    {"app.doctor"},
    {"app.tool_parameters"},
    {"app.web", "app.service", "app.tools"},
    {"app.cli"},
    {"worker.beside"},
    {"worker.failures", "worker.scene", "worker.riff", "worker.lanes", "worker.bounds", "worker.reach"},
    {"worker.landlock", "worker.seccomp", "worker.offspring"},
    {"worker.cage", "worker.follower", "worker.progress"},
    {"worker.cicp", "worker.resizing"},
    {"worker.decoding"},
    {"worker.colours"},
    {"worker.pixels"},
    {"worker.heif"},
    {"worker.command"},
    {"worker.process"},
    {"worker.ffmpeg"},
    {"worker.packets", "worker.bits", "worker.loudness", "worker.probe", "worker.sections"},
    {"worker.containers", "worker.channels"},
    {"worker.picture", "worker.sound", "worker.checks", "worker.aac"},
    {"worker.streamcopy", "worker.levelling", "worker.mux"},
    {"worker.h264"},
    {"worker.still"},
    {"worker.clip"},
    {"worker.talking.arrays", "worker.talking.visemes", "worker.talking.models"},
    {
        "worker.talking.download",
        "worker.talking.grid",
        "worker.talking.grain",
        "worker.talking.smoothing",
        "worker.talking.tracks",
        "worker.talking.networks",
    },
    {"worker.talking.frame", "worker.talking.voice", "worker.talking.detector", "worker.talking.mesh"},
    {"worker.talking.seam", "worker.talking.features", "worker.talking.phones", "worker.talking.cover"},
    {"worker.talking.geometry", "worker.talking.targets", "worker.talking.hints", "worker.talking.faces"},
    {"worker.talking.hearing"},
    {"worker.talking.lips", "worker.talking.palette", "worker.talking.speech", "worker.talking.motion"},
    {"worker.talking.warp", "worker.talking.interior", "worker.talking.eyelid", "worker.talking.head"},
    {"worker.talking.mouth", "worker.talking.eyes", "worker.talking.colour", "worker.talking.performance"},
    {"worker.talking.actor"},
    {"worker.talking.chunk"},
    {"worker.talking.film"},
    {"worker.talking.engine"},
    {"worker.external"},
    {"worker.engines"},
    {"worker.render", "worker.workshop", "worker.heart", "worker.webhooks", "worker.stopwatch"},
    {"worker.machine", "worker.circuit_breaker"},
    {"worker.shift", "worker.meter", "worker.tube", "worker.metricsport"},
    {"worker.leader", "worker.helper"},
    {"worker.tasks", "worker.local"},
    {"worker.__main__", "worker.sweep"},
)
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room a module is in: a package on the plan is one room, whatever it holds."""
    for room in ("app.errors", "app.web", "app.migrations", "app.cli", "app.client", "app.doctor"):
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
PACKAGES = {"app", "worker", "worker.talking"}
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
    rooms = {"app.client", "app.clock", "app.signing", "app.states", "app.wholefile"}
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
                "app.redisurl",
                "app.queues",
                "app.render_workers",
                "app.scrape",
                "app.sweeper_heartbeat",
                "app.valkey",
                "app.readiness",
                "app.web",
                "app.doctor",
            },
        ),
        ("rq", {"app.queues", "app.render_workers", "worker.__main__"}),
        ("mcp", {"app.tools"}),
        (
            "prometheus_client",
            {"app.metricfiles", "app.metrics", "app.scrape", "app.web", "worker.metricsport"},
        ),
        ("rich", {"app.cli"}),
        ("click", {"app.cli"}),
        ("obstore", {"app.bucket", "app.stored"}),
        ("PIL", {"worker.decoding", "worker.colours", "worker.resizing", "worker.pixels"}),
        ("pillow_heif", {"worker.heif"}),
        (
            "subprocess",
            {
                "app.doctor",
                "worker.process",
                "worker.talking.chunk",
                "worker.talking.download",
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
