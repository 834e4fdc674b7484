"""The talking engines to choose from: ours, a command, or what an installed package brings."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from app.config.settings import ENGINE_GROUP, EXEC, PORTRAIT, Settings
from worker.engines.command_engine import ExternalEngine
from worker.engines.talking.engine import talk
from worker.scene import Engine

#: What an entry point of the group names.
EngineFactory = Callable[[], Engine]


def talking_engine(settings: Settings) -> Engine:
    """The engine that TALKING_ENGINE names.

    Raises:
        Whatever the import or the factory of a package's engine raises.
    """
    if settings.talking_engine == PORTRAIT:
        return talk
    if settings.talking_engine == EXEC:
        return ExternalEngine(settings.engine_command, settings.engine_deadline_seconds)
    return _installed(settings.talking_engine)


def _installed(name: str) -> Engine:
    (entry_point,) = entry_points(group=ENGINE_GROUP, name=name)
    factory: EngineFactory = entry_point.load()
    return factory()
