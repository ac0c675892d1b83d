"""The facts without which a figure says nothing: the machine, the versions, the settings."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil
import redis

from deploy.local import environment
from tests.bench import settings
from tests.bench.bed import Bed

_POSTGRES: Final = (
    "server_version",
    "synchronous_commit",
    "fsync",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "wal_compression",
    "checkpoint_timeout",
    "plan_cache_mode",
)
_SETTINGS: Final = (
    "api_threads",
    "database_connections",
    "commit_batch",
    "deliver_batch",
    "claim_batch",
    "record_batch",
)
_LIBRARIES: Final = ("celery", "granian", "flask", "psycopg", "sqlalchemy", "aiohttp", "uvloop")


def facts(bed: Bed) -> dict[str, Any]:
    """Give what the machine and the stack are, without anything secret."""
    return {
        "machine": _machine(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "postgres": _postgres(bed),
        "broker": _broker(bed),
        "settings": _settings(bed),
    }


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _postgres(bed: Bed) -> dict[str, str]:
    database = bed.antar.database
    found = database.execute(
        "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(_POSTGRES)]
    ).fetchall()
    return dict(found)


def _broker(bed: Bed) -> dict[str, Any]:
    with redis.Redis.from_url(bed.stack.environment()[environment.BROKER_URL]) as client:
        info: Mapping[str, Any] = client.info("server")
    return {name: info[name] for name in ("server_name", "valkey_version", "redis_version") if name in info}


def _settings(bed: Bed) -> dict[str, Any]:
    """Give how many processes and threads there are, and antar's settings that speed depends on."""
    options, known = bed.stack.options, settings.of(bed.stack.environment())
    chosen = {name: getattr(known, name) for name in _SETTINGS}
    return {"api_workers": options.api_workers, "send_threads": options.send_threads, **chosen}
