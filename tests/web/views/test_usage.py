"""GET /api/usage, and the quota that it tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.database.models import Usage
from app.keys import api_keys
from tests.support.world import Person, World, png, wav
from tests.web.views.submissions import is_untouched, refused


def usage_of(person: Person, **query: Any) -> dict[str, Any]:
    answer = person.get("/api/usage", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def limit(world: World, person: Person, seconds: int) -> None:
    api_keys.change(world.services.database, person.key.id, {"monthly_quota_seconds": seconds})


def use_up(world: World, person: Person, seconds: float) -> None:
    """As if so much had been made today."""
    day = datetime.fromisoformat(usage_of(person, days=1)["days"][0]["date"]).date()
    with world.services.database.writing() as session:
        session.merge(Usage(api_key_id=person.key.id, day=day, output_seconds=seconds))


def test_a_day_counts_its_jobs_seconds_and_bytes(database_world: World) -> None:
    world, alice = database_world, database_world.alice
    world.complete(alice.submitted(), b"a video" * 100)
    world.fail(alice.submitted())
    alice.delete(f"/api/jobs/{alice.submitted()}")

    (day,) = usage_of(alice, days=1)["days"]

    assert day.pop("date") == datetime.now(UTC).date().isoformat()
    assert day == {
        "jobs": {"submitted": 3, "completed": 1, "failed": 1, "cancelled": 1},
        "outputSeconds": 0.1,
        "renderSeconds": 0.0,
        "cpuSeconds": 0.0,
        "bytesIn": 3 * (len(png()) + len(wav())),
        "bytesOut": 700,
    }


def test_the_total_is_the_sum_of_the_days(world: World) -> None:
    today = datetime.now(UTC).date()
    with world.services.database.writing() as session:
        for ago in range(5):
            day = today - timedelta(days=ago)
            session.add(Usage(api_key_id=world.alice.key.id, day=day, completed=2, cpu_seconds=0.1004))

    found = usage_of(world.alice, days=4)

    assert found["total"]["jobs"]["completed"] == 8
    assert found["total"]["cpuSeconds"] == 0.4 == round(sum(day["cpuSeconds"] for day in found["days"]), 3)


def test_thirty_days_are_listed_oldest_first_unless_asked_otherwise(world: World) -> None:
    dates = [day["date"] for day in usage_of(world.alice)["days"]]

    assert len(dates) == 30
    assert dates == sorted(dates)
    assert len(usage_of(world.alice, days=366)["days"]) == 366


def test_a_number_of_days_that_can_t_be_is_refused(world: World) -> None:
    for days in ("0", "367", "-1", "week", "1.5", ""):
        answer = world.alice.get("/api/usage", query_string={"days": days})

        assert refused(answer, 400, "invalid_parameter", parameter="days"), days


def test_a_refused_submission_counts_as_nothing(world: World) -> None:
    world.alice.submit(audio=None)

    assert usage_of(world.alice)["total"]["jobs"]["submitted"] == 0
    assert usage_of(world.alice)["total"]["bytesIn"] == 0


def test_use_stays_when_its_jobs_are_deleted(world: World) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)
    before = usage_of(world.alice)

    assert world.alice.delete(f"/api/jobs/{job_id}").status_code == 200

    assert usage_of(world.alice) == before
    assert before["total"]["jobs"]["completed"] == 1


def test_each_sees_their_own_use_and_an_admin_everybody_s(database_world: World) -> None:
    world, admin = database_world, database_world.admin("root")
    world.alice.submitted()

    assert usage_of(world.bob)["total"]["jobs"]["submitted"] == 0
    assert usage_of(admin)["total"]["jobs"]["submitted"] == 0
    assert usage_of(admin, keyId=world.alice.key.id) == usage_of(world.alice)
    assert usage_of(world.alice, keyId=world.alice.key.id) == usage_of(world.alice)


def test_the_use_of_a_key_that_is_not_there_is_404(database_world: World) -> None:
    admin = database_world.admin("root")

    for key_id in ("a" * 24, "\0", "x"):
        answer = admin.get("/api/usage", query_string={"keyId": key_id})

        assert refused(answer, 404, "key_not_found"), key_id


def test_a_key_without_a_quota_says_so(world: World) -> None:
    assert usage_of(world.alice)["quota"] is None


def test_a_quota_tells_what_is_used_and_when_it_begins_anew(database_world: World) -> None:
    alice = database_world.alice
    limit(database_world, alice, 600)
    use_up(database_world, alice, 12.5)

    quota = usage_of(alice)["quota"]

    resets_at = datetime.fromisoformat(quota.pop("resetsAt"))
    assert quota == {"monthlySeconds": 600, "usedSeconds": 12.5}
    assert (resets_at.day, resets_at.time().isoformat()) == (1, "00:00:00")
    assert timedelta() < resets_at - datetime.now(UTC) <= timedelta(days=31)


def test_a_used_up_quota_refuses_a_job_before_its_body_and_says_when_to_come_back(
    database_world: World,
) -> None:
    alice = database_world.alice
    limit(database_world, alice, 60)
    use_up(database_world, alice, 60.0)

    # Not even the type of the body is looked at.
    answer = alice.post("/api/jobs", data=b"not multipart")

    seconds = int(answer.headers["Retry-After"])
    assert refused(answer, 429, "quota_exceeded", retryAfterSeconds=seconds)
    resets_at = datetime.fromisoformat(usage_of(alice)["quota"]["resetsAt"])
    assert abs((resets_at - datetime.now(UTC)).total_seconds() - seconds) < 60
    assert is_untouched(database_world)


def test_a_job_that_overshoots_the_quota_still_runs_and_is_the_last(world: World) -> None:
    limit(world, world.alice, 60)
    use_up(world, world.alice, 59.95)

    world.complete(world.alice.submitted())

    assert usage_of(world.alice)["quota"]["usedSeconds"] == 60.05
    assert (world.alice.submit().json or {})["code"] == "quota_exceeded"
    assert world.bob.submit().status_code == 201


def test_a_raised_quota_counts_at_once(world: World) -> None:
    limit(world, world.alice, 60)
    use_up(world, world.alice, 60.0)
    assert world.alice.submit().status_code == 429

    limit(world, world.alice, 61)

    assert world.alice.submit().status_code == 201


def test_an_active_job_is_named_before_the_quota_is(world: World) -> None:
    job_id = world.alice.submitted()
    limit(world, world.alice, 60)
    use_up(world, world.alice, 60.0)

    assert refused(world.alice.submit(), 409, "active_job_exists", jobId=job_id)
