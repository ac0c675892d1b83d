"""What deliveries are counted as: calls when they have ended, outcomes when they are committed."""

import collections
from collections.abc import Iterable
from functools import cache
from typing import Final

from prometheus_client import Counter, Histogram

from shared import ids, metrics
from shared.domain.outcome import Sent
from shared.domain.pacing import Turn
from shared.domain.states import DeliveryState, SendState
from worker.deliver.claim import Claim
from worker.deliver.record import Record
from worker.deliver.result import Result

Labels = tuple[str, ...]
Count = tuple[Counter, Labels]
"""One that is to be counted."""

_OUTCOMES: Final = {DeliveryState.SENT: "sent", DeliveryState.FAILED: "not_sent", DeliveryState.UNKNOWN: "unknown"}


def observe(result: Result) -> None:
    """Take the times of a result."""
    channel = result.claim.channel.value
    _of_channel(metrics.CLAIM_TO_RESULT_SECONDS, channel).observe(result.seconds)
    if result.called_after is not None:
        _of_channel(metrics.PROVIDER_CALL_SECONDS, channel).observe(result.seconds - result.called_after)
    if isinstance(result.outcome, Sent):
        _of_channel(metrics.ACCEPT_TO_SENT_SECONDS, channel).observe(_since_accepted(result))


def _since_accepted(result: Result) -> float:
    """Give the seconds since a send was accepted, or since its time; the clock of the api that took it may be ahead."""
    claim = result.claim
    accepted = ids.made_at(claim.send_id)
    began = max(accepted, claim.schedule_at) if claim.schedule_at else accepted
    return max(0.0, (claim.now - began).total_seconds() + result.seconds)


def observe_turns(claims: Iterable[Claim], turns: Iterable[Turn]) -> None:
    """Take the times for which deliveries have to wait for their turns."""
    for claim, turn in zip(claims, turns, strict=True):
        if turn.wait > 0:
            _of_channel(metrics.PACING_WAIT_SECONDS, claim.channel.value).observe(turn.wait)


def ended(standing: Iterable[Record]) -> list[Count]:
    """Give the deliveries that some records end, those whose claims stood."""
    return [(metrics.DELIVERIES_ENDED, _labels(each)) for each in standing if each.delay is None]


def attempted(records: Iterable[Record]) -> list[Count]:
    """Give the calls that records tell of: each is committed with the record that has it, whether or not its claim stood."""
    return [(metrics.ATTEMPTS, _labels(each)) for each in records if each.attempt]


def _labels(record: Record) -> Labels:
    code = record.delivery["code"]
    return record.channel, record.outcome, str(code) if code else ""


def corrected(channel: str, state: str) -> Count:
    """Give a delivery that turned out to have ended otherwise."""
    return metrics.DELIVERIES_CORRECTED, (channel, _OUTCOMES[DeliveryState(state)])


def finished(states: Iterable[SendState]) -> list[Count]:
    """Give the sends that have ended in some states."""
    return [(metrics.SENDS_ENDED, (state.value,)) for state in states]


def count(counts: Iterable[Count]) -> None:
    """Count what was committed, those of the same labels at once."""
    for each, number in collections.Counter(counts).items():
        _one_of(each).inc(number)


@cache
def _one_of(count: Count) -> Counter:
    counter, labels = count
    return counter.labels(*labels)


@cache
def _of_channel(histogram: Histogram, channel: str) -> Histogram:
    return histogram.labels(channel)
