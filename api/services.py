"""What an api process keeps beside its requests: the threads that commit, publish and count the backlog, and the waiting room."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from flask import Flask, current_app

from api.backlog import Backlog
from api.errors import Overloaded
from api.intake import Intake
from api.publishing import Publisher
from api.shares import Shares
from api.waiting import WaitingRoom
from shared import health, metrics, settings
from shared.db import engine
from shared.domain.send import SendPlan
from shared.queues import Queue

_EXTENSION = "antar"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each per process."""

    intake: Intake
    publisher: Publisher
    waiting: WaitingRoom
    backlog: Backlog
    """The deliveries that wait for a worker."""
    shares: Shares
    inbox: Backlog
    """The webhooks of providers that wait to be handled."""


def register(app: Flask) -> None:
    """Start the services of this process."""
    database, current = engine.create_apart(), settings.get()
    shares = Shares(database, current.account_share)
    backlog = Backlog("deliveries", current.most_waiting, shares.count)
    inbox = Backlog("webhooks", current.most_unhandled, partial(health.unhandled, database))
    waiting = WaitingRoom()
    publisher = Publisher(waiting.count)
    app.extensions[_EXTENSION] = Services(
        intake=Intake(publisher, backlog), publisher=publisher, waiting=waiting, backlog=backlog, shares=shares, inbox=inbox
    )


def of(app: Any) -> Services:
    """Give the services of an app."""
    services: Services = app.extensions[_EXTENSION]
    return services


def admit() -> None:
    """Let in a request that is about to send something new. Raises :class:`api.errors.Overloaded`."""
    try:
        of(current_app).backlog.admit()
    except Overloaded:
        metrics.SENDS_REFUSED.labels("overloaded").inc()
        raise


def queue(account_id: UUID, plan: SendPlan) -> Queue:
    """Give the queue for a send. One that waits for its time comes when others may have their share."""
    return Queue.SEND if plan.schedule else of(current_app).shares.queue(account_id)


def send_wait() -> float:
    """Give the seconds a request waits unless it says otherwise."""
    return settings.get().send_wait
