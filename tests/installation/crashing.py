"""Processes that die at a chosen step, as by ``kill -9``: its function is wrapped from outside, antar knows nothing of it."""

import asyncio
import functools
import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from flask import Flask

VARIABLE: Final = "CRASH_AT"
"""Where an api that is started from here dies, as :meth:`Crash.parse` reads it."""


class When(StrEnum):
    """When, as seen from the step."""

    BEFORE = "before"
    WITHIN = "within"
    """As soon as it waits for something: for a call, once its request has left."""
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Crash:
    """The first time that a process comes to a step it dies there."""

    when: When
    step: str
    """The step's function as ``module:name`` or ``module:Class.name``."""

    def __str__(self) -> str:
        return f"{self.when} {self.step}"

    @classmethod
    def parse(cls, text: str) -> "Crash":
        """Read back what :meth:`__str__` wrote."""
        when, _, step = text.partition(" ")
        return cls(When(when), step)


def die() -> None:
    """End this process as the kernel would: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(crash: Crash) -> None:
    """Let this process die at a step. Raises :class:`AttributeError` when there is no such function."""
    module, _, path = crash.step.partition(":")
    *owners, name = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    step = getattr(owner, name)
    setattr(owner, name, functools.wraps(step)(_wrapped(step, crash.when)))


def _wrapped(step: Callable[..., Any], when: When) -> Callable[..., Any]:
    if not inspect.iscoroutinefunction(step):
        return _wrapped_plainly(step, when)

    async def wrapped(*arguments: Any, **options: Any) -> Any:
        if when is When.BEFORE:
            die()
        if when is When.WITHIN:
            asyncio.get_running_loop().call_later(_SENT_AFTER, die)
        result = await step(*arguments, **options)
        die()
        return result

    return wrapped


_SENT_AFTER: Final = 0.3
"""Seconds after which a request has left for a provider on this machine that takes its time to answer."""


def _wrapped_plainly(step: Callable[..., Any], when: When) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **options: Any) -> Any:
        if when is When.BEFORE:
            die()
        result = step(*arguments, **options)
        die()
        return result

    return wrapped


def create_app() -> Flask:
    """Make the api, which dies where the environment says."""
    from api.app import create_app  # noqa: PLC0415 - after this module, which granian imports first.

    arm(Crash.parse(os.environ[VARIABLE]))
    return create_app()
