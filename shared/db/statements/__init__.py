"""The statements of the hot path and of recovery, named and described; everything else is plain SQLAlchemy where it is used.

Rows of the partitioned tables are named by a list of ids and its bounds: a list alone chooses no partition once a plan is a
generic one.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID


def among(identifiers: Sequence[UUID]) -> dict[str, Any]:
    """Give the parameters that name rows: ``ids``, ``first`` and ``last``. There must be at least one."""
    return {"ids": list(identifiers), "first": min(identifiers), "last": max(identifiers)}
