"""What commands print: key-value lines or a table for people, one JSON document for scripts."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

Document = Mapping[str, Any]

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
"""Every command has it."""

_WIDTH_OF_A_PIPE: Final = 240


def emit(document: Any, *, as_json: bool, show: Callable[[Any], None] | None = None) -> None:
    """Print a document, or a list of them; ``show`` is how people see it where the plain way will not do."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        (show or _show)(document)


def lines(document: Document) -> None:
    """Print a name and a value per line; nothing is cut, so that a token can be copied."""
    width = max(len(name) for name in document)
    for name, value in document.items():
        click.echo(f"{_label(name):{width}}  {cell(value)}")


def table(rows: Sequence[Document], title: str | None = None) -> None:
    """Print documents with the same names as rows."""
    drawn = Table(*(_label(name) for name in rows[0]), title=title, title_justify="left")
    for row in rows:
        drawn.add_row(*(cell(value) for value in row.values()))
    _console().print(drawn)


def cell(value: Any) -> str:
    """Write a value; what could steer a terminal is taken out of it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            return "".join(character if character.isprintable() else " " for character in str(value))


def _show(document: Document | Sequence[Document]) -> None:
    if isinstance(document, Mapping):
        lines(document)
    elif document:
        table(document)
    else:
        click.echo("none")


def _label(name: str) -> str:
    return name.replace("_", " ")


def _console() -> Console:
    """Make a console that takes texts as they are, and does not squeeze a table into a pipe."""
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    return Console(width=width, markup=False, emoji=False, highlight=False)
