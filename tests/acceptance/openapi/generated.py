"""Schemathesis, run as its own command against the stack, and what it asked and was answered."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.acceptance.openapi.tenants import Tenant

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_SETTINGS: Final = """
[phases.coverage]
unexpected-methods = []
"""
"""Methods that are not there are asked for in a test of their own."""
_PHASES: Final = "examples,coverage,fuzzing"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of it."""

    passed: bool
    report: str
    """What it printed: every failure with a curl that repeats it."""
    answers: Mapping[tuple[str, str], set[int]]
    """The statuses that came, by method and path of the requests."""


def run(document: Mapping[str, Any], tenant: Tenant, folder: Path, requests: int) -> Run:
    """Generate requests from a document, at most so many of each operation beyond those at the edges, always the same."""
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "schemathesis.toml").write_text(_SETTINGS)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"),
        *("--url", str(tenant.http.base_url), "--header", f"Authorization: Bearer {tenant.token}"),
        *("--checks", ",".join(CHECKS), "--phases", _PHASES, "--max-examples", str(requests)),
        *("--generation-deterministic", "--seed", "1", "--suppress-health-check", "all"),
        *("--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color", "--request-timeout", "30"),
        *("--report", "har", "--report-har-path", "requests.har"),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - a command of our own.
    return Run(passed=done.returncode == 0, report=done.stdout + done.stderr, answers=_answers(folder / "requests.har"))


def _answers(path: Path) -> dict[tuple[str, str], set[int]]:
    answers: dict[tuple[str, str], set[int]] = {}
    for entry in json.loads(path.read_text())["log"]["entries"]:
        asked = (entry["request"]["method"], entry["request"]["url"].partition("?")[0])
        answers.setdefault(asked, set()).add(entry["response"]["status"])
    return answers
