"""The domain is pure: importing it brings in no framework, and using it changes nothing for others."""

import pkgutil
import subprocess
import sys

import pytest

from shared import domain

MODULES = sorted(module.name for module in pkgutil.walk_packages(domain.__path__, "shared.domain."))
FRAMEWORKS = ("flask", "sqlalchemy", "celery", "kombu", "redis", "httpx", "psycopg", "pydantic_settings")

PRIVATE_DOMAIN = """
import email_validator
before = list(email_validator.SPECIAL_USE_DOMAIN_NAMES)
from shared.domain import channels, targets
assert targets.normalise(channels.Channel.EMAIL, "ann@mail.local") == "ann@mail.local"
assert email_validator.SPECIAL_USE_DOMAIN_NAMES == before
"""


def run(program: str) -> None:
    """Run a program in an interpreter that has imported nothing yet."""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - a program of this file


def test_every_module_is_seen() -> None:
    assert {"shared.domain.cascade", "shared.domain.targets"} <= set(MODULES)


def test_no_framework_comes_with_it() -> None:
    run(f"import sys, {', '.join(MODULES)}\nassert not set({FRAMEWORKS}) & set(sys.modules), set({FRAMEWORKS}) & set(sys.modules)")


@pytest.mark.parametrize("framework", ["flask", "sqlalchemy", "celery"])
def test_a_framework_would_be_seen(framework: str) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run(f"import sys, {framework}\nassert {framework!r} not in sys.modules")


def test_the_validator_of_addresses_is_left_as_it_is() -> None:
    run(PRIVATE_DOMAIN)
