"""The README keeps up with the code: every setting and every reason code stands in it, and nothing else does."""

import re
from pathlib import Path

import pytest

from deploy.docs import tables
from deploy.docs.advice import WHEN
from shared.domain.meanings import MEANINGS
from shared.domain.outcome import Code
from shared.settings import Settings

_README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def _section(title: str) -> str:
    return _README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_tables_are_those_that_make_docs_writes() -> None:
    assert tables.renew(_README) == _README
    assert tables.settings_table() in _section("Settings")
    assert tables.codes_table() in _section("Reason codes")


def test_every_setting_and_every_code_is_in_its_table() -> None:
    assert re.findall(r"^\| `(ANTAR_\w+)`", tables.settings_table(), re.MULTILINE) == [
        f"ANTAR_{name.upper()}" for name in Settings.model_fields
    ]
    assert list(WHEN) == list(Settings.model_fields)
    assert re.findall(r"^\| `(\w+)`", tables.codes_table(), re.MULTILINE) == [code.value for code in Code]
    assert list(MEANINGS) == list(Code)


def test_defaults_and_outcomes_stand_in_their_columns() -> None:
    row = next(line for line in tables.codes_table().splitlines() if "worker_lost" in line)
    assert row.endswith("| unknown |")
    assert "`postgresql+psycopg://antar@127.0.0.1:5432/antar`" in tables.settings_table()
    assert "| `ANTAR_READ_TIMEOUT` | `20` | Seconds to wait" in tables.settings_table()


def test_a_mark_of_nothing_known_is_refused() -> None:
    with pytest.raises(KeyError):
        tables.renew("<!-- queues: written by make docs -->\n\n<!-- end -->")


def test_every_dependency_has_its_reason() -> None:
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    names = re.findall(r'^    "([a-z-]+)(?:\[\w+\])?[><; ]', project.split("[project.scripts]")[0], re.MULTILINE)
    reasons = _section("What it is built on").lower()
    stubs = re.compile(r"types-|-types$")
    assert [name for name in names if name not in reasons and not stubs.search(name)] == []
