"""Every try of a delivery, redelivery, and secrets that are rotated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tries",
        sa.Column(
            "delivery_id", sa.String(), sa.ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("begun_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String()),
    )
    op.add_column("deliveries", sa.Column("schedule_from", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("api_keys", sa.Column("previous_webhook_secret", sa.String()))
    op.add_column("api_keys", sa.Column("previous_until_ms", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("api_keys", "previous_until_ms")
    op.drop_column("api_keys", "previous_webhook_secret")
    op.drop_column("deliveries", "schedule_from")
    op.drop_table("tries")
