"""The local stack as one object: servers, migration and processes, started in order and stopped in order."""

import signal
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy import processes as antar
from deploy.local import (
    child,
    credentials,
    environment,
    errors,
    files,
    identity,
    leftovers,
    ports,
    postgres,
    postgres_data,
    processes,
    valkey,
)
from deploy.local.home import Home
from deploy.local.lock import Lock
from deploy.local.process import Process
from deploy.local.supervisor import START_SECONDS, Report, Supervisor, unfailing


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a stack is to be run."""

    processes: Collection[str] = processes.NAMES
    """Those to start, by name."""
    migrate: bool = True
    """Whether the schema is brought up to date before antar's own processes start."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """antar's variables, above those that this process was given."""
    api_workers: int = 2
    send_threads: int = antar.THREADS["worker-send"]


class Stack:
    """Everything antar needs on one machine, with its state in one folder.

    A server named by `ANTAR_DATABASE_URL` or `ANTAR_BROKER_URL` is used as it is, and none is started in its place; a RabbitMQ gets
    a Redis beside it, unless `ANTAR_SIGNAL_URL` names one.
    """

    def __init__(self, directory: Path, options: Options | None = None, report: Report = lambda _line: None) -> None:
        self.options = options or Options()
        self.home = Home.prepare(directory)
        self._report = unfailing(report)
        self._lock = Lock(self.home.lock)
        self._given = environment.given(self.options.environment)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and return when it can be used; after a failure nothing is left running.

        Raises:
            StackError: why it could not be started.
        """
        self._lock.acquire()
        self._supervisor = Supervisor(self.home, self._report)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything, in order, and give the home free."""
        self._report("stopping")
        for names in processes.STOP_ORDER:
            self._supervisor.halt(*names)
        self._supervisor.close()
        self._lock.release()
        self._report("stopped")

    def environment(self) -> dict[str, str]:
        """Give antar's variables as its processes have them."""
        return environment.complete(self._given, self.ports, self._credentials, self.home)

    @property
    def base_url(self) -> str:
        """Where the API is served."""
        return f"http://{ports.HOST}:{self.ports['api']}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox speaks the providers' HTTP interfaces, and its own."""
        return f"http://{ports.HOST}:{self.ports['sandbox']}"

    @property
    def metrics_url(self) -> str:
        """Where Prometheus finds what the processes have counted."""
        return f"http://{ports.HOST}:{self.ports['metrics']}/metrics"

    @property
    def flower_url(self) -> str:
        """Where Flower is, with the name and password it asks for."""
        return f"http://{processes.FLOWER_USER}:{self._credentials.flower_password}@{ports.HOST}:{self.ports['flower']}/"

    def pid(self, name: str) -> int | None:
        """Give the id of a process, or None while it does not run."""
        return self._supervisor.pid(name)

    def await_ready(self, *names: str, seconds: float = START_SECONDS) -> None:
        """Wait until processes can be used, those just killed for example.

        Raises:
            NotReady: one of them was not in time, or dies whenever it is started.
        """
        self._supervisor.await_ready(names, seconds)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process, which is started again when it dies of it; return from a SIGKILL when it has died."""
        self._supervisor.kill(name, number)

    def halt(self, *names: str) -> None:
        """Stop processes, each by its own signal, and leave them stopped."""
        self._supervisor.halt(*names)

    def resume(self, *names: str) -> None:
        """Start processes that were halted, and wait until they can be used.

        Raises:
            NotReady: one of them was not in time, or dies whenever it is started.
        """
        self._launch([self._supervisor.process(name) for name in names])

    def restart(self, *names: str) -> None:
        """Halt processes and resume them.

        Raises:
            NotReady: one of them was not in time, or dies whenever it is started.
        """
        self.halt(*names)
        self.resume(*names)

    def _start(self) -> None:
        self._clear()
        self.ports = ports.settle(self.home.ports)
        self._credentials = credentials.settle(self.home.credentials)
        files.write_text(self.home.environment, environment.exported(self.environment()))
        self._start_servers()
        if self.options.migrate:
            self._migrate()
        self._start_processes()

    def _clear(self) -> None:
        ended = leftovers.end(self.home.directory)
        if ended:
            self._report(f"ended what an earlier stack had left running ({ended})")
        for file in self.home.pids.glob("*.pid"):
            file.unlink()

    def _start_servers(self) -> None:
        own_database = self._needs(postgres.NAME, lacking=environment.DATABASE_URL not in self._given)
        own_redis = self._needs(valkey.NAME, lacking=environment.lacks_redis(self._given))
        servers = [*([self._postgres()] if own_database else []), *([self._valkey()] if own_redis else [])]
        self._launch(servers)
        if own_database:
            postgres.create_database(self.ports["postgres"], self._credentials.postgres_password)

    def _needs(self, name: str, *, lacking: bool) -> bool:
        return lacking and name in self.options.processes

    def _postgres(self) -> Process:
        data, port, password = self.home.postgres, self.ports["postgres"], self._credentials.postgres_password
        server = postgres.find(data)
        self._report(f"PostgreSQL {server.major} on port {port} ({server.binary})")
        return postgres.process(server, data, port, password, postgres_data.prepare(server, data, password))

    def _valkey(self) -> Process:
        server = valkey.find()
        self._report(f"{server.product.capitalize()} {server.major} on port {self.ports['redis']} ({server.binary})")
        return valkey.process(server, self.home.redis, self.ports["redis"])

    def _migrate(self) -> None:
        self._report("migrating the database")
        command = identity.launched(processes.python("deploy.cli", "migrate"))
        variables = child.environment(self.home, "migrate", self.environment())
        done = subprocess.run(command, cwd=child.ROOT, env=variables, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise errors.StepFailed(f"the migration failed:\n{done.stdout}{done.stderr}".rstrip())

    def _start_processes(self) -> None:
        described = processes.describe(self._wiring())
        chosen = [process for process in described if process.name in self.options.processes]
        self._report(f"starting {', '.join(process.name for process in chosen) or 'nothing else'}")
        self._launch(chosen)

    def _wiring(self) -> processes.Wiring:
        return processes.Wiring(
            home=self.home,
            ports=self.ports,
            environment=self.environment(),
            flower_password=self._credentials.flower_password,
            api_workers=self.options.api_workers,
            threads={**antar.THREADS, "worker-send": self.options.send_threads},
        )

    def _launch(self, wanted: Collection[Process]) -> None:
        for process in wanted:
            self._supervisor.launch(process)
        self._supervisor.await_ready([process.name for process in wanted])
