"""Jobs that are deleted and can be restored, and a webhook for each end of a job that is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

PAGES = {
    "ix_jobs_page": ["api_key_id", "created_at_ms", "id"],
    "ix_jobs_page_by_status": ["api_key_id", "status", "created_at_ms", "id"],
}
PRESENT = sa.text("deleted_at_ms IS NULL")
DELETED = sa.text("deleted_at_ms IS NOT NULL")
DUE = sa.text("status = 'PENDING'")
#: Of the table as it was.
DELIVERY = (
    "id, job_id, api_key_id, event, url, host, body, status, tries, due_at_ms, claim_token, claimed_until_ms,"
    " last_result, created_at_ms, updated_at_ms, schedule_from"
)
TRY = "delivery_id, number, begun_at_ms, took_ms, status, error"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("deleted_at_ms", sa.BigInteger()))
    op.add_column("jobs", sa.Column("restorable_until_ms", sa.BigInteger()))
    _make_pages_anew(PRESENT)
    _index_where("ix_jobs_deleted", "jobs", ["api_key_id", "created_at_ms", "id"], DELETED)
    _index_where("ix_jobs_restorable", "jobs", ["restorable_until_ms"], DELETED)
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_deliveries(one_per_job=False)
    else:
        op.add_column("deliveries", sa.Column("generation", sa.Integer(), nullable=False, server_default="0"))
        op.drop_constraint("deliveries_job_id_key", "deliveries")
    op.create_index("uq_deliveries_end", "deliveries", ["job_id", "generation"], unique=True)


def downgrade() -> None:
    """What is deleted goes for good, and of several ends of a job the last one is left."""
    op.execute("DELETE FROM jobs WHERE deleted_at_ms IS NOT NULL")
    op.execute(
        "DELETE FROM deliveries WHERE EXISTS (SELECT 1 FROM deliveries AS later"
        " WHERE later.job_id = deliveries.job_id AND later.generation > deliveries.generation)"
    )
    op.drop_index("uq_deliveries_end", "deliveries")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_deliveries(one_per_job=True)
    else:
        op.drop_column("deliveries", "generation")
        op.create_unique_constraint("deliveries_job_id_key", "deliveries", ["job_id"])
    op.drop_index("ix_jobs_restorable", "jobs")
    op.drop_index("ix_jobs_deleted", "jobs")
    _make_pages_anew(None)
    op.drop_column("jobs", "restorable_until_ms")
    op.drop_column("jobs", "deleted_at_ms")


def _make_pages_anew(where: sa.TextClause | None) -> None:
    for name, columns in PAGES.items():
        op.drop_index(name, "jobs")
        _index_where(name, "jobs", columns, where)


def _index_where(name: str, table: str, columns: list[str], where: sa.TextClause | None) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _rebuild_deliveries(*, one_per_job: bool) -> None:
    """SQLite can't drop a constraint. What refers to the table goes first, or it would lose its rows, too."""
    op.execute(f"CREATE TABLE kept_tries AS SELECT {TRY} FROM tries")  # noqa: S608 - our own names
    op.drop_table("tries")
    op.drop_index("ix_deliveries_due", "deliveries")
    op.rename_table("deliveries", "kept_deliveries")
    _create_deliveries(one_per_job=one_per_job)
    op.execute(f"INSERT INTO deliveries ({DELIVERY}) SELECT {DELIVERY} FROM kept_deliveries")  # noqa: S608 - our own names
    op.drop_table("kept_deliveries")
    _create_tries()
    op.execute(f"INSERT INTO tries ({TRY}) SELECT {TRY} FROM kept_tries")  # noqa: S608 - our own names
    op.drop_table("kept_tries")
    _index_where("ix_deliveries_due", "deliveries", ["due_at_ms"], DUE)


def _create_deliveries(*, one_per_job: bool) -> None:
    words = ("PENDING", "DELIVERED", "GIVEN_UP")
    status = sa.Enum(*words, name="deliverystatus", native_enum=False, create_constraint=True, length=24)
    generation = sa.Column("generation", sa.Integer(), nullable=False, server_default="0")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("job_id", sa.String(), nullable=False, unique=one_per_job),
        sa.Column("api_key_id", sa.String(), sa.ForeignKey("api_keys.id"), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status", status, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("claim_token", sa.String()),
        sa.Column("claimed_until_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_result", sa.String()),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("schedule_from", sa.Integer(), nullable=False, server_default="0"),
        *([] if one_per_job else [generation]),
    )


def _create_tries() -> None:
    delivery = sa.ForeignKey("deliveries.id", ondelete="CASCADE")
    op.create_table(
        "tries",
        sa.Column("delivery_id", sa.String(), delivery, primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("begun_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.String()),
    )
