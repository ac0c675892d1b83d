"""Whatever is asked, the answer is one that the document foretells, and never a fault of ours.

``ANTAR_GENERATED`` is the number of requests generated for each operation beyond those at the edges of what it takes; with it
the edges of the large bodies are tried too, which takes a minute.
"""

import os
import re
from typing import Any

import pytest

from api.openapi.operation import Auth, Operation
from tests.acceptance import conformance
from tests.acceptance.openapi import generated
from tests.acceptance.openapi.generated import Run
from tests.acceptance.openapi.narrowing import narrow
from tests.acceptance.openapi.tenants import Tenant

_ASKED_FOR = os.environ.get("ANTAR_GENERATED")
_REQUESTS = int(_ASKED_FOR or "4")


@pytest.fixture(scope="module")
def run(document: dict[str, Any], owner: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("generated")
    return generated.run(narrow(document, owner), owner, folder, _REQUESTS, all_edges=_ASKED_FOR is not None)


def test_every_answer_is_foretold(run: Run) -> None:
    assert run.passed, run.report


def test_every_operation_was_also_asked_something_that_it_does(run: Run) -> None:
    undone = [operation for operation in conformance.operations() if not _did(run, operation)]
    assert [operation.name for operation in undone if operation.auth is not Auth.PROVIDER] == []


def _did(run: Run, operation: Operation) -> bool:
    path = re.compile(rf".+{re.sub(r'<[^>]+>', '[^/]+', operation.path)}")
    return any(
        status < 300
        for (method, url), statuses in run.answers.items()
        if method == operation.method and path.fullmatch(url)
        for status in statuses
    )
