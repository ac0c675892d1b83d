"""Every place where a stack keeps or shows something."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import kombu
import psutil
from sqlalchemy import Engine, text

from deploy.local.stack import Stack
from shared import redis_clients
from shared.queues import Queue
from shared.settings import is_rabbitmq
from tests.acceptance.secrets import plants

_TABLES = text("""
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
""")

_CELLS: Final = (
    "SELECT cell.name, cell.text FROM TABLE AS each, jsonb_each_text(to_jsonb(each)) AS cell(name, text) WHERE cell.text <> ''"
)
"""The cells of a table as text, binary ones in hexadecimal."""

Found = set[tuple[str, str]]
"""What was found, and where."""


def files(directory: Path, others: Mapping[str, str]) -> Found:
    """Search the files of a folder and below it, by their names too."""
    return {
        (kind, str(file.relative_to(directory)))
        for file in directory.rglob("*")
        if file.is_file()
        for kind in plants.found(f"{file.name}\n".encode() + file.read_bytes(), dict(others))
    }


def columns(database: Engine, others: Mapping[str, str]) -> Found:
    """Search every column of every table."""
    with database.connect() as connection:
        tables = connection.execute(_TABLES).scalars().all()
        rows = ((table, row) for table in tables for row in connection.execute(_cells(table)))
        return {(kind, f"{table}.{name}") for table, (name, value) in rows for kind in plants.found(value.encode(), dict(others))}


def _cells(table: str) -> Any:
    return text(_CELLS.replace("TABLE", f'"{table}"'))


def broker(stack: Stack, others: Mapping[str, str]) -> Found:
    """Search every key and value of Valkey, and every task that waits in RabbitMQ where that is the broker."""
    variables = stack.environment()
    url = variables["ANTAR_BROKER_URL"]
    entries = [*_tasks(url)] if is_rabbitmq(url) else []
    with redis_clients.connect(variables.get("ANTAR_SIGNAL_URL", url)) as client:
        entries += [(key, b"".join((key, b"\n", *_values(client, key)))) for key in client.scan_iter(count=1000)]
    return {(kind, key.decode(errors="replace")) for key, value in entries for kind in plants.found(value, dict(others))}


def _tasks(url: str) -> Iterator[tuple[bytes, bytes]]:
    """Look at tasks, which go back into their queues when the connection ends."""
    with kombu.Connection(url) as connection, connection.channel() as channel:
        for queue in Queue:
            while message := kombu.Queue(queue.value, channel=channel).get():
                yield queue.value.encode(), repr((message.headers, message.properties, message.body)).encode()


def _values(client: Any, key: bytes) -> Iterator[bytes]:
    match client.type(key):
        case b"string":
            yield client.get(key) or b""
        case b"list":
            yield from client.lrange(key, 0, -1)
        case b"set":
            yield from client.smembers(key)
        case b"zset":
            yield from client.zrange(key, 0, -1)
        case b"hash":
            for name, value in client.hgetall(key).items():
                yield name + b"\n" + value
        case b"stream":
            yield repr(client.xrange(key)).encode()


def flower(stack: Stack, others: Mapping[str, str]) -> Found:
    """Search what Flower tells by its API and on its pages."""
    with httpx.Client(base_url=stack.flower_url, timeout=20) as client:
        tasks = client.get("api/tasks").raise_for_status()
        pages = [tasks, client.get("api/workers").raise_for_status()]
        pages += [client.get(f"task/{identifier}") for identifier in list(tasks.json())[:5]]
        return {(kind, page.url.path) for page in pages for kind in plants.found(page.content, dict(others))}


def command_lines(others: Mapping[str, str]) -> Found:
    """Search what everybody on the machine can read of the processes that the tests have started."""
    children = psutil.Process().children(recursive=True)
    lines = [(child.pid, "\0".join(child.cmdline())) for child in children if child.is_running()]
    return {(kind, str(pid)) for pid, line in lines for kind in plants.found(line.encode(), dict(others))}
