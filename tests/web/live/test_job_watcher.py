"""The lookout: one look for all who wait, and none while nobody does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from sqlalchemy import event

from app.database.database import Database
from app.jobs import queries
from app.web.live.job_watcher import JobWatcher
from app.web.live.subscribers import Message
from app.web.views.events import HEARTBEAT, EventSubscriber
from tests.support.processes import free_ports
from tests.support.service import wait_until
from tests.support.world import World


def follower(world: World, job_id: str) -> EventSubscriber:
    """One who knows how the job is, and has been silent for long."""
    job = queries.get(world.services.database, job_id, owner=world.alice.key.id)
    return EventSubscriber(job, None, world.services.links, now_seconds=-1000)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is asked of a database meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def watchers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "job-watcher"]


def test_all_who_wait_are_looked_after_by_one_query(world: World) -> None:
    job_id = world.alice.submitted()
    crowd = [follower(world, job_id) for _ in range(100)]
    with statements(world.services.database) as asked:
        told = world.services.job_watcher.look(crowd)

    assert [word.data for _, word in told] == [HEARTBEAT] * 100
    assert len(asked) == 1


def test_news_for_many_are_read_once(world: World) -> None:
    job_id = world.alice.submitted()
    crowd = [follower(world, job_id) for _ in range(100)]
    world.fail(job_id)
    with statements(world.services.database) as asked:
        told = world.services.job_watcher.look(crowd)

    assert len({word.data for _, word in told}) == 1
    assert all(word.is_last for _, word in told)
    assert len(asked) == 2


def test_a_database_that_is_gone_sends_nobody_away(world: World) -> None:
    (port,) = free_ports(1)
    gone = Database(f"postgresql+psycopg://nobody@127.0.0.1:{port}/none")
    one = follower(world, world.alice.submitted())

    assert JobWatcher(gone, 1, 1).look([one]) == [(one, Message(HEARTBEAT))]


def test_its_thread_is_there_only_while_somebody_waits(world: World) -> None:
    job_watcher, heard = world.services.job_watcher, SimpleQueue[Message]()
    one = follower(world, world.alice.submitted())
    assert watchers() == []

    job_watcher.watch(one, heard.put)
    assert watchers() == ["job-watcher"]
    assert heard.get(timeout=10) == Message(HEARTBEAT)
    job_watcher.forget(one)

    wait_until(lambda: watchers() == [])
    job_watcher.watch(one, heard.put)
    world.fail(one.job_id)
    assert heard.get(timeout=10).is_last
    job_watcher.forget(one)
    wait_until(lambda: watchers() == [])
