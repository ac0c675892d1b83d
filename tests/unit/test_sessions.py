"""What a connection to Postgres asks for, with a pooler before it and without."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared import settings
from shared.db import engine


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("ANTAR_DATABASE_POOLED", request.param)
    monkeypatch.setenv("ANTAR_DATABASE_TIMEOUT", "2.5")
    settings.get.cache_clear()
    yield engine._options()["connect_args"]
    settings.get.cache_clear()


@pytest.mark.parametrize("options", ["false"], indirect=True)
def test_the_server_itself_is_told_everything_and_prepares_at_once(options: dict[str, Any]) -> None:
    assert options["prepare_threshold"] == 1
    assert set(options["options"].removeprefix("-c ").split(" -c ")) == {
        "timezone=UTC",
        "plan_cache_mode=force_generic_plan",
        "enable_seqscan=off",
        "jit=off",
        "idle_in_transaction_session_timeout=2500",
    }


@pytest.mark.parametrize("options", ["true"], indirect=True)
def test_a_pooler_is_told_nothing_that_it_refuses_and_prepares_nothing(options: dict[str, Any]) -> None:
    assert options["prepare_threshold"] is None
    assert "options" not in options
