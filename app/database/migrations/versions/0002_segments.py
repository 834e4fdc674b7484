"""Segments of long talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUSES = ("WAITING", "HELD", "KEPT", "DRAWN")


def upgrade() -> None:
    status = sa.Enum(*STATUSES, name="segmentstatus", native_enum=False, create_constraint=True, length=24)
    op.create_table(
        "segments",
        sa.Column("job_id", sa.String(), sa.ForeignKey("jobs.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("start_frame", sa.Integer(), nullable=False),
        sa.Column("end_frame", sa.Integer(), nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("lease_token", sa.String()),
        sa.Column("lease_until_ms", sa.BigInteger()),
    )


def downgrade() -> None:
    op.drop_table("segments")
