"""``python -m tests.bench.limit.delivery``: one process, told by its environment."""

import os
from typing import Final

import uvloop

from tests.bench.limit import variables
from tests.bench.limit.delivery import worker

_SETTINGS: Final = worker.Settings(
    database_url=os.environ[variables.DATABASE_URL],
    broker_url=os.environ[variables.BROKER_URL],
    provider_url=os.environ[variables.PROVIDER_URL],
    batch=int(os.environ[variables.BATCH]),
    in_flight=int(os.environ[variables.IN_FLIGHT]),
)

if __name__ == "__main__":
    uvloop.run(worker.run(_SETTINGS))
