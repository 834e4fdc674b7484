"""The endpoint of what a key used."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import apikeys, ids, usage
from app.key_errors import KeyNotFound
from app.models import ApiKey
from app.usage_bodies import UsageBody
from app.web.answers import answer, number_parameter
from app.web.auth import caller, require_admin
from app.web.services import services

used = Blueprint("used", __name__, url_prefix="/api/usage")

DEFAULT_DAYS = 30
MAX_DAYS = 366


@used.get("")
def by_day() -> Response:
    days, key = number_parameter("days", default=DEFAULT_DAYS, largest=MAX_DAYS), _key()
    found = usage.by_day(services().database, key.id, days=days)
    return answer(UsageBody.of(found, usage.quota_of(services().database, key)))


def _key() -> ApiKey:
    """The caller's own, or for an admin the one that `keyId` names."""
    key_id = request.args.get("keyId", caller().id)
    if key_id == caller().id:
        return caller()
    require_admin()
    if not ids.is_id(key_id):
        raise KeyNotFound
    return apikeys.get(services().database, key_id)
