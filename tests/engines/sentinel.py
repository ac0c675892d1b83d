"""Three Sentinels that watch a master and two replicas; the master is killed in the middle of the tests, and comes back later."""

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import redis

from deploy.local import ports, readiness, valkey
from deploy.local.environment import BROKER_URL
from deploy.local.process import Process
from tests.engines.engine import Engine, Servers

NEEDS: Final = ()

MASTER: Final = "antar-engine"
_PASSWORD: Final = "p:w/@?#1"
_SENTINEL_PASSWORD: Final = "s&1"
_DOWN_AFTER: Final = 1000
"""Milliseconds until the Sentinels take a silent server for dead."""
_REPLACED: Final = 10.0
"""Seconds in which another is the master, and everybody has found out."""
_ABSENT: Final = 15.0
"""Seconds for which a server that was killed stays away: long enough for another to be the master."""


class Group:
    """Servers and Sentinels."""

    def __init__(self, folder: Path) -> None:
        self.servers = Servers(folder)
        self._binary = valkey.find()
        chosen: list[int] = []
        for _ in range(6):
            chosen.append(ports.choose(chosen))
        self._valkeys, self._sentinels = chosen[:3], chosen[3:]
        self._absent: list[threading.Timer] = []
        self._killed_at = -_REPLACED

    @property
    def url(self) -> str:
        """The URL that names the Sentinels, as an operator writes it."""
        hosts = ",".join(f"{ports.HOST}:{port}" for port in self._sentinels)
        return f"sentinel://:p%3Aw%2F%40%3F%231@{hosts}/1?master={MASTER}&sentinel_password=s%261"

    def start(self) -> None:
        """Start all."""
        for port in self._valkeys:
            self.servers.launch(self._valkey(port))
        for port in self._sentinels:
            self.servers.launch(self._sentinel(port))

    def master(self) -> int:
        """Give the port of whom the Sentinels call the master."""
        with redis.Redis(port=self._sentinels[0], password=_SENTINEL_PASSWORD) as client:
            _, port = client.sentinel_get_master_addr_by_name(MASTER)
        return int(port)

    def replicas(self) -> list[int]:
        """Give the ports of the servers that are not the master."""
        return [port for port in self._valkeys if port != self.master()]

    def connected(self, port: int) -> redis.Redis:
        """Give a client of one server."""
        return redis.Redis(port=port, password=_PASSWORD, socket_timeout=2)

    def pid(self, port: int) -> int | None:
        """Give the process id of a server, by its port."""
        return self.servers.pid(_name(port))

    def kill_master(self) -> int:
        """Kill the master and give its port. It comes back later and does not know yet that it is none any more."""
        killed, self._killed_at = self.master(), time.monotonic()
        self.servers.kill(_name(killed))
        back = threading.Timer(_ABSENT, lambda: self.servers.launch(self._valkey(killed)))
        self._absent.append(back)
        back.start()
        return killed

    def disturb(self) -> None:
        """Let the master die."""
        self.kill_master()

    def await_steady(self) -> None:
        """Wait until the master that was killed last has been replaced."""
        time.sleep(max(0.0, self._killed_at + _REPLACED - time.monotonic()))

    def stop(self) -> None:
        """Stop all."""
        for timer in self._absent:
            timer.cancel()
            timer.join()
        self.servers.stop()

    def _valkey(self, port: int) -> Process:
        described = valkey.process(self._binary, self.servers.home.redis / str(port), port)
        options = {"requirepass": _PASSWORD, "masterauth": _PASSWORD, "repl-diskless-sync-delay": "0"}
        following = {} if port == self._valkeys[0] else {"replicaof": f"{ports.HOST} {self._valkeys[0]}"}
        arguments = [part for name, value in {**options, **following}.items() for part in (f"--{name}", *value.split())]
        url = f"redis://:p%3Aw%2F%40%3F%231@{ports.HOST}:{port}/0"
        return replace(
            described,
            name=_name(port),
            command=(*described.command, *arguments),
            is_ready=readiness.broker(url),
            stop_signal=signal.SIGKILL,
        )

    def _sentinel(self, port: int) -> Process:
        file = self.servers.home.directory / f"sentinel-{port}.conf"
        file.write_text(
            f"bind {ports.HOST}\nport {port}\nrequirepass {_SENTINEL_PASSWORD}\n"
            f"sentinel sentinel-pass {_SENTINEL_PASSWORD}\n"
            f"sentinel monitor {MASTER} {ports.HOST} {self._valkeys[0]} 2\n"
            f'sentinel auth-pass {MASTER} "{_PASSWORD}"\n'
            f"sentinel down-after-milliseconds {MASTER} {_DOWN_AFTER}\n"
            f"sentinel failover-timeout {MASTER} {2 * _DOWN_AFTER}\n"
        )
        return Process(
            name=f"sentinel-{port}",
            command=(str(self._binary.binary), str(file), "--sentinel"),
            is_ready=readiness.broker(f"redis://:s%261@{ports.HOST}:{port}"),
        )


def start(folder: Path) -> Engine:
    """Start them."""
    group = Group(folder)
    group.start()
    # While the master is another one, a test that waits for an outcome waits longer for it.
    environment = {BROKER_URL: group.url, "ANTAR_SEND_WAIT": "30"}
    return Engine(environment=environment, stop=group.stop, disturb=group.disturb, await_steady=group.await_steady)


def _name(port: int) -> str:
    return f"valkey-{port}"
