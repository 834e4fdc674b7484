"""What can go wrong, row by row; each is held by the tests that bear its mark."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.paths import TESTS

ROWS = {
    1: "a worker and its horse are killed in mid-job: the job is begun anew within the lease and 2 s",
    2: "a worker alone is killed: no horse and no ffmpeg of its lives on",
    3: "a horse is killed: the job is begun anew at once",
    4: "everything is told to stop: the job goes on after the start, and the attempt doesn't count",
    5: "a worker sleeps past its lease: its late result is refused",
    6: "Redis is down at a submission: it is taken at once, and runs later",
    7: "Redis forgets everything: every job ends",
    8: "Redis is down for half a minute in mid-job: one run",
    9: "every attempt dies: FAILED after the last one, and the next job runs",
    10: "the database is locked for 4 s: nobody fails, no lease is lost",
    11: "the disk is full at an upload or a render: 503, or FAILED with the reason, and nothing is left",
    12: "the web process crashes between commit and bell: the job runs",
    13: "the sender crashes after a POST: a second one under the same id",
    14: "a receiver refuses, redirects, says 410, says nothing, drips or floods: the schedule holds",
    15: "a receiver's name leads elsewhere at the second look: there is no second look",
    16: "many submissions of one key at one instant: exactly one is taken",
    17: "a cancel and a claim at one instant: exactly one wins",
    18: "more slow clients than threads: the service answers others",
    19: "a large upload is refused: its client sees the answer",
    20: "a refused client stays on the line: nobody waits for it",
    21: "bodies cut off, flooded, repeated, malformed: refused, and nothing is left",
    22: "hostile pictures and sounds: refused soon, and in little memory",
    23: "a machine's clock is wrong: leases go by the database's",
    24: "all of it, at any time: every accepted job ends",
    25: "the web is renewed during an upload: it is taken",
}


def test_every_row_has_a_test() -> None:
    marked = {row for path in TESTS.rglob("test_*.py") for row in marks_of(ast.parse(path.read_text()))}

    assert marked == set(ROWS)


def marks_of(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fault":
                    yield ast.literal_eval(decorator.args[0])
