"""Run by Alembic for every command; the connection comes from `app.database.migrations.upgrade`."""

from alembic import context

from app.database import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Job.metadata,
    render_as_batch=True,
    # What is done stays done where a later one fails, and the next start goes on from there.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
