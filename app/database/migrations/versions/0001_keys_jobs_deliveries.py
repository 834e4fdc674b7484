"""Keys, jobs, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ACTIVE = sa.text("status IN ('PENDING', 'PROCESSING')")
TERMINAL = sa.text("status IN ('CANCELLED', 'COMPLETED', 'FAILED')")
DUE = sa.text("status = 'PENDING'")


def upgrade() -> None:
    _create_api_keys()
    _create_jobs()
    _create_deliveries()


def downgrade() -> None:
    op.drop_table("deliveries")
    op.drop_table("jobs")
    op.drop_table("api_keys")


def _word(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)


def _create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_sha256", sa.String(), nullable=False, unique=True),
        sa.Column("webhook_secret", sa.String(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger()),
    )


def _create_jobs() -> None:
    statuses = _word("jobstatus", "PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED")
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("api_key_id", sa.String(), sa.ForeignKey("api_keys.id"), nullable=False),
        sa.Column("status", statuses, nullable=False),
        sa.Column("motion_asked", sa.String(24), nullable=False),
        sa.Column("webhook_url", sa.String()),
        sa.Column("image_type", sa.String(24), nullable=False),
        sa.Column("audio_type", sa.String(24), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rung_at_ms", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.String()),
        sa.Column("lease_until_ms", sa.BigInteger()),
        sa.Column("phase", sa.String(24), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("eta_seconds", sa.Integer()),
        sa.Column("motion_made", sa.String(24)),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("duration_seconds", sa.Float()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("error_message", sa.String()),
        sa.Column("share_token", sa.String(), unique=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
    )
    _index_where("uq_jobs_one_active_per_key", "jobs", ["api_key_id"], ACTIVE, unique=True)
    _index_where("ix_jobs_active", "jobs", ["status", "lease_until_ms"], ACTIVE)
    _index_where("ix_jobs_retention", "jobs", ["updated_at_ms"], TERMINAL)
    op.create_index("ix_jobs_page", "jobs", ["api_key_id", "created_at_ms", "id"])
    op.create_index("ix_jobs_page_by_status", "jobs", ["api_key_id", "status", "created_at_ms", "id"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("job_id", sa.String(), nullable=False, unique=True),
        sa.Column("api_key_id", sa.String(), sa.ForeignKey("api_keys.id"), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", _word("deliverystatus", "PENDING", "DELIVERED", "GIVEN_UP"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("claim_token", sa.String()),
        sa.Column("claimed_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_result", sa.String()),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
    )
    _index_where("ix_deliveries_due", "deliveries", ["due_at_ms"], DUE)


def _index_where(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
