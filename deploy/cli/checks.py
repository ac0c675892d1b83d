"""The checks of ``antar doctor``. Each gives what it found, or says what is wrong and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from deploy import processes
from deploy.cli import failures
from shared import health, settings, storage, vault
from shared.db import engine, migrate, partitions, sessions
from shared.db.tables.sends import PARTITIONED
from shared.management import secret_keys

OLDEST_POSTGRES: Final = 14
"""The oldest major version that its makers still maintain."""

_PATIENCE: Final = 2
"""Seconds for the workers to answer, and for the broker to be reached."""

_IN_A_PARTITION: Final = text(r"""
    SELECT EXISTS (
        SELECT FROM pg_inherits
          JOIN pg_class ON pg_class.oid = pg_inherits.inhrelid
         CROSS JOIN LATERAL regexp_match(
               pg_get_expr(pg_class.relpartbound, pg_class.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)') AS bounds
         WHERE pg_inherits.inhparent = to_regclass(:parent)
           AND CAST(bounds[1] AS uuid) <= :id AND CAST(bounds[2] AS uuid) > :id)
""")
"""Whether a partition other than the default one takes an id."""


class Problem(Exception):
    """Something is wrong; the message says what, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What came of one check."""

    check: str
    ok: bool
    text: str


def run() -> list[Finding]:
    """Run all checks; those that need what failed are not tried."""
    findings: dict[str, Finding] = {}
    for name, (needs, check) in _CHECKS.items():
        lacking = next((need for need in needs if not findings[need].ok), None)
        findings[name] = _try(name, check) if lacking is None else _not_tried(name, lacking)
    return list(findings.values())


def schema_version(connection: Connection) -> str | None:
    """Give the version the database is migrated to; ``None`` when it never was."""
    return MigrationContext.configure(connection).get_current_revision()


def _try(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(check=name, ok=True, text=check())
    except Problem as problem:
        return Finding(check=name, ok=False, text=str(problem))
    except failures.EXPECTED as error:
        return Finding(check=name, ok=False, text=failures.explain(error))


def _not_tried(name: str, lacking: str) -> Finding:
    return Finding(check=name, ok=False, text=f"not checked: first put {lacking} right")


def _settings() -> str:
    settings.get()
    return "every ANTAR_* variable can be read"


def _secret_keys() -> str:
    held = vault.get()
    return f"{len(held.keys)} in ANTAR_SECRET_KEYS, {held.active} encrypts"


def _files() -> str:
    storage.check()
    return "can be stored and removed, as ANTAR_FILES_URL says"


def _postgres() -> str:
    with engine.get().connect() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
        major = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
        lacking = sessions.lacking(connection) if settings.get().database_pooled else []
    if major < OLDEST_POSTGRES:
        raise Problem(f"Postgres {version} at {failures.database_address()} is too old: use {OLDEST_POSTGRES} or later")
    if lacking:
        raise Problem(f"sessions through the pooler lack {', '.join(lacking)}: run antar migrate, and RECONNECT in PgBouncer")
    _insist(health.postgres(engine.get()))
    return f"Postgres {version} at {failures.database_address()}"


def _schema() -> str:
    head = ScriptDirectory.from_config(migrate.config()).get_current_head()
    with engine.get().connect() as connection:
        version = schema_version(connection)
    if version != head:
        raise Problem(f"the database is at version {version or 'none'} and this antar needs {head}: run antar migrate")
    return f"at version {version}"


def _partitions() -> str:
    now = partitions.first_id(datetime.now(UTC))
    with engine.get().connect() as connection:
        lacking = [
            table.name
            for table in PARTITIONED
            if not connection.execute(_IN_A_PARTITION, {"parent": table.name, "id": now}).scalar_one()
        ]
    if lacking:
        raise Problem(f"no partition of this week for {', '.join(lacking)}: run antar migrate, and see that beat runs")
    return "there for this week"


def _secrets() -> str:
    with engine.get().connect() as connection:
        uses, unreadable = secret_keys.uses(connection), secret_keys.unreadable(connection)
    missing = [use for use in uses if use.standing is secret_keys.Standing.MISSING]
    if missing:
        lost = ", ".join(f"{use.number} under {use.key or 'no id'}" for use in missing)
        raise Problem(f"encrypted under keys that ANTAR_SECRET_KEYS does not hold: {lost}; put them back: antar secrets status")
    if unreadable:
        raise Problem(f"ANTAR_SECRET_KEYS holds another key than the one that encrypted, under the id {', '.join(unreadable)}")
    old = sum(use.number for use in uses if use.standing is secret_keys.Standing.HELD)
    return f"all can be read{f'; {old} under older keys: antar secrets rotate' if old else ''}"


def _broker() -> str:
    # Importing the queues reads the settings, which another check is about.
    from shared import queues  # noqa: PLC0415

    with queues.app.connection_for_read() as connection:
        address = connection.as_uri()
        try:
            connection.ensure_connection(max_retries=1, timeout=_PATIENCE)
        except queues.BROKER_TROUBLE as error:
            raise Problem(f"cannot reach {address}: {error}; start it or set ANTAR_BROKER_URL") from error
    return address


def _consumers() -> str:
    from shared import queues  # noqa: PLC0415 - as above.

    answers = queues.app.control.inspect(timeout=_PATIENCE).active_queues() or {}
    consumed = {queue["name"] for worker in answers.values() for queue in worker}
    idle = [queue.value for queue in queues.Queue if queue.value not in consumed]
    if idle:
        workers = [name for name, taken in processes.QUEUES.items() if not consumed.issuperset(taken)]
        raise Problem(f"no worker takes from {', '.join(idle)}: start {' and '.join(f'antar-serve {name}' for name in workers)}")
    return f"every queue has one, in {len(answers)} workers"


def _consumption() -> str:
    _insist(health.consumed())
    return "no queue stands still"


def _oldest_queued() -> str:
    _insist(health.oldest_queued(engine.get()))
    return "no delivery is late"


def _insist(looked_at: health.Health) -> None:
    """Raise what a probe of the api would be told."""
    if looked_at.problem is not None:
        raise Problem(looked_at.problem)


_CHECKS: Final[dict[str, tuple[tuple[str, ...], Callable[[], str]]]] = {
    "settings": ((), _settings),
    "secret keys": (("settings",), _secret_keys),
    "files": (("settings",), _files),
    "postgres": (("settings",), _postgres),
    "schema": (("postgres",), _schema),
    "partitions": (("schema",), _partitions),
    "secrets": (("secret keys", "schema"), _secrets),
    "broker": (("settings",), _broker),
    "consumers": (("broker",), _consumers),
    "consumption": (("broker",), _consumption),
    "oldest queued": (("schema",), _oldest_queued),
}
"""In their order, each with the checks it needs."""
