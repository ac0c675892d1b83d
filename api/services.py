"""What an api process keeps beside its requests: the committing thread, the publishing one and the waiting room."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from api.intake import Intake
from api.publishing import Publisher
from api.waiting import WaitingRoom
from shared import settings

_EXTENSION = "antar"


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each per process."""

    intake: Intake
    publisher: Publisher
    waiting: WaitingRoom


def register(app: Flask) -> None:
    """Start the services of this process."""
    publisher = Publisher()
    app.extensions[_EXTENSION] = Services(intake=Intake(publisher), publisher=publisher, waiting=WaitingRoom())


def of(app: Any) -> Services:
    """Give the services of an app."""
    services: Services = app.extensions[_EXTENSION]
    return services


def send_wait() -> float:
    """Give the seconds a request waits unless it says otherwise."""
    return settings.get().send_wait
