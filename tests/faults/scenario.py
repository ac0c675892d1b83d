"""One scenario: a stack, a load with a fault in the middle of it, quiet, and a verdict."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import update

from deploy.local import demo, processes
from deploy.local.stack import Options, Stack
from shared.db.tables import channel_keys
from shared.domain.states import OnUnknown
from tests.faults import load, mixture, observation, patience, report, trouble, verdict
from tests.faults.load import Answer
from tests.faults.mixture import Planned, Schedule
from tests.faults.report import Figures
from tests.faults.trouble import Trouble, World
from tests.faults.verdict import Allowed

_FLOWER: Final = "flower"
_PROCESSES: Final = tuple(name for name in processes.NAMES if name != _FLOWER)
_SOONEST: Final = 30
"""Seconds from a request to its scheduled send: longer than a client may have to repeat it."""
_LATEST: Final = 60

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Extra:
    """A process more than the stack has, or in the place of one of its own."""

    like: str
    name: str
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """What happens, and what it excuses."""

    name: str
    trouble: Trouble
    sends: int = 2000
    per_second: float = 40
    policy: OnUnknown = OnUnknown.NEXT_TIER
    allowed: Allowed = verdict.NOTHING
    scheduled: float = 0.0
    """The share of the sends that are due up to a minute later."""
    extras: tuple[Extra, ...] = ()
    without: tuple[str, ...] = ()
    """Processes of the stack that are not started."""
    settings: dict[str, str] = field(default_factory=lambda: dict(patience.LITTLE))

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers that deliver."""
        own = () if "worker-send" in self.without else ("worker-send",)
        return (*own, *(each.name for each in self.extras if each.like == "worker-send"))


def run(scenario: Scenario, home: Path, seed: int, say: Say) -> Figures:
    """Run a scenario and give its figures, in which nothing may be a problem."""
    rng = random.Random(f"{seed} {scenario.name}")  # noqa: S311 - repeatable on purpose.
    said: list[str] = []
    with _stack(scenario, home, said.append) as stack:
        answers, done = _under_load(scenario, stack, rng)
        load_end = time.time()
        is_quiet = observation.await_quiet(stack)
        observed = observation.observe(stack, answers)
        logged = observation.logged(stack.home)
    found = verdict.judge(observed, scenario.allowed)
    done += [line for line in said if "does not stop" in line]
    quiet_after = report.quiet_after(observed, load_end) if is_quiet else None
    figures = report.figures(scenario.name, seed, observed, found, logged, quiet_after, done)
    say(f"{scenario.name}, seed {seed}: {found.examples() or 'nothing wrong'}; {figures.done}")
    return figures


@contextmanager
def _stack(scenario: Scenario, home: Path, say: Say) -> Iterator[Stack]:
    names = [name for name in _PROCESSES if name not in scenario.without]
    with ExitStack() as running:
        stack = running.enter_context(Stack(home, Options(processes=names, environment=scenario.settings), report=say))
        for extra in scenario.extras:
            running.enter_context(trouble.another(stack, extra.like, extra.name, extra.environment))
        yield stack


def _under_load(scenario: Scenario, stack: Stack, rng: random.Random) -> tuple[list[Answer], list[str]]:
    """Post everything and cause trouble meanwhile; give the answers and what was done."""
    account = demo.ensure(stack)
    _prepare(stack, scenario.policy)
    service = load.Service(base_url=stack.base_url, token=account["token"])
    planned = list(mixture.plan(account, scenario.sends, rng, _schedule(scenario)))
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(_post, service, planned, scenario.per_second)
        world = World(stack=stack, rng=rng, loading=lambda: not posting.done(), workers=scenario.workers)
        _cause(scenario.trouble, world, posting)
        return posting.result(), world.notes


def _post(service: load.Service, planned: list[Planned], per_second: float) -> list[Answer]:
    return asyncio.run(load.post_all(service, planned, per_second))


def _cause(cause: Trouble, world: World, posting: Future[list[Answer]]) -> None:
    """Cause trouble, and when that fails do not leave the load behind."""
    try:
        cause(world)
    except BaseException:
        posting.exception()
        raise


def _schedule(scenario: Scenario) -> Schedule | None:
    if not scenario.scheduled:
        return None
    return Schedule(share=scenario.scheduled, start=time.time(), per_second=scenario.per_second, soonest=_SOONEST, latest=_LATEST)


def _prepare(stack: Stack, policy: OnUnknown) -> None:
    """Set the policy of all keys, and what the providers are to refuse; receipts would only be more load."""
    with observation.database(stack) as engine, engine.begin() as connection:
        connection.execute(update(channel_keys).values(on_unknown=policy))
    httpx.post(f"{stack.sandbox_url}/_sandbox/settings", json={"auto_receipts": False}).raise_for_status()
    trouble.make_unreachable(stack)
