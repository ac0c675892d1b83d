"""The story of one send, for operators: what the api tells, where it comes from, what is to come, and what its customer heard."""

import shutil
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import click

from api.sends import render
from api.webhooks import render as webhooks
from deploy.cli import output
from shared import ids
from shared.db import engine
from shared.domain import upcoming
from shared.domain.outcome import Code
from shared.domain.timeline import History
from shared.domain.times import rfc3339
from shared.management import origin, sends
from shared.management.errors import NotFound
from shared.management.origin import Origin

Document = dict[str, Any]

_PIPE: Final = 240
"""Columns of what is no terminal."""
_INDENT: Final = "    "
_HEAD: Final = (
    ("id", "state", "account", "dialect"),
    ("request_id", "token", "campaign"),
    ("created_at", "schedule_at", "expires_at", "ended_at", "until"),
)


def tell(send_id: UUID, *, as_json: bool) -> None:
    """Print the story of a send. Raises :class:`NotFound`."""
    output.emit(_document(send_id), as_json=as_json, show=_show)


def _document(send_id: UUID) -> Document:
    with engine.get().connect() as connection:
        history = sends.load_history(connection, send_id)
        if history is None:
            raise NotFound("there is no such send")
        source = origin.load(connection, send_id)
        standings = origin.load_standings(connection, send_id)
        heard = origin.load_webhooks(connection, history.send)
    told = render.story(history)
    for delivery in _deliveries(told):
        standing = standings[_id(delivery)]
        delivery |= {"key": ids.encode(ids.KEY, standing.key_id), "key_name": standing.key, "key_status": standing.key_status}
        delivery["queue"] = standing.queue
        _add_workers(delivery, history)
    steps = upcoming.steps(history.send, standings, source.now)
    next_steps = [{"at": step.at and rfc3339(step.at), "text": step.text} for step in steps]
    return {**told, **_origin(source), "next": next_steps, "webhooks": [webhooks.webhook(each) for each in heard]}


def _deliveries(told: Document) -> Iterator[Document]:
    return (delivery for tier in told["tiers"] for delivery in tier["deliveries"])


def _id(delivery: Document) -> UUID:
    identifier = ids.decode(ids.DELIVERY, delivery["id"])
    if identifier is None:
        raise ValueError(delivery["id"])
    return identifier


def _add_workers(delivery: Document, history: History) -> None:
    for told, attempt in zip(delivery["attempts"], history.attempts.get(_id(delivery), ()), strict=True):
        told["worker"] = attempt.worker


def _origin(source: Origin) -> Document:
    return {
        "account": source.account,
        "request_id": source.request_id,
        "token": source.token_id and ids.encode(ids.TOKEN, source.token_id),
        "token_label": source.token_label,
        "campaign": source.campaign_id and ids.encode(ids.CAMPAIGN, source.campaign_id),
        "campaign_name": source.campaign,
    }


def _show(told: Document) -> None:
    named = {**told, "token": _both(told, "token", "token_label"), "campaign": _both(told, "campaign", "campaign_name")}
    output.lines({name: named[name] for names in _HEAD for name in names if named[name] is not None})
    for tier in told["tiers"]:
        click.echo(f"\nTier {tier['tier']}: {tier['state']}")
        for delivery in tier["deliveries"]:
            _show_delivery(delivery)
    _list("Next", (f"{_moment(step['at'])}  {step['text']}" for step in told["next"]))
    _list("Webhooks to the customer", (_heard(each) for each in told["webhooks"]))
    _list("Timeline", (f"{entry['at']}  {entry['text']}" for entry in told["timeline"]), indent=len("2026-01-02T12:00:00.000Z  "))


def _list(title: str, lines: Iterator[str], indent: int = len(_INDENT)) -> None:
    """Print lines below a title, or nothing where there are none."""
    for number, line in enumerate(lines):
        if number == 0:
            click.echo(f"\n{title}")
        _echo(line, "", " " * indent)


def _show_delivery(delivery: Document) -> None:
    _echo(f"  {delivery['channel']} {delivery['state']}{_because(delivery)}", "", _INDENT)
    for line in _facts(delivery):
        _echo(line, _INDENT, _INDENT + "  ")
    for attempt in delivery["attempts"]:
        _echo(_attempt(attempt), _INDENT, _INDENT + "  ")
    for hint in _hints(delivery):
        _echo(hint, _INDENT, _INDENT + "  ")


def _because(delivery: Document) -> str:
    if delivery["code"] is None:
        return f": {delivery['reason']}" if delivery["reason"] else ""
    return f": {delivery['code']} ({delivery['reason']})" if delivery["reason"] else f": {delivery['code']}"


def _facts(delivery: Document) -> Iterator[str]:
    unusable = f" {delivery['key_status']}" if delivery["key_status"] not in {"active", None} else ""
    key = f"{delivery['key']} ({delivery['key_name']}{unusable})" if delivery["key_name"] else f"{delivery['key']} (deleted)"
    yield f"{delivery['id']}, queue {delivery['queue']}"
    yield f"to {delivery['target']} by {key}" + (f", template {delivery['template']}" if delivery["template"] else "")
    if delivery["provider_message_id"]:
        yield f"provider's id {delivery['provider_message_id']}"
    if delivery["receipt"]:
        yield f"receipt {delivery['receipt']} at {delivery['receipt_at']}"


def _attempt(attempt: Document) -> str:
    started, ended = (datetime.fromisoformat(attempt[name]) for name in ("started_at", "ended_at"))
    parts = (
        attempt["outcome"].replace("_", " "),
        attempt["code"],
        f"status {attempt['provider_status']}" if attempt["provider_status"] is not None else None,
        f"provider code {attempt['provider_code']}" if attempt["provider_code"] is not None else None,
        f"{round((ended - started).total_seconds() * 1000)} ms",
        attempt["request"],
        f"by {attempt['worker']}" if attempt["worker"] else None,
    )
    return f"attempt {attempt['number']}: {', '.join(part for part in parts if part)}"


def _hints(delivery: Document) -> Iterator[str]:
    """Say what can be done about a delivery that needs somebody."""
    if delivery["held"]:
        yield f"held: antar held release|fail|confirm {delivery['id']}"
    if delivery["code"] == Code.INTERNAL_ERROR:
        yield f"a fault of antar's own: antar quarantine show {delivery['id']}"


def _heard(webhook: Document) -> str:
    answer = f", answered {webhook['response_status']}" if webhook["response_status"] else ""
    error = f", {webhook['error']}" if webhook["error"] else ""
    again = f", again at {webhook['next_attempt_at']}" if webhook["next_attempt_at"] else ""
    return f"{webhook['id']} {webhook['source']} {webhook['status']}, attempts {webhook['attempts']}{answer}{error}{again}"


def _both(told: Document, name: str, called: str) -> str | None:
    return f"{told[name]} ({told[called]})" if told[called] else told[name]


def _moment(at: str | None) -> str:
    return at or "at any time"


def _echo(text: str, first: str, following: str) -> None:
    """Print a text, in lines of the terminal's width that begin so; no word is cut, so that ids can be copied."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE
    said = textwrap.wrap(
        output.cell(text), width, initial_indent=first, subsequent_indent=following, break_long_words=False, break_on_hyphens=False
    )
    click.echo("\n".join(said))
