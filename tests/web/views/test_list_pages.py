"""GET /api/jobs: from page to page."""

from __future__ import annotations

import base64
import random
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.pagination import Cursor, encode
from tests.support.statements import statements_of
from tests.support.world import World
from tests.web.views.lists import add_ended, ids_on, page, remove


def test_no_job_is_skipped_or_repeated_while_others_come_and_go(database_world: World) -> None:
    world, alice, chance = database_world, database_world.alice, random.Random(7)
    # Many share a millisecond, so that the id has to decide.
    before = set(add_ended(world, alice, *(1000 + number // 9 for number in range(250))))
    add_ended(world, world.bob, *range(1000, 1030))
    staying, times_to_come = set(before), count(1028)

    seen: list[tuple[str, str]] = []
    query: dict[str, Any] = {"limit": 20}
    while True:
        found = page(alice, **query)
        seen += [(job["createdAt"], job["id"]) for job in found["jobs"]]
        if not found["pagination"]["hasNextPage"]:
            break
        query["cursor"] = found["pagination"]["nextCursor"]
        add_ended(world, alice, *(next(times_to_come) for _ in range(5)))
        going = chance.sample(sorted(staying), 3)
        if len(seen) % 40 == 0:  # the cursor names a row that isn't there any more
            going.append(ids_on(found)[-1])
        for gone in going:
            remove(world, gone)
            staying.discard(gone)

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen))
    assert staying <= {job_id for _, job_id in seen} <= before


@pytest.mark.parametrize(
    ("status", "index"), [({}, "ix_jobs_page"), ({"status": "CANCELLED"}, "ix_jobs_page_by_status")]
)
def test_a_deep_page_is_found_by_the_index_alone(world: World, status: dict[str, str], index: str) -> None:
    add_ended(world, world.alice, *range(50))
    cursor = page(world.alice, limit=5, **status)["pagination"]["nextCursor"]

    with statements_of(world.services.database) as statements:
        page(world.alice, limit=5, cursor=cursor, **status)

    plan = explain(world, next(each for each in statements if "LIMIT" in each))
    assert f"USING INDEX {index} (" in plan
    assert "(created_at_ms,id)<(?,?)" in plan
    assert "TEMP B-TREE" not in plan


def explain(world: World, statement: str) -> str:
    with world.services.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    return "\n".join(str(row[-1]) for row in rows)


GARBAGE = st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())


@given(cursor=GARBAGE)
@example("")
@example("null")
@example("MTAwMC5hYmM")
@example(base64.urlsafe_b64encode(b"9" * 16 + b".abcdefgh").decode())
@example(base64.urlsafe_b64encode("١.abcdefgh".encode()).decode())
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_cursor_that_cant_be_read_is_told_so(patient_world: World, cursor: str) -> None:
    answer = patient_world.alice.get("/api/jobs", query_string={"cursor": cursor.encode("utf-8", "replace")})

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "invalid_cursor"


def test_a_cursor_is_opaque() -> None:
    cursor = encode(Cursor(1_700_000_000_000, "a" * 24))

    assert "1700000000000" not in cursor
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_somebody_elses_cursor_shows_nothing_of_theirs(world: World) -> None:
    add_ended(world, world.alice, *range(5))
    cursor = page(world.alice, limit=2)["pagination"]["nextCursor"]

    assert page(world.bob, cursor=cursor)["jobs"] == []
