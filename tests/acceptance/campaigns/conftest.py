"""An account whose campaigns get files."""

import pytest

from deploy.local.stack import Stack
from tests.acceptance.backend import Backend
from tests.acceptance.campaigns.marketing import Marketing
from tests.acceptance.openapi import tenants


@pytest.fixture(scope="package")
def shop(stack: Stack, backend: Backend) -> Marketing:
    return Marketing(tenants.make(stack, backend.http, backend.sandbox))
