"""How the logs of renders ended that came to nothing: kept for operators, gone with their job."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.database.database import Database, now_ms
from app.database.models import RenderLog
from app.errors import DatabaseUnavailable

log = structlog.get_logger(__name__)


def keep(database: Database, job_id: str, lines: Sequence[str]) -> None:
    """Keeps the lines in place of an earlier attempt's. If that fails, they are in the log all the same."""
    try:
        with database.writing() as session:
            session.exec(delete(RenderLog).where(col(RenderLog.job_id) == job_id))
            now = session.exec(select(now_ms())).one()
            session.add(RenderLog(job_id=job_id, text="\n".join(lines), written_at_ms=now))
    except DatabaseUnavailable:
        log.warning("end of the log not kept")
    except IntegrityError:
        # The job was deleted meanwhile.
        return
