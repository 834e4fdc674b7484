"""The endpoint of what a key used."""

from __future__ import annotations

from flask import Blueprint, Response

from app.core import ids
from app.database.models import ApiKey
from app.errors import InvalidParameter
from app.errors.keys import AdminRequired, KeyNotFound
from app.keys import api_keys, usage
from app.keys.usage_schemas import UsageBody
from app.web.http.auth import caller, require_admin
from app.web.http.context import services
from app.web.http.responses import answer, number_parameter, query_parameter
from app.web.openapi.operations import Answer, Parameter, Tag, described
from app.web.openapi.parameters import ID_SCHEMA, whole_number

used = Blueprint("used", __name__, url_prefix="/api/usage")

DEFAULT_DAYS = 30
MAX_DAYS = 366


@used.get("")
@described(
    "What a key used, by day",
    Tag.USE,
    Answer("The days in which it did something, their sums, and the month's quota.", (UsageBody,)),
    parameters=(
        whole_number("days", "How many days, today among them.", default=DEFAULT_DAYS, largest=MAX_DAYS),
        Parameter("keyId", "query", ID_SCHEMA, "Another's key, for an admin."),
    ),
    raises=(InvalidParameter("days", f"a number from 1 to {MAX_DAYS}"), AdminRequired, KeyNotFound),
)
def by_day() -> Response:
    days, key = number_parameter("days", default=DEFAULT_DAYS, largest=MAX_DAYS), _key()
    found = usage.by_day(services().database, key.id, days=days)
    return answer(UsageBody.of(found, usage.quota_of(services().database, key)))


def _key() -> ApiKey:
    """The caller's own, or for an admin the one that `keyId` names."""
    key_id = query_parameter("keyId")
    if key_id is None or key_id == caller().id:
        return caller()
    require_admin()
    if not ids.is_id(key_id):
        raise KeyNotFound
    return api_keys.get(services().database, key_id)
