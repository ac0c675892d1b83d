"""The statements of the hot path and of recovery, named and described; everything else is plain SQLAlchemy where it is used.

Rows of the partitioned tables are named by a list of ids and its bounds: a list alone chooses no partition once a plan is a
generic one.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

WITHIN: Final = "within"
"""The option of a statement that keeps within its bounds."""


def within(sql: str) -> TextClause:
    """Make a statement whose rows of the partitioned tables all lie within its parameters' bounds, as :func:`among` gives them.

    ``first`` and ``last`` are of deliveries, ``first_send`` is of their sends. Where they lie in one week, :mod:`shared.db.hot`
    names that week's partitions in place of the tables.
    """
    return text(sql).execution_options(**{WITHIN: True})


def among(identifiers: Sequence[UUID]) -> dict[str, Any]:
    """Give the parameters that name rows: ``ids``, ``first`` and ``last``. There must be at least one."""
    return {"ids": list(identifiers), "first": min(identifiers), "last": max(identifiers)}
