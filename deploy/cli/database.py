"""``antar migrate`` and ``antar doctor``: whether what antar stands on is there and fit."""

from collections.abc import Sequence
from typing import Any

import click

from deploy.cli import checks, output
from shared.db import engine
from shared.db import migrate as migrations


@click.command()
@output.json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database to the newest schema, and make the partitions of the coming weeks."""
    migrations.upgrade(engine.create_patient())
    with engine.get().connect() as connection:
        version = checks.schema_version(connection)
    output.emit({"schema": version}, as_json=as_json)


@click.command()
@output.json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Check everything antar stands on, and say what to do where something is wrong."""
    findings = checks.run()
    documents = [{"check": finding.check, "ok": finding.ok, "text": finding.text} for finding in findings]
    output.emit(documents, as_json=as_json, show=_show)
    context.exit(0 if all(finding.ok for finding in findings) else 1)


def _show(findings: Sequence[dict[str, Any]]) -> None:
    for finding in findings:
        verdict = click.style("ok  ", fg="green") if finding["ok"] else click.style("FAIL", fg="red", bold=True)
        click.echo(f"{verdict}  {finding['check']:13}  {output.cell(finding['text'])}")
