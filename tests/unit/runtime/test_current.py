"""The start of a worker's runtime."""

import gc
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from worker.runtime import current


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    made = Mock()
    monkeypatch.setattr(current, "Runtime", lambda: made)
    monkeypatch.setattr(current, "_runtime", None)
    yield made
    gc.unfreeze()


def test_the_garbage_collector_leaves_out_what_the_process_began_with(runtime: Mock) -> None:
    current.start()
    assert current.get() is runtime
    assert gc.get_freeze_count() > len(gc.get_objects())
