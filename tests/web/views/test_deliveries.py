"""GET /api/jobs/<jobId>/deliveries, and POST .../deliveries/<deliveryId>/redeliver"""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.core.ids import new_delivery_id
from app.queue.queues import SenderBell
from app.webhooks import deliveries
from app.webhooks.retry_policy import ClaimedDelivery, DeliveryAttempt
from tests.support.rows import DELIVERED, FAILED, GIVEN_UP, UNANSWERED, due
from tests.support.world import Person, World
from tests.web.views.conftest import MakeWorld
from tests.web.views.submissions import HOOK, refused

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def told(world: World, came_to: DeliveryAttempt | None) -> str:
    """A completed job of alice's, whose webhook was tried once if `came_to` is given. Returns its id."""
    job_id = world.alice.submitted(webhookUrl=HOOK)
    world.complete(job_id)
    if came_to:
        assert deliveries.record(world.services.database, take(world), came_to)
    return job_id


def take(world: World) -> ClaimedDelivery:
    """Claims the only delivery that is due, as a sender would."""
    (delivery,) = due(world.services.database)
    return delivery


def shown(person: Person, job_id: str) -> list[dict[str, Any]]:
    answer = person.get(f"/api/jobs/{job_id}/deliveries")
    assert (answer.status_code, list(answer.json or {})) == (200, ["deliveries"]), answer.text
    return list((answer.json or {})["deliveries"])


def ask_again(person: Person, job_id: str, delivery_id: str) -> TestResponse:
    return person.post(f"/api/jobs/{job_id}/deliveries/{delivery_id}/redeliver")


def test_a_delivery_is_shown_with_its_tries(database_world: World) -> None:
    job_id = told(database_world, FAILED)

    (delivery,) = shown(database_world.alice, job_id)

    (one,) = delivery.pop("tries")
    assert MOMENT.fullmatch(one.pop("at"))
    assert one == {"number": 1, "status": 500, "ms": 34, "error": None}
    assert all(MOMENT.fullmatch(delivery.pop(name)) for name in ("createdAt", "nextTryAt"))
    assert delivery.pop("id").startswith("msg_")
    assert delivery == {"event": "job.completed", "url": HOOK, "status": "PENDING"}


def test_a_try_without_an_answer_shows_the_word_for_why(world: World) -> None:
    ((one,),) = (delivery["tries"] for delivery in shown(world.alice, told(world, UNANSWERED)))

    assert (one["status"], one["error"], one["ms"]) == (None, "timeout", 15_000)


@pytest.mark.parametrize(("came_to", "status"), [(DELIVERED, "DELIVERED"), (GIVEN_UP, "GIVEN_UP")])
def test_what_is_over_has_no_next_try(world: World, came_to: DeliveryAttempt, status: str) -> None:
    (delivery,) = shown(world.alice, told(world, came_to))

    assert (delivery["status"], delivery["nextTryAt"]) == (status, None)


def test_a_delivery_not_tried_yet_is_shown_too(world: World) -> None:
    (delivery,) = shown(world.alice, told(world, None))

    assert (delivery["status"], delivery["tries"]) == ("PENDING", [])


def test_a_job_without_a_webhook_or_without_an_end_has_none(world: World) -> None:
    without = world.alice.submitted()
    world.complete(without)
    pending = world.alice.submitted(webhookUrl=HOOK)

    assert shown(world.alice, without) == shown(world.alice, pending) == []


@pytest.mark.parametrize("came_to", [DELIVERED, GIVEN_UP, FAILED])
def test_it_is_sent_again_on_request(database_world: World, came_to: DeliveryAttempt) -> None:
    job_id = told(database_world, came_to)
    (delivery,) = shown(database_world.alice, job_id)

    answer = ask_again(database_world.alice, job_id, delivery["id"])

    assert answer.status_code == 202
    assert answer.json == {"success": True, "message": "Webhook will be sent again"}
    assert SenderBell(database_world.settings.redis_url).wait(5)
    (waiting,) = shown(database_world.alice, job_id)
    assert (waiting["status"], waiting["tries"]) == ("PENDING", delivery["tries"])
    assert take(database_world).id == delivery["id"]


def test_while_it_is_being_sent_it_can_t_be_asked_for_again(world: World) -> None:
    job_id = told(world, None)
    delivery_id = take(world).id

    answer = ask_again(world.alice, job_id, delivery_id)

    assert refused(answer, 409, "delivery_under_way")


def test_somebody_else_s_deliveries_are_not_found(world: World) -> None:
    job_id = told(world, DELIVERED)
    (delivery,) = shown(world.alice, job_id)

    assert refused(world.bob.get(f"/api/jobs/{job_id}/deliveries"), 404, "job_not_found")
    assert refused(ask_again(world.bob, job_id, delivery["id"]), 404, "job_not_found")
    assert due(world.services.database) == []


def test_the_deliveries_of_a_deleted_job_are_not_found(world: World) -> None:
    job_id = told(world, FAILED)
    (delivery,) = shown(world.alice, job_id)

    assert world.alice.delete(f"/api/jobs/{job_id}").status_code == 200

    assert refused(world.alice.get(f"/api/jobs/{job_id}/deliveries"), 404, "job_not_found")
    assert refused(ask_again(world.alice, job_id, delivery["id"]), 404, "job_not_found")


@pytest.mark.parametrize(
    "delivery_id", ["msg_uf1legg1rbp5ii08407qoa9k", "msg_", "msg_\0", "1", "msg_" + "A" * 24, "a" * 24]
)
def test_a_delivery_that_is_not_there_is_not_found(database_world: World, delivery_id: str) -> None:
    job_id = told(database_world, DELIVERED)

    answer = ask_again(database_world.alice, job_id, delivery_id.replace("\0", "%00"))

    assert refused(answer, 404, "delivery_not_found")


def test_a_strange_job_id_is_a_job_that_is_not_there(world: World) -> None:
    assert refused(world.alice.get("/api/jobs/%00/deliveries"), 404, "job_not_found")
    assert refused(ask_again(world.alice, "%00", new_delivery_id()), 404, "job_not_found")


def test_both_count_toward_the_rate_limit(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="2/minute")
    path = f"/api/jobs/{'a' * 24}/deliveries"

    answers = [
        world.alice.get(path),
        ask_again(world.alice, "a" * 24, new_delivery_id()),
        world.alice.get(path),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
