"""The one thread of a process that commits: all that waits goes into one transaction."""

import logging
import os
import threading
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final

import psycopg

from tests.bench.baselines import databases
from tests.bench.limit import sends
from tests.bench.limit.database import OPTIONS
from tests.bench.limit.variables import DATABASE_URL

_log: Final = logging.getLogger(__name__)

_MOST: Final = 200
"""Sends in one transaction; as many as antar commits together."""


@dataclass(kw_only=True, slots=True)
class _Entry:
    rows: sends.Rows
    open: threading.Lock = field(default_factory=threading.Lock)
    """Held until it is known what became of the rows."""
    committed: bool = False


class Committer:
    """The thread and its queue."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[_Entry] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def commit(self, rows: sends.Rows) -> bool:
        """Commit a send with whatever else waits; tell whether it is durable."""
        entry = _Entry(rows=rows)
        entry.open.acquire()
        self._waiting.put(entry)
        with entry.open:
            return entry.committed

    def _run(self) -> None:
        connection = psycopg.connect(databases.conninfo(os.environ[DATABASE_URL]), **OPTIONS)
        while True:
            self._write(connection, self._gather())

    def _gather(self) -> list[_Entry]:
        entries = [self._waiting.get()]
        try:
            while len(entries) < _MOST:
                entries.append(self._waiting.get_nowait())
        except Empty:
            pass
        return entries

    def _write(self, connection: psycopg.Connection, entries: list[_Entry]) -> None:
        committed = False
        try:
            connection.execute(sends.INSERT, sends.parameters(entry.rows for entry in entries))
            committed = True
        except psycopg.Error:
            _log.exception("not committed")
        for entry in entries:
            entry.committed = committed
            entry.open.release()
