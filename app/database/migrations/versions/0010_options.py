"""The options of a job as one JSON object.

The columns that held them before stay for a release: processes of the one before still write and read them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("options", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    """What came after motion and loudness is lost."""
    op.drop_column("jobs", "options")
