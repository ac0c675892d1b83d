"""One Valkey, or Redis: what the others are compared with."""

from pathlib import Path
from typing import Final

from deploy.local import ports, valkey
from deploy.local.environment import BROKER_URL
from tests.engines.engine import Engine, Servers

NEEDS: Final = ()


def start(folder: Path) -> Engine:
    """Start one."""
    servers, port = Servers(folder), ports.choose(())
    servers.launch(valkey.process(valkey.find(), servers.home.redis, port))
    return Engine(environment={BROKER_URL: valkey.url(port)}, stop=servers.stop)
