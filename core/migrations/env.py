"""Alembic's entry: runs the versions beside it against the address in the configuration, one process at a time."""

from __future__ import annotations

import time

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from core.db import LOCK_WAIT_S, Table

LOCK = 0x41544F4D
MIGRATION_WAIT_S = 60


def _sync(url: str) -> str:
    return url.replace("sqlite+aiosqlite", "sqlite", 1)


def _lock(connection: Connection) -> None:
    """Wait for a process that migrates the same database; held until this transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA busy_timeout={MIGRATION_WAIT_S * 1000}")
        _write_ahead(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))


def _write_ahead(connection: Connection) -> None:
    """Set the file's journal mode, which it keeps. SQLite refuses at once, without its wait, where two set it."""
    for left in range(MIGRATION_WAIT_S * 10, -1, -1):
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError:
            if not left:
                raise
            time.sleep(0.1)
        else:
            return


url = _sync(context.config.get_main_option("sqlalchemy.url") or "")
options = {} if url.startswith("sqlite") else {"connect_timeout": LOCK_WAIT_S}
engine = create_engine(url, connect_args=options)
with engine.connect() as connection:
    _lock(connection)
    context.configure(
        connection=connection, target_metadata=Table.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
