"""Two accounts of these tests' own, and what the running stack says of itself."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from tests.acceptance.backend import Backend
from tests.acceptance.openapi import tenants
from tests.acceptance.openapi.tenants import Tenant


@pytest.fixture(scope="package")
def owner(stack: Stack, backend: Backend) -> Tenant:
    return tenants.make(stack, backend.http, backend.sandbox)


@pytest.fixture(scope="package")
def other(stack: Stack, backend: Backend) -> Tenant:
    return tenants.make(stack, backend.http, backend.sandbox)


@pytest.fixture(scope="package")
def anybody(stack: Stack) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=stack.base_url, timeout=60) as http:
        yield http


@pytest.fixture(scope="package")
def document(anybody: httpx.Client) -> Any:
    return anybody.get("/openapi.json").raise_for_status().json()
