"""Run by Alembic: applies the migrations on the connection that `dlkit.store.migrate` passes."""

from alembic import context

from dlkit.store.opening import VERSION_TABLE
from dlkit.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
