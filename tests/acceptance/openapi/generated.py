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
[generation]
max-examples = {requests}
database = "none"

[phases.coverage]
unexpected-methods = []
"""
"""Methods that are not there are asked for in a test of their own."""
_LARGE: Final = """
[[operations]]
include-operation-id = ["send", "send_message", "create_campaign", "change_campaign"]
phases.coverage.enabled = false
generation.max-examples = {requests}
"""
"""The edges of the large bodies are more requests than those of all the rest: of these a sample is made by chance."""
_SAMPLE: Final = 6
"""How many times more is generated where the edges are left out."""
_PHASES: Final = "examples,coverage,fuzzing"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of it."""

    passed: bool
    report: str
    """What it printed: every failure with a curl that repeats it."""
    answers: Mapping[tuple[str, str], set[int]]
    """The statuses that came, by method and path of the requests."""


def run(document: Mapping[str, Any], tenant: Tenant, folder: Path, requests: int, *, all_edges: bool) -> Run:
    """Generate requests from a document, always the same.

    Args:
        document: What is asked for by.
        tenant: Who asks.
        folder: Where the requests are left.
        requests: How many are made of each operation at the most, beyond those at the edges of what it takes.
        all_edges: Whether the edges of the large bodies are tried too.
    """
    large = "" if all_edges else _LARGE.format(requests=requests * _SAMPLE)
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "schemathesis.toml").write_text(_SETTINGS.format(requests=requests) + large)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"),
        *("--url", str(tenant.http.base_url), "--header", f"Authorization: Bearer {tenant.token}"),
        *("--checks", ",".join(CHECKS), "--phases", _PHASES),
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
