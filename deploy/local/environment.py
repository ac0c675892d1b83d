"""The variables that the processes of a stack are given."""

import os
import shlex
from collections.abc import Mapping

from deploy.local import postgres, valkey
from deploy.local.credentials import Credentials
from deploy.local.home import Home
from deploy.local.ports import HOST
from shared import settings

DATABASE_URL = "ANTAR_DATABASE_URL"
BROKER_URL = "ANTAR_BROKER_URL"
SIGNAL_URL = "ANTAR_SIGNAL_URL"

_PREFIX = "ANTAR_"
_LOOPBACK = "127.0.0.0/8,::1/128"
"""Who tries webhooks out has a receiver on this machine."""


def given(extra: Mapping[str, str]) -> dict[str, str]:
    """Give antar's variables that somebody has set: those of this process, and above them the extra ones."""
    return {name: value for name, value in {**os.environ, **extra}.items() if name.startswith(_PREFIX) and value}


def lacks_redis(given: Mapping[str, str]) -> bool:
    """Whether no broker is named, or one that carries no wake-ups and nothing that does."""
    return BROKER_URL not in given or (settings.is_rabbitmq(given[BROKER_URL]) and SIGNAL_URL not in given)


def complete(given: Mapping[str, str], ports: Mapping[str, int], credentials: Credentials, home: Home) -> dict[str, str]:
    """Add what nobody has set: the stack's own servers, keys and address."""
    own = {
        DATABASE_URL: postgres.url(ports["postgres"], credentials.postgres_password),
        **_redis(given, valkey.url(ports["redis"])),
        "ANTAR_SECRET_KEYS": credentials.secret_keys,
        "ANTAR_PUBLIC_URL": f"http://{HOST}:{ports['api']}",
        "ANTAR_METRICS_PORT": str(ports["metrics"]),
        "ANTAR_METRICS_DIR": str(home.metrics),
        "ANTAR_JOURNAL_DIR": str(home.journal),
        "ANTAR_FILES_URL": home.files.as_uri(),
        "ANTAR_EGRESS_ALLOW": _LOOPBACK,
    }
    return {**own, **given}


def _redis(given: Mapping[str, str], url: str) -> Mapping[str, str]:
    if not lacks_redis(given):
        return {}
    return {SIGNAL_URL if BROKER_URL in given else BROKER_URL: url}


def exported(variables: Mapping[str, str]) -> str:
    """Write variables as the lines of a shell that sets them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
