"""Errors of our own code, told without their words: those may be people's addresses and messages."""

import traceback


def kind(error: BaseException) -> str:
    """Give the kinds of an error and of its causes, the last first: ``KeyError from ValueError``."""
    return " from ".join(type(each).__qualname__ for each in _chain(error))


def trace(error: BaseException) -> str:
    """Give the lines of code on the way to an error and to its causes, without what they held or said."""
    return "\n".join(_frames(each) for each in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """Give an error and what it was raised from."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def _frames(error: BaseException) -> str:
    return "".join((f"{type(error).__qualname__}:\n", *traceback.format_tb(error.__traceback__)))
