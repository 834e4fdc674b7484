"""Processes that do something at the same instant, again and again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import TypeVar

MEET_SECONDS = 60
Seen = TypeVar("Seen")
#: A rival's whole race. It is told its number and calls `meet` before each thing that is to be simultaneous.
Race = Callable[[int, Callable[[], object]], Seen]

_barrier: list[Barrier] = []


def race(run: Race[Seen], rivals: int) -> Sequence[Seen]:
    """What each of so many new processes returns from `run`, which has to be picklable."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.world"])  # the imports, once for all
    barrier = context.Barrier(rivals, timeout=MEET_SECONDS)
    with ProcessPoolExecutor(rivals, context, initializer=_agree_on, initargs=(barrier,)) as pool:
        return list(pool.map(_run, [run] * rivals, range(rivals)))


def _agree_on(barrier: Barrier) -> None:
    _barrier.append(barrier)


def _run(run: Race[Seen], number: int) -> Seen:
    # Nobody can take a second number: all have to be here first.
    meet = _barrier[0].wait
    meet()
    return run(number, meet)
