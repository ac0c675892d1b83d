"""Running ``antar``: in this process, or as one of its own with other settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from deploy.cli import main

_ROOT = Path(__file__).parents[3]
_SECONDS = 60


@dataclass(frozen=True)
class Antar:
    """The command line in this process, on a database that was set up for it."""

    database: Engine
    runner: CliRunner = field(default_factory=CliRunner)

    def run(self, *arguments: str, stdin: str | IO[bytes] | None = None) -> Result:
        """Run it. A command sets up its process's logging, which here is that of other tests as well."""
        before = structlog.get_config()
        try:
            return self.runner.invoke(main, list(arguments), input=stdin)
        finally:
            structlog.configure(**before)

    def lines(self, *arguments: str, stdin: str | None = None) -> str:
        """Give what people see; the command must succeed."""
        result = self.run(*arguments, stdin=stdin)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def json(self, *arguments: str, stdin: str | None = None) -> Any:
        """Give the document that scripts get; the command must succeed."""
        return json.loads(self.lines(*arguments, "--json", stdin=stdin))

    def refused(self, *arguments: str, stdin: str | None = None) -> str:
        """Give the one line on stderr; the command must find the input wrong."""
        result = self.run(*arguments, stdin=stdin)
        assert (result.exit_code, result.stdout) == (2, ""), result.output
        return result.stderr


def process(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``antar`` as a process with other settings."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ANTAR_")}
    command = [sys.executable, "-m", "deploy.cli", *arguments]
    return subprocess.run(  # noqa: S603 - our own module.
        command, cwd=_ROOT, env={**variables, **environment}, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
