"""Databases for what antar is measured against, beside antar's own on the same server."""

import psycopg
from psycopg import sql
from sqlalchemy import make_url


def named(url: str, database: str) -> str:
    """Give the URL of another database on a server; URLs are SQLAlchemy's, with the psycopg driver."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def conninfo(url: str) -> str:
    """Give what libpq needs to connect to a database."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def recreate(url: str) -> None:
    """Make a database, empty; one of the same name goes first."""
    database = sql.Identifier(str(make_url(url).database))
    with psycopg.connect(conninfo(named(url, "postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
