"""Failures on demand: which one a call meets. What it then looks like is each provider's to say."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from deploy.local.sandbox.store import canonical

ChannelName = Literal["whatsapp", "waba", "telegram", "email"]


class Kind(StrEnum):
    """What goes wrong."""

    RECIPIENT = "recipient"
    """The recipient cannot be reached on this channel."""
    CONTENT = "content"
    """The content is refused."""
    CREDENTIALS = "credentials"
    """The key, token or password is refused."""
    DEVICE = "device"
    """The WhatsApp device is not linked; where there is no device, the same as ``credentials``."""
    THROTTLE = "throttle"
    """Too many messages; ``retry_after`` says how long to wait, in seconds."""
    OUTAGE = "outage"
    """The provider is down."""
    HANG = "hang"
    """No answer ever comes and nothing is accepted."""
    DROP_BEFORE = "drop_before"
    """The connection is reset after the request was read and before the message was accepted."""
    DROP_AFTER = "drop_after"
    """The message is accepted, then the connection is reset instead of an answer."""
    SLOW = "slow"
    """The message is accepted after ``latency_ms``."""


REFUSALS = frozenset({Kind.RECIPIENT, Kind.CONTENT, Kind.CREDENTIALS, Kind.DEVICE, Kind.THROTTLE, Kind.OUTAGE})
"""The kinds a provider answers with an error of its own."""

_OF_THE_SENDER = frozenset({Kind.CREDENTIALS, Kind.DEVICE, Kind.OUTAGE})


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Fault(BaseModel):
    """One order to fail. ``to`` limits it to a recipient, ``times`` to so many calls, ``probability`` to a share of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    channel: ChannelName
    kind: Annotated[Kind, Field(strict=False)]
    to: Annotated[str | None, BeforeValidator(_as_text)] = None
    code: Annotated[str | None, BeforeValidator(_as_text)] = None
    """The provider's exact code in place of the kind's usual one, for example ``131056`` or ``550 5.1.1``."""
    retry_after: Annotated[int, Field(ge=0)] | None = None
    latency_ms: Annotated[int, Field(ge=0)] = 1000
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1, strict=False)] = 1.0

    def concerns(self, channel: str, to: str) -> bool:
        """Tell whether a call to this recipient is meant."""
        return self.channel == channel and (self.to is None or canonical(self.to) == canonical(to))


@dataclass(slots=True)
class _Armed:
    fault: Fault
    left: int | None


class Faults:
    """The orders in force, in the order they were given; the first that matches strikes."""

    def __init__(self, roll: Callable[[], float] = random.random) -> None:
        self._armed: list[_Armed] = []
        self._roll = roll

    def __len__(self) -> int:
        return len(self._armed)

    def add(self, fault: Fault) -> None:
        """Give an order."""
        self._armed.append(_Armed(fault, fault.times))

    def clear(self) -> int:
        """Take back all orders and say how many there were."""
        count = len(self._armed)
        self._armed.clear()
        return count

    def strike(self, channel: str, to: str) -> Fault | None:
        """Give the fault this call meets and use it up by one."""
        return self._spend(lambda fault: fault.concerns(channel, to)) if self._armed else None

    def strike_sender(self, channel: str) -> Fault | None:
        """Give the fault a sender meets before any recipient is named, and use it up by one."""
        return self._spend(lambda fault: _is_of_the_sender(fault, channel)) if self._armed else None

    def standing(self, channel: str) -> Fault | None:
        """Give the fault a sender is under, for a question about its state; it uses nothing up."""
        return next((armed.fault for armed in self._armed if _is_of_the_sender(armed.fault, channel)), None)

    def hangs(self, channel: str) -> bool:
        """Tell whether no sender of the channel gets an answer, for a question about its state; it uses nothing up."""
        return any(armed.fault.kind is Kind.HANG and _is_for_all(armed.fault, channel) for armed in self._armed)

    def forbids(self, channel: str, to: str) -> bool:
        """Tell whether the recipient is out of reach, for a question about it; it uses nothing up."""
        return any(armed.fault.kind is Kind.RECIPIENT and armed.fault.concerns(channel, to) for armed in self._armed)

    def _spend(self, matches: Callable[[Fault], bool]) -> Fault | None:
        struck = next((armed for armed in self._armed if matches(armed.fault) and self._falls(armed.fault)), None)
        if struck is None:
            return None
        self._use_up(struck)
        return struck.fault

    def _falls(self, fault: Fault) -> bool:
        return fault.probability >= 1 or self._roll() < fault.probability

    def _use_up(self, armed: _Armed) -> None:
        if armed.left is None:
            return
        armed.left -= 1
        if armed.left == 0:
            self._armed.remove(armed)


def _is_of_the_sender(fault: Fault, channel: str) -> bool:
    return _is_for_all(fault, channel) and fault.kind in _OF_THE_SENDER


def _is_for_all(fault: Fault, channel: str) -> bool:
    return fault.channel == channel and fault.to is None
