"""What a monitoring system reads. Counts tell a stranger about the users, so not everybody may."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.errors import DatabaseUnavailable, InvalidApiKey, MissingApiKey
from app.errors.keys import AdminRequired
from app.keys import authentication
from app.operations import exporter
from app.web.http.auth import presented_key, shows_metrics_token
from app.web.http.context import services
from app.web.openapi.operations import Answer, Tag, described

measured = Blueprint("measured", __name__)


@measured.get("/metrics")
@described(
    "What a monitoring system reads",
    Tag.SERVICE,
    Answer("Counts and gauges, as Prometheus has them.", media_type="text/plain"),
    raises=(MissingApiKey, InvalidApiKey, AdminRequired, DatabaseUnavailable),
    details="For an admin's key, or the operator's METRICS_TOKEN as a bearer's.",
)
def metrics() -> Response:
    """For the bearer of METRICS_TOKEN, which works with the database down, or of an admin's key."""
    _require_reader()
    parts = services()
    text = exporter.scrape(parts.settings.data_dir, parts.database, parts.job_queue)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _require_reader() -> None:
    if shows_metrics_token():
        return
    if not authentication.authenticate(services().database, presented_key()).is_admin:
        raise AdminRequired
