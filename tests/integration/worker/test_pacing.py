"""Turns, on a real server and asked for by several clients: the rate holds, nobody starves, pauses are kept by all."""

import asyncio
import itertools
import math
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import pytest
import redis
from structlog.testing import capture_logs

from shared import ids, settings
from shared.domain import pacing as rules
from shared.domain.channels import Channel
from shared.domain.outcome import Code, Pause, PauseScope
from shared.domain.pacing import Verdict
from tests.integration.worker.conftest import Desk
from tests.unit.factories import claim
from worker.deliver.claim import Claim
from worker.pacing import Pacing

_BUDGET: Final = 60.0
_LATENESS: Final = 0.1
"""Seconds by which this machine may be late to wake somebody."""


@dataclass
class Crowd:
    """Workers in front of one Redis, and who left when."""

    workers: Sequence[Pacing]
    left: list[tuple[float, Claim]] = field(default_factory=list)
    put_off: dict[UUID, int] = field(default_factory=dict)

    async def deliver(self, number: int, each: Claim) -> None:
        """Do as a worker does: wait for the turn, or come again for it."""
        while (again := await self._ask(number, each)) is not None:
            await asyncio.sleep(math.ceil(again))
            each = replace(each, paced=True)
            self.put_off[each.id] = self.put_off.get(each.id, 0) + 1
        self.left.append((time.monotonic(), each))

    async def deliver_all(self, claims: Sequence[Claim]) -> None:
        await asyncio.gather(*(self.deliver(number, each) for number, each in enumerate(claims)))

    async def _ask(self, number: int, each: Claim) -> float | None:
        (turn,) = await self.workers[number % len(self.workers)].turns([each], _BUDGET)
        if turn.verdict is Verdict.LATER:
            return rules.comes_after(turn.wait)
        assert turn.verdict is Verdict.GO
        await asyncio.sleep(turn.wait)
        return None

    def most_within(self, seconds: float) -> int:
        """Give how many have left in the fullest time of this length."""
        moments = sorted(moment for moment, _ in self.left)
        return max(sum(start <= moment < start + seconds for moment in moments) for start in moments)

    def took(self) -> float:
        moments = [moment for moment, _ in self.left]
        return max(moments) - min(moments)


def of_one_key(count: int, **changes: Any) -> list[Claim]:
    """Make claims of one key, each to a recipient of its own."""
    key_id = ids.new()
    return [
        claim(**{"key_id": key_id, "channel": Channel.EMAIL, "address": f"a{number}@x.example", **changes})
        for number in range(count)
    ]


def again(each: Claim) -> Claim:
    return replace(each, paced=True)


@pytest.fixture
def play(desk: Desk) -> Callable[[Callable[[Crowd], Awaitable[Any]]], Crowd]:
    """Run a scenario with three clients on the worker's loop."""

    def run(scenario: Callable[[Crowd], Awaitable[Any]]) -> Crowd:
        async def played() -> Crowd:
            crowd = Crowd([Pacing() for _ in range(3)])
            await scenario(crowd)
            for worker in crowd.workers:
                await worker.close()
            return crowd

        crowd: Crowd = desk.runtime.run(played())
        return crowd

    return run


Play = Callable[[Callable[[Crowd], Awaitable[Any]]], Crowd]


@pytest.mark.parametrize(("rate", "count"), [(10.0, 40), (50.0, 200)])
def test_the_rate_holds_over_any_time_and_is_used(play: Play, rate: float, count: int) -> None:
    crowd = play(lambda crowd: crowd.deliver_all(of_one_key(count, rate_per_second=rate)))
    burst = rules.limit(rate).burst
    for seconds in (0.5, 1.0, 2.0):
        assert crowd.most_within(seconds) <= burst + rate * (seconds + _LATENESS)
    assert crowd.took() < count / rate * 1.25
    assert max(crowd.put_off.values()) == 1


def test_a_batch_gets_its_turns_in_its_order(play: Play) -> None:
    async def scenario(crowd: Crowd) -> None:
        turns = await crowd.workers[0].turns(of_one_key(5, rate_per_second=2.0), _BUDGET)
        assert [round(turn.wait, 1) for turn in turns] == [0.0, 0.5, 1.0, 1.5, 2.0]
        assert [turn.verdict for turn in turns] == [Verdict.GO] * 3 + [Verdict.LATER] * 2

    play(scenario)


def test_who_asks_first_leaves_first(play: Play) -> None:
    """Whichever worker it is that asks."""

    async def scenario(crowd: Crowd) -> None:
        moments = []
        for number, each in enumerate(of_one_key(12, rate_per_second=2.0)):
            (turn,) = await crowd.workers[number % 3].turns([each], _BUDGET)
            moments.append(time.monotonic() + turn.wait)
        gaps = [after - before for before, after in itertools.pairwise(moments)]
        assert gaps == [pytest.approx(0.5, abs=0.1)] * 11

    play(scenario)


def test_a_place_is_kept(play: Play) -> None:
    """Who has waited goes before those who come now, however many they are."""
    claims = of_one_key(40, rate_per_second=10.0)

    async def scenario(crowd: Crowd) -> None:
        worker, other, _ = crowd.workers
        turns = await worker.turns(claims, _BUDGET)
        waited = turns[15]
        assert waited.verdict is Verdict.LATER
        await asyncio.sleep(rules.comes_after(waited.wait))
        (turn,) = await other.turns([again(claims[15])], _BUDGET)
        assert turn.verdict is Verdict.GO
        (newcomer,) = await other.turns([replace(claims[0], id=ids.new())], _BUDGET)
        assert newcomer.wait > 2

    play(scenario)


def test_the_rate_holds_when_all_who_wait_come_late_at_once(play: Play) -> None:
    """As after a restart of the workers: their time was while nobody took them."""
    claims = of_one_key(60, rate_per_second=20.0)

    async def scenario(crowd: Crowd) -> None:
        await crowd.workers[0].turns(claims, _BUDGET)
        await asyncio.sleep(3)
        await crowd.deliver_all([again(each) for each in claims])

    crowd = play(scenario)
    assert crowd.most_within(1.0) <= 2 + 20 * (1 + _LATENESS)
    assert max(crowd.put_off.values()) == 1


def test_abandoned_places_are_not_waited_for(play: Play) -> None:
    """The sends of all who waited were cancelled."""
    claims = of_one_key(101, rate_per_second=1.0)

    async def scenario(crowd: Crowd) -> None:
        worker = crowd.workers[0]
        await worker.turns(claims[:100], _BUDGET)
        (turn,) = await worker.turns(claims[100:], _BUDGET)
        assert turn.wait > 90
        await asyncio.sleep(8)
        (turn,) = await worker.turns([replace(claims[100], id=ids.new())], _BUDGET)
        assert turn.wait == 0

    play(scenario)


@pytest.mark.parametrize("paced", [False, True])
def test_a_pause_is_kept_by_all_workers_and_followed_by_the_rate(play: Play, *, paced: bool) -> None:
    claims = of_one_key(20, rate_per_second=10.0, paced=paced)

    async def scenario(crowd: Crowd) -> None:
        await crowd.workers[0].pause(claims[0], Pause(scope=PauseScope.KEY, seconds=2))
        paused_at = time.monotonic()
        await crowd.deliver_all(claims)
        assert min(moment for moment, _ in crowd.left) >= paused_at + 2 - 0.01

    crowd = play(scenario)
    assert len(crowd.left) == 20
    assert crowd.most_within(1.0) <= 1 + 10 * (1 + _LATENESS)


def test_who_comes_again_in_vain_has_a_place_from_then_on(play: Play) -> None:
    """It would never leave, if it had to stand in line behind all who came before it each time."""
    claims = of_one_key(8, rate_per_second=1.0, paced=True)

    async def scenario(crowd: Crowd) -> None:
        for worker in crowd.workers:
            turns = await worker.turns(claims[3:], _BUDGET)
            assert [round(turn.wait) for turn in turns[3:]] == [3, 4]

    play(scenario)


def test_a_place_that_falls_into_a_pause_is_given_anew_after_it(play: Play) -> None:
    claims = of_one_key(8, rate_per_second=1.0, paced=True)

    async def scenario(crowd: Crowd) -> None:
        worker, other, _ = crowd.workers
        turns = await worker.turns(claims, _BUDGET)
        assert [turn.verdict for turn in turns[5:]] == [Verdict.LATER] * 3
        await other.pause(claims[0], Pause(scope=PauseScope.KEY, seconds=5.5))
        turns = await worker.turns(claims[5:], _BUDGET)
        assert [round(turn.wait) for turn in turns] == [8, 6, 7]

    play(scenario)


def test_a_sender_without_a_rate_begins_anew_slowly(play: Play) -> None:
    """By email: ten a second, twice as many ten seconds later."""
    claims = of_one_key(15)

    async def scenario(crowd: Crowd) -> None:
        await crowd.workers[0].pause(claims[0], Pause(scope=PauseScope.KEY, seconds=0.5))
        await crowd.deliver_all(claims)

    crowd = play(scenario)
    assert crowd.most_within(0.5) <= 1 + 10 * (0.5 + _LATENESS)
    assert crowd.took() < 5


def test_without_a_rate_or_a_pause_nobody_waits_and_nothing_is_kept(play: Play) -> None:
    claims = of_one_key(50)

    async def scenario(crowd: Crowd) -> None:
        turns = await crowd.workers[0].turns(claims, _BUDGET)
        assert {(turn.verdict, turn.wait) for turn in turns} == {(Verdict.GO, 0.0)}

    play(scenario)
    assert kept(claims[0]) == {}


def test_a_pause_of_one_recipient_is_nobody_elses(play: Play) -> None:
    first, second = of_one_key(2)

    async def scenario(crowd: Crowd) -> None:
        await crowd.workers[0].pause(first, Pause(scope=PauseScope.RECIPIENT, seconds=5))
        turns = await crowd.workers[1].turns([first, second], _BUDGET)
        assert [turn.verdict for turn in turns] == [Verdict.LATER, Verdict.GO]
        assert turns[0].scope is PauseScope.RECIPIENT
        assert 4.5 < turns[0].pause <= 5

    play(scenario)


def test_a_pause_is_never_shortened(play: Play) -> None:
    (each,) = of_one_key(1)

    async def scenario(crowd: Crowd) -> None:
        for seconds in (20, 3):
            await crowd.workers[0].pause(each, Pause(scope=PauseScope.KEY, seconds=seconds))
        (turn,) = await crowd.workers[1].turns([each], _BUDGET)
        assert turn.pause > 19

    play(scenario)


def test_who_cannot_outlast_a_pause_is_told_so_and_takes_no_place(play: Play) -> None:
    hasty, patient = of_one_key(2, rate_per_second=0.1)

    async def scenario(crowd: Crowd) -> None:
        worker = crowd.workers[0]
        await worker.pause(hasty, Pause(scope=PauseScope.KEY, seconds=30))
        (turn,) = await worker.turns([hasty], 20)
        assert turn.verdict is Verdict.TOO_LONG
        assert rules.refusal(turn).code is Code.THROTTLED
        (turn,) = await worker.turns([patient], _BUDGET)
        assert turn.verdict is Verdict.LATER
        assert turn.wait == pytest.approx(30, abs=0.5)

    play(scenario)


def test_what_a_delivery_waited_for_a_provider_counts_from_its_first_claim(play: Play) -> None:
    """A long queue of our own is not held against it; what it was put off by pauses is."""
    (fresh,) = of_one_key(1)
    old = replace(fresh, queued_at=fresh.now - (fresh.now - fresh.queued_at) * 5000)

    async def scenario(crowd: Crowd) -> None:
        worker = crowd.workers[0]
        await worker.pause(fresh, Pause(scope=PauseScope.KEY, seconds=10))
        turns = await worker.turns([old, again(old)], _BUDGET)
        assert [turn.verdict for turn in turns] == [Verdict.LATER, Verdict.TOO_LONG]

    play(scenario)


def test_a_recipients_limit_holds_for_one_recipient(play: Play) -> None:
    """By Meta: 45 at once, then one in six seconds."""
    key_id = ids.new()
    mine = [claim(key_id=key_id, channel=Channel.WABA, address="6281200000001") for _ in range(47)]
    other = claim(key_id=key_id, channel=Channel.WABA, address="6281200000002")

    async def scenario(crowd: Crowd) -> None:
        turns = await crowd.workers[0].turns([*mine, other], _BUDGET)
        assert [round(turn.wait) for turn in turns] == [0] * 45 + [6, 12, 0]

    play(scenario)


def test_redis_never_sees_an_address_and_forgets_by_itself(play: Play) -> None:
    claims = of_one_key(8, rate_per_second=2.0)

    async def scenario(crowd: Crowd) -> None:
        worker = crowd.workers[0]
        await worker.turns(claims, _BUDGET)
        await worker.turns([again(each) for each in claims], _BUDGET)
        await worker.pause(claims[0], Pause(scope=PauseScope.RECIPIENT, seconds=5))

    play(scenario)
    found = {**kept(claims[0]), **places(claims)}
    assert len(found) == 2 + sum(name.startswith("antar:place:") for name in found)
    assert not [name for name in found if "x.example" in name]
    assert all(0 < lifetime <= 60_000 for lifetime in found.values()), found


def kept(each: Claim) -> dict[str, int]:
    """Give the meters of a key, and for how many milliseconds they are kept."""
    with redis.Redis.from_url(settings.get().signals, decode_responses=True) as client:
        return {name: client.pttl(name) for name in client.scan_iter(f"antar:pace:{each.key_id}*")}


def places(claims: Sequence[Claim]) -> dict[str, int]:
    with redis.Redis.from_url(settings.get().signals, decode_responses=True) as client:
        names = [f"antar:place:{each.id}" for each in claims]
        return {name: client.pttl(name) for name in names if client.exists(name)}


@pytest.fixture
def silent_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("ANTAR_SIGNAL_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        settings.get.cache_clear()
        yield
        monkeypatch.undo()
        settings.get.cache_clear()


@pytest.mark.usefixtures("silent_signals")
def test_while_redis_is_away_everybody_goes_and_nobody_waits_for_it(desk: Desk) -> None:
    claims = of_one_key(3, rate_per_second=0.1)

    async def run() -> list[float]:
        pacing = Pacing()
        took = []
        for _ in range(4):
            started = time.monotonic()
            turns = await pacing.turns(claims, _BUDGET)
            took.append(time.monotonic() - started)
            assert {(turn.verdict, turn.wait) for turn in turns} == {(Verdict.GO, 0.0)}
        await pacing.close()
        return took

    with capture_logs() as logs:
        first, *others = desk.runtime.run(run())
    assert first < 1.5
    assert max(others) < 0.5
    assert [line["event"] for line in logs] == ["pacing.away"]


def test_redis_is_used_again_when_it_is_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = of_one_key(2, rate_per_second=0.1)

    async def run() -> None:
        pacing = Pacing()
        pacing._lose(ConnectionError())
        assert [turn.wait for turn in await pacing.turns(claims, _BUDGET)] == [0.0, 0.0]
        monkeypatch.setattr(pacing, "_rests_until", 0.0)
        assert [round(turn.wait) for turn in await pacing.turns(claims, _BUDGET)] == [0, 10]
        await pacing.close()

    with capture_logs() as logs:
        desk.runtime.run(run())
    assert [line["event"] for line in logs] == ["pacing.away", "pacing.back"]
