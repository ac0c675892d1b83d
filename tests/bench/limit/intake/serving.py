"""Starting the bare intake beside a stack."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from deploy.local import ports
from tests.bench.baselines import databases
from tests.bench.baselines.children import Children, granian
from tests.bench.limit import database, variables

_API: Final = "limit-intake"


class Intake:
    """The running intake. It takes antar's requests; the tokens of their keys may be any."""

    def __init__(self, children: Children, database_url: str, base_url: str) -> None:
        self._children = children
        self._conninfo = databases.conninfo(database_url)
        self.base_url = base_url
        self.token = secrets.token_urlsafe()
        """The account's token."""

    def accepted(self) -> tuple[int, int]:
        """Count the sends and the deliveries that were committed."""
        with psycopg.connect(self._conninfo) as connection:
            row = connection.execute("SELECT (SELECT count(*) FROM sends), (SELECT count(*) FROM deliveries)").fetchone()
        return row or (0, 0)

    def pids(self) -> dict[str, list[int]]:
        """Give the process ids."""
        return self._children.pids()


@contextmanager
def serve(home: Path, database_url: str, *, api_workers: int, api_threads: int) -> Iterator[Intake]:
    """Serve the bare intake, with its logs in ``home``; ``database_url`` names a database of its own, which is made anew."""
    database.make(database_url)
    port = ports.choose(())
    with Children(home) as children:
        intake = Intake(children, database_url, f"http://{ports.HOST}:{port}")
        environment = {variables.DATABASE_URL: database_url, variables.TOKEN: intake.token}
        application = "tests.bench.limit.intake.app:app"
        children.start(granian(_API, application, port, environment, workers=api_workers, threads=api_threads))
        yield intake
