"""`GET /api/status/<job_id>` as the documentation of Flask, Flask-Limiter and SQLModel would have it written.

The same question, answered from the same tables with the same fields and limits: what bench/service.py holds
the service against. It reads DATABASE_URL and REDIS_URL.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime

from flask import Flask, Response, jsonify, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from sqlmodel import Session, create_engine, select
from werkzeug.middleware.proxy_fix import ProxyFix

from app.database.models import ApiKey, Job

application = Flask(__name__)
application.wsgi_app = ProxyFix(application.wsgi_app)  # type: ignore[method-assign]
limiter = Limiter(
    get_remote_address,
    app=application,
    application_limits=["600/minute"],
    strategy="moving-window",
    storage_uri=os.environ.get("REDIS_URL", "memory://").replace("unix://", "redis+unix://"),
    headers_enabled=True,
)
engine = create_engine(os.environ.get("DATABASE_URL", "sqlite://"))


@application.get("/health")
@limiter.exempt
def health() -> Response:
    return jsonify(status="ok")


@application.get("/api/status/<job_id>")
def status(job_id: str) -> Response | tuple[Response, int]:
    digest = hashlib.sha256(request.headers.get("X-API-Key", "").encode()).hexdigest()
    with Session(engine) as session:
        key = session.exec(select(ApiKey).where(ApiKey.key_sha256 == digest)).first()
        if key is None or key.revoked_at_ms is not None:
            return jsonify(
                error="API key not recognized or has been deactivated", code="invalid_api_key"
            ), 401
        job = session.exec(select(Job).where(Job.id == job_id, Job.api_key_id == key.id)).first()
        if job is None:
            return jsonify(error="No job of yours has this id.", code="job_not_found"), 404
        return jsonify(
            jobId=job.id,
            status=job.status,
            progress=job.progress,
            outputVideo=f"/videos/{job.id}.mp4",
            outputShareLink=f"/share/{job.share_token}",
            errorMessage=job.error_message,
            createdAt=_iso(job.created_at_ms),
            updatedAt=_iso(job.updated_at_ms),
            motion=job.motion_made,
            warnings=job.notices,
            phase=job.phase,
            etaSeconds=job.eta_seconds,
            durationSeconds=job.duration_seconds,
            width=job.width,
            height=job.height,
            loudness=job.loudness,
            loudnessBefore=job.loudness_before,
        )


def _iso(milliseconds: int) -> str:
    return (
        datetime.fromtimestamp(milliseconds / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
