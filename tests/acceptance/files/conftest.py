"""An account with no limits of requests, whose files these are."""

import pytest

from deploy.local.stack import Stack
from tests.acceptance.backend import Backend
from tests.acceptance.files.library import Library
from tests.acceptance.openapi import tenants


@pytest.fixture(scope="package")
def library(stack: Stack, backend: Backend) -> Library:
    return Library(tenant=tenants.make(stack, backend.http, backend.sandbox), http=backend.http)
