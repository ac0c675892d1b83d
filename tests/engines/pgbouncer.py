"""PgBouncer in transaction mode before a Postgres whose own time zone is not UTC."""

import signal
from pathlib import Path
from typing import Final

import psycopg

from deploy.local import identity, ports, postgres, postgres_data, readiness
from deploy.local.environment import DATABASE_URL
from deploy.local.process import Process
from tests.engines import engine
from tests.engines.engine import Engine, Servers

NEEDS: Final = ("pgbouncer",)

_PASSWORD: Final = "made-up"
_CONNECTIONS: Final = 40
"""Connections to Postgres, fewer than the processes of a stack have to the pooler."""


def start(folder: Path) -> Engine:
    """Start both."""
    servers, database = Servers(folder), ports.choose(())
    pooler = ports.choose([database])
    servers.launch(_postgres(servers, database))
    postgres.create_database(database, _PASSWORD)
    with psycopg.connect(postgres.conninfo(database, _PASSWORD, postgres.DATABASE), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {postgres.DATABASE} SET timezone = 'Asia/Jakarta'")
    servers.launch(process(servers, database, pooler, _PASSWORD))
    return Engine(
        environment={DATABASE_URL: postgres.url(pooler, _PASSWORD), "ANTAR_DATABASE_POOLED": "true"},
        stop=servers.stop,
    )


def _postgres(servers: Servers, port: int) -> Process:
    data = servers.home.postgres
    server = postgres.find(data)
    return postgres.process(server, data, port, _PASSWORD, postgres_data.prepare(server, data, _PASSWORD))


def process(servers: Servers, database: int, port: int, password: str) -> Process:
    """Describe a PgBouncer before the server on another port, with all its databases."""
    folder = servers.home.directory / "pgbouncer"
    folder.mkdir()
    users = folder / "users.txt"
    users.write_text(f'"{postgres.USER}" "{password}"\n')
    file = folder / "pgbouncer.ini"
    file.write_text(_configuration(database, port, users))
    runs_as = identity.for_data(servers.home.postgres)
    for path in (folder, users, file):
        identity.give(path, runs_as)
    return Process(
        name="pgbouncer",
        command=(str(engine.program("pgbouncer")), str(file)),
        is_ready=readiness.postgres(postgres.conninfo(port, password, postgres.DATABASE)),
        stop_signal=signal.SIGTERM,
        identity=runs_as,
    )


def _configuration(database: int, port: int, users: Path) -> str:
    return f"""[databases]
* = host={ports.HOST} port={database}
[pgbouncer]
listen_addr = {ports.HOST}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {_CONNECTIONS}
max_client_conn = 1000
"""
