"""Idempotency keys, and more than one active job for a key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ACTIVE = sa.text("status IN ('PENDING', 'PROCESSING')")


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("api_key_id", sa.String(), sa.ForeignKey("api_keys.id"), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
    )
    op.add_column("api_keys", sa.Column("max_active_jobs", sa.Integer(), nullable=False, server_default="1"))
    # A process of the release before, still at work, goes on taking slot 0.
    op.add_column("jobs", sa.Column("slot", sa.Integer(), nullable=False, server_default="0"))
    _unique_while_active("uq_jobs_active_slot", "api_key_id", "slot")
    op.drop_index("uq_jobs_one_active_per_key", "jobs")


def downgrade() -> None:
    _unique_while_active("uq_jobs_one_active_per_key", "api_key_id")
    op.drop_index("uq_jobs_active_slot", "jobs")
    op.drop_column("jobs", "slot")
    op.drop_column("api_keys", "max_active_jobs")
    op.drop_table("idempotency_keys")


def _unique_while_active(name: str, *columns: str) -> None:
    op.create_index(name, "jobs", columns, unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
