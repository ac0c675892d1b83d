"""The faults: real signals to real processes, and providers that misbehave."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx
import psutil
import redis

from deploy.local import processes
from deploy.local.stack import Stack
from deploy.processes import BEAT_SCHEDULE
from tests.faults import mixture

_CONTROL_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What a fault has to do with."""

    stack: Stack
    rng: random.Random
    loading: Callable[[], bool]
    """Whether the load goes on."""
    workers: Sequence[str] = ("worker-send",)
    """Those that deliver."""
    notes: list[str] = field(default_factory=list)
    """What was done, for the report."""

    def wait(self, seconds: float) -> bool:
        """Let time pass under load; ``False`` when the load has ended."""
        deadline = time.monotonic() + seconds
        while self.loading() and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.loading()

    def note(self, what: str) -> None:
        """Remember what was done."""
        self.notes.append(what)


Trouble = Callable[[World], None]


def kill(world: World, name: str) -> None:
    """Kill a process, which is started again soon, however often it was killed before."""
    world.stack._supervisor._charges[name].deaths = 0
    world.stack.kill(name)
    world.note(f"killed {name}")


def kill_in_turn(world: World, names: Sequence[str], every: float) -> None:
    """Kill one process after the other as long as the load goes on."""
    turn = 0
    while world.wait(every):
        kill(world, names[turn % len(names)])
        turn += 1


def flush(world: World) -> None:
    """Empty the broker."""
    with _broker(world.stack) as client:
        client.flushall()
    world.note("flushed the broker")


def empty_and_kill_broker(world: World) -> None:
    """Kill the broker, which starts again and finds no files of its own."""
    for path in world.stack.home.redis.rglob("*.*"):
        if path.is_file():
            path.unlink()
    kill(world, "redis")


def stall(world: World, name: str, seconds: float) -> None:
    """Stop a process and its children where they are, as a machine that swaps does, and let them go on."""
    stopped = _tree(world.stack, name)
    _signal(stopped, signal.SIGSTOP)
    world.note(f"stalled {name} for {seconds:g} s")
    try:
        time.sleep(seconds)
    finally:
        _signal(stopped, signal.SIGCONT)


def absent(world: World, name: str, seconds: float) -> None:
    """Stop a process in its own way and start it again after a while."""
    world.stack.halt(name)
    world.note(f"halted {name} for {seconds:g} s")
    time.sleep(seconds)
    world.stack.resume(name)


def crash_postgres(world: World) -> None:
    """Kill the server with all its processes, as the kernel does when it runs out of memory."""
    world.stack._supervisor._charges["postgres"].deaths = 0
    _signal(_tree(world.stack, "postgres"), signal.SIGKILL)
    world.note("killed postgres")


def restart(world: World, *names: str) -> None:
    """Stop processes by SIGTERM, one after the other, and start each again before the next."""
    for name in names:
        world.stack.restart(name)
        world.note(f"restarted {name}")


def restart_any(world: World, names: Sequence[str]) -> None:
    """Restart one of some processes."""
    restart(world, world.rng.choice(names))


def misbehave(world: World, kind: str, channels: Sequence[str] = mixture.CHANNELS, **options: Any) -> None:
    """Let providers fail, those of all channels unless told otherwise."""
    for channel in channels:
        fault(world.stack, channel, kind, **options)
    world.note(f"{kind} at {', '.join(channels)} {options or ''}".rstrip())


def behave(world: World) -> None:
    """Let providers fail no more, but for the recipients that nobody reaches."""
    httpx.delete(f"{world.stack.sandbox_url}/_sandbox/faults", timeout=_CONTROL_SECONDS).raise_for_status()
    make_unreachable(world.stack)


def make_unreachable(stack: Stack) -> None:
    """Let the providers know nobody where nobody is to be reached."""
    for channel in mixture.CHANNELS:
        for address in mixture.unreachable(channel):
            fault(stack, channel, "recipient", to=address)


def fault(stack: Stack, channel: str, kind: str, **options: Any) -> None:
    """Let one provider fail."""
    body = {"channel": channel, "kind": kind, **options}
    httpx.post(f"{stack.sandbox_url}/_sandbox/faults", json=body, timeout=_CONTROL_SECONDS).raise_for_status()


@contextmanager
def another(stack: Stack, like: str, name: str, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run one more process like one of the stack's, under a name and with a state of its own."""
    described = {process.name: process for process in processes.describe(stack._wiring())}
    process = described[like]
    own = {"CELERY_WORKER_HOSTNAME": f"{name}@%h", BEAT_SCHEDULE: str(stack.home.beat / name)}
    stack._launch([replace(process, name=name, environment={**process.environment, **own, **(environment or {})})])
    try:
        yield name
    finally:
        stack.halt(name)


def _tree(stack: Stack, name: str) -> list[psutil.Process]:
    pid = stack.pid(name)
    if pid is None:
        return []
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def _signal(targets: Sequence[psutil.Process], number: signal.Signals) -> None:
    for target in targets:
        with suppress(psutil.NoSuchProcess):
            target.send_signal(number)


def _broker(stack: Stack) -> redis.Redis:
    return redis.Redis.from_url(stack.environment()["ANTAR_BROKER_URL"])
