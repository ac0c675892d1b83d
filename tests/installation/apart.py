"""A database, queues and accounts of their own on the servers of a running stack."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import redis
import sqlalchemy
from celery import Celery
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from deploy.local import child, ports, processes
from deploy.local.stack import Stack
from shared import broker, ids, redis_clients, settings
from shared.queues import Queue, Task
from tests.acceptance.backend import Backend, await_true
from tests.installation import crashing
from tests.installation.child import BEAT, WORKER, Child
from tests.installation.crashing import Crash

_START_SECONDS: Final = 60
_databases = count(1)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What processes of antar need, and what a test wants to know of them."""

    environment: Mapping[str, str]
    home: Path
    """Where processes leave their logs."""
    database: Engine
    account: Mapping[str, Any]
    """Tokens and templates, as in ``demo.json``."""
    sandbox: httpx.Client
    _names: Iterator[int] = field(default_factory=lambda: count(1))

    def worker(self, variables: Mapping[str, str] | None = None, crash: Crash | None = None) -> Child:
        """Start a worker of all queues, with settings of its own."""
        number = next(self._names)
        arguments = (*WORKER, "-Q", ",".join(Queue), "-n", f"w{number}@%h")
        return Child({**self.environment, **(variables or {})}, arguments, self.home / f"worker-{number}.log", crash)

    def beat(self) -> Child:
        """Start beat."""
        number = next(self._names)
        schedule = str(self.home / f"schedule-{number}")
        return Child(self.environment, (*BEAT, "-s", schedule), self.home / f"beat-{number}.log")

    @contextmanager
    def api(self, crash: Crash | None = None) -> Iterator["Api"]:
        """Serve the api, in one process beside its supervisor."""
        number, port = next(self._names), ports.choose(())
        target = "tests.installation.crashing:create_app" if crash else "api.app:create_app"
        options = ("--factory", "--no-access-log", "--interface", "wsgi", "--host", ports.HOST, "--port", str(port))
        command = processes.python("granian", *options, "--blocking-threads", "16", "--workers-kill-timeout", "65", target)
        variables = {**os.environ, **self.environment, **({crashing.VARIABLE: str(crash)} if crash else {})}
        log = self.home / f"api-{number}.log"
        with (
            log.open("ab") as file,
            subprocess.Popen(  # noqa: S603 - our own command.
                command, cwd=child.ROOT, env=variables, stdout=file, stderr=file, start_new_session=True
            ) as process,
        ):
            try:
                with httpx.Client(base_url=f"http://{ports.HOST}:{port}", timeout=60) as http:
                    yield Api(process=process, log=log, backend=self._backend(http))
            finally:
                # The supervisor alone would leave its process behind.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _backend(self, http: httpx.Client) -> Backend:
        return Backend(
            http=http,
            token=self.account["token"],
            keys=self.account["keys"],
            templates=self.account["templates"],
            sandbox=self.sandbox,
        )

    @contextmanager
    def broker(self) -> Iterator[redis.Redis]:
        """Connect to the broker."""
        with redis_clients.connect(self.environment["ANTAR_BROKER_URL"]) as client:
            yield client

    def publish(self, task: Task, *arguments: Any, queue: Queue = Queue.UPKEEP) -> None:
        """Publish a task, as beat does, or as Redis does with one that was not acknowledged."""
        url = self.environment["ANTAR_BROKER_URL"]
        with Celery("test", broker=broker.url(url)) as app:
            app.conf.broker_transport_options = broker.options(url, settings.get().visibility_seconds)
            app.send_task(task.value, args=arguments, queue=queue.value, ignore_result=True)

    def is_quiet(self) -> bool:
        """Tell whether no task waits and none is held by a worker."""
        with self.broker() as client:
            return not any(client.llen(queue.value) for queue in Queue) and not client.hlen("unacked")

    def forget_the_dead(self) -> None:
        """Drop the tasks that dead workers held, which Redis would hand out again after minutes only."""
        with self.broker() as client:
            client.delete("unacked", "unacked_index")

    def rows(self, statement: str, **parameters: Any) -> list[Any]:
        """Ask the database."""
        with self.database.connect() as connection:
            return list(connection.execute(text(statement), parameters).all())

    def states(self, send_id: str) -> list[str]:
        """Give the states of a send's deliveries, with their codes where they have one."""
        statement = "SELECT concat_ws(' ', state, code) AS state FROM deliveries WHERE send_id = :send_id ORDER BY id"
        return [row.state for row in self.rows(statement, send_id=self.send_id(send_id))]

    def deliveries(self, send_id: str) -> list[str]:
        """Give the ids of a send's deliveries, as tasks have them."""
        rows = self.rows("SELECT id FROM deliveries WHERE send_id = :send_id ORDER BY id", send_id=self.send_id(send_id))
        return [ids.encode(ids.DELIVERY, row.id) for row in rows]

    @staticmethod
    def send_id(text: str) -> UUID:
        """Read a send's id."""
        identifier = ids.decode(ids.SEND, text)
        assert identifier is not None
        return identifier

    def let_an_hour_pass(self) -> None:
        """Let leases run out, and what nobody took be missed."""
        with self.database.begin() as connection:
            _shift(connection, "deliveries", "lease_until", "queued_at", "published_at", "not_before", "resolve_at", "confirm_by")
            _shift(connection, "sends", "created_at", "schedule_at")

    def recover(self) -> None:
        """Let the workers look for what was lost."""
        self.publish(Task.RECOVER)


@dataclass(frozen=True, kw_only=True)
class Api:
    """A served api."""

    process: subprocess.Popen[bytes]
    log: Path
    backend: Backend

    def await_ready(self) -> "Api":
        """Wait until it can be used."""
        await_true(self._answers, _START_SECONDS)
        return self

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return self.backend.http.get("/healthz").status_code == httpx.codes.OK
        return False


def _shift(connection: Connection, table: str, *columns: str) -> None:
    assignments = ", ".join(f"{column} = {column} - interval '1 hour'" for column in columns)
    connection.execute(text(f"UPDATE {table} SET {assignments}"))  # noqa: S608 - names of this file.


@contextmanager
def installation(stack: Stack, home: Path, **variables: str) -> Iterator[Installation]:
    """Set an installation up and take it away again."""
    servers = stack.environment()
    url, name = make_url(servers["ANTAR_DATABASE_URL"]), f"antar_{secrets.token_hex(6)}"
    # RabbitMQ has nothing like a database of its own for each: then the Redis beside it is the broker.
    redis_url = servers.get("ANTAR_SIGNAL_URL", servers["ANTAR_BROKER_URL"])
    operator = create_engine(url, isolation_level="AUTOCOMMIT")
    with operator.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    environment = {
        **servers,
        "ANTAR_DATABASE_URL": url.set(database=name).render_as_string(hide_password=False),
        "ANTAR_BROKER_URL": urlsplit(redis_url)._replace(path=f"/{7 + next(_databases)}").geturl(),
        "ANTAR_JOURNAL_DIR": str(home / "journal"),
        **variables,
    }
    database = sqlalchemy.create_engine(environment["ANTAR_DATABASE_URL"], connect_args={"prepare_threshold": None})
    try:
        account = _prepared(environment, stack)
        with httpx.Client(base_url=stack.sandbox_url) as sandbox:
            made = Installation(environment=environment, home=home, database=database, account=account, sandbox=sandbox)
            yield made
            with made.broker() as client:
                client.flushdb()
    finally:
        database.dispose()
        with operator.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        operator.dispose()


def _prepared(environment: Mapping[str, str], stack: Stack) -> dict[str, Any]:
    """Migrate the database and make the accounts of the demonstration."""
    _run(environment, "deploy.cli", "migrate")
    account: dict[str, Any] = json.loads(
        _run(environment, "deploy.local.demo_accounts", stack.sandbox_url, ports.HOST, str(stack.ports["smtp"]))
    )
    return account


def _run(environment: Mapping[str, str], module: str, *arguments: str) -> str:
    command = processes.python(module, *arguments)
    done = subprocess.run(command, cwd=child.ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False)  # noqa: S603 - our own command.
    assert done.returncode == 0, done.stderr
    return done.stdout
