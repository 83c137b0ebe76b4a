"""One moment of the database, read-only, for as long as it is looked at.

All checks must see the same moment, or money on its way would look lost. On PostgreSQL that is a
REPEATABLE READ, READ ONLY transaction; on SQLite a read-only connection of its own, because a
transaction of ours there takes the write lock at once and would stop the platform meanwhile.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def of_database() -> Iterator[BaseDatabaseWrapper]:
    """Give a connection that sees one moment and refuses to write."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection
        return
    with closing(_read_only()) as reader:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
        yield reader


def _read_only() -> BaseDatabaseWrapper:
    reader = connection.copy(alias="audit")
    settings = reader.settings_dict
    settings["NAME"] = f"{Path(settings['NAME']).resolve().as_uri()}?mode=ro"
    # Without what our writers say on connecting: the kind of transaction, the kind of journal.
    settings["OPTIONS"] = {"timeout": settings["OPTIONS"].get("timeout", 20)}
    return reader
