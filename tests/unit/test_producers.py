"""What tasks are published by."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from shared import producers


@pytest.fixture
def app() -> Iterator[Celery]:
    """An app whose broker is this process."""
    made = Celery("published", broker="memory://", set_as_current=False)
    yield made
    made.close()


def test_a_thread_keeps_its_producer(app: Celery) -> None:
    with producers.keeping(app), producers.producer(app) as first:
        pass
    with producers.keeping(app), producers.producer(app) as second:
        assert second is first
    with pytest.raises(OSError, match="away"), producers.keeping(app):
        raise OSError("away")
    with producers.producer(app) as pooled, producers.producer(app) as other:
        assert pooled is not other


def test_what_a_task_publishes_descends_from_it(app: Celery) -> None:
    def publish(by: object, **lineage: str) -> tuple[str, str | None]:
        del by
        with producers.producer(app) as producer:
            producers.send(app, producer, "published", {"args": ()}, queue="q", **lineage)
            channel: Any = producer.channel
            message = channel.basic_get("q", no_ack=True)
        return message.headers["root_id"], message.headers["parent_id"]

    @app.task(name="publishing", bind=True)
    def publishing(self: object) -> None:
        found.extend([publish(self), publish(self, root_id="root", parent_id="parent")])

    found: list[tuple[str, str | None]] = []
    publishing.apply(task_id="first")
    root, parent = publish(None)
    assert (found, parent) == ([("first", "first"), ("root", "parent")], None)
    assert root not in {"first", "root"}
