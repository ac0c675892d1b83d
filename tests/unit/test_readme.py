"""The README keeps up with the code: every setting and every reason code stands in it, and nothing else does."""

import re
from pathlib import Path

from shared.domain.meanings import MEANINGS
from shared.domain.outcome import Code
from shared.settings import Settings

_README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def _section(title: str) -> str:
    return _README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"^\| `(ANTAR_\w+)`", _section("Settings"), re.MULTILINE)
    assert documented == [f"ANTAR_{name.upper()}" for name in Settings.model_fields]


def test_every_reason_code_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \| (.+) \|$", _section("Reason codes"), re.MULTILINE)
    assert documented == [(code.value, MEANINGS[code]) for code in Code]


def test_every_dependency_has_its_reason() -> None:
    project = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    names = re.findall(r'^    "([a-z-]+)(?:\[\w+\])?[><; ]', project.split("[project.scripts]")[0], re.MULTILINE)
    reasons = _section("What it is built on").lower()
    stubs = re.compile(r"types-|-types$")
    assert [name for name in names if name not in reasons and not stubs.search(name)] == []
