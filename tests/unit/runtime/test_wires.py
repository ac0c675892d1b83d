"""How many files a process may have open, which is the process's for good: each test has one of its own."""

import subprocess
import sys

import pytest

CODE = """
import asyncio, resource, sys
from worker.runtime import wires

async def opened():
    await wires.open_wires().close()

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
asyncio.run(opened())
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "after"),
    [
        pytest.param(1024, 8192, 4096, id="raised to what is needed"),
        pytest.param(1024, 2048, 2048, id="raised as far as the machine allows"),
        pytest.param(8192, 8192, 8192, id="never lowered"),
    ],
)
def test_there_is_room_for_the_connections(soft: int, hard: int, after: int) -> None:
    run = [sys.executable, "-c", CODE, str(soft), str(hard)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)  # noqa: S603 - our own.
    assert done.stdout.split() == [str(after), str(hard)]
