"""A database that nothing else uses."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, create_engine, text


@contextmanager
def made(beside: URL) -> Iterator[URL]:
    """Give an empty database on the server of another one."""
    name = f"antar_{secrets.token_hex(6)}"
    server = create_engine(beside, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield beside.set(database=name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
