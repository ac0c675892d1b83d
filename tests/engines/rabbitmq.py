"""One RabbitMQ, whose queues are quorum queues of one member; the stack's own Valkey carries the wake-ups."""

import os
import signal
from pathlib import Path
from typing import Final

import kombu

from deploy.local import ports
from deploy.local.environment import BROKER_URL
from deploy.local.process import Process
from tests.engines import engine
from tests.engines.engine import Engine, Servers

NEEDS: Final = ("rabbitmq-server", "epmd")

SERVER: Final = "rabbitmq"
_DEBIAN: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""What Debian's command runs, as the user of the system's own server, which is none of ours."""
_NAME: Final = "antar"


class Broker:
    """A RabbitMQ with its state in a folder."""

    def __init__(self, folder: Path) -> None:
        self.servers = Servers(folder)
        self._port = ports.choose(())
        self._between_nodes = ports.choose([self._port])
        self._names = ports.choose([self._port, self._between_nodes])

    @property
    def url(self) -> str:
        """Where it is, as an operator writes it."""
        return f"amqp://{_NAME}:p%40%2Fss@{ports.HOST}:{self._port}/{_NAME}"

    def start(self) -> None:
        """Start it, and before it what Erlang's nodes find each other by: else it would leave one behind."""
        self.servers.launch(self._epmd())
        self.servers.launch(self._rabbitmq())

    def kill(self) -> None:
        """Kill it like a power cut; it is started again at once."""
        pid = self.servers.pid(SERVER)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def _epmd(self) -> Process:
        command = (str(engine.program("epmd")), "-port", str(self._names), "-address", ports.HOST)
        return Process(name="epmd", command=command, is_ready=lambda _running: not ports.is_free(self._names))

    def _rabbitmq(self) -> Process:
        program = _DEBIAN if _DEBIAN.exists() else engine.program("rabbitmq-server")
        return Process(
            name=SERVER,
            command=(str(program),),
            environment=self._environment(),
            is_ready=lambda _running: _answers(self.url),
            stop_seconds=30,
        )

    def _environment(self) -> dict[str, str]:
        """Give the variables that keep it to its folder and to its ports."""
        home = self.servers.home.directory
        (home / "rabbitmq.conf").write_text(self._configuration())
        (home / "plugins").write_text("[].\n")
        return {
            "HOME": str(home),
            "RABBITMQ_NODENAME": f"antar-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._between_nodes),
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "logs"),
            "RABBITMQ_PID_FILE": str(home / "rabbitmq.pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
            # No shell between: who is told to end, or killed, is the server itself.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }

    def _configuration(self) -> str:
        permissions = "".join(f"default_permissions.{each} = .*\n" for each in ("configure", "read", "write"))
        return (
            f"listeners.tcp.1 = {ports.HOST}:{self._port}\ndefault_vhost = {_NAME}\ndefault_user = {_NAME}\n"
            f"default_pass = p@/ss\n{permissions}raft.wal_max_size_bytes = 67108864\n"
        )


def start(folder: Path) -> Engine:
    """Start one."""
    broker = Broker(folder)
    broker.start()
    return Engine(environment={BROKER_URL: broker.url}, stop=broker.servers.stop)


def _answers(url: str) -> bool:
    connection = kombu.Connection(url, connect_timeout=2)
    try:
        connection.connect()
    except connection.connection_errors:
        return False
    finally:
        connection.release()
    return True
