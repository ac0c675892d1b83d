"""Errors of our own code that end deliveries."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID

from shared import bugs


class Step(StrEnum):
    """Where in the processing of a delivery the error was."""

    CLAIM = "claim"
    PREPARE = "prepare"
    CALL = "call"
    RECORD = "record"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bug:
    """An error of our own code."""

    step: Step
    error: str
    """The kinds of the error and of its causes, the last first: ``KeyError from ValueError``."""
    trace: str
    """The lines of code on the way to each, without what they held or said."""

    @classmethod
    def of(cls, step: Step, error: BaseException) -> Self:
        """Describe an error."""
        return cls(step=step, error=bugs.kind(error), trace=bugs.trace(error))


def quarantine_row(delivery_id: UUID, send_id: UUID, account_id: UUID, bug: Bug) -> dict[str, str]:
    """Give the row that ``settlement.insert_quarantined`` takes."""
    whose = {"delivery_id": str(delivery_id), "send_id": str(send_id), "account_id": str(account_id)}
    return {**whose, "step": bug.step, "error": bug.error, "trace": bug.trace}
