"""What a command says when it cannot do its work: one line on stderr. Exit status 2 is for wrong input, 1 for all else."""

from collections.abc import Callable
from typing import Any, Final

import click
from alembic.util import CommandError
from psycopg.errors import LockNotAvailable, UndefinedColumn, UndefinedTable
from pydantic import ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared import settings
from shared.management.errors import ManagementError
from shared.storage import StorageError
from shared.vault import VaultError

_Explain = Callable[[Any], str]


class Failure(click.ClickException):
    """A command cannot do its work."""

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


class WrongInput(Failure):
    """What was asked cannot be done as it was asked."""

    exit_code = 2


class Guarded(click.Group):
    """A group whose commands end in one line, whatever of the expected goes wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (ManagementError, UnicodeEncodeError) as error:
            raise WrongInput(_input_problem(error)) from error
        except EXPECTED as error:
            raise Failure(explain(error)) from error


def explain(error: Exception) -> str:
    """Say in a line what an expected failure means, without any secret."""
    explanation = next(text for kind, text in _EXPLANATIONS.items() if isinstance(error, kind))
    return _one_line(explanation(error))


def database_address() -> str:
    """Give where Postgres should be, without user and password."""
    url = make_url(settings.get().database_url.get_secret_value())
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _input_problem(error: ManagementError | UnicodeEncodeError) -> str:
    return "the arguments must be valid text" if isinstance(error, UnicodeEncodeError) else str(error)


def _database_away(error: DBAPIError | PoolTimeoutError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, LockNotAvailable):
        return f"somebody reads or writes a table of {database_address()} for long, as a backup does: try again after it"
    if "unsupported startup parameter" in str(cause):
        return f"a pooler stands before Postgres at {database_address()}: set ANTAR_DATABASE_POOLED=true, then run antar migrate"
    return f"cannot use Postgres at {database_address()}: {cause}"


def _not_understood(error: ProgrammingError) -> str:
    if isinstance(error.orig, (UndefinedTable, UndefinedColumn)):
        return f"the database at {database_address()} has not the schema of this version; run antar migrate"
    return _refused(error)


def _refused(error: DBAPIError) -> str:
    """Give the first line only: what follows it may quote values."""
    return f"Postgres at {database_address()} refused: {str(error.orig).partition(chr(10))[0]}"


def _malformed_url(_: ArgumentError) -> str:
    return "ANTAR_DATABASE_URL must be a SQLAlchemy URL, as postgresql+psycopg://user:password@host:5432/antar"


_EXPLANATIONS: Final[dict[type[Exception], _Explain]] = {
    OperationalError: _database_away,
    InterfaceError: _database_away,
    PoolTimeoutError: _database_away,
    ProgrammingError: _not_understood,
    DBAPIError: _refused,
    ArgumentError: _malformed_url,
    ValidationError: settings.explain,
    VaultError: str,
    StorageError: str,
    CommandError: str,
}
"""What can be expected to go wrong; of two that fit, the first speaks."""

EXPECTED: Final = tuple(_EXPLANATIONS)
