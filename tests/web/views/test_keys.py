"""/api/keys: what an admin does with keys, and who is none."""

from __future__ import annotations

import hashlib
import io
from itertools import product
from typing import Any

import pytest
from sqlmodel import select
from werkzeug.test import TestResponse

from app.database.models import ApiKey
from app.keys import api_keys
from app.web.http.json_body import MAX_BODY_BYTES
from tests.support.world import Person, World
from tests.web.views.submissions import refused


@pytest.fixture
def admin(database_world: World) -> Person:
    return database_world.admin("root")


def minted(by: Person, **members: Any) -> dict[str, Any]:
    answer = by.post("/api/keys", json={"name": "somebody", **members})
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})


def listed(admin: Person, **query: Any) -> dict[str, Any]:
    answer = admin.get("/api/keys", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def on_the_list(admin: Person, key_id: str) -> dict[str, Any]:
    (found,) = (key for key in listed(admin)["keys"] if key["id"] == key_id)
    return dict(found)


def patch(person: Person, key_id: str, **members: Any) -> TestResponse:
    return person.client.patch(f"/api/keys/{key_id}", headers=person.headers, json=members)


def test_a_new_key_is_shown_whole_once_and_works_at_once(database_world: World, admin: Person) -> None:
    made = minted(admin, name="Ann's laptop", maxActiveJobs=3, monthlyQuotaSeconds=3600)

    headers = {"X-API-Key": made["apiKey"]}
    assert database_world.app.test_client().get("/api/jobs", headers=headers).status_code == 200
    assert made["webhookSecret"].startswith("whsec_")
    assert (made["name"], made["maxActiveJobs"], made["monthlyQuotaSeconds"]) == ("Ann's laptop", 3, 3600)
    shown = on_the_list(admin, made["id"])
    assert shown.keys() == made.keys() - {"apiKey", "webhookSecret"}
    assert made["apiKey"].startswith(shown["prefix"])
    assert len(shown["prefix"]) == 8


def test_a_new_key_has_one_job_at_a_time_no_quota_and_is_no_admin_s(admin: Person) -> None:
    made = minted(admin)

    assert (made["maxActiveJobs"], made["monthlyQuotaSeconds"], made["admin"]) == (1, None, False)
    assert (made["lastUsedAt"], made["revokedAt"]) == (None, None)


def test_a_key_that_was_made_over_http_is_kept_as_its_sha_256_alone(
    database_world: World, admin: Person
) -> None:
    made = minted(admin)

    with database_world.services.database.reading() as session:
        row = session.exec(select(ApiKey).where(ApiKey.id == made["id"])).one()
    assert row.key_sha256 == hashlib.sha256(made["apiKey"].encode()).hexdigest()
    assert not any(made["apiKey"] in str(value) for value in row.model_dump().values())


def test_an_admin_can_make_another(database_world: World, admin: Person) -> None:
    made = minted(admin, admin=True)

    headers = {"X-API-Key": made["apiKey"]}
    assert database_world.app.test_client().get("/api/keys", headers=headers).status_code == 200


FOR_ADMINS = [
    ("GET", "/api/keys"),
    ("POST", "/api/keys"),
    ("PATCH", "/api/keys/" + "a" * 24),
    ("DELETE", "/api/keys/" + "a" * 24),
    ("GET", "/api/usage?keyId=" + "a" * 24),
]


def test_who_is_no_admin_is_refused(world: World) -> None:
    for method, path in FOR_ADMINS:
        answer = world.alice.client.open(path, method=method, headers=world.alice.headers)

        assert refused(answer, 403, "admin_required"), (method, path)


def test_keys_are_listed_newest_first_page_by_page(database_world: World, admin: Person) -> None:
    made = [minted(admin, name=f"number {number}")["id"] for number in range(5)]

    pages, query = [], {"limit": 3}
    while True:
        found = listed(admin, **query)
        pages.append([key["id"] for key in found["keys"]])
        if not found["pagination"]["hasNextPage"]:
            break
        query["cursor"] = found["pagination"]["nextCursor"]

    seen = [key_id for page in pages for key_id in page]
    people = {database_world.alice.key.id, database_world.bob.key.id, admin.key.id}
    assert [len(page) for page in pages] == [3, 3, 2]
    assert set(seen) == people | set(made)
    created = {key["id"]: key["createdAt"] for key in listed(admin)["keys"]}
    assert [created[key_id] for key_id in seen] == sorted(created.values(), reverse=True)


def test_a_page_that_can_t_be_is_refused(world: World) -> None:
    admin = world.admin("root")

    assert refused(admin.get("/api/keys?limit=0"), 400, "invalid_parameter", parameter="limit")
    assert refused(admin.get("/api/keys?cursor=nonsense"), 400, "invalid_cursor")


def test_a_revoked_key_stays_listed_and_opens_nothing(database_world: World, admin: Person) -> None:
    bob = database_world.bob

    answer = admin.delete(f"/api/keys/{bob.key.id}")

    assert (answer.status_code, answer.json) == (200, {"success": True, "message": "Key revoked"})
    assert bob.get("/api/jobs").status_code == 401
    assert on_the_list(admin, bob.key.id)["revokedAt"] is not None
    assert refused(admin.delete(f"/api/keys/{bob.key.id}"), 404, "key_not_found")


def test_a_key_can_t_revoke_itself(world: World) -> None:
    admin = world.admin("root")

    assert refused(admin.delete(f"/api/keys/{admin.key.id}"), 409, "own_key")
    assert admin.get("/api/keys").status_code == 200


def test_a_key_that_is_not_there_is_404(admin: Person) -> None:
    for method, key_id in product(("PATCH", "DELETE"), ("a" * 24, "%00", "x", "%ff")):
        path = f"/api/keys/{key_id}"
        answer = admin.client.open(path, method=method, headers=admin.headers, json={"name": "new"})

        assert refused(answer, 404, "key_not_found"), (method, path)


def test_what_a_change_names_is_changed_and_nothing_else(database_world: World, admin: Person) -> None:
    made = minted(admin, maxActiveJobs=2, monthlyQuotaSeconds=60)

    named = patch(admin, made["id"], name="another")
    freed = patch(admin, made["id"], monthlyQuotaSeconds=None)

    before = {name: value for name, value in made.items() if name not in ("apiKey", "webhookSecret")}
    assert named.json == {**before, "name": "another"}
    assert freed.json == {**before, "name": "another", "monthlyQuotaSeconds": None}
    assert patch(admin, made["id"]).json == freed.json == on_the_list(admin, made["id"])


def test_a_revoked_key_is_not_changed(admin: Person) -> None:
    key_id = minted(admin)["id"]
    admin.delete(f"/api/keys/{key_id}")

    assert refused(patch(admin, key_id, name="back again"), 404, "key_not_found")


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({}, "name", "'name' must be a text of 1 to 100 printable characters."),
    "an empty name": ({"name": " "}, "name", "printable"),
    "a long name": ({"name": "n" * 101}, "name", "1 to 100"),
    "a name with a NUL": ({"name": "a\0b"}, "name", "printable"),
    "a number for a name": ({"name": 1}, "name", "a text"),
    "no job at all": ({"name": "a", "maxActiveJobs": 0}, "maxActiveJobs", "a whole number from 1 to 100"),
    "half a job": ({"name": "a", "maxActiveJobs": 1.5}, "maxActiveJobs", "a whole number"),
    "a text for a number": ({"name": "a", "maxActiveJobs": "3"}, "maxActiveJobs", "a whole number"),
    "a quota of none": ({"name": "a", "monthlyQuotaSeconds": 0}, "monthlyQuotaSeconds", "or null"),
    "a quota beyond all": ({"name": "a", "monthlyQuotaSeconds": 1 << 40}, "monthlyQuotaSeconds", "from 1 to"),
    "a number for yes": ({"name": "a", "admin": 1}, "admin", "'admin' must be true or false."),
}


def test_a_member_that_is_wrong_is_named_with_what_it_must_be(world: World) -> None:
    admin = world.admin("root")

    for case, (members, member, words) in WRONG.items():
        answer = admin.post("/api/keys", json=members)

        assert refused(answer, 400, "invalid_member", member=member), case
        assert words in (answer.json or {})["error"], case
    assert world.count("api_keys") == 3


def test_an_unknown_member_is_named_with_the_nearest_one(world: World) -> None:
    answer = world.admin("root").post("/api/keys", json={"name": "a", "maxActivJobs": 2})

    assert refused(answer, 400, "unknown_member", member="maxActivJobs")
    assert (answer.json or {})["error"] == "Unknown member 'maxActivJobs'. Did you mean 'maxActiveJobs'?"


def test_what_is_no_json_object_is_told_so(world: World) -> None:
    admin = world.admin("root")

    for body in (b"", b"{", b"[]", b"null", b'"name"', b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 50_000):
        answer = admin.post("/api/keys", data=body, content_type="application/json")

        assert refused(answer, 400, "malformed_json"), body[:20]


def test_another_type_of_body_is_415(world: World) -> None:
    answer = world.admin("root").post("/api/keys", data={"name": "a"})

    assert refused(answer, 415, "not_json")


def test_a_body_that_is_too_large_is_413(world: World) -> None:
    admin, body = world.admin("root"), b" " * MAX_BODY_BYTES + b"{}"

    answers = [
        admin.post("/api/keys", data=body, content_type="application/json"),
        # Without a length that is known beforehand.
        admin.post(
            "/api/keys",
            input_stream=io.BytesIO(body),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},
        ),
    ]

    assert all(refused(answer, 413, "body_too_large") for answer in answers)
    assert world.count("api_keys") == 3


def test_a_limit_that_was_just_within_the_bounds_is_taken(admin: Person) -> None:
    made = minted(admin, name="n" * 100, maxActiveJobs=100, monthlyQuotaSeconds=1_000_000_000)

    assert (made["maxActiveJobs"], made["monthlyQuotaSeconds"]) == (100, 1_000_000_000)


def test_a_number_is_whole_however_it_is_written(admin: Person) -> None:
    body = '{"name": "a", "maxActiveJobs": 3.0, "monthlyQuotaSeconds": 6e1}'

    answer = admin.post("/api/keys", data=body, content_type="application/json")

    made = answer.json or {}
    assert (made["maxActiveJobs"], made["monthlyQuotaSeconds"]) == (3, 60)


def test_a_key_shows_when_it_was_last_used(database_world: World, admin: Person) -> None:
    bob = database_world.bob
    assert on_the_list(admin, bob.key.id)["lastUsedAt"] is None

    bob.get("/api/jobs")

    shown = on_the_list(admin, bob.key.id)
    assert shown["lastUsedAt"] >= shown["createdAt"]


def test_a_key_older_than_its_prefix_is_listed_without_one(database_world: World, admin: Person) -> None:
    api_keys.change(database_world.services.database, database_world.bob.key.id, {"prefix": None})

    assert on_the_list(admin, database_world.bob.key.id)["prefix"] is None
