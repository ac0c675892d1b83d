"""What operators read keeps up with the code: commands, options, settings, alerts and links in it exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from deploy.cli import main
from shared.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_DOCUMENTS = sorted([_ROOT / "README.md", *(_ROOT / "deploy").rglob("*.md")])
_BEGINS = r"(?:^|[`|;(&]|xargs -r|run --rm \w+|exec \S+|--)"
_COMMAND = re.compile(_BEGINS + r" *(?:[\w./]+/)?antar ([a-z][a-z|-]*[a-z](?: [^\n`#|;)]*(?:\|[a-z]+)*[^\n`#|;)]*)?)", re.MULTILINE)
_CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_VARIABLE = re.compile(r"\bANTAR_[A-Z][A-Z_]*[A-Z]\b")
_OF_OTHERS = {"ANTAR_HOME", "ANTAR_VERSION"}
"""Variables of the local stack and of compose, which no process reads."""


def _named(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def _commands(text: str) -> Iterator[tuple[str, ...]]:
    """Give each command that stands as code, in words; alternatives as ``release|fail`` are several."""
    for code in _CODE.findall(text):
        for found in _COMMAND.findall(code.replace("\\\n", " ")):
            words = found.split()
            for first in words[0].split("|"):
                yield from (((first, second, *words[2:]) for second in words[1].split("|")) if words[1:] else [(first,)])


def _problem(words: tuple[str, ...]) -> str | None:
    """Say what is wrong with a command: an unknown name, or an option it has not."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest.pop(0))
        if found is None:
            return "no such command"
        command = found
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "--version"}
    unknown = [word for word in rest if re.match(r"--[a-z]", word) and word.rstrip(",.:") not in options]
    return f"no option {unknown[0]}" if unknown else None


def _anchors(path: Path) -> set[str]:
    """Name the headings of a document as GitHub does."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", _DOCUMENTS, ids=_named)
def test_every_command_and_option_exists(path: Path) -> None:
    assert {" ".join(words): problem for words in _commands(path.read_text()) if (problem := _problem(words))} == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("`antar held release DLV`", None),
        ("`antar held relase DLV`", "no such command"),
        ("`antar key set KEY --rate 3`", None),
        ("```sh\nantar key set KEY --speed 3\n```", "no option --speed"),
        ("`kubectl -n app exec deployment/api -- antar migate`", "no such command"),
        ("   ```sh\n   antar frobnicate\n   ```", "no such command"),
    ],
)
def test_a_wrong_command_is_found(text: str, problem: str | None) -> None:
    assert [_problem(words) for words in _commands(text)] == [problem]


@pytest.mark.parametrize("path", _DOCUMENTS, ids=_named)
def test_every_link_leads_somewhere(path: Path) -> None:
    links = [each.partition("#") for each in _LINK.findall(path.read_text()) if not each.startswith("http")]
    targets = [((path.parent / name).resolve() if name else path, anchor) for name, _, anchor in links]
    lost = [str(target) for target, anchor in targets if not target.exists() or (anchor and anchor not in _anchors(target))]
    assert lost == []


@pytest.mark.parametrize("path", _DOCUMENTS, ids=_named)
def test_every_variable_exists(path: Path) -> None:
    known = {f"ANTAR_{name.upper()}" for name in Settings.model_fields} | _OF_OTHERS
    assert set(_VARIABLE.findall(path.read_text())) - known == set()


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    rules = yaml.safe_load((_ROOT / "deploy/grafana/alerts.yml").read_text())
    alerts = {rule["alert"]: rule["annotations"]["runbook"] for group in rules["groups"] for rule in group["rules"]}
    sections = re.findall(r"^## (Antar\w+)$", (_ROOT / "deploy/RUNBOOK.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(alerts)
    assert alerts == {name: f"deploy/RUNBOOK.md#{name.lower()}" for name in alerts}


def test_every_section_says_what_is_to_be_done() -> None:
    sections = re.split(r"^## ", (_ROOT / "deploy/RUNBOOK.md").read_text(), flags=re.MULTILINE)[1:]
    assert [each.partition("\n")[0] for each in sections if "*Do:*" not in each] == []
