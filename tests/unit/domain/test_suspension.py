from typing import Any

import pytest

from shared.domain.outcome import Action, Code, NotSent
from shared.domain.suspension import probe_after

_OWN = {Code.DEVICE_DISCONNECTED: 30.0, Code.CREDENTIALS_REJECTED: 300.0, Code.SENDER_RESTRICTED: 3600.0}


@pytest.mark.parametrize("code", Code)
def test_a_key_is_asked_the_sooner_the_likelier_it_has_recovered(code: Code) -> None:
    assert probe_after(code, explained=True) == _OWN.get(code, 300.0)


@pytest.mark.parametrize("code", Code)
def test_a_refusal_that_nobody_explained_may_be_a_proxy_s(code: Code) -> None:
    seconds = 30.0 if code is Code.CREDENTIALS_REJECTED else probe_after(code, explained=True)
    assert probe_after(code, explained=False) == seconds


@pytest.mark.parametrize(("detail", "explained"), [({}, False), ({"description": ""}, False), ({"code": 1, "message": "no"}, True)])
def test_a_code_alone_explains_nothing(detail: dict[str, Any], explained: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    assert NotSent(code=Code.CREDENTIALS_REJECTED, reason="no", action=Action.KEY, detail=detail).explained is explained
