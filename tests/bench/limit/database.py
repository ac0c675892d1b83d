"""antar's schema in a database of its own, and connections to it."""

import os
import subprocess
from typing import Any, Final

from deploy.local.child import ROOT
from deploy.local.processes import python
from tests.bench.baselines import databases

OPTIONS: Final[dict[str, Any]] = {
    "autocommit": True,
    "prepare_threshold": 0,
    "options": "-c timezone=UTC -c plan_cache_mode=force_generic_plan",
}
"""For psycopg: every statement is prepared at once, planned once, and a transaction of its own, durable when it returns."""


def make(url: str) -> None:
    """Make the database, empty, with the newest schema."""
    databases.recreate(url)
    variables = {**os.environ, "ANTAR_DATABASE_URL": url}
    subprocess.run(python("deploy.cli", "migrate"), cwd=ROOT, env=variables, check=True, capture_output=True)  # noqa: S603 - our own command.
