"""Free ports on the loopback, chosen once and kept as long as they stay free."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path

from deploy.local import errors, files

HOST = "127.0.0.1"
NAMES = ("postgres", "redis", "api", "flower", "metrics", "sandbox", "smtp")
# Below the ports that Linux (from 32768 on) and macOS (from 49152 on) give to outgoing connections: one of those could
# hold a port of ours for the moment in which its process is being restarted.
RANGE = range(20_000, 32_000)


def settle(path: Path) -> dict[str, int]:
    """Give a port to every name: the one it had when that is free, or else a new one; and write them down."""
    ports = _kept(path)
    for name in NAMES:
        if name not in ports:
            ports[name] = choose(ports.values())
    files.write(path, ports)
    return ports


def _kept(path: Path) -> dict[str, int]:
    written = files.read(path)
    return {name: written[name] for name in NAMES if isinstance(written.get(name), int) and is_free(written[name])}


def choose(taken: Iterable[int]) -> int:
    """Give a port at random that is free and not among those taken.

    Raises:
        StackError: none was found.
    """
    for port in random.sample(RANGE, k=len(RANGE)):
        if port not in taken and is_free(port):
            return port
    raise errors.StackError(f"no free port between {RANGE.start} and {RANGE.stop}")


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port; what lingers of closed connections does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True
