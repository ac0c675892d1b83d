"""Celery's consumer, with two differences.

It lacks Celery's own way of delaying tasks on RabbitMQ: :mod:`shared.rabbitmq` has a better one. And whatever lies in a queue that
is no task of ours is thrown away in one line: some of it would end a worker, and most of it be logged whole.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

import structlog
from celery.exceptions import InvalidTaskError, NotRegistered
from celery.worker import consumer, state
from kombu import Message

from shared import bugs

_log: Final = structlog.get_logger("tasks")
_DELAYS: Final = "celery.worker.consumer.delayed_delivery:DelayedDelivery"
"""The step that would declare 28 queues, at each start of a worker and each time it comes back."""
_NOT_OF_THE_MESSAGE: Final = (RuntimeError, MemoryError)
"""What says that this process can do no more, as when it gets no thread: that ends it, and its messages are another's."""


class Consumer(consumer.Consumer):
    """What a worker takes tasks with."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc,valid-type]  # Celery has it in there.
        """Its steps."""

        default_steps: Final = [step for step in consumer.Consumer.Blueprint.default_steps if step != _DELAYS]

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Message], None]:
        """Make what takes a message. It raises what a broker's connection raises, and nothing for what a message holds."""
        handle = super().create_task_handler(*args, **options)
        passing: tuple[type[Exception], ...] = (*_of_the_connection(self), *_NOT_OF_THE_MESSAGE)

        def take(message: Message) -> None:
            try:
                handle(message)
            except passing:
                raise
            except Exception as error:  # noqa: BLE001 - anything may stand in a message.
                _throw_away(message, error)

        return take

    def on_decode_error(self, message: Message, exc: Exception) -> None:
        """Throw away what is not in JSON."""
        _throw_away(message, exc)

    def on_unknown_message(self, body: Any, message: Message) -> None:  # noqa: ARG002 - Celery's signature, as those that follow.
        """Throw away what names no task."""
        _throw_away(message, InvalidTaskError())

    def on_unknown_task(self, body: Any, message: Message, exc: Exception) -> None:  # noqa: ARG002
        """Throw away a task that there is not."""
        _throw_away(message, NotRegistered())

    def on_invalid_task(self, body: Any, message: Message, exc: Exception) -> None:  # noqa: ARG002
        """Throw away a task that cannot be read."""
        _throw_away(message, exc)


def _of_the_connection(own: Any) -> Iterator[type[Exception]]:
    """Give what a lost connection raises, but for what kombu counts among it and is raised by messages that lack something too.

    Who took that for a lost connection would connect anew, be given the same message, and so on.
    """
    return (each for each in (*own.connection_errors, *own.channel_errors) if not issubclass(each, LookupError))


def _throw_away(message: Message, error: Exception) -> None:
    """Tell of a message by its ids, if it has any, and let the broker forget it. Raises what the broker's connection raises."""
    _log.error("task.unreadable", id=_id(message), error=bugs.kind(error))
    for request in [each for each in state.reserved_requests if each.message is message]:
        state.task_ready(request)
    if not message.acknowledged:
        message.reject()


def _id(message: Message) -> str | None:
    try:
        return str(UUID(message.headers["id"]))
    except (LookupError, TypeError, ValueError, AttributeError):
        return None
