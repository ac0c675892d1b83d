"""How ``antar top`` looks: tables without lines, as many rows of each as there is room for, in two columns on a wide terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from deploy.cli import output

Document = Mapping[str, Any]

_WIDE: Final = 130
"""Columns from which on there are two of sections."""
_LATE: Final = 60.0
"""Seconds from which on what waits is shown as late."""
_HEAD: Final = 2
"""Lines above the sections."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One table: its title stands over its first column."""

    title: str
    columns: tuple[str, ...]
    """The headings of the columns after the first; those of numbers begin with ``>``."""
    rows: Sequence[Sequence[Text]]

    @property
    def height(self) -> int:
        """Lines that it takes in full."""
        return 1 + len(self.rows)


def picture(told: Document, width: int, height: int | None) -> RenderableType:
    """Draw a document of :mod:`deploy.cli.top_document` for so many columns and lines; ``None`` lines cut nothing off."""
    sections = _sections(told)
    room = None if height is None else max(0, height - _HEAD)
    if width < _WIDE:
        body: RenderableType = _column(sections, room)
    else:
        body = Table.grid(expand=True, padding=(0, 3, 0, 0))
        body.add_column(ratio=1)
        body.add_column(ratio=1)
        body.add_row(_column(sections[:2] + sections[5:], room), _column(sections[2:5], room))
    return Group(*_head(told), body)


def fitted(wanted: Sequence[int], room: int) -> list[int]:
    """Share lines out among sections that want so many: who wants most gives first, and the last of those that want the same."""
    given = list(wanted)
    while sum(given) > room and any(given):
        most = max(given)
        given[len(given) - 1 - given[::-1].index(most)] -= 1
    return given


def _column(sections: Sequence[Section], room: int | None) -> RenderableType:
    wanted = [section.height for section in sections]
    given = wanted if room is None else fitted(wanted, room)
    spaced = room is None or sum(given) + len(sections) - 1 <= room
    drawn = [_draw(section, lines - 1) for section, lines in zip(sections, given, strict=True) if lines]
    return Group(*(part for table in drawn for part in ((table, "") if spaced and table is not drawn[-1] else (table,))))


def _draw(section: Section, rows: int) -> Table:
    shown = section.rows[:rows]
    some = f" ({len(shown)} of {len(section.rows)})" if len(shown) < len(section.rows) else ""
    none = "" if section.rows else ": none"
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True, header_style="bold cyan")
    table.add_column(f"{section.title}{some}{none}", ratio=1, no_wrap=True, overflow="ellipsis")
    for heading in section.columns if section.rows else ():
        justify = "right" if heading.startswith(">") else "left"
        table.add_column(heading.lstrip(">"), justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    for row in shown:
        table.add_row(*row)
    return table


def _head(told: Document) -> Iterable[RenderableType]:
    servers = [_server(name, told[name]) for name in ("postgres", "broker")]
    first = [Text("antar top", style="bold"), Text(_clock(told.get("at"))), *servers]
    if told["account"]:
        first.insert(1, Text(output.cell(told["account"]), style="bold"))
    yield _line(first)
    yield _line(list(_attention(told)))


def _line(parts: Sequence[Text]) -> Text:
    line = Text("  ").join(parts)
    line.no_wrap = True
    line.overflow = "ellipsis"
    return line


def _server(name: str, told: Document) -> Text:
    return Text(f"{name} up", style="green") if told["up"] else Text(f"{name} AWAY: {output.cell(told['error'])}", style="bold red")


def _attention(told: Document) -> Iterable[Text]:
    if "intake" not in told:
        return
    intake, webhooks = told["intake"], told["webhooks"]
    style = "green" if intake["state"] == "accepting" else "bold red"
    yield Text(f"intake {intake['state']} ({100 * intake['waiting'] // intake['most']} % full)", style=style)
    for name in ("held", "quarantined"):
        yield Text(f"{name} {told[name]:,}", style="bold red" if told[name] else "")
    late = f" ({_age(webhooks['oldest_seconds'], 1)})" if webhooks["waiting"] else ""
    yield Text(f"webhooks {webhooks['waiting']:,}{late}", style=_lateness(webhooks["oldest_seconds"]))
    yield Text(f"inbox {told['inbox']:,}")


def _sections(told: Document) -> list[Section]:
    queues = Section(title="QUEUE", columns=(">in broker", ">due", ">oldest"), rows=[_queue(row) for row in told["queues"]])
    if "since" not in told:
        return [queues]
    return [queues, *_paces(told["rates"]), *_troubles(told)]


def _paces(rates: Document | None) -> list[Section]:
    if rates is None:
        return [Section(title="CHANNEL, sent a second: known from the next look on", columns=(), rows=[[Text("")]])]
    columns = (">sent/s", ">failed/s", ">unknown/s")
    over = f"over {rates['seconds']:.0f} s"
    return [Section(title=f"CHANNEL, {over}", columns=columns, rows=[_pace(row, row["channel"]) for row in rates["channels"]])]


def _troubles(told: Document) -> list[Section]:
    failed = f"NOT SENT since {_clock(told['since'], '%H:%M')}"
    keys = told["rates"]["keys"] if told["rates"] else []
    return [
        Section(title="SUSPENDED KEY", columns=("why", ">for"), rows=[_suspended(row, told["at"]) for row in told["suspended"]]),
        Section(title=failed, columns=("channel", "outcome", ">number"), rows=[*map(_failure, told["failures"])]),
        Section(title="CAMPAIGN", columns=("state", ">done", ">of", ">/s", ">left"), rows=[*map(_campaign, told["campaigns"])]),
        Section(title="KEY", columns=(">sent/s", ">failed/s", ">unknown/s"), rows=[_pace(row, row["name"]) for row in keys]),
    ]


def _queue(row: Document) -> list[Text]:
    return [_text(row["queue"]), _number(row["tasks"]), _number(row["due"]), _oldest(row["oldest_seconds"])]


def _oldest(seconds: float | None) -> Text:
    return Text("-", style="dim") if not seconds else Text(_age(seconds), style=_lateness(seconds))


def _pace(row: Document, name: str) -> list[Text]:
    sent = Text(f"{row['sent_per_second']:,.1f}")
    failed, unknown = (_alarming(row[f"{state}_per_second"]) for state in ("failed", "unknown"))
    return [_text(name), sent, failed, unknown]


def _alarming(rate: float) -> Text:
    return Text(f"{rate:,.1f}" if not 0 < rate < 0.1 else "<0.1", style="red" if rate else "dim")  # noqa: PLR2004 - what is shown.


def _suspended(row: Document, at: str) -> list[Text]:
    why = row["code"] or row["reason"]
    waited = _age((datetime.fromisoformat(at) - datetime.fromisoformat(row["since"])).total_seconds()) if row["since"] else "-"
    return [_text(row["name"]), _text(f"{row['channel']} {output.cell(why)}", "red"), Text(waited)]


def _failure(row: Document) -> list[Text]:
    style = "bold red" if row["state"] == "unknown" else ""
    return [_text(row["code"], style), Text(row["channel"]), Text(row["state"], style=style), _number(row["number"])]


def _campaign(row: Document) -> list[Text]:
    done = sum(row[state] for state in ("sent", "failed", "unknown", "cancelled", "expired"))
    rate = "-" if row["per_second"] is None else f"{row['per_second']:,.1f}"
    left = "-" if row["seconds_left"] is None else _age(row["seconds_left"])
    share = f"{100 * done // row['recipients']} %" if row["recipients"] else "-"
    return [_text(row["name"]), Text(row["state"]), Text(share), _number(row["recipients"]), Text(rate), Text(left)]


def _text(value: Any, style: str = "") -> Text:
    return Text(output.cell(value), style=style)


def _number(value: int | None) -> Text:
    return Text("-", style="dim") if value is None else Text(f"{value:,}", style="" if value else "dim")


def _lateness(seconds: float) -> str:
    return "bold red" if seconds >= _LATE else ""


def _age(seconds: float, units: int = 2) -> str:
    """Write a length of time in its largest units."""
    whole = timedelta(seconds=round(seconds))
    hours, minutes, rest = whole.seconds // 3600, whole.seconds // 60 % 60, whole.seconds % 60
    parts = [(whole.days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + units] if number or unit == parts[first][1])


def _clock(moment: str | None, form: str = "%H:%M:%S") -> str:
    return f"{datetime.fromisoformat(moment):{form}} UTC" if moment else ""
