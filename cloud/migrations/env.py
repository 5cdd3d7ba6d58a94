"""How alembic runs a revision: on the connection it was given, in one transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from cloud.migrations.schema import is_compared, metadata


def run(connection: Connection) -> None:
    """Apply the revisions alembic was asked for."""
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_type=True,
        include_object=is_compared,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
