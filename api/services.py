"""What an api process keeps beside its requests: the threads that commit, publish and count the backlog, and the waiting room."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, current_app

from api.backlog import Backlog
from api.intake import Intake
from api.publishing import Publisher
from api.waiting import WaitingRoom
from shared import health, settings
from shared.db import engine

_EXTENSION = "antar"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each per process."""

    intake: Intake
    publisher: Publisher
    waiting: WaitingRoom
    backlog: Backlog
    """The deliveries that wait for a worker."""
    inbox: Backlog
    """The webhooks of providers that wait to be handled."""


def register(app: Flask) -> None:
    """Start the services of this process."""
    database, current = engine.create_apart(), settings.get()
    backlog = Backlog("deliveries", current.most_waiting, partial(health.waiting, database))
    inbox = Backlog("webhooks", current.most_unhandled, partial(health.unhandled, database))
    publisher = Publisher()
    app.extensions[_EXTENSION] = Services(
        intake=Intake(publisher, backlog), publisher=publisher, waiting=WaitingRoom(), backlog=backlog, inbox=inbox
    )


def of(app: Any) -> Services:
    """Give the services of an app."""
    services: Services = app.extensions[_EXTENSION]
    return services


def admit() -> None:
    """Let in a request that is about to send something new. Raises :class:`api.errors.Overloaded`."""
    of(current_app).backlog.admit()


def send_wait() -> float:
    """Give the seconds a request waits unless it says otherwise."""
    return settings.get().send_wait
