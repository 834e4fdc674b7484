"""What a key may do and when it was last used, and what it used by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _widen_api_keys()
    _create_usage()


def downgrade() -> None:
    op.drop_table("usage")
    for name in ("monthly_quota_seconds", "is_admin", "last_used_at_ms", "prefix"):
        op.drop_column("api_keys", name)


def _widen_api_keys() -> None:
    op.add_column("api_keys", sa.Column("prefix", sa.String()))
    op.add_column("api_keys", sa.Column("last_used_at_ms", sa.BigInteger()))
    op.add_column("api_keys", sa.Column("is_admin", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("api_keys", sa.Column("monthly_quota_seconds", sa.Integer()))


def _create_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("api_key_id", sa.String(), sa.ForeignKey("api_keys.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("output_seconds", sa.Float(), nullable=False),
        sa.Column("render_seconds", sa.Float(), nullable=False),
        sa.Column("cpu_seconds", sa.Float(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
    )
