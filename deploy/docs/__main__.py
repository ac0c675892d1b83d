"""``python -m deploy.docs``: write the README's tables of settings and of reason codes."""

from pathlib import Path
from typing import Final

from deploy.docs import tables

_README: Final = Path(__file__).resolve().parents[2] / "README.md"

_README.write_text(tables.renew(_README.read_text()))
