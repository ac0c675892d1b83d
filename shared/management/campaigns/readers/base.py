"""What every reader of recipients gives, and when it gives up."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from shared.management.errors import ManagementError

MOST_COLUMNS: Final = 500


class Unreadable(ManagementError):
    """A file cannot be read as what it should be; the message says where and why."""


class Row(NamedTuple):
    """A row of a file."""

    cells: dict[str, str]
    """The texts by their columns; a column that is not there is empty."""
    problem: str | None = None
    """Why it is no row like the others; ``None`` for a good one."""


Chunks = Iterable[bytes]

Reader = Callable[[Chunks, Collection[str]], Iterator[Row]]
"""From a file's bytes and the columns that it must have to its rows. Rows without a single text are left out.

It holds a bounded part of the file in memory. Raises :class:`Unreadable`, at the first row or at a later one.
"""


def header(cells: Sequence[str], needed: Collection[str]) -> tuple[str, ...]:
    """Name the columns of a file, by number those that have no name. Raises :class:`Unreadable` naming the one that is wrong."""
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(f"the file has more than {MOST_COLUMNS} columns")
    names = tuple(cell.strip() or f"column {number}" for number, cell in enumerate(cells, start=1))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Unreadable(f"the column {twice!r} is there twice")
    require(names, needed)
    return names


def require(found: Collection[str], needed: Collection[str]) -> None:
    """Raise :class:`Unreadable` unless every column was found that is needed."""
    missing = [name for name in needed if name not in found]
    if missing:
        raise Unreadable(f"the file has no column {missing[0]!r}")
