"""The stand-in as its owner holds it: started, told how to behave, asked what it counted."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from deploy.local import ports, readiness
from deploy.local.process import Process
from deploy.local.processes import python
from tests.bench.baselines.children import Children
from tests.bench.provider.behaviour import BEHAVIOUR_PATH, COUNTS_PATH, Behaviour, Counts

_NAME: Final = "provider"
_SECONDS: Final = 10


class Provider:
    """The running stand-in."""

    def __init__(self, children: Children, connection: HTTPConnection) -> None:
        self._children = children
        self._connection = connection
        self.url = f"http://{connection.host}:{connection.port}"

    def behave(self, behaviour: Behaviour) -> None:
        """Make it behave like this, and count anew."""
        self._ask("PUT", BEHAVIOUR_PATH, asdict(behaviour))
        self.count_anew()

    def count_anew(self) -> None:
        """Make it forget what it counted."""
        self._ask("PUT", COUNTS_PATH)

    def counts(self) -> Counts:
        """Ask what it counted."""
        return Counts(**self._ask("GET", COUNTS_PATH))

    def pids(self) -> dict[str, list[int]]:
        """Give its process, by name."""
        return self._children.pids()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        self._connection.request(method, path, None if body is None else json.dumps(body))
        return json.loads(self._connection.getresponse().read())


@contextmanager
def start(home: Path, niceness: int = 0) -> Iterator[Provider]:
    """Start a stand-in, with its log in ``home``."""
    port = ports.choose(())
    command, is_ready = python("tests.bench.provider", str(port)), readiness.http_ok(port, "/health")
    with Children(home) as children:
        children.start(Process(name=_NAME, command=command, is_ready=is_ready, niceness=niceness))
        with closing(HTTPConnection(ports.HOST, port, timeout=_SECONDS)) as connection:
            yield Provider(children, connection)
