"""What an audit of dependencies comes to; nobody is asked."""

import json
from typing import Any

import pytest

from tests.audit.judgement import judge

_KNOWN: dict[str, Any] = {"name": "flask", "version": "3.1.2", "vulns": []}
_UNKNOWN: dict[str, Any] = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1.0)"}
_WRONG: dict[str, Any] = {"name": "flask", "version": "1.0", "vulns": [{"id": "PYSEC-2023-62", "fix_versions": ["2.2.5", "2.3.2"]}]}
_OPEN: dict[str, Any] = {"name": "old", "version": "1.0", "vulns": [{"id": "GHSA-1", "fix_versions": []}]}
_NOT_DONE = "audit: NOT DONE, which counts as passed"
_TRACEBACK = "Traceback\nProxyError: cannot reach pypi.org\n"


def _report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("report", "passes", "said"),
    [
        (_report(_KNOWN), (True, True), "audit: passed: no known vulnerability in 1 packages"),
        (_report(_KNOWN, _UNKNOWN), (True, False), f"{_NOT_DONE}: the service does not know 1 of 2 packages"),
        (_report(_UNKNOWN), (True, False), f"{_NOT_DONE}: the service does not know 1 of 1 packages"),
        (_report(), (True, False), f"{_NOT_DONE}: the service does not know 0 of 0 packages"),
        (_report(_WRONG, _UNKNOWN), (False, False), "audit: FAILED: 1 known vulnerabilities in 1 packages"),
        ("", (True, False), f"{_NOT_DONE}: ProxyError: cannot reach pypi.org"),
        ("[]", (True, False), f"{_NOT_DONE}: ProxyError: cannot reach pypi.org"),
    ],
)
def test_what_is_known_to_be_wrong_fails_and_what_is_not_known_is_said(report: str, passes: tuple[bool, bool], said: str) -> None:
    judgement = judge(report, _TRACEBACK)
    assert (judgement.passes(required=False), judgement.passes(required=True)) == passes
    assert list(judgement.lines(required=False))[-1] == said
    assert list(judgement.lines(required=True))[-1] == said.replace("counts as passed", "counts as FAILED")


def test_each_vulnerability_is_named_with_what_mends_it() -> None:
    assert judge(_report(_WRONG, _OPEN), "").found == (
        "flask 1.0: PYSEC-2023-62, mended in 2.2.5, 2.3.2",
        "old 1.0: GHSA-1, mended in no version yet",
    )
