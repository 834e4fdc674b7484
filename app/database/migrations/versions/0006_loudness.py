"""A loudness that is asked for, and what was measured."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = ("loudness_asked", "loudness_before", "loudness")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("jobs", sa.Column(name, sa.Float()))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("jobs", name)
