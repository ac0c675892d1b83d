"""Texts of strangers in the cells of a CSV file, which spreadsheets would take for formulas."""

import re
from typing import Final

_FORMULA: Final = re.compile(r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a cell begins with what makes it a formula, also where a semicolon or a tab is taken for the delimiter."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
"""A phone number, or a chat's: a number to a spreadsheet too, and no formula. Not with a hyphen inside, which would subtract."""


def safe(text: str) -> str:
    """Give a text as it is safe in a cell: an apostrophe before what a spreadsheet would evaluate, which it does not show."""
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub("'", text)
