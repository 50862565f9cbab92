"""What Alembic runs: the migrations, over the connection that it was given."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import odibi_studio.store.tables  # noqa: F401 - so that their metadata is there

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
context.run_migrations()
