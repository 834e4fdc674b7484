"""The end of a failed render's log, and the way to the latest failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHERE_FAILED = "status = 'FAILED'"


def upgrade() -> None:
    op.create_table(
        "render_logs",
        sa.Column("job_id", sa.String(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "ix_jobs_failed",
        "jobs",
        ["updated_at_ms"],
        sqlite_where=sa.text(WHERE_FAILED),
        postgresql_where=sa.text(WHERE_FAILED),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_failed", table_name="jobs")
    op.drop_table("render_logs")
