"""`antar up`: the whole stack on this machine, until Ctrl-C."""

import shlex
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from deploy.local.stack import Stack

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ANTAR_HOME",
    default=".antar",
    show_default=True,
    help="The folder that keeps the stack's state; also ANTAR_HOME.",
)
@click.option("--no-demo", is_flag=True, help="Create no demo account and send no demo message.")
def up(home: Path, *, no_demo: bool) -> None:
    """Start everything on this machine and serve until Ctrl-C."""
    # The local stack's libraries are an optional extra, which the other commands do without.
    from deploy.local import errors, stack  # noqa: PLC0415

    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        with suppress(KeyboardInterrupt), stack.Stack(home, report=click.echo) as local:
            _serve(local, demo=not no_demo)
    except errors.StackError as error:
        raise click.ClickException(str(error)) from error


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    # Once: stopping takes its time and is not to be broken off half way. Nothing is printed here, for the signal may have
    # come in the middle of printing.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _serve(local: "Stack", *, demo: bool) -> None:
    if demo:
        _show_demo(local)
    click.echo(_summary(local))
    threading.Event().wait()


def _show_demo(local: "Stack") -> None:
    from deploy.local import demo  # noqa: PLC0415 - part of the same extra

    demo.ensure(local)
    demo.first_send(local)


def _summary(local: "Stack") -> str:
    lines: dict[str, object] = {
        "api": local.base_url,
        "flower": local.flower_url,
        "metrics": local.metrics_url,
        "sandbox": local.sandbox_url,
        "logs": local.home.logs,
    }
    # In a subshell: another stack that found these variables would take this one's servers for its own.
    lines["antar"] = f"(. {shlex.quote(str(local.home.environment))}; .venv/bin/antar campaign list)"
    if local.home.demo.exists():
        lines["demo"] = local.home.demo
    return "\n".join(["", *(f"{name:8} {value}" for name, value in lines.items()), "", "Ctrl-C stops everything."])
