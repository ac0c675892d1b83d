"""The parameters of a session with Postgres, and how it comes to them.

Whoever connects to the server itself names them as he connects. A pooler that shares connections transaction by transaction refuses
that, and keeps only few that are set later: there they are defaults of antar's role in its database, which ``antar migrate`` sets.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from shared import settings

_TIME_ZONE: Final = {"timezone": "UTC"}
_PLANS: Final = {"enable_seqscan": "off", "jit": "off"}
_PLANNED_ONCE: Final = {"plan_cache_mode": "force_generic_plan"}

_ROLE: Final = text("SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database")
_VALUES: Final = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
_SET: Final = text("SELECT set_config(:name, :value, false)")
_END_AFTER: Final = text("SELECT set_config('statement_timeout', :milliseconds, true)")


def options() -> str:
    """Write the parameters as a client of the server itself names them: there a statement is prepared, and planned once."""
    return " ".join(f"-c {name}={value}" for name, value in {**_TIME_ZONE, **_PLANNED_ONCE, **_defaults()}.items())


def make_default(connection: Connection) -> None:
    """Let each session of this role begin with the parameters from now on.

    The session that does so has them as well: a pooler gives it to others.
    """
    role, database = connection.execute(_ROLE).one()
    for name, value in _defaults().items():
        connection.exec_driver_sql(f"ALTER ROLE {role} IN DATABASE {database} SET {name} = '{value}'")
        connection.execute(_SET, {"name": name, "value": value})


def lacking(connection: Connection) -> list[str]:
    """Name the parameters that a session of the server does not have."""
    wanted = _defaults()
    found: dict[str, str] = {row.name: row.setting for row in connection.execute(_VALUES, {"names": list(wanted)})}
    return [name for name, value in wanted.items() if found[name] != value]


def end_statements_after(connection: Connection, seconds: float) -> None:
    """Have each further statement of the transaction end after so many seconds."""
    connection.execute(_END_AFTER, {"milliseconds": str(round(seconds * 1000))})


def _defaults() -> Mapping[str, str]:
    idle_milliseconds = round(settings.get().database_timeout * 1000)
    return {**_PLANS, "idle_in_transaction_session_timeout": str(idle_milliseconds)}
