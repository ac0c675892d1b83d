"""Errors of our own code, told without the values it worked on: those are people's addresses and messages."""

import traceback
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID


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
        return cls(step=step, error=" from ".join(type(each).__qualname__ for each in _chain(error)), trace=trace(error))


def trace(error: BaseException) -> str:
    """Give the lines of code on the way to an error and to its causes."""
    return "\n".join(_frames(each) for each in _chain(error))


def quarantine_row(delivery_id: UUID, send_id: UUID, account_id: UUID, bug: Bug) -> dict[str, str]:
    """Give the row that ``settlement.insert_quarantined`` takes."""
    whose = {"delivery_id": str(delivery_id), "send_id": str(send_id), "account_id": str(account_id)}
    return {**whose, "step": bug.step, "error": bug.error, "trace": bug.trace}


def _chain(error: BaseException) -> list[BaseException]:
    """Give an error and what it was raised from."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def _frames(error: BaseException) -> str:
    return "".join((f"{type(error).__qualname__}:\n", *traceback.format_tb(error.__traceback__)))
