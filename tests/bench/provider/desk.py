"""What is behind all connections: the behaviour, the counts, and the calls that wait."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import count
from typing import Final

from shared.domain.channels import Channel
from tests.bench.provider import answers
from tests.bench.provider.answers import Answer
from tests.bench.provider.behaviour import Behaviour, Counts

Reply = Callable[[Answer], None]

_MS_PER_SECOND: Final = 1000


class Desk:
    """Takes messages."""

    def __init__(self) -> None:
        self._behaviour = Behaviour()
        self._numbers = count(1)
        self._in_flight = 0
        self._held: list[tuple[Reply, Answer]] = []
        self.count_anew()

    def count_anew(self) -> None:
        """Forget what was counted; what is in flight still is."""
        self._accepted = Counter[str]()
        self._refused = Counter[str]()
        self._recipients = defaultdict[str, set[bytes]](set)

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from now on, towards the calls that are held as well."""
        self._behaviour = behaviour
        held, self._held = self._held, []
        for reply, answer in held:
            self._schedule(reply, answer)

    def counts(self) -> Counts:
        """Tell what was counted."""
        recipients = {channel: len(seen) for channel, seen in self._recipients.items()}
        accepted, refused = dict(self._accepted), dict(self._refused)
        return Counts(accepted=accepted, refused=refused, recipients=recipients, in_flight=self._in_flight)

    def take(self, channel: Channel, body: bytes, reply: Reply) -> None:
        """Take or refuse a message, and reply in its time."""
        self._in_flight += 1
        self._schedule(reply, self._judged(channel, answers.recipient_of(body)))

    def _judged(self, channel: Channel, recipient: bytes) -> Answer:
        if channel in self._behaviour.refused:
            self._refused[channel] += 1
            return answers.refusal(channel)
        self._accepted[channel] += 1
        self._recipients[channel].add(recipient)
        return answers.acceptance(channel, next(self._numbers), recipient)

    def _schedule(self, reply: Reply, answer: Answer) -> None:
        if self._behaviour.held:
            self._held.append((reply, answer))
        elif self._behaviour.longest_ms:
            milliseconds = random.uniform(self._behaviour.shortest_ms, self._behaviour.longest_ms)  # noqa: S311 - a load, no secret.
            asyncio.get_running_loop().call_later(milliseconds / _MS_PER_SECOND, self._reply, reply, answer)
        else:
            self._reply(reply, answer)

    def _reply(self, reply: Reply, answer: Answer) -> None:
        self._in_flight -= 1
        reply(answer)
