"""Tables in Markdown, made from the settings and from the closed list of reasons, and put between their marks in a text."""

import ast
import inspect
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from deploy.docs.advice import WHEN
from shared import settings
from shared.domain.meanings import MEANINGS
from shared.domain.outcome import Code
from shared.settings import Settings

_BETWEEN: Final = re.compile(r"(<!-- (?P<name>\w+): written by make docs -->\n).*?(\n<!-- end -->)", re.DOTALL)


def renew(text: str) -> str:
    """Write every table between its marks anew. Raises :class:`KeyError` for a mark, or a setting, that nothing is known of."""
    return _BETWEEN.sub(lambda found: found[1] + _TABLES[found["name"]]() + found[3], text)


def settings_table() -> str:
    """Make the table of settings, in their order."""
    explained = _explanations()
    rows = (
        (f"`ANTAR_{name.upper()}`", _default(field.default), explained[name], WHEN[name])
        for name, field in Settings.model_fields.items()
    )
    return _table(("variable", "default", "meaning", "change it"), rows)


def codes_table() -> str:
    """Make the table of reason codes, in the order of the closed list."""
    rows = ((f"`{code}`", MEANINGS[code].text, MEANINGS[code].advice, MEANINGS[code].counts_as) for code in Code)
    return _table(("code", "meaning", "what to do", "counts as"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_line(cells) for cells in (head, ("---",) * len(head), *rows))


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _default(value: Any) -> str:
    """Write a default as the environment would have it."""
    match value:
        case None | () | "":
            return ""
        case SecretStr():
            return _default(value.get_secret_value())
        case bool():
            return f"`{str(value).lower()}`"
        case float():
            return f"`{value:g}`"
        case int() | str() | Path():
            return f"`{value}`"
        case _:
            raise TypeError(f"a default of {type(value).__name__} has no form here")


def _explanations() -> Mapping[str, str]:
    """Read what stands below each setting."""
    (found,) = (each for each in ast.parse(inspect.getsource(settings)).body if isinstance(each, ast.ClassDef))
    return {name: " ".join(text.replace("``", "`").split()) for name, text in _documented(found.body)}


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(said))):
                yield name, said


_TABLES: Final = {"settings": settings_table, "codes": codes_table}
