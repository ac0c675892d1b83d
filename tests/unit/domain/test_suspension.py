import pytest

from shared.domain.outcome import Code
from shared.domain.suspension import probe_after

_OWN = {Code.DEVICE_DISCONNECTED: 30.0, Code.CREDENTIALS_REJECTED: 300.0, Code.SENDER_RESTRICTED: 3600.0}


@pytest.mark.parametrize("code", Code)
def test_a_key_is_asked_the_sooner_the_likelier_it_has_recovered(code: Code) -> None:
    assert probe_after(code) == _OWN.get(code, 300.0)
